"""Load one input file into `raw.file_<id>`: strictly and fast, carefully when that fails."""

from __future__ import annotations

import errno
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import duckdb
import polars as pl

from pipeline.config import Csv
from pipeline.errors import InputError
from pipeline.ingest.careful import (
    MAX_RECORD_BYTES,
    Record,
    Shape,
    Unreadable,
    read_carefully,
)
from pipeline.ingest.dialect import Header, read_header
from pipeline.ingest.locate import InputFile
from pipeline.ingest.scan import digest
from pipeline.ingest.unpack import PlainText, plain_text, scratch_file
from pipeline.store import count_rows

# A line longer than this goes to the careful reader, which measures its cells.
_MAX_FAST_LINE = 1_000_000
MAX_KEPT_CHARS = 10_000
_BATCH = 50_000
# Why a row of a sheet is kept out that would be a record in no file.
AROUND_A_TABLE = ("above_head", "totals_row", "repeated_head", "note")
NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


@dataclass(frozen=True)
class TextFile:
    """One row per delimited file before it is loaded."""

    file: InputFile
    sha256: str
    n_bytes: int
    plain: PlainText
    header: Header


@dataclass(frozen=True)
class LoadedFile:
    """One row per input file: its columns in `raw.file_<id>` and what was counted."""

    file: InputFile
    names: tuple[str, ...]
    row_number: str  # the SQL that numbers a record within its file
    raw_rows: int
    unreadable_rows: int
    sha256: str
    n_bytes: int
    encoding: str | None
    delimiter: str | None
    origin: str | None
    reader: str
    # of a file of resources: by table of the layout, the table with its resources
    parts: dict[str, str] = field(default_factory=dict)
    proof: str | None = None
    """What the file itself holds to tell that its bytes are as they were written."""
    is_tight: bool = False
    """No cell begins or ends with a blank."""

    @property
    def table(self) -> str:
        """Name the table with the file's records; its columns are c1, c2 and so on."""
        return raw_table(self.file)

    def column(self, name: str) -> str | None:
        """Return the SQL of a column by its name in the file, case forgiven."""
        lower = [known.lower() for known in self.names]
        return f"c{lower.index(name.lower()) + 1}" if name.lower() in lower else None


def raw_table(file: InputFile) -> str:
    """Name the table of one file."""
    return f"raw.file_{file.file_id}"


def open_text(file: InputFile, told: Csv, known: Collection[str], scratch: Path) -> TextFile:
    """Return digest, encoding, delimiter and header of a delimited file."""
    try:
        plain = plain_text(file.path, file.name, told.encoding, scratch)
        sha256, n_bytes = plain.scan.sha256, plain.scan.n_bytes
        if plain.path != file.path:
            sha256, n_bytes = digest(file.path)
        return TextFile(
            file, sha256, n_bytes, plain, read_header(plain.path, file.name, told, known)
        )
    except OSError as error:
        if error.errno in NO_SPACE:  # the copy failed, not the file
            raise
        raise InputError(f"{file.name}: cannot be read ({error.strerror}).") from None


def load_text(
    con: duckdb.DuckDBPyConnection, text: TextFile, quote: str, scratch: Path
) -> LoadedFile:
    """Load one delimited file and return what was counted.

    Raises:
        InputError: even the lines that look whole cannot be loaded.
    """
    return finish_text(con, text, quote, scratch, load_fast(con, text, quote))


def finish_text(
    con: duckdb.DuckDBPyConnection, text: TextFile, quote: str, scratch: Path, n_rows: int | None
) -> LoadedFile:
    """Return what was counted of a file of which `load_fast` said `n_rows`, loading it if need be.

    Raises:
        InputError: even the lines that look whole cannot be loaded.
    """
    if n_rows is not None:
        loaded = _loaded(text, "(rowid + 1)::INTEGER", n_rows, 0, "strict")
        is_usual = quote == '"' and text.header.delimiter in ",;|"
        return replace(loaded, is_tight=is_usual and text.plain.scan.is_tight)
    n_rows, n_unreadable = _load_carefully(con, text, quote, scratch)
    return _loaded(text, "source_row", n_rows + n_unreadable, n_unreadable, "careful")


def _loaded(
    text: TextFile, row_number: str, raw_rows: int, unreadable_rows: int, reader: str
) -> LoadedFile:
    return LoadedFile(
        text.file, text.header.names, row_number, raw_rows, unreadable_rows, text.sha256,
        text.n_bytes, text.plain.encoding, text.header.delimiter,
        "audit.toml" if "audit.toml" in (text.plain.origin, text.header.origin) else "detected",
        reader,
    )  # fmt: skip


