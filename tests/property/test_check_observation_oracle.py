"""The check on watching agrees with a dull loop over made-up sessions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from drawn import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from judged import Row, World
from risky import pour

from pipeline import check as stage
from pipeline.resources import sql

ZERO = date(2024, 3, 1)
CALM = settings(
    max_examples=examples(80),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def is_asked(rule: Row, place: int, sessions: list[Row]) -> bool | None:
    """Return whether a session is asked about; None where nobody can tell."""
    if not rule["is_new_only"]:
        return True
    if place == 0:
        return None if sessions[0]["is_truncated"] else True
    session, before = sessions[place], sessions[place - 1]
    if session["day"] - before["day"] > 56:
        return True
    if session["product"] is None or before["product"] is None:
        return None
    return bool(session["product"] != before["product"])


def judge(rule: Row, place: int, sessions: list[Row]) -> str | None:
    """Return `kept`, `missed` or why nobody knows of one session; None where it is not asked."""
    session, asked = sessions[place], is_asked(rule, place, sessions)
    if asked is False:
        return None
    least = rule["minutes_after"]
    watched, ended = session["minutes"], session["has_end"]
    if least is None:
        kept = session["reaction"] is not None
    else:
        kept = watched is not None and ended and watched >= least
    if kept:
        return "kept"
    if asked is None:
        return "product_unknown" if place else "history_truncated"
    if least is not None and watched is not None:
        return "missed" if ended else "time_unknown"
    name = "reaction" if least is None else "minutes"
    near = any(
        other[name] is not None and abs(other["day"] - session["day"]) <= 30
        for key, other in enumerate(sessions)
        if key != place
    )
    return "missed" if near else "outside_coverage"


def answer(rule: Row, sessions: list[Row]) -> Any:
    """Return the status and reason of the patient; None without a session that is asked about."""
    told = [judge(rule, place, sessions) for place in range(len(sessions))]
    asked = [one for one in told if one is not None]
    if not asked:
        return None
    if "missed" in asked:
        return "breached", None
    unknown = [one for one in asked if one != "kept"]
    return ("not_assessable", min(unknown)) if unknown else ("met", None)


class Bench:
    """One database that is emptied and filled anew for every example."""

    def __init__(self) -> None:
        """Declare the tables and views of the check once; every course is asked about."""
        self.world = World()
        self.world.fill()
        stage._declare(self.world.con, ["observation"])
        self.world.con.execute(
            "CREATE OR REPLACE VIEW audit.applicable AS SELECT 'observation' AS kind,"
            " 1 AS set_key, 1 AS rule_key, course_key, patient_key, NULL AS reason"
            " FROM derived.course"
        )
        step = sql("checks/shared/observation_patient.sql")
        self.world.con.execute(f"CREATE VIEW audit.observation_patient AS {step}")

    def answers(self, rule: Row, sessions: list[Row]) -> Any:
        """Return status and reason of the patient."""
        world = self.world
        for table in ("guideline.observation", "derived.course", "derived.session",
                      "derived.infusion", "staged.infusion"):  # fmt: skip
            world.con.execute(f"DELETE FROM {table}")
        world.add("guideline.observation", rule_key=1, **rule)
        for key, one in enumerate(sessions, start=1):
            on = ZERO + timedelta(days=one["day"])
            ended = datetime.combine(on, time(12))
            until = one["minutes"]
            world.add("derived.course", course_key=key, patient_key=1, started_on=on,
                      is_in_period=True, is_history_truncated=one["is_truncated"])  # fmt: skip
            world.add("derived.session", session_key=key, course_key=key, patient_key=1,
                      started_on=on, ended_at=ended if one["has_end"] else None)  # fmt: skip
            world.add("derived.infusion", infusion_key=key, session_key=key, course_key=key,
                      patient_key=1, record="infusion", product_id=one["product"])  # fmt: skip
            until_at = None if until is None else ended + timedelta(minutes=until)
            world.add("staged.infusion", infusion_key=key, patient_key=1,
                      reaction_observed=one["reaction"], observed_until=until_at)  # fmt: skip
        pour(world)
        found = world.fetch(sql("checks/observation.sql"))
        assert len(found) < 2
        return (found[0]["status"], found[0]["reason"]) if found else None


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """Return the database all examples share."""
    made = Bench()
    yield made
    made.world.con.close()


def sessions_of(gaps: list[int], drawn: list[Row]) -> list[Row]:
    """Return sessions so many days apart."""
    return [one | {"day": sum(gaps[:place])} for place, one in enumerate(drawn[: len(gaps) + 1])]


SESSION = st.fixed_dictionaries(
    {
        "reaction": st.sampled_from((None, None, False, True)),
        "minutes": st.sampled_from((None, None, 19, 20, 59, 60)),
        "has_end": st.sampled_from((True, True, False)),
        "product": st.sampled_from(("a", "a", "b", None)),
        "is_truncated": st.booleans(),
    }
)
SESSIONS = st.builds(
    sessions_of,
    st.lists(st.sampled_from((1, 28, 30, 31, 56, 57)), max_size=5),
    st.lists(SESSION, min_size=6, max_size=6),
)
RULE = st.fixed_dictionaries(
    {"minutes_after": st.sampled_from((None, 20, 60)), "is_new_only": st.booleans()}
)


@CALM
@given(rule=RULE, sessions=SESSIONS)
def test_every_answer_on_watching_is_that_of_the_loop(
    bench: Bench, rule: Row, sessions: list[Row]
) -> None:
    assert bench.answers(rule, sessions) == answer(rule, sessions)
