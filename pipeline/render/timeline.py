"""Draw the days of a detected event as a strip: what was given, measured, coded and reported."""

from __future__ import annotations

from typing import Any, Final

from pipeline.render.numbers import plain
from pipeline.render.tables import Row

LANES: Final = {
    "given": "Given",
    "result": "Measured",
    "diagnosis": "Coded",
    "event": "Events",
    "report": "Reported",
}
LEFT, WIDTH, LANE_HEIGHT, TOP = 96, 620, 26, 14
MAX_TICKS = 9


def timeline(moments: list[Row]) -> dict[str, Any] | None:
    """Return what the template draws, in user units of the picture; None without any day."""
    placed = [row for row in moments if row["day_number"] is not None]
    if not placed:
        return None
    near = [_day(row) for row in placed if -_REACH <= row["day_number"] <= _REACH]
    first, last = min([*near, 0.0]), max([*near, 1.0])
    lanes = [name for name in LANES if any(row["lane"] == name for row in placed)]
    span = last - first
    marks = [
        {
            "x": round(LEFT + WIDTH * (min(max(_day(row), first), last) - first) / span, 1),
            "y": TOP + LANE_HEIGHT * lanes.index(row["lane"]) + LANE_HEIGHT // 2,
            "lane": row["lane"],
            "is_after_all": _day(row) > last,
        }
        for row in placed
    ]
    return {
        "height": TOP + LANE_HEIGHT * len(lanes) + 24,
        "width": LEFT + WIDTH + 20,
        "left": LEFT,
        "right": LEFT + WIDTH,
        "lanes": [
            {"name": LANES[name], "y": TOP + LANE_HEIGHT * at + LANE_HEIGHT // 2}
            for at, name in enumerate(lanes)
        ],
        "marks": marks,
        "ticks": _ticks(first, last),
        "floor": TOP + LANE_HEIGHT * len(lanes),
    }


_REACH = 60
"""Days before and after the start that the strip can show; what lies beyond stands at its edge."""


def _day(row: Row) -> float:
    """Return the day of a moment, with the part of the day where an hour is known."""
    day = float(row["day_number"])
    at = row["happened_at"]
    return day + 0.5 if at is None else day + (at.hour + at.minute / 60) / 24


def _ticks(first: float, last: float) -> list[dict[str, Any]]:
    """Return whole days to write below the strip."""
    days = range(int(first // 1), int(last // 1) + 1)
    step = max(1, -(-len(days) // MAX_TICKS))
    return [
        {"x": round(LEFT + WIDTH * (day - first) / (last - first), 1), "day": day}
        for day in days
        if day % step == 0 and first <= day <= last
    ]


def when(row: Row) -> str:
    """Return the day of a moment, counted from the start of the exposure, and its hour."""
    if row["day_number"] is None:
        return "day unknown"
    if row["hours_after"] is not None:
        return f"day {_signed(row['day_number'])}, {_signed(row['hours_after'])} h"
    return f"day {_signed(row['day_number'])}"


def _signed(value: int) -> str:
    return f"−{-value}" if value < 0 else str(value)


def what(row: Row) -> str:
    """Return what a moment says: a value with its unit and comparator, a word, or both."""
    amount = ""
    if row["amount"] is not None:
        unit = f" {row['unit']}" if row["unit"] else ""
        amount = f"{row['comparator'] or ''}{plain(row['amount'])}{unit}"
    return " ".join(part for part in (amount, row["words"] or "") if part)
