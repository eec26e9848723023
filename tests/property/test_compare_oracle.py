"""Rates and shares against a dull loop over dicts, and what no change of rows may change."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
from compared import store
from drawn import examples
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

PRODUCTS = ("VENA", "VENA 5%", "UNSIZED")
sessions = st.lists(
    st.tuples(
        st.integers(1, 4),  # patient
        st.integers(0, 11),  # month
        st.sampled_from(PRODUCTS),
        st.sampled_from(["A", "B", ""]),  # lot
        st.sampled_from(["north", "south"]),
        st.sampled_from(["10", "30", ""]),  # grams
        st.integers(0, 2),  # events
        st.booleans(),  # of which the first is serious
    ),
    min_size=1,
    max_size=12,
)
Session = tuple[int, int, str, str, str, str, int, bool]
NAMES = ("haemolysis", "trali")


def _store(made: list[Session], order: list[int]) -> duckdb.DuckDBPyConnection:
    """Return a store of sessions a month and more apart, and of different events after each."""
    bags = ["infusion_key|patient_key|product_code|started|ended|lot_number|site_id|dose_g"]
    reports = ["adverse_event_key|patient_key|term|onset|is_serious"]
    for place in order:
        patient, month, product, lot, site, grams, n_events, serious = made[place]
        # a patient has one session in a month, so that none reaches into another's window
        day = f"{2010 + place}-{month + 1:02}-04"
        bags.append(f"{place + 1}|{patient}|{product}|{day} 09:00|{day} 12:00|{lot}|{site}|{grams}")
        for n in range(n_events):
            told = str(serious and n == 0).lower()
            reports.append(f"{2 * place + n + 1}|{patient}|{NAMES[n]}|{day} 13:00|{told}")
    return store("\n".join(bags), "\n".join(reports))


def _found(con: duckdb.DuckDBPyConnection, table: str) -> list[tuple[Any, ...]]:
    return con.sql(f"SELECT * FROM audit.{table} ORDER BY ALL").fetchall()


def _rate(con: duckdb.DuckDBPyConnection, ascertainment: str) -> dict[str, tuple[Any, Any]]:
    rows = con.sql(
        "SELECT denominator, n_events, units FROM audit.event_rate"
        f" WHERE ascertainment = '{ascertainment}' AND event_code IS NULL"
    ).fetchall()
    return {denominator: (n_events, units) for denominator, n_events, units in rows}


@settings(max_examples=examples(8), phases=[Phase.generate])
@given(made=sessions)
def test_rates_agree_with_a_loop_over_sessions(made: list[Session]) -> None:
    con = _store(made, list(range(len(made))))
    events = sum(row[6] for row in made)
    known = [row for row in made if row[5]]
    assert _rate(con, "reported") == {
        "sessions": (events, len(made)),
        "courses": (events, len(made)),
        "patients": (events, len({row[0] for row in made})),
        "kilograms": (
            sum(row[6] for row in known),
            sum((Decimal(row[5]) for row in known), Decimal(0)) / 1000,
        ),
    }
    serious = sum(row[6] > 0 and row[7] for row in made)
    assert _rate(con, "reported_serious")["sessions"] == (serious, len(made))


@settings(max_examples=examples(8), phases=[Phase.generate])
@given(made=sessions)
def test_units_add_up_to_all_sessions_and_all_events(made: list[Session]) -> None:
    con = _store(made, list(range(len(made))))
    if not sum(row[6] for row in made):
        return
    for kind in ("product", "lot", "site"):
        exposure = con.sql(
            f"SELECT SUM(sessions) FROM audit.unit_exposure WHERE unit_kind = '{kind}'"
        ).fetchall()
        happened = con.sql(
            f"SELECT SUM(events) FROM audit.unit_event WHERE unit_kind = '{kind}'"
            " AND ascertainment = 'reported' AND event_code IS NULL"
        ).fetchall()
        assert (exposure, happened) == ([(len(made),)], [(sum(row[6] for row in made),)])
    by_site = dict(
        con.sql(
            "SELECT unit_id, SUM(events) FROM audit.unit_event WHERE unit_kind = 'site'"
            " AND ascertainment = 'reported' AND event_code IS NULL GROUP BY unit_id"
        ).fetchall()
    )
    loop: Counter[str] = Counter()
    for row in made:
        loop[row[4]] += row[6]
    assert by_site == {site: n for site, n in loop.items() if n}


@settings(max_examples=examples(4), phases=[Phase.generate])
@given(made=sessions, seed=st.integers(0, 99))
def test_the_order_of_rows_changes_nothing(made: list[Session], seed: int) -> None:
    order = list(range(len(made)))
    shuffled = [int(place) for place in np.random.default_rng(seed).permutation(order)]
    one, other = _store(made, order), _store(made, shuffled)
    for table in ("event_rate", "comparison", "signal_look", "signal_month", "event_stratum"):
        assert _found(one, table) == _found(other, table), table


@settings(max_examples=examples(5), phases=[Phase.generate])
@given(made=sessions, data=st.data())
def test_one_more_event_never_lowers_a_rate(made: list[Session], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(made) - 1))
    one_more = (*made[place][:6], min(2, made[place][6] + 1), made[place][7])
    more = [*made[:place], one_more, *made[place + 1 :]]
    query = """
        SELECT denominator, per_1000 FROM audit.event_rate
        WHERE ascertainment = 'reported' AND event_code IS NULL
    """
    before = dict(_store(made, list(range(len(made)))).sql(query).fetchall())
    after = dict(_store(more, list(range(len(more)))).sql(query).fetchall())
    assert all(after[name] >= before[name] for name in before if before[name] is not None)
