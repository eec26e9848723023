"""Number of courses, months of treatment and trials, at their boundaries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from examined import Row, Ward, of, rule
from tables import table

FIRST = date(2023, 1, 10)
RULES = (
    rule("WARD-CIDP-LIMIT-01", "limit", "max_courses = 2"),
    rule("WARD-CIDP-LIMIT-02", "limit", "max_duration_months = 12"),
    rule("WARD-CIDP-LIMIT-03", "limit", "trial_months = { min = 3, max = 6 }"),
    rule("WARD-CIDP-LIMIT-04", "limit", "max_trial_cycles = 3"),
    rule("WARD-CIDP-LIMIT-05", "limit", "min_courses = 2"),
    rule("WARD-CIDP-LIMIT-06", "limit", 'max_courses = 2\nper = "episode"'),
    rule("WARD-CIDP-LIMIT-07", "limit", 'max_courses = 2\nper = "patient"'),
    rule("WARD-CIDP-LIMIT-08", "limit", 'max_courses = 1\nphase = "loading"'),
    rule("WARD-CIDP-LIMIT-09", "limit", 'max_courses = 2\ncondition = "no relapse"'),
)


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """Return a ward whose protocol limits courses in every way there is."""
    made = Ward(tmp_path_factory.mktemp("limits"), *RULES)
    yield made
    made.con.close()


def infusions(patient: str, days: str, **more: Any) -> list[Row]:
    """Return one infusion per day; `7l` is a loading one, `7m` maintenance."""
    phases = {"l": "loading", "m": "maintenance", "?": None}
    rows = []
    for word in days.split():
        number, phase = (word[:-1], phases[word[-1]]) if word[-1] in phases else (word, None)
        rows.append({
            "infusion_id": f"{patient}@{number}", "patient_id": patient, "dose_g": 30,
            "started_at": FIRST + timedelta(days=int(number)), "phase": phase, **more,
        })  # fmt: skip
    return rows


def examined(ward: Ward, text: str, number: int, **records: list[Row]) -> None:
    """Compare what rule `number` says of every patient drawn with what stands beside them.

    The subject is the day of the course that a verdict is about; a patient with two treatments
    has two lines.
    """
    drawn = table(text).to_dicts()
    rows = [row for case in drawn for row in infusions(case["patient"], case["courses"] or "")]
    verdicts = of(ward.examine({"infusion": rows, **records}), f"WARD-CIDP-LIMIT-0{number}")
    found = {name: (row["status"], row["reason"], row["clause"]) for name, row in verdicts.items()}
    assert found == {
        f"{case['patient']}@{case['on']}": (case["status"], case["reason"], case["clause"])
        for case in drawn
    }


def test_the_third_course_of_a_treatment_is_one_too_many(ward: Ward) -> None:
    text = """
        patient | courses         | on  | status   | reason       | clause
        one     | 0               | 0   | met      |              |
        two     | 0 28            | 28  | met      |              |
        three   | 0 28 56         | 56  | breached | beyond_limit | courses
        five    | 0 28 56 84 112  | 56  | breached | beyond_limit | courses  -- one finding, not three
        long    | 0 2 4 30        | 30  | met      |              |  -- days at most four apart: one course
        broken  | 0 28 300        | 28  | met      |              |  -- a break of more than 180 days
        broken  |                 | 300 | met      |              |
        resumed | 0 28 208        | 208 | breached | beyond_limit | courses  -- exactly 180 days
    """  # noqa: E501 - a table reads better in one line per row
    examined(ward, text, 1)


def test_a_treatment_may_last_twelve_calendar_months_and_the_tolerance(ward: Ward) -> None:
    text = """
        patient | courses                 | on  | status   | reason       | clause
        year    | 0 100 200 300 365       | 365 | met      |              |
        late    | 0 100 200 300 369       | 369 | met      |              |  -- four days of tolerance
        over    | 0 100 200 300 370 400   | 370 | breached | beyond_limit | duration_months
    """  # noqa: E501 - a table reads better in one line per row
    examined(ward, text, 2)


def reviews(**said_of: str) -> list[Row]:
    """Return one review per patient: `improved@170` says what and on which day."""
    rows = []
    for patient, words in said_of.items():
        what, day = words.split("@")
        kind = "decision" if what in ("continue", "stop", "reduce") else "response"
        rows.append(
            {"patient_id": patient, "reviewed_on": FIRST + timedelta(days=int(day)), kind: what}
        )
    return rows


def test_a_trial_goes_on_only_when_a_review_says_that_it_helped(ward: Ward) -> None:
    text = """
        patient | courses              | on  | status         | reason               | clause
        short   | 0 60 120 180         | 180 | met            |                      |        -- six months
        helped  | 0 60 120 180 240     | 240 | met            |                      |
        goes_on | 0 60 120 180 240     | 240 | met            |                      |
        failed  | 0 60 120 180 240 300 | 240 | breached       | trial_not_favourable | trial
        before  | 0 60 120 180 240     | 240 | breached       | trial_not_favourable | trial  -- of another treatment
        silent  | 0 60 120 180 240     | 240 | not_assessable | outside_coverage     | trial  -- no review of the patient
        ended   | 0 28                 | 28  | breached       | trial_too_short      | trial
        stopped | 0 28                 | 28  | met            |                      |
    """  # noqa: E501 - a table reads better in one line per row
    seen = reviews(helped="improved@170", goes_on="continue@250", failed="worse@170",
                   before="improved@-30", stopped="stop@40")  # fmt: skip
    examined(ward, text, 3, outcome_review=seen)


def test_a_trial_too_short_only_informs(ward: Ward) -> None:
    verdicts = ward.examine({"infusion": infusions("p", "0 28"), "outcome_review": []})
    verdict = of(verdicts, "WARD-CIDP-LIMIT-03")["p@28"]
    assert (verdict["status"], verdict["severity"]) == ("breached", "advisory")


def test_a_trial_is_counted_in_courses_too(ward: Ward) -> None:
    text = """
        patient | courses        | on | status         | reason               | clause
        three   | 0 28 56        | 56 | met            |                      |
        four    | 0 28 56 84 112 | 84 | breached       | trial_not_favourable | trial
    """
    examined(ward, text, 4, outcome_review=reviews(four="stable@50"))


def test_without_the_table_nobody_says_whether_a_trial_helped(ward: Ward) -> None:
    text = """
        patient | courses    | on | status         | reason             | clause
        four    | 0 28 56 84 | 84 | not_assessable | table_not_supplied | trial
    """
    examined(ward, text, 4)


def test_too_few_courses_are_told_when_the_treatment_is_over(ward: Ward) -> None:
    text = """
        patient | courses | on  | status         | reason          | clause
        two     | 0 28    | 28  | met            |                 |
        one     | 0       | 0   | breached       | too_few_courses | courses
        over    | 905     | 905 | breached       | too_few_courses | courses  -- 181 days before the end
        open    | 907     | 907 | not_assessable | treatment_open  |          -- 179 days before
    """  # noqa: E501 - a table reads better in one line per row
    examined(ward, text, 5)


def test_courses_are_counted_per_episode_where_the_rule_says_so(ward: Ward) -> None:
    text = """
        patient | courses       | on | status   | reason       | clause
        spaced  | 0 28 60 88    | 28 | met      |              |          -- two episodes of two
        spaced  |               | 88 | met      |              |
        dense   | 0 28 56 84    | 56 | breached | beyond_limit | courses
    """
    examined(ward, text, 6)


def test_a_lifetime_is_known_only_from_birth(ward: Ward) -> None:
    text = """
        patient | courses     | on  | status         | reason            | clause
        adult   | 0 28        | 28  | not_assessable | history_truncated |
        often   | 0 300 600   | 600 | breached       | beyond_limit      | courses
        child   | 0 300       | 300 | met            |                   |
    """
    born: list[Row] = [
        {"patient_id": "adult", "birth_date": "1980-01-01"},
        {"patient_id": "often", "birth_date": None},
        {"patient_id": "child", "birth_date": "2020-01-01"},
    ]
    examined(ward, text, 7, patient=born)


def test_only_courses_of_the_phase_are_counted(ward: Ward) -> None:
    text = """
        patient | courses       | on | status         | reason        | clause
        loaded  | 0l 28m 56m    | 0  | met            |               |
        twice   | 0l 28l 56m    | 28 | breached       | beyond_limit  | courses
        keeps   | 0m 28m        | 28 | not_applicable | other_phase   |
    """
    examined(ward, text, 8)


def test_a_condition_no_record_holds_might_lift_the_limit(ward: Ward) -> None:
    text = """
        patient | courses | on | status         | reason            | clause
        two     | 0 28    | 28 | met            |                   |
        three   | 0 28 56 | 56 | not_assessable | condition_unknown | courses
    """
    examined(ward, text, 9)


def test_what_went_before_the_records_only_adds_to_the_count(ward: Ward) -> None:
    rows = [*infusions("three", "0 28 56"), *infusions("two", "0 28")]
    found = of(ward.examine({"infusion": rows}, since=FIRST), "WARD-CIDP-LIMIT-01")
    assert {subject: (row["status"], row["reason"]) for subject, row in found.items()} == {
        "three@56": ("breached", "beyond_limit"),
        "two@28": ("not_assessable", "history_truncated"),
    }


def test_no_limit_accuses(ward: Ward) -> None:
    verdicts = ward.examine({"infusion": infusions("p", "0 28 56 84 400")})
    assert {row["severity"] for row in verdicts.values()} <= {"review", "advisory", None}
    assert not any(
        row["is_countable"] for (rule_id, _), row in verdicts.items() if "LIMIT" in rule_id
    )


def test_the_arithmetic_and_the_courses_counted_stand_beside_the_finding(ward: Ward) -> None:
    ward.examine({"infusion": infusions("p", "0 28 56")})
    (finding,) = ward.rows(
        "SELECT finding_key, arithmetic, observed, limit_high, miss FROM audit.finding"
        " WHERE rule_id = 'WARD-CIDP-LIMIT-01'"
    )
    assert finding["arithmetic"].splitlines() == [
        "courses counted from 2023-01-10 to 2023-03-07",
        "above the limit: 3 > 2",
    ]
    assert (finding["observed"], finding["limit_high"], finding["miss"]) == (3, 2, 1)
    cited = ward.rows(
        f"""
        SELECT i.infusion_id, e.role
        FROM audit.evidence AS e
        INNER JOIN staged.infusion AS i ON e.record_key = i.infusion_key
        WHERE e.finding_key = '{finding["finding_key"]}' AND e.record = 'infusion'
        ORDER BY ALL
        """
    )
    assert [(row["infusion_id"], row["role"]) for row in cited] == [
        ("p@0", "counted course"),
        ("p@28", "counted course"),
        ("p@56", "given"),
    ]
