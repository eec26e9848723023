"""Synthetic records without defects: nothing in them breaks a rule of use."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from synthetic import Row, courses_of, day, indications, infusion_days, newest, read, weight_before

from pipeline.synth import synth

# The lowest of what the labels of a product allow, for any indication, in mg/kg/min.
HIGHEST_MG_PER_KG_MIN = 4.0
AT_RISK_MG_PER_KG_MIN = 3.3
INITIAL_MG_PER_KG_MIN = 0.5
VIALS = {
    "Privigen": (2.5, 5, 10, 20, 40),
    "Gammagard Liquid": (1, 2.5, 5, 10, 20, 30),
    "Octagam 10 %": (2, 5, 10, 20, 30),
    "Kiovig": (1, 2.5, 5, 10, 20, 30),
    "Panzyga": (1, 2.5, 5, 10, 20, 30),
    "Flebogamma DIF 5 %": (0.5, 2.5, 5, 10, 20),
}
NEVER = {"E72.59": "Privigen", "E74.12": "Flebogamma DIF 5 %"}
LIVE = {"03", "94", "21"}
CHRONIC = {"pid", "sid", "cidp", "mmn", "mg", "dermatomyositis", "pemphigus_vulgaris"}


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clean")
    synth(folder, n_patients=600, seed=5, defects="none")
    return folder


def mg_per_kg_min(ml_per_h: float, row: Row, kg: float) -> float:
    per_ml = 50 if row["product_code"].endswith("5 %") else 100
    return ml_per_h * per_ml / kg / 60


def bags_with_weight(folder: Path) -> list[tuple[Row, float, bool]]:
    """Return each bag with its patient's weight, and whether it is the first of its day."""
    weights = weight_before(folder)
    found = []
    for patient, courses in courses_of(folder).items():
        for course in courses:
            kg = newest(weights[patient], course)[1]
            found += [
                (row, kg, row is session[0]) for session in infusion_days(course) for row in session
            ]
    return found


def test_every_infusion_starts_slowly_and_stays_below_every_label_and_cap(clean: Path) -> None:
    steps: dict[str, list[Row]] = defaultdict(list)
    for step in read(clean, "rate_step"):
        steps[step["infusion_id"]].append(step)
    n_recorded = 0
    for row, kg, is_first in bags_with_weight(clean):
        hours = (
            datetime.fromisoformat(row["ended_at"]) - datetime.fromisoformat(row["started_at"])
        ).total_seconds() / 3600
        rates = [float(row["volume_ml"]) / hours]
        rates += [float(row["max_rate_ml_per_h"])] if row["max_rate_ml_per_h"] else []
        rates += [float(step["rate_ml_per_h"]) for step in steps[row["infusion_id"]]]
        limit = HIGHEST_MG_PER_KG_MIN if hours > 4 else AT_RISK_MG_PER_KG_MIN
        assert max(mg_per_kg_min(rate, row, kg) for rate in rates) <= limit
        if row["initial_rate_ml_per_h"] and is_first:
            initial = mg_per_kg_min(float(row["initial_rate_ml_per_h"]), row, kg)
            assert initial <= INITIAL_MG_PER_KG_MIN
            n_recorded += 1
    assert n_recorded > 1000
    assert len(steps) > 200


def test_the_steps_of_a_bag_lie_in_it_and_rise_to_its_highest_rate(clean: Path) -> None:
    bags = {row["infusion_id"]: row for row in read(clean, "infusion")}
    steps: dict[str, list[Row]] = defaultdict(list)
    for step in read(clean, "rate_step"):
        steps[step["infusion_id"]].append(step)
    for infusion_id, own in steps.items():
        row = bags[infusion_id]
        rates = [float(step["rate_ml_per_h"]) for step in own]
        assert rates == sorted(rates)
        assert rates[0] == float(row["initial_rate_ml_per_h"])
        assert rates[-1] <= float(row["max_rate_ml_per_h"])
        assert own[0]["changed_at"] == row["started_at"]
        assert own[-1]["changed_at"] < row["ended_at"]


def test_every_issue_is_made_of_vials_its_product_is_sold_in(clean: Path) -> None:
    for row in read(clean, "dispensing"):
        assert in_vials(round(float(row["dose_g"]) * 2), VIALS[row["product_code"]])


