"""One product's share of an event against the others': PRR, ROR, chi-squared, Fisher."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, ndtri

from pipeline.statistics.estimate import CONFIDENCE, Estimate, require_counts, tail

_TIED = 1e-7


@dataclass(frozen=True)
class TwoByTwo:
    """Counts of one product against its comparators.

    The unit is one for all four: reports, patients, courses or sessions, never mixed. An event that
    two products share is a part of one for each.

    Raises:
        ValueError: a count is negative or not finite.
    """

    a: float
    """The event under the product."""
    b: float
    """Other events under the product, or exposed to it without the event."""
    c: float
    """The event under the comparators."""
    d: float
    """Other events under the comparators, or exposed to them without the event."""

    def __post_init__(self) -> None:
        require_counts(self.a, self.b, self.c, self.d)

    @property
    def total(self) -> float:
        """All that was counted."""
        return self.a + self.b + self.c + self.d

    @property
    def expected(self) -> float | None:
        """Events under the product if it were like all; None without any count."""
        if not self.total:
            return None
        return (self.a + self.b) * (self.a + self.c) / self.total


def prr(counts: TwoByTwo, confidence: float = CONFIDENCE) -> Estimate | None:
    """Return the proportional reporting ratio: [a/(a+b)] / [c/(c+d)].

    None when the product or the comparators have nothing counted, or the comparators no event.
    Without an event under the product the ratio is 0 and has no limits.

    Raises:
        ValueError: the confidence is not in (0, 1).

    Source: Frontiers in Pharmacology 2022, PMC8959618, table 2. Of the four terms of the standard
    error, 1/a - 1/(a+b) + 1/c - 1/(c+d), two are subtracted (as in pvda); and a print with
    [a/(c+d)] / [c/(a+b)] in circulation is wrong.
    """
    z = -float(ndtri(tail(confidence)))
    exposed, others = counts.a + counts.b, counts.c + counts.d
    if not exposed or not others or not counts.c:
        return None
    value = counts.a * others / (exposed * counts.c)
    if not counts.a:
        return Estimate(0.0, None, None)
    # as a sum of terms that are not negative: a difference of fractions may end below 0
    variance = counts.b / (counts.a * exposed) + counts.d / (counts.c * others)
    return _around(value, z * math.sqrt(variance))


def ror(counts: TwoByTwo, confidence: float = CONFIDENCE) -> Estimate | None:
    """Return the reporting odds ratio: ad/(bc), with Woolf's interval.

    None when b or c is 0. With a or d 0 the ratio is 0 and has no limits.

    Raises:
        ValueError: the confidence is not in (0, 1).

    Source: Frontiers in Pharmacology 2022, PMC8959618, table 2; Woolf, Ann Hum Genet
    1955;19:251-253.
    """
    z = -float(ndtri(tail(confidence)))
    if not counts.b or not counts.c:
        return None
    if not counts.a or not counts.d:
        return Estimate(0.0, None, None)
    value = counts.a * counts.d / (counts.b * counts.c)
    variance = sum(1 / count for count in (counts.a, counts.b, counts.c, counts.d))
    return _around(value, z * math.sqrt(variance))


def _around(value: float, margin: float) -> Estimate:
    """Return the interval that is symmetric on the scale of logarithms."""
    return Estimate(value, value * math.exp(-margin), value * math.exp(margin))


def relative_reporting_ratio(counts: TwoByTwo) -> float | None:
    """Return observed over expected events: aN / ((a+b)(a+c)); None when none are expected.

    Source: pvda 0.0.4. Some texts print it under the name EBGM; it is what EBGM shrinks.
    """
    return counts.a / counts.expected if counts.expected else None


def chi_squared(counts: TwoByTwo, *, is_corrected: bool = False) -> float | None:
    """Return Pearson's chi-squared with one degree of freedom, or Yates's.

    None when a row or a column is empty: nothing can be expected there.

    Source: Frontiers in Pharmacology 2022, PMC8959618, table 2. For four counts the sum of squares
    is N (ad - bc)² over the product of the margins; Yates takes N/2 off |ad - bc|.
    """
    a, b, c, d = counts.a, counts.b, counts.c, counts.d
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    if not margins:
        return None
    apart = abs(a * d - b * c) - (counts.total / 2 if is_corrected else 0)
    return counts.total * max(0.0, apart) ** 2 / margins


def fisher_exact(counts: TwoByTwo) -> float | None:
    """Return the two-sided p of Fisher's exact test: all tables as rare as this one or rarer.

    None when a row or a column is empty, for there is only one such table, and when counts are
    shared and not whole.

    Source: Fisher, JRSS 1922;85:87-94. Tables are as rare when their chances agree to 7 digits, as
    in R and SciPy.
    """
    a, b, c, d = counts.a, counts.b, counts.c, counts.d
    if not ((a + b) and (c + d) and (a + c) and (b + d)):
        return None
    if any(count != int(count) for count in (a, b, c, d)):
        return None
    possible = np.arange(max(0, a - d), min(a + b, a + c) + 1)
    cells = (possible, a + b - possible, a + c - possible, d - a + possible)
    surprise = sum(gammaln(cell + 1) for cell in cells)
    ours = surprise[int(a - possible[0])]
    chances = np.exp(surprise.min() - surprise)
    return float(min(1.0, chances[surprise >= ours - _TIED].sum() / chances.sum()))
