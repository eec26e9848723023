"""Write the rows that can be trusted to `staged.<record>`."""

from __future__ import annotations

import duckdb

from pipeline.validate.links import Link, links, patient_join
from schemas import Column, Contract


def write_staged(con: duckdb.DuckDBPyConnection, one: Contract, *, shares_patients: bool) -> None:
    """Make `staged.<record>` from the rows of `typed` that are not excluded.

    `typed` is in the order of file and row, so a row's number there serves as its key; what
    is not staged leaves a gap.
    """
    ties = links(con, one)
    columns = [
        f"CAST(typed.rowid + 1 AS INTEGER) AS {one.record}_key",
        *(part for column in one.columns for part in _columns(column, one, ties)),
        *_closing(ties),
    ]
    con.execute(
        f"""
        CREATE TABLE staged.{one.record} AS
        SELECT {", ".join(columns)}
        FROM typed
        ANTI JOIN excluded ON typed.rowid = excluded.row_no
        {patient_join(one, shares_patients=shares_patients)}
        {" ".join(tie.join for tie in ties)}
        """
    )


def write_set_aside(con: duckdb.DuckDBPyConnection, one: Contract) -> None:
    """Add the good rows that do not count to `staged.set_aside`."""
    con.execute(
        """
        INSERT INTO staged.set_aside
        SELECT $record, typed.source_file, typed.source_row, aside.reason
        FROM aside
        INNER JOIN typed ON aside.row_no = typed.rowid
        ORDER BY aside.row_no
        """,
        {"record": one.record},
    )


def _columns(column: Column, one: Contract, ties: list[Link]) -> list[str]:
    """Return what one contract column becomes: itself, its day, the key it stands for."""
    if column.name == one.patient and one.record != "patient":
        return ["patient.patient_key"]
    own = [f'typed."{column.name}"', *([f"typed.{column.day}"] if column.day else [])]
    return own + [tie.key for tie in ties if tie.column == column.name]


def _closing(ties: list[Link]) -> list[str]:
    dropped = " OR ".join(tie.is_dropped for tie in ties) or "FALSE"
    return [
        "typed.source_id",
        "typed.source_file",
        "typed.source_row",
        "typed.recorded_at",
        "typed.is_time_ambiguous",
        f"({dropped}) AS is_link_dropped",
    ]
