"""Say what the numbers of an edition rest on: which records there are, and how many were refused.

Shares go to the nearest 5 % and no number of rows is printed, so there is no sum that a reader
could set them against; a share of few persons is not shown all the same.
"""

from __future__ import annotations

from typing import Any, Final

import duckdb

from pipeline.disclosure.cells import FEW, STEP
from schemas import RECORDS

TABLE: Final = "data_quality"


def quality_cells(con: duckdb.DuckDBPyConnection, period: str) -> list[tuple[Any, ...]]:
    """Return the cells of the table on records: one per record kind and word on it.

    `supplied` is yes or no; `quarantined` is the share of the rows that stay in quarantine. No cell
    has a quantity, for none is a number that another edition could print.
    """
    rows = {
        record: (n_all, n)
        for record, n_all, n in con.sql(
            "SELECT record, mapped_rows, quarantined_rows FROM audit.record_ledger"
        ).fetchall()
    }
    cells: list[tuple[Any, ...]] = []
    for record in RECORDS:
        where = (TABLE, record, record.replace("_", " "), False)
        n_all, n = rows.get(record, (0, 0))
        is_supplied = "yes" if record in rows else "no"
        how, share = about(n_all, n, _persons(con, record, n))
        cells += [
            (*where, "supplied", None, "word", is_supplied, None, None, period),
            (*where, "quarantined", None, "about", how, None, share, period),
        ]
    return cells


def about(n_all: int, n: int, n_persons: int) -> tuple[str, int | None]:
    """Return how a share stands: to the nearest 5 %, and never none or all where it is not."""
    if n_all == 0:
        return "no_rows", None
    if n > 0 and n_persons <= FEW:
        return "few", None
    share = round(100 / STEP * n / n_all) * STEP
    if n > 0 and share == 0:
        return "under", None
    if n < n_all and share == 100:  # noqa: PLR2004 - per cent
        return "over", None
    return "value", share


def _persons(con: duckdb.DuckDBPyConnection, record: str, n: int) -> int:
    """Return of how many persons the refused rows are; a row without an id is of nobody known."""
    if n == 0:
        return 0
    ((found,),) = con.sql(f"SELECT COUNT(DISTINCT patient_id) FROM quarantine.{record}").fetchall()
    return int(found)
