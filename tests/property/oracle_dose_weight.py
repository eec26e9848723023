"""What a course's avoidable grams are, course by course and way by way, in plain Python."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Row = dict[str, Any]
MILLI = Decimal("0.001")
NO_RULE = {"named_without_dose", "other_phase"}
IMPLAUSIBLE = 5
SENSITIVITY = Decimal("0.1")
MONTH_DAYS = Decimal("30.44")


def exactly(value: Decimal) -> Decimal:
    """Round to thousandths as the database stores weights and grams."""
    return value.quantize(MILLI, rounding=ROUND_HALF_UP)


def known(*values: Decimal | None) -> list[Decimal]:
    """Return the values that are there."""
    return [value for value in values if value is not None]


def product(left: Decimal | None, right: Decimal | None) -> Decimal | None:
    """Multiply, None if either is."""
    return None if left is None or right is None else left * right


def months(way: Row, course: Row) -> Decimal | None:
    """Return the months a dose per month may be given for."""
    days = [way["interval_max_days"]]
    if course["interval_status"] == "known":
        days.append(course["interval_days"])
    stated = known(*days)
    if not stated:
        return None
    return Decimal(max(stated)) / MONTH_DAYS


def monthly(per_kg: Decimal | None, way: Row, course: Row) -> Decimal | None:
    """Return the grams per kg that a dose per month comes to, to a ten-thousandth."""
    found = product(per_kg, months(way, course))
    return None if found is None else found.quantize(Decimal("0.0001"), ROUND_HALF_UP)


def is_limited(way: Row) -> bool:
    """Say whether the way has any upper limit in grams."""
    names = ("total_max_g_per_kg", "day_max_g_per_kg", "day_cap_g", "month_max_g_per_kg")
    return any(way[name] is not None for name in (*names, "max_g_per_kg_28d", "course_cap_g"))


def once(way: Row, course: Row, kg: Decimal) -> Decimal | None:
    """Return the most one dose of the way may be; None where what limits it is not known."""
    others = ("total_max_g_per_kg", "month_max_g_per_kg", "max_g_per_kg_28d", "course_cap_g")
    days = way["days_max"]
    if days is None and all(way[name] is None for name in others):
        days = course["n_days"]
    a_day = known(product(way["day_max_g_per_kg"], kg), way["day_cap_g"])
    limits = known(
        product(way["total_max_g_per_kg"], kg),
        product(min(a_day), days) if a_day else None,
        product(monthly(way["month_max_g_per_kg"], way, course), kg),
        product(way["max_g_per_kg_28d"], kg),
        way["course_cap_g"],
    )
    return min(limits) if limits else None


def most(way: Row, course: Row, kg: Decimal) -> Decimal | None:
    """Return the most the way allows a course, its one repeat included."""
    single = once(way, course, kg)
    if single is None:
        return None
    own = product(way["repeat_g_per_kg"], kg)
    low, high = way["repeat_min_days"], way["repeat_max_days"]
    if (low, high) != (None, None) and any(
        day > 0 and (low is None or day >= low) and (high is None or day <= high)
        for day in course["days"]
    ):
        return single + (single if own is None else own)
    return max(known(single, own))


def floor(way: Row, course: Row, kg: Decimal) -> Decimal | None:
    """Return the least the way asks for, lowered by its caps; a cap alone asks for nothing."""
    if way["total_min_g_per_kg"] is not None:
        least = way["total_min_g_per_kg"] * kg
    elif way["day_min_g_per_kg"] is not None:
        a_day = min(known(way["day_min_g_per_kg"] * kg, way["day_cap_g"]))
        least = a_day * (1 if way["days_min"] is None else way["days_min"])
    else:
        least = product(monthly(way["month_min_g_per_kg"], way, course), kg)
    if least is None:
        return None
    return min(known(least, product(way["day_cap_g"], way["days_max"]), way["course_cap_g"]))


def rounded(grams: Decimal, word: str, course: Row) -> Decimal:
    """Round the most a course may be as the set's word says, never to nothing."""
    vial: Decimal = course["vial_step_g"]
    step = {"none": vial * course["n_days"], "nearest_5g": Decimal(5)}.get(word, vial)
    times = grams / step
    if word == "none":
        whole = times.to_integral_value("ROUND_CEILING")
    elif word == "round_down_vial":
        whole = times.to_integral_value("ROUND_FLOOR")
    else:
        whole = times.to_integral_value("ROUND_HALF_UP")
    return Decimal(max(whole, Decimal(1)) * step)


