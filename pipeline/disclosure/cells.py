"""What an edition without persons prints: cells, how they hang together, how each is shown.

A cell that rests on 1 to 7 persons is shown as `few`, whatever it counts; another one that would
let it be worked out is `withheld`, which says nothing at all. Other counts are rounded to 5, and so
are amounts. A true 0 is printed. The rule is that of the English hospital statistics (NHS Digital,
hospital episode statistics, since 2018); that a cell is withheld only where an attack succeeds is
ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

FEW = 7
"""So many persons and fewer, but not none, are never shown."""

STEP = 5
"""What other numbers are rounded to."""

Kind = Literal["persons", "count", "amount"]
Shown = Literal["value", "few", "withheld"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One number of an edition before it may be printed.

    Attributes:
        quantity: what the number is of. Cells of one quantity, in this edition or in an earlier
            one, are the same number.
        kind: `persons` are counted, or a `count` of things rests on them, or an `amount` does.
        value: the true number.
        n_persons: on how many persons it rests.
    """

    quantity: str
    kind: Kind
    value: Decimal
    n_persons: int


@dataclass(frozen=True, slots=True)
class Relation:
    """What everybody knows of the numbers, whatever they are.

    `sum`: the whole is the sum of its parts. `at_most`: no part is above the whole. `cover`: the
    whole is not above the sum of its parts, and no part is above the whole (persons who may be in
    several parts).
    """

    kind: Literal["sum", "at_most", "cover"]
    whole: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Printed:
    """How a quantity is shown: a rounded value, or the reason why none is."""

    quantity: str
    kind: Kind
    shown: Shown
    value: int | None


@dataclass(frozen=True, slots=True)
class Edition:
    """All that an edition gives away: what it prints and how its numbers hang together."""

    printed: tuple[Printed, ...]
    relations: tuple[Relation, ...]


NOTHING = Edition((), ())
"""What nothing was printed of."""


def rounded(value: Decimal) -> int:
    """Return the number rounded to the nearest multiple of `STEP`, halves up."""
    return int((value / STEP).to_integral_value(ROUND_HALF_UP)) * STEP


def first_shown(cell: Cell) -> Printed:
    """Return how a cell is shown as long as no other one gives it away."""
    if 1 <= cell.n_persons <= FEW:
        return Printed(cell.quantity, cell.kind, "few", None)
    return Printed(cell.quantity, cell.kind, "value", rounded(cell.value))


def bounds(printed: Printed) -> tuple[float, float]:
    """Return between which numbers a reader knows the true one to lie.

    A count that is printed is 0 or above `FEW`, for a smaller one would not be printed.
    """
    if printed.shown == "withheld":
        return 0, float("inf")
    if printed.value is None:
        if printed.kind == "persons":
            return 1, FEW
        return (1 if printed.kind == "count" else 0), float("inf")
    if printed.kind == "amount":
        return max(0, printed.value - STEP / 2), printed.value + STEP / 2
    if printed.value == 0:
        return 0, 0
    half = STEP // 2
    return max(FEW + 1, printed.value - half), printed.value + half
