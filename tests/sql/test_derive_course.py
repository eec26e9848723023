"""Which sessions are one course, how much was given in it, and whether it is wholly seen."""

from __future__ import annotations

import duckdb
import pytest
from empty_store import Rows, derived, given, insert, instead, rows_of, shown


def bags(con: duckdb.DuckDBPyConnection, text: str) -> None:
    """Stage bags of 10 g of one patient given on a day each, unless the text says otherwise."""
    rows = rows_of(text)
    for row in rows:
        row.setdefault("patient_key", "1")
        row.setdefault("product_code", "VENA")
        row.setdefault("dose_g", "10")
    insert(con, "staged.infusion", rows)
    derived(con)


def courses(con: duckdb.DuckDBPyConnection, columns: str) -> Rows:
    """Return these columns of the courses, by patient and day."""
    return shown(con, f"SELECT {columns} FROM derived.course ORDER BY patient_key, started_on")


def test_sessions_up_to_the_gap_apart_are_one_course(con: duckdb.DuckDBPyConnection) -> None:
    bags(
        con,
        """
        infusion_key | started_on
        1            | 2025-03-01
        2            | 2025-03-05      -- four days: the same
        3            | 2025-03-10      -- five days: another
        """,
    )
    assert courses(con, "course_key, first_infusion_key, started_on, last_on, n_sessions") == (
        rows_of("""
            course_key | first_infusion_key | started_on | last_on    | n_sessions
            1          | 1                  | 2025-03-01 | 2025-03-05 | 2
            3          | 3                  | 2025-03-10 | 2025-03-10 | 1
        """)
    )


def test_gap_is_that_of_the_later_indication_else_the_earlier(
    con: duckdb.DuckDBPyConnection,
) -> None:
    bags(
        con,
        """
        infusion_key | patient_key | started_on | indication_code
        1            | 1           | 2025-03-01 | kawasaki
        2            | 1           | 2025-03-08 | kawasaki        -- seven days are its gap
        3            | 1           | 2025-03-16 | kawasaki        -- eight are not
        4            | 2           | 2025-03-01 |
        5            | 2           | 2025-03-08 | kawasaki
        6            | 3           | 2025-03-01 | kawasaki
        7            | 3           | 2025-03-08 |
        8            | 4           | 2025-03-01 | kawasaki
        9            | 4           | 2025-03-08 | cidp            -- the later one's is four
        """,
    )
    found = courses(con, "patient_key, course_key, n_sessions, indication_code")
    assert found == rows_of("""
        patient_key | course_key | n_sessions | indication_code
        1           | 1          | 2          | kawasaki
        1           | 3          | 1          | kawasaki
        2           | 4          | 2          | kawasaki
        3           | 6          | 2          | kawasaki
        4           | 8          | 1          | kawasaki
        4           | 9          | 1          | cidp
    """)


def test_grams_are_summed_by_day_and_by_course(con: duckdb.DuckDBPyConnection) -> None:
    bags(
        con,
        """
        infusion_key | patient_key | started_on | dose_g | volume_ml | started_at
        1            | 1           | 2025-03-01 | 10     |           | 2025-03-01 06:00
        2            | 1           | 2025-03-01 | 15     |           | 2025-03-01 20:00
        3            | 1           | 2025-03-02 | 30     |           | 2025-03-02 20:00
        4            | 2           | 2025-03-01 | 10     |           |
        5            | 2           | 2025-03-02 |        |           |
        6            | 3           | 2025-03-01 | 10     |           |
        7            | 3           | 2025-03-02 | 20     | 1000      |
        """,
    )
    found = courses(
        con,
        "patient_key, n_infusions, n_sessions, n_days, dose_g, known_dose_g, max_day_g, min_day_g,"
        " is_dose_uncertain",
    )
    assert found == rows_of("""
        patient_key | n_infusions | n_sessions | n_days | dose_g | known_dose_g | max_day_g | min_day_g | is_dose_uncertain
        1           | 3           | 3          | 2      | 55     | 55           | 30        | 25        | false
        2           | 2           | 2          | 2      |        | 10           |           |           | false
        3           | 2           | 2          | 2      |        | 10           |           |           | true
    """)  # noqa: E501 - a table reads better in one line per row


def test_course_of_one_day_with_two_sessions_has_one_day(con: duckdb.DuckDBPyConnection) -> None:
    bags(
        con,
        """
        infusion_key | started_on | started_at       | dose_g
        1            | 2025-03-01 | 2025-03-01 06:00 | 10
        2            | 2025-03-01 | 2025-03-01 20:00 | 15
        """,
    )
    assert courses(con, "n_sessions, n_days, dose_g, max_day_g, min_day_g") == rows_of("""
        n_sessions | n_days | dose_g | max_day_g | min_day_g
        2          | 1      | 25     | 25        | 25
    """)


