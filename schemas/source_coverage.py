"""The contract of `source_coverage`."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from schemas.column import column, day
from schemas.provenance import Provenance


class SourceCoverage(Provenance):
    """One row per record kind, site and period for which the extract is complete."""

    record: str = column("The record kind, such as `infusion`.", required=True)
    from_on: pl.Date = day("First day covered.", required=True)
    to_on: pl.Date = day("Last day covered.", required=True)
    site_id: str = column("The site it holds for; empty for all.")

    @pa.dataframe_check(name="to_on_before_from_on", title="to_on")
    @classmethod
    def covers_forwards(cls, frame: pa.PolarsData) -> pl.LazyFrame:
        """Hold when the last day covered is not before the first."""
        return frame.lazyframe.select(pl.col("to_on") >= pl.col("from_on"))
