"""Write the results of a planted course: a pattern of values around it, in place of its own."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipeline.synth.defect import Spoil
from pipeline.synth.laboratory import LabTest, result
from pipeline.synth.people import at_minute
from pipeline.synth.scene import Scene

_BEFORE_DAYS, _AFTER_DAYS = 8, 12  # in which the patient's own results of these tests give way
_MORNING_MIN = 7 * 60
_HOUR, _DAY = 60, 1440


@dataclass(frozen=True)
class Found:
    """One result: of what, so many hours after the course or days before it, and what it said.

    Neither hours nor days: on the morning of the first day.
    """

    test_code: str
    unit: str | None
    value: float | None
    hours_after: float | None = None
    days_before: int = 0
    text: str | None = None
    comparator: str | None = None
    has_clock: bool = True
    specimen: str = "serum"


def pattern(*results: Found) -> Spoil:
    """Return a spoiler that puts a pattern of results in place of those of the same tests."""
    codes = sorted({one.test_code for one in results})

    def spoil(rows: pl.DataFrame, scene: Scene) -> pl.DataFrame:
        ends = course_ends(scene)
        is_near = pl.col("collected_at").is_between("near_from", "near_to")
        kept = rows.join(_near(ends, scene), on="patient_id", how="left", maintain_order="left")
        kept = kept.filter(~(is_near & pl.col("test_code").is_in(codes)))
        return pl.concat([kept.select(rows.columns), *(_written(ends, r, scene) for r in results)])

    return spoil


def course_ends(scene: Scene) -> pl.DataFrame:
    """Return the last bag of each planted course."""
    return scene.planted_bags.unique("patient", keep="last", maintain_order=True)


def _near(ends: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    start = pl.col("start_day") * _DAY
    return ends.select(
        "patient_id",
        at_minute(start - _BEFORE_DAYS * _DAY, scene.first_on).alias("near_from"),
        at_minute(pl.col("end_min") + _AFTER_DAYS * _DAY, scene.first_on).alias("near_to"),
    )


def _written(ends: pl.DataFrame, one: Found, scene: Scene) -> pl.DataFrame:
    morning = (pl.col("start_day") - one.days_before) * _DAY + _MORNING_MIN
    minute = (
        morning if one.hours_after is None else (pl.col("end_min") + round(one.hours_after * _HOUR))
    )
    test = LabTest(one.test_code, one.unit or "", 1.0, 0, 0, 0, 0, one.specimen)
    return result(ends, minute, test, pl.lit(one.value), scene).with_columns(
        pl.lit(one.unit, dtype=pl.String).alias("unit"),
        pl.lit(one.text, dtype=pl.String).alias("value_text"),
        pl.lit(one.comparator, dtype=pl.String).alias("comparator"),
        pl.lit(one.has_clock).alias("has_clock"),
    )
