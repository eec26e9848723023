"""The dullest way to judge a course by its regimens: plain Python over dicts, one clause a line.

Shares no code with the audit. What it says is compared with sql/checks/regimen.sql.
"""

from __future__ import annotations

from decimal import Decimal
from math import ceil, floor
from typing import Any, NamedTuple

Row = dict[str, Any]
SEVERITY = {3: "off_guideline", 2: "review", 1: "advisory"}
RANK = {"off_guideline": 3, "review": 2, "advisory": 1}
# Of several reasons the first is told (schemas.verdict).
REASONS = (
    "no_weight",
    "weight_stale",
    "no_height",
    "no_sex",
    "no_age",
    "no_ideal",
    "no_dose",
    "dose_uncertain",
    "bag_unresolved",
    "course_open",
    "history_truncated",
    "outside_coverage",
    "unknown_between",
)
# Of equal misses the clause named first is the one reported.
NAMES = (
    "total_high",
    "total_low",
    "day_high",
    "day_low",
    "days_high",
    "days_low",
    "days_broken",
    "early",
    "late",
)


class Failure(NamedTuple):
    """One clause that fails: how severe, by how much of its limit, which."""

    rank: int
    share: int
    name: str


class Said(NamedTuple):
    """What one weight, or the rule, says of a course."""

    status: str
    reason: str | None = None
    rank: int | None = None
    regimen_key: int | None = None
    name: str | None = None


def too_high(
    grams: Decimal, limit: Decimal, step: Decimal, n_days: int, tolerance: Decimal
) -> bool:
    """Say whether grams pass an upper limit after vials or tolerance, by a vial at least."""
    in_vials = n_days * ceil(limit / n_days / step) * step
    return grams > max(limit * (1 + tolerance), in_vials) and grams - limit >= step


def too_low(grams: Decimal, limit: Decimal, step: Decimal, n_days: int, tolerance: Decimal) -> bool:
    """Say whether grams miss a lower limit after vials or tolerance, by a vial at least."""
    in_vials = n_days * floor(limit / n_days / step) * step
    return grams < min(limit * (1 - tolerance), in_vials) and limit - grams >= step


def grams(regimen: Row, name: str, weight: Decimal | None) -> Decimal | None:
    """Return a limit in grams, or nothing where it or the weight is missing."""
    if regimen[name] is None or weight is None:
        return None
    return Decimal(regimen[name]) * weight


def misses(course: Row, regimen: Row, weight: Decimal | None, rule: Row) -> dict[str, Any]:
    """Return by what part of its limit each clause fails."""
    found = dosing(course, regimen, weight, rule)
    found |= counting(course, regimen)
    found |= spacing(course, regimen, rule)
    return {name: float(miss) / float(limit) for name, (miss, limit) in found.items()}


def dosing(course: Row, regimen: Row, weight: Decimal | None, rule: Row) -> dict[str, Any]:
    """Return by how much the total, the largest and the smallest day miss their limits."""
    found: dict[str, Any] = {}
    step, tolerance, n_days = course["vial_step_g"], rule["dose_tolerance"], course["n_days"]
    for part, days, given in (("total", n_days, "known_dose_g"), ("day", 1, "max_day_g")):
        limit = grams(regimen, f"{part}_max_g_per_kg", weight)
        dose = course[given]
        if limit is not None and dose is not None and too_high(dose, limit, step, days, tolerance):
            found[f"{part}_high"] = (dose - limit, limit)
    for part, days, given in (("total", n_days, "dose_g"), ("day", 1, "min_day_g")):
        limit = grams(regimen, f"{part}_min_g_per_kg", weight)
        dose = course[given] if has_floor(course) else None
        if limit is not None and dose is not None and too_low(dose, limit, step, days, tolerance):
            found[f"{part}_low"] = (limit - dose, limit)
    return found


def has_floor(course: Row) -> bool:
    """Say whether a course can be too little: nothing stopped it and all of it is seen."""
    return not (course["is_stopped"] or course["is_open"] or course["is_start_truncated"])


def counting(course: Row, regimen: Row) -> dict[str, Any]:
    """Return by how many days a course is too long, too short or apart."""
    found: dict[str, Any] = {}
    days = course["n_days"]
    if regimen["days_max"] is not None and days > regimen["days_max"]:
        found["days_high"] = (days - regimen["days_max"], regimen["days_max"])
    if has_floor(course) and regimen["days_min"] is not None and days < regimen["days_min"]:
        found["days_low"] = (regimen["days_min"] - days, regimen["days_min"])
    span = (course["last_on"] - course["started_on"]).days + 1
    if regimen["is_consecutive"] and span > days:
        found["days_broken"] = (span - days, days)
    return found


