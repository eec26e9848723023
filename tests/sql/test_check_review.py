"""Reviews: due, overdue, with an outcome, and whether less was ever tried."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from examined import Row, Ward, of, rule
from tables import table

FIRST = date(2023, 1, 10)  # six months later: 2023-07-10, day 181; twelve: day 365
RULES = (
    rule("WARD-CIDP-REVIEW-01", "review", "first_within_months = 6\nevery_months = 12"),
    rule("WARD-CIDP-REVIEW-02", "review", "every_months = 12\nneeds_outcome = true"),
    rule(
        "WARD-CIDP-REVIEW-03",
        "review",
        "withdrawal_trial_every_months = 12\nwithdrawal_trials_enough = 2",
    ),
    rule("WARD-CIDP-REVIEW-04", "review", 'every_months = 12\ncondition = "not stable"'),
)


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """Return a ward that wants its long treatments reviewed."""
    made = Ward(tmp_path_factory.mktemp("reviews"), *RULES)
    yield made
    made.con.close()


def infusions(patient: str, days: str, **more: Any) -> list[Row]:
    """Return one infusion per day, of 30 g or as many as follow the sign: `56:20`."""
    rows = []
    for word in days.split():
        number, _, grams = word.partition(":")
        rows.append({
            "infusion_id": f"{patient}@{number}", "patient_id": patient, "dose_g": grams or 30,
            "started_at": FIRST + timedelta(days=int(number)), **more,
        })  # fmt: skip
    return rows


def reviews(patient: str, words: str | None) -> list[Row]:
    """Return one review per word: `170` alone, `170=stable`, `170=reduce`, `170=4` (a measure)."""
    rows = []
    for word in (words or "").split():
        number, _, what = word.partition("=")
        row: Row = {"patient_id": patient, "reviewed_on": FIRST + timedelta(days=int(number))}
        if what in ("continue", "reduce", "stop"):
            row["decision"] = what
        elif what.isdigit():
            row |= {"measure": "INCAT", "value": what}
        elif what:
            row["response"] = what
        rows.append(row)
    return rows


def reviewed(ward: Ward, text: str, number: int) -> None:
    """Compare what rule `number` says of every treatment drawn with what stands beside it.

    The subject is always the first course; `at` is the course it was judged at.
    """
    drawn = table(text).to_dicts()
    records = {
        "infusion": [row for case in drawn for row in infusions(case["patient"], case["courses"])],
        "outcome_review": [
            row for case in drawn for row in reviews(case["patient"], case["reviews"])
        ],
    }
    verdicts = of(ward.examine(records), f"WARD-CIDP-REVIEW-0{number}")
    judged = {row["infusion_key"]: row["infusion_id"] for row in ward.rows(
        "SELECT infusion_key, infusion_id FROM staged.infusion")}  # fmt: skip
    found = {
        name: (judged[row["course_key"]], row["status"], row["reason"], row["clause"])
        for name, row in verdicts.items()
    }
    assert found == {
        f"{case['patient']}@0": (
            f"{case['patient']}@{case['at']}", case["status"], case["reason"], case["clause"],
        )
        for case in drawn
    }  # fmt: skip


def test_a_review_is_due_by_the_calendar_and_may_be_some_days_late(ward: Ward) -> None:
    text = """
        patient | courses                 | reviews | at  | status         | reason           | clause
        young   | 0 90 180                |         | 180 | not_applicable | review_not_due   | review
        exact   | 0 90 180 211            | 0       | 211 | not_applicable | review_not_due   | review  -- six months and 30 days
        late    | 0 90 180 212 240        | 0       | 212 | breached       | review_overdue   | review
        silent  | 0 90 180 212            |         | 212 | not_assessable | outside_coverage | review  -- no review of the patient at all
        done    | 0 90 180 212            | 31      | 212 | met            |                  | review
        base    | 0 90 180 212            | 30      | 212 | breached       | review_overdue   | review  -- a baseline is no review
        after   | 0 90 180 212            | 230     | 212 | met            |                  | review  -- late, but done
        yearly  | 0 150 300 450 566       | 170     | 566 | met            |                  | review
        again   | 0 150 300 450 567       | 170     | 567 | breached       | review_overdue   | review  -- a year and 31 days
        twice   | 0 150 300 450 567       | 170 500 | 567 | met            |                  | review
    """  # noqa: E501 - a table reads better in one line per row
    reviewed(ward, text, 1)


def test_a_review_must_say_whether_it_helped(ward: Ward) -> None:
    text = """
        patient | courses   | reviews       | at  | status   | reason     | clause
        stable  | 0 150 300 | 200=stable    | 300 | met      |            | review
        measure | 0 150 300 | 200=4         | 300 | met      |            | review
        nothing | 0 150 300 | 200=continue  | 150 | breached | no_outcome | outcome
        beside  | 0 150 300 | 190=4 200     | 300 | met      |            | review   -- measured some days before
        before  | 0 150 300 | 100=4 200     | 150 | breached | no_outcome | outcome
    """  # noqa: E501 - a table reads better in one line per row
    reviewed(ward, text, 2)


def test_a_trial_of_less_is_decided_or_seen_in_the_grams(ward: Ward) -> None:
    text = """
        patient | courses                                 | reviews             | at  | status   | reason              | clause
        never   | 0 100 200 300 396                       | 200                 | 396 | breached | no_withdrawal_trial | withdrawal
        young   | 0 100 200 300 395                       | 200                 | 395 | not_applicable | review_not_due | review
        decided | 0 100 200 300 396                       | 200=reduce          | 396 | met      |                     | review
        less    | 0 60 120 180 240:24 300:24 360:24 420   | 200                 | 420 | met      |                     | review  -- a fifth less
        rounded | 0 60 120 180 240:25 300:25 360:25 420   | 200                 | 420 | breached | no_withdrawal_trial | withdrawal
        longer  | 0 60 120 180 255 330 405                | 200                 | 405 | met      |                     | review  -- 60 to 75 days
        once    | 0 60 120 180 265 325 396                | 200                 | 396 | breached | no_withdrawal_trial | withdrawal  -- one course late
        enough  | 0 100 200 300 400 500 600 700 800       | 100=reduce 200=stop | 800 | met      |                     | review
    """  # noqa: E501 - a table reads better in one line per row
    reviewed(ward, text, 3)


def test_a_condition_no_record_holds_might_spare_the_review(ward: Ward) -> None:
    text = """
        patient | courses           | reviews | at  | status         | reason            | clause
        late    | 0 150 300 396     | 0       | 396 | not_assessable | condition_unknown | review
    """
    reviewed(ward, text, 4)


def test_without_the_table_nobody_knows(ward: Ward) -> None:
    verdicts = ward.examine({"infusion": infusions("p", "0 150 300 396")})
    verdict = of(verdicts, "WARD-CIDP-REVIEW-02")["p@0"]
    assert (verdict["status"], verdict["reason"]) == ("not_assessable", "table_not_supplied")


def test_a_treatment_of_unknown_age_is_judged_by_what_the_records_show(ward: Ward) -> None:
    # no review is known to have gone before day 0: twelve months, the longer of the two, count
    records = {
        "infusion": [
            *infusions("long", "0 150 300 396"),
            *infusions("short", "0 150 300 395"),
            *infusions("seen", "0 150 300 395"),
        ],
        "outcome_review": [*reviews("long", "0"), *reviews("short", "0"), *reviews("seen", "100")],
    }
    for row in records["outcome_review"][:2]:
        row["indication_code"] = "pid"  # of another treatment: it proves that reviews are recorded
    found = of(ward.examine(records, since=FIRST), "WARD-CIDP-REVIEW-01")
    assert {name: (row["status"], row["reason"]) for name, row in found.items()} == {
        "long@0": ("breached", "review_overdue"),
        "short@0": ("not_assessable", "history_truncated"),
        "seen@0": ("met", None),
    }


def test_a_finding_keeps_its_name_and_its_facts_while_courses_go_on(ward: Ward) -> None:
    keys = []
    for courses in ("0 150 300 396", "0 150 300 396 424 452"):
        ward.examine({"infusion": infusions("p", courses), "outcome_review": reviews("p", "0")})
        keys += ward.rows(
            "SELECT finding_key, facts_digest FROM audit.finding"
            " WHERE rule_id = 'WARD-CIDP-REVIEW-02'"
        )
    assert keys[0] == keys[1]


def test_the_months_can_be_worked_out_again(ward: Ward) -> None:
    ward.examine(
        {"infusion": infusions("p", "0 150 300 450 567"), "outcome_review": reviews("p", "170")}
    )
    (finding,) = ward.rows(
        "SELECT arithmetic FROM audit.finding WHERE rule_id = 'WARD-CIDP-REVIEW-01'"
    )
    assert finding["arithmetic"].splitlines() == [
        "last review on 2023-06-29",
        "12 months end on 2024-06-29",
        "until this course: 2024-07-30 - 2023-06-29 = 397 d",
        "above the limit: 397 d > 366 d + 30 d",
    ]
