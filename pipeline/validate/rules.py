"""Check the typed rows against the pandera model of their record kind.

Pandera's own error text and failure cases hold values of records, so only the column, the
check and the row's number are taken from them.
"""

from __future__ import annotations

from typing import Any

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
    schema = _checkable(one.model.to_schema())
    shown = ", ".join(_seen(name, column) for name, column in schema.columns.items())
    reader = con.sql(f"SELECT rowid AS row_no, {shown} FROM typed").to_arrow_reader(BATCH_ROWS)
    found = [_broken_in(pl.DataFrame(batch), schema, one) for batch in reader]
    return pl.concat([pl.DataFrame(schema=PROBLEM), *found])


def _checkable(schema: Any) -> Any:
    """Leave out the texts and booleans that no rule says anything about, to move less."""
    free = [
        name
        for name, column in schema.columns.items()
        if column.dtype.type in (pl.String, pl.Boolean) and column.nullable and not column.checks
    ]
    return schema.remove_columns(free)


def _seen(name: str, column: Any) -> str:
    """Return the SQL of a column as pandera is to see it: of free text, only that it is there.

    That spares moving millions of ids, and none of them can end in an error's text.
    """
    is_free = column.dtype.type == pl.String and not column.checks
    return (
        f"""CASE WHEN "{name}" IS NOT NULL THEN '' END AS "{name}\"""" if is_free else f'"{name}"'
    )


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
