"""Approvals, reviews, treatments, falling doses and lots, as read from the records."""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
import pytest
from empty_store import bags, derived, given, rows_of, shown


@pytest.mark.parametrize(
    ("urgency", "is_emergency"),
    [
        ("emergency", "true"),
        ("Emergent", "true"),
        ("URGENT (24 h)", "true"),
        ("non-urgent", "false"),
        ("routine", "false"),
        ("", "false"),
    ],
)
def test_an_emergency_is_what_the_source_calls_so_first(
    con: duckdb.DuckDBPyConnection, urgency: str, is_emergency: str
) -> None:
    given(con, "staged.authorisation", f"authorisation_key | urgency\n1 | {urgency}")
    derived(con, "approval", "treatment_review", "lot")
    assert shown(con, "SELECT is_emergency FROM derived.approval") == [
        {"is_emergency": is_emergency}
    ]


def test_an_approval_comes_when_it_holds_and_is_decided(con: duckdb.DuckDBPyConnection) -> None:
    text = """
        authorisation_key | indication_code | requested_on | decided_on | valid_from | valid_to
        1                 | CIDP            | 2024-01-01   | 2024-01-05 | 2024-01-03 | 2024-06-30
        2                 | xyzzy           |              |            | 2024-01-03 |
        3                 |                 |              | 2024-01-05 |            |
        4                 |                 | 2024-01-01   |            |            |
    """
    given(con, "staged.authorisation", text)
    derived(con, "approval", "treatment_review", "lot")
    assert shown(
        con,
        "SELECT authorisation_key, indication_code, is_indication_unread AS unread, from_on,"
        " came_on, first_on, last_on FROM derived.approval ORDER BY ALL",
    ) == rows_of("""
        authorisation_key | indication_code | unread | from_on    | came_on    | first_on   | last_on
        1                 | cidp            | false  | 2024-01-03 | 2024-01-05 | 2024-01-01 | 2024-06-30
        2                 |                 | true   | 2024-01-03 | 2024-01-03 | 2024-01-03 | 2024-01-03
        3                 |                 | false  | 2024-01-05 | 2024-01-05 | 2024-01-05 | 2024-01-05
        4                 |                 | false  |            |            | 2024-01-01 | 2024-01-01
    """)  # noqa: E501 - a table reads better in one line per row


def test_the_rows_of_one_day_are_one_review(con: duckdb.DuckDBPyConnection) -> None:
    given(con, "staged.authorisation", "authorisation_key | indication_code\n7 | mmn")
    text = """
        outcome_review_key | patient_key | reviewed_on | indication_code | authorisation_key | measure | value | response | decision
        1                  | 1           | 2024-01-01  | cidp            |                   | INCAT   |       |          |
        2                  | 1           | 2024-01-01  | CIDP            |                   | ONLS    | 3     | improved | reduce
        3                  | 1           | 2024-01-01  |                 | 7                 |         |       | stable   | continue
        4                  | 1           | 2024-02-01  | xyzzy           | 7                 | INCAT   |       |          | stop
    """  # noqa: E501 - a table reads better in one line per row
    given(con, "staged.outcome_review", text)
    derived(con, "approval", "treatment_review", "lot")
    assert shown(
        con,
        "SELECT outcome_review_key AS key, indication_code, reviewed_on, has_outcome, is_improved,"
        " is_continued, is_reduced, is_stopped FROM derived.treatment_review ORDER BY ALL",
    ) == rows_of("""
        key | indication_code | reviewed_on | has_outcome | is_improved | is_continued | is_reduced | is_stopped
        1   | cidp            | 2024-01-01  | true        | true        | false        | true       | false
        3   | mmn             | 2024-01-01  | true        | false       | true         | false      | false
        4   |                 | 2024-02-01  | false       | false       | false        | true       | true
    """)  # noqa: E501 - a table reads better in one line per row


