"""Rates of events per exposure, with exact intervals, and two rates against each other."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from scipy.special import betainc, betaincinv, gammainccinv, gammaincinv, ndtri, stdtrit

from pipeline.statistics.estimate import CONFIDENCE, Estimate, Limits, require_counts, tail

PER: Final = 1000
_TWO: Final = 2


class ClusteredRate(NamedTuple):
    """A rate whose interval allows for patients who count often."""

    rate: Estimate
    design_effect: float | None
    """Variance between patients over the variance if every event stood alone; None: unknown."""
    n_clusters: int


class PatientSums(NamedTuple):
    """What patients add up to: all that a clustered rate needs to know of them."""

    n_events: int | Decimal
    units: int | Decimal
    """The exposure, in whatever is counted."""
    n_patients: int
    """Those with an exposure."""
    events_squared: int | Decimal
    events_by_units: int | Decimal
    units_squared: int | Decimal


class RateRatio(NamedTuple):
    """The rate of one group over the rate of another."""

    ratio: Estimate
    p_value: float


def poisson_interval(n_events: float, confidence: float = CONFIDENCE) -> Limits:
    """Return the exact central interval of a Poisson mean, in events.

    A fraction of an event is allowed: the effective count of clustered events is one. Without an
    event the lower limit is 0 and the upper one leaves out the same tail as always.

    Raises:
        ValueError: the count is negative or not finite; the confidence is not in (0, 1).

    Source: Garwood, Biometrika 1936;28:437-442, as quantiles of the gamma distribution (half of
    those of chi-squared with twice the degrees of freedom).
    """
    require_counts(n_events)
    outside = tail(confidence)
    low = float(gammaincinv(n_events, outside)) if n_events else 0.0
    return Limits(low, float(gammainccinv(n_events + 1, outside)))


def rate(
    n_events: float, exposure: float, *, per: float = PER, confidence: float = CONFIDENCE
) -> Estimate | None:
    """Return events per `per` units of exposure with the exact Poisson interval.

    The exposure is what the caller counts: sessions, courses, patients, kilograms. Without any,
    there is no rate: None.

    Raises:
        ValueError: a number is negative or not finite; the confidence is not in (0, 1).

    Source: see `poisson_interval`.
    """
    require_counts(n_events, exposure, per)
    low, high = poisson_interval(n_events, confidence)
    if exposure == 0:
        return None
    return Estimate(*(per * count / exposure for count in (n_events, low, high)))


def clustered_rate(
    n_events: Sequence[float],
    exposures: Sequence[float],
    *,
    per: float = PER,
    confidence: float = CONFIDENCE,
) -> ClusteredRate | None:
    """Return the rate per `per` units of exposure where one patient may count often.

    One entry of both sequences per patient. The variance between patients over the Poisson
    variance is the design effect; the exact interval is then that of the effective number of
    events, events over design effect, with Student's quantile for few patients. It is never
    narrower than the interval of independent events. Patients without exposure are left out,
    and with no exposure at all there is no rate: None.

    Without an event nothing can be learned about clustering: the interval is the exact one and
    the design effect None. With events and one patient only there is no interval.

    Raises:
        ValueError: the sequences differ in length; a number is negative or not finite; events
            without exposure; the confidence is not in (0, 1).

    Source: Korn and Graubard, Survey Methodology 1998;24:193-201 (effective sample size in an
    exact interval); the variance is that of a ratio of sums over independent patients.
    """
    pairs = _exposed(n_events, exposures)
    plain = rate(sum(x for x, _ in pairs), sum(e for _, e in pairs), per=per, confidence=confidence)
    if plain is None or plain.value is None:
        return None
    if plain.value == 0:
        return ClusteredRate(plain, None, len(pairs))
    if len(pairs) < _TWO:
        return ClusteredRate(Estimate(plain.value, None, None), None, len(pairs))
    sums = (sum(x for x, _ in pairs), sum(e for _, e in pairs))
    return _widened(*sums, _design_effect(pairs), len(pairs), per, confidence)


def clustered_rate_of(
    sums: PatientSums, *, per: float = PER, confidence: float = CONFIDENCE
) -> ClusteredRate | None:
    """Return the rate that `clustered_rate` returns of the patients who add up to these sums.

    Exact in the sums: their difference is the variance between patients.

    Raises:
        ValueError: see `clustered_rate`.

    Source: see `clustered_rate`.
    """
    n_events, units = Fraction(sums.n_events), Fraction(sums.units)
    plain = rate(float(n_events), float(units), per=per, confidence=confidence)
    if n_events and not units:
        raise ValueError("patients have events and no exposure")
    if plain is None:
        return None
    if not n_events:
        return ClusteredRate(plain, None, sums.n_patients)
    if sums.n_patients < _TWO:
        return ClusteredRate(Estimate(plain.value, None, None), None, sums.n_patients)
    mean = n_events / units
    squares = Fraction(sums.events_squared) - 2 * mean * Fraction(sums.events_by_units)
    squares += mean**2 * Fraction(sums.units_squared)
    effect = float(Fraction(sums.n_patients, sums.n_patients - 1) * squares / n_events)
    return _widened(float(n_events), float(units), effect, sums.n_patients, per, confidence)


def _widened(
    n_events: float, units: float, effect: float, n_patients: int, per: float, confidence: float
) -> ClusteredRate:
    """Return the rate with the exact interval of the effective number of events."""
    few = float(stdtrit(n_patients - 1, tail(confidence)) / ndtri(tail(confidence)))
    shrunk = max(1.0, effect) * few**2
    low, high = poisson_interval(n_events / shrunk, confidence)
    scale = per * shrunk / units
    value = Estimate(per * n_events / units, low * scale, high * scale)
    return ClusteredRate(value, effect, n_patients)


def _exposed(n_events: Sequence[float], exposures: Sequence[float]) -> list[tuple[float, float]]:
    """Return events and exposure of each patient who was exposed."""
    require_counts(*n_events, *exposures)
    pairs = list(zip(n_events, exposures, strict=True))
    if any(x and not e for x, e in pairs):
        raise ValueError("a patient has events and no exposure")
    return [(x, e) for x, e in pairs if e]


def _design_effect(pairs: list[tuple[float, float]]) -> float:
    """Return the variance of the rate between patients over its Poisson variance."""
    events, exposure = sum(x for x, _ in pairs), sum(e for _, e in pairs)
    squares = sum((x - events * e / exposure) ** 2 for x, e in pairs)
    return len(pairs) / (len(pairs) - 1) * squares / events


def rate_ratio(
    n_events: float,
    exposure: float,
    n_other: float,
    exposure_other: float,
    *,
    confidence: float = CONFIDENCE,
) -> RateRatio | None:
    """Return the exact ratio of two Poisson rates, its interval and its two-sided p.

    Given the sum of both counts, the first is binomial. The p is twice the smaller tail, so that
    it is below 1 - confidence exactly when the interval leaves out 1. Without an event in the
    other group the ratio and its upper limit are None: there is none. Without an event in either
    group, or without exposure in one, nothing can be compared: None.

    Raises:
        ValueError: a number is negative or not finite; the confidence is not in (0, 1).

    Source: Przyborowski and Wilenski, Biometrika 1940;31:313-323; the p with its matching central
    interval: Fay, Biostatistics 2010;11:373-374.
    """
    require_counts(n_events, exposure, n_other, exposure_other)
    outside, both = tail(confidence), n_events + n_other
    if not both or not exposure or not exposure_other:
        return None
    share, share_other = (e / (exposure + exposure_other) for e in (exposure, exposure_other))
    at_least = float(betainc(n_events, n_other + 1, share)) if n_events else 1.0
    at_most = float(betainc(n_other, n_events + 1, share_other)) if n_other else 1.0
    scale = exposure_other / exposure
    low = _odds(float(betaincinv(n_events, n_other + 1, outside))) * scale if n_events else 0.0
    if not n_other:
        return RateRatio(Estimate(None, low, None), min(1.0, 2 * at_least))
    high = scale / _odds(float(betaincinv(n_other, n_events + 1, outside)))
    ratio = Estimate(n_events / n_other * scale, low, high)
    return RateRatio(ratio, min(1.0, 2 * min(at_least, at_most)))


def _odds(share: float) -> float:
    return share / (1 - share)


def rule_of_three(n_exposed: float) -> float | None:
    """Return the upper 95 % limit of a share, one-sided, of which no case was seen.

    None when nobody was exposed.

    Raises:
        ValueError: the number is negative or not finite.

    Source: Hanley and Lippman-Hand, JAMA 1983;249:1743-1745. An approximation, never below the
    exact 1 - 0.05**(1/n); above 1 for fewer than three, where it is cut.
    """
    require_counts(n_exposed)
    return min(1.0, 3 / n_exposed) if n_exposed else None
