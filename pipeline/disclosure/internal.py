"""Show the numbers of events as they are, for the edition that somebody answers for."""

from __future__ import annotations

import duckdb

from pipeline import resources
from pipeline.disclosure.numbers import Number
from pipeline.store import insert_rows

EXACT = {"table_id": "VARCHAR", "line_id": "VARCHAR", "measure": "VARCHAR", "printed": "INTEGER"}
_EVENTS = "reported_events"
"""The table whose numbers the internal edition shows as they are."""
STEPS = ("closed_exposure", "closed_event")
"""What the tables of the internal edition alone share, in this order."""


def write_internal(con: duckdb.DuckDBPyConnection, numbers: list[Number]) -> None:
    """Create `report.internal_cell`: the published cells, with the exact numbers of events.

    Tables on detected events are its own: `sql/internal`, one file per table, which also takes the
    place of a table of the committee edition of that name.
    """
    exact = [
        (number.table_id, number.line_id, number.measure, int(number.value))
        for number in numbers
        if number.table_id == _EVENTS
    ]
    insert_rows(con, "report.internal_cell", EXACT, exact)
    con.execute(
        """
        CREATE OR REPLACE TABLE report.internal_cell AS
        SELECT
            c.* REPLACE (
                IF(e.printed IS NULL, c.shown, 'value') AS shown,
                COALESCE(e.printed, c.printed) AS printed
            )
        FROM report.published_cell AS c
        LEFT JOIN report.internal_cell AS e USING (table_id, line_id, measure)
        """
    )
    for step in STEPS:
        con.execute(f"CREATE TEMP TABLE {step} AS {resources.sql(f'internal/shared/{step}.sql')}")
    for path in resources.sql_files("internal"):
        con.execute("DELETE FROM report.internal_cell WHERE table_id = $1", [path.stem])
        con.execute(
            f"INSERT INTO report.internal_cell BY NAME SELECT '{path.stem}' AS table_id, * "
            f"FROM ({path.read_text('utf-8')})"
        )
    for step in reversed(STEPS):
        con.execute(f"DROP TABLE temp.{step}")
