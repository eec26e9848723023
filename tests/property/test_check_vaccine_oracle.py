"""The vaccine check agrees with the oracle on made-up patients, and behaves as a check must."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from drawn import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from judged import Row
from risky import pour
from vaccinated import TESTS, US, VACCINES, WIDE, bands, vaccinated

sys.path.insert(0, str(Path(__file__).parent))  # the oracle stands beside its test

from oracle_vaccine import Said, earlier, judge, later

from pipeline import check as stage
from pipeline.resources import sql

FIRST = date(2023, 3, 31)
CODES = ("03", "3", "94", "21", "05", "07", "116", "141", "MMR")
FILLED = (
    "guideline.vaccine_interval",
    "guideline.vaccine_component",
    "guideline.vaccine_asked",
    "guideline.vaccine_deferral",
    "derived.course",
    "derived.course_weight",
    "derived.infusion",
    "staged.vaccination",
    "staged.clinical_event",
    "staged.lab_result",
    "staged.coverage",
)
NAMES = ("vaccine_code", "contains", "is_live", "is_exempt")
TABLES = (
    {"table": US, "from_g_per_kg": None, "days_before": 14, "test_after_months": None},
    {"table": [*US, {"up_to": "0.4", "months": 9, "use": "sid"}], "from_g_per_kg": None,
     "days_before": 21, "test_after_months": 6},
    {"table": [{"up_to": None, "months": 11}], "from_g_per_kg": Decimal(2), "days_before": None,
     "test_after_months": None},
)  # fmt: skip


class Bench:
    """One database that is emptied and filled anew for every example."""

    def __init__(self) -> None:
        """Declare the tables and views of the check once."""
        self.world = vaccinated()
        pour(self.world)
        stage._declare(self.world.con, ["vaccine_interval"])

    def answers(self, rule: Row, made: Row) -> dict[int, Row]:
        """Return what the check says of each vaccination, by its key."""
        world, con = self.world, self.world.con
        for table in FILLED:
            con.execute(f"DELETE FROM {table}")
        world.add(
            "guideline.vaccine_interval",
            rule_key=1,
            from_g_per_kg=rule["from_g_per_kg"],
            days_before_immunoglobulin=rule["days_before"],
            test_after_months=rule["test_after_months"],
        )
        for component in rule["components"]:
            world.add("guideline.vaccine_component", rule_key=1, component=component)
        for code in rule["asked"]:
            world.add("guideline.vaccine_asked", rule_key=1, indication_code=code)
        for row in bands(rule["table"]):
            world.add("guideline.vaccine_deferral", rule_key=1, **row)
        for course in made["courses"]:
            self._course(course)
        self._surround(made)
        pour(world)
        found = world.fetch(sql("checks/vaccine_interval.sql"))
        assert len({row["subject_key"] for row in found}) == len(found)
        return {row["subject_key"]: row for row in found}

    def _surround(self, made: Row) -> None:
        """Note everything around the courses."""
        world = self.world
        for patient, days in made["unread_on"].items():
            for on in days:
                world.add(
                    "derived.infusion",
                    patient_key=patient,
                    started_on=on,
                    exclusion="product_unknown",
                )
        for key, shot in enumerate(made["shots"], start=1):
            world.add("staged.vaccination", vaccination_key=key, **shot)
        for key, event in enumerate(made["events"], start=1):
            world.add("staged.clinical_event", clinical_event_key=key, **event)
        for lab in made["labs"]:
            world.add("staged.lab_result", **lab)
        for record, spans in made["coverage"].items():
            for low, high in spans:
                world.add("staged.coverage", record=record, from_on=low, to_on=high)

    def _course(self, course: Row) -> None:
        facts = {name: value for name, value in course.items() if name not in ("kg", "is_stale")}
        self.world.add("derived.course", **facts)
        self.world.add(
            "derived.course_weight",
            course_key=course["course_key"],
            actual_kg=course["kg"],
            is_stale=course["is_stale"],
        )


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """Return the database all examples share."""
    made = Bench()
    yield made
    made.world.con.close()


def made_course(rng: random.Random, key: int, patient: int) -> Row:
    kg = rng.choice([Decimal("12.5"), Decimal(50), Decimal("71.3")])
    per_kg = Decimal(rng.choice(["0.3", "0.4", "0.401", "0.82", "1", "1.95", "2", "2.4"]))
    dose = (kg * per_kg).quantize(Decimal("0.001"))
    is_known = rng.random() > 0.1
    started_on = FIRST + timedelta(days=rng.randint(0, 400))
    return {
        "course_key": key,
        "patient_key": patient,
        "started_on": started_on,
        "last_on": started_on + timedelta(days=rng.choice([0, 0, 0, 4])),
        "indication_code": rng.choice(["mg", "mg", "sid", "pid", None]),
        "dose_g": dose if is_known else None,
        "known_dose_g": dose if is_known else rng.choice([dose / 2, None]),
        "is_dose_uncertain": not is_known and rng.random() < 0.5,
        "is_open": rng.random() < 0.05,
        "is_start_truncated": rng.random() < 0.05,
        "has_unresolved_bag": rng.random() < 0.05,
        "kg": kg if rng.random() > 0.1 else None,
        "is_stale": rng.random() < 0.2,
    }


def made_shots(rng: random.Random, course: Row) -> list[Row]:
    """Return vaccinations around the days on which some rule changes its mind."""
    shots = []
    for _ in range(rng.choice([1, 1, 2])):
        edge = rng.choice([
            *(later(course["last_on"], months) for months in (0, 8, 9, 10, 11)),
            *(course["started_on"] - timedelta(days=days) for days in (13, 14, 20, 21)),
        ])  # fmt: skip
        shots.append(
            {
                "patient_key": course["patient_key"],
                "vaccine_code": rng.choice(
                    ["03", "3", "94", "21", "05", "07", "116", "141", "MMR"]
                ),
                "given_on": edge + timedelta(days=rng.choice([-1, 0, 0, 1])),
            }
        )
    return shots


def made_world(rng: random.Random, n: int) -> Row:
    courses = [made_course(rng, key, (key + 1) // 2) for key in range(1, 2 * n + 1)
               if key % 2 or rng.random() < 0.5]  # fmt: skip
    shots = [shot for course in courses for shot in made_shots(rng, course)]
    codes = [*dict(TESTS).values(), "HB"]
    return {
        "vaccines": [dict(zip(NAMES, vaccine, strict=True)) for vaccine in VACCINES],
        "tests": dict(TESTS),
        "courses": courses,
        "shots": shots,
        "events": [
            {
                "patient_key": shot["patient_key"],
                "event_code": rng.choice(["measles_exposure", "varicella_exposure", "surgery"]),
                "occurred_on": shot["given_on"] - timedelta(days=rng.choice([-1, 0, 5, 6])),
            }
            for shot in shots
            if rng.random() < 0.15
        ],
        "labs": [
            {
                "patient_key": course["patient_key"],
                "test_code": rng.choice(codes),
                "collected_on": later(course["last_on"], rng.choice([0, 6, 8, 11]))
                + timedelta(days=rng.choice([-1, 0, 1])),
            }
            for course in courses
            if rng.random() < 0.7
        ],
        "unread_on": {
            course["patient_key"]: [earlier(course["started_on"], rng.choice([1, 11]))]
            for course in courses
            if rng.random() < 0.05
        },
        "coverage": {
            record: [
                (
                    rng.choice([WIDE["from_on"], WIDE["from_on"], date(2023, 1, 1)]),
                    rng.choice([WIDE["to_on"], WIDE["to_on"], date(2024, 6, 1)]),
                )
            ]
            for record in ("infusion", "vaccination", "lab_result")
        },
    }


def made_rule(rng: random.Random) -> Row:
    components = rng.choice([["measles", "varicella"], ["measles", "mumps", "varicella"]])
    return rng.choice(TABLES) | {"components": components, "asked": rng.choice([["pid"], []])}


def said(row: Row | None) -> Said | None:
    """Return an answer in the oracle's words."""
    if row is None:
        return None
    is_breached = row["status"] == "breached"
    return row["status"], row["clause"] if is_breached else row["reason"], row["course_key"]


