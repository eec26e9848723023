"""What softens a verdict, what may enter the headline, and what names a finding."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from judged import HOUSE, SET, START, Row, World, of_rule

ONCE = {"total_min_g_per_kg": 1, "total_max_g_per_kg": 2}
CONFLICT = {"indication_code": None, "indication_source": "conflict"}


def test_a_cap_softens_a_breach_and_leaves_its_status() -> None:
    """Each rule has a use of its own, and a course of twice the highest dose."""
    told: list[tuple[Row, Row, str, str | None]] = [
        ({}, {}, "off_guideline", None),
        ({}, {"indication_source": "authorisation"}, "off_guideline", None),
        ({}, {"indication_source": "diagnosis"}, "review", "diagnosis_only"),
        ({"phase": "loading"}, {"phase": None}, "review", "phase_unknown"),
        ({"phase": "maintenance"}, {"phase": None}, "review", "phase_unknown"),
        ({"phase": "any"}, {"phase": None}, "off_guideline", None),
        ({"phase": "single"}, {"phase": None}, "off_guideline", None),
        ({}, {"has_quarantined_row": True}, "review", "quarantined_row"),
        ({"effective_severity": "review"}, {}, "review", "rule"),
        ({"effective_severity": "advisory"}, {"has_quarantined_row": True}, "advisory", "rule"),
        ({"severity": "review"}, {"indication_source": "diagnosis"}, "review", None),
    ]
    world = World()
    for key, (rule, facts, _, _) in enumerate(told, start=1):
        world.rule(key, "regimen", f"use_{key}", **rule)
        world.regimen(key, key, **ONCE)
        world.course(key, dose_g=200, indication_code=f"use_{key}", **facts)
    found = {row["rule_key"]: row for row in world.judge()}
    for key, (_, _, severity, cap) in enumerate(told, start=1):
        verdict = found[key]
        shown = (verdict["status"], verdict["severity"], verdict["cap"])
        assert shown == ("breached", severity, cap), key
        assert verdict["is_countable"] == (severity == "off_guideline"), key


def test_a_verdict_that_another_weight_would_change_is_for_review() -> None:
    # by 200 kg the same grams are too little, by 60 still too much
    told = {50: False, 60: False, 100: True, 200: True, None: False}
    world = World()
    world.rows["guideline.guideline_set"][0]["is_weight_policy_read"] = False
    world.rule(1, "regimen")
    world.regimen(1, **ONCE)
    for key, other_kg in enumerate(told, start=1):
        world.course(key, dose_g=150)
        world.weight(key, "alternative", other_kg, basis="ideal", reason="no_height")
    found = {row["course_key"]: row for row in of_rule(world.judge())}
    for key, disputed in enumerate(told.values(), start=1):
        expected = ("review", "weight_disputed") if disputed else ("off_guideline", None)
        assert (found[key]["severity"], found[key]["cap"]) == expected, key
        assert found[key]["is_countable"] is not disputed, key


def test_a_met_verdict_carries_its_caps_too() -> None:
    world = World()
    world.rule(1, "regimen")
    world.regimen(1, **ONCE)
    world.course(1, dose_g=75, indication_source="diagnosis")
    (verdict,) = of_rule(world.judge())
    assert (verdict["status"], verdict["severity"]) == ("met", "review")
    assert verdict["is_countable"] is False


def test_a_milder_clause_leaves_the_rule_countable() -> None:
    world = World()
    world.rule(1, "regimen")
    world.regimen(1, **ONCE)
    world.course(1, dose_g=20)
    (verdict,) = of_rule(world.judge())
    assert (verdict["severity"], verdict["cap"], verdict["is_countable"]) == (
        "review",
        "under_dose",
        True,
    )


@pytest.mark.parametrize(
    ("authority", "limits", "expected"),
    [
        ("label", {"total_max_g_per_kg": 5}, ("review", "higher_authority_met")),
        ("overview", {"total_max_g_per_kg": 5}, ("off_guideline", None)),
        ("label", {"total_max_g_per_kg": 3}, ("off_guideline", None)),  # not met either
    ],
)
def test_what_a_set_of_higher_authority_calls_met_is_for_review(
    authority: str, limits: Row, expected: tuple[object, ...]
) -> None:
    world = World()
    world.add("guideline.guideline_set", **(SET | {"set_key": 2, "authority": authority}))
    world.rule(1, "regimen")
    world.rule(2, "regimen", set_key=2)
    world.regimen(1, **ONCE)
    world.regimen(2, 2, **limits)
    world.course(1, dose_g=200)
    (verdict,) = of_rule(world.judge())
    assert (verdict["severity"], verdict["cap"]) == expected


def ranked_world(*authorities: str) -> World:
    """Return one dose of 4 g/kg under the overview's 1 to 2 g/kg, and further sets by authority."""
    world = World()
    world.rule(1, "regimen")
    world.regimen(1, **ONCE)
    for key, authority in enumerate(authorities, start=2):
        world.add("guideline.guideline_set", **(SET | {"set_key": key, "authority": authority}))
    world.course(1, dose_g=200)
    return world


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ({"total_max_g_per_kg": 5}, "review"),  # the label is met twice
        ({"total_max_g_per_kg": 3}, "review"),  # one rule of a set is met: its other is no breach
        ({}, "review"),  # named without a dose: silent, which is no breach
    ],
)
def test_a_set_is_met_when_none_of_its_rules_is_breached(second: Row, expected: str) -> None:
    world = ranked_world("label")
    world.rule(2, "regimen", set_key=2)
    world.regimen(2, 2, total_max_g_per_kg=5)
    world.rule(3, "regimen", set_key=2)
    if second:
        world.regimen(3, 3, **second)
    assert of_rule(world.judge())[0]["severity"] == expected


