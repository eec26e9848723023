"""A step or a table of resources is dropped once its last reader has run, and never before."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.config import load_settings
from pipeline.ingest.layout import Layout, read_layout
from pipeline.ingest.steps import spent_after
from pipeline.store import open_store

READ = re.compile(r"\b(?:FROM|JOIN)\s+((?:raw|step)\.\w+)")


def supplied(tmp_path: Path, name: str) -> Layout:
    return read_layout(open_store(), load_settings(tmp_path, format=name))


def statements(layout: Layout) -> list[tuple[str, set[str], bool]]:
    """Return in order the name of each SELECT, what its text reads, and whether it is a view."""
    steps = [(f"step.{s.record}", s.select, layout.is_view(s)) for s in layout.steps]
    records = [(f"mapped.{m.record}", m.select, False) for m in layout.mappings]
    return [(name, set(READ.findall(text)), is_view) for name, text, is_view in steps + records]


def opened(read: set[str], views: dict[str, set[str]]) -> set[str]:
    """Return the tables behind what is read, stepping into views."""
    return set().union(*(opened(views[one], views) if one in views else {one} for one in read))


@pytest.mark.parametrize("name", ["claims", "fhir-r4", "mar", "mimic3", "omop-5.4"])
def test_what_is_dropped_is_read_by_none_that_follows(tmp_path: Path, name: str) -> None:
    layout = supplied(tmp_path, name)
    spent, views, gone = spent_after(layout), {}, set[str]()
    asked = set[str]()
    for made, read, is_view in statements(layout):
        if is_view:
            views[made] = read
            continue
        assert not opened(read, views) & gone
        asked |= opened(read, views)
        assert not gone & set(spent[made])
        gone |= set(spent[made])
    assert gone == asked


def test_resources_are_dropped_as_soon_as_the_steps_hold_what_is_needed(tmp_path: Path) -> None:
    spent = spent_after(supplied(tmp_path, "fhir-r4"))
    assert "raw.observation" in spent["step.measured"]
    assert "raw.medicationrequest" in spent["step.prescribed"]
    assert "raw.medicationdispense" in spent["step.handed"]
    assert "raw.medicationadministration" in spent["step.weighed"]
    assert spent["step.dose"] == ["step.weighed"]
