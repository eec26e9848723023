"""Approvals: asked for, in time, kept to; and what their absence may and may not say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from examined import Row, Ward, of, rule
from tables import table

FIRST = date(2023, 6, 1)
RULES = (
    rule("WARD-CIDP-AUTHORISATION-01", "authorisation", 'approval = "required"'),
    rule("WARD-CIDP-AUTHORISATION-02", "authorisation", 'approval = "recorded"'),
    rule("WARD-CIDP-AUTHORISATION-03", "authorisation", 'approval = "not_required"'),
    rule(
        "WARD-CIDP-AUTHORISATION-04",
        "authorisation",
        'approval = "required"\nis_emergency_listed = true\nfrom_course = 2',
    ),
    rule(
        "WARD-CIDP-AUTHORISATION-05",
        "authorisation",
        'approval = "required"\nfrom_dose = 2\nemergency_after_days = 3',
    ),
    rule(
        "WARD-CIDP-AUTHORISATION-06",
        "authorisation",
        'approval = "required"\ncondition = "not in a crisis"',
    ),
)
OFF, REVIEW = "off_guideline", "review"


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """Return a ward that asks for approvals in every way there is."""
    made = Ward(tmp_path_factory.mktemp("approvals"), *RULES)
    yield made
    made.con.close()


def day(number: str | None) -> date | None:
    """Return a day counted from the first infusion."""
    return None if number is None else FIRST + timedelta(days=int(number))


def infusions(patient: str, days: str, **more: Any) -> list[Row]:
    """Return one infusion of 30 g per day."""
    return [
        {"infusion_id": f"{patient}@{number}", "patient_id": patient, "dose_g": 30,
         "started_at": day(number), **more}
        for number in days.split()
    ]  # fmt: skip


def request(drawn: Row) -> Row:
    """Return a request; days count from the first infusion, the indication is CIDP or `-`."""
    stated = drawn.get("for") or "cidp"
    return {
        "authorisation_id": f"{drawn['patient']}-{drawn['n']}",
        "patient_id": drawn["patient"],
        "decision": drawn["decision"],
        "indication_code": None if stated == "-" else stated,
        "urgency": drawn.get("urgency"),
        "requested_on": day(drawn.get("asked")),
        "decided_on": day(drawn["decided"]),
        "valid_from": day(drawn["from"]),
        "valid_to": day(drawn["to"]),
    }


def asked(ward: Ward, text: str, number: int, courses: str = "0 1", **more: Any) -> dict[str, Any]:
    """Return what rule `number` says of the last course of each patient with a request drawn."""
    drawn = table(text).to_dicts()
    for place, row in enumerate(drawn):
        row["n"] = place
    people = dict.fromkeys(row["patient"] for row in drawn)
    records = {
        "infusion": [row for name in people for row in infusions(name, courses, **more)],
        "authorisation": [request(row) for row in drawn if row["decision"]],
    }
    verdicts = of(ward.examine(records), f"WARD-CIDP-AUTHORISATION-0{number}")
    return {
        name.split("@")[0]: (row["status"], row["reason"], row["severity"])
        for name, row in sorted(verdicts.items(), key=lambda item: item[1]["subject_on"])
    }


def expected(text: str) -> dict[str, Any]:
    """Return the answers drawn beside the first request of each patient."""
    return {
        row["patient"]: (row["status"], row["reason"], row["severity"])
        for row in table(text).to_dicts()
        if row["status"]
    }


def test_an_approval_covers_the_patient_the_indication_and_every_day_in_time(ward: Ward) -> None:
    text = """
        patient | decision | for   | asked | decided | from | to  | status         | reason             | severity
        plain   | approved |       | -20   | -10     | -10  | 90  | met            |                    | off_guideline
        exact   | approved |       |       | 0       | 0    | 1   | met            |                    | off_guideline
        open    | approved |       |       | -10     |      |     | met            |                    | off_guideline  -- from its decision on, without end
        undec   | approved |       |       |         | -10  | 90  | met            |                    | off_guideline  -- what holds from a day was known that day
        any     | approved | -     |       | -10     | -10  | 90  | met            |                    | off_guideline
        renewed | approved |       |       | -90     | -90  | 0   | met            |                    | off_guideline  -- one approval follows the other
        renewed | approved |       |       | -1      | 1    | 90  |                |                    |
        short   | approved |       |       | -90     | -90  | 0   | breached       | approval_expired   | review         -- a day too short
        expired | approved |       |       | -90     | -90  | -1  | breached       | approval_expired   | off_guideline
        refused | declined |       | -20   | -10     |      |     | breached       | approval_declined  | off_guideline
        waiting | pending  |       | -20   |         |      |     | breached       | approval_pending   | off_guideline
        other   | approved | pid   |       | -10     | -10  | 90  | breached       | not_approved       | off_guideline
        unread  | approved | xyzzy |       | -10     | -10  | 90  | not_assessable | codes_not_readable | off_guideline
        undated | approved |       | -20   |         |      |     | not_assessable | approval_undated   | off_guideline
        old     | declined |       | -400  | -399    |      |     | not_assessable | outside_coverage   | off_guideline  -- nothing of the patient's near
        nobody  |          |       |       |         |      |     | not_assessable | outside_coverage   | off_guideline
    """  # noqa: E501 - a table reads better in one line per row
    assert asked(ward, text, 1) == expected(text)


def test_an_approval_may_follow_only_in_an_emergency_and_only_some_days(ward: Ward) -> None:
    text = """
        patient | decision | urgency    | asked | decided | from | to | status   | reason        | severity
        routine | approved |            | -5    | 1       | 0    |    | breached | approved_late | review
        urgent  | approved | Urgent 24h | 0     | 14      | 14   |    | met      |               | off_guideline
        emerg   | approved | emergency  | 0     | 14      | 0    |    | met      |               | off_guideline
        too     | approved | emergency  | 0     | 15      | 0    |    | breached | approved_late | review
        not     | approved | non-urgent | 0     | 5       | 0    |    | breached | approved_late | review
        never   | approved |            | 60    | 90      | 90   |    | breached | not_approved  | off_guideline  -- asked for the next time
    """  # noqa: E501 - a table reads better in one line per row
    assert asked(ward, text, 1) == expected(text)


def linked(ward: Ward, row: Row, since: date = date(2020, 1, 1)) -> tuple[Any, ...]:
    """Return the verdict on a course whose infusions name the request."""
    bags = infusions("p", "0 1", authorisation_id="p-1")
    told = request({"patient": "p", "n": 1, "asked": None} | row)
    verdicts = ward.examine({"infusion": bags, "authorisation": [told]}, since=since)
    verdict = of(verdicts, "WARD-CIDP-AUTHORISATION-01")["p@0"]
    return (verdict["status"], verdict["reason"], verdict["severity"])


def test_the_approval_that_a_bag_names_is_the_one_that_counts(ward: Ward) -> None:
    held = {"decision": "approved", "decided": "90", "from": "90", "to": None}
    assert linked(ward, held) == ("breached", "approved_late", REVIEW)
    other = {"decision": "approved", "for": "pid", "decided": "-9", "from": "-9", "to": None}
    assert linked(ward, other) == ("breached", "approval_for_other", REVIEW)


def test_a_named_refusal_that_nothing_else_proves_is_for_review(ward: Ward) -> None:
    refused = {"decision": "declined", "decided": "-9", "from": None, "to": None}
    assert linked(ward, refused) == ("breached", "approval_declined", OFF)
    just, too_late = FIRST - timedelta(days=365), FIRST - timedelta(days=364)
    assert linked(ward, refused, since=just) == ("breached", "approval_declined", OFF)
    assert linked(ward, refused, since=too_late) == ("breached", "approval_declined", REVIEW)


def test_what_is_not_named_needs_a_year_of_complete_requests(ward: Ward) -> None:
    text = """
        patient | decision | decided | from | to
        p       | declined | -9      |      |
    """
    refused = [request(row | {"n": 1}) for row in table(text).to_dicts()]
    records = {"infusion": infusions("p", "0 1"), "authorisation": refused}
    found = [
        of(ward.examine(records, since=FIRST - timedelta(days=days)), "WARD-CIDP-AUTHORISATION-01")
        for days in (365, 364)
    ]
    assert [rows["p@0"]["reason"] for rows in found] == ["approval_declined", "outside_coverage"]


def test_a_bag_that_names_an_approval_nobody_has_is_no_proof(ward: Ward) -> None:
    text = """
        patient | decision | decided | from | to | status         | reason             | severity
        p       | declined | -9      |      |    | not_assessable | approval_not_found | off_guideline
    """  # noqa: E501 - a table reads better in one line per row
    assert asked(ward, text, 1, authorisation_id="lost") == expected(text)


def test_without_the_table_nothing_is_said_and_nothing_counted(ward: Ward) -> None:
    verdicts = ward.examine({"infusion": infusions("p", "0 1")})
    verdict = of(verdicts, "WARD-CIDP-AUTHORISATION-01")["p@0"]
    assert (verdict["reason"], verdict["is_countable"]) == ("table_not_supplied", False)


def test_the_approval_of_a_dispensing_is_that_of_its_infusion(ward: Ward) -> None:
    records: dict[str, list[Row]] = {
        "infusion": infusions("p", "0 1", dispensing_id="d"),
        "dispensing": [
            {"dispensing_id": "d", "patient_id": "p", "dispensed_at": FIRST, "dose_g": 60,
             "authorisation_id": "p-1"}
        ],
        "authorisation": [request({"patient": "p", "n": 1, "decision": "approved", "for": "pid",
                                   "decided": "-9", "from": None, "to": None})],
    }  # fmt: skip
    verdict = of(ward.examine(records), "WARD-CIDP-AUTHORISATION-01")["p@0"]
    assert verdict["reason"] == "approval_for_other"


def test_a_request_on_record_is_enough_where_no_approval_is_asked(ward: Ward) -> None:
    text = """
        patient | decision | for | decided | from | to | status         | reason           | severity
        asked   | declined |     | -9      |      |    | met            |                  | review
        after   | pending  |     | 14      |      |    | met            |                  | review
        other   | approved | pid | -9      | -9   |    | breached       | not_recorded     | review
        nobody  |          |     |         |      |    | not_assessable | outside_coverage | review
    """  # noqa: E501 - a table reads better in one line per row
    assert asked(ward, text, 2) == expected(text)


def test_where_none_is_needed_none_is_missing(ward: Ward) -> None:
    text = """
        patient | decision | decided | from | to | status         | reason                | severity
        p       | declined | -9      |      |    | not_applicable | approval_not_required | review
    """
    assert asked(ward, text, 3) == expected(text)


@pytest.mark.parametrize(
    ("courses", "answer"),
    [
        ("0 1", ("not_applicable", "approval_not_required")),
        ("0 100", ("breached", "approval_declined")),
        ("0 300", ("not_applicable", "approval_not_required")),  # another treatment
    ],
)
def test_an_approval_may_be_needed_from_the_second_course_on(
    ward: Ward, courses: str, answer: tuple[str, str]
) -> None:
    text = """
        patient | decision | decided | from | to
        p       | declined | 0       |      |
    """
    found = asked(ward, text, 4, courses)
    assert found["p"][:2] == answer


@pytest.mark.parametrize(
    ("courses", "answer"),
    [
        ("0", ("not_applicable", "approval_not_required")),
        ("0 1", ("breached", "approval_declined")),
        ("0 7", ("breached", "approval_declined")),  # the second dose of the episode
        ("0 40", ("not_applicable", "approval_not_required")),  # of another one
    ],
)
def test_an_approval_may_be_needed_from_the_second_dose_on(
    ward: Ward, courses: str, answer: tuple[str, str]
) -> None:
    text = """
        patient | decision | decided | from | to
        p       | declined | 0       |      |
    """
    found = asked(ward, text, 5, courses)
    assert found["p"][:2] == answer


def test_an_emergency_may_have_its_own_number_of_days(ward: Ward) -> None:
    text = """
        patient | decision | urgency   | decided | from | to | status   | reason        | severity
        three   | approved | emergency | 4       | 4    |    | met      |               | off_guideline
        four    | approved | emergency | 5       | 5    |    | breached | approved_late | review
    """  # noqa: E501 - a table reads better in one line per row
    assert asked(ward, text, 5, "0 1") == expected(text)  # needed from day 1


def test_a_condition_no_record_holds_might_spare_the_approval(ward: Ward) -> None:
    text = """
        patient | decision | decided | from | to | status         | reason            | severity
        yes     | approved | -9      | -9   |    | met            |                   | off_guideline
        no      | declined | -9      |      |    | not_assessable | condition_unknown | review
    """  # noqa: E501 - a table reads better in one line per row
    assert asked(ward, text, 6) == expected(text)


def test_one_refused_request_is_one_finding_however_often_it_is_named(ward: Ward) -> None:
    refused = {"patient": "p", "n": 1, "decision": "declined", "decided": "-9"}
    bags = infusions("p", "0 1 2 28", authorisation_id="p-1")
    verdicts = ward.examine(
        {"infusion": bags, "authorisation": [request(refused | {"from": None, "to": None})]}
    )
    found = of(verdicts, "POL-ANY-AUTHORISATION-01")
    assert {name: (row["subject_kind"], row["status"]) for name, row in found.items()} == {
        "p-1": ("authorisation", "breached")
    }
    cited = ward.rows(
        "SELECT e.role FROM audit.evidence AS e INNER JOIN audit.finding AS f USING (finding_key)"
        " WHERE f.rule_id = 'POL-ANY-AUTHORISATION-01' ORDER BY ALL"
    )
    assert [row["role"] for row in cited] == ["approval named", *["given under it"] * 4]


def test_the_numbers_of_a_late_approval_can_be_worked_out_again(ward: Ward) -> None:
    text = """
        patient | decision | urgency   | decided | from | to
        p       | approved | emergency | 20      | 0    |
    """
    asked(ward, text, 1)
    (finding,) = ward.rows(
        "SELECT arithmetic FROM audit.finding WHERE rule_id = 'WARD-CIDP-AUTHORISATION-01'"
    )
    assert finding["arithmetic"].splitlines() == [
        "looked for an approval that covers 2023-06-01 to 2023-06-02",
        "approved after: 2023-06-21 - 2023-06-01 = 20 d",
        "above the limit: 20 d > 14 d",
    ]
