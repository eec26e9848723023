"""The contract of `rate_step`."""

from __future__ import annotations

import polars as pl

from schemas.column import Amount, Moment, column, day_of, moment
from schemas.provenance import Provenance


class RateStep(Provenance):
    """One row per change of an infusion's rate."""

    infusion_id: str = column("The infusion it belongs to.", required=True)
    changed_at: Moment = moment("When the rate was set.", required=True)
    changed_on: pl.Date = day_of("changed_at", required=True)
    rate_ml_per_h: Amount = column(
        "The rate from then on; 0 is a pause; at most 5000†.", unit="ml/h", ge=0, le=5000
    )

    class Config:
        """Facts about the record as a whole."""

        metadata = {  # noqa: RUF012 - pandera reads a plain dict
            "parent": ("infusion_id", "infusion"),
            "dated_by": "changed_on",
        }
