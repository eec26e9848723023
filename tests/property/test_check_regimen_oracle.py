"""The regimen check agrees with the oracle, and behaves as a check must."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from judged import START, Row, World

sys.path.insert(0, str(Path(__file__).parent))  # the oracle stands beside its test

from oracle_regimen import SEVERITY, Said, judge

from pipeline import check as stage
from pipeline import resources

CLAUSES = {
    "total_high": "dose_total",
    "total_low": "dose_total",
    "day_high": "dose_per_day",
    "day_low": "dose_per_day",
    "days_high": "days",
    "days_low": "days",
    "days_broken": "days",
    "early": "interval",
    "late": "interval",
}
TABLES = (
    "guideline.rule",
    "guideline.rule_indication",
    "guideline.regimen",
    "derived.course",
    "derived.dosing_weight",
)
CALM = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy that often knows nothing."""
    return st.none() | strategy


def limits(low: int, high: int, unit: str) -> st.SearchStrategy[tuple[Any, Any]]:
    """Return a lower and an upper limit, each perhaps open."""
    number = st.integers(low, high).map(lambda n: n * Decimal(unit))
    return st.tuples(number, number, st.booleans(), st.booleans()).map(
        lambda t: (None if t[2] else min(t[:2]), None if t[3] else max(t[:2]))
    )


@st.composite
def regimen(draw: st.DrawFn, key: int) -> Row:
    """Return one permitted way to dose."""
    day_min, day_max = draw(limits(1, 20, "0.1"))
    total_min, total_max = draw(limits(1, 25, "0.1"))
    days_min, days_max = draw(limits(1, 5, "1"))
    interval_min, interval_max = draw(limits(4, 80, "0.5"))
    return {
        "regimen_key": key,
        "day_min_g_per_kg": day_min,
        "day_max_g_per_kg": day_max,
        "days_min": None if days_min is None else int(days_min),
        "days_max": None if days_max is None else int(days_max),
        "total_min_g_per_kg": total_min,
        "total_max_g_per_kg": total_max,
        "interval_min_days": interval_min,
        "interval_max_days": interval_max,
        "is_consecutive": draw(st.booleans()),
    }


@st.composite
def course(draw: st.DrawFn) -> tuple[Row, dict[str, Decimal | None]]:
    """Return the facts of one course, coherent but odd, and its weights."""
    n_days = draw(st.integers(1, 6))
    days = draw(
        st.lists(st.integers(1, 200).map(lambda n: n * Decimal("0.5")), min_size=n_days,
                 max_size=n_days)
    )  # fmt: skip
    is_known = draw(st.integers(0, 5)) > 0
    known = sum(days[: len(days) if is_known else -1], Decimal(0))
    kg = draw(st.none() | st.integers(30, 900).map(lambda n: n * Decimal("0.1")))
    weights: dict[str, Decimal | None] = {"policy": kg}
    if kg is not None and draw(st.booleans()):
        weights |= {"low": kg * Decimal("0.9"), "high": kg * Decimal("1.1")}
    status = draw(maybe(st.sampled_from(["known", "first", "subcutaneous_between"])))
    facts = {
        "started_on": START,
        "last_on": START + timedelta(days=n_days - 1 + draw(st.integers(0, 2))),
        "n_days": n_days,
        "dose_g": known if is_known else None,
        "known_dose_g": known,
        "max_day_g": max(days) if is_known else None,
        "min_day_g": min(days) if is_known else None,
        "is_stopped": draw(st.booleans()),
        "is_open": draw(st.booleans()),
        "is_start_truncated": draw(st.booleans()),
        "is_dose_uncertain": draw(st.integers(0, 9)) == 0,
        "interval_status": status,
        "interval_days": draw(st.integers(1, 60)) if status == "known" else None,
        "grams_28d": draw(maybe(st.integers(1, 500).map(Decimal))),
        "vial_step_g": draw(st.sampled_from([Decimal("0.5"), Decimal("2.5"), Decimal(5)])),
    }
    return facts, weights


SEVERITIES = st.none() | st.sampled_from(["off_guideline", "review", "advisory"])
REGIMENS = st.integers(1, 3).flatmap(
    lambda n: st.tuples(*(regimen(key) for key in range(1, n + 1)))
)
COURSES = st.lists(course(), min_size=1, max_size=8)