def in_vials(half_grams: int, vials: tuple[float, ...]) -> bool:
    reached = {0}
    for total in range(1, half_grams + 1):
        if any(total - round(2 * vial) in reached for vial in vials):
            reached.add(total)
    return half_grams in reached


def test_every_course_has_an_approval_unless_it_is_an_emergency(clean: Path) -> None:
    approvals: dict[str, list[Row]] = defaultdict(list)
    for row in read(clean, "authorisation"):
        approvals[row["patient_id"]].append(row)
    n_emergencies = 0
    for patient, courses in courses_of(clean).items():
        for course in courses:
            first, last = day(course[0]).isoformat(), day(course[-1]).isoformat()
            covering = [
                row for row in approvals[patient]
                if row["valid_from"] <= first and last <= row["valid_to"]
            ]  # fmt: skip
            assert covering
            in_time = [row for row in covering if row["decided_on"] <= first]
            assert in_time or all(row["urgency"] == "emergency" for row in covering)
            n_emergencies += not in_time
            named = {row["authorisation_id"] for row in course} - {""}
            assert named <= {row["authorisation_id"] for row in covering}
    assert n_emergencies > 10


def test_every_treatment_that_goes_on_is_reviewed_twice_a_year_with_an_outcome(clean: Path) -> None:
    known = indications(clean)
    reviews: dict[str, list[date]] = defaultdict(list)
    for row in read(clean, "outcome_review"):
        reviews[row["patient_id"]].append(date.fromisoformat(row["reviewed_on"]))
        assert row["response"]
        assert row["decision"]
    n_treatments = 0
    for patient, courses in courses_of(clean).items():
        if known[patient] not in CHRONIC:
            continue
        dates = [day(courses[0][0]), *sorted(reviews[patient]), day(courses[-1][0])]
        assert all((later - before).days <= 181 for before, later in pairwise(dates))
        n_treatments += 1
    assert n_treatments > 200


def test_live_vaccines_are_far_from_every_infusion(clean: Path) -> None:
    infused: dict[str, list[date]] = defaultdict(list)
    for row in read(clean, "infusion"):
        infused[row["patient_id"]].append(day(row))
    n_after = n_before = n_close = 0
    for row in read(clean, "vaccination"):
        given_on = date.fromisoformat(row["given_on"])
        gaps = [(given_on - on).days for on in infused[row["patient_id"]]]
        if row["vaccine_code"] in LIVE:
            assert all(gap < -14 or gap > 340 for gap in gaps)
            n_after += any(gap > 0 for gap in gaps)
            n_before += any(gap < 0 for gap in gaps)
        else:
            n_close += any(0 <= gap <= 60 for gap in gaps)
    assert min(n_after, n_before, n_close) > 3


def test_nobody_gets_a_product_that_a_diagnosis_forbids(clean: Path) -> None:
    products: dict[str, set[str]] = defaultdict(set)
    for row in read(clean, "infusion"):
        products[row["patient_id"]].add(row["product_code"])
    seen = set()
    for row in read(clean, "diagnosis"):
        if row["code"] in NEVER:
            assert NEVER[row["code"]] not in products[row["patient_id"]]
            seen.add(row["code"])
    born = {row["patient_id"]: row["birth_date"] for row in read(clean, "patient")}
    for row in read(clean, "infusion"):
        if (day(row) - date.fromisoformat(born[row["patient_id"]])).days < 731:
            assert row["product_code"] != "Flebogamma DIF 5 %"
    for row in read(clean, "medication"):
        if row["code"].startswith("A10A"):
            assert "Octagam 10 %" not in products[row["patient_id"]]
            seen.add("insulin")
    assert seen == {*NEVER, "insulin"}
    assert all(row["has_anti_iga"] != "true" for row in read(clean, "patient"))


def test_some_issues_of_a_month_are_infused_in_the_next(clean: Path) -> None:
    issued = {row["dispensing_id"]: row["dispensed_at"] for row in read(clean, "dispensing")}
    carried = [
        row for row in read(clean, "infusion")
        if row["dispensing_id"] and issued[row["dispensing_id"]][:7] < row["started_at"][:7]
    ]  # fmt: skip
    assert carried
