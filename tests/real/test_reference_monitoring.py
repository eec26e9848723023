"""Every monitoring rule of the safety reference is one of ours, or named here with a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.guidelines import read_library
from pipeline.guidelines.kinds.monitoring import MonitoringRule
from pipeline.guidelines.kinds.observation import ObservationRule

REFERENCE = Path(__file__).parents[2].parent / "shared" / "reference" / "safety.yaml"
pytestmark = pytest.mark.real

LEFT_OUT = {
    "dat_pre": "recalled",
    "hb_day5_10": "derived, and in no issuer's text",
    "creat_post": "derived, and in no issuer's text",
    "urine_output": "no record holds it",
    "hydration": "no record holds it",
    "iga_level": "selective, not routine",
    "vitals": "a vital sign in the minutes of a rate change needs the rate's steps",
    "initial_rate": "the check infusion_rate",
    "viscosity": "who is at risk of it no code list of ours can tell",
    "premed": "the check premedication",
    "batch": "the check traceability",
    "brand_continuity": "the check infusion_rate restarts where the product changes",
    "live_vaccine": "the check vaccine_interval",
}


def rules() -> list[MonitoringRule | ObservationRule]:
    """Return the rules on tests and on watching that rest on the reference, but the overview's."""
    found = [
        rule
        for item in read_library().sets.values()
        for rule in item.rules_in_force
        if item.head.id != "droracle-2025"
    ]
    return [rule for rule in found if isinstance(rule, MonitoringRule | ObservationRule)]


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
    assert "once in every 6 months" in shown["trough"]
    assert due["cbc_lft"].startswith("every 3-6 months")
    assert "once in every 6 months" in shown["cbc_lft"]
    assert due["viral"].startswith("yearly")
    assert "once in every 12 months" in shown["viral"]
    assert due["observe"].startswith(">= 20 min; >= 1 h")
    asked = {rule.minutes_after for rule in rules() if isinstance(rule, ObservationRule)}
    assert asked == {20, 60}
