"""How surprising a cluster of events in one lot is, among all the lots looked at."""

from __future__ import annotations

from scipy.special import gammainc

from pipeline.statistics.estimate import require_counts


def chance_of_at_least(n_events: float, expected: float) -> float | None:
    """Return the chance of so many events or more in one lot, if it is like all.

    Expected is the lot's exposures times the background rate. 1 for no event; None when events
    were seen and none were expected: the background knows nothing of them.

    Raises:
        ValueError: a number is negative or not finite.

    Source: derived; the upper tail of the Poisson distribution.
    """
    require_counts(n_events, expected)
    if not n_events:
        return 1.0
    return float(gammainc(n_events, expected)) if expected else None


def chance_among(chance: float, n_looked_at: int) -> float:
    """Return the chance that at least one of so many lots surprises this much: at most.

    Raises:
        ValueError: the chance is not from 0 to 1, or the number is below 1.

    Source: Bonferroni. It counts every lot looked at, also those without an event.
    """
    if not 0 <= chance <= 1 or n_looked_at < 1:
        raise ValueError("a chance lies from 0 to 1, and one lot at least was looked at")
    return min(1.0, chance * n_looked_at)
