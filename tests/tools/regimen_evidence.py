"""Work out again, from the rows named as evidence, what was judged of a dose, a day or an interval.

Shares no code with the audit: which bags were the dose, its repeat or the courses before is read
from their roles; days, sums and gaps are counted by hand; limits come from the rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import duckdb

Row = dict[str, Any]
Days = dict[date, Decimal]
MILLIGRAM = Decimal("0.001")
"""Limits of a month are stored to three decimals."""


def sessions(rows: list[Row], gap: Decimal) -> list[list[Row]]:
    """Return the bags of one patient as sessions: at most `gap` hours from end to next start."""
    ordered = sorted(
        rows,
        key=lambda row: (
            row["started_on"],
            row["started_at"] is None,
            str(row["started_at"]),
            row["record_key"],
        ),
    )
    untimed = {row["started_on"] for row in rows if row["started_at"] is None}
    made: list[list[Row]] = []
    ran_until: datetime | None = None
    for row in ordered:
        same_day = bool(made) and made[-1][-1]["started_on"] == row["started_on"]
        follows = (
            ran_until is not None
            and row["started_at"] is not None
            and row["started_at"] <= ran_until + timedelta(hours=float(gap))
        )
        if (same_day and row["started_on"] in untimed) or follows:
            made[-1].append(row)
        else:
            made.append([row])
        ends = [at for at in (ran_until, row["started_at"], row["ended_at"]) if at is not None]
        ran_until = max(ends) if ends else None
    return made


def grams_by_day(rows: list[Row], gap: Decimal) -> Days:
    """Return the known grams of every day with a session."""
    days: Days = {}
    for session in sessions(rows, gap):
        day = session[0]["started_on"]
        known = sum((row["dose_g"] for row in session if row["dose_g"] is not None), Decimal(0))
        days[day] = days.get(day, Decimal(0)) + known
    return days


def dose_holds(con: duckdb.DuckDBPyConnection, finding: Row, rows: list[Row], gap: Decimal) -> bool:
    """Say whether the rows behind a finding on dose give what was judged, and its limits."""
    (way,) = _rows(con, _WAY, finding["finding_key"])
    said = (finding["observed"], finding["limit_low"], finding["limit_high"])
    found = list(_facts(finding, way, rows, gap))
    return any(
        all(
            (a is None and b is None)
            or (a is not None and b is not None and abs(a - b) <= MILLIGRAM)
            for a, b in zip(said, fact, strict=True)
        )
        for fact in found
    )


def _facts(finding: Row, way: Row, rows: list[Row], gap: Decimal) -> Iterator[tuple[Any, Any, Any]]:
    """Yield what a clause may have compared: a fact, the lower and the upper limit."""
    part = grams_by_day(_judged(rows), gap)
    match finding["clause"]:
        case "dose_total" | "dose_per_day" | "cap":
            yield from _doses(finding, way, rows, part)
        case "days":
            yield from _days(way, part)
        case "interval":
            since = (_start(rows, "given", gap) - _start(rows, "previous course", gap)).days
            yield since, way["interval_min_days"], way["interval_max_days"]
        case "month":
            yield from _months(way, rows, part, gap)
        case "event":
            link = timedelta(days=way["event_link_days"])
            events = _events(rows, way["after_event"])
            yield sum(any(on - link <= e <= on for e in events) for on in part), len(part), None
        case "window":
            start = _start(rows, "given", gap)
            newest = max(e for e in _events(rows, way["from_event"]) if e <= start)
            low, high = way["from_event_min_days"], way["from_event_max_days"]
            yield (start - newest).days, low, high
        case "repeat":
            yield from _repeats(finding, way, rows, gap)


def _judged(rows: list[Row]) -> list[Row]:
    """Return the bags of the part that was judged: those given, less what was the other dose."""
    other = {_name(row) for row in rows if row["role"] in ("earlier dose", "later dose")}
    return [
        row
        for row in rows
        if row["role"] in ("given", "counted course") and _name(row) not in other
    ]


def _doses(finding: Row, way: Row, rows: list[Row], part: Days) -> Iterator[tuple[Any, Any, Any]]:
    """Yield the total and the largest or smallest day with their limits at the weight."""
    total = sum(part.values(), Decimal(0))
    is_repeat = any(row["role"] == "earlier dose" for row in rows)
    own = way["repeat_g_per_kg"] if is_repeat else None
    kg, n_days = way["weight_kg"], len(part)
    day_cap, course_cap = way["day_cap_g"], way["course_cap_g"]
    spread = None if day_cap is None or not way["days_max"] else day_cap * way["days_max"]
    if finding["clause"] != "dose_per_day":
        yield (
            total,
            _capped(own or way["total_min_g_per_kg"], kg, course_cap, spread),
            _capped(own or way["total_max_g_per_kg"], kg, course_cap),
        )
    if finding["clause"] != "dose_total":
        share = None if course_cap is None else course_cap / n_days
        low = None if own else way["day_min_g_per_kg"]
        limits = (
            _capped(low, kg, day_cap, share),
            _capped(own or way["day_max_g_per_kg"], kg, day_cap),
        )
        yield from ((grams, *limits) for grams in (min(part.values()), max(part.values())))


def _capped(g_per_kg: Decimal | None, kg: Decimal, *caps: Decimal | None) -> Decimal | None:
    known = [cap for cap in caps if cap is not None]
    return min([*known, *([] if g_per_kg is None else [g_per_kg * kg])], default=None)


def _days(way: Row, part: Days) -> Iterator[tuple[Any, Any, Any]]:
    """Yield how many days there are, how far apart, and what they span."""
    span = (max(part) - min(part)).days + 1
    yield len(part), way["days_min"], way["days_max"]
    if way["is_consecutive"]:
        yield span, None, len(part)
    if way["span_days"] is not None:
        yield span, None, way["span_days"]
    gaps = [(b - a).days for a, b in pairwise(sorted(part))]
    if gaps:
        yield from (
            (gap, way["gap_min_days"], way["gap_max_days"]) for gap in (min(gaps), max(gaps))
        )


def _months(way: Row, rows: list[Row], part: Days, gap: Decimal) -> Iterator[tuple[Any, Any, Any]]:
    """Yield the grams for the days since the course before, and the grams of 28 days."""
    kg = way["weight_kg"]
    if way["max_g_per_kg_28d"] is not None:
        given = grams_by_day([row for row in rows if row["role"] == "given"], gap)
        window = grams_by_day([row for row in rows if row["role"] == "within 28 days"], gap)
        last = max(given)
        in_time = [grams for on, grams in window.items() if 0 <= (last - on).days < 28]
        yield sum(in_time, Decimal(0)), None, way["max_g_per_kg_28d"] * kg
    over = way["interval_max_days"]
    if any(row["role"] == "previous course" for row in rows):
        since = _start(rows, "given", gap) - _start(rows, "previous course", gap)
        over = Decimal(since.days)
    if over is not None:
        low, high = (
            None if grams is None else grams * kg * over / way["month_days"]
            for grams in (way["month_min_g_per_kg"], way["month_max_g_per_kg"])
        )
        yield sum(part.values(), Decimal(0)), low, high


def _repeats(
    finding: Row, way: Row, rows: list[Row], gap: Decimal
) -> Iterator[tuple[Any, Any, Any]]:
    """Yield the days from the dose to its repeat, or how many doses there were."""
    earlier = grams_by_day([row for row in rows if row["role"] == "earlier dose"], gap)
    if finding["unit"] == "days":
        start = min(grams_by_day(_judged(rows), gap))
        low, high = way["repeat_min_days"], way["repeat_max_days"]
        # dates cannot tell half days
        yield (
            (start - min(earlier)).days,
            None if low is None else low // 1,
            None if high is None else -(-high // 1),
        )
        return
    breaks = (b - a > timedelta(days=way["course_gap_days"]) for a, b in pairwise(sorted(earlier)))
    n_before = 1 + sum(breaks)
    one_dose = way["total_max_g_per_kg"] * way["weight_kg"] * (1 + way["dose_tolerance"])
    if n_before > 1:
        yield n_before + 1, None, 2
    elif sum(earlier.values(), Decimal(0)) > one_dose:
        yield 3, None, 2


def _events(rows: list[Row], code: str) -> list[date]:
    return [row["started_on"] for row in rows if row["role"] == "event" and row["code"] == code]


def _start(rows: list[Row], role: str, gap: Decimal) -> date:
    return min(grams_by_day([row for row in rows if row["role"] == role], gap))


def _name(row: Row) -> tuple[str, int]:
    return row["record"], row["record_key"]


def _rows(con: duckdb.DuckDBPyConnection, query: str, key: str) -> list[Row]:
    found = con.sql(query, params={"key": key})
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


_WAY = """
    SELECT
        g.*, s.dose_tolerance, p.month_days, p.event_link_days, x.weight_kg,
        COALESCE(i.course_gap_days, p.course_gap_days) AS course_gap_days
    FROM audit.finding AS f
    INNER JOIN audit.finding_explained AS x ON f.finding_key = x.finding_key
    INNER JOIN guideline.regimen AS g ON f.regimen_key = g.regimen_key
    INNER JOIN guideline.guideline_set AS s ON f.set_key = s.set_key
    CROSS JOIN guideline.policy AS p
    LEFT JOIN guideline.indication AS i ON x.indication_code = i.indication_code
    WHERE f.finding_key = $key
"""
