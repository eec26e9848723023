"""Try to work out what an edition does not show from all that it and the earlier ones print.

Every table of numbers that agrees with everything printed is possible to a reader. A cell is given
away when all those tables hold the same number there. The tables are found by integer linear
programming (HiGHS through `scipy.optimize.milp`), first under objectives drawn by chance, and for
the cells that these leave undecided by the least and the largest number possible.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from pipeline.disclosure.cells import NOTHING, Edition, Printed, Relation, bounds

OBJECTIVES = 8
_BEYOND = 10_000_000.0
"""What a reader knows no bound of is not above this, nor above ten times what any sum of printed
numbers comes to: no table needs more, and solvers want bounds."""
_APART = 0.5
"""Solutions are numbers of a computer: two closer than this are one."""


@dataclass
class System:
    """The numbers a reader does not know exactly, and what is known of them."""

    kinds: dict[str, str] = field(default_factory=dict)
    low: dict[str, float] = field(default_factory=dict)
    high: dict[str, float] = field(default_factory=dict)
    rows: dict[tuple[tuple[str, float], ...], tuple[float, float]] = field(default_factory=dict)
    """Sums of numbers, each times a factor, and between what they lie."""

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
        _add(found, edition, renamed)
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


def _add(found: System, edition: Edition, renamed: dict[str, str]) -> None:
    for item in edition.printed:
        name = renamed.get(item.quantity, item.quantity)
        low, high = bounds(item)
        found.kinds[name] = item.kind
        found.low[name] = max(found.low.get(name, 0), low)
        found.high[name] = min(found.high.get(name, np.inf), high)
    for relation in edition.relations:
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


class Inconsistent(Exception):  # noqa: N818 - no error of ours: the numbers contradict each other
    """No table of numbers agrees with all that is printed."""


Need = tuple[float, float] | None
"""What must be possible of a number: at most this and at least that; None: any two numbers."""


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
            found += _Component(known, component).closed(asked, seed) if asked else []
        except Inconsistent:
            contradicted |= asked
    return found, contradicted


class _Component:
    """One group of numbers that hang together, ready to be solved."""

    def __init__(self, known: System, names: list[str]) -> None:
        self.names = names
        self.place = {name: number for number, name in enumerate(names)}
        self.is_whole = np.array([known.kinds[name] != "amount" for name in names])
        rows = [(terms, *ends) for terms, ends in known.rows.items() if terms[0][0] in self.place]
        sums = (
            sum(known.high[name] for name, _ in terms if np.isfinite(known.high[name]))
            for terms, _, _ in rows
        )
        beyond = max(_BEYOND, 10 * max(sums, default=0.0))
        self.bounds = Bounds(
            [known.low[name] for name in names],
            [min(known.high[name], beyond) for name in names],
        )
        self.constraints = []
        if rows:
            entries = [
                (number, self.place[name], factor)
                for number, (terms, _, _) in enumerate(rows)
                for name, factor in terms
            ]
            lines, columns, factors = zip(*entries, strict=True)
            matrix = coo_array((factors, (lines, columns)), shape=(len(rows), len(names)))
            self.constraints = [
                LinearConstraint(matrix.tocsr(), [row[1] for row in rows], [row[2] for row in rows])
            ]

    def solve(self, objective: np.ndarray) -> np.ndarray:
        result = milp(
            objective,
            integrality=self.is_whole.astype(int),
            bounds=self.bounds,
            constraints=self.constraints,
        )
        if result.x is None:
            raise Inconsistent
        found: np.ndarray = np.where(self.is_whole, np.round(result.x), result.x)
        return found

    def closed(self, asked: Mapping[str, Need], seed: int) -> list[str]:
        """Return the names asked for of which not enough numbers are possible.

        Two objectives decide most names; others drawn by chance, and at last the least and the
        largest number of a name by itself, are tried only while some are undecided.
        """
        low = np.full(len(self.names), np.inf)
        high = np.full(len(self.names), -np.inf)
        chance = random.Random(f"{seed} {len(self.names)}")  # noqa: S311 - no secret hangs on it

        def try_objective(signs: Mapping[str, float]) -> None:
            objective = np.zeros(len(self.names))
            for name, sign in signs.items():
                objective[self.place[name]] = sign
            solution = self.solve(objective)
            np.minimum(low, solution, out=low)
            np.maximum(high, solution, out=high)

        def undecided() -> list[str]:
            return [
                name
                for name, need in asked.items()
                if not _is_met(need, low[self.place[name]], high[self.place[name]])
            ]

        for number in range(OBJECTIVES):
            names = undecided()
            if not names:
                return []
            sign = (1.0, -1.0)[number % 2]
            try_objective(
                {name: sign if number < 2 else chance.choice((-1.0, 1.0)) for name in names}  # noqa: PLR2004
            )
        for name in undecided():
            for sign in (1.0, -1.0):
                try_objective({name: sign})
        return undecided()


def _is_met(need: Need, low: float, high: float) -> bool:
    if need is None:
        return high - low > _APART
    return low <= need[0] and high >= need[1]
