"""Any definition on any patient: the SQL and a dull loop say the same."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest
from detected import STARTED, add_result, clear, expose, look, ward
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from pipeline.guidelines import read_library
from pipeline.guidelines.columns import EVENT_TABLES
from pipeline.guidelines.event_rows import event_rows
from pipeline.guidelines.events import Definition, EventFile

sys.path.insert(0, str(Path(__file__).parent))  # the oracle stands beside its test

from oracle_definition import Exposure, Row, answered

NUMBERS = {"hb": ("g/dL", "g/L"), "haptoglobin": ("mg/dL",), "retic_pct": ("%",)}
FINDINGS = ("dat", "spherocytes")
LIMITS = ("at_least", "more_than", "at_most", "below")
LISTS = read_library().codelists

limits = st.integers(min_value=0, max_value=6).map(Decimal)


@st.composite
def numeric(draw: st.DrawFn) -> dict[str, object]:
    analyte = draw(st.sampled_from(sorted(NUMBERS)))
    measure = draw(st.sampled_from(("value", "fall", "rise", "ratio", "baseline")))
    unit = None if measure == "ratio" else NUMBERS[analyte][0]
    comparison = "at_least" if measure == "ratio" else draw(st.sampled_from(LIMITS))
    limit = draw(limits)
    if measure == "ratio":
        limit = max(limit, Decimal(1))
    return {"says": "x", "measure": measure, "analyte": analyte, comparison: limit, "unit": unit}


@st.composite
def finding(draw: st.DrawFn) -> dict[str, object]:
    within = draw(st.sampled_from((None, 24, 120)))
    return {"says": "x", "measure": "positive", "analyte": draw(st.sampled_from(FINDINGS)),
            "excludes_within_hours": within}  # fmt: skip


criteria = numeric() | finding()


@st.composite
def groups(draw: st.DrawFn, *, is_staged: bool) -> dict[str, object]:
    asked = draw(st.lists(criteria, min_size=1, max_size=3))
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


@st.composite
def results(draw: st.DrawFn) -> Row:
    analyte = draw(st.sampled_from((*sorted(NUMBERS), *FINDINGS)))
    hour = draw(
        st.sampled_from((-200, -168, -48, -24, -8, -1, 0, 1, 20, 24, 40, 100, 200, 244, 245))
    )
    row: Row = {"analyte": analyte, "at": STARTED + timedelta(hours=hour),
                "is_timed": draw(st.integers(min_value=0, max_value=4)) > 0,
                "comparator": None, "unit": None, "value": None, "finding": None}  # fmt: skip
    if analyte in FINDINGS:
        return row | {"finding": draw(st.sampled_from(("positive", "negative", "negative", None)))}
    unit = draw(st.sampled_from((*NUMBERS[analyte], *NUMBERS[analyte], None)))
    value = draw(st.integers(min_value=2, max_value=9)) * (10 if unit == "g/L" else 1)
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


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    definition=definitions(),
    rows=st.lists(results(), min_size=1, max_size=9),
    is_timed=st.booleans() | st.just(value=True),
)
def test_a_definition_answers_as_a_dull_loop_does(
    store: duckdb.DuckDBPyConnection, definition: Definition, rows: list[Row], *, is_timed: bool
) -> None:
    clear(store)
    give_definition(store, definition)
    expose(store, is_timed=is_timed)
    for key, row in enumerate(rows, start=1):
        value = f"{row['comparator'] or ''}{row['value']}"
        if row["analyte"] in FINDINGS:
            value = row["finding"] or "unread"
        add_result(store, key, row["at"], row["analyte"], value, row["unit"],
                   is_timed=row["is_timed"])  # fmt: skip
    look(store)
    found = store.sql(
        "SELECT status, stage FROM audit.signal WHERE definition_id = 'asked'"
    ).fetchall()
    event(found[0][0] if found else "silent")
    told = found[0] if found else ("not_evaluable", None)
    assert told == answered(definition, rows, Exposure(STARTED, is_timed=is_timed))
