"""Read what reviewers decided of findings, keep it for good, and give it back.

A decision is never lost: what any run has read stands in `out/history/adjudications.csv`, whatever
becomes of the reviewers' own file.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any, Final, NamedTuple

import duckdb
import polars as pl
from pandera.errors import SchemaErrors

from pipeline.disclosure.kept import HISTORY, place_whole
from pipeline.errors import ConfigError
from pipeline.spreadsheet import guarded, unguarded
from pipeline.store import insert_rows
from schemas.adjudication import COLUMNS, FAULT, Adjudication

FILE: Final = "adjudications.csv"
_SHOWN: Final = 20
_AHEAD: Final = "date is still to come, by the clock of this machine"
TABLE: Final = {
    "sequence": "INTEGER",
    "finding_key": "VARCHAR",
    "facts_digest": "VARCHAR",
    "decision": "VARCHAR",
    "reason": "VARCHAR",
    "reviewer": "VARCHAR",
    "decided_on": "DATE",
}


class Told(NamedTuple):
    """One decision, as its file has it."""

    finding_key: str
    facts_digest: str
    decision: str
    reason: str
    reviewer: str
    date: str


def read_decisions(path: Path, name: str | None = None, latest: date | None = None) -> list[Told]:
    """Return the decisions of a file in its order, each once; faults are told under this name.

    One dated after `latest` would outrank all that the reviewer decides until then: a fault.

    Raises:
        ConfigError: it cannot be read, or a line breaks the contract; lines and columns are named.
    """
    name = name or path.name
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError:
        raise ConfigError(f"{name}: cannot be read. Check run.adjudications.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{name}: is not UTF-8. Save it as CSV UTF-8.") from None
    lines, rows, faults = _split(text, name)
    faults += _faults(lines, rows)
    faults += _not_yet(lines, rows, latest) if latest else []
    if faults:
        shown = [f"line {line}: {said}" for line, said in sorted(faults)[:_SHOWN]]
        more = f"; and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise ConfigError(
            f"{name}: {'; '.join(shown)}{more}. See docs/configuration.md; nothing was run."
        )
    return list(dict.fromkeys(rows))


def _split(text: str, name: str) -> tuple[list[int], list[Told], list[tuple[int, str]]]:
    """Return the lines' numbers and their cells, and what is no line of six cells."""
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    lines: list[int] = []
    rows: list[Told] = []
    faults: list[tuple[int, str]] = []
    order: list[int] | None = None
    try:
        began = 1
        for cells in reader:
            number, began = began, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if order is None:
                order = _order(cells, name)
            elif len(cells) != len(COLUMNS):
                faults.append((number, f"{len(cells)} cells instead of {len(COLUMNS)}"))
            else:
                lines.append(number)
                rows.append(Told(*(unguarded(cells[place].strip()) for place in order)))
    except csv.Error:
        faults.append((reader.line_num, "a quote is not closed, or a cell is far too long"))
    if order is None and not faults:
        raise ConfigError(f"{name}: line 1: no header. Its columns are {', '.join(COLUMNS)}.")
    return lines, rows, faults


def _order(header: list[str], name: str) -> list[int]:
    found = [cell.strip().lower() for cell in header]
    if sorted(found) != sorted(COLUMNS):
        raise ConfigError(
            f"{name}: line 1: the columns must be {', '.join(COLUMNS)}, separated by commas."
        )
    return [found.index(column) for column in COLUMNS]


def _faults(lines: list[int], rows: list[Told]) -> list[tuple[int, str]]:
    """Hold the rows against their contract; of what fails only place and check are told."""
    if not rows:
        return []
    frame = pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")
    try:
        Adjudication.validate(frame, lazy=True)
    except SchemaErrors as error:
        failed = error.failure_cases.select("column", "check", "index").rows()
        named = {
            (
                lines[int(index)],
                FAULT.get(str(check), FAULT.get(str(column), "breaks the contract")),
            )
            for column, check, index in failed
            if index is not None
        }
        return sorted(named) or [(1, "breaks the contract")]
    return []


def latest_day() -> date:
    """Return the last day that has begun anywhere: no decision was made after it."""
    return (datetime.now(UTC) + timedelta(hours=14)).date()


def _not_yet(lines: list[int], rows: list[Told], latest: date) -> list[tuple[int, str]]:
    """Name the lines whose day, as text of one form, is still to come."""
    day = latest.isoformat()
    return [(line, _AHEAD) for line, told in zip(lines, rows, strict=True) if told.date > day]


def all_decisions(out: Path, named: Sequence[Told]) -> list[Told]:
    """Return every decision ever read, those of today's file last: they are the newest."""
    return merged(_kept(out), named)


def _kept(out: Path) -> list[Told]:
    """Return the decisions of the history, which is no file that reviewers write."""
    kept = out / HISTORY / FILE
    return read_decisions(kept, f"{out.name}/{HISTORY}/{FILE}") if kept.is_file() else []


def merged(earlier: Iterable[Told], later: Sequence[Told]) -> list[Told]:
    """Return both lists, none twice."""
    fresh = set(later)
    return [told for told in earlier if told not in fresh] + list(later)


def digest(decisions: Sequence[Told]) -> str:
    """Return a digest of all decisions in their order."""
    return hashlib.sha256(as_csv(decisions).encode()).hexdigest()[:16]


def record_decisions(con: duckdb.DuckDBPyConnection, decisions: Sequence[Told]) -> None:
    """Write audit.adjudication: one row per decision ever read, the newest with the last number."""
    rows: list[tuple[Any, ...]] = [
        (number, *told[:-1], date.fromisoformat(told.date))
        for number, told in enumerate(decisions, start=1)
    ]
    insert_rows(con, "audit.adjudication", TABLE, rows)


def decisions_of(con: duckdb.DuckDBPyConnection) -> list[Told]:
    """Return the decisions of this run in their order."""
    rows = con.sql(
        "SELECT finding_key, facts_digest, decision, reason, reviewer, CAST(decided_on AS VARCHAR) "
        "FROM audit.adjudication ORDER BY sequence"
    ).fetchall()
    return [Told(*row) for row in rows]


def write_decisions(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Give every decision back as the file it can be read from again; none, no file."""
    if decisions := decisions_of(con):
        (folder / FILE).write_text(as_csv(decisions), encoding="utf-8", newline="")


def keep_decisions(folder: Path, out: Path) -> None:
    """Add the decisions that a finished run knew to those of the history, in one step.

    Where the run knew them all their order is its own: of one day the one further down stands, and
    it is to stand also when the reviewers' file is named no more.
    """
    source, target = folder / FILE, out / HISTORY / FILE
    if not source.is_file():
        return
    earlier = _kept(out)
    told = read_decisions(source)
    fresh = merged(earlier, told)
    if fresh == earlier or set(told) < set(earlier):
        return
    place_whole(target, as_csv(fresh).encode())


def are_decisions_kept(folder: Path, out: Path) -> bool:
    """Say whether the history holds every decision that a finished run knew."""
    source, target = folder / FILE, out / HISTORY / FILE
    if not source.is_file():
        return True
    return target.is_file() and set(read_decisions(source)) <= set(_kept(out))


def as_csv(decisions: Sequence[Told]) -> str:
    """Return decisions as CSV; a cell that a spreadsheet would run gets an apostrophe."""
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([guarded(cell) for cell in told] for told in decisions)
    return text.getvalue()
