"""The regimen check agrees with the oracle, and behaves as a check must.

Every example fills the database once with the rules of several indications and many patients of
each (regimen_patients), and compares every answer.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from drawn import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from judged import SET, Row, World

sys.path.insert(0, str(Path(__file__).parent))  # the oracle stands beside its test

from oracle_regimen import CLAUSES, REASONS, Answer, answers
from regimen_patients import FLAGS, FLAVOURS, ward

from pipeline import check as stage
from pipeline import resources
from pipeline.store import create_table

TABLES = (
    "guideline.guideline_set",
    "guideline.indication",
    "guideline.rule",
    "guideline.rule_indication",
    "guideline.regimen",
    "derived.course",
    "derived.session",
    "derived.dosing_weight",
    "staged.clinical_event",
    "staged.coverage",
    "audit.record_supplied",
)
STEPS = tuple(step for step in stage.STEPS if step == "scope" or step.startswith("course_"))
SAME = (
    "interval_status",
    "interval_days",
    "is_dose_uncertain",
    "is_episode_start_seen",
    "site_id",
    "is_episode_end_seen",
    "treatment_started_on",
    "is_treatment_start_known",
)
STATUSES = {"met", "breached", "not_applicable", "not_assessable"}
UPPER = (
    "total_max_g_per_kg",
    "day_max_g_per_kg",
    "month_max_g_per_kg",
    "max_g_per_kg_28d",
    "days_max",
    "interval_max_days",
    "from_event_max_days",
    "repeat_max_days",
)
SOME = st.lists(st.sampled_from(list(FLAVOURS)), min_size=1, max_size=3)
CALM = settings(max_examples=examples(12), suppress_health_check=list(HealthCheck))
Answers = dict[tuple[int, int], Answer]


def exact(grams: Fraction | None) -> Decimal | None:
    """Return grams as the records hold them."""
    return None if grams is None else Decimal(grams.numerator) / Decimal(grams.denominator)


class Bench:
    """One database that is emptied and filled anew for every example."""

    def __init__(self) -> None:
        """Declare the tables and views of the check once."""
        self.world = World()
        self.world.fill()
        stage._declare(self.world.con, ["regimen"])

    def answers(self, made: Row) -> Answers:
        """Return what the check says, by rule and course."""
        self._note(made)
        self._fill()
        for step in STEPS:
            self.world.con.execute(f"DROP TABLE audit.{step}")
            query = resources.sql(f"checks/shared/{step}.sql")
            create_table(self.world.con, f"audit.{step}", query)
        stage._gather(self.world.con)
        found = self.world.fetch(resources.sql("checks/regimen.sql"))
        said = {(row["rule_key"], row["subject_key"]): as_answer(row) for row in found}
        assert len(said) == len(found), "a rule answers a course once"
        return said

    def _note(self, made: Row) -> None:
        """Note all tables of a ward."""
        world = self.world
        for key in (1, 2):
            own = {"set_key": key, "set_id": f"s{key}", "is_weight_policy_read": made["is_read"]}
            world.add("guideline.guideline_set", **SET | own)
        for scene in made["scenes"]:
            gap = {"course_gap_days": scene["course_gap_days"]}
            world.add("guideline.indication", indication_code=scene["indication"], **gap)
            self._note_rules(scene)
            for one in scene["courses"]:
                self._note_course(one)
        for site, spans in made["coverage"].items():
            for from_on, to_on in spans:
                span = {"site_id": site, "from_on": from_on, "to_on": to_on}
                world.add("staged.coverage", record="clinical_event", **span)
        if made["has_event_table"]:
            world.add("audit.record_supplied", record="clinical_event")

    def _note_rules(self, scene: Row) -> None:
        """Note the rules of an indication."""
        named = (
            *("set_key", "effective_severity"),
            *("condition", "on_condition_unknown", "on_early", "on_late"),
        )
        for one in scene["rules"]:
            facts = {name: one[name] for name in named}
            self.world.rule(one["rule_key"], "regimen", scene["indication"], **facts)
            for way in one["ways"]:
                self.world.add("guideline.regimen", label="a way", **way)

    def _note_course(self, one: Row) -> None:
        """Note a course, its days, weights and events."""
        world, key, days = self.world, one["course_key"], one["days"]
        grams = [exact(day.grams) for day in days]
        known = [day for day in grams if day is not None]
        first = (*one["before"], one)[0]
        world.add(
            "derived.course",
            **{name: one[name] for name in (*SAME, *FLAGS)},
            course_key=key,
            patient_key=first["course_key"],
            episode_key=first["course_key"],
            indication_code=one["indication"],
            started_on=days[0].given_on,
            last_on=days[-1].given_on,
            n_days=len(days),
            dose_g=sum(known) if len(known) == len(days) else None,
            known_dose_g=sum((exact(day.known) or 0 for day in days), Decimal(0)),
            max_day_g=max(known) if len(known) == len(days) else None,
            min_day_g=min(known) if len(known) == len(days) else None,
            grams_28d=exact(one["grams_28d"]),
            vial_step_g=exact(one["step"]),
            phase="single",
            is_in_period=True,
        )
        for day in days:
            facts = {"started_on": day.given_on, "dose_g": exact(day.grams)}
            world.add("derived.session", course_key=key, known_dose_g=exact(day.known), **facts)
        beside = {
            "is_disputable": any(weight.get("is_apart") for weight in one["written"]),
            "is_bracketed": "low" in one["weights"],
        }
        for weight in one["written"]:
            facts = {"is_apart": False, "weight_policy": "actual"} | beside
            weighed = {"weight_basis": weight["basis"]} if "basis" in weight else {}
            rest = {name: weight[name] for name in weight if name != "basis"}
            world.add("derived.dosing_weight", course_key=key, **facts | weighed | rest)
        if not one["before"]:
            for code, on in one["events"]:
                event = {"event_code": code, "occurred_on": on}
                world.add("staged.clinical_event", patient_key=key, **event)

    def _fill(self) -> None:
        """Write the tables the check reads, a statement for every shape of row."""
        for table in TABLES:
            self.world.con.execute(f"DELETE FROM {table}")
            shapes: dict[tuple[str, ...], list[Row]] = {}
            for row in self.world.rows.get(table, []):
                shapes.setdefault(tuple(row), []).append(row)
            for names, rows in shapes.items():
                marks = ", ".join([f"({', '.join('?' * len(names))})"] * len(rows))
                values = [value for row in rows for value in row.values()]
                self.world.con.execute(
                    f"INSERT INTO {table} ({', '.join(names)}) VALUES {marks}", values
                )
        self.world.rows.clear()


def as_answer(row: Row) -> Answer:
    """Return the parts of an answer that the oracle has too."""
    return Answer(*(row[name] for name in Answer._fields))


def expected(made: Row) -> Answers:
    """Return what the oracle says of every course of a ward."""
    return {
        (rule_key, one["course_key"]): said
        for scene in made["scenes"]
        for one in scene["courses"]
        for rule_key, said in answers(one, scene["rules"]).items()
    }


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """Return the database all examples share."""
    made = Bench()
    yield made
    made.world.con.close()


def by_chance(seed: int, n_patients: int) -> Row:
    """Return a ward of every flavour of rule."""
    return ward(random.Random(seed), list(FLAVOURS), n_patients)  # noqa: S311 - a sample


@pytest.mark.parametrize("seed", range(10))
def test_the_check_agrees_with_the_oracle_near_every_limit(bench: Bench, seed: int) -> None:
    made = by_chance(seed, n_patients=20)
    said = expected(made)
    assert bench.answers(made) == said
    assert {one.status for one in said.values()} == STATUSES


def test_the_samples_reach_every_clause_and_every_reason() -> None:
    said = [one for seed in range(4) for one in expected(by_chance(seed, 20)).values()]
    assert {one.clause for one in said} == {*CLAUSES.values(), "condition", "days", None}
    never = {
        "no_sex",
        "no_age",
        "no_ideal",
        "subcutaneous_between",
    }  # as no_height, unknown_between
    assert {one.reason for one in said} == {*REASONS, "other_rule_met", None} - never


@CALM
@given(rng=st.randoms(use_true_random=False), flavours=SOME)
def test_the_check_agrees_with_the_oracle(
    bench: Bench, rng: random.Random, flavours: list[str]
) -> None:
    made = ward(rng, flavours, n_patients=3)
    assert bench.answers(made) == expected(made)


def widened(made: Row, raised: int) -> Row:
    """Return a ward of one rule for each indication, without caps, and the same one widened.

    A cap is no mere upper limit: it lowers the floor.
    """
    for scene in made["scenes"]:
        scene["rules"] = scene["rules"][:1]
        for way in scene["rules"][0]["ways"]:
            way |= {"day_cap_g": None, "course_cap_g": None}
    scenes = []
    for scene in made["scenes"]:
        (one,) = scene["rules"]
        ways = [
            way | {name: way[name] + raised for name in UPPER if way[name] is not None}
            for way in one["ways"]
        ]
        scenes.append(scene | {"rules": [one | {"ways": ways}]})
    return made | {"scenes": scenes}


@pytest.mark.parametrize(("seed", "raised"), [(101, 1), (102, 2), (103, 5), (104, 30)])
def test_a_wider_limit_never_adds_a_breach(bench: Bench, seed: int, raised: int) -> None:
    made = by_chance(seed, n_patients=20)
    wider = widened(made, raised)
    before, after = bench.answers(made), bench.answers(wider)
    added = {key for key, one in after.items() if one.status == "breached"}
    assert added <= {key for key, one in before.items() if one.status == "breached"}
    assert before != after


@pytest.mark.parametrize("seed", [201, 202, 203])
def test_neither_row_order_nor_other_courses_change_an_answer(bench: Bench, seed: int) -> None:
    made = by_chance(seed, n_patients=10)
    together = bench.answers(made)
    turned = made | {
        "scenes": [
            scene | {"rules": scene["rules"][::-1], "courses": scene["courses"][::-1]}
            for scene in made["scenes"][::-1]
        ]
    }
    assert bench.answers(turned) == together
    fewer = made | {
        "scenes": [
            scene | {"courses": [one for one in scene["courses"] if patient(one) % 3 == 0]}
            for scene in made["scenes"]
        ]
    }
    alone = bench.answers(fewer)
    assert alone == {key: together[key] for key in alone}
    assert 0 < len(alone) < len(together)


def patient(one: Row) -> int:
    """Return the key of the patient: that of the first course."""
    return int((*one["before"], one)[0]["course_key"])
