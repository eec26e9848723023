"""Tests in their window: hours and days at their limits, unknown clocks, triggers and proof."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from judged import START, Row, World

BEGUN = datetime.fromisoformat("2024-06-15 10:00")
ENDED = datetime.fromisoformat("2024-06-15 14:00")
AFTER: Row = {"anchor": "course_end", "hours_after_min": 36, "hours_after_max": 96}
BEFORE: Row = {"anchor": "course_start", "days_before_min": 0, "days_before_max": 7}
NOTHING: Row = {
    "is_trough": False,
    "is_first_only": False,
    "has_group": False,
    "has_risk": False,
    "has_test": True,
    "is_known_by_record": False,
}
PLENTY: Row = {"from_on": "2020-01-01", "to_on": "2026-01-01"}


def world_of(*, is_timed: bool = True, covers: Row | None = None, **rule: Any) -> World:
    """Return a world with one rule that asks for haemoglobin, and one session of 50 g at 50 kg."""
    world = World()
    world.rule(1, "monitoring", "any")
    world.add("guideline.monitoring", rule_key=1, **NOTHING | rule)
    world.add("guideline.monitoring_test", rule_key=1, analyte="hb")
    world.add("guideline.lab_analyte", analyte="hb", name="haemoglobin")
    world.add("guideline.lab_test", analyte="hb", test_code="718-7")
    world.add("audit.record_supplied", record="lab_result")
    world.add("staged.coverage", record="lab_result", **PLENTY | (covers or {}))
    world.course(1, dose_g=50, weight_kg=50)
    if is_timed:
        world.rows["derived.session"][0] |= {"started_at": BEGUN, "ended_at": ENDED}
    return world


def sample(
    world: World, at: datetime | None = None, on: date = START, code: str = "718-7"
) -> World:
    """Note one result; without a time only its day is known."""
    day = on if at is None else at.date()
    key = len(world.rows.get("staged.lab_result", [])) + 1
    world.add(
        "staged.lab_result",
        lab_result_key=key,
        patient_key=1,
        test_code=code,
        collected_on=day,
        collected_at=at,
    )
    return world


def said(world: World) -> tuple[object, object]:
    verdicts = world.judge()
    return (verdicts[0]["status"], verdicts[0]["reason"]) if verdicts else NOT_ASKED


MET, MISSED, NOT_ASKED = ("met", None), ("breached", None), ("no verdict", None)
UNTIMED = ("not_assessable", "sample_time_unknown")


@pytest.mark.parametrize(
    ("after_the_end", "expected"),
    [
        (timedelta(hours=36), MET),
        (timedelta(hours=36, seconds=-1), MISSED),
        (timedelta(hours=96), MET),
        (timedelta(hours=96, seconds=1), MISSED),
    ],
)
def test_a_sample_may_lie_on_the_limits_of_its_hours(
    after_the_end: timedelta, expected: tuple[object, object]
) -> None:
    assert said(sample(world_of(**AFTER), ENDED + after_the_end)) == expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (1, MISSED),  # its last minute is 34 hours after the end
        (2, UNTIMED),  # from 34 to 58 hours
        (3, MET),  # every minute of it lies between 58 and 82 hours
        (4, UNTIMED),  # from 82 to 106 hours
        (5, MISSED),  # 106 hours and more
    ],
)
def test_a_day_without_a_clock_counts_only_where_every_minute_of_it_does(
    day: int, expected: tuple[object, object]
) -> None:
    assert said(sample(world_of(**AFTER), on=START + timedelta(days=day))) == expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [(1, UNTIMED), (2, UNTIMED), (3, MET), (4, UNTIMED), (5, MISSED)],
)
def test_where_nobody_knows_when_the_course_ended_it_may_be_any_minute_of_its_day(
    day: int, expected: tuple[object, object]
) -> None:
    world = world_of(is_timed=False, **AFTER)
    assert said(sample(world, on=START + timedelta(days=day))) == expected


@pytest.mark.parametrize(
    ("at", "on", "expected"),
    [
        (BEGUN - timedelta(days=7), START, MET),
        (BEGUN, START, MET),
        (BEGUN + timedelta(seconds=1), START, MISSED),
        (None, START - timedelta(days=7), MET),
        (None, START - timedelta(days=8), MISSED),
        (None, START, UNTIMED),
        (None, START + timedelta(days=1), MISSED),
    ],
)
def test_a_sample_before_the_start_is_told_from_one_after_it(
    at: datetime | None, on: date, expected: tuple[object, object]
) -> None:
    assert said(sample(world_of(**BEFORE), at, on)) == expected


def test_any_test_that_the_rule_names_is_enough_and_no_other() -> None:
    world = world_of(**BEFORE)
    world.add("guideline.monitoring_test", rule_key=1, analyte="hct")
    world.add("guideline.lab_analyte", analyte="hct", name="haematocrit")
    world.add("guideline.lab_test", analyte="hct", test_code="4544-3")
    assert said(sample(world, BEGUN, code="4544-3")) == MET
    assert said(sample(world_of(**BEFORE), BEGUN, code="4544-3")) == MISSED


def test_none_found_is_a_miss_only_where_it_would_have_been_seen() -> None:
    far = START - timedelta(days=60)
    near = START - timedelta(days=37)
    unseen = ("not_assessable", "outside_coverage")
    assert said(sample(world_of(**BEFORE), on=far)) == unseen
    assert said(sample(world_of(**BEFORE), on=near)) == MISSED
    assert said(sample(world_of(covers={"from_on": "2024-06-09"}, **BEFORE), on=near)) == unseen
    assert said(sample(world_of(covers={"from_on": "2024-06-08"}, **BEFORE), on=near)) == MISSED
    assert said(sample(world_of(covers={"site_id": "other"}, **BEFORE), on=near)) == unseen


def test_without_laboratory_results_nobody_knows() -> None:
    world = world_of(**BEFORE)
    world.rows["audit.record_supplied"].clear()
    assert said(world) == ("not_assessable", "table_not_supplied")


@pytest.mark.parametrize(
    ("course", "expected"),
    [
        ({"dose_g": 100}, MISSED),
        ({"dose_g": 99}, NOT_ASKED),
        ({"dose_g": None, "known_dose_g": 99}, ("not_assessable", "no_dose")),
        ({"dose_g": None, "known_dose_g": 100}, MISSED),
        ({"dose_g": None, "known_dose_g": None}, ("not_assessable", "no_dose")),
        (
            {"dose_g": None, "known_dose_g": None, "is_open": True},
            ("not_assessable", "course_open"),
        ),
        ({"dose_g": 99, "is_open": True}, ("not_assessable", "course_open")),
        ({"dose_g": 100, "is_open": True}, MISSED),
    ],
)
def test_a_rule_may_wait_for_a_dose(course: Row, expected: tuple[object, object]) -> None:
    world = world_of(**BEFORE, dose_from_g_per_kg=2)
    world.rows["derived.course"][0] |= {"known_dose_g": course["dose_g"]} | course
    assert said(sample(world, on=START + timedelta(days=9))) == expected


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("AB", MISSED),
        ("O", NOT_ASKED),
        (None, ("not_assessable", "risk_unknown")),
    ],
)
def test_a_rule_may_wait_for_a_blood_group(
    group: str | None, expected: tuple[object, object]
) -> None:
    world = world_of(**BEFORE | {"has_group": True})
    world.add("guideline.monitoring_group", rule_key=1, blood_group="AB")
    world.rows["staged.patient"][0]["blood_group"] = group
    assert said(sample(world, on=START + timedelta(days=9))) == expected


@pytest.mark.parametrize(
    ("known", "until", "expected"),
    [
        (START, None, MISSED),
        (START, START, MISSED),
        (START + timedelta(days=1), None, NOT_ASKED),
        (START - timedelta(days=9), START - timedelta(days=1), NOT_ASKED),
    ],
)
def test_a_rule_may_wait_for_a_risk(
    known: date, until: date | None, expected: tuple[object, object]
) -> None:
    world = world_of(**BEFORE | {"has_risk": True})
    world.add("guideline.monitoring_risk", rule_key=1, risk_factor="renal")
    world.add(
        "derived.patient_risk", patient_key=1, risk_factor="renal", known_on=known, until_on=until
    )
    assert said(sample(world, on=START + timedelta(days=9))) == expected


@pytest.mark.parametrize(
    ("begun", "is_known", "expected"),
    [
        (START, True, MISSED),
        (START, False, ("not_assessable", "history_truncated")),
        (START - timedelta(days=1), False, NOT_ASKED),
    ],
)
def test_a_rule_may_wait_for_the_first_course(
    *, begun: date, is_known: bool, expected: tuple[object, object]
) -> None:
    world = world_of(**BEFORE | {"is_first_only": True})
    facts = {"treatment_started_on": begun, "is_treatment_start_known": is_known}
    world.rows["derived.course"][0] |= {"treatment_key": 1} | facts
    assert said(sample(world, on=START + timedelta(days=9))) == expected


@pytest.mark.parametrize(
    ("at", "on", "expected"),
    [
        # a course 20 days after the one before: a trough from the sixteenth day on
        (None, START - timedelta(days=4), MET),
        (None, START - timedelta(days=5), MISSED),
        (BEGUN, START, MET),
        (BEGUN + timedelta(minutes=1), START, MISSED),
        (None, START, UNTIMED),
    ],
)
def test_a_trough_is_taken_late_in_the_interval_and_before_the_infusion(
    at: datetime | None, on: date, expected: tuple[object, object]
) -> None:
    world = world_of(anchor="course_start", months_before=6, is_trough=True)
    world.rows["derived.course"][0] |= {"interval_status": "known", "interval_days": 20}
    assert said(sample(world, at, on)) == expected


def test_a_miss_says_what_was_looked_for_and_names_the_samples_beside_the_window() -> None:
    world = sample(sample(world_of(**BEFORE), on=START - timedelta(days=8)), on=START)
    world.rows["staged.lab_result"][1]["collected_on"] = START + timedelta(days=1)
    world.judge()
    ((text,),) = world.con.sql("SELECT arithmetic FROM audit.finding").fetchall()
    assert text == "haemoglobin: none from 2024-06-08 to 2024-06-15"
    cited = world.con.sql(
        "SELECT record_key FROM audit.evidence WHERE role = 'other_sample' ORDER BY ALL"
    ).fetchall()
    assert cited == [(1,), (2,)]


def test_a_missed_test_never_makes_a_course_off_guideline() -> None:
    world = sample(world_of(**BEFORE), on=START + timedelta(days=9))
    (verdict,) = world.judge()
    assert (verdict["severity"], verdict["is_countable"]) == ("review", False)
