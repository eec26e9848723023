"""Charts over time and between places: u-chart, days between events, funnel, sequential tests.

They are for looking at. None of them signals: see `signals`.
"""

from __future__ import annotations

from itertools import accumulate, groupby, pairwise
from typing import Any, Final

import duckdb

from pipeline.compare.rates import RATE, decimal
from pipeline.resources import sql
from pipeline.statistics.charts import (
    WIDE,
    dispersion,
    funnel_limits,
    gap_limits,
    mean_rate,
    u_chart_limits,
    widened_limits,
)
from pipeline.statistics.cusum import poisson_cusum, poisson_reference
from pipeline.statistics.maxsprt import ALPHA, grouped_critical_value, log_likelihood_ratio
from pipeline.statistics.rates import PER
from pipeline.store import insert_rows

Row = tuple[object, ...]

RAISED: Final = 2
"""†: the cumulative sum is set to find twice the usual rate."""
CUSUM_LIMIT: Final = 5.0
"""†: so many events beyond it are shown as reached."""

_EXACT: Final = "DECIMAL(15,6)"
EVENT_MONTH: Final = {
    "ascertainment": "VARCHAR",
    "month_on": "DATE",
    "is_whole": "BOOLEAN",
    "n_events": "BIGINT",
    "n_sessions": "BIGINT",
    **dict.fromkeys(("per_1000", "mean", "low", "high"), RATE),
    "is_outside": "BOOLEAN",
}
"""The columns of audit.event_month: one row per ascertainment of reports and month."""

SERIOUS_GAP: Final = {
    "happened_on": "DATE",
    "gap_days": "INTEGER",
    "mean_days": RATE,
    "low": RATE,
    "high": RATE,
    "is_outside": "BOOLEAN",
}
"""The columns of audit.serious_gap: one row per serious reported event after the first."""

FUNNEL: Final = {
    "unit_kind": "VARCHAR",
    "product_id": "VARCHAR",
    "unit_id": "VARCHAR",
    "events": _EXACT,
    "sessions": _EXACT,
    "n_places": "BIGINT",
    "dispersion_ratio": RATE,
    **dict.fromkeys(
        ("per_1000", "target", "low95", "high95", "low998", "high998", "wide_low", "wide_high"),
        RATE,
    ),
    "is_outside": "BOOLEAN",
}
"""The columns of audit.funnel: one row per product and site."""

SEQUENCE: Final = {
    "unit_kind": "VARCHAR",
    "product_id": "VARCHAR",
    "unit_id": "VARCHAR",
    "month_on": "DATE",
    "sessions": _EXACT,
    "events": _EXACT,
    "events_so_far": _EXACT,
    "expected_so_far": _EXACT,
    **dict.fromkeys(("llr", "critical", "cusum", "cusum_limit"), RATE),
}
"""The columns of audit.sequence: one row per product or lot above its peers and closed month."""


def chart_events(con: duckdb.DuckDBPyConnection) -> None:
    """Create `audit.event_month`, `serious_gap`, `funnel` and `sequence`."""
    insert_rows(con, "audit.event_month", EVENT_MONTH, _months(con))
    insert_rows(con, "audit.serious_gap", SERIOUS_GAP, _gaps(con))
    insert_rows(con, "audit.funnel", FUNNEL, _funnel(con))
    insert_rows(con, "audit.sequence", SEQUENCE, _sequence(con))


def _months(con: duckdb.DuckDBPyConnection) -> list[Row]:
    found = con.sql(sql("compare/month.sql")).fetchall()
    rows: list[Row] = []
    for _, group in groupby(found, key=lambda row: row[0]):
        months = list(group)
        whole = [(n_events, n) for _, _, is_whole, n_events, n in months if is_whole]
        mean = mean_rate([n for n, _ in whole], [n for _, n in whole])
        rows += [_month(row, mean) for row in months]
    return rows


