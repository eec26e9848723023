"""Tie rows to their patient, their parent and the records they name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from pipeline.store import count_rows
from schemas import Contract


@dataclass(frozen=True)
class Link:
    """How a column that names another record becomes that record's key."""

    column: str
    join: str
    key: str
    is_dropped: str
    """The SQL that says whether the id names no record, or one of another patient."""


def find_strangers(con: duckdb.DuckDBPyConnection, one: Contract, *, shares_patients: bool) -> None:
    """Note as problems the rows without a known patient or parent, or before their birth."""
    join = patient_join(one, shares_patients=shares_patients)
    if join:
        unknown = f"typed.{one.patient} IS NOT NULL AND patient.patient_key IS NULL"
        faults = [(str(one.patient), "unknown_patient", unknown)]
        if one.after_birth and one.dated_by:
            is_unborn = f"typed.{one.dated_by} < patient.born_on"
            faults.append((_time_of(one), "before_birth", is_unborn))
        _note(con, join, faults)
    if one.parent:
        column, parent = one.parent
        unknown = f"typed.{column} IS NOT NULL AND {column}_row.{parent}_key IS NULL"
        _note(con, _join(con, column, parent), [(column, f"unknown_{parent}", unknown)])


def patient_join(one: Contract, *, shares_patients: bool) -> str:
    """Return the join from `typed` to the patient of each row, or nothing."""
    if one.patient is None or one.record == "patient":
        return ""
    is_same = f"patient.patient_id = typed.{one.patient}"
    if not shares_patients:
        is_same += " AND patient.source_id = typed.source_id"
    return f"LEFT JOIN staged.patient_alias AS patient ON {is_same}"


def every_link(one: Contract) -> dict[str, str]:
    """Return the columns that name another record, its parent among them, and that record."""
    return dict(one.links + ((one.parent,) if one.parent else ()))


def links(con: duckdb.DuckDBPyConnection, one: Contract) -> list[Link]:
    """Return how each id of another record in `typed` becomes a key.

    A link to a record of another patient is dropped like one that points nowhere.
    """
    every = every_link(one)
    if not every:
        return []
    counts = ", ".join(f"COUNT({column})" for column in every)
    filled = con.execute(f"SELECT {counts} FROM typed").fetchall()[0]
    return [
        _link(con, one, column, record) if count else _idle(column)
        for (column, record), count in zip(every.items(), filled, strict=True)
    ]


def _link(con: duckdb.DuckDBPyConnection, one: Contract, column: str, record: str) -> Link:
    join, key = _join(con, column, record), f"{column}_row.{record}_key"
    if one.patient is None:
        return Link(column, join, key, "FALSE")
    is_own = f"{column}_row.patient_key = patient.patient_key"
    return Link(
        column,
        join,
        f"CASE WHEN {is_own} THEN {key} END",
        f"(typed.{column} IS NOT NULL AND ({is_own}) IS NOT TRUE)",
    )


def _idle(column: str) -> Link:
    """Return the link of a column that no row fills; a join would be idle."""
    return Link(column, "", "NULL", "FALSE")


def _join(con: duckdb.DuckDBPyConnection, column: str, record: str) -> str:
    """Return the join to the record that `column` names.

    A hospital's pharmacy and its wards may be two sources that name each other's records: an
    id that only one source uses is known to every source.
    """
    is_same = f"{column}_row.{column} = typed.{column}"
    sources = f"SELECT source_id FROM staged.{record} UNION SELECT source_id FROM typed"
    if count_rows(con, f"({sources})") <= 1:
        return f"LEFT JOIN staged.{record} AS {column}_row ON {is_same}"
    _make_known(con, column, record)
    return f"""
        LEFT JOIN known_{record} AS {column}_row
            ON {is_same} AND {column}_row.source_id = typed.source_id
    """


def _make_known(con: duckdb.DuckDBPyConnection, column: str, record: str) -> None:
    """Make `known_<record>`: one row per source that may ask and id it knows."""
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE known_{record} AS
        SELECT source_id, {column}, {record}_key, patient_key FROM staged.{record}
        UNION ALL
        SELECT asking.source_id, known.{column}, known.{record}_key, known.patient_key
        FROM staged.{record} AS known
        SEMI JOIN (
            SELECT {column} FROM staged.{record} GROUP BY {column} HAVING COUNT(*) = 1
        ) AS single USING ({column})
        INNER JOIN (SELECT DISTINCT source_id FROM typed) AS asking
            ON asking.source_id <> known.source_id
        """
    )


def _time_of(one: Contract) -> str:
    """Return the contract's column behind the date a record goes by."""
    times = {column.day: column.name for column in one.columns if column.day}
    dated_by = one.dated_by or ""
    return times.get(dated_by, dated_by)


def _note(
    con: duckdb.DuckDBPyConnection, join: str, faults: Sequence[tuple[str, str, str]]
) -> None:
    """Add to `problem` the typed rows with a fault: its column, its check, and when there is one.

    No row can have two of the faults.
    """
    columns = " ".join(f"WHEN {is_fault} THEN '{column}'" for column, _, is_fault in faults)
    checks = " ".join(f"WHEN {is_fault} THEN '{check}'" for _, check, is_fault in faults)
    con.execute(
        f"""
        INSERT INTO problem
        SELECT typed.rowid, CASE {columns} END, CASE {checks} END
        FROM typed {join}
        WHERE {" OR ".join(f"({is_fault})" for _, _, is_fault in faults)}
        """
    )
