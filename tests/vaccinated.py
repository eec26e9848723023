"""Patients with live vaccines, and the rules that ask when they were given, for tests."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final

from judged import Row, World
from risky import pour

from pipeline.check import check
from pipeline.config import Settings

VACCINES: Final = (
    ("03", "measles mumps rubella", True, False),
    ("05", "measles", True, False),
    ("07", "mumps", True, False),
    ("21", "varicella", True, False),
    ("94", "measles mumps rubella varicella", True, False),
    ("116", "rotavirus", True, True),
)
TESTS: Final = (("measles", "M-IGG"), ("varicella", "V-IGG"))
US: Final[list[Row]] = [
    {"up_to": "0.4", "months": 8},
    {"up_to": "1", "months": 10},
    {"up_to": "2", "months": 11},
]
WIDE: Final = {"from_on": date(2010, 1, 1), "to_on": date(2030, 1, 1)}


def vaccinated(table: list[Row] | None = None, **rule: Any) -> World:
    """Return a world with one rule, the vaccines, and complete records of every kind."""
    world = World()
    for code, contains, is_live, is_exempt in VACCINES:
        world.add(
            "guideline.vaccine",
            vaccine_code=code,
            contains=contains,
            is_live=is_live,
            is_exempt=is_exempt,
        )
    for component, code in TESTS:
        world.add("guideline.immunity_test", component=component, test_code=code)
    for record in ("infusion", "vaccination", "lab_result"):
        world.add("staged.coverage", record=record, **WIDE)
    for record in ("vaccination", "lab_result"):
        world.add("audit.record_supplied", record=record)
    world.rule(1, "vaccine_interval", "any", severity="review")
    for component in rule.pop("components", ("measles", "varicella")):
        world.add("guideline.vaccine_component", rule_key=1, component=component)
    for code in rule.pop("asked", ("pid",)):
        world.add("guideline.vaccine_asked", rule_key=1, indication_code=code)
    own = {"days_before_immunoglobulin": 14} | rule
    world.add("guideline.vaccine_interval", rule_key=1, **own)
    for row in bands(table or US):
        world.add("guideline.vaccine_deferral", rule_key=1, **row)
    return world


def bands(table: list[Row]) -> list[Row]:
    """Return the bands of a table whose rows may each name an indication of their own."""
    made = []
    for code in ("any", *sorted({row["use"] for row in table if "use" in row})):
        own = {row["up_to"]: row for row in table if row.get("use") == code}
        over = None
        general = [row for row in table if "use" not in row]
        for row in general:
            dose = None if row["up_to"] is None else Decimal(row["up_to"])
            made.append(
                {
                    "indication_code": code,
                    "over_g_per_kg": over,
                    "up_to_g_per_kg": None if row is general[-1] else dose,
                    "months": own.get(row["up_to"], row)["months"],
                }
            )
            over = dose
    return made


def vaccine(world: World, given_on: date, code: str = "03", patient: int = 1) -> None:
    """Note one vaccination."""
    key = len(world.rows.get("staged.vaccination", [])) + 1
    world.add(
        "staged.vaccination",
        vaccination_key=key,
        patient_key=patient,
        vaccine_code=code,
        given_on=given_on,
    )


def verdicts(world: World) -> list[Row]:
    """Run the stage and return the verdicts of the rule, by vaccination."""
    pour(world)
    check(world.con, Settings())
    return world.fetch("SELECT * FROM audit.verdict ORDER BY subject_key")
