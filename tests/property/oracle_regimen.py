"""The dullest way to judge a course by its regimens: plain Python over dicts.

Shares no code with the audit. What it says is compared with sql/checks/regimen.sql. A course is
read in every permitted way (decision 18); what a part of a reading misses is told by
oracle_regimen_clause.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from oracle_regimen_clause import (
    NAMES,
    Asked,
    Part,
    Row,
    days_from_event,
    is_capped,
    is_days_only,
    is_open,
    link_doubt,
    misses,
    n_unlinked,
    ranks,
    window,
)

SEVERITY = {3: "off_guideline", 2: "review", 1: "advisory"}
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
    "table_not_supplied",
    "event_unknown",
    "policy_not_set",
    "subcutaneous_between",
    "unknown_between",
    "condition_unknown",
)
DOSES = (
    "day_min_g_per_kg",
    "day_max_g_per_kg",
    "total_min_g_per_kg",
    "total_max_g_per_kg",
    "month_min_g_per_kg",
    "month_max_g_per_kg",
    "max_g_per_kg_28d",
    "day_cap_g",
    "course_cap_g",
)
TOO_MUCH = {"cap", "total_high", "day_high", "month_high", "ceiling"}


class Failure(NamedTuple):
    """One clause that fails: how severe, by which ten-thousandths of its limit, which."""

    rank: int
    share: int
    place: int
    """Of equal misses the higher place is told."""
    is_cap: bool
    """A cap in grams is the limit."""

    @property
    def name(self) -> str:
        """Return the clause."""
        return "cap" if self.is_cap else NAMES[-self.place]


class Said(NamedTuple):
    """What one weight, or the rule, says of a course."""

    status: str
    reason: str | None = None
    rank: int | None = None
    way: int | None = None
    name: str | None = None
    is_disputed: bool = False


def read(course: Row, way: Row) -> list[list[Part]]:
    """Return every reading of a course by one way, each a list of parts that must all hold."""
    days, before = course["days"], course["before"]
    if not has_repeat(way):
        return [[stretched(course, way)]]
    if not before:
        known = sum((day.known for day in days), Fraction(0))
        cuts = [
            [
                Part(days[:n], inside=known),
                Part(
                    days[n:],
                    is_repeat=True,
                    days_after=(days[n].given_on - days[0].given_on).days,
                    inside=known,
                ),
            ]
            for n in range(1, len(days))
        ]
        return [[Part(days)], *cuts]
    return followed(course, way)


def followed(course: Row, way: Row) -> list[list[Part]]:
    """Return the readings of a course that follows another of its episode."""
    days, before = course["days"], course["before"]
    after = (days[0].given_on - before[0]["days"][0].given_on).days if len(before) == 1 else None
    repeat = Part(
        days,
        is_repeat=True,
        asks_interval=False,
        days_after=after,
        n_before=len(before),
        first=before[0]["days"],
    )
    if not has_interval(way):
        return [[repeat]]
    first, last = window(way)
    # the next course first, and a repeat only where its days fit
    fits = after is not None and (first or 0) <= after and (last is None or after <= last)
    return [[Part(days, n_before=len(before))], *([[repeat]] if fits else [])]


def stretched(course: Row, way: Row) -> Part:
    """Return the days a gap or span is judged over: wider than a course, those of the episode."""
    widest = max(way["gap_max_days"] or 0, way["span_days"] or 0)
    if widest <= course["course_gap_days"] or is_beyond(course, way):
        return Part(course["days"])
    days = tuple(day for one in (*course["before"], course) for day in one["days"])
    later = [one for one in course["after"] if not is_beyond(one, way)]
    is_newest = not course["after"]
    return Part(
        days,
        is_continued=bool(later),
        is_waiting=is_newest and not course["is_episode_end_seen"],
    )


def is_beyond(course: Row, way: Row) -> bool:
    """Say whether a course begins after the span that began with its episode."""
    if way["span_days"] is None:
        return False
    first = (*course["before"], course)[0]["days"][0].given_on
    return bool((course["days"][0].given_on - first).days + 1 > way["span_days"])


def has_repeat(way: Row) -> bool:
    """Say whether a way permits a repeat."""
    return way["repeat_min_days"] is not None or way["repeat_max_days"] is not None


def has_interval(way: Row) -> bool:
    """Say whether a way asks how long ago the course before was."""
    names = ("interval_min_days", "interval_max_days", "month_min_g_per_kg", "month_max_g_per_kg")
    return any(way[name] is not None for name in names)


def failures(asked: Asked) -> list[Failure]:
    """Return every clause that fails with its severity."""
    found = misses(asked)
    if is_days_only(asked, found):
        found.pop("day_low", None)  # smaller days follow from the number of days
    return [
        Failure(rank, int(found[name] * 1e4 + 0.5), -NAMES.index(name), is_capped(asked, name))
        for name, rank in ranks(asked, found).items()
    ]


def hard_doubt(asked: Asked, reason: str, failed: list[Failure]) -> str | None:
    """Return why the doses of a part cannot be compared."""
    if all(asked.way[name] is None for name in DOSES):
        return None
    if asked.course["is_dose_uncertain"]:
        return "dose_uncertain"
    if asked.kg is None:
        return reason
    too_much = TOO_MUCH & {one.name for one in failed}
    return "no_dose" if asked.part.grams is None and not too_much else None


def soft_doubt(asked: Asked) -> str | None:
    """Return which missing fact could make worse what otherwise holds."""
    course, way, part = asked.course, asked.way, asked.part
    if is_open(asked):
        return "course_open"
    if course["is_start_truncated"]:
        return "history_truncated"
    if course["has_unresolved_bag"]:
        return "bag_unresolved"
    is_spaced = (has_interval(way) and part.asks_interval) or part.n_before is not None
    if is_spaced and course["interval_status"] not in ("known", "first"):
        return course["interval_status"] or "unknown_between"
    first = (*course["before"], course)[0]
    # what may lie before the records makes a dose a repeat, and a repeat one too many
    if has_repeat(way) and not has_interval(way) and not first["is_episode_start_seen"]:
        return "history_truncated"
    return event_doubt(asked)


def event_doubt(asked: Asked) -> str | None:
    """Return which event, or condition, nobody recorded."""
    way, part = asked.way, asked.part
    if n_unlinked(asked):
        doubt = link_doubt(asked)
        if doubt is not None:
            return doubt
    if way["from_event"] is not None and not part.is_repeat and days_from_event(asked) is None:
        return "event_unknown" if asked.course["has_event_table"] else "table_not_supplied"
    return "condition_unknown" if part.is_repeat and way["repeat_condition"] else None


def graded(one: Failure) -> tuple[int, int, int]:
    """Return how bad a failure is: how severe, then by how much, then which."""
    return one.rank, one.share, one.place


class Heard(NamedTuple):
    """What one way says under one weight."""

    is_met: bool
    doubts: tuple[str, ...]
    nearest: tuple[Failure, ...]


def hear(course: Row, way: Row, rule: Row, kg: Fraction | None, reason: str) -> Heard:
    """Return what one way says: any reading that holds is enough."""
    is_met, doubts, nearest = False, [], []
    for parts in read(course, way):
        asked = [Asked(part, course, way, rule, kg) for part in parts]
        failed = [failures(one) for one in asked]
        hard = [hard_doubt(one, reason, f) for one, f in zip(asked, failed, strict=True)]
        fails = [one for part in failed for one in part]
        known = [one for one in hard if one is not None]
        if not known and not fails:
            known = [doubt for one in asked if (doubt := soft_doubt(one)) is not None]
            is_met |= not known
        doubts += [min(known, key=REASONS.index)] if known else []
        nearest += [max(fails, key=graded)] if fails and not known else []
    return Heard(is_met, tuple(doubts), tuple(nearest))


def by_weight(course: Row, rule: Row, kg: Fraction | None, reason: str) -> Said:
    """Return what the ways of a rule together say under one weight."""
    heard = {way["regimen_key"]: hear(course, way, rule, kg, reason) for way in rule["ways"]}
    said = [gathered(heard, keys) for keys in possible(course, rule["ways"])]
    met = [one for one in said if one.status == "met"]
    if met and len(met) < len(said):
        return Said("not_assessable", reason="history_truncated")
    if met:
        return min(met, key=lambda one: one.way or 0)
    doubts = [one for one in said if one.status == "not_assessable"]
    if doubts:
        return min(doubts, key=lambda one: (REASONS.index(one.reason or ""), one.way))
    keys = {key for keys in possible(course, rule["ways"]) for key in keys}
    return gathered(heard, keys)


def gathered(heard: dict[int, Heard], keys: set[int]) -> Said:
    """Return what some ways say together: any that holds is enough, else the nearest."""
    met = [key for key in keys if heard[key].is_met]
    if met:
        return Said("met", way=min(met))
    doubts = [(REASONS.index(one), key) for key in keys for one in heard[key].doubts]
    if doubts:
        place, key = min(doubts)
        return Said("not_assessable", reason=REASONS[place], way=key)
    failed = [(one, key) for key in keys for one in heard[key].nearest]
    worst, key = min(failed, key=lambda pair: (graded(pair[0]), pair[1]))
    return Said("breached", rank=worst.rank, way=key, name=worst.name)


def months_later(on: date, months: int) -> date:
    """Return the same day so many months later, or the last of that month."""
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    return date(year, month + 1, min(on.day, monthrange(year, month + 1)[1]))


def possible(course: Row, ways: list[Row]) -> list[set[int]]:
    """Return the ways in force in every month of treatment the course could lie in."""
    start, on = course["treatment_started_on"], course["days"][0].given_on
    months = sum(months_later(start, n) <= on for n in range(1, 40))
    last = months if course["is_treatment_start_known"] else 60
    found: list[set[int]] = []
    for month in range(months, last + 1):
        keys = {way["regimen_key"] for way in ways if is_in_force(way, month)}
        if keys and keys not in found:
            found.append(keys)
    return found


def is_in_force(way: Row, month: int) -> bool:
    """Say whether a way holds in a month of treatment."""
    from_month, to_month = way["treatment_min_months"], way["treatment_max_months"]
    return (from_month or 0) <= month and (to_month is None or month < to_month)


def judge(course: Row, rule: Row) -> Said:
    """Return what one rule says of a course: a stale weight must agree at both its ends.

    Another weight could soften what a rule that may accuse says, and nothing else.
    """
    may_accuse = rule["effective_severity"] == "off_guideline"
    answers = {
        role: by_weight(course, rule, kg, reason)
        for role, (kg, reason) in course["weights"].items()
        if may_accuse or not role.startswith("alternative")
    }
    said = answers["policy"]
    actual = [one for role, one in answers.items() if not role.startswith("alternative")]
    asked = [one for role, one in answers.items() if role not in ("low", "high")]
    disputed = len({one.status for one in asked}) > 1
    if len({one.status for one in actual}) > 1:
        return Said("not_assessable", reason="weight_stale", is_disputed=disputed)
    grades = [one.rank for one in actual if one.rank is not None]
    # a breach that would be milder by another weight the set may have meant
    mild = [one.rank for one in asked if one.rank is not None]
    disputed |= said.status == "breached" and min(mild) < min(grades)
    return said._replace(rank=min(grades, default=None), is_disputed=disputed)


class Answer(NamedTuple):
    """What a rule answers beside the others of its set, in the words of the check."""

    status: str
    reason: str | None
    severity: str | None
    clause: str | None
    regimen_key: int | None
    is_weight_disputed: bool


CLAUSES = {
    "cap": "cap",
    "total_high": "dose_total",
    "total_low": "dose_total",
    "day_high": "dose_per_day",
    "day_low": "dose_per_day",
    "early": "interval",
    "late": "interval",
    "month_high": "month",
    "month_low": "month",
    "ceiling": "month",
    "event_missing": "event",
    "window_early": "window",
    "window_late": "window",
    "repeat_again": "repeat",
    "repeat_early": "repeat",
    "repeat_late": "repeat",
}


def answers(course: Row, rules: list[Row]) -> dict[int, Answer]:
    """Return what each rule answers: one that fits excuses the others of its set."""
    said = {rule["rule_key"]: judge(course, rule) for rule in rules}
    found = {}
    for rule in rules:
        others = [one for one in rules if one["set_key"] == rule["set_key"]]
        found[rule["rule_key"]] = answer(said, rule, others)
    return found


def answer(said: dict[int, Said], rule: Row, others: list[Row]) -> Answer:
    """Return what one rule answers, its conditions and the rules beside it heard."""
    own = said[rule["rule_key"]]
    if is_fitting_if(own, rule):
        return unsettled(own, rule)
    if own.status == "breached":
        if any(is_fitting(said[one["rule_key"]], one) for one in others):
            return Answer("not_applicable", "other_rule_met", None, None, None, own.is_disputed)
        if any(is_fitting_if(said[one["rule_key"]], one) for one in others):
            return unsettled(own._replace(way=None), rule)
    rank = None if own.rank is None else min(own.rank, 2 if rule["condition"] else 3)
    way = None if own.status == "not_assessable" else own.way
    severity = None if rank is None else SEVERITY[rank]
    clause = None if own.name is None else CLAUSES.get(own.name, "days")
    return Answer(own.status, own.reason, severity, clause, way, own.is_disputed)


def is_fitting(said: Said, rule: Row) -> bool:
    """Say whether a rule fits, and no condition of it is open."""
    return said.status == "met" and rule["condition"] is None


def is_fitting_if(said: Said, rule: Row) -> bool:
    """Say whether a rule fits only under a condition the records do not hold."""
    is_met_if = said.status == "met" and rule["condition"] is not None
    return is_met_if or said.reason == "condition_unknown"


def unsettled(said: Said, rule: Row) -> Answer:
    """Return that nobody knows whether the condition holds; of a repeat it is named so."""
    severity = rule["on_condition_unknown"] or "review"
    clause = "repeat" if said.reason == "condition_unknown" else "condition"
    return Answer(
        "not_assessable", "condition_unknown", severity, clause, said.way, said.is_disputed
    )
