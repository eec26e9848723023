"""Check the typed rows against the pandera model of their record kind.

Pandera's own error text and failure cases hold values of records, so only the column, the
check and the row's number are taken from them.
"""

from __future__ import annotations

import operator
from typing import Any, Final

import duckdb
import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors

from pipeline.errors import CheckError
from schemas import Contract

BATCH_ROWS = 1_000_000
PROBLEM = {"row_no": pl.Int64, "column_name": pl.String, "check_name": pl.String}
"""One row per broken rule: the row of `typed`, the column at fault, the check."""

_NAMES = {"not_nullable": "missing", "isin": "not_allowed"}


def broken_rules(con: duckdb.DuckDBPyConnection, one: Contract) -> pl.DataFrame:
    """Return one row per row of `typed` and rule of its contract that it breaks.

    Raises:
        CheckError: a rule itself failed to run.
    """
    whole = one.model.to_schema()
    schema = whole.remove_columns(_settled(con, whole))
    if not schema.columns and not schema.checks:
        return pl.DataFrame(schema=PROBLEM)
    shown = ", ".join(_shown(whole, schema))
    reader = con.sql(f"SELECT rowid AS row_no, {shown} FROM typed").to_arrow_reader(BATCH_ROWS)
    found = [_broken_in(pl.DataFrame(batch), schema, one) for batch in reader]
    return pl.concat([pl.DataFrame(schema=PROBLEM), *found])


def _settled(con: duckdb.DuckDBPyConnection, whole: Any) -> list[str]:
    """Return the columns that cannot break a rule of their own, by what they hold in all.

    Limits are kept by every value when the least and the largest keep them.
    """
    columns = whole.columns.items()
    asked = ", ".join(f'COUNT("{name}"), {_told(name, column)}' for name, column in columns)
    n_rows, *found = con.execute(f"SELECT COUNT(*), {asked} FROM typed").fetchall()[0]
    return [
        name
        for (name, column), n_filled, told in zip(columns, found[::2], found[1::2], strict=True)
        if (column.nullable or n_filled == n_rows)
        and (n_filled == 0 or all(_is_kept(check, told) for check in column.checks))
    ]


def _told(name: str, column: Any) -> str:
    """Return the SQL of the values of a column that decide whether it keeps its rules."""
    names = {check.name for check in column.checks}
    if names == {"isin"}:
        return f'LIST(DISTINCT "{name}") FILTER ("{name}" IS NOT NULL)'
    return f'[MIN("{name}"), MAX("{name}")]' if names and names <= set(_LIMITS) else "NULL"


_LIMITS: Final = {
    "greater_than": ("min_value", operator.gt),
    "greater_than_or_equal_to": ("min_value", operator.ge),
    "less_than": ("max_value", operator.lt),
    "less_than_or_equal_to": ("max_value", operator.le),
}
"""Pandera's checks that are limits: the name of the limit, and how a value keeps it."""


def _is_kept(check: Any, told: list[Any] | None) -> bool:
    """Say whether the deciding values of a column keep a rule; of other rules we do not know."""
    if told is None:
        return False
    if check.name == "isin":
        return set(told) <= set(check.statistics["allowed_values"])
    limit, keeps = _LIMITS[check.name]
    return all(keeps(value, check.statistics[limit]) for value in told)


def _shown(whole: Any, schema: Any) -> list[str]:
    """Return the SQL of the columns pandera is to see: the unsettled, as `schema` has them.

    A rule over several columns may ask for any but free text and booleans.
    """
    needed = set(schema.columns)
    if schema.checks:
        needed |= {name for name, column in whole.columns.items() if not _is_free(column)}
    return [_seen(name, column) for name, column in whole.columns.items() if name in needed]


def _is_free(column: Any) -> bool:
    return column.dtype.type in (pl.String, pl.Boolean) and not column.checks


def _seen(name: str, column: Any) -> str:
    """Return the SQL of a column as pandera is to see it: of free text, only that it is there.

    That spares moving millions of ids, and none of them can end in an error's text.
    """
    if _is_free(column) and column.dtype.type == pl.String:
        return f"""CASE WHEN "{name}" IS NOT NULL THEN '' END AS "{name}\""""
    return f'"{name}"'


def _broken_in(frame: pl.DataFrame, schema: pa.DataFrameSchema, one: Contract) -> pl.DataFrame:
    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases.select("schema_context", "column", "check", "index")
        return _problems(cases, frame["row_no"], one)
    return pl.DataFrame(schema=PROBLEM)


def _problems(cases: pl.DataFrame, row_no: pl.Series, one: Contract) -> pl.DataFrame:
    if cases["index"].null_count():
        broken = cases.filter(pl.col("index").is_null())["check"].unique().sort()
        raise CheckError(f"{one.record}: the rule {broken[0]} could not run on {len(row_no)} rows.")
    check = pl.col("check").str.extract(r"^(\w+)", 1)
    columns = {column.day: column.name for column in one.columns if column.day}
    columns |= _columns_at_fault(one)
    is_whole = pl.col("schema_context") == "DataFrameSchema"
    return cases.select(
        row_no=row_no.gather(cases["index"]),
        column_name=pl.when(is_whole).then("check").otherwise("column").replace(columns),
        check_name=pl.when(check.is_in(list(_NAMES)))
        .then(check.replace(_NAMES))
        .otherwise("check"),
    )


def _columns_at_fault(one: Contract) -> dict[str, str]:
    """Return for each rule over several columns the one it blames."""
    return {check.name: check.title for check in one.model.to_schema().checks if check.title}
