"""KDIGO by creatinine: exactly on each limit, one step off it, and what cannot be known."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from empty_store import rows_of, shown
from kidney import clear, expose, look, measure, ward

COURSE = "2025-03-10 08:00"


@pytest.fixture(scope="module")
def store() -> Iterator[duckdb.DuckDBPyConnection]:
    con = ward()
    yield con
    con.close()


@pytest.fixture
def con(store: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    clear(store)
    return store


def answer(con: duckdb.DuckDBPyConnection, columns: str) -> dict[str, str | None]:
    look(con)
    (row,) = shown(con, f"SELECT {columns} FROM audit.signal")
    return row


def staged(con: duckdb.DuckDBPyConnection, text: str) -> list[tuple[str | None, str | None]]:
    """Return stage and reason of every creatinine drawn, in their order."""
    expose(con, COURSE)
    measure(con, rows_of(text))
    look(con)
    found = shown(con, "SELECT stage, reason FROM audit.creatinine_stage ORDER BY lab_result_key")
    return [(row["stage"], row["reason"]) for row in found]


@pytest.mark.parametrize(
    ("before", "after", "stage"),
    [
        ("1.1", "1.4", "1"),  # EC8: 1.4 >= 1.1 + 0.3 is false in binary floats
        ("1.1", "1.39", "0"),
        ("0.2", "0.3", "1"),
        ("1.0", "1.5", "1"),
        ("1.0", "1.95", "1"),  # EC9: between the printed bands
        ("1.0", "2.0", "2"),
        ("1.0", "1.999999", "1"),
        ("1.0", "2.999999", "2"),
        ("1.0", "3.0", "3"),
        ("3.7", "4.0", "3"),
        ("3.71", "4.0", "0"),  # 4.0 without the definition met is no injury
        ("3.6", "3.99", "1"),
    ],
)
def test_stages_are_exact_at_every_limit(
    con: duckdb.DuckDBPyConnection, before: str, after: str, stage: str
) -> None:
    found = staged(con, f"at | value\n2025-03-10 06:00 | {before}\n2025-03-11 06:00 | {after}")
    assert found == [(None, "no_baseline"), (stage, None)]


@pytest.mark.parametrize(
    ("before", "after", "stage"),
    [
        ("88.0", "114.5", "1"),  # the printed 26.5 µmol/L
        ("88.0", "114.4", "0"),
        ("66", "99", "1"),  # 1.5 exactly, though neither is a finite number of mg/dL
        ("62", "93", "1"),
        ("353.6", "1060.8", "3"),
        ("330", "353.6", "0"),
        ("320", "353.6", "3"),
    ],
)
def test_stages_are_exact_in_the_other_unit(
    con: duckdb.DuckDBPyConnection, before: str, after: str, stage: str
) -> None:
    found = staged(
        con,
        f"at | value | unit\n2025-03-10 06:00 | {before} | umol/L\n"
        f"2025-03-11 06:00 | {after} | umol/L",
    )
    assert found[1] == (stage, None)


def test_units_may_change_between_two_results(con: duckdb.DuckDBPyConnection) -> None:
    assert staged(
        con,
        """
        at               | value | unit
        2025-03-10 06:00 | 1.0   | mg/dL
        2025-03-11 06:00 | 132.6 | umol/L    -- 1.5 mg/dL
        2025-03-12 06:00 | 132.5 | umol/L
        """,
    ) == [(None, "no_baseline"), ("1", None), ("1", None)]


def test_windows_hold_their_first_instant_and_not_the_next(con: duckdb.DuckDBPyConnection) -> None:
    assert staged(
        con,
        """
        at                  | value
        2025-03-10 06:00:00 | 1.0
        2025-03-12 06:00:00 | 1.3   -- 48 h to the second: a rise of 0.3
        2025-03-12 06:00:01 | 1.3   -- a second more: nor is it 1.5 times
        2025-03-17 06:00:00 | 1.5   -- 7 days to the second
        2025-03-17 06:00:01 | 1.5   -- the lowest of the week is now 1.3
        """,
    ) == [(None, "no_baseline"), ("1", None), ("0", None), ("1", None), ("0", None)]


def test_two_results_of_one_instant_are_not_each_others_baseline(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert staged(con, "at | value\n2025-03-10 06:00 | 1.0\n2025-03-10 06:00 | 2.0") == [
        (None, "no_baseline"),
        (None, "no_baseline"),
    ]


def test_a_limit_of_measurement_counts_where_nothing_hangs_on_it(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert staged(
        con,
        """
        at               | value | comparator
        2025-03-10 06:00 | 0.4   | <
        2025-03-11 06:00 | 1.2   |          -- at least 3 times, whatever it was
        2025-03-20 06:00 | 0.4   | <
        2025-03-21 06:00 | 0.5   |          -- 0.4 would be no injury, 0.1 would be stage 3
        2025-04-01 06:00 | 1.0   |
        2025-04-02 06:00 | 2.5   | >        -- at least 2
        2025-04-10 06:00 | 1.0   |
        2025-04-11 06:00 | 3.5   | >
        """,
    ) == [
        (None, "no_baseline"),
        ("3", None),
        (None, "no_baseline"),
        (None, "beyond_limit"),
        (None, "no_baseline"),
        (None, "beyond_limit"),
        (None, "no_baseline"),
        ("3", None),
    ]


def test_a_result_without_a_unit_proves_nothing_and_may_have_been_the_lowest(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert staged(
        con,
        """
        at               | value | unit
        2025-03-10 06:00 | 1.0   |
        2025-03-10 12:00 | 80    | none
        2025-03-11 06:00 | 1.0   |
        2025-03-12 06:00 | 3.0   |
        """,
    ) == [(None, "no_baseline"), (None, "value_unread"), (None, "beyond_limit"), ("3", None)]


@pytest.mark.parametrize(
    ("day", "found"),
    [
        ("2025-03-04", (None, "unplaced_result")),
        ("2025-03-03", ("0", None)),
        ("2025-03-11", (None, "unplaced_result")),
        ("2025-03-12", ("0", None)),
    ],
)
def test_a_quarantined_creatinine_of_the_week_leaves_the_stage_open(
    con: duckdb.DuckDBPyConnection, day: str, found: tuple[str | None, str | None]
) -> None:
    con.execute("INSERT INTO staged.patient_alias VALUES ('P1', 1)")
    con.execute(
        "INSERT INTO quarantine.lab_result VALUES (' P1', $1, $2), ('P1', $1, $3)",
        [day, '{"test_code": "2160-0"}', '{"test_code": "718-7"}'],
    )
    both = "at | value\n2025-03-10 06:00 | 1.0\n2025-03-11 06:00 | 1.0"
    assert staged(con, both)[1] == found


SEEN = "status, reason, stage, n_results, guards, is_counted"


@pytest.mark.parametrize(
    ("results", "status", "reason", "stage", "guards"),
    [
        # EC3: one value after the course says nothing
        ("2025-03-11 06:00 | 1.4", "not_evaluable", "no_baseline", None, None),
        ("2025-03-10 06:00 | 1.4", "not_evaluable", "no_result", None, None),
        ("2025-03-10 06:00 | 1.0\n2025-03-11 06:00 | 1.1", "not_met", None, None, None),
        ("2025-03-10 06:00 | 1.0\n2025-03-11 06:00 | 1.6", "met", None, "1", None),
        # the highest of the course
        (
            "2025-03-10 06:00 | 1.0\n2025-03-11 06:00 | 2.1\n2025-03-12 06:00 | 1.7",
            "met", None, "2", None,
        ),
        # the window ends 240 h after the last infusion
        (
            "2025-03-09 06:00 | 1.0\n2025-03-15 07:00 | 1.0\n2025-03-20 07:59 | 1.6",
            "met", None, "1", None,
        ),
        (
            "2025-03-10 06:00 | 1.0\n2025-03-20 08:00 | 9.0",
            "not_evaluable", "no_result", None, None,
        ),
        # guards
        (
            "2025-03-10 06:00 | 0.2\n2025-03-11 06:00 | 0.5", "met", None, "2",
            "below_resolution",
        ),
        ("2025-03-10 06:00 | 0.2\n2025-03-11 06:00 | 0.51", "met", None, "2", None),
        (
            "2025-03-08 06:00 | 1.6\n2025-03-09 06:00 | 1.0\n2025-03-11 06:00 | 1.6",
            "met", None, "1", "seen_before_exposure",
        ),
        (
            "2025-03-03 07:59 | 1.6\n2025-03-09 06:00 | 1.0\n2025-03-11 06:00 | 1.6",
            "met", None, "1", None,  # a minute more than 7 days before
        ),
        (
            "2025-03-08 06:00 | 1.0\n2025-03-09 20:00 | 1.5\n2025-03-11 06:00 | 1.7",
            "met", None, "1", "rising_before_exposure",
        ),
        (
            "2025-03-08 06:00 | 1.0\n2025-03-09 20:00 | 1.2\n2025-03-11 06:00 | 1.8",
            "met", None, "1", None,  # 0.2 before and 0.6 after
        ),
    ],
)  # fmt: skip
def test_a_course_is_answered(
    con: duckdb.DuckDBPyConnection,
    results: str,
    status: str,
    reason: str | None,
    stage: str | None,
    guards: str | None,
) -> None:
    expose(con, COURSE)
    measure(con, rows_of(f"at | value\n{results}"))
    found = answer(con, "status, reason, stage, guards, is_counted")
    assert found == {
        "status": status,
        "reason": reason,
        "stage": stage,
        "guards": guards,
        "is_counted": str(status == "met" and guards is None).lower(),
    }


def test_a_result_without_a_time_answers_nothing_in_hours(con: duckdb.DuckDBPyConnection) -> None:
    expose(con, COURSE)
    measure(con, rows_of("at | value\n2025-03-11 | 1.4"))
    assert answer(con, SEEN)["reason"] == "time_unknown"


def test_what_happened_on_a_day_that_has_no_time_is_on_neither_side(
    con: duckdb.DuckDBPyConnection,
) -> None:
    expose(con, "2025-03-10")
    measure(con, rows_of("at | value\n2025-03-09 06:00 | 1.0\n2025-03-10 12:00 | 2.0"))
    found = answer(con, SEEN)
    assert (found["status"], found["reason"]) == ("not_evaluable", "time_unknown")


def test_a_signal_names_its_peak_its_baseline_and_its_definition(
    con: duckdb.DuckDBPyConnection,
) -> None:
    expose(con, COURSE)
    measure(
        con,
        rows_of(
            """
            at               | value
            2025-03-10 06:00 | 1.0
            2025-03-11 06:00 | 1.6
            2025-03-12 06:00 | 2.1
            2025-03-12 07:00 | 2.1
            """
        ),
    )
    con.execute("UPDATE derived.lab_result SET canonical_value = declared_value")
    assert answer(con, "definition_id, occurred_at, lab_result_key, observed, baseline, unit") == {
        "definition_id": "kdigo_2012",
        "occurred_at": "2025-03-11 06:00:00",
        "lab_result_key": "3",
        "observed": "2.1",
        "baseline": "1",
        "unit": "mg/dL",
    }
    found = shown(con, "SELECT status, source FROM guideline.event_definition")
    assert all(row["status"] == "seen" and row["source"] for row in found)


def test_every_course_of_the_period_is_answered_once(con: duckdb.DuckDBPyConnection) -> None:
    expose(con, COURSE)
    expose(con, "2025-04-10 08:00", key=2)
    expose(con, "2025-05-10 08:00", key=3)
    con.execute("UPDATE derived.course SET is_in_period = FALSE WHERE course_key = 3")
    look(con)
    found = shown(con, "SELECT course_key, reason FROM audit.signal ORDER BY course_key")
    assert found == rows_of("course_key | reason\n1 | no_result\n2 | no_result")
