"""Make the tables of the edition that names no person, and decide which numbers it may print.

Each file of `sql/committee` is one table. It says of every number what it is, on how many persons
it rests and how it hangs together with the others of its line; totals, and what holds between a
total and its lines, follow from that. A newcomer adds a table with one SQL file.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import duckdb

from pipeline import resources
from pipeline.disclosure.cells import Cell, Edition, Printed, Relation, bounds
from pipeline.disclosure.control import Between, control
from pipeline.disclosure.internal import write_internal
from pipeline.disclosure.numbers import BY_MONTH, Number, quantity_of
from pipeline.disclosure.published import write_cells, write_relations
from pipeline.disclosure.quality import quality_cells
from pipeline.store import count_rows

Months = Collection[str] | None
"""Months like `2024-03`; None: all that are closed."""
_MOST_ROWS = 2_000_000
"""So many infusions, counted once per block, are looked at in one go."""

STEPS = ("closed_month", "closed_use", "use_number")

_PERIOD = re.compile(r"/(\d{4}-\d\d to \d{4}-\d\d)$")


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
    is printed, and per word on the records. `published_relation`: one row per part of a relation
    between them. For the internal edition `internal_cell`: the same rows, but the numbers of events
    as they are.

    Raises:
        DisclosureError: a small number could be worked out from what would be printed.
    """
    made = draft(con)
    edition = control(made.cells, made.relations, earlier, between(con, made, earlier))
    more = quality_cells(con, made.period) if made.numbers else []
    write_cells(con, made.numbers, made.period, edition, _before(made.period, earlier), more)
    write_relations(con, edition)
    if is_internal:
        write_internal(con, made.numbers)


def draft(con: duckdb.DuckDBPyConnection, months: Months = None) -> Draft:
    """Read the tables of `sql/committee`, of all closed months or of some (`2024-03`)."""
    (made,) = drafts(con, [months])
    return made


