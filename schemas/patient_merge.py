"""The contract of `patient_merge`."""

from __future__ import annotations

import polars as pl

from schemas.column import column, day
from schemas.provenance import Provenance


class PatientMerge(Provenance):
    """One row per patient identifier that was merged into another."""

    merged_id: str = column("The identifier given up.", required=True)
    surviving_id: str = column("The identifier that stands for both.", required=True)
    merged_on: pl.Date = day("Date of the merge.")

    class Config:
        """Facts about the record as a whole."""

        metadata = {  # noqa: RUF012 - pandera reads a plain dict
            "identity": ("merged_id",),
            "dated_by": "merged_on",
        }
