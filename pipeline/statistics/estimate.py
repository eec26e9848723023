"""What a statistic answers: a value between limits, each of which may be unknown."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

CONFIDENCE: Final = 0.95


class Estimate(NamedTuple):
    """A value and its limits, in the unit of the function that made it.

    None for a limit: it cannot be computed, or (said by the function) there is none.
    None for the value: it would be a division by zero.
    """

    value: float | None
    low: float | None
    high: float | None


class Limits(NamedTuple):
    """The lowest and the highest value still expected; both belong to what is expected."""

    low: float
    high: float


def tail(confidence: float) -> float:
    """Return the probability left out on each side of a central interval.

    Raises:
        ValueError: the confidence is not between 0 and 1, both left out.
    """
    if not 0 < confidence < 1:
        raise ValueError("a confidence lies between 0 and 1")
    return (1 - confidence) / 2


def require_counts(*counts: float) -> None:
    """Refuse what cannot be a number of events or an exposure.

    Raises:
        ValueError: a number is negative, infinite or NaN.
    """
    if any(not math.isfinite(count) or count < 0 for count in counts):
        raise ValueError("counts and exposures are finite and not negative")
