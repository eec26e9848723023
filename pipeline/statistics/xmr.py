"""Which points of a series are more than its usual variation: the XmR chart and its four rules.

Everything is exact: a point on a limit is within it, whatever a computer makes of thirds. Signals
say which way the series went; whether that is good is for whoever knows what is measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Final, Literal, NamedTuple

BASELINE: Final = 12
"""The limits are those of so many first points; of fewer there are none."""
RUN: Final = 7
"""So many points in a row that rise, fall, or lie on one side of the mean."""
WIDTH: Final = Fraction(266, 100)
"""Mean moving ranges from the mean to a limit."""
NEAR: Final = Fraction(2, 3)
"""Near a limit is what lies beyond so much of the way to it."""

Rule = Literal["outside", "trend", "two_of_three", "one_side"]
ORDER: Final[tuple[Rule, ...]] = ("outside", "trend", "two_of_three", "one_side")
"""Of several rules that mark a point the first one here is told."""
Way = Literal["high", "low"]
Assurance = Literal["passes", "fails", "varies"]


class Usual(NamedTuple):
    """What is usual of a series: its mean and its limits, which belong to it."""

    mean: Fraction
    low: Fraction
    high: Fraction


class Mark(NamedTuple):
    """Why a point is more than usual variation, and which way."""

    rule: Rule
    way: Way
    """A trend that rises is `high`, wherever it lies; else the side of the mean."""


def usual(values: Sequence[Fraction], baseline: int = BASELINE) -> Usual | None:
    """Return mean and limits by the first points.

    None where there are fewer, and where these are all alike: how much is usual is not known then,
    and the first other value would be called more (ours).

    The lower limit may lie below what is possible: it is not cut off, for what is near it hangs on
    it.

    Source: the rules as NHSRplotthedots 0.2.2 has them: limits from the first 12 points. The width
    is derived: two normal values differ by 2/sqrt(pi) sigmas on average, so three sigmas are
    2.66 mean moving ranges.
    """
    first = values[:baseline]
    if len(first) < baseline:
        return None
    mean = sum(first, Fraction(0)) / len(first)
    ranges = [abs(later - earlier) for earlier, later in pairwise(first)]
    margin = WIDTH * sum(ranges, Fraction(0)) / len(ranges)
    return Usual(mean, mean - margin, mean + margin) if margin else None


def marks(values: Sequence[Fraction], told: Usual | None) -> list[Mark | None]:
    """Return for every point why it is more than usual variation, or None.

    Outside the limits; seven points that rise or fall, also across the mean; two of three near
    the limit on the same side; seven on one side of the mean. Every point of such a run is marked.
    Without limits nothing is.

    Source: NHSRplotthedots 0.2.2, with its order of precedence.
    """
    found: list[dict[Rule, Way]] = [{} for _ in values]
    if told is None:
        return [None] * len(values)
    for rule, way, places in (
        *_outside(values, told),
        *_trends(values),
        *_near(values, told),
        *_one_side(values, told),
    ):
        for place in places:
            found[place].setdefault(rule, way)
    return [
        next((Mark(rule, told[rule]) for rule in ORDER if rule in told), None) for told in found
    ]


def assurance(told: Usual | None, target: Fraction) -> Assurance | None:
    """Say whether usual variation keeps a measure at or below its target; None without limits.

    It passes where even the upper limit is within the target, fails where even the lower one is
    beyond, and varies where chance decides from month to month.

    Source: the assurance of NHSRplotthedots 0.2.2, for a measure of which less is better.
    """
    if told is None:
        return None
    if told.high <= target:
        return "passes"
    return "fails" if told.low > target else "varies"


_Found = Iterator[tuple[Rule, Way, Iterable[int]]]


def _outside(values: Sequence[Fraction], told: Usual) -> _Found:
    for place, value in enumerate(values):
        if value > told.high or value < told.low:
            yield "outside", "high" if value > told.high else "low", (place,)


def _trends(values: Sequence[Fraction]) -> _Found:
    steps = [_sign(later - earlier) for earlier, later in pairwise(values)]
    for start, end, sign in _runs(steps, RUN - 1):
        yield "trend", "high" if sign > 0 else "low", range(start, end + 1)


def _near(values: Sequence[Fraction], told: Usual) -> _Found:
    """Mark two of three points in a row that are near the same limit."""
    margin = NEAR * (told.high - told.mean)
    for sign in (1, -1):
        is_near = [sign * (value - told.mean) > margin for value in values]
        for start in range(len(values) - 2):
            places = [place for place in range(start, start + 3) if is_near[place]]
            if len(places) >= 2:  # noqa: PLR2004 - two of three
                yield "two_of_three", "high" if sign > 0 else "low", places


def _one_side(values: Sequence[Fraction], told: Usual) -> _Found:
    sides = [_sign(value - told.mean) for value in values]
    for start, end, sign in _runs(sides, RUN):
        yield "one_side", "high" if sign > 0 else "low", range(start, end)


def _runs(signs: Sequence[int], least: int) -> Iterator[tuple[int, int, int]]:
    """Give first place, place after the last, and sign of every run long enough; 0 ends one."""
    start = 0
    for place in range(1, len(signs) + 1):
        if place < len(signs) and signs[place] == signs[start]:
            continue
        if signs[start] and place - start >= least:
            yield start, place, signs[start]
        start = place


def _sign(value: Fraction) -> int:
    return (value > 0) - (value < 0)
