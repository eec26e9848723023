"""When live vaccines were given around immunoglobulin, at the boundaries."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from judged import Row, World
from tables import table
from tools.printed_arithmetic import agrees
from vaccinated import US, vaccinated, vaccine, verdicts

MARCH = date(2024, 3, 31)
AFTER = date(2024, 4, 1)


def said(world: World) -> list[tuple[object, ...]]:
    return [(row["status"], row["reason"] or row["clause"]) for row in verdicts(world)]


def of(drawn: str, world: World | None = None, **course: Any) -> list[tuple[object, ...]]:
    """Return what is said of vaccinations drawn one per patient, a course of each before."""
    world = world or vaccinated()
    for key, row in enumerate(table(drawn).to_dicts(), start=1):
        kg = row.get("kg")
        facts = {"patient_key": key, "started_on": MARCH, "indication_code": row.get("use") or "mg"}
        if "g" in row:
            facts["dose_g"] = None if row["g"] is None else Decimal(row["g"])
        world.course(key, weight_kg=kg, **(facts | course))
        vaccine(world, date.fromisoformat(row["on"]), row.get("code") or "03", key)
    return said(world)


def test_months_are_those_of_the_calendar() -> None:
    assert of("""
        kg   | g  | on
        12.5 | 25 | 2025-02-28   -- 31 March and 11 months
        12.5 | 25 | 2025-02-27
        12.5 | 5  | 2024-11-30   -- 31 March and 8 months
        12.5 | 5  | 2024-11-29
    """) == [
        ("met", "deferral"),
        ("breached", "deferral"),
        ("met", "deferral"),
        ("breached", "deferral"),
    ]


def test_the_next_higher_row_counts_and_beyond_the_last_the_last() -> None:
    rows = """
        kg | g     | on
        50 | 20    | 2024-11-30   -- exactly 0.4 g/kg: 8 months
        50 | 20.5  | 2024-11-30   -- above it: 10
        50 | 20.5  | 2025-01-31
        50 | 50    | 2025-01-31   -- exactly 1 g/kg: 10
        50 | 50.5  | 2025-01-31   -- above it: 11
        50 | 200   | 2025-02-28   -- above the table
        50 | 200   | 2025-02-27
    """
    statuses = [status for status, _ in of(rows)]
    assert statuses == ["met", "breached", "met", "met", "breached", "met", "breached"]


def test_an_indication_may_have_a_row_of_its_own() -> None:
    own = [*US, {"up_to": "0.4", "months": 9, "use": "sid"}]
    rows = """
        kg | g  | on         | use
        50 | 20 | 2024-11-30 | mg
        50 | 20 | 2024-11-30 | sid    -- 9 months
        50 | 20 | 2024-12-31 | sid
        50 | 30 | 2024-12-31 | sid    -- the next row is everybody's
    """
    statuses = [status for status, _ in of(rows, vaccinated(own))]
    assert statuses == ["met", "breached", "met", "breached"]


def test_an_unknown_use_matters_only_where_the_rows_differ() -> None:
    own = [*US, {"up_to": "0.4", "months": 9, "use": "sid"}]
    world = vaccinated(own)
    for key, on in enumerate(("2024-11-29", "2024-11-30", "2024-12-31"), start=1):
        world.course(key, weight_kg=50, dose_g=20, started_on=MARCH, indication_code=None)
        vaccine(world, date.fromisoformat(on), patient=key)
    assert said(world) == [
        ("breached", "deferral"),
        ("not_assessable", "no_indication"),
        ("met", "deferral"),
    ]


def test_an_unknown_weight_or_dose_matters_only_where_the_rows_differ() -> None:
    assert of("""
        kg | g  | on
           | 20 | 2024-11-29   -- before the shortest delay
           | 20 | 2024-11-30
           | 20 | 2025-02-27
           | 20 | 2025-02-28   -- after the longest
        50 |    | 2024-11-29
        50 |    | 2024-11-30
        50 |    | 2025-02-28
    """) == [
        ("breached", "deferral"),
        ("not_assessable", "no_weight"),
        ("not_assessable", "no_weight"),
        ("met", "deferral"),
        ("breached", "deferral"),
        ("not_assessable", "no_dose"),
        ("met", "deferral"),
    ]


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"is_open": True}, "course_open"),
        ({"is_start_truncated": True}, "history_truncated"),
        ({"has_unresolved_bag": True}, "bag_unresolved"),
        ({"is_dose_uncertain": True, "dose_g": None, "known_dose_g": 20}, "dose_uncertain"),
    ],
)
def test_a_total_that_may_be_larger_takes_the_longer_delay_into_account(
    facts: Row, reason: str
) -> None:
    drawn = "kg | g | on\n50 | 20 | 2024-11-30\n50 | 20 | 2025-02-28"
    assert of(drawn, **facts) == [("not_assessable", reason), ("met", "deferral")]


def test_a_stale_weight_must_give_the_same_row_at_both_its_ends() -> None:
    world = vaccinated()
    for key, dose in enumerate(("18", "18.5", "30"), start=1):
        world.course(key, weight_kg=50, dose_g=Decimal(dose), started_on=MARCH)
        world.rows["derived.course_weight"][-1]["is_stale"] = True
        vaccine(world, date(2024, 12, 1), patient=key)
    # 45 to 55 kg: 18 g are 0.4 g/kg at most; 18.5 may be more; 30 are more at both ends
    assert said(world) == [
        ("met", "deferral"),
        ("not_assessable", "weight_stale"),
        ("breached", "deferral"),
    ]


HIGH = [{"up_to": None, "months": 11}]


def test_below_a_high_dose_the_vaccine_waits_for_nothing() -> None:
    world = vaccinated(HIGH, from_g_per_kg=2, days_before_immunoglobulin=None)
    drawn = """
        kg   | g    | on
        12.5 | 25   | 2025-02-27   -- exactly 2 g/kg
        12.5 | 24.5 | 2024-05-01
             | 25   | 2024-05-01   -- high or not: nobody knows
             | 25   | 2025-02-28
        12.5 |      | 2024-05-01
    """
    assert of(drawn, world) == [
        ("breached", "deferral"),
        ("not_applicable", "not_high_dose"),
        ("not_assessable", "no_weight"),
        ("met", "deferral"),
        ("not_assessable", "no_dose"),
    ]


def test_the_course_whose_delay_ends_last_is_the_one_judged_against() -> None:
    world = vaccinated()
    doses = ((1, date(2024, 1, 10), 100), (2, date(2024, 3, 10), 20), (3, date(2025, 1, 1), 20))
    for key, on, dose in doses:
        world.course(key, patient_key=1, started_on=on, dose_g=dose)
    vaccine(world, date(2024, 12, 9))  # a day before 11 months after the first
    vaccine(world, date(2024, 12, 10))
    vaccine(world, date(2025, 8, 31))  # a day before 8 months after the last
    found = verdicts(world)
    assert [(row["status"], row["course_key"], row["miss"]) for row in found] == [
        ("breached", 1, 1),
        ("met", 1, None),
        ("breached", 3, 1),
    ]


def test_the_delay_runs_from_the_last_day_of_the_course() -> None:
    world = vaccinated()
    world.course(1, started_on=date(2024, 3, 27), n_days=5, dose_g=100)
    vaccine(world, date(2025, 2, 27))
    vaccine(world, date(2025, 2, 28))
    assert [status for status, _ in said(world)] == ["breached", "met"]


def test_only_live_vaccines_with_a_component_of_the_rule_are_judged() -> None:
    drawn = """
        kg   | g  | on         | code
        12.5 | 25 | 2024-05-01 | 94
        12.5 | 25 | 2024-05-01 | 21
        12.5 | 25 | 2024-05-01 | 3       -- without its nought
        12.5 | 25 | 2024-05-01 | 07      -- mumps alone
        12.5 | 25 | 2024-05-01 | 116     -- exempt
        12.5 | 25 | 2024-05-01 | 141     -- inactivated
        12.5 | 25 | 2024-05-01 | MMR     -- no CVX code
        12.5 | 25 | 2025-05-01 | MMR     -- and here it does not matter
    """
    assert of(drawn) == [
        ("breached", "deferral"),
        ("breached", "deferral"),
        ("breached", "deferral"),
        ("not_applicable", "vaccine_exempt"),
        ("not_assessable", "codes_not_readable"),
    ]


def test_a_patient_without_a_course_near_is_not_judged() -> None:
    world = vaccinated()
    world.course(1, started_on=MARCH, dose_g=100)
    vaccine(world, MARCH - timedelta(days=15))
    vaccine(world, AFTER, patient=2)
    assert verdicts(world) == []


def followed(days: int, code: str = "03", *, tested: bool = True) -> World:
    """Return a world with immunoglobulin so many days after the vaccine."""
    world = vaccinated()
    world.course(1, started_on=MARCH, dose_g=100)
    vaccine(world, MARCH - timedelta(days=days), code)
    if tested:
        laboratory(world, "HB", AFTER)
    return world


def laboratory(world: World, code: str, on: date) -> None:
    world.add("staged.lab_result", patient_key=1, test_code=code, collected_on=on)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (1, ("breached", "immunoglobulin_after")),
        (13, ("breached", "immunoglobulin_after")),
        (14, ("met", "deferral")),
    ],
)
def test_immunoglobulin_waits_two_weeks_after_the_vaccine(
    days: int, expected: tuple[object, ...]
) -> None:
    assert said(followed(days)) == [expected]


def test_on_the_same_day_the_vaccine_came_too_early() -> None:
    assert said(followed(0)) == [("breached", "deferral")]


@pytest.mark.parametrize(
    ("code", "later", "expected"),
    [
        ("03", ("03", 400), "met"),
        ("03", ("05", 400), "met"),
        ("03", ("21", 400), "breached"),  # another component
        ("94", ("03", 400), "breached"),  # varicella is not answered
        ("94", ("94", 400), "met"),
        ("03", ("03", -20), "breached"),  # an earlier dose
    ],
)
def test_a_later_dose_of_every_component_answers_it(
    code: str, later: tuple[str, int], expected: str
) -> None:
    world = followed(5, code)
    vaccine(world, MARCH + timedelta(days=later[1]), later[0])
    verdict = next(row for row in verdicts(world) if row["subject_key"] == 1)
    assert verdict["status"] == expected


@pytest.mark.parametrize(
    ("tests", "months", "expected"),
    [
        ((("M-IGG", date(2025, 2, 28)),), None, "met"),
        ((("M-IGG", date(2025, 2, 27)),), None, "breached"),  # perhaps the donors'
        ((("M-IGG", date(2024, 9, 30)),), 6, "met"),
        ((("M-IGG", date(2024, 9, 29)),), 6, "breached"),
        ((("V-IGG", date(2025, 2, 28)),), None, "breached"),
    ],
)
def test_antibodies_answer_it_once_the_donors_are_gone(
    tests: tuple[tuple[str, date], ...], months: int | None, expected: str
) -> None:
    world = followed(5)
    world.rows["guideline.vaccine_interval"][0]["test_after_months"] = months
    for code, on in tests:
        laboratory(world, code, on)
    assert [status for status, _ in said(world)] == [expected]


def test_what_was_not_looked_for_where_it_would_be_seen_is_not_missing() -> None:
    assert said(followed(5, tested=False)) == [("not_assessable", "outside_coverage")]
    world = followed(5)
    world.rows["audit.record_supplied"].pop()
    assert said(world) == [("not_assessable", "table_not_supplied")]
    world = followed(5)
    for row in world.rows["staged.coverage"]:
        if row["record"] == "vaccination":
            row["to_on"] = MARCH - timedelta(days=1)
    assert said(world) == [("not_assessable", "outside_coverage")]


@pytest.mark.parametrize(
    ("days", "event", "clause"),
    [
        (0, "measles_exposure", "exposure"),
        (5, "Measles_Exposure", "exposure"),
        (6, "measles_exposure", "deferral"),
        (-1, "measles_exposure", "deferral"),
        (0, "varicella_exposure", "deferral"),  # the vaccine is against measles
    ],
)
def test_a_dose_after_an_exposure_is_told_apart(days: int, event: str, clause: str) -> None:
    world = vaccinated()
    world.course(1, started_on=MARCH, dose_g=100)
    vaccine(world, date(2024, 6, 1))
    world.add(
        "staged.clinical_event",
        clinical_event_key=7,
        patient_key=1,
        event_code=event,
        occurred_on=date(2024, 6, 1) - timedelta(days=days),
    )
    (verdict,) = verdicts(world)
    assert (verdict["clause"], verdict["severity"]) == (clause, "review")


def test_every_live_vaccine_in_antibody_deficiency_is_for_a_human() -> None:
    world = vaccinated()
    world.course(1, started_on=MARCH, dose_g=20, indication_code="pid")
    for on in (date(2024, 6, 1), date(2025, 6, 1)):
        vaccine(world, on)
    found = verdicts(world)
    assert [(row["clause"], row["observed"]) for row in found] == [
        ("antibody_deficiency", 62),
        ("antibody_deficiency", None),
    ]


@pytest.mark.parametrize(
    ("from_on", "to_on", "expected"),
    [
        (date(2024, 1, 1), date(2024, 12, 15), ("met", None)),
        (date(2024, 1, 2), date(2024, 12, 15), ("not_assessable", "history_truncated")),
        (date(2024, 1, 1), date(2024, 12, 14), ("not_assessable", "outside_coverage")),
    ],
)
def test_all_is_well_only_where_other_treatment_would_have_been_seen(
    from_on: date, to_on: date, expected: tuple[object, ...]
) -> None:
    world = vaccinated()
    world.course(1, started_on=MARCH, dose_g=20)
    vaccine(world, date(2024, 12, 1))
    world.rows["staged.coverage"][0] |= {"from_on": from_on, "to_on": to_on}
    (verdict,) = verdicts(world)
    assert (verdict["status"], verdict["reason"]) == expected


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2024, 1, 1), None),
        (date(2024, 1, 2), "bag_unresolved"),
        (date(2024, 12, 15), "bag_unresolved"),
        (date(2024, 12, 16), None),
        (None, "bag_unresolved"),
    ],
)
def test_a_bag_nobody_could_read_casts_doubt(on: date | None, expected: str | None) -> None:
    world = vaccinated()
    world.course(1, started_on=MARCH, dose_g=20)
    vaccine(world, date(2024, 12, 1))
    world.add("staged.patient_alias", patient_id="p1", patient_key=1)
    world.add("quarantine.infusion", patient_id=" p1", on_date=on)
    (verdict,) = verdicts(world)
    assert verdict["reason"] == expected


def test_only_vaccinations_of_the_period_are_judged() -> None:
    world = vaccinated()
    world.rows["guideline.policy"][0] |= {
        "from_on": date(2024, 6, 1),
        "to_on": date(2024, 12, 31),
        "as_of": date(2024, 9, 1),
    }
    world.course(1, started_on=MARCH, dose_g=100)
    for on in ("2024-05-31", "2024-06-01", "2024-09-01", "2024-09-02"):
        vaccine(world, date.fromisoformat(on))
    assert [row["subject_key"] for row in verdicts(world)] == [2, 3]


def test_a_rule_holds_between_its_dates() -> None:
    world = vaccinated()
    world.rows["guideline.rule"][0] |= {
        "valid_from": date(2024, 6, 1),
        "valid_to": date(2024, 6, 30),
    }
    world.course(1, started_on=MARCH, dose_g=100)
    for on in ("2024-05-31", "2024-06-01", "2024-06-30", "2024-07-01"):
        vaccine(world, date.fromisoformat(on))
    assert [row["subject_key"] for row in verdicts(world)] == [2, 3]


def test_a_breach_shows_its_arithmetic_and_its_records() -> None:
    world = vaccinated()
    world.course(1, started_on=MARCH, dose_g=Decimal("10.25"), weight_kg=Decimal("12.5"))
    vaccine(world, date(2025, 1, 30))
    (verdict,) = verdicts(world)
    shown = {name: verdict[name] for name in ("observed", "limit_low", "miss", "unit", "cap")}
    assert shown == {"observed": 305, "limit_low": 306, "miss": 1, "unit": "days", "cap": None}
    (finding,) = world.fetch("SELECT arithmetic FROM audit.finding")
    lines = str(finding["arithmetic"]).splitlines()
    assert lines == [
        "above a row: 10.250 g > 0.400 g/kg × 12.500 kg",
        "row: 10.250 g ≤ 1.000 g/kg × 12.500 kg",
        "earliest: 2024-03-31 + 10 months = 2025-01-31",
        "too early: 2025-01-30 < 2025-01-31",
        "miss: 2025-01-31 - 2025-01-30 = 1 d",
    ]
    assert all(agrees(line.split(": ", 1)[1]) for line in lines)
    assert world.fetch("SELECT record, record_key, role FROM audit.evidence ORDER BY ALL") == [
        {"record": "infusion", "record_key": 1, "role": "given"},
        {"record": "vaccination", "record_key": 1, "role": "vaccine"},
    ]


def test_immunoglobulin_too_soon_shows_its_days() -> None:
    world = followed(5, "94")
    vaccine(world, date(2026, 1, 1), "05")
    verdicts(world)
    (finding,) = world.fetch("SELECT arithmetic, observed, limit_low, miss FROM audit.finding")
    assert str(finding["arithmetic"]).splitlines() == [
        "immunoglobulin began: 2024-03-31 - 2024-03-26 = 5 d",
        "too soon: 5 d < 14 d",
        "miss: 14 d - 5 d = 9 d",
        "looked for and not found: a later dose, or antibodies, of varicella",
    ]
    assert (finding["observed"], finding["limit_low"], finding["miss"]) == (5, 14, 9)
