"""The check of rates agrees with the oracle, and behaves as a check must."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from drawn import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from judged import START, World
from rated import RISKS, rated_world, session, steps

sys.path.insert(0, str(Path(__file__).parent))  # the oracle stands beside its test

from oracle_infusion_rate import Row, Said, judge_maximum, judge_start

from pipeline import check as stage
from pipeline import resources

STRENGTH = 100
POLICY: Row = {
    "strength": Fraction(STRENGTH),
    "pump": Fraction(1),
    "tolerance": Fraction(1, 10),
    "implausible": Fraction(5),
    "sensitivity": Fraction(1, 10),
    "mismatch": Fraction(1, 5),
    "old": 65,
    "early": 5,
}
TABLES = (
    "guideline.rate_limit",
    "staged.infusion",
    "staged.rate_step",
    "derived.infusion",
    "derived.session",
    "derived.course",
    "derived.course_weight",
    "derived.dosing_weight",
    "derived.patient_risk",
)
CALM = settings(
    max_examples=examples(8),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
USES = ("itp", "pid", "gbs", None)
EARLIER = 500
"""Sessions from this key on only went before another."""


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy that often knows nothing."""
    return st.none() | strategy


def limit(indication: str, tier: str, rng: random.Random) -> Row:
    """Return one limit of the label, in any unit and with either comparator."""
    unit = rng.choice(["mg/kg/min", "ml/kg/h", "ml/kg/min"])
    per_minute = rng.choice(["2", "4", "5", "8", "3.3"])
    scale = Decimal({"mg/kg/min": "1", "ml/kg/h": "0.6", "ml/kg/min": "0.01"}[unit])
    return {
        "indication": indication,
        "tier": tier,
        "value": (Decimal(per_minute) * scale).quantize(Decimal("0.001")),
        "unit": unit,
        "comparator": rng.choice(["<", "<="]),
        "age": rng.choice([None, 18]) if tier == "tolerated" else None,
    }


def label(rng: random.Random) -> list[Row]:
    """Return the limits of one label: for any use, or for some, and perhaps more."""
    uses = rng.choice([["any"], ["itp"], ["itp", "pid"], ["any", "pid"], []])
    limits = [limit(use, "general", rng) for use in uses]
    if uses and rng.random() < 0.4:
        limits.append(limit(rng.choice(["pid", uses[0]]), "tolerated", rng))
    if rng.random() < 0.5 or not uses:
        limits.append(limit("any", "at_risk", rng))
    return limits


def bag(rng: random.Random, at: int) -> Row:
    """Return one bag, often near a limit of 50 kg."""
    minutes = rng.choice([0, 30, 60, 60, 120, 240])
    grams = rng.choice([5, 10, 15, 20, 24, 25, 30, 60])
    return {
        "dose_g": rng.choice([grams, grams, grams, None]),
        "volume_ml": rng.choice([None, None, grams * 10, grams * 20, grams * 5]),
        "start": at if rng.random() < 0.95 else None,
        "end": at + minutes if rng.random() < 0.9 else None,
        "highest": rng.choice([None, None, 60, 100, 119, 120, 121, 239, 240, 241, 264, 265, 1500]),
    }


def patient(rng: random.Random) -> Row:
    """Return one session and what is known of its patient."""
    bags, at = [], 540
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        bags.append(bag(rng, at))
        at += rng.choice([0, 60, 120])
    return {
        "bags": bags,
        "kg": rng.choice([None, "50", "50", "50", "50.3", "72.45"]),
        "is_stale": rng.random() < 0.2,
        "indication": rng.choice(USES),
        "age": rng.choice([None, 10, 17, 18, 40, 64, 65, 80]),
        "is_renal": rng.random() < 0.3,
    }


def schedule(rng: random.Random) -> list[Row]:
    """Return how a label starts and raises: one start, or one for first and one for later ones."""
    tiers = rng.choice([["general"], ["first", "later"]])
    made = []
    for tier in tiers:
        start = limit("any", tier, rng) | {"what": "initial", "minutes": rng.choice([None, 10, 30])}
        made.append(start)
        if rng.random() < 0.6:
            step = limit("any", tier, rng) | {"what": "step", "minutes": rng.choice([15, 20])}
            if rng.random() < 0.5:
                step |= {"value": None, "unit": None, "comparator": None}
            made.append(step)
    return made


def starter(rng: random.Random) -> Row:
    """Return one session by its first rate, its steps and what went before it."""
    rates = [30, 59, 60, 61, 99, 100, 120, 150, 240]
    minutes = sorted(rng.sample(range(1, 90), rng.choice([0, 0, 1, 2, 3])))
    at = [rng.choice([0, 5, 6]), *minutes] if minutes else []
    return {
        "kg": rng.choice(["50", "50.3"]),
        "history": rng.choice(["first", "later", "unknown"]),
        "initial": rng.choice([None, *rates]),
        "steps": [(minute, rng.choice([0, *rates])) for minute in sorted({*at})],
    }


def _note_start(world: World, key: int, facts: Row) -> None:
    """Note the session of one patient, and an earlier one where there was one."""
    is_unknown = facts["history"] == "unknown"
    if facts["history"] == "later":
        session(world, EARLIER + key, {}, patient_key=key, started_on=START - timedelta(days=28))
    bag = {"initial": facts["initial"], "end": 900}
    course = {"weight_kg": facts["kg"], "is_history_truncated": is_unknown}
    session(world, key, bag, patient_key=key, **course)
    steps(world, key, *facts["steps"])


