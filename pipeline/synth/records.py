"""Write down what else the hospital recorded: patients, weighings, medicines, events."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipeline.synth.catalogue import MALTOSE_PRODUCT, USES
from pipeline.synth.courses import KAWASAKI
from pipeline.synth.people import at_minute, blood_group, coded, on_day, true_height
from pipeline.synth.scene import Scene

_IGA_DEFICIENT_SHARE = 0.004
_INSULIN_SHARE = 0.008
_HYPERSENSITIVE_SHARE = 0.004
_SUDDEN = [n for n, use in enumerate(USES) if use.indication_code in ("gbs", "kawasaki")]


_PREMEDICATED_COURSES = 6


def patient(scene: Scene) -> pl.DataFrame:
    """Return one row per patient; nobody who lacks IgA has antibodies against it."""
    number = scene.people["patient"].to_numpy()
    lacks_iga = scene.chance.happens("iga", _IGA_DEFICIENT_SHARE, number)
    return scene.people.select(
        "patient_id",
        on_day(pl.col("birth_day"), scene.first_on).alias("birth_date"),
        pl.when("is_female").then(pl.lit("F")).otherwise(pl.lit("M")).alias("sex"),
        blood_group(scene.people, scene.chance).alias("blood_group"),
        pl.when(pl.Series(lacks_iga)).then(pl.lit("true")).alias("is_iga_deficient"),
        pl.when(pl.Series(lacks_iga)).then(pl.lit("false")).alias("has_anti_iga"),
        pl.lit(None, dtype=pl.Date).alias("deceased_on"),
    )


def body_measurement(scene: Scene) -> pl.DataFrame:
    """Return one row per weighing: before a course, some a day or two ahead of it."""
    seen = scene.courses.filter("is_weighed")
    chance, number, day = scene.chance, seen["patient"].to_numpy(), seen["start_day"].to_numpy()
    ahead = np.where(
        chance.happens("ahead", 0.2, number, day), chance.whole("days", 1, 2, number, day), 0
    )
    is_tall = chance.happens("measured", 0.05, number, day)
    is_tall |= seen["course_no"].to_numpy() % 6 == 0
    weighed_day = np.maximum(day - ahead, 0)
    minute = pl.Series(weighed_day * 1440 + 5 * chance.whole("weighed", 78, 94, number, day))
    height = pl.Series(true_height(seen, day)).cast(pl.Int64)
    return seen.select(
        "patient_id",
        at_minute(pl.lit(minute), scene.first_on).alias("measured_at"),
        "weight_kg",
        pl.when(pl.Series(is_tall)).then(height).alias("height_cm"),
    )


def medication(scene: Scene) -> pl.DataFrame:
    """Return one row per medicine: aspirin with Kawasaki disease, some premedication."""
    courses = scene.courses
    aspirin = courses.filter(pl.col("use") == KAWASAKI)
    begun = scene.chance.happens("premedicated", 0.12, courses["patient"].to_numpy())
    relief = courses.filter(pl.Series(begun) & (pl.col("course_no") < _PREMEDICATED_COURSES))
    relief = relief.filter(pl.col("use") != KAWASAKI)
    return pl.concat([
        _taken(aspirin, ("B01AC06", "N02BA01"), 42, scene),
        _taken(relief, ("N02BE01",), 0, scene),
        insulin(_diabetic(scene), scene),
    ])  # fmt: skip


def _taken(
    courses: pl.DataFrame, codes: tuple[str, ...], n_days: int, scene: Scene
) -> pl.DataFrame:
    day = pl.col("start_day") * 1440
    return courses.select(
        "patient_id",
        pl.lit("ATC").alias("code_system"),
        coded(courses["patient"].to_numpy() % len(codes), codes).alias("code"),
        at_minute(day + 7 * 60 + 30, scene.first_on).alias("started_at"),
        at_minute(day + (n_days * 24 + 23) * 60, scene.first_on).alias("ended_at"),
        pl.lit("PO").alias("route"),
    )


def _diabetic(scene: Scene) -> pl.DataFrame:
    """Return those who inject insulin; they never get a product with maltose."""
    drawn = scene.chance.happens("insulin", _INSULIN_SHARE, scene.people["patient"].to_numpy())
    had = scene.courses.filter(pl.col("product") == MALTOSE_PRODUCT)
    return scene.people.filter(pl.Series(drawn)).join(had, on="patient", how="anti")


def insulin(people: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Return one row per patient: insulin begun long before the first course, never ended."""
    begun = pl.max_horizontal(pl.col("entry_day") - 300, pl.col("birth_day") + 1)
    return people.select(
        "patient_id",
        pl.lit("ATC").alias("code_system"),
        pl.lit("A10AE04").alias("code"),
        at_minute(begun * 1440 + 8 * 60, scene.first_on).alias("started_at"),
        pl.lit(None, dtype=pl.Datetime("us")).alias("ended_at"),
        pl.lit("SC").alias("route"),
    )


def clinical_event(scene: Scene) -> pl.DataFrame:
    """Return one row per event: when a sudden illness began, and old hypersensitivity."""
    chance = scene.chance
    sudden = scene.courses.filter(pl.col("use").is_in(_SUDDEN), pl.col("course_no") == 0)
    ill_for = chance.whole("ill for", 3, 8, sudden["patient"].to_numpy())
    number = scene.people["patient"].to_numpy()
    reacted = chance.happens("hypersensitive", _HYPERSENSITIVE_SHARE, number)
    reacted &= ~chance.happens("iga", _IGA_DEFICIENT_SHARE, number)
    once = scene.people.filter(pl.Series(reacted)).with_columns(start_day=pl.col("entry_day"))
    return pl.concat([
        _happened(sudden, "symptom_onset", pl.Series(ill_for), scene),
        _happened(once, "hypersensitivity", pl.Series([200]), scene),
    ])  # fmt: skip


def _happened(rows: pl.DataFrame, event: str, days_ago: pl.Series, scene: Scene) -> pl.DataFrame:
    minute = (pl.col("start_day") - days_ago) * 1440 + 9 * 60
    return rows.select(
        "patient_id",
        pl.lit(event).alias("event_code"),
        at_minute(minute, scene.first_on).alias("occurred_at"),
    )
