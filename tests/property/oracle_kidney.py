"""KDIGO by creatinine as a dull loop over dicts, in fractions: the oracle of the SQL."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

Row = dict[str, Any]

UMOL = {"mg/dL": Fraction("88.4"), "umol/L": Fraction(1)}
HOURS_48, WEEK, WINDOW = timedelta(hours=48), timedelta(days=7), timedelta(hours=240)
LIMIT = Fraction("44.2")  # 0.5 mg/dL
ANY = Fraction(10**9)


def bounds(row: Row) -> tuple[Fraction, Fraction]:
    """Return between which µmol/L the truth lies."""
    if row["unit"] == "none":
        return Fraction(0), ANY
    value = Fraction(row["value"]) * UMOL[row["unit"]]
    if row["comparator"] in ("<", "<="):
        return Fraction(0), value
    return value, (ANY if row["comparator"] else value)


def stage_of(now: Fraction, low_48: Fraction | None, low_week: Fraction | None) -> int:
    """Return the stage of a value over the lowest of two and of seven days before."""
    ratio = [stage for stage, times in ((1, "1.5"), (2, "2"), (3, "3"))
             if low_week is not None and now >= Fraction(times) * low_week]  # fmt: skip
    is_risen = low_48 is not None and now >= low_48 + Fraction("26.5")
    found = max(ratio, default=0)
    if is_risen:
        found = max(found, 1)
    if found and now >= Fraction("353.6"):
        return 3
    return found


def lowest(values: list[Fraction]) -> Fraction | None:
    return min(values, default=None)


def staged(rows: list[Row], quarantined: list[datetime]) -> list[Row]:
    """Return stage, least stage and reason of every row that has a time."""
    return [_staged(row, rows, quarantined) for row in rows if row["is_timed"]]


def _staged(row: Row, rows: list[Row], quarantined: list[datetime]) -> Row:
    sure: dict[timedelta, Fraction | None] = {}
    maybe: dict[timedelta, Fraction | None] = {}
    unplaced: list[Fraction] = []
    for span in (HOURS_48, WEEK):
        unplaced = _unplaced(row, span, rows, quarantined)
        first = row["at"] - span
        timed = [other for other in rows if other["is_timed"]]
        earlier = [bounds(other) for other in timed if first <= other["at"] < row["at"]]
        sure[span] = lowest([most for _, most in earlier if most < ANY])
        maybe[span] = lowest([least for least, _ in earlier] + unplaced)
    low, high = bounds(row)
    least_stage = stage_of(low, sure[HOURS_48], sure[WEEK])
    most_stage = stage_of(high, maybe[HOURS_48], maybe[WEEK])
    reason = None
    if row["unit"] == "none":
        reason = "value_unread"
    elif maybe[WEEK] is None:
        reason = "no_baseline"
    elif least_stage != most_stage:
        reason = "unplaced_result" if unplaced else "beyond_limit"
    return {
        "key": row["key"],
        "at": row["at"],
        "least": low,
        "most": high,
        "least_stage": least_stage,
        "stage": None if reason else least_stage,
        "reason": reason,
    }


def _unplaced(
    row: Row, span: timedelta, rows: list[Row], quarantined: list[datetime]
) -> list[Fraction]:
    """Return the least of what may lie in the span, of which only the day is known."""
    days = [(other["at"], bounds(other)[0]) for other in rows if not other["is_timed"]]
    days += [(day, Fraction(0)) for day in quarantined]
    first, last = row["at"].date() - span, row["at"].date()
    return [least for day, least in days if first <= day.date() <= last]


def answered(rows: list[Row], quarantined: list[datetime], start: datetime) -> Row:
    """Return what a course of one session without an end is told."""
    until = start + WINDOW
    every = staged(rows, quarantined)
    after = [row for row in every if start <= row["at"] < until]
    met = [row for row in after if row["least_stage"] > 0]
    days = [row["at"] for row in rows if not row["is_timed"]] + quarantined
    is_undated = any(start.date() <= day.date() <= until.date() for day in days)
    if not met:
        unknown = sorted(row["reason"] for row in after if row["stage"] is None)
        reason = unknown[0] if unknown else None
        if reason is None and is_undated:
            reason = "time_unknown"
        if reason is None and not after:
            reason = "no_result"
        return {"status": "not_evaluable" if reason else "not_met", "reason": reason,
                "stage": None, "guards": None}  # fmt: skip
    return {"status": "met", "reason": None, "stage": max(row["least_stage"] for row in met),
            "guards": " ".join(_guards(rows, met, start)) or None}  # fmt: skip


def _guards(rows: list[Row], met: list[Row], start: datetime) -> list[str]:
    read = [row for row in rows if row["is_timed"] and row["unit"] != "none"]
    before = [row for row in read if start - WEEK <= row["at"] < start]
    found = []
    if max(row["most"] for row in met) <= LIMIT:
        found.append("below_resolution")
    peak = max(row["least"] for row in met)
    if any(bounds(row)[0] >= peak for row in before):
        found.append("seen_before_exposure")
    if before and not any(_rises_since(row, rows, before) for row in met):
        found.append("rising_before_exposure")
    return found


def _rises_since(row: Row, rows: list[Row], before: list[Row]) -> bool:
    """Say whether a value meets the definition over what came from the last value before on."""
    last_at = max(other["at"] for other in before)
    lows = {}
    for span in (HOURS_48, WEEK):
        first = max(last_at, row["at"] - span)
        since = [other for other in rows if other["is_timed"] and first <= other["at"] < row["at"]]
        lows[span] = lowest([bounds(other)[1] for other in since if bounds(other)[1] < ANY])
    return stage_of(row["least"], lows[HOURS_48], lows[WEEK]) > 0
