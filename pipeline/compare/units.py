"""Each product, lot and site against its peers, by every measure the reference has.

None of them signals: their thresholds are recalled in the reference, and looking at all of them
would sound an alarm for nothing soon enough. `signals` holds the one rule that does.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final, NamedTuple

import duckdb

from pipeline.compare.rates import RATE, decimal
from pipeline.resources import sql
from pipeline.statistics import disproportionality as measures
from pipeline.statistics.estimate import Estimate
from pipeline.statistics.rates import rate, rate_ratio
from pipeline.statistics.shrinkage import GammaMixture, ebgm, fit_prior, information_component
from pipeline.store import insert_rows

COMPARISON: Final = {
    "ascertainment": "VARCHAR",
    "event_code": "VARCHAR",
    "unit_kind": "VARCHAR",
    "product_id": "VARCHAR",
    "unit_id": "VARCHAR",
    "events": "DECIMAL(15,6)",
    "n_cases": "BIGINT",
    "sessions": "DECIMAL(15,6)",
    "n_sessions": "BIGINT",
    "other_events": "DECIMAL(15,6)",
    "other_sessions": "DECIMAL(15,6)",
    "expected": "DECIMAL(18,9)",
    **dict.fromkeys(
        (
            *("per_1000", "low", "high"),
            *("ratio", "ratio_low", "ratio_high", "ratio_p"),
            *("prr", "prr_low", "prr_high"),
            *("ror", "ror_low", "ror_high"),
            *("chi_squared", "fisher_p"),
            *("ic", "ic025", "ic975"),
            *("ebgm", "eb05", "eb95"),
        ),
        RATE,
    ),
    "ratio_p": "DECIMAL(9,6)",
    "fisher_p": "DECIMAL(9,6)",
}
"""The columns of audit.comparison: one row per kind of figure and unit."""

PRIOR: Final = {
    "ascertainment": "VARCHAR",
    "unit_kind": "VARCHAR",
    "n_pairs": "BIGINT",
    "is_fitted": "BOOLEAN",
    "alpha_1": "DOUBLE",
    "beta_1": "DOUBLE",
    "alpha_2": "DOUBLE",
    "beta_2": "DOUBLE",
    "weight": "DOUBLE",
}
"""The columns of audit.comparison_prior: one row per ascertainment and kind of unit."""

FEWEST_PAIRS: Final = 50
"""†: of fewer pairs of unit and event no prior with five parameters is fitted."""
SHARED_PRIOR: Final = ("product", "site")
"""Kinds of unit of which pairs without an event are known too; of lots they are not listed."""

Prior = GammaMixture | None


class Pair(NamedTuple):
    """One kind of figure and unit, as `comparison.sql` gives it."""

    ascertainment: str
    event_code: str | None
    unit_kind: str
    product_id: str | None
    unit_id: str
    events: Decimal
    n_cases: int
    sessions: Decimal
    n_sessions: int
    other_events: Decimal
    other_sessions: Decimal
    expected: Decimal


def compare_units(con: duckdb.DuckDBPyConnection) -> None:
    """Create `audit.comparison` and `audit.comparison_prior`."""
    pairs = [Pair(*row) for row in con.sql(sql("compare/comparison.sql")).fetchall()]
    priors = {key: _prior(found) for key, found in _by_prior(pairs).items()}
    insert_rows(
        con,
        "audit.comparison",
        COMPARISON,
        [_compared(pair, priors.get((pair.ascertainment, pair.unit_kind))) for pair in pairs],
    )
    fitted = [
        (*key, len(_by_prior(pairs)[key]), prior is not None, *(prior or (None,) * 5))
        for key, prior in priors.items()
    ]
    insert_rows(con, "audit.comparison_prior", PRIOR, fitted)


def _by_prior(pairs: Iterable[Pair]) -> dict[tuple[str, str], list[Pair]]:
    """Return the pairs that one prior is fitted to: those of single events."""
    found: dict[tuple[str, str], list[Pair]] = {}
    for pair in pairs:
        if pair.event_code is not None and pair.unit_kind in SHARED_PRIOR:
            found.setdefault((pair.ascertainment, pair.unit_kind), []).append(pair)
    return found


def _prior(pairs: list[Pair]) -> Prior:
    """Return the prior fitted to the pairs; None where they are too few."""
    if len(pairs) < FEWEST_PAIRS:
        return None
    return fit_prior([float(pair.events) for pair in pairs], [float(p.expected) for p in pairs])


def _compared(pair: Pair, prior: Prior) -> tuple[object, ...]:
    """Return one row of audit.comparison."""
    events, sessions, other_events, other_sessions, expected = (
        float(value)
        for value in (
            pair.events,
            pair.sessions,
            pair.other_events,
            pair.other_sessions,
            pair.expected,
        )
    )
    ratio = rate_ratio(events, sessions, other_events, other_sessions)
    table = _table(events, sessions, other_events, other_sessions)
    # the normal approximation of a part of one event has no meaning
    is_whole = not any(0 < count < 1 for count in (events, other_events))
    return (
        *pair,
        *_three(rate(events, sessions)),
        *_three(ratio.ratio if ratio else None),
        decimal(ratio.p_value if ratio else None, 6),
        *_three(measures.prr(table) if is_whole else None),
        *_three(measures.ror(table) if is_whole else None),
        decimal(measures.chi_squared(table)),
        decimal(measures.fisher_exact(table), 6),
        *_three(information_component(events, expected) if other_sessions else None),
        *_three(ebgm(events, expected, prior) if prior and other_sessions else None),
    )


def _table(
    events: float, sessions: float, other_events: float, other_sessions: float
) -> measures.TwoByTwo:
    """Return events and sessions without one; a session with several events is without none."""
    return measures.TwoByTwo(
        events,
        max(0.0, sessions - events),
        other_events,
        max(0.0, other_sessions - other_events),
    )


def _three(found: Estimate | None) -> tuple[Decimal | None, ...]:
    return tuple(decimal(value) for value in (found or (None, None, None)))
