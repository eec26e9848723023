"""Count how many accepted rows fill each field that a source may leave empty, by quarter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import duckdb

from schemas import Contract, Kind, contract, contracts


class _Field(NamedTuple):
    """What is asked of the rows of a record kind: how many hold it, of how many that could."""

    column_name: str
    part: str
    """`value`; `hour`, the time of day of a date that is there; `link`, the row an id names."""
    asked: str
    held: str


def collect_field_count(con: duckdb.DuckDBPyConnection) -> None:
    """Create `temp.field_count`: one row per record kind, field, part and quarter.

    Rows are all accepted ones of the source, of whatever day; those that no day dates have no
    quarter. Fields that every accepted row must fill are left out: validation saw to them.
    """
    con.execute(
        """
        CREATE TEMP TABLE field_count (
            record VARCHAR, quarter_on DATE, place INTEGER, column_name VARCHAR, part VARCHAR,
            n_rows BIGINT, n_filled BIGINT
        )
        """
    )
    there = _supplied_columns(con)
    for one in contracts():
        fields = list(_fields(one, there.get(one.record, set())))
        if fields:
            con.execute(_count(one, fields))


def _count(one: Contract, fields: list[_Field]) -> str:
    """Return the statement that reads a table once, whatever the number of its fields."""
    listed = ", ".join(
        f"{{'place': {place}, 'column_name': '{field.column_name}', 'part': '{field.part}',"
        f" 'n_rows': {field.asked}, 'n_filled': {field.held}}}"
        for place, field in enumerate(fields)
    )
    dated, parent = _dated(one)
    return f"""
        INSERT INTO field_count
        SELECT '{one.record}', quarter_on, UNNEST(told, recursive := TRUE)
        FROM (
            SELECT CAST(DATE_TRUNC('quarter', {dated}) AS DATE) AS quarter_on, [{listed}] AS told
            FROM staged.{one.record} AS r {parent}
            GROUP BY quarter_on
        )
        """


def _dated(one: Contract) -> tuple[str, str]:
    """Return the day of a row, and the join to the record that lends its day."""
    if one.dated_by is not None:
        return f"r.{one.dated_by}", ""
    if one.parent is None:
        return "CAST(NULL AS DATE)", ""
    name = one.parent[1]
    join = f"LEFT JOIN staged.{name} AS p ON r.{name}_key = p.{name}_key"
    return f"p.{contract(name).dated_by}", join


def _fields(one: Contract, there: set[str]) -> Iterator[_Field]:
    links = dict(one.links)
    for column in one.columns:
        if not {column.name, column.day or column.name} <= there:
            continue
        value = f"COUNT(r.{column.day or column.name})"
        if not column.required:
            yield _Field(column.name, "value", "COUNT(*)", value)
        if column.kind == Kind.TIME:
            yield _Field(column.name, "hour", value, f"COUNT(r.{column.name})")
        if column.name in links:
            yield _Field(column.name, "link", value, f"COUNT(r.{links[column.name]}_key)")


def _supplied_columns(con: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    """Return the columns of the tables of every record kind that a file was supplied of."""
    found = con.sql(
        """
        SELECT c.table_name, LIST(c.column_name)
        FROM duckdb_columns() AS c
        INNER JOIN audit.record_supplied AS s ON c.table_name = s.record
        WHERE c.schema_name = 'staged'
        GROUP BY c.table_name
        """
    ).fetchall()
    return {record: set(names) for record, names in found}