def test_each_set_is_softened_by_those_above_it_only() -> None:
    world = ranked_world("society", "commissioner", "label")
    for key, limit in ((2, 2), (3, 5), (4, 2)):
        world.rule(key, "regimen", set_key=key)
        world.regimen(key, key, total_max_g_per_kg=limit)
    verdicts = world.judge()
    shown = {row["rule_key"]: (row["status"], row["severity"], row["cap"]) for row in verdicts}
    assert shown == {
        1: ("breached", "review", "higher_authority_met"),
        2: ("breached", "review", "higher_authority_met"),
        3: ("met", "off_guideline", None),
        4: ("breached", "off_guideline", None),  # the commissioner stands below the label
    }


def test_an_unverified_rule_of_a_label_excuses_too() -> None:
    world = ranked_world("label")
    world.rule(2, "regimen", set_key=2, effective_severity="advisory")
    world.regimen(2, 2, total_max_g_per_kg=5)
    assert of_rule(world.judge())[0]["cap"] == "higher_authority_met"


def test_what_another_set_excuses_stays_in_the_denominator() -> None:
    world = ranked_world("label")
    world.rule(2, "regimen", set_key=2)
    world.regimen(2, 2, total_max_g_per_kg=5)
    world.course(2, dose_g=75)
    verdicts = of_rule(world.judge())
    assert [(row["status"], row["is_countable"]) for row in verdicts] == [
        ("breached", True),
        ("met", True),
    ]


@pytest.mark.parametrize(
    ("limits", "cap"),
    [({"total_max_g_per_kg": 5}, "higher_authority_met"), ({"total_max_g_per_kg": 1}, None)],
)
def test_a_dose_that_a_higher_set_allows_permits_the_use(limits: Row, cap: str | None) -> None:
    world = ranked_world("label")
    world.rule(9, "indication")
    world.add("guideline.named_use", rule_key=9, indication_code="itp", use="do_not_use")
    world.rule(2, "regimen", set_key=2)
    world.regimen(2, 2, **limits)
    assert of_rule(world.judge(), 9)[0]["cap"] == cap