def up(grams: Decimal, step: Decimal) -> Decimal:
    """Round up to whole steps."""
    return (grams / step).to_integral_value("ROUND_CEILING") * step


def allowed(ways: list[Row], course: Row, kg: Decimal, word: str) -> Decimal | None:
    """Return the most any way allows by this weight, rounded and not below its own floor."""
    if word == "round_down_vial":
        kg = kg.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    found = []
    for way in ways:
        grams = most(way, course, kg)
        if grams is not None:
            vial = course["vial_step_g"]
            least = [up(value, vial) for value in known(floor(way, course, kg))]
            found.append(exactly(max([rounded(grams, word, course), *least])))
    return max(found) if found else None


def answer(course: Row, ways: list[Row], said: dict[int, Row], word: str, *, is_read: bool) -> Row:
    """Return state, reason, avoidable and disputed grams of one course.

    `said` holds one verdict per rule that answered, `ways` the permitted ways of every rule.
    """
    judged = [rule for rule, verdict in said.items() if verdict["status"] in ("met", "breached")]
    mine = {rule: [way for way in ways if way["rule_key"] == rule] for rule in judged}
    unlimited = any(not is_limited(way) for rule in judged for way in mine[rule])
    doubts = [v["reason"] for v in said.values() if v["status"] == "not_assessable"]
    silences = [v["reason"] for v in said.values() if v["status"] == "not_applicable"]
    factor = 1 + SENSITIVITY if course["is_stale"] else Decimal(1)
    lean, full, gaps = [], [], []
    for rule in judged:
        limited = [way for way in mine[rule] if is_limited(way)]
        if course["policy_kg"] is None:
            gaps += ["no_height"] * bool(limited)
            continue
        own = exactly(course["policy_kg"] * factor)
        best = own if is_read else max(own, exactly(course["actual_kg"] * factor))
        if any(most(way, course, best) is None for way in limited):
            status = course["interval_status"]
            gaps.append("first_course" if status == "first" else status or "unknown_between")
        lean += known(allowed(limited, course, own, word))
        full += known(allowed(limited, course, best, word))
    doubts = sorted(doubts) + sorted(gaps)
    return _said(course["dose_g"], lean, full, doubts, silences, unlimited=unlimited)


def _said(  # noqa: PLR0911 - an oracle reads like the page it checks
    dose: Decimal | None,
    lean: list[Decimal],
    full: list[Decimal],
    doubts: list[str],
    silences: list[str],
    *,
    unlimited: bool,
) -> Row:
    if not full and not unlimited:
        if doubts:
            return _row("unknown", doubts[0])
        return _row("no_rule", silences[0] if silences else "set_has_no_rule")
    if dose is None:
        return _row("unknown", "no_dose")
    if lean and dose <= max(lean):
        return _row("reckoned", None, Decimal(0), Decimal(0))
    if unlimited:
        return _row("nought", "no_upper_limit", Decimal(0), Decimal(0))
    if doubts:
        return _row("unknown", doubts[0])
    if dose > max(full) * IMPLAUSIBLE:
        return _row("unknown", "dose_implausible")
    if dose <= max(full):
        return _row("nought", "policy_not_read", Decimal(0), dose - max(lean))
    return _row("reckoned", None, dose - max(full), max(full) - max(lean))


def _row(
    state: str,
    reason: str | None,
    avoidable: Decimal | None = None,
    disputed: Decimal | None = None,
) -> Row:
    return {"state": state, "reason": reason, "avoidable_g": avoidable, "disputed_g": disputed}
