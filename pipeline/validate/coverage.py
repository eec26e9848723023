"""Say which period the records of each kind cover."""

from __future__ import annotations

import duckdb

from pipeline import resources
from pipeline.store import create_table
from schemas import contract


def write_coverage(con: duckdb.DuckDBPyConnection, supplied: list[str]) -> None:
    """Make `staged.coverage` for the record kinds supplied, and `audit.record_day`.

    `audit.record_day`: one row per record kind supplied: the first and last day of its rows.

    Declared periods of kinds that were not supplied are left out: nothing is covered there.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE declared_coverage AS "
        + resources.sql("validate/declared_coverage.sql")
    )
    con.execute(
        "DELETE FROM declared_coverage WHERE NOT LIST_CONTAINS($supplied, record)",
        {"supplied": supplied},
    )
    con.execute(
        "CREATE OR REPLACE TABLE audit.record_day (record VARCHAR, first_on DATE, last_on DATE)"
    )
    for record in supplied:
        con.execute(f"INSERT INTO audit.record_day {_observed(record)}", {"record": record})
    create_table(con, "staged.coverage", resources.sql("validate/coverage.sql"))


def _observed(record: str) -> str:
    """Return the SELECT of the first and last day of a record kind; of its parent's, for lots."""
    one = contract(record)
    dated = contract(one.parent[1]) if one.dated_by is None and one.parent else one
    if dated.dated_by is None:
        return "SELECT $record, NULL, NULL"
    return (
        f"SELECT $record, MIN({dated.dated_by}), MAX({dated.dated_by}) FROM staged.{dated.record}"
    )
