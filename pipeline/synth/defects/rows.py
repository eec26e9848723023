"""Rows of the infusion record that the contract, the products or the route keep out."""

from __future__ import annotations

import polars as pl

from pipeline.synth.defect import ADULT, ESTABLISHED, USE, Defect, Label, consequence
from pipeline.synth.infusions import INFUSION_BLOCK, LOT_BLOCK
from pipeline.synth.scene import Scene
from pipeline.synth.spoiling import added, change, only
from pipeline.synth.subjects import (
    as_rows,
    course_after,
    planted_bags,
    planted_course,
    planted_first_bag,
)

_SC_AFTER_DAYS = 12
_SC_DOSE_G = 10.0
_SC_G_PER_L = 200
_SC_MINUTES = 90


def twice(infusion: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Write the first bag of the course a second time, alike in every column."""
    return pl.concat([infusion, only(planted_first_bag, infusion, scene)])


def with_subcutaneous(infusion: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Add a subcutaneous infusion that slipped into the feed between two courses."""
    return pl.concat([infusion, _subcutaneous(infusion, scene).select(infusion.columns)])


def _subcutaneous(infusion: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    source = only(planted_first_bag, infusion, scene).join(
        scene.planted_bags.select("infusion_id", "row"), on="infusion_id"
    )
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
        added(source["row"], INFUSION_BLOCK, scene).alias("infusion_id"),
        added(source["row"], LOT_BLOCK, scene).alias("lot_number"),
    )


def _added_rows(scene: Scene) -> pl.DataFrame:
    first = planted_course(scene)
    return as_rows(
        first.with_columns(added(first["row"], INFUSION_BLOCK, scene).alias("infusion_id")),
        "infusion_id",
    )


_ESTABLISHED = ADULT & ESTABLISHED
_SECOND = ADULT & (pl.col("n_before") >= 1)
# Kinds that take the row out of the dose rules, so that a dose seems to be missing after it.
_SEEMS_LATE = consequence("late_interval", "regimen", "interval_late", course_after)

DEFECTS = (
    Defect(
        "duplicate_record",
        ("pid", "sid", "cidp", "mg"),
        (Label("duplicate_record", planted_first_bag, "set_aside", "infusion", "set_aside",
               "duplicate"),),
        _ESTABLISHED,
        spoils={"infusion": twice},
    ),
    Defect(
        "mg_for_g",
        ("pid", "sid"),
        (Label("mg_for_g", planted_bags, "quarantine", "infusion", "quarantined", "dose_g"),
         _SEEMS_LATE),
        _SECOND,
        spoils={"infusion": change(planted_bags, dose_g=pl.col("dose_g") * 1000)},
    ),
    Defect(
        "five_for_ten_percent",
        ("pid", "itp_adult", "kawasaki"),
        (Label("five_for_ten_percent", planted_course, "verdict", "regimen", "not_assessable",
               "dose_uncertain"),),
        (ADULT | (pl.col("use") == USE["kawasaki"])) & ESTABLISHED,
        plan=lambda courses, _: courses.with_columns(
            (pl.col("is_planted") | pl.col("needs_ten_percent")).alias("needs_ten_percent")
        ),
        spoils={"infusion": change(planted_bags, volume_ml=pl.col("volume_ml") * 2)},
    ),
    Defect(
        "end_before_start",
        ("pid", "sid"),
        (Label("end_before_start", planted_bags, "quarantine", "infusion", "quarantined",
               "ended_before_started"),
         _SEEMS_LATE),
        _SECOND,
        spoils={
            "infusion": change(planted_bags, ended_at=pl.col("started_at") - pl.duration(hours=2))
        },
    ),
    Defect(
        "unknown_product",
        ("pid", "sid"),
        (Label("unknown_product", planted_bags, "derived", "infusion", "excluded",
               "product_unknown"),
         _SEEMS_LATE),
        _SECOND,
        spoils={"infusion": change(planted_bags, product_code=pl.lit("PROD-0815"))},
    ),
    Defect(
        "sc_product_in_feed",
        ("pid",),
        (Label("sc_product_in_feed", _added_rows, "derived", "infusion", "excluded",
               "subcutaneous"),),
        _SECOND,
        spoils={"infusion": with_subcutaneous},
    ),
)  # fmt: skip