def test_our_own_set_lends_no_authority_and_never_counts() -> None:
    world = World()
    world.add("guideline.guideline_set", **(HOUSE | {"authority": "label"}))
    world.rule(1, "regimen")
    world.rule(2, "regimen", set_key=9)
    world.regimen(1, **ONCE)
    world.regimen(2, 2, total_max_g_per_kg=5)
    world.course(1, dose_g=200)
    verdicts = world.judge()
    assert of_rule(verdicts)[0]["severity"] == "off_guideline"
    assert of_rule(verdicts, 2)[0]["is_countable"] is False


@pytest.mark.parametrize(("severity", "counts"), [("off_guideline", True), ("review", False)])
def test_an_unknown_indication_counts_where_a_rule_of_the_set_could_accuse(
    *, severity: str, counts: bool
) -> None:
    world = World()
    world.rule(1, "regimen", severity=severity)
    world.regimen(1, **ONCE)
    world.course(1, **CONFLICT)
    (verdict,) = world.judge()
    assert (verdict["reason"], verdict["is_countable"]) == ("no_indication", counts)
    assert verdict["severity"] is None


def two_courses() -> World:
    """Return a world with one dose far too high and one interval far too short."""
    world = World()
    world.add("audit.input_file", file_id=1, file_name="infusion.csv")
    world.rule(1, "regimen")
    world.regimen(1, **ONCE, interval_min_days=21, interval_max_days=28)
    world.course(1, dose_g=200, started_on=START - timedelta(days=10))
    world.course(
        2,
        patient_key=1,
        dose_g=75,
        interval_status="known",
        interval_days=10,
        previous_course_key=1,
        grams_28d=275,
    )
    return world


def test_a_finding_is_named_by_rule_and_first_infusion() -> None:
    world = two_courses()
    world.judge()
    found = world.fetch("SELECT * FROM audit.finding ORDER BY subject_key")
    assert [row["subject_id"] for row in found] == ["s:p1:i1", "s:p1:i2"]
    assert [len(row["finding_key"]) for row in found] == [16, 16]
    assert len({row["finding_key"] for row in found}) == 2


def test_the_key_of_a_finding_outlives_its_facts_and_the_digest_does_not() -> None:
    keys, digests = set(), set()
    for dose in (200, 210):
        world = World()
        world.rule(1, "regimen")
        world.regimen(1, **ONCE)
        world.course(1, dose_g=dose)
        world.judge()
        (finding,) = world.fetch("SELECT finding_key, facts_digest FROM audit.finding")
        keys.add(finding["finding_key"])
        digests.add(finding["facts_digest"])
    assert (len(keys), len(digests)) == (1, 2)


def test_the_rows_behind_a_finding_are_named_with_their_role() -> None:
    world = two_courses()
    world.judge()
    found = world.fetch(
        """
        SELECT subject_key, record, record_key, role
        FROM audit.evidence INNER JOIN audit.finding USING (finding_key)
        ORDER BY ALL
        """
    )
    assert [tuple(row.values()) for row in found] == [
        (1, "infusion", 1, "given"),
        (2, "infusion", 1, "previous course"),
        (2, "infusion", 1, "within 28 days"),
        (2, "infusion", 2, "given"),
        (2, "infusion", 2, "within 28 days"),
    ]


def test_the_arithmetic_shows_every_step_of_a_dose() -> None:
    world = World()
    world.rule(1, "regimen")
    world.regimen(1, **ONCE)
    world.course(1, dose_g=130, weight_kg=Decimal("50.5"))
    world.judge()
    (finding,) = world.fetch("SELECT arithmetic FROM audit.finding")
    assert finding["arithmetic"].splitlines() == [
        "dose: 130.000 g = 130.000 g",
        "limit: 2.000 g/kg × 50.500 kg = 101.000 g",
        "with tolerance: 101.000 g × (1 + 0.100) = 111.100 g",
        "in whole vials: 1 × ceil(101.000 g ÷ 1 ÷ 5.000 g) × 5.000 g = 105.000 g",
        "beyond the tolerance: 130.000 g > 111.100 g",
        "beyond whole vials: 130.000 g > 105.000 g",
        "miss: 130.000 g - 101.000 g = 29.000 g",
        "at least one vial: 29.000 g ≥ 5.000 g",
    ]


