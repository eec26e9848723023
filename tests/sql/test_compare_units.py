"""Products, lots and sites by hand: what each has, what its peers have, and what signals."""

from __future__ import annotations

import duckdb
import pytest
from compared import store, told

from pipeline.compare import compare
from pipeline.config import Settings

HEAD = "infusion_key | patient_key | product_code | started | lot_number | site_id | dose_g"


def cohort(*groups: tuple[int, int, str, str]) -> duckdb.DuckDBPyConnection:
    """Return a store of one session per patient: how many, how many with haemolysis, product, lot.

    All of one month, at one site.
    """
    bags, reports = [HEAD], ["adverse_event_key | patient_key | term | onset"]
    for n_patients, n_events, product, lot in groups:
        for place in range(n_patients):
            key = len(bags)
            bags.append(f"{key} | {key} | {product} | 2024-03-04 09:00 | {lot} | north | 10")
            if place < n_events:
                reports.append(f"{key} | {key} | haemolysis | 2024-03-06 09:00")
    return store("\n".join(bags), "\n".join(reports))


KAWASAKI = ((48, 8, "VENA", "A"), (121, 4, "VENA 5%", "B"), (130, 3, "UNSIZED", "C"))
"""The Toronto series: Privigen, Gammagard and Gamunex. Source: safety reference, C.3."""
ONE = "unit_kind = 'product' AND ascertainment = 'reported' AND event_code = 'haemolysis'"


def test_the_toronto_series_gives_its_published_figures() -> None:
    con = cohort(*KAWASAKI)
    found = told(
        con,
        f"""
        SELECT events, sessions, other_events, other_sessions, ROUND(expected, 3), prr, prr_low,
            prr_high, ror, ror_low, ror_high, chi_squared, fisher_p, ic, ic025, ic975
        FROM audit.comparison WHERE {ONE} AND unit_id = 'vena'
        """,
    )
    assert found == [
        ("8", "48", "7", "251", "2.408", "5.9762", "2.274", "15.7058", "6.9714", "2.3959",
         "20.2849", "16.2862", "0.000674", "1.5474", "0.3791", "2.376"),
    ]  # fmt: skip


@pytest.mark.parametrize(("product", "prr"), [("vena5", "0.5349"), ("unsized", "0.325")])
def test_each_product_is_laid_beside_the_others_together(product: str, prr: str) -> None:
    con = cohort(*KAWASAKI)
    found = told(con, f"SELECT prr FROM audit.comparison WHERE {ONE} AND unit_id = '{product}'")
    assert found == [(prr,)]


def test_a_lot_is_compared_with_the_lots_of_its_product_only() -> None:
    con = cohort((10, 2, "VENA", "A1"), (20, 1, "VENA", "A2"), (30, 5, "UNSIZED", "C1"))
    found = told(
        con,
        "SELECT unit_id, events, sessions, other_events, other_sessions FROM audit.comparison"
        " WHERE unit_kind = 'lot' AND ascertainment = 'reported' AND event_code IS NULL"
        " ORDER BY unit_id",
    )
    assert found == [
        ("A1", "2", "10", "1", "20"),
        ("A2", "1", "20", "2", "10"),
        ("C1", "5", "30", "0", "0"),  # the only lot of its product: nothing beside it
    ]


def test_a_session_of_two_lots_counts_once_and_so_does_its_event() -> None:
    bags = f"""
        {HEAD}
        1 | 1 | VENA    | 2024-03-04 09:00 | A | north | 30
        2 | 1 | UNSIZED | 2024-03-04 10:00 | B | north | 10
        3 | 2 | VENA    | 2024-03-04 09:00 | A | south | 10
    """
    con = store(bags, "adverse_event_key | term | onset \n 1 | headache | 2024-03-04 12:00")
    query = """
        SELECT unit_kind, unit_id, SUM(sessions), SUM(n_sessions) FROM audit.unit_exposure
        GROUP BY ALL ORDER BY ALL
    """
    assert told(con, query) == [
        ("lot", "A", "1.75", "2"),
        ("lot", "B", "0.25", "1"),
        ("product", "unsized", "0.25", "1"),
        ("product", "vena", "1.75", "2"),
        ("site", "north", "1", "1"),
        ("site", "south", "1", "1"),
    ]
    query = """
        SELECT unit_kind, unit_id, events, n_cases FROM audit.unit_event
        WHERE ascertainment = 'reported' AND event_code IS NULL ORDER BY ALL
    """
    assert told(con, query) == [
        ("lot", "A", "0.75", "1"),
        ("lot", "B", "0.25", "1"),
        ("product", "unsized", "0.25", "1"),
        ("product", "vena", "0.75", "1"),
        ("site", "north", "1", "1"),
    ]


