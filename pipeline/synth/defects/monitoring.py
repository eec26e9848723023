"""Tests that a rule asks for and nobody took, or took at an hour nobody wrote down."""

from __future__ import annotations

import polars as pl

from pipeline.synth.chance import Chance
from pipeline.synth.defect import ADULT, Defect, Label, Plan, Spoil, Subjects
from pipeline.synth.found import Found, course_ends, pattern
from pipeline.synth.laboratory import CREATININE, HAEMOGLOBIN, IGG, TESTS, lab_result
from pipeline.synth.people import at_minute, on_day
from pipeline.synth.scene import Scene
from pipeline.synth.subjects import courses, planted_course

_ONE_OF = 400
_DAY = 1440
_AT_RISK_YEARS = 66
_KNOWN_DAYS = 190  # of records before the first course, so that it is known to be the first
_TROUGH_MONTHS = 6
_HIGH_DOSE_USES = ("cidp", "dermatomyositis", "pemphigus_vulgaris", "mg")
_TROUGH_LOST_DAYS = 400
_LATER_HOURS = 10
_SETTLED_DAYS = 200  # of treatment, after which a level means something
_IS_IGG = pl.col("test_code") == TESTS[IGG].test_code


def _lost(number: int, days_before: int, days_after: int) -> Spoil:
    """Return a spoiler that loses a test's results from so long before to so long after."""

    def spoil(rows: pl.DataFrame, scene: Scene) -> pl.DataFrame:
        start, end = pl.col("start_day") * _DAY, pl.col("end_min")
        window = course_ends(scene).select(
            "patient_id",
            at_minute(start - days_before * _DAY, scene.first_on).alias("from_at"),
            at_minute(end + days_after * _DAY if days_after else start + _DAY, scene.first_on)
            .alias("to_at"),
        )  # fmt: skip
        kept = rows.join(window, on="patient_id", how="left", maintain_order="left")
        is_lost = (pl.col("test_code") == TESTS[number].test_code) & pl.col(
            "collected_at"
        ).is_between("from_at", "to_at")
        return kept.filter(~is_lost.fill_null(value=False)).select(rows.columns)

    return spoil


def _moved_to_afternoon(rows: pl.DataFrame, _: Scene) -> pl.DataFrame:
    """Take every IgG of the patient when the infusion is over."""
    later = pl.col("collected_at") + pl.duration(hours=_LATER_HOURS)
    return rows.with_columns(
        pl.when(_IS_IGG).then(later).otherwise("collected_at").alias("collected_at")
    )


def _without_hour(number: int, of: Subjects | None = None) -> Spoil:
    """Return a spoiler that loses the hour of a test's samples, on the planted day or on any."""

    def spoil(rows: pl.DataFrame, scene: Scene) -> pl.DataFrame:
        is_test = pl.col("test_code") == TESTS[number].test_code
        if of is not None:
            on = of(scene).select(
                "patient_id", on_day(pl.col("start_day"), scene.first_on).alias("planted_on")
            )
            kept = rows.join(on, on="patient_id", how="left", maintain_order="left")
            is_test &= pl.col("collected_at").dt.date() == pl.col("planted_on")
            rows = kept
        return rows.with_columns((pl.col("has_clock") & ~is_test).alias("has_clock"))

    return spoil


def _trough_due(scene: Scene) -> pl.DataFrame:
    """Return the first course of each further six months of a treatment, when a trough is asked."""
    dated = courses(scene).with_columns(on_day(pl.col("start_day"), scene.first_on).alias("on"))
    begun = pl.col("on").first().over("patient")
    on = pl.col("on").dt
    months = (on.year() - begun.dt.year()) * 12 + (on.month() - begun.dt.month())
    # a month that has not run to its end does not count
    months = (months - (on.day() < begun.dt.day()).cast(pl.Int32)) // _TROUGH_MONTHS
    return dated.with_columns(months.alias("period")).filter(
        (pl.col("period") > pl.col("period").shift(1).over("patient")).fill_null(value=False)
    )


def _without_trough(scene: Scene) -> pl.DataFrame:
    """Return the courses before which no sample was left for six months."""
    left = _lost(IGG, _TROUGH_LOST_DAYS, 0)(lab_result(scene), scene).filter(_IS_IGG)
    seen = left.select(
        "patient_id",
        pl.col("collected_at").dt.date().alias("on"),
        pl.col("collected_at").dt.date().alias("newest_on"),
    )
    late = (
        _trough_due(scene)
        .sort("on")
        .join_asof(seen.sort("on"), on="on", by="patient_id", check_sortedness=False)
    )
    from_on = pl.col("on").dt.offset_by(f"-{_TROUGH_MONTHS}mo")
    return late.filter((pl.col("newest_on") < from_on).fill_null(value=True))


