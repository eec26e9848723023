"""Read tables from a database server into `raw.file_<id>`: as text, in batches, for reading only.

All tables are read in one transaction, so that they are of one moment.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline.config import Database, Settings
from pipeline.errors import ConfigError, InputError
from pipeline.ingest.dialect import refuse_repeated
from pipeline.ingest.load import LoadedFile, raw_table
from pipeline.ingest.locate import InputFile
from pipeline.ingest.server import dbapi, postgresql
from pipeline.ingest.server.session import Session
from pipeline.store import count_rows

__all__ = ["ServedTable", "load_served", "locate_served"]

_ARRIVING = "raw.arriving"


@dataclass(frozen=True)
class ServedTable(InputFile):
    """One row per table that a database serves: the SELECT that reads it."""

    select: str = ""


def locate_served(
    settings: Settings, tables: Collection[str], taken: Collection[InputFile], *, is_record: bool
) -> list[InputFile]:
    """Return the tables that the database serves, numbered after the files.

    Args:
        settings: the settings of the run.
        tables: the records or raw tables that may be served.
        taken: the files found before.
        is_record: whether the tables are records of the contract.

    Raises:
        InputError: one of them lies in a file, too.
    """
    if settings.database is None:
        return []
    served = {name: text for name, text in settings.database.selects.items() if name in tables}
    for file in taken:
        if file.table in served:
            raise InputError(
                f"{file.name}: {file.table} comes from the database, too, and every record would"
                " count twice. Keep one of them."
            )
    kind = settings.database.kind
    return [
        ServedTable(
            number, Path(kind), f"{kind}#{name}", name, name if is_record else None, select=select
        )
        for number, (name, select) in enumerate(served.items(), start=len(taken) + 1)
    ]


def load_served(
    con: duckdb.DuckDBPyConnection, tables: Collection[ServedTable], settings: Settings
) -> dict[int, LoadedFile]:
    """Load the tables of the database, every column as VARCHAR, by file id.

    Raises:
        InputError: the database cannot be reached, refuses, or ends the connection.
        ConfigError: the password is not in the environment.
    """
    if not tables or settings.database is None:
        return {}
    with _opened(settings.database, settings.source_folder) as session:
        return {table.file_id: _load(con, session, table) for table in tables}


@contextmanager
def _opened(database: Database, folder: Path) -> Iterator[Session]:
    opened = postgresql.connect if database.kind == "postgresql" else dbapi.connect
    session = opened(database, _password(database), folder)
    try:
        yield session
    finally:
        session.close()


def _password(database: Database) -> str | None:
    """Return the password; None: none is told, and the server may not ask for one.

    Raises:
        ConfigError: audit.toml names a variable that is not set.
    """
    password = os.environ.get(database.password_env)
    if password is None and "password_env" in database.model_fields_set:
        raise ConfigError(
            "audit.toml: the environment variable that database.password_env names is not set."
        )
    return password


def _load(con: duckdb.DuckDBPyConnection, session: Session, table: ServedTable) -> LoadedFile:
    found, batches = session.read(table.name, table.select)
    names = tuple(name.strip() for name in found)
    refuse_repeated(table.name, names)
    columns = [f"c{number}" for number in range(1, len(names) + 1)]
    con.execute(
        f"CREATE OR REPLACE TABLE {_ARRIVING} ({', '.join(f'{c} VARCHAR' for c in columns)})"
    )
    n_rows = 0
    for batch in batches:
        con.register("batch", batch.rename_columns(columns))
        con.execute(f"INSERT INTO {_ARRIVING} FROM batch")
        con.unregister("batch")
        n_rows += batch.num_rows
    _settle(con, table, columns)
    sha256, n_bytes = _digest(con, table, columns)
    return LoadedFile(
        table, names, "(rowid + 1)::INTEGER", n_rows, n_rows - count_rows(con, raw_table(table)),
        sha256, n_bytes, None, None, "audit.toml", session.reader,
    )  # fmt: skip


def _settle(con: duckdb.DuckDBPyConnection, table: ServedTable, columns: list[str]) -> None:
    """Put the rows in an order of their own: that of a server may be another tomorrow."""
    # an empty text and none are the same, as in CSV
    texts = ", ".join(f"NULLIF({column}, '') AS {column}" for column in columns)
    con.execute(
        f"CREATE OR REPLACE TABLE {raw_table(table)} AS"
        f" SELECT {texts} FROM {_ARRIVING} ORDER BY {', '.join(columns)}"
    )
    con.execute(f"DROP TABLE {_ARRIVING}")


def _digest(
    con: duckdb.DuckDBPyConnection, table: ServedTable, columns: list[str]
) -> tuple[str, int]:
    """Return a digest of the rows, whatever their order, and the bytes of their text."""
    listed = ", ".join(columns)
    found = con.sql(
        f"""
        SELECT
            COUNT(*),
            SUM(MD5_NUMBER_LOWER(row_text)::HUGEINT),
            SUM(MD5_NUMBER_UPPER(row_text)::HUGEINT),
            SUM(STRLEN(row_text))
        FROM (SELECT CAST([{listed}] AS VARCHAR) AS row_text FROM {raw_table(table)})
        """
    ).fetchall()[0]
    return hashlib.sha256(repr(found[:3]).encode()).hexdigest(), int(found[3] or 0)
