"""What sessions are sorted by, and charts over time and between places, by hand."""

from __future__ import annotations

import duckdb
import pytest
from compared import store, told

from pipeline.compare import compare
from pipeline.config import Settings

HEAD = "infusion_key | patient_key | product_code | started | ended | lot_number | site_id | dose_g"
BAGS = f"""
    {HEAD}
    1 | 1 | VENA    | 2024-03-04 09:00 | 2024-03-04 11:00 | A | north | 35
    2 | 1 | VENA    | 2024-04-04 09:00 | 2024-04-04 11:00 | B | north | 70
    3 | 2 | UNSIZED | 2024-03-04 09:00 |                  | C | south | 20
"""
REPORTS = """
    adverse_event_key | patient_key | onset            | is_serious
    1                 | 1           | 2024-03-04 12:00 | true
    2                 | 1           | 2024-04-04 12:00 | true
    3                 | 2           | 2024-03-04 10:00 | false
"""


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    """Give three sessions of two patients; the first weighs 35 kg, the second was never weighed."""
    made = store(BAGS, REPORTS)
    made.execute("UPDATE staged.patient SET blood_group = 'AB' WHERE patient_key = 1")
    made.execute("DELETE FROM derived.course_weight")
    made.execute(
        "INSERT INTO derived.course_weight (course_key, actual_kg, is_stale)"
        " VALUES (1, 35, FALSE), (2, 35, FALSE), (3, 35, TRUE)"
    )
    made.execute("UPDATE derived.course SET is_history_truncated = course_key = 3")
    for key, status, reason in ((1, "met", None), (2, "not_applicable", "optional")):
        made.execute(
            "INSERT INTO audit.verdict VALUES ('premedication', 1, 'session', $1, $2, $3)",
            [key, status, reason],
        )
    compare(made, Settings())
    return made


def test_each_session_is_sorted_by_what_is_known_of_it(con: duckdb.DuckDBPyConnection) -> None:
    found = told(
        con,
        "SELECT sorted_by, class_code, units, n_events FROM audit.event_stratum"
        " WHERE ascertainment = 'reported' AND event_code IS NULL ORDER BY ALL",
    )
    assert found == [
        ("blood_group", "AB", "2", "2"),
        ("blood_group", None, "1", "1"),
        ("dose_band", "1_to_2", "1", "1"),
        ("dose_band", "2_and_more", "1", "1"),
        ("dose_band", None, "1", "1"),  # a stale weight is none
        ("dose_number", "first", "1", "1"),
        ("dose_number", "later", "1", "1"),
        ("dose_number", None, "1", "1"),  # nobody knows what came before the records
        ("premedication", "given", "1", "1"),
        ("premedication", "not_found", "1", "1"),
        ("premedication", None, "1", "1"),
        # 1 g/kg in 2 h is 8.3 mg/kg/min
        ("rate_band", "4_and_more", "2", "2"),
        ("rate_band", None, "1", "1"),
    ]


def test_classes_add_up_to_the_whole(con: duckdb.DuckDBPyConnection) -> None:
    found = con.sql(
        """
        SELECT s.ascertainment, s.event_code, s.sorted_by
        FROM audit.event_stratum AS s
        INNER JOIN audit.event_rate AS r
            ON
                s.ascertainment = r.ascertainment
                AND s.event_code IS NOT DISTINCT FROM r.event_code
                AND s.denominator = r.denominator
        GROUP BY ALL
        HAVING SUM(s.n_events) != MAX(r.n_events) OR SUM(s.units) != MAX(r.units)
        """
    ).fetchall()
    assert found == []


def test_a_month_that_is_not_over_has_no_limits(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("UPDATE guideline.policy SET as_of = DATE '2024-04-10'")
    compare(con, Settings())
    found = told(
        con,
        "SELECT month_on, is_whole, n_events, n_sessions, mean, high IS NULL FROM audit.event_month"
        " WHERE ascertainment = 'reported'",
    )
    assert found == [
        ("2024-03-01", "true", "2", "2", "1000", "false"),
        ("2024-04-01", "false", "1", "1", "1000", "true"),
    ]


def test_days_between_serious_events_are_those_between_their_onsets(
    con: duckdb.DuckDBPyConnection,
) -> None:
    found = told(con, "SELECT happened_on, gap_days, mean_days FROM audit.serious_gap")
    assert found == [("2024-04-04", "31", "31")]


def test_a_funnel_holds_each_place_against_the_rate_of_all(con: duckdb.DuckDBPyConnection) -> None:
    found = told(
        con,
        "SELECT unit_id, events, sessions, target, low95, is_outside FROM audit.funnel"
        " WHERE unit_kind = 'site' ORDER BY unit_id",
    )
    assert found == [
        ("north", "2", "2", "1000", "0", "false"),
        ("south", "1", "1", "1000", "0", "false"),
    ]
