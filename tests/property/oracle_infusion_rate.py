"""The dullest way to judge a rate: one session at a time, in fractions, from the bags up.

Shares no code with the audit. A session is a dict of facts; so is every limit of the label.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Row = dict[str, Any]
MG_IN_G = 1000
SECONDS = 3600


@dataclass(frozen=True)
class Said:
    """What the oracle says of one session."""

    status: str
    reason: str | None = None
    severity: str | None = None
    cap: str | None = None
    clause: str = "rate"


@dataclass(frozen=True)
class Bound:
    """One limit in mg per kg and hour, as printed."""

    per_kg: Fraction
    is_strict: bool

    def keeps(self, rate: Fraction, kg: Fraction, setting: Fraction) -> bool:
        """Say whether a rate keeps the limit, in whole settings of the pump where it may."""
        limit = self.per_kg * kg
        if self.is_strict:
            return rate < limit
        settings = -((-limit) // setting)  # rounded up
        return rate <= settings * setting


def judge_maximum(session: Row, limits: list[Row], policy: Row) -> Said:
    """Return what the rule on the highest rate says of a session."""
    facts = _rates(session["bags"], policy)
    rate: Any = facts["rate"]
    named = _for_use([one for one in limits if one["tier"] == "general"], session["indication"])
    every = [_bound(one, policy) for one in limits if one["tier"] in ("general", "tolerated")]
    low = min((_lenient(forms, policy) for forms in named), key=_order, default=None)
    high, between = _ceiling(session, limits, named, policy)
    top = high or max(every, key=_order, default=None)
    risk = _risk_bound(session, limits, policy)
    setting = policy["pump"] * policy["strength"]
    low_kg: Any
    high_kg: Any
    low_kg, high_kg = _weights(session, policy)
    is_known = rate is not None and high_kg is not None
    # the first that holds is said
    said = (
        (
            is_known and top is not None and not top.keeps(rate, high_kg, setting),
            _breach(session, facts, low, top, high_kg, setting, policy),
        ),
        (
            is_known and risk is not None and not risk.keeps(rate, high_kg, setting),
            Said("breached", None, "review", "risk_judged"),
        ),
        (low is None and bool(every), Said("not_applicable", "not_labelled")),
        (low is None and risk is None, Said("not_applicable", "limit_not_read")),
        (rate is None, Said("not_assessable", "rate_unknown")),
        (low_kg is None, Said("not_assessable", "no_weight")),
        (not facts["is_charted"], Said("not_assessable", "rate_unknown")),
        (
            is_known and risk is not None and not _is_below(risk, rate, low_kg),
            Said("not_assessable", "weight_stale"),
        ),
        (is_known and (low is None or low.keeps(rate, low_kg, setting)), Said("met")),
    )
    return next((one for holds, one in said if holds), between)


def judge_start(session: Row, limits: list[Row], policy: Row) -> Said:
    """Return what the rule on the start says: the first rate, and the steps charted after it.

    `history` is first, later or unknown; where it is unknown, either start of the label may hold.
    """
    history, kg = session["history"], Fraction(session["kg"])
    setting = policy["pump"] * policy["strength"]
    fitting = [one for one in limits if one["tier"] in ("general", history) or history == "unknown"]
    starts = [_bound(one, policy) for one in fitting if one["what"] == "initial"]
    low, high = min(starts, key=_order), max(starts, key=_order)
    steps = [(at, rate) for at, rate in session["steps"] if rate > 0]
    first = session["initial"] or next((rate for at, rate in steps if at <= policy["early"]), None)
    severity, cap = ("review", "never_accuses") if history == "first" else ("advisory", "not_first")
    rate = None if first is None else first * policy["strength"]
    if rate is not None and not high.keeps(rate, kg, setting):
        return Said("breached", None, severity, cap, "first_rate")
    if _is_hurried(session, fitting, policy):
        return Said("breached", None, severity, cap, "titration")
    if rate is None:
        return Said("not_assessable", "rate_unknown", None, None, "first_rate")
    if low.keeps(rate, kg, setting):
        return Said("met", None, None, None, "first_rate")
    return Said("not_assessable", "history_truncated", None, None, "first_rate")


def _is_hurried(session: Row, limits: list[Row], policy: Row) -> bool:
    """Say whether any rise came too soon or was too large."""
    points = [*([(0, session["initial"])] if session["initial"] else []), *session["steps"]]
    waits = {
        what: min((o["minutes"] for o in limits if o["what"] == what and o["minutes"]), default=0)
        for what in ("initial", "step")
    }
    sizes = [_bound(one, policy).per_kg for one in limits if one["what"] == "step" and one["value"]]
    most = max(sizes, default=None)
    highest, at, n_rises = Fraction(0), 0, -1
    for minute, rate in points:
        if rate <= highest:
            continue
        n_rises += 1
        wait = waits["initial"] or waits["step"] if n_rises == 1 else waits["step"]
        if n_rises > 0 and minute - at < wait:
            return True
        rise = (rate - highest) * policy["strength"]
        allowed = None if most is None else most * Fraction(session["kg"])
        is_large = allowed is not None and rise > allowed + policy["pump"] * policy["strength"]
        if n_rises > 0 and is_large:
            return True
        highest, at = Fraction(rate), minute
    return False


def _breach(
    session: Row,
    facts: Row,
    low: Bound | None,
    top: Bound | None,
    kg: Fraction | None,
    setting: Fraction,
    policy: Row,
) -> Said:
    """Return how heavily a passed maximum weighs."""
    whole = facts["whole"]
    if top is None or kg is None:
        return Said("nothing was passed")
    limit = top.per_kg * kg
    charted = facts["charted"] if facts["is_charted"] else None
    is_at_odds = (
        charted is not None
        and whole is not None
        and charted < whole
        and charted <= _reach(top, kg, setting)
    )
    is_unnamed = low is None or (session["indication"] is None and low.per_kg < top.per_kg)
    caps = {
        "not_named": is_unnamed,
        "part_of_session": whole is None or top.keeps(whole, kg, setting),
        "records_contradict": facts["is_uncertain"] or is_at_odds,
        "rate_implausible": whole is not None and whole > limit * policy["implausible"],
        "within_tolerance": whole is not None and whole <= limit * (1 + policy["tolerance"]),
    }
    cap = next((name for name, holds in caps.items() if holds), None)
    severity = "off_guideline" if cap is None else "review"
    return Said("breached", "not_labelled" if low is None else None, severity, cap)


def _reach(top: Bound, kg: Fraction, setting: Fraction) -> Fraction:
    limit = top.per_kg * kg
    return limit if top.is_strict else -((-limit) // setting) * setting


def _is_below(bound: Bound, rate: Fraction, kg: Fraction) -> bool:
    limit = bound.per_kg * kg
    return rate < limit if bound.is_strict else rate <= limit


def _ceiling(
    session: Row, limits: list[Row], named: list[list[Row]], policy: Row
) -> tuple[Bound | None, Said]:
    """Return the most that may hold, and what is said of a rate below it and above the least."""
    high = max((_lenient(forms, policy) for forms in named), key=_order, default=None)
    low = min((_lenient(forms, policy) for forms in named), key=_order, default=None)
    eased = _for_use([one for one in limits if one["tier"] == "tolerated"], session["indication"])
    age, floor = session["age"], max((o["age"] or 0 for forms in eased for o in forms), default=0)
    is_old_enough = age is None or age >= floor
    reason = "weight_stale"
    if high is not None and eased and is_old_enough:
        most = max((_lenient(forms, policy) for forms in eased), key=_order)
        if most.per_kg > high.per_kg:
            high = most
            reason = "population_unknown" if age is None and floor else "condition_unknown"
    if low is not None and high is not None and low.per_kg != high.per_kg:
        if session["indication"] is None:
            reason = "no_indication"
    else:
        reason = "weight_stale"
    is_soft = reason == "condition_unknown"
    return high, Said(
        "not_assessable",
        reason,
        "review" if is_soft else None,
        "condition_unknown" if is_soft else None,
    )


def _for_use(limits: list[Row], indication: str | None) -> list[list[Row]]:
    """Return the limits that may hold for a use, those of one use together."""
    if indication is not None:
        own = [one for one in limits if one["indication"] == indication]
        limits = own or [one for one in limits if one["indication"] == "any"]
    uses = sorted({one["indication"] for one in limits})
    return [[one for one in limits if one["indication"] == use] for use in uses]


def _risk_bound(session: Row, limits: list[Row], policy: Row) -> Bound | None:
    """Return the limit of a patient at risk, if this is one."""
    forms = [one for one in limits if one["tier"] == "at_risk"]
    is_old = session["age"] is not None and session["age"] >= policy["old"]
    if not forms or not (session["is_renal"] or is_old):
        return None
    return _lenient(forms, policy)


def _lenient(forms: list[Row], policy: Row) -> Bound:
    """Return the form of a limit that allows the most."""
    return max((_bound(one, policy) for one in forms), key=_order)


def _order(bound: Bound) -> tuple[Fraction, bool]:
    return bound.per_kg, not bound.is_strict


def _bound(limit: Row, policy: Row) -> Bound:
    factor = {
        "mg/kg/min": Fraction(60),
        "ml/kg/h": policy["strength"],
        "ml/kg/min": 60 * policy["strength"],
    }[limit["unit"]]
    return Bound(Fraction(limit["value"]) * factor, limit["comparator"] == "<")


def _weights(session: Row, policy: Row) -> tuple[Fraction | None, Fraction | None]:
    """Return the least and the most the patient may weigh."""
    if session["kg"] is None:
        return None, None
    kg = Fraction(session["kg"])
    if not session["is_stale"]:
        return kg, kg
    share = policy["sensitivity"]
    return _rounded(kg * (1 - share)), _rounded(kg * (1 + share))


def _rounded(value: Fraction) -> Fraction:
    """Round half up to three decimals, as weights are kept."""
    return Fraction((value * 1000 + Fraction(1, 2)) // 1, 1000)


def _floored(value: Fraction) -> Fraction:
    """Round down to three decimals, as means are kept."""
    return Fraction(value * 1000 // 1, 1000)


def _rates(bags: list[Row], policy: Row) -> Row:
    """Return what the bags show: charted, over the whole session, and in its busiest part."""
    charted = [_charted(bag, policy) for bag in bags]
    known = [rate for rate in charted if rate is not None]
    timed = [bag for bag in bags if bag["start"] is not None and bag["end"] is not None]
    whole = max(known, default=None)
    is_timed = len(timed) == len(bags)
    if is_timed:
        whole = _more(whole, _mean(bags, policy))
    rate = whole
    if len(bags) > 1:
        for first in timed:
            for last in timed:
                inside = [
                    bag
                    for bag in timed
                    if first["start"] <= bag["start"] and bag["end"] <= last["end"]
                ]
                if inside and first["start"] < last["end"]:
                    rate = _more(rate, _mean(inside, policy, first["start"], last["end"]))
    return {
        "rate": rate,
        "whole": whole,
        "charted": max(known, default=None),
        "is_charted": len(known) == len(bags),
        "is_uncertain": any(_is_uncertain(bag, policy) for bag in bags),
    }


def _mean(
    bags: list[Row], policy: Row, start: int | None = None, end: int | None = None
) -> Fraction | None:
    begin = min(bag["start"] for bag in bags) if start is None else start
    stop = max(bag["end"] for bag in bags) if end is None else end
    given = [amount for bag in bags if (amount := _given(bag, policy)) is not None]
    if stop <= begin or not given:
        return None
    return _floored(sum(given, Fraction(0)) * SECONDS / (60 * (stop - begin)))


def _more(one: Fraction | None, other: Fraction | None) -> Fraction | None:
    known = [value for value in (one, other) if value is not None]
    return max(known, default=None)


def _is_uncertain(bag: Row, policy: Row) -> bool:
    """Say whether grams and volume tell different doses."""
    if bag["dose_g"] is None or bag["volume_ml"] is None:
        return False
    grams, volume = Fraction(bag["dose_g"]) * MG_IN_G, bag["volume_ml"] * policy["strength"]
    return bool(abs(grams - volume) > policy["mismatch"] * grams)


def _given(bag: Row, policy: Row) -> Fraction | None:
    grams = None if bag["dose_g"] is None else Fraction(bag["dose_g"]) * MG_IN_G
    volume = None if bag["volume_ml"] is None else bag["volume_ml"] * policy["strength"]
    if grams is not None and volume is not None and _is_uncertain(bag, policy):
        return min(grams, Fraction(volume))
    return grams if volume is None or grams is not None else Fraction(volume)


def _charted(bag: Row, policy: Row) -> Fraction | None:
    if bag["highest"] is None:
        return None
    strength = policy["strength"]
    if _is_uncertain(bag, policy):
        told = _floored(Fraction(bag["dose_g"]) * MG_IN_G / bag["volume_ml"])
        strength = min(strength, told)
    return Fraction(Fraction(bag["highest"]) * strength)
