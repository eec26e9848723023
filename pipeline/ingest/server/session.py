"""Say what can be asked of an open connection, and how a driver is found."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any, Protocol

import pyarrow as pa

from pipeline.config import Database
from pipeline.errors import InputError


class Session(Protocol):
    """One read-only transaction on a database."""

    reader: str
    """What `audit.input_file` calls this way of reading."""

    def read(self, name: str, select: str) -> tuple[list[str], Iterator[pa.Table]]:
        """Return the names of a SELECT's columns, and its rows as text, some thousands at a time.

        Args:
            name: what to call it in an error.
            select: the statement.
        """

    def close(self) -> None:
        """End the transaction and the connection, whatever became of them."""


def driver(module: str, database: Database) -> Any:
    """Return the module that speaks to a kind of server.

    Raises:
        InputError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        raise InputError(
            f"{database.kind}: databases need the extra sql. Install it with"
            " pip install 'ivig-audit[sql]', or export the tables as CSV."
        ) from None
    except ImportError:
        raise InputError(
            f"{database.kind}: {module} is installed, but a library of the system that it needs is"
            " not (unixODBC for SQL Server). See docs/sources/sql.md."
        ) from None


def unreachable(database: Database, *, is_refused: bool) -> InputError:
    """Return what to tell when no connection comes about; the text of drivers may hold secrets."""
    where = database.split.hostname or database.name
    port = f":{database.split.port}" if database.split.port else ""
    if is_refused:
        return InputError(
            f"{database.kind}: the server at {where}{port} refuses user or password. Check"
            f" database.url and the variable that database.password_env names."
        )
    return InputError(
        f"{database.kind}: no connection to {where}{port}. Is the server up, the name of the"
        " database right, and the user allowed to connect from here?"
    )


def lost(name: str, n_rows: int) -> InputError:
    """Return what to tell when the connection ends before the last row."""
    return InputError(
        f"{name}: the connection ended after {n_rows} rows, before the last one. Nothing was"
        " published; rerun when the database is up."
    )


def refused(name: str, reason: str) -> InputError:
    """Return what to tell when the server does not answer a SELECT."""
    return InputError(f"{name}: the database cannot answer this query ({reason}).")
