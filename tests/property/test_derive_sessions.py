"""The dullest loops agree with the SQL on sessions, courses and what went before them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import duckdb
from drawn import examples
from empty_store import common_store, derived
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Bag = dict[str, Any]
FIRST_DAY = date(2024, 6, 1)
COURSE_GAP = {"cidp": 4, "mmn": 4, "kawasaki": 7}
EPISODE = {"cidp": 28, "mmn": 28, "kawasaki": 14}


@st.composite
def drawn_bag(draw: st.DrawFn) -> Bag:
    """Draw a bag of one of three patients within some weeks; some without hours, end or grams."""
    started_on = FIRST_DAY + timedelta(days=draw(st.integers(0, 60)))
    minute = draw(st.none() | st.integers(0, 24 * 12 - 1).map(lambda step: step * 5))
    midnight = datetime(started_on.year, started_on.month, started_on.day)  # noqa: DTZ001 - UTC
    started_at = None if minute is None else midnight + timedelta(minutes=minute)
    hours = draw(st.none() | st.integers(0, 30))
    ended_at = None if started_at is None or hours is None else started_at + timedelta(hours=hours)
    return {
        "patient_key": draw(st.integers(1, 3)),
        "started_on": started_on,
        "started_at": started_at,
        "ended_at": ended_at,
        "dose_g": draw(st.sampled_from((None, 5, 10, 30))),
        "indication_code": draw(st.sampled_from((None, "cidp", "cidp", "mmn", "kawasaki"))),
        "product_code": draw(st.sampled_from(("VENA", "VENA", "VENA", "VENA", "CUTIS"))),
    }


def keyed(bags: list[Bag]) -> list[Bag]:
    """Number the bags as validate does."""
    return [{"infusion_key": number, **bag} for number, bag in enumerate(bags, start=1)]


@cache
def store() -> duckdb.DuckDBPyConnection:
    """Open one store for all examples: opening costs more than the stage."""
    con = common_store()
    con.execute(
        "UPDATE guideline.indication SET course_gap_days = 7, episode_window_days = 14"
        " WHERE indication_code = 'kawasaki'"
    )
    return con


def derive_from(bags: list[Bag]) -> duckdb.DuckDBPyConnection:
    """Stage these bags and no others, and run the stage anew."""
    con = store()
    con.execute("DELETE FROM staged.infusion")
    con.execute("DROP SCHEMA derived CASCADE")
    con.execute("CREATE SCHEMA derived")
    for bag in bags:
        names, marks = ", ".join(bag), ", ".join("?" * len(bag))
        con.execute(f"INSERT INTO staged.infusion ({names}) VALUES ({marks})", list(bag.values()))
    derived(con, "infusion", "session", "course")
    return con


def in_time(bag: Bag) -> tuple[date, bool, datetime, int]:
    """Order bags by day, then by hour where there is one, then by key."""
    at = bag["started_at"]
    return (bag["started_on"], at is None, at or datetime.min, bag["infusion_key"])  # noqa: DTZ901


def dull_sessions(bags: list[Bag]) -> Iterator[list[Bag]]:
    """Yield the sessions of one patient: go through the bags in time, and open one when due."""
    session: list[Bag] = []
    ran_until: datetime | None = None
    for bag in sorted(bags, key=in_time):
        is_hourless_day = any(
            other["started_on"] == bag["started_on"] and other["started_at"] is None
            for other in bags
        )
        follows = bool(session) and (
            (is_hourless_day and session[-1]["started_on"] == bag["started_on"])
            or (
                bag["started_at"] is not None
                and ran_until is not None
                and bag["started_at"] - ran_until <= timedelta(hours=6)
            )
        )
        if session and not follows:
            yield session
            session = []
        session.append(bag)
        until = bag["ended_at"] or bag["started_at"]
        if until is not None and (ran_until is None or until > ran_until):
            ran_until = until
    if session:
        yield session


def indication_of(bags: list[Bag]) -> str | None:
    """Return the one indication these bags state, None when none or several."""
    stated = {bag["indication_code"] for bag in bags} - {None}
    return stated.pop() if len(stated) == 1 else None


def dull_courses(bags: list[Bag]) -> list[list[list[Bag]]]:
    """Return the courses of one patient, each a list of sessions."""
    courses: list[list[list[Bag]]] = []
    for session in dull_sessions(bags):
        if courses:
            earlier = courses[-1][-1]
            gap = COURSE_GAP.get(
                indication_of(session) or "", COURSE_GAP.get(indication_of(earlier) or "", 4)
            )
            if (session[0]["started_on"] - earlier[0]["started_on"]).days <= gap:
                courses[-1].append(session)
                continue
        courses.append([session])
    return courses


def dull_facts(bags: list[Bag]) -> Iterator[tuple[Any, ...]]:
    """Yield what derived.course should say of one patient's courses."""
    seen: list[dict[str, Any]] = []
    others = [bag["started_on"] for bag in bags if bag["product_code"] == "CUTIS"]
    for course in dull_courses([bag for bag in bags if bag["product_code"] == "VENA"]):
        mine = [bag for session in course for bag in session]
        days: dict[date, list[Any]] = {}
        for session in course:
            days.setdefault(session[0]["started_on"], []).extend(b["dose_g"] for b in session)
        fact = {
            "key": mine[0]["infusion_key"],
            "on": min(days),
            "last": max(days),
            "indication": indication_of(mine),
            "sessions": course,
        }
        earlier = [old for old in seen if old["indication"] == fact["indication"] is not None]
        previous = earlier[-1] if earlier else None
        near = previous if previous and (fact["on"] - previous["on"]).days <= 180 else None
        since = near["on"] if near else fact["on"] - timedelta(days=181)
        unknown = [old["on"] for old in seen if old["indication"] is None]
        status = "known" if near else "first"
        if any(on > since for on in unknown):
            status = "unknown_between"
        if any(since < on < fact["on"] for on in others):
            status = "subcutaneous_between"
        window = EPISODE.get(fact["indication"] or "", 28)
        is_same_episode = previous and (fact["on"] - previous["on"]).days <= window
        fact["episode"] = previous["episode"] if previous and is_same_episode else fact["key"]
        seen.append(fact)
        grams = [bag["dose_g"] for bag in mine]
        known = [dose for dose in grams if dose is not None]
        by_day = [] if None in grams else [sum(doses) for doses in days.values()]
        month = [
            bag["dose_g"]
            for old in seen
            if old["indication"] == fact["indication"]
            for session in old["sessions"]
            if 0 <= (fact["last"] - session[0]["started_on"]).days <= 27
            for bag in session
            if bag["dose_g"] is not None
        ]
        is_known = fact["indication"] is not None
        yield (
            fact["key"],
            fact["on"],
            fact["last"],
            len(course),
            len(days),
            None if None in grams else sum(grams),
            sum(known) if known else None,
            max(by_day) if by_day else None,
            fact["indication"],
            near["key"] if near else None,
            (fact["on"] - near["on"]).days if near else None,
            status if is_known else None,
            (sum(month) if month else None) if is_known else None,
            fact["episode"],
        )


