"""The dullest loops agree with the SQL on which reports are one event and what it is laid to."""

from __future__ import annotations

import sys
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from drawn import examples
from empty_store import common_store, derived
from empty_store import given as filled
from eventful import LISTS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.derive import ORDER, STEPS, create
from pipeline.derive.events import refuse_lost_events

sys.path.insert(0, str(Path(__file__).parent))  # the oracle stands beside its test

from oracle_event import Record, told

ROUNDED = Fraction(1, 500_000)
FIRST = date(2025, 3, 3)
KINDS = (
    "headache",
    "fever",
    "infusion_reaction",
    "urticaria",
    "haemolysis",
    "hyponatraemia",
    "itch",
)
WORDS = {"infusion_reaction": "infusion reaction"}
PRODUCTS = {"VENA": "vena", "VENA 5%": "vena5", None: None}
KEYS = 100
"""Sessions and reports of patient 3 have keys from 301 on."""
MADE = tuple(name for name in ORDER if "event" in name)


@st.composite
def drawn_sessions(draw: st.DrawFn) -> list[Record]:
    """Draw sessions of one bag on days apart, some without hours or an end."""
    days = sorted(draw(st.sets(st.sampled_from((0, 1, 2, 12, 13, 40)), max_size=4)))
    made: list[Record] = []
    for key, day in enumerate(days, start=1):
        on = FIRST + timedelta(days=day)
        start = datetime.combine(on, time(draw(st.sampled_from((8, 22)))))
        has_start = draw(st.integers(0, 4)) > 0
        end = start + timedelta(hours=4)
        has_end = has_start and draw(st.integers(0, 4)) > 0
        is_new = not made or (on - made[-1]["day"]).days > 4
        code = draw(st.sampled_from(("VENA", "VENA 5%")))
        made.append(
            {
                "key": key,
                "course": key if is_new else made[-1]["course"],
                "day": on,
                "start": start if has_start else None,
                "end": end if has_end else None,
                "end_day": end.date() if has_end else on,
                "code": code,
                "product": PRODUCTS[code],
                "dose": draw(st.sampled_from((10, 20, 30, None))),
            }
        )
    return made


@st.composite
def drawn(draw: st.DrawFn) -> tuple[list[Record], list[Record]]:
    """Draw the sessions of a patient and up to five reports near them."""
    sessions = draw(drawn_sessions())
    keys = [session["key"] for session in sessions]
    reports = []
    for key in range(1, draw(st.integers(1, 5)) + 1):
        day = draw(st.sampled_from((None, 0, 0, 1, 2, 3, 4, 5, 12, 23, 24)))
        on = None if day is None else FIRST + timedelta(days=day)
        hour = draw(st.sampled_from((None, 8, 12, 13, 16, 22)))
        code = draw(st.sampled_from((None, None, "VENA", "VENA 5%")))
        names = draw(st.sampled_from([None] * 6 + keys))
        by_name = next((s["code"] for s in sessions if s["key"] == names), None)
        reports.append(
            {
                "key": key,
                "kind": draw(st.sampled_from(KINDS)),
                "day": on,
                "at": datetime.combine(on, time(hour)) if on and hour else None,
                "code": code,
                "product": PRODUCTS[code or by_name],
                "stated": PRODUCTS[code],
                "names": names,
            }
        )
    return sessions, reports


@st.composite
def wards(draw: st.DrawFn) -> tuple[list[Record], list[Record]]:
    """Draw ten patients, so that one pass of the database judges all of them."""
    sessions, reports = [], []
    for number in range(10):
        of_patient, told_of = draw(drawn())
        for row in (*of_patient, *told_of):
            for name in ("key", "course", "names"):
                if row.get(name) is not None:
                    row[name] += KEYS * number
        sessions += of_patient
        reports += told_of
    return sessions, reports


