"""Say which rules of a set hold on a day, and what is wrong with the order of their versions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from pipeline.guidelines.rules import Rule


def in_force(rules: Iterable[Rule], on: date | None) -> tuple[Rule, ...]:
    """Return the rules in force, in the order of their ids.

    Args:
        rules: every rule of a set.
        on: None leaves out what is retired. A day replays the rules as they stood then: those
            begun and not yet retired, and of an older version no end that only a later one made.
    """
    rules = tuple(rules)
    held = {rule.id: rule for rule in rules if _holds(rule, on)}
    ended = {rule.supersedes for rule in held.values()}
    begun_later = {rule.supersedes for rule in rules if rule.id not in held} - ended
    return tuple(
        rule.model_copy(update={"valid_to": None}) if on and name in begun_later else rule
        for name, rule in sorted(held.items())
    )


def _holds(rule: Rule, on: date | None) -> bool:
    if on is None:
        return rule.retired_on is None
    is_begun = rule.valid_from is None or rule.valid_from <= on
    return is_begun and (rule.retired_on is None or rule.retired_on > on)


def version_faults(rules: Iterable[Rule]) -> Iterator[str]:
    """Yield what is wrong with rules that supersede others of their set."""
    known = {rule.id: rule for rule in rules}
    for rule in known.values():
        if rule.supersedes is not None:
            told = f"rule {rule.id}: supersedes: {rule.supersedes}"
            older = known.get(rule.supersedes)
            if older is None:
                yield f"{told} is no rule of this set"
            elif older.kind != rule.kind:
                yield f"{told} is of another kind"
            elif _overlaps(older, rule):
                yield f"{told} must begin and end before {rule.valid_from}, the first day of this"


def _overlaps(older: Rule, rule: Rule) -> bool:
    days = [day for day in (older.valid_from, older.valid_to) if day is not None]
    return rule.valid_from is not None and any(day >= rule.valid_from for day in days)