def _rounded_up_to_2_g(courses: pl.DataFrame, _: Chance) -> pl.DataFrame:
    """Round the planted course's 2 g/kg up to whole vials, so that it reaches the rule's dose."""
    here = pl.col("is_planted")
    target = pl.when(here).then(2.0 / pl.col("n_days")).otherwise("target_g_per_kg")
    return courses.with_columns(
        target.alias("target_g_per_kg"), (here | pl.col("is_rounded_up")).alias("is_rounded_up")
    )


def _missed(
    kind: str,
    uses: tuple[str, ...],
    fits: pl.Expr,
    spoil: Spoil,
    of: Subjects = planted_course,
    plan: Plan | None = None,
    *more: Label,
    shows_as: str | None = None,
) -> Defect:
    label = Label(shows_as or kind, of, "verdict", "monitoring", "breached", "test", "lab_result")
    return Defect(
        kind,
        uses,
        (label, *more, _IN_HIGH_DOSE),
        ADULT & fits,
        plan,
        {"lab_result": spoil},
        1,
        _ONE_OF,
    )


def _unsure(kind: str, uses: tuple[str, ...], fits: pl.Expr, spoil: Spoil, of: Subjects) -> Defect:
    label = Label(
        kind, of, "verdict", "monitoring", "not_assessable", "sample_time_unknown", "lab_result"
    )
    return Defect(kind, uses, (label,), ADULT & fits, None, {"lab_result": spoil}, 1, _ONE_OF)


_IS_A_OR_B = pl.col("blood_group").is_in(["A", "B", "AB"]).fill_null(value=False)
_HIGH_DOSE = _IS_A_OR_B & (pl.col("target_total") > 1.9)  # noqa: PLR2004 - by plan 2 g/kg
_FIRST = (pl.col("n_before") == 0) & (pl.col("entry_day") >= _KNOWN_DAYS)
_AT_RISK = (pl.col("age_years") >= _AT_RISK_YEARS) & (pl.col("n_before") >= 1)
_LONG = (pl.col("entry_day") >= _KNOWN_DAYS) & (
    pl.col("n_before") * pl.col("cycle_days") >= _TROUGH_LOST_DAYS + 200
)
# who has no trough for half a year may have none for a year, of which another rule asks
_OF_A_YEAR = Label(
    "missed_trough_of_year", courses, "verdict", "monitoring", "breached", "test", "lab_result",
    is_consequence=True,
)  # fmt: skip
_IN_HIGH_DOSE = Label(
    "missed_in_high_dose", planted_course, "verdict", "monitoring", "breached", "test",
    "lab_result", is_consequence=True,
)  # fmt: skip
_AT_RISK_TOO = Label(
    "missed_kidney_at_risk", planted_course, "verdict", "monitoring", "breached", "test",
    "lab_result", is_consequence=True,
)  # fmt: skip

DEFECTS = (
    _missed("missed_blood_after", _HIGH_DOSE_USES, _HIGH_DOSE, _lost(HAEMOGLOBIN, -1, 5),
            planted_course, _rounded_up_to_2_g),
    _missed("missed_blood_before", _HIGH_DOSE_USES, _HIGH_DOSE, _lost(HAEMOGLOBIN, 8, 0),
            planted_course, _rounded_up_to_2_g),
    _missed("missed_kidney_first", ("pid", "sid", "cidp", "mg", "mmn"), _FIRST,
            _lost(CREATININE, 31, 0), planted_course, None, _AT_RISK_TOO),
    _missed("missed_kidney_at_risk", ("sid", "cidp", "mg"), _AT_RISK, _lost(CREATININE, 8, 0)),
    _missed("missed_trough", ("pid", "sid"), _LONG, _lost(IGG, _TROUGH_LOST_DAYS, 0),
            _without_trough, None, _OF_A_YEAR),
    _missed("trough_after_start", ("pid", "sid"), _LONG, _moved_to_afternoon, _trough_due,
            None, _OF_A_YEAR, shows_as="missed_trough"),
    Defect(
        "trough_low", ("pid",),
        (Label("trough_low", planted_course, "verdict", "trough", "breached", "level",
               "lab_result"),),
        ADULT & (pl.col("n_before") * pl.col("cycle_days") >= _SETTLED_DAYS), None,
        {"lab_result": pattern(Found(TESTS[IGG].test_code, "g/L", 3.9))}, 1, _ONE_OF,
    ),
    _unsure("trough_without_hour", ("pid", "sid"), _LONG, _without_hour(IGG), _trough_due),
    _unsure("kidney_without_hour", ("sid", "cidp", "mg"), _AT_RISK,
            _without_hour(CREATININE, planted_course), planted_course),
)  # fmt: skip
