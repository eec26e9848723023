"""Recompute the rate of a finding from the staged rows named as its evidence.

Shares no code with the audit: bags, steps and times are read again and counted by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import duckdb

Row = dict[str, Any]
STEP = Decimal("0.001")
"""Observed rates carry three decimals."""


def rate_holds(con: duckdb.DuckDBPyConnection, finding: Row) -> bool:
    """Say whether the bags, steps and weight behind a finding give the rate that was judged."""
    key = finding["finding_key"]
    bags = _rows(con, _BAGS, key)
    if not bags:
        return False
    if finding["unit"] == "minutes":
        return any(abs(wait - finding["observed"]) < STEP for wait in _waits(con, key))
    weights = [row["kg"] for row in _rows(con, _WEIGHTS, key)]
    high = [kg * share for kg in weights for share in (Decimal(1), Decimal("1.1"))]
    rates = [*_charted(bags, finding["clause"]), *_rises(con, key, bags)]
    if finding["clause"] == "rate":
        rates += _means(bags)
    return any(
        abs(rate / kg / _factor(bags[0], finding["unit"]) - finding["observed"]) <= STEP
        for rate in rates
        for kg in high
    )


def _charted(bags: list[Row], clause: str) -> Iterator[Decimal]:
    """Yield what was charted of each bag, in mg an hour."""
    for bag in bags:
        names = ("initial", "step") if clause == "first_rate" else ("highest", "step")
        for ml_per_h in (value for name in names for value in bag[name] or []):
            yield ml_per_h * _strength(bag)


def _means(bags: list[Row]) -> list[Decimal]:
    """Return the mean of every stretch from the start of one bag to the end of another."""
    timed = [bag for bag in bags if bag["started_at"] and bag["ended_at"]]
    found = []
    for start in (bag["started_at"] for bag in timed):
        for end in (bag["ended_at"] for bag in timed):
            inside = [b for b in bags if b in timed and start <= b["started_at"]
                      and b["ended_at"] <= end]  # fmt: skip
            if end > start and inside:
                hours = Decimal((end - start) / timedelta(seconds=1)) / 3600
                found.append(sum((_given(bag) for bag in inside), Decimal(0)) / hours)
    return found


def _rises(con: duckdb.DuckDBPyConnection, key: str, bags: list[Row]) -> list[Decimal]:
    """Return by how much the rate rose between the steps named, or from the first rate."""
    steps = [row["rate"] for row in _rows(con, _STEPS, key)]
    firsts = [value for bag in bags for value in bag["initial"] or []]
    return [
        (after - before) * _strength(bags[0])
        for after in steps
        for before in (*steps, *firsts)
        if after > before
    ]


def _waits(con: duckdb.DuckDBPyConnection, key: str) -> list[Decimal]:
    """Return the minutes between the steps named, or from the start."""
    times = [row["at"] for row in _rows(con, _STEPS, key)]
    starts = [bag["started_at"] for bag in _rows(con, _BAGS, key)]
    return [
        Decimal((later - earlier) / timedelta(seconds=1)) / 60
        for later in times
        for earlier in (*times, *starts)
        if later > earlier
    ]


def _given(bag: Row) -> Decimal:
    """Return the mg of a bag: by grams, else by volume; the smaller where they disagree."""
    known = [
        amount
        for amount in (
            None if bag["dose_g"] is None else bag["dose_g"] * 1000,
            None if bag["volume_ml"] is None else bag["volume_ml"] * (bag["strength"] or 0),
        )
        if amount
    ]
    return Decimal(min(known) if bag["is_dose_uncertain"] else (known or [0])[0])


def _strength(bag: Row) -> Decimal:
    """Return the mg in a ml: the product's, or less where the bag says so."""
    told = bag["dose_g"] * 1000 / bag["volume_ml"] if bag["dose_g"] and bag["volume_ml"] else None
    if bag["strength"] is None:
        return Decimal(told or 0)
    if bag["is_dose_uncertain"] and told is not None:
        return Decimal(min(told, bag["strength"]))
    return Decimal(bag["strength"])


def _factor(bag: Row, unit: str) -> Decimal:
    """Return the mg an hour that one of the unit makes in a kilogram."""
    match unit:
        case "mg_per_kg_per_min":
            return Decimal(60)
        case "ml_per_kg_per_h":
            return Decimal(bag["strength"])
    return Decimal(60) * Decimal(bag["strength"])


def _rows(con: duckdb.DuckDBPyConnection, query: str, key: str) -> list[Row]:
    found = con.sql(query, params={"key": key})
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


_BAGS = """
    SELECT i.started_at, i.ended_at, i.dose_g, i.volume_ml, d.is_dose_uncertain,
        p.concentration_g_per_l AS strength,
        LIST(i.initial_rate_ml_per_h) FILTER (WHERE i.initial_rate_ml_per_h > 0) AS initial,
        LIST(i.max_rate_ml_per_h) FILTER (WHERE i.max_rate_ml_per_h > 0) AS highest,
        LIST(r.rate_ml_per_h) FILTER (WHERE r.rate_ml_per_h > 0) AS step
    FROM audit.evidence AS e
    INNER JOIN staged.infusion AS i ON e.record_key = i.infusion_key
    INNER JOIN derived.infusion AS d ON i.infusion_key = d.infusion_key
    INNER JOIN guideline.product AS p ON d.product_id = p.product_id
    LEFT JOIN staged.rate_step AS r ON i.infusion_key = r.infusion_key
    WHERE e.finding_key = $key AND e.record = 'infusion' AND e.role = 'given'
    GROUP BY ALL
"""
_STEPS = """
    SELECT r.changed_at AS at, r.rate_ml_per_h AS rate
    FROM audit.evidence AS e
    INNER JOIN staged.rate_step AS r ON e.record_key = r.rate_step_key
    WHERE e.finding_key = $key AND e.record = 'rate_step'
"""
_WEIGHTS = """
    SELECT COALESCE(m.weight_kg, i.weight_kg) AS kg
    FROM audit.evidence AS e
    LEFT JOIN staged.body_measurement AS m
        ON e.record = 'body_measurement' AND e.record_key = m.body_measurement_key
    LEFT JOIN staged.infusion AS i ON e.record = 'infusion' AND e.record_key = i.infusion_key
    WHERE e.finding_key = $key AND e.role = 'weight'
"""
