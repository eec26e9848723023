"""Every case definition answers the examples that stand in its own file."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from detected import answer, clear, draw, look, ward

from pipeline.guidelines import read_library
from pipeline.guidelines.events import Definition, Example

FILES = read_library().events
DEFINITIONS = [definition for file in FILES for definition in file.definition]
EXAMPLES = [
    pytest.param(definition, example, id=f"{definition.id}-{example.name.replace(' ', '-')}")
    for definition in DEFINITIONS
    for example in definition.example
]


@pytest.fixture(scope="module")
def store() -> Iterator[duckdb.DuckDBPyConnection]:
    con = ward()
    yield con
    con.close()


@pytest.mark.parametrize(("definition", "example"), EXAMPLES)
def test_example(
    store: duckdb.DuckDBPyConnection, definition: Definition, example: Example
) -> None:
    clear(store)
    draw(store, example)
    look(store)
    status, stage = answer(store, definition.id)
    assert status == example.expect
    if example.stage is not None:
        assert stage == example.stage


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda item: item.id)
def test_every_definition_has_examples(definition: Definition) -> None:
    assert definition.example
    is_read = all(
        criterion.measure != "not_read"
        for group in definition.group
        for criterion in group.criterion
    )
    if is_read and definition.id != "intravascular_red_flag":
        assert "met" in {example.expect for example in definition.example}


def test_a_fall_of_haemoglobin_alone_meets_no_definition_of_haemolysis(
    store: duckdb.DuckDBPyConnection,
) -> None:
    clear(store)
    draw(
        store,
        Example(name="a fall", results=("-24 hb 12 g/dL", "96 hb 6 g/dL"), expect="not_evaluable"),
    )
    look(store)
    found = store.sql(
        "SELECT definition_id FROM audit.signal WHERE status = 'met' AND event = 'haemolysis'"
    ).fetchall()
    assert found == []
