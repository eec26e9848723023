"""Rate and compare what harm is known: after which product, lot and site, and how often.

What was reported and what was detected are two different things and never added up. Every figure
names its denominator. A signal prompts a human to look; it is no verdict.
"""

from __future__ import annotations

from typing import Final

import duckdb

from pipeline.compare.rates import rate_events
from pipeline.config import Settings
from pipeline.resources import sql

STEPS: Final = ("session", "course", "population", "case", "series")
"""Working tables, in the order in which they read each other; `temp.compared_<step>`."""


def compare(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:  # noqa: ARG001 - every stage is called alike
    """Fill the tables of rates and comparisons from events, signals and exposures."""
    for step in STEPS:
        con.execute(f"CREATE OR REPLACE TEMP TABLE compared_{step} AS {sql(f'compare/{step}.sql')}")
    rate_events(con)
    for step in STEPS:
        con.execute(f"DROP TABLE temp.compared_{step}")
