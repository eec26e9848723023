"""The contract of `authorisation`."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from schemas.column import Amount, column, day
from schemas.provenance import Provenance


class Authorisation(Provenance):
    """One row per request for immunoglobulin and what was decided."""

    authorisation_id: str = column("Identifier of the request in the source.", required=True)
    patient_id: str = column("The patient it is for.", required=True)
    decision: str = column(
        "What was decided.", required=True, allowed=("approved", "declined", "pending")
    )
    indication_code: str = column("The indication requested, as the source codes it.")
    phase: str = column(
        "The phase of treatment requested.", allowed=("loading", "maintenance", "single")
    )
    urgency: str = column("How urgent the request was, as the source words it.")
    requested_on: pl.Date = day("Date of the request.")
    decided_on: pl.Date = day("Date of the decision.")
    valid_from: pl.Date = day("First day the approval covers.")
    valid_to: pl.Date = day("Last day the approval covers.")
    dose_g_per_kg: Amount = column(
        "Dose approved per kg body weight; above 0 and at most 20†.", unit="g/kg", gt=0, le=20
    )
    dose_g: Amount = column("Dose approved; above 0 and below 1000 g†.", unit="g", gt=0, lt=1000)
    interval_days: pl.Int32 = column(
        "Days between courses approved; 1 to 3650†.", unit="d", ge=1, le=3650
    )
    n_courses: pl.Int32 = column("Number of courses approved; 1 to 1000†.", ge=1, le=1000)
    panel_reference: str = column("Reference of the panel's decision.")
    consent_on: pl.Date = day("Date the patient consented.")
    prescriber_id: str = column("Who asked.")
    specialty: str = column("The prescriber's specialty.")

    class Config:
        """Facts about the record as a whole."""

        metadata = {  # noqa: RUF012 - pandera reads a plain dict
            "identity": ("authorisation_id",),
            "patient": "patient_id",
            "dated_by": "requested_on",
        }

    @pa.dataframe_check(name="valid_to_before_valid_from", title="valid_to")
    @classmethod
    def is_valid_forwards(cls, frame: pa.PolarsData) -> pl.LazyFrame:
        """Hold when the last day covered is not before the first."""
        return frame.lazyframe.select(pl.col("valid_to") >= pl.col("valid_from"))
