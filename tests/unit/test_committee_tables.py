"""What the further tables of the committee edition count, and on how many persons it rests."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import duckdb
import pytest
from committee import Hospital
from tables import table

from pipeline.disclosure.edition import Draft, draft, drafts

FURTHER = ("avoidable_grams", "detected_events", "ledger_breaks", "monitoring", "reviews")


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    """Return a hospital without patients and its first two months; the third is not over."""
    found = Hospital(seed=1, n_patients=0).con
    found.execute(
        "INSERT INTO report.grams_by_month VALUES "
        "('2024-01-01', FALSE), ('2024-02-01', FALSE), ('2024-03-01', TRUE)"
    )
    return found


def put(con: duckdb.DuckDBPyConnection, name: str, text: str) -> None:
    rows = table(text)
    holes = ", ".join("?" * rows.width)
    con.executemany(f"INSERT INTO {name} VALUES ({holes})", rows.rows())


def numbers(con: duckdb.DuckDBPyConnection, name: str) -> dict[str, dict[str, tuple[int, int]]]:
    """Return of each line the value and the persons of each number."""
    found: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for number in draft(con).numbers:
        if number.table_id == name:
            found[number.line_id][number.measure] = int(number.value), number.n_persons
    return dict(found)


COURSES = """
    course | started_on
    1 | 2024-01-05
    2 | 2024-02-28
    3 | 2024-02-29
    4 | 2024-03-01      -- a month that is not over
    5 | 2023-12-31      -- before the period
"""


def test_a_rule_that_asks_for_tests_is_counted_by_answer_in_courses_begun_in_closed_months(
    con: duckdb.DuckDBPyConnection,
) -> None:
    put(con, "derived.course", COURSES)
    put(con, "audit.verdict", """
        kind | rule | course | patient | status
        monitoring | 1 | 1 | 7 | met
        monitoring | 1 | 2 | 7 | breached
        monitoring | 1 | 3 | 8 | not_assessable
        monitoring | 1 | 3 | 8 | not_applicable  -- was not asked
        monitoring | 1 | 4 | 9 | met
        monitoring | 1 | 5 | 9 | met
        monitoring | 2 | 3 | 8 | not_assessable
        regimen | 1 | 1 | 7 | breached
    """)  # fmt: skip
    assert numbers(con, "monitoring") == {
        "RULE-1": {
            "asked": (3, 2),
            "known": (2, 1),
            "taken": (1, 1),
            "missed": (1, 1),
            "not_known": (1, 1),
        },
        "RULE-2": {
            "asked": (1, 1),
            "known": (0, 0),
            "taken": (0, 0),
            "missed": (0, 0),
            "not_known": (1, 1),
        },
    }


def test_a_review_counts_by_its_gravest_decision_and_stopping_is_not_giving_less(
    con: duckdb.DuckDBPyConnection,
) -> None:
    put(con, "derived.treatment_review", """
        patient | reviewed_on | outcome | continued | reduced | stopped
        1 | 2024-01-01 | true | true | false | false
        1 | 2024-01-31 | true | true | true | false   -- two rows of one day
        2 | 2024-02-29 | false | false | true | true
        3 | 2024-02-29 | false | false | false | false
        4 | 2024-03-01 | true | true | false | false  -- a month that is not over
    """)  # fmt: skip
    assert numbers(con, "reviews") == {
        "all": {
            "reviews": (4, 3),
            "review_outcome": (2, 1),
            "review_continue": (1, 1),
            "review_less": (1, 1),
            "review_stop": (1, 1),
            "review_undecided": (1, 1),
            "review_patients": (3, 3),
        }
    }


def test_reviews_that_were_not_supplied_are_no_zero(con: duckdb.DuckDBPyConnection) -> None:
    assert numbers(con, "reviews")["all"]["reviews"] == (0, 0)
    con.execute("DELETE FROM report.record_supplied WHERE record = 'outcome_review'")
    assert numbers(con, "reviews") == {}


def test_avoidable_grams_are_of_courses_held_against_a_limit(
    con: duckdb.DuckDBPyConnection,
) -> None:
    put(con, "derived.course", COURSES)
    put(con, "report.dose_weight", """
        course | patient | dose_g | avoidable_g
        1 | 7 | 70 | 10
        2 | 7 | 40 | 0
        3 | 8 | 90 |         -- no limit is known
        4 | 9 | 90 | 50
    """)  # fmt: skip
    assert numbers(con, "avoidable_grams") == {
        "all": {
            "reckoned": (2, 1),
            "reckoned_g": (110, 1),
            "above": (1, 1),
            "avoidable_g": (10, 1),
        }
    }


def test_no_course_held_against_a_limit_is_no_zero(con: duckdb.DuckDBPyConnection) -> None:
    put(con, "derived.course", COURSES)
    put(con, "report.dose_weight", "course | patient | dose_g | avoidable_g\n1 | 7 | 70 |")
    assert numbers(con, "avoidable_grams") == {}


def test_breaks_of_the_ledger_count_grams_of_either_sign(con: duckdb.DuckDBPyConnection) -> None:
    put(con, "derived.ledger_break", """
        break | patient | entry_on | grams
        not_infused | 1 | 2024-01-05 | 20
        not_infused | 1 | 2024-02-05 | 10
        infused_without_dispensing | 2 | 2024-02-29 | -30
        other_lot | 3 | 2024-02-29 | 0
        not_infused | 4 | 2024-03-01 | 99
    """)  # fmt: skip
    assert numbers(con, "ledger_breaks") == {
        "not_infused": {"breaks": (2, 1), "break_g": (30, 1), "break_patients": (1, 1)},
        "infused_without_dispensing": {
            "breaks": (1, 1), "break_g": (30, 1), "break_patients": (1, 1),
        },
        "other_lot": {"breaks": (1, 1), "break_g": (0, 0), "break_patients": (1, 1)},
    }  # fmt: skip


DETECTED = """
    event | patient | started_on | counted | reported | observation
    e1 | 1 | 2024-01-05 | true | true | false
    e1 | 1 | 2024-02-05 | true | false | false
    e1 | 2 | 2024-02-05 | true | | false          -- nobody knows
    e1 | 3 | 2024-02-05 | false | | false         -- flagged
    e1 | 4 | 2024-02-05 | false | | true          -- an observation
    e1 | 5 | 2024-03-01 | true | true | false
