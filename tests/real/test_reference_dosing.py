"""Every rule of the dosing reference stands in the library, with its figures and its status.

The reference lies beside the checkout (`../shared/reference/dosing.yaml`); where it does not,
this is skipped aloud.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.guidelines import GuidelineSet, read_library
from pipeline.guidelines.kinds.authorisation import AuthorisationRule
from pipeline.guidelines.kinds.concomitant import ConcomitantRule
from pipeline.guidelines.kinds.indication import UseRule
from pipeline.guidelines.kinds.infusion_duration import DurationRule
from pipeline.guidelines.kinds.limit import LimitRule
from pipeline.guidelines.kinds.regimen import Regimen, RegimenRule
from pipeline.guidelines.kinds.review import ReviewRule
from pipeline.guidelines.rules import Range, Rule

REFERENCE = Path(__file__).parents[2].parent / "shared" / "reference" / "dosing.yaml"
SEED = "droracle_2025"
STATUS = {"seen": "transcribed", "seen_secondary": "secondary", "recalled": "unverified"}
DAYS_PER_WEEK = 7
MAX_WORDS_OF_A_NAME = 3

# What differs from the reference on purpose, with the reason.
WITHOUT_INTERVAL = {"DRO-AUTO": "acute disease and rejection have no monthly interval"}
WIDER_REPEAT = {
    "AHA-KD": "the table names no window; the one that is recalled is a rule of its own"
}
HALF_OPEN_AGE = {"AU-ITP-CH": Decimal(16)}  # "up to 15" ends before the sixteenth birthday
OUR_AGE = {
    "AU-FNAIT-M": "the label says maternal",
    "AU-HDN": "the rule speaks of newborns",
    "ON4-GBS": "one regimen is for adults, the other for children",
}
PRODUCTS = {
    "Octagam (EU)": {"octagam_5", "octagam_10", "octagam_unspecified"},
    "Octagam 10% (EU)": {"octagam_10"},
    "Octagam 10%": {"octagam_10"},
    "Octagam 5%": {"octagam_5"},
    "Privigen": {"privigen"},
    "Privigen; Panzyga (same text seen)": {"privigen", "panzyga"},
    "Panzyga": {"panzyga"},
    "Gamunex-C / Gammaked": {"gamunex_c"},
    "Gammagard Liquid": {"gammagard_liquid"},
    "Gammagard S/D": {"gammagard_sd"},
    "Asceniv": {"asceniv"},
    "Bivigam": {"bivigam"},
    "Flebogamma DIF 5%": {"flebogamma_5"},
    "Flebogamma DIF 10%": {"flebogamma_10"},
    "Yimmugo": {"yimmugo"},
    "Alyglo": {"alyglo"},
    "Gammaplex 5%/10%": {"gammaplex_5", "gammaplex_10", "gammaplex_unspecified"},
}
# Medicines that only the note of a rule names, for no code list can prove that they are missing.
NOTED_MEDICINES = {"conventional immunosuppression (usually)", "plasma exchange x5"}
AND_OR = "systemic corticosteroid and/or adjuvant"
# Approvals that are no approval: a telephone call, and a use that is not funded.
NO_APPROVAL = ("via UKHSA", "not commissioned")
# What the not-recommended list says of conditions without a code stands in set.toml.
FORBIDDEN_CODES = {
    "inclusion body myositis": "ibm",
    "toxic epidermal necrolysis / SJS": "ten_sjs",
    "IgM paraprotein neuropathy, long term": "igm_pdn",
    "newborn haemolytic disease (routine)": "hdn",
}
FORBIDDEN_WORDS = {
    "motor neuron disease": ("Motor neuron",),
    "multiple sclerosis (other than RRMS short term)": ("Multiple sclerosis",),
    "mild/ocular myasthenia": ("ocular myasthenia",),
    "narcolepsy/cataplexy": ("Narcolepsy", "cataplexy"),
    "POEMS, post-polio, neuropathic pain": ("POEMS", "post-polio", "neuropathic pain"),
    "complex regional pain syndrome": (
        *("complex regional pain", "vasculitis", "epilepsy", "antiphospholipid", "PANDAS"),
        *("POEMS", "pyoderma", "juvenile arthritis", "urticaria", "dermatitis"),
    ),
    "MS, ALS, Alzheimer disease, chronic fatigue": (
        *("multiple sclerosis", "motor neuron", "Alzheimer", "fatigue", "rheumatoid", "asthma"),
        *("Graves", "in-vitro", "miscarriage", "newborns", "intensive care", "bone marrow"),
    ),
}


def reference() -> dict[str, Any]:
    if not REFERENCE.is_file():
        return {"rules": [], "guideline_sets": {}, "not_recommended": [], "sources": {}}
    read: dict[str, Any] = yaml.load(REFERENCE.read_text("utf-8"), Loader=Exact)  # noqa: S506 - a safe loader with decimals
    return read


class Exact(yaml.SafeLoader):
    """A safe loader that keeps decimals exact."""


Exact.add_constructor("tag:yaml.org,2002:float", lambda _, node: Decimal(str(node.value)))

TOLD = reference()
SETS = read_library().sets
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        not TOLD["rules"], reason="NOT TESTED: ../shared/reference/dosing.yaml is not here"
    ),
]
ENTRIES = [pytest.param(entry, id=entry["id"]) for entry in TOLD["rules"]]


def set_of(entry: dict[str, Any]) -> GuidelineSet:
    return SETS[entry["set"].replace("_", "-")]


@cache
def by_source(set_id: str) -> dict[str, list[Rule]]:
    found: dict[str, list[Rule]] = {}
    for rule in SETS[set_id].rules:
        found.setdefault(rule.source_rule or "", []).append(rule)
    return found


OF_TESTS = {"monitoring", "trough", "observation"}
"""Tests and watching are asked for by another reference: test_reference_monitoring.py."""


def rules_of(entry: dict[str, Any]) -> list[Rule]:
    found = by_source(entry["set"].replace("_", "-")).get(entry["id"], [])
    return [rule for rule in found if rule.kind not in OF_TESTS]


def regimen_rules(entry: dict[str, Any]) -> list[RegimenRule]:
    return [rule for rule in rules_of(entry) if isinstance(rule, RegimenRule)]


def codes(entry: dict[str, Any]) -> set[str]:
    return {entry["indication"], *entry.get("also_applies_to", [])}


def covering(entry: dict[str, Any], kind: type[Rule]) -> list[Rule]:
    """Return the rules of one kind that the set has for the entry's indications."""
    return [
        rule
        for rule in set_of(entry).rules
        if isinstance(rule, kind) and codes(entry) <= {*rule.indications}
    ]


