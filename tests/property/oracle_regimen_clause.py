"""What a part of a course misses of one way to dose: plain Python, one clause a function.

A part is the whole course, a dose inside it, or the repeat of one. Grams are fractions: nothing
is rounded. Each clause is read from decisions 4, 5 and 18 and section 6 of the design.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from typing import Any, NamedTuple

Row = dict[str, Any]
OFF, REVIEW, ADVISORY = 3, 2, 1
RANK = {"off_guideline": OFF, "review": REVIEW, "advisory": ADVISORY}
TOLERANCE = Fraction(1, 10)
LEEWAY_DAYS = 4
MONTH_DAYS = Fraction("30.44")
LINK_DAYS = 2
NEAR_DAYS = 30
HISTORY_DAYS = 180
# Of equal misses the clause named first is the one reported.
NAMES = (
    "total_high",
    "total_low",
    "day_high",
    "day_low",
    "days_high",
    "days_low",
    "days_broken",
    "gap_short",
    "gap_long",
    "span_long",
    "early",
    "late",
    "month_high",
    "month_low",
    "ceiling",
    "event_missing",
    "window_early",
    "window_late",
    "repeat_again",
    "repeat_early",
    "repeat_late",
)


class Day(NamedTuple):
    """One day with an infusion: its grams, if all are known, and those that are."""

    given_on: date
    grams: Fraction | None
    known: Fraction


@dataclass(frozen=True)
class Part:
    """Some days read as one dose, or as the repeat of one."""

    days: tuple[Day, ...]
    is_repeat: bool = False
    asks_interval: bool = True
    days_after: int | None = None
    """Days from the start of the dose to that of its repeat."""
    n_before: int | None = None
    """Courses of the episode before this one, where that counts."""
    first: tuple[Day, ...] = ()
    """The course this one repeats."""
    inside: Fraction | None = None
    """Grams of the course this part is cut from."""
    is_waiting: bool = False
    """More days may come that the records do not show."""
    is_continued: bool = False
    """More days came."""

    @property
    def known(self) -> Fraction:
        """Return the grams that are known."""
        return sum((day.known for day in self.days), Fraction(0))

    @property
    def grams(self) -> list[Fraction] | None:
        """Return the grams of each day, or nothing where one is unknown."""
        found = [day.grams for day in self.days if day.grams is not None]
        return found if len(found) == len(self.days) else None

    @property
    def span(self) -> int:
        """Return the days from the first to the last, both included."""
        return (self.days[-1].given_on - self.days[0].given_on).days + 1

    @property
    def gaps(self) -> list[int]:
        """Return the days from each day to the next."""
        dates = [day.given_on for day in self.days]
        return [(later - earlier).days for earlier, later in pairwise(dates)]


class Asked(NamedTuple):
    """A part, the course it is of, the way and rule it is held against, and a weight."""

    part: Part
    course: Row
    way: Row
    rule: Row
    kg: Fraction | None


Found = dict[str, tuple[Any, Any]]


def beyond(grams: Fraction, limit: Fraction, step: Fraction) -> bool:
    """Say whether grams pass a limit by the tolerance, and by a vial."""
    return grams > limit * (1 + TOLERANCE) and grams - limit >= step


def too_high(grams: Fraction, limit: Fraction, step: Fraction, n_days: int) -> bool:
    """Say whether grams pass an upper limit after vials or tolerance, by a vial at least."""
    return grams > n_days * ceil(limit / n_days / step) * step and beyond(grams, limit, step)


def too_low(grams: Fraction, limit: Fraction, step: Fraction, n_days: int) -> bool:
    """Say whether grams miss a lower limit after vials or tolerance, by a vial at least."""
    in_vials = n_days * floor(limit / n_days / step) * step
    return grams < min(limit * (1 - TOLERANCE), in_vials) and limit - grams >= step


def amount(value: Any) -> Fraction | None:
    """Return a figure as a fraction, or nothing."""
    return None if value is None else Fraction(value)


def lowest(*values: Fraction | None) -> Fraction | None:
    """Return the lowest of those that are stated."""
    return min((value for value in values if value is not None), default=None)


def times(per_kg: Any, kg: Fraction | None) -> Fraction | None:
    """Return a dose per kilogram in grams, or nothing where it or the weight is missing."""
    return None if per_kg is None or kg is None else Fraction(per_kg) * kg


def own_dose(asked: Asked) -> Any:
    """Return the dose a repeat has of its own."""
    return asked.way["repeat_g_per_kg"] if asked.part.is_repeat else None


def dose_max(asked: Asked) -> Fraction | None:
    """Return the most grams of a whole dose, by its weight."""
    own = own_dose(asked)
    return times(asked.way["total_max_g_per_kg"] if own is None else own, asked.kg)


def one_dose(asked: Asked) -> Fraction | None:
    """Return the most grams of the dose that is repeated; a cap stands in where it is lower."""
    most = times(asked.way["total_max_g_per_kg"], asked.kg)
    return None if asked.kg is None else lowest(most, amount(asked.way["course_cap_g"]))


def ceilings(asked: Asked) -> dict[str, Fraction | None]:
    """Return the most grams of the whole and of a day; a cap stands in where it is lower."""
    own, way = own_dose(asked), asked.way
    if asked.kg is None:
        return {"total": None, "day": None}
    per_day = way["day_max_g_per_kg"] if own is None else own
    return {
        "total": lowest(dose_max(asked), amount(way["course_cap_g"])),
        "day": lowest(times(per_day, asked.kg), amount(way["day_cap_g"])),
    }


def is_capped(asked: Asked, name: str) -> bool:
    """Say whether the limit a clause passes is a cap in grams."""
    caps = {"total_high": ("total", "course_cap_g"), "day_high": ("day", "day_cap_g")}
    if name not in caps:
        return False
    part, cap = caps[name]
    return ceilings(asked)[part] == amount(asked.way[cap])


def floors(asked: Asked) -> dict[str, Fraction | None]:
    """Return the least grams of the whole and of a day: where a cap is lower it is enough."""
    own, way, n_days = own_dose(asked), asked.way, len(asked.part.days)
    total = times(way["total_min_g_per_kg"] if own is None else own, asked.kg)
    day = times(way["day_min_g_per_kg"], asked.kg) if own is None else None
    day_cap, course_cap = amount(way["day_cap_g"]), amount(way["course_cap_g"])
    by_days = None if day_cap is None or way["days_max"] is None else day_cap * way["days_max"]
    by_course = None if course_cap is None else course_cap / n_days
    return {
        "total": None if total is None else lowest(total, course_cap, by_days),
        "day": None if day is None else lowest(day, day_cap, by_course),
    }


def has_floor(asked: Asked) -> bool:
    """Say whether a part can be too little: nothing stopped it and all of it is seen."""
    flags = ("is_stopped", "is_open", "is_start_truncated", "has_unresolved_bag")
    is_cut_short = any(asked.course[flag] for flag in flags)
    return not (is_cut_short or asked.part.is_waiting or asked.part.is_continued)


def dosing(asked: Asked) -> Found:
    """Return by how much the total, the largest and the smallest day miss their limits."""
    found: Found = {}
    part, step, n_days = asked.part, asked.course["step"], len(asked.part.days)
    grams = part.grams
    high = {"total": part.known, "day": None if grams is None else max(grams)}
    low = {} if grams is None else {"total": sum(grams, Fraction(0)), "day": min(grams)}
    over = {"total": n_days, "day": 1}
    for name, limit in ceilings(asked).items():
        dose = high[name]
        if limit is not None and dose is not None and too_high(dose, limit, step, over[name]):
            found[f"{name}_high"] = (dose - limit, limit)
    for name, limit in floors(asked).items():
        dose = low.get(name) if has_floor(asked) else None
        if limit is not None and dose is not None and too_low(dose, limit, step, over[name]):
            found[f"{name}_low"] = (limit - dose, limit)
    return found


def counting(asked: Asked) -> Found:
    """Return by how many days a part is too long, too short or apart."""
    found: Found = {}
    way, part, n_days = asked.way, asked.part, len(asked.part.days)
    if way["days_max"] is not None and n_days > way["days_max"]:
        found["days_high"] = (n_days - way["days_max"], way["days_max"])
    if has_floor(asked) and way["days_min"] is not None and n_days < way["days_min"]:
        found["days_low"] = (way["days_min"] - n_days, way["days_min"])
    if way["is_consecutive"] and part.span > n_days:
        found["days_broken"] = (part.span - n_days, n_days)
    if way["gap_min_days"] is not None and min(part.gaps, default=999) < way["gap_min_days"]:
        found["gap_short"] = (way["gap_min_days"] - min(part.gaps), way["gap_min_days"])
    if way["gap_max_days"] is not None and max(part.gaps, default=0) > way["gap_max_days"]:
        found["gap_long"] = (max(part.gaps) - way["gap_max_days"], way["gap_max_days"])
    if way["span_days"] is not None and part.span > way["span_days"]:
        found["span_long"] = (part.span - way["span_days"], way["span_days"])
    return found


def spacing(asked: Asked) -> Found:
    """Return by how much an interval is too short or too long."""
    found: Found = {}
    course, way = asked.course, asked.way
    if course["interval_status"] != "known" or not asked.part.asks_interval:
        return found
    days = course["interval_days"]
    shortest, longest = way["interval_min_days"], way["interval_max_days"]
    if shortest is not None and days < shortest - LEEWAY_DAYS:
        found["early"] = (shortest - days, shortest)
    if longest is not None and days > longest + LEEWAY_DAYS and not is_open(asked):
        found["late"] = (days - longest, longest)
    return found


def is_open(asked: Asked) -> bool:
    """Say whether days may follow that the records do not show."""
    return bool(asked.course["is_open"] or asked.part.is_waiting)


def monthly(asked: Asked) -> Found:
    """Return by what share the grams miss a dose per month, and the ceiling of 28 days."""
    found: Found = {}
    part, course, way, step = asked.part, asked.course, asked.way, asked.course["step"]
    n_days, is_known = len(part.days), course["interval_status"] == "known"
    over = amount(course["interval_days"] if is_known else way["interval_max_days"])
    if over is not None and part.asks_interval:
        most, least = (times(way[f"month_{end}_g_per_kg"], asked.kg) for end in ("max", "min"))
        if most is not None:
            limit = most * over / MONTH_DAYS
            if too_high(part.known, limit, step, n_days):
                found["month_high"] = (part.known - limit, limit)
        if least is not None and part.grams is not None and is_known and has_floor(asked):
            limit = least * over / MONTH_DAYS
            dose = sum(part.grams, Fraction(0))
            if too_low(dose, limit, step, n_days):
                found["month_low"] = (limit - dose, limit)
    ceiling = times(way["max_g_per_kg_28d"], asked.kg)
    if ceiling is not None and beyond(course["grams_28d"], ceiling, step):
        found["ceiling"] = (course["grams_28d"] - ceiling, ceiling)
    return found


def eventful(asked: Asked) -> Found:
    """Return by how much a part misses the events that its way ties it to."""
    found: Found = {}
    way, part = asked.way, asked.part
    unlinked = n_unlinked(asked)
    if unlinked and link_doubt(asked) is None:
        found["event_missing"] = (unlinked, len(linkable(asked)))
    days = days_from_event(asked)
    if days is None or part.is_repeat:
        return found
    if way["from_event_min_days"] is not None and days < way["from_event_min_days"]:
        found["window_early"] = (way["from_event_min_days"] - days, way["from_event_min_days"])
    if way["from_event_max_days"] is not None and days > way["from_event_max_days"]:
        limit = way["from_event_max_days"]
        found["window_late"] = (days - limit, max(limit, 1))
    return found


def events(asked: Asked, key: str) -> list[date]:
    """Return the days of the events a way names."""
    return [on for code, on in asked.course["events"] if code == asked.way[key]]


def linkable(asked: Asked) -> tuple[Day, ...]:
    """Return the days that must follow an event: of a course cut in parts, all of them."""
    return asked.course["days"] if asked.part.inside is not None else asked.part.days


def n_unlinked(asked: Asked) -> int:
    """Return how many days follow no such event within two days."""
    if asked.way["after_event"] is None:
        return 0
    dates = events(asked, "after_event")
    return sum(
        not any(0 <= (day.given_on - on).days <= LINK_DAYS for on in dates)
        for day in linkable(asked)
    )


def link_doubt(asked: Asked) -> str | None:
    """Return why nobody can say that an event before a day did not happen."""
    course = asked.course
    first, last = course["days"][0].given_on, course["days"][-1].given_on
    if not course["has_event_table"]:
        return "table_not_supplied"
    if not any(
        (first - on).days <= NEAR_DAYS and (on - last).days <= NEAR_DAYS
        for on in events(asked, "after_event")
    ):
        return "event_unknown"
    for from_on, to_on in course["event_coverage"]:
        if (first - from_on).days >= LINK_DAYS and last <= to_on:
            return None
    return "outside_coverage"


def days_from_event(asked: Asked) -> int | None:
    """Return the days from the newest event of this treatment to the start."""
    start = asked.part.days[0].given_on
    after = [(start - on).days for on in events(asked, "from_event")]
    return min((days for days in after if 0 <= days <= HISTORY_DAYS), default=None)


def repeating(asked: Asked) -> Found:
    """Return by how much a repeat is too early, too late or once too often."""
    found: Found = {}
    part = asked.part
    if part.is_repeat and part.n_before is not None:
        most = one_dose(asked)
        given = sum((day.known for day in part.first), Fraction(0))
        if part.n_before > 1:
            found["repeat_again"] = (part.n_before - 1, 2)
        elif most is not None and too_high(given, most, asked.course["step"], len(part.first)):
            found["repeat_again"] = (1, 2)  # more than one dose counts for two
    if part.days_after is None:
        return found
    first, last = window(asked.way)
    if first is not None and part.days_after < first:
        found["repeat_early"] = (first - part.days_after, max(first, 1))
    elif last is not None and part.days_after > last:
        ahead = [window(way)[0] for way in asked.rule["ways"]]
        if any(day is not None and part.days_after < day for day in ahead):
            # it belongs to the later window: the way that states it is nearer
            limit = max(last, 1)
            found["repeat_early"] = (limit + part.days_after - last, limit)
        else:
            found["repeat_late"] = (part.days_after - last, max(last, 1))
    return found


def window(way: Row) -> tuple[int | None, int | None]:
    """Return the first and last day of a repeat; half a day is given to either end."""
    first, last = way["repeat_min_days"], way["repeat_max_days"]
    return None if first is None else floor(first), None if last is None else ceil(last)


def misses(asked: Asked) -> dict[str, float]:
    """Return by what part of its limit each clause fails."""
    found: Found = {}
    for clauses in (dosing, counting, spacing, monthly, eventful, repeating):
        found |= clauses(asked)
    return {name: float(miss) / float(limit) for name, (miss, limit) in found.items()}


def is_early_heavy(asked: Asked) -> bool:
    """Say whether the grams of 28 days are more than the shortest interval allows."""
    shortest, limit = asked.way["interval_min_days"], ceilings(asked)["total"]
    if limit is None or shortest is None:
        return False
    most = limit * (1 + floor(27 / shortest))
    return beyond(asked.course["grams_28d"], most, asked.course["step"])


def is_repeat_heavy(asked: Asked) -> bool:
    """Say whether the grams by then are more than dose and repeat allow by then.

    Inside one course only the dose is allowed yet; over two courses the grams of 28 days tell,
    which may hold both where the window begins within them.
    """
    most, step = one_dose(asked), asked.course["step"]
    if most is None:
        return False
    if asked.part.inside is not None:
        return beyond(asked.part.inside, most, step)
    first, _ = window(asked.way)
    if first is not None and first < 28:
        most += ceilings(asked)["total"] or 0
    return beyond(asked.course["grams_28d"], most, step)


def is_month_heavy(asked: Asked) -> bool:
    """Say whether the dose is too much for a month at the longest interval as well."""
    most = times(asked.way["month_max_g_per_kg"], asked.kg)
    longest = amount(asked.way["interval_max_days"])
    if most is None or longest is None:
        return False
    limit = most * longest / MONTH_DAYS
    return too_high(asked.part.known, limit, asked.course["step"], len(asked.part.days))


def ranks(asked: Asked, found: dict[str, float]) -> dict[str, int]:
    """Return how severe each clause that fails is."""
    on_early = RANK[asked.rule["on_early"] or "off_guideline"]
    on_late = min(REVIEW, RANK[asked.rule["on_late"] or "review"])
    days = ADVISORY if is_days_only(asked, found) else OFF
    spread = is_spread(asked, found)
    if spread and {"total_high", "total_low"} & set(found):
        days = REVIEW
    severe = {
        "total_high": REVIEW if spread else OFF,
        "day_high": OFF,
        "days_high": days,
        "days_low": min(days, REVIEW),
        "early": min(OFF if is_early_heavy(asked) else REVIEW, on_early),
        "late": on_late,
        "month_high": OFF if is_month_heavy(asked) else REVIEW,
        "ceiling": OFF,
        "repeat_early": min(OFF if is_repeat_heavy(asked) else REVIEW, on_early),
        "repeat_late": on_late,
    }
    return {name: severe.get(name, REVIEW) for name in found}


def is_spread(asked: Asked, found: dict[str, float]) -> bool:
    """Say whether a dose and its repeat only took more days than both may: they are no more."""
    most, inside = asked.way["total_max_g_per_kg"], asked.part.inside
    if most is None or asked.kg is None or inside is None:
        return False
    repeat = asked.way["repeat_g_per_kg"]
    both = (Fraction(most) + Fraction(most if repeat is None else repeat)) * asked.kg
    is_too_much = beyond(inside, both, asked.course["step"])
    return not is_too_much and "days_high" in found and "day_high" not in found


def is_days_only(asked: Asked, found: dict[str, float]) -> bool:
    """Say whether the total fits, no day is above its limit, and the number of days differs."""
    has_total = asked.way["total_max_g_per_kg"] is not None or own_dose(asked) is not None
    fits = not {"total_high", "total_low", "day_high"} & set(found)
    return has_total and fits and bool({"days_high", "days_low"} & set(found))
