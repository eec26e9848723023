"""The contract of `medication`."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from schemas.column import Moment, column, day_of, in_order, moment
from schemas.provenance import Provenance


class Medication(Provenance):
    """One row per medicine a patient was given or prescribed."""

    patient_id: str = column("The patient who had it.", required=True)
    code_system: str = column(
        "The code system of `code`.", required=True, allowed=("ATC", "RXNORM", "NAME")
    )
    code: str = column("The code, or the name.", required=True)
    started_at: Moment = moment("When it began.", required=True)
    started_on: pl.Date = day_of("started_at", required=True)
    ended_at: Moment = moment("When it ended.")
    ended_on: pl.Date = day_of("ended_at")
    route: str = column("Route as recorded.")

    class Config:
        """Facts about the record as a whole."""

        metadata = {  # noqa: RUF012 - pandera reads a plain dict
            "patient": "patient_id",
            "dated_by": "started_on",
        }

    @pa.dataframe_check(name="ended_before_started", title="ended_at")
    @classmethod
    def ends_after_start(cls, frame: pa.PolarsData) -> pl.LazyFrame:
        """Hold when the medicine ends at or after its start."""
        return in_order(frame, "started", "ended")
