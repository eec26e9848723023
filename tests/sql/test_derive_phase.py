"""In which phase a course was given, and how long after its predecessor."""

from __future__ import annotations

import duckdb
import pytest
from empty_store import bags, courses, given, rows_of, shown


def test_phase_is_recorded_else_approved_else_derived(con: duckdb.DuckDBPyConnection) -> None:
    given(
        con,
        "staged.authorisation",
        """
        authorisation_key | phase
        1                 | maintenance
        2                 | loading
        """,
    )
    bags(
        con,
        """
        infusion_key | patient_key | started_on | phase       | authorisation_key | indication_code
        1            | 1           | 2025-03-01 | loading     | 1                 | cidp
        2            | 2           | 2025-03-01 |             | 1                 | cidp
        3            | 3           | 2025-03-01 | loading     |                   | cidp
        4            | 3           | 2025-03-02 | maintenance |                   | cidp
        5            | 4           | 2025-03-01 |             | 1                 | cidp
        6            | 4           | 2025-03-02 |             | 2                 | cidp
        7            | 5           | 2025-03-01 | single      |                   | cidp
        8            | 5           | 2025-03-02 |             | 1                 | cidp
        9            | 6           | 2025-03-01 |             |                   | cidp
        10           | 7           | 2025-03-01 |             |                   |
        """,
    )
    assert courses(con, "patient_key, phase, phase_source") == rows_of("""
        patient_key | phase       | phase_source
        1           | loading     | recorded
        2           | maintenance | authorisation
        3           |             |                  -- contradicts itself
        4           |             |
        5           | single      | recorded
        6           | loading     | derived
        7           |             |                  -- indication unknown
    """)


@pytest.mark.parametrize(
    ("earlier", "phase"),
    [
        ("2 | 2024-09-02 | cidp | VENA", "maintenance"),  # 180 days before
        ("2 | 2024-09-01 | cidp | VENA", "loading"),  # 181
        ("2 | 2024-09-02 | mmn  | VENA", "loading"),  # for something else
        ("2 | 2024-09-02 |      | VENA", None),  # perhaps for the same
        ("2 | 2024-09-01 |      | VENA", "loading"),
        ("2 | 2024-09-02 |      | CUTIS", None),  # subcutaneous: not new to immunoglobulin
        ("2 | 2024-09-01 |      | CUTIS", "loading"),
        ("2 | 2024-09-02 |      | MUSCULUS", None),
        ("2 | 2024-09-02 |      | BOTH", None),  # may have been subcutaneous
        ("2 | 2024-09-02 |      | ANTID", "loading"),  # against one antigen: no replacement
    ],
)
def test_phase_is_derived_from_the_covered_history(
    con: duckdb.DuckDBPyConnection, earlier: str, phase: str | None
) -> None:
    bags(
        con,
        f"""
        infusion_key | started_on | indication_code | product_code
        1            | 2025-03-01 | cidp            | VENA
        {earlier}
        """,
    )
    found = shown(con, "SELECT phase FROM derived.course WHERE course_key = 1")
    assert found == [{"phase": phase}]


def test_history_that_is_not_covered_gives_no_loading_phase(
    con: duckdb.DuckDBPyConnection,
) -> None:
    bags(
        con,
        """
        infusion_key | patient_key | started_on | indication_code
        1            | 1           | 2020-06-28 | cidp       -- 179 days of coverage
        2            | 1           | 2020-07-28 | cidp       -- an earlier one is known
        3            | 2           | 2020-06-29 | cidp       -- 180 days
        """,
    )
    assert courses(con, "course_key, phase") == rows_of("""
        course_key | phase
        1          |
        2          | maintenance
        3          | loading
    """)


def test_interval_runs_from_start_to_start_of_the_same_indication(
    con: duckdb.DuckDBPyConnection,
) -> None:
    bags(
        con,
        """
        infusion_key | patient_key | started_on | indication_code
        1            | 1           | 2024-01-01 | cidp
        2            | 1           | 2024-01-02 | cidp
        3            | 1           | 2024-01-29 | cidp
        4            | 1           | 2024-02-05 | mmn
        5            | 1           | 2024-02-26 | cidp      -- the other indication is no neighbour
        6            | 1           | 2024-08-24 | cidp      -- 180 days
        7            | 1           | 2025-02-21 | cidp      -- 181: none within the history
        8            | 2           | 2020-02-01 | cidp      -- a month into the coverage
        9            | 2           | 2020-03-01 |
        """,
    )
    assert courses(con, "course_key, previous_course_key, interval_days, interval_status") == (
        rows_of("""
            course_key | previous_course_key | interval_days | interval_status
            1          |                     |               | first
            3          | 1                   | 28            | known
            4          |                     |               | first
            5          | 3                   | 28            | known
            6          | 5                   | 180           | known
            7          |                     |               | first
            8          |                     |               | history_truncated
            9          |                     |               |
        """)
    )


