"""Lay two guideline sets side by side as text: where they agree, differ, or one is silent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from textwrap import wrap
from typing import Any

from pipeline.guidelines.library import ANY, GuidelineSet, Library, read_library
from pipeline.guidelines.rules import Rule
from pipeline.guidelines.show import scope, trust

_WIDTH = 99
_COLUMN = 48
_BETWEEN = " | "
_KINDS = ("indication", "regimen", "limit")
"""What sets are compared by first; the other kinds follow by name."""
_PHASES = {"loading": "loading", "maintenance": "maintenance"}
"""A rule for `any` and one for `single` treatment both judge a course in every phase."""

_WHOM = "for whom"
_WORDS = {
    "use": "use",
    "day": "dose a day",
    "days": "days",
    "total": "dose in all",
    "interval": "interval",
    "is_consecutive": "days in a row",
    "treatment": "months of treatment",
    "month": "dose a month",
    "max_g_per_kg_28d": "grams in 28 days",
    "day_cap_g": "cap of a day",
    "course_cap_g": "cap of a course",
    "gap": "days between infusions",
    "span_days": "span",
    "after_event": "event before each dose",
    "from_event": "days from an event",
    "repeat": "repeat",
}
"""The limits of a regimen, by column or by the beginning of a column's name."""


@dataclass(frozen=True)
class Pair:
    """What both sets say of one indication and phase by rules of one kind."""

    indication: str
    phase: str
    kind: str
    left: tuple[Rule, ...]
    right: tuple[Rule, ...]

    @property
    def differences(self) -> list[str]:
        """Return what the rules differ in; empty where they agree."""
        mine, theirs = self._values
        return _words(name for name in {**mine, **theirs} if mine.get(name) != theirs.get(name))

    @property
    def likenesses(self) -> list[str]:
        """Return the limits that both state and state alike."""
        mine, theirs = self._values
        stated = (name for name in mine if mine[name] != frozenset({None}))
        alike = _words(name for name in stated if mine[name] == theirs.get(name))
        return [word for word in alike if word not in self.differences and word != _WHOM]

    @property
    def _values(self) -> tuple[dict[str, frozenset[Any]], dict[str, frozenset[Any]]]:
        return _values(self.left, self.indication), _values(self.right, self.indication)


def compare_sets(left_id: str, right_id: str, own_folder: Path | None = None) -> str:
    """Return both sets' rules next to each other, by indication and phase.

    Raises:
        GuidelineError: a set is not known; the message names those that are.
    """
    library = read_library(own_folder)
    library.chosen((left_id, right_id))
    left, right = library.sets[left_id], library.sets[right_id]
    pairs = list(_pairs(left, right))
    return "\n".join(
        [
            *_heads(left, right),
            *_in_short(pairs, left, right),
            *_chapters(pairs, library, left, right),
        ]
    )


def _pairs(left: GuidelineSet, right: GuidelineSet) -> Iterator[Pair]:
    """Yield what there is to compare: uses first, then doses, then the other kinds."""
    places = sorted(
        {_place(rule, code) for item in (left, right) for rule in item.rules_in_force
         for code in rule.indications},
        key=_order,
    )  # fmt: skip
    for code, phase, kind in places:
        sides = [
            tuple(
                rule
                for rule in item.rules_in_force
                if code in rule.indications and _place(rule, code) == (code, phase, kind)
            )
            for item in (left, right)
        ]
        yield Pair(code, phase, kind, sides[0], sides[1])


def _place(rule: Rule, code: str) -> tuple[str, str, str]:
    return code, _PHASES.get(rule.phase, ANY), rule.kind


def _order(place: tuple[str, str, str]) -> tuple[object, ...]:
    code, phase, kind = place
    first = _KINDS.index(kind) if kind in _KINDS else len(_KINDS)
    return code != ANY, code, first, kind, phase != ANY, phase


def _values(rules: Iterable[Rule], indication: str) -> dict[str, frozenset[Any]]:
    """Return what rules say and for whom, as the values of each limit."""
    found: dict[str, set[Any]] = {}
    for rule in rules:
        found.setdefault(_WHOM, set()).add(tuple(scope(rule, with_time=False)))
        for _, row in rule.rows():
            if row.get("indication_code", indication) == indication:
                for name, value in row.items():
                    if name not in ("label", "indication_code"):
                        found.setdefault(name, set()).add(value)
    return {name: frozenset(values) for name, values in found.items()}


def _words(names: Iterable[str]) -> list[str]:
    """Return the words for columns, each once: both ends of a range have one."""
    return list(dict.fromkeys(_word(name) for name in names))


def _word(name: str) -> str:
    if name in _WORDS:
        return _WORDS[name]
    return _WORDS.get(name.partition("_")[0], name.replace("_", " "))


def _heads(left: GuidelineSet, right: GuidelineSet) -> Iterator[str]:
    for line in zip(_head(left), _head(right), strict=True):
        yield from _side_by_side([line[0]], [line[1]])


