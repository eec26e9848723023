"""Treatments that go on without a review, or whose reviews say nothing."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from pipeline.synth.defect import ADULT, UNDER_NHSE_2021, Defect, breach
from pipeline.synth.defects.limit import treated
from pipeline.synth.scene import Scene
from pipeline.synth.subjects import courses

_LONG_DAYS = 430  # a first review, then none for more than half a year and a month's grace
_NO_OUTCOME = ("measure", "value", "response")


def first_course(scene: Scene) -> pl.DataFrame:
    """Return the first course of each patient, which stands for the treatment."""
    return courses(scene).unique("patient", keep="first", maintain_order=True)


def once_only(outcome_review: pl.DataFrame, _: Scene) -> pl.DataFrame:
    """Review the treatment once, and never again."""
    by_day = outcome_review.sort("reviewed_on")
    return by_day.unique("patient_id", keep="first", maintain_order=True)


def silent(outcome_review: pl.DataFrame, _: Scene) -> pl.DataFrame:
    """Review without a word on how the patient fares."""
    return outcome_review.with_columns(
        pl.lit(None, dtype=outcome_review.schema[name]).alias(name) for name in _NO_OUTCOME
    )


def never_less(outcome_review: pl.DataFrame, _: Scene) -> pl.DataFrame:
    """Go on with the same dose at every review."""
    return outcome_review.with_columns(pl.lit("continue").alias("decision"))


_TREATED_DAYS = pl.col("start_day") - pl.col("entry_day")

DEFECTS = (
    Defect(
        "review_overdue",
        ("sid",),
        (breach("review_overdue", "review", "review", first_course),),
        ADULT & UNDER_NHSE_2021 & (pl.col("n_after") == 0) & (_TREATED_DAYS >= _LONG_DAYS),
        spoils={"outcome_review": once_only},
    ),
    Defect(
        "review_no_outcome",
        ("pid", "cidp"),
        (breach("review_no_outcome", "review", "outcome", first_course),),
        ADULT & UNDER_NHSE_2021 & (pl.col("n_after") == 0) & (_TREATED_DAYS >= _LONG_DAYS),
        spoils={"outcome_review": silent},
    ),
    # nhse-2021: a trial of less or none every year
    replace(
        treated("no_withdrawal_trial", "pemphigus_vulgaris", 15, 29),
        labels=(breach("no_withdrawal_trial", "review", "withdrawal", first_course),),
        spoils={"outcome_review": never_less},
    ),
)
