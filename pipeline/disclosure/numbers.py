"""One number of an edition with its place, and the name of what it is of."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

from pipeline.disclosure.cells import Kind

BY_MONTH: Final = "use_by_month"
"""The table whose lines are months: their numbers are the same in every edition."""


class Number(NamedTuple):
    """One number of one table, with its place. There are tens of thousands, so a plain tuple."""

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


def quantity_of(number: Number, period: str, measure: str | None = None) -> str:
    """Name what a number is of: totals of one kind are one number, and a month is itself."""
    measure = measure or number.measure
    if number.is_total:
        return f"{number.total_of}/all/{measure}/{period}"
    when = number.line_id if number.table_id == BY_MONTH else period
    return f"{number.table_id}/{number.line_id}/{measure}/{when}"
