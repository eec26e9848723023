"""The page: safe whatever the records hold, complete whatever they lack, small."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path

import altair as alt
import duckdb
import pytest
from altair.utils.schemapi import SchemaValidationError
from jinja2 import UndefinedError
from reported import add_course, add_sets, add_verdict, empty_store, put, settings_for

from pipeline.config import Settings
from pipeline.render import draw, figures, render
from pipeline.render.environment import environment
from pipeline.render.page import CHAPTERS, FILE_NAME
from pipeline.summarise import summarise

ROOT = Path(__file__).parents[2]
HOSTILE = "<script>alert(1)</script>{{7*7}}\"'>\u202e😀" + "x" * 10_000


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    made = empty_store()
    add_sets(made)
    yield made
    made.close()


def _page(con: duckdb.DuckDBPyConnection, tmp_path: Path, settings: Settings | None = None) -> str:
    told = settings or settings_for(tmp_path)
    summarise(con, told)
    render(con, told, tmp_path)
    return (tmp_path / FILE_NAME).read_text(encoding="utf-8")


def _with_everything(con: duckdb.DuckDBPyConnection) -> None:
    for key in range(1, 9):
        add_course(
            con, key, key % 3, 40 + 10 * key, interval_status="known", interval_days=20 + key
        )
        add_verdict(con, key, "breached" if key > 5 else "met", patient_key=key % 3)
    add_course(con, 9, 1, 30, indication_code=None)
    add_verdict(con, 9, "not_assessable", rule_key=None, reason="no_indication", severity=None)


@pytest.mark.parametrize(("n_unassessed", "is_few"), [(1, False), (2, True)])
def test_a_share_of_too_few_courses_is_told_in_counts_and_bounds(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, *, n_unassessed: int, is_few: bool
) -> None:
    """More courses lack a fact than could be judged: then no percentage leads."""
    add_course(con, 1, 1, 100)
    add_verdict(con, 1, "breached")
    for key in range(2, 2 + n_unassessed):
        add_course(con, key, key, 60)
        add_verdict(con, key, "not_assessable", reason="no_weight", patient_key=key)
    page = _page(con, tmp_path)
    lead = page.split('<p class="lead">')[1].split("</p>")[0]
    facts = page.split('<p class="lead">')[1].split("</dl>")[0]
    assert ("too few were judged for a share" in lead) is is_few
    assert ("1 of 1</span>" in lead) is is_few
    assert ("100.0%</span>" in lead) is not is_few
    # the bounds stand there either way; the shares of patients and grams go with the share
    assert ("33.3% to 100.0%" if is_few else "50.0% to 100.0%") in facts
    assert ("<dt>Patients</dt><dd>1 of 1 with a judged course" in facts) is is_few
    assert ("Too few closed courses could be judged for a share" in page) is is_few


class _Tags(HTMLParser):
    """Collects every tag with its attributes, and checks that tags close in order."""

    VOID = frozenset({"meta", "br", "link", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def _tags(page: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = _Tags()
    parser.feed(page)
    assert parser.open == []
    return parser.tags


def test_a_page_has_every_chapter_once_and_every_link_lands(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    _with_everything(con)
    tags = _tags(_page(con, tmp_path))
    ids = [attrs["id"] for _, attrs in tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {name for name, _ in CHAPTERS} <= set(ids)
    links = {attrs["href"] for tag, attrs in tags if tag == "a"}
    assert {link[1:] for link in links if link and link.startswith("#")} <= set(ids)


def test_the_page_loads_nothing_and_runs_nothing(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    _with_everything(con)
    page = _page(con, tmp_path)
    tags = _tags(page)
    assert {tag for tag, _ in tags} & {
        "script",
        "link",
        "iframe",
        "img",
        "object",
        "embed",
    } == set()
    assert "default-src 'none'" in page
    for tag, attrs in tags:
        assert not {name for name in attrs if name.startswith("on") or name in ("src", "srcset")}
        assert "href" not in attrs or tag == "a"
    assert "url(" not in page
    assert "@import" not in page


def test_tables_have_a_caption_and_scopes_and_regions_have_a_name(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    _with_everything(con)
    page = _page(con, tmp_path)
    tags = _tags(page)
    assert page.count("<table") == page.count("<caption")
    assert all("scope" in attrs for tag, attrs in tags if tag == "th")
    for _, attrs in tags:
        if attrs.get("role") == "region":
            assert attrs["tabindex"] == "0"
            assert "aria-labelledby" in attrs or "aria-label" in attrs
    pictures = [attrs for tag, attrs in tags if tag == "svg"]
    assert pictures
    assert all(attrs["role"] == "img" and attrs["aria-labelledby"] for attrs in pictures)


def test_no_text_of_the_records_or_rules_reaches_the_page_as_markup(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    _with_everything(con)
    put(con, "staged.set_aside", record="infusion", reason="duplicate")
    put(con, "quarantine.unreadable", file_id=1, source_row=1, reason="r")
    put(con, "quarantine.infusion", source_file=1, column_name="c", check_name="c")
    put(con, "audit.setting", name="source.id", value="v", origin="o")
    put(
        con,
        "derived.infusion",
        infusion_key=99,
        record="infusion",
        patient_key=1,
        started_on=date(2025, 1, 2),
        dose_g=7,
        exclusion="product_unknown",
    )
    put(con, "staged.infusion", infusion_key=99, product_code="p", source_file=1, source_row=2)
    texts = con.sql(
        """
        SELECT schema_name, table_name, column_name
        FROM duckdb_columns()
        INNER JOIN duckdb_tables() USING (schema_name, table_name)
        WHERE data_type = 'VARCHAR' AND column_name NOT IN (
            'status', 'severity', 'subject_kind', 'kind', 'record', 'interval_status', 'role',
            'weight_policy', 'indication_code', 'product_id', 'exclusion', 'authority', 'phase'
        )
        """
    ).fetchall()
    for layer, table, column in texts:
        con.execute(f'UPDATE {layer}.{table} SET "{column}" = $text', {"text": HOSTILE})
    con.execute("UPDATE guideline.regimen SET label = $text", {"text": HOSTILE})
    page = _page(con, tmp_path)
    assert "<script" not in page
    assert "alert(1)" in page
    assert "{{7*7}}" in page
    assert {tag for tag, _ in _tags(page)} & {"script"} == set()


def test_a_page_without_any_record_says_which_records_would_fill_each_chapter(
    tmp_path: Path,
) -> None:
    empty = empty_store()
    put(empty, "audit.input_file", file_id=1, file_name="patient.csv")
    page = _page(empty, tmp_path)
    assert "Records of infusion" in page
    assert "would fill this chapter" in page
    assert "No finding" in page
    assert "<svg" not in page


def test_no_more_charts_are_drawn_than_a_page_may_have(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert draw.MOST == 40
    monkeypatch.setattr(draw, "MOST", 2)
    _with_everything(con)
    assert _page(con, tmp_path).count('class="chart"') == 2


def test_an_empty_denominator_is_said_in_words(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    add_course(con, 1, 1, 50)
    add_verdict(con, 1, "not_assessable", reason="no_weight")
    page = _page(con, tmp_path)
    assert "No closed course could be judged" in page
    assert (
        ">0.0%<" not in page.split('id="headline"')[1].split("</section>")[0].split("Coverage")[0]
    )


def test_an_overview_is_called_one_on_the_first_page(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    _with_everything(con)
    sentence = (
        "Judged against an unreviewed overview, not a guideline; it supports and does not replace "
        "clinical judgement."
    )
    assert sentence in _page(con, tmp_path)


def test_a_guideline_is_not_called_an_overview(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    con.execute("UPDATE guideline.guideline_set SET authority = 'society' WHERE set_key = 1")
    page = _page(con, tmp_path)
    assert "unreviewed overview" not in page
    assert "does not replace clinical judgement" in page


def test_no_id_of_a_patient_stands_on_the_page(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    _with_everything(con)
    page = _page(con, tmp_path)
    assert re.search(r"P-[0-9A-F]{4}-[0-9A-F]{4}", page)
    assert "SYN-" not in page


def test_the_same_records_give_the_same_bytes(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    _with_everything(con)
    first = _page(con, tmp_path)
    render(con, settings_for(tmp_path), tmp_path)
    assert (tmp_path / FILE_NAME).read_text(encoding="utf-8") == first


def test_findings_beyond_the_worklist_are_said_to_stand_in_the_csv(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    _with_everything(con)
    page = _page(con, tmp_path, settings_for(tmp_path, max_worklist=2))
    assert page.count('class="finding ') == 2
    assert "Not all findings open here" in page
    assert "findings.csv" in page


def test_five_thousand_findings_stay_under_five_megabytes(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    add_course(con, 1, 1, 100)
    add_verdict(con, 1, "breached")
    for table, key in (("derived.course", "course_key"), ("audit.verdict", "subject_key")):
        con.execute(
            f"INSERT INTO {table} SELECT t.* REPLACE (n::INTEGER AS {key}) "
            f"FROM {table} AS t, range(2, 5001) AS more(n)"
        )
    con.execute("UPDATE audit.verdict SET course_key = subject_key")
    statement = "A rule with a sentence of the length that rules have. " * 5
    con.execute("UPDATE guideline.rule SET why = $text, statement = $text", {"text": statement})
    page = _page(con, tmp_path)
    assert page.count('class="finding ') == 1000
    assert len(page.encode()) < 5_000_000


def test_a_chart_outside_the_schema_of_vega_lite_is_found_by_the_test_that_draws_it() -> None:
    chart = alt.layer(alt.Chart(alt.InlineData(values=[])).mark_bar(), background=5)
    with pytest.raises(SchemaValidationError):
        figures.figure("name", "title", chart, "sentence")


def test_a_name_the_templates_do_not_know_raises() -> None:
    with pytest.raises(UndefinedError):
        environment().from_string("{{ nobody }}").render()


def test_every_template_is_escaped() -> None:
    names = environment().list_templates()
    assert names
    assert all(name.endswith(".html") for name in names)
    assert environment().autoescape is True


def test_only_pictures_of_our_own_making_are_printed_unescaped() -> None:
    marked = [
        line
        for path in (ROOT / "reports" / "templates").rglob("*.html")
        for line in path.read_text(encoding="utf-8").splitlines()
        if "|safe" in line or "|tojson" in line or "autoescape" in line
    ]
    assert len(marked) == 1
    assert "figures[name].svg|safe" in marked[0]


def test_the_page_has_no_clock(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    page = _page(con, tmp_path)
    assert str(date.today() + timedelta(0)) not in page  # noqa: DTZ011 - the clock it must not show