def test_a_detected_event_is_shared_by_what_was_given_before_it() -> None:
    bags = f"""
        {HEAD}
        1 | 1 | VENA    | 2024-03-04 09:00 | A | north | 10
        2 | 1 | VENA    | 2024-03-05 09:00 | B | north | 10
        3 | 1 | UNSIZED | 2024-03-06 09:00 | C | north | 10
        4 | 2 | VENA    | 2024-03-04 09:00 | A | north | 10
    """
    signals = """
        definition_id | course_key | patient_key | status  | occurred_at
        aki           | 1          | 1           | met     | 2024-03-05 20:00
        aki           | 4          | 2           | not_met |
    """
    con = store(bags, "adverse_event_key", signals)
    query = """
        SELECT unit_kind, unit_id, events FROM audit.unit_event WHERE ascertainment = 'detected'
        ORDER BY ALL
    """
    assert told(con, query) == [
        ("lot", "A", "0.5"),
        ("lot", "B", "0.5"),
        ("product", "vena", "1"),
        ("site", "north", "1"),
    ]
    query = """
        SELECT unit_id, sessions FROM audit.unit_exposure
        WHERE population = 'aki' AND unit_kind = 'product' ORDER BY ALL
    """
    assert told(con, query) == [("unsized", "1"), ("vena", "3")]


@pytest.mark.parametrize(
    ("seen_at", "lab_result_key", "lots"),
    [
        ("2024-03-05 08:00", "7", [("A", "1")]),
        ("2024-03-05 09:00", "7", [("A", "0.5"), ("B", "0.5")]),
        # a code has a day and no hour: the session of that day may have come before
        ("2024-03-05 00:00", "", [("A", "0.5"), ("B", "0.5")]),
        ("2024-03-04 00:00", "", [("A", "1")]),
    ],
)
def test_a_sample_has_an_hour_and_a_code_has_a_day(
    seen_at: str, lab_result_key: str, lots: list[tuple[str, str]]
) -> None:
    bags = f"""
        {HEAD}
        1 | 1 | VENA | 2024-03-04 09:00 | A | north | 10
        2 | 1 | VENA | 2024-03-05 09:00 | B | north | 10
    """
    signals = f"""
        definition_id | course_key | patient_key | status | occurred_at | lab_result_key
        aki           | 1          | 1           | met    | {seen_at}   | {lab_result_key}
    """
    query = "SELECT unit_id, events FROM audit.unit_event WHERE unit_kind = 'lot' ORDER BY ALL"
    assert told(store(bags, "adverse_event_key", signals), query) == lots


def test_a_lot_with_far_more_events_than_its_peers_signals_once_as_new() -> None:
    bags, reports = [HEAD], ["adverse_event_key | patient_key | term | onset"]
    for month in ("02", "03"):
        for lot, n_events in (("A", 9), ("B", 1)):
            for place in range(60):
                key = len(bags)
                day = f"2024-{month}-04"
                bags.append(f"{key} | {key} | VENA | {day} 09:00 | {lot} | north | 10")
                if place < n_events:
                    reports.append(f"{key} | {key} | headache | {day} 12:00")
    con = store("\n".join(bags), "\n".join(reports))
    found = told(
        con,
        "SELECT strftime(look_on, '%Y-%m'), unit_id, event_code, events, expected, is_new"
        " FROM audit.signal_look WHERE is_signal ORDER BY ALL",
    )
    assert found == [
        ("2024-03", "A", "headache", "18", "10", "true"),
        ("2024-03", "A", None, "18", "10", "true"),
    ]


def test_what_was_given_to_nobody_beside_it_is_compared_with_nothing() -> None:
    con = cohort((30, 9, "VENA", "A"))
    assert told(con, "SELECT * FROM audit.signal_look") == []
    assert told(con, "SELECT * FROM audit.signal_month") == []


def test_an_open_month_does_not_signal() -> None:
    con = cohort((60, 12, "VENA", "A"), (60, 0, "VENA", "B"))
    count = "SELECT COUNT(*) FROM audit.signal_look WHERE is_signal"
    assert told(con, count) == [("2",)]
    con.execute("UPDATE guideline.policy SET as_of = DATE '2024-03-30'")
    compare(con, Settings())
    assert told(con, count) == [("0",)]
