"""What rules of precautions, vaccines and premedication may say, and what they may not."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from ward import faults_of, write_set

from pipeline.guidelines import read_library
from pipeline.guidelines.rules import Record, Rule

_HEAD = """
[[rule]]
id = "WARD-ANY-{word}-01"
kind = "{kind}"
indications = ["any"]
severity = "review"
statement = "As it says."
why = "Our protocol says so."
status = "transcribed"
source = {{ title = "Our protocol" }}
"""
RISK = _HEAD.format(word="PRECAUTION", kind="precaution")
VACCINE = _HEAD.format(word="VACCINE", kind="vaccine_interval")
BEFORE = _HEAD.format(word="PREMEDICATION", kind="premedication")

SUGAR = RISK + 'product_contains = "sucrose"\nany_of = ["renal", "diabetes"]\n'
TABLE = VACCINE + (
    'components = ["measles", "varicella"]\n'
    'review_indications = ["pid"]\n'
    "deferral = [\n"
    "    { up_to_g_per_kg = 0.4, months = 8 },\n"
    '    { up_to_g_per_kg = 0.4, months = 9, indications = ["pid"] },\n'
    "    { up_to_g_per_kg = 1, months = 10 },\n"
    "    { up_to_g_per_kg = 2, months = 11 },\n"
    "]\n"
)
DRUGS = BEFORE + 'medicines = ["paracetamol", "corticosteroid"]\nis_optional = true\n'


def rows_of(folder: Path, text: str, table: str) -> list[Record]:
    (rule,) = rules_of(folder, text)
    return [row for name, row in rule.rows() if name == table]


def rules_of(folder: Path, text: str) -> tuple[Rule, ...]:
    return read_library(write_set(folder, any=text)).sets["ward-seven"].rules


@pytest.mark.parametrize(
    ("text", "old", "new", "fault"),
    [
        pytest.param(SUGAR, '"renal"', '"moon"', "moon is not in codelists/risk_factor.csv",
                     id="unknown risk"),
        pytest.param(SUGAR, '"sucrose"', '"salt"', "product_contains: ", id="unknown content"),
        pytest.param(SUGAR, '["renal", "diabetes"]', "[]", "needs a risk", id="no risk"),
        pytest.param(SUGAR, '"renal", "diabetes"', '"renal", "renal"', "names a risk twice",
                     id="risk twice"),
        pytest.param(TABLE, '"measles", ', '"plague", ', "components.1: ", id="other vaccine"),
        pytest.param(TABLE, "up_to_g_per_kg = 2,", "", "", id="an open end is right"),
        pytest.param(TABLE, "up_to_g_per_kg = 1,", "", "only the last may leave it out",
                     id="open end inside"),
        pytest.param(TABLE, "up_to_g_per_kg = 1,", "up_to_g_per_kg = 3,", "higher up_to_g_per_kg",
                     id="doses out of order"),
        pytest.param(TABLE, "0.4, months = 9", "0.5, months = 9", "stands in for one of every use",
                     id="row of its own"),
        pytest.param(TABLE, '= ["pid"]\nd', '= ["mars"]\nd', "mars is not in", id="unknown use"),
        pytest.param(TABLE, "deferral", 'phase = "loading"\ndeferral', "for everybody",
                     id="phase"),
        pytest.param(DRUGS, '"paracetamol"', '"wine"', "wine is not in codelists/medicine.csv",
                     id="unknown medicine"),
        pytest.param(DRUGS, "is_optional = true", "hours_before = 0", "hours_before: ",
                     id="no time"),
    ],
)  # fmt: skip
def test_a_fault_is_named(tmp_path: Path, text: str, old: str, new: str, fault: str) -> None:
    assert old in text
    changed = text.replace(old, new, 1)
    if not fault:
        assert rules_of(tmp_path, changed)
        return
    faults = faults_of(write_set(tmp_path, any=changed))
    assert any(fault in line for line in faults), faults


def test_risks_are_told_apart_by_how_they_count(tmp_path: Path) -> None:
    text = SUGAR + 'all_of = ["age"]\n'
    assert rows_of(tmp_path, text, "precaution_risk") == [
        {"risk_factor": "age", "is_alternative": False},
        {"risk_factor": "renal", "is_alternative": True},
        {"risk_factor": "diabetes", "is_alternative": True},
    ]


def test_a_vaccine_table_leaves_no_dose_out(tmp_path: Path) -> None:
    bands = [
        (row["indication_code"], row["over_g_per_kg"], row["up_to_g_per_kg"], row["months"])
        for row in rows_of(tmp_path, TABLE, "vaccine_deferral")
    ]
    low, one = Decimal("0.4"), Decimal(1)
    assert bands == [
        ("any", None, low, 8),
        ("any", low, one, 10),
        ("any", one, None, 11),
        ("pid", None, low, 9),
        ("pid", low, one, 10),
        ("pid", one, None, 11),
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (SUGAR, "- not with: sucrose in the product; renal or diabetes"),
        (TABLE, "- measles, varicella: 9 months after a course up to 0.4 g/kg for pid"),
        (DRUGS, "- paracetamol or corticosteroid may be given before the session"),
    ],
)
def test_a_reader_of_the_library_sees_what_the_rule_says(
    tmp_path: Path, text: str, shown: str
) -> None:
    (rule,) = rules_of(tmp_path, text)
    assert any(line.startswith(shown) for line in rule.limits())
