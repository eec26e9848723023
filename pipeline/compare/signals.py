"""Signals: a unit with more events than its peers, within a budget of false alarms.

Each closed month spends a third of a quarter's budget, shared between all comparisons of that
month, whatever they are of. Only this rule signals; the other figures are for looking at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import duckdb
import numpy as np

from pipeline.compare.rates import decimal
from pipeline.config import Settings
from pipeline.resources import sql
from pipeline.statistics.budget import Numbers, chances_among_peers, spend
from pipeline.statistics.rates import PatientSums, clustered_rate_of
from pipeline.store import insert_rows

MONTHS_PER_QUARTER: Final = 3

SIGNAL_LOOK: Final = {
    "look_on": "DATE",
    "ascertainment": "VARCHAR",
    "event_code": "VARCHAR",
    "unit_kind": "VARCHAR",
    "product_id": "VARCHAR",
    "unit_id": "VARCHAR",
    "events": "DECIMAL(15,6)",
    "peer_events": "DECIMAL(15,6)",
    "expected": "DECIMAL(15,6)",
    "design_effect": "DECIMAL(9,4)",
    "chance": "DECIMAL(18,15)",
    "threshold": "DECIMAL(18,15)",
    "is_signal": "BOOLEAN",
    "is_new": "BOOLEAN",
}
"""The columns of audit.signal_look: one row per closed month and comparison with enough events."""

SIGNAL_MONTH: Final = {
    "look_on": "DATE",
    "n_units": "BIGINT",
    "n_comparisons": "BIGINT",
    "n_able": "BIGINT",
    "alpha": "DECIMAL(9,6)",
    "threshold": "DECIMAL(18,15)",
    "n_signals": "BIGINT",
    "n_new": "BIGINT",
}
"""The columns of audit.signal_month: one row per closed month that was looked at."""

_UNIT: Final = ("unit_kind", "product_id", "unit_id")
_SERIES: Final = ("ascertainment", "event_code")


def look_for_signals(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Create `audit.signal_look` and `audit.signal_month`."""
    looked = con.sql(sql("compare/look.sql")).fetchnumpy()
    effects = _design_effects(con)
    looks: list[tuple[object, ...]] = []
    months: list[tuple[object, ...]] = []
    seen: set[tuple[object, ...]] = set()
    for month in np.unique(looked["look_on"]):
        mine = looked["look_on"] == month
        found = {name: values[mine] for name, values in looked.items()}
        made, summed = _look(_day(month), found, effects, settings, seen)
        looks += made
        months.append(summed)
    insert_rows(con, "audit.signal_look", SIGNAL_LOOK, looks)
    insert_rows(con, "audit.signal_month", SIGNAL_MONTH, months)


def _design_effects(con: duckdb.DuckDBPyConnection) -> dict[tuple[object, ...], float]:
    """Return, per kind of figure and unit, how much more events cluster than by chance.

    Patients stay with a product and a site, so there the clusters are patients; a lot they get a
    few times only, so there they are the sessions of a patient with the lot.
    """
    effects: dict[tuple[object, ...], float] = {}
    rows = con.sql(
        """
        SELECT ascertainment, event_code, design_effect
        FROM audit.event_rate
        WHERE denominator = 'sessions' AND design_effect > 1
        """
    ).fetchall()
    for ascertainment, code, effect in rows:
        for kind in ("product", "lot", "site"):
            effects[ascertainment, code, kind] = float(effect)
    for ascertainment, code, *sums in con.sql(sql("compare/lot_cluster.sql")).fetchall():
        found = clustered_rate_of(PatientSums(*sums))
        effect = found.design_effect if found else None
        effects[ascertainment, code, "lot"] = max(1.0, effect or 1.0)
    return effects


def _look(
    month: str,
    found: Mapping[str, Any],
    effects: Mapping[tuple[object, ...], float],
    settings: Settings,
    seen: set[tuple[object, ...]],
) -> tuple[list[tuple[object, ...]], tuple[object, ...]]:
    """Return what one month's look found, and its sum; remember in `seen` what signalled."""
    alpha = float(settings.policy.false_alarm_budget) / MONTHS_PER_QUARTER
    least_events = settings.policy.signal_min_events
    series, units = _keys(found, _SERIES), _keys(found, _UNIT)
    kinds = [unit[0] for unit in units]
    effect = np.array(
        [effects.get((*key, kind), 1.0) for key, kind in zip(series, kinds, strict=True)]
    )
    events, peers, expected = (
        _filled(found[name]) for name in ("own_events", "peer_events", "expected")
    )
    chance = chances_among_peers(events / effect, peers / effect, expected / effect)
    spent = spend(alpha, _least_chances(peers, expected, effect, least_events))
    is_signal = (events >= least_events) & (chance <= (spent.threshold or -1.0))
    rows: list[tuple[object, ...]] = []
    n_new = 0
    for n in np.flatnonzero(events >= least_events):
        key = (*series[n], *units[n])
        is_new = bool(is_signal[n]) and key not in seen
        n_new += is_new
        if is_signal[n]:
            seen.add(key)
        rows.append(
            (
                month,
                *key,
                *(decimal(float(each[n]), 6) for each in (events, peers, expected)),
                decimal(float(effect[n])),
                decimal(float(chance[n]), 15),
                decimal(spent.threshold, 15),
                bool(is_signal[n]),
                is_new,
            )
        )
    summed = (
        month,
        len(set(units)),
        len(series),
        spent.n_able,
        decimal(alpha, 6),
        decimal(spent.threshold, 15),
        int(is_signal.sum()),
        n_new,
    )
    return rows, summed


def _least_chances(
    peers: Numbers, expected: Numbers, effect: Numbers, least_events: int
) -> Numbers:
    """Return the smallest chance each comparison could have: were all events its own."""
    most = chances_among_peers(peers / effect, peers / effect, expected / effect)
    return np.where(peers >= least_events, most, 1.0)


def _keys(found: Mapping[str, Any], names: tuple[str, ...]) -> list[tuple[object, ...]]:
    """Return what tells the rows apart; a value that is masked is None."""
    return list(zip(*(found[name].tolist() for name in names), strict=True))


def _filled(values: Any) -> Numbers:
    """Return a column of events: nothing of the unit's own happened where it is missing."""
    return np.asarray(np.ma.filled(values, 0.0), dtype=np.float64)


def _day(value: Any) -> str:
    return str(np.datetime_as_string(value, unit="D"))
