"""Hold the reported events against the reports they were made from."""

from __future__ import annotations

import duckdb

from pipeline.errors import CheckError
from pipeline.resources import sql


def refuse_lost_events(con: duckdb.DuckDBPyConnection) -> None:
    """Raise when a report of an adverse event was lost, counted twice or shared out wrongly.

    Raises:
        CheckError: a sum does not hold; no value is told.
    """
    gaps = con.sql(sql("derive/control/event_gap.sql")).fetchall()
    if gaps:
        raise CheckError(
            f"the reported events do not close: {len(gaps)} sums differ; nothing was published. "
            "Paste sql/derive/control/event_gap.sql into a DuckDB shell to see which."
        )
