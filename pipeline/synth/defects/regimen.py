"""Doses, intervals and numbers of days that break the default set's regimens."""

from __future__ import annotations

import polars as pl

from pipeline.synth.chance import Chance
from pipeline.synth.defect import ADULT, ESTABLISHED, USE, Defect, breach
from pipeline.synth.subjects import planted_course

# Grams per kg a day that lie beyond the default set's limits by more than its tolerance and
# a vial, for the weights these uses are planted in.
_HIGH = {"pid": 1.05, "itp_adult": 1.70, "kawasaki": 3.20, "cidp": 0.95}
_LOW = {"pid": 0.12, "itp_adult": 0.45, "kawasaki": 0.90, "cidp": 0.20}
_CIDP_DAYS = 4
_TOO_MANY_DAYS = 8
_SHORTEST_GAP_DAYS = 10


def _wrong_dose(courses: pl.DataFrame, g_per_kg: dict[str, float]) -> pl.DataFrame:
    wrong = pl.col("use").replace_strict(
        {USE[name]: dose for name, dose in g_per_kg.items()}, return_dtype=pl.Float64
    )
    return courses.with_columns(
        pl.when("is_planted").then(wrong).otherwise("target_g_per_kg").alias("target_g_per_kg")
    )


def too_high(courses: pl.DataFrame, _: Chance) -> pl.DataFrame:
    """Give far too much in one course."""
    return _wrong_dose(courses, _HIGH)


def too_low(courses: pl.DataFrame, _: Chance) -> pl.DataFrame:
    """Give far too little in one course."""
    return _wrong_dose(courses, _LOW)


def too_many_days(courses: pl.DataFrame, _: Chance) -> pl.DataFrame:
    """Spread a course's total over too many days."""
    thin = pl.col("target_g_per_kg") * pl.col("n_days") / _TOO_MANY_DAYS
    return courses.with_columns(
        pl.when("is_planted").then(pl.lit(_TOO_MANY_DAYS)).otherwise("n_days").alias("n_days"),
        pl.when("is_planted").then(thin).otherwise("target_g_per_kg").alias("target_g_per_kg"),
    )


def early(courses: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    """Move the planted course and all later ones closer to the one before."""
    gap = pl.col("start_day") - pl.col("start_day").shift(1).over("patient")
    at_defect = gap.filter(pl.col("is_planted")).first().over("patient")
    by = pl.Series(chance.whole("early by", 0, 2, courses["patient"].to_numpy()))
    return _moved(courses, pl.lit(by) + _SHORTEST_GAP_DAYS - at_defect)


def late(courses: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    """Move the planted course and all later ones away from the one before."""
    return _moved(courses, pl.lit(pl.Series(chance.whole("late by", 20, 34, courses["patient"]))))


def _moved(courses: pl.DataFrame, by_days: pl.Expr) -> pl.DataFrame:
    is_later = pl.col("course_no") >= pl.col("defect_no")
    shift = pl.when(is_later).then(by_days).otherwise(0)
    return courses.with_columns((pl.col("start_day") + shift).alias("start_day"))


def missed(courses: pl.DataFrame, _: Chance) -> pl.DataFrame:
    """Leave a course out; the one after it carries the defect."""
    is_next = pl.col("is_planted").shift(1, fill_value=False).over("patient")
    moved = courses.with_columns(is_next.alias("is_next"))
    return moved.filter(~pl.col("is_planted")).with_columns(pl.col("is_next").alias("is_planted"))


_ONE_DAY = (
    pl.when(pl.col("use") == USE["cidp"])
    .then(pl.col("n_days") == _CIDP_DAYS)
    .otherwise(pl.col("n_days") == 1)
)
_ANY_AGE_WITH_KAWASAKI = (ADULT | (pl.col("use") == USE["kawasaki"])) & ESTABLISHED & _ONE_DAY
_SECOND = ADULT & (pl.col("n_before") >= 1)
_LATE = breach("late_interval", "regimen", "interval_late", planted_course)

DEFECTS = (
    Defect(
        "wrong_dose_high",
        tuple(_HIGH),
        (breach("wrong_dose_high", "regimen", "total_high|day_high", planted_course),),
        _ANY_AGE_WITH_KAWASAKI,
        too_high,
    ),
    Defect(
        "wrong_dose_low",
        tuple(_LOW),
        (breach("wrong_dose_low", "regimen", "total_low|day_low|days_low", planted_course),),
        _ANY_AGE_WITH_KAWASAKI,
        too_low,
    ),
    Defect(
        "early_interval",
        ("pid",),
        (breach("early_interval", "regimen", "interval_early", planted_course),),
        _SECOND,
        early,
    ),
    Defect("late_interval", ("pid", "cidp"), (_LATE,), _SECOND, late),
    Defect("missed_dose", ("pid",), (_LATE,), _SECOND & (pl.col("n_after") >= 1), missed),
    Defect(
        "too_many_days",
        ("itp_adult", "cidp"),
        (breach("too_many_days", "regimen", "days_high", planted_course),),
        ADULT & ESTABLISHED & (pl.col("n_days") >= 4),  # noqa: PLR2004 - long courses
        too_many_days,
    ),
)
