"""Read from SQL Server, Oracle or SQLite through the driver every such server has (PEP 249)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.config import Database
from pipeline.errors import InputError
from pipeline.ingest.server.session import driver, lost, refused, unreachable

_BATCH_ROWS = 20_000
_CONNECT_SECONDS = 15
_MODULES = {"mssql": "pyodbc", "oracle": "oracledb", "sqlite": "sqlite3"}
# By kind of server: what opens a transaction in which all tables are of one moment.
_OPENING = {
    "mssql": ("SET TRANSACTION ISOLATION LEVEL SNAPSHOT",),
    "oracle": ("SET TRANSACTION READ ONLY",),
    "sqlite": ("PRAGMA query_only = ON", "BEGIN"),
}
_REFUSED = ("28000", "18456", "ORA-01017", "ORA-01005", "ORA-28000", "ORA-28001")
_NO_SNAPSHOT = ("3952", "3957")


def connect(database: Database, password: str | None, folder: Path) -> DatabaseApi:
    """Open a connection and a transaction that is meant to read only.

    Raises:
        InputError: the server cannot be reached, or refuses.
    """
    module = driver(_MODULES[database.kind], database)
    opened = {"mssql": _sql_server, "oracle": _oracle, "sqlite": _sqlite}[database.kind]
    try:
        session = DatabaseApi(module, opened(module, database, password, folder), database)
    except module.Error as error:
        raise unreachable(database, is_refused=_says(error, _REFUSED)) from None
    if database.kind != "mssql" or database.snapshot:
        session.open()
    return session


def _sql_server(module: Any, database: Database, password: str | None, _: Path) -> Any:
    split, options = database.split, database.options
    parts = {
        "DRIVER": options.get("driver", "ODBC Driver 18 for SQL Server"),
        "SERVER": f"{split.hostname},{split.port or 1433}",
        "DATABASE": database.name,
        "Encrypt": options.get("encrypt", "yes"),
        "TrustServerCertificate": options.get("trustservercertificate", "no"),
        "ApplicationIntent": "ReadOnly",
        "APP": "ivig-audit",
        **(
            {"UID": database.user, "PWD": password or ""}
            if database.user
            else {"Trusted_Connection": "yes"}
        ),
    }
    text = ";".join(f"{name}={_braced(value)}" for name, value in parts.items())
    return module.connect(text, autocommit=False, readonly=True, timeout=_CONNECT_SECONDS)


def _braced(value: str) -> str:
    """Return a value of an ODBC connection string that may hold any sign."""
    return "{" + value.replace("}", "}}") + "}"


def _oracle(module: Any, database: Database, password: str | None, _: Path) -> Any:
    module.defaults.fetch_decimals = True  # a float would lose digits
    module.defaults.fetch_lobs = False
    return module.connect(
        user=database.user,
        password=password,
        host=database.split.hostname,
        port=database.split.port or 1521,
        service_name=database.name,
        tcp_connect_timeout=_CONNECT_SECONDS,
    )


def _sqlite(module: Any, database: Database, _: str | None, folder: Path) -> Any:
    path = (folder / database.name).resolve()
    if not path.is_file():
        raise InputError(f"{database.name}: does not exist. Check database.url.")
    return module.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None)


class DatabaseApi:
    """One transaction through a PEP 249 driver."""

    reader = "dbapi"

    def __init__(self, module: Any, connection: Any, database: Database) -> None:
        self._module, self._connection, self._database = module, connection, database

    def open(self) -> None:
        """Begin the transaction.

        Raises:
            InputError: the server does not allow it.
        """
        try:
            cursor = self._connection.cursor()
            for statement in _OPENING[self._database.kind]:
                cursor.execute(statement)
            cursor.close()
        except self._module.Error:
            self.close()
            raise refused(self._database.kind, "no transaction for reading only") from None

    def read(self, name: str, select: str) -> tuple[list[str], Iterator[pa.Table]]:
        """Return names and rows of a SELECT; values become text here."""
        cursor = self._asked(name, select)
        return [str(column[0]) for column in cursor.description], self._batches(name, cursor)

    def _batches(self, name: str, cursor: Any) -> Iterator[pa.Table]:
        texts = _texts(name, len(cursor.description), is_day=self._database.kind == "oracle")
        n_rows = 0
        try:
            while rows := cursor.fetchmany(_BATCH_ROWS):
                n_rows += len(rows)
                yield texts(rows)
            cursor.close()
        except self._module.Error:
            raise lost(name, n_rows) from None

    def _asked(self, name: str, select: str) -> Any:
        cursor = self._connection.cursor()
        cursor.arraysize = _BATCH_ROWS
        try:
            cursor.execute(select)
        except self._module.Error as error:
            if _says(error, _NO_SNAPSHOT):
                raise refused(
                    name, "it does not allow SNAPSHOT isolation; see docs/sources/sql.md"
                ) from None
            raise refused(name, f"{type(error).__name__}{_code(error)}") from None
        return cursor

    def close(self) -> None:
        """End the transaction and give the connection back."""
        try:
            self._connection.rollback()
            self._connection.close()
        except self._module.Error:  # it is gone already
            return


def _says(error: Exception, codes: Sequence[str]) -> bool:
    """Say whether a driver's error names one of these codes; its text is never shown."""
    return any(code in str(error) for code in codes)


def _code(error: Exception) -> str:
    """Return the number of an error, when its driver gives one apart from its text."""
    first = error.args[0] if error.args else None
    told = getattr(first, "full_code", None)  # oracledb
    if told is None and isinstance(first, str) and len(first) == 5 and first.isalnum():  # noqa: PLR2004
        told = first  # pyodbc: the SQLSTATE
    return f" {told}" if told else ""


def _texts(name: str, n_columns: int, *, is_day: bool) -> Callable[[Sequence[Any]], pa.Table]:
    """Return what turns rows into a table of text."""
    names = [f"c{number}" for number in range(1, n_columns + 1)]

    def table(rows: Sequence[Any]) -> pa.Table:
        columns = [
            pa.array([_text(name, value, is_day=is_day) for value in values], pa.string())
            for values in zip(*rows, strict=True)
        ]
        return pa.table(columns, names=names)

    return table


def _text(name: str, value: object, *, is_day: bool) -> str | None:  # noqa: PLR0911 - one per type
    """Return a value as the contract's CSV would hold it.

    Oracle has no day without a time: there midnight is taken for one, so that a record knows less
    than it might, never more.
    """
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | uuid.UUID():
            return str(value)
        case Decimal():
            return format(value, "f")
        case float():
            return format(Decimal(repr(value)), "f").removesuffix(".0")
        case dt.datetime():
            is_midnight = value.timetz() == dt.time(0)
            return str(value.date()) if is_day and is_midnight else value.isoformat(" ")
        case dt.date() | dt.time():
            return value.isoformat()
    raise InputError(
        f"{name}: a column is of type {type(value).__name__}, which has no text. Leave it out or"
        " write it as text."
    )
