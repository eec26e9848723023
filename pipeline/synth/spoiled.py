"""Spoil the rows of the finished infusion record that carry a row defect."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipeline.synth.chance import Chance
from pipeline.synth.infusions import INFUSION_BLOCK, LOT_BLOCK
from pipeline.synth.people import named

# Kinds that take the row out of the dose rules, so that a dose seems to be missing after it.
LEAVES_A_GAP = ("mg_for_g", "end_before_start", "unknown_product")
_ADDED = 2**27  # added rows are numbered from here, beyond every row of the plan
_SC_AFTER_DAYS = 12
_SC_DOSE_G = 10.0
_SC_G_PER_L = 200
_SC_MINUTES = 90


def spoiled(infusion: pl.DataFrame, given: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    """Return the infusion record with its row defects; `given` has the same rows in order."""
    changed = infusion.with_columns(
        _where(given, "mg_for_g", pl.col("dose_g") * 1000, "dose_g"),
        _where(given, "five_for_ten_percent", pl.col("volume_ml") * 2, "volume_ml"),
        _where(given, "unknown_product", pl.lit("PROD-0815"), "product_code"),
        _where(given, "end_before_start", pl.col("started_at") - pl.duration(hours=2), "ended_at"),
    )
    twice = infusion.filter(_first_bag(given, "duplicate_record"))
    added = subcutaneous(infusion, given, chance)
    return pl.concat([changed, twice, added.select(changed.columns)])


def subcutaneous(infusion: pl.DataFrame, given: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    """Return one row per subcutaneous infusion that slipped into the feed."""
    rows = given.with_row_index("at").filter(_first_bag(given, "sc_product_in_feed"))
    source = infusion[rows["at"]]
    begin = pl.col("started_at") + pl.duration(days=_SC_AFTER_DAYS)
    return source.with_columns(
        begin.alias("started_at"),
        (begin + pl.duration(minutes=_SC_MINUTES)).alias("ended_at"),
        pl.lit("Hizentra").alias("product_code"),
        pl.lit("SC").alias("route"),
        pl.lit(_SC_DOSE_G).alias("dose_g"),
        pl.lit(_SC_DOSE_G).alias("prescribed_dose_g"),
        pl.lit(int(_SC_DOSE_G * 1000 / _SC_G_PER_L), dtype=pl.Int64).alias("volume_ml"),
        pl.lit(None, dtype=pl.String).alias("dispensing_id"),
        pl.Series("infusion_id", _added(rows["at"], INFUSION_BLOCK, chance)),
        pl.Series("lot_number", _added(rows["at"], LOT_BLOCK, chance)),
    )


def _added(at: pl.Series, block: int, chance: Chance) -> pl.Series:
    return named(at.to_numpy().astype(np.int64) + _ADDED, block, chance)


def _first_bag(given: pl.DataFrame, kind: str) -> pl.Series:
    is_first = (given["day_no"] == 0) & (given["bag_no"] == 0)
    return is_first & is_spoiled(given, kind)


def is_spoiled(given: pl.DataFrame, kind: str) -> pl.Series:
    """Say which rows of the plan carry a kind of defect."""
    return (given["is_planted"] & (given["kind"] == kind)).fill_null(value=False)


def _where(given: pl.DataFrame, kind: str, value: pl.Expr, column: str) -> pl.Expr:
    return pl.when(is_spoiled(given, kind)).then(value).otherwise(column).alias(column)
