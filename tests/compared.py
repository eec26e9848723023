"""Tables for the tests of rates and comparisons: bags and reports as text, compared."""

from __future__ import annotations

import duckdb
from empty_store import insert, rows_of, shown
from eventful import store as eventful_store

from pipeline.compare import compare
from pipeline.config import Settings
from pipeline.detect import SIGNAL

VERDICT = (
    "kind VARCHAR, rule_key INTEGER, subject_kind VARCHAR, subject_key INTEGER, status VARCHAR,"
    " reason VARCHAR"
)


def store(bags: str, reports: str, signals: str = "definition_id") -> duckdb.DuckDBPyConnection:
    """Return a store in which these bags, reports and signals are compared.

    A signal is of patient 1 and counts when it is met.
    """
    con = eventful_store(bags, reports, also=("course", "course_weight", "lot"))
    insert(con, "audit.record_supplied", [{"record": "adverse_event"}])
    con.execute(f"CREATE TABLE audit.verdict ({VERDICT})")
    declared = ", ".join(f"{name} {kind}" for name, kind in SIGNAL.items())
    con.execute(f"CREATE TABLE audit.signal ({declared})")
    insert(con, "audit.signal", [_signal(row) for row in rows_of(signals)])
    compare(con, Settings())
    return con


def _signal(row: dict[str, str | None]) -> dict[str, str | None]:
    made = {"patient_key": "1", "status": "met", "subject_kind": "course"} | row
    key = made["session_key"] if made["subject_kind"] == "session" else made["course_key"]
    return {"is_counted": str(made["status"] == "met").lower(), "subject_key": key} | made


def rates(
    con: duckdb.DuckDBPyConnection, columns: str, where: str = "TRUE"
) -> list[tuple[str | None, ...]]:
    """Return these columns of the rates, by ascertainment, event and denominator."""
    return told(
        con,
        f"SELECT {columns} FROM audit.event_rate WHERE {where}"
        " ORDER BY ascertainment, event_code NULLS FIRST, denominator",
    )


def told(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[str | None, ...]]:
    """Return the rows of a query, each as its values in text, numbers without trailing zeros."""
    return [tuple(row.values()) for row in shown(con, query)]
