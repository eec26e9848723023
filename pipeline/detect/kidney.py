"""Stage every creatinine by KDIGO, which has SQL of its own."""

from __future__ import annotations

from typing import Final

import duckdb

from pipeline.resources import sql
from pipeline.store import create_table

STEPS: Final = ("creatinine", "creatinine_baseline")
"""Tables that later files read and nobody else does."""


def stage_kidney(con: duckdb.DuckDBPyConnection) -> None:
    """Create `audit.creatinine_stage`, and `temp.kidney_signal` for the signals."""
    for step in STEPS:
        con.execute(f"CREATE OR REPLACE TEMP TABLE {step} AS {sql(f'detect/shared/{step}.sql')}")
    create_table(con, "audit.creatinine_stage", sql("detect/shared/creatinine_stage.sql"))
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE kidney_signal AS {sql('detect/acute_kidney_injury.sql')}"
    )
    for step in STEPS:
        con.execute(f"DROP TABLE temp.{step}")