COLUMNS = """course_key, started_on, last_on, n_sessions, n_days, dose_g, known_dose_g, max_day_g,
    indication_code, previous_course_key, interval_days, interval_status, grams_28d, episode_key"""


def found_courses(con: duckdb.DuckDBPyConnection, where: str = "TRUE") -> list[tuple[Any, ...]]:
    """Return the courses as the SQL makes them, by key."""
    return con.sql(
        f"SELECT {COLUMNS} FROM derived.course WHERE {where} ORDER BY course_key"
    ).fetchall()


def of_patient(bags: list[Bag], patient: int) -> list[Bag]:
    """Return the bags of one patient."""
    return [bag for bag in bags if bag["patient_key"] == patient]


BAGS = st.lists(drawn_bag(), max_size=30).map(keyed)
SLOWLY = settings(max_examples=examples(20), suppress_health_check=list(HealthCheck))


@SLOWLY
@given(BAGS)
def test_sessions_are_those_of_the_dull_loop(bags: list[Bag]) -> None:
    con = derive_from(bags)
    found = con.sql(
        "SELECT session_key, LIST(infusion_key ORDER BY infusion_key) FROM derived.infusion"
        " WHERE session_key IS NOT NULL GROUP BY session_key ORDER BY session_key"
    ).fetchall()
    counting = [bag for bag in bags if bag["product_code"] == "VENA"]
    expected = [
        (session[0]["infusion_key"], sorted(bag["infusion_key"] for bag in session))
        for patient in (1, 2, 3)
        for session in dull_sessions(of_patient(counting, patient))
    ]
    assert found == sorted(expected)


@SLOWLY
@given(BAGS)
def test_courses_are_those_of_the_dull_loop(bags: list[Bag]) -> None:
    expected = [fact for patient in (1, 2, 3) for fact in dull_facts(of_patient(bags, patient))]
    assert found_courses(derive_from(bags)) == sorted(expected, key=lambda fact: fact[0])


@SLOWLY
@given(BAGS, st.randoms(use_true_random=False))
def test_order_of_the_rows_does_not_matter(bags: list[Bag], chance: Any) -> None:
    shuffled = list(bags)
    chance.shuffle(shuffled)
    assert found_courses(derive_from(shuffled)) == found_courses(derive_from(bags))


@SLOWLY
@given(BAGS)
def test_another_patient_changes_nobody_elses_courses(bags: list[Bag]) -> None:
    without = [bag for bag in bags if bag["patient_key"] != 3]
    assert found_courses(derive_from(bags), "patient_key != 3") == found_courses(
        derive_from(without)
    )


@SLOWLY
@given(BAGS)
def test_no_gram_is_lost_between_the_tables(bags: list[Bag]) -> None:
    con = derive_from(bags)
    totals = [
        con.sql(query).fetchall()
        for query in (
            "SELECT SUM(dose_g), COUNT(*) FROM derived.infusion WHERE exclusion IS NULL",
            "SELECT SUM(known_dose_g), SUM(n_infusions) FROM derived.session HAVING COUNT(*) > 0",
            "SELECT SUM(known_dose_g), SUM(n_infusions) FROM derived.course HAVING COUNT(*) > 0",
        )
    ]
    if any(bag["product_code"] == "VENA" for bag in bags):
        assert totals[0] == totals[1] == totals[2]
