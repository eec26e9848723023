"""The contract of `encounter`."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from schemas.column import Moment, column, day_of, in_order, moment
from schemas.provenance import Provenance


class Encounter(Provenance):
    """One row per stay or visit of a patient."""

    encounter_id: str = column("Identifier of the encounter in the source.", required=True)
    patient_id: str = column("The patient who came.", required=True)
    started_at: Moment = moment("Admission or arrival.", required=True)
    started_on: pl.Date = day_of("started_at", required=True)
    ended_at: Moment = moment("Discharge or departure; empty while it lasts.")
    ended_on: pl.Date = day_of("ended_at")
    kind: str = column(
        "Kind of encounter.", allowed=("inpatient", "day_unit", "outpatient", "home", "emergency")
    )
    ward_id: str = column("The ward.")
    site_id: str = column("The hospital or site.")

    class Config:
        """Facts about the record as a whole."""

        metadata = {  # noqa: RUF012 - pandera reads a plain dict
            "identity": ("encounter_id",),
            "patient": "patient_id",
            "dated_by": "started_on",
        }

    @pa.dataframe_check(name="ended_before_started", title="ended_at")
    @classmethod
    def ends_after_start(cls, frame: pa.PolarsData) -> pl.LazyFrame:
        """Hold when the encounter ends at or after its start."""
        return in_order(frame, "started", "ended")
