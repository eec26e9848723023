"""The contract of `body_measurement`."""

from __future__ import annotations

import polars as pl

from schemas.column import Amount, Moment, column, day_of, moment
from schemas.provenance import Provenance


class BodyMeasurement(Provenance):
    """One row per occasion a patient was weighed or measured."""

    patient_id: str = column("The patient measured.", required=True)
    measured_at: Moment = moment("When the measurement was taken.", required=True)
    measured_on: pl.Date = day_of("measured_at", required=True)
    weight_kg: Amount = column(
        "Actual body weight; above 0 and at most 500 kg†.", unit="kg", gt=0, le=500
    )
    height_cm: Amount = column(
        "Body height or length; between 20 and 260 cm†.",
        unit="cm",
        in_range={"min_value": 20, "max_value": 260},
    )

    class Config:
        """Facts about the record as a whole."""

        metadata = {  # noqa: RUF012 - pandera reads a plain dict
            "patient": "patient_id",
            "dated_by": "measured_on",
        }
