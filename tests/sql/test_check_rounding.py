"""The check of rounding, at its boundaries: vials, rests, prescriptions, steps."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest
from judged import Row, World, of_rule


def judged(*cases: Row, **rule: Any) -> list[Row]:
    """Return the verdicts on courses of one bag of a product with vials of 2, 5 and 10 g."""
    world = World()
    world.rule(1, "rounding", severity="review")
    world.add("guideline.rounding_rule", rule_key=1, **rule)
    world.add("guideline.product", product_id="vena", vial_step_g=2, vials_g="2 5 10")
    for key, case in enumerate(cases, start=1):
        world.course(key, dose_g=case.get("dose_g"), is_stopped=case.get("is_stopped", False))
        bag, derived = world.rows["staged.infusion"][-1], world.rows["derived.infusion"][-1]
        bag["prescribed_dose_g"] = case.get("prescribed_g")
        bag["dispensing_key"] = key if case.get("is_issued", True) else None
        derived |= {"product_id": case.get("product", "vena"), "vial_step_g": 2}
        issue = {"dispensing_key": key, "wasted_g": case.get("wasted_g")}
        world.add("staged.dispensing", patient_key=key, **issue)
    return of_rule(world.judge())


def said(rows: list[Row]) -> list[tuple[str, str | None]]:
    """Return status and reason of every verdict."""
    return [(row["status"], row["reason"]) for row in rows]


def test_a_dose_is_whole_vials_or_its_rest_is_on_record() -> None:
    cases: list[tuple[Row, tuple[str, str | None]]] = [
        ({"dose_g": Decimal(7)}, ("met", None)),
        ({"dose_g": Decimal(2)}, ("met", None)),
        ({"dose_g": Decimal(3)}, ("breached", None)),
        ({"dose_g": Decimal("7.5")}, ("breached", None)),
        ({"dose_g": Decimal(3), "wasted_g": 2}, ("met", None)),
        ({"dose_g": Decimal(3), "is_issued": False}, ("not_assessable", "outside_coverage")),
        ({"dose_g": Decimal(3), "is_stopped": True}, ("not_applicable", "stopped")),
        ({"dose_g": Decimal(3), "product": "novel"}, ("not_assessable", "vials_unknown")),
        ({"dose_g": None}, ("not_assessable", "no_dose")),
    ]
    found = judged(*(case for case, _ in cases), rounding="whole_vials")
    assert said(found) == [expected for _, expected in cases]
    assert {(row["severity"], row["is_countable"]) for row in found} == {("review", False)}


def test_what_is_given_is_near_what_was_prescribed() -> None:
    cases: list[tuple[Row, tuple[str, str | None]]] = [
        ({"dose_g": Decimal(42), "prescribed_g": 40}, ("met", None)),
        ({"dose_g": Decimal(43), "prescribed_g": 40}, ("breached", None)),
        ({"dose_g": Decimal(11), "prescribed_g": 10}, ("met", None)),
        ({"dose_g": Decimal("11.1"), "prescribed_g": 10}, ("breached", None)),
        ({"dose_g": Decimal(37), "prescribed_g": 40}, ("breached", None)),
        ({"dose_g": None, "prescribed_g": 40}, ("not_assessable", "no_dose")),
    ]
    found = judged(*(case for case, _ in cases), rounding="as_prescribed")
    assert said(found) == [expected for _, expected in cases]
    assert judged({"dose_g": Decimal(42)}, rounding="as_prescribed") == []


@pytest.mark.parametrize("seed", range(3))
def test_steps_agree_with_the_dullest_count(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - a sample, not a secret
    to = rng.choice(["nearest", "down"])
    cases = [
        {
            "dose_g": Decimal(rng.randint(2, 70)) / rng.choice([1, 1, 2]),
            "prescribed_g": rng.choice([None, Decimal(rng.randint(4, 140)) / 2]),
        }
        for _ in range(60)
    ]
    rule = {"rounding": to, "step_g": 5, "small_below_g": 15, "small_step_g": 2}
    found = {row["subject_key"]: row["status"] for row in judged(*cases, **rule)}
    assert found == {
        key: "met" if kept(case["dose_g"], case["prescribed_g"], to) else "breached"
        for key, case in enumerate(cases, start=1)
        if case["prescribed_g"] not in (None, case["dose_g"])
    }


def kept(dose: Any, prescribed: Any, to: str) -> bool:
    """Count it out: vials of 5 g, below 15 g at most one of them beside vials of 2 g."""
    small = {5 * fives + 2 * twos for fives in (0, 1) for twos in range(20)}
    if dose % 5 != 0 and not (dose < 15 and dose in small):
        return False
    return bool(dose <= prescribed if to == "down" else abs(dose - prescribed) <= Decimal("2.5"))
