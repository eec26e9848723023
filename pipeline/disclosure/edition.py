"""Make the tables of the edition that names no person, and decide which numbers it may print.

Each file of `sql/committee` is one table. It says of every number what it is, on how many persons
it rests and how it hangs together with the others of its line; totals, and what holds between a
total and its lines, follow from that. A newcomer adds a table with one SQL file.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import duckdb

from pipeline import resources
from pipeline.disclosure.cells import Cell, Edition, Kind, Printed, Relation
from pipeline.disclosure.control import Between, control
from pipeline.disclosure.internal import write_internal
from pipeline.store import insert_rows

STEPS = ("closed_month", "closed_use", "use_number")

CELL = {
    "table_id": "VARCHAR",
    "line_id": "VARCHAR",
    "title": "VARCHAR",
    "is_total": "BOOLEAN",
    "measure": "VARCHAR",
    "quantity": "VARCHAR",
    "kind": "VARCHAR",
    "shown": "VARCHAR",
    "printed": "INTEGER",
    "share": "DECIMAL(4, 1)",
    "period": "VARCHAR",
}
RELATION = {"relation": "INTEGER", "kind": "VARCHAR", "whole": "VARCHAR", "part": "VARCHAR"}
"""A whole may have several relations of one kind: all grams are those by month and by product."""

_PERIOD = re.compile(r"/(\d{4}-\d\d to \d{4}-\d\d)$")
_BY_MONTH = "use_by_month"
"""The table whose lines are months: their numbers are the same in every edition."""


@dataclass(frozen=True)
class Number:
    """One number of one table, with its place."""

    table_id: str
    line_id: str
    title: str
    is_total: bool
    total_of: str
    measure: str
    kind: Kind
    value: Decimal
    n_persons: int
    part_of: str | None
    at_most: str | None
    share_of: str | None


@dataclass(frozen=True)
class Draft:
    """The numbers of an edition before it is decided which of them may be printed."""

    numbers: list[Number]
    period: str

    @property
    def cells(self) -> list[Cell]:
        """Return one cell per quantity."""
        return _cells(self.numbers, self.period)

    @property
    def relations(self) -> list[Relation]:
        """Return how the quantities hang together."""
        return _relations(self.numbers, self.period)


def publish_cells(
    con: duckdb.DuckDBPyConnection,
    earlier: Sequence[Edition] = (),
    *,
    is_internal: bool = False,
) -> None:
    """Create `report.published_cell` and `report.published_relation`.

    `published_cell`: one row per number of the committee edition and share of two of them, as it
    is printed. `published_relation`: one row per part of a relation between them. For the internal
    edition `internal_cell`: the same rows, but the numbers of events as they are.

    Raises:
        DisclosureError: a small number could be worked out from what would be printed.
    """
    made = draft(con)
    edition = control(made.cells, made.relations, earlier, between(con, made, earlier))
    _write_cells(con, made, edition)
    _write_relations(con, edition)
    if is_internal:
        write_internal(con, made.numbers)


def draft(con: duckdb.DuckDBPyConnection, months: Collection[str] | None = None) -> Draft:
    """Read the tables of `sql/committee`, of all closed months or of some (`2024-03`)."""
    for step in STEPS:
        con.execute(f"CREATE TEMP TABLE {step} AS {resources.sql(f'committee/shared/{step}.sql')}")
        if step == "closed_month" and months is not None:
            con.execute(
                "DELETE FROM temp.closed_month "
                "WHERE NOT LIST_CONTAINS($months, STRFTIME(month_on, '%Y-%m'))",
                {"months": sorted(months)},
            )
    period = _period(con)
    made = Draft(_numbers(con) if period else [], period or "")
    for step in STEPS:
        con.execute(f"DROP TABLE temp.{step}")
    return made


def between(con: duckdb.DuckDBPyConnection, made: Draft, earlier: Sequence[Edition]) -> Between:
    """Return the numbers of the months by which the draft and each earlier edition differ.

    Only where the months of one lie within those of the other: else nothing can be subtracted.
    """
    cells: dict[str, Cell] = {}
    relations: list[Relation] = []
    known = {cell.quantity for cell in made.cells}
    known |= {item.quantity for edition in earlier for item in edition.printed}
    mine = _months(made.period)
    for period in sorted({found for edition in earlier for found in _periods(edition)}):
        theirs = _months(period)
        if not mine or theirs == mine or not (theirs < mine or mine < theirs):
            continue
        longer, shorter = (made.period, period) if theirs < mine else (period, made.period)
        block = draft(con, _months(longer) - _months(shorter))
        name = f"{longer} without {shorter}"
        numbers = [
            number for number in block.numbers if number.is_total or number.table_id != _BY_MONTH
        ]
        cells |= {cell.quantity: cell for cell in _cells(numbers, name)}
        relations += _relations(numbers, name)
        for number in numbers:
            whole = _quantity(number, longer)
            parts = [_quantity(number, name)]
            if (less := _quantity(number, shorter)) in known:
                parts.append(less)
            if whole in known:
                relations.append(Relation(_how(number), whole, tuple(parts)))
    return Between(tuple(cells.values()), tuple(dict.fromkeys(relations)))


def _periods(edition: Edition) -> set[str]:
    found = (_PERIOD.search(item.quantity) for item in edition.printed)
    return {match.group(1) for match in found if match}


def _months(period: str) -> set[str]:
    """Return the months of `2024-01 to 2024-03`."""
    if not period:
        return set()
    first, last = (int(end[:4]) * 12 + int(end[5:]) - 1 for end in period.split(" to "))
    return {f"{month // 12}-{month % 12 + 1:02d}" for month in range(first, last + 1)}


def _numbers(con: duckdb.DuckDBPyConnection) -> list[Number]:
    found = []
    for path in resources.sql_files("committee"):
        rows = con.sql(
            "SELECT * FROM (" + path.read_text("utf-8") + ") ORDER BY is_total, line_id, measure"
        )
        names = rows.columns
        for row in rows.fetchall():
            given: dict[str, Any] = dict(zip(names, row, strict=True))
            given |= {name: given.get(name) for name in ("part_of", "at_most", "share_of")}
            given["value"] = Decimal(given["value"])
            if given["is_total"]:
                given["line_id"] = "all"
            found.append(Number(table_id=path.stem, **given))
    return found


def _period(con: duckdb.DuckDBPyConnection) -> str | None:
    """Return the first and last closed month, or None where no month is closed."""
    found = con.sql(
        "SELECT STRFTIME(MIN(month_on), '%Y-%m') || ' to ' || STRFTIME(MAX(month_on), '%Y-%m') "
        "FROM temp.closed_month"
    ).fetchall()
    return found[0][0] and str(found[0][0])


def _quantity(number: Number, period: str, measure: str | None = None) -> str:
    """Name what a number is of: totals of one kind are one number, and a month is itself."""
    measure = measure or number.measure
    if number.is_total:
        return f"{number.total_of}/all/{measure}/{period}"
    when = number.line_id if number.table_id == _BY_MONTH else period
    return f"{number.table_id}/{number.line_id}/{measure}/{when}"


def _cells(numbers: list[Number], period: str) -> list[Cell]:
    found = {}
    for number in numbers:
        name = _quantity(number, period)
        found[name] = Cell(name, number.kind, number.value, number.n_persons)
    return list(found.values())


def _relations(numbers: list[Number], period: str) -> list[Relation]:
    found: set[Relation] = set()
    by_measure: dict[tuple[str, str], list[Number]] = defaultdict(list)
    parts: dict[tuple[str, str, str], list[Number]] = defaultdict(list)
    for number in numbers:
        by_measure[number.table_id, number.measure].append(number)
        if number.part_of:
            parts[number.table_id, number.line_id, number.part_of].append(number)
        if number.at_most:
            whole = _quantity(number, period, number.at_most)
            found.add(Relation("at_most", whole, (_quantity(number, period),)))
    for group in by_measure.values():
        lines = tuple(_quantity(number, period) for number in group if not number.is_total)
        found |= {
            Relation(_how(number), _quantity(number, period), lines)
            for number in group
            if number.is_total and lines
        }
    for (_, _, whole), group in parts.items():
        found.add(
            Relation(
                _how(group[0]),
                _quantity(group[0], period, whole),
                tuple(_quantity(number, period) for number in group),
            )
        )
    return sorted(found, key=lambda relation: (relation.whole, relation.kind, relation.parts))


def _how(number: Number) -> Literal["sum", "cover"]:
    """Persons may stand in several lines; other numbers add up."""
    return "cover" if number.kind == "persons" else "sum"


def _write_cells(con: duckdb.DuckDBPyConnection, made: Draft, edition: Edition) -> None:
    printed = {item.quantity: item for item in edition.printed}
    rows: list[tuple[Any, ...]] = []
    period = made.period
    for number in made.numbers:
        name = _quantity(number, period)
        item = printed[name]
        where = (number.table_id, number.line_id, number.title, number.is_total)
        rows.append((*where, number.measure, name, item.kind, item.shown, item.value, None, period))
        if number.share_of:
            whole = printed[_quantity(number, period, number.share_of)]
            share = _share(item, whole)
            shown = _shown_share(share, item, whole)
            rows.append(
                (*where, f"{number.measure}_share", None, "share", shown, None, share, period)
            )
    insert_rows(con, "report.published_cell", CELL, rows)


def _shown_share(share: Decimal | None, part: Printed, whole: Printed) -> str:
    if share is not None:
        return "value"
    if whole.value == 0:
        return "empty"
    return "few" if "few" in (part.shown, whole.shown) else "withheld"


def _share(part: Printed, whole: Printed) -> Decimal | None:
    """Return a share in per cent of two printed numbers, so that it tells no more than they do."""
    if part.value is None or not whole.value:
        return None
    return round(Decimal(100 * part.value) / whole.value, 1)


def _write_relations(con: duckdb.DuckDBPyConnection, edition: Edition) -> None:
    rows = [
        (number, relation.kind, relation.whole, part)
        for number, relation in enumerate(edition.relations, start=1)
        for part in relation.parts
    ]
    insert_rows(con, "report.published_relation", RELATION, rows)
