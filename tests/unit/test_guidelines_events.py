"""A file of case definitions that the engine cannot evaluate is refused, with file and place."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.guidelines import read_library
from pipeline.guidelines.events import read_events

LISTS = read_library().codelists
GOOD = """
event = "neutropenia"
[[definition]]
id = "ward"
title = "low"
status = "seen"
source = "our protocol"
[[definition.group]]
name = "low"
[[definition.group.criterion]]
says = "below 1"
measure = "value"
analyte = "anc"
below = 1
unit = "10*9/L"
[[guard]]
word = "chemotherapy"
why = "a medicine"
status = "derived"
source = "our protocol"
code = [{ system = "ATC", pattern = "L01%" }]
"""


def faults_of(folder: Path, text: str) -> list[str]:
    """Return what is wrong with one file."""
    (folder / "events").mkdir()
    (folder / "events" / "ward.toml").write_text(text, encoding="utf-8")
    faults: list[str] = []
    read_events(folder, LISTS, faults)
    return faults


def test_a_good_file_has_no_fault(tmp_path: Path) -> None:
    assert faults_of(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("below = 1", "below = 1\nat_most = 2", "one of at_least, more_than, at_most, below"),
        ("below = 1\n", "", "one of at_least, more_than, at_most, below"),
        ('unit = "10*9/L"\n', "", "unit: is missing"),
        ('"10*9/L"', '"furlong"', "unit: furlong is not in codelists/lab_unit.csv"),
        ('analyte = "anc"', 'analyte = "nobody"', "analyte: nobody is not in"),
        ('measure = "value"', 'measure = "guess"', "measure"),
        ('measure = "value"', 'measure = "diagnosis"', "does not belong to diagnosis"),
        ('event = "neutropenia"', 'event = "hiccup"', "event: hiccup is not in"),
        ('name = "low"', 'name = "low"\nat_least = 2', "more than there are criteria"),
        ('status = "seen"', 'status = "sure"', "status"),
        ('title = "low"', 'title = "low"\nthreshold = 3', "threshold: unknown key"),
        ('id = "ward"', 'id = "kdigo_2012"', "the id is taken"),
        ('why = "a medicine"', 'why = "x"\nany_of = ["other"]', "other is not known"),
        ('why = "a medicine"', 'why = "x"\nindications = ["gout"]', "gout is not known"),
        ("[[guard]]", "[[guard", "not valid TOML"),
    ],
)
def test_a_fault_is_told_with_its_file(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert old in GOOD
    faults = faults_of(tmp_path, GOOD.replace(old, new, 1))
    assert any(fault in told for told in faults), faults
    assert all(told.startswith("events/") for told in faults)


def test_a_definition_of_ours_that_is_recalled_is_advisory_in_the_tables() -> None:
    files = read_library().events
    recalled = {
        definition.id
        for file in files
        for definition in file.definition
        if definition.status == "recalled"
    }
    assert recalled == {"haemolysis_canadian_2009"}
