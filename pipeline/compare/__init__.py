"""Rate and compare what harm is known: after which product, lot and site, and how often.

What was reported and what was detected are two different things and never added up. Every figure
names its denominator. A signal prompts a human to look; it is no verdict.
"""

from __future__ import annotations

from typing import Final

import duckdb

from pipeline.compare.control import chart_events
from pipeline.compare.rates import rate_events, rate_strata
from pipeline.compare.signals import look_for_signals
from pipeline.compare.units import compare_units
from pipeline.config import Settings
from pipeline.resources import sql
from pipeline.store import create_table

STEPS: Final = ("session", "population", "case", "series")
HAPPENED_STEPS: Final = ("class", "part")
UNIT_STEPS: Final = ("used", "happened")
"""Working tables, in the order in which they read each other; `temp.compared_<step>`."""


def compare(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Fill the tables of rates and comparisons from events, signals and exposures."""
    for step in STEPS:
        _make(con, step)
    rate_events(con)
    _compare_units(con, settings)
    for step in STEPS:
        con.execute(f"DROP TABLE temp.compared_{step}")


def _compare_units(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Compare products, lots and sites; nothing is read where nothing happened."""
    happened = bool(con.sql("FROM temp.compared_case LIMIT 1").fetchall())
    for step in HAPPENED_STEPS:
        _make(con, step, is_empty=not happened)
    rate_strata(con)
    for table in ("unit_exposure", "unit_event"):
        con.execute(f"DROP TABLE IF EXISTS audit.{table}")
        create_table(con, f"audit.{table}", sql(f"compare/{table}.sql"))
    for step in UNIT_STEPS:
        _make(con, step)
    compare_units(con)
    look_for_signals(con, settings)
    chart_events(con)
    for step in (*HAPPENED_STEPS, *UNIT_STEPS):
        con.execute(f"DROP TABLE temp.compared_{step}")


def _make(con: duckdb.DuckDBPyConnection, step: str, *, is_empty: bool = False) -> None:
    """Make one working table; an empty one has the same columns and reads nothing."""
    select = sql(f"compare/{step}.sql")
    limit = "LIMIT 0" if is_empty else ""
    con.execute(f"CREATE OR REPLACE TEMP TABLE compared_{step} AS SELECT * FROM ({select}) {limit}")
