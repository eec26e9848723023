"""Any definition on any patient: the SQL and a dull loop say the same."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest
from detected import STARTED, add_result, clear, expose, look, ward
from drawn import examples
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from pipeline.guidelines import read_library
from pipeline.guidelines.columns import EVENT_TABLES
from pipeline.guidelines.event_rows import event_rows
from pipeline.guidelines.events import Definition, EventFile

sys.path.insert(0, str(Path(__file__).parent))  # the oracle stands beside its test

from oracle_definition import Exposure, Row, answered, rests_on_old_signs

NUMBERS = {"hb": ("g/dL", "g/L"), "haptoglobin": ("mg/dL",), "retic_pct": ("%",)}
FINDINGS = ("dat", "spherocytes")
LIMITS = ("at_least", "more_than", "at_most", "below")
LISTS = read_library().codelists

limits = st.integers(min_value=0, max_value=4).map(Decimal)


@st.composite
def numeric(draw: st.DrawFn) -> dict[str, object]:
    analyte = draw(st.sampled_from(sorted(NUMBERS)))
    measure = draw(st.sampled_from(("value", "fall", "rise", "ratio", "baseline")))
    unit = None if measure == "ratio" else NUMBERS[analyte][0]
    comparison = "at_least" if measure == "ratio" else draw(st.sampled_from(LIMITS))
    limit = draw(limits)
    if measure == "ratio":
        limit = max(limit, Decimal(1))
    is_sign = measure == "value" and draw(st.booleans())
    return {"says": "x", "measure": measure, "analyte": analyte, comparison: limit, "unit": unit,
            "must_be_new": is_sign}  # fmt: skip


@st.composite
def finding(draw: st.DrawFn) -> dict[str, object]:
    within = draw(st.sampled_from((None, 24, 120)))
    return {"says": "x", "measure": "positive", "analyte": draw(st.sampled_from(FINDINGS)),
            "excludes_within_hours": within, "must_be_new": draw(st.booleans())}  # fmt: skip


criteria = numeric() | finding()


@st.composite
def groups(draw: st.DrawFn, *, is_staged: bool) -> dict[str, object]:
    asked = draw(st.lists(criteria, min_size=1, max_size=2))
    return {"name": "g", "criterion": asked,
            "at_least": draw(st.integers(min_value=1, max_value=len(asked))),
            "stage": draw(st.integers(2, 4)) if is_staged else None}  # fmt: skip


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    base = draw(st.lists(groups(is_staged=False), min_size=1, max_size=2))
    staged = draw(st.lists(groups(is_staged=True), max_size=1))
    return Definition.model_validate(
        {"id": "asked", "title": "t", "status": "seen", "source": "s", "first_stage": 1,
         "group": [*base, *staged]}
    )  # fmt: skip


HOURS = (-200, -168, -48, -24, -8, -1, 0, 1, 20, 24, 40, 100, 200, 244, 245)


@st.composite
def results(draw: st.DrawFn, analytes: list[str]) -> Row:
    analyte = draw(st.sampled_from(analytes))
    hour = draw(st.sampled_from(HOURS))
    row: Row = {"analyte": analyte, "at": STARTED + timedelta(hours=hour),
                "is_timed": draw(st.integers(min_value=0, max_value=4)) > 0,
                "comparator": None, "unit": None, "value": None, "finding": None}  # fmt: skip
    if analyte in FINDINGS:
        return row | {"finding": draw(st.sampled_from(("positive", "negative", "negative", None)))}
    unit = draw(st.sampled_from((*NUMBERS[analyte], *NUMBERS[analyte], None)))
    value = draw(st.integers(min_value=2, max_value=6)) * (10 if unit == "g/L" else 1)
    return row | {"unit": unit, "value": str(value),
                  "comparator": draw(st.sampled_from((None, None, None, "<", ">")))}  # fmt: skip


@pytest.fixture(scope="module")
def store() -> Iterator[duckdb.DuckDBPyConnection]:
    con = ward()
    yield con
    con.close()


def give_definition(con: duckdb.DuckDBPyConnection, definition: Definition) -> None:
    """Replace our own definitions by one of the event whose window is that of haemolysis."""
    file = EventFile(event="haemolysis", definition=(definition,))
    made = event_rows([file], LISTS)
    for table, columns in EVENT_TABLES.items():
        con.execute(f"DELETE FROM guideline.{table}")
        rows = [{name: _text(row.get(name)) for name in columns} for row in made[table]]
        if rows:
            frame = pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String))
            con.register("made_rows", frame)
            typed = ", ".join(f"CAST({name} AS {kind})" for name, kind in columns.items())
            con.execute(f"INSERT INTO guideline.{table} SELECT {typed} FROM made_rows")
            con.unregister("made_rows")


def _text(value: object) -> str | None:
    return None if value is None else str(value).lower() if isinstance(value, bool) else str(value)


@dataclass
class Patient:
    """A patient with one course."""

    is_timed: bool
    rows: list[Row]


@st.composite
def wards(draw: st.DrawFn) -> tuple[Definition, list[Patient]]:
    """Return a definition and patients who have results of the tests it asks for."""
    definition = draw(definitions())
    asked = sorted({item.analyte or "" for group in definition.group for item in group.criterion})
    patient = st.builds(
        Patient,
        is_timed=st.integers(0, 4).map(bool),
        rows=st.lists(results(asked), min_size=2, max_size=9),
    )
    return definition, draw(st.lists(patient, min_size=8, max_size=8))


@settings(
    max_examples=examples(40),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(drawn=wards())
def test_a_definition_answers_as_a_dull_loop_does(
    store: duckdb.DuckDBPyConnection, drawn: tuple[Definition, list[Patient]]
) -> None:
    definition, patients = drawn
    clear(store)
    give_definition(store, definition)
    for number, patient in enumerate(patients, start=1):
        expose(store, number, is_timed=patient.is_timed, patient=number)
        for key, row in enumerate(patient.rows, start=100 * number):
            stage(store, key, row, number)
    look(store)
    found = {
        key: (status, grade, "signs_before_exposure" in (guards or ""))
        for key, status, grade, guards in store.sql(
            "SELECT patient_key, status, stage, guards FROM audit.signal"
            " WHERE definition_id = 'asked'"
        ).fetchall()
    }
    for number, patient in enumerate(patients, start=1):
        told = found.get(number, ("not_evaluable", None, False))
        event(f"{told[0]}, old signs: {told[2]}")
        exposure = Exposure(STARTED, is_timed=patient.is_timed)
        status, grade = answered(definition, patient.rows, exposure)
        rests = rests_on_old_signs(definition, patient.rows, exposure)
        assert told == (status, grade, rests)


def stage(con: duckdb.DuckDBPyConnection, key: int, row: Row, patient: int) -> None:
    """Stage one drawn result."""
    value = f"{row['comparator'] or ''}{row['value']}"
    if row["analyte"] in FINDINGS:
        value = row["finding"] or "unread"
    add_result(
        con,
        key,
        row["at"],
        row["analyte"],
        value,
        row["unit"],
        is_timed=row["is_timed"],
        patient=patient,
    )
