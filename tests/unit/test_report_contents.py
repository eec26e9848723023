"""The account of what a committee's report should hold is complete and names what is there.

The list of questions lies beside the checkout (`../shared/reference/report.md`); where it does not,
only the account itself is held.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from pipeline.render.committee_words import COMMITTEE
from pipeline.render.page import CHAPTERS
from pipeline.render.tables import ORDER

ROOT = Path(__file__).parents[2]
ACCOUNT = ROOT / "docs" / "report-contents.md"
ASKED = ROOT.parent / "shared" / "reference" / "report.md"
TEMPLATES = ROOT / "reports" / "templates"
PLACED = frozenset({"stands", "partly"})
STATES = PLACED | {"no record", "left out"}
CHAPTER_OF = {title: key for key, title in CHAPTERS} | {"Cover": "cover"}


class Line(NamedTuple):
    """One question and what the account says of it."""

    id: str
    asked: str
    state: str
    where: str
    remark: str


def _lines() -> list[Line]:
    cells = (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in ACCOUNT.read_text("utf-8").splitlines()
        if re.match(r"\| (?:[A-Z]?\d+) \|", line)
    )
    return [Line(*row) for row in cells]


LINES = _lines()
IDS = [line.id for line in LINES]
PLACES = [
    (line.id, place)
    for line in LINES
    if line.where and not line.where.startswith("command ")
    for place in line.where.split("; ")
]


def asked_ids(text: str) -> list[str]:
    """Return the ids of the questions under the heading of contents, and its last chapter."""
    contents = text.split("## Contents, with ids", 1)[1].split("\n---", 1)[0]
    marked = re.findall(r"(?:(?<=- )|(?<=· )|(?<=— ))([A-Z]\d{1,2}) ", contents)
    return [*marked, *re.findall(r"\*\*(12) ", contents)]


def _mentioned(path: Path) -> Iterator[str]:
    text = path.read_text("utf-8")
    yield text
    for name in re.findall(r'{% include "([^"]+)" %}', text):
        yield from _mentioned(TEMPLATES / name)


@pytest.mark.skipif(not ASKED.is_file(), reason="NOT TESTED: ../shared/reference is not here")
def test_every_question_is_accounted_for_once_and_in_order() -> None:
    assert asked_ids(ASKED.read_text("utf-8")) == IDS


def test_no_question_stands_twice() -> None:
    assert len(set(IDS)) == len(IDS) > 80


@pytest.mark.parametrize("line", LINES, ids=IDS)
def test_a_line_says_where_it_stands_or_why_not(line: Line) -> None:
    assert line.asked
    assert line.state in STATES
    assert bool(line.where) == (line.state in PLACED)
    assert line.remark or line.state == "stands"


@pytest.mark.parametrize(("asked", "place"), PLACES)
def test_the_named_chapter_prints_the_named_tables(asked: str, place: str) -> None:
    found = re.fullmatch(r"(clinical|committee)(?:, (.+?))?: (`\w+`(?:, `\w+`)*)", place)
    assert found is not None, asked
    edition, title, listed = found.groups()
    tables = re.findall(r"`(\w+)`", listed)
    if edition == "committee":
        assert set(tables) <= set(COMMITTEE)
        return
    assert set(tables) <= set(ORDER)
    words = " ".join(_mentioned(TEMPLATES / "chapters" / f"{CHAPTER_OF[title]}.html"))
    assert [name for name in tables if not re.search(rf"\b{name}\b", words)] == []


def test_what_only_mentions_an_id_is_no_question() -> None:
    text = "## Contents, with ids\n- P1 one (C.2) · P2 two\n\n**12 App** x\n\n---\n- Z9 no"
    assert asked_ids(text) == ["P1", "P2", "12"]