def test_the_arithmetic_of_an_early_interval_shows_the_grams_of_28_days() -> None:
    world = two_courses()
    world.judge()
    found = world.fetch("SELECT arithmetic FROM audit.finding WHERE subject_key = 2")
    assert found[0]["arithmetic"].splitlines() == [
        "between the two starts: 2024-06-15 - 2024-06-05 = 10 d",
        "earliest: 21 d - 4 d = 17 d",
        "too early: 10 d < 17 d",
        "miss: 21 d - 10 d = 11 d",
        "allowed by then: 2.000 g/kg × 50.000 kg × (1 + floor(27 ÷ 21.0)) = 200.000 g",
        "with tolerance: 200.000 g × (1 + 0.100) = 220.000 g",
        "given from 2024-06-05 to 2024-06-15: 200.000 g + 75.000 g = 275.000 g",
        "given by then: 275.000 g > 220.000 g",
        "too much: 275.000 g - 200.000 g = 75.000 g",
        "at least one vial: 75.000 g ≥ 5.000 g",
    ]


def test_the_weights_a_dose_could_have_been_meant_by_are_judged_one_by_one() -> None:
    world = World()
    world.rows["guideline.guideline_set"][0]["is_weight_policy_read"] = False
    world.rule(1, "regimen")
    world.regimen(1, **ONCE)
    world.course(1, dose_g=150)
    for other_kg, basis in ((100, "actual"), (40, "ideal"), (50, "adjusted")):
        world.weight(1, "alternative", other_kg, basis=basis)
    (verdict,) = of_rule(world.judge())
    assert (verdict["severity"], verdict["cap"]) == ("review", "weight_disputed")


def bags(world: World, *days: int, **facts: Any) -> None:
    """Note bags of 30 g of patient 1 so many days after the start, in further courses."""
    for key, day in enumerate(days, start=100):
        row = {
            "infusion_key": key, "record": "infusion", "patient_key": 1, "product_id": "a",
            "started_on": START + timedelta(days=day), "dose_g": 30, "session_key": key,
            "course_key": key,
        }  # fmt: skip
        world.add("derived.infusion", **(row | facts))


@pytest.mark.parametrize(
    ("days", "facts", "cap"),
    [
        ((-14, -14), {}, "bag_charted_twice"),
        ((-27, -27), {}, "bag_charted_twice"),
        ((-28, -28), {}, None),  # not of the 28 days
        ((-14, -15), {}, None),
        ((-14, -14), {"session_key": None}, None),  # set aside: no dose at all
    ],
)
def test_grams_of_28_days_that_rest_on_two_bags_alike_accuse_nobody(
    days: tuple[int, ...], facts: Row, cap: str | None
) -> None:
    world = World()
    world.rule(1, "regimen")
    world.regimen(1, total_min_g_per_kg="0.3", total_max_g_per_kg="0.6", interval_min_days=21,
                  interval_max_days=28)  # fmt: skip
    early: Row = {"interval_status": "known", "interval_days": 14, "grams_28d": 90}
    world.course(1, dose_g=30, **early)
    bags(world, *days, **facts)
    (verdict,) = of_rule(world.judge())
    severity = "off_guideline" if cap is None else "review"
    assert (verdict["clause"], verdict["severity"], verdict["cap"]) == ("interval", severity, cap)


def test_a_breach_that_one_of_two_other_weights_makes_milder_is_for_review() -> None:
    world = World()
    world.rows["guideline.guideline_set"][0]["is_weight_policy_read"] = False
    world.rule(1, "regimen")
    world.regimen(1, **ONCE, days_max=1)
    world.course(1, dose_g=150, n_days=2)
    # by 100 kg only the days are too many, by 40 kg the grams are too
    for other_kg, basis in ((100, "ideal"), (40, "adjusted")):
        world.weight(1, "alternative", other_kg, basis=basis)
    (verdict,) = of_rule(world.judge())
    assert (verdict["status"], verdict["severity"]) == ("breached", "review")
    assert (verdict["cap"], verdict["is_countable"]) == ("weight_disputed", False)
