"""Read of a finished run what a later one compares itself with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipeline.guidelines.columns import TABLES
from pipeline.store import open_finished

READING = ("format", "mapping_folder", "source.", "csv.", "files.", "record.", "table.")
"""Settings that decide how the records are read; the others are part of the rules."""
_OF_THE_RUN = ("as_of", "from_on", "to_on", "guideline_as_of")
"""Columns of guideline.policy that say when, not how."""


@dataclass(frozen=True)
class Span:
    """A period by its first and last day; no first day: from the beginning of the records."""

    from_on: date | None
    to_on: date


@dataclass(frozen=True)
class Headline:
    """What became of the closed courses under one named set."""

    set_id: str
    n_off: int
    n_judged: int
    n_unassessed: int


@dataclass(frozen=True)
class State:
    """What decided the verdicts of a run: its records, its rules and how it read them."""

    program: str
    reading: tuple[tuple[str, str | None], ...]
    inputs: tuple[tuple[str, str], ...]
    rules: dict[str, pl.DataFrame]
    as_of: date
    span: Span

    def has_rules_of(self, other: State) -> bool:
        """Say whether rules, code lists and our own settings are the same."""
        return all(_comparable(self.rules, name).equals(_comparable(other.rules, name))
                   for name in TABLES)  # fmt: skip

    def has_records_of(self, other: State) -> bool:
        """Say whether files, day and period are the same."""
        return (self.inputs, self.as_of, self.span) == (other.inputs, other.as_of, other.span)

    def read_otherwise(self, other: State) -> list[str]:
        """Return the names of settings by which the records were read in another way."""
        return sorted({name for name, _ in {*self.reading} ^ {*other.reading}})


@dataclass(frozen=True)
class Earlier:
    """A finished run: its id, its state and its headline."""

    run_id: str
    state: State
    headlines: tuple[Headline, ...]


def read_earlier(folder: Path) -> Earlier:
    """Return what a finished run rests on and came to.

    Raises:
        duckdb.Error: its database is damaged, or was written by another version.
    """
    con = open_finished(folder / "audit.duckdb")
    try:
        found = con.sql(
            "SELECT set_id, n_off, n_judged, n_unassessed FROM report.headline ORDER BY set_id"
        ).fetchall()
        headlines = tuple(Headline(*row) for row in found if row[1] is not None)
        return Earlier(folder.name, read_state(con), headlines)
    finally:
        con.close()


def read_state(con: duckdb.DuckDBPyConnection) -> State:
    """Return what decides the verdicts of the run in this database."""
    settings = con.sql("SELECT name, value FROM audit.setting ORDER BY name").fetchall()
    policy = _one(con, "SELECT as_of, from_on, to_on FROM guideline.policy")
    return State(
        program=_one(con, "SELECT digest FROM audit.program")[0],
        reading=tuple(row for row in settings if row[0].startswith(READING)),
        inputs=tuple(
            con.sql("SELECT file_name, sha256 FROM audit.input_file ORDER BY 1").fetchall()
        ),
        rules={
            name: con.sql(f"SELECT * FROM guideline.{name} ORDER BY ALL").pl() for name in TABLES
        },
        as_of=policy[0],
        span=Span(policy[1], policy[2] or policy[0]),
    )


def _one(con: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] = con.sql(query).fetchall()[0]
    return row


def _comparable(rules: dict[str, pl.DataFrame], name: str) -> pl.DataFrame:
    return (
        rules[name].drop(_OF_THE_RUN)
        if name == "policy"
        else rules[name].drop("digest", strict=False)
    )
