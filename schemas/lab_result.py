"""The contract of `lab_result`."""

from __future__ import annotations

import polars as pl

from schemas.column import LabValue, Moment, column, day_of, moment
from schemas.provenance import Provenance


class LabResult(Provenance):
    """One row per result of a laboratory test or vital sign."""

    patient_id: str = column("The patient tested.", required=True)
    test_code: str = column("LOINC code of the test.", required=True)
    collected_at: Moment = moment("When the sample was taken.", required=True)
    collected_on: pl.Date = day_of("collected_at", required=True)
    value: LabValue = column(
        "The result as a number, of a limit (`<5`) its number; other text goes to `value_text`."
    )
    value_text: str = column("The result as text, when it is not a number.")
    comparator: str = column(
        "The true value lies on this side of the result.", allowed=("<", "<=", ">", ">=")
    )
    unit: str = column("Unit of the value (UCUM).")
    specimen: str = column("What was sampled.")

    class Config:
        """Facts about the record as a whole."""

        metadata = {  # noqa: RUF012 - pandera reads a plain dict
            "patient": "patient_id",
            "dated_by": "collected_on",
            "after_birth": True,
            "number_or_text": ("value", "value_text", "comparator"),
        }
