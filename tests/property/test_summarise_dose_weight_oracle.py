"""A plain loop over courses and ways to dose agrees with the SQL on what is avoidable."""

from __future__ import annotations

import sys
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from drawn import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reckoned import reckon, ward

sys.path.insert(0, str(Path(__file__).parent))  # the oracle stands beside its test

from oracle_dose_weight import Row, answer

START = date(2025, 3, 1)
WORDS = ("none", "nearest_5g", "nearest_vial", "round_down_vial")
N_RULES = 3
SLOWLY = settings(max_examples=examples(25), suppress_health_check=list(HealthCheck))


def some(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw a value or none."""
    return st.none() | strategy


def perhaps_two(low: str, high: str, value: st.SearchStrategy[Any]) -> st.SearchStrategy[Row]:
    """Draw a lower and an upper limit in order, either of which may lack."""
    return st.tuples(some(value), some(value)).map(
        lambda pair: dict(zip((low, high), sorted(pair) if None not in pair else pair, strict=True))
    )


PER_KG = st.sampled_from([Decimal(text) for text in ("0.3", "0.4", "0.6", "1", "1.5", "2")])
GRAMS = st.decimals(1, 300, places=1)
WEIGHT = st.decimals(2, 160, places=2)


@st.composite
def drawn_way(draw: st.DrawFn) -> Row:
    """Draw one permitted way to dose of one of three rules."""
    return (
        {
            "rule_key": draw(st.integers(1, N_RULES)),
            "interval_max_days": draw(some(st.sampled_from((21, 28, 42)))),
            "max_g_per_kg_28d": draw(some(PER_KG)),
            "day_cap_g": draw(some(GRAMS)),
            "course_cap_g": draw(some(GRAMS)),
            "repeat_g_per_kg": draw(some(PER_KG)),
        }
        | draw(perhaps_two("total_min_g_per_kg", "total_max_g_per_kg", PER_KG))
        | draw(perhaps_two("day_min_g_per_kg", "day_max_g_per_kg", PER_KG))
        | draw(perhaps_two("month_min_g_per_kg", "month_max_g_per_kg", PER_KG))
        | draw(perhaps_two("days_min", "days_max", st.integers(1, 5)))
        | draw(perhaps_two("repeat_min_days", "repeat_max_days", st.integers(1, 6)))
    )


@st.composite
def drawn_verdict(draw: st.DrawFn) -> Row:
    """Draw what a rule said of a course."""
    status = draw(st.sampled_from(("met", "breached", "met", "not_assessable", "not_applicable")))
    reasons = {"not_assessable": ("condition_unknown", "history_truncated"),
               "not_applicable": ("other_phase", )}  # fmt: skip
    return {"status": status, "reason": draw(st.sampled_from(reasons.get(status, (None,))))}


@st.composite
def drawn_course(draw: st.DrawFn) -> Row:
    """Draw a course, its weights and what each rule said of it."""
    days = sorted({0, *draw(st.lists(st.integers(1, 8), max_size=3))})
    actual = draw(some(WEIGHT))
    share = draw(st.sampled_from([Decimal(text) for text in ("0.4", "0.62", "0.871", "1")]))
    is_known = actual is not None and draw(st.sampled_from((True, True, True, False)))
    status = draw(st.sampled_from(("known", "first", None)))
    return {
        "days": days,
        "n_days": len(days),
        "dose_g": draw(some(st.integers(1, 80).map(lambda n: Decimal(n) * Decimal("2.5")))),
        "vial_step_g": draw(st.sampled_from([Decimal(text) for text in ("1", "2.5", "5", "10")])),
        "interval_status": status,
        "interval_days": draw(st.integers(7, 60)) if status == "known" else None,
        "is_stale": draw(st.booleans()),
        "actual_kg": actual,
        "policy_kg": (actual * share).quantize(Decimal("0.001")) if is_known else None,
        "said": {key: draw(drawn_verdict()) for key in draw(st.sets(st.integers(1, N_RULES)))},
    }


@cache
def store() -> duckdb.DuckDBPyConnection:
    """Open one store for all examples."""
    return ward()


def put(con: duckdb.DuckDBPyConnection, table: str, row: Row) -> None:
    """Insert one row."""
    names, marks = ", ".join(row), ", ".join(f"${name}" for name in row)
    con.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", row)


def filled(courses: list[Row], ways: list[Row], word: str, is_read: bool) -> Any:  # noqa: FBT001 - drawn by position
    """Fill the store, reckon and return it."""
    con = store()
    for table in ("guideline.rule", "guideline.regimen", "derived.course", "derived.session",
                  "derived.course_weight", "derived.dosing_weight", "audit.verdict"):  # fmt: skip
        con.execute(f"DELETE FROM {table}")
    con.execute(
        "UPDATE guideline.guideline_set SET rounding = ?, is_weight_policy_read = ?"
        " WHERE set_key = 1",
        [word, is_read],
    )
    for rule in range(1, N_RULES + 1):
        put(con, "guideline.rule", {"rule_key": rule, "set_key": 1, "weight_policy": "actual",
                                    "status": "secondary"})  # fmt: skip
    for key, way in enumerate(ways, start=1):
        put(con, "guideline.regimen", {"regimen_key": key} | way)
    for key, course in enumerate(courses, start=1):
        _put_course(con, key, course)
    reckon(con)
    return con


def _put_course(con: duckdb.DuckDBPyConnection, key: int, course: Row) -> None:
    facts = ("n_days", "dose_g", "vial_step_g", "interval_status", "interval_days")
    put(con, "derived.course", {"course_key": key, "patient_key": key, "started_on": START,
        "is_open": False, "is_dose_uncertain": False}
        | {name: course[name] for name in facts})  # fmt: skip
    for number, day in enumerate(course["days"]):
        put(con, "derived.session", {"session_key": 10 * key + number, "course_key": key,
                                     "started_on": START + timedelta(days=day)})  # fmt: skip
    put(con, "derived.course_weight", {"course_key": key, "actual_kg": course["actual_kg"],
        "is_stale": course["is_stale"] if course["actual_kg"] is not None else None})  # fmt: skip
    kg = course["policy_kg"]
    reason = None if kg is not None else "no_height"
    put(con, "derived.dosing_weight", {"course_key": key, "weight_policy": "actual",
        "role": "policy", "weight_kg": kg, "reason": reason})  # fmt: skip
    for rule, verdict in course["said"].items():
        put(con, "audit.verdict", {"kind": "regimen", "set_key": 1, "rule_key": rule,
            "subject_kind": "course", "subject_key": key, "course_key": key,
            "is_countable": True} | verdict)  # fmt: skip


WARD = (
    st.lists(drawn_course(), min_size=1, max_size=6),
    st.lists(drawn_way(), min_size=1, max_size=5),
    st.sampled_from(WORDS),
    st.booleans(),
)


@SLOWLY
@given(*WARD)
def test_avoidable_grams_are_those_of_the_plain_loop(
    courses: list[Row],
    ways: list[Row],
    word: str,
    is_read: bool,  # noqa: FBT001 - drawn by position
) -> None:
    found = filled(courses, ways, word, is_read).sql(
        "SELECT state, reason, avoidable_g, disputed_g FROM report.dose_weight ORDER BY course_key"
    )
    got = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
    assert got == [
        answer(course, ways, course["said"], word, is_read=is_read) for course in courses
    ]


@SLOWLY
@given(*WARD)
def test_the_table_is_the_sum_of_its_courses_and_every_course_is_counted_once(
    courses: list[Row],
    ways: list[Row],
    word: str,
    is_read: bool,  # noqa: FBT001 - drawn by position
) -> None:
    con = filled(courses, ways, word, is_read)
    sums = (
        "SELECT SUM(avoidable_g), SUM(disputed_g), COUNT(avoidable_g), COUNT(*)"
        " FROM report.dose_weight"
    )
    rows = con.sql(sums).fetchall()
    whole = "SELECT avoidable_g, disputed_g, n_reckoned, n_reckoned + n_unknown + n_no_rule"
    assert con.sql(f"{whole} FROM report.dose_weight_sum WHERE part = 'all'").fetchall() == rows
    by_rule = "SELECT SUM(avoidable_g), SUM(disputed_g) FROM report.dose_weight_sum"
    assert con.sql(f"{by_rule} WHERE part = 'rule'").fetchall() == [rows[0][:2]]
    assert rows[0][3] == len(courses)


@SLOWLY
@given(*WARD)
def test_a_policy_that_was_not_read_never_makes_more_avoidable(
    courses: list[Row],
    ways: list[Row],
    word: str,
    is_read: bool,  # noqa: ARG001, FBT001 - drawn by position
) -> None:
    query = "SELECT avoidable_g FROM report.dose_weight ORDER BY course_key"
    read = filled(courses, ways, word, is_read=True).sql(query).fetchall()
    unread = filled(courses, ways, word, is_read=False).sql(query).fetchall()
    for (more,), (less,) in zip(read, unread, strict=True):
        assert more is None or less is None or less <= more
