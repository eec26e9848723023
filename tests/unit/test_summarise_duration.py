"""How long treatments last: which are watched until when, and what the report shows of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import duckdb
import pytest
from empty_store import Rows, common_store, rows_of, shown
from treated import during, told, treated

from pipeline.summarise.duration import add_treatment_duration


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    made = common_store()
    made.execute("ALTER TABLE guideline.policy ADD COLUMN month_days DECIMAL(6, 3) DEFAULT 30.44")
    yield made
    made.close()


def times(con: duckdb.DuckDBPyConnection, text: str) -> Rows:
    """Return how long the treatments of these bags were watched."""
    treated(con, text, "treatment_time")
    return shown(
        con,
        "SELECT indication_code AS code, length_days AS days, n_ended AS ended,"
        " n_unseen AS unseen, n_left_out AS out FROM temp.treatment_time ORDER BY ALL",
    )


def test_a_treatment_is_watched_until_the_history_before_the_records_end(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """The records end on 31 December 2024: watched until 4 July, 180 days before."""
    during(con, "2024-01-01", "2024-12-31")
    text = """
        infusion_key | patient_key | started_on | indication_code
        1            | 1           | 2024-05-01 | cidp
        2            | 1           | 2024-07-04 | cidp -- the last day that is watched: ended
        3            | 2           | 2024-05-01 | cidp
        4            | 2           | 2024-07-05 | cidp -- went on until then at least
        5            | 3           | 2024-07-04 | mmn
        6            | 4           | 2024-07-05 | mmn  -- begun too late
        7            | 5           | 2023-12-31 | mmn  -- begun before the period
        8            | 6           | 2024-02-01 | mmn
        9            | 6           | 2024-12-01 | mmn  -- a second treatment: the first counts
    """
    assert times(con, text) == rows_of("""
        code | days | ended | unseen | out
        cidp | 64   | 1     | 1      | 0
        mmn  | 0    | 2     | 0      | 0
        mmn  |      | 0     | 0      | 1
    """)


def test_a_beginning_that_the_records_do_not_show_is_left_out(
    con: duckdb.DuckDBPyConnection,
) -> None:
    during(con, "2020-01-01", "2020-12-31", "2025-12-31")
    text = """
        infusion_key | patient_key | started_on | indication_code
        1            | 1           | 2020-06-28 | cidp -- 179 days after the records begin
        2            | 2           | 2020-06-29 | cidp
    """
    assert times(con, text) == rows_of("""
        code | days | ended | unseen | out
        cidp | 0    | 1     | 0      | 0
        cidp |      | 0     | 0      | 1
    """)


def test_the_report_looks_after_three_to_24_months(con: duckdb.DuckDBPyConnection) -> None:
    """Three months are 91 days: one of four has ended by then, one more by six (182)."""
    during(con, "2022-01-01", "2022-12-31", "2025-12-31")
    days = {1: (0, 91), 2: (0, 150, 182), 3: (0, 150, 300, 365), 4: (0, 150, 300, 450, 600)}
    bags = [
        f"{10 * key + n} | {key} | {shown_day(day)} | {'mmn' if key == 4 else 'cidp'}"
        for key, known in days.items()
        for n, day in enumerate(known)
    ]
    head = "infusion_key | patient_key | started_on | indication_code"
    treated(con, "\n" + "\n".join([head, *bags]), "treatment_time")
    add_treatment_duration(con)
    columns = (
        "indication_code AS code, months, n_treatments AS n, n_ended AS ended,"
        " median_days AS median, n_watched AS watched, share_on AS share"
    )
    found = told(con, "treatment_duration", columns, "is_total, code, months")
    assert found == rows_of("""
        code | months | n | ended | median | watched | share
        cidp | 3      | 3 | 3     | 182    | 2       | 0.666667
        cidp | 6      | 3 | 3     | 182    | 1       | 0.333333
        cidp | 12     | 3 | 3     | 182    | 0       | 0
        cidp | 24     | 3 | 3     | 182    | 0       | 0
        mmn  | 3      | 1 | 1     | 600    | 1       | 1
        mmn  | 6      | 1 | 1     | 600    | 1       | 1
        mmn  | 12     | 1 | 1     | 600    | 1       | 1
        mmn  | 24     | 1 | 1     | 600    | 0       | 0
             | 3      | 4 | 4     | 182    | 3       | 0.75
             | 6      | 4 | 4     | 182    | 2       | 0.5
             | 12     | 4 | 4     | 182    | 1       | 0.25
             | 24     | 4 | 4     | 182    | 0       | 0
    """)


def test_nothing_watched_is_not_told_as_nothing_lasting(con: duckdb.DuckDBPyConnection) -> None:
    during(con, "2024-12-01", "2024-12-31")
    treated(con, "\ninfusion_key | started_on\n1 | 2024-12-02", "treatment_time")
    add_treatment_duration(con)
    rows = told(con, "treatment_duration", "n_treatments, n_left_out, share_on", "ALL")
    assert {tuple(row.values()) for row in rows} == {("0", "1", None)}


def test_nobody_gives_no_row(con: duckdb.DuckDBPyConnection) -> None:
    treated(con, "\ninfusion_key | started_on", "treatment_time")
    add_treatment_duration(con)
    assert told(con, "treatment_duration", "*", "ALL") == []


def shown_day(after: int) -> str:
    """Return the day so many days after 1 January 2022."""
    return str(date(2022, 1, 1) + timedelta(days=after))
