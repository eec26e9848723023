"""Which bags are one session, on which day, for how long."""

from __future__ import annotations

import duckdb
from empty_store import bags, rows_of, shown

SESSIONS = """
    SELECT session_key, started_on, n_infusions, dose_g, known_dose_g, duration_h
    FROM derived.session
    ORDER BY session_key
"""


def test_kawasaki_dose_in_two_bottles_over_midnight_is_one_session(
    con: duckdb.DuckDBPyConnection,
) -> None:
    bags(
        con,
        """
        infusion_key | started_at       | ended_at         | dose_g
        1            | 2025-03-01 20:00 | 2025-03-02 01:30 | 12
        2            | 2025-03-02 01:40 | 2025-03-02 07:10 | 12
        """,
    )
    expected = """
        session_key | started_on | n_infusions | dose_g | known_dose_g | duration_h
        1           | 2025-03-01 | 2           | 24     | 24           | 11.167
    """
    assert shown(con, SESSIONS) == rows_of(expected)
    assert shown(con, "SELECT n_days, max_day_g FROM derived.course") == [
        {"n_days": "1", "max_day_g": "24"}
    ]


def test_pause_of_exactly_the_limit_continues_the_session(con: duckdb.DuckDBPyConnection) -> None:
    bags(
        con,
        """
        infusion_key | started_at          | ended_at            | dose_g
        1            | 2025-03-01 08:00:00 | 2025-03-01 10:00:00 | 10
        2            | 2025-03-01 16:00:00 | 2025-03-01 17:00:00 | 10   -- six hours: the same
        3            | 2025-03-01 23:00:01 | 2025-03-02 01:00:00 | 10   -- a second more: another
        """,
    )
    expected = """
        session_key | started_on | n_infusions | dose_g | known_dose_g | duration_h
        1           | 2025-03-01 | 2           | 20     | 20           | 9
        3           | 2025-03-01 | 1           | 10     | 10           | 2
    """
    # 01:00:00 minus 23:00:01 is 1.99972 h
    found = shown(con, SESSIONS)
    assert found == rows_of(expected)


def test_stopped_infusion_continued_two_hours_later_is_one_session(
    con: duckdb.DuckDBPyConnection,
) -> None:
    bags(
        con,
        """
        infusion_key | started_at       | ended_at         | dose_g | status
        1            | 2025-03-01 08:00 | 2025-03-01 09:00 | 5      | stopped
        2            | 2025-03-01 11:00 | 2025-03-01 14:00 | 25     | completed
        """,
    )
    assert shown(con, "SELECT session_key, is_stopped, dose_g FROM derived.session") == rows_of("""
        session_key | is_stopped | dose_g
        1           | true       | 30
    """)


def test_pause_is_counted_from_whatever_ran_longest(con: duckdb.DuckDBPyConnection) -> None:
    bags(
        con,
        """
        infusion_key | started_at       | ended_at         | dose_g
        1            | 2025-03-01 08:00 | 2025-03-01 20:00 | 10
        2            | 2025-03-01 09:00 | 2025-03-01 10:00 | 10
        3            | 2025-03-02 01:00 | 2025-03-02 02:00 | 10   -- five hours after the first
        """,
    )
    assert shown(con, "SELECT session_key, n_infusions FROM derived.session") == rows_of("""
        session_key | n_infusions
        1           | 3
    """)


def test_bag_without_an_end_is_paused_from_its_start(con: duckdb.DuckDBPyConnection) -> None:
    bags(
        con,
        """
        infusion_key | started_at       | ended_at         | dose_g
        1            | 2025-03-01 08:00 |                  | 10
        2            | 2025-03-01 14:00 |                  | 10
        3            | 2025-03-01 20:01 | 2025-03-01 21:00 | 10
        """,
    )
    expected = """
        session_key | started_on | n_infusions | dose_g | known_dose_g | duration_h
        1           | 2025-03-01 | 2           | 20     | 20           |
        3           | 2025-03-01 | 1           | 10     | 10           | 0.983
    """
    assert shown(con, SESSIONS) == rows_of(expected)


