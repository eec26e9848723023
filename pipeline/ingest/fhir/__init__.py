"""Load FHIR resources: NDJSON of a bulk export, Bundles, and Bundles inside NDJSON.

Every file becomes `raw.file_<id>`, one row per resource with its type, and for each table of the
layout whose resource it holds a table of the elements that table asks for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline.errors import InputError
from pipeline.ingest.fhir.bundles import open_bundles
from pipeline.ingest.fhir.elements import MACROS, elements, make_resource_table, take_elements
from pipeline.ingest.fhir.lines import LINES, MAX_LINE, damage, is_plain, read_lines
from pipeline.ingest.layout import RawTable
from pipeline.ingest.load import MAX_KEPT_CHARS, NO_SPACE, LoadedFile, raw_table
from pipeline.ingest.locate import InputFile
from pipeline.ingest.scan import digest
from pipeline.ingest.unpack import PlainText, plain_text
from pipeline.store import count_rows

__all__ = [
    "MACROS", "ResourceFile", "load_resources", "make_resource_table", "open_resources",
]  # fmt: skip


@dataclass(frozen=True)
class ResourceFile:
    """One row per file of resources before it is loaded."""

    file: InputFile
    sha256: str
    n_bytes: int
    plain: PlainText


def open_resources(file: InputFile, encoding: str | None, scratch: Path) -> ResourceFile:
    """Return digest and UTF-8 text of a file of resources; a bulk export may hold empty files.

    Raises:
        InputError: it cannot be read, or is no whole gzip file.
    """
    try:
        plain = plain_text(file.path, file.name, encoding, scratch, may_be_empty=True)
        sha256, n_bytes = plain.scan.sha256, plain.scan.n_bytes
        if plain.path != file.path:
            sha256, n_bytes = digest(file.path)
    except OSError as error:
        if error.errno in NO_SPACE:  # the copy failed, not the file
            raise
        raise InputError(f"{file.name}: cannot be read ({error.strerror}).") from None
    return ResourceFile(file, sha256, n_bytes, plain)


def load_resources(
    con: duckdb.DuckDBPyConnection, opened: ResourceFile, tables: Mapping[str, RawTable]
) -> LoadedFile:
    """Load one file and return what was counted.

    A resource is numbered by its place in the file: the line of NDJSON, and the entries of a
    Bundle one by one. What is no resource is kept as unreadable, with its reason.
    """
    parts = _load_one_type(con, opened, tables)
    if parts:
        return _loaded(con, opened, 0, "lines", parts)
    reader = "document" if read_lines(con, opened.plain, opened.file.name) else "lines"
    open_bundles(con)
    n_unreadable = _set_apart(con, opened.file)
    parts = take_elements(con, opened.file, tables)
    con.execute("DROP TABLE raw.line")
    return _loaded(con, opened, n_unreadable, reader, parts)


def _loaded(
    con: duckdb.DuckDBPyConnection,
    opened: ResourceFile,
    n_unreadable: int,
    reader: str,
    parts: dict[str, str],
) -> LoadedFile:
    n_rows = count_rows(con, raw_table(opened.file)) + n_unreadable
    return LoadedFile(
        opened.file, (), "source_row", n_rows, n_unreadable, opened.sha256, opened.n_bytes,
        opened.plain.encoding, None, None, reader, parts,
    )  # fmt: skip


def _load_one_type(
    con: duckdb.DuckDBPyConnection, opened: ResourceFile, tables: Mapping[str, RawTable]
) -> dict[str, str]:
    """Read a file that holds whole resources of one type, as a bulk export has them, in one go.

    Returns:
        The table made, by its name in the layout; nothing when the file is of another kind.
    """
    plain, made = opened.plain, raw_table(opened.file)
    wanted = _first_type(plain) if is_plain(plain) else None
    name = next((name for name, table in tables.items() if table.resource == wanted), None)
    if name is None:
        return {}
    try:
        con.execute(
            f"""
            CREATE OR REPLACE TABLE {made}_{name} AS
            WITH resource AS (
                SELECT ROW_NUMBER() OVER () AS source_row, NULL::VARCHAR AS full_url, body
                FROM {LINES}
            )

            {elements(opened.file, tables[name])}
            """,
            {"path": str(plain.path), "max_line": MAX_LINE},
        )
    except duckdb.Error:  # a line is damaged; its text quotes it
        return {}
    found = con.sql(
        f"SELECT COUNT(*), COUNT(*) FILTER (resourceType = $wanted) FROM {made}_{name}",
        params={"wanted": wanted},
    ).fetchall()
    if found != [(plain.scan.n_lines, plain.scan.n_lines)]:
        con.execute(f"DROP TABLE {made}_{name}")
        return {}
    con.execute(
        f"CREATE OR REPLACE TABLE {made} AS"
        f" SELECT source_row, resourceType AS resource_type FROM {made}_{name}"
    )
    return {name: f"{made}_{name}"}


def _first_type(plain: PlainText) -> str | None:
    """Return the type of the first resource of a file, if its first line is one."""
    with plain.path.open(encoding="utf-8-sig") as source:
        first = next((line for line in source if line.strip()), "")
    try:
        told = json.loads(first)
    except ValueError:
        return None
    return told.get("resourceType") if isinstance(told, dict) else None


def _set_apart(con: duckdb.DuckDBPyConnection, file: InputFile) -> int:
    """Name the type of every resource in `raw.file_<id>`; keep and count what is none."""
    con.execute(
        f"""
        INSERT INTO quarantine.unreadable
        SELECT
            $file_id,
            source_row,
            CASE
                WHEN body IS NULL THEN 'entry_without_resource'
                WHEN {damage()} IS NOT NULL THEN {damage()}
                WHEN resource_type = 'Bundle' THEN 'bundle_too_deep'
                WHEN NOT JSON_VALID(body) THEN 'not_json'
                ELSE 'no_resource'
            END,
            REPLACE(LEFT(body, {MAX_KEPT_CHARS}), CHR(0), '\\x00')
        FROM raw.line
        WHERE resource_type IS NULL OR resource_type = 'Bundle'
        ORDER BY source_row
        """,
        {"file_id": file.file_id},
    )
    con.execute(
        f"""
        CREATE OR REPLACE TABLE {raw_table(file)} AS
        SELECT CAST(source_row AS INTEGER) AS source_row, resource_type
        FROM raw.line
        WHERE resource_type != 'Bundle'
        """
    )
    return count_rows(con, "raw.line") - count_rows(con, raw_table(file))
