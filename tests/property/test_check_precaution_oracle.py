"""The precaution check agrees with the oracle on made-up patients, and behaves as a check must."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from drawn import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from judged import POLICY, START, Row
from risky import KINDS, MADE, PRODUCTS, SIGNS, pour, risky

sys.path.insert(0, str(Path(__file__).parent))  # the oracle stands beside its test

from oracle_precaution import judge

from pipeline import check as stage
from pipeline.resources import sql

OURS = POLICY | {"passing_risk_days": 14}
RISKS = sorted({sign["risk_factor"] for sign in SIGNS} - {"obese"})
FILLED = (
    "guideline.rule",
    "guideline.rule_indication",
    "guideline.precaution",
    "guideline.precaution_risk",
    "derived.course",
    "derived.infusion",
    "staged.patient",
    "staged.diagnosis",
    "staged.medication",
    "staged.clinical_event",
    "staged.coverage",
    *(f"derived.{table}" for table in MADE),
)
CODES: dict[str, list[tuple[str | None, str]]] = {
    "diagnosis": [("ICD10CM", "N18.3"), ("ICD10CM", "a41.9"), ("ICD10CM", "E11.9"),
                  ("ICD10CM", "D80.2"), ("ICD10CM", "J45"), ("ICD9CM", "585.9"),
                  ("ICD9CM", "493"), ("SNOMED", "N18")],
    "medication": [("ATC", "J01GB03"), ("ATC", "A10BA02"), ("ATC", "J01CA01"),
                   ("NAME", "J01G")],
    "clinical_event": [(None, "hypersensitivity"), (None, "surgery")],
}  # fmt: skip
# Days from a record to the course: around every limit, and far from all of them.
NEAR = (-400, -90, -32, -31, -30, -15, -14, -4, -3, -2, -1, 0, 1, 2, 29, 30, 31, 32, 90)


class Bench:
    """One database that is emptied and filled anew for every example."""

    def __init__(self) -> None:
        """Declare the tables and views of the check once; every course is asked about."""
        self.world = risky()
        self.world.rows["guideline.policy"][0]["passing_risk_days"] = OURS["passing_risk_days"]
        self.world.fill()
        stage._declare(self.world.con, ["precaution"])
        self.world.con.execute(
            "CREATE OR REPLACE VIEW audit.applicable AS SELECT 'precaution' AS kind, 1 AS set_key,"
            " 1 AS rule_key, course_key, patient_key, NULL AS reason FROM derived.course"
        )

    def answers(self, rule: Row, courses: list[Row], records: Row) -> dict[int, Row]:
        """Return what the check says of each course, by its key."""
        world, con = self.world, self.world.con
        for table in FILLED:
            con.execute(f"DELETE FROM {table}")
        world.add("guideline.precaution", rule_key=1, product_contains=rule["contains"])
        for risks, is_alternative in ((rule["all_of"], False), (rule["any_of"], True)):
            for risk in risks:
                world.add(
                    "guideline.precaution_risk",
                    rule_key=1,
                    risk_factor=risk,
                    is_alternative=is_alternative,
                )
        for course in courses:
            self._course(course)
        for key, flags in records["patient"].items():
            world.add("staged.patient", patient_key=key, patient_id=f"p{key}", **flags)
        for kind in KINDS:
            for number, row in enumerate(records[kind], start=1):
                world.add(f"staged.{kind}", **{f"{kind}_key": number}, **row)
            for from_on, to_on in records["coverage"][kind]:
                world.add("staged.coverage", record=kind, from_on=from_on, to_on=to_on)
        pour(world)
        for table in MADE:
            con.execute(f"INSERT INTO derived.{table} {sql(f'derive/{table}.sql')}")
        found = world.fetch(sql("checks/precaution.sql"))
        assert len({row["subject_key"] for row in found}) == len(found)
        return {row["subject_key"]: row for row in found}

    def _course(self, course: Row) -> None:
        facts = {name: course[name] for name in ("course_key", "patient_key", "age_years")}
        self.world.add("derived.course", **facts, started_on=course["started_on"])
        for number, product in enumerate(course["product_ids"]):
            self.world.add(
                "derived.infusion",
                infusion_key=course["course_key"] * 10 + number,
                course_key=course["course_key"],
                product_id=product,
            )


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """Return the database all examples share."""
    made = Bench()
    yield made
    made.world.con.close()


def made_rule(rng: random.Random) -> Row:
    chosen = rng.sample(RISKS, rng.randint(1, 3))
    cut = rng.randint(0, len(chosen))
    return {
        "contains": rng.choice([None, "sucrose", "glucose"]),
        "all_of": chosen[:cut],
        "any_of": chosen[cut:],
    }


def made_records(rng: random.Random, courses: list[Row]) -> Row:
    """Return records of every kind, most of them near the courses they might matter to."""
    records: Row = {
        "patient": {
            course["patient_key"]: {
                flag: rng.choice([True, True, False, None])
                for flag in ("is_iga_deficient", "has_anti_iga")
            }
            for course in courses
        },
        "coverage": {kind: [made_coverage(rng)] for kind in KINDS},
    }
    for kind in KINDS:
        records[kind] = [
            made_record(rng, kind, course)
            for course in courses
            for _ in range(rng.choice([0, 1, 1, 2]))
        ]
    return records


def made_coverage(rng: random.Random) -> tuple[date, date]:
    start = START - timedelta(days=rng.choice([1000, 1000, 1000, 3, 0]))
    return start, START + timedelta(days=rng.choice([1000, 1000, 1000, 5]))


def made_record(rng: random.Random, kind: str, course: Row) -> Row:
    system, code = rng.choice(CODES[kind])
    on = course["started_on"] + timedelta(days=rng.choice(NEAR))
    row: Row = {"patient_key": course["patient_key"]}
    if kind == "clinical_event":
        return row | {"event_code": code, "occurred_on": on}
    row |= {"code_system": system, "code": code}
    if kind == "diagnosis":
        return row | {"recorded_on": rng.choice([on, on, on, None])}
    length = rng.choice([None, 0, 2, 40])
    return row | {
        "started_on": on,
        "ended_on": None if length is None else on + timedelta(days=length),
    }


def made_courses(rng: random.Random, n: int) -> list[Row]:
    courses = []
    for key in range(1, n + 1):
        products = rng.sample(sorted(PRODUCTS), rng.choice([1, 1, 1, 2]))
        courses.append(
            {
                "course_key": key,
                "patient_key": key,
                "age_years": rng.choice([None, 0, 1, 2, 40, 64, 65, 66]),
                "started_on": START + timedelta(days=rng.choice([0, 0, 0, 1, 4, 5, 6])),
                "product_ids": products,
                "products": [PRODUCTS[product] for product in products],
            }
        )
    return courses


def said(row: Row | None) -> str | None:
    """Return an answer in the oracle's words."""
    if row is None:
        return None
    return str(row["severity"] if row["status"] == "breached" else row["status"])


