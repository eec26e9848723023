"""The check of troughs agrees with a dull loop over made-up courses and results."""

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

ZERO = date(2024, 3, 1)
DAY = timedelta(days=1)
LEVEL = Decimal(600)  # 6 g/L
UNITS = {1: Decimal(1), 2: Decimal(100)}  # mg/dL, g/L
CALM = settings(
    max_examples=examples(120),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def is_before(course: Row, result: Row) -> bool | None:
    """Return whether a result is from before a course; None where a clock would tell."""
    if result["collected_on"] != course["started_on"]:
        return bool(result["collected_on"] < course["started_on"])
    if result["collected_at"] is None or course["first_at"] is None:
        return None
    return bool(result["collected_at"] <= course["first_at"])


def span(result: Row) -> tuple[datetime, datetime]:
    """Return between which moments a result was taken."""
    at = result["collected_at"]
    midnight = datetime.combine(result["collected_on"], time())
    return (midnight, midnight + DAY) if at is None else (at, at)


def is_enough(result: Row) -> bool | None:
    """Return whether a result is at the level; None where nobody can tell."""
    if result["doubt"] is not None:
        return None
    value = result["declared_value"] * UNITS[result["lab_unit_key"]]
    above, below = value >= LEVEL, value < LEVEL
    match result["comparator"]:
        case None:
            return bool(above)
        case ">":
            return True if above else None
        case "<":
            return False if value <= LEVEL else None
        case _:
            return False if below else None


def is_settled(place: int, courses: list[Row]) -> bool:
    """Return whether three half-lives have passed, with three courses in their days."""
    start = courses[place]["started_on"]
    if place < 3 or (start - courses[0]["started_on"]).days < 96:
        return False
    return bool((start - courses[place - 3]["started_on"]).days <= 96)


def last_of(place: int, courses: list[Row], results: list[Row]) -> list[Row]:
    """Return the results that may have been the last one before a course."""
    course = courses[place]
    start, before = course["started_on"], courses[place - 1]["started_on"]
    late = [
        one
        for one in results
        if before < one["collected_on"] <= start
        and (one["collected_on"] - before).days * 5 >= (start - before).days * 4
        and is_before(course, one) is not False
    ]
    certain = [span(one)[0] for one in late if is_before(course, one)]
    return [one for one in late if span(one)[1] >= max(certain)] if certain else late


def judge(place: int, courses: list[Row], results: list[Row]) -> Any:
    """Return the status and reason of one course; None where there is nothing to judge."""
    last = last_of(place, courses, results) if is_settled(place, courses) else []
    if not last:
        return None
    told = [(is_enough(one), one["doubt"]) for one in last]
    if not any(is_before(courses[place], one) for one in last):
        return "not_assessable", "sample_time_unknown"
    if all(enough for enough, _ in told):
        return "met", None
    if all(enough is False for enough, _ in told):
        return "breached", None
    if any(doubt is not None for _, doubt in told):
        return "not_assessable", "value_unread"
    limit = any(enough is None for enough, _ in told)
    return "not_assessable", "beyond_limit" if limit else "sample_time_unknown"


class Bench:
    """One database that is emptied and filled anew for every example."""

    def __init__(self) -> None:
        """Declare the tables and views of the check once; every course is asked about."""
        self.world = World()
        self.world.add("guideline.trough", rule_key=1, analyte="igg", at_least=6, unit="g/L")
        for key, unit in ((1, "mg/dL"), (2, "g/L")):
            self.world.add("guideline.lab_unit", lab_unit_key=key, analyte="igg", unit=unit,
                           spelling=unit, add_first=0, exact_factor=UNITS[key],
                           is_ambiguous=False)  # fmt: skip
        self.world.add("guideline.lab_analyte", analyte="igg", name="IgG", divisor=1,
                       canonical_unit="mg/dL")  # fmt: skip
        self.world.fill()
        stage._declare(self.world.con, ["trough"])
        self.world.con.execute(
            "CREATE OR REPLACE VIEW audit.applicable AS SELECT 'trough' AS kind,"
            " 1 AS set_key, 1 AS rule_key, course_key, patient_key, NULL AS reason"
            " FROM derived.course"
        )

    def answers(self, courses: list[Row], results: list[Row]) -> dict[int, Any]:
        """Return status and reason of each course that is judged, by its place."""
        world = self.world
        for table in ("derived.course", "derived.session", "derived.lab_result"):
            world.con.execute(f"DELETE FROM {table}")
        for place, course in enumerate(courses):
            on = course["started_on"]
            since = (on - courses[place - 1]["started_on"]).days if place else None
            told = {"patient_key": 1, "started_on": on, "is_in_period": True}
            world.add("derived.course", course_key=place, last_on=on, treatment_key=1,
                      treatment_started_on=courses[0]["started_on"], interval_days=since,
                      interval_status="known" if place else "first", **told)  # fmt: skip
            world.add("derived.session", session_key=place, course_key=place, patient_key=1,
                      started_on=on, started_at=course["first_at"])  # fmt: skip
        for key, one in enumerate(results, start=1):
            world.add("derived.lab_result", lab_result_key=key, patient_key=1, analyte="igg", **one)
        pour(world)
        made = sql("checks/shared/monitoring_course.sql")
        world.con.execute("DELETE FROM audit.monitoring_course")
        world.con.execute(f"INSERT INTO audit.monitoring_course {made}")
        found = world.fetch(sql("checks/trough.sql"))
        assert len({row["subject_key"] for row in found}) == len(found)
        return {row["subject_key"]: (row["status"], row["reason"]) for row in found}


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """Return the database all examples share."""
    made = Bench()
    yield made
    made.world.con.close()


def course_of(day: int, *, has_clock: bool) -> Row:
    """Return a course that begins at ten, if anybody knows when."""
    on = ZERO + day * DAY
    return {"started_on": on, "first_at": datetime.combine(on, time(10)) if has_clock else None}


def courses_of(gaps: list[int], clocks: list[bool]) -> list[Row]:
    """Return courses so many days apart."""
    days = [sum(gaps[:place]) for place in range(len(gaps) + 1)]
    return [
        course_of(day, has_clock=clock)
        for day, clock in zip(days, clocks[: len(days)], strict=True)
    ]


def result_of(day: int, hour: int | None, value: Decimal, mark: str | None, doubt: str) -> Row:
    """Return a result; one in doubt has no value anybody may use."""
    on = ZERO + day * DAY
    return {
        "collected_on": on,
        "collected_at": None if hour is None else datetime.combine(on, time(hour)),
        "declared_value": value,
        "canonical_value": None if doubt else value * UNITS[1 if value > 100 else 2],
        "lab_unit_key": 1 if value > 100 else 2,
        "comparator": mark,
        "doubt": doubt or None,
    }


@st.composite
def scenes(draw: st.DrawFn) -> tuple[list[Row], list[Row]]:
    """Draw courses of which some are settled, and results late in the interval before them."""
    shape = st.sampled_from((24, 28, 30, 30, 32, 32, 33, 60))
    gaps = draw(st.lists(shape, min_size=4, max_size=5))
    clocks = st.lists(st.sampled_from((True, True, True, False)), min_size=6, max_size=6)
    courses = courses_of(gaps, draw(clocks))
    near = [
        (course["started_on"] - ZERO).days - before
        for course in courses[3:]
        for before in (0, 0, 1, 4, 5, 6, 7)
    ]
    results = st.builds(
        result_of,
        st.sampled_from(near),
        st.sampled_from((None, 9, 10, 11)),
        st.sampled_from((Decimal(599), Decimal(600), Decimal("5.999"), Decimal(6), Decimal(900))),
        st.sampled_from((None, None, "<", "<", "<=", ">")),
        st.sampled_from(("", "", "", "", "unit_missing")),
    )
    return courses, draw(st.lists(results, min_size=1, max_size=6))


@CALM
@given(scene=scenes())
def test_every_answer_on_troughs_is_that_of_the_loop(
    bench: Bench, scene: tuple[list[Row], list[Row]]
) -> None:
    courses, results = scene
    answered = {place: judge(place, courses, results) for place in range(len(courses))}
    expected = {place: said for place, said in answered.items() if said is not None}
    assert bench.answers(courses, results) == expected
