"""Doses of a month and repeats that break the clauses only other sets than the default have."""

from __future__ import annotations

import polars as pl

from pipeline.synth.catalogue import PRODUCTS
from pipeline.synth.chance import Chance
from pipeline.synth.defect import ADULT, UNDER_NHSE_2021, Defect, breach
from pipeline.synth.subjects import course_before, planted_course

_ONE_OF = 600
_LABELLED = next(n for n, p in enumerate(PRODUCTS) if p.product_code == "Gammagard Liquid")
# Of 2.4 g/kg a month the label allows so much for 28 days: 2.2; this is beyond any tolerance.
_G_PER_KG, _DAYS = 3.4, 4
_LONGEST_CYCLE = 29
_TOO_SOON_DAYS = 3  # England allows a second gram after one or two days, or five to seven


def month_too_high(courses: pl.DataFrame, _: Chance) -> pl.DataFrame:
    """Give more than a month may have in one course, of the product whose label says so."""
    here = pl.col("is_planted")
    return courses.with_columns(
        pl.lit(_LABELLED, dtype=courses.schema["asked_product"]).alias("asked_product"),
        pl.when(here).then(pl.lit(_DAYS)).otherwise("n_days").alias("n_days"),
        pl.when(here).then(pl.lit(_G_PER_KG / _DAYS)).otherwise("target_g_per_kg")
        .alias("target_g_per_kg"),
    )  # fmt: skip


def repeat_off_days(courses: pl.DataFrame, _: Chance) -> pl.DataFrame:
    """Give the second course days after the first, between the days a repeat is for."""
    before = pl.col("start_day").shift(1).over("patient")
    by = before + _TOO_SOON_DAYS - pl.col("start_day")
    moved = by.filter(pl.col("is_planted")).first().over("patient")
    is_later = pl.col("course_no") >= pl.col("defect_no")
    day = pl.when(is_later).then(pl.col("start_day") + moved).otherwise("start_day")
    return courses.with_columns(day.alias("start_day"))


DEFECTS = (
    Defect(
        "month_too_high", ("mmn",),
        (breach("month_too_high", "regimen", "month", planted_course),),
        ADULT & (pl.col("n_before") >= 1) & (pl.col("cycle_days") <= _LONGEST_CYCLE),
        month_too_high, turn=2, one_of_patients=_ONE_OF,
    ),
    Defect(
        "repeat_off_days", ("itp_adult",),
        # so near that the audit makes one course of the two
        (breach("repeat_off_days", "regimen", "repeat", course_before),),
        ADULT & UNDER_NHSE_2021 & (pl.col("n_before") == 1) & (pl.col("n_days") == 1),
        repeat_off_days, turn=2, one_of_patients=_ONE_OF,
    ),
)  # fmt: skip
