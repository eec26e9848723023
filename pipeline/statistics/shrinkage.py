"""Observed over expected, drawn towards 1 where little was seen: IC and EBGM."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq, minimize
from scipy.special import digamma, expit, gammainc, gammaincinv, gammaln

from pipeline.statistics.estimate import CONFIDENCE, Estimate, require_counts, tail


class GammaMixture(NamedTuple):
    """A prior of the ratio observed to expected: two gamma distributions and a weight.

    `alpha` is a shape, `beta` a rate; `weight` the share of the first.
    """

    alpha_1: float
    beta_1: float
    alpha_2: float
    beta_2: float
    weight: float


OPENEBGM_EXAMPLE = GammaMixture(3.25379356, 0.39988854, 2.02612692, 1.9080797, 0.06534557)
"""Fitted to reports on food and cosmetics; it reproduces openEBGM and is no prior for IVIG.

Source: openEBGM 0.9.1, vignette 4.
"""


_START = GammaMixture(0.2, 0.1, 2.0, 4.0, 1 / 3)
_LOG_RANGE = (-3 * math.log(10), 3 * math.log(10))
_SHRINKAGE = 0.5


def information_component(
    observed: float, expected: float, confidence: float = CONFIDENCE
) -> Estimate | None:
    """Return log2 of observed over expected, shrunk, with its credible interval.

    The lower limit at 95 % is the IC025. It cannot be above 0 for two events or fewer, whatever
    was expected; three need an expected number below 0.345. None when nothing was expected.

    Raises:
        ValueError: a number is negative or not finite; the confidence is not in (0, 1).

    Source: Norén, Hopstadius and Bate, Stat Methods Med Res 2013;22:57-69; pvda 0.0.4:
    log2((O+0.5)/(E+0.5)) and quantiles of gamma(O+0.5, rate E+0.5).
    """
    require_counts(observed, expected)
    outside = tail(confidence)
    if not expected:
        return None
    shape, rate = observed + _SHRINKAGE, expected + _SHRINKAGE
    low, high = (float(gammaincinv(shape, q)) / rate for q in (outside, 1 - outside))
    return Estimate(math.log2(shape / rate), math.log2(low), math.log2(high))


def ebgm(
    observed: float, expected: float, prior: GammaMixture, confidence: float = 0.9
) -> Estimate | None:
    """Return the geometric mean of observed over expected after shrinkage towards a prior.

    The limits at 90 % are EB05 and EB95. None when nothing was expected.

    Raises:
        ValueError: a number is negative or not finite; the prior has a shape or rate that is
            not above 0, or a weight outside 0 to 1; the confidence is not in (0, 1).

    Source: DuMouchel, Am Stat 1999;53:177-190, equations 5 to 11.
    """
    require_counts(observed, expected, *prior)
    if not min(prior[:4]) or prior.weight > 1:
        raise ValueError("a prior has shapes and rates above 0 and a weight from 0 to 1")
    outside = tail(confidence)
    if not expected:
        return None
    first = (prior.alpha_1 + observed, prior.beta_1 + expected)
    second = (prior.alpha_2 + observed, prior.beta_2 + expected)
    weight = share_of_first(observed, expected, prior)
    logs = [float(digamma(shape)) - math.log(rate) for shape, rate in (first, second)]
    value = math.exp(weight * logs[0] + (1 - weight) * logs[1])

    def mixed(ratio: float) -> float:
        below = [float(gammainc(shape, rate * ratio)) for shape, rate in (first, second)]
        return weight * below[0] + (1 - weight) * below[1]

    low, high = (_quantile(mixed, q, first, second) for q in (outside, 1 - outside))
    return Estimate(value, low, high)


def share_of_first(observed: float, expected: float, prior: GammaMixture) -> float:
    """Return the posterior weight of the first part of the prior (Q in the source).

    Source: DuMouchel 1999, equation 6: both parts make the count negative binomial.
    """
    if prior.weight in (0, 1):
        return float(prior.weight)
    first = math.log(prior.weight) + _log_chance(observed, expected, prior.alpha_1, prior.beta_1)
    second = math.log1p(-prior.weight) + _log_chance(
        observed, expected, prior.alpha_2, prior.beta_2
    )
    return float(expit(first - second))


def fit_prior(observed: Sequence[float], expected: Sequence[float]) -> GammaMixture | None:
    """Return the prior under which the counts of all cells together are likeliest.

    One entry of both sequences per pair of product and event, those without an event too; cells
    of which nothing is expected are left out. None without a cell. Shapes and rates are sought
    from 0.001 to 1000 (ours): alike cells would have them grow without end. A few cells fit as
    well as many and say much less; whether they are enough is for the caller.

    Raises:
        ValueError: the sequences differ in length; a number is negative or not finite.

    Source: DuMouchel 1999, equations 4 to 6; the starting values are the first of openEBGM's.
    """
    require_counts(*observed, *expected)
    cells = [(n, e) for n, e in zip(observed, expected, strict=True) if e]
    if not cells:
        return None
    counts, expectations = (np.array(column, dtype=float) for column in zip(*cells, strict=True))

    def surprise(free: npt.NDArray[np.float64]) -> float:
        parts = np.exp(free[:4])
        first = -np.logaddexp(0, -free[4]) + _log_chance(counts, expectations, *parts[:2])
        second = -np.logaddexp(0, free[4]) + _log_chance(counts, expectations, *parts[2:])
        return -float(np.logaddexp(first, second).sum())

    start = [*np.log(_START[:4]), math.log(_START.weight / (1 - _START.weight))]
    found = minimize(surprise, start, method="L-BFGS-B", bounds=[_LOG_RANGE] * 5)
    alpha_1, beta_1, alpha_2, beta_2 = (float(part) for part in np.exp(found.x[:4]))
    return GammaMixture(alpha_1, beta_1, alpha_2, beta_2, float(expit(found.x[4])))


def _log_chance(observed: Any, expected: Any, shape: float, rate: float) -> Any:
    """Return logarithms of negative binomial chances of counts, less what any prior shares."""
    both = np.log(rate + expected)
    chance = gammaln(shape + observed) - gammaln(shape)
    return chance + shape * (np.log(rate) - both) - observed * both


def _quantile(
    below: Callable[[float], float],
    chance: float,
    first: tuple[float, float],
    second: tuple[float, float],
) -> float:
    """Return the quantile of a mixture: it lies between those of its two parts."""
    ends = sorted(float(gammaincinv(shape, chance)) / rate for shape, rate in (first, second))
    if ends[1] - ends[0] <= math.ulp(ends[1]) * 8:
        return ends[0]
    at_ends = [below(end) - chance for end in ends]
    for end, miss in zip(ends, at_ends, strict=True):
        # one part alone decides: the quantile is that part's, up to a rounding
        if abs(miss) < 1e-12:  # noqa: PLR2004 - far below any printed figure
            return end
    # to so many digits, not decimals: a shape far below 1 puts its low quantiles at next to 0
    exactly = {"xtol": 1e-300, "rtol": 1e-12, "maxiter": 2000}
    return float(brentq(lambda ratio: below(ratio) - chance, *ends, **exactly))
