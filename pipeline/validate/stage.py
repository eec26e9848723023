"""Write the rows that can be trusted to `staged.<record>`."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from pipeline.validate.cells import sql_type
from pipeline.validate.links import Link, every_link, links, patient_join
from schemas import Column, Contract, Kind

_CLOSING = {
    "source_id": "VARCHAR",
    "source_file": "SMALLINT",
    "source_row": "INTEGER",
    "recorded_at": "TIMESTAMP",
    "is_time_ambiguous": "BOOLEAN",
    "is_link_dropped": "BOOLEAN",
}


@dataclass(frozen=True)
class _Part:
    """One column of `staged.<record>`: its name and type, and what it comes from in `typed`."""

    name: str
    type: str
    value: str


def make_staged(con: duckdb.DuckDBPyConnection, one: Contract) -> None:
    """Make `staged.<record>` without rows, its columns typed by the contract."""
    columns = ", ".join(f'"{part.name}" {part.type}' for part in _parts(one, []))
    con.execute(f"CREATE TABLE staged.{one.record} ({columns})")


def drop_excluded(con: duckdb.DuckDBPyConnection) -> None:
    """Delete from `typed` what is quarantined or set aside.

    An anti join would do, but the planner takes it to keep a fifth of the rows and then
    builds its hash tables from the wide side: twice the time for a million rows.
    """
    con.execute("DELETE FROM typed USING excluded WHERE typed.rowid = excluded.row_no")


def fill_staged(con: duckdb.DuckDBPyConnection, one: Contract, *, shares_patients: bool) -> None:
    """Fill `staged.<record>` with the rows of `typed`.

    `typed` is in the order of file and row, so a row's number there serves as its key; what
    is not staged leaves a gap.
    """
    ties = links(con, one)
    con.execute(
        f"""
        INSERT INTO staged.{one.record}
        SELECT {", ".join(part.value for part in _parts(one, ties))}
        FROM typed
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


def _parts(one: Contract, ties: list[Link]) -> list[_Part]:
    """Return the columns of `staged.<record>` in order."""
    dropped = " OR ".join(tie.is_dropped for tie in ties) or "FALSE"
    closing = {name: f"typed.{name}" for name in _CLOSING} | {"is_link_dropped": f"({dropped})"}
    return [
        _Part(f"{one.record}_key", "INTEGER", "CAST(typed.rowid + 1 AS INTEGER)"),
        *(part for column in one.columns for part in _own(column, one, ties)),
        *(_Part(name, kind, closing[name]) for name, kind in _CLOSING.items()),
    ]


def _own(column: Column, one: Contract, ties: list[Link]) -> list[_Part]:
    """Return what one contract column becomes: itself, its day, the key it stands for."""
    if column.name == one.patient and one.record != "patient":
        return [_Part("patient_key", "INTEGER", "patient.patient_key")]
    parts = [_Part(column.name, _stored(column, one), f'typed."{column.name}"')]
    if column.day:
        parts.append(_Part(column.day, "DATE", f"typed.{column.day}"))
    named = every_link(one).get(column.name)
    if named:
        keys = {tie.column: tie.key for tie in ties}
        parts.append(_Part(f"{named}_key", "INTEGER", keys.get(column.name, "NULL")))
    return parts


def _stored(column: Column, one: Contract) -> str:
    """Return the type of a column; ids hardly repeat, and looking for a pattern costs time."""
    is_id = column.name in one.identity or column.name in every_link(one)
    plain = " USING COMPRESSION uncompressed" if is_id and column.kind == Kind.TEXT else ""
    return sql_type(column) + plain
