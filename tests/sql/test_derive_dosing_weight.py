"""What each dosing-weight policy makes of a course's weight."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from empty_store import Rows, derived, given, insert, instead, rows_of, shown

from pipeline.resources import folder

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "dosing.yaml"
HALF_A_PRINTED_STEP = Decimal("0.005")
POLICIES = (
    "actual",
    "ontario",
    "nhse_2021_app",
    "uk_doh_ddw",
    "uk_ibw",
    "us_adj_120",
    "us_adj_bmi30",
)


def course_on(con: duckdb.DuckDBPyConnection, started_on: str, patient: int = 1) -> None:
    """Stage one bag, whose course has the patient's number as its key."""
    con.execute(
        "INSERT INTO staged.infusion (infusion_key, patient_key, started_on, product_code)"
        " VALUES (?, ?, ?, 'VENA')",
        [patient, patient, started_on],
    )


def listed(con: duckdb.DuckDBPyConnection, *policies: str, is_read: bool = True) -> None:
    """Load the code lists of weight policies and a set that uses each of these policies."""
    for name in ("weight_policy", "ideal_weight"):
        con.execute(f"DELETE FROM guideline.{name}")
        known = {row[0] for row in con.sql(f"DESCRIBE guideline.{name}").fetchall()}
        path = folder("guidelines") / "codelists" / f"{name}.csv"
        with path.open(encoding="utf-8", newline="") as lines:
            rows: Rows = [
                {column: cell or None for column, cell in row.items() if column in known}
                for row in csv.DictReader(lines)
            ]
        insert(con, f"guideline.{name}", rows)
    con.execute("DELETE FROM guideline.guideline_set")
    for number, policy in enumerate(policies):
        con.execute(
            "INSERT INTO guideline.guideline_set VALUES (?, ?, ?, ?)",
            [number, policy, policy, is_read],
        )


def patient(con: duckdb.DuckDBPyConnection, text: str) -> None:
    """Stage patients with a measurement on the day of their course, 1 March 2025."""
    for row in rows_of(text):
        key = row["patient_key"]
        con.execute(
            "INSERT INTO staged.patient (patient_key, birth_date, sex) VALUES (?, ?, ?)",
            [key, row.get("birth_date", "1980-01-01"), row["sex"]],
        )
        con.execute(
            "INSERT INTO staged.body_measurement"
            " (body_measurement_key, patient_key, measured_on, weight_kg, height_cm)"
            " VALUES (?, ?, '2025-03-01', ?, ?)",
            [key, key, row["weight_kg"], row["height_cm"]],
        )
        course_on(con, "2025-03-01", int(str(key)))


def dosing(con: duckdb.DuckDBPyConnection, columns: str, role: str = "policy") -> Rows:
    """Return these columns of the dosing weights in one role."""
    return shown(
        con,
        f"SELECT {columns} FROM derived.dosing_weight WHERE role = '{role}' ORDER BY ALL",
    )


def worked_examples() -> list[dict[str, Any]]:
    """Return the ten patients of the reference, none where it is not beside the checkout."""
    if not REFERENCE.exists():
        return []
    found: list[dict[str, Any]] = yaml.safe_load(REFERENCE.read_text("utf-8"))["worked_examples"]
    return found


# Never above the actual weight: these two are printed higher and stay as the literal figure.
CAPPED = {("E4", "ontario"), ("E7", "nhse_2021_app")}


@pytest.mark.skipif(not REFERENCE.exists(), reason="SKIPPED: ../shared/reference is not there")
@pytest.mark.parametrize("example", worked_examples(), ids=lambda example: example["id"])
def test_worked_patient_has_the_printed_dosing_weight(
    con: duckdb.DuckDBPyConnection, example: dict[str, Any]
) -> None:
    listed(con, *POLICIES)
    patient(
        con,
        f"""
        patient_key | birth_date                       | sex              | weight_kg              | height_cm
        1           | {2025 - example["age"]}-01-01    | {example["sex"]} | {example["weight_kg"]} | {example["height_cm"]}
        """,  # noqa: E501 - a table reads better in one line per row
    )
    derived(con, "dosing_weight")
    found = con.sql(
        "SELECT weight_policy, weight_kg, literal_kg FROM derived.dosing_weight"
        " WHERE role = 'policy'"
    ).fetchall()
    assert {policy for policy, _, _ in found} == set(POLICIES)
    for policy, weight_kg, literal_kg in found:
        printed = Decimal(str(example["by_policy"][policy]["dosing_kg"]))
        is_capped = (example["id"], policy) in CAPPED
        ours = literal_kg if is_capped else weight_kg
        assert abs(ours - printed) <= HALF_A_PRINTED_STEP, policy
        assert weight_kg <= Decimal(str(example["weight_kg"]))


