"""Patients with risks, and rules that ask for them, for the tests of precautions.

`derived.patient_risk` and `derived.patient_record` are made by their own SQL from staged records.
"""

from __future__ import annotations

from typing import Any, Final

import polars as pl
from judged import START, Row, World

from pipeline.check import check
from pipeline.config import Settings
from pipeline.resources import sql

MADE: Final = ("patient_risk", "patient_record")
SIGNS: Final[list[Row]] = [
    {"risk_factor": "renal", "sign": "diagnosis", "code_system": "ICD10CM", "code_pattern": "N18%"},
    {"risk_factor": "renal", "sign": "diagnosis", "code_system": "ICD9CM", "code_pattern": "585%",
     "status": "recalled"},
    {"risk_factor": "sepsis", "sign": "diagnosis", "code_system": "ICD10CM",
     "code_pattern": "A41%", "within_days": 14},
    {"risk_factor": "toxic", "sign": "medicine", "code_system": "ATC", "code_pattern": "J01G%",
     "within_days": 3},
    {"risk_factor": "diabetes", "sign": "diagnosis", "code_system": "ICD10CM",
     "code_pattern": "E11%"},
    {"risk_factor": "diabetes", "sign": "medicine", "code_system": "ATC", "code_pattern": "A10%",
     "is_decisive": False},
    {"risk_factor": "allergy", "sign": "event", "code_pattern": "HYPERSENSITIVITY",
     "is_effect": True},
    {"risk_factor": "no_iga", "sign": "patient", "code_pattern": "is_iga_deficient"},
    {"risk_factor": "no_iga", "sign": "diagnosis", "code_system": "ICD10CM",
     "code_pattern": "D802%"},
    {"risk_factor": "anti_iga", "sign": "patient", "code_pattern": "has_anti_iga"},
    {"risk_factor": "old", "sign": "age", "at_least": 65},
    {"risk_factor": "infant", "sign": "age", "below": 2},
    {"risk_factor": "obese", "sign": "body_mass", "at_least": 30},
]  # fmt: skip
PRODUCTS: Final = {
    "sweet": "sucrose",
    "sour": "glycine",
    "mixed": "glucose sucrose",
    "unread": None,
}
KINDS: Final = ("diagnosis", "medication", "clinical_event")


def risky(world: World | None = None) -> World:
    """Return a world with a few risks, products and complete records of every kind."""
    world = world or World()
    defaults: Row = {"is_passing": False, "is_effect": False, "is_decisive": True, "status": "seen"}
    for sign in SIGNS:
        named = {"name": sign["risk_factor"].replace("_", " ")}
        world.add("guideline.risk_factor", **(defaults | named | sign))
    for product, contains in PRODUCTS.items():
        world.add("guideline.product", product_id=product, contains=contains)
    for kind in KINDS:
        world.add("audit.record_supplied", record=kind)
        world.add("staged.coverage", record=kind, from_on="2020-01-01", to_on="2026-01-01")
    return world


def precaution(
    world: World, *, contains: str | None = None, all_of: str = "", any_of: str = ""
) -> None:
    """Note one rule against a product, for risks written with blanks between them."""
    world.rule(1, "precaution", "any", severity="review")
    world.add("guideline.precaution", rule_key=1, product_contains=contains)
    for risks, is_alternative in ((all_of, False), (any_of, True)):
        for risk in risks.split():
            world.add(
                "guideline.precaution_risk",
                rule_key=1,
                risk_factor=risk,
                is_alternative=is_alternative,
            )


def given(world: World, product: str = "sour", key: int = 1, **course: Any) -> None:
    """Note one course of one bag of a product."""
    world.course(key, **({"started_on": START} | course))
    world.rows["derived.infusion"][-1]["product_id"] = product


def patient(world: World, key: int = 1, **facts: object) -> None:
    """Note what is known of a patient who has a course."""
    for row in world.rows["staged.patient"]:
        if row["patient_key"] == key:
            row.update(facts)


def pour(world: World) -> None:
    """Write all rows noted so far, a table at a time: many rows are far faster that way."""
    for name, rows in world.rows.items():
        frame = pl.DataFrame(rows, infer_schema_length=None)
        world.con.register("poured", frame)
        world.con.execute(f"INSERT INTO {name} BY NAME SELECT * FROM poured")
        world.con.unregister("poured")
    world.rows.clear()


def judge(world: World) -> list[Row]:
    """Work out risks from the records, run the stage and return the verdicts."""
    world.fill()
    for table in MADE:
        world.con.execute(f"DELETE FROM derived.{table}")
        world.con.execute(f"INSERT INTO derived.{table} {sql(f'derive/{table}.sql')}")
    check(world.con, Settings())
    return world.fetch("SELECT * FROM audit.verdict ORDER BY rule_key, subject_key")
