"""Small parts of the sample records, written in three ways, whose every byte we can place.

Each part holds a few patients of its own, so that a damage in one part has no business in another.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SAMPLES = Path(__file__).parents[2] / "data_samples"
ROWS = 30
"""Rows of each record kind and part."""
_PATIENTS = 8
_PARENTS = {"rate_step": "infusion", "infusion_lot": "infusion", "dispensing_lot": "dispensing"}
_WORDS = {"stop_reason", "ward_id", "prescriber_id", "waste_reason", "assessor", "specimen"}
"""Columns of free words: they may hold whatever a hospital types."""

Row = tuple[str, ...]


@dataclass(frozen=True)
class Way:
    """How a part is written: delimiter, line end, whether all is quoted and words are odd."""

    name: str
    delimiter: str = ","
    end: str = "\n"
    is_quoted: bool = False


WAYS = (Way("a"), Way("b", is_quoted=True), Way("c", delimiter=";", end="\r\n"))


@dataclass(frozen=True)
class Slice:
    """One file: its record kind and part, its bytes, and where each record of it lies."""

    record: str
    way: Way
    text: bytes
    spans: tuple[tuple[int, int], ...]
    """From the first byte of each record to behind its line end; the header is not among them."""

    @property
    def name(self) -> str:
        """Return the name of its file."""
        return f"{self.record}.{self.way.name}.csv"

    @property
    def header_ends(self) -> int:
        """Return the place behind the line end of the header."""
        return self.spans[0][0]


def slices() -> list[Slice]:
    """Return a part of every record kind, in every way of writing."""
    tables = {path.stem: _read(path) for path in sorted(SAMPLES.glob("*.csv"))}
    del tables["truth"]
    return [
        _written(record, way, header, rows)
        for number, way in enumerate(WAYS)
        for record, (header, rows) in _part(tables, number).items()
    ]


def _read(path: Path) -> tuple[Row, list[Row]]:
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = map(tuple, csv.reader(file))
    return header, rows


def _part(
    tables: dict[str, tuple[Row, list[Row]]], number: int
) -> dict[str, tuple[Row, list[Row]]]:
    """Return a few rows of every kind about the patients of one part."""
    people = _people(tables)[number :: len(WAYS)][:_PATIENTS]
    part: dict[str, tuple[Row, list[Row]]] = {}
    for record in sorted(tables, key=lambda name: name in _PARENTS):
        header, rows = tables[record]
        if record in _PARENTS:
            wanted = {row[0] for row in part[_PARENTS[record]][1]}
            rows = [row for row in rows if row[0] in wanted]
        elif "patient_id" in header:
            rows = _of(people, rows, header.index("patient_id"))
        else:
            rows = rows[number :: len(WAYS)]
        part[record] = (header, rows[:ROWS])
    return {record: (header, rows) for record, (header, rows) in part.items() if rows}


def _people(tables: dict[str, tuple[Row, list[Row]]]) -> list[str]:
    """Return the patients, those with the most kinds of records first."""
    seen: dict[str, set[str]] = {}
    stepped = {row[0] for row in tables["rate_step"][1]}
    lots = {row[0] for row in tables["infusion_lot"][1]}
    for record, (header, rows) in tables.items():
        if "patient_id" in header:
            at = header.index("patient_id")
            for row in rows:
                kinds = seen.setdefault(row[at], set())
                kinds |= {record, *("step" for _ in [0] if row[0] in stepped)}
                kinds |= {"lot"} if row[0] in lots else set()
    return sorted(seen, key=lambda patient: (-len(seen[patient]), patient))


def _of(people: list[str], rows: list[Row], at: int) -> list[Row]:
    """Return rows of every one of the people in turn, in the order of the file."""
    own = {patient: [row for row in rows if row[at] == patient] for patient in people}
    turns = range(ROWS)
    chosen = [own[p][turn] for turn in turns for p in people if turn < len(own[p])][:ROWS]
    return [row for row in rows if row in chosen]


def _written(record: str, way: Way, header: Row, rows: Iterable[Row]) -> Slice:
    text = _line(header, way, is_odd=False)
    spans = []
    for row in rows:
        told = [
            _odd(value) if way.is_quoted and name in _WORDS else value
            for name, value in zip(header, row, strict=True)
        ]
        line = _line(told, way, is_odd=way.is_quoted)
        spans.append((len(text), len(text) + len(line)))
        text += line
    return Slice(record, way, text, tuple(spans))


def _odd(value: str) -> str:
    """Return words as hospitals type them: an accent, a quote, a comma, a line end."""
    return f'{value} Hôpital "Süd", \nnuméro 2'


def _line(row: Iterable[str], way: Way, *, is_odd: bool) -> bytes:
    text = io.StringIO(newline="")
    dialect = "unix" if is_odd else "excel"  # all quoted, or what must be
    csv.writer(text, dialect, delimiter=way.delimiter, lineterminator=way.end).writerow(row)
    return text.getvalue().encode()
