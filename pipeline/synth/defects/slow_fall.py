"""Haemoglobin that falls through a whole year, too slowly for any course to show it."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from pipeline.synth.defect import ADULT, Defect, Label
from pipeline.synth.laboratory import HAEMOGLOBIN, TESTS
from pipeline.synth.scene import Scene
from pipeline.synth.subjects import whole_patient

_ONE_OF = 600
_LOST_G_PER_DL, _YEAR_DAYS = 3.6, 365
_LAST_SEASON_DAYS = 90
_IN_UNIT = {"g/L": 10.0, "g/dL": 1.0}


def slowly_less(results: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Lower the haemoglobin of the last year, day by day the same."""
    last = scene.first_on + timedelta(days=scene.last_day)
    days_into = _YEAR_DAYS - (pl.lit(last) - pl.col("collected_at").dt.date()).dt.total_days()
    lost = _LOST_G_PER_DL * days_into.clip(lower_bound=0) / _YEAR_DAYS
    lost = lost * pl.col("unit").replace_strict(_IN_UNIT, default=1.0, return_dtype=pl.Float64)
    is_haemoglobin = pl.col("test_code") == TESTS[HAEMOGLOBIN].test_code
    lower = (pl.col("value") - lost).round(1)
    return results.with_columns(
        pl.when(is_haemoglobin).then(lower).otherwise("value").alias("value")
    )


# Seen for longer than the year, about every month, and twice in its last season.
_FITS = (
    ADULT
    & (pl.col("n_before") >= 14)  # noqa: PLR2004 - courses of at most four weeks
    & (pl.col("n_after") >= 1)
    & (pl.col("days_left") <= _LAST_SEASON_DAYS)
)

_LABEL = Label("haemoglobin_slow_fall", whole_patient, "derived", "drift", "fallen", "", "patient")
DEFECTS = (
    Defect(
        "haemoglobin_slow_fall", ("pid", "sid"),
        (_LABEL,),
        _FITS, None, {"lab_result": slowly_less}, 3, _ONE_OF,
    ),
)  # fmt: skip
