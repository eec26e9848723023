"""Put together the edition that names no person, from its published cells and nothing else.

Beside the page stands a twin of every table, as JSON and as CSV, with its definition.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, Final, Literal

import duckdb

from pipeline.disclosure.kept import KEPT_AS, as_text
from pipeline.render import committee_words as words
from pipeline.render import numbers
from pipeline.render.committee_figures import CHARTS_OF, committee_figures, first_day
from pipeline.render.environment import environment, style_sheet
from pipeline.render.figures import Figure
from pipeline.render.tables import Row
from pipeline.render.words import CLAUSE, GUARD, LEDGER_STATE, word
from pipeline.spreadsheet import guarded

Edition = Literal["committee", "internal"]


@dataclass(frozen=True)
class Table:
    """One table of the edition: its words, its columns, and a cell per line and column."""

    table_id: str
    title: str
    question: str
    definition: str
    head: str
    measures: list[str]
    lines: list[tuple[str, str, dict[str, Row]]]
    """Id and title of a line, and its cells by measure; the total is the last line."""

    @property
    def is_withheld(self) -> bool:
        """Say whether every number is withheld: then not even its lines are named."""
        shown = {cell["shown"] for _, _, cells in self.lines for cell in cells.values()}
        return shown == {"withheld"}

    @property
    def unsaid(self) -> list[str]:
        """Return in which ways numbers of it are none, in their order."""
        shown = {cell["shown"] for _, _, cells in self.lines for cell in cells.values()}
        return sorted(shown - {"value"})

    @property
    def is_unseen(self) -> bool:
        """Say whether none of its numbers could be there, for nothing was measured."""
        return "unseen" in self.unsaid and not any(
            cell["printed"] for _, _, cells in self.lines for cell in cells.values()
        )

    @property
    def told(self) -> list[tuple[str, str, dict[str, Row]]]:
        """Return the lines that may be named."""
        return [] if self.is_withheld else self.lines


def render_committee(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    editions: Sequence[Edition] = ("committee",),
    approved_by: str | None = None,
) -> None:
    """Write `committee/report-committee.html`, its twins, and what later editions must know.

    The internal edition is the same page with exact numbers of events, in a folder of its own, and
    says who approved it. What is drawn is the same in both.
    """
    figures = _figures(con)
    for edition in editions:
        approval = approved_by if edition == "internal" else None
        _write_edition(con, folder / edition, edition, approval, figures)


def _figures(con: duckdb.DuckDBPyConnection) -> dict[str, Figure]:
    """Draw the charts from what the committee is told."""
    cells = _rows(con, "SELECT * FROM report.published_cell")
    lines = {table.table_id: table.lines for table in _tables(cells, words.TABLES["committee"])}
    over_time = _rows(con, "SELECT * FROM report.published_over_time")
    return {found.name: found for found in committee_figures(lines, over_time)}


def _write_edition(
    con: duckdb.DuckDBPyConnection,
    target: Path,
    edition: Edition,
    approved_by: str | None,
    figures: dict[str, Figure],
) -> None:
    """Write one edition into a folder of its own."""
    (target / "tables").mkdir(parents=True, exist_ok=True, mode=0o700)
    cells = _rows(con, f"SELECT * FROM report.{words.EDITION[edition]['table']}")
    tables = _tables(cells, words.TABLES[edition])
    said = {"words": words.EDITION[edition], "approved_by": approved_by, "figures": figures}
    page = environment().get_template("committee.html").render(_context(con, cells, tables) | said)
    _write(target / f"report-{edition}.html", page)
    _write(target / KEPT_AS, as_text(con))
    for table in tables:
        if not table.lines:
            continue
        _write(target / "tables" / f"{table.table_id}.json", _json(table))
        _write(target / "tables" / f"{table.table_id}.csv", _csv(table))


def shown(cell: Row | None) -> str:
    """Return how a cell stands in the page."""
    if cell is None:
        return numbers.NONE
    if cell["shown"] != "value":
        return words.SHOWN_INTERNAL[cell["shown"]]
    if cell["kind"] == "about":
        return f"about {cell['share']:.0f}%" if cell["share"] % 100 else f"{cell['share']:.0f}%"
    if cell["kind"] == "share":
        return f"{cell['share']}%"
    return numbers.count(cell["printed"])


def _rows(con: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    found = con.sql(f"{query} ORDER BY ALL")
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def _tables(cells: list[Row], told: dict[str, words.Told]) -> list[Table]:
    """Return the tables with a line; those without one only where that says something."""
    if not cells:
        return []
    tables = [_table(name, told[name], cells) for name in told]
    return [table for table in tables if table.lines or table.table_id in words.MISSING]


def _table(name: str, told: words.Told, cells: list[Row]) -> Table:
    """Return one table: the largest lines first, months in their order, the total last."""
    title, question, head, definition = told
    mine = [cell for cell in cells if cell["table_id"] == name]
    measures = [each for each in words.MEASURE if any(cell["measure"] == each for cell in mine)]
    lines: dict[tuple[bool, str, str], dict[str, Row]] = {}
    for cell in mine:
        place = cell["is_total"], cell["line_id"], cell["title"]
        lines.setdefault(place, {})[cell["measure"]] = cell

    def order(place: tuple[bool, str, str]) -> tuple[Any, ...]:
        is_total, line_id, _ = place
        if head in _IN_ORDER:
            return is_total, place[_IN_ORDER[head]]
        size = lines[place][measures[0]]["printed"]
        by_size = -(size or 0)
        return is_total, line_id == "unknown", by_size, line_id

    def named(place: tuple[bool, str, str]) -> str:
        is_total, line_id, line_title = place
        if is_total:
            return words.ALL
        return _NAMED[head](line_id, line_title) if head in _NAMED else line_title

    ordered = [(place[1], named(place), lines[place]) for place in sorted(lines, key=order)]
    return Table(name, title, question, definition, head, measures, ordered)


def _months_of(line_id: str, _: str) -> str:
    return " to ".join(numbers.month(first_day(month)) for month in line_id.split(" to "))


def _event_with_reason(line_id: str, event: str) -> str:
    return f"{event}: {word(GUARD, line_id.partition('/')[2])}"


def _break(line_id: str, _: str) -> str:
    return word(LEDGER_STATE | CLAUSE, line_id)


_IN_ORDER: Final = {words.IN_TIME: 1, words.BY_EDITION: 1, words.BY_DEFINITION: 2}
"""By its head, a table whose lines stand by their id (1) or title (2), not by size."""
_NAMED: Final = {
    words.IN_TIME: _months_of,
    words.BY_EDITION: _months_of,
    words.BY_REASON: _event_with_reason,
    words.BY_BREAK: _break,
}
"""By its head, what a table's lines are called, of their id and title; else by their title."""


