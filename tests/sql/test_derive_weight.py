"""Which weight and height a course rests on."""

from __future__ import annotations

import duckdb
import pytest
from empty_store import derived, given, rows_of, shown


def course_on(con: duckdb.DuckDBPyConnection, started_on: str, patient: int = 1) -> None:
    """Stage one bag, whose course has the patient's number as its key."""
    con.execute(
        "INSERT INTO staged.infusion (infusion_key, patient_key, started_on, product_code)"
        " VALUES (?, ?, ?, 'VENA')",
        [patient, patient, started_on],
    )


def test_newest_weight_at_or_before_the_start_counts(con: duckdb.DuckDBPyConnection) -> None:
    course_on(con, "2025-03-01")
    given(
        con,
        "staged.body_measurement",
        """
        body_measurement_key | patient_key | measured_at         | measured_on | weight_kg
        1                    | 1           | 2025-02-20 08:00:00 | 2025-02-20  | 70
        2                    | 1           | 2025-02-25 08:00:00 | 2025-02-25  | 71
        3                    | 1           |                     | 2025-02-25  | 72   -- no hour
        4                    | 1           | 2025-02-25 07:59:59 | 2025-02-25  | 73
        5                    | 1           | 2025-03-02 08:00:00 | 2025-03-02  | 74   -- after
        6                    | 2           | 2025-02-28 08:00:00 | 2025-02-28  | 75   -- another's
        7                    | 1           | 2025-02-28 08:00:00 | 2025-02-28  |      -- height
        """,
    )
    derived(con, "course_weight")
    found = shown(
        con,
        "SELECT actual_kg, measured_on, age_days, weight_record, weight_record_key"
        " FROM derived.course_weight",
    )
    assert found == rows_of("""
        actual_kg | measured_on | age_days | weight_record    | weight_record_key
        71        | 2025-02-25  | 4        | body_measurement | 2
    """)


def test_later_weight_of_the_same_local_day_may_be_used(con: duckdb.DuckDBPyConnection) -> None:
    course_on(con, "2025-03-01")
    given(
        con,
        "staged.body_measurement",
        """
        body_measurement_key | patient_key | measured_at         | measured_on | weight_kg
        1                    | 1           | 2025-02-28 20:00:00 | 2025-03-01  | 70    -- far east
        2                    | 1           | 2025-03-02 09:00:00 | 2025-03-01  | 71    -- far west
        3                    | 1           | 2025-03-01 23:00:00 | 2025-03-01  | 72
        """,
    )
    derived(con, "course_weight")
    assert shown(con, "SELECT actual_kg, age_days FROM derived.course_weight") == rows_of("""
        actual_kg | age_days
        71        | 0
    """)


def test_weight_of_an_infusion_counts_only_when_it_is_actual(
    con: duckdb.DuckDBPyConnection,
) -> None:
    given(
        con,
        "staged.infusion",
        """
        infusion_key | patient_key | started_on | product_code | weight_kg | weight_basis
        1            | 1           | 2025-03-01 | VENA         | 70        | actual
        2            | 2           | 2025-03-01 | VENA         | 70        | adjusted
        3            | 3           | 2025-03-01 | VENA         | 70        | ideal
        4            | 4           | 2025-03-01 | VENA         | 70        | unknown
        5            | 5           | 2025-03-01 | VENA         | 70        |
        6            | 6           | 2025-03-01 | VENA         | 70        | actual
        """,
    )
    given(
        con,
        "staged.body_measurement",
        """
        body_measurement_key | patient_key | measured_on | weight_kg
        9                    | 6           | 2025-03-01  | 69   -- measured goes before stated
        """,
    )
    derived(con, "course_weight")
    found = shown(
        con,
        "SELECT course_key, actual_kg, weight_record, weight_record_key"
        " FROM derived.course_weight ORDER BY 1",
    )
    assert found == rows_of("""
        course_key | actual_kg | weight_record    | weight_record_key
        1          | 70        | infusion         | 1
        2          |           |                  |
        3          |           |                  |
        4          |           |                  |
        5          |           |                  |
        6          | 69        | body_measurement | 9
    """)


@pytest.mark.parametrize(
    ("birth_date", "measured_on", "is_stale"),
    [
        ("1980-01-01", "2025-01-30", "false"),  # 30 days
        ("1980-01-01", "2025-01-29", "true"),
        ("2023-03-02", "2025-02-15", "false"),  # not yet two: 14 days
        ("2023-03-02", "2025-02-14", "true"),
        ("2023-03-01", "2025-02-14", "false"),  # two today
        (None, "2025-01-30", "false"),
    ],
)
def test_weight_grows_stale_sooner_in_infants(
    con: duckdb.DuckDBPyConnection, birth_date: str | None, measured_on: str, is_stale: str
) -> None:
    con.execute("INSERT INTO staged.patient (patient_key, birth_date) VALUES (1, ?)", [birth_date])
    con.execute(
        "INSERT INTO staged.body_measurement (body_measurement_key, patient_key, measured_on,"
        " weight_kg) VALUES (1, 1, ?, 10)",
        [measured_on],
    )
    course_on(con, "2025-03-01")
    derived(con, "course_weight")
    assert shown(con, "SELECT is_stale FROM derived.course_weight") == [{"is_stale": is_stale}]


@pytest.mark.parametrize(
    ("birth_date", "measured_on", "height_cm"),
    [
        ("1980-01-01", "2010-01-01", "150"),  # an adult's height keeps
        ("2015-01-01", "2024-09-02", "150"),  # 180 days
        ("2015-01-01", "2024-09-01", None),
        (None, "2024-09-01", None),  # may be a child
        ("1980-01-01", "2025-03-02", None),  # after the start
    ],
)
def test_height_of_a_child_grows_old(
    con: duckdb.DuckDBPyConnection,
    birth_date: str | None,
    measured_on: str,
    height_cm: str | None,
) -> None:
    con.execute("INSERT INTO staged.patient (patient_key, birth_date) VALUES (1, ?)", [birth_date])
    con.execute(
        "INSERT INTO staged.body_measurement (body_measurement_key, patient_key, measured_on,"
        " height_cm) VALUES (1, 1, ?, 150)",
        [measured_on],
    )
    course_on(con, "2025-03-01")
    derived(con, "course_weight")
    assert shown(con, "SELECT height_cm FROM derived.course_weight") == [{"height_cm": height_cm}]
