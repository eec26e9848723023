"""How long something lasts when not all of it has been seen to end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, log, sqrt
from typing import NamedTuple

from scipy.special import ndtri

from pipeline.statistics.estimate import CONFIDENCE


class Lasting(NamedTuple):
    """What lasts longer than a time, and how many of them were watched for longer."""

    n_watched: int
    share: float | None
    low: float | None
    high: float | None


def kaplan_meier(
    ended: Mapping[int, int], unseen: Mapping[int, int], times: Sequence[int]
) -> list[Lasting]:
    """Return the share that lasts longer than each of the times, with its 95 % interval.

    `ended` and `unseen` count by the time of the end, and by the time until which it was watched
    and had not ended. Beyond the last time watched nothing is known, unless all have ended. No
    interval where none or all have.

    Source: Kaplan and Meier, J Am Stat Assoc 1958;53:457-481; variance by Greenwood, interval on
    the scale log(-log), Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data.
    """
    steps = _steps(ended, unseen)
    return [_lasting(steps, ended, unseen, time) for time in times]


def median_time(ended: Mapping[int, int], unseen: Mapping[int, int]) -> int | None:
    """Return the first time beyond which no more than half lasts; None where more always does."""
    return next((step.time for step in _steps(ended, unseen) if step.share <= 1 / 2), None)


class _Step(NamedTuple):
    time: int
    share: float
    variance: float


def _steps(ended: Mapping[int, int], unseen: Mapping[int, int]) -> list[_Step]:
    """Return the share after each time at which something ended, and Greenwood's sum."""
    share, variance, found = 1.0, 0.0, []
    at_risk = sum(ended.values()) + sum(unseen.values())
    for time in sorted({*ended, *unseen}):
        n_ended, n_unseen = ended.get(time, 0), unseen.get(time, 0)
        if n_ended:
            left = at_risk - n_ended
            share *= left / at_risk
            variance += n_ended / (at_risk * left) if left else 0.0
            found.append(_Step(time, share, variance))
        at_risk -= n_ended + n_unseen
    return found


def _lasting(
    steps: Sequence[_Step], ended: Mapping[int, int], unseen: Mapping[int, int], time: int
) -> Lasting:
    n_watched = _longer(ended, time) + _longer(unseen, time)
    passed = [step for step in steps if step.time <= time]
    _, share, variance = passed[-1] if passed else _Step(0, 1.0, 0.0)
    if not n_watched and not unseen.get(time) and share > 0:
        return Lasting(0, None, None, None)
    if not 0 < share < 1:
        return Lasting(n_watched, share, None, None)
    width = float(ndtri((1 + CONFIDENCE) / 2)) * sqrt(variance) / abs(log(share))
    return Lasting(n_watched, share, share ** exp(width), share ** exp(-width))


def _longer(counts: Mapping[int, int], time: int) -> int:
    return sum(n for when, n in counts.items() if when > time)
