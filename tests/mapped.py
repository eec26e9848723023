"""Give `validate` its input without files: records drawn as text become `mapped.*`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb
import polars as pl
from tables import table

from pipeline.config import Settings
from pipeline.store import open_store
from pipeline.validate import validate
from schemas import contract_columns

PATIENTS = """
    patient_id | birth_date
    p1         | 1980-01-01
    p2         | 1990-06-30
"""


def mapped_store(**records: str | pl.DataFrame) -> duckdb.DuckDBPyConnection:
    """Return a database whose `mapped.<record>` hold the records given, row 1 first."""
    con = open_store(threads=2)
    con.execute("CREATE TABLE audit.record_supplied (record VARCHAR)")
    for record, drawn in records.items():
        frame = table(drawn) if isinstance(drawn, str) else drawn
        con.register("drawn", _completed(record, frame))
        con.execute(f"CREATE TABLE mapped.{record} AS SELECT * FROM drawn")
        con.unregister("drawn")
        con.execute("INSERT INTO audit.record_supplied VALUES ($record)", {"record": record})
    return con


def validated(
    settings: Mapping[str, Any] | None = None, /, **records: str | pl.DataFrame
) -> duckdb.DuckDBPyConnection:
    """Return the database after `validate`; patients p1 and p2 and no infusion if not given.

    Every row may be bad: the quarantine limit is off unless the settings give one.
    """
    given = {"patient": PATIENTS, "infusion": "infusion_id"} | records
    con = mapped_store(**given)
    validate(con, Settings(**({"run": {"max_quarantine": 1}} | dict(settings or {}))))
    return con


def rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query."""
    return con.sql(sql).fetchall()


def problems(con: duckdb.DuckDBPyConnection, record: str) -> list[tuple[Any, ...]]:
    """Return (row, column, check, original text) of everything in a quarantine."""
    return rows(
        con,
        f"""
        SELECT source_row, column_name, check_name, original_text
        FROM quarantine.{record}
        ORDER BY ALL
        """,
    )


def _completed(record: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Add the columns of the contract and of ingest that the drawing leaves out."""
    absent = [name for name in contract_columns(record) if name not in frame.columns]
    completed = frame.with_columns(pl.lit(None, pl.String).alias(name) for name in absent)
    place = {"source_file": pl.lit("1"), "source_row": pl.int_range(1, pl.len() + 1)}
    placed = completed.with_columns(
        **{name: value for name, value in place.items() if name not in frame.columns}
    )
    return placed.with_columns(
        pl.col("source_file").cast(pl.Int16), pl.col("source_row").cast(pl.Int32)
    )