def load_fast(
    con: duckdb.DuckDBPyConnection, text: TextFile, quote: str, *, is_shared: bool = True
) -> int | None:
    """Load a file strictly; return the number of records, None where it needs the careful reader.

    Several threads on one file cost half as much again, for DuckDB copies the small batches of
    each into whole groups of rows; with as many files at once as there are threads, one does.

    Args:
        con: the run's database.
        text: the file, opened.
        quote: the quote of its cells.
        is_shared: all threads of DuckDB read the file.
    """
    seen = text.plain.scan
    if seen.has_nul or text.plain.has_undecodable or seen.longest_line > _MAX_FAST_LINE:
        return None
    columns = {f"c{n}": "VARCHAR" for n in range(1, len(text.header.names) + 1)}
    try:
        _read_csv(con, text, quote, text.plain.path, columns, has_header=True, is_shared=is_shared)
    except duckdb.Error:  # its text quotes the line at fault
        return None
    n_rows = count_rows(con, raw_table(text.file))
    return n_rows if n_rows == seen.n_lines - 1 else None


def _load_carefully(
    con: duckdb.DuckDBPyConnection, text: TextFile, quote: str, scratch: Path
) -> tuple[int, int]:
    """Write the good lines, numbered, to a clean file, load that, and keep the others."""
    clean, header = scratch_file(scratch), text.header
    n_unreadable = _clean_copy(con, text, quote, clean)
    columns = {"source_row": "INTEGER"}
    columns |= {f"c{n}": "VARCHAR" for n in range(1, len(header.names) + 1)}
    try:
        _read_csv(con, text, quote, clean, columns, has_header=False)
    except (duckdb.OutOfMemoryException, duckdb.IOException):  # not the file's fault
        raise
    except duckdb.Error:
        raise InputError(
            f"{text.file.name}: cannot be read, not even line by line. Is it a delimited file?"
        ) from None
    clean.unlink()
    return count_rows(con, raw_table(text.file)), n_unreadable


def _clean_copy(con: duckdb.DuckDBPyConnection, text: TextFile, quote: str, clean: Path) -> int:
    """Write the readable records to `clean`; return how many lines were not readable."""
    delimiter = text.header.delimiter.encode()
    shape = Shape(len(text.header.names), delimiter, quote.encode())
    found, n_unreadable = read_carefully(text.plain.path, shape), 0
    with clean.open("wb") as out:
        while batch := list(islice(found, _BATCH)):
            out.writelines(
                b"%d%b%b\n" % (record.source_row, delimiter, record.text)
                for record in batch
                if isinstance(record, Record)
            )
            damaged = [record for record in batch if isinstance(record, Unreadable)]
            _keep_unreadable(con, text.file, damaged)
            n_unreadable += len(damaged)
    return n_unreadable


def _keep_unreadable(
    con: duckdb.DuckDBPyConnection, file: InputFile, damaged: list[Unreadable]
) -> None:
    if not damaged:
        return
    frame = pl.DataFrame(
        {
            "source_row": [record.source_row for record in damaged],
            "reason": [record.reason for record in damaged],
            "original_text": [_shown(record.text) for record in damaged],
        }
    )
    con.register("damaged", frame)
    con.execute(
        "INSERT INTO quarantine.unreadable"
        " SELECT $file_id, source_row, reason, original_text FROM damaged",
        {"file_id": file.file_id},
    )
    con.unregister("damaged")


def _shown(line: bytes) -> str:
    text = line[:MAX_KEPT_CHARS].decode("utf-8", "backslashreplace")
    return text.replace("\0", "\\x00")


def _read_csv(
    con: duckdb.DuckDBPyConnection,
    text: TextFile,
    quote: str,
    path: Path,
    columns: dict[str, str],
    *,
    has_header: bool,
    is_shared: bool = True,
) -> None:
    # Requoting can double a record's quotes; the reader's buffers are 16 times this size.
    max_line = 2 * _MAX_FAST_LINE if has_header else 3 * MAX_RECORD_BYTES
    con.execute(
        f"""
        CREATE OR REPLACE TABLE {raw_table(text.file)} AS
        FROM read_csv(
            $path, columns = $columns, auto_detect = false, header = $header,
            delim = $delim, quote = $quote, escape = $quote,
            strict_mode = true, null_padding = false, max_line_size = $max_line,
            parallel = $is_shared
        )
        """,
        {
            "path": str(path),
            "columns": columns,
            "header": has_header,
            "delim": text.header.delimiter,
            "quote": quote,
            "max_line": max_line,
            "is_shared": is_shared,
        },
    )