def test_a_treatment_ends_with_a_long_break(con: duckdb.DuckDBPyConnection) -> None:
    bags(con, """
        infusion_key | started_on | indication_code | dose_g
        1            | 2024-01-01 | cidp            | 10
        2            | 2024-06-29 | cidp            | 20      -- 180 days
        3            | 2024-12-27 | cidp            | 30      -- 181 days
        4            | 2024-12-01 |                 | 40
    """, "treatment")  # fmt: skip
    assert shown(
        con,
        "SELECT treatment_key AS key, started_on, last_started_on, n_courses, known_dose_g AS g,"
        " is_start_known FROM derived.treatment ORDER BY ALL",
    ) == rows_of("""
        key | started_on | last_started_on | n_courses | g  | is_start_known
        1   | 2024-01-01 | 2024-06-29      | 2         | 30 | true
        3   | 2024-12-27 | 2024-12-27      | 1         | 30 | false
    """)


def reductions(
    con: duckdb.DuckDBPyConnection, courses: str, phase: str = "maintenance"
) -> list[str]:
    """Return the days on which less began; courses are day and grams: `0:10 28:10`."""
    lines = [
        f"{place} | {phase if place < 3 else 'maintenance'} | cidp | {grams}"
        f" | {date(2024, 1, 1) + timedelta(days=int(day))}"
        for place, (day, grams) in enumerate((c.split(":") for c in courses.split()), start=1)
    ]
    header = "infusion_key | phase | indication_code | dose_g | started_on"
    bags(con, "\n".join([header, *lines]), "dose_reduction")
    found = shown(con, "SELECT started_on FROM derived.dose_reduction ORDER BY 1")
    return [str(row["started_on"]) for row in found]


@pytest.mark.parametrize(
    ("courses", "days"),
    [
        ("0:10 28:10 56:8 84:8 112:8", ["2024-02-26"]),  # exactly a fifth less
        ("0:10 28:10 56:8.1 84:8 112:8", []),
        ("0:10 28:10 56:10 91:10 126:10", ["2024-02-26"]),  # the same, a quarter further apart
        ("0:10 28:10 56:5 84:10 112:10", ["2024-02-26"]),  # half once is a quarter of two
        ("0:10 28:10 56:7 84:10 112:10", []),  # one small course is no trial
        ("0:10 28:10 56:8 84:8", []),  # nobody knows yet how long the last one lasts
        ("0:10 28:10 56:10 84:8 112:8 140:8 168:8", ["2024-03-25"]),  # once, not at every course
    ],
)
def test_less_is_two_courses_against_the_two_before(
    con: duckdb.DuckDBPyConnection, courses: str, days: list[str]
) -> None:
    assert reductions(con, courses) == days


def test_what_follows_loading_is_no_reduction(con: duckdb.DuckDBPyConnection) -> None:
    assert reductions(con, "0:20 28:20 56:8 84:8 112:8", phase="loading") == []


def test_every_lot_stands_in_one_list(con: duckdb.DuckDBPyConnection) -> None:
    given(con, "staged.infusion", """
        infusion_key | lot_number
        1            | A-1
        2            | A 1
        3            |
    """)  # fmt: skip
    given(con, "staged.infusion_lot", """
        infusion_lot_key | infusion_key | lot_number
        1                | 2            | a1
        2                | 2            | B1
        3                | 3            | C1
    """)  # fmt: skip
    given(con, "staged.dispensing", "dispensing_key | lot_number | n_vials\n1 | D1 | 3")
    derived(con, "approval", "treatment_review", "lot")
    assert shown(
        con,
        "SELECT record, record_key, lot_record, lot_number, lot, n_vials FROM derived.lot"
        " ORDER BY ALL",
    ) == rows_of("""
        record     | record_key | lot_record   | lot_number | lot | n_vials
        dispensing | 1          | dispensing   | D1         | D1  | 3
        infusion   | 1          | infusion     | A-1        | A1  |
        infusion   | 2          | infusion_lot | B1         | B1  |
        infusion   | 2          | infusion_lot | a1         | A1  |
        infusion   | 3          | infusion_lot | C1         | C1  |
    """)
