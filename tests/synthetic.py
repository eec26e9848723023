"""Read synthetic records back with plain Python, for tests that check the generator.

Shares no code with the generator.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path

Row = dict[str, str]

# What the default set says, in grams per kg: a day's lowest and highest, days, the total's
# lowest and highest. Any line that fits makes a course right.
REGIMENS: dict[str, list[tuple[float, ...]]] = {
    "pid": [(0.3, 0.6, 1, 1, 0.3, 0.6)],
    "kawasaki": [(2, 2, 1, 1, 2, 2)],
    "itp_adult": [(0.4, 0.4, 5, 5, 2, 2), (1, 1, 1, 2, 1, 2)],
    "itp_child": [(0.4, 0.4, 5, 5, 2, 2), (1, 1, 1, 2, 1, 2)],
    **{
        key: [(0.4, 1, 2, 5, 2, 2)]
        for key in ("cidp", "gbs", "dermatomyositis", "pemphigus_vulgaris")
    },
}
INTERVALS: dict[str, tuple[int, int]] = {
    "pid": (21, 28),
    **dict.fromkeys(("cidp", "dermatomyositis", "pemphigus_vulgaris"), (28, 31)),
}
TOLERANCE = 0.10
TOLERANCE_DAYS = 4


def read(folder: Path, record: str) -> list[Row]:
    with (folder / f"{record}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def courses_of(folder: Path) -> dict[str, list[list[Row]]]:
    """Return each patient's infusions, cut where more than four days lie between starts."""
    by_patient: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(read(folder, "infusion"), key=lambda row: row["started_at"]):
        by_patient[row["patient_id"]].append(row)
    return {patient: cut(rows) for patient, rows in by_patient.items()}


def cut(rows: list[Row]) -> list[list[Row]]:
    courses = [[rows[0]]]
    for before, row in pairwise(rows):
        if (day(row) - day(before)).days > 4:
            courses.append([])
        courses[-1].append(row)
    return courses


def day(row: Row) -> date:
    return datetime.fromisoformat(row["started_at"]).date()


def indications(folder: Path) -> dict[str, str]:
    """Return each patient's indication: from the infusion, the approval or the diagnosis."""
    by_code = {"D80.0": "pid", "D83.0": "pid", "D83.9": "pid", "G61.81": "cidp",
               "M30.3": "kawasaki"}  # fmt: skip
    known = {r["patient_id"]: by_code.get(r["code"], "") for r in read(folder, "diagnosis")}
    for record in ("authorisation", "infusion"):
        for row in read(folder, record):
            if row["indication_code"]:
                known[row["patient_id"]] = row["indication_code"]
    return known


def weight_before(folder: Path) -> dict[str, list[tuple[datetime, float]]]:
    weights: dict[str, list[tuple[datetime, float]]] = defaultdict(list)
    for row in read(folder, "body_measurement"):
        weights[row["patient_id"]].append(
            (datetime.fromisoformat(row["measured_at"]), float(row["weight_kg"]))
        )
    return weights


def newest(weights: list[tuple[datetime, float]], course: list[Row]) -> tuple[datetime, float]:
    started = datetime.fromisoformat(course[0]["started_at"])
    return max(pair for pair in weights if pair[0] <= started)


def infusion_days(course: list[Row]) -> list[list[Row]]:
    """Group the bags by session: at most six hours from one's end to the next one's start."""
    sessions = [[course[0]]]
    for before, row in pairwise(course):
        idle = datetime.fromisoformat(row["started_at"]) - datetime.fromisoformat(
            before["ended_at"]
        )
        if idle.total_seconds() > 6 * 3600:
            sessions.append([])
        sessions[-1].append(row)
    return sessions


def fits(regimen: tuple[float, ...], per_day: list[float]) -> bool:
    day_low, day_high, days_low, days_high, total_low, total_high = regimen
    return (
        days_low <= len(per_day) <= days_high
        and min(per_day) >= day_low * (1 - TOLERANCE)
        and max(per_day) <= day_high * (1 + TOLERANCE)
        and total_low * (1 - TOLERANCE) <= sum(per_day) <= total_high * (1 + TOLERANCE)
    )