def world_of(seed: int) -> tuple[Row, Row]:
    rng = random.Random(seed)  # noqa: S311 - a sample, not a secret
    return made_rule(rng), made_world(rng, 80)


SEEN: set[Any] = set()
CALM = settings(
    max_examples=examples(8),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@CALM
@given(seed=st.integers(0, 2**40))
def test_the_check_agrees_with_the_oracle_on_any_patients(bench: Bench, seed: int) -> None:
    agree(bench, seed)


@pytest.mark.parametrize("seed", range(14))
def test_the_check_agrees_with_the_oracle(bench: Bench, seed: int) -> None:
    SEEN.update((one or ("none", None, 0))[:2] for one in agree(bench, seed).values())


def agree(bench: Bench, seed: int) -> dict[int, Said | None]:
    """Hold the check against the oracle; return what both say."""
    rule, made = world_of(seed)
    found = bench.answers(rule, made)
    expected = {key: judge(rule, shot, made) for key, shot in enumerate(made["shots"], start=1)}
    assert {key: said(found.get(key)) for key in expected} == expected
    return expected


def test_the_examples_reach_every_answer() -> None:
    assert {
        ("none", None),
        ("met", None),
        ("breached", "deferral"),
        ("breached", "exposure"),
        ("breached", "antibody_deficiency"),
        ("breached", "immunoglobulin_after"),
        ("not_applicable", "vaccine_exempt"),
        ("not_applicable", "not_high_dose"),
        ("not_assessable", "no_weight"),
        ("not_assessable", "codes_not_readable"),
        ("not_assessable", "bag_unresolved"),
        ("not_assessable", "history_truncated"),
        ("not_assessable", "outside_coverage"),
    } <= SEEN


@pytest.mark.parametrize("seed", range(3))
def test_neither_row_order_nor_other_patients_change_an_answer(bench: Bench, seed: int) -> None:
    rule, made = world_of(seed)
    together = bench.answers(rule, made)
    n = len(made["shots"])
    turned = made | {name: made[name][::-1] for name in ("courses", "shots", "labs")}
    backwards = bench.answers(rule, turned)
    assert {n + 1 - key: said(row) for key, row in backwards.items()} == {
        key: said(row) for key, row in together.items()
    }
    few = {shot["patient_key"] for shot in made["shots"][:20]}
    alone = bench.answers(
        rule,
        made | {"courses": [c for c in made["courses"] if c["patient_key"] in few]},
    )
    for key, row in together.items():
        if row["patient_key"] in few:
            assert said(alone[key]) == said(row)


@pytest.mark.parametrize("seed", range(3))
def test_a_shorter_delay_never_adds_a_breach(bench: Bench, seed: int) -> None:
    rule, made = world_of(seed)
    before = bench.answers(rule, made)
    shorter = [row | {"months": row["months"] - 1} for row in rule["table"]]
    for key, row in bench.answers(rule | {"table": shorter}, made).items():
        if row["clause"] == "deferral" and row["status"] == "breached":
            assert before[key]["status"] == "breached"
