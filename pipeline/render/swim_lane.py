"""Draw the treatment of a flagged patient as lanes in time: courses, and what was found of them."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from pipeline.render.numbers import count, day, plural, whole_grams
from pipeline.render.tables import Report, Row, grouped

LANES: Final = {
    "course": "Courses",
    "off_guideline": "Off guideline",
    "review": "Review",
    "advisory": "Advisory",
}
LEFT, WIDTH, LANE_HEIGHT, TOP = 104, 640, 28, 12
_LEAST_BAR: Final = 3.0
_LEAST_DAYS: Final = 28
_MONTHS_A_YEAR: Final = 12
_MOST_TICKS: Final = 8


def swim_lanes(report: Report) -> list[dict[str, Any]]:
    """Return, per patient whose findings stand first, what the template draws and says."""
    people = {row["patient_key"]: row["pseudonym"] for row in report["patient_pseudonym"]}
    return [
        _lanes(rows) | {"pseudonym": people.get(patient_key, "unknown patient"), "rows": rows}
        for patient_key, rows in grouped(report["swim_lane"], "patient_key").items()
    ]


def _lanes(rows: list[Row]) -> dict[str, Any]:
    first: date = min(row["from_on"] for row in rows)
    last: date = max(row["to_on"] or row["from_on"] for row in rows)
    span = max((last - first).days, _LEAST_DAYS)
    lanes = [lane for lane in LANES if any(row["lane"] == lane for row in rows)]

    def at(on: date) -> float:
        return round(LEFT + WIDTH * (on - first).days / span, 1)

    marks = [
        {
            "lane": row["lane"],
            "x": at(row["from_on"]),
            "y": TOP + LANE_HEIGHT * lanes.index(row["lane"]) + LANE_HEIGHT // 2,
            "width": max(at(row["to_on"] or row["from_on"]) - at(row["from_on"]), _LEAST_BAR),
        }
        for row in rows
    ]
    floor = TOP + LANE_HEIGHT * len(lanes)
    return {
        "left": LEFT,
        "right": LEFT + WIDTH,
        "width": LEFT + WIDTH + 40,
        "height": floor + 24,
        "floor": floor,
        "lanes": [
            {"name": LANES[lane], "y": TOP + LANE_HEIGHT * place + LANE_HEIGHT // 2}
            for place, lane in enumerate(lanes)
        ],
        "marks": marks,
        "ticks": [{"x": at(on), "text": text} for on, text in _ticks(first, last)],
        "sentence": _sentence(rows, first, last),
    }


def _ticks(first: date, last: date) -> list[tuple[date, str]]:
    """Return firsts of months between the two days, few enough to be written; else the first."""
    numbers = range(_number(first) + 1, _number(last) + 1)
    every = max(1, -(-len(numbers) // _MOST_TICKS))
    months = [date(n // _MONTHS_A_YEAR, n % _MONTHS_A_YEAR + 1, 1) for n in numbers[::every]]
    return [(on, f"{on:%Y-%m}") for on in months] or [(first, f"{first:%Y-%m-%d}")]


def _number(on: date) -> int:
    return on.year * _MONTHS_A_YEAR + on.month - 1


def _sentence(rows: list[Row], first: date, last: date) -> str:
    """Say what the lanes show."""
    courses = [row for row in rows if row["lane"] == "course"]
    grams = sum(row["grams"] for row in courses if row["grams"] is not None)
    off = sum(row["lane"] == "off_guideline" for row in rows)
    others = len(rows) - len(courses) - off
    when = f"on {day(first)}" if first == last else f"from {day(first)} to {day(last)}"
    return (
        f"{plural(len(courses), 'course')} {when}, "
        f"{whole_grams(grams)} g; {count(off)} off guideline and {count(others)} other "
        f"{'finding' if others == 1 else 'findings'}, each below the course it is about."
    )
