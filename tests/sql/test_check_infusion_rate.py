"""The check of rates, at every boundary: limits, units, comparators, tiers, times, steps."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from judged import START, Row, of_rule
from rated import RISKS, limits_of, rated_world, session, steps

# 50 kg and 10 %: 8 mg/kg/min is 240 ml/h
EIGHT: Row = {"value": 8}


def judged(limits: tuple[Row, ...], *cases: tuple[Any, Row], part: str = "maximum") -> list[Row]:
    """Return the verdicts on sessions of one bag or several, each with facts of its course."""
    world = rated_world(*limits, part=part)
    for key, (bags, course) in enumerate(cases, start=1):
        session(world, key, *(bags if isinstance(bags, tuple) else (bags,)), **course)
    return of_rule(world.judge())


def said(verdict: Row) -> tuple[object, ...]:
    """Return what most tests compare."""
    return verdict["status"], verdict["reason"], verdict["severity"], verdict["cap"]


MET = ("met", None, "off_guideline", None)
OFF = ("breached", None, "off_guideline", None)
BY_LITTLE = ("breached", None, "review", "within_tolerance")
UNKNOWN = ("not_assessable", "rate_unknown", "off_guideline", None)


@pytest.mark.parametrize(
    ("unit", "value", "comparator", "expected"),
    [
        ("mg/kg/min", 8, "<=", {"240": MET, "240.001": BY_LITTLE, "264": BY_LITTLE, "265": OFF}),
        ("mg/kg/min", 8, "<", {"239": MET, "240": BY_LITTLE, "264.001": OFF}),
        ("ml/kg/h", "4.8", "<=", {"240": MET, "241": BY_LITTLE, "265": OFF}),
        ("ml/kg/min", "0.08", "<=", {"240": MET, "265": OFF}),
        ("ml/kg/min", "0.08", "<", {"239.999": MET, "240": BY_LITTLE}),
    ],
)
def test_a_limit_holds_as_printed_in_every_unit(
    unit: str, value: object, comparator: str, expected: dict[str, tuple[object, ...]]
) -> None:
    limit = {"value": value, "unit": unit, "comparator": comparator}
    found = judged((limit,), *(({"highest": rate, "end": 900}, {}) for rate in expected))
    assert dict(zip(expected, map(said, found), strict=True)) == expected


@pytest.mark.parametrize(
    ("comparator", "expected"),
    [
        ("<=", {241: "met", 242: "met", 243: "breached"}),
        ("<", {241: "met", 242: "breached", 243: "breached"}),
    ],
)
def test_a_limit_between_two_settings_of_the_pump_allows_the_next_one_unless_it_says_less_than(
    comparator: str, expected: dict[int, str]
) -> None:
    # 8 mg/kg/min of 50.3 kg is 241.44 ml/h
    cases = (({"highest": rate, "end": 900}, {"weight_kg": "50.3"}) for rate in expected)
    found = judged((EIGHT | {"comparator": comparator},), *cases)
    assert [verdict["status"] for verdict in found] == [*expected.values()]


def test_a_limit_printed_in_two_units_is_kept_when_either_form_is() -> None:
    forms = ({"value": "3.33"}, {"value": 4, "unit": "ml/kg/h"})  # 4 ml/kg/h is 6.66 mg/kg/min
    kept, passed = judged(forms, *(({"highest": rate, "end": 900}, {}) for rate in (200, 201)))
    assert kept["status"] == "met"
    assert (passed["status"], passed["limit_high"]) == ("breached", 4)
    assert passed["unit"] == "ml_per_kg_per_h"


def test_a_mean_proves_too_fast_and_never_slow_enough() -> None:
    # 50 kg: 8 mg/kg/min is 24 g in an hour; a bag is 10 g from nine to ten unless told
    cases: list[tuple[Row, tuple[object, ...]]] = [
        ({"dose_g": 24}, UNKNOWN),
        ({"dose_g": "24.001"}, BY_LITTLE),
        ({"dose_g": 27}, OFF),
        ({"dose_g": None, "volume_ml": 270}, OFF),
        ({"dose_g": 27, "end": None}, UNKNOWN),
        ({"dose_g": 27, "end": 540}, UNKNOWN),
        ({"dose_g": None}, UNKNOWN),
        ({"dose_g": 27, "end": 550}, ("breached", None, "review", "rate_implausible")),
        # grams and volume tell different doses: the smaller one, and never an accusation
        ({"dose_g": 20, "volume_ml": 400, "is_uncertain": True}, UNKNOWN),
        (
            {"dose_g": 40, "volume_ml": 270, "is_uncertain": True},
            ("breached", None, "review", "records_contradict"),
        ),
        # a mean above what was charted: one of them is wrong
        ({"dose_g": 27, "highest": 200}, ("breached", None, "review", "records_contradict")),
        # diluted to 50 mg/ml: 400 ml/h are 20 g an hour
        ({"dose_g": 20, "volume_ml": 400, "is_uncertain": True, "highest": 400}, MET),
    ]
    found = judged((EIGHT,), *((bag, {}) for bag, _ in cases))
    assert [said(verdict) for verdict in found] == [expected for _, expected in cases]


def test_bags_of_a_session_run_in_the_sessions_own_time() -> None:
    cases: list[tuple[tuple[Row, ...], tuple[object, ...]]] = [
        # side by side: 28 g in one hour
        (({"dose_g": "14.1"}, {"dose_g": "13.9"}), OFF),
        # two bags alike may be one, and one ran slowly enough
        (({"dose_g": 14}, {"dose_g": 14}), ("breached", None, "review", "bag_charted_twice")),
        # one alone would have run too fast, or did so on the chart
        (({"dose_g": 28}, {"dose_g": 28}), OFF),
        (({"dose_g": 14, "highest": 300}, {"dose_g": 14, "highest": 300}), OFF),
        # in an hour that the clocks showed twice nobody knows how long they ran; a charted rate is
        (({"dose_g": 14, "is_repeated": True}, {"dose_g": 15}), UNKNOWN),
        (({"dose_g": 27, "is_repeated": True},), UNKNOWN),
        (({"dose_g": 27, "highest": 300, "is_repeated": True},), OFF),
        # one after the other over two hours
        (({"dose_g": 14}, {"dose_g": 14, "start": 600, "end": 660}), UNKNOWN),
        # side by side, then a slow third: only a part of the session ran that fast
        (
            ({"dose_g": 14}, {"dose_g": 14}, {"dose_g": 5, "start": 600, "end": 900}),
            ("breached", None, "review", "part_of_session"),
        ),
        # a bag without an end: the mean of the session is unknown
        (({"dose_g": 14}, {"dose_g": 14, "end": None}), UNKNOWN),
        # only one of two bags is charted
        (({"highest": 100, "end": 900}, {"start": 900, "end": 1200}), UNKNOWN),
        (({"highest": 100, "end": 900}, {"highest": 240, "start": 900, "end": 1200}), MET),
        (({"highest": 100, "end": 900}, {"highest": 300, "start": 900, "end": 1200}), OFF),
        # the other product of the session is another label's business
        (({"end": 900, "highest": 100}, {"product": "other", "dose_g": 99, "end": 900}), MET),
    ]
    found = judged((EIGHT,), *((bags, {}) for bags, _ in cases))
    assert [said(verdict) for verdict in found] == [expected for _, expected in cases]


def test_the_label_says_for_which_use_a_rate_holds() -> None:
    limits = limits_of(
        """
        indication_code | value
        itp             | 4
        pid             | 8
        """
    )
    cases: list[tuple[str | None, int | None, tuple[object, ...]]] = [
        ("itp", 120, ("met", None, None)),
        ("itp", 150, ("breached", None, None)),
        ("pid", 150, ("met", None, None)),
        # a use the label does not name: silence is no ban, but above all it prints is looked at
        ("gbs", 240, ("not_applicable", "not_labelled", None)),
        ("gbs", 300, ("breached", "not_labelled", "not_named")),
        ("gbs", None, ("not_applicable", "not_labelled", None)),
        # an unknown one may be any of them
        (None, 120, ("met", None, None)),
        (None, 150, ("not_assessable", "no_indication", None)),
        (None, 300, ("breached", None, "not_named")),
    ]
    found = judged(
        tuple(limits),
        *(({"highest": rate, "end": 900}, {"indication_code": code}) for code, rate, _ in cases),
    )
    assert [(row["status"], row["reason"], row["cap"]) for row in found] == [
        expected for *_, expected in cases
    ]
    assert {row["severity"] for row in found if row["cap"] == "not_named"} == {"review"}


def test_a_rate_under_a_condition_is_neither_kept_nor_broken() -> None:
    limits = limits_of(
        """
        indication_code | tier      | value | min_age_years | condition
        any             | general   | 4     |               |
        pid             | tolerated | 8     | 18            | it was tolerated
        """
    )
    cases: list[tuple[str, int | None, int, tuple[object, ...]]] = [
        ("pid", 40, 120, ("met", None)),
        ("pid", 40, 200, ("not_assessable", "condition_unknown")),
        ("pid", 18, 240, ("not_assessable", "condition_unknown")),
        ("pid", 40, 300, ("breached", None)),
        ("pid", 17, 200, ("breached", None)),
        ("pid", None, 200, ("not_assessable", "population_unknown")),
        ("pid", None, 300, ("breached", None)),
        ("itp", 40, 200, ("breached", None)),
    ]
    found = judged(
        tuple(limits),
        *(
            ({"highest": rate, "end": 900}, {"indication_code": code, "age_years": age})
            for code, age, rate, _ in cases
        ),
    )
    assert [(row["status"], row["reason"]) for row in found] == [e for *_, e in cases]


AT_RISK = (EIGHT, {"tier": "at_risk", "value": 2, "comparator": "<", "risks": RISKS})
JUDGED = ("breached", None, "review", "risk_judged")


def test_a_limit_for_patients_at_risk_is_for_a_human_to_judge() -> None:
    cases = [
        (64, 60, MET),
        (65, 59, MET),
        (65, 60, JUDGED),
        (65, 61, JUDGED),
        (65, 300, OFF),
        (None, 60, MET),
    ]
    found = judged(
        AT_RISK, *(({"highest": rate, "end": 900}, {"age_years": age}) for age, rate, _ in cases)
    )
    assert [said(verdict) for verdict in found] == [expected for *_, expected in cases]


def test_a_risk_counts_when_it_was_known_and_still_holds() -> None:
    before, long_ago = START - timedelta(days=1), date(2020, 1, 1)
    cases: list[tuple[Row, str]] = [
        ({"known_on": START}, "breached"),
        ({"known_on": START + timedelta(days=1)}, "met"),
        ({"known_on": long_ago, "until_on": START}, "breached"),
        ({"known_on": long_ago, "until_on": before}, "met"),
        ({"known_on": START, "is_recalled": True}, "met"),
        ({"known_on": START, "risk_factor": "migraine"}, "met"),
        ({"known_on": START, "patient_key": 99}, "met"),
    ]
    world = rated_world(*AT_RISK)
    for key, (fact, _) in enumerate(cases, start=1):
        known = {"patient_key": key, "risk_factor": "renal", "sign": "diagnosis"}
        told = known | {"record": "diagnosis", "record_key": key, "is_recalled": False} | fact
        world.add("derived.patient_risk", **told)
        session(world, key, {"highest": 100, "end": 900})
    found = of_rule(world.judge())
    assert [verdict["status"] for verdict in found] == [expected for _, expected in cases]


def test_a_label_may_have_a_limit_for_patients_at_risk_alone() -> None:
    cases: list[tuple[int, int | None, tuple[object, ...]]] = [
        (40, 100, ("not_applicable", "limit_not_read")),
        (65, 100, ("breached", None)),
        (65, 50, ("met", None)),
        (65, None, ("not_assessable", "rate_unknown")),
    ]
    found = judged(
        AT_RISK[1:],
        *(({"highest": rate, "end": 900}, {"age_years": age}) for age, rate, _ in cases),
    )
    assert [(row["status"], row["reason"]) for row in found] == [e for *_, e in cases]


def test_an_old_weight_judges_where_both_ends_of_its_range_agree() -> None:
    expected = {216: "met", 217: "not_assessable", 264: "not_assessable", 265: "breached"}
    world = rated_world(EIGHT)
    for key, rate in enumerate(expected, start=1):
        session(world, key, {"highest": rate, "end": 900})
    for row in world.rows["derived.course_weight"]:
        row["is_stale"] = True
    found = of_rule(world.judge())
    assert [verdict["status"] for verdict in found] == [*expected.values()]
    assert {row["reason"] for row in found if row["status"] == "not_assessable"} == {"weight_stale"}


def test_without_a_weight_no_rate_can_be_judged() -> None:
    (verdict,) = judged((EIGHT,), ({"highest": 100, "end": 900}, {"weight_kg": None}))
    assert (verdict["status"], verdict["reason"]) == ("not_assessable", "no_weight")


FIRST: Row = {"what": "initial", "value": "0.5"}  # 15 ml/h


def test_a_first_infusion_begins_no_faster_than_the_label_says() -> None:
    kept, passed, unknown, truncated = judged(
        (FIRST,),
        ({"initial": 15, "end": 900}, {}),
        ({"initial": 16, "end": 900}, {}),
        ({"end": 900}, {}),
        ({"initial": 16, "end": 900}, {"is_history_truncated": True}),
        part="start",
    )
    assert (kept["status"], unknown["reason"]) == ("met", "rate_unknown")
    assert said(passed) == ("breached", None, "review", "never_accuses")
    # where the records begin too late nobody knows whether it was the first
    assert said(truncated) == ("breached", None, "advisory", "not_first")
    assert {row["clause"] for row in (kept, passed, unknown)} == {"first_rate"}
    assert not any(row["is_countable"] for row in (kept, passed, unknown))


def test_later_infusions_that_begin_fast_only_inform() -> None:
    cases = [
        ("vena", 28, ("advisory", "not_first")),
        ("vena", 56, ("advisory", "not_first")),
        ("vena", 57, ("review", "never_accuses")),
        ("other", 28, ("review", "never_accuses")),
        (None, 28, ("advisory", "not_first")),
        ("class", 28, ("advisory", "not_first")),
    ]
    world = rated_world(FIRST, part="start")
    world.add("guideline.product", product_id="class", is_generic=True)
    for key, (product, days, _) in enumerate(cases, start=1):
        before = START - timedelta(days=days)
        session(world, key, {"product": product, "end": 900}, started_on=before)
        session(world, key + 20, {"initial": 100, "end": 900}, patient_key=key)
    found = [row for row in of_rule(world.judge()) if row["subject_key"] > 20]
    assert [(row["severity"], row["cap"]) for row in found] == [e for *_, e in cases]


def test_a_label_may_have_one_start_for_the_first_infusion_and_one_for_later_ones() -> None:
    limits = limits_of(
        """
        what    | tier  | value
        initial | first | 1
        initial | later | 2
        """
    )
    cases: list[tuple[int | None, bool, int, tuple[object, ...]]] = [
        (None, False, 30, ("met", None)),
        (None, False, 60, ("breached", None)),
        (None, True, 60, ("not_assessable", "history_truncated")),
        (None, True, 61, ("breached", None)),
        (28, False, 60, ("met", None)),
        (28, False, 61, ("breached", None)),
    ]
    world = rated_world(*limits, part="start")
    for key, (days, is_truncated, initial, _) in enumerate(cases, start=1):
        if days is not None:
            session(world, key, {"end": 900}, started_on=START - timedelta(days=days))
        bag = {"initial": initial, "end": 900}
        session(world, key + 20, bag, patient_key=key, is_history_truncated=is_truncated)
    found = [row for row in of_rule(world.judge()) if row["subject_key"] > 20]
    assert [(row["status"], row["reason"]) for row in found] == [e for *_, e in cases]


STEPS = (
    FIRST | {"minutes": 10},
    {"what": "step", "value": "0.8", "minutes": 20},  # 24 ml/h every 20 minutes
)


def test_a_rate_rises_as_slowly_and_as_little_as_the_label_says() -> None:
    kept = ("met", "first_rate", None)
    too_soon = ("breached", "titration", "minutes")
    cases: list[tuple[tuple[tuple[int, int], ...], tuple[object, ...]]] = [
        (((0, 15), (10, 39)), kept),
        (((0, 15), (9, 39)), too_soon),
        (((0, 15), (10, 39), (30, 63)), kept),
        (((0, 15), (10, 39), (29, 63)), too_soon),
        (((0, 15), (10, 40)), kept),  # one setting of the pump
        (((0, 15), (10, 41)), ("breached", "titration", "mg_per_kg_per_min")),
        # paused and taken up again is no rise
        (((0, 15), (10, 39), (12, 0), (15, 39), (30, 63)), kept),
        # set within the first minutes: the rate it began with
        (((5, 15), (15, 39)), kept),
        (((5, 16), (15, 39)), ("breached", "first_rate", "mg_per_kg_per_min")),
        (((6, 15), (16, 39)), ("not_assessable", "first_rate", None)),
        (((0, 16), (1, 99)), ("breached", "first_rate", "mg_per_kg_per_min")),
    ]
    world = rated_world(*STEPS, part="start")
    for key, (told, _) in enumerate(cases, start=1):
        session(world, key, {"end": 900})
        steps(world, key, *told)
    found = [
        (row["status"], row["clause"], row["unit"] if row["status"] == "breached" else None)
        for row in of_rule(world.judge())
    ]
    assert found == [expected for _, expected in cases]


def test_the_highest_step_is_the_highest_rate() -> None:
    world = rated_world(EIGHT)
    session(world, 1, {"end": 900, "highest": 100})
    steps(world, 1, (0, 15), (60, 300))
    (verdict,) = of_rule(world.judge())
    assert (said(verdict), verdict["observed"]) == (OFF, 10)


def test_a_rule_judges_its_own_product_and_its_own_days() -> None:
    world = rated_world(EIGHT, valid_from=START, valid_to=START)
    for key, days in ((1, -1), (2, 0), (3, 1)):
        session(world, key, {"highest": 100, "end": 900}, started_on=START + timedelta(days=days))
    session(world, 4, {"highest": 999, "product": "other", "end": 900})
    session(world, 5, {"highest": 999, "end": 900}, is_in_period=False)
    assert [row["subject_key"] for row in of_rule(world.judge())] == [2]


@pytest.mark.parametrize(("kg", "cap"), [("65.0", "weight_contradicted"), ("62.4", None)])
def test_another_weight_of_the_day_that_would_allow_the_rate_softens_it(
    kg: str, cap: str | None
) -> None:
    world = rated_world(EIGHT)
    session(world, 1, {"highest": 300, "end": 900})
    world.add("staged.body_measurement", patient_key=1, measured_on=START, weight_kg=kg)
    (verdict,) = of_rule(world.judge())
    assert (verdict["status"], verdict["cap"]) == ("breached", cap)


def test_the_finding_names_its_bags_its_weight_its_steps_and_its_risks() -> None:
    world = rated_world(*AT_RISK)
    session(world, 1, {"end": 900}, age_years=70)
    weight = {"weight_record": "body_measurement", "weight_record_key": 7}
    world.rows["derived.course_weight"][0].update(weight)
    risk = {"patient_key": 1, "risk_factor": "renal", "sign": "diagnosis", "record": "diagnosis"}
    world.add("derived.patient_risk", **risk, record_key=9, known_on=START, is_recalled=False)
    steps(world, 1, (0, 15), (60, 200))
    world.judge()
    (finding,) = world.fetch("SELECT * FROM audit.finding")
    assert finding["arithmetic"].splitlines() == [
        "charted: 200.000 ml/h × 100 mg/ml = 20000 mg/h",
        "limit: 2.000 mg/kg/min × 50 kg = 6000 mg/h",
        "above the limit: 20000 mg/h > 6000 mg/h",
        "per kilogram: 20000 mg/h ÷ 50 kg ≤ 6.667 mg/kg/min",
        "miss: 6.667 mg/kg/min - 2.000 mg/kg/min = 4.667 mg/kg/min",
        "at risk on record: age, renal",
    ]
    found = world.fetch(
        "SELECT record, record_key, role FROM audit.evidence ORDER BY record, record_key"
    )
    assert [tuple(row.values()) for row in found] == [
        ("body_measurement", 7, "weight"),
        ("diagnosis", 9, "risk"),
        ("infusion", 1, "given"),
        ("patient", 1, "risk"),
    ]
