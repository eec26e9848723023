"""Who is treated: who came and left, of which age and sex, and who was given most."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from empty_store import common_store, given, rows_of
from treated import during, told, treated

FLOW = (
    "strftime(begins_on, '%m') AS month, n_start AS start, n_new AS new, n_returned AS back,"
    " n_entry_unknown AS unclear, n_stopped AS stopped, n_died AS died, n_end AS end,"
    " n_open AS open, n_throughout AS throughout"
)
IN_TIME = "step = 'all', begins_on"


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    made = common_store()
    yield made
    made.close()


def one_patient(con: duckdb.DuckDBPyConnection, *days: str, columns: str) -> dict[str, str | None]:
    """Return the last row of the flow, that of the period, for one patient with these days."""
    rows = "\n".join(f"{key} | {day}" for key, day in enumerate(days, start=1))
    treated(con, f"\ninfusion_key | started_on\n{rows}", "patient_flow")
    return told(con, "patient_flow", columns, IN_TIME)[-1]


def test_the_account_of_a_half_year_closes(con: duckdb.DuckDBPyConnection) -> None:
    during(con, "2024-01-01", "2024-06-30")
    given(con, "staged.patient", "patient_key | deceased_on\n4 | 2024-05-20")
    text = """
        infusion_key | patient_key | started_on
        1            | 1           | 2023-11-15
        2            | 1           | 2024-01-02  -- and never again: stopped in January
        3            | 2           | 2023-01-05
        4            | 2           | 2024-02-10  -- after more than 180 days: returned
        5            | 3           | 2024-02-20  -- new, and at the end not known yet
        6            | 3           | 2024-05-02
        7            | 4           | 2024-03-04  -- new, and dead before anything else
        8            | 5           | 2023-12-01
        9            | 5           | 2024-03-20
        10           | 5           | 2024-06-30
    """
    treated(con, text, "patient_flow")
    assert told(con, "patient_flow", FLOW, IN_TIME) == rows_of("""
        month | start | new | back | unclear | stopped | died | end | open | throughout
        01    | 2     | 0   | 0    | 0       | 1       | 0    | 1   | 0    | 1
        02    | 1     | 1   | 1    | 0       | 0       | 0    | 3   | 1    | 1
        03    | 3     | 1   | 0    | 0       | 0       | 1    | 3   | 1    | 3
        04    | 3     | 0   | 0    | 0       | 0       | 0    | 3   | 1    | 3
        05    | 3     | 0   | 0    | 0       | 0       | 0    | 3   | 2    | 3
        06    | 3     | 0   | 0    | 0       | 0       | 0    | 3   | 3    | 3
        01    | 2     | 2   | 1    | 0       | 1       | 1    | 3   | 3    | 1
    """)


@pytest.mark.parametrize(
    ("next_on", "n_returned", "n_stopped"),
    [("2024-07-09", "0", "0"), ("2024-07-10", "1", "1")],  # 180 and 181 days after 11 January
)
def test_a_break_of_exactly_the_history_is_no_stop(
    con: duckdb.DuckDBPyConnection, next_on: str, n_returned: str, n_stopped: str
) -> None:
    during(con, "2024-01-01", "2024-12-31")
    assert one_patient(con, "2024-01-11", next_on, columns="n_returned, n_stopped, n_end") == {
        "n_returned": n_returned,
        "n_stopped": n_stopped,
        "n_end": "1",
    }


@pytest.mark.parametrize(("as_of", "n_stopped"), [("2024-07-08", "0"), ("2024-07-09", "1")])
def test_a_stop_is_known_once_the_records_are_complete_for_so_long(
    con: duckdb.DuckDBPyConnection, as_of: str, n_stopped: str
) -> None:
    during(con, "2024-01-01", "2024-06-30", as_of)
    found = one_patient(con, "2024-01-11", columns="n_stopped, n_end, n_open")
    waiting = "1" if n_stopped == "0" else "0"
    assert found == {"n_stopped": n_stopped, "n_end": waiting, "n_open": waiting}


@pytest.mark.parametrize(("first_on", "n_new"), [("2020-06-28", "0"), ("2020-06-29", "1")])
def test_new_is_who_would_have_been_seen_before(
    con: duckdb.DuckDBPyConnection, first_on: str, n_new: str
) -> None:
    """The records are complete from 1 January 2020 on; 29 June is the 180th day after."""
    during(con, "2020-01-01", "2020-12-31")
    found = one_patient(con, first_on, columns="n_new, n_entry_unknown")
    assert found == {"n_new": n_new, "n_entry_unknown": "0" if n_new == "1" else "1"}


@pytest.mark.parametrize(("died_on", "n_died"), [("2024-07-09", "1"), ("2024-07-10", "0")])
def test_a_death_within_the_history_ends_a_treatment_at_once(
    con: duckdb.DuckDBPyConnection, died_on: str, n_died: str
) -> None:
    during(con, "2024-01-01", "2024-12-31")
    given(con, "staged.patient", f"patient_key | deceased_on\n1 | {died_on}")
    found = one_patient(con, "2024-01-11", columns="n_died, n_stopped, n_end")
    assert found == {"n_died": n_died, "n_stopped": "0" if n_died == "1" else "1", "n_end": "0"}


def test_what_is_given_under_the_skin_keeps_a_treatment_going_and_begins_none(
    con: duckdb.DuckDBPyConnection,
) -> None:
    during(con, "2023-01-01", "2024-12-31")
    text = """
        infusion_key | patient_key | started_on | product_code
        1            | 1           | 2023-06-01 | VENA
        2            | 1           | 2023-11-01 | CUTIS  -- the stop comes with the last of these
        3            | 1           | 2024-04-01 | CUTIS
        4            | 2           | 2023-02-01 | CUTIS  -- not new when the vein came
        5            | 2           | 2023-06-01 | VENA
        6            | 3           | 2023-06-01 | CUTIS  -- no course at all
    """
    treated(con, text, "patient_flow")
    rows = told(con, "patient_flow", "begins_on, n_new, n_entry_unknown, n_stopped", IN_TIME)
    assert [row for row in rows if row["n_stopped"] != "0" or row["n_new"] != "0"] == rows_of("""
        begins_on  | n_new | n_entry_unknown | n_stopped
        2023-04-01 | 1     | 1               | 1
        2024-04-01 | 0     | 0               | 1
        2023-01-01 | 1     | 1               | 2
    """)


def test_the_records_of_the_last_place_decide_what_is_known(con: duckdb.DuckDBPyConnection) -> None:
    during(con, "2024-01-01", "2024-12-31")
    given(con, "staged.coverage", """
        record   | site_id | from_on    | to_on
        infusion | north   | 2020-01-01 | 2024-04-30
    """)  # fmt: skip
    text = """
        infusion_key | patient_key | started_on | site_id
        1            | 1           | 2024-03-01 | north  -- its records end in April
        2            | 2           | 2024-03-01 | south
    """
    treated(con, text, "patient_flow")
    (*_, whole) = told(con, "patient_flow", "n_stopped, n_open", IN_TIME)
    assert whole == {"n_stopped": "1", "n_open": "1"}


@pytest.mark.parametrize(
    ("from_on", "to_on", "step", "n"),
    [
        ("2024-01-01", "2024-01-01", "month", 1),
        ("2023-01-15", "2024-01-14", "month", 13),
        ("2023-01-01", "2024-02-01", "quarter", 5),
        ("2021-02-01", "2024-01-31", "quarter", 13),
        ("2021-01-01", "2024-04-01", "year", 4),
        ("2012-12-31", "2024-01-01", "year", 13),
        ("2011-12-31", "2024-01-01", "decade", 2),
    ],
)
def test_steps_fit_across_a_sheet(
    con: duckdb.DuckDBPyConnection, from_on: str, to_on: str, step: str, n: int
) -> None:
    during(con, from_on, to_on)
    treated(con, "\ninfusion_key | started_on\n1 | 2024-01-01", "patient_flow")
    rows = told(con, "patient_flow", "step", IN_TIME)
    assert [row["step"] for row in rows] == [step] * n + ["all"]


def test_months_without_infusions_are_rows_of_the_account(con: duckdb.DuckDBPyConnection) -> None:
    during(con, "2024-01-01", "2024-03-31")
    treated(con, "\ninfusion_key | started_on\n1 | 2024-02-10", "patient_flow")
    rows = told(con, "patient_flow", "n_start, n_new, n_end", IN_TIME)
    assert [tuple(row.values()) for row in rows] == [
        ("0", "0", "0"),
        ("0", "1", "1"),
        ("1", "0", "1"),
        ("0", "1", "1"),
    ]


def test_beyond_the_records_nobody_is_told_to_be_treated(con: duckdb.DuckDBPyConnection) -> None:
    during(con, "2024-12-01", "2025-02-28", "2024-12-31")
    treated(con, "\ninfusion_key | started_on\n1 | 2024-12-10", "patient_flow")
    rows = told(con, "patient_flow", "step, begins_on, n_end, n_open", IN_TIME)
    assert rows == rows_of("""
        step  | begins_on  | n_end | n_open
        month | 2024-12-01 | 1     | 1
        all   | 2024-12-01 | 1     | 1
    """)


def test_nobody_at_all_gives_tables_without_patients(con: duckdb.DuckDBPyConnection) -> None:
    names = ("patient_flow", "age_and_sex", "use_share", "patient_most", "weight_class",
             "body_mass_class", "indication_step", "product_switch", "route_use")  # fmt: skip
    treated(con, "\ninfusion_key | started_on", *names)
    assert [name for name in names if told(con, name, "*", "ALL")] == []


def test_age_and_sex_add_up_and_the_unknown_are_a_class(con: duckdb.DuckDBPyConnection) -> None:
    during(con, "2024-01-01", "2024-12-31")
    given(con, "staged.patient", """
        patient_key | birth_date | birth_year | sex
        1           | 2014-03-01 |            | F    -- nine the day before ten
        2           | 2014-02-28 |            |
        3           |            | 1980       | M
        4           |            |            | U
        5           | 1900-01-01 |            | X
        6           | 2024-03-01 |            | F    -- given before birth: no age
    """)  # fmt: skip
    text = """
        infusion_key | patient_key | started_on | dose_g
        1            | 1           | 2024-02-29 | 10
        2            | 1           | 2024-04-29 | 5     -- ten by now; the first infusion counts
        3            | 2           | 2024-02-29 | 10
        4            | 3           | 2024-06-30 | 40    -- born in the middle of 1980: 43
        5            | 4           | 2024-02-29 | 7
        6            | 5           | 2024-02-29 | 30
        7            | 6           | 2024-02-29 |
        8            | 7           | 2024-02-29 | 1     -- in no patient file
    """
    treated(con, text, "age_and_sex")
    columns = (
        "age_from_years AS age, n_patients AS n, grams AS g, n_female AS f, female_g,"
        " n_male AS m, male_g, n_other AS x, other_g, n_unknown AS u, unknown_g"
    )
    assert told(con, "age_and_sex", columns, "is_total, age_from_years NULLS LAST") == rows_of("""
        age | n | g   | f | female_g | m | male_g | x | other_g | u | unknown_g
        0   | 1 | 15  | 1 | 15       | 0 |        | 0 |         | 0 |
        10  | 1 | 10  | 0 |          | 0 |        | 0 |         | 1 | 10
        40  | 1 | 40  | 0 |          | 1 | 40     | 0 |         | 0 |
        90  | 1 | 30  | 0 |          | 0 |        | 1 | 30      | 0 |
            | 3 | 8   | 1 |          | 0 |        | 0 |         | 2 | 8
            | 7 | 103 | 2 | 15       | 1 | 40     | 1 | 30      | 3 | 18
    """)


def test_the_patients_with_most_are_rounded_up_to_whole_ones(
    con: duckdb.DuckDBPyConnection,
) -> None:
    during(con, "2024-01-01", "2024-12-31")
    rows = "\n".join(f"{key} | {key} | 2024-05-01 | {key}" for key in range(1, 21))
    treated(con, f"""
        infusion_key | patient_key | started_on | dose_g
        {rows}
        21           | 21          | 2024-05-01 |
    """, "use_share")  # fmt: skip
    columns = "top_percent AS top, n_patients AS n, grams, share_grams AS share, least_g AS least"
    # 1 to 20 g are 210 g; a twentieth of 20 patients is one, a hundredth is not even one
    assert told(con, "use_share", f"{columns}, n_without_grams AS lacking", "top_percent") == (
        rows_of("""
            top | n  | grams | share    | least | lacking
            5   | 1  | 20    | 0.095238 | 20    | 1
            10  | 2  | 39    | 0.185714 | 19    | 1
            25  | 5  | 90    | 0.428571 | 16    | 1
            50  | 10 | 155   | 0.738095 | 11    | 1
            100 | 20 | 210   | 1        | 1     | 1
        """)
    )


def test_a_part_is_rounded_up(con: duckdb.DuckDBPyConnection) -> None:
    during(con, "2024-01-01", "2024-12-31")
    rows = "\n".join(f"{key} | {key} | 2024-05-01 | 10" for key in range(1, 12))
    treated(con, f"\ninfusion_key | patient_key | started_on | dose_g\n{rows}", "use_share")
    found = told(con, "use_share", "top_percent AS top, n_patients AS n", "top_percent")
    assert [tuple(row.values()) for row in found] == [
        ("10", "2"),
        ("25", "3"),
        ("50", "6"),
        ("100", "11"),
    ]


def test_ten_patients_are_shown_with_what_most_was_for(con: duckdb.DuckDBPyConnection) -> None:
    during(con, "2024-03-01", "2024-12-31")
    more = "\n".join(f"{20 + key} | {10 + key} | 2024-05-01 | 5 | cidp" for key in range(10))
    treated(con, f"""
        infusion_key | patient_key | started_on | dose_g | indication_code
        1            | 1           | 2024-01-01 | 900    | mmn   -- before the period
        2            | 1           | 2024-03-01 | 30     | mmn
        3            | 1           | 2024-03-31 | 30     | mmn
        4            | 1           | 2024-05-01 | 50     | cidp
        5            | 2           | 2024-05-01 | 40     |
        6            | 2           | 2024-06-30 |        |
        {more}
    """, "patient_most")  # fmt: skip
    columns = (
        "patient_key AS patient, grams, indication_code AS code, n_indications AS n,"
        " n_infusions AS bags, n_without_grams AS lacking, n_months AS months, since_on"
    )
    rows = told(con, "patient_most", columns, "place")
    assert rows[:3] == rows_of("""
        patient | grams | code | n | bags | lacking | months | since_on
        1       | 110   | mmn  | 2 | 3    | 0       | 2      | 2024-01-01
        2       | 40    |      | 1 | 2    | 1       | 2      | 2024-05-01
        10      | 5     | cidp | 1 | 1    | 0       | 1      | 2024-05-01
    """)
    assert [row["patient"] for row in rows[2:]] == [str(key) for key in range(10, 18)]


def test_weights_and_body_mass_are_those_of_the_first_course(
    con: duckdb.DuckDBPyConnection,
) -> None:
    during(con, "2024-03-01", "2024-12-31")
    given(con, "staged.patient", """
        patient_key | birth_date | sex
        1           | 1980-01-01 | F
        2           | 1980-01-01 | F
        3           | 2015-01-01 | F
        4           | 1980-01-01 | F
        5           | 1980-01-01 | F
        6           |            | F
        7           | 1980-01-01 | F
    """)  # fmt: skip
    given(con, "staged.body_measurement", """
        body_measurement_key | patient_key | measured_on | weight_kg | height_cm
        1                    | 1           | 2024-02-28  | 79.999    | 200  -- just under 20
        2                    | 1           | 2024-05-01  | 95        | 200  -- later than the first
        3                    | 2           | 2024-03-01  | 80        | 200  -- exactly 20
        4                    | 3           | 2024-03-01  | 30        | 130
        5                    | 4           | 2024-01-01  | 160       | 200  -- 40, but stale
        6                    | 5           | 2024-03-01  |           | 170
        7                    | 6           | 2024-03-01  | 70        | 170
        8                    | 7           | 2024-03-01  | 150       |
    """)  # fmt: skip
    text = """
        infusion_key | patient_key | started_on
        1            | 1           | 2024-02-28 -- of a course that runs into the period
        2            | 1           | 2024-03-01
        3            | 1           | 2024-05-01
        4            | 2           | 2024-03-01
        5            | 3           | 2024-03-01
        6            | 4           | 2024-03-01
        7            | 5           | 2024-03-01
        8            | 6           | 2024-03-01
        9            | 7           | 2024-03-01
    """
    treated(con, text, "weight_class", "body_mass_class")
    columns = "from_kg, n_patients AS n, grams, n_stale AS stale, n_minor AS minor"
    assert told(con, "weight_class", columns, "is_total, from_kg NULLS LAST") == rows_of("""
        from_kg | n | grams | stale | minor
        30      | 1 | 10    | 0     | 1
        70      | 2 | 30    | 0     | 0
        80      | 1 | 10    | 0     | 0
        150     | 2 | 20    | 1     | 0
                | 1 | 10    | 0     | 0
                | 7 | 80    | 1     | 1
    """)
    columns = "from_kg_per_m2 AS mass, reason, n_patients AS n, grams"
    order = "is_total, reason NULLS FIRST, from_kg_per_m2"
    assert told(con, "body_mass_class", columns, order) == rows_of("""
        mass | reason    | n | grams
        0    |           | 1 | 20
        20   |           | 1 | 10
        40   |           | 1 | 10
             | minor     | 1 | 10
             | no_age    | 1 | 10
             | no_height | 1 | 10
             | no_weight | 1 | 10
             |           | 7 | 80
    """)
