"""Read the tables of a page and hold each against the files beside it."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

from pipeline.render import numbers

_NUMBER: Final = re.compile(r"\d[\d,]*(?:\.\d+)?")
_AS_SHOWN: Final = tuple(
    getattr(numbers, name)
    for name in ("count", "grams", "whole_grams", "share", "fine_share", "points", "plain",
                 "rate", "chance", "share_count")
)  # fmt: skip

ROW_PER_CELL: Final = ("t-rates-", "t-indication-steps", "t-duration", "t-group-")
"""Tables of which a line is one twin's row per denominator, step of time, month or measure."""


class Tables(HTMLParser):
    """Every table of a page: its id, the names of its twins, the numeric cells of each row."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, list[str], list[list[str]]]] = []
        self._rows: list[list[str]] = []
        self._is_body = self._is_cell = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a table, a row or a cell."""
        told = dict(attrs)
        if tag == "table":
            self._rows = []
            name, twins = told.get("id") or "", told["data-rows"] or ""
            self.found.append((name, twins.split(), self._rows))
        elif tag in ("tbody", "tfoot"):
            self._is_body = True
        elif tag == "thead":
            self._is_body = False
        elif tag == "tr" and self._is_body:
            self._rows.append([])
        elif tag == "td" and self._is_body:
            self._is_cell = "n" in (told.get("class") or "").split()
            self._rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        """Leave a cell."""
        if tag == "td":
            self._is_cell = False

    def handle_data(self, data: str) -> None:
        """Keep the text of a numeric cell."""
        if self._is_cell:
            self._rows[-1][-1] += f" {data}"


def assert_twins(page: Path) -> int:
    """Assert that each number of each table stands in one row of its twin; count the tables."""
    tables = Tables(page.read_text("utf-8")).found
    for name, twins, rows in tables:
        body, *others = (_rows(page.parent / "tables", twin) for twin in twins)
        beside = {shown for other in others for row in other for shown in _shown(row.values())}
        known = [_shown(row.values()) | beside for row in body]
        for row in rows:
            cells = [set(_NUMBER.findall(cell)) for cell in row]
            is_row_per_cell = name.startswith(ROW_PER_CELL)
            parts = cells if is_row_per_cell else [set().union(*cells)]
            for wanted in parts:
                assert any(wanted <= shown for shown in (*known, beside)), (name, wanted)
    return len(tables)


def _rows(folder: Path, twin: str) -> list[dict[str, Any]]:
    """Return the rows of a twin, and hold its two files against each other."""
    told = json.loads((folder / f"{twin}.json").read_text("utf-8"), parse_float=Decimal)
    assert told["table"] == twin
    assert told["definition"].startswith("One row")
    rows: list[dict[str, Any]] = told["rows"]
    with (folder / f"{twin}.csv").open(encoding="utf-8", newline="") as file:
        cells = list(csv.reader(file))
    assert cells[0] == told["columns"]
    assert all(list(row) == cells[0] for row in rows)
    assert [[_plain(value) for value in row.values()] for row in rows] == [
        [_bare(cell) for cell in line] for line in cells[1:]
    ]
    return rows


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return _bare(str(value).lower() if isinstance(value, bool) else str(value))


def _bare(cell: str) -> str:
    """Return a cell without what only one of the two files has: quotes of formulas, the T."""
    moment = re.fullmatch(r"(\d{4}-\d\d-\d\d)[ T](\d\d:.*)", cell)
    return f"{moment[1]} {moment[2]}" if moment else cell.removeprefix("'")


def _shown(values: Iterable[Any]) -> set[str]:
    """Return every number as which the page may show one of the values."""
    found: set[str] = set()
    for value in values:
        if isinstance(value, str):
            found |= set(_NUMBER.findall(value))
            if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
                found |= set(_NUMBER.findall(numbers.day(date.fromisoformat(value))))
        elif value is not None and not isinstance(value, bool):
            number = Decimal(value)
            for shown in _AS_SHOWN:
                found |= set(_NUMBER.findall(shown(number)))
            found.add(str(value))
    return found
