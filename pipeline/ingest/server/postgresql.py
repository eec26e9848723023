"""Read from PostgreSQL through ADBC: the server writes the text, and rows come as Arrow batches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pyarrow as pa

from pipeline.config import Database
from pipeline.errors import InputError
from pipeline.ingest.layout import identifier
from pipeline.ingest.server.session import driver, lost, refused, unreachable

# A line that went dead in silence is noticed within minutes, not after hours.
_OPTIONS = {
    "application_name": "ivig-audit",
    "connect_timeout": "15",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "6",
    "tcp_user_timeout": "90000",
}
_BATCH_BYTES = 4_000_000
# What every later statement sees was there when the first one began.
_OPENING = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
    "SET LOCAL DateStyle = 'ISO, YMD'",
    "SET LOCAL TimeZone = 'UTC'",
    "SET LOCAL extra_float_digits = 1",
    "SET LOCAL bytea_output = 'hex'",
)
_NO_PASSWORD = re.compile(r"password|28P01|28000|no pg_hba", re.IGNORECASE)
# Faults of the statement itself: their first line names tables and columns, never values.
_OF_STATEMENT = re.compile(r"ERROR: +([^\n]+)")


def connect(database: Database, password: str | None, _folder: Path) -> PostgreSQL:
    """Open a connection and a transaction that can only read.

    Raises:
        InputError: the server cannot be reached, or refuses.
    """
    adbc: Any = driver("adbc_driver_postgresql.dbapi", database)
    try:
        connection = adbc.connect(_uri(database, password))
    except adbc.Error as error:
        raise unreachable(database, is_refused=bool(_NO_PASSWORD.search(str(error)))) from None
    session = PostgreSQL(adbc, connection)
    try:
        session.open()
    except adbc.Error:
        session.close()
        raise unreachable(database, is_refused=False) from None
    return session


def _uri(database: Database, password: str | None) -> str:
    secret = "" if password is None else f":{quote(password, safe='')}"
    user = f"{quote(database.user, safe='')}{secret}@" if database.user or secret else ""
    host = database.split.netloc.rpartition("@")[2]
    options = _OPTIONS | database.options
    return f"postgresql://{user}{host}/{quote(database.name, safe='')}?{urlencode(options)}"


class PostgreSQL:
    """One transaction on a PostgreSQL server."""

    reader = "postgresql"

    def __init__(self, adbc: Any, connection: Any) -> None:
        self._adbc, self._connection = adbc, connection

    def open(self) -> None:
        """Begin the transaction."""
        with self._connection.cursor() as cursor:
            for statement in _OPENING:
                cursor.execute(statement)

    def read(self, name: str, select: str) -> tuple[list[str], Iterator[pa.Table]]:
        """Return names and rows of a SELECT; the server turns every column into text."""
        columns = self._columns(name, select)
        return columns, self._batches(name, select, columns)

    def _batches(self, name: str, select: str, columns: list[str]) -> Iterator[pa.Table]:
        texts = ", ".join(f"CAST({identifier(column)} AS text)" for column in columns)
        n_rows = 0
        with self._connection.cursor() as cursor:
            cursor.adbc_statement.set_options(
                **{"adbc.postgresql.batch_size_hint_bytes": str(_BATCH_BYTES)}
            )
            try:
                cursor.execute(f"SELECT {texts} FROM (\n{select}\n) AS asked")
                for batch in cursor.fetch_record_batch():
                    n_rows += batch.num_rows
                    yield pa.Table.from_batches([batch])
            except (self._adbc.Error, pa.ArrowException, OSError) as error:
                raise self._told(name, error, n_rows) from None

    def _columns(self, name: str, select: str) -> list[str]:
        with self._connection.cursor() as cursor:
            try:
                cursor.execute(f"SELECT * FROM (\n{select}\n) AS asked LIMIT 0")
                return [str(column[0]) for column in cursor.description]
            except self._adbc.Error as error:
                raise self._told(name, error, 0) from None

    def _told(self, name: str, error: Exception, n_rows: int) -> InputError:
        """Return what to tell of an error: of its text only what names tables and columns."""
        state = str(getattr(error, "sqlstate", None) or "")
        if not self._is_alive():
            return lost(name, n_rows)
        if state.startswith("42"):
            said = _OF_STATEMENT.search(str(error))
            return refused(name, said[1] if said else f"SQLSTATE {state}")
        return refused(name, "a value that cannot be converted, or what the user may not do")

    def _is_alive(self) -> bool:
        """Say whether the server still answers: an error while rows arrive has no code."""
        try:
            self._connection.rollback()
        except (self._adbc.Error, pa.ArrowException, OSError):
            return False
        return True

    def close(self) -> None:
        """Give the connection back; the server ends the transaction."""
        try:
            self._connection.close()
        except (self._adbc.Error, pa.ArrowException, OSError):  # it is gone already
            return
