"""Which sessions are one course, and how much was given in it."""

from __future__ import annotations

import duckdb
from empty_store import bags, courses, derived, given, rows_of


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
            "INSERT INTO staged.patient_alias (patient_key, patient_id) VALUES (?, ?)",
            [patient, f"P{patient}"],
        )
    con.execute("INSERT INTO staged.patient_alias (patient_key, patient_id) VALUES (7, 'OLD')")
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
    bags(
        con,
        "infusion_key | patient_key | started_on\n"
        + "\n".join(f"{patient} | {patient} | 2025-03-31" for patient in patients),
    )
    assert [row["has_quarantined_row"] for row in courses(con, "has_quarantined_row")] == [
        "false",
        "true",
        "true",
        "false",
        "true",
        "false",
        "true",
    ]


def test_stage_leaves_only_its_tables_behind(con: duckdb.DuckDBPyConnection) -> None:
    derived(con)
    found = con.sql(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'derived' OR temporary"
        " ORDER BY ALL"
    ).fetchall()
    assert [name for (name,) in found] == [
        "approval",
        "course",
        "course_weight",
        "dose_reduction",
        "dosing_weight",
        "event_report",
        "infusion",
        "ledger_apart",
        "ledger_break",
        "ledger_month",
        "ledger_product",
        "patient_record",
        "patient_risk",
        "policy_treatment",
        "product_code",
        "quarantined_window",
        "reported_event",
        "reported_event_product",
        "session",
        "test_unit",
        "treatment",
        "treatment_review",
        "unknown_indication",
        "unknown_test",
    ]
