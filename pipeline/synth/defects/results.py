"""Laboratory results that cannot be true, or that nobody can read."""

from __future__ import annotations

import polars as pl

from pipeline.synth.defect import ADULT, Defect, Label, Spoil, Subjects
from pipeline.synth.laboratory import CREATININE, HAEMOGLOBIN, SODIUM, TESTS
from pipeline.synth.people import at_minute
from pipeline.synth.scene import Scene
from pipeline.synth.subjects import planted_course

_ONE_OF = 600
_USES = ("pid", "sid", "cidp")
_MORNING_MIN = 7 * 60
_UNBORN_DAYS = 40
_LATE_YEARS = 60  # from an age on the kidneys are at risk, and a lost creatinine is a miss


def _morning() -> pl.Expr:
    return pl.col("start_day") * 1440 + _MORNING_MIN


def _told(number: int, minute: pl.Expr, **values: pl.Expr) -> Spoil:
    """Return a spoiler that changes a test's result of that morning, making one if need."""

    def spoil(rows: pl.DataFrame, scene: Scene) -> pl.DataFrame:
        code = TESTS[number].test_code
        first = planted_course(scene).select(
            "patient_id",
            pl.lit(code).alias("test_code"),
            at_minute(minute, scene.first_on).alias("new_at"),
        )
        kept = rows.join(first, on=["patient_id", "test_code"], how="left", maintain_order="left")
        is_here = kept["collected_at"].dt.date() == kept["new_at"].dt.date()
        kept = kept.filter(~is_here.fill_null(value=False)).select(rows.columns)
        new = first.select(
            "patient_id",
            "test_code",
            pl.col("new_at").alias("collected_at"),
            pl.lit(TESTS[number].middle).alias("value"),
            pl.lit(None, dtype=pl.String).alias("value_text"),
            pl.lit(None, dtype=pl.String).alias("comparator"),
            pl.lit(TESTS[number].unit).alias("unit"),
            pl.lit(TESTS[number].specimen).alias("specimen"),
            pl.lit(value=True).alias("has_clock"),
        ).with_columns(value.cast(rows.schema[name]).alias(name) for name, value in values.items())
        return pl.concat([kept, new])  # fmt: skip

    return spoil


def _row(number: int, minute: pl.Expr) -> Subjects:
    """Return the changed result, named by its patient, test and time."""

    def of(scene: Scene) -> pl.DataFrame:
        at = at_minute(minute, scene.first_on).dt.strftime("%Y-%m-%dT%H:%M:%S")
        return planted_course(scene).select(
            "patient_id",
            (pl.col("patient_id") + f":{TESTS[number].test_code}|" + at).alias("source_record_id"),
            pl.lit(None, dtype=pl.String).alias("subject"),
        )

    return of


def _faulty(
    kind: str, number: int, where: str, status: str, reason: str, **values: pl.Expr
) -> Defect:
    label = Label(kind, _row(number, _morning()), where, "lab_result", status, reason, "lab_result")
    fits = ADULT & (pl.col("n_before") >= 1) & (pl.col("age_years") < _LATE_YEARS)
    return Defect(
        kind, _USES, (label, *_UNSEEN), fits, None,
        {"lab_result": _told(number, _morning(), **values)}, 1, _ONE_OF,
    )  # fmt: skip


def _before_birth() -> pl.Expr:
    return (pl.col("birth_day") - _UNBORN_DAYS) * 1440 + _MORNING_MIN


# A result in quarantine is no test that was taken, and rules may miss it.
_UNSEEN = tuple(
    Label(kind, planted_course, "verdict", "monitoring", "breached", "test", "lab_result",
          is_consequence=True)
    for kind in ("missed_kidney_at_risk", "missed_blood_before", "missed_in_high_dose")
)  # fmt: skip
_NO_UNIT = pl.lit(None, dtype=pl.String)

DEFECTS = (
    _faulty("unit_missing", HAEMOGLOBIN, "derived", "unread", "unit_missing", unit=_NO_UNIT),
    _faulty("unit_never_read", HAEMOGLOBIN, "derived", "unread", "unit_ambiguous",
            value=pl.lit(7.9), unit=pl.lit("mmol/L")),
    _faulty("unit_swapped", HAEMOGLOBIN, "quarantine", "quarantined", "impossible_value",
            value=pl.lit(128.0)),
    _faulty("unit_of_other_test", SODIUM, "quarantine", "quarantined", "impossible_unit",
            unit=pl.lit("mg/dL")),
    _faulty("creatinine_of_zero", CREATININE, "quarantine", "quarantined", "impossible_value",
            value=pl.lit(0.0)),
    # one more, of another person or with a year mistyped
    Defect(
        "result_before_birth", _USES,
        (Label("result_before_birth", _row(SODIUM, _before_birth()), "quarantine", "lab_result",
               "quarantined", "before_birth", "lab_result"),),
        ADULT, None, {"lab_result": _told(SODIUM, _before_birth())}, 2, _ONE_OF,
    ),
)  # fmt: skip
