"""Hold the gram ledger against the records it was made from."""

from __future__ import annotations

import duckdb

from pipeline.errors import CheckError
from pipeline.resources import sql


def refuse_open_ledger(con: duckdb.DuckDBPyConnection) -> None:
    """Raise when the ledger lost or invented a gram.

    Raises:
        CheckError: a month does not add up, or not to what is staged; no value is told.
    """
    gaps = con.sql(sql("derive/control/ledger_gap.sql")).fetchall()
    if gaps:
        raise CheckError(
            f"the gram ledger does not close: {len(gaps)} sums differ; nothing was published. "
            "Paste sql/derive/control/ledger_gap.sql into a DuckDB shell to see which."
        )
