"""The premedication check agrees with a dull loop over made-up sessions and medicines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from drawn import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from judged import Row, World
from risky import pour

from pipeline import check as stage
from pipeline.resources import sql

BEGUN = datetime.fromisoformat("2024-06-15 10:00")
CODES = (("ATC", "N02BE01"), ("ATC", "H02AB04"), ("ATC", "A02BC01"), ("RXNORM", "161"))
HOURS = (Decimal(2), Decimal("0.5"))
FILLED = (
    "guideline.premedication",
    "derived.course",
    "derived.session",
    "staged.medication",
    "staged.coverage",
    "audit.record_supplied",
)
CALM = settings(
    max_examples=examples(60),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def is_wanted(drug: Row) -> bool:
    return bool(drug["code_system"] == "ATC" and drug["code"].startswith(("N02BE01", "H02A")))


def judge(rule: Row, session: Row, drugs: list[Row], covered: list[tuple[date, date]]) -> Any:
    """Return the status and reason of one session."""
    at, on = session["started_at"], session["started_on"]
    own = [drug for drug in drugs if drug["patient_key"] == session["patient_key"]]
    wanted = [drug for drug in own if is_wanted(drug)]
    first = None if at is None else at - timedelta(hours=float(rule["hours_before"] or 2))
    for drug in wanted:
        begun = drug["started_at"]
        if first is not None and begun is not None and first <= begun <= at:
            return "met", None
    for drug in wanted:
        if drug["started_on"] == on and (at is None or drug["started_at"] is None):
            return "not_assessable", "time_unknown"
    if any(drug["started_on"] == on and drug["code_system"] != "ATC" for drug in own):
        return "not_assessable", "codes_not_readable"
    days = [drug["started_on"] for drug in own if drug["code_system"] == "ATC"]
    near = timedelta(days=30)
    is_seen = any(on - near <= day <= on + near for day in days)
    if not is_seen or not any(low <= on <= high for low, high in covered):
        return "not_assessable", "outside_coverage"
    return ("not_applicable", "optional") if rule["is_optional"] else ("breached", None)


class Bench:
    """One database that is emptied and filled anew for every example."""

    def __init__(self) -> None:
        """Declare the tables and views of the check once; every course is asked about."""
        self.world = World()
        for medicine, code in (("paracetamol", "N02BE01"), ("corticosteroid", "H02A%")):
            named = {"medicine": medicine, "code_system": "ATC", "code_pattern": code}
            self.world.add("guideline.medicine", **named)
            self.world.add("guideline.premedication_medicine", rule_key=1, medicine=medicine)
        self.world.fill()
        stage._declare(self.world.con, ["premedication"])
        self.world.con.execute(
            "CREATE OR REPLACE VIEW audit.applicable AS SELECT 'premedication' AS kind,"
            " 1 AS set_key, 1 AS rule_key, course_key, patient_key, NULL AS reason"
            " FROM derived.course"
        )

    def answers(
        self, rule: Row, sessions: list[Row], drugs: list[Row], covered: list[tuple[date, date]]
    ) -> dict[int, Any]:
        """Return status and reason of each session, by its key."""
        world = self.world
        for table in FILLED:
            world.con.execute(f"DELETE FROM {table}")
        world.add("audit.record_supplied", record="medication")
        world.add("guideline.premedication", rule_key=1, **rule)
        for session in sessions:
            key, patient = session["session_key"], session["patient_key"]
            world.add("derived.course", course_key=key, patient_key=patient)
            world.add("derived.session", course_key=key, **session)
        for key, drug in enumerate(drugs, start=1):
            world.add("staged.medication", medication_key=key, **drug)
        for low, high in covered:
            world.add("staged.coverage", record="medication", from_on=low, to_on=high)
        pour(world)
        world.con.execute("DELETE FROM audit.kept_stretch")
        step = sql("checks/shared/kept_stretch.sql")
        world.con.execute(f"INSERT INTO audit.kept_stretch {step}")
        found = world.fetch(sql("checks/premedication.sql"))
        assert len({row["subject_key"] for row in found}) == len(found) == len(sessions)
        return {row["subject_key"]: (row["status"], row["reason"]) for row in found}


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """Return the database all examples share."""
    made = Bench()
    yield made
    made.world.con.close()


def timed(minutes: int, *, has_clock: bool) -> Row:
    """Return a moment so many minutes from the first session, perhaps without its clock."""
    at = BEGUN + timedelta(minutes=minutes)
    return {"started_at": at if has_clock else None, "started_on": at.date()}


MOMENT = st.builds(
    timed,
    st.sampled_from((0, 840, 870, -600, -30 * 1440, -31 * 1440, 31 * 1440))
    | st.integers(-180, 180),
    has_clock=st.integers(0, 4).map(bool),
)
PATIENT = st.integers(1, 3)
SESSIONS = st.lists(st.tuples(PATIENT, MOMENT), min_size=1, max_size=6).map(
    lambda drawn: [
        {"session_key": key, "patient_key": patient} | moment
        for key, (patient, moment) in enumerate(drawn, start=1)
    ]
)
NEAR = st.sampled_from((0, -1, 1, -30, -31, -120, -121, -119, 1440, -1440))
DRUGS = st.lists(
    st.tuples(PATIENT, st.sampled_from(CODES), MOMENT | NEAR.map(
        lambda minutes: timed(minutes, has_clock=True)
    )), max_size=8,
).map(
    lambda drawn: [
        {"patient_key": patient, "code_system": system, "code": code} | moment
        for patient, (system, code), moment in drawn
    ]
)  # fmt: skip
COVERED = st.sampled_from(
    ([(date(2020, 1, 1), date(2030, 1, 1))], [], [(date(2024, 6, 15), date(2024, 6, 15))])
)
RULES = st.fixed_dictionaries(
    {"hours_before": st.none() | st.sampled_from(HOURS), "is_optional": st.booleans()}
)


@CALM
@given(rule=RULES, sessions=SESSIONS, drugs=DRUGS, covered=COVERED)
def test_the_check_agrees_with_the_loop(
    bench: Bench,
    rule: Row,
    sessions: list[Row],
    drugs: list[Row],
    covered: list[tuple[date, date]],
) -> None:
    found = bench.answers(rule, sessions, drugs, covered)
    expected = {one["session_key"]: judge(rule, one, drugs, covered) for one in sessions}
    assert found == expected


@CALM
@given(rule=RULES, sessions=SESSIONS, drugs=DRUGS, covered=COVERED)
def test_neither_row_order_nor_other_patients_change_an_answer(
    bench: Bench,
    rule: Row,
    sessions: list[Row],
    drugs: list[Row],
    covered: list[tuple[date, date]],
) -> None:
    together = bench.answers(rule, sessions, drugs, covered)
    assert bench.answers(rule, sessions[::-1], drugs[::-1], covered) == together
    mine = [drug for drug in drugs if drug["patient_key"] == sessions[0]["patient_key"]]
    assert bench.answers(rule, sessions[:1], mine, covered) == {1: together[1]}