@pytest.mark.skipif(not REFERENCE.exists(), reason="SKIPPED: ../shared/reference is not there")
@pytest.mark.parametrize("example", worked_examples(), ids=lambda example: example["id"])
def test_worked_patient_has_the_printed_ideal_and_adjusted_weight(
    con: duckdb.DuckDBPyConnection, example: dict[str, Any]
) -> None:
    listed(con, "uk_ibw", is_read=False)
    patient(
        con,
        f"""
        patient_key | sex              | weight_kg              | height_cm
        1           | {example["sex"]} | {example["weight_kg"]} | {example["height_cm"]}
        """,
    )
    derived(con, "dosing_weight")
    found = dict(
        con.sql(
            "SELECT weight_basis, literal_kg FROM derived.dosing_weight WHERE role = 'alternative'"
        ).fetchall()
    )
    for basis, printed in (("ideal", "ibw_kg"), ("adjusted", "adjusted_kg")):
        assert abs(found[basis] - Decimal(str(example[printed]))) <= HALF_A_PRINTED_STEP
    assert found["actual"] == Decimal(str(example["weight_kg"]))


@pytest.mark.parametrize(
    ("policy", "weight_kg", "reason"),
    [
        ("actual", "80", None),  # needs neither
        ("uk_ibw", None, "no_height"),
        ("us_adj_120", None, "no_height"),
        ("nba_ddw_optional", None, "policy_not_set"),
        ("nhse_uncertain", None, "policy_not_set"),
    ],
)
def test_without_a_height_a_formula_gives_no_weight(
    con: duckdb.DuckDBPyConnection, policy: str, weight_kg: str | None, reason: str | None
) -> None:
    listed(con, policy)
    patient(
        con,
        """
        patient_key | sex | weight_kg | height_cm
        1           | M   | 80        |
        """,
    )
    derived(con, "dosing_weight")
    assert dosing(con, "weight_kg, reason") == [{"weight_kg": weight_kg, "reason": reason}]


def test_missing_facts_are_named(con: duckdb.DuckDBPyConnection) -> None:
    listed(con, "nhse_2021_app")
    patient(
        con,
        """
        patient_key | birth_date | sex | weight_kg | height_cm
        1           | 1980-01-01 | M   |           | 170
        2           | 1980-01-01 | M   | 80        |
        3           | 1980-01-01 | U   | 80        | 170
        4           | 1980-01-01 |     | 80        | 170
        5           |            | M   | 80        | 170
        6           | 2020-01-01 | X   | 20        | 115    -- a child's formula is the same for all
        7           | 1980-01-01 | M   | 80        | 80     -- shorter than the formula reaches
        """,
    )
    derived(con, "dosing_weight")
    assert dosing(con, "course_key, weight_kg, weight_basis, reason") == rows_of("""
        course_key | weight_kg | weight_basis | reason
        1          |           |              | no_weight
        2          |           |              | no_height
        3          |           |              | no_sex
        4          |           |              | no_sex
        5          |           |              | no_age
        6          | 20        | ideal        |
        7          |           |              | no_ideal
    """)


def test_an_infant_too_short_for_an_ideal_weight_needs_none_where_size_decides(
    con: duckdb.DuckDBPyConnection,
) -> None:
    listed(con, "ontario")
    patient(
        con,
        """
        patient_key | birth_date | sex | weight_kg | height_cm
        1           | 2024-06-01 | M   | 5         | 55
        """,
    )
    derived(con, "dosing_weight")
    assert dosing(con, "weight_kg, weight_basis, reason") == rows_of("""
        weight_kg | weight_basis | reason
        5         | actual       |
    """)


def test_child_by_actual_weight_needs_no_height(con: duckdb.DuckDBPyConnection) -> None:
    listed(con, "uk_ibw")
    patient(
        con,
        """
        patient_key | birth_date | sex | weight_kg | height_cm
        1           | 2007-03-02 |     | 60        |           -- seventeen
        2           | 2007-03-01 | M   | 60        |           -- eighteen today
        """,
    )
    derived(con, "dosing_weight")
    assert dosing(con, "course_key, weight_kg, reason") == rows_of("""
        course_key | weight_kg | reason
        1          | 60        |
        2          |           | no_height
    """)


