"""Try to work out what an edition does not show from all that it and the earlier ones print.

Every table of numbers that agrees with everything printed is possible to a reader. A cell is given
away when all those tables hold the same number there. The tables are found by integer linear
programming (HiGHS through `scipy.optimize.milp`), first under objectives drawn by chance, and for
the cells that these leave undecided by the least and the largest number possible.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from pipeline.disclosure.cells import NOTHING, Edition, Printed, Relation, bounds
from pipeline.disclosure.group import Group, Inconsistent, Need

Terms = tuple[tuple[str, float], ...]
"""Names, each with its factor."""


@dataclass
class System:
    """The numbers a reader does not know exactly, and what is known of them."""

    kinds: dict[str, str] = field(default_factory=dict)
    low: dict[str, float] = field(default_factory=dict)
    high: dict[str, float] = field(default_factory=dict)
    bare: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Between what a number lies if the newest edition withholds it."""
    rows: dict[Terms, tuple[float, float]] = field(default_factory=dict)
    """Sums of numbers, each times a factor, and between what they lie."""

    @cached_property
    def rows_at(self) -> dict[str, list[tuple[int, Terms, float, float]]]:
        """Return by the first name of each row its place among all, its terms and its limits."""
        found: dict[str, list[tuple[int, Terms, float, float]]] = defaultdict(list)
        for place, (terms, ends) in enumerate(self.rows.items()):
            found[terms[0][0]].append((place, terms, *ends))
        return found

    def components(self) -> list[list[str]]:
        """Return the numbers in groups that no relation ties to each other."""
        parent = {name: name for name in self.kinds}

        def root(name: str) -> str:
            while parent[name] != name:
                parent[name] = parent[parent[name]]
                name = parent[name]
            return name

        for terms in self.rows:
            first, *rest = (name for name, _ in terms)
            for other in rest:
                parent[root(other)] = root(first)
        groups: dict[str, list[str]] = defaultdict(list)
        for name in self.kinds:
            groups[root(name)].append(name)
        return list(groups.values())


def system(
    newest: Edition,
    earlier: Sequence[Edition] = (),
    between: Edition = NOTHING,
    *,
    is_shared: bool = True,
) -> System:
    """Return all that a reader of the newest edition and of the earlier ones knows.

    What lies `between` two editions is never printed, but a reader can subtract.

    A quantity that an earlier edition shows otherwise is another number there: records that came
    late have changed it. So it is between two earlier ones. With `is_shared` False every edition
    is read by itself.
    """
    found = System()
    known: dict[str, Printed] = {}
    for number, edition in enumerate((newest, *earlier)):
        renamed = {
            item.quantity: f"{number}:{item.quantity}"
            for item in edition.printed
            if item.quantity in known and not (is_shared and _agree(known[item.quantity], item))
        }
        _add(found, edition, renamed, is_newest=number == 0)
        for item in edition.printed:
            if item.quantity not in known or known[item.quantity].shown == "withheld":
                known[item.quantity] = item
    if is_shared:
        _add(found, between, {})
    return found


def _agree(one: Printed, other: Printed) -> bool:
    if "withheld" in (one.shown, other.shown):
        return True
    return (one.shown, one.value) == (other.shown, other.value)


def _add(
    found: System, edition: Edition, renamed: dict[str, str], *, is_newest: bool = False
) -> None:
    for item in edition.printed:
        name = renamed.get(item.quantity, item.quantity)
        low, high = bounds(item)
        found.kinds[name] = item.kind
        least, most = found.bare.get(name, (0.0, np.inf))
        found.bare[name] = (least, most) if is_newest else (max(least, low), min(most, high))
        found.low[name] = max(found.low.get(name, 0), low)
        found.high[name] = min(found.high.get(name, np.inf), high)
    for relation in edition.relations:
        if not found.kinds.keys() >= {relation.whole, *relation.parts}:
            continue  # between two editions, of a chapter that says nothing
        whole = renamed.get(relation.whole, relation.whole)
        parts = [renamed.get(part, part) for part in relation.parts]
        for terms, low, high in _rows(relation, whole, parts):
            # most of what an earlier edition says, every other one says too
            place = tuple(sorted(terms.items()))
            least, most = found.rows.get(place, (-np.inf, np.inf))
            found.rows[place] = max(least, low), min(most, high)


def _rows(
    relation: Relation, whole: str, parts: list[str]
) -> list[tuple[dict[str, float], float, float]]:
    together = dict.fromkeys(parts, 1.0) | {whole: -1.0}
    single = [({part: 1.0, whole: -1.0}, -np.inf, 0.0) for part in parts]
    if relation.kind == "sum":
        return [(together, 0.0, 0.0)]
    if relation.kind == "cover":
        return [(together, 0.0, np.inf), *single]
    return single


def given_away(
    known: System, wanted: Mapping[str, Need], seed: int = 0
) -> tuple[list[str], dict[str, Need]]:
    """Return the names whose number can be worked out, or is possible only within its need.

    Beside them the names nothing can be said of, with their needs: those of a group of numbers
    that contradict each other.
    """
    found: list[str] = []
    contradicted: dict[str, Need] = {}
    for component in known.components():
        asked = {name: wanted[name] for name in component if name in wanted}
        try:
            found += Group(known, component).closed(asked, seed) if asked else []
        except Inconsistent:
            contradicted |= asked
    return found, contradicted
