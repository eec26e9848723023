"""What was given when, by indication; from which product to which; and by which way."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from empty_store import Rows, common_store, rows_of
from treated import during, told, treated


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    made = common_store()
    yield made
    made.close()


def test_every_indication_has_a_cell_in_every_step_and_all_add_up(
    con: duckdb.DuckDBPyConnection,
) -> None:
    during(con, "2024-01-15", "2024-03-31")
    text = """
        infusion_key | patient_key | started_on | dose_g | indication_code
        1            | 1           | 2024-01-14 | 900    | mmn   -- the day before the period
        2            | 1           | 2024-01-15 | 20     | mmn
        3            | 1           | 2024-03-31 | 80     | mmn
        4            | 2           | 2024-02-01 | 20.1   | cidp
        5            | 3           | 2024-02-01 | 5      |
        6            | 4           | 2024-02-01 |        |       -- given, and nobody knows how much
    """
    treated(con, text, "indication_step")
    columns = (
        "indication_code AS code, strftime(begins_on, '%m') AS month, step, is_partial AS part,"
        " grams, n_infusions AS n, shade, row_g"
    )
    order = "is_total, indication_code NULLS LAST, step = 'all', begins_on"
    assert told(con, "indication_step", columns, order) == rows_of("""
        code | month | step  | part  | grams | n | shade | row_g
        cidp | 01    | month | true  | 0     | 0 | 0     | 20.1
        cidp | 02    | month | false | 20.1  | 1 | 2     | 20.1
        cidp | 03    | month | false | 0     | 0 | 0     | 20.1
        cidp | 01    | all   | false | 20.1  | 1 | 0     | 20.1
        mmn  | 01    | month | true  | 20    | 1 | 1     | 100
        mmn  | 02    | month | false | 0     | 0 | 0     | 100
        mmn  | 03    | month | false | 80    | 1 | 4     | 100
        mmn  | 01    | all   | false | 100   | 2 | 0     | 100
             | 01    | month | true  | 0     | 0 | 0     | 5
             | 02    | month | false | 5     | 2 | 1     | 5
             | 03    | month | false | 0     | 0 | 0     | 5
             | 01    | all   | false | 5     | 2 | 0     | 5
             | 01    | month | true  | 20    | 1 | 0     | 125.1
             | 02    | month | false | 25.1  | 3 | 0     | 125.1
             | 03    | month | false | 80    | 1 | 0     | 125.1
             | 01    | all   | false | 125.1 | 5 | 0     | 125.1
    """)


def test_grams_that_nobody_wrote_down_are_not_none(con: duckdb.DuckDBPyConnection) -> None:
    during(con, "2024-02-01", "2024-02-29")
    treated(con, "\ninfusion_key | started_on | dose_g\n1 | 2024-02-01 |", "indication_step")
    rows = told(con, "indication_step", "grams, n_infusions, shade", "ALL")
    assert {tuple(row.values()) for row in rows} == {(None, "1", "0")}


def switches(con: duckdb.DuckDBPyConnection, text: str) -> Rows:
    """Return the pairs of products of these bags."""
    during(con, "2024-01-01", "2024-12-31")
    treated(con, text, "product_switch")
    columns = (
        "part, outcome, from_product_id AS before, to_product_id AS after, n_pairs AS n,"
        " n_patients AS patients, n_same_indication AS same, n_other_indication AS other,"
        " n_unknown_indication AS unknown"
    )
    return told(con, "product_switch", columns, "part, outcome, before, after")


def test_a_switch_is_from_one_course_to_the_next_of_the_patient(
    con: duckdb.DuckDBPyConnection,
) -> None:
    text = """
        infusion_key | patient_key | started_on | product_code | indication_code
        1            | 1           | 2023-12-20 | VENA         | cidp  -- before the period
        2            | 1           | 2024-01-20 | BOTH         | cidp
        3            | 1           | 2024-02-20 | VENA         | cidp
        4            | 1           | 2024-03-20 | BOTH         | cidp
        5            | 1           | 2024-04-20 | BOTH         | cidp
        6            | 2           | 2024-01-20 | VENA         | cidp
        7            | 2           | 2024-02-20 | BOTH         | mmn
        8            | 3           | 2024-01-20 | VENA         |
        9            | 3           | 2024-02-20 | BOTH         | mmn
        10           | 4           | 2024-01-20 | VENA         | cidp  -- two products in a course
        11           | 4           | 2024-01-21 | BOTH         | cidp
        12           | 4           | 2024-02-20 | BOTH         | cidp
        13           | 5           | 2023-06-01 | VENA         | cidp  -- too long ago
        14           | 5           | 2024-01-20 | BOTH         | cidp
        15           | 6           | 2024-01-20 | VENA         | cidp  -- one course alone
    """
    con.execute("UPDATE staged.infusion SET route = 'IV'")
    con.execute("ALTER TABLE staged.infusion ALTER route SET DEFAULT 'IV'")
    assert switches(con, text) == rows_of("""
        part    | outcome | before | after | n | patients | same | other | unknown
        all     |         |        |       | 7 |          | 5    | 1     | 1
        outcome | same    |        |       | 1 |          | 1    | 0     | 0
        outcome | switch  |        |       | 5 | 3        | 3    | 1     | 1
        outcome | unclear |        |       | 1 |          | 1    | 0     | 0
        pair    | same    | both   | both  | 1 |          | 1    | 0     | 0
        pair    | switch  | both   | vena  | 1 | 1        | 1    | 0     | 0
        pair    | switch  | vena   | both  | 4 | 3        | 2    | 1     | 1
        pair    | unclear |        | both  | 1 |          | 1    | 0     | 0
    """)


@pytest.mark.parametrize(("next_on", "n"), [("2024-07-09", 3), ("2024-07-10", 0)])
def test_after_a_break_longer_than_the_history_nothing_was_switched(
    con: duckdb.DuckDBPyConnection, next_on: str, n: int
) -> None:
    text = f"""
        infusion_key | started_on | product_code
        1            | 2024-01-11 | VENA
        2            | {next_on}  | VENA 5%
    """
    assert len(switches(con, text)) == n


def test_routes_stand_beside_each_other_and_each_patient_counts_once(
    con: duckdb.DuckDBPyConnection,
) -> None:
    during(con, "2024-01-01", "2024-12-31")
    text = """
        infusion_key | patient_key | started_on | product_code | dose_g | route
        1            | 1           | 2024-02-01 | VENA         | 70     |
        2            | 1           | 2024-03-01 | CUTIS        | 10     |
        3            | 2           | 2024-03-01 | CUTIS        | 10     |
        4            | 2           | 2024-03-08 | CUTIS        |        |
        5            | 2           | 2024-03-09 | MUSCULUS     | 5      |
        6            | 3           | 2024-03-01 | BOTH         | 5      |     -- which way?
        7            | 4           | 2024-03-01 | ANTID        | 99     |     -- hyperimmune
        8            | 5           | 2023-12-31 | CUTIS        | 99     |     -- before the period
    """
    treated(con, text, "route_use")
    columns = (
        "route, grams, share_grams AS share, n_infusions AS n, n_without_grams AS lacking,"
        " n_patients AS patients, n_also_iv AS also"
    )
    assert told(con, "route_use", columns, "is_total, route") == rows_of("""
        route   | grams | share | n | lacking | patients | also
        IM      | 5     | 0.05  | 1 | 0       | 1        | 0
        IV      | 70    | 0.7   | 1 | 0       | 1        |
        SC      | 20    | 0.2   | 3 | 1       | 2        | 1
        unknown | 5     | 0.05  | 1 | 0       | 1        | 0
                | 100   | 1     | 6 | 1       | 3        |
    """)
