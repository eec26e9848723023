"""Load one Parquet file into `raw.file_<id>` as text, whatever types it declares."""

from __future__ import annotations

import re

import duckdb

from pipeline.errors import InputError
from pipeline.ingest.dialect import refuse_repeated
from pipeline.ingest.load import LoadedFile, raw_table
from pipeline.ingest.locate import InputFile
from pipeline.ingest.scan import digest
from pipeline.store import count_rows

_NESTED = re.compile(r"\[|STRUCT|MAP|UNION|LIST|BLOB|BIT\b|INTERVAL|VARIANT|GEOMETRY")


def load_parquet(con: duckdb.DuckDBPyConnection, file: InputFile) -> LoadedFile:
    """Load one Parquet file, every column as VARCHAR, and return what was counted.

    Raises:
        InputError: the file is damaged, or a column holds bytes or a nested type.
    """
    if file.path.stat().st_size == 0:
        raise InputError(f"{file.name}: is empty. Export it again.")
    try:
        described = con.sql(
            "DESCRIBE FROM read_parquet($path)", params={"path": str(file.path)}
        ).fetchall()
        names = tuple(str(row[0]).strip() for row in described)
        refuse_repeated(file.name, names)
        refuse_untextable(file.name, names, [str(row[1]) for row in described])
        _read_parquet(con, file, [str(row[1]) for row in described])
    except duckdb.OutOfMemoryException:  # not the file's fault
        raise
    except duckdb.Error:  # its text may quote a value
        raise InputError(
            f"{file.name}: is not a whole Parquet file. Copy or export it again."
        ) from None
    sha256, n_bytes = digest(file.path)
    n_rows = count_rows(con, raw_table(file))
    return LoadedFile(
        file, names, "(rowid + 1)::INTEGER", n_rows, 0, sha256, n_bytes,
        None, None, None, "parquet",
    )  # fmt: skip


def refuse_untextable(name: str, names: tuple[str, ...], types: list[str]) -> None:
    """Refuse a column whose type has no plain text.

    Raises:
        InputError: there is one.
    """
    for position, (_, kind) in enumerate(zip(names, types, strict=True), start=1):
        if _NESTED.search(kind):
            raise InputError(
                f"{name}: column {position} is of type {kind.split('(')[0]}, which has no text."
                " Leave it out or write it as text."
            )


def _read_parquet(con: duckdb.DuckDBPyConnection, file: InputFile, types: list[str]) -> None:
    columns = [f"c{position}" for position in range(1, len(types) + 1)]
    selected = ", ".join(
        f"{as_text(column, kind)} AS {column}" for column, kind in zip(columns, types, strict=True)
    )
    con.execute(
        f"""
        CREATE OR REPLACE TABLE {raw_table(file)} AS
        SELECT {selected} FROM read_parquet($path) AS source({", ".join(columns)})
        """,
        {"path": str(file.path)},
    )


def as_text(column: str, kind: str) -> str:
    """Return the SQL that writes a column as text: an instant with its offset, others plainly."""
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"STRFTIME({column}, '%Y-%m-%d %H:%M:%S+00:00')"
    return f"CAST({column} AS VARCHAR)"
