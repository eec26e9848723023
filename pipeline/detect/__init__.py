"""Look for what may be an adverse event: signals, never verdicts."""

from __future__ import annotations

from typing import Final

import duckdb

from pipeline.config import Settings
from pipeline.detect.kidney import stage_kidney
from pipeline.resources import sql
from pipeline.store import create_table

SIGNAL: Final = {
    "definition_id": "VARCHAR",
    "event": "VARCHAR",
    "subject_kind": "VARCHAR",
    "subject_key": "INTEGER",
    "course_key": "INTEGER",
    "session_key": "INTEGER",
    "patient_key": "INTEGER",
    "status": "VARCHAR",
    "reason": "VARCHAR",
    "stage": "INTEGER",
    "n_results": "BIGINT",
    "occurred_at": "TIMESTAMP",
    "lab_result_key": "INTEGER",
    "diagnosis_key": "INTEGER",
    "observed": "DECIMAL(18,6)",
    "baseline": "DECIMAL(18,6)",
    "unit": "VARCHAR",
    "guards": "VARCHAR",
    "is_counted": "BOOLEAN",
}
"""The columns of audit.signal: one row per case definition and exposure it has an answer for."""

FIRST: Final = ("coded", "touched")
"""Tables of which records tell of which course: what no record tells of is not looked at."""

STEPS: Final = (
    "exposure",
    "subject",
    "sample",
    "followed",
    "baseline",
    "code_meant",
    "measured_answer",
    "recorded_answer",
    "criterion_answer",
    "definition_answer",
    "sign_before",
    "answered",
    "guard_found",
)
"""Tables made in this order that nobody else reads: `sql/detect/defined`."""

KEPT: Final = (
    "detected_event",
    "detected_event_lot",
    "detected_evidence",
    "reported_check",
    "observability",
    "drift",
)
"""Tables of `audit` made of the signals, in this order."""

VIEWS: Final = ("subject",)
"""Every exposure has many windows, and few of them hold a record."""


def detect(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:  # noqa: ARG001 - every stage is called alike
    """Fill `audit.signal` from results, diagnoses, events and case definitions."""
    _create(con, FIRST)
    stage_kidney(con)
    _create(con, STEPS)
    declared = ", ".join(f"{name} {kind}" for name, kind in SIGNAL.items())
    con.execute(f"CREATE TABLE audit.signal ({declared})")
    con.execute(f"INSERT INTO audit.signal BY NAME {sql('detect/defined/signal.sql')}")
    for table in KEPT:
        create_table(con, f"audit.{table}", sql(f"detect/defined/{table}.sql"))
    for step in reversed((*FIRST, "kidney_signal", *STEPS)):
        con.execute(f"DROP {'VIEW' if step in VIEWS else 'TABLE'} temp.{step}")


def _create(con: duckdb.DuckDBPyConnection, steps: tuple[str, ...]) -> None:
    for step in steps:
        kind = "VIEW" if step in VIEWS else "TABLE"
        con.execute(f"CREATE TEMP {kind} {step} AS {sql(f'detect/defined/{step}.sql')}")
