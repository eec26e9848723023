"""Made-up regimens and patients near every limit of them, for the oracle and the check alike.

One stream of chances draws them all: a seeded one for many patients, hypothesis for small ones.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any, Final

from judged import START
from oracle_regimen_clause import Day, Row

EMPTY: Final[Row] = dict.fromkeys(
    (
        "day_min_g_per_kg",
        "day_max_g_per_kg",
        "days_min",
        "days_max",
        "total_min_g_per_kg",
        "total_max_g_per_kg",
        "interval_min_days",
        "interval_max_days",
        "is_consecutive",
        "treatment_min_months",
        "treatment_max_months",
        "month_min_g_per_kg",
        "month_max_g_per_kg",
        "max_g_per_kg_28d",
        "day_cap_g",
        "course_cap_g",
        "gap_min_days",
        "gap_max_days",
        "span_days",
        "after_event",
        "from_event",
        "from_event_min_days",
        "from_event_max_days",
        "repeat_min_days",
        "repeat_max_days",
        "repeat_condition",
        "repeat_g_per_kg",
    )
)
STEPS_G: Final = (Decimal("0.5"), Decimal("2.5"), Decimal(5), Decimal(10))
FLAGS: Final = ("is_stopped", "is_open", "is_start_truncated", "has_unresolved_bag")
HORIZON: Final = 200


def pair(rng: Random, low: int, high: int) -> tuple[int, int]:
    """Return a lower and an upper limit."""
    first, second = rng.randint(low, high), rng.randint(low, high)
    return min(first, second), max(first, second)


def dosed(rng: Random) -> Row:
    """Return the dose and days of a way, as guidelines print them."""
    day = rng.randint(2, 10) * Decimal("0.1")
    days = pair(rng, 1, 4)
    return EMPTY | {
        "day_min_g_per_kg": rng.choice([None, day]),
        "day_max_g_per_kg": rng.choice([None, day * rng.choice([1, 2])]),
        "days_min": rng.choice([days[0], days[0], None]),
        "days_max": rng.choice([days[1], days[1], None]),
        "total_min_g_per_kg": rng.choice([None, day * days[0]]),
        "total_max_g_per_kg": rng.choice([None, day * days[1], day * days[1]]),
        "is_consecutive": rng.choice([None, None, True, False]),
    }


def spaced(rng: Random) -> Row:
    """Return an interval between courses."""
    weeks = pair(rng, 2, 6)
    return {
        "interval_min_days": rng.choice([None, Decimal(weeks[0] * 7)]),
        "interval_max_days": rng.choice([None, Decimal(weeks[1] * 7)]),
    }


def repeated(rng: Random) -> Row:
    """Return a repeat, perhaps with a dose or a condition of its own."""
    halves = pair(rng, 2, 18)
    start = rng.choice([None, halves[0], halves[0]])
    end = rng.choice([None, halves[1], halves[1]]) if start else halves[1]
    return {
        "repeat_min_days": None if start is None else start * Decimal("0.5"),
        "repeat_max_days": None if end is None else end * Decimal("0.5"),
        "repeat_condition": rng.choice([None, None, "the first did not suffice"]),
        "repeat_g_per_kg": rng.choice([None, None, Decimal("0.4"), Decimal(1)]),
        **(spaced(rng) if rng.random() < 0.2 else {}),
    }


def capped(rng: Random) -> Row:
    """Return caps in grams."""
    return {
        "day_cap_g": rng.choice([None, Decimal(5 * rng.randint(4, 14))]),
        "course_cap_g": rng.choice([None, Decimal(5 * rng.randint(6, 28))]),
    }


def monthly(rng: Random) -> Row:
    """Return a dose per month with its interval."""
    tenths = pair(rng, 3, 12)
    return spaced(rng) | {
        "month_min_g_per_kg": rng.choice([None, tenths[0] * Decimal("0.1")]),
        "month_max_g_per_kg": tenths[1] * Decimal("0.1"),
        "total_min_g_per_kg": None,
        "total_max_g_per_kg": None,
    }


def ceiled(rng: Random) -> Row:
    """Return a ceiling of 28 days."""
    return {"max_g_per_kg_28d": rng.randint(4, 30) * Decimal("0.1")}


def apart(rng: Random) -> Row:
    """Return a gap between days, or a span they lie in."""
    days = pair(rng, 1, 9)
    return rng.choice(
        [
            {"gap_min_days": days[0], "gap_max_days": days[1]},
            {"gap_max_days": days[1]},
            {"span_days": rng.randint(2, 21)},
            {"gap_max_days": days[1], "span_days": rng.randint(2, 21)},
        ]
    )


def linked(rng: Random) -> Row:
    """Return an event that every day follows."""
    return {"after_event": rng.choice(["plasma_exchange", "apheresis"])}


def counted(rng: Random) -> Row:
    """Return the days from an event to the course."""
    days = pair(rng, 0, 12)
    return {
        "from_event": "exposure",
        "from_event_min_days": rng.choice([None, Decimal(days[0])]),
        "from_event_max_days": rng.choice([None, Decimal(days[1])]),
        **(repeated(rng) if rng.random() < 0.3 else {}),
    }


FLAVOURS: Final[dict[str, Callable[[Random], Row]]] = {
    "plain": lambda _: {},
    "interval": spaced,
    "repeat": repeated,
    "cap": capped,
    "month": monthly,
    "ceiling": ceiled,
    "apart": apart,
    "after": linked,
    "window": counted,
    "after a gap": lambda rng: linked(rng) | apart(rng),
    "after and again": lambda rng: linked(rng) | repeated(rng),
    "capped repeat": lambda rng: repeated(rng) | capped(rng),
    "capped month": lambda rng: monthly(rng) | capped(rng),
}


def rule(rng: Random, flavour: str) -> list[Row]:
    """Return the permitted ways of one rule, mostly of one flavour; steps cover every month."""
    ways = []
    for _ in range(rng.randint(1, 3)):
        name = flavour if rng.random() < 0.7 else rng.choice(list(FLAVOURS))
        ways.append(dosed(rng) | FLAVOURS[name](rng))
    if rng.random() < 0.25:
        border = rng.randint(1, 6)
        ways[0]["treatment_max_months"] = border
        last = dosed(rng) | {"treatment_min_months": border}
        ways = [*ways, last | FLAVOURS[flavour](rng)] if rng.random() < 0.7 else ways
        ways += [] if ways[-1] is not ways[0] else [dosed(rng)]
    return ways


def rules(rng: Random, flavour: str, indication: str, first_key: int) -> list[Row]:
    """Return the rules of one indication, of one or two sets, some of them conditional."""
    made = []
    for key in range(first_key, first_key + rng.choice([1, 1, 2, 3])):
        ways = [
            way | {"regimen_key": key * 10 + n, "rule_key": key}
            for n, way in enumerate(rule(rng, flavour))
        ]
        made.append({
            "rule_key": key,
            "set_key": rng.choice([1, 1, 2]),
            "indication": indication,
            "condition": rng.choice([None, None, None, "bleeding"]),
            "on_condition_unknown": rng.choice([None, None, "advisory"]),
            "on_early": rng.choice([None, None, "review", "advisory"]),
            "on_late": rng.choice([None, None, "advisory"]),
            "effective_severity": rng.choice([*["off_guideline"] * 3, "review", "advisory"]),
            "ways": ways,
        })  # fmt: skip
    return made


def day_grams(rng: Random, way: Row, kg: Decimal, step: Decimal, n_days: int) -> Decimal:
    """Return the grams of a day that lie near some limit of a way."""
    aims = [
        way[name] * kg / n_days
        for name in ("total_min_g_per_kg", "total_max_g_per_kg", "max_g_per_kg_28d",
                     "repeat_g_per_kg", "month_min_g_per_kg", "month_max_g_per_kg")
        if way[name] is not None
    ]  # fmt: skip
    aims += [
        way[f"day_{end}_g_per_kg"] * kg for end in ("min", "max") if way[f"day_{end}_g_per_kg"]
    ]
    aims += [way["day_cap_g"]] if way["day_cap_g"] else []
    aims += [way["course_cap_g"] / n_days] if way["course_cap_g"] else []
    factor = Decimal(rng.choice(["0.6", "0.9", "1", "1", "1", "1.1", "1.15", "1.6", "2"]))
    grams = (rng.choice(aims) if aims else kg) * factor
    whole = max(grams // step, Decimal(1)) * step
    return rng.choice([whole, whole, whole + step, grams.quantize(Decimal("0.001"))])


def days_of(rng: Random, way: Row, kg: Decimal, step: Decimal, start: date) -> tuple[Day, ...]:
    """Return the infusion days of one course near the limits of a way."""
    n_days = rng.choice([way["days_min"] or 1, way["days_max"] or 2, rng.randint(1, 4)])
    n_days *= 2 if n_days < 4 and rng.random() < 0.15 else 1
    even = day_grams(rng, way, kg, step, n_days)
    gaps = [1, 1, 1, 1, 1, 2, way["gap_min_days"] or 2, way["gap_max_days"] or 1, 4]
    steady = rng.choice(gaps)
    days, on = [], start
    for _ in range(n_days):
        change = rng.choice([Decimal(0)] * 6 + [step, -step])
        grams = Fraction(even + change if even + change > 0 else even)
        is_known = rng.random() > 0.02
        days.append(Day(on, grams if is_known else None, grams if is_known else Fraction(0)))
        on += timedelta(days=steady if rng.random() < 0.8 else rng.choice(gaps))
    return tuple(days)


def starts(rng: Random, way: Row) -> int:
    """Return the days from one course to the next, near a window, gap or span of a way."""
    near = [
        int(way[name])
        for name in ("repeat_min_days", "repeat_max_days", "gap_max_days", "span_days",
                     "interval_min_days")
        if way[name] is not None
    ]  # fmt: skip
    return max(1, rng.choice([*near, *near, rng.randint(1, 25)]) + rng.choice([-1, 0, 0, 0, 1, 2]))


def weights(rng: Random, kg: Decimal, *, is_read: bool) -> tuple[dict[str, Any], list[Row]]:
    """Return the weights that count, by role, and those to write down."""
    if rng.random() < 0.03:
        reason = rng.choice(["no_weight", "no_height", "policy_not_set"])
        return {"policy": (None, reason)}, [{"role": "policy", "weight_kg": None, "reason": reason}]
    counting: dict[str, Any] = {"policy": (Fraction(kg), "")}
    written = [{"role": "policy", "weight_kg": kg, "reason": "", "basis": "actual"}]
    if rng.random() < 0.1:
        for role, share in (("low", "0.9"), ("high", "1.1")):
            end = kg * Decimal(share)
            counting[role] = (Fraction(end), "")
            written.append({"role": role, "weight_kg": end, "reason": "", "basis": "actual"})
    for basis in ("ideal", "adjusted") if rng.random() < 0.25 else ():
        other = kg * Decimal(rng.choice(["0.7", "0.85", "0.95"]))
        is_apart = rng.random() < 0.8
        row = {"role": "alternative", "weight_kg": other, "reason": "", "basis": basis}
        written.append(row | {"is_apart": is_apart})
        if is_apart and not is_read:
            counting[f"alternative {basis}"] = (Fraction(other), "")
    return counting, written


def happened(rng: Random, courses: list[Row], way: Row) -> list[tuple[str, date]]:
    """Return events before most days, and one near the window of a way."""
    found: list[tuple[str, date]] = []
    code = way["after_event"] or rng.choice(["plasma_exchange", "apheresis"])
    lag, seen = rng.choice([0, 0, 1, 2]), rng.choice([0.7, 1, 1])
    days = [day.given_on for each in courses for day in each["days"]]
    found += [(code, on - timedelta(days=lag)) for on in days if rng.random() < seen]
    if rng.random() < 0.1:
        found = [(code, on + timedelta(days=rng.choice([3, 29, 60]))) for code, on in found[:1]]
    start = courses[0]["days"][0].given_on
    for name in ("from_event_min_days", "from_event_max_days"):
        if way[name] is not None and rng.random() < 0.7:
            before = int(way[name]) + rng.choice([-1, 0, 0, 1])
            found.append(("exposure", start - timedelta(days=before)))
    if rng.random() < 0.1:
        found.append(("exposure", start - timedelta(days=rng.choice([180, 181]))))
    return [] if rng.random() < 0.05 else found


def episode(rng: Random, scene: Row, ward: Row) -> list[Row]:
    """Return the courses of one episode of a patient."""
    way = rng.choice(rng.choice(scene["rules"])["ways"])
    kg = rng.randint(300, 900) * Decimal("0.1") if rng.random() < 0.7 else Decimal(50)
    step, start = rng.choice(STEPS_G), START + timedelta(days=rng.randint(0, 40))
    courses: list[Row] = []
    for _ in range(rng.choice([1, 1, 2, 2, 3])):
        days = days_of(rng, way, kg, step, start)
        courses.append(course(rng, way, days) | {"step": Fraction(step)})
        later = max(starts(rng, way), (days[-1].given_on - start).days + 1)
        start += timedelta(days=later)
    began = treated(rng, way, courses[0]["days"][0].given_on)
    seen = happened(rng, courses, way)
    for n, one in enumerate(courses):
        site_id = rng.choice(list(ward["coverage"]))
        counting, written = weights(rng, kg, is_read=ward["is_read"])
        one.update(
            began,
            before=courses[:n],
            after=courses[n + 1 :],
            events=seen,
            indication=scene["indication"],
            course_gap_days=scene["course_gap_days"],
            is_episode_end_seen=rng.random() > 0.1,
            site_id=site_id,
            has_event_table=ward["has_event_table"],
            event_coverage=ward["coverage"][site_id],
            weights=counting,
            written=written,
        )
        follow(rng, one)
    return courses


def course(rng: Random, way: Row, days: tuple[Day, ...]) -> Row:
    """Return what the records say of one course, mostly everything."""
    middle = int(way["interval_min_days"] or way["interval_max_days"] or 28)
    status = rng.choice(["known"] * 6 + ["first", "first", "history_truncated", None])
    return {
        "days": days,
        "interval_status": status,
        "interval_days": max(1, middle + rng.randint(-6, 8)) if status == "known" else None,
        "is_dose_uncertain": rng.random() < 0.02,
        "is_episode_start_seen": rng.random() > 0.05,
        "extra_g": rng.choice([0, 0, 0, 20, 60]),
        **{flag: rng.random() < 0.03 for flag in FLAGS},
    }


def follow(rng: Random, one: Row) -> None:
    """Add what follows from the courses before: the interval, and the grams of 28 days."""
    days = one["days"]
    if one["before"]:
        last = one["before"][-1]["days"][0].given_on
        one["interval_status"] = rng.choice(["known"] * 9 + ["unknown_between"])
        one["interval_days"] = (days[0].given_on - last).days
        if one["interval_status"] != "known":
            one["interval_days"] = None
    so_far = [day for each in (*one["before"], one) for day in each["days"]]
    recent = [day.known for day in so_far if (days[-1].given_on - day.given_on).days < 28]
    one["grams_28d"] = sum(recent, Fraction(0)) + one["extra_g"]


def treated(rng: Random, way: Row, start: date) -> Row:
    """Return when the treatment began, near the border of a step."""
    border = way["treatment_min_months"] or way["treatment_max_months"] or 3
    before = border * 30 + rng.choice([-40, -1, 0, 1, 2, 3, 40])
    return {
        "treatment_started_on": start - timedelta(days=rng.choice([0, max(0, before)])),
        "is_treatment_start_known": rng.random() < 0.6,
    }


def ward(rng: Random, flavours: list[str], n_patients: int) -> Row:
    """Return rules of some indications, and patients of each."""
    first = START - timedelta(days=HORIZON)
    made: Row = {
        "has_event_table": rng.random() > 0.15,
        "is_read": rng.random() < 0.5,
        "coverage": {
            "covered": [(first, START + timedelta(days=HORIZON))],
            "apart": [(first, START + timedelta(days=10)), (START + timedelta(days=11), date.max)],
            "bare": [],
        },
        "scenes": [],
    }
    made["coverage"]["covered"] += [] if rng.random() < 0.9 else [(START, START)]
    for n, flavour in enumerate(flavours, start=1):
        code = f"u{n}"
        scene: Row = {"indication": code, "course_gap_days": rng.choice([4, 4, 1])}
        scene["rules"] = rules(rng, flavour, code, n * 10)
        scene["courses"] = [one for _ in range(n_patients) for one in episode(rng, scene, made)]
        made["scenes"].append(scene)
    for key, one in enumerate((one for s in made["scenes"] for one in s["courses"]), start=1):
        one["course_key"] = key
    return made
