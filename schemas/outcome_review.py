"""The contract of `outcome_review`."""

from __future__ import annotations

import polars as pl

from schemas.column import LabValue, column, day
from schemas.provenance import Provenance


class OutcomeReview(Provenance):
    """One row per review of whether treatment helped, and per measure."""

    patient_id: str = column("The patient reviewed.", required=True)
    reviewed_on: pl.Date = day("Date of the review.", required=True)
    indication_code: str = column("The indication reviewed.")
    authorisation_id: str = column("The approval reviewed.")
    measure: str = column("What was measured, such as a disability scale.")
    value: LabValue = column("The value measured.")
    response: str = column("How the patient responded.", allowed=("improved", "stable", "worse"))
    decision: str = column("What was decided.", allowed=("continue", "reduce", "stop"))

    class Config:
        """Facts about the record as a whole."""

        metadata = {  # noqa: RUF012 - pandera reads a plain dict
            "patient": "patient_id",
            "dated_by": "reviewed_on",
            "links": {"authorisation_id": "authorisation"},
        }
