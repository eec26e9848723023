"""Sequential test of a Poisson count against what is expected, looked at again and again.

Under no excess, the test signals with probability alpha at most, however often it is looked at
before the planned end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import gammaln, lambertw, pdtrc

from pipeline.statistics.estimate import require_counts

ALPHA: Final = 0.05
_LOWEST: Final = 1e-9
_HIGHEST: Final = 100.0
"""Critical values lie between: a ratio of 100 is rarer than any alpha in use."""

Chances = npt.NDArray[np.float64]


def log_likelihood_ratio(n_events: float, expected: float) -> float | None:
    """Return the logarithm of how much likelier the count is under its own mean.

    0 when no more was seen than expected. None when events were seen and none expected.

    Raises:
        ValueError: a number is negative or not finite.

    Source: Kulldorff et al., Sequential Analysis 2011;30:58-78: (mu - c) + c ln(c/mu).
    """
    require_counts(n_events, expected)
    if n_events <= expected:
        return 0.0
    if not expected:
        return None
    return max(0.0, expected - n_events + n_events * math.log(n_events / expected))


def signal_probability(critical: float, expected_at_end: float, min_events: int = 1) -> float:
    """Return the chance that a test watched without a pause signals where there is no excess.

    The test ends when `expected_at_end` events were to be expected, and signals at
    `min_events` or more only.

    Raises:
        ValueError: a number is not above 0 or not finite.

    Source: Kulldorff et al. 2011. Computed exactly: the ratio reaches the critical value while
    events come early, so the n-th event signals if it comes before a time of its own, and the
    counts between two such times are independent Poisson.
    """
    _require_plan(critical, expected_at_end, min_events)
    chances, time, n = np.ones(1), 0.0, min_events
    while (until := _latest_signal(n, critical)) < expected_at_end:
        chances = _carry_on(chances, until - time, n)
        time, n = until, n + 1
    return float(1 - _carry_on(chances, expected_at_end - time, n).sum())


def _require_plan(critical: float, expected_at_end: float, min_events: int) -> None:
    require_counts(critical, expected_at_end, min_events)
    if not critical or not expected_at_end or min_events < 1:
        raise ValueError("a critical value, an end and a least number of events are above 0")


def _latest_signal(n_events: int, critical: float) -> float:
    """Return the expected count up to which so many events reach the critical value."""
    return float(-n_events * lambertw(-math.exp(-1 - critical / n_events)).real)


def _carry_on(chances: Chances, expected: float, n_signal: int) -> Chances:
    """Return the chance of each count below `n_signal` after some more expected events."""
    more = np.arange(n_signal)
    coming = np.exp(more * math.log(expected) - expected - gammaln(more + 1))
    return np.convolve(chances, coming)[:n_signal]


@cache
def critical_value(
    expected_at_end: float, min_events: int = 1, alpha: float = ALPHA
) -> float | None:
    """Return the ratio at which a test watched without a pause signals.

    None when even the lowest critical value spends no more than alpha: `min_events` by the end
    are too rare.

    Raises:
        ValueError: a number is not above 0 or not finite; alpha is not below 1.

    Source: Kulldorff et al. 2011; the published values are those of R's Sequential (CV.Poisson).
    """
    _require_plan(alpha, expected_at_end, min_events)
    if alpha >= 1:
        raise ValueError("alpha lies between 0 and 1")

    def overspent(critical: float) -> float:
        return signal_probability(critical, expected_at_end, min_events) - alpha

    if overspent(_LOWEST) <= 0:
        return None
    return float(brentq(overspent, _LOWEST, _HIGHEST, xtol=1e-10))


def grouped_signal_probability(
    critical: float, expected_at_looks: Sequence[float], min_events: int = 1
) -> float:
    """Return the chance of a signal without an excess, when looked at a few times only.

    The sequence holds the events expected up to each look. No look, no signal: 0.

    Raises:
        ValueError: a number is not above 0 or not finite; the looks do not rise.

    Source: as `signal_probability`; here a count signals at a look, not an event.
    """
    require_counts(*expected_at_looks)
    steps = np.diff([0.0, *expected_at_looks])
    if (steps <= 0).any():
        raise ValueError("from look to look more events are expected")
    chances = np.ones(1)
    for step, expected in zip(steps, expected_at_looks, strict=True):
        _require_plan(critical, expected, min_events)
        least = max(min_events, _least_signal(critical, expected))
        chances = _carry_on(chances, float(step), least)
    return float(max(0.0, 1 - chances.sum()))


def _least_signal(critical: float, expected: float) -> int:
    """Return the smallest count whose ratio reaches the critical value."""
    n = math.floor(expected) + 1
    while (log_likelihood_ratio(n, expected) or 0.0) < critical:
        n += 1
    return n


def grouped_critical_value(
    expected_at_looks: Sequence[float], min_events: int = 1, alpha: float = ALPHA
) -> float | None:
    """Return the least critical value that keeps looks at these times within alpha.

    Counts are whole: of the ratios they can give, the least that spends no more than alpha.
    None without a look.

    Raises:
        ValueError: see `grouped_signal_probability`; alpha is not between 0 and 1.

    Source: as `critical_value` for data that come in groups (CV.G.Poisson of R's Sequential).
    """
    if not 0 < alpha < 1:
        raise ValueError("alpha lies between 0 and 1")
    possible = sorted({ratio for mu in expected_at_looks for ratio in _ratios(mu, alpha)})
    low, high = 0, len(possible) - 1
    while low < high:
        middle = (low + high) // 2
        spent = grouped_signal_probability(possible[middle], expected_at_looks, min_events)
        low, high = (low, middle) if spent <= alpha else (middle + 1, high)
    return possible[low] if possible else None


def _ratios(expected: float, alpha: float) -> list[float]:
    """Return the ratios of all counts above the expected, up to one far rarer than alpha."""
    ratios: list[float] = []
    n = math.floor(expected) + 1
    while not ratios or pdtrc(n - 2, expected) > alpha * 1e-6:
        ratios.append(log_likelihood_ratio(n, expected) or 0.0)
        n += 1
    return ratios
