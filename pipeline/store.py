"""Open the run's DuckDB file and lock it down once the input is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

import duckdb

from pipeline.errors import InputError

DATABASE_VERSION: Final = 4
"""Raised when a table that a command reads from a finished run gets other columns."""
CONTRACT_VERSION: Final = 2
"""Raised when the record contract gets other columns, units or words."""

TIGHT: Final = "No text begins or ends with a blank."
"""The comment of a view of mapped rows whose texts need not be looked at for blanks."""

LAYERS = ("staged", "quarantine", "guideline", "derived", "audit", "report")


def open_store(
    path: Path | None = None, *, threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    """Open a database with an empty schema per layer, and `raw`, `mapped` and `aside` in memory.

    The file is attached under another name than its own: `audit.duckdb` holds a schema
    `audit`, and DuckDB takes a catalog and a schema of one name for ambiguous.

    Args:
        path: the file to create; None keeps everything in memory.
        threads: how many threads DuckDB may use; None leaves its default.
    """
    con = reopen_store(path, threads=threads)
    for layer in LAYERS:
        con.execute(f"CREATE SCHEMA {layer}")
    return con


def reopen_store(
    path: Path | None = None, *, threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    """Open a database as `open_store` does, with what is in it already and no schema more."""
    con = _connect()
    if threads is not None:
        con.execute("SET threads = $threads", {"threads": threads})
    if path is not None:
        _attach(con, f"'{quoted(path)}' AS this_run")
    for name in ("raw", "mapped", "aside"):
        con.execute(f"ATTACH ':memory:' AS {name}")
    return con


def open_finished(path: Path) -> duckdb.DuckDBPyConnection:
    """Open the database of a finished run for reading only."""
    con = _connect()
    _attach(con, f"'{quoted(path)}' AS this_run (READ_ONLY)")
    return con


def open_answering(path: Path) -> duckdb.DuckDBPyConnection:
    """Open the database of a finished run to answer from, if it is of our version; nothing else.

    The connection reaches no other file, and no statement can give that back to it.

    Raises:
        InputError: another version of the program wrote it, or its records follow another contract.
    """
    con = open_finished(path)
    try:
        _refuse_other_version(con, path)
    except BaseException:
        con.close()
        raise
    con.execute("SET temp_directory = ''")  # what is asked must not spill where somebody works
    lock_down(con, [])
    return con


def _refuse_other_version(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    try:
        found = con.sql(
            "SELECT version, database_version, contract_version FROM audit.program"
        ).fetchall()
    except (duckdb.BinderException, duckdb.CatalogException):
        found = []  # made before there were versions, or by something else
    program, *versions = found[0] if found else ("of an earlier version", 0, 0)
    if versions != [DATABASE_VERSION, CONTRACT_VERSION]:
        raise InputError(
            f"{path.parent.name}: its {path.name} was written by ivig-audit {program} (database "
            f"version {versions[0]}, contract version {versions[1]}); this program reads database "
            f"version {DATABASE_VERSION}, contract version {CONTRACT_VERSION}. Run `ivig-audit run`"
            " again, or ask with the program that wrote it."
        )


def _connect() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(
        config={"python_enable_replacements": False, "autoinstall_known_extensions": False}
    )
    con.execute("SET GLOBAL TimeZone = 'UTC'")  # of every connection to it
    con.execute("SET enable_progress_bar = false")  # nothing but our own lines goes into a log
    return con


def beside(
    con: duckdb.DuckDBPyConnection, database: str | None = None
) -> duckdb.DuckDBPyConnection:
    """Return a second connection to the same databases, for another thread of Python.

    What lies in `temp` is each connection's own.

    Args:
        con: the first; it may be at work, so nothing is asked of it.
        database: the one in use, where names without a database are looked up.
    """
    own = con.cursor()
    if database is not None:
        own.execute(f'USE "{database}"')
    return own


@contextmanager
def meanwhile(
    con: duckdb.DuckDBPyConnection, work: Callable[[duckdb.DuckDBPyConnection], None]
) -> Iterator[Callable[[], None]]:
    """Do some work on a second connection while a block runs, and give it what waits for the end.

    A fault of the work is raised by that waiting, or at the end of the block; one of the block
    stops the work. Where the run may use one thread only, the work is done when it is waited for.

    Args:
        con: the connection of the block.
        work: what to do; it cannot see what lies in `temp` of `con`.
    """
    if n_threads(con) == 1:
        finish = cache(lambda: work(con))
        yield finish
        finish()
        return
    with beside(con, in_use(con)) as own, ThreadPoolExecutor(max_workers=1) as pool:
        doing = pool.submit(work, own)
        try:
            yield doing.result
        except BaseException:
            own.interrupt()
            raise
        doing.result()


def in_use(con: duckdb.DuckDBPyConnection) -> str:
    """Return the database in use, where names without a database are looked up."""
    return str(con.sql("SELECT CURRENT_DATABASE()").fetchall()[0][0])


def n_threads(con: duckdb.DuckDBPyConnection) -> int:
    """Return how many threads DuckDB may use."""
    found = con.sql("SELECT CURRENT_SETTING('threads')").fetchall()
    return int(found[0][0])


def _attach(con: duckdb.DuckDBPyConnection, what: str) -> None:
    con.execute(f"ATTACH {what}")
    con.execute("USE this_run")


def quoted(path: Path) -> str:
    """Return a path for an SQL literal; ATTACH and COPY take no parameter."""
    return str(path).replace("'", "''")


def lock_down(con: duckdb.DuckDBPyConnection, allowed: list[Path]) -> None:
    """Let the connection touch only the allowed folders from now on, for good."""
    con.execute("SET allowed_directories = $allowed", {"allowed": [str(path) for path in allowed]})
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")


def forget_raw(con: duckdb.DuckDBPyConnection) -> None:
    """Drop the text of the files from memory; what is needed of it is staged or quarantined."""
    con.execute("DETACH mapped")
    con.execute("DETACH raw")


def create_table(con: duckdb.DuckDBPyConnection, name: str, select: str) -> None:
    """Create the table `name` (schema.table, from our own code) from one SELECT."""
    con.execute(f"CREATE TABLE {name} AS {select}")


def insert_rows(
    con: duckdb.DuckDBPyConnection,
    name: str,
    columns: Mapping[str, str],
    rows: Sequence[Sequence[object]],
) -> None:
    """Create the table `name` (schema.table, from our own code) with these rows, typed exactly.

    Values go in as text, so that a decimal is the one that was meant.
    """
    declared = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    con.execute(f"CREATE OR REPLACE TABLE {name} ({declared})")
    if rows:
        listed = zip(columns.items(), zip(*rows, strict=True), strict=True)
        texts = {column: [_text(value) for value in values] for (column, _), values in listed}
        typed = ", ".join(
            f"CAST(UNNEST(${column}::VARCHAR[]) AS {kind})" for column, kind in columns.items()
        )
        con.execute(f"INSERT INTO {name} SELECT {typed}", texts)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def count_rows(con: duckdb.DuckDBPyConnection, name: str) -> int:
    """Return how many rows the table `name` (from our own code) holds."""
    found = con.execute(f"SELECT COUNT(*) FROM {name}").fetchall()
    return int(found[0][0])
