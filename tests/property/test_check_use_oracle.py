"""Limits, approvals, reviews and lots agree with loops that share no code with them."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from drawn import examples
from examined import AS_OF, SINCE, Verdicts, Ward, of, rule
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))  # the oracle stands beside its test

import oracle_use as oracle

Row = dict[str, Any]
CALM = settings(
    max_examples=examples(10),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
FEW = settings(CALM, max_examples=examples(3))
LIMITS: dict[str, Row] = {
    "1": {"max_courses": 3},
    "2": {"max_duration_months": 6},
    "3": {"trial_min": 3, "trial_max": 6},
    "4": {"cycles": 4},
    "5": {"min_courses": 3},
    "6": {"max_courses": 4},
}
REVIEWS: dict[str, Row] = {
    "1": {"first": 6, "every": 12, "outcome": False},
    "2": {"first": None, "every": 6, "outcome": True},
    "3": {"first": 4, "every": None, "outcome": False},
}
RULES = (
    rule("WARD-CIDP-LIMIT-01", "limit", "max_courses = 3"),
    rule("WARD-CIDP-LIMIT-02", "limit", "max_duration_months = 6"),
    rule("WARD-CIDP-LIMIT-03", "limit", "trial_months = { min = 3, max = 6 }"),
    rule("WARD-CIDP-LIMIT-04", "limit", "max_trial_cycles = 4"),
    rule("WARD-CIDP-LIMIT-05", "limit", "min_courses = 3"),
    rule("WARD-CIDP-LIMIT-06", "limit", "max_courses = 4"),
    rule("WARD-CIDP-REVIEW-01", "review", "first_within_months = 6\nevery_months = 12"),
    rule("WARD-CIDP-REVIEW-02", "review", "every_months = 6\nneeds_outcome = true"),
    rule("WARD-CIDP-REVIEW-03", "review", "first_within_months = 4"),
    rule("WARD-CIDP-AUTHORISATION-01", "authorisation", 'approval = "required"'),
)


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """Return a ward with rules of every kind."""
    made = Ward(tmp_path_factory.mktemp("oracle"), *RULES)
    yield made
    made.con.close()


def days_from(first: date, low: int, high: int) -> st.SearchStrategy[date]:
    """Return a strategy for days around a first one."""
    return st.integers(low, high).map(lambda n: first + timedelta(n))


@st.composite
def patient(draw: st.DrawFn) -> Row:
    """Draw one patient's courses, reviews and requests, near each other in time."""
    first = draw(st.sampled_from((SINCE, SINCE + timedelta(180), date(2022, 3, 31))))
    first += timedelta(draw(st.integers(0, 9)))
    gaps = draw(st.lists(st.sampled_from((5, 14, 28, 28, 30, 60, 90, 180, 181, 400)), max_size=9))
    days = [first + timedelta(sum(gaps[:n])) for n in range(len(gaps) + 1)]
    near = st.one_of(st.none(), days_from(first, -400, 500), st.sampled_from(days))
    requests = draw(st.lists(request(near), max_size=3))
    for n, row in enumerate(requests):
        row["id"] = n
        if row["from"] and row["to"] and row["to"] < row["from"]:
            row["to"] = row["from"]
    reviews: list[Row] = draw(st.lists(st.fixed_dictionaries({
        "on": st.one_of(days_from(first, -400, 500), st.sampled_from(days)),
        "for": st.sampled_from(("cidp", "cidp", None, "pid")),
        "response": st.sampled_from((None, "improved", "stable", "worse")),
        "decision": st.sampled_from((None, "continue", "stop")),
    }), max_size=4))  # fmt: skip
    reviews = [row for row in reviews if row["on"] <= AS_OF]
    named = draw(st.sampled_from((None, None, *range(len(requests)))))
    return {"days": [day for day in days if day <= AS_OF], "reviews": reviews,
            "requests": requests, "named": named}  # fmt: skip


