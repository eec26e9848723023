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


Patient = tuple[list[Row], list[datetime]]
"""Creatinines, and days on which one is in quarantine; the course of everybody begins at START."""
Said = tuple[list[list[object]], tuple[object, ...]]
"""The stages of the creatinines, and the answer of the course."""
KEYS = 100
"""Results of patient 3 have keys from 300 on."""


def found(patients: list[Patient]) -> list[Said]:
    """Return what the stage says of each patient: one pass of the database for all of them."""
    con = store()
    clear(con)
    form = {True: "%Y-%m-%d %H:%M:%S", False: "%Y-%m-%d"}
    for number, (rows, quarantined) in enumerate(patients):
        expose(con, START.isoformat(sep=" "), key=number, patient=number)
        con.execute("INSERT INTO staged.patient_alias VALUES ($1, $2)", [f"P{number}", number])
        for day in quarantined:
            con.execute(
                """INSERT INTO quarantine.lab_result VALUES ($1, $2, '{"test_code": "2160-0"}')""",
                [f"P{number}", day.date()],
            )
        told = [{**row, "at": row["at"].strftime(form[row["is_timed"]])} for row in rows]
        measure(con, told, patient=number, first_key=KEYS * number)
    look(con)
    stages = con.sql(
        """
        SELECT lab_result_key // $n AS number, lab_result_key % $n, stage, least_stage, reason
        FROM audit.creatinine_stage
        ORDER BY lab_result_key
        """,
        params={"n": KEYS},
    ).fetchall()
    courses = con.sql(
        "SELECT status, reason, stage, guards FROM audit.signal ORDER BY patient_key"
    ).fetchall()
    return [
        ([row for number, *row in stages if number == place], course)
        for place, course in enumerate(courses)
    ]


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
PATIENTS = st.lists(st.tuples(RESULTS, QUARANTINED), min_size=10, max_size=10)


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.too_slow])
@example([([], []), ([], [START])])
@given(PATIENTS)
def test_the_loop_and_the_sql_agree(patients: list[Patient]) -> None:
    for (rows, quarantined), (stages, course) in zip(patients, found(patients), strict=True):
        numbered = [{**row, "key": key} for key, row in enumerate(rows)]
        assert stages == [
            [row["key"], row["stage"], row["least_stage"], row["reason"]]
            for row in staged(numbered, quarantined)
        ]
        told = answered(numbered, quarantined, START)
        assert course == (told["status"], told["reason"], told["stage"], told["guards"])


@settings(max_examples=examples(4), suppress_health_check=[HealthCheck.too_slow])
@given(PATIENTS)
def test_the_order_of_rows_changes_no_answer(patients: list[Patient]) -> None:
    turned = [(rows[::-1], quarantined) for rows, quarantined in patients]
    assert [course for _, course in found(turned)] == [course for _, course in found(patients)]
