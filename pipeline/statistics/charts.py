"""Between which limits a count, a rate or a gap varies by chance: u-chart, g-chart, funnel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri, pdtr, pdtrik

from pipeline.statistics.estimate import CONFIDENCE, Limits, require_counts, tail

WIDE: Final = 0.998
"""The outer limits of a funnel; `CONFIDENCE` gives the inner ones."""
_SIGMAS: Final = 3
_WINSOR: Final = 0.1
_TWO: Final = 2


def mean_rate(n_events: Sequence[float], units: Sequence[float]) -> float | None:
    """Return events per unit over all periods or places; None without a unit.

    Raises:
        ValueError: the sequences differ in length; a number is negative or not finite.

    Source: Montgomery, Introduction to Statistical Quality Control, chapter on u-charts.
    """
    require_counts(*n_events, *units)
    events, exposure = (sum(column) for column in zip(*_pairs(n_events, units), strict=True))
    return events / exposure if exposure else None


def _pairs(n_events: Sequence[float], units: Sequence[float]) -> list[tuple[float, float]]:
    """Return the pairs, and one of nothing so that an empty list has a sum."""
    return [(0, 0), *zip(n_events, units, strict=True)]


def u_chart_limits(mean: float, units: float) -> Limits | None:
    """Return the three-sigma limits of events per unit, the lower one not below 0.

    None without a unit or without an event in the mean: nothing varies then.

    Raises:
        ValueError: a number is negative or not finite.

    Source: spcforexcel.com, u control charts: mean plus and minus 3 sqrt(mean/n). Too wide below
    and too narrow above where few events are expected; there the funnel is exact.
    """
    require_counts(mean, units)
    if not mean or not units:
        return None
    margin = _SIGMAS * math.sqrt(mean / units)
    return Limits(max(0.0, mean - margin), mean + margin)


def gap_limits(mean_days: float) -> Limits | None:
    """Return between which numbers of days two events lie by chance, on average so far apart.

    Whole days, 0 for the same day; as much lies outside as outside three sigmas of a normal
    distribution. None when the mean is 0: all events are of one day.

    Raises:
        ValueError: the mean is negative or not finite.

    Source: derived; with one chance per day the days between events are geometric (g-chart).
    """
    require_counts(mean_days)
    if not mean_days:
        return None
    outside = float(ndtr(-_SIGMAS))
    stays = math.log1p(-1 / (1 + mean_days))
    low, high = (math.ceil(math.log1p(-chance) / stays - 1) for chance in (outside, 1 - outside))
    return Limits(float(max(0, low)), float(high))


def funnel_limits(target: float, exposure: float, confidence: float = CONFIDENCE) -> Limits | None:
    """Return between which counts a place with the target rate lies by chance.

    The target is events per unit of exposure. Limits are whole events and belong to what is
    expected, so each tail holds at most half of what the confidence leaves, and often much less.
    None when no event is expected.

    Raises:
        ValueError: a number is negative or not finite; the confidence is not in (0, 1).

    Source: Spiegelhalter, Stat Med 2005;24:1185-1202: quantiles of the Poisson distribution.
    These are prediction limits, not confidence intervals (BMC Med Res Methodol 2012;12:98).
    """
    require_counts(target, exposure)
    outside = tail(confidence)
    if not target or not exposure:
        return None
    expected = target * exposure
    return Limits(_poisson_quantile(outside, expected), _poisson_quantile(1 - outside, expected))


def _poisson_quantile(chance: float, expected: float) -> float:
    """Return the least count that a Poisson variable does not exceed with at least this chance.

    The smooth inverse may end a whole number too high by rounding, as `scipy.stats` knows too.
    """
    count = math.ceil(float(pdtrik(chance, expected)))
    below = max(count - 1, 0)
    return float(below if pdtr(below, expected) >= chance else count)


class Dispersion(NamedTuple):
    """How much more places differ than chance would have them."""

    ratio: float
    """Mean square of the winsorised z: 1 when only chance is at work."""
    between: float
    """Variance between places, of the square root of observed over expected; 0: no sign of it."""
    n_places: int


def dispersion(n_events: Sequence[float], expected: Sequence[float]) -> Dispersion | None:
    """Return the overdispersion of places around what is expected of each.

    One entry of both sequences per place; a place of which nothing is expected is left out. On
    the scale of square roots a count has the same variance everywhere: y = sqrt(O/E) with
    s = 1/(2 sqrt(E)), and z = (y - 1)/s = 2 (sqrt(O) - sqrt(E)). The outer tenths of z are drawn
    in to the tenth's edge, so that the outliers we look for do not hide themselves. None with
    fewer than two places, and where one is expected to have next to all the events.

    Raises:
        ValueError: the sequences differ in length; a number is negative or not finite.

    Source: Spiegelhalter, Qual Saf Health Care 2005;14:347-351: additive random effects, the
    variance by the moments of DerSimonian and Laird, Control Clin Trials 1986;7:177-188.
    """
    require_counts(*n_events, *expected)
    places = [(x, e) for x, e in zip(n_events, expected, strict=True) if e]
    spread = [2 * (math.sqrt(x) - math.sqrt(e)) for x, e in places]
    return dispersion_of(spread, [4 * e for _, e in places])


def dispersion_of(spread: Sequence[float], weights: Sequence[float]) -> Dispersion | None:
    """Return the overdispersion of z, one per place, with the inverse of its variance as weight.

    None with fewer than two places, and where one has next to all the weight.
    """
    if len(spread) < _TWO:
        return None
    drawn_in = np.clip(spread, *np.quantile(spread, [_WINSOR, 1 - _WINSOR]))
    n, ratio = len(spread), float(np.mean(drawn_in**2))
    excess, all_weights = n * ratio - (n - 1), sum(weights)
    # the sum of weights less that of their squares over it, without a difference of sums
    spare = sum(weight * (1 - weight / all_weights) for weight in weights)
    return Dispersion(ratio, max(0.0, excess) / spare, n) if spare else None


def widened_limits(
    target: float, exposure: float, between: float, confidence: float = CONFIDENCE
) -> Limits | None:
    """Return the funnel's limits, in events, wide enough for the variance between places.

    `between` is that of `Dispersion`. Never narrower than the exact limits (ours: the root's
    normal approximation could be, where few events are expected). None when none are.

    Raises:
        ValueError: a number is negative or not finite; the confidence is not in (0, 1).

    Source: Spiegelhalter, Qual Saf Health Care 2005;14:347-351: s becomes sqrt(s² + tau²).
    """
    require_counts(between)
    exact = funnel_limits(target, exposure, confidence)
    if exact is None or not between:
        return exact
    expected = target * exposure
    margin = -float(ndtri(tail(confidence))) * math.sqrt(1 / (4 * expected) + between)
    low, high = (expected * max(0.0, 1 + side * margin) ** 2 for side in (-1, 1))
    return Limits(min(exact.low, low), max(exact.high, high))