def test_course_shows_its_product_and_coarsest_vial_step(con: duckdb.DuckDBPyConnection) -> None:
    bags(
        con,
        """
        infusion_key | patient_key | started_on | product_code | route | status
        1            | 1           | 2025-03-01 | VENA         | IV    | completed
        2            | 1           | 2025-03-02 | VENA         | IV    | stopped
        3            | 2           | 2025-03-01 | VENA         | IV    | completed
        4            | 2           | 2025-03-02 | BOTH         | IV    | completed
        """,
    )
    assert courses(con, "patient_key, product_id, vial_step_g, is_stopped") == rows_of("""
        patient_key | product_id | vial_step_g | is_stopped
        1           | vena       | 2.5         | true
        2           |            | 2.5         | false
    """)


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


def test_age_is_in_completed_years_and_estimated_from_a_birth_year(
    con: duckdb.DuckDBPyConnection,
) -> None:
    given(
        con,
        "staged.patient",
        """
        patient_key | birth_date | birth_year | sex
        1           | 2007-03-01 |            | F
        2           | 2007-03-02 |            | M
        3           |            | 2007       | U
        4           |            |            |
        """,
    )
    bags(
        con,
        """
        infusion_key | patient_key | started_on
        1            | 1           | 2025-03-01
        2            | 2           | 2025-03-01
        3            | 3           | 2025-03-01
        4            | 4           | 2025-03-01
        """,
    )
    assert courses(con, "patient_key, age_years, is_age_estimated, sex") == rows_of("""
        patient_key | age_years | is_age_estimated | sex
        1           | 18        | false            | F
        2           | 17        | false            | M
        3           | 17        | true             | U
        4           |           | false            |
    """)


def test_grams_of_28_days_end_with_the_last_day(con: duckdb.DuckDBPyConnection) -> None:
    bags(
        con,
        """
        infusion_key | patient_key | started_on | indication_code | dose_g
        1            | 1           | 2025-03-01 | cidp            | 1
        2            | 1           | 2025-03-27 | cidp            | 2
        3            | 1           | 2025-03-28 | cidp            | 4    -- 1 to 28 March: all
        4            | 1           | 2025-04-25 | cidp            | 8    -- 29 March to 25 April
        5            | 2           | 2025-03-01 | cidp            | 1
        6            | 2           | 2025-03-10 | mmn             | 2    -- another indication
        7            | 2           | 2025-03-20 |                 | 4    -- unknown
        8            | 2           | 2025-03-25 | cidp            | 8
        """,
    )
    assert courses(con, "course_key, grams_28d") == rows_of("""
        course_key | grams_28d
        1          | 1
        2          | 7
        4          | 8
        5          | 1
        6          | 2
        7          |
        8          | 9
    """)


def test_episode_holds_courses_within_its_window(con: duckdb.DuckDBPyConnection) -> None:
    bags(
        con,
        """
        infusion_key | patient_key | started_on | indication_code
        9            | 1           | 2025-03-01 | cidp
        5            | 1           | 2025-03-29 | cidp            -- 28 days: the same
        7            | 1           | 2025-04-20 | cidp
        2            | 1           | 2025-05-19 | cidp            -- 29 days: another
        3            | 1           | 2025-05-25 | mmn
        4            | 2           | 2025-03-01 |
        6            | 2           | 2025-03-10 |                 -- unknown: each by itself
        """,
    )
    assert courses(con, "course_key, episode_key") == rows_of("""
        course_key | episode_key
        9          | 9
        5          | 9
        7          | 9
        2          | 2
        3          | 3
        4          | 4
        6          | 6
    """)


def test_quarantined_row_in_the_window_marks_the_course(con: duckdb.DuckDBPyConnection) -> None:
    patients = range(1, 8)
    for patient in patients:
        con.execute(
            "INSERT INTO staged.patient (patient_key, patient_id) VALUES (?, ?)",
            [patient, f"P{patient}"],
        )
    con.execute("INSERT INTO staged.patient_merge (merged_id, surviving_id) VALUES ('OLD', 'P7')")
    given(
        con,
        "quarantine.infusion",
        """
        patient_id | on_date
        P1         | 2025-02-28       -- 31 days before: outside
        P2         | 2025-03-01       -- 30 days: the oldest weight it may rest on
        P3         | 2025-04-04       -- four days after: a session there would still belong
        P4         | 2025-04-05
        P5         |                  -- any day
        """,
    )
    given(con, "quarantine.lab_result", "patient_id | on_date\nOLD | 2025-03-31")
    bags(con, "infusion_key | patient_key | started_on\n" + "\n".join(
        f"{patient} | {patient} | 2025-03-31" for patient in patients
    ))
    assert [row["has_quarantined_row"] for row in courses(con, "has_quarantined_row")] == [
        "false", "true", "true", "false", "true", "false", "true"
    ]


def test_stage_leaves_only_its_tables_behind(con: duckdb.DuckDBPyConnection) -> None:
    derived(con)
    found = con.sql(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'derived' OR temporary"
        " ORDER BY ALL"
    ).fetchall()
    assert [name for (name,) in found] == [
        "course",
        "course_weight",
        "dosing_weight",
        "infusion",
        "product_code",
        "quarantined_window",
        "session",
        "unknown_indication",
    ]