"""


def test_detected_events_are_told_by_whether_they_were_reported(
    con: duckdb.DuckDBPyConnection,
) -> None:
    put(con, "audit.detected_event", DETECTED)
    put(con, "derived.course", COURSES)
    put(con, "audit.signal", """
        definition | event | course | patient | status
        d2 | e2 | 1 | 7 | not_met
        d3 | e3 | 1 | 7 | not_evaluable       -- nobody could see it: no line
        d4 | e4 | 4 | 7 | not_met
    """)  # fmt: skip
    told = numbers(con, "detected_events")
    assert told["e1"] == {
        "detected": (3, 2),
        "never_reported": (1, 1),
        "also_reported": (1, 1),
        "report_unknown": (1, 1),
        "detected_patients": (2, 2),
        "flagged": (1, 1),
    }
    assert set(told["e2"].values()) == {(0, 0)}  # looked for and not found
    assert told.keys() == {"e1", "e2"}


def test_without_reports_no_detected_event_is_called_unreported(
    con: duckdb.DuckDBPyConnection,
) -> None:
    put(con, "audit.detected_event", DETECTED.replace("| true | false |", "| true | |"))
    con.execute("DELETE FROM audit.record_supplied")
    assert numbers(con, "detected_events")["e1"].keys() == {
        "detected", "report_unknown", "detected_patients", "flagged",
    }  # fmt: skip


def test_numbers_of_some_months_and_of_the_others_add_up_to_those_of_all() -> None:
    """The attack subtracts one edition from another by this."""
    hospital = Hospital(seed=5)
    for _ in range(4):
        hospital.next_month()
    months = ["2020-01", "2020-02"], ["2020-03", "2020-04"]
    whole, *parts = drafts(hospital.con, [None, *months])

    def values(made: Draft) -> dict[tuple[str, str, str], Decimal]:
        return {
            (number.table_id, number.line_id, number.measure): number.value
            for number in made.numbers
            if number.table_id in FURTHER
        }

    first, second = (values(made) for made in parts)
    seen = set()
    for number in whole.numbers:
        place = number.table_id, number.line_id, number.measure
        if number.table_id not in FURTHER:
            continue
        seen.add(number.table_id)
        added = first.get(place, Decimal(0)) + second.get(place, Decimal(0))
        if number.kind == "persons":
            assert max(first.get(place, 0), second.get(place, 0)) <= number.value <= added
        else:
            assert number.value == added, place
    assert seen == set(FURTHER)