def test_bags_of_a_day_without_hours_are_one_session(con: duckdb.DuckDBPyConnection) -> None:
    bags(
        con,
        """
        infusion_key | started_at       | started_on | ended_at         | dose_g
        1            |                  | 2025-03-01 |                  | 10
        2            |                  | 2025-03-01 |                  | 10
        3            |                  | 2025-03-02 |                  | 10
        4            | 2025-03-03 01:00 | 2025-03-03 | 2025-03-03 02:00 | 10
        5            |                  | 2025-03-03 |                  | 10
        6            | 2025-03-03 20:00 | 2025-03-03 | 2025-03-03 23:00 | 10
        7            | 2025-03-04 01:00 | 2025-03-04 | 2025-03-04 02:00 | 10
        8            | 2025-03-04 09:00 | 2025-03-04 | 2025-03-04 10:00 | 10
        """,
    )
    expected = """
        session_key | started_on | n_infusions | dose_g | known_dose_g | duration_h
        1           | 2025-03-01 | 2           | 20     | 20           |
        3           | 2025-03-02 | 1           | 10     | 10           |
        4           | 2025-03-03 | 4           | 40     | 40           |
        8           | 2025-03-04 | 1           | 10     | 10           | 1
    """
    assert shown(con, SESSIONS) == rows_of(expected)


def test_night_of_the_clock_change_is_measured_in_instants(con: duckdb.DuckDBPyConnection) -> None:
    # Europe/Paris, 30 March 2025: 23:00 to 05:00 on the clock are five hours, not six.
    bags(
        con,
        """
        infusion_key | started_at       | started_on | ended_at         | ended_on   | dose_g
        1            | 2025-03-29 22:00 | 2025-03-29 | 2025-03-30 03:00 | 2025-03-30 | 10
        """,
    )
    assert shown(con, SESSIONS)[0]["duration_h"] == "5"
    assert shown(con, SESSIONS)[0]["started_on"] == "2025-03-29"


def test_unknown_or_uncertain_grams_leave_the_session_without_a_dose(
    con: duckdb.DuckDBPyConnection,
) -> None:
    bags(
        con,
        """
        infusion_key | patient_key | started_at       | dose_g | volume_ml
        1            | 1           | 2025-03-01 08:00 | 10     |
        2            | 1           | 2025-03-01 09:00 |        |
        3            | 2           | 2025-03-01 08:00 | 10     |
        4            | 2           | 2025-03-01 09:00 | 10     | 900
        5            | 3           | 2025-03-01 08:00 |        |
        """,
    )
    found = shown(
        con,
        "SELECT session_key, dose_g, known_dose_g, is_dose_uncertain FROM derived.session"
        " ORDER BY session_key",
    )
    assert found == rows_of("""
        session_key | dose_g | known_dose_g | is_dose_uncertain
        1           |        | 10           | false
        3           |        | 10           | true
        5           |        |              | false
    """)


def test_only_bags_that_count_make_sessions(con: duckdb.DuckDBPyConnection) -> None:
    bags(
        con,
        """
        infusion_key | started_at       | ended_at         | dose_g | product_code | status
        1            | 2025-03-01 08:00 | 2025-03-01 09:00 | 10     | VENA         | not_given
        2            | 2025-03-01 09:00 | 2025-03-01 10:00 | 10     | VENA         | completed
        3            | 2025-03-01 10:00 | 2025-03-01 11:00 | 10     | CUTIS        | completed
        4            | 2025-03-01 15:30 | 2025-03-01 16:00 | 10     | VENA         | completed
        """,
    )
    found = shown(
        con, "SELECT infusion_key, session_key, course_key FROM derived.infusion ORDER BY 1"
    )
    assert found == rows_of("""
        infusion_key | session_key | course_key
        1            |             |
        2            | 2           | 2
        3            |             |
        4            | 2           | 2
    """)


def test_patients_never_share_a_session(con: duckdb.DuckDBPyConnection) -> None:
    bags(
        con,
        """
        infusion_key | patient_key | started_at       | ended_at         | dose_g | site_id
        7            | 1           | 2025-03-01 08:00 | 2025-03-01 09:00 | 10     | north
        3            | 2           | 2025-03-01 08:30 | 2025-03-01 09:30 | 20     | south
        5            | 1           | 2025-03-01 09:00 | 2025-03-01 10:00 | 30     | east
        """,
    )
    found = shown(
        con,
        "SELECT session_key, patient_key, dose_g, site_id FROM derived.session ORDER BY 2",
    )
    assert found == rows_of("""
        session_key | patient_key | dose_g | site_id
        7           | 1           | 40     | north
        3           | 2           | 20     | south
    """)
