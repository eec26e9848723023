"""What must hold for every rule file that travels with the program."""

from __future__ import annotations

import pytest

from pipeline import resources
from pipeline.guidelines import read_library
from pipeline.guidelines.kinds import RULE_OF_KIND
from pipeline.guidelines.kinds.authorisation import AuthorisationRule
from pipeline.guidelines.kinds.indication import UseRule
from pipeline.guidelines.kinds.monitoring import MonitoringRule
from pipeline.guidelines.kinds.premedication import PremedicationRule
from pipeline.guidelines.kinds.regimen import RegimenRule
from pipeline.guidelines.kinds.traceability import TraceabilityRule
from pipeline.guidelines.kinds.weight import WeightRule
from pipeline.guidelines.rules import Rule

LIBRARY = read_library()
RULES = [pytest.param(rule, id=rule.id) for item in LIBRARY.sets.values() for rule in item.rules]
POLICY_OF_PREFIX = {item.head.prefix: item.head.weight_policy for item in LIBRARY.sets.values()}
WITHOUT_FORMULA = {
    row["weight_policy"]
    for row in LIBRARY.codelists.of("codelists/weight_policy.csv")
    if row["has_formula"] == "false"
}

NO_RECORD = "no record holds the condition yet"
NO_POLICY = "the set leaves the weight to the site, so that no dose can be judged"
# Statuses a kind cannot reach, with the reason.
UNREACHABLE = {
    "named": {
        "breached": "a use that is named cannot break the rule that names it",
        "not_assessable": "an unknown indication belongs to no rule",
    },
    "named_if": {"met": NO_RECORD, "breached": "an unknown condition is a question"},
    "do_not_use": {
        "met": "a use that is forbidden cannot meet the rule that forbids it",
        "not_assessable": "an unknown indication belongs to no rule",
    },
    "recorded": {"not_assessable": "whether something is recorded is always known"},
    "missing": {"not_assessable": "whether a weight is there is always known"},
    "basis_unknown": {"not_assessable": "whether a basis is there is always known"},
    "conditional": {"met": NO_RECORD},
    "conditional limit": {"breached": "the condition, which no record holds, might lift it"},
    "no test": {
        "met": "no record holds what the rule asks for",
        "breached": "no record holds what the rule asks for",
    },
    "without a weight": {"met": NO_POLICY, "breached": NO_POLICY},
    "without a dose": dict.fromkeys(
        ("met", "breached", "not_assessable"), "no dose can be called right or wrong"
    ),
    "lot_differs": {"not_assessable": "lots that were not both recorded are not compared"},
    "named_is_valid": {"not_assessable": "what was decided is always recorded"},
    "number_kept": {"not_assessable": "a count is always known"},
    "optional": {"breached": "what may be given and was not breaks nothing"},
    "no approval needed": dict.fromkeys(
        ("met", "breached", "not_assessable"), "where none is needed none can be missing"
    ),
}
# Rules without a number have no limit to stand on.
LIMITLESS = {
    "no test",
    "named",
    "named_if",
    "do_not_use",
    "recorded",
    "missing",
    "basis_unknown",
    "without a dose",
    "no approval needed",
    "precaution",
}


def subject(rule: Rule) -> str:  # noqa: PLR0911 - one per kind that has several
    """Return what decides which statuses a rule can reach."""
    match rule:
        case UseRule():
            return rule.use
        case WeightRule() | TraceabilityRule():
            return rule.problem
        case RegimenRule():
            return of_regimen(rule)
        case MonitoringRule() if not rule.tests:
            return "no test"
        case AuthorisationRule():
            return of_approval(rule)
        case _ if rule.kind == "limit" and rule.condition:
            return "conditional limit"
    is_optional = isinstance(rule, PremedicationRule) and rule.is_optional
    return "optional" if is_optional else rule.kind


def of_regimen(rule: RegimenRule) -> str:
    if rule.names_no_dose:
        return "without a dose"
    if policy_of(rule) in WITHOUT_FORMULA:
        return "without a weight"
    return "conditional" if rule.condition else rule.kind


def of_approval(rule: AuthorisationRule) -> str:
    if rule.approval == "not_required":
        return "no approval needed"
    if rule.approval in ("named_is_valid", "number_kept"):
        return rule.approval
    return "conditional limit" if rule.condition else rule.kind


def policy_of(rule: Rule) -> str:
    return rule.weight_policy or POLICY_OF_PREFIX[rule.id.split("-", maxsplit=1)[0]]


def test_the_folder_of_a_set_bears_its_id() -> None:
    assert [item.folder.name for item in LIBRARY.sets.values()] == [*LIBRARY.sets]


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_an_example_for_each_status_it_can_reach(rule: Rule) -> None:
    shown = {example.expect.status for example in rule.example}
    unreachable = UNREACHABLE.get(subject(rule), {})
    wanted = {"met", "breached", "not_assessable"} - set(unreachable)
    assert wanted <= shown, f"{rule.id} shows only {sorted(shown)}"
    assert rule.example, rule.id


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
    for word in ("half-life", "trough", "thrombosis", "haemol"):
        assert word in texts


def test_a_kind_is_a_rule_model_and_a_check_of_the_same_name() -> None:
    assert {path.stem for path in resources.sql_files("checks")} == set(RULE_OF_KIND)
