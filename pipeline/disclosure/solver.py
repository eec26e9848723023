"""Solve one linear program of which some numbers are whole, with numbers that hang beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp
from scipy.sparse import coo_array, csr_array, vstack

Array = np.ndarray
INFEASIBLE: Final = 2
"""How a solver says that no numbers meet all rows."""
_STEPS = 2
"""A count that comes out broken is mended with those so many rows away."""
_NODES = 5_000
"""Where no second table is found in so many steps, there is taken to be none."""
_NEAR = 1e-6
"""So near to a limit, in parts of it, a solver may end."""


@dataclass(frozen=True)
class Program:
    """Numbers between bounds, and rows of their sums between limits."""

    matrix: csr_array
    row_low: Array
    row_high: Array
    low: Array
    high: Array
    is_whole: Array

    def beside(
        self, rows: csr_array, row_low: Array, row_high: Array, low: Array, high: Array
    ) -> Program:
        """Return it with numbers after its own, whole or not, that further rows tie to them."""
        matrix = self.matrix.copy()
        matrix.resize((matrix.shape[0], rows.shape[1]))
        return Program(
            vstack([matrix, rows], format="csr"),
            np.concatenate([self.row_low, row_low]),
            np.concatenate([self.row_high, row_high]),
            np.concatenate([self.low, low]),
            np.concatenate([self.high, high]),
            np.concatenate([self.is_whole, np.zeros(len(low), dtype=bool)]),
        )

    def solve(self, objective: Array, gap: float = 1e-4) -> OptimizeResult:
        """Make the objective least.

        Sums of lines and months are nearly a network: mostly counts come out whole unasked. What
        comes out broken is mended with what is near it, and all is asked only where that fails.
        """
        asked: dict[str, Any] = {"c": objective}
        if self.matrix.shape[0]:
            asked["constraints"] = LinearConstraint(self.matrix, self.row_low, self.row_high)
        result = milp(**asked, bounds=Bounds(self.low, self.high))
        if result.x is None:
            return result
        whole = np.round(result.x)
        broken = self.is_whole & (np.abs(result.x - whole) > _NEAR)
        if not broken.any():
            return result
        asked["integrality"] = self.is_whole.astype(int)
        asked["options"] = {"mip_rel_gap": gap, "node_limit": _NODES}
        is_free = self._around(broken) | ~self.is_whole
        near = Bounds(np.where(is_free, self.low, whole), np.where(is_free, self.high, whole))
        mended = milp(**asked, bounds=near)
        return milp(**asked, bounds=Bounds(self.low, self.high)) if mended.x is None else mended

    def whole(self, solution: Array) -> Array:
        """Return the solution with its counts made whole."""
        table: Array = np.where(self.is_whole, np.round(solution), solution)
        return table

    def is_met(self, table: Array) -> bool:
        """Say whether the numbers lie in their bounds and their sums between the limits."""
        sums = self.matrix @ table
        return bool(
            np.all(within(table, self.low, self.high))
            and np.all(within(sums, self.row_low, self.row_high))
        )

    def _around(self, places: Array) -> Array:
        """Return the places that a row ties to some, and those that one ties to these."""
        ties = abs(self.matrix)
        found = places.astype(float)
        for _ in range(_STEPS):
            found = found + ties.T @ (ties @ found)
        near: Array = found > 0
        return near


def within(value: Array, low: Array, high: Array) -> Array:
    """Say of each number whether it lies between its limits, as near as a solver ends."""
    near = _NEAR * np.maximum(1.0, np.abs(value))
    found: Array = (value >= low - near) & (value <= high + near)
    return found


def matrix_of(entries: Sequence[tuple[int, int, float]], n_rows: int, n_columns: int) -> csr_array:
    """Return a matrix of its entries: row, column, factor."""
    lines, columns, factors = zip(*entries, strict=True) if entries else ((), (), ())
    return coo_array((factors, (lines, columns)), shape=(n_rows, n_columns), dtype=float).tocsr()
