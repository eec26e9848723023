"""Hold grams and the share off guideline of closed months against their usual variation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import duckdb

from pipeline.config import Settings
from pipeline.statistics.xmr import Mark, Usual, assurance, marks, usual
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
    "part": "INTEGER",
    "restart_reason": "VARCHAR",
    "target": _AMOUNT,
    "assurance": "VARCHAR",
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

_PRINTED: Final = """
    SELECT CAST(line_id || '-01' AS DATE) AS month_on, printed, 1, NULL, NULL
    FROM report.published_cell
    WHERE table_id = 'use_by_month' AND measure = 'grams' AND NOT is_total AND shown = 'value'
    ORDER BY month_on
"""

_USUAL: Final = """
    SELECT c.table_id, c.line_id, c.title, c.is_total, u.measure, 'usual' AS kind,
        'value' AS shown, CAST(u.printed AS INTEGER) AS printed, c.period
    FROM report.published_cell AS c
    INNER JOIN (
        UNPIVOT (
            SELECT
                strftime(month_on, '%Y-%m') AS line_id,
                CAST(5 * ROUND(mean / 5) AS BIGINT) AS usual_mean,
                CAST(5 * ROUND(low / 5) AS BIGINT) AS usual_low,
                CAST(5 * ROUND(high / 5) AS BIGINT) AS usual_high
            FROM report.published_over_time
        ) ON usual_mean, usual_low, usual_high INTO NAME measure VALUE printed
    ) AS u ON c.line_id = u.line_id
    WHERE c.table_id = 'use_by_month' AND c.measure = 'grams' AND (u.printed = 0 OR u.printed > 7)
"""

Row = tuple[Any, ...]


def add_over_time(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Create `report.over_time`: one row per measure and closed month with a value."""
    rows = [
        row
        for measure, query in _SERIES.items()
        for row in _series(settings, measure, con.sql(query).fetchall())
    ]
    insert_rows(con, "report.over_time", OVER_TIME, rows)


def add_published_over_time(
    con: duckdb.DuckDBPyConnection, settings: Settings, editions: Iterable[str]
) -> None:
    """Create `report.published_over_time`: one row per month whose grams the committee is told.

    Mean and limits are made of the printed grams alone, so they tell nothing that those do not.
    Rounded to 5 they are cells of the editions named; a limit that would be 1 to 7 is none.
    """
    rows = [*_series(settings, "grams", con.sql(_PRINTED).fetchall())]
    insert_rows(con, "report.published_over_time", OVER_TIME, rows)
    for edition in editions:
        con.execute(f"INSERT INTO report.{edition} BY NAME {_USUAL}")


def _series(settings: Settings, measure: str, found: list[Row]) -> Iterator[Row]:
    """Give the months of a measure; each part, from a restart to the next, has its own limits."""
    told = getattr(settings.over_time, measure)
    restarts = {date.fromisoformat(f"{name}-01"): why for name, why in told.restart.items()}
    target = getattr(told, "target", None)
    place = 0
    for part, (why, months) in enumerate(_parts(found, restarts), start=1):
        values = [Fraction(amount) / n_of for _, amount, n_of, _, _ in months]
        held = usual(values)
        kept = None if target is None else assurance(held, Fraction(target))
        for month, value, mark in zip(months, values, marks(values, held), strict=True):
            place += 1
            yield (
                measure, month[0], place, _decimal(value), *month[3:], *_limits(held),
                *_signal(measure, mark), part, why, target, kept,
            )  # fmt: skip


def _parts(
    months: Sequence[Row], restarts: Mapping[date, str]
) -> Iterator[tuple[str | None, list[Row]]]:
    """Cut the months where limits are made anew; of several restarts in a gap the last counts."""
    why: str | None = None
    part: list[Row] = []
    waiting = sorted(restarts.items())
    for month in months:
        begun = [reason for first_on, reason in waiting if first_on <= month[0]]
        waiting = waiting[len(begun) :]
        if begun and part:
            yield why, part
            part = []
        why = begun[-1] if begun else why
        part.append(month)
    if part:
        yield why, part


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
