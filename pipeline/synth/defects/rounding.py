"""Doses that no combination of vials makes up."""

from __future__ import annotations

import polars as pl

from pipeline.synth.chance import Chance
from pipeline.synth.defect import ADULT, ESTABLISHED, Defect, breach
from pipeline.synth.spoiling import change
from pipeline.synth.subjects import planted_first_bag, planted_first_issue

_OFF_G = 0.3  # less than any vial
_OFF_ML = 3
_TEN_PERCENT = 3  # Kiovig: sold in vials of 1 g and more


def _ten_percent(courses: pl.DataFrame, _: Chance) -> pl.DataFrame:
    return courses.with_columns(
        pl.when("is_planted").then(_TEN_PERCENT).otherwise("asked_product").alias("asked_product")
    )


_LESS = (pl.col("dose_g") - _OFF_G).round(1)

DEFECTS = (
    Defect(
        "dose_off_grid",
        ("pid", "sid", "itp_adult"),
        (breach("dose_off_grid", "rounding", "vial", planted_first_bag),),
        ADULT & ESTABLISHED & (pl.col("n_days") == 1),
        _ten_percent,
        spoils={
            "infusion": change(
                planted_first_bag,
                dose_g=_LESS,
                prescribed_dose_g=_LESS,
                volume_ml=pl.col("volume_ml") - _OFF_ML,
            ),
            "dispensing": change(
                planted_first_issue,
                wasted_g=pl.lit(_OFF_G),
                waste_reason=pl.lit("rest of a vial"),
            ),
        },
    ),
)
