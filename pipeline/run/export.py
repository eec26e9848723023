"""Copy verdicts, findings and quarantine out of the database, ordered, for other programs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import duckdb

from pipeline import resources
from pipeline.spreadsheet import without_formulas
from pipeline.store import count_rows, quoted

VERDICTS: Final = "verdicts.parquet"
_VECTOR: Final = 2048
"""So many rows DuckDB handles at once."""


def write_tables(
    con: duckdb.DuckDBPyConnection, folder: Path, finish_verdicts: Callable[[], None]
) -> None:
    """Write findings.csv and quarantine.csv, and have verdicts.parquet finished.

    A text cell that a spreadsheet would run as a formula gets a leading apostrophe in CSV.
    """
    finish_verdicts()
    for name, query in (
        ("findings.csv", resources.sql("run/findings.sql")),
        ("quarantine.csv", quarantine(con)),
    ):
        safe = without_formulas(con, query)
        con.execute(f"COPY ({safe}) TO '{quoted(folder / name)}' (FORMAT csv, HEADER)")


def write_verdicts(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write verdicts.parquet, in one group of rows.

    Where one group ends and the next begins hangs on which thread is done first, so several would
    give other bytes every night. Keys in order are stored as differences, in a third of the room
    and time; a key hardly repeats, so a dictionary of them is given up early.
    """
    verdicts = resources.sql("run/verdicts.sql")
    # a part of the rows about as large as the group would be taken for a whole one
    room = 2 * (count_rows(con, "audit.verdict") + _VECTOR)
    layout = (
        f"FORMAT parquet, ROW_GROUP_SIZE {room}, PARQUET_VERSION v2, DICTIONARY_SIZE_LIMIT 4096"
    )
    con.execute(f"COPY ({verdicts}) TO '{quoted(folder / VERDICTS)}' ({layout})")


def quarantine(con: duckdb.DuckDBPyConnection) -> str:
    """Return one query over every quarantine table: one row per record and failed check."""
    tables = con.sql(
        """
        SELECT table_name
        FROM duckdb_tables()
        WHERE schema_name = 'quarantine' AND table_name != 'unreadable'
        ORDER BY table_name
        """
    ).fetchall()
    parts = [
        resources.sql("run/unreadable.sql"),
        *(
            f"SELECT '{name}' AS record, source_file, source_row, column_name, check_name, "
            f'original_text, row_json FROM quarantine."{name}"'
            for (name,) in tables
        ),
    ]
    everything = "\nUNION ALL\n".join(parts)
    return (
        "SELECT q.record, f.file_name, q.source_row, q.column_name, q.check_name, "
        f"q.original_text, q.row_json FROM ({everything}) AS q "
        "LEFT JOIN audit.input_file AS f ON q.source_file = f.file_id ORDER BY ALL"
    )
