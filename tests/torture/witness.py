"""Read damaged files through ingest and validate, and say what was lost that need not be.

The witness is dull on purpose: it knows which bytes were damaged, and holds every record around
them, by its place and by all its cells, against the same records undamaged.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from torture.damage import Damage
from torture.slices import Slice

from pipeline.config import load_settings
from pipeline.errors import AuditError
from pipeline.ingest import ingest
from pipeline.store import open_store
from pipeline.validate import validate
from schemas import contract

MAX_AFTER_QUOTE = 20
"""So many lines an open quote may cost."""
_ID = re.compile(r"SYN-[0-9A-F]{8}")
_OF_OTHERS = ("_key", "source_file", "source_row", "is_link_dropped")
_TWIN = {"conflicting_duplicate", "duplicate", "superseded"}
Place = tuple[str, int]
"""A record by its file and its number in it."""


@dataclass(frozen=True)
class Seen:
    """What ingest and validate made of a folder."""

    raw_rows: dict[str, int]
    mapped: dict[str, dict[int, dict[str, Any]]]
    """Per file and number of a record, its cells as they were read."""
    unreadable: tuple[tuple[Any, ...], ...]
    staged: dict[Place, str]
    quarantined: dict[Place, set[tuple[str, str]]]
    """Per record, column and check."""
    aside: dict[Place, str]
    unused: tuple[tuple[Any, ...], ...]
    """The columns that nothing reads, by file and place."""

    def ids(self, record: str) -> set[str]:
        """Return the first cell of every staged record of a kind: its id."""
        first = contract(record).columns[0].name
        found = set()
        for name, row in self.staged:
            if name.split(".")[0] == record:
                found.add(str(self.mapped[name][row][first]).strip())
        return found


def look(folder: Path, *, threads: int = 1) -> Seen:
    """Ingest and validate a folder in memory, whatever the share of what is bad."""
    settings = load_settings(folder, overrides={"max_quarantine": Decimal(1)})
    con = open_store(threads=threads)
    try:
        ingest(con, settings)
        names = dict(con.sql("SELECT file_id, file_name FROM audit.input_file").fetchall())
        records = [row[0] for row in con.sql("FROM audit.record_supplied").fetchall()]
        mapped = _mapped(con, records, names)
        validate(con, settings)
        return Seen(
            raw_rows={names[i]: n for i, n in _rows(con, "file_id, raw_rows", "audit.file_ledger")},
            mapped=mapped,
            unreadable=tuple(
                (names[i], *more)
                for i, *more in _rows(
                    con, "*", "quarantine.unreadable ORDER BY file_id, source_row, reason"
                )
            ),
            staged=_staged(con, records, names),
            quarantined=_quarantined(con, records, names),
            aside={
                (names[i], row): why
                for i, row, why in _rows(con, "source_file, source_row, reason", "staged.set_aside")
            },
            unused=tuple(_rows(con, "file_id, position", "audit.unused_column ORDER BY ALL")),
        )
    finally:
        con.close()


def _rows(con: duckdb.DuckDBPyConnection, what: str, where: str) -> list[tuple[Any, ...]]:
    return con.execute(f"SELECT {what} FROM {where}").fetchall()


def _mapped(
    con: duckdb.DuckDBPyConnection, records: Sequence[str], names: Mapping[int, str]
) -> dict[str, dict[int, dict[str, Any]]]:
    found: dict[str, dict[int, dict[str, Any]]] = {name: {} for name in names.values()}
    parts = (f"SELECT source_file, source_row, TO_JSON(m) FROM mapped.{r} AS m" for r in records)
    for file, row, text in con.execute(" UNION ALL ".join(parts)).fetchall():
        cells = json.loads(text)
        del cells["source_file"], cells["source_row"]
        found[names[file]][row] = cells
    return found


def _staged(
    con: duckdb.DuckDBPyConnection, records: Sequence[str], names: Mapping[int, str]
) -> dict[Place, str]:
    """Return every staged record with its typed values; keys and links hang on other files."""
    found: dict[Place, str] = {}
    for record in records:
        told = con.execute(f"SELECT * FROM staged.{record}")
        columns = [column[0] for column in told.description or ()]
        own = [at for at, name in enumerate(columns) if not name.endswith(_OF_OTHERS)]
        file, number = columns.index("source_file"), columns.index("source_row")
        for row in told.fetchall():
            found[names[row[file]], row[number]] = repr([row[at] for at in own])
    return found


def _quarantined(
    con: duckdb.DuckDBPyConnection, records: Sequence[str], names: Mapping[int, str]
) -> dict[Place, set[tuple[str, str]]]:
    parts = (
        f"SELECT source_file, source_row, column_name, check_name FROM quarantine.{record}"
        for record in records
    )
    found: dict[Place, set[tuple[str, str]]] = {}
    for file, row, column, check in con.execute(" UNION ALL ".join(parts)).fetchall():
        found.setdefault((names[file], row), set()).add((column, check))
    return found


def open_places(seen: Seen) -> list[str]:
    """Return where an account does not close, counted again from the rows themselves."""
    faults = []
    n_unreadable = dict.fromkeys(seen.raw_rows, 0)
    for name, *_ in seen.unreadable:
        n_unreadable[name] += 1
    for name, n_raw in seen.raw_rows.items():
        if n_raw != len(seen.mapped[name]) + n_unreadable[name]:
            faults.append(f"{name}: the account of the file does not close")
        for row in seen.mapped[name]:
            place = (name, row)
            ways = (seen.staged, seen.quarantined, seen.aside)
            if sum(place in way for way in ways) != 1:
                faults.append(f"{name}: record {row} is not in one place")
    return faults


@dataclass(frozen=True)
class Case:
    """One file with one damage."""

    whole: Slice
    damage: Damage

    @property
    def text(self) -> bytes:
        """Return the damaged bytes."""
        return self.damage.on(self.whole.text)

    @property
    def broken_text(self) -> str:
        """Return what stands, and what stood, where the damage is, whole records of it."""
        before = self.damage.clean_before(self.whole)
        n_all, after = len(self.whole.spans), self.damage.clean_after(self.whole)
        start = self.whole.spans[before][0] if before < n_all else len(self.whole.text)
        end = self.whole.spans[n_all - after][0] if after else len(self.whole.text)
        now = self.text[start : len(self.text) - (len(self.whole.text) - end)]
        return (self.whole.text[start:end] + b"\n" + now).decode("utf-8", "replace")


def losses(base: Seen, now: Seen, cases: Sequence[Case]) -> list[str]:
    """Return what clean records lost by the damages around them; nothing is as it should be."""
    faults = open_places(now)
    moved: dict[Place, Place] = {}
    for case in cases:
        faults += _follow(base, now, case, moved)
    broken = {case.whole.name: case.broken_text for case in cases}
    for place, home in moved.items():
        if place in base.staged and base.staged[place] != now.staged.get(home):
            why = _unexplained(base, now, place, home, broken)
            faults += [f"{place[0]}: record {place[1]} is clean, and {why}"] if why else []
    return faults


def _follow(base: Seen, now: Seen, case: Case, moved: dict[Place, Place]) -> Iterator[str]:
    """Find every clean record again, and say which of them are gone."""
    name, damage = case.whole.name, case.damage
    n_all, before = len(case.whole.spans), damage.clean_before(case.whole)
    after, n_raw = damage.clean_after(case.whole), now.raw_rows[name]
    then, found = base.mapped[name], now.mapped[name]
    for row in range(1, before + 1):
        moved[name, row] = (name, row)
        if found.get(row) != then[row]:
            yield f"{name} ({damage.kind}): record {row} before the damage is lost"
    kept = 0
    while kept < after and found.get(n_raw - kept) == then[n_all - kept]:
        moved[name, n_all - kept] = (name, n_raw - kept)
        kept += 1
    lost = case.whole.spans[n_all - after : n_all - kept]
    lines = sum(case.whole.text[start:end].count(b"\n") for start, end in lost)
    if lost and not (damage.has_quote(case.whole) and lines <= MAX_AFTER_QUOTE):
        yield f"{name} ({damage.kind}): {len(lost)} records behind the damage are lost"


def _unexplained(
    base: Seen, now: Seen, place: Place, home: Place, broken: Mapping[str, str]
) -> str | None:
    """Return what became of a clean record that is staged no more, unless it had to."""
    record = place[0].split(".")[0]
    cells = base.mapped[place[0]][place[1]]
    own = " ".join(text for name, text in broken.items() if name.split(".")[0] == record)
    if home in now.staged:
        return "its values have changed"
    if home in now.aside or home not in now.quarantined:
        is_twin = now.aside.get(home) in _TWIN and _shares_id(cells, own)
        return None if is_twin else f"set aside: {now.aside.get(home)}"
    for column, check in now.quarantined[home]:
        told = str(cells.get(column))
        if check == "before_birth":
            is_true = str(cells["patient_id"]) in "".join(
                text for name, text in broken.items() if name.startswith("patient.")
            )
        elif check.startswith("unknown_"):
            is_true = told not in now.ids(check.removeprefix("unknown_"))
        else:
            is_true = check in _TWIN and _shares_id(cells, own)
        if not is_true:
            return f"in quarantine for {column} ({check})"
    return None


def _shares_id(cells: Mapping[str, Any], text: str) -> bool:
    """Say whether a damaged place of the same kind names one of the record's ids."""
    return any(one in text for value in cells.values() for one in _ID.findall(str(value)))


def told(seen: Seen) -> tuple[object, ...]:
    """Return all that must be the same when the same bytes are read again."""
    return (seen.raw_rows, seen.unreadable, seen.staged, seen.quarantined, seen.aside)


def refused(folder: Path) -> AuditError | None:
    """Return the error that refuses a folder, or none when it is read."""
    try:
        look(folder)
    except AuditError as error:
        return error
    return None
