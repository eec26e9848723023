"""Keep the account of the files: what was read, and where every raw row went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

import duckdb

from pipeline.errors import CheckError, QuarantineLimitError
from pipeline.ingest.load import AROUND_A_TABLE, LoadedFile
from pipeline.ingest.sums import SUMS
from pipeline.store import count_rows

_TABLES = (
    """audit.input_file (
        file_id SMALLINT, file_name VARCHAR, table_name VARCHAR, record VARCHAR, sha256 VARCHAR,
        n_bytes BIGINT, encoding VARCHAR, delimiter VARCHAR, origin VARCHAR, reader VARCHAR,
        proof VARCHAR
    )""",
    """audit.file_ledger (
        file_id SMALLINT, raw_rows BIGINT, mapped_rows BIGINT, not_mapped_rows BIGINT,
        unreadable_rows BIGINT
    )""",
    "audit.record_supplied (record VARCHAR)",
    "audit.row_account (code VARCHAR, fate VARCHAR, n_rows BIGINT, grams DECIMAL(18, 3))",
    "audit.unused_column (file_id SMALLINT, position INTEGER, column_name VARCHAR)",
    "audit.unused_file (file_name VARCHAR)",
    """quarantine.unreadable (
        file_id SMALLINT, source_row INTEGER, reason VARCHAR, original_text VARCHAR
    )""",
)


def open_ledger(con: duckdb.DuckDBPyConnection) -> None:
    """Create the empty tables of the account."""
    for table in _TABLES:
        con.execute(f"CREATE TABLE {table}")


def enter_files(
    con: duckdb.DuckDBPyConnection, files: Iterable[LoadedFile], sums: Mapping[Path, str]
) -> None:
    """Write one row per input file to `audit.input_file`, with what proves its bytes, if anything.

    Args:
        con: the run's database.
        files: what was loaded.
        sums: the digests that came with the files, by path.
    """
    for loaded in files:
        file = loaded.file
        row = (
            file.file_id, file.name, file.table, file.record, loaded.sha256, loaded.n_bytes,
            loaded.encoding, loaded.delimiter, loaded.origin, loaded.reader,
            SUMS if file.path in sums else loaded.proof,
        )  # fmt: skip
        con.execute("INSERT INTO audit.input_file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def enter_names(con: duckdb.DuckDBPyConnection, table: str, names: Iterable[str]) -> None:
    """Write one row per name to a table of one column."""
    for name in names:
        con.execute(f"INSERT INTO {table} VALUES (?)", (name,))


def close_ledger(con: duckdb.DuckDBPyConnection, files: Iterable[LoadedFile]) -> None:
    """Write one row per input file to `audit.file_ledger`, and see that it closes.

    `raw_rows` is counted from the file, `mapped_rows` in the mapped tables: a row lost or
    invented between the two cannot hide.

    Raises:
        CheckError: raw rows are not the sum of mapped, not mapped and unreadable ones.
    """
    files = list(files)
    is_mapped_by_select = any(loaded.file.record is None for loaded in files)
    mapped = _mapped_rows(con, is_distinct=is_mapped_by_select)
    for loaded in files:
        _close(con, loaded, mapped.get(loaded.file.file_id, 0))


def _close(con: duckdb.DuckDBPyConnection, loaded: LoadedFile, n_mapped: int) -> None:
    n_not_mapped = 0
    if loaded.file.record is None:
        n_not_mapped = count_rows(con, loaded.table) - n_mapped
    if n_not_mapped < 0 or loaded.raw_rows != n_mapped + n_not_mapped + loaded.unreadable_rows:
        raise CheckError(
            f"{loaded.file.name}: {loaded.raw_rows} rows were read, but {n_mapped} are mapped,"
            f" {n_not_mapped} not mapped and {loaded.unreadable_rows} unreadable."
            " Nothing is published; report this with the mapping used."
        )
    con.execute(
        "INSERT INTO audit.file_ledger VALUES (?, ?, ?, ?, ?)",
        (loaded.file.file_id, loaded.raw_rows, n_mapped, n_not_mapped, loaded.unreadable_rows),
    )


def refuse_too_many_lines(con: duckdb.DuckDBPyConnection, limit: Decimal) -> None:
    """Raise when a larger share of the lines of a file could not be read than allowed.

    Titles and totals of a sheet do not count: what stands around a table was never a record.

    Raises:
        QuarantineLimitError: with counts and the commonest reason; no values.
    """
    found = con.sql(
        """
        WITH lost AS (
            SELECT file_id, reason, COUNT(*) AS n_lines
            FROM quarantine.unreadable
            WHERE NOT LIST_CONTAINS($around, reason)
            GROUP BY file_id, reason
        )
        SELECT
            f.file_name, SUM(u.n_lines) AS n_lost, l.raw_rows,
            FIRST(u.reason ORDER BY u.n_lines DESC, u.reason) AS reason
        FROM audit.file_ledger AS l
        INNER JOIN audit.input_file AS f USING (file_id)
        INNER JOIN lost AS u USING (file_id)
        GROUP BY f.file_name, l.raw_rows
        HAVING SUM(u.n_lines) > $limit * l.raw_rows
        ORDER BY SUM(u.n_lines) / l.raw_rows DESC, f.file_name
        LIMIT 1
        """,
        params={"limit": limit, "around": list(AROUND_A_TABLE)},
    ).fetchall()
    for name, unreadable, raw, reason in found:
        raise QuarantineLimitError(
            f"{name}: {unreadable} of {raw} lines are no records, most of them for {reason};"
            f" limit {(limit * 100).normalize():f} %. Mend the extract, or rerun with"
            " --max-quarantine 100% to see them in quarantine.csv."
        )


def _mapped_rows(con: duckdb.DuckDBPyConnection, *, is_distinct: bool) -> dict[int, int]:
    """Return the number of raw rows of each file that appear in any mapped record.

    A SELECT may map a raw row twice; a contract file cannot, and is counted without sorting.
    """
    records = [row[0] for row in con.sql("SELECT record FROM audit.record_supplied").fetchall()]
    union = " UNION ALL ".join(f"SELECT source_file, source_row FROM mapped.{r}" for r in records)
    counted = "COUNT(DISTINCT source_row)" if is_distinct else "COUNT(source_row)"
    found = con.sql(f"SELECT source_file, {counted} FROM ({union}) GROUP BY source_file")
    return dict(found.fetchall())
