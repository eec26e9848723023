"""The checks of use, duration, concomitant medicine and weight, at their boundaries."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from judged import HOUSE, START, Row, World, of_rule

FAR = {"from_on": date(2020, 1, 1), "to_on": date(2026, 1, 1), "origin": "declared"}


def uses(*rules: tuple[str, str], is_exhaustive: bool = False, **course: Any) -> Row:
    """Return the verdict on one course of a set whose rules name these uses."""
    world = World()
    world.rows["guideline.guideline_set"][0]["is_exhaustive"] = is_exhaustive
    for key, (use, indication) in enumerate(rules, start=1):
        world.rule(key, "indication", indication)
        world.add("guideline.named_use", rule_key=key, indication_code=indication, use=use)
    world.course(1, **course)
    (verdict,) = world.judge()
    return verdict


@pytest.mark.parametrize(
    ("rules", "facts", "expected"),
    [
        ((("named", "itp"),), {}, ("met", None, 1)),
        ((("named", "cidp"),), {}, ("not_applicable", "set_has_no_rule", None)),
        ((("named", "itp"),), {"indication_code": None}, ("not_assessable", "no_indication", None)),
        ((("named_if", "itp"),), {}, ("not_assessable", "condition_unknown", 1)),
        ((("named_if", "itp"), ("named", "itp")), {}, ("met", None, 2)),
        ((("do_not_use", "itp"),), {}, ("breached", None, 1)),
        ((("named", "itp"), ("do_not_use", "itp")), {}, ("breached", None, 2)),
    ],
)
def test_a_set_says_of_each_course_once_whether_its_use_is_named(
    rules: tuple[tuple[str, str], ...], facts: dict[str, Any], expected: tuple[object, ...]
) -> None:
    verdict = uses(*rules, **facts)
    assert (verdict["status"], verdict["reason"], verdict["rule_key"]) == expected


@pytest.mark.parametrize(
    ("source", "severity"),
    [("infusion", "off_guideline"), ("authorisation", "off_guideline"), ("diagnosis", "review")],
)
def test_do_not_use_accuses_only_an_indication_the_prescriber_stated(
    source: str, severity: str
) -> None:
    verdict = uses(("do_not_use", "itp"), indication_source=source)
    assert (verdict["status"], verdict["severity"]) == ("breached", severity)
    assert verdict["is_countable"] == (severity == "off_guideline")


def test_a_use_that_an_exhaustive_set_does_not_name_is_for_review() -> None:
    verdict = uses(("named", "cidp"), is_exhaustive=True)
    assert (verdict["status"], verdict["severity"]) == ("breached", "review")
    assert (verdict["cap"], verdict["rule_key"]) == ("not_named", 1)


def test_an_unrecorded_condition_takes_the_severity_of_its_clause() -> None:
    world = World()
    world.rule(1, "indication", on_condition_unknown="advisory")
    world.add("guideline.named_use", rule_key=1, indication_code="itp", use="named_if")
    world.course(1)
    (verdict,) = world.judge()
    assert (verdict["severity"], verdict["is_countable"]) == ("advisory", False)


@pytest.mark.parametrize(("code", "expected"), [("itp", "met"), (None, "breached")])
def test_our_own_set_asks_that_the_indication_is_known(code: str | None, expected: str) -> None:
    world = World()
    world.add("guideline.guideline_set", **HOUSE)
    world.rule(1, "indication", "any", set_key=9, severity="review")
    world.add("guideline.named_use", rule_key=1, indication_code="any", use="recorded")
    world.course(1, indication_code=code)
    (verdict,) = world.judge()
    assert (verdict["status"], verdict["is_countable"]) == (expected, False)


def duration(hours: str | None, **course: Any) -> Row:
    """Return the verdict on one session under a rule of 10 to 12 hours."""
    world = World()
    world.rule(1, "infusion_duration")
    world.add("guideline.duration_limit", rule_key=1, min_hours=10, max_hours=12)
    world.course(1, **course)
    world.rows["derived.session"][0]["duration_h"] = hours
    (verdict,) = world.judge()
    return verdict


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ("10.000", ("met", None)),
        ("9.999", ("breached", None)),
        ("11.167", ("met", None)),  # 20:00 to 07:10, two bottles, one session
        ("12.000", ("met", None)),
        ("12.001", ("breached", None)),
        (None, ("not_assessable", "time_unknown")),
    ],
)
def test_a_duration_may_lie_on_its_limits(hours: str | None, expected: tuple[object, ...]) -> None:
    verdict = duration(hours)
    assert (verdict["status"], verdict["reason"]) == expected


@pytest.mark.parametrize(("hours", "expected"), [("3", "met"), ("13", "breached")])
def test_a_stopped_session_cannot_be_too_short(hours: str, expected: str) -> None:
    assert duration(hours, is_stopped=True)["status"] == expected


def test_a_duration_is_never_more_than_a_review() -> None:
    verdict = duration("14")
    assert (verdict["severity"], verdict["cap"]) == ("review", "never_accuses")
    assert (verdict["observed"], verdict["miss"], verdict["unit"]) == (14, 2, "hours")
    assert not verdict["is_countable"]


def test_a_session_of_unknown_indication_is_not_assessable() -> None:
    verdict = duration("11", indication_code=None)
    assert (verdict["status"], verdict["reason"]) == ("not_assessable", "no_indication")


MEDICINE_START = START - timedelta(days=7)
MEDICINE_END = START + timedelta(days=7)


def concomitant(*medications: Row, supplied: bool = True, coverage: Row | None = None) -> Row:
    """Return the verdict on a course that should go with aspirin, a week either side."""
    world = World()
    world.rule(1, "concomitant", severity="review")
    world.add("guideline.concomitant", rule_key=1, medicine="aspirin", from_days=-7, to_days=7)
    world.add("guideline.medicine", medicine="aspirin", code_system="NAME", code_pattern="ASPIRIN%")
    if supplied:
        world.add("audit.record_supplied", record="medication")
        world.add("staged.coverage", record="medication", **(coverage or FAR))
    for key, row in enumerate(medications):
        named = {"medication_key": key, "patient_key": 1, "code_system": "NAME"}
        world.add("staged.medication", **(named | row))
    world.course(1)
    (verdict,) = world.judge()
    return verdict


@pytest.mark.parametrize(
    ("code", "started_on", "ended_on", "expected"),
    [
        ("Aspirin 300 mg", START, None, "met"),
        ("aspirin", MEDICINE_START - timedelta(days=30), MEDICINE_START, "met"),
        ("aspirin", START - timedelta(days=900), None, "met"),  # never ended
        ("aspirin", MEDICINE_END, None, "met"),
        ("aspirin", MEDICINE_END + timedelta(days=1), None, "breached"),
        ("aspirin", START - timedelta(days=9), MEDICINE_START - timedelta(days=1), "breached"),
        ("paracetamol", START, None, "breached"),
    ],
)
def test_a_medicine_counts_when_it_was_given_in_the_window(
    code: str, started_on: date, ended_on: date | None, expected: str
) -> None:
    verdict = concomitant({"code": code, "started_on": started_on, "ended_on": ended_on})
    assert verdict["status"] == expected


@pytest.mark.parametrize(
    ("days", "expected"), [(30, "breached"), (31, "outside_coverage"), (-31, "outside_coverage")]
)
def test_another_medicine_near_the_window_is_the_proof(days: int, expected: str) -> None:
    edge = MEDICINE_START - timedelta(days=days) if days > 0 else MEDICINE_END - timedelta(days)
    verdict = concomitant({"code": "paracetamol", "started_on": edge, "ended_on": edge})
    assert expected in (verdict["status"], verdict["reason"])


@pytest.mark.parametrize(
    ("coverage", "expected"),
    [
        ({"from_on": MEDICINE_START, "to_on": MEDICINE_END}, None),
        ({"from_on": MEDICINE_START + timedelta(days=1), "to_on": MEDICINE_END}, "outside"),
        ({"from_on": MEDICINE_START, "to_on": MEDICINE_END - timedelta(days=1)}, "outside"),
        ({"from_on": MEDICINE_START, "to_on": MEDICINE_END, "site_id": "elsewhere"}, "outside"),
    ],
)
def test_coverage_must_hold_the_whole_window(coverage: Row, expected: str | None) -> None:
    verdict = concomitant({"code": "paracetamol", "started_on": START}, coverage=coverage)
    assert verdict["reason"] == (None if expected is None else "outside_coverage")


def test_medicines_that_were_not_supplied_prove_nothing() -> None:
    verdict = concomitant(supplied=False)
    assert (verdict["status"], verdict["reason"]) == ("not_assessable", "table_not_supplied")


def weighed(problem: str, *measured: Row, limits: Row | None = None, **course: Any) -> Row | None:
    """Return the verdict of one weight rule of our own on one course."""
    world = World()
    world.add("guideline.guideline_set", **HOUSE)
    world.rule(1, "weight", "any", set_key=9, severity="review")
    world.add("guideline.weight_limit", rule_key=1, problem=problem, **(limits or {}))
    for key, row in enumerate(measured):
        world.add("staged.body_measurement", body_measurement_key=key, patient_key=1, **row)
    actual = course.pop("actual", {})
    world.course(1, **course)
    if actual:
        world.rows["derived.course_weight"][0] |= actual
    found = of_rule(world.judge())
    return found[0] if found else None


@pytest.mark.parametrize(
    ("kg", "expected"), [(50, ("met", None)), (None, ("breached", "weight_missing"))]
)
def test_a_course_needs_a_weight(kg: int | None, expected: tuple[object, ...]) -> None:
    verdict = weighed("missing", weight_kg=kg)
    assert verdict is not None
    assert (verdict["status"], verdict["reason"]) == expected


@pytest.mark.parametrize(
    ("age_days", "age_years", "expected"),
    [
        (30, 40, ("met", None)),
        (31, 40, ("breached", "weight_stale")),
        (14, 1, ("met", None)),
        (15, 1, ("breached", "weight_stale")),
        (15, 2, ("met", None)),
        (15, None, ("met", None)),
    ],
)
def test_a_weight_grows_stale_sooner_in_an_infant(
    age_days: int, age_years: int | None, expected: tuple[object, ...]
) -> None:
    verdict = weighed("stale", age_years=age_years, actual={"age_days": age_days})
    assert verdict is not None
    assert (verdict["status"], verdict["reason"]) == expected


@pytest.mark.parametrize("problem", ["stale", "jump"])
def test_without_a_weight_it_is_the_other_rules_finding(problem: str) -> None:
    verdict = weighed(problem, weight_kg=None)
    assert verdict is not None
    assert (verdict["status"], verdict["reason"]) == ("not_assessable", "no_weight")


@pytest.mark.parametrize(
    ("earlier_kg", "days", "expected"),
    [
        ("41.666", 10, "breached"),
        ("41.667", 10, "met"),  # 50 kg are 20 % more, rounded down
        ("62.500", 10, "met"),  # exactly 20 % less
        ("62.501", 10, "breached"),
        ("110", 30, "breached"),
        ("110", 31, "met"),  # too long ago to compare
    ],
)
def test_a_weight_jumps_when_it_changes_by_more_than_the_limit(
    earlier_kg: str, days: int, expected: str
) -> None:
    verdict = weighed(
        "jump",
        {"measured_on": START - timedelta(days=days), "weight_kg": Decimal(earlier_kg)},
        {"measured_on": START, "weight_kg": 50},
        limits={"limit_value": Decimal("0.2"), "limit_days": 30},
    )
    assert verdict is not None
    assert verdict["status"] == expected


def test_a_weight_of_the_day_before_that_fits_explains_the_change() -> None:
    earlier = START - timedelta(days=1)
    verdict = weighed(
        "jump",
        {"measured_on": earlier, "weight_kg": 110},
        {"measured_on": earlier, "weight_kg": 50},
        {"measured_on": START, "weight_kg": 50},
        limits={"limit_value": Decimal("0.2"), "limit_days": 30},
    )
    assert verdict is not None
    assert verdict["status"] == "met"


@pytest.mark.parametrize(
    ("kg", "basis", "expected"),
    [
        (None, None, None),  # nobody asks which weight it was
        (50, "actual", ("met", None)),
        (50, "adjusted", ("met", None)),
        (50, "unknown", ("breached", "basis_unknown")),
        (50, None, ("breached", "basis_unknown")),
    ],
)
def test_a_weight_with_the_infusion_says_which_weight_it_is(
    kg: int | None, basis: str | None, expected: tuple[object, ...] | None
) -> None:
    world = World()
    world.add("guideline.guideline_set", **HOUSE)
    world.rule(1, "weight", "any", set_key=9, severity="advisory")
    world.add("guideline.weight_limit", rule_key=1, problem="basis_unknown")
    world.course(1)
    world.rows["staged.infusion"][0] |= {"weight_kg": kg, "weight_basis": basis}
    found = [(row["status"], row["reason"]) for row in world.judge()]
    assert found == ([] if expected is None else [expected])


def test_a_weight_rule_for_adults_is_silent_about_a_child() -> None:
    world = World()
    world.add("guideline.guideline_set", **HOUSE)
    world.rule(1, "weight", "any", set_key=9, severity="review", age_min_years=18)
    world.add("guideline.weight_limit", rule_key=1, problem="missing")
    world.course(1, age_years=3, weight_kg=None)
    assert world.judge() == []