def world_of(seed: int) -> tuple[Row, list[Row], Row]:
    rng = random.Random(seed)  # noqa: S311 - a sample, not a secret
    rule, courses = made_rule(rng), made_courses(rng, 120)
    return rule, courses, made_records(rng, courses)


SEEN: set[Any] = set()
CALM = settings(
    max_examples=examples(15),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@CALM
@given(seed=st.integers(0, 2**40))
def test_the_check_agrees_with_the_oracle_on_any_patients(bench: Bench, seed: int) -> None:
    agree(bench, seed)


@pytest.mark.parametrize("seed", range(15))
def test_the_check_agrees_with_the_oracle(bench: Bench, seed: int) -> None:
    SEEN.update(agree(bench, seed).values())


def agree(bench: Bench, seed: int) -> dict[int, str | None]:
    """Hold the check against the oracle; return what both say."""
    rule, courses, records = world_of(seed)
    found = bench.answers(rule, courses, records)
    expected = {
        course["course_key"]: judge(rule, course, SIGNS, records, OURS) for course in courses
    }
    assert {key: said(found.get(key)) for key in expected} == expected
    return expected


def test_the_examples_reach_every_answer() -> None:
    assert {None, "met", "review", "advisory", "not_assessable"} == SEEN


@pytest.mark.parametrize("seed", range(3))
def test_neither_row_order_nor_other_patients_change_an_answer(bench: Bench, seed: int) -> None:
    rule, courses, records = world_of(seed)
    together = bench.answers(rule, courses, records)
    turned = records | {kind: records[kind][::-1] for kind in KINDS}
    assert {key: said(row) for key, row in bench.answers(rule, courses[::-1], turned).items()} == {
        key: said(row) for key, row in together.items()
    }
    few = courses[:30]
    alone = bench.answers(rule, few, records)
    assert {key: said(row) for key, row in alone.items()} == {
        key: said(row) for key, row in together.items() if key <= len(few)
    }
