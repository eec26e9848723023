"""A dull reading of the weight policies agrees with the SQL for any patient."""

from __future__ import annotations

import csv
import math
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any

import duckdb
from drawn import examples
from empty_store import common_store, derived, insert
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.resources import folder

Row = dict[str, Any]
STARTED_ON = date(2025, 3, 1)
GRAM = Decimal("0.001")


def listed(name: str) -> list[Row]:
    """Read a code list of the guidelines, an empty cell as None."""
    path = folder("guidelines") / "codelists" / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        return [{key: cell or None for key, cell in row.items()} for row in csv.DictReader(lines)]


POLICIES = listed("weight_policy")
FORMULAS = {(row["ideal_formula"], row["sex"]): row for row in listed("ideal_weight")}


@cache
def store() -> duckdb.DuckDBPyConnection:
    """Open one store with every policy of the code list in use."""
    con = common_store()
    for name, rows in (("weight_policy", POLICIES), ("ideal_weight", listed("ideal_weight"))):
        con.execute(f"DELETE FROM guideline.{name}")
        known = {row[0] for row in con.sql(f"DESCRIBE guideline.{name}").fetchall()}
        insert(
            con,
            f"guideline.{name}",
            [{key: cell for key, cell in row.items() if key in known} for row in rows],
        )
    con.execute("DELETE FROM guideline.guideline_set")
    insert(
        con,
        "guideline.guideline_set",
        [
            {"weight_policy": row["weight_policy"], "is_weight_policy_read": "true"}
            for row in POLICIES
        ],
    )
    return con


@st.composite
def drawn_patient(draw: st.DrawFn) -> Row:
    """Draw a patient with or without each fact the policies ask for."""
    return {
        "born_on": draw(st.none() | st.dates(date(1935, 1, 1), date(2024, 1, 1))),
        "sex": draw(st.sampled_from(("M", "F", "U", None))),
        "weight_kg": draw(st.none() | st.decimals(3, 200, places=1)),
        "height_cm": draw(st.none() | st.decimals(45, 210, places=1)),
        "age_days": draw(st.integers(0, 60)),
    }


def rounded(value: float | Decimal) -> Decimal:
    """Round to the gram as the database does."""
    return Decimal(repr(value) if isinstance(value, float) else value).quantize(
        GRAM, rounding=ROUND_HALF_UP
    )


def dull_ideal(formula: str, patient: Row) -> Decimal | None:
    """Return the ideal weight of one formula, None without a sex or at zero or less."""
    same = {k: v for k, v in FORMULAS[formula, "M"].items() if k != "sex"} == {
        k: v for k, v in FORMULAS[formula, "F"].items() if k != "sex"
    }
    row = FORMULAS[formula, "M"] if same else FORMULAS.get((formula, patient["sex"]))
    if row is None:
        return None
    height = float(patient["height_cm"])
    if row["shape"] == "exponential":
        found = float(row["base_kg"]) * math.exp(float(row["exponent_per_cm"]) * height)
    else:
        steps = (height - float(row["origin_height_cm"])) / float(row["unit_cm"])
        found = float(row["base_kg"]) + float(row["slope_kg"]) * steps
    return rounded(found) if found > 0 else None


def is_adjusted(policy: Row, rule: str, patient: Row, ideal: Decimal) -> bool:
    """Say whether one of the policy's triggers holds, or it has none."""
    actual, height = patient["weight_kg"], patient["height_cm"]
    triggers = []
    if policy["size_min_height_cm"]:
        over = policy["size_over_m_kg"] if patient["sex"] == "M" else policy["size_over_f_kg"]
        triggers.append(height >= Decimal(policy["size_min_height_cm"]) and actual > Decimal(over))
    if rule == "as_adult_by_size":
        return any(triggers)
    if policy["bmi_over"]:
        triggers.append(actual * 10000 > Decimal(policy["bmi_over"]) * height * height)
    if policy["ideal_ratio_over"]:
        triggers.append(actual > Decimal(policy["ideal_ratio_over"]) * ideal)
    return any(triggers) or not triggers


