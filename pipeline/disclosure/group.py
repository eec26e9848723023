"""Find tables of numbers that agree with all that is known of one group that hangs together."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.disclosure.solver import INFEASIBLE, Array, Program, matrix_of, within

if TYPE_CHECKING:
    from pipeline.disclosure.attack import System

OBJECTIVES = 8
"""So many tables are asked for at once for all numbers that are not decided yet."""
_BY_ONE = 3
"""So few that are left are asked one by one."""
_BEYOND = 10_000_000.0
"""What a reader knows no bound of is not above this, nor above ten times what any sum of printed
numbers comes to: no table needs more, and solvers want bounds."""
_APART = 0.5
"""Solutions are numbers of a computer: two closer than this are one."""
_NEAR = 1e-6
"""So near to a limit, in parts of it, a solver may end."""
Need = tuple[float, float] | None
"""What must be possible of a number: at most this and at least that; None: any two numbers."""


class Inconsistent(Exception):  # noqa: N818 - no error of ours: the numbers contradict each other
    """No table of numbers agrees with all that is printed."""


class Group:
    """One group of numbers that hang together, and the least and most seen of each.

    What was seen stays possible when more is withheld, so that it is never asked twice.
    """

    def __init__(self, known: System, names: list[str]) -> None:
        self.names = names
        self.place = {name: number for number, name in enumerate(names)}
        at = known.rows_at
        # in the order in which they became known, whatever that of the names
        rows = [row[1:] for row in sorted(row for name in names for row in at.get(name, ()))]
        sums = (
            sum(known.high[name] for name, _ in terms if np.isfinite(known.high[name]))
            for terms, _, _ in rows
        )
        beyond = max(_BEYOND, 10 * max(sums, default=0.0))
        # floats also where every limit is a whole number: half a gram must stay one
        self.bare_low = np.array([known.bare[name][0] for name in names], dtype=float)
        self.bare_high = np.array([min(known.bare[name][1], beyond) for name in names], dtype=float)
        entries = [
            (number, self.place[name], factor)
            for number, (terms, _, _) in enumerate(rows)
            for name, factor in terms
        ]
        self.program = Program(
            matrix_of(entries, len(rows), len(names)),
            np.array([row[1] for row in rows], dtype=float),
            np.array([row[2] for row in rows], dtype=float),
            np.array([known.low[name] for name in names], dtype=float),
            np.array([min(known.high[name], beyond) for name in names], dtype=float),
            np.array([known.kinds[name] != "amount" for name in names]),
        )
        self.least = np.full(len(names), np.inf)
        self.most = np.full(len(names), -np.inf)

    def closed(self, asked: Mapping[str, Need], seed: int = 0) -> list[str]:
        """Return the names asked for of which not enough numbers are possible.

        Raises:
            Inconsistent: no table agrees with all that is known.
        """
        for name in self.undecided(asked, seed):
            for place, least, most in self._missing(name, asked[name]):
                self._seek(place, least, most)
        return self._unmet(asked)

    def undecided(self, asked: Mapping[str, Need], seed: int = 0) -> list[str]:
        """Return the names asked for of which not enough numbers were seen yet.

        Tables are sought with as many of them as can be at once on one side, drawn by chance, of
        what was seen; what is left may still be possible.

        Raises:
            Inconsistent: no table agrees with all that is known.
        """
        chance = random.Random(f"{seed} {len(self.names)}")  # noqa: S311 - no secret hangs on it
        for sign in (1.0, -1.0):
            if names := self._unmet(asked):
                self._spread(names, sign)
        in_vain = 0
        for _ in range(OBJECTIVES):
            names = self._unmet(asked)
            if len(names) <= _BY_ONE or in_vain > 1 or not self._is_seen():
                break
            self._push(names, asked, chance)
            in_vain = in_vain + 1 if len(self._unmet(asked)) == len(names) else 0
        return self._unmet(asked)

    def loosen(self, name: str, need: Need, worth: Mapping[str, float]) -> set[str] | None:
        """Withhold of the newest edition what gives a name away; none where it is not given away.

        What is withheld is worth little and enough: where a printed number must be left behind to
        reach another number of this name, and by how much, times its worth, is least in sum.

        Returns:
            The names withheld; None where no number of the newest edition is to blame.
        """
        withheld: set[str] = set()
        while missing := self._missing(name, need):
            # one side after the other where both are needed, else the one that costs less
            ways = []
            for side in missing if need is None else missing[:1]:
                if (way := self._way_out(*side, worth)) is not None:
                    ways.append(way)
                    if not way[1]:
                        break
            if not ways:
                return None
            _, loosened, table = min(ways, key=lambda way: (bool(way[1]), way[0], sorted(way[1])))
            self.withhold(loosened)
            withheld |= loosened
            if not self._see(table) or self._missing(name, need) == missing:
                return None
        return withheld

    def withhold(self, names: Collection[str]) -> None:
        """Forget what the newest edition prints of the names."""
        places = [self.place[name] for name in names]
        self.program.low[places] = self.bare_low[places]
        self.program.high[places] = self.bare_high[places]

    def candidates(self, worth: Collection[str]) -> list[str]:
        """Return the names of which a reader knows less if the newest edition withholds them."""
        is_told = (self.bare_low < self.program.low) | (self.bare_high > self.program.high)
        return [name for name in self.names if name in worth and is_told[self.place[name]]]

    def _is_seen(self) -> bool:
        return bool(np.all(self.least < np.inf))

    def _unmet(self, asked: Mapping[str, Need]) -> list[str]:
        return [name for name, need in asked.items() if self._missing(name, need)]

    def _missing(self, name: str, need: Need) -> list[tuple[int, float, float]]:
        """Return the place of a name and between what numbers one is still to be seen.

        One way of two for a name of which any two numbers do.
        """
        place = self.place[name]
        least, most = self.least[place], self.most[place]
        if need is None:
            if most - least > _APART:
                return []
            return [(place, most + 1, np.inf), (place, -np.inf, least - 1)]
        sides = []
        if least > need[0] * (1 + _NEAR):
            sides.append((place, -np.inf, need[0]))
        if most < need[1] * (1 - _NEAR):
            sides.append((place, need[1], np.inf))
        return sides

    def _spread(self, names: Sequence[str], sign: float) -> None:
        objective = np.zeros(len(self.names))
        objective[[self.place[name] for name in names]] = sign
        result = self.program.solve(objective)
        if result.x is not None:
            self._see(result.x)
        elif result.status == INFEASIBLE:
            raise Inconsistent

    def _push(self, names: list[str], asked: Mapping[str, Need], chance: random.Random) -> None:
        """Seek a table with as many names as can be at once where none was seen yet."""
        sides = [chance.choice(self._missing(name, asked[name])) for name in names]
        n, m = len(self.names), len(names)
        # of each name: how far it gets towards where it is to be seen, and no further
        entries, most, weights = [], np.zeros(m), np.zeros(m)
        for number, (place, least, highest) in enumerate(sides):
            sign, target = (1.0, least) if np.isfinite(least) else (-1.0, highest)
            entries += [(number, place, -sign), (number, n + number, 1.0)]
            most[number] = sign * target
            seen = self.most[place] if sign > 0 else self.least[place]
            weights[number] = 1 / max(abs(target - seen), _APART)
        without = np.full(m, -np.inf)
        program = self.program.beside(
            matrix_of(entries, m, n + m), without, np.zeros(m), without, most
        )
        result = program.solve(np.concatenate([np.zeros(n), -weights]), gap=0.05)
        if result.x is not None:
            self._see(result.x[:n])

    def _seek(self, place: int, least: float, most: float) -> None:
        """Look for one table that holds a number of some size at a place."""
        program = self._with(place, least, most)
        if program is None:
            return
        # towards the side: to look for any table takes a solver longer
        objective = np.zeros(len(self.names))
        objective[place] = -1.0 if np.isfinite(least) else 1.0
        result = program.solve(objective, gap=0.5)
        if result.x is not None:
            self._see(result.x)

    def _way_out(
        self, place: int, least: float, most: float, worth: Mapping[str, float]
    ) -> tuple[float, set[str], Array] | None:
        """Return what a table with such a number costs, what must be withheld, and the table."""
        names = self.candidates(worth)
        places = [self.place[name] for name in names]
        n, m = len(self.names), len(names)
        program = self._with(place, least, most, places)
        if program is None:
            return None
        entries = [
            entry
            for number, at in enumerate(places)
            for entry in (
                (number, at, 1.0), (number, n + number, -1.0),
                (m + number, at, 1.0), (m + number, n + m + number, 1.0),
            )
        ]  # fmt: skip
        without = np.full(m, np.inf)
        program = program.beside(
            matrix_of(entries, 2 * m, n + 2 * m),
            np.concatenate([-without, self.program.low[places]]),
            np.concatenate([self.program.high[places], without]),
            np.zeros(2 * m),
            np.full(2 * m, np.inf),
        )
        costs = np.array([worth[name] for name in names])
        result = program.solve(np.concatenate([np.zeros(n), costs, costs]))
        if result.x is None:
            return None
        table = self.program.whole(result.x[:n])
        loosened = {
            name
            for name, at in zip(names, places, strict=True)
            if not within(table[at], self.program.low[at], self.program.high[at])
        }
        return float(result.fun), loosened, table

    def _with(
        self, place: int, least: float, most: float, loose: Sequence[int] = ()
    ) -> Program | None:
        """Return the program with a number within limits of its own and some not printed."""
        low, high = self.program.low.copy(), self.program.high.copy()
        at = list(loose)
        low[at], high[at] = self.bare_low[at], self.bare_high[at]
        low[place], high[place] = max(low[place], least), min(high[place], most)
        return None if low[place] > high[place] else replace(self.program, low=low, high=high)

    def _see(self, solution: Array) -> bool:
        """Note a table, if with its counts made whole it still agrees with all that is known."""
        table = self.program.whole(solution)
        is_table = self.program.is_met(table)
        if is_table:
            np.minimum(self.least, table, out=self.least)
            np.maximum(self.most, table, out=self.most)
        return is_table
