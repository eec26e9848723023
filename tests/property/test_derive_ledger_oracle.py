"""The dullest loops agree with the SQL on the lines of the gram ledger and on its breaks."""

from __future__ import annotations

import sys
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from drawn import examples
from empty_store import common_store, derived, instead
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.derive import ORDER, STEPS, VIEWS, create
from pipeline.derive.ledger import refuse_open_ledger

sys.path.insert(0, str(Path(__file__).parent))  # the oracle stands beside its test

from oracle_ledger import Break, Record, reckoned

FIRST = date(2024, 6, 3)
CODES = {"VENA": "vena", "VENA 5%": "vena5", "CLASS": None}


@st.composite
def drawn_records(draw: st.DrawFn) -> tuple[list[Record], list[Record]]:
    """Draw up to three dispensings and three infusions of one patient.

    Half of the patients are crowded: one day, one product, few ids, hardly to be told apart.
    """
    is_crowded = draw(st.booleans())
    issues = [
        drawn_row(draw, key, 8, is_crowded=is_crowded)
        | {"returned": draw(ZERO_OR_10), "wasted": draw(ZERO_OR_10)}
        for key in range(1, draw(st.integers(0, 3)) + 1)
    ]
    issues = [row | {"returned": 0, "wasted": 0} if row["dose"] < 20 else row for row in issues]
    uses = [
        drawn_row(draw, key, 10, is_crowded=is_crowded)
        | {
            "names": draw(st.sampled_from([None] * (8 if is_crowded else 3) + keys_of(issues))),
            "is_not_given": draw(st.integers(0, 9)) == 0,
            "is_home": draw(st.integers(0, 5)) == 0,
        }
        for key in range(1, draw(st.integers(0, 3)) + 1)
    ]
    return issues, [row | {"dose": None} if draw(st.integers(0, 9)) == 0 else row for row in uses]


ZERO_OR_10 = st.sampled_from((0, 0, 0, 10))


def keys_of(rows: list[Record]) -> list[int | None]:
    return [row["key"] for row in rows]


def drawn_row(draw: st.DrawFn, key: int, hour: int, *, is_crowded: bool) -> Record:
    day = 0 if is_crowded else draw(st.sampled_from((0, 0, 1, 3, 9)))
    codes = ("VENA",) if is_crowded else ("VENA", "VENA", "VENA", "VENA 5%", "CLASS")
    code = draw(st.sampled_from(codes))
    minute = day * 1440 + hour * 60 + draw(st.sampled_from((0, 0, 30)))
    return {
        "key": key,
        "day": day,
        "minute": draw(st.sampled_from((minute, minute, minute, None))),
        "product_code": code,
        "product": CODES[code],
        "lot": draw(st.sampled_from((None, None, "A", "B"))),
        "dose": draw(st.sampled_from((10, 20, 20, 30))),
    }


@cache
def store() -> duckdb.DuckDBPyConnection:
    """Open one store for all examples: the whole stage costs more than its ledger."""
    con = common_store()
    instead(con, "audit.record_supplied", "record\ninfusion\ndispensing")
    derived(con)
    return con


def rewritten(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of the ledger anew, and those it reads."""
    for name in ("product_code", "route_text", *(n for n in ORDER if n.startswith("ledger_"))):
        kind = "VIEW" if name in VIEWS else "TABLE"
        if name not in STEPS:
            con.execute(f"DROP {kind} derived.{name}")
        create(con, name)


def reckoned_by_sql(
    issues: list[Record], uses: list[Record]
) -> tuple[set[frozenset[str]], list[Break]]:
    con = store()
    for table in ("staged.dispensing", "staged.infusion"):
        con.execute(f"DELETE FROM {table}")
    for row in issues:
        put(con, "staged.dispensing", moment(row, "dispensed") | {
            "dispensing_key": row["key"], "returned_g": row["returned"], "wasted_g": row["wasted"],
        })  # fmt: skip
    for row in uses:
        put(con, "staged.infusion", moment(row, "started") | {
            "infusion_key": row["key"], "dispensing_key": row["names"],
            "status": "not_given" if row["is_not_given"] else "completed",
            "care_setting": "home" if row["is_home"] else None,
        })  # fmt: skip
    rewritten(con)
    refuse_open_ledger(con)
    lines = con.sql(
        """
        SELECT LIST(LEFT(record, 1) || record_key)
        FROM derived.ledger_entry
        GROUP BY line_key
        """
    ).fetchall()
    broken = con.sql(
        "SELECT break, LEFT(record, 1), record_key, grams::INTEGER FROM derived.ledger_break"
    ).fetchall()
    return {frozenset(names) for (names,) in lines}, sorted(broken)


def moment(row: Record, time: str) -> dict[str, Any]:
    at = datetime(2024, 6, 3)  # noqa: DTZ001 - staged times are UTC without a zone
    return {
        "patient_key": 1,
        f"{time}_on": FIRST + timedelta(days=row["day"]),
        f"{time}_at": None if row["minute"] is None else at + timedelta(minutes=row["minute"]),
        "product_code": row["product_code"],
        "lot_number": row["lot"],
        "dose_g": row["dose"],
    }


def put(con: duckdb.DuckDBPyConnection, table: str, row: dict[str, Any]) -> None:
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    con.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.too_slow])
@given(drawn_records())
def test_the_dull_ledger_agrees(records: tuple[list[Record], list[Record]]) -> None:
    issues, uses = records
    assert reckoned_by_sql(issues, uses) == reckoned(issues, uses)
