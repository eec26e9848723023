"""Write a small source folder and ingest it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from pipeline.config import load_settings
from pipeline.ingest import ingest
from pipeline.store import open_store

PATIENT = "patient_id,sex\np1,F\np2,M\n"
INFUSION = (
    "infusion_id,patient_id,started_at,product_code,dose_g\n"
    "i1,p1,2025-03-01 08:00,PRIVIGEN,40\n"
    "i2,p2,2025-03-02 09:00,PRIVIGEN,30.5\n"
)


def source(folder: Path, files: dict[str, str | bytes] | None = None) -> Path:
    """Write a folder with two patients and two infusions; `files` adds to them or replaces."""
    told: dict[str, str | bytes] = {"patient.csv": PATIENT, "infusion.csv": INFUSION}
    for name, text in (told | (files or {})).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def ingested(folder: Path, **options: Any) -> duckdb.DuckDBPyConnection:
    """Ingest a folder into a fresh database in memory, however many lines are no records."""
    con = open_store()
    told = {"max_quarantine": 1} | options.pop("overrides", {})
    ingest(con, load_settings(folder, overrides=told, **options))
    return con


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query."""
    return con.sql(query).fetchall()


def ledger(con: duckdb.DuckDBPyConnection, name: str) -> tuple[int, int, int, int]:
    """Return raw, mapped, not mapped and unreadable rows of one file."""
    found = con.sql(
        """
        SELECT l.raw_rows, l.mapped_rows, l.not_mapped_rows, l.unreadable_rows
        FROM audit.file_ledger AS l
        INNER JOIN audit.input_file AS f USING (file_id)
        WHERE f.file_name = $name
        """,
        params={"name": name},
    ).fetchall()
    return found[0]


def write_parquet(path: Path, select: str) -> None:
    """Write what a query returns as a Parquet file."""
    with duckdb.connect() as con:
        con.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
