"""Label what was planted, and what follows from it, for whoever measures recall."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipeline.synth.chance import Chance
from pipeline.synth.spoiled import LEAVES_A_GAP, is_spoiled, subcutaneous

_WEIGHT_MAX_AGE_DAYS = 30


@dataclass(frozen=True)
class Expectation:
    """Where one kind of defect must show, as what."""

    where: str
    kind: str
    status: str
    reason: str


_HIGH = Expectation("verdict", "regimen", "breached", "total_high|day_high")
_LATE = Expectation("verdict", "regimen", "breached", "interval_late")
EXPECTED = {
    "wrong_dose_high": _HIGH,
    "wrong_dose_low": Expectation("verdict", "regimen", "breached", "total_low|day_low|days_low"),
    "early_interval": Expectation("verdict", "regimen", "breached", "interval_early"),
    "late_interval": _LATE,
    "missed_dose": _LATE,
    "too_many_days": Expectation("verdict", "regimen", "breached", "days_high"),
    "missing_weight": Expectation("verdict", "weight", "breached", "missing"),
    "stale_weight": Expectation("verdict", "weight", "breached", "stale"),
    "missing_indication": Expectation("verdict", "indication", "breached", "missing"),
    "duplicate_record": Expectation("set_aside", "infusion", "set_aside", "duplicate"),
    "mg_for_g": Expectation("quarantine", "infusion", "quarantined", "dose_g"),
    "end_before_start": Expectation(
        "quarantine", "infusion", "quarantined", "ended_before_started"
    ),
    "five_for_ten_percent": Expectation(
        "verdict", "regimen", "not_assessable", "dose_uncertain"
    ),
    "unknown_product": Expectation("derived", "infusion", "excluded", "product_unknown"),
    "sc_product_in_feed": Expectation("derived", "infusion", "excluded", "subcutaneous"),
}  # fmt: skip
_REPORTED_AS = {"missed_dose": "late_interval"}
_PER_ROW = ("duplicate_record", "mg_for_g", "end_before_start", "unknown_product")
_PER_COURSE = (
    "wrong_dose_high", "wrong_dose_low", "early_interval", "late_interval", "missed_dose",
    "too_many_days", "five_for_ten_percent",
)  # fmt: skip
_PER_PATIENT = ("missing_indication",)


def truth(
    given: pl.DataFrame, measurements: pl.DataFrame, infusion: pl.DataFrame, chance: Chance
) -> pl.DataFrame:
    """Return one row per thing the audit must say, and per consequence it may say."""
    subjects = _subjects(given)
    parts = [
        *(_labelled(subjects.filter(_planted(kind)), kind) for kind in _PER_COURSE),
        *(_labelled(subjects.filter(pl.col("kind") == kind), kind) for kind in _PER_PATIENT),
        *(_labelled(_rows(given, kind), kind) for kind in _PER_ROW),
        _labelled(_extra(infusion, given, chance), "sc_product_in_feed"),
        *_weights(subjects, measurements),
        _consequences(subjects),
    ]
    labelled = pl.concat(parts).sort("patient_id", "source_record_id", "expect_where")
    return _numbered(labelled)


def _subjects(given: pl.DataFrame) -> pl.DataFrame:
    """Return one row per course with the id of its first infusion."""
    first = given.filter(pl.col("day_no") == 0, pl.col("bag_no") == 0)
    return first.select(
        "patient", "patient_id", "course_no", "start_day", "kind", "is_planted",
        pl.col("infusion_id").alias("source_record_id"),
        pl.col("infusion_id").alias("subject"),
    )  # fmt: skip


def _planted(kind: str) -> pl.Expr:
    return pl.col("is_planted").fill_null(value=False) & (pl.col("kind") == kind)


def _rows(given: pl.DataFrame, kind: str) -> pl.DataFrame:
    """Return the spoiled rows themselves; a duplicate is made of the first bag only."""
    rows = given.filter(is_spoiled(given, kind))
    if kind == "duplicate_record":
        rows = rows.filter(pl.col("day_no") == 0, pl.col("bag_no") == 0)
    return rows.select(
        "patient_id", pl.col("infusion_id").alias("source_record_id"),
        pl.lit(None, dtype=pl.String).alias("subject"),
    )  # fmt: skip


def _extra(infusion: pl.DataFrame, given: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    return subcutaneous(infusion, given, chance).select(
        "patient_id", pl.col("infusion_id").alias("source_record_id"),
        pl.lit(None, dtype=pl.String).alias("subject"),
    )  # fmt: skip


def _weights(subjects: pl.DataFrame, measurements: pl.DataFrame) -> list[pl.DataFrame]:
    """Label every course whose newest weighing is missing or more than 30 days old.

    Weight defects are planted in adults only, so the shorter limit for infants is not needed.
    """
    planted = subjects.filter(pl.col("kind").is_in(["missing_weight", "stale_weight"]))
    seen = measurements.select("patient", "weighed_day").with_columns(
        pl.col("weighed_day").alias("newest_day")
    )
    found = planted.sort("start_day").join_asof(
        seen.sort("weighed_day"), left_on="start_day", right_on="weighed_day", by="patient",
        check_sortedness=False,
    )  # fmt: skip
    age = pl.col("start_day") - pl.col("newest_day")
    return [
        _labelled(found.filter(pl.col("newest_day").is_null()), "missing_weight"),
        _labelled(found.filter(age > _WEIGHT_MAX_AGE_DAYS), "stale_weight"),
    ]


def _consequences(subjects: pl.DataFrame) -> pl.DataFrame:
    """Label the courses that seem late because the one before was taken out of the rules."""
    is_after = pl.col("is_planted").shift(1).over("patient").fill_null(value=False)
    follows = subjects.filter(is_after & pl.col("kind").is_in(LEAVES_A_GAP))
    return _labelled(follows, "consequence", _LATE)


def _labelled(rows: pl.DataFrame, kind: str, expected: Expectation | None = None) -> pl.DataFrame:
    expected = EXPECTED[kind] if expected is None else expected
    record = "body_measurement" if kind in ("missing_weight", "stale_weight") else "infusion"
    return rows.select(
        pl.lit(_REPORTED_AS.get(kind, kind)).alias("kind"),
        pl.lit(record).alias("record"),
        "source_record_id",
        "patient_id",
        "subject",
        pl.lit(expected.where).alias("expect_where"),
        pl.lit(expected.kind).alias("expect_kind"),
        pl.lit(expected.status).alias("expect_status"),
        pl.lit(expected.reason).alias("expect_reason_or_clause"),
    )


def _numbered(labelled: pl.DataFrame) -> pl.DataFrame:
    number = pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(5)
    return labelled.select(("D" + number).alias("defect_id"), pl.all())