def request(near: st.SearchStrategy[date | None]) -> st.SearchStrategy[Row]:
    """Return a strategy for one request."""
    return st.fixed_dictionaries({
        "decision": st.sampled_from(("approved", "approved", "declined", "pending")),
        "for": st.sampled_from(("cidp", "cidp", None, "pid", "xyzzy")),
        "urgency": st.sampled_from((None, "emergency", "routine")),
        "asked": near, "decided": near, "from": near, "to": near,
    })  # fmt: skip


def records(people: list[Row]) -> dict[str, list[Row]]:
    """Return the records of the people, as a source would hold them."""
    made: dict[str, list[Row]] = {"infusion": [], "authorisation": [], "outcome_review": []}
    for n, one in enumerate(people):
        name = f"p{n}"
        for place, day in enumerate(one["days"]):
            link = None if one["named"] is None else f"{name}-{one['named']}"
            made["infusion"].append(
                {"infusion_id": f"{name}@{place}", "patient_id": name, "dose_g": 30,
                 "started_at": day, "authorisation_id": link}
            )  # fmt: skip
        for row in one["requests"]:
            made["authorisation"].append(
                {"authorisation_id": f"{name}-{row['id']}", "patient_id": name,
                 "decision": row["decision"], "indication_code": row["for"],
                 "urgency": row["urgency"], "requested_on": row["asked"],
                 "decided_on": row["decided"], "valid_from": row["from"], "valid_to": row["to"]}
            )  # fmt: skip
        for row in one["reviews"]:
            made["outcome_review"].append(
                {"patient_id": name, "reviewed_on": row["on"], "indication_code": row["for"],
                 "response": row["response"], "decision": row["decision"]}
            )  # fmt: skip
    return made


def courses(n: int, one: Row) -> list[Row]:
    return [{"id": f"p{n}@{place}", "on": day, "named": one["named"]}
            for place, day in enumerate(one["days"])]  # fmt: skip


def expected(people: list[Row]) -> dict[tuple[str, str], Any]:
    """Return what the oracle says, by rule and subject."""
    said: dict[tuple[str, str], Any] = {}
    for n, one in enumerate(people):
        for run in oracle.treatments(courses(n, one)):
            for number, told in LIMITS.items():
                subject, answer = oracle.limit(told, run, one["reviews"], SINCE, AS_OF)
                said[f"LIMIT-0{number}", subject] = answer
            for number, told in REVIEWS.items():
                said[f"REVIEW-0{number}", run[0]["id"]] = oracle.review(
                    told, run, one["reviews"], SINCE, AS_OF
                )
            for course in run:
                answer, _ = oracle.approval(course, one["requests"], SINCE, AS_OF)
                said["AUTHORISATION-01", course["id"]] = answer
    return said


def answers(verdicts: Verdicts) -> dict[tuple[str, str], Any]:
    """Return what the audit says, by rule and subject."""
    return {
        (rule_id.removeprefix("WARD-CIDP-"), subject.split(":")[-1]): (row["status"], row["reason"])
        for (rule_id, subject), row in verdicts.items()
        if rule_id.startswith("WARD")
    }


def broken(verdicts: Verdicts, number: str) -> set[str]:
    """Return the patients who break a rule."""
    return {
        row["patient_id"]
        for (rule_id, _), row in verdicts.items()
        if rule_id == f"WARD-CIDP-{number}" and row["status"] == "breached"
    }


@CALM
@given(people=st.lists(patient(), min_size=10, max_size=30))
def test_every_verdict_on_use_is_that_of_the_loops(ward: Ward, people: list[Row]) -> None:
    verdicts = ward.examine(records(people))
    assert answers(verdicts) == expected(people)
    assert broken(verdicts, "LIMIT-06") <= broken(verdicts, "LIMIT-01")  # a wider limit
    heavy = {
        subject.split(":")[-1]
        for (_, subject), row in verdicts.items()
        if row["status"] == "breached" and row["severity"] == "off_guideline"
    }
    # only a missing approval accuses, and only with proof
    assert heavy == {
        course["id"]
        for n, one in enumerate(people)
        for course in courses(n, one)
        if oracle.approval(course, one["requests"], SINCE, AS_OF)[1] == "off_guideline"
    }


