"""What must hold for every rule file that travels with the program."""

from __future__ import annotations

import pytest

from pipeline.guidelines import read_library
from pipeline.guidelines.kinds.authorisation import AuthorisationRule
from pipeline.guidelines.kinds.indication import UseRule
from pipeline.guidelines.kinds.regimen import RegimenRule
from pipeline.guidelines.kinds.weight import WeightRule
from pipeline.guidelines.rules import Rule

RULES = [
    pytest.param(rule, id=rule.id) for item in read_library().sets.values() for rule in item.rules
]

# Statuses a kind cannot reach, with the reason.
UNREACHABLE = {
    "named": {
        "breached": "a use that is named cannot break the rule that names it",
        "not_assessable": "an unknown indication belongs to no rule",
    },
    "named_if": {
        "met": "no record holds the condition yet",
        "breached": "an unknown condition is a question",
    },
    "recorded": {"not_assessable": "whether something is recorded is always known"},
    "missing": {"not_assessable": "whether a weight is there is always known"},
    "basis_unknown": {"not_assessable": "whether a basis is there is always known"},
    "approval not_required": dict.fromkeys(
        ("met", "breached", "not_assessable"), "what is not asked for is not judged"
    ),
}
# Rules without a number have no limit to stand on.
LIMITLESS = {
    "named", "named_if", "recorded", "missing", "basis_unknown", "approval not_required",
}  # fmt: skip


def subject(rule: Rule) -> str:
    if isinstance(rule, UseRule):
        return rule.use
    if isinstance(rule, AuthorisationRule):
        return f"approval {rule.approval}"
    return rule.problem if isinstance(rule, WeightRule) else rule.kind


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_an_example_for_each_status_it_can_reach(rule: Rule) -> None:
    shown = {example.expect.status for example in rule.example}
    unreachable = UNREACHABLE.get(subject(rule), {})
    wanted = {"met", "breached", "not_assessable"} - set(unreachable)
    assert wanted <= shown, f"{rule.id} shows only {sorted(shown)}"


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_with_a_limit_stands_exactly_on_it(rule: Rule) -> None:
    if subject(rule) in LIMITLESS:
        return
    assert any("exactly" in example.name for example in rule.example), rule.id


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_says_why_to_a_prescriber_in_one_sentence(rule: Rule) -> None:
    assert rule.why.endswith(".")
    assert rule.why.count(". ") == 0


@pytest.mark.parametrize("rule", RULES)
def test_an_alternative_is_told_apart_by_its_label(rule: Rule) -> None:
    if isinstance(rule, RegimenRule):
        labels = [regimen.label for regimen in rule.regimen]
        assert len(labels) == len(set(labels))


def test_the_default_set_names_the_uses_and_doses_of_the_overview() -> None:
    rules = {rule.id: rule for rule in read_library().sets["droracle-2025"].rules_in_force}
    uses = {
        code for rule in rules.values() if isinstance(rule, UseRule) for code in rule.indications
    }
    dosed = {
        code
        for rule in rules.values()
        if isinstance(rule, RegimenRule)
        for code in rule.indications
    }
    named = {
        "kawasaki", "pid", "itp_adult", "itp_child", "gbs", "cidp", "amr_kidney", "amr_heart",
        "amr_other", "dermatomyositis", "pemphigus_vulgaris", "ici_mg", "ici_gbs", "ici_itp",
        "ici_myocarditis", "ici_other",
    }  # fmt: skip
    assert uses == named
    assert dosed == named | {"autoimmune_other"}


def test_what_no_rule_checks_is_listed_as_such() -> None:
    texts = " ".join(
        statement.text for statement in read_library().sets["droracle-2025"].head.statement
    )
    for word in ("vaccines", "IgA", "half-life", "trough", "thrombosis", "haemol", "Acetaminophen"):
        assert word in texts
