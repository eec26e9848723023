"""Which version of a rule judges a course, when a set spares treatments that exist already."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from judged import Row, World

OLD, NEW, LATEST = 1, 2, 3
FIRST_DAY = date(2024, 1, 1)
YEAR_AFTER = date(2025, 1, 1)


def two_versions(**newer: Any) -> World:
    """Return rules of at most 2 g/kg until 2023 and of at most 1 g/kg from 2024 on."""
    world = World()
    world.rule(OLD, "regimen", valid_to=date(2023, 12, 31))
    world.regimen(1, OLD, total_min_g_per_kg=1, total_max_g_per_kg=2)
    world.rule(NEW, "regimen", valid_from=FIRST_DAY, supersedes="R-1", **newer)
    world.regimen(2, NEW, total_min_g_per_kg="0.5", total_max_g_per_kg=1)
    return world


def judged_by(world: World) -> list[tuple[Any, ...]]:
    """Return rule, status and reason of every verdict of the regimens."""
    return [(row["rule_key"], row["status"], row["reason"]) for row in world.judge()]


def begun(day: str) -> Row:
    """Return the facts of a course on a day, in a treatment begun in 2020."""
    return {"started_on": date.fromisoformat(day), "treatment_started_on": date(2020, 5, 1)}


@pytest.mark.parametrize(
    ("day", "rule"),
    [("2023-12-31", OLD), ("2024-01-01", NEW), ("2024-06-15", NEW)],
)
def test_a_version_for_all_holds_from_its_first_day_on(day: str, rule: int) -> None:
    world = two_versions(applies_to="all")
    world.course(1, dose_g=75, **begun(day))
    status = "met" if rule == OLD else "breached"
    assert judged_by(world) == [(rule, status, None)]


@pytest.mark.parametrize(
    ("treatment", "rule"),
    [("2023-12-31", OLD), ("2024-01-01", NEW), ("2024-06-15", NEW)],
)
def test_a_version_for_new_treatments_spares_those_begun_before_it(
    treatment: str, rule: int
) -> None:
    world = two_versions(applies_to="new")
    world.course(1, dose_g=75, treatment_started_on=date.fromisoformat(treatment))
    status = "met" if rule == OLD else "breached"
    assert judged_by(world) == [(rule, status, None)]


def test_an_older_version_without_an_end_gives_way_too() -> None:
    world = two_versions(applies_to="all")
    world.rows["guideline.rule"][0]["valid_to"] = None
    world.course(1, dose_g=75)
    assert judged_by(world) == [(NEW, "breached", None)]


def test_existing_treatments_without_an_older_version_have_no_rule() -> None:
    world = World()
    world.rule(NEW, "regimen", valid_from=FIRST_DAY, applies_to="new")
    world.regimen(1, NEW, total_max_g_per_kg=1)
    world.course(1, dose_g=75, **begun("2024-06-15"))
    assert judged_by(world) == [(None, "not_applicable", "set_has_no_rule")]


@pytest.mark.parametrize(
    ("treatment", "expected"),
    [
        ("2023-12-31", (OLD, "met", None)),  # begun before, whatever went before that
        ("2024-01-01", (NEW, "not_assessable", "version_unknown")),
    ],
)
@pytest.mark.parametrize("applies_to", ["new", "next_review"])
def test_a_treatment_of_unknown_start_is_not_assessed_by_a_version_it_may_be_spared(
    applies_to: str, treatment: str, expected: tuple[int, str, str | None]
) -> None:
    world = with_requests(two_versions(applies_to=applies_to))
    world.course(
        1,
        dose_g=75,
        treatment_started_on=date.fromisoformat(treatment),
        is_treatment_start_known=False,
    )
    assert judged_by(world) == [expected]


def with_requests(world: World, *days: str, indication: str | None = "itp") -> World:
    """Return the world with complete requests: one of 2022, and one on each day named."""
    world.add("audit.record_supplied", record="authorisation")
    world.add(
        "staged.coverage",
        record="authorisation",
        from_on=date(2020, 1, 1),
        to_on=date(2024, 12, 31),
    )
    world.add(
        "staged.authorisation",
        patient_key=1,
        indication_code="itp",
        requested_on=date(2022, 1, 1),
    )
    for day in days:
        world.add(
            "staged.authorisation",
            patient_key=1,
            indication_code=indication,
            requested_on=date.fromisoformat(day),
        )
    return world


@pytest.mark.parametrize(
    ("day", "rule"),
    [
        ("2023-12-31", OLD),  # asked the day before the version began
        ("2024-01-01", NEW),
        ("2024-06-15", NEW),  # asked on the day of the course
        ("2024-06-16", OLD),
    ],
)
def test_an_existing_treatment_moves_with_its_next_request(day: str, rule: int) -> None:
    world = with_requests(two_versions(applies_to="next_review"), day)
    world.course(1, dose_g=75, **begun("2024-06-15"))
    status = "met" if rule == OLD else "breached"
    assert judged_by(world) == [(rule, status, None)]


def test_an_existing_treatment_moves_with_its_next_outcome_review() -> None:
    world = two_versions(applies_to="next_review")  # requests need not even be supplied
    world.add(
        "staged.outcome_review", patient_key=1, indication_code="itp", reviewed_on=date(2024, 2, 1)
    )
    world.course(1, dose_g=75, **begun("2024-06-15"))
    assert judged_by(world) == [(NEW, "breached", None)]


def test_a_request_in_another_spelling_counts_and_one_for_something_else_does_not() -> None:
    world = with_requests(two_versions(applies_to="next_review"), "2024-03-01", indication="cidp")
    world.course(1, dose_g=75, **begun("2024-06-15"))
    assert judged_by(world) == [(OLD, "met", None)]
    world = with_requests(two_versions(applies_to="next_review"), "2024-03-01", indication="Itp!")
    world.add("guideline.indication_alias", alias="ITP!", indication_code="itp")
    world.course(1, dose_g=75, **begun("2024-06-15"))
    assert judged_by(world) == [(NEW, "breached", None)]


def _unnamed(world: World) -> World:
    return with_requests(world, "2024-03-01", indication=None)


def _uncovered(world: World) -> World:
    world = with_requests(world)
    world.rows["staged.coverage"][0]["to_on"] = date(2024, 6, 14)
    return world


def _of_another(world: World) -> World:
    world = with_requests(world)
    world.rows["staged.authorisation"][0]["patient_key"] = 2
    return world


@pytest.mark.parametrize("requests", [lambda world: world, _unnamed, _uncovered, _of_another])
def test_that_nobody_asked_anew_needs_proof(requests: Any) -> None:
    world = requests(two_versions(applies_to="next_review"))
    world.course(1, dose_g=75, **begun("2024-06-15"))
    assert judged_by(world) == [(NEW, "not_assessable", "version_unknown")]


@pytest.mark.parametrize(
    ("treatment", "day", "rule"),
    [
        ("2020-05-01", "2023-06-01", OLD),
        ("2020-05-01", "2024-06-15", OLD),  # spared by the next version
        ("2020-05-01", "2025-06-15", LATEST),  # the last one is for all
        ("2024-05-01", "2024-12-31", NEW),
        ("2024-05-01", "2025-01-01", LATEST),
    ],
)
def test_versions_follow_one_another(treatment: str, day: str, rule: int) -> None:
    world = two_versions(applies_to="new", valid_to=date(2024, 12, 31))
    world.rule(LATEST, "regimen", valid_from=YEAR_AFTER, supersedes="R-2")
    world.regimen(3, LATEST, total_max_g_per_kg=3)
    world.course(
        1,
        dose_g=75,
        started_on=date.fromisoformat(day),
        treatment_started_on=date.fromisoformat(treatment),
    )
    assert [found[0] for found in judged_by(world)] == [rule]


def test_a_treatment_spared_twice_stays_where_it_was() -> None:
    world = two_versions(applies_to="new", valid_to=date(2024, 12, 31))
    world.rule(LATEST, "regimen", valid_from=YEAR_AFTER, supersedes="R-2", applies_to="new")
    world.regimen(3, LATEST, total_max_g_per_kg=3)
    for key, treatment in ((1, "2020-05-01"), (2, "2024-05-01"), (3, "2025-05-01")):
        world.course(
            key,
            dose_g=75,
            started_on=date(2025, 6, 15),
            treatment_started_on=date.fromisoformat(treatment),
        )
    assert [found[0] for found in judged_by(world)] == [OLD, NEW, LATEST]


def test_a_version_for_one_phase_leaves_the_other_phase_alone() -> None:
    world = World()
    world.rule(OLD, "regimen", phase="maintenance")
    world.regimen(1, OLD, total_max_g_per_kg=2)
    world.rule(NEW, "regimen", phase="loading", valid_from=FIRST_DAY, supersedes="R-1")
    world.regimen(2, NEW, total_max_g_per_kg=1)
    world.course(1, dose_g=75, phase="maintenance")
    assert (OLD, "met", None) in judged_by(world)


def test_a_version_for_adults_leaves_children_under_the_older_one() -> None:
    world = two_versions(applies_to="all", age_min_years=18)
    world.rows["guideline.rule"][0]["valid_to"] = None
    world.course(1, dose_g=75, age_years=10)
    world.course(2, dose_g=75, age_years=40)
    assert judged_by(world) == [(OLD, "met", None), (NEW, "breached", None)]


def test_a_use_that_was_named_for_existing_treatments_only() -> None:
    world = World()
    world.rule(OLD, "indication", valid_to=date(2023, 12, 31))
    world.add("guideline.named_use", rule_key=OLD, indication_code="itp", use="named")
    world.rule(NEW, "indication", valid_from=FIRST_DAY, supersedes="R-1", applies_to="new")
    world.add("guideline.named_use", rule_key=NEW, indication_code="itp", use="do_not_use")
    world.course(1, **begun("2024-06-15"))
    world.course(2)
    world.course(3, is_treatment_start_known=False)
    assert judged_by(world) == [
        (OLD, "met", None),
        (NEW, "breached", None),
        (NEW, "not_assessable", "version_unknown"),
    ]
