"""Hold grams and the share off guideline of closed months against their usual variation."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import duckdb

from pipeline.statistics.xmr import Mark, Usual, marks, usual
from pipeline.store import insert_rows

_AMOUNT: Final = "DECIMAL(18, 6)"
OVER_TIME: Final = {
    "measure": "VARCHAR",
    "month_on": "DATE",
    "place": "INTEGER",
    "amount": _AMOUNT,
    "n_off": "BIGINT",
    "n_judged": "BIGINT",
    **dict.fromkeys(("mean", "low", "high"), _AMOUNT),
    "rule": "VARCHAR",
    "way": "VARCHAR",
    "meaning": "VARCHAR",
}
_MEANING: Final = {
    "grams": {"high": "change", "low": "change"},
    "off_share": {"high": "concern", "low": "improvement"},
}
"""What a signal says, by measure and the way the series went; need decides how many grams."""
_SERIES: Final = {
    "grams": "SELECT month_on, grams, 1, NULL, NULL FROM report.grams_by_month "
    "WHERE NOT is_partial AND grams IS NOT NULL ORDER BY month_on",
    "off_share": "SELECT month_on, n_off, n_judged, n_off, n_judged FROM report.judged_month "
    "WHERE n_judged > 0 ORDER BY month_on",
}
"""Per measure: month, numerator, denominator, and the two as the page shows them."""

Row = tuple[Any, ...]


def add_over_time(con: duckdb.DuckDBPyConnection) -> None:
    """Create `report.over_time`: one row per measure and closed month with a value."""
    rows = [row for measure in _SERIES for row in _series(con, measure)]
    insert_rows(con, "report.over_time", OVER_TIME, rows)


def _series(con: duckdb.DuckDBPyConnection, measure: str) -> list[Row]:
    found = con.sql(_SERIES[measure]).fetchall()
    values = [Fraction(amount) / n_of for _, amount, n_of, _, _ in found]
    told = usual(values)
    return [
        (measure, month_on, place, _decimal(value), n_off, n_judged, *_limits(told),
         *_signal(measure, mark))
        for place, ((month_on, _, _, n_off, n_judged), value, mark) in enumerate(
            zip(found, values, marks(values, told), strict=True), start=1
        )
    ]  # fmt: skip


def _limits(told: Usual | None) -> Sequence[Decimal | None]:
    """Return mean and limits; no lower one where it would lie below 0, which nothing can."""
    if told is None:
        return (None, None, None)
    low = None if told.low < 0 else _decimal(told.low)
    return (_decimal(told.mean), low, _decimal(told.high))


def _signal(measure: str, mark: Mark | None) -> Sequence[str | None]:
    return (None, None, None) if mark is None else (*mark, _MEANING[measure][mark.way])


def _decimal(value: Fraction) -> Decimal:
    """Round for showing; what is held against a limit stays a fraction."""
    return round(Decimal(value.numerator) / value.denominator, 6)
