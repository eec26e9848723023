"""Look for what may be an adverse event: signals, never verdicts.

Each file of `sql/detect` answers one event for every case definition of it. The files in
`shared` are made before, in the order below, and read by them.
"""

from __future__ import annotations

from typing import Final

import duckdb

from pipeline.config import Settings
from pipeline.resources import sql
from pipeline.store import create_table

SIGNAL: Final = {
    "definition_id": "VARCHAR",
    "event": "VARCHAR",
    "course_key": "INTEGER",
    "patient_key": "INTEGER",
    "status": "VARCHAR",
    "reason": "VARCHAR",
    "stage": "INTEGER",
    "n_results": "BIGINT",
    "occurred_at": "TIMESTAMP",
    "lab_result_key": "INTEGER",
    "observed": "DECIMAL(18,6)",
    "baseline": "DECIMAL(18,6)",
    "unit": "VARCHAR",
    "guards": "VARCHAR",
    "is_counted": "BOOLEAN",
}
"""The columns of audit.signal: one row per case definition and course."""

STEPS: Final = ("creatinine", "creatinine_baseline")
"""Tables that later files of the stage read and nobody else does."""

KEPT: Final = ("creatinine_stage",)
EVENTS: Final = ("acute_kidney_injury",)


def detect(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:  # noqa: ARG001 - every stage is called alike
    """Fill `audit.signal` from results and case definitions."""
    for step in STEPS:
        con.execute(f"CREATE OR REPLACE TEMP TABLE {step} AS {sql(f'detect/shared/{step}.sql')}")
    for table in KEPT:
        create_table(con, f"audit.{table}", sql(f"detect/shared/{table}.sql"))
    declared = ", ".join(f"{name} {kind}" for name, kind in SIGNAL.items())
    con.execute(f"CREATE TABLE audit.signal ({declared})")
    for event in EVENTS:
        con.execute(f"INSERT INTO audit.signal BY NAME {sql(f'detect/{event}.sql')}")
    for step in STEPS:
        con.execute(f"DROP TABLE temp.{step}")
