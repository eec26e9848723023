"""Rules that speak of some products only, and the silence of a set on the others."""

from __future__ import annotations

from typing import Any

import pytest
from judged import World

ANSWERS = ("rule_key", "status", "reason", "is_countable")


def labels() -> World:
    """Return a set with a rule for `vena` and one for `both`, each a label's."""
    world = World()
    for key, product in ((1, "vena"), (2, "both")):
        world.rule(key, "regimen", has_products=True)
        world.regimen(key, key, total_max_g_per_kg=2)
        world.add("guideline.rule_product", rule_key=key, product_id=product)
        world.add("guideline.product", product_id=product, is_generic=False)
    world.add("guideline.product", product_id="unsized", is_generic=False)
    world.add("guideline.product", product_id="ivig", is_generic=True)
    return world


@pytest.mark.parametrize(
    ("product_id", "expected"),
    [
        ("vena", [(1, "met", None, True), (2, "not_applicable", "not_labelled", False)]),
        ("both", [(1, "not_applicable", "not_labelled", False), (2, "met", None, True)]),
        ("unsized", [(key, "not_applicable", "not_labelled", False) for key in (1, 2)]),
        # not one product known: neither label can be asked
        (None, [(key, "not_assessable", "product_unknown", True) for key in (1, 2)]),
        ("ivig", [(key, "not_assessable", "product_unknown", True) for key in (1, 2)]),
    ],
)
def test_a_label_judges_its_own_product_only(
    product_id: str | None, expected: list[tuple[Any, ...]]
) -> None:
    world = labels()
    world.course(1, product_id=product_id)
    found = [tuple(row[name] for name in ANSWERS) for row in world.judge()]
    assert found == expected


def test_a_rule_for_every_product_asks_for_none() -> None:
    world = World()
    world.rule(1, "regimen")
    world.regimen(1, total_max_g_per_kg=2)
    world.course(1, product_id=None)
    assert [row["status"] for row in world.judge()] == ["met"]


def test_another_phase_is_said_before_an_unknown_product() -> None:
    world = World()
    world.rule(1, "regimen", has_products=True, phase="maintenance")
    world.regimen(1, total_max_g_per_kg=2)
    world.add("guideline.rule_product", rule_key=1, product_id="vena")
    world.course(1, product_id=None, phase="loading")
    assert [row["reason"] for row in world.judge()] == ["other_phase"]


def test_a_label_of_another_population_is_no_label_at_all() -> None:
    # The label for `unsized` is for adults: for the child the set has no rule of any product.
    world = World()
    world.rule(1, "regimen", has_products=True, age_min_years=18)
    world.regimen(1, total_max_g_per_kg=2)
    world.add("guideline.rule_product", rule_key=1, product_id="vena")
    world.course(1, product_id="vena", age_years=17)
    assert [row["reason"] for row in world.judge()] == ["set_has_no_rule"]


def test_silence_is_counted_and_not_stored() -> None:
    world = labels()
    world.course(1, product_id="unsized")
    world.course(2, indication_code="mg")
    world.judge()
    assert world.fetch("SELECT * FROM audit.verdict") == []
    silent = "SELECT course_key, kind, set_key, reason FROM audit.silence ORDER BY course_key"
    assert [tuple(row.values()) for row in world.fetch(silent)] == [
        (1, "regimen", 1, "not_labelled"),
        (2, "regimen", 1, "set_has_no_rule"),
    ]


def test_a_use_rule_for_another_product_is_silent_too() -> None:
    world = World()
    world.rule(1, "indication", has_products=True)
    world.add("guideline.named_use", rule_key=1, indication_code="itp", use="named")
    world.add("guideline.rule_product", rule_key=1, product_id="vena")
    world.course(1, product_id="vena")
    world.course(2, product_id="both")
    world.course(3, product_id=None)
    assert [(row["subject_key"], row["status"], row["reason"]) for row in world.judge()] == [
        (1, "met", None),
        (2, "not_applicable", "not_labelled"),
        (3, "not_assessable", "product_unknown"),
    ]
