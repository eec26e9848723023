"""The contract of `diagnosis`."""

from __future__ import annotations

import polars as pl

from schemas.column import column, day
from schemas.provenance import Provenance


class Diagnosis(Provenance):
    """One row per diagnosis code recorded for a patient."""

    patient_id: str = column("The patient diagnosed.", required=True)
    code_system: str = column(
        "The code system of `code`.",
        required=True,
        allowed=("ICD10", "ICD10CM", "ICD9CM", "SNOMED"),
    )
    code: str = column("The code as recorded, with or without its dot.", required=True)
    recorded_on: pl.Date = day("Date the diagnosis was recorded.")
    onset_on: pl.Date = day("Date the disease began.")
    encounter_id: str = column("The encounter in which it was recorded.")
    position: str = column(
        "Rank of the diagnosis in its encounter.", allowed=("principal", "secondary")
    )
    present_on_admission: bool = column("It was there when the encounter began.")

    class Config:
        """Facts about the record as a whole."""

        metadata = {  # noqa: RUF012 - pandera reads a plain dict
            "patient": "patient_id",
            "dated_by": "recorded_on",
            "links": {"encounter_id": "encounter"},
        }
