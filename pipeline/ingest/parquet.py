"""Load one Parquet file into `raw.file_<id>` as text, whatever types it declares."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipeline.errors import InputError
from pipeline.ingest.dialect import refuse_repeated
from pipeline.ingest.load import LoadedFile, raw_table
from pipeline.ingest.locate import InputFile
from pipeline.ingest.scan import digest
from pipeline.ingest.unpack import is_swollen, refuse_bomb
from pipeline.store import count_rows

_DAMAGED = (duckdb.Error, RuntimeError, ValueError, MemoryError)
"""What DuckDB raises on a damaged file; not its own kind where the message holds broken text."""
_UNSOUND = (pa.ArrowException, OSError, MemoryError, LookupError, OverflowError)
_NEXT_IS_INTEGER = 0x15
_NESTED = re.compile(r"\[|STRUCT|MAP|UNION|LIST|BLOB|BIT\b|INTERVAL|VARIANT|GEOMETRY")


def load_parquet(con: duckdb.DuckDBPyConnection, file: InputFile) -> LoadedFile:
    """Load one Parquet file, every column as VARCHAR, and return what was counted.

    Raises:
        InputError: the file is damaged, unpacks beyond all measure, or a column holds bytes or a
            nested type.
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
        _refuse_bomb(con, file, [str(row[1]) for row in described])
        _read_parquet(con, file, [str(row[1]) for row in described])
        proof = "page checksums" if _has_sound_pages(file.path) else None
    except _DAMAGED as error:  # its text may quote a value
        if isinstance(error, duckdb.OutOfMemoryException) or _is_full(error):
            raise  # not the file's fault
        raise InputError(
            f"{file.name}: is not a whole Parquet file. Copy or export it again."
        ) from None
    sha256, n_bytes = digest(file.path)
    n_rows = count_rows(con, raw_table(file))
    return LoadedFile(
        file, names, "(rowid + 1)::INTEGER", n_rows, 0, sha256, n_bytes,
        None, None, None, "parquet", proof=proof,
    )  # fmt: skip


def _refuse_bomb(con: duckdb.DuckDBPyConnection, file: InputFile, types: list[str]) -> None:
    """Refuse a file that holds far more rows or text than its size, before a row is kept.

    A cell counts as one byte. Text is no longer than its part of the file unpacks to, or, where a
    word is stored once for many cells, than that for every cell: only columns that may be too long
    by this are measured.
    """
    packed = file.path.stat().st_size
    held = con.sql(
        """
        SELECT
            column_id,
            SUM(num_values),
            SUM(
                total_uncompressed_size
                * IF(REGEXP_MATCHES(encodings, 'DICTIONARY|DELTA'), num_values, 1)
            )
        FROM parquet_metadata($path)
        GROUP BY column_id
        """,
        params={"path": str(file.path)},
    ).fetchall()
    n_cells = sum(int(n_values) for _, n_values, _ in held)
    refuse_bomb(file.name, n_cells, packed)
    texts = [int(place) for place, _, most in held if is_swollen(n_cells + int(most), packed)]
    measured = [place for place in texts if types[place] == "VARCHAR"]
    if measured:
        names = ", ".join(f"c{place}" for place in range(len(types)))
        lengths = " + ".join(f"COALESCE(SUM(STRLEN(c{place})), 0)" for place in measured)
        found = con.sql(
            f"SELECT {lengths} FROM read_parquet($path) AS source({names})",
            params={"path": str(file.path)},
        ).fetchall()
        refuse_bomb(file.name, n_cells + int(found[0][0]), packed)


def _is_full(error: Exception) -> bool:
    return isinstance(error, duckdb.IOException) and os.strerror(errno.ENOSPC) in str(error)


def _has_sound_pages(path: Path) -> bool:
    """Say whether the pages of a file carry checksums, having held every one against its page.

    DuckDB reads past them. They cover the pages alone: of names, types and places, which stand at
    the end of the file, Parquet keeps no checksum, and many writers make none at all.

    Raises:
        ValueError: a page is not what its checksum says, or cannot be read at all.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415 - a quarter of a second that CSV need not wait

    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        if not any(_first_pages_checked(path, file.metadata)):
            return False
        for _ in file.iter_batches():
            pass
    except _UNSOUND:
        raise ValueError("pages") from None
    return True


def _first_pages_checked(path: Path, metadata: Any) -> Iterator[bool]:
    """Say of the first page of every column whether its header holds a checksum."""
    with path.open("rb") as stream:
        for group in range(metadata.num_row_groups):
            for position in range(metadata.num_columns):
                column = metadata.row_group(group).column(position)
                stream.seek(column.dictionary_page_offset or column.data_page_offset)
                yield _holds_checksum(stream.read(32))


def _holds_checksum(header: bytes) -> bool:
    """Read a page header, Thrift's compact protocol: after kind and two sizes comes a checksum."""
    position = 0
    for _ in range(3):
        position += 1
        while header[position] & 0x80:
            position += 1
        position += 1
    return header[position] == _NEXT_IS_INTEGER


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
