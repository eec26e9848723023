"""Name what a label is about: courses by their first infusion, bags, issues."""

from __future__ import annotations

import polars as pl

from pipeline.synth.scene import Scene

_NO_SUBJECT = pl.lit(None, dtype=pl.String).alias("subject")


def courses(scene: Scene) -> pl.DataFrame:
    """Return one row per course, named by its first infusion, with the plan of the course."""
    first = scene.given.filter(pl.col("day_no") == 0, pl.col("bag_no") == 0)
    return first.with_columns(
        pl.col("infusion_id").alias("source_record_id"), pl.col("infusion_id").alias("subject")
    )


def planted_course(scene: Scene) -> pl.DataFrame:
    """Return the course the defect sits in."""
    return courses(scene).filter("is_planted")


def course_before(scene: Scene) -> pl.DataFrame:
    """Return the course before the one the defect sits in."""
    is_before = pl.col("is_planted").shift(-1).over("patient").fill_null(value=False)
    return courses(scene).filter(is_before)


def course_after(scene: Scene) -> pl.DataFrame:
    """Return the course after the one the defect sits in."""
    is_after = pl.col("is_planted").shift(1).over("patient").fill_null(value=False)
    return courses(scene).filter(is_after)


def all_bags(scene: Scene) -> pl.DataFrame:
    """Return every bag of the patient."""
    return as_rows(scene.given, "infusion_id")


def planted_bags(scene: Scene) -> pl.DataFrame:
    """Return every bag of the course the defect sits in."""
    return as_rows(scene.planted_bags, "infusion_id")


def planted_issues(scene: Scene) -> pl.DataFrame:
    """Return the issue of every bag of the course the defect sits in."""
    return as_rows(scene.planted_bags, "dispensing_id")


def planted_first_bag(scene: Scene) -> pl.DataFrame:
    """Return the first bag of the course the defect sits in."""
    return as_rows(planted_course(scene), "infusion_id")


def planted_first_issue(scene: Scene) -> pl.DataFrame:
    """Return the issue of the first bag of the course the defect sits in."""
    return as_rows(planted_course(scene), "dispensing_id")


def whole_patient(scene: Scene) -> pl.DataFrame:
    """Return the patients, named by their own id."""
    return as_rows(scene.people, "patient_id")


def as_rows(rows: pl.DataFrame, key: str) -> pl.DataFrame:
    """Name rows of a record by their id."""
    return rows.select("patient_id", pl.col(key).alias("source_record_id"), _NO_SUBJECT)