@pytest.mark.parametrize(
    ("between", "status"),
    [
        ("2025-02-10 |      | CUTIS    | completed", "subcutaneous_between"),
        ("2025-02-10 |      | MUSCULUS | completed", "subcutaneous_between"),
        ("2025-02-10 |      | BOTH     | completed", "subcutaneous_between"),
        ("2025-02-10 |      | CUTIS    | not_given", "known"),
        ("2025-02-10 |      | ANTID    | completed", "known"),
        ("2025-02-10 |      | ???      | completed", "unknown_between"),
        ("2025-02-01 |      | CUTIS    | completed", "known"),  # the predecessor's own day
        ("2025-03-01 |      | CUTIS    | completed", "known"),  # the course's own day
        ("2025-02-10 |      | VENA     | completed", "unknown_between"),
        ("2025-02-10 | mmn  | VENA     | completed", "known"),
        ("2025-01-10 |      | VENA     | completed", "known"),  # before the predecessor
    ],
)
def test_interval_says_what_lies_between(
    con: duckdb.DuckDBPyConnection, between: str, status: str
) -> None:
    bags(
        con,
        f"""
        infusion_key | started_on | indication_code | product_code | status
        1            | 2025-02-01 | cidp            | VENA         | completed
        2            | 2025-03-01 | cidp            | VENA         | completed
        3            | {between}
        """,
    )
    found = shown(
        con, "SELECT interval_days, interval_status FROM derived.course WHERE course_key = 2"
    )
    assert found == [{"interval_days": "28", "interval_status": status}]


@pytest.mark.parametrize(
    ("earlier", "status"),
    [
        ("2024-09-02 | CUTIS", "subcutaneous_between"),
        ("2024-09-01 | CUTIS", "first"),
        ("2024-09-02 | VENA", "unknown_between"),
        ("2024-09-01 | VENA", "first"),
    ],
)
def test_first_course_says_what_may_have_gone_before(
    con: duckdb.DuckDBPyConnection, earlier: str, status: str
) -> None:
    bags(
        con,
        f"""
        infusion_key | indication_code | started_on | product_code
        1            | cidp            | 2025-03-01 | VENA
        2            |                 | {earlier}
        """,
    )
    found = shown(
        con, "SELECT interval_days, interval_status FROM derived.course WHERE course_key = 1"
    )
    assert found == [{"interval_days": None, "interval_status": status}]


def test_treatment_lasts_until_a_break_longer_than_the_history(
    con: duckdb.DuckDBPyConnection,
) -> None:
    bags(
        con,
        """
        infusion_key | patient_key | started_on | indication_code
        1            | 1           | 2022-01-01 | cidp
        2            | 1           | 2022-01-02 | cidp
        3            | 1           | 2022-07-01 | cidp      -- 180 days after the last day
        4            | 1           | 2022-12-29 | cidp      -- 181: another treatment
        5            | 1           | 2023-01-26 | cidp
        6            | 1           | 2023-02-26 | mmn       -- a treatment of its own
        7            | 2           | 2020-02-01 | cidp      -- a month into the coverage
        8            | 2           | 2020-03-01 | cidp
        9            | 3           | 2023-01-01 |
        """,
    )
    found = courses(con, "course_key, treatment_started_on, is_treatment_start_known")
    assert found == rows_of("""
        course_key | treatment_started_on | is_treatment_start_known
        1          | 2022-01-01           | true
        3          | 2022-01-01           | true
        4          | 2022-12-29           | true
        5          | 2022-12-29           | true
        6          | 2023-02-26           | true
        7          | 2020-02-01           | false
        8          | 2020-02-01           | false
        9          |                      | false
    """)


@pytest.mark.parametrize(
    ("earlier", "is_known"),
    [
        ("2022-07-05 |      | VENA", False),  # 180 days before: perhaps for the same
        ("2022-07-04 |      | VENA", True),  # 181
        ("2022-07-05 | cidp | CUTIS", False),  # subcutaneous treatment went before
        ("2022-07-05 | mmn  | VENA", True),
        ("2023-01-15 |      | VENA", True),  # within the treatment, not before it
    ],
)
def test_treatment_start_is_known_when_nothing_went_before(
    con: duckdb.DuckDBPyConnection, earlier: str, *, is_known: bool
) -> None:
    bags(
        con,
        f"""
        infusion_key | started_on | indication_code | product_code
        1            | 2023-01-01 | cidp            | VENA
        2            | 2023-01-29 | cidp            | VENA
        3            | {earlier}
        """,
    )
    found = shown(con, "SELECT is_treatment_start_known FROM derived.course WHERE course_key = 2")
    assert found == [{"is_treatment_start_known": str(is_known).lower()}]
