"""Write what an edition prints: its cells, shares of them, and how they hang together."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import duckdb

from pipeline.disclosure.cells import Edition, Printed
from pipeline.disclosure.numbers import Number, quantity_of
from pipeline.store import insert_rows

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


SUMS: Final = {
    "bound_low": (("off",), ("judged", "unassessed")),
    "bound_high": (("off", "unassessed"), ("judged", "unassessed")),
}
"""Shares of sums of printed numbers of one line: what stands above and below the stroke."""


SINCE: Final = "since_before"
"""The table that lays the edition before beside this one."""
_TOTALS: Final = {
    **dict.fromkeys(("grams", "sessions", "infusions", "patients"), "use"),
    **dict.fromkeys(("closed", "judged", "off", "unassessed"), "off_guideline"),
}
"""The totals that two editions are laid beside each other by, and what they are totals of."""


def write_cells(
    con: duckdb.DuckDBPyConnection,
    numbers: Sequence[Number],
    period: str,
    edition: Edition,
    before: tuple[str, Edition] | None = None,
    more: Sequence[tuple[Any, ...]] = (),
) -> None:
    """Create `report.published_cell`: one row per number and per share of printed numbers.

    `before` is the edition before with its months: its totals are printed again as they were.
    `more` are cells that are no numbers of the attack, as they are to be written.
    """
    printed = {item.quantity: item for item in edition.printed}
    rows: list[tuple[Any, ...]] = []
    lines: dict[tuple[Any, ...], dict[str, Printed]] = {}
    for number in numbers:
        name = quantity_of(number, period)
        # nothing is told of a chapter that would give somebody away whatever of it is withheld
        item = printed.get(name, Printed(name, number.kind, "withheld", None))
        where = (number.table_id, number.line_id, number.title, number.is_total)
        lines.setdefault(where, {})[number.measure] = item
        rows.append((*where, number.measure, name, item.kind, item.shown, item.value, None, period))
        if number.share_of:
            of = quantity_of(number, period, number.share_of)
            whole = printed.get(of, Printed(of, number.kind, "withheld", None))
            measure = f"{number.measure}_share"
            rows.append((*where, measure, *_share_cell([item], [whole]), period))
    for months, told in (before, (period, edition)) if before else ():
        where = (SINCE, months, months, False)
        for measure, item in _totals(told, months).items():
            lines.setdefault(where, {})[measure] = item
            rows.append((*where, measure, item.quantity, item.kind, item.shown, item.value, None,
                         period))  # fmt: skip
    for where, items in lines.items():
        sums = SUMS | ({"off_share": (("off",), ("judged",))} if where[0] == SINCE else {})
        for measure, (above, below) in sums.items():
            if items.keys() >= {*above, *below}:
                shares = _share_cell([items[name] for name in above], [items[n] for n in below])
                rows.append((*where, measure, *shares, period))
    insert_rows(con, "report.published_cell", CELL, [*rows, *more])


def _totals(edition: Edition, months: str) -> dict[str, Printed]:
    """Return the totals of an edition as it printed them, and none that it did not print."""
    printed = {item.quantity: item for item in edition.printed}
    names = {measure: f"{of}/all/{measure}/{months}" for measure, of in _TOTALS.items()}
    return {measure: printed[name] for measure, name in names.items() if name in printed}


def _share_cell(above: Sequence[Printed], below: Sequence[Printed]) -> tuple[Any, ...]:
    """Return quantity, kind, how it is shown, no number, and the share in per cent.

    It is made of printed numbers alone, so it tells no more than they do.
    """
    shown = {item.shown for item in (*above, *below)}
    if shown != {"value"}:
        if all(item.value == 0 for item in below):
            return None, "share", "empty", None, None
        return None, "share", "few" if "few" in shown else "withheld", None, None
    part, whole = (sum(item.value or 0 for item in items) for items in (above, below))
    if not whole:
        return None, "share", "empty", None, None
    return None, "share", "value", None, round(Decimal(100 * part) / whole, 1)


def write_relations(con: duckdb.DuckDBPyConnection, edition: Edition) -> None:
    """Create `report.published_relation`: one row per part of a relation between numbers."""
    rows = [
        (number, relation.kind, relation.whole, part)
        for number, relation in enumerate(edition.relations, start=1)
        for part in relation.parts
    ]
    insert_rows(con, "report.published_relation", RELATION, rows)
