"""What comes together per kilogram in a month and a year, and grams per admission."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from empty_store import Rows, common_store, given, rows_of
from treated import during, told, treated

WINDOWS = (
    "indication_code AS code, is_several AS several, n_patients AS n, n_at_least AS at_least,"
    " n_unknown AS unknown, month_median AS month, month_highest AS month_most,"
    " year_median AS year, year_highest AS year_most"
)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    made = common_store()
    yield made
    made.close()


def cumulated(con: duckdb.DuckDBPyConnection, weights: str, text: str) -> Rows:
    """Return the table for these bags of patients who weigh so much on 1 January 2023."""
    rows = "\n".join(
        f"{key} | {key} | 2023-01-01 | {kg}" for key, kg in enumerate(weights.split(), start=1)
    )
    given(
        con,
        "staged.body_measurement",
        f"body_measurement_key | patient_key | measured_on | weight_kg\n{rows}",
    )
    treated(con, text, "cumulative_dose")
    return told(con, "cumulative_dose", WINDOWS, "is_total, is_several, code NULLS LAST")


def test_windows_are_of_thirty_and_365_days_with_both_ends(
    con: duckdb.DuckDBPyConnection,
) -> None:
    during(con, "2024-01-01", "2024-12-31")
    text = """
        infusion_key | patient_key | started_on | dose_g | indication_code
        1            | 1           | 2024-03-01 | 50     | cidp
        2            | 1           | 2024-03-30 | 50     | cidp -- the 30th day of the first
        3            | 2           | 2024-03-01 | 50     | cidp
        4            | 2           | 2024-03-31 | 50     | cidp -- the 31st
        5            | 3           | 2023-03-01 | 50     | mmn
        6            | 3           | 2024-02-28 | 50     | mmn  -- the 365th day of the first
        7            | 4           | 2023-03-01 | 50     | mmn
        8            | 4           | 2024-02-29 | 50     | mmn  -- the 366th
    """
    assert cumulated(con, "50 50 50 50", text) == rows_of("""
        code | several | n | at_least | unknown | month | month_most | year | year_most
        cidp | false   | 2 | 0        | 0       | 1     | 2          | 2    | 2
        mmn  | false   | 2 | 0        | 0       | 1     | 1          | 1    | 2
             | false   | 4 | 0        | 0       | 1     | 2          | 2    | 2
    """)


def test_what_is_not_known_makes_a_sum_a_least_one_or_none(con: duckdb.DuckDBPyConnection) -> None:
    during(con, "2024-01-01", "2024-12-31")
    given(con, "staged.body_measurement", """
        body_measurement_key | patient_key | measured_on | weight_kg
        9                    | 4           | 2024-03-20  | 50
    """)  # fmt: skip
    text = """
        infusion_key | patient_key | started_on | dose_g | indication_code
        1            | 1           | 2024-03-01 | 50     | cidp
        2            | 1           | 2024-03-15 |        | cidp  -- grams unknown
        3            | 2           | 2024-03-01 | 50     | cidp
        4            | 2           | 2024-06-01 | 60     |       -- indication unknown
        5            | 3           | 2024-03-01 | 50     | cidp
        6            | 3           | 2024-03-15 | 100    | mmn   -- several, all together
        7            | 4           | 2024-03-01 | 50     | mmn   -- weighed later
        8            | 4           | 2024-04-15 | 50     | mmn
        9            | 5           | 2024-03-01 | 50     | mmn   -- never weighed
    """
    assert cumulated(con, "50 50 50", text) == rows_of("""
        code | several | n | at_least | unknown | month | month_most | year | year_most
        cidp | false   | 1 | 1        | 0       | 1     | 1          | 1    | 1
        mmn  | false   | 1 | 1        | 1       | 1     | 1          | 1    | 1
             | false   | 1 | 0        | 0       | 1.2   | 1.2        | 2.2  | 2.2
             | true    | 1 | 0        | 0       | 3     | 3          | 3    | 3
             | false   | 4 | 2        | 1       | 1     | 3          | 1    | 3
    """)


def test_windows_that_end_before_the_period_are_not_its_own(
    con: duckdb.DuckDBPyConnection,
) -> None:
    during(con, "2024-01-01", "2024-12-31")
    text = """
        infusion_key | patient_key | started_on | dose_g | indication_code
        1            | 1           | 2023-06-01 | 500    | cidp
        2            | 1           | 2023-12-20 | 50     | cidp
        3            | 1           | 2024-01-10 | 50     | cidp
        4            | 1           | 2025-01-10 | 500    | cidp
        5            | 2           | 2023-06-01 | 500    | cidp
    """
    (row, whole) = cumulated(con, "50 50", text)
    assert (row["n"], row["month"], row["year"]) == ("1", "2", "12")
    assert whole["n"] == "1"


ENCOUNTERS = """
    encounter_key | patient_key | started_on | kind
    1             | 1           | 2024-01-05 | inpatient
    2             | 3           | 2024-01-31 | inpatient  -- never given any
    3             | 2           | 2024-02-01 | inpatient
    4             | 2           | 2024-02-02 | day_unit
    5             | 2           | 2024-02-03 |
    6             | 2           | 2023-12-31 | inpatient  -- before the period