def _head(item: GuidelineSet) -> Iterator[str]:
    head = item.head
    read = "read in the source" if head.is_weight_policy_read else "not stated by the source"
    yield head.id
    yield f"{head.title} ({head.version})"
    yield f"authority: {head.authority}; {head.jurisdiction}"
    yield f"rules: {len(item.rules_in_force)}; {trust(item)}"
    yield f"dosing weight: {head.weight_policy}, {read}"
    dose = f"dose ±{head.dose_tolerance:.0%}"
    yield f"tolerance†: {dose}, interval ±{head.interval_tolerance_days} days"
    yield "what it does not name is not supported" if head.is_exhaustive else "silence is no ban"


def _in_short(pairs: list[Pair], left: GuidelineSet, right: GuidelineSet) -> Iterator[str]:
    """Yield how often both speak of one indication and phase by one kind of rule, and how."""
    both = [pair for pair in pairs if pair.left and pair.right]
    agree = sum(not pair.differences for pair in both)
    yield ""
    yield "Counted by indication, phase and kind of rule:"
    yield f"  {agree:>4}  agree"
    yield f"  {len(both) - agree:>4}  differ"
    yield f"  {sum(not pair.right for pair in pairs):>4}  only {left.head.id}"
    yield f"  {sum(not pair.left for pair in pairs):>4}  only {right.head.id}"


def _chapters(
    pairs: list[Pair], library: Library, left: GuidelineSet, right: GuidelineSet
) -> Iterator[str]:
    """Yield the indications both speak of in full, then those that one alone speaks of."""
    names = {
        str(row["indication_code"]): f"{row['name']} ({row['indication_code']})"
        for row in library.codelists.of("codelists/indication.csv")
    } | {ANY: "Every indication"}
    by_indication: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_indication.setdefault(pair.indication, []).append(pair)
    alone: dict[str, list[str]] = {left.head.id: [], right.head.id: []}
    for code, parts in by_indication.items():
        if any(part.left for part in parts) and any(part.right for part in parts):
            yield from ("", "", names[code])
            for part in parts:
                yield from _pair(part, left, right)
        else:
            speaker = left if any(part.left for part in parts) else right
            kinds = ", ".join(dict.fromkeys(part.kind.replace("_", " ") for part in parts))
            alone[speaker.head.id].append(f"{names[code]}: {kinds}")
    for item, other in ((left, right), (right, left)):
        yield from _alone(alone[item.head.id], item, other)


def _alone(lines: list[str], item: GuidelineSet, other: GuidelineSet) -> Iterator[str]:
    if lines:
        yield from ("", "", f"Only {item.head.id}; {other.head.id}: {_silence(other)[0]}")
        for line in lines:
            yield from wrap(line, _WIDTH, initial_indent="  ", subsequent_indent="      ")


def _pair(pair: Pair, left: GuidelineSet, right: GuidelineSet) -> Iterator[str]:
    phase = "any phase" if pair.phase == ANY else pair.phase
    yield ""
    title = f"{pair.kind.replace('_', ' ')}, {phase}: {_verdict(pair, left, right)}"
    yield from wrap(title, _WIDTH, subsequent_indent="  ")
    yield from _side_by_side(
        [line for rule in pair.left for line in _rule(rule, left)] or _silence(left),
        [line for rule in pair.right for line in _rule(rule, right)] or _silence(right),
    )


def _verdict(pair: Pair, left: GuidelineSet, right: GuidelineSet) -> str:
    if not pair.right:
        return f"only {left.head.id}"
    if not pair.left:
        return f"only {right.head.id}"
    if not pair.differences:
        return "agree"
    alike = f"; alike in {', '.join(pair.likenesses)}" if pair.likenesses else ""
    return f"differ in {', '.join(pair.differences)}{alike}"


def _silence(item: GuidelineSet) -> list[str]:
    return ["not named, so not supported" if item.head.is_exhaustive else "says nothing"]


def _rule(rule: Rule, item: GuidelineSet) -> Iterator[str]:
    """Yield a rule's id with how far to trust it, its limits, and for whom it is."""
    yield f"{rule.id} [{rule.status}]"
    yield from (f"  {line}" for line in rule.limits())
    yield from (f"  {line}" for line in scope(rule))
    if rule.kind == "regimen" and rule.weight_policy is None:
        yield f"  weight: {item.head.weight_policy}"
    if rule.effective_severity != "off_guideline":
        yield f"  at most {rule.effective_severity}"


def _side_by_side(left: list[str], right: list[str]) -> Iterator[str]:
    """Yield two texts as two columns."""
    for mine, theirs in zip_longest(_wrapped(left), _wrapped(right), fillvalue=""):
        yield f"{mine:<{_COLUMN}}{_BETWEEN}{theirs}".rstrip()


def _wrapped(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        margin = " " * (len(line) - len(line.lstrip()) + 2)
        yield from wrap(line, _COLUMN, subsequent_indent=margin, drop_whitespace=True) or [""]
