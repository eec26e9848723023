"""Read the lines of a file of resources, or the one document that it is, into `raw.line`."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import duckdb
import polars as pl

from pipeline.ingest.unpack import PlainText
from pipeline.store import count_rows

# A longer line, such as a Bundle, is read without the buffers of the fast reader.
_MAX_FAST_LINE = 1_000_000
MAX_LINE = 2 * _MAX_FAST_LINE
_BATCH = 10_000
# A malformed line has no type, and neither has JSON that is no resource.
TYPE = "TRY(JSON_EXTRACT_STRING(body, '$.resourceType'))"
LINES = """read_csv(
    $path, columns = {'body': 'VARCHAR'}, auto_detect = false, header = false,
    delim = e'\\x01', quote = '', escape = '', max_line_size = $max_line
)"""
"""The lines of a file, in order, each a row; blank ones are left out."""


def read_lines(con: duckdb.DuckDBPyConnection, plain: PlainText, name: str) -> bool:
    """Fill `raw.line`; say whether the file is one document and not lines of them."""
    con.execute(
        "CREATE OR REPLACE TABLE raw.line (source_row BIGINT, bundle_row BIGINT, full_url VARCHAR,"
        " body VARCHAR, resource_type VARCHAR)"
    )
    is_named_so = name.lower().removesuffix(".gz").endswith(".json")
    if is_named_so and _read_document(con, plain):
        return True
    if not _read_fast(con, plain):
        con.execute("DELETE FROM raw.line")
        _read_carefully(con, plain.path)
    found = con.sql("SELECT COUNT(resource_type) FROM raw.line").fetchall()
    return not found[0][0] and _read_document(con, plain)


def is_plain(plain: PlainText) -> bool:
    """Say whether the fast reader may read a file: no odd bytes and no very long line."""
    seen = plain.scan
    is_short = seen.longest_line <= _MAX_FAST_LINE
    return is_short and not seen.has_nul and not plain.has_undecodable


def _read_document(con: duckdb.DuckDBPyConnection, plain: PlainText) -> bool:
    """Read a file that is one JSON value, as a Bundle over many lines is, or a list of them."""
    if plain.scan.has_nul or plain.has_undecodable:
        return False
    frame = pl.DataFrame({"body": [plain.path.read_text(encoding="utf-8-sig")]})
    con.register("document", frame)
    try:
        found = con.sql("SELECT TRY(JSON_TYPE(body)) FROM document").fetchall()[0][0]
        if found in ("OBJECT", "ARRAY"):
            listed = "JSON_EXTRACT(body, '$[*]')" if found == "ARRAY" else "[body]"
            con.execute("DELETE FROM raw.line")
            con.execute(
                f"""
                INSERT INTO raw.line
                SELECT place, NULL, NULL, body, {TYPE}
                FROM (
                    SELECT
                        GENERATE_SUBSCRIPTS({listed}, 1) AS place,
                        CAST(UNNEST({listed}) AS VARCHAR) AS body
                    FROM document
                )
                """
            )
    finally:
        con.unregister("document")
    return found in ("OBJECT", "ARRAY")


def _read_fast(con: duckdb.DuckDBPyConnection, plain: PlainText) -> bool:
    """Read the lines in one go; say whether they are as many as the bytes have."""
    if not is_plain(plain):
        return False
    try:
        con.execute(
            f"INSERT INTO raw.line"
            f" SELECT ROW_NUMBER() OVER (), NULL, NULL, body, {TYPE} FROM {LINES}",
            {"path": str(plain.path), "max_line": MAX_LINE},
        )
    except duckdb.Error:  # its text quotes the line at fault
        return False
    return count_rows(con, "raw.line") == plain.scan.n_lines


def _read_carefully(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Read line by line, whatever the bytes and however long the lines."""
    with path.open(encoding="utf-8-sig", errors="ivig_audit_mark", newline="\n") as source:
        numbered = enumerate((line for line in source if line.strip()), start=1)
        while batch := list(islice(numbered, _BATCH)):
            rows, lines = zip(*batch, strict=True)
            frame = pl.DataFrame({"source_row": rows, "body": [line.strip() for line in lines]})
            con.register("batch", frame)
            con.execute(
                f"""
                INSERT INTO raw.line
                SELECT source_row, NULL, NULL, body, CASE WHEN {damage()} IS NULL THEN {TYPE} END
                FROM batch
                """
            )
            con.unregister("batch")


def damage() -> str:
    """Return the SQL that names bytes no text may hold, in a line or a resource."""
    return """CASE
        WHEN CONTAINS(body, CHR(0)) THEN 'nul_byte'
        WHEN CONTAINS(body, CHR(65535)) THEN 'encoding'
    END"""