def dull_weight(  # noqa: C901, PLR0911, PLR0912 - an oracle reads like the page it checks
    policy: Row, patient: Row
) -> tuple[Decimal | None, str | None]:
    """Return the dosing weight under one policy, or why there is none."""
    if policy["has_formula"] != "true":
        return None, "policy_not_set"
    born = patient["born_on"]
    rule, formula = policy["adult_rule"], policy["ideal_formula"]
    child = (policy["child_rule"], policy["child_ideal_formula"])
    if born is None:
        if rule != child[0] or (rule != "actual" and formula != child[1]):
            return None, "no_age"
    elif (born.year + 18, born.month, born.day) > (
        STARTED_ON.year,
        STARTED_ON.month,
        STARTED_ON.day,
    ):
        rule, formula = child
    actual, height = patient["weight_kg"], patient["height_cm"]
    if actual is None:
        return None, "no_weight"
    if rule == "actual":
        return actual, None
    if height is None:
        return None, "no_height"
    needs_sex = formula != "traub" or policy["size_min_height_cm"]
    if needs_sex and patient["sex"] not in {"M", "F"}:
        return None, "no_sex"
    if policy["never_below_height_cm"] and height < Decimal(policy["never_below_height_cm"]):
        return actual, None
    ideal = dull_ideal(formula, patient)
    if ideal is None:
        asks_for_it = rule == "ideal" or policy["ideal_ratio_over"]
        if asks_for_it or is_adjusted(policy, rule, patient, Decimal(0)):
            return None, "no_ideal"
        return actual, None
    if rule == "ideal":
        return min(actual, ideal), None
    if not is_adjusted(policy, rule, patient, ideal):
        return actual, None
    adjusted = ideal + Decimal(policy["adjust_factor"]) * (actual - ideal)
    return min(actual, rounded(adjusted)), None


def derive_from(patients: list[Row]) -> duckdb.DuckDBPyConnection:
    """Stage one bag and one measurement of each patient, and run the stage anew."""
    con = store()
    for table in ("patient", "body_measurement", "infusion"):
        con.execute(f"DELETE FROM staged.{table}")
    con.execute("DROP SCHEMA derived CASCADE")
    con.execute("CREATE SCHEMA derived")
    for key, patient in enumerate(patients):
        con.execute(
            "INSERT INTO staged.patient (patient_key, birth_date, sex) VALUES (?, ?, ?)",
            [key, patient["born_on"], patient["sex"]],
        )
        con.execute(
            "INSERT INTO staged.body_measurement (body_measurement_key, patient_key, measured_on,"
            " weight_kg, height_cm) VALUES (?, ?, ?, ?, ?)",
            [
                key,
                key,
                STARTED_ON - timedelta(days=patient["age_days"]),
                patient["weight_kg"],
                patient["height_cm"],
            ],
        )
        con.execute(
            "INSERT INTO staged.infusion (infusion_key, patient_key, started_on, product_code)"
            " VALUES (?, ?, ?, 'VENA')",
            [key, key, STARTED_ON],
        )
    derived(con, "course_weight", "dosing_weight")
    return con


PATIENTS = st.lists(drawn_patient(), min_size=1, max_size=40)
SLOWLY = settings(max_examples=examples(20), suppress_health_check=list(HealthCheck))


@SLOWLY
@given(PATIENTS)
def test_dosing_weight_is_that_of_the_dull_reading(patients: list[Row]) -> None:
    found = derive_from(patients).sql(
        "SELECT course_key, weight_policy, weight_kg, reason FROM derived.dosing_weight"
        " WHERE role = 'policy'"
    )
    assert {(key, policy): answer for key, policy, *answer in found.fetchall()} == {
        (key, policy["weight_policy"]): list(dull_weight(policy, patient))
        for key, patient in enumerate(patients)
        for policy in POLICIES
    }


@SLOWLY
@given(PATIENTS)
def test_no_dosing_weight_is_above_the_actual_one(patients: list[Row]) -> None:
    found = derive_from(patients).sql(
        """
        SELECT COUNT(*)
        FROM derived.dosing_weight INNER JOIN derived.course_weight USING (course_key)
        WHERE role != 'high' AND weight_kg > actual_kg
        """
    )
    assert found.fetchall() == [(0,)]


@SLOWLY
@given(PATIENTS)
def test_every_course_has_one_answer_per_policy_and_a_reason_without_one(
    patients: list[Row],
) -> None:
    con = derive_from(patients)
    rows = con.sql(
        """
        SELECT COUNT(*), COUNT(DISTINCT (course_key, weight_policy)),
            COUNT(*) FILTER (WHERE (weight_kg IS NULL) != (reason IS NOT NULL))
        FROM derived.dosing_weight
        WHERE role = 'policy'
        """
    ).fetchall()
    n = len(patients) * len(POLICIES)
    assert rows == [(n, n, 0)]
