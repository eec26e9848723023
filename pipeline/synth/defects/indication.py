"""Courses without an indication."""

from __future__ import annotations

import polars as pl

from pipeline.synth.chance import Chance
from pipeline.synth.defect import ADULT, ESTABLISHED, Defect, breach
from pipeline.synth.subjects import courses

_MOST_COURSES = 12  # each is labelled


def unsaid(courses: pl.DataFrame, _: Chance) -> pl.DataFrame:
    """Write the indication nowhere: not with infusions, approval or diagnoses."""
    return courses.with_columns(pl.lit("nothing").alias("known_by"))


DEFECTS = (
    Defect(
        "missing_indication",
        ("pid", "sid", "itp_adult", "mg"),
        (breach("missing_indication", "indication", "missing", courses),),
        ADULT & ESTABLISHED & (pl.col("n_all") <= _MOST_COURSES),
        unsaid,
    ),
)