@FEW
@given(people=st.lists(patient(), min_size=2, max_size=8), seed=st.integers(0, 99))
def test_the_order_of_the_rows_does_not_matter(ward: Ward, people: list[Row], seed: int) -> None:
    told = records(people)
    before = answers(ward.examine(told))
    for rows in told.values():
        random.Random(seed).shuffle(rows)  # noqa: S311 - an order, no secret
    assert answers(ward.examine(told)) == before


@FEW
@given(people=st.lists(patient(), min_size=2, max_size=8))
def test_another_patient_changes_nobody_elses_verdicts(ward: Ward, people: list[Row]) -> None:
    every, fewer = (
        answers(ward.examine(records(people))),
        answers(ward.examine(records(people[:-1]))),
    )
    last = f"p{len(people) - 1}@"
    assert {key: said for key, said in every.items() if not key[1].startswith(last)} == fewer


@st.composite
def handed(draw: st.DrawFn) -> tuple[list[Row], list[Row]]:
    """Draw some bags of a few patients and the issues some of them came from."""
    bags, issues = [], []
    for n in range(draw(st.integers(1, 12))):
        day = draw(st.sampled_from((date(2023, 12, 30), date(2024, 1, 2)))) + timedelta(n % 2)
        patient_id = f"q{draw(st.integers(0, 3))}"
        held = draw(st.booleans())
        some = st.lists(st.sampled_from("ABC"), max_size=2, unique=True)
        bags.append({
            "id": f"{patient_id}-{n}", "patient": patient_id, "on": day, "year": day.year,
            "lots": draw(some), "issue": f"{patient_id}-{n}" if held else None,
        })  # fmt: skip
        if held:
            issues.append({
                "id": f"{patient_id}-{n}", "patient": patient_id, "year": day.year, "on": day,
                "lots": draw(some),
                "expires": draw(st.sampled_from((None, day, day - timedelta(1)))),
            })  # fmt: skip
    return bags, issues


def lot_records(bags: list[Row], issues: list[Row]) -> dict[str, list[Row]]:
    """Write one lot beside its bag and several in rows of their own."""
    made: dict[str, list[Row]] = {"infusion": [], "dispensing": [], "infusion_lot": [],
                                  "dispensing_lot": []}  # fmt: skip
    for bag in bags:
        single = bag["lots"][0] if len(bag["lots"]) == 1 else None
        made["infusion"].append({
            "infusion_id": bag["id"], "patient_id": bag["patient"], "started_at": bag["on"],
            "dose_g": 30, "lot_number": single, "dispensing_id": bag["issue"],
        })  # fmt: skip
        made["infusion_lot"] += [
            {"infusion_id": bag["id"], "lot_number": lot} for lot in bag["lots"] if not single
        ]
    for issue in issues:
        single = issue["lots"][0] if len(issue["lots"]) == 1 else None
        made["dispensing"].append({
            "dispensing_id": issue["id"], "patient_id": issue["patient"],
            "dispensed_at": issue["on"], "dose_g": 30, "lot_number": single,
            "expires_on": issue["expires"] if single else None,
        })  # fmt: skip
        made["dispensing_lot"] += [
            {"dispensing_id": issue["id"], "lot_number": lot, "expires_on": issue["expires"]}
            for lot in issue["lots"]
            if not single
        ]
    return made


@CALM
@given(told=handed())
def test_every_verdict_on_lots_is_that_of_the_loops(
    ward: Ward, told: tuple[list[Row], list[Row]]
) -> None:
    verdicts = ward.examine(lot_records(*told))
    said = {
        (number, subject): (row["status"], row["reason"])
        for number in "1236"
        for subject, row in of(verdicts, f"POL-ANY-TRACEABILITY-0{number}").items()
    }
    assert said == oracle.lots(*told)
