"""The contract of `infusion`."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from schemas.column import Amount, Moment, column, day_of, in_order, moment
from schemas.provenance import Provenance


class Infusion(Provenance):
    """One row per bag or bottle given, including stopped ones and orders not given."""

    infusion_id: str = column("Identifier of the infusion in the source.", required=True)
    patient_id: str = column("The patient it was given to.", required=True)
    started_at: Moment = moment("When the infusion began.", required=True)
    started_on: pl.Date = day_of("started_at", required=True)
    product_code: str = column("Brand, NDC, HCPCS code or alias of the product.", required=True)
    dose_g: Amount = column(
        "Immunoglobulin infused; below 1000 g† (milligrams written as grams). "
        "0 only when the infusion was stopped or not given.",
        unit="g",
        ge=0,
        lt=1000,
    )
    ended_at: Moment = moment("When the infusion ended.")
    ended_on: pl.Date = day_of("ended_at")
    route: str = column("Route as recorded; IV, SC and IM decide for a brand that is several.")
    prescribed_dose_g: Amount = column(
        "Immunoglobulin prescribed; above 0 and below 1000 g†.", unit="g", gt=0, lt=1000
    )
    volume_ml: Amount = column("Volume infused; below 20000 ml†.", unit="ml", ge=0, lt=20000)
    initial_rate_ml_per_h: Amount = column(
        "Rate at the start; above 0 and at most 5000†.", unit="ml/h", gt=0, le=5000
    )
    max_rate_ml_per_h: Amount = column(
        "Highest rate reached; above 0 and at most 5000†.", unit="ml/h", gt=0, le=5000
    )
    paused_minutes: Amount = column(
        "Minutes it stood still between its start and its end; at most 10000†.",
        unit="min",
        ge=0,
        le=10000,
    )
    weight_kg: Amount = column(
        "Weight the dose was worked out with; above 0 and at most 500 kg†.",
        unit="kg",
        gt=0,
        le=500,
    )
    weight_basis: str = column(
        "Which weight that was; only `actual` counts as a measurement.",
        allowed=("actual", "ideal", "adjusted", "unknown"),
    )
    indication_code: str = column("The indication stated by the prescriber.")
    phase: str = column("The phase of treatment.", allowed=("loading", "maintenance", "single"))
    lot_number: str = column("The lot, when there is one; stands for a row of infusion_lot.")
    dispensing_id: str = column("The issue it came from.")
    authorisation_id: str = column("The approval it was given under.")
    status: str = column("What became of it.", allowed=("completed", "stopped", "not_given"))
    stop_reason: str = column("Why it was stopped or not given.")
    reaction_observed: bool = column("A reaction was seen during or after it.")
    observed_until: Moment = moment("Until when the patient was watched.")
    observed_until_on: pl.Date = day_of("observed_until")
    care_setting: str = column("Where it was given.", allowed=("inpatient", "day_unit", "home"))
    ward_id: str = column("The ward.")
    site_id: str = column("The hospital or site.")
    prescriber_id: str = column("Who prescribed it.")

    class Config:
        """Facts about the record as a whole."""

        metadata = {  # noqa: RUF012 - pandera reads a plain dict
            "identity": ("infusion_id",),
            "patient": "patient_id",
            "dated_by": "started_on",
            "links": {"dispensing_id": "dispensing", "authorisation_id": "authorisation"},
            "after_birth": True,
        }

    @pa.dataframe_check(name="ended_before_started", title="ended_at")
    @classmethod
    def ends_after_start(cls, frame: pa.PolarsData) -> pl.LazyFrame:
        """Hold when the infusion ends at or after its start."""
        return in_order(frame, "started", "ended")

    @pa.dataframe_check(name="dose_zero", title="dose_g")
    @classmethod
    def gives_something(cls, frame: pa.PolarsData) -> pl.LazyFrame:
        """Hold when the dose is above 0, or the infusion was stopped or not given."""
        was_cut = pl.col("status").is_in(["stopped", "not_given"]).fill_null(value=False)
        return frame.lazyframe.select((pl.col("dose_g") > 0) | was_cut)
