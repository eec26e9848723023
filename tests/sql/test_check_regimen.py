"""The regimen check at its boundaries: whole vials, tolerance, unknowns, nearest regimen."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from judged import START, Row, World, of_rule

DAILY = {
    "day_min_g_per_kg": "0.4",
    "day_max_g_per_kg": "0.4",
    "days_min": 5,
    "days_max": 5,
    "total_min_g_per_kg": 2,
    "total_max_g_per_kg": 2,
}
ONCE = {
    "day_min_g_per_kg": 1,
    "day_max_g_per_kg": 1,
    "days_min": 1,
    "days_max": 2,
    "total_min_g_per_kg": 1,
    "total_max_g_per_kg": 2,
}
KAWASAKI = {
    "day_min_g_per_kg": 2,
    "day_max_g_per_kg": 2,
    "days_min": 1,
    "days_max": 1,
    "total_min_g_per_kg": 2,
    "total_max_g_per_kg": 2,
}
REPLACEMENT = {
    "total_min_g_per_kg": "0.3",
    "total_max_g_per_kg": "0.6",
    "days_min": 1,
    "days_max": 1,
    "interval_min_days": 21,
    "interval_max_days": 28,
}


Case = tuple[tuple[dict[str, Any], ...], Row, Row]
"""The regimens of a rule, what else is told of the rule, and of the course."""


def case(*regimens: dict[str, Any], rule: Row | None = None, **course: Any) -> Case:
    """Return one rule with these regimens and one course it is to judge."""
    return regimens, rule or {}, course


def judged_each(cases: list[Case]) -> list[Row]:
    """Return the verdict of each case: each has a use of its own, and one pass judges all."""
    world = World()
    for key, (regimens, rule, course) in enumerate(cases, start=1):
        world.rule(key, "regimen", f"use_{key}", **rule)
        for number, limits in enumerate(regimens, start=1):
            world.regimen(100 * key + number, key, **limits)
        world.course(key, **({"indication_code": f"use_{key}"} | course))
    found = {row["rule_key"]: row for row in world.judge() if row["rule_key"] is not None}
    assert sorted(found) == list(range(1, len(cases) + 1))
    return [found[key] for key in sorted(found)]


def judged(*regimens: dict[str, Any], rule: Row | None = None, **course: Any) -> Row:
    """Return the verdict of one rule with these regimens on one course."""
    (verdict,) = judged_each([case(*regimens, rule=rule, **course)])
    return verdict


def brief(verdict: Row) -> tuple[object, ...]:
    """Return status, severity of a breach, and what decided."""
    severity = verdict["severity"] if verdict["status"] == "breached" else None
    return verdict["status"], severity, verdict["clause"] or verdict["reason"]


def test_a_dose_is_rounded_to_vials_or_given_its_tolerance_never_both() -> None:
    told: list[tuple[Any, ...]] = [
        (100, 50, 5, ("met", None, None)),  # exactly on the limit
        (110, 50, 5, ("met", None, None)),  # exactly the tolerance
        ("110.001", 50, 5, ("breached", "off_guideline", "dose_total")),
        (115, 50, 5, ("breached", "off_guideline", "dose_total")),
        (90, 50, 5, ("met", None, None)),
        ("89.999", 50, 5, ("breached", "review", "dose_total")),
        (20, "8.1", 5, ("met", None, None)),  # 16.2 g fill four vials: wider than 10 %
        ("20.001", "8.1", 5, ("met", None, None)),  # beyond both, by less than one vial
        ("21.2", "8.1", 5, ("breached", "off_guideline", "dose_total")),  # exactly one vial
        (15, "8.1", 5, ("met", None, None)),  # three whole vials
        ("11.2", "8.1", 5, ("breached", "review", "dose_total")),
        ("11.201", "8.1", 5, ("met", None, None)),  # a miss smaller than one vial
        (22, "10", "2.5", ("met", None, None)),  # vials fit: only the tolerance is granted
        ("22.5", "10", "2.5", ("breached", "off_guideline", "dose_total")),
        (25, "10", None, ("breached", "off_guideline", "dose_total")),  # the policy's step is 5 g
        ("24.999", "10", None, ("met", None, None)),
    ]
    found = judged_each(
        [
            case(KAWASAKI, dose_g=Decimal(str(dose_g)), weight_kg=weight_kg, vial_step_g=step_g)
            for dose_g, weight_kg, step_g, _ in told
        ]
    )
    assert [brief(one) for one in found] == [expected for *_, expected in told]


def test_tolerance_is_not_added_to_whole_vials() -> None:
    # 41.2 g fill nine vials of 5 g: 45 g. Ten per cent more than 45 g would be 49.5 g.
    verdict = judged(KAWASAKI, dose_g=Decimal("46.2"), weight_kg=Decimal("20.6"))
    assert brief(verdict) == ("breached", "off_guideline", "dose_total")


def test_a_course_may_round_every_day_to_whole_vials() -> None:
    # 0.4 g/kg of 53 kg are 21.2 g a day: five days of 25 g are whole vials every day.
    assert brief(judged(DAILY, dose_g=125, n_days=5, weight_kg=53)) == ("met", None, None)


def test_one_day_above_its_limit_breaches_although_the_total_fits() -> None:
    verdict = judged(DAILY, dose_g=100, n_days=5, max_day_g=40, min_day_g=15)
    assert brief(verdict) == ("breached", "off_guideline", "dose_per_day")
    assert (verdict["observed"], verdict["limit_high"], verdict["miss"]) == (40, 20, 20)


@pytest.mark.parametrize("n_days", [1, 2])
def test_any_passing_regimen_meets_the_rule(n_days: int) -> None:
    verdict = judged(DAILY, ONCE, dose_g=50 * n_days, n_days=n_days)
    assert (verdict["status"], verdict["regimen_key"]) == ("met", 102)


def test_the_nearest_regimen_is_the_mildest_then_the_smallest_miss() -> None:
    # 30 g: 70 % below the first regimen's total, 40 % below the second's.
    verdict = judged(DAILY, ONCE, dose_g=30)
    assert (verdict["regimen_key"], verdict["clause"]) == (102, "dose_total")
    assert (verdict["observed"], verdict["limit_low"], verdict["miss"]) == (30, 50, 20)
    assert (verdict["unit"], verdict["tolerance"]) == ("g", Decimal("0.100"))


def test_only_the_number_of_days_differs_is_advisory() -> None:
    told: list[tuple[Any, ...]] = [
        (7, 100, ("breached", "advisory", "days")),  # the same total, no day above its limit
        (7, 150, ("breached", "off_guideline", "dose_total")),
        (7, 70, ("breached", "advisory", "days")),  # 10 g a day are whole vials below 14.3 g
        (7, 60, ("breached", "off_guideline", "days")),  # the total differs too
        (4, 100, ("breached", "off_guideline", "dose_per_day")),
        (4, 80, ("breached", "review", "dose_total")),  # equal misses: the total is named
    ]
    found = judged_each([case(DAILY, dose_g=dose_g, n_days=n_days) for n_days, dose_g, _ in told])
    assert [brief(one) for one in found] == [expected for *_, expected in told]


def test_the_number_of_days_accuses_where_no_total_is_stated() -> None:
    verdict = judged({"days_min": 1, "days_max": 2}, n_days=3)
    assert brief(verdict) == ("breached", "off_guideline", "days")


def test_days_apart_break_a_regimen_of_consecutive_days() -> None:
    apart = START + timedelta(days=7)
    verdict = judged(DAILY | {"is_consecutive": True}, dose_g=100, n_days=5, last_on=apart)
    assert brief(verdict) == ("breached", "review", "days")
    assert (verdict["observed"], verdict["limit_high"], verdict["cap"]) == (8, 5, "days_broken")


def test_an_interval_has_its_tolerance_in_days() -> None:
    told: list[tuple[Any, ...]] = [
        (17, ("met", None, None)),  # 21 days less the tolerance
        (16, ("breached", "review", "interval")),
        (32, ("met", None, None)),
        (33, ("breached", "review", "interval")),
    ]
    found = judged_each(
        [
            case(
                REPLACEMENT,
                dose_g=20,
                interval_status="known",
                interval_days=interval_days,
                grams_28d=20,
            )
            for interval_days, _ in told
        ]
    )
    assert [brief(one) for one in found] == [expected for *_, expected in told]


@pytest.mark.parametrize(
    ("grams_28d", "on_early", "severity"),
    [
        (66, None, "review"),  # two courses of 30 g fit in 28 days, with tolerance
        ("66.001", None, "off_guideline"),
        (90, "review", "review"),  # the rule says what its clause weighs
        (90, "advisory", "advisory"),
        (60, "off_guideline", "review"),  # early alone never accuses
        (None, None, "review"),
    ],
)
def test_an_early_interval_accuses_only_with_too_many_grams_in_28_days(
    grams_28d: object, on_early: str | None, severity: str
) -> None:
    grams = None if grams_28d is None else Decimal(str(grams_28d))
    verdict = judged(
        REPLACEMENT,
        rule={"on_early": on_early},
        dose_g=30,
        interval_status="known",
        interval_days=14,
        grams_28d=grams,
    )
    assert brief(verdict) == ("breached", severity, "interval")
    assert (verdict["observed"], verdict["limit_low"], verdict["miss"]) == (14, 21, 7)


def test_a_late_interval_takes_the_severity_of_its_clause() -> None:
    verdict = judged(
        REPLACEMENT,
        rule={"on_late": "advisory"},
        dose_g=20,
        interval_status="known",
        interval_days=60,
    )
    assert brief(verdict) == ("breached", "advisory", "interval")


def test_a_missing_fact_matters_only_where_it_could_change_the_answer() -> None:
    told: list[tuple[Any, ...]] = [
        ({"dose_g": 50, "is_stopped": True}, ("met", None, None)),
        ({"dose_g": 150, "is_stopped": True}, ("breached", "off_guideline", "dose_total")),
        ({"dose_g": 50, "is_open": True}, ("not_assessable", None, "course_open")),
        ({"dose_g": 100, "is_open": True}, ("not_assessable", None, "course_open")),
        ({"dose_g": 150, "is_open": True}, ("breached", "off_guideline", "dose_total")),
        (
            {"dose_g": 50, "is_start_truncated": True},
            ("not_assessable", None, "history_truncated"),
        ),
        (
            {"dose_g": 150, "is_start_truncated": True},
            ("breached", "off_guideline", "dose_total"),
        ),
        ({"dose_g": None}, ("not_assessable", None, "no_dose")),
        (
            {"dose_g": None, "known_dose_g": 150},
            ("breached", "off_guideline", "dose_total"),
        ),
        ({"dose_g": None, "known_dose_g": 100}, ("not_assessable", None, "no_dose")),
        (
            {"dose_g": None, "known_dose_g": 150, "is_dose_uncertain": True},
            ("not_assessable", None, "dose_uncertain"),
        ),
        ({"weight_kg": None}, ("not_assessable", None, "no_weight")),
        ({"weight_kg": None, "n_days": 7}, ("not_assessable", None, "no_weight")),
        ({"dose_g": 100, "n_days": 3, "is_open": True}, ("breached", "advisory", "days")),
    ]
    found = judged_each([case(KAWASAKI, **facts) for facts, _ in told])
    assert [brief(one) for one in found] == [expected for *_, expected in told]


def test_an_unknown_interval_leaves_a_dose_breach_standing() -> None:
    told: list[tuple[Any, ...]] = [
        (20, "first", ("met", None, None)),
        (20, "history_truncated", ("not_assessable", None, "history_truncated")),
        (20, "subcutaneous_between", ("not_assessable", None, "subcutaneous_between")),
        (20, "unknown_between", ("not_assessable", None, "unknown_between")),
        (20, None, ("not_assessable", None, "unknown_between")),
        (50, "history_truncated", ("breached", "off_guideline", "dose_total")),
    ]
    found = judged_each(
        [case(REPLACEMENT, dose_g=dose_g, interval_status=status) for dose_g, status, _ in told]
    )
    assert [brief(one) for one in found] == [expected for *_, expected in told]


def test_an_unknown_interval_is_no_matter_where_no_interval_is_stated() -> None:
    assert brief(judged(KAWASAKI, interval_status="history_truncated")) == ("met", None, None)


@pytest.mark.parametrize(
    ("dose_g", "expected"),
    [
        (75, ("met", None, None)),  # 1 to 2 g/kg at 45, 50 and 55 kg
        (140, ("breached", "off_guideline", "dose_total")),
        (115, ("not_assessable", None, "weight_stale")),  # met at 55 kg
    ],
)
def test_a_stale_weight_must_give_the_same_answer_at_both_its_ends(
    dose_g: int, expected: tuple[object, ...]
) -> None:
    world = World()
    world.rule(1, "regimen")
    world.regimen(1, total_min_g_per_kg=1, total_max_g_per_kg=2)
    world.course(1, dose_g=dose_g)
    world.weight(1, "low", 45)
    world.weight(1, "high", 55)
    (verdict,) = of_rule(world.judge())
    assert brief(verdict) == expected


def test_a_stale_weight_gives_the_mildest_of_its_severities() -> None:
    # At 50 kg a day above its limit, at 55 kg only one day too many.
    world = World()
    world.rule(1, "regimen")
    world.regimen(1, **(ONCE | {"days_max": 1}))
    world.course(1, dose_g=105, n_days=2, max_day_g="57.5", min_day_g="47.5", vial_step_g="2.5")
    world.weight(1, "low", 49)
    world.weight(1, "high", 55)
    (verdict,) = of_rule(world.judge())
    assert (verdict["severity"], verdict["cap"]) == ("advisory", "weight_stale")


def test_the_kawasaki_dose_of_an_open_end_is_judged_by_no_lower_limit() -> None:
    open_end = KAWASAKI | {"day_min_g_per_kg": None, "total_min_g_per_kg": None}
    assert brief(judged(open_end, dose_g=5)) == ("met", None, None)


def test_a_rule_without_a_regimen_names_a_use_without_a_dose() -> None:
    assert brief(judged()) == ("not_applicable", None, "named_without_dose")


@pytest.mark.parametrize(
    ("facts", "rule", "reason"),
    [
        ({"indication_code": "mg"}, {}, "set_has_no_rule"),
        ({"indication_code": None}, {}, "no_indication"),
        ({"age_years": 18}, {"age_max_years": 18}, "set_has_no_rule"),
        ({"age_years": 17}, {"age_min_years": 18}, "set_has_no_rule"),
        ({"sex": "M"}, {"sex": "F"}, "set_has_no_rule"),
        ({}, {"valid_from": START + timedelta(days=1)}, "set_has_no_rule"),
        ({}, {"valid_to": START - timedelta(days=1)}, "set_has_no_rule"),
    ],
)
def test_a_course_no_rule_applies_to_gets_one_row_that_says_why(
    facts: dict[str, Any], rule: Row, reason: str
) -> None:
    world = World()
    world.rule(1, "regimen", **rule)
    world.regimen(1, **KAWASAKI)
    world.course(1, **facts)
    (verdict,) = world.judge()
    assert (verdict["rule_key"], verdict["set_key"], verdict["reason"]) == (None, 1, reason)
    assert verdict["status"] == (
        "not_assessable" if reason == "no_indication" else "not_applicable"
    )
    assert verdict["is_countable"] == (reason == "no_indication")


def test_population_dates_and_phase_decide_whether_a_rule_applies() -> None:
    told: list[tuple[Any, ...]] = [
        ({"age_years": None}, {"age_min_years": 18}, ("not_assessable", "population_unknown")),
        ({"sex": "U"}, {"sex": "F"}, ("not_assessable", "population_unknown")),
        ({"age_years": 18}, {"age_min_years": 18}, ("met", None)),
        ({}, {"valid_from": START, "valid_to": START}, ("met", None)),
        ({"phase": "loading"}, {"phase": "maintenance"}, ("not_applicable", "other_phase")),
        ({"phase": "maintenance"}, {"phase": "repeat"}, ("met", None)),
        ({"phase": "loading"}, {"phase": "induction"}, ("met", None)),
        ({"phase": "loading"}, {"phase": "course"}, ("met", None)),
        ({"phase": None}, {"phase": "maintenance"}, ("met", None)),
    ]
    found = judged_each([case(KAWASAKI, rule=rule, **facts) for facts, rule, _ in told])
    assert [(one["status"], one["reason"]) for one in found] == [expected for *_, expected in told]


def test_a_rule_for_any_indication_judges_the_unknown_one_too() -> None:
    world = World()
    world.rule(1, "regimen", "any")
    world.rule(2, "regimen", "cidp")
    world.regimen(1, **KAWASAKI)
    world.regimen(2, 2, **KAWASAKI)
    world.course(1, indication_code=None)
    found = [(row["rule_key"], row["status"], row["reason"]) for row in world.judge()]
    assert found == [(1, "met", None), (None, "not_assessable", "no_indication")]


def test_a_course_outside_the_period_is_not_judged() -> None:
    world = World()
    world.rule(1, "regimen")
    world.regimen(1, **KAWASAKI)
    world.course(1, is_in_period=False)
    assert world.judge() == []


def test_a_dose_of_exactly_the_limit_is_met_for_every_weight() -> None:
    # Dividing binary floats invents breaches here; multiplied decimals do not.
    world = World()
    world.rule(1, "regimen")
    world.regimen(1, total_max_g_per_kg="1.2", total_min_g_per_kg="1.2")
    world.con.execute("UPDATE guideline.guideline_set SET dose_tolerance = 0")
    for tenths in range(300, 600):
        weight = Decimal(tenths) / 10
        world.course(tenths, weight_kg=weight, dose_g=weight * Decimal("1.2"), vial_step_g="0.001")
    assert {row["status"] for row in of_rule(world.judge())} == {"met"}


def episode(
    *regimens: dict[str, Any],
    courses: list[list[tuple[int, int]]],
    rule: Row | None = None,
    events: list[date] | None = None,
) -> list[Row]:
    """Return the verdicts of one rule on courses of one episode, told as days and their grams."""
    world = World()
    world.rule(1, "regimen", **(rule or {}))
    for key, limits in enumerate(regimens, start=1):
        world.regimen(key, **limits)
    for key, days in enumerate(courses, start=1):
        first, last = (START + timedelta(days=day) for day in (days[0][0], days[-1][0]))
        grams = [Decimal(dose_g) for _, dose_g in days]
        facts: Row = {"max_day_g": max(grams), "min_day_g": min(grams), "interval_status": "first"}
        facts |= {"interval_status": "known", "interval_days": days[0][0]} if key > 1 else {}
        facts |= {"started_on": first, "last_on": last, "n_days": len(days)}
        facts |= {"dose_g": sum(grams), "grams_28d": sum(grams)}
        world.course(key, patient_key=1, episode_key=1, **facts)
    world.rows["derived.session"] = [
        {"course_key": key, "started_on": START + timedelta(days=day), "dose_g": dose_g,
         "known_dose_g": dose_g, "session_key": 100 * key + n, "patient_key": 1}
        for key, days in enumerate(courses, start=1)
        for n, (day, dose_g) in enumerate(days)
    ]  # fmt: skip
    for on in events or ():
        world.add("audit.record_supplied", record="clinical_event")
        world.add("staged.coverage", record="clinical_event", from_on=START - timedelta(days=99),
                  to_on=START + timedelta(days=99))  # fmt: skip
        event = {"event_code": "plasma_exchange", "occurred_on": on}
        world.add("staged.clinical_event", patient_key=1, **event)
    return of_rule(world.judge())


@pytest.mark.parametrize(
    ("limits", "days"),
    [
        ({"total_max_g_per_kg": 2, "day_cap_g": 140}, [(0, 50)]),
        ({"total_max_g_per_kg": 2, "course_cap_g": 100}, [(0, 50)]),
        ({"day_max_g_per_kg": 1, "days_max": 5, "day_cap_g": 60}, [(0, 20), (1, 20)]),
    ],
)
def test_a_cap_is_no_floor_where_the_text_prints_none(
    limits: Row, days: list[tuple[int, int]]
) -> None:
    (verdict,) = episode(limits, courses=[days])
    assert brief(verdict) == ("met", None, None)


def test_a_reading_is_as_near_as_its_worst_part_though_another_part_holds() -> None:
    # 1 g/kg once, and once more after three days or later: the second day was one too early.
    once = {"days_max": 1, "total_min_g_per_kg": 1, "total_max_g_per_kg": 1, "repeat_min_days": 3}
    (verdict,) = episode(once, courses=[[(0, 50), (2, 50)]], rule={"on_early": "review"})
    assert brief(verdict) == ("breached", "review", "repeat")
    assert (verdict["observed"], verdict["limit_low"]) == (2, 3)


def test_a_way_with_an_interval_asks_the_next_course_for_no_repeat() -> None:
    monthly = {
        "total_min_g_per_kg": 1,
        "total_max_g_per_kg": 1,
        "interval_min_days": 28,
        "interval_max_days": 28,
        "repeat_min_days": 1,
        "repeat_max_days": 7,
    }
    _, second = episode(monthly, courses=[[(0, 50)], [(28, 50)]])
    assert brief(second) == ("met", None, None)


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        # both lie in the span: each is judged with what the other gave
        (20, [("met", None, None), ("met", None, None)]),
        # the second begins after the span: it stands alone, and nothing is added to the first
        (21, [("breached", "review", "dose_total"), ("breached", "review", "dose_total")]),
    ],
)
def test_a_course_after_the_span_stands_alone_and_adds_nothing(
    second: int, expected: list[object]
) -> None:
    spread = {"total_min_g_per_kg": 2, "total_max_g_per_kg": 2, "span_days": 21}
    assert [brief(one) for one in episode(spread, courses=[[(0, 50)], [(second, 50)]])] == expected


def test_the_span_of_a_course_begins_with_the_course() -> None:
    # The span is no wider than what makes a course: each course has its own.
    narrow = {"total_min_g_per_kg": 1, "total_max_g_per_kg": 1, "span_days": 4}
    _, second = episode(narrow, courses=[[(0, 50)], [(10, 25), (13, 25)]])
    assert brief(second) == ("met", None, None)


@pytest.mark.parametrize(("dose_g", "severity"), [(60, "review"), (61, "off_guideline")])
def test_a_dose_too_much_for_the_longest_interval_is_first_rounded_to_vials(
    dose_g: int, severity: str
) -> None:
    # 1 g/kg a month, at most 42 days apart: 46.08 g are 60 g in three days of whole vials.
    month = {"month_max_g_per_kg": 1, "interval_max_days": 42}
    since: Row = {"interval_status": "known", "interval_days": 14, "grams_28d": dose_g}
    verdict = judged(month, dose_g=dose_g, n_days=3, weight_kg=Decimal("33.4"), **since)
    assert brief(verdict) == ("breached", severity, "month")


@pytest.mark.parametrize(
    ("limits", "first", "expected"),
    [
        # 2 g/kg of 50 kg in days of whole vials: 20.1 g each are 25 g
        ({"day_max_g_per_kg": "0.402", "total_max_g_per_kg": "2.01"}, 25, ("met", None, None)),
        ({"day_max_g_per_kg": "0.402", "total_max_g_per_kg": "2.01"}, 30, "repeat"),
        # 2 g/kg, at most 60 g: 100 g were more than one dose
        ({"total_max_g_per_kg": 2, "course_cap_g": 100}, 20, ("met", None, None)),
        ({"total_max_g_per_kg": 4, "course_cap_g": 100}, 30, "repeat"),
    ],
)
def test_the_dose_before_a_repeat_was_one_in_whole_vials_and_within_its_cap(
    limits: Row, first: int, expected: object
) -> None:
    days = [(day, first) for day in range(5)]
    _, second = episode(limits | {"repeat_min_days": 7}, courses=[days, [(10, 20)]])
    assert expected in (brief(second), second["clause"])


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_between_two_windows_a_repeat_belongs_to_the_later_one(order: tuple[int, int]) -> None:
    once = {"total_min_g_per_kg": 1, "total_max_g_per_kg": 1}
    ways = (
        once | {"repeat_min_days": 10, "repeat_max_days": 14},
        once | {"repeat_min_days": 40, "repeat_max_days": 50},
    )
    _, second = episode(*(ways[n] for n in order), courses=[[(0, 50)], [(15, 50)]])
    assert brief(second) == ("breached", "review", "repeat")
    assert (second["limit_low"], second["limit_high"]) == (40, 50)


@pytest.mark.parametrize(
    ("ways", "expected"),
    [
        # any way of a step is enough for the step
        ([(1, None, 6), (2, None, 6), (1, 6, None)], ("met", None, None)),
        ([(2, None, 6), (1, 6, None)], ("not_assessable", None, "history_truncated")),
        # after the first months only the other way is left, and 50 g are too little for it
        ([(1, None, 6), (2, None, None)], ("not_assessable", None, "history_truncated")),
        ([(1, None, 6), (1, None, None)], ("met", None, None)),
        ([(2, None, 6), (2, 6, None)], ("breached", "review", "dose_total")),
    ],
)
def test_where_nobody_saw_the_treatment_begin_every_step_it_could_be_on_must_hold(
    ways: list[tuple[int, int | None, int | None]], expected: tuple[object, ...]
) -> None:
    steps = [
        {
            "total_min_g_per_kg": dose,
            "total_max_g_per_kg": dose,
            "treatment_min_months": from_month,
            "treatment_max_months": to_month,
        }
        for dose, from_month, to_month in ways
    ]
    assert brief(judged(*steps, dose_g=50, is_treatment_start_known=False)) == expected


def test_a_cap_shared_by_the_days_is_exact_at_its_limit() -> None:
    # 80 g in three days are 26.67 g a day; less a tenth, exactly 24 g.
    capped = {"day_min_g_per_kg": 1, "course_cap_g": 80}
    assert brief(judged(capped, dose_g=72, n_days=3, vial_step_g="2.5")) == ("met", None, None)


CUT = [(0, 10), (1, 10), (6, 10)]


@pytest.mark.parametrize(
    ("limits", "courses", "event_days", "expected"),
    [
        # two courses of one span: the days of both follow an exchange
        ({"span_days": 21}, [[(0, 10)], [(10, 10)]], [0, 10], ("met", None, None)),
        ({"span_days": 21}, [[(0, 10)], [(10, 10)]], [10], ("breached", "review", "event")),
        # a dose and its repeat: the third day follows none, and is in the repeat
        ({"repeat_min_days": 2}, [CUT], [0], ("breached", "review", "event")),
        ({"repeat_min_days": 2}, [CUT], [0, 6], ("met", None, None)),
    ],
)  # fmt: skip
def test_every_day_that_is_judged_follows_its_event(
    limits: Row, courses: list[list[tuple[int, int]]], event_days: list[int], expected: object
) -> None:
    exchanged = {"day_max_g_per_kg": "0.2", "total_max_g_per_kg": "0.4"}
    events = [START + timedelta(days=day) for day in event_days]
    verdicts = episode(
        exchanged | limits | {"after_event": "plasma_exchange"}, courses=courses, events=events
    )
    assert brief(verdicts[-1]) == expected


def test_the_arithmetic_of_an_early_repeat_names_the_cap_that_limits_it() -> None:
    world = World()
    world.rule(1, "regimen")
    world.regimen(1, total_max_g_per_kg=2, course_cap_g=60, repeat_min_days=7)
    for key, days in ((1, 0), (2, 4)):
        facts = {"started_on": START + timedelta(days=days), "dose_g": 66, "grams_28d": 172}
        spaced: Row = {"interval_status": "known", "interval_days": 4}
        world.course(key, patient_key=1, episode_key=1, **facts, **spaced)
    assert brief(of_rule(world.judge())[1]) == ("breached", "off_guideline", "repeat")
    ((arithmetic,),) = world.con.sql(
        "SELECT arithmetic FROM audit.finding WHERE course_key = 2"
    ).fetchall()
    assert "allowed by then: 60.000 g + 60.000 g = 120.000 g" in arithmetic
