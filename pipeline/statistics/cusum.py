"""Cumulative sums: small lasting changes, found month by month."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.statistics.estimate import require_counts


class Cusum(NamedTuple):
    """The sum after each value, and the first value (from 1) at which it reached the limit."""

    sums: tuple[float, ...]
    signal_at: int | None


def cusum_high(
    values: Sequence[float], reference: float, limit: float, start: float = 0.0
) -> Cusum:
    """Return the upper sum of what exceeds the reference, and where it reaches the limit.

    All in the unit of the values; reference is target plus allowance. A head start makes the
    first weeks quicker: half the limit is usual. The sum goes on after a signal; to begin again
    is the caller's decision. No value: no sum, no signal.

    Raises:
        ValueError: a value is not finite; the limit is not above 0; the start is negative or
            not below the limit.

    Source: Montgomery and Runger, Applied Statistics and Probability for Engineers, section 16;
    head start: Lucas and Crosier, Technometrics 1982;24:199-205. Their examples never land on
    the limit; we signal there.
    """
    return _add_up([value - reference for value in values], limit, start)


def cusum_low(values: Sequence[float], reference: float, limit: float, start: float = 0.0) -> Cusum:
    """Return the lower sum of what falls short of the reference: target less allowance.

    Raises:
        ValueError: see `cusum_high`.

    Source: see `cusum_high`.
    """
    return _add_up([reference - value for value in values], limit, start)


def _add_up(steps: Sequence[float], limit: float, start: float) -> Cusum:
    """Add the steps, never below 0."""
    if not 0 <= start < limit:
        raise ValueError("a sum starts from 0 to below its limit")
    if not all(map(math.isfinite, steps)):
        raise ValueError("values are finite")
    sums: list[float] = []
    for step in steps:
        sums.append(max(0.0, (sums[-1] if sums else start) + step))
    return Cusum(tuple(sums), next((n for n, s in enumerate(sums, 1) if s >= limit), None))


def poisson_reference(usual: float, raised: float) -> float | None:
    """Return the reference value between a usual and a raised mean count.

    In the unit of both means: events per period, or per unit of exposure. None when the two are
    equal or one is 0: there is nothing to tell apart, or a single event tells.

    Raises:
        ValueError: a number is negative or not finite.

    Source: Lucas, Technometrics 1985;27:129-144: (l1 - l0) / (ln l1 - ln l0).
    """
    require_counts(usual, raised)
    if not usual or not raised or usual == raised:
        return None
    low, high = sorted((usual, raised))
    # log1p: the logarithm of a ratio next to 1 would lose its digits
    return (high - low) / math.log1p((high - low) / low)


def poisson_cusum(
    n_events: Sequence[float], exposures: Sequence[float], reference: float, limit: float
) -> Cusum:
    """Return the sum of events beyond the reference rate, where exposure changes.

    One entry of both sequences per period; the reference is events per unit of exposure, sum
    and limit are in events. A period without exposure changes nothing.

    Raises:
        ValueError: the sequences differ in length; a number is negative or not finite; events
            without exposure; the limit is not above 0.

    Source: the log-likelihood ratio of two Poisson means, divided by the logarithm of their
    ratio; with the same exposure each period it is Lucas's.
    """
    require_counts(*n_events, *exposures, reference)
    periods = list(zip(n_events, exposures, strict=True))
    if any(x and not e for x, e in periods):
        raise ValueError("a period has events and no exposure")
    return _add_up([x - reference * e for x, e in periods], limit, 0.0)
