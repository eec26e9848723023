"""The monitoring check agrees with a dull loop over made-up courses and samples."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from drawn import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from judged import Row, World
from risky import pour

from pipeline import check as stage
from pipeline.resources import sql

ZERO = date(2024, 6, 15)
HOUR = timedelta(hours=1)
FILLED = (
    "guideline.monitoring",
    "derived.course",
    "derived.session",
    "derived.course_weight",
    "staged.patient",
    "staged.lab_result",
    "staged.coverage",
    "audit.record_supplied",
)
PLAIN: Row = {
    "is_trough": False,
    "is_first_only": False,
    "has_group": False,
    "has_risk": False,
    "has_test": True,
    "is_known_by_record": False,
}
CALM = settings(
    max_examples=examples(60),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def minutes(day: date, at: datetime | None) -> list[datetime]:
    """Return the earliest and the latest moment a day with or without a clock may mean."""
    if at is not None:
        return [at, at]
    return [datetime.combine(day, time()), datetime.combine(day, time.max)]


def within_hours(rule: Row, course: Row, taken: list[datetime]) -> bool | None:
    """Return whether every minute a sample may be of lies in the hours; None where only some do."""
    low, high = (float(rule[name]) * HOUR for name in ("hours_after_min", "hours_after_max"))
    ended = minutes(course["last_on"], course["ended_at"])
    after = [one - other for one in taken for other in ended]
    if all(low <= gap <= high for gap in after):
        return True
    return None if max(after) >= low and min(after) <= high else False


def fits(rule: Row, course: Row, sample: Row) -> bool | None:
    """Return whether a sample lies in the window; None where its clock would decide."""
    on, at = sample["collected_on"], sample["collected_at"]
    if rule["days_around"] is not None:
        low, high = window(rule, course)
        return bool(low <= on <= high)
    if rule["hours_after_max"] is not None:
        return within_hours(rule, course, minutes(on, at))
    if rule["days_after_max"] is not None:
        days = (on - course["last_on"]).days
        return bool(rule["days_after_min"] <= days <= rule["days_after_max"])
    low, high = window(rule, course)
    if on != course["started_on"] or not low <= on <= high:
        return bool(low <= on <= high)
    if at is None or course["started_at"] is None:
        return None
    return bool(at <= course["started_at"])


def months_on(day: date, months: int) -> date:
    """Return the same day so many months on; no example stands at the end of a month."""
    whole = day.year * 12 + day.month - 1 + months
    return day.replace(year=whole // 12, month=whole % 12 + 1)


def is_due(rule: Row, course: Row, courses: list[Row]) -> bool:
    """Return whether a course is the first after another full period of the treatment."""
    own = sorted(
        (one["started_on"], one["course_key"])
        for one in courses
        if one["patient_key"] == course["patient_key"]
    )
    begun, place = own[0][0], own.index((course["started_on"], course["course_key"]))
    periods = []
    for day in (own[place - 1][0], course["started_on"]):
        n = 0
        while months_on(begun, (n + 1) * rule["every_months"]) <= day:
            n += 1
        periods.append(n)
    return place > 0 and periods[1] > periods[0]


def window(rule: Row, course: Row) -> tuple[date, date]:
    """Return the days that must be complete before a test was missed."""
    if rule["days_around"] is not None:
        near = timedelta(days=rule["days_around"])
        return course["started_on"] - near, course["last_on"] + near
    if rule["every_months"] is not None:
        return months_on(course["started_on"], -rule["every_months"]), course["started_on"]
    if rule["hours_after_max"] is not None:
        first = course["last_on"] + timedelta(days=int(rule["hours_after_min"] // 24))
        whole = -(-rule["hours_after_max"] // 24)
        return first, course["last_on"] + timedelta(days=int(whole) + 1)
    if rule["days_after_max"] is not None:
        anchor, low, high = course["last_on"], rule["days_after_min"], rule["days_after_max"]
        return anchor + timedelta(days=low), anchor + timedelta(days=high)
    anchor, low, high = course["started_on"], rule["days_before_min"], rule["days_before_max"]
    return anchor - timedelta(days=high), anchor - timedelta(days=low)


def too_little(least: Decimal, course: Row) -> str | None:
    """Return why a dose is not known to be enough; empty where it is known not to be."""
    answer = "no_dose" if course["dose_g"] is None else ""
    if course["actual_kg"] is None:
        answer = "no_weight"
    elif course["is_stale"]:
        answer = "weight_stale"
    elif course["known_dose_g"] >= least * course["actual_kg"]:
        return None
    elif course["is_open"]:
        answer = "course_open"
    return answer


def waits(rule: Row, course: Row, patient: Row) -> tuple[str, str] | None:
    """Return the answer where the rule is not asked."""
    absent = ("not_applicable", "trigger_absent")
    group = patient["blood_group"]
    if rule["has_group"] and group is not None and group not in ("A", "AB"):
        return absent
    if rule["dose_from_g_per_kg"] is not None:
        answer = too_little(rule["dose_from_g_per_kg"], course)
        if answer is not None:
            return ("not_assessable", answer) if answer else absent
    if rule["has_group"] and group is None:
        return "not_assessable", "risk_unknown"
    return None


def judge(
    rule: Row,
    course: Row,
    patient: Row,
    samples: list[Row],
    covered: list[tuple[date, date]],
) -> Any:
    """Return the status and reason of one course."""
    if (said := waits(rule, course, patient)) is not None:
        return said
    own = [one for one in samples if one["patient_key"] == course["patient_key"]]
    found = [fits(rule, course, one) for one in own if one["test_code"] in ("718-7", "4544-3")]
    if True in found:
        return "met", None
    if None in found:
        return "not_assessable", "sample_time_unknown"
    first, last = window(rule, course)
    near = timedelta(days=30)
    is_seen = any(first - near <= one["collected_on"] <= last + near for one in own)
    if not is_seen or not any(low <= first and last <= high for low, high in covered):
        return "not_assessable", "outside_coverage"
    return "breached", None


def answer(
    rule: Row,
    course: Row,
    courses: list[Row],
    patient: Row,
    samples: list[Row],
    covered: list[tuple[date, date]],
) -> Any:
    """Return the status and reason of one course; None where the rule is not asked."""
    if rule["every_months"] is not None and not is_due(rule, course, courses):
        return None
    said = waits(rule, course, patient)
    if said is not None and said[1] == "trigger_absent":
        return None
    if rule["is_known_by_record"] and patient["blood_group"] is not None:
        return "met", None
    return judge(rule, course, patient, samples, covered)


class Bench:
    """One database that is emptied and filled anew for every example."""

    def __init__(self) -> None:
        """Declare the tables and views of the check once; every course is asked about."""
        self.world = World()
        for analyte, code in (("hb", "718-7"), ("hct", "4544-3")):
            self.world.add("guideline.monitoring_test", rule_key=1, analyte=analyte)
            self.world.add("guideline.lab_analyte", analyte=analyte, name=analyte)
            self.world.add("guideline.lab_test", analyte=analyte, test_code=code)
        for group in ("A", "AB"):
            self.world.add("guideline.monitoring_group", rule_key=1, blood_group=group)
        self.world.fill()
        stage._declare(self.world.con, ["monitoring"])
        self.world.con.execute(
            "CREATE OR REPLACE VIEW audit.applicable AS SELECT 'monitoring' AS kind,"
            " 1 AS set_key, 1 AS rule_key, course_key, patient_key, NULL AS reason"
            " FROM derived.course"
        )

    def answers(
        self,
        rule: Row,
        courses: list[Row],
        patients: list[Row],
        samples: list[Row],
        covered: list[tuple[date, date]],
    ) -> dict[int, Any]:
        """Return status and reason of each course, by its key."""
        world = self.world
        for table in FILLED:
            world.con.execute(f"DELETE FROM {table}")
        world.add("audit.record_supplied", record="lab_result")
        world.add("guideline.monitoring", rule_key=1, **PLAIN | rule)
        for patient in patients:
            world.add("staged.patient", **patient)
        for course in courses:
            key, facts = course["course_key"], dict(course)
            started_at, ended_at = facts.pop("started_at"), facts.pop("ended_at")
            weight = {"actual_kg": facts.pop("actual_kg"), "is_stale": facts.pop("is_stale")}
            world.add("derived.course", is_in_period=True, **facts)
            world.add("derived.course_weight", course_key=key, **weight)
            moments = {"started_at": started_at, "ended_at": ended_at}
            world.add("derived.session", session_key=key, course_key=key,
                      started_on=course["started_on"], **moments)  # fmt: skip
        for key, one in enumerate(samples, start=1):
            world.add("staged.lab_result", lab_result_key=key, **one)
        for low, high in covered:
            world.add("staged.coverage", record="lab_result", from_on=low, to_on=high)
        pour(world)
        world.con.execute(
            "UPDATE derived.course SET treatment_key = patient_key, treatment_started_on ="
            " (SELECT MIN(c.started_on) FROM derived.course AS c"
            " WHERE c.patient_key = course.patient_key)"
        )
        for step in ("monitoring_course", "kept_stretch"):
            made = sql(f"checks/shared/{step}.sql")
            world.con.execute(f"DELETE FROM audit.{step}")
            world.con.execute(f"INSERT INTO audit.{step} {made}")
        found = world.fetch(sql("checks/monitoring.sql"))
        assert len({row["subject_key"] for row in found}) == len(found)
        return {row["subject_key"]: (row["status"], row["reason"]) for row in found}


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """Return the database all examples share."""
    made = Bench()
    yield made
    made.world.con.close()


def rule_of(
    shape: str, low: int, more: int, dose: Decimal | None, *, has_group: bool, is_known: bool
) -> Row:
    """Return a rule with one window."""
    names = ("hours_after", "days_after", "days_before")
    limits: Row = {f"{name}_{end}": None for name in names for end in ("min", "max")}
    limits |= {"months_before": None, "days_around": None, "every_months": None}
    if shape in names:
        limits |= {f"{shape}_min": low, f"{shape}_max": low + more}
    else:
        limits[shape] = more % 12 + 1
    anchor = "course_end" if shape in ("hours_after", "days_after") else "course_start"
    waits_for = {"dose_from_g_per_kg": dose, "has_group": has_group}
    return limits | {"anchor": anchor, "is_known_by_record": is_known} | waits_for


RULES = st.builds(
    rule_of,
    st.sampled_from(("hours_after", "days_after", "days_before", "days_around", "every_months")),
    st.sampled_from((0, 1, 24, 36)),
    st.sampled_from((0, 1, 12, 60)),
    st.sampled_from((None, None, Decimal(2))),
    has_group=st.booleans(),
    is_known=st.integers(0, 4).map(lambda drawn: drawn == 0),
)
KEYS = st.integers(1, 3)


def course_of(
    patient: int, day: int, grams: int | None, clock: int | None, *, is_open: bool, is_stale: bool
) -> Row:
    """Return a course of one day, with or without clock times."""
    on = ZERO + timedelta(days=day)
    at = None if clock is None else datetime.combine(on, time(8)) + timedelta(minutes=clock)
    return {
        "patient_key": patient,
        "started_on": on,
        "last_on": on,
        "started_at": at,
        "ended_at": None if at is None else at + 4 * HOUR,
        "dose_g": grams,
        "known_dose_g": 90 if grams is None else grams,
        "actual_kg": None if day == 11 else Decimal(50),
        "is_stale": is_stale,
        "is_open": is_open,
    }


COURSES = st.lists(
    st.builds(
        course_of,
        KEYS,
        st.sampled_from((0, 0, 2, 11, 120)),
        st.sampled_from((None, 99, 100, 101)),
        st.sampled_from((None, 0, 0, 600)),
        is_open=st.integers(0, 5).map(lambda drawn: drawn == 0),
        is_stale=st.integers(0, 5).map(lambda drawn: drawn == 0),
    ),
    min_size=1,
    max_size=6,
).map(lambda drawn: [one | {"course_key": key} for key, one in enumerate(drawn, start=1)])


def sample_of(patient: int, hours: float, code: str, *, has_clock: bool) -> Row:
    """Return a sample so many hours after the first course could have ended."""
    at = datetime.combine(ZERO, time(12)) + timedelta(hours=hours)
    timed = {"collected_at": at if has_clock else None, "collected_on": at.date()}
    return {"patient_key": patient, "test_code": code} | timed


SAMPLES = st.lists(
    st.builds(
        sample_of,
        KEYS,
        st.sampled_from((-4, 0, 24, 25, 36, 48, 61, 96, 97, -24, -36, -37, -900, 900, 2100, 2868))
        | st.integers(-60, 120),
        st.sampled_from(("718-7", "718-7", "4544-3", "2160-0")),
        has_clock=st.booleans(),
    ),
    max_size=8,
)
COVERED = st.lists(
    st.tuples(st.sampled_from((-400, -37, -1, 0, 1)), st.sampled_from((0, 1, 4, 5, 400))).map(
        lambda days: (ZERO + timedelta(days=days[0]), ZERO + timedelta(days=days[1]))
    ),
    max_size=2,
)
PATIENTS = st.lists(st.sampled_from((None, "A", "AB", "O")), min_size=3, max_size=3).map(
    lambda groups: [
        {"patient_key": key, "blood_group": group} for key, group in enumerate(groups, start=1)
    ]
)


@CALM
@given(rule=RULES, courses=COURSES, patients=PATIENTS, samples=SAMPLES, covered=COVERED)
def test_every_verdict_on_tests_is_that_of_the_loop(
    bench: Bench,
    rule: Row,
    courses: list[Row],
    patients: list[Row],
    samples: list[Row],
    covered: list[tuple[date, date]],
) -> None:
    said = {patient["patient_key"]: patient for patient in patients}
    answered = {
        one["course_key"]: answer(rule, one, courses, said[one["patient_key"]], samples, covered)
        for one in courses
    }
    expected = {key: one for key, one in answered.items() if one is not None}
    assert bench.answers(rule, courses, patients, samples, covered) == expected


@CALM
@given(rule=RULES, courses=COURSES, patients=PATIENTS, samples=SAMPLES, more=SAMPLES)
def test_another_sample_never_takes_a_test_away(
    bench: Bench,
    rule: Row,
    courses: list[Row],
    patients: list[Row],
    samples: list[Row],
    more: list[Row],
) -> None:
    first = bench.answers(rule, courses, patients, samples, [])
    then = bench.answers(rule, courses, patients, samples + more, [])
    assert {key for key, said in first.items() if said[0] == "met"} <= {
        key for key, said in then.items() if said[0] == "met"
    }