def _month(row: Any, mean: float | None) -> Row:
    """Return one month with the limits of its own number of sessions."""
    *_, is_whole, n_events, n_sessions = row
    value = PER * n_events / n_sessions
    limits = u_chart_limits(mean, n_sessions) if mean is not None and is_whole else None
    low, high = (PER * limits.low, PER * limits.high) if limits else (None, None)
    is_outside = None if low is None or high is None else not low <= value <= high
    centre = PER * mean if mean is not None else None
    return (*row, *(decimal(each) for each in (value, centre, low, high)), is_outside)


def _gaps(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return the days between serious events; those of one day lie 0 days apart."""
    found = con.sql(sql("compare/serious.sql")).fetchall()
    days = [day for day, n_events in found for _ in range(n_events)]
    gaps = [(later, (later - earlier).days) for earlier, later in pairwise(days)]
    if not gaps:
        return []
    mean = sum(gap for _, gap in gaps) / len(gaps)
    limits = gap_limits(mean)
    low, high = limits or (None, None)
    return [
        (
            day,
            gap,
            *(decimal(each) for each in (mean, low, high)),
            None if low is None or high is None else not low <= gap <= high,
        )
        for day, gap in gaps
    ]


def _funnel(con: duckdb.DuckDBPyConnection) -> list[Row]:
    found = con.sql(
        """
        SELECT unit_kind, product_id, unit_id, events, sessions
        FROM audit.comparison
        WHERE ascertainment = 'reported' AND event_code IS NULL AND unit_kind != 'lot'
        ORDER BY ALL
        """
    ).fetchall()
    rows: list[Row] = []
    for _, group in groupby(found, key=lambda row: row[0]):
        places = list(group)
        events = [float(row[3]) for row in places]
        sessions = [float(row[4]) for row in places]
        target = mean_rate(events, sessions)
        if target:
            spread = dispersion(events, [target * each for each in sessions])
            between = spread.between if spread else 0.0
            ratio = spread.ratio if spread else None
            rows += [_place(row, len(places), ratio, target, between) for row in places]
    return rows


def _place(row: Any, n_places: int, ratio: float | None, target: float, between: float) -> Row:
    """Return one place with the limits of its own number of sessions, as rates."""
    sessions = float(row[4])
    narrow = funnel_limits(target, sessions)
    wide = funnel_limits(target, sessions, WIDE)
    wider = widened_limits(target, sessions, between, WIDE)
    limits = [edge for each in (narrow, wide, wider) for edge in (each or (None, None))]
    is_outside = None if wider is None else not wider.low <= float(row[3]) <= wider.high
    per = PER / sessions
    rates = [PER * target if edge is None else per * edge for edge in limits]
    return (
        *row,
        n_places,
        decimal(ratio),
        decimal(per * float(row[3])),
        decimal(PER * target),
        *(decimal(each) for each in rates),
        is_outside,
    )


def _sequence(con: duckdb.DuckDBPyConnection) -> list[Row]:
    found = con.sql(sql("compare/sequence.sql")).fetchall()
    rows: list[Row] = []
    for unit, group in groupby(found, key=lambda row: row[:3]):
        rows += _followed(unit, list(group))
    return rows


def _followed(unit: Any, months: list[Any]) -> list[Row]:
    """Return one unit month by month: ratio and sum against the usual rate of its peers."""
    usual = float(months[0][6])
    sessions = [float(row[4]) for row in months]
    events = [float(row[5]) for row in months]
    so_far = list(accumulate(events))
    expected = list(accumulate(usual * each for each in sessions))
    critical = grouped_critical_value(expected, alpha=ALPHA)
    reference = poisson_reference(usual, RAISED * usual) or usual
    sums = poisson_cusum(events, sessions, reference, CUSUM_LIMIT).sums
    return [
        (
            *unit,
            row[3],
            row[4],
            row[5],
            decimal(so_far[n], 6),
            decimal(expected[n], 6),
            decimal(log_likelihood_ratio(so_far[n], expected[n])),
            decimal(critical),
            decimal(sums[n]),
            decimal(CUSUM_LIMIT),
        )
        for n, row in enumerate(months)
    ]
