"""Medicines given shortly before a session, and what must be known to say that none was."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from judged import START, Row, World

BEGUN = datetime.fromisoformat("2024-06-15 10:00")


def world_of(*, is_optional: bool = True, **rule: Any) -> World:
    """Return a world with one rule, one timed session and complete medicines."""
    world = World()
    world.rule(1, "premedication", "any", severity="advisory")
    world.add("guideline.premedication", rule_key=1, is_optional=is_optional, **rule)
    for medicine, code in (("paracetamol", "N02BE01"), ("corticosteroid", "H02A%")):
        world.add("guideline.premedication_medicine", rule_key=1, medicine=medicine)
        world.add("guideline.medicine", medicine=medicine, code_system="ATC", code_pattern=code)
    world.add("audit.record_supplied", record="medication")
    world.add("staged.coverage", record="medication", from_on="2020-01-01", to_on="2026-01-01")
    world.course(1)
    world.rows["derived.session"][0]["started_at"] = BEGUN
    return world


def drug(
    world: World, at: datetime | None, on: date = START, code: str = "N02BE01", system: str = "ATC"
) -> None:
    """Note one medicine; without a time only its day is known."""
    key = len(world.rows.get("staged.medication", [])) + 1
    day = on if at is None else at.date()
    world.add(
        "staged.medication",
        medication_key=key,
        patient_key=1,
        code_system=system,
        code=code,
        started_at=at,
        started_on=day,
    )


def said(world: World) -> tuple[object, object]:
    (verdict,) = world.judge()
    return verdict["status"], verdict["reason"]


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (timedelta(hours=2), ("met", None)),
        (timedelta(hours=2, seconds=1), ("not_applicable", "optional")),
        (timedelta(0), ("met", None)),
        (timedelta(seconds=-1), ("not_applicable", "optional")),
    ],
)
def test_a_medicine_may_lie_on_the_limits_of_its_hours(
    before: timedelta, expected: tuple[str, str | None]
) -> None:
    world = world_of()
    drug(world, BEGUN - before)
    assert said(world) == expected


def test_a_rule_may_state_its_own_hours() -> None:
    world = world_of(hours_before=6)
    drug(world, BEGUN - timedelta(hours=6))
    assert said(world) == ("met", None)


@pytest.mark.parametrize(
    ("code", "system", "expected"),
    [
        ("H02AB04", "ATC", ("met", None)),
        ("h02ab04", "ATC", ("met", None)),
        ("A02BC01", "ATC", ("not_applicable", "optional")),
        ("12345", "RXNORM", ("not_assessable", "codes_not_readable")),
    ],
)
def test_any_one_of_the_medicines_counts(
    code: str, system: str, expected: tuple[str, str | None]
) -> None:
    world = world_of()
    drug(world, BEGUN - timedelta(hours=1), code=code, system=system)
    assert said(world) == expected


def test_a_session_after_midnight_looks_at_the_evening_before() -> None:
    world = world_of()
    begun = datetime.fromisoformat("2024-06-15 00:30")
    world.rows["derived.session"][0]["started_at"] = begun
    drug(world, begun - timedelta(hours=1))
    assert said(world) == ("met", None)


@pytest.mark.parametrize(
    ("session_at", "at", "on", "expected"),
    [
        (BEGUN, None, START, "time_unknown"),
        (None, BEGUN - timedelta(hours=1), START, "time_unknown"),
        (None, None, START, "time_unknown"),
        (BEGUN, None, START - timedelta(days=1), "optional"),
        (None, None, START - timedelta(days=1), "optional"),
    ],
)
def test_without_a_clock_nobody_can_tell(
    session_at: datetime | None, at: datetime | None, on: date, expected: str
) -> None:
    world = world_of()
    world.rows["derived.session"][0]["started_at"] = session_at
    drug(world, at, on)
    assert said(world)[1] == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [(-30, "optional"), (-31, "outside_coverage"), (30, "optional"), (31, "outside_coverage")],
)
def test_another_medicine_near_shows_that_this_one_would_have_been_seen(
    days: int, expected: str
) -> None:
    world = world_of()
    drug(world, None, START + timedelta(days=days), code="A02BC01")
    assert said(world)[1] == expected


def test_medicines_that_were_not_supplied_or_not_complete_prove_nothing() -> None:
    world = world_of()
    world.rows["audit.record_supplied"].pop()
    assert said(world) == ("not_assessable", "table_not_supplied")
    world = world_of()
    drug(world, None, START, code="A02BC01")
    world.rows["staged.coverage"][0]["to_on"] = START - timedelta(days=1)
    assert said(world) == ("not_assessable", "outside_coverage")


def test_a_protocol_that_demands_it_is_broken_without_it() -> None:
    world = world_of(is_optional=False)
    drug(world, None, START, code="A02BC01")
    (verdict,) = world.judge()
    shown: Row = {name: verdict[name] for name in ("status", "severity", "is_countable", "clause")}
    assert shown == {
        "status": "breached",
        "severity": "advisory",
        "is_countable": False,
        "clause": "medicine",
    }


def test_another_patients_medicine_is_not_this_ones() -> None:
    world = world_of()
    drug(world, BEGUN - timedelta(hours=1))
    world.rows["staged.medication"][0]["patient_key"] = 2
    assert said(world) == ("not_assessable", "outside_coverage")
