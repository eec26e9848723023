"""Treatments with more courses, over more months or with a longer trial than allowed."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from pipeline.synth.chance import Chance
from pipeline.synth.defect import ADULT, UNDER_NHSE_2021, Defect, Plan, Subjects, breach
from pipeline.synth.people import on_day
from pipeline.synth.scene import Scene
from pipeline.synth.subjects import courses

_KNOWN_DAYS = 190  # of records before the first course, so that it is known to be the first
_ALLOWED = 3
_TRIAL = 6
_TOLERANCE = 4
_NOT_HELPED = {"response": "worse", "decision": "reduce"}


def repeated(times: int, gap_days: int) -> Plan:
    """Return a plan of so many courses like the first one, so many days apart."""

    def plan(courses: pl.DataFrame, _: Chance) -> pl.DataFrame:
        first = courses.unique("patient", keep="first", maintain_order=True)
        number = pl.DataFrame({"number": range(times)}, schema={"number": pl.Int64})
        return first.join(number, how="cross", maintain_order="left_right").with_columns(
            pl.col("number").alias("course_no"),
            (pl.col("start_day") + pl.col("number") * gap_days).alias("start_day"),
            (pl.col("number") == times - 1).alias("is_planted"),
        ).select(courses.columns)  # fmt: skip

    return plan


def unhelped(outcome_review: pl.DataFrame, _: Scene) -> pl.DataFrame:
    """Say in every review that the treatment did not help."""
    return outcome_review.with_columns(pl.lit(v).alias(k) for k, v in _NOT_HELPED.items())


def _first_of(is_beyond: pl.Expr) -> Subjects:
    """Return each patient's first course of which something holds."""

    def of(scene: Scene) -> pl.DataFrame:
        dated = courses(scene).with_columns(
            on_day(pl.col("start_day"), scene.first_on).alias("on"),
            on_day(pl.col("start_day").first().over("patient"), scene.first_on).alias("first_on"),
        )
        return dated.filter(is_beyond).unique("patient", keep="first", maintain_order=True)

    return of


def treated(kind: str, use: str, n: int, gap_days: int) -> Defect:
    """Return the defect of a treatment made so many courses long, for others to label."""
    fits = (
        ADULT & UNDER_NHSE_2021 & (pl.col("n_before") == 0) & (pl.col("entry_day") >= _KNOWN_DAYS)
    )
    fits &= pl.col("days_left") >= (n + 3) * gap_days
    return Defect(kind, (use,), (), fits, repeated(n, gap_days))


_A_YEAR_ON = pl.col("on") > pl.col("first_on").dt.offset_by("1y") + pl.duration(days=_TOLERANCE)
_FOURTH = _first_of(pl.col("course_no") >= _ALLOWED)
_SEVENTH = _first_of(pl.col("course_no") >= _TRIAL)

DEFECTS = (
    # nhse-2021: at most two repeats of the first course; twelve months of treatment
    replace(
        treated("too_many_courses", "aiha", 5, 45),
        labels=(breach("too_many_courses", "limit", "courses", _FOURTH),),
    ),
    replace(
        treated("too_long", "dermatomyositis", 14, 29),
        labels=(breach("too_long", "limit", "duration_months", _first_of(_A_YEAR_ON)),),
    ),
    # on-igum-v5: a trial of at most six courses, more only when it helped
    replace(
        treated("trial_unproven", "pemphigus_vulgaris", 9, 29),
        labels=(breach("trial_unproven", "limit", "trial", _SEVENTH),),
        spoils={"outcome_review": unhelped},
    ),
)
