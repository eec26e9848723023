"""Products and patients that do not go together, and what must be known to say so."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from judged import START, Row
from risky import given, judge, patient, precaution, risky
from tables import table


def day(offset: int) -> date:
    return START + timedelta(days=offset)


def of(drawn: str, contains: str | None = None, **risks: str) -> list[tuple[object, ...]]:
    """Return status and reason of courses drawn one per patient, in their order."""
    world = risky()
    precaution(world, contains=contains, **risks)
    rows = table(drawn).to_dicts()
    for key, row in enumerate(rows, start=1):
        course: dict[str, Any] = {"patient_key": key}
        if "age" in row:
            course["age_years"] = row["age"]
        given(world, row.get("product") or "sour", key=key, **course)
        flags = {"no_iga": "is_iga_deficient", "anti_iga": "has_anti_iga"}
        patient(world, key, **{flags[name]: row[name] for name in flags if name in row})
        if row.get("code"):
            world.add(
                "staged.diagnosis",
                diagnosis_key=key,
                patient_key=key,
                code_system=row.get("system") or "ICD10CM",
                code=row["code"],
                recorded_on=day(int(row.get("on") or 0)),
            )
        if row.get("event"):
            world.add(
                "staged.clinical_event",
                clinical_event_key=key,
                patient_key=key,
                event_code=row["event"],
                occurred_on=day(int(row.get("at") or 0)),
            )
        if row.get("drug"):
            world.add(
                "staged.medication",
                medication_key=key,
                patient_key=key,
                code_system="ATC",
                code=row["drug"],
                started_on=day(int(row.get("from") or 0)),
                ended_on=None if row.get("to") is None else day(int(row["to"])),
            )
    found = {row["subject_key"]: row for row in judge(world)}
    said: list[Row] = [found.get(key, {}) for key in range(1, len(rows) + 1)]
    return [(row.get("status"), row.get("reason")) for row in said]


def test_only_products_that_hold_it_are_asked_about() -> None:
    assert of(
        """
        product | code  | on
        sweet   | N18.3 | 0     -- sucrose and a failing kidney
        mixed   | N18.3 | 0
        sour    | N18.3 | 0     -- another sugar: nothing to say
        sweet   | J45   | 0     -- sucrose, and another disease
        unread  | N18.3 | 0     -- nobody knows what it holds
        unread  | J45   | 0     -- and here it would not matter
        """,
        contains="sucrose",
        any_of="renal",
    ) == [
        ("breached", None),
        ("breached", None),
        (None, None),
        ("met", None),
        ("not_assessable", "contents_unknown"),
        (None, None),
    ]


def test_a_diagnosis_counts_when_it_was_known_at_the_course() -> None:
    assert of(
        """
        product | code  | on   | system
        sour    | N18.3 | -900 |            -- long ago
        sour    | N18.3 | 31   |            -- a discharge code, exactly as late as allowed†
        sour    | N18.3 | 32   |            -- later: and nothing shows that it was looked for
        sour    | J45   | 31   |            -- another disease: it was looked for
        sour    | 585.9 | -1   | ICD9CM
        sour    | N18   | -1   | SNOMED     -- a code system without a sign of the risk
        sour    |       |      |            -- no diagnosis at all
        """,
        any_of="renal",
    ) == [
        ("breached", None),
        ("breached", None),
        ("not_assessable", "outside_coverage"),
        ("met", None),
        ("breached", None),
        ("not_assessable", "codes_not_readable"),
        ("not_assessable", "outside_coverage"),
    ]


def test_a_passing_disease_counts_for_its_days() -> None:
    assert of(
        """
        code  | on
        A41.9 | -14   -- exactly 14 days before
        A41.9 | -15
        A41.9 | 0
        """,
        any_of="sepsis",
    ) == [("breached", None), ("met", None), ("breached", None)]


def test_a_medicine_counts_for_its_days() -> None:
    assert of(
        """
        drug    | from | to
        J01GB03 | -3   |       -- exactly three days before
        J01GB03 | -4   |
        J01GB03 | -9   | -3
        J01GB03 | 1    |       -- after the course began
        J01CA01 | -20  |       -- another medicine: this one would have been seen
        J01CA01 | -31  |       -- too long ago to show that medicines were recorded
        J01CA01 | -90  | 90
        """,
        any_of="toxic",
    ) == [
        ("breached", None),
        ("met", None),
        ("breached", None),
        ("met", None),
        ("met", None),
        ("not_assessable", "outside_coverage"),
        ("met", None),
    ]


def test_a_sign_that_only_shows_proves_nothing_by_its_absence() -> None:
    assert of(
        """
        drug    | from | code
        A10BA02 | -90  |          -- metformin shows diabetes
        J01CA01 | -9   |          -- another medicine does not rule it out
        J01CA01 | -9   | J45      -- other diagnoses do
        """,
        any_of="diabetes",
    ) == [("breached", None), ("not_assessable", "outside_coverage"), ("met", None)]


def test_what_the_course_may_have_caused_counts_only_when_it_came_before() -> None:
    assert of(
        """
        event            | at
        hypersensitivity | -1
        hypersensitivity | 0     -- perhaps a reaction to this very course
        surgery          | -400  -- events of this patient are recorded
        """,
        any_of="allergy",
    ) == [("breached", None), ("met", None), ("met", None)]


def test_iga_deficiency_alone_is_no_contraindication() -> None:
    assert of(
        """
        no_iga | anti_iga | event            | at
        true   | true     | hypersensitivity | -9
        true   | true     | surgery          | -9     -- never reacted
        true   | true     |                  |        -- nobody knows
        true   | false    | hypersensitivity | -9
        true   |          | hypersensitivity | -9
        false  |          |                  |        -- whatever the rest is
               | true     | hypersensitivity | -9     -- no diagnosis shows or rules it out
        """,
        all_of="no_iga anti_iga allergy",
    ) == [
        ("breached", None),
        ("met", None),
        ("not_assessable", "outside_coverage"),
        ("met", None),
        ("not_assessable", "risk_unknown"),
        ("met", None),
        ("not_assessable", "outside_coverage"),
    ]


def test_an_age_may_lie_on_its_limit() -> None:
    drawn = """
        product | age
        sour    | 65
        sour    | 64
        sour    | 2
        sour    | 1
        sour    |      -- not known
    """
    old = of(drawn, any_of="old")
    assert [status for status, _ in old] == ["breached", "met", "met", "met", "not_assessable"]
    assert old[-1] == ("not_assessable", "no_age")
    infant = of(drawn, any_of="infant")
    assert [status for status, _ in infant] == ["met", "met", "met", "breached", "not_assessable"]


@pytest.mark.parametrize(
    ("kg", "cm", "expected"),
    [(90, "173.205", "breached"), (90, "173.206", "met"), (90, None, "not_assessable")],
)
def test_body_mass_may_lie_on_its_limit(kg: int, cm: str | None, expected: str) -> None:
    world = risky()
    precaution(world, any_of="obese")
    given(world, weight_kg=kg)
    world.rows["derived.course_weight"][0]["height_cm"] = cm
    (verdict,) = judge(world)
    assert verdict["status"] == expected


def test_one_alternative_that_is_unknown_does_not_hide_one_that_is_there() -> None:
    assert of("age | code | on\n80 | | \n40 | | \n40 | N18 | 0", any_of="renal old") == [
        ("breached", None),
        ("not_assessable", "outside_coverage"),
        ("breached", None),
    ]


def test_a_table_that_was_not_supplied_is_said_to_be_missing() -> None:
    world = risky()
    precaution(world, any_of="renal")
    given(world)
    world.rows["audit.record_supplied"] = [{"record": "infusion"}]
    (verdict,) = judge(world)
    assert (verdict["status"], verdict["reason"]) == ("not_assessable", "table_not_supplied")


def test_records_that_do_not_cover_the_day_prove_nothing() -> None:
    world = risky()
    precaution(world, any_of="renal")
    given(world)
    world.add("staged.diagnosis", patient_key=1, code_system="ICD10CM", code="J45")
    for row in world.rows["staged.coverage"]:
        row["from_on"] = day(1)
    (verdict,) = judge(world)
    assert (verdict["status"], verdict["reason"]) == ("not_assessable", "outside_coverage")


def test_a_precaution_is_never_more_than_a_review_and_names_its_records() -> None:
    world = risky()
    precaution(world, contains="sucrose", any_of="renal old")
    world.rows["guideline.rule"][0] |= {
        "severity": "off_guideline",
        "effective_severity": "off_guideline",
    }
    given(world, "sweet", age_years=70)
    world.add(
        "staged.diagnosis", diagnosis_key=8, patient_key=1, code_system="ICD10CM", code="N18.3"
    )
    (verdict,) = judge(world)
    assert (verdict["severity"], verdict["cap"]) == ("review", "never_accuses")
    assert not verdict["is_countable"]
    (finding,) = world.fetch("SELECT arithmetic FROM audit.finding")
    assert finding["arithmetic"].splitlines() == [
        "the product holds: sucrose",
        "old: 70 ≥ 65",
        "renal: on record",
    ]
    cited = world.fetch("SELECT record, record_key, role FROM audit.evidence ORDER BY ALL")
    assert cited == [
        {"record": "diagnosis", "record_key": 8, "role": "risk"},
        {"record": "infusion", "record_key": 1, "role": "given"},
    ]


@pytest.mark.parametrize(
    ("codes", "severity", "cap"),
    [
        ((("ICD9CM", "585.9"),), "advisory", "risk_recalled"),
        ((("ICD9CM", "585.9"), ("ICD10CM", "N18.3")), "review", None),
        ((("ICD9CM", "585.9"), ("ICD10CM", "E11")), "review", None),
    ],
)
def test_what_only_codes_nobody_looked_up_show_is_advisory(
    codes: tuple[tuple[str, str], ...], severity: str, cap: str | None
) -> None:
    world = risky()
    precaution(world, any_of="renal diabetes")
    given(world)
    for key, (system, code) in enumerate(codes, start=1):
        world.add(
            "staged.diagnosis", diagnosis_key=key, patient_key=1, code_system=system, code=code
        )
    (verdict,) = judge(world)
    assert (verdict["status"], verdict["severity"], verdict["cap"]) == ("breached", severity, cap)


def test_a_risk_that_every_rule_part_needs_stays_advisory_when_recalled() -> None:
    world = risky()
    precaution(world, all_of="renal old")
    given(world, age_years=70)
    world.add("staged.diagnosis", diagnosis_key=1, patient_key=1, code_system="ICD9CM", code="585")
    (verdict,) = judge(world)
    assert (verdict["severity"], verdict["cap"]) == ("advisory", "risk_recalled")
