"""Rates of events by what they are counted in, with intervals."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import duckdb

from pipeline.resources import sql
from pipeline.statistics.rates import ClusteredRate, PatientSums, clustered_rate_of, rate
from pipeline.store import insert_rows

RATE: Final = "DECIMAL(18,4)"
GRAMS_PER_KG: Final = 1000
_LARGEST: Final = 1e12
"""A limit beyond this is shown as none: it rests on next to nothing."""

EVENT_RATE: Final = {
    "ascertainment": "VARCHAR",
    "event_code": "VARCHAR",
    "denominator": "VARCHAR",
    "n_events": "BIGINT",
    "n_patients_with": "BIGINT",
    "units": "DECIMAL(18,3)",
    "n_patients": "BIGINT",
    "per_1000": RATE,
    "low": RATE,
    "high": RATE,
    "exact_low": RATE,
    "exact_high": RATE,
    "design_effect": RATE,
}
"""The columns of audit.event_rate: one row per kind of figure and denominator."""


EVENT_STRATUM: Final = {"sorted_by": "VARCHAR", "class_code": "VARCHAR"} | EVENT_RATE
"""The columns of audit.event_stratum: one row per kind of figure, what sorts it and class."""


def rate_events(con: duckdb.DuckDBPyConnection) -> None:
    """Create `audit.event_rate` from the sums over patients."""
    found = con.sql(sql("compare/rate_sum.sql")).fetchall()
    insert_rows(con, "audit.event_rate", EVENT_RATE, [_rated(*row) for row in found])


def rate_strata(con: duckdb.DuckDBPyConnection) -> None:
    """Create `audit.event_stratum`: rates by first dose, dose, rate, premedication, blood group."""
    found = con.sql(sql("compare/stratum_sum.sql")).fetchall()
    rows = [(sorted_by, kind, *_rated(*row)) for sorted_by, kind, *row in found]
    insert_rows(con, "audit.event_stratum", EVENT_STRATUM, rows)


def _rated(  # noqa: PLR0913, PLR0917 - one argument per column of the sums
    ascertainment: str,
    event_code: str | None,
    denominator: str,
    n_events: int,
    n_patients_with: int,
    units: Decimal,
    n_patients: int,
    events_squared: int,
    events_by_units: Decimal,
    units_squared: Decimal,
) -> tuple[object, ...]:
    """Return one row of audit.event_rate."""
    scale = GRAMS_PER_KG if denominator == "kilograms" else 1
    sums = PatientSums(
        n_events,
        Decimal(units) / scale,
        n_patients,
        events_squared,
        Decimal(events_by_units) / scale,
        Decimal(units_squared) / scale**2,
    )
    found = clustered_rate_of(sums)
    plain = rate(n_events, float(sums.units))
    return (
        ascertainment,
        event_code,
        denominator,
        n_events,
        n_patients_with,
        sums.units,
        n_patients,
        *rounded_rate(found),
        *(decimal(value) for value in (plain[1:] if plain else (None, None))),
        decimal(found.design_effect if found else None),
    )


def rounded_rate(found: ClusteredRate | None) -> tuple[Decimal | None, ...]:
    """Return a rate and its limits as they are stored; None where there is no exposure."""
    return tuple(decimal(value) for value in (found.rate if found else (None, None, None)))


def decimal(value: float | None, places: int = 4) -> Decimal | None:
    """Return a computed number as the decimal that is stored; None where it has no end."""
    if value is None or abs(value) > _LARGEST:
        return None
    return Decimal(f"{value:.{places}f}")