def spacing(course: Row, regimen: Row, rule: Row) -> dict[str, Any]:
    """Return by how much an interval is too short or too long."""
    found: dict[str, Any] = {}
    if course["interval_status"] != "known":
        return found
    days, leeway = course["interval_days"], rule["interval_tolerance_days"]
    shortest, longest = regimen["interval_min_days"], regimen["interval_max_days"]
    if shortest is not None and days < shortest - leeway:
        found["early"] = (shortest - days, shortest)
    if longest is not None and days > longest + leeway and not course["is_open"]:
        found["late"] = (days - longest, longest)
    return found


def failures(course: Row, regimen: Row, weight: Decimal | None, rule: Row) -> list[Failure]:
    """Return every clause that fails with its severity."""
    found = misses(course, regimen, weight, rule)
    dose_fails = {"total_high", "total_low", "day_high"} & set(found)
    days_fail = {"days_high", "days_low"} & set(found)
    only_days = bool(days_fail) and not dose_fails and regimen["total_max_g_per_kg"] is not None
    ranks = {
        "total_high": 3,
        "day_high": 3,
        "days_high": 1 if only_days else 3,
        "total_low": 2,
        "day_low": 2,
        "days_low": 1 if only_days else 2,
        "days_broken": 2,
        "early": min(
            3 if heavy(course, regimen, weight, rule) else 2,
            RANK[rule["on_early"] or "off_guideline"],
        ),
        "late": min(2, RANK[rule["on_late"] or "review"]),
    }
    if only_days:
        found.pop("day_low", None)
    return [
        Failure(ranks[name], round((ranks[name] * 10**8 + part) * 10**4), name)
        for name, part in found.items()
    ]


def heavy(course: Row, regimen: Row, weight: Decimal | None, rule: Row) -> bool:
    """Say whether the grams of 28 days are more than the shortest interval allows."""
    limit, given = grams(regimen, "total_max_g_per_kg", weight), course["grams_28d"]
    if limit is None or given is None or regimen["interval_min_days"] is None:
        return False
    month = limit * (1 + floor(27 / regimen["interval_min_days"]))
    over = given > month * (1 + rule["dose_tolerance"])
    return bool(over and given - month >= course["vial_step_g"])


def doubt(course: Row, regimen: Row, weight: Decimal | None, failed: list[Failure]) -> str | None:
    """Return which missing fact could still change the answer of one regimen."""
    missing = dose_doubt(course, regimen, weight, failed)
    if missing is not None or failed:
        return missing
    if course["is_open"]:
        return "course_open"
    if course["is_start_truncated"]:
        return "history_truncated"
    if regimen["interval_min_days"] is None and regimen["interval_max_days"] is None:
        return None
    status = course["interval_status"]
    return None if status in ("known", "first") else status or "unknown_between"


def dose_doubt(
    course: Row, regimen: Row, weight: Decimal | None, failed: list[Failure]
) -> str | None:
    """Return why the doses of one regimen cannot be compared."""
    names = [f"{part}_{end}_g_per_kg" for part in ("day", "total") for end in ("min", "max")]
    if all(regimen[name] is None for name in names):
        return None
    if course["is_dose_uncertain"]:
        return "dose_uncertain"
    if weight is None:
        return "no_weight"
    too_much = any(failure.name in ("total_high", "day_high") for failure in failed)
    return "no_dose" if course["dose_g"] is None and not too_much else None


def by_weight(course: Row, regimens: list[Row], weight: Decimal | None, rule: Row) -> Said:
    """Return what the regimens together say under one weight."""
    met, doubts, nearest = [], [], []
    for regimen in regimens:
        failed = failures(course, regimen, weight, rule)
        missing = doubt(course, regimen, weight, failed)
        if missing is not None:
            doubts.append(missing)
        elif not failed:
            met.append(regimen["regimen_key"])
        else:
            worst = max(failed, key=lambda one: (one.share, -NAMES.index(one.name)))
            nearest.append((worst.share, regimen["regimen_key"], worst))
    if met:
        return Said("met", regimen_key=min(met))
    if doubts:
        return Said("not_assessable", reason=min(doubts, key=REASONS.index))
    _, regimen_key, worst = min(nearest, key=lambda one: one[:2])
    return Said("breached", rank=worst.rank, regimen_key=regimen_key, name=worst.name)


def judge(course: Row, regimens: list[Row], weights: dict[str, Decimal | None], rule: Row) -> Said:
    """Return what the rule says of the course: a stale weight must agree at both its ends."""
    answers = {role: by_weight(course, regimens, kg, rule) for role, kg in weights.items()}
    said = answers["policy"]
    if len({answer.status for answer in answers.values()}) > 1:
        return Said("not_assessable", reason="weight_stale")
    ranks = [answer.rank for answer in answers.values() if answer.rank is not None]
    return said._replace(rank=min(ranks)) if ranks else said
