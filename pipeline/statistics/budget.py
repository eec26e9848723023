"""Many comparisons at once, and how few of them may sound a false alarm."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import betainc

Numbers = npt.NDArray[np.float64]


class Spending(NamedTuple):
    """How the chance of a false alarm is shared out among comparisons."""

    threshold: float | None
    """A comparison signals when its chance is at most this; None where none could."""
    n_able: int
    """Comparisons that could have reached the threshold: those it was shared between."""


def chances_among_peers(n_events: Numbers, n_all: Numbers, expected: Numbers) -> Numbers:
    """Return, per comparison, the chance of so many of all events or more in one unit.

    Of `n_all` events among the unit and its peers `expected` would be the unit's by its part of
    the exposure. Parts of an event are rounded down. Without an event the chance is 1.

    Raises:
        ValueError: a number is negative or not finite; a unit has more events than there are, or
            all of the exposure.

    Source: given all events, those of one unit are binomial (Przyborowski and Wilenski,
    Biometrika 1940;31:313-323).
    """
    if not all(np.isfinite(each).all() and (each >= 0).all() for each in (n_events, n_all)):
        raise ValueError("counts are finite and not negative")
    if not ((n_events <= n_all) & (expected >= 0) & (expected < n_all)).all():
        raise ValueError("a unit has a part of all events and of all exposure")
    whole = np.floor(n_events)
    found = betainc(np.maximum(whole, 1), n_all - np.maximum(whole, 1) + 1, expected / n_all)
    return np.where(whole < 1, 1.0, found)


def spend(alpha: float, least: Numbers) -> Spending:
    """Return the threshold that keeps the chance of any false alarm within alpha.

    `least` holds the smallest chance that each comparison could have, were all events its own. A
    comparison that cannot reach the threshold cannot sound an alarm, so alpha is shared between
    the others only: of the numbers k of shares, the least for which no more than k can reach
    alpha / k. The chance of any alarm is at most k times that.

    Raises:
        ValueError: alpha is not between 0 and 1, or a chance is not from 0 to 1.

    Source: derived, as above; known as Tarone's correction of Bonferroni's.
    """
    if not 0 < alpha < 1:
        raise ValueError("alpha lies between 0 and 1")
    if not ((least >= 0) & (least <= 1)).all():
        raise ValueError("a chance lies from 0 to 1")
    if not least.size:
        return Spending(None, 0)
    shares = np.arange(1, least.size + 1)
    able = np.searchsorted(np.sort(least), alpha / shares, side="right")
    first = int(np.argmax(able <= shares))
    n_able = int(able[first])
    return Spending(alpha / int(shares[first]) if n_able else None, n_able)