def pair(limits: Range | None) -> list[Decimal | None] | None:
    return None if limits is None else [limits.min, limits.max]


def exact(limits: list[Any] | None) -> list[Decimal | None] | None:
    return None if limits is None else [None if x is None else Decimal(x) for x in limits]


def told_figures(entry: dict[str, Any], regimen: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the figures of a regimen of the reference, a step of its schedule at a time."""
    onset = regimen.get("window_days_from_onset") or entry.get("window_days_from_onset")
    repeat = regimen.get("repeat", {})
    figures = {
        "day": exact(regimen.get("g_per_kg_per_day")),
        "days": exact(regimen["days_per_course"]),
        "total": exact(regimen.get("course_total_g_per_kg")),
        "interval": exact(regimen.get("interval_weeks")),
        "month": exact(regimen.get("g_per_kg_per_month")),
        "consecutive": bool(regimen.get("consecutive")),
        "gap": exact(regimen.get("gap_days")),
        "span": regimen.get("window_days_total"),
        "per_28d": regimen.get("max_g_per_kg_per_28d"),
        "day_cap": regimen.get("per_day_cap_g"),
        "course_cap": regimen.get("course_cap_g"),
        "after": regimen.get("event_linked"),
        "from": exact(onset or regimen.get("window_days_from_exposure")),
        "repeat": exact(repeat.get("within_days")),
        "repeat_dose": None,
        "step": None,
        "has_condition": bool(repeat.get("condition")),
    }
    schedule = regimen.get("interval_schedule", [])
    for place, step in enumerate(schedule):
        until = schedule[place + 1]["from_month"] if place + 1 < len(schedule) else None
        since = step["from_month"] or None
        yield figures | {"interval": exact(step["weeks"]), "step": exact([since, until])}
    if not schedule:
        yield figures
    if further := regimen.get("extra_doses"):
        weeks = further["within_weeks_of_start"]
        yield figures | {
            "repeat": exact([None, weeks * DAYS_PER_WEEK]),
            "repeat_dose": further["g_per_kg"],
            "step": exact([None, 1]),
            "has_condition": True,
        }


def our_figures(regimen: Regimen) -> dict[str, Any]:
    event, repeat = regimen.days_from, regimen.repeat
    return {
        "day": pair(regimen.g_per_kg_per_day),
        "days": pair(regimen.days),
        "total": pair(regimen.g_per_kg_total),
        "interval": pair(regimen.interval_weeks),
        "month": pair(regimen.g_per_kg_per_month),
        "consecutive": bool(regimen.is_consecutive),
        "gap": pair(regimen.gap_days),
        "span": regimen.span_days,
        "per_28d": regimen.max_g_per_kg_per_28d,
        "day_cap": regimen.max_g_per_day,
        "course_cap": regimen.max_g_per_course,
        "after": regimen.after_event,
        "from": [event.min, event.max] if event else None,
        "repeat": pair(repeat.days) if repeat else None,
        "repeat_dose": repeat.g_per_kg if repeat else None,
        "step": pair(regimen.treatment_months),
        "has_condition": bool(repeat and repeat.condition),
    }


def test_every_set_of_the_reference_is_there_with_its_weight_and_rounding() -> None:
    assert len(TOLD["guideline_sets"]) == 19
    for key, told in TOLD["guideline_sets"].items():
        head = SETS[key.replace("_", "-")].head
        assert (head.title, head.weight_policy) == (told["title"], told["weight_policy"]), key
        assert head.rounding == told["rounding_policy"], key


def test_every_rule_has_an_entry_and_none_is_made_up() -> None:
    assert len(TOLD["rules"]) == sum(TOLD["meta"]["rule_counts"].values()) == 208
    known = {entry["id"] for entry in TOLD["rules"]}
    for item in SETS.values():
        if item.head.id.replace("-", "_") in TOLD["guideline_sets"]:
            told = {rule.source_rule for rule in item.rules if rule.kind not in OF_TESTS}
            assert told - {None} <= known, item.head.id


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_rule_stands_in_its_own_set_for_its_own_indications(entry: dict[str, Any]) -> None:
    rules = rules_of(entry)
    assert rules
    dosed = [*regimen_rules(entry)] or rules
    assert codes(entry) <= {code for rule in dosed for code in rule.indications}


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_figure_of_a_regimen_is_the_printed_one(entry: dict[str, Any]) -> None:
    told = [figures for regimen in entry["regimens"] for figures in told_figures(entry, regimen)]
    ours = [our_figures(g) for rule in regimen_rules(entry) for g in rule.regimen]
    for figures in told:
        assert figures in ours, figures
    if entry["id"] not in {*WIDER_REPEAT, *WITHOUT_INTERVAL}:
        assert all(figures in told for figures in ours)


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_status_says_how_far_it_can_be_trusted(entry: dict[str, Any]) -> None:
    found = {rule.status for rule in rules_of(entry)}
    allowed = {STATUS[entry["status"]]}
    assert found == allowed or (entry["id"] in WIDER_REPEAT and found == {*allowed, "unverified"})
    if STATUS[entry["status"]] == "unverified" or entry.get("severity") == "advisory":
        assert {rule.effective_severity for rule in regimen_rules(entry)} <= {"advisory"}


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_sources_are_named(entry: dict[str, Any]) -> None:
    if entry["set"] == SEED:
        return
    named = " | ".join(
        text for rule in rules_of(entry) for text in (rule.source.title, *rule.source.also)
    )
    for key in entry["sources"]:
        title = "from memory" if key == "rec" else TOLD["sources"][key]["title"]
        assert title in named


@pytest.mark.parametrize("entry", ENTRIES)
def test_age_product_and_condition_are_kept(entry: dict[str, Any]) -> None:
    subject = any(text.startswith("subject") for text in entry.get("requires", []))
    for rule in regimen_rules(entry):
        if entry["id"] not in OUR_AGE and not subject:
            low, high = entry.get("age_years", [None, None])
            told = [low or None, HALF_OPEN_AGE.get(entry["id"], high)]
            assert (pair(rule.population.age_years) or [None, None]) == told
        assert {*rule.products} == PRODUCTS.get(entry.get("product", ""), set())
        if subject:
            assert rule.population.age_years is not None
        assert bool(rule.condition) == (bool(entry.get("requires")) and not subject)
        if regimen_age := [g["age_years"] for g in entry["regimens"] if "age_years" in g]:
            assert regimen_age == [[0, 18]]


@pytest.mark.parametrize("entry", ENTRIES)
def test_infusion_hours_are_a_rule_of_their_own(entry: dict[str, Any]) -> None:
    told = [exact(g["infusion_hours"]) for g in entry["regimens"] if "infusion_hours" in g]
    ours = [pair(rule.hours) for rule in rules_of(entry) if isinstance(rule, DurationRule)]
    assert ours == told


@pytest.mark.parametrize("entry", ENTRIES)
def test_numbers_of_courses_months_and_trials_are_limits(entry: dict[str, Any]) -> None:
    rules = [rule for rule in rules_of(entry) if isinstance(rule, LimitRule)]
    parts = [entry, *entry["regimens"]]
    for key, ours in (
        ("max_courses", [rule.max_courses for rule in rules]),
        ("min_courses", [rule.min_courses for rule in rules]),
        ("max_duration_months", [rule.max_duration_months for rule in rules]),
        ("max_trial_cycles", [rule.max_trial_cycles for rule in rules]),
    ):
        told = {part[key] for part in parts if key in part}
        assert {number for number in ours if number is not None} == told, key
    trials = [pair(rule.trial_months) for rule in rules if rule.trial_months is not None]
    assert trials == [exact(entry["trial_months"]) for _ in range("trial_months" in entry)]


@pytest.mark.parametrize("entry", ENTRIES)
def test_medicines_are_checked_or_noted(entry: dict[str, Any]) -> None:
    rules = [rule for rule in rules_of(entry) if isinstance(rule, ConcomitantRule)]
    checked = [m for m in entry.get("concomitant", []) if m not in {*NOTED_MEDICINES, AND_OR}]
    assert len(rules) == len(checked)
    notes = " ".join(rule.note or "" for rule in rules_of(entry)).lower()
    for medicine in entry.get("concomitant", []):
        if medicine not in checked:
            word = {AND_OR: "corticosteroid", "plasma exchange x5": "exchanges are five"}
            assert word.get(medicine, "conventional immunosuppression") in notes


@pytest.mark.parametrize("entry", ENTRIES)
def test_eligibility_is_a_condition_of_the_use(entry: dict[str, Any]) -> None:
    uses = [
        rule
        for rule in set_of(entry).rules
        if isinstance(rule, UseRule) and codes(entry) & {*rule.indications}
    ]
    if entry["set"] != SEED:
        assert codes(entry) <= {code for rule in uses for code in rule.indications}
    if entry.get("eligibility"):
        assert any(rule.use == "named_if" and rule.condition for rule in uses)
    if entry["phase"] == "not_recommended":
        assert [rule.use for rule in uses] == ["do_not_use"]


@pytest.mark.parametrize("entry", ENTRIES)
def test_approvals_and_reviews_are_rules_of_their_own(entry: dict[str, Any]) -> None:
    approval = entry.get("approval", "")
    ours = [rule for rule in rules_of(entry) if isinstance(rule, AuthorisationRule)]
    if not approval or approval.startswith(NO_APPROVAL):
        assert not ours
    else:
        (rule,) = ours
        is_free = "not required" in approval and "second dose" not in approval
        is_free = is_free and "relapse: required" not in approval
        assert (rule.approval == "not_required") == is_free
        assert rule.is_emergency_listed == ("emergency list" in approval and not is_free)
    if entry.get("review") and entry["phase"] != "not_recommended":
        assert covering(entry, ReviewRule)


@pytest.mark.parametrize("entry", ENTRIES)
def test_what_no_check_evaluates_stands_in_a_note(entry: dict[str, Any]) -> None:
    if entry["set"] == SEED:
        return
    notes = " ".join(rule.note or "" for rule in rules_of(entry))
    for outcome in entry.get("outcomes", []):
        assert outcome in notes
    if "trough_igg_g_per_l_min" in entry:
        assert "rough" in notes
        assert f"{entry['trough_igg_g_per_l_min'].normalize():f} g/L" in notes
    if "trough_igg" in entry:
        assert "Trough" in notes
    for key in ("forbidden", "alternatives", "population", "weight_override"):
        if key in entry and entry["weight_override" if key == "weight_override" else key] != "ibw":
            assert notes


@pytest.mark.parametrize(
    "item", [pytest.param(item, id=item["condition"][:40]) for item in TOLD["not_recommended"]]
)
def test_what_is_not_recommended_is_forbidden_or_stated(item: dict[str, Any]) -> None:
    own = SETS[item["set"].replace("_", "-")]
    if code := FORBIDDEN_CODES.get(item["condition"]):
        assert any(
            isinstance(rule, UseRule) and rule.use == "do_not_use" and code in rule.indications
            for rule in own.rules
        )
        return
    texts = " ".join(statement.text for statement in own.head.statement)
    (words,) = (w for start, w in FORBIDDEN_WORDS.items() if item["condition"].startswith(start))
    for word in words:
        assert word in texts


def sentences(told: object) -> Iterator[str]:
    """Yield every sentence of the reference that is more than a name or a label of figures."""
    if isinstance(told, dict):
        for key, value in told.items():
            if key != "label":
                yield from sentences(value)
    elif isinstance(told, list):
        for value in told:
            yield from sentences(value)
    elif isinstance(told, str):
        for sentence in parted(told):
            if len(sentence.split()) > MAX_WORDS_OF_A_NAME:
                yield sentence


def parted(text: str) -> list[str]:
    """Return the sentences of a text, in one spelling."""
    return [part.strip(' ."').lower() for part in re.split(r"[.;:] ", f"{text} ")]


def test_no_sentence_is_taken_over() -> None:
    theirs = set(sentences(TOLD["rules"])) | set(sentences(TOLD["not_recommended"]))
    for item in SETS.values():
        for rule in item.rules:
            for text in (rule.why, rule.statement, rule.note, rule.condition):
                assert not theirs & {*parted(text or "")}, rule.id
