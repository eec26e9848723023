"""The chapter on places: safe whatever a ward is called, complete whatever is not recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import duckdb
import pytest
from placed import add_bag
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
    page = (tmp_path / FILE_NAME).read_text(encoding="utf-8")
    assert 'id="t-lots"' in page
    assert "x" * 200 not in page


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


def test_sites_that_differ_are_drawn_named_and_not_ranked(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """South, by name the last, has every course off; north none; two prescribers share them."""
    for key in range(1, 41):
        add_bag(con, {
            "bag": key, "patient": key, "grams": 10,
            "site": "north" if key <= 20 else "south",
            "prescriber": f"SYN-{key % 2:08X}",
            "said": "met" if key <= 20 else "breached",
        })  # fmt: skip
    found = chapter(con, tmp_path)
    told = words(found)
    assert "Outside the 99.8% limits: north (below), south (above)." in told
    assert "An outlier is a prompt to look, not a verdict." in told
    assert "No prescriber lies outside the 99.8% limits." in told
    for name in ("funnel-off-site", "funnel-off-prescriber"):
        assert f'id="chart-{name}-text"' in found
    table = found[found.index('id="t-funnel-site"') :]
    assert table.index("north") < table.index("south")
    assert "SYN-" not in found


def test_one_site_with_one_prescriber_is_told_and_not_compared(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    for key in range(1, 13):
        bag = {"bag": key, "patient": 1, "grams": 10, "site": "north", "prescriber": "SYN-00000001"}
        add_bag(con, bag | {"said": "met" if key > 1 else "breached"})
    found = chapter(con, tmp_path)
    assert "chart-funnel-off" not in found
    assert words(found).count("1 of 12") >= 2
    # the share of all is its own, so limits around it would say nothing
    assert words(found).count("the only one") == 2
    assert "not widened" not in words(found)


def test_a_period_without_records_and_an_indication_with_one_patient_are_told(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    add_course(con, 1, 1, 50, indication_code="gbs")
    con.execute(
        "UPDATE guideline.policy SET from_on = DATE '2031-01-01', to_on = DATE '2031-01-31'"
    )
    found = words(chapter(con, tmp_path))
    assert "would fill this chapter" in found
    page = words((tmp_path / FILE_NAME).read_text(encoding="utf-8"))
    assert "dispensing_lot and infusion_lot, would fill this table" in page
    con.execute("DROP SCHEMA report CASCADE")
    con.execute("CREATE SCHEMA report")
    con.execute("UPDATE guideline.policy SET from_on = NULL, to_on = NULL")
    found = words(chapter(con, tmp_path))
    assert "Not listed: 1 site, of whose courses no rule that may accuse says anything." in found


def test_an_outlier_beyond_the_lines_of_the_page_is_listed(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Of 53 prescribers with 11 courses and one with 10, the last has them all off."""
    key = 0
    for prescriber in range(MAX_PLACES + 4):
        last = prescriber == MAX_PLACES + 3
        for _ in range(10 if last else 11):
            key += 1
            add_bag(con, {
                "bag": key, "patient": key, "grams": 10, "site": "north",
                "prescriber": f"SYN-{prescriber:08X}", "said": "breached" if last else "met",
            })  # fmt: skip
    found = chapter(con, tmp_path)
    table = found[found.index('id="t-funnel-prescriber"') :]
    assert "10 of 10" in table
    assert "3 more lines, none of them outside its limits, in tables" in words(table)