class Bench:
    """One database that is emptied and filled anew for every example."""

    def __init__(self) -> None:
        """Declare the tables and views of the check once."""
        self.world = rated_world({"value": 8})
        self.world.fill()
        stage._declare(self.world.con, ["infusion_rate"])

    def answers(
        self, limits: list[Row], patients: list[tuple[int, Row]], part: str = "maximum"
    ) -> dict[int, Row]:
        """Return what the check says of each session, by its key."""
        world = self.world
        for table in TABLES:
            world.con.execute(f"DELETE FROM {table}")
        world.con.execute("UPDATE guideline.rate_rule SET part = ?", [part])
        self._write(limits, patients)
        world.rows = {table: rows for table, rows in world.rows.items() if table in TABLES}
        world.fill()
        for step in ("scope", "rate_seen"):
            world.con.execute(f"DELETE FROM audit.{step}")
            made = resources.sql(f"checks/shared/{step}.sql")
            world.con.execute(f"INSERT INTO audit.{step} {made}")
        found = world.fetch(resources.sql("checks/infusion_rate.sql"))
        found = [row for row in found if row["subject_key"] < EARLIER]
        assert len({row["subject_key"] for row in found}) == len(found) == len(patients)
        return {row["subject_key"]: row for row in found}

    def _write(self, limits: list[Row], patients: list[tuple[int, Row]]) -> None:
        for one in limits:
            self.world.add(
                "guideline.rate_limit",
                product_id="vena",
                region="US",
                what=one.get("what", "maximum"),
                indication_code=one["indication"],
                tier=one["tier"],
                value=one["value"],
                unit=one["unit"],
                comparator=one["comparator"],
                minutes=one.get("minutes"),
                min_age_years=one["age"],
                risks=RISKS if one["tier"] == "at_risk" else None,
            )
        for key, facts in patients:
            note = _note if "bags" in facts else _note_start
            note(self.world, key, facts)


def _note(world: World, key: int, facts: Row) -> None:
    """Note the session of one patient, with grams and volume held against each other."""
    bags = []
    for one in facts["bags"]:
        grams, volume = one["dose_g"], one["volume_ml"]
        is_told = grams is not None and volume is not None
        bags.append(
            one | {"is_uncertain": is_told and abs(grams * 1000 - volume * STRENGTH) > 200 * grams}
        )
    course = {"indication_code": facts["indication"], "age_years": facts["age"]}
    session(world, key, *bags, weight_kg=facts["kg"], **course)
    if facts["kg"] is not None:
        world.rows["derived.course_weight"][-1]["is_stale"] = facts["is_stale"]
    if facts["is_renal"]:
        world.add(
            "derived.patient_risk",
            patient_key=key,
            risk_factor="renal",
            sign="diagnosis",
            record="diagnosis",
            record_key=key,
            known_on=START,
            is_recalled=False,
        )


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """Return the database all examples share."""
    made = Bench()
    yield made
    made.world.con.close()


def as_said(row: Row) -> tuple[object, ...]:
    """Return the parts of an answer that the oracle has too."""
    return row["status"], row["reason"], row["severity"], row["cap"], row["clause"]


def as_expected(said: Said) -> tuple[object, ...]:
    """Return what the oracle says; a check leaves the rule's own severity to the rule."""
    severity = None if said.severity == "off_guideline" else said.severity
    return said.status, said.reason, severity, said.cap, said.clause


@pytest.mark.parametrize("seed", range(10))
def test_the_check_agrees_with_the_oracle_near_every_limit(bench: Bench, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - a sample, not a secret
    limits = label(rng)
    patients = [(key, patient(rng)) for key in range(1, 80)]
    found = bench.answers(limits, patients)
    expected = {key: judge_maximum(facts, limits, POLICY) for key, facts in patients}
    assert {key: as_said(row) for key, row in found.items()} == {
        key: as_expected(said) for key, said in expected.items()
    }


@pytest.mark.parametrize("seed", range(6))
def test_the_check_agrees_with_the_oracle_on_starts_and_steps(bench: Bench, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - a sample, not a secret
    limits = schedule(rng)
    patients = [(key, starter(rng)) for key in range(1, 80)]
    found = bench.answers(limits, patients, part="start")
    expected = {key: judge_start(facts, limits, POLICY) for key, facts in patients}
    assert {key: as_said(row) for key, row in found.items()} == {
        key: as_expected(said) for key, said in expected.items()
    }


@CALM
@given(seed=st.integers(0, 2**32), n=st.integers(1, 25))
def test_the_check_agrees_with_the_oracle(bench: Bench, seed: int, n: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - a sample, not a secret
    limits = label(rng)
    patients = [(key, patient(rng)) for key in range(1, n + 1)]
    found = bench.answers(limits, patients)
    for key, facts in patients:
        assert as_said(found[key]) == as_expected(judge_maximum(facts, limits, POLICY)), facts


@CALM
@given(seed=st.integers(0, 2**32), raised=st.integers(1, 50))
def test_a_higher_limit_never_adds_a_breach(bench: Bench, seed: int, raised: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - a sample, not a secret
    limits = label(rng)
    wider = [one | {"value": one["value"] * (1 + Decimal(raised) / 10)} for one in limits]
    patients = [(key, patient(rng)) for key in range(1, 20)]
    before, after = bench.answers(limits, patients), bench.answers(wider, patients)
    for key, row in after.items():
        assert row["status"] != "breached" or before[key]["status"] == "breached"


@CALM
@given(seed=st.integers(0, 2**32))
def test_neither_row_order_nor_other_patients_change_an_answer(bench: Bench, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - a sample, not a secret
    limits = label(rng)
    patients = [(key, patient(rng)) for key in range(1, 12)]
    together = bench.answers(limits, patients)
    assert bench.answers(limits[::-1], patients[::-1]) == together
    assert bench.answers(limits, patients[:1]) == {1: together[1]}
