"""Whether the records show a course wholly, and what went before it."""

from __future__ import annotations

import duckdb
import pytest
from empty_store import bags, courses, given, instead, rows_of


@pytest.mark.parametrize(
    ("last_on", "is_open"),
    [("2025-12-27", "false"), ("2025-12-28", "true")],  # coverage ends on the 31st, the gap is 4
)
def test_course_near_the_end_of_coverage_is_open(
    con: duckdb.DuckDBPyConnection, last_on: str, is_open: str
) -> None:
    bags(con, f"infusion_key | started_on\n1 | {last_on}")
    assert courses(con, "is_open") == [{"is_open": is_open}]


def test_five_days_cut_off_by_the_end_of_the_extract_are_open(
    con: duckdb.DuckDBPyConnection,
) -> None:
    bags(
        con,
        """
        infusion_key | started_on
        1            | 2025-12-29
        2            | 2025-12-30
        3            | 2025-12-31
        """,
    )
    assert courses(con, "n_days, is_open") == [{"n_days": "3", "is_open": "true"}]


def test_as_of_date_ends_the_coverage(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("UPDATE guideline.policy SET as_of = DATE '2025-06-30'")
    bags(
        con,
        """
        infusion_key | patient_key | started_on
        1            | 1           | 2025-06-26
        2            | 2           | 2025-06-27
        """,
    )
    assert courses(con, "patient_key, is_open") == rows_of("""
        patient_key | is_open
        1           | false
        2           | true
    """)


@pytest.mark.parametrize(
    ("started_on", "is_start_truncated"),
    [("2020-01-04", "true"), ("2020-01-05", "false")],
)
def test_course_near_the_start_of_coverage_may_have_lost_its_start(
    con: duckdb.DuckDBPyConnection, started_on: str, is_start_truncated: str
) -> None:
    bags(con, f"infusion_key | started_on\n1 | {started_on}")
    assert courses(con, "is_start_truncated") == [{"is_start_truncated": is_start_truncated}]


@pytest.mark.parametrize(
    ("started_on", "is_history_truncated"),
    [("2020-06-28", "true"), ("2020-06-29", "false")],  # 179 and 180 days after 1 January 2020
)
def test_course_without_enough_history_is_truncated(
    con: duckdb.DuckDBPyConnection, started_on: str, is_history_truncated: str
) -> None:
    bags(con, f"infusion_key | started_on | indication_code\n1 | {started_on} | cidp")
    assert courses(con, "is_history_truncated") == [{"is_history_truncated": is_history_truncated}]


def test_earlier_course_of_the_same_indication_is_history_enough(
    con: duckdb.DuckDBPyConnection,
) -> None:
    bags(
        con,
        """
        infusion_key | patient_key | started_on | indication_code
        1            | 1           | 2020-02-01 | cidp
        2            | 1           | 2020-03-01 | cidp
        3            | 2           | 2020-02-01 | mmn
        4            | 2           | 2020-03-01 | cidp
        """,
    )
    assert courses(con, "course_key, is_history_truncated") == rows_of("""
        course_key | is_history_truncated
        1          | true
        2          | false
        3          | true
        4          | true
    """)


def test_transferred_patient_goes_by_the_coverage_of_the_new_site(
    con: duckdb.DuckDBPyConnection,
) -> None:
    given(
        con,
        "staged.coverage",
        """
        record   | site_id | from_on    | to_on      | origin
        infusion | new     | 2025-01-01 | 2025-12-31 | declared
        """,
    )
    bags(
        con,
        """
        infusion_key | patient_key | started_on | indication_code | site_id
        1            | 1           | 2025-02-01 | cidp            | new
        2            | 2           | 2025-02-01 | cidp            | old
        3            | 3           | 2025-02-01 | cidp            |
        """,
    )
    found = courses(con, "patient_key, site_id, is_history_truncated, interval_status, phase")
    assert found == rows_of("""
        patient_key | site_id | is_history_truncated | interval_status   | phase
        1           | new     | true                 | history_truncated |
        2           | old     | false                | first             | loading
        3           |         | false                | first             | loading
    """)


def test_of_several_periods_the_narrowest_around_the_course_counts(
    con: duckdb.DuckDBPyConnection,
) -> None:
    instead(
        con,
        "staged.coverage",
        """
        record   | site_id | from_on    | to_on      | origin
        infusion | a       | 2015-01-01 | 2020-12-31 | declared
        infusion | a       | 2020-01-01 | 2025-12-31 | declared
        infusion | b       | 2015-01-01 | 2016-12-31 | declared
        """,
    )
    bags(
        con,
        """
        infusion_key | patient_key | started_on | indication_code | site_id
        1            | 1           | 2020-03-01 | cidp            | a      -- two months into one
        2            | 2           | 2019-03-01 | cidp            | a
        3            | 3           | 2018-03-01 | cidp            | b      -- outside its own
        4            | 4           | 2018-03-01 | cidp            | c      -- by any site's
        """,
    )
    found = courses(con, "patient_key, is_history_truncated, is_open, is_start_truncated")
    assert found == rows_of("""
        patient_key | is_history_truncated | is_open | is_start_truncated
        1           | true                 | false   | false
        2           | false                | false   | false
        3           | true                 | true    | true
        4           | false                | false   | false
    """)


def test_without_any_coverage_nothing_is_proven_complete(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("DELETE FROM staged.coverage")
    bags(con, "infusion_key | started_on | indication_code\n1 | 2023-01-01 | cidp")
    assert courses(con, "is_open, is_start_truncated, is_history_truncated, phase") == rows_of("""
        is_open | is_start_truncated | is_history_truncated | phase
        true    | true               | true                 |
    """)


def test_only_courses_that_start_in_the_period_are_judged(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("UPDATE guideline.policy SET from_on = '2025-02-01', to_on = '2025-02-28'")
    bags(
        con,
        """
        infusion_key | started_on
        1            | 2025-01-31
        2            | 2025-02-05
        3            | 2025-02-28
        4            | 2025-03-05
        """,
    )
    assert courses(con, "course_key, is_in_period") == rows_of("""
        course_key | is_in_period
        1          | false
        2          | true
        3          | true
        4          | false
    """)
