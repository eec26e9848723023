"""Read rows of a finished run, some at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import duckdb

Row = dict[str, Any]

_BATCH: Final = 2000


def rows_of(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[Row]:
    """Yield the rows of a query as dicts, some at a time."""
    found = con.execute(query)
    names = [column[0] for column in found.description or ()]
    while batch := found.fetchmany(_BATCH):
        for row in batch:
            yield dict(zip(names, row, strict=True))
