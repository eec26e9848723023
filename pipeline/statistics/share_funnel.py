"""Between which shares a place lies by chance: the funnel of `charts`, for shares of a number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from scipy.special import bdtr, bdtrik, ndtri

from pipeline.statistics.charts import Dispersion, dispersion_of
from pipeline.statistics.estimate import CONFIDENCE, Limits, require_counts, tail

_HALF_TURN: Final = math.pi / 2
"""The arcsine of the root of a share of 1."""


def share_limits(target: float, n_of: int, confidence: float = CONFIDENCE) -> Limits | None:
    """Return between which counts of `n_of` a place with the target share lies by chance.

    Limits are whole numbers and belong to what is expected, as in `charts.funnel_limits`. None
    where nothing varies: the target is 0 or 1, or nothing is counted.

    Raises:
        ValueError: a number is negative or not finite; the confidence is not in (0, 1).

    Source: Spiegelhalter, Stat Med 2005;24:1185-1202: quantiles of the binomial distribution.
    """
    require_counts(target, n_of)
    outside = tail(confidence)
    if not 0 < target < 1 or not n_of:
        return None
    return Limits(
        _binomial_quantile(outside, n_of, target), _binomial_quantile(1 - outside, n_of, target)
    )


def _binomial_quantile(chance: float, n_of: int, share: float) -> float:
    """Return the least count that a binomial variable does not exceed with at least this chance.

    None at all may be that likely already, of which the smooth inverse knows nothing.
    """
    if bdtr(0, n_of, share) >= chance:
        return 0.0
    count = math.ceil(float(bdtrik(chance, n_of, share)))
    below = max(count - 1, 0)
    return float(below if bdtr(below, n_of, share) >= chance else count)


def share_dispersion(
    n_with: Sequence[float], n_of: Sequence[float], target: float
) -> Dispersion | None:
    """Return the overdispersion of places around the target share, as `charts.dispersion` does.

    On the scale y = arcsin(sqrt(share)) the standard deviation is 1/(2 sqrt(n)) everywhere.

    Raises:
        ValueError: the sequences differ in length; a number is negative or not finite.

    Source: Spiegelhalter, Qual Saf Health Care 2005;14:347-351: inverse sine transformation.
    """
    require_counts(*n_with, *n_of, target)
    places = [(x, n) for x, n in zip(n_with, n_of, strict=True) if n]
    middle = _angle(target)
    spread = [2 * math.sqrt(n) * (_angle(x / n) - middle) for x, n in places]
    return dispersion_of(spread, [4 * n for _, n in places])


def widened_share_limits(
    target: float, n_of: int, between: float, confidence: float = CONFIDENCE
) -> Limits | None:
    """Return the funnel's limits, in counts, wide enough for the variance between places.

    `between` is that of `share_dispersion`. Never narrower than the exact limits.

    Raises:
        ValueError: a number is negative or not finite; the confidence is not in (0, 1).

    Source: Spiegelhalter, Qual Saf Health Care 2005;14:347-351: s becomes sqrt(s² + tau²).
    """
    require_counts(between)
    exact = share_limits(target, n_of, confidence)
    if exact is None or not between:
        return exact
    margin = -float(ndtri(tail(confidence))) * math.sqrt(1 / (4 * n_of) + between)
    low, high = (
        n_of * math.sin(min(max(_angle(target) + side * margin, 0.0), _HALF_TURN)) ** 2
        for side in (-1, 1)
    )
    return Limits(min(exact.low, low), max(exact.high, high))


def _angle(share: float) -> float:
    return math.asin(math.sqrt(share))