class Bench:
    """One database that is emptied and filled anew for every example."""

    def __init__(self) -> None:
        """Declare the tables and views of the check once."""
        self.world = World()
        self.world.fill()
        stage._declare(self.world.con, ["regimen"])

    def answers(
        self,
        regimens: tuple[Row, ...],
        courses: list[tuple[int, tuple[Row, dict[str, Decimal | None]]]],
        on_early: str | None = None,
        on_late: str | None = None,
    ) -> dict[int, Row]:
        """Return what the check says of each course, by its key."""
        world = self.world
        for table in TABLES:
            world.con.execute(f"DELETE FROM {table}")
        world.rule(1, "regimen", on_early=on_early, on_late=on_late)
        for limits_of_one in regimens:
            world.add("guideline.regimen", rule_key=1, **limits_of_one)
        for key, (facts, weights) in courses:
            world.course(key, weight_kg=weights["policy"], **facts)
            for role in set(weights) - {"policy"}:
                world.weight(key, role, weights[role])
        world.rows = {table: rows for table, rows in world.rows.items() if table in TABLES}
        world.fill()
        world.con.execute("DROP TABLE audit.scope")
        world.con.execute(f"CREATE TABLE audit.scope AS {resources.sql('checks/shared/scope.sql')}")
        stage._gather(world.con)
        found = world.fetch(resources.sql("checks/regimen.sql"))
        assert len({row["subject_key"] for row in found}) == len(found) == len(courses)
        return {row["subject_key"]: row for row in found}


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """Return the database all examples share."""
    made = Bench()
    yield made
    made.world.con.close()


def as_said(row: Row) -> tuple[object, ...]:
    """Return the parts of an answer that the oracle has too."""
    return row["status"], row["reason"], row["severity"], row["clause"], row["regimen_key"]


def as_expected(said: Said) -> tuple[object, ...]:
    """Return what the oracle says in the words of the check."""
    severity = None if said.rank is None else SEVERITY[said.rank]
    clause = None if said.name is None else CLAUSES[said.name]
    return said.status, said.reason, severity, clause, said.regimen_key


@CALM
@given(regimens=REGIMENS, courses=COURSES, on_early=SEVERITIES, on_late=SEVERITIES)
def test_the_check_agrees_with_the_oracle(
    bench: Bench,
    regimens: tuple[Row, ...],
    courses: list[tuple[Row, dict[str, Decimal | None]]],
    on_early: str | None,
    on_late: str | None,
) -> None:
    rule = {
        "dose_tolerance": Decimal("0.100"),
        "interval_tolerance_days": 4,
        "on_early": on_early,
        "on_late": on_late,
    }
    found = bench.answers(regimens, list(enumerate(courses, start=1)), on_early, on_late)
    for key, (facts, weights) in enumerate(courses, start=1):
        expected = judge(facts, list(regimens), weights, rule)
        assert as_said(found[key]) == as_expected(expected)


