"""Every monitoring rule of the safety reference is one of ours, or named here with a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.guidelines import read_library
from pipeline.guidelines.kinds.monitoring import MonitoringRule

REFERENCE = Path(__file__).parents[2].parent / "shared" / "reference" / "safety.yaml"
pytestmark = pytest.mark.real

LEFT_OUT = {
    "blood_group": "a group is a fact of the patient without a date in the contract",
    "dat_pre": "recalled",
    "hb_day5_10": "derived, and in no issuer's text",
    "creat_post": "derived, and in no issuer's text",
    "urine_output": "no record holds it",
    "hydration": "no record holds it",
    "iga_level": "selective, not routine",
    "vitals": "a vital sign in the minutes of a rate change needs the rate's steps",
    "observe": "no record holds how long somebody watched",
    "initial_rate": "the check infusion_rate",
    "cbc_lft": "not begun",
    "viral": "not begun",
    "hep_pre": "before ever: no window that records could cover",
    "viscosity": "not begun",
    "premed": "the check premedication",
    "batch": "the check traceability",
    "brand_continuity": "the check infusion_rate restarts where the product changes",
    "live_vaccine": "the check vaccine_interval",
}


def rules() -> list[MonitoringRule]:
    found = [rule for item in read_library().sets.values() for rule in item.rules_in_force]
    return [rule for rule in found if isinstance(rule, MonitoringRule)]


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    if not REFERENCE.is_file():
        pytest.skip("NOT TESTED: ../shared/reference/safety.yaml is not here")
    made: dict[str, Any] = yaml.safe_load(REFERENCE.read_text("utf-8"))
    return made


def test_every_entry_is_a_rule_or_left_out_with_a_reason(reference: dict[str, Any]) -> None:
    named = {entry["id"] for entry in reference["monitoring_rules"]}
    ours = {rule.source_rule for rule in rules()}
    assert ours | set(LEFT_OUT) == named
    assert not ours & set(LEFT_OUT)


def test_what_was_not_read_in_an_issuers_words_only_informs(reference: dict[str, Any]) -> None:
    entries = {entry["id"]: entry for entry in reference["monitoring_rules"]}
    soft = [
        rule
        for rule in rules()
        if entries[rule.source_rule or ""]["status"] != "seen"
        or "due_status" in entries[rule.source_rule or ""]
    ]
    assert soft
    assert {rule.effective_severity for rule in soft} == {"advisory"}


def test_the_windows_are_those_of_the_reference(reference: dict[str, Any]) -> None:
    due = {entry["id"]: entry["due"] for entry in reference["monitoring_rules"]}
    shown = {
        rule.source_rule: line for rule in rules() for line in rule.limits() if "asked" not in line
    }
    assert due["hb_36_96"] == "36-96 h"
    assert "36 to 96 hours after the end" in shown["hb_36_96"]
    assert due["hb_pre"] == "-7 d to 0"
    assert "up to 7 days before the start" in shown["hb_pre"]
    assert due["trough"].startswith("every 3-6 months")
    assert "within 6 months before the start" in shown["trough"]
