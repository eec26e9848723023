"""Doses that no combination of vials makes up, or that are far from what was prescribed."""

from __future__ import annotations

import polars as pl

from pipeline.synth.chance import Chance
from pipeline.synth.defect import ADULT, ESTABLISHED, Defect, Spoil, breach
from pipeline.synth.spoiling import change
from pipeline.synth.subjects import planted_first_bag, planted_first_issue

_OFF_G = 0.3  # less than any vial
_OFF_ML = 3
_SHARE_PRESCRIBED = 0.75
_TEN_PERCENT = 3  # Kiovig: sold in vials of 1 g and more


def _ten_percent(courses: pl.DataFrame, _: Chance) -> pl.DataFrame:
    return courses.with_columns(
        pl.when("is_planted").then(_TEN_PERCENT).otherwise("asked_product").alias("asked_product")
    )


_LESS = (pl.col("dose_g") - _OFF_G).round(1)
_OFF_THE_GRID = {
    "infusion": change(
        planted_first_bag,
        dose_g=_LESS,
        prescribed_dose_g=_LESS,
        volume_ml=pl.col("volume_ml") - _OFF_ML,
    ),
    "dispensing": change(
        planted_first_issue, dose_g=_LESS, vial_size_g=pl.lit(None), n_vials=pl.lit(None)
    ),
}
_MUCH_LESS = change(
    planted_first_bag, prescribed_dose_g=(pl.col("dose_g") * _SHARE_PRESCRIBED).round(1)
)


def _rounding(kind: str, spoils: dict[str, Spoil]) -> Defect:
    return Defect(
        kind,
        ("pid", "sid", "itp_adult"),
        (breach(kind, "rounding", "rounding", planted_first_bag),),
        ADULT & ESTABLISHED & (pl.col("n_days") == 1),
        _ten_percent,
        spoils,
    )


DEFECTS = (
    _rounding("dose_off_grid", _OFF_THE_GRID),
    _rounding("rounded_too_far", {"infusion": _MUCH_LESS}),
)
