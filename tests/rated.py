"""Hand-made sessions and limits for the tests of the rates, drawn as text."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from empty_store import rows_of
from judged import START, Row, World

MIDNIGHT: Final = datetime.combine(START, datetime.min.time())
LIMIT: Final = {
    "region": "US",
    "what": "maximum",
    "indication_code": "any",
    "tier": "general",
    "unit": "mg/kg/min",
    "comparator": "<=",
    "status": "seen",
}
RISKS: Final = "age renal"


def rated_world(*limits: Row, **rule: Any) -> World:
    """Return a world with a 10 % product `vena`, one rule on its rates and these limits."""
    world = World()
    part = rule.pop("part", "maximum")
    world.rule(1, "infusion_rate", "any", **({"has_products": True} | rule))
    world.add("guideline.rule_product", rule_key=1, product_id="vena")
    world.add("guideline.rate_rule", rule_key=1, region="US", part=part)
    for product, strength in (("vena", 100), ("other", 50), ("powder", None)):
        world.add(
            "guideline.product",
            product_id=product,
            concentration_g_per_l=strength,
            is_generic=False,
        )
    for limit in limits:
        world.add("guideline.rate_limit", **(LIMIT | {"product_id": "vena"} | limit))
    world.add("guideline.risk_factor", risk_factor="age", sign="age", at_least=65)
    return world


def limits_of(text: str) -> list[Row]:
    """Return limits drawn as text."""
    return [{name: cell for name, cell in row.items() if cell} for row in rows_of(text)]


def session(world: World, key: int, *bags: Row, **course: Any) -> None:
    """Note one course of one session, with the bags told; a bag is 10 g of `vena` from 9 to 10."""
    world.course(key, **({"patient_key": key, "is_history_truncated": False} | course))
    for table in ("derived.infusion", "derived.session", "staged.infusion"):
        world.rows[table].pop()
    made = [_bag(key + 1000 * place, key, bag, course) for place, bag in enumerate(bags)]
    for staged, derived in made:
        world.add("staged.infusion", **staged)
        world.add("derived.infusion", **derived)
    starts = [derived["started_at"] for _, derived in made]
    ends = [derived["ended_at"] for _, derived in made]
    is_timed = None not in starts and None not in ends
    hours = (max(ends) - min(starts)) / timedelta(hours=1) if is_timed else None
    world.add(
        "derived.session",
        session_key=key,
        patient_key=course.get("patient_key", key),
        course_key=key,
        started_at=min((at for at in starts if at), default=None),
        started_on=made[0][1]["started_on"],
        ended_at=max((at for at in ends if at), default=None),
        n_infusions=len(made),
        duration_h=None if hours is None else Decimal(str(round(hours, 3))),
        is_stopped=False,
    )


def _bag(infusion_key: int, session_key: int, told: Row, course: Row) -> tuple[Row, Row]:
    """Return both rows of one bag, staged and derived; `start` and `end` are minutes of the day."""
    day = timedelta(days=told.get("day", (course.get("started_on", START) - START).days))
    started_at, ended_at = (
        None if minutes is None else MIDNIGHT + day + timedelta(minutes=float(minutes))
        for minutes in (told.get("start", 540), told.get("end", 600))
    )
    common = {
        "infusion_key": infusion_key,
        "patient_key": course.get("patient_key", session_key),
        "started_at": started_at,
        "started_on": START + day,
        "ended_at": ended_at,
        "dose_g": told.get("dose_g", 10),
    }
    staged = common | {
        "infusion_id": f"i{infusion_key}",
        "source_id": "s",
        "volume_ml": told.get("volume_ml"),
        "initial_rate_ml_per_h": told.get("initial"),
        "max_rate_ml_per_h": told.get("highest"),
        "is_time_ambiguous": told.get("is_repeated"),
    }
    derived = common | {
        "record": "infusion",
        "product_id": told.get("product", "vena"),
        "is_dose_uncertain": told.get("is_uncertain", False),
        "session_key": session_key,
        "course_key": session_key,
    }
    return staged, derived


def steps(world: World, infusion_key: int, *told: tuple[int, object]) -> None:
    """Note rate steps of a bag that began at nine: minutes after that, and the rate."""
    for place, (minutes, rate) in enumerate(told, start=1):
        world.add(
            "staged.rate_step",
            rate_step_key=infusion_key * 100 + place,
            infusion_key=infusion_key,
            changed_at=MIDNIGHT + timedelta(minutes=540 + minutes),
            rate_ml_per_h=rate,
        )
