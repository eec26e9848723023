"""Read a source with some settings as a run would, up to validation, and say what passed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb

from pipeline import guidelines, resources
from pipeline.config import Settings
from pipeline.draft.needs import Needs, read_needs
from pipeline.ingest import ingest
from pipeline.store import open_store
from pipeline.validate import validate

_ANY_DAY = date(2000, 1, 1)  # what is missing does not hang on the day of the audit
_MOST_FAULTS = 3


@dataclass(frozen=True)
class Passed:
    """One row per record kind supplied: its rows, those that passed, and what failed most."""

    record: str
    n_rows: int
    n_passed: int
    faults: tuple[tuple[str, str, int], ...]
    """Column, check and rows, of what sent most rows to quarantine."""


@dataclass(frozen=True)
class Trial:
    """What became of the rows of a source, and what its records leave unanswered."""

    passed: tuple[Passed, ...]
    n_unreadable: int
    needs: Needs
    sets: tuple[str, ...]


def try_settings(settings: Settings) -> Trial:
    """Ingest and validate a source in memory, however many rows fail, and load the rules.

    Raises:
        AuditError: what would stop a run: a missing file or column, a mapping that does not fit.
    """
    run = settings.run.model_copy(
        update={"max_quarantine": Decimal(1), "as_of": settings.run.as_of or _ANY_DAY}
    )
    settings = settings.model_copy(update={"run": run})
    guidelines.read_sets(settings)  # a wrong name is told before a long read
    con = open_store(threads=settings.run.threads)
    try:
        ingest(con, settings)
        validate(con, settings)
        guidelines.load(con, settings)
        return Trial(_passed(con), _unreadable(con), read_needs(con), _sets(con))
    finally:
        con.close()


def _passed(con: duckdb.DuckDBPyConnection) -> tuple[Passed, ...]:
    found = con.sql(resources.sql("needs/passed.sql")).fetchall()
    return tuple(
        Passed(record, n_rows, n_passed, _faults(con, record) if n_bad else ())
        for record, n_rows, n_passed, n_bad in found
    )


def _faults(con: duckdb.DuckDBPyConnection, record: str) -> tuple[tuple[str, str, int], ...]:
    found = con.sql(
        f"""
        SELECT column_name, check_name, COUNT(DISTINCT quarantine_key) AS n_rows
        FROM quarantine.{record}
        GROUP BY column_name, check_name
        ORDER BY n_rows DESC, column_name, check_name
        LIMIT {_MOST_FAULTS}
        """
    ).fetchall()
    return tuple((column or "the row", check, n_rows) for column, check, n_rows in found)


def _unreadable(con: duckdb.DuckDBPyConnection) -> int:
    return int(con.sql("SELECT COUNT(*) FROM quarantine.unreadable").fetchall()[0][0])


def _sets(con: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    rows = con.sql("SELECT set_id FROM guideline.guideline_set ORDER BY set_key").fetchall()
    return tuple(str(row[0]) for row in rows)