def expected_of(sessions: list[Record], reports: list[Record]) -> dict[int, Record]:
    """Return what the loops say of each patient alone."""
    said: dict[int, Record] = {}
    for number in range(10):
        own = [
            [row for row in rows if row["key"] // KEYS == number] for rows in (reports, sessions)
        ]
        said |= told(*own)
    return said


@cache
def store() -> duckdb.DuckDBPyConnection:
    """Open one store for all examples: the whole stage costs more than its events."""
    con = common_store()
    for name, text in LISTS.items():
        filled(con, name, text)
    con.execute(
        "INSERT INTO staged.patient (patient_key, patient_id) SELECT range, range FROM range(10)"
    )
    derived(con)
    return con


def reckon(sessions: list[Record], reports: list[Record]) -> duckdb.DuckDBPyConnection:
    """Return the store with the events of these reports, made anew after these sessions."""
    con = store()
    for table in ("staged.adverse_event", "derived.infusion", "derived.session"):
        con.execute(f"DELETE FROM {table}")
    con.execute("DELETE FROM staged.infusion")
    con.execute("DROP TABLE derived.product_code")
    for row in sessions:
        add(con, "staged.infusion", infusion_key=row["key"], infusion_id=f"i{row['key']}",
            patient_key=row["key"] // KEYS, product_code=row["code"])  # fmt: skip
        common = {"patient_key": row["key"] // KEYS, "started_at": row["start"],
                  "started_on": row["day"], "ended_at": row["end"], "session_key": row["key"],
                  "course_key": row["course"], "dose_g": row["dose"]}  # fmt: skip
        add(con, "derived.session", **common)
        add(con, "derived.infusion", **common, infusion_key=row["key"], record="infusion",
            ended_on=row["end_day"], product_id=PRODUCTS[row["code"]])  # fmt: skip
    for row in reports:
        add(con, "staged.adverse_event", adverse_event_key=row["key"],
            patient_key=row["key"] // KEYS, term=WORDS.get(row["kind"], row["kind"]),
            onset_on=row["day"], onset_at=row["at"], product_code=row["code"],
            infusion_key=row["names"],
            infusion_id=row["names"] and f"i{row['names']}")  # fmt: skip
    create(con, "product_code")
    for name in MADE:
        if name not in STEPS:
            con.execute(f"DROP TABLE derived.{name}")
        create(con, name)
    return con


def add(con: duckdb.DuckDBPyConnection, table: str, **row: object) -> None:
    names, marks = ", ".join(row), ", ".join(f"${name}" for name in row)
    con.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", row)


def found(con: duckdb.DuckDBPyConnection) -> dict[int, Any]:
    rows = con.sql(
        """
        SELECT
            reported_event_key,
            COALESCE(v.other_term, v.event_code) AS event_code,
            v.attribution,
            v.session_key,
            LIST(r.adverse_event_key)
        FROM derived.reported_event AS v
        INNER JOIN derived.event_report AS r USING (reported_event_key)
        GROUP BY ALL
        """
    ).fetchall()
    shares: dict[int, dict[str | None, Decimal]] = {}
    for key, product, share in con.sql(
        "SELECT reported_event_key, product_id, event_share FROM derived.reported_event_product"
    ).fetchall():
        shares.setdefault(key, {})[product] = share
    return {
        key: {
            "event": event,
            "word": word,
            "session": session,
            "reports": set(reports),
            "shares": shares[key],
        }
        for key, event, word, session, reports in rows
    }


@given(wards())
@settings(max_examples=examples(15), suppress_health_check=[HealthCheck.too_slow])
def test_events_and_their_places_are_those_of_the_oracle(
    made: tuple[list[Record], list[Record]],
) -> None:
    sessions, reports = made
    con = reckon(sessions, reports)
    refuse_lost_events(con)
    events, expected = found(con), expected_of(sessions, reports)
    for key, event in events.items():
        shares, meant = event.pop("shares"), expected[key].pop("shares")
        assert shares.keys() == meant.keys()
        assert all(abs(Fraction(shares[name]) - meant[name]) < ROUNDED for name in meant)
    assert events == expected
    sums = con.sql(
        "SELECT SUM(event_share) FROM derived.reported_event_product GROUP BY reported_event_key"
    ).fetchall()
    assert {total for (total,) in sums} == {1}
    assert con.sql(
        "SELECT COUNT(*) FROM derived.reported_event_product WHERE event_share < 0"
    ).fetchall() == [(0,)]


@given(wards(), st.randoms(use_true_random=False))
@settings(max_examples=examples(3), suppress_health_check=[HealthCheck.too_slow])
def test_the_order_of_rows_does_not_matter(
    made: tuple[list[Record], list[Record]], chance: Any
) -> None:
    sessions, reports = made
    everything = "FROM derived.{} ORDER BY ALL"
    tables = ("event_report", "reported_event", "reported_event_product")
    con = reckon(sessions, reports)
    before = [con.sql(everything.format(name)).fetchall() for name in tables]
    chance.shuffle(sessions)
    chance.shuffle(reports)
    con = reckon(sessions, reports)
    assert [con.sql(everything.format(name)).fetchall() for name in tables] == before
