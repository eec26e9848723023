"""A dull loop finds the same stages, answers and guards as the SQL, for any patient."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import duckdb
from drawn import examples
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from kidney import clear, expose, look, measure, ward

sys.path.insert(0, str(Path(__file__).parent))  # the oracle stands beside its test

from oracle_kidney import Row, answered, staged

START = datetime(2025, 3, 10, 8)  # noqa: DTZ001 - instants are UTC without a zone here


@cache
def store() -> duckdb.DuckDBPyConnection:
    return ward()


def found(
    rows: list[Row], quarantined: list[datetime]
) -> tuple[list[tuple[object, ...]], tuple[object, ...]]:
    """Return the stages and the course's answer as the stage gives them."""
    con = store()
    clear(con)
    expose(con, START.isoformat(sep=" "))
    con.execute("INSERT INTO staged.patient_alias VALUES ('P1', 1)")
    for day in quarantined:
        con.execute(
            """INSERT INTO quarantine.lab_result VALUES ('P1', $1, '{"test_code": "2160-0"}')""",
            [day.date()],
        )
    form = {True: "%Y-%m-%d %H:%M:%S", False: "%Y-%m-%d"}
    measure(con, [{**row, "at": row["at"].strftime(form[row["is_timed"]])} for row in rows])
    look(con)
    stages = con.sql(
        "SELECT lab_result_key, stage, least_stage, reason FROM audit.creatinine_stage ORDER BY 1"
    ).fetchall()
    (course,) = con.sql("SELECT status, reason, stage, guards FROM audit.signal").fetchall()
    return stages, course


def result(hours: int, value: Decimal, unit: str, sign: str | None, *, is_timed: bool) -> Row:
    """Return one result, so many hours after the course began."""
    if unit == "umol/L":
        value = (value * Decimal("88.4")).quantize(Decimal("0.1"))
    at = START + timedelta(hours=hours)
    return {"at": at, "value": value, "unit": unit, "comparator": sign, "is_timed": is_timed}


HOURS = st.one_of(
    st.integers(-200, 260), st.sampled_from([-168, -48, -1, 0, 1, 24, 48, 168, 216, 239, 240])
)
VALUES = st.one_of(
    st.decimals(min_value="0.1", max_value="6", places=1),
    st.sampled_from([Decimal(text) for text in ("0.2", "0.3", "0.5", "1.0", "1.5", "3.7", "4.0")]),
)
RESULTS = st.lists(
    st.builds(
        result,
        HOURS,
        VALUES,
        st.sampled_from(["mg/dL"] * 5 + ["umol/L"] * 3 + ["none"]),
        st.sampled_from([None] * 8 + ["<", ">", "<=", ">="]),
        is_timed=st.sampled_from([True] * 12 + [False]),
    ),
    max_size=9,
)
QUARANTINED = st.lists(st.integers(-12, 12).map(lambda n: START + timedelta(days=n)), max_size=1)


@settings(max_examples=examples(250), suppress_health_check=[HealthCheck.too_slow])
@example(rows=[], quarantined=[])
@example(rows=[], quarantined=[START])
@given(rows=RESULTS, quarantined=QUARANTINED)
def test_the_loop_and_the_sql_agree(rows: list[Row], quarantined: list[datetime]) -> None:
    numbered = [{**row, "key": key} for key, row in enumerate(rows, start=1)]
    stages, course = found(numbered, quarantined)
    assert stages == [
        (row["key"], row["stage"], row["least_stage"], row["reason"])
        for row in staged(numbered, quarantined)
    ]
    told = answered(numbered, quarantined, START)
    assert course == (told["status"], told["reason"], told["stage"], told["guards"])


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.too_slow])
@given(rows=RESULTS)
def test_the_order_of_rows_changes_no_answer(rows: list[Row]) -> None:
    assert found(rows, [])[1] == found(rows[::-1], [])[1]
