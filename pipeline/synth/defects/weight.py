"""Weights that are missing or too old when a course starts."""

from __future__ import annotations

import polars as pl

from pipeline.synth import records
from pipeline.synth.defect import ADULT, ESTABLISHED, Defect, Spoil, Subjects, breach
from pipeline.synth.scene import Scene
from pipeline.synth.subjects import courses

_MAX_AGE_DAYS = 30  # planted in adults only, so the shorter limit for infants is not needed
_LOST_DAYS = 45
_MOST_COURSES = 12  # each is labelled
_FEWEST_BEFORE = 4
_MEASURED_ON = pl.col("measured_at").dt.date()


def never_weighed(measurements: pl.DataFrame, _: Scene) -> pl.DataFrame:
    """Lose every weighing."""
    return measurements.clear()


def weighed_long_ago(measurements: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Lose the weighings of the weeks before the planted course."""
    start = pl.lit(scene.first_on) + pl.duration(days=pl.col("start_day"))
    planted = scene.planted_courses.select("patient_id", start.alias("defect_on"))
    kept = measurements.join(planted, on="patient_id", how="left", maintain_order="left")
    age_days = (pl.col("defect_on") - _MEASURED_ON).dt.total_days()
    return kept.filter(~age_days.is_between(0, _LOST_DAYS).fill_null(value=False))


def _judged(is_wrong: pl.Expr, spoil: Spoil) -> Subjects:
    """Return the courses whose newest weighing, after the spoiling, is wrong."""

    def of(scene: Scene) -> pl.DataFrame:
        seen = spoil(records.body_measurement(scene), scene).select(
            "patient_id", _MEASURED_ON.alias("start_on"), _MEASURED_ON.alias("newest_on")
        )
        start = pl.lit(scene.first_on) + pl.duration(days=pl.col("start_day"))
        found = courses(scene).with_columns(start.alias("start_on")).sort("start_on")
        found = found.join_asof(
            seen.sort("start_on"), on="start_on", by="patient_id", check_sortedness=False
        )
        age_days = (pl.col("start_on") - pl.col("newest_on")).dt.total_days()
        return found.with_columns(age_days.alias("age_days")).filter(is_wrong)

    return of


def _weight(
    kind: str, clause: str, is_wrong: pl.Expr, spoil: Spoil, fits: pl.Expr, *uses: str
) -> Defect:
    of = _judged(is_wrong, spoil)
    label = breach(kind, "weight", clause, of, "body_measurement")
    return Defect(kind, uses, (label,), fits, spoils={"body_measurement": spoil})


DEFECTS = (
    _weight(
        "missing_weight",
        "missing",
        pl.col("age_days").is_null(),
        never_weighed,
        ADULT & ESTABLISHED & (pl.col("n_all") <= _MOST_COURSES),
        "pid",
        "itp_adult",
        "gbs",
        "cidp",
    ),
    _weight(
        "stale_weight",
        "stale",
        pl.col("age_days") > _MAX_AGE_DAYS,
        weighed_long_ago,
        ADULT & (pl.col("n_before") >= _FEWEST_BEFORE),
        "pid",
        "cidp",
    ),
)