def test_triggers_hold_only_above_their_limit(con: duckdb.DuckDBPyConnection) -> None:
    instead(
        con,
        "guideline.weight_policy",
        """
        weight_policy | has_formula | adult_rule | child_rule       | ideal_formula | child_ideal_formula | adjust_factor | never_below_height_cm | size_min_height_cm | size_over_m_kg | size_over_f_kg | bmi_over | ideal_ratio_over
        size          | true        | adjusted   | as_adult_by_size | devine        | devine              | 0.4           |                       | 152.4              | 50             | 45.5           |          |
        bmi           | true        | adjusted   | actual           | devine        | devine              | 0.4           | 132                   |                    |                |                | 30       |
        ratio         | true        | adjusted   | actual           | devine        | devine              | 0.4           |                       |                    |                |                |          | 1.2
        always        | true        | adjusted   | adjusted         | devine        | devine              | 0.4           |                       |                    |                |                |          |
        """,  # noqa: E501 - a table reads better in one line per row
    )
    instead(
        con,
        "guideline.guideline_set",
        """
        set_key | weight_policy | is_weight_policy_read
        1       | size          | true
        2       | bmi           | true
        3       | ratio         | true
        4       | always        | true
        """,
    )
    patient(
        con,
        """
        patient_key | birth_date | sex | weight_kg | height_cm
        1           | 1980-01-01 | M   | 60        | 152.4    -- ideal is 50: a ratio of exactly 1.2
        2           | 1980-01-01 | M   | 60.001    | 152.4
        3           | 1980-01-01 | M   | 50        | 152.4    -- not over the size
        4           | 1980-01-01 | F   | 60        | 152.3
        5           | 1980-01-01 | M   | 120       | 200      -- a BMI of exactly 30
        6           | 1980-01-01 | M   | 120.001   | 200
        7           | 1980-01-01 | M   | 80        | 131.9    -- too short to be adjusted
        8           | 2010-01-01 | F   | 45.501    | 152.4    -- a child as tall as an adult
        """,
    )
    derived(con, "dosing_weight")
    found = con.sql(
        "PIVOT (SELECT course_key, weight_policy, weight_basis FROM derived.dosing_weight)"
        " ON weight_policy USING MIN(weight_basis) ORDER BY course_key"
    ).fetchall()
    assert [
        dict(zip(("key", "always", "bmi", "ratio", "size"), row, strict=True)) for row in found
    ] == [
        {
            "key": int(str(row["key"])),
            **{name: row[name] for name in ("always", "bmi", "ratio", "size")},
        }
        for row in rows_of("""
            key | always   | bmi      | ratio    | size
            1   | adjusted | actual   | actual   | adjusted
            2   | adjusted | actual   | adjusted | adjusted
            3   | adjusted | actual   | actual   | actual
            4   | adjusted | actual   | adjusted | actual
            5   | adjusted | actual   | adjusted | adjusted
            6   | adjusted | adjusted | adjusted | adjusted
            7   | adjusted | actual   | adjusted | actual
            8   | adjusted | actual   | actual   | adjusted
        """)
    ]


def test_stale_weight_is_bracketed(con: duckdb.DuckDBPyConnection) -> None:
    course_on(con, "2025-03-01", 1)
    course_on(con, "2025-03-01", 2)
    course_on(con, "2025-03-01", 3)
    given(
        con,
        "staged.body_measurement",
        """
        body_measurement_key | patient_key | measured_on | weight_kg
        1                    | 1           | 2025-01-01  | 81.7
        2                    | 2           | 2025-03-01  | 81.7
        """,
    )
    derived(con, "dosing_weight")
    found = shown(
        con,
        "SELECT course_key, role, weight_kg, reason FROM derived.dosing_weight ORDER BY 1, 3",
    )
    assert found == rows_of("""
        course_key | role   | weight_kg | reason
        1          | low    | 73.53     |
        1          | policy | 81.7      |
        1          | high   | 89.87     |
        2          | policy | 81.7      |
        3          | policy |           | no_weight
    """)


@pytest.mark.parametrize(
    ("policy", "is_read", "n"),
    [
        ("actual", False, 0),  # not doubted: there is nothing to choose
        ("us_adj_120", True, 0),
        ("us_adj_120", False, 3),
        ("nba_ddw_optional", False, 0),
    ],
)
def test_alternatives_are_shown_where_the_policy_was_not_read(
    con: duckdb.DuckDBPyConnection,
    policy: str,
    is_read: bool,  # noqa: FBT001 - a case of the table above
    n: int,
) -> None:
    listed(con, policy, is_read=is_read)
    patient(
        con,
        """
        patient_key | sex | weight_kg | height_cm
        1           | M   | 100       | 175
        """,
    )
    derived(con, "dosing_weight")
    assert len(dosing(con, "weight_kg", "alternative")) == n


def test_alternative_without_a_height_is_only_the_actual_one(
    con: duckdb.DuckDBPyConnection,
) -> None:
    listed(con, "us_adj_120", is_read=False)
    patient(
        con,
        """
        patient_key | sex | weight_kg | height_cm
        1           | M   | 100       |
        """,
    )
    derived(con, "dosing_weight")
    assert dosing(con, "weight_basis, weight_kg, reason", "alternative") == rows_of("""
        weight_basis | weight_kg | reason
        actual       | 100       |
        adjusted     |           | no_height
        ideal        |           | no_height
    """)


def test_policy_of_two_sets_gives_one_weight(con: duckdb.DuckDBPyConnection) -> None:
    given(con, "guideline.guideline_set", "set_key | weight_policy\n2 | actual")
    course_on(con, "2025-03-01")
    derived(con, "dosing_weight")
    assert len(dosing(con, "course_key")) == 1
