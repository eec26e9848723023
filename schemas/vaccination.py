"""The contract of `vaccination`."""

from __future__ import annotations

import polars as pl

from schemas.column import column, day
from schemas.provenance import Provenance


class Vaccination(Provenance):
    """One row per vaccine given to a patient."""

    patient_id: str = column("The patient vaccinated.", required=True)
    vaccine_code: str = column("CVX code of the vaccine.", required=True)
    given_on: pl.Date = day("Date it was given.", required=True)

    class Config:
        """Facts about the record as a whole."""

        metadata = {  # noqa: RUF012 - pandera reads a plain dict
            "patient": "patient_id",
            "dated_by": "given_on",
        }