def _context(
    con: duckdb.DuckDBPyConnection, cells: list[Row], tables: list[Table]
) -> dict[str, Any]:
    total = {cell["measure"]: cell for cell in cells if cell["is_total"]}
    sets = _rows(
        con,
        "SELECT * FROM report.guideline_in_force "
        "WHERE set_key = (SELECT MIN(set_key) FROM report.headline)",
    )
    return {
        "css": style_sheet(),
        "tables": tables,
        "total": total,
        "shown": shown,
        "measure": words.MEASURE,
        "withheld_chapter": words.WITHHELD_CHAPTER,
        "missing": words.MISSING,
        "unseen": words.UNSEEN,
        "period": _months(tables),
        "basis": con.sql("SELECT basis FROM report.period").fetchall()[0][0],
        "set": sets[0] if sets else None,
        "charts_of": CHARTS_OF,
    }


def _months(tables: list[Table]) -> str:
    """Return the first and last closed month in words."""
    lines = [
        line_id
        for table in tables
        if table.head == words.IN_TIME
        for line_id, _, _ in table.lines
        if line_id != words.TOTAL_LINE
    ]
    if not lines:
        return words.NO_CLOSED_MONTH
    first, last = (numbers.month(first_day(line_id)) for line_id in (lines[0], lines[-1]))
    return first if first == last else f"{first} to {last}"


def _json(table: Table) -> str:
    rows = [
        {
            "line": line_id,
            "title": title,
            "measure": measure,
            "shown": cells[measure]["shown"],
            "value": cells[measure]["printed"],
            "share_percent": None
            if cells[measure]["share"] is None
            else float(cells[measure]["share"]),
        }
        for line_id, title, cells in table.told
        for measure in table.measures
        if measure in cells
    ]
    told = {
        "table": table.table_id,
        "title": table.title,
        "definition": table.definition,
        "measures": {name: words.MEASURE[name] for name in table.measures},
        "shown": words.SHOWN | {how: words.SHOWN_INTERNAL[how] for how in table.unsaid},
        "withheld": words.WITHHELD_CHAPTER if table.is_withheld else None,
        "cells": rows,
    }
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def _csv(table: Table) -> str:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([table.head, *(words.MEASURE[name] for name in table.measures)])
    for _, title, cells in table.told:
        writer.writerow(
            [guarded(title), *(_cell(cells.get(measure)) for measure in table.measures)]
        )
    return text.getvalue()


def _cell(cell: Row | None) -> str:
    """Return a cell of a spreadsheet: a bare number where one is shown."""
    return shown(cell).replace(",", "") if cell and cell["shown"] == "value" else shown(cell)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