def drafts(con: duckdb.DuckDBPyConnection, blocks: Sequence[Months]) -> list[Draft]:
    """Read the tables of `sql/committee` of several blocks of months.

    As many blocks are read at once as rows fit: there may be dozens, each small for small
    hospitals, where asking takes longer than answering.
    """
    at_once = max(1, _MOST_ROWS // (1 + count_rows(con, "temp.counted_infusion")))
    return [
        made
        for start in range(0, len(blocks), at_once)
        for made in _drafts(con, blocks[start : start + at_once])
    ]


def _drafts(con: duckdb.DuckDBPyConnection, blocks: Sequence[Months]) -> list[Draft]:
    wanted = [
        (block, month and f"{month}-01")
        for block, months in enumerate(blocks)
        for month in ([None] if months is None else sorted(months))
    ]
    # one row per block and month wanted; no month: all that are closed
    con.execute(
        "CREATE TEMP TABLE wanted_month AS SELECT UNNEST($blocks::INTEGER[]) AS block, "
        "CAST(UNNEST($months::VARCHAR[]) AS DATE) AS month_on",
        {"blocks": [block for block, _ in wanted], "months": [month for _, month in wanted]},
    )
    for step in STEPS:
        con.execute(f"CREATE TEMP TABLE {step} AS {resources.sql(f'committee/shared/{step}.sql')}")
    periods, numbers = _periods_of_blocks(con), _numbers(con)
    for step in ("wanted_month", *STEPS):
        con.execute(f"DROP TABLE temp.{step}")
    return [
        Draft(numbers[block] if block in periods else [], periods.get(block, ""))
        for block in range(len(blocks))
    ]


def between(con: duckdb.DuckDBPyConnection, made: Draft, earlier: Sequence[Edition]) -> Between:
    """Return the numbers of the months by which the draft and each earlier edition differ.

    Only where the months of one lie within those of the other: else nothing can be subtracted. A
    line of the draft without a number of those months is a line of them with 0, for nobody knows
    that it has none. Numbers to date of the earlier editions can only grow from one to the other.
    """
    cells: dict[str, Cell] = {}
    relations: list[Relation] = []
    printed = {item.quantity: item for edition in earlier for item in edition.printed}
    known = {cell.quantity for cell in made.cells} | printed.keys()
    pairs = _pairs(made.period, earlier)
    blocks = drafts(con, [_months(longer) - _months(shorter) for longer, shorter in pairs])
    nothing = {_place(each): each._replace(value=Decimal(0), n_persons=0) for each in made.numbers}
    for (longer, shorter), block in zip(pairs, blocks, strict=True):
        name = f"{longer} without {shorter}"
        numbers = _with_every_line(block.numbers, nothing)
        cells |= {cell.quantity: cell for cell in _cells(numbers, name)}
        # that they add up follows from the two editions
        relations += [how for how in _relations(numbers, name) if how.kind != "sum"]
        for number in numbers:
            whole = quantity_of(number, longer)
            parts = [quantity_of(number, name)]
            if (less := quantity_of(number, shorter)) in known:
                parts.append(less)
            if whole in known:
                relations.append(Relation(_how(number), whole, tuple(parts)))
    return Between(tuple(cells.values()), tuple(dict.fromkeys([*relations, *grown(printed)])))


def _with_every_line(
    block: Sequence[Number], nothing: Mapping[tuple[str, str, str], Number]
) -> list[Number]:
    """Return the numbers of a block of months that are no month, and a 0 of every other line."""
    found = {_place(number): number for number in block}
    for place, none in nothing.items():
        found.setdefault(place, none)
    return [number for number in found.values() if number.is_total or number.table_id != BY_MONTH]


def _place(number: Number) -> tuple[str, str, str]:
    return number.table_id, number.line_id, number.measure


def grown(printed: Mapping[str, Printed]) -> list[Relation]:
    """Return that of each two periods, one next within the other, the longer has no less.

    Where records that came late have made it less, nothing is known.
    """
    of: dict[str, dict[str, str]] = defaultdict(dict)
    for quantity in printed:
        if match := _PERIOD.search(quantity):
            of[match.group(1)][quantity[: match.start()]] = quantity
    months = {period: _months(period) for period in of}
    found = []
    for longer, shorter in _next_within(months):
        for stem, less in of[shorter].items():
            more = of[longer].get(stem)
            if more and bounds(printed[less])[0] <= bounds(printed[more])[1]:
                found.append(Relation("at_most", more, (less,)))
    return found


def _next_within(months: Mapping[str, set[str]]) -> list[tuple[str, str]]:
    """Return the longer and the shorter of two periods with none between them."""
    found = []
    for longer, all_months in sorted(months.items()):
        within = [name for name, some in months.items() if some < all_months]
        found += [
            (longer, name)
            for name in sorted(within)
            if not any(months[name] < months[other] for other in within)
        ]
    return found


def _pairs(mine: str, earlier: Sequence[Edition]) -> list[tuple[str, str]]:
    """Return the longer and the shorter of each two periods of which one lies within the other."""
    found = []
    for theirs in sorted({found for edition in earlier for found in _periods(edition)}):
        if mine and _months(theirs) < _months(mine):
            found.append((mine, theirs))
        elif mine and _months(mine) < _months(theirs):
            found.append((theirs, mine))
    return found


def _before(period: str, earlier: Sequence[Edition]) -> tuple[str, Edition] | None:
    """Return the edition whose months end last before those of this one, with its months."""
    found = [
        (months[-len("2024-01") :], months, number, edition)
        for number, edition in enumerate(earlier)
        for months in _periods(edition)
    ]
    ended = [place for place in found if period and place[0] < period[-len("2024-01") :]]
    if not ended:
        return None
    _, months, _, edition = max(ended, key=lambda place: place[:3])
    return months, edition


def _periods(edition: Edition) -> set[str]:
    found = (_PERIOD.search(item.quantity) for item in edition.printed)
    return {match.group(1) for match in found if match}


def _months(period: str) -> set[str]:
    """Return the months of `2024-01 to 2024-03`."""
    if not period:
        return set()
    first, last = (int(end[:4]) * 12 + int(end[5:]) - 1 for end in period.split(" to "))
    return {f"{month // 12}-{month % 12 + 1:02d}" for month in range(first, last + 1)}


def _numbers(con: duckdb.DuckDBPyConnection) -> dict[int, list[Number]]:
    """Return the numbers of every block, table after table."""
    found: dict[int, list[Number]] = defaultdict(list)
    for path in resources.sql_files("committee"):
        table = path.stem
        rows = con.sql(
            "SELECT * FROM (" + path.read_text("utf-8") + ") ORDER BY is_total, line_id, measure"
        )
        names = rows.columns
        for row in rows.fetchall():
            given: dict[str, Any] = dict(zip(names, row, strict=True))
            is_total = given["is_total"]
            found[given["block"]].append(
                Number(
                    table, "all" if is_total else given["line_id"], given["title"], is_total,
                    given["total_of"], given["measure"], given["kind"], Decimal(given["value"]),
                    given["n_persons"], given.get("part_of"), given.get("at_most"),
                    given.get("share_of"),
                )
            )  # fmt: skip
    return found


def _periods_of_blocks(con: duckdb.DuckDBPyConnection) -> dict[int, str]:
    """Return the first and last closed month of every block that has one."""
    return dict(
        con.sql(
            "SELECT block, STRFTIME(MIN(month_on), '%Y-%m') || ' to ' || "
            "STRFTIME(MAX(month_on), '%Y-%m') FROM temp.closed_month GROUP BY block"
        ).fetchall()
    )


def _cells(numbers: list[Number], period: str) -> list[Cell]:
    found = {}
    for number in numbers:
        name = quantity_of(number, period)
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
            whole = quantity_of(number, period, number.at_most)
            found.add(Relation("at_most", whole, (quantity_of(number, period),)))
    for group in by_measure.values():
        lines = tuple(quantity_of(number, period) for number in group if not number.is_total)
        found |= {
            Relation(_how(number), quantity_of(number, period), lines)
            for number in group
            if number.is_total and lines
        }
    for (_, _, whole), group in parts.items():
        found.add(
            Relation(
                _how(group[0]),
                quantity_of(group[0], period, whole),
                tuple(quantity_of(number, period) for number in group),
            )
        )
    return sorted(found, key=lambda relation: (relation.whole, relation.kind, relation.parts))


def _how(number: Number) -> Literal["sum", "cover"]:
    """Persons may stand in several lines; other numbers add up."""
    return "cover" if number.kind == "persons" else "sum"
