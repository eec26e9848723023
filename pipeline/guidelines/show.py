"""Show guideline sets as text for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from textwrap import fill
from typing import get_args

from pipeline.guidelines.library import GuidelineSet, read_library
from pipeline.guidelines.rules import Rule, Status

_WIDTH = 96
_APPLIES_TO = {
    "new": "treatments begun since",
    "next_review": "treatments begun since, and older ones from their next request or review",
}


def list_sets(own_folder: Path | None = None) -> str:
    """Return one line per guideline set: id, authority, rules and how far to trust them, title."""
    sets = read_library(own_folder).sets
    return "\n".join(
        f"{item.head.id:<20} {item.head.authority:<13} {len(item.rules_in_force):>3} rules  "
        f"{trust(item):<44}  {item.head.title} ({item.head.version})"
        for _, item in sorted(sets.items())
    )


def trust(item: GuidelineSet) -> str:
    """Return how many rules were read where, or that none was."""
    found = Counter(rule.status for rule in item.rules_in_force)
    if not found["transcribed"] + found["secondary"]:
        return "no verified rule"
    return ", ".join(f"{found[status]} {status}" for status in get_args(Status) if found[status])


def show_set(set_id: str, own_folder: Path | None = None) -> str:
    """Return what one set says: head, every rule with its source, and what nothing checks yet.

    Raises:
        GuidelineError: the set is not known; the message names those that are.
    """
    library = read_library(own_folder)
    library.chosen((set_id,))
    item = library.sets[set_id]
    return "\n".join([*_head(item), *_rules(item), *_statements(item)])


def _head(item: GuidelineSet) -> Iterator[str]:
    head = item.head
    read = "read in the source" if head.is_weight_policy_read else "not stated by the source"
    yield f"{head.title} ({head.version})"
    yield f"  set           {head.id}, rule ids begin with {head.prefix}"
    yield f"  publisher     {head.publisher}"
    yield f"  authority     {head.authority}; jurisdiction: {head.jurisdiction}"
    yield f"  source        {head.source.title}{f', {head.source.url}' if head.source.url else ''}"
    yield f"  weight        {head.weight_policy}, {read}"
    dose = f"dose ±{head.dose_tolerance:.0%}"
    yield f"  tolerance†    {dose}, interval ±{head.interval_tolerance_days} days"
    what = "what it does not name is not supported" if head.is_exhaustive else "silence is no ban"
    yield f"  complete      {'yes' if head.is_exhaustive else 'no'}: {what}"
    yield f"  rules         {len(item.rules_in_force)}: {trust(item)}"
    yield f"  digest        {item.digest}"


def _rules(item: GuidelineSet) -> Iterator[str]:
    for rule in item.rules_in_force:
        yield ""
        yield f"{rule.id}  {rule.kind}  {', '.join(rule.indications)}  ({_severity(rule)})"
        yield _indented(rule.statement)
        for line in rule.limits():
            yield f"    {line}"
        for line in scope(rule):
            yield _indented(line)
        yield _indented(f"why: {rule.why}")
        if rule.note:
            yield _indented(f"note: {rule.note}")
        yield _indented(f"source: {_source(rule)} [{rule.status}]; {len(rule.example)} examples")


def scope(rule: Rule, *, with_time: bool = True) -> Iterator[str]:
    """Yield whom, what and when a rule is for, where it is not for everybody."""
    if rule.phase not in ("any", "single"):
        yield f"phase: {rule.phase}"
    if rule.products:
        yield f"products: {', '.join(rule.products)}"
    if rule.population.age_years is not None:
        yield f"age: {rule.population.age_years.shown} years"
    if rule.population.sex is not None:
        yield f"sex: {rule.population.sex}"
    if rule.condition:
        yield f"on condition: {rule.condition}"
    if rule.weight_policy:
        yield f"weight: {rule.weight_policy}"
    if with_time and (rule.valid_from or rule.valid_to):
        yield f"valid: {rule.valid_from or 'always'} to {rule.valid_to or 'now'}"
    if rule.applies_to != "all":
        yield f"applies to: {_APPLIES_TO[rule.applies_to]}"
    if with_time and rule.supersedes:
        yield f"supersedes: {rule.supersedes}"


def _severity(rule: Rule) -> str:
    if rule.effective_severity == rule.severity:
        return rule.severity
    return f"{rule.severity}, capped at {rule.effective_severity}"


def _source(rule: Rule) -> str:
    source = rule.source
    parts = (source.title, source.locator, source.url, *source.also, rule.source_rule)
    return ", ".join(part for part in parts if part)


def _statements(item: GuidelineSet) -> Iterator[str]:
    if item.head.statement:
        yield ""
        yield "Stated by the source:"
    for statement in item.head.statement:
        yield _indented(f"{statement.id}: {statement.text} [checked by: {statement.checked_by}]")


def _indented(text: str) -> str:
    return fill(text, _WIDTH, initial_indent="    ", subsequent_indent="      ")
