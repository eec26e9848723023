"""The chapter on places: safe whatever a ward is called, complete whatever is not recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import duckdb
import pytest
from reported import add_course, add_sets, add_verdict, empty_store, put, settings_for
from twins import assert_twins

from pipeline.render import render
from pipeline.render.page import FILE_NAME, MAX_PLACES
from pipeline.summarise import summarise

HOSTILE = "<script>alert(1)</script>{{7*7}}\"'>\u202e😀" + "x" * 10_000


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    made = empty_store()
    add_sets(made)
    yield made
    made.close()


def chapter(con: duckdb.DuckDBPyConnection, folder: Path) -> str:
    """Return the chapter of the page, whose tables agree with the files beside it."""
    told = settings_for(folder)
    summarise(con, told)
    render(con, told, folder)
    assert_twins(folder / FILE_NAME)
    page = (folder / FILE_NAME).read_text(encoding="utf-8")
    found = re.search(r'<section class="chapter" id="places".*?</section>', page, re.DOTALL)
    assert found
    return found[0]


def words(text: str) -> str:
    """Return the text of the chapter as it is read, without pictures."""
    bare = re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", bare)))


def test_hostile_names_of_places_are_text_and_short(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    add_course(con, 1, 1, 50)
    add_verdict(con, 1, "breached")
    put(con, "staged.authorisation", authorisation_key=1, specialty=HOSTILE)
    con.execute(
        "UPDATE derived.infusion SET authorisation_key = 1, site_id = $bad", {"bad": HOSTILE}
    )
    con.execute("UPDATE derived.course SET site_id = $bad", {"bad": HOSTILE})
    con.execute("UPDATE staged.infusion SET ward_id = $bad, prescriber_id = $bad", {"bad": HOSTILE})
    found = chapter(con, tmp_path)
    assert "<script" not in found
    assert "{{7*7}}" in found
    assert "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" not in found
    # whatever turns the direction of writing stays within its name
    assert all("</bdi>" in part.split("\n")[0] for part in found.split("<bdi>")[1:])
    assert found.count("\u202e") == found.count("<bdi>")


def test_what_is_not_recorded_says_which_column_would_fill_it(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    add_course(con, 1, 1, 50)
    con.execute("UPDATE derived.infusion SET site_id = NULL")
    found = words(chapter(con, tmp_path))
    for column in ("infusion.site_id", "infusion.ward_id", "infusion.care_setting",
                   "authorisation.specialty", "prescriber_id"):  # fmt: skip
        assert column in found


def test_more_prescribers_than_the_page_bears_are_told_where_they_are(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    for key in range(1, MAX_PLACES + 4):
        add_course(con, key, key, 50)
        con.execute(
            "UPDATE staged.infusion SET prescriber_id = $who WHERE infusion_key = $key",
            {"who": f"SYN-{key:08X}", "key": key},
        )
    found = chapter(con, tmp_path)
    assert len(re.findall(r'<th scope="row"><code>RX-', found)) == MAX_PLACES
    assert "3 more lines in tables/use_by_place" in words(found)
    assert "SYN-" not in found