def near(rng: random.Random, regimens: tuple[Row, ...]) -> tuple[Row, dict[str, Decimal | None]]:
    """Return a course whose doses lie near the limits of some regimen, most facts known."""
    one = rng.choice(regimens)
    kg = rng.randint(30, 900) * Decimal("0.1")
    step = rng.choice([Decimal("0.5"), Decimal("2.5"), Decimal(5)])
    n_days = rng.choice([one["days_min"] or 1, one["days_max"] or 5, rng.randint(1, 6)])
    aim = rng.choice([one["total_min_g_per_kg"], one["total_max_g_per_kg"]]) or Decimal(1)
    factor = rng.choice(["0.6", "0.9", "1", "1", "1.1", "1.15", "1.6"])
    day = aim * kg * Decimal(factor) / n_days
    day = rng.choice([day // step * step, day.quantize(Decimal("0.001"))])
    none = Decimal(0)
    days = [day + rng.choice([none, none, none, none, step, -step]) for _ in range(n_days)]
    known, is_known = sum(days, Decimal(0)), rng.random() > 0.05
    weights: dict[str, Decimal | None] = {"policy": kg if rng.random() > 0.05 else None}
    if weights["policy"] is not None and rng.random() < 0.15:
        weights |= {"low": kg * Decimal("0.9"), "high": kg * Decimal("1.1")}
    status = rng.choice(["known"] * 6 + ["first", "history_truncated", None])
    middle = one["interval_min_days"] or one["interval_max_days"] or 28
    return {
        "started_on": START,
        "last_on": START + timedelta(days=n_days - 1 + rng.choice([0, 0, 0, 2])),
        "n_days": n_days,
        "dose_g": known if is_known else None,
        "known_dose_g": known,
        "max_day_g": max(days) if is_known else None,
        "min_day_g": min(days) if is_known else None,
        "is_stopped": rng.random() < 0.05,
        "is_open": rng.random() < 0.05,
        "is_start_truncated": rng.random() < 0.05,
        "is_dose_uncertain": rng.random() < 0.03,
        "interval_status": status,
        "interval_days": int(middle) + rng.randint(-6, 6) if status == "known" else None,
        "grams_28d": rng.choice([known, 2 * known, 3 * known, None]),
        "vial_step_g": step,
    }, weights


@pytest.mark.parametrize("seed", range(12))
def test_the_check_agrees_with_the_oracle_near_every_limit(bench: Bench, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - a sample, not a secret
    regimens = tuple(usual(rng, key) for key in range(1, rng.randint(2, 4)))
    courses = [near(rng, regimens) for _ in range(150)]
    rule: Row = {
        "dose_tolerance": Decimal("0.100"),
        "interval_tolerance_days": 4,
        "on_early": rng.choice([None, "review", "advisory"]),
        "on_late": rng.choice([None, "advisory"]),
    }
    numbered = list(enumerate(courses, start=1))
    found = bench.answers(regimens, numbered, rule["on_early"], rule["on_late"])
    expected = {key: judge(facts, list(regimens), kgs, rule) for key, (facts, kgs) in numbered}
    assert {key: as_said(row) for key, row in found.items()} == {
        key: as_expected(said) for key, said in expected.items()
    }
    assert len({said.status for said in expected.values()}) == 3


def usual(rng: random.Random, key: int) -> Row:
    """Return a way to dose as guidelines print them."""
    day = rng.randint(2, 10) * Decimal("0.1")
    days = sorted((rng.randint(1, 5), rng.randint(1, 5)))
    weeks = sorted((rng.randint(2, 6), rng.randint(2, 6)))
    has_interval = rng.random() < 0.5
    return {
        "regimen_key": key,
        "day_min_g_per_kg": rng.choice([None, day]),
        "day_max_g_per_kg": rng.choice([None, day * rng.choice([1, 2])]),
        "days_min": days[0],
        "days_max": days[1],
        "total_min_g_per_kg": rng.choice([None, day * days[0]]),
        "total_max_g_per_kg": rng.choice([None, day * days[1]]),
        "interval_min_days": Decimal(weeks[0] * 7) if has_interval else None,
        "interval_max_days": Decimal(weeks[1] * 7) if has_interval else None,
        "is_consecutive": rng.random() < 0.2,
    }


@CALM
@given(regimens=REGIMENS, courses=COURSES, raised=st.integers(1, 30))
def test_a_wider_limit_never_adds_a_breach(
    bench: Bench,
    regimens: tuple[Row, ...],
    courses: list[tuple[Row, dict[str, Decimal | None]]],
    raised: int,
) -> None:
    wider = tuple(
        one
        | {name: one[name] + raised * Decimal("0.1") for name in one
           if name.endswith("max_g_per_kg") and one[name] is not None}
        | {name: one[name] + raised for name in ("days_max", "interval_max_days")
           if one[name] is not None}
        for one in regimens
    )  # fmt: skip
    numbered = list(enumerate(courses, start=1))
    before, after = bench.answers(regimens, numbered), bench.answers(wider, numbered)
    for key, row in after.items():
        assert row["status"] != "breached" or before[key]["status"] == "breached"


@CALM
@given(regimens=REGIMENS, courses=COURSES)
def test_neither_row_order_nor_other_courses_change_an_answer(
    bench: Bench,
    regimens: tuple[Row, ...],
    courses: list[tuple[Row, dict[str, Decimal | None]]],
) -> None:
    numbered = list(enumerate(courses, start=1))
    together = bench.answers(regimens, numbered)
    assert bench.answers(regimens[::-1], numbered[::-1]) == together
    assert bench.answers(regimens, numbered[:1]) == {1: together[1]}