"""
RATE = (
    "step, grams, is_covered AS covered, n_admissions AS n, n_kind_unknown AS unclear,"
    " n_admitted AS patients, n_untreated AS untreated, g_per_1000 AS rate"
)


def admitted(con: duckdb.DuckDBPyConnection, encounters: str, to_on: str = "2024-03-31") -> Rows:
    """Return grams per admission in the first quarter of 2024 with 70 g in January."""
    during(con, "2024-01-01", "2024-03-31")
    given(con, "audit.record_supplied", "record\nencounter")
    given(con, "staged.encounter", encounters)
    given(
        con,
        "staged.coverage",
        f"record | site_id | from_on | to_on\nencounter | | 2023-12-31 | {to_on}",
    )
    text = "\ninfusion_key | started_on | dose_g\n1 | 2024-01-06 | 70"
    treated(con, text, "indication_step", "admission_use")
    return told(con, "admission_use", RATE, "step = 'all', begins_on")


def test_grams_per_thousand_admissions(con: duckdb.DuckDBPyConnection) -> None:
    assert admitted(con, ENCOUNTERS) == rows_of("""
        step  | grams | covered | n | unclear | patients | untreated | rate
        month | 70    | true    | 2 | 0       | 3        | 2         | 35000
        month | 0     | true    | 1 | 1       | 3        | 2         | 0
        month | 0     | true    | 0 | 0       | 3        | 2         |       -- nobody came: no rate
        all   | 70    | true    | 3 | 1       | 3        | 2         | 23333.333
    """)


def test_a_step_beyond_the_records_of_encounters_has_no_rate(
    con: duckdb.DuckDBPyConnection,
) -> None:
    rows = admitted(con, ENCOUNTERS, "2024-02-28")
    assert [(row["covered"], row["rate"]) for row in rows] == [
        ("true", "35000"),
        ("false", None),
        ("false", None),
        ("false", None),
    ]


def test_admissions_of_which_half_were_treated_are_no_denominator(
    con: duckdb.DuckDBPyConnection,
) -> None:
    rows = admitted(con, ENCOUNTERS.replace("| 3           |", "| 1           |"))
    assert {(row["patients"], row["untreated"]) for row in rows} == {("2", "1")}
    assert {row["rate"] for row in rows} == {None}


def test_without_encounters_there_is_no_table(con: duckdb.DuckDBPyConnection) -> None:
    treated(con, "\ninfusion_key | started_on\n1 | 2024-01-06", "indication_step", "admission_use")
    assert told(con, "admission_use", RATE, "ALL") == []
