"""The edition a committee reads: no person, nothing that gives one away, the same in every form."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import shutil
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
from audited import audited as audited_as
from audited import write_records
from recomputed import findings, headline
from tools.disclosure_attack import attack

from pipeline.cli import app
from pipeline.config import load_settings
from pipeline.disclosure.attack import given_away, system
from pipeline.disclosure.cells import FEW as FEW_PERSONS
from pipeline.disclosure.cells import rounded
from pipeline.disclosure.group import Need
from pipeline.disclosure.kept import editions_of
from pipeline.errors import DisclosureError
from pipeline.render.committee import render_committee
from pipeline.run.audit import audit
from pipeline.run.journal import Journal
from pipeline.store import open_finished
from schemas import RECORDS

ROOT = Path(__file__).parents[2]
BOTH = ("clinical", "committee")


def audited(tmp_path: Path, records: dict[str, str], **options: Any) -> duckdb.DuckDBPyConnection:
    """Audit the records and make both editions, where none is named."""
    return audited_as(tmp_path, records, **({"edition": BOTH} | options))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Audit the sample once and return the folder of the run."""
    out = tmp_path_factory.mktemp("committee") / "out"
    settings = load_settings(ROOT / "data_samples", overrides={"edition": BOTH})
    return audit(settings, out, Journal(io.StringIO())).folder


@pytest.fixture(scope="module")
def page(run: Path) -> str:
    return (run / "committee" / "report-committee.html").read_text("utf-8")


def _texts(run: Path) -> dict[str, str]:
    return {
        path.name: path.read_text("utf-8")
        for path in (run / "committee").rglob("*")
        if path.is_file()
    }


def test_no_id_lot_pseudonym_or_day_stands_in_any_file_of_the_folder(run: Path) -> None:
    for text in _texts(run).values():
        assert not re.search(r"SYN-[0-9A-F]{8}", text)
        assert not re.search(r"P-[0-9A-F]{4}-[0-9A-F]{4}", text)
        assert not re.search(
            r"\b20\d\d-\d\d-\d\d\b", re.sub(r"supplied, 20\d\d-\d\d-\d\d", "", text)
        )


def test_every_number_of_the_page_is_a_published_cell(run: Path, page: str) -> None:
    con = open_finished(run / "audit.duckdb")
    printed = {
        f"{value:,}"
        for (value,) in con.sql(
            "SELECT DISTINCT printed FROM report.published_cell WHERE printed IS NOT NULL"
        ).fetchall()
    } | {
        f"{value}%"
        for (value,) in con.sql(
            "SELECT DISTINCT share FROM report.published_cell WHERE share IS NOT NULL"
        ).fetchall()
    }
    # of rows of records only: to the nearest 5 %, or a word
    printed |= {"yes", "no", "no rows", "under 5%", "over 95%", "0%", "100%"} | {
        f"about {share}%" for share in range(5, 100, 5)
    }
    cells = re.findall(r'<td class="n">([^<]*)</td>', page)
    assert cells
    # all months together have no usual variation, nor has a month that is not shown
    shown = {html.unescape(cell) for cell in cells} - {"–"}
    assert shown - printed <= {"≤7 persons", "withheld", "none to judge"}
    figures = re.findall(r'<span class="figure">([^<]*)<', page)
    assert set(figures) - printed <= {"≤7 persons", "withheld", "none to judge", "not known"}


def test_the_kept_edition_does_not_contradict_itself(run: Path) -> None:
    """All grams are those by month, by indication and by product, and not all three at once."""
    (kept,) = editions_of(run.parents[1])
    hidden: dict[str, Need] = {
        item.quantity: None for item in kept.printed if item.shown != "value"
    }
    assert given_away(system(kept), hidden) == ([], {})


def test_no_count_of_one_to_seven_is_published(run: Path) -> None:
    con = open_finished(run / "audit.duckdb")
    values = con.sql(
        "SELECT DISTINCT printed FROM report.published_cell WHERE printed IS NOT NULL"
    ).fetchall()
    assert all(value == 0 or (value > 7 and value % 5 == 0) for (value,) in values)
    assert con.sql("SELECT COUNT(*) FROM report.published_cell WHERE shown = 'few'").fetchall()[0][
        0
    ]


def test_the_twins_hold_the_cells_of_the_page(run: Path, page: str) -> None:
    for path in sorted((run / "committee" / "tables").glob("*.json")):
        told = json.loads(path.read_text("utf-8"))
        rows = list(csv.reader(path.with_suffix(".csv").read_text("utf-8").splitlines()))
        values = {
            str(cell["value"])
            for cell in told["cells"]
            if cell["shown"] == "value" and cell["value"] is not None
        }
        numbers = {cell for row in rows[1:] for cell in row[1:] if cell.isdigit()}
        assert numbers == values
        table = page.split(f'<table id="t-{told["table"]}"')[1].split("</table>", maxsplit=1)[0]
        in_page = {cell.replace(",", "") for cell in re.findall(r'class="n">([\d,]+)<', table)}
        assert in_page == values
        assert told["definition"] in html.unescape(page)


def test_the_page_loads_nothing_and_runs_nothing(page: str) -> None:
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert not re.search(r'(?:src|href)="(?!#)', page)


def test_the_total_of_grams_is_that_of_the_closed_months(run: Path) -> None:
    con = open_finished(run / "audit.duckdb")
    true = con.sql("SELECT SUM(grams) FROM report.grams_by_month WHERE NOT is_partial").fetchall()[
        0
    ][0]
    shown = con.sql(
        "SELECT DISTINCT printed FROM report.published_cell WHERE is_total AND measure = 'grams'"
    ).fetchall()
    assert len(shown) == 1
    assert abs(shown[0][0] - true) <= 2.5


def test_every_headline_is_the_one_recomputed_from_the_verdicts(run: Path) -> None:
    con = open_finished(run / "audit.duckdb")
    found = con.sql("SELECT * FROM report.headline")
    (row,) = (dict(zip(found.columns, values, strict=True)) for values in found.fetchall())
    ((from_on, to_on),) = con.sql("SELECT from_on, to_on FROM report.period").fetchall()
    told = headline(run, con, row["set_id"], from_on, to_on)
    n_off, n_missing = told.courses["off"], told.courses["unassessed"]
    n_all = told.n_judged + n_missing
    assert n_off
    assert {name: row[name] for name in ("n_off", "n_within", "n_unassessed", "n_no_rule")} == {
        f"n_{word}": n for word, n in told.courses.items()
    }
    assert (row["n_open"], row["n_judged"]) == (told.n_open, told.n_judged)
    assert (row["n_patients_off"], row["n_patients_judged"]) == (
        told.patients["off"], told.patients["judged"],
    )  # fmt: skip
    for name, part, whole in (
        ("share_off", n_off, told.n_judged),
        ("bound_low", n_off, n_all),
        ("bound_high", n_off + n_missing, n_all),
        ("share_patients_off", told.patients["off"], told.patients["judged"]),
        ("coverage", told.grams_covered, told.grams),
    ):
        assert float(row[name]) == pytest.approx(float(part) / float(whole), abs=5e-7), name
    assert (row["grams"], row["grams_covered"]) == (told.grams, told.grams_covered)
    assert row["n_review"] == findings(run, "review")
    assert findings(run, "off_guideline") >= n_off


def test_every_headline_of_the_committee_is_the_recomputed_one_rounded(run: Path) -> None:
    con = open_finished(run / "audit.duckdb")
    ((from_on, to_on),) = con.sql(
        "SELECT MIN(month_on), LAST_DAY(MAX(month_on)) FROM report.grams_by_month "
        "WHERE NOT is_partial"
    ).fetchall()
    told = headline(run, con, "droracle-2025", from_on, to_on)
    exact = {
        "closed": (sum(told.courses.values()), told.patients["closed"]),
        "judged": (told.n_judged, told.patients["judged"]),
        "off": (told.courses["off"], told.patients["off"]),
        "within": (told.courses["within"], told.patients["within"]),
        "unassessed": (told.courses["unassessed"], told.patients["unassessed"]),
        "no_rule": (told.courses["no_rule"], told.patients["no_rule"]),
        "patients_judged": (told.patients["judged"], told.patients["judged"]),
        "patients_off": (told.patients["off"], told.patients["off"]),
    }
    shown = con.sql(
        "SELECT measure, shown, printed FROM report.published_cell "
        "WHERE is_total AND table_id = 'off_guideline' AND kind != 'share'"
    ).fetchall()
    assert {measure for measure, _, _ in shown} == set(exact)
    for measure, how, printed in shown:
        value, n_persons = exact[measure]
        if 1 <= n_persons <= 7:
            assert how in {"few", "withheld"}, measure
        elif how == "value":
            assert printed == 5 * ((value + 2) // 5), measure
    assert [measure for measure, how, _ in shown if how == "value"]


FEW = {
    "patient": """
        patient_id | birth_year
        SYN-00000001 | 1960
    """,
    "infusion": """
        infusion_id | patient_id | started_at | product_code | dose_g
        i1 | SYN-00000001 | 2024-01-10T10:00 | Privigen | 40
        i2 | SYN-00000001 | 2024-03-10T10:00 | Privigen | 40
    """,
}


def test_a_hospital_with_one_patient_publishes_no_number_of_him(tmp_path: Path) -> None:
    con = audited(tmp_path, FEW, as_of="2024-03-31")
    shown = con.sql(
        "SELECT DISTINCT shown, COALESCE(printed, share) FROM report.published_cell "
        "WHERE kind != 'share' ORDER BY ALL"
    ).fetchall()
    assert {row for row in shown if row[0] == "value"} <= {("value", 0)}


def _many(*infusions: str, n: int = 12) -> dict[str, str]:
    """Return records of so many patients; each infusion is `day and hour | product | grams`."""
    ids = [f"SYN-{number:08X}" for number in range(1, n + 1)]
    rows = [
        f"i{place}-{patient} | {patient} | {when} | {rest}"
        for patient in ids
        for place, (when, rest) in enumerate(text.split(" | ", 1) for text in infusions)
    ]
    return {
        "patient": "\n".join(["patient_id | birth_year", *(f"{name} | 1960" for name in ids)]),
        "infusion": "\n".join(
            ["infusion_id | patient_id | started_at | product_code | dose_g", *rows]
        ),
    }


def _by_product(con: duckdb.DuckDBPyConnection, title: str) -> dict[str, tuple[str, int | None]]:
    rows = con.sql(
        "SELECT measure, shown, printed FROM report.published_cell "
        "WHERE table_id = 'use_by_product' AND title = $title",
        params={"title": title},
    ).fetchall()
    return {measure: (shown, printed) for measure, shown, printed in rows}


def test_grams_known_of_one_patient_of_twelve_are_not_shown(tmp_path: Path) -> None:
    records = _many("2024-01-10T10:00 | Privigen | ")
    records["infusion"] = records["infusion"].rstrip() + "85\n"  # the last patient's alone
    shown = _by_product(
        audited(tmp_path, records, from_on="2024-01-01", as_of="2024-03-31"), "Privigen"
    )
    assert shown["patients"] == ("value", 10)
    assert shown["grams"][0] == "few"


def test_one_session_among_many_patients_of_a_product_is_no_zero(tmp_path: Path) -> None:
    """Twelve go on with a second product in a session; a thirteenth begins with it."""
    records = _many("2024-01-10T10:00 | Privigen | 20", "2024-01-10T13:00 | Octagam 10% | 20")
    records["patient"] += "\nSYN-0000000D | 1960"
    records["infusion"] += "\nlast | SYN-0000000D | 2024-01-11T10:00 | Octagam 10% | 20"
    shown = _by_product(
        audited(tmp_path, records, from_on="2024-01-01", as_of="2024-03-31"), "Octagam 10 %"
    )
    assert shown["patients"] == ("value", 15)
    assert shown["sessions"][0] in {"few", "withheld"}


def test_reports_that_were_not_supplied_are_not_none(tmp_path: Path) -> None:
    audited(tmp_path, FEW, as_of="2024-03-31")
    page = next((tmp_path / "out" / "runs").glob("*/committee/*.html")).read_text("utf-8")
    assert "no reports were supplied" in page
    chapter = page.split('id="reported_events"')[1].split("</section>")[0]
    assert "records of adverse_event would fill this chapter" in chapter
    assert "<td" not in chapter
    folder = next((tmp_path / "out" / "runs").glob("*/committee/tables"))
    assert not (folder / "reported_events.csv").exists()


def test_events_of_unknown_seriousness_are_not_folded_into_none_serious(tmp_path: Path) -> None:
    records = _many("2024-01-10T10:00 | Privigen | 20")
    ids = [f"SYN-{number:08X}" for number in range(1, 13)]
    rows = [f"e-{name} | {name} | headache | 2024-01-10T12:00" for name in ids]
    records["adverse_event"] = "\n".join(["event_id | patient_id | term | onset_at", *rows])
    con = audited(tmp_path, records, from_on="2024-01-01", as_of="2024-03-31")
    shown = con.sql(
        "SELECT measure, printed FROM report.published_cell "
        "WHERE table_id = 'reported_events' AND is_total AND shown = 'value'"
    ).fetchall()
    assert dict(shown) == {
        "events": 10,
        "serious": 0,
        "not_serious": 0,
        "seriousness_unknown": 10,
        "patients": 10,
    }


def test_a_period_without_a_closed_month_says_so(tmp_path: Path) -> None:
    audited(tmp_path, FEW, as_of="2024-01-20", to_on="2024-01-20")
    page = next((tmp_path / "out" / "runs").glob("*/committee/*.html")).read_text("utf-8")
    assert "No month is closed yet" in page


def test_an_earlier_edition_that_cannot_be_read_stops_the_next_one(tmp_path: Path) -> None:
    audited(tmp_path, FEW, as_of="2024-03-31").close()
    kept = next((tmp_path / "out" / "runs").glob("*/committee/edition.json"))
    kept.write_text("[1", encoding="utf-8")
    settings = load_settings(
        tmp_path / "source", overrides={"as_of": "2024-04-30", "edition": BOTH}
    )
    with pytest.raises(DisclosureError, match=r"edition\.json cannot be read") as told:
        audit(settings, tmp_path / "out", Journal(io.StringIO()))
    assert told.value.exit_code == 17
    assert len(list((tmp_path / "out" / "runs").iterdir())) == 1


def test_the_clinical_edition_alone_leaves_no_folder_of_the_other(tmp_path: Path) -> None:
    con = audited(tmp_path, FEW, as_of="2024-03-31", edition=("clinical",))
    run = next((tmp_path / "out" / "runs").iterdir())
    assert not (run / "committee").exists()
    assert (run / "report-clinical.html").exists()
    con.close()
    shutil.rmtree(run)


def test_the_program_names_the_pages_it_made_and_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = write_records(tmp_path / "source", FEW), tmp_path / "out"
    with pytest.raises(SystemExit):
        app(["run", str(source), "--out", str(out), "--edition", "committee"])
    told = re.findall("^report: (.*)$", capsys.readouterr().out, re.MULTILINE)
    assert [Path(name).name for name in told] == ["report-committee.html"]
    assert all(Path(name).is_file() for name in told)


def test_the_attack_finds_nothing_and_finds_something_without_complementary_suppression() -> None:
    found = attack(4, seed=7)
    assert (found.n_published, found.n_refused, found.n_found) == (4, 0, 0)
    assert found.n_found_without > 0
    assert found.n_printed > found.n_few > found.n_withheld


def test_a_chapter_of_which_everything_is_withheld_says_so_and_names_no_line(
    run: Path, tmp_path: Path
) -> None:
    shutil.copy(run / "audit.duckdb", tmp_path / "copy.duckdb")
    of_products = "FROM report.published_cell WHERE table_id = 'use_by_product'"
    with duckdb.connect(str(tmp_path / "copy.duckdb")) as con:
        titles = con.sql(f"SELECT DISTINCT title {of_products} AND NOT is_total").fetchall()
        con.execute(
            "UPDATE report.published_cell SET shown = 'withheld', printed = NULL, share = NULL "
            "WHERE table_id = 'use_by_product'"
        )
        render_committee(con, tmp_path)
    page = (tmp_path / "committee" / "report-committee.html").read_text("utf-8")
    chapter = page.split('id="use_by_product"')[1].split("</section>", maxsplit=1)[0]
    assert "Withheld to protect persons" in chapter
    assert titles
    assert not [title for (title,) in titles if html.escape(title) in chapter]
    folder = tmp_path / "committee" / "tables"
    told = json.loads((folder / "use_by_product.json").read_text("utf-8"))
    assert told["cells"] == []
    assert "Withheld" in told["withheld"]
    assert len((folder / "use_by_product.csv").read_text("utf-8").splitlines()) == 1


def test_usual_variation_is_worked_out_from_the_printed_grams_alone(run: Path, page: str) -> None:
    path = run / "committee" / "tables" / "use_by_month.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["Month"] != "All"]
    grams = [int(row["Grams, where known"]) for row in rows][:12]
    mean = sum(grams) / 12
    margin = 2.66 * sum(abs(b - a) for a, b in pairwise(grams)) / 11
    for row in rows:
        assert abs(int(row["Usual: mean of the first 12 months shown"]) - mean) <= 2.5
        assert abs(int(row["Lower limit"]) - (mean - margin)) <= 2.5
        assert abs(int(row["Upper limit"]) - (mean + margin)) <= 2.5
    assert 'id="chart-xmr-grams-text"' in page
    assert page.count("A filled triangle is more than usual variation") == 2  # picture, caption


def test_charts_of_the_committee_draw_what_is_printed_and_nothing_else(page: str) -> None:
    table = page.split('<table id="t-use_by_indication"')[1].split("</table>", maxsplit=1)[0]
    printed = set(re.findall(r'<td class="n">([\d,]+)</td>', table))
    chart = page.split('id="chart-indications-title"')[1].split("</svg>", maxsplit=1)[0]
    drawn = re.findall(r">([\d,]+) g<", chart)
    assert drawn
    assert set(drawn) <= printed
    assert "≤7" not in chart


def test_a_month_that_is_not_shown_leaves_a_gap_in_the_chart(tmp_path: Path) -> None:
    people = "\n".join(f"SYN-0000000{number} | 1960" for number in range(9))
    bags = "\n".join(
        f"i{month}{number} | SYN-0000000{number} | 2024-0{month}-01T10:00 | Privigen | {grams}"
        for month, grams in ((1, 40), (3, 50))
        for number in range(9)
    )
    records = {
        "patient": f"patient_id | birth_year\n{people}",
        "infusion": "infusion_id | patient_id | started_at | product_code | dose_g\n"
        f"{bags}\nlast | SYN-00000000 | 2024-02-10T10:00 | Privigen | 40",
    }
    audited(tmp_path, records, as_of="2024-03-31")
    page = next((tmp_path / "out" / "runs").glob("*/committee/*.html")).read_text("utf-8")
    assert "the most was given in Mar 2024 (450 g)" in page


def test_the_edition_before_is_laid_beside_this_one_as_it_was_printed(tmp_path: Path) -> None:
    """And nothing of it is given away again: later editions know it from itself."""
    records = _many("2024-01-10T10:00 | Privigen | 20", "2024-02-10T10:00 | Privigen | 30")
    printed = []
    for to_on in ("2024-01-31", "2024-02-29"):
        con = audited(tmp_path, records, from_on="2024-01-01", to_on=to_on, as_of="2024-04-30")
        printed.append(
            con.sql(
                "SELECT line_id, printed FROM report.published_cell "
                "WHERE table_id = 'since_before' AND measure = 'grams' ORDER BY line_id"
            ).fetchall()
        )
        con.close()
    assert printed == [[], [("2024-01 to 2024-01", 240), ("2024-01 to 2024-02", 600)]]
    kept = {tuple(sorted(item.quantity for item in edition.printed if item.quantity.startswith(
        "use/all/grams/"))) for edition in editions_of(tmp_path / "out")}  # fmt: skip
    assert kept == {("use/all/grams/2024-01 to 2024-01",), ("use/all/grams/2024-01 to 2024-02",)}
    pages = (tmp_path / "out" / "latest" / "committee" / "report-committee.html").read_text("utf-8")
    assert "Since the edition before" in pages
    assert "Jan 2024 to Feb 2024" in pages


def test_bounds_and_coverage_are_made_of_printed_numbers(run: Path) -> None:
    con = open_finished(run / "audit.duckdb")
    told = {
        measure: (how, printed, share)
        for measure, how, printed, share in con.sql(
            "SELECT measure, shown, printed, share FROM report.published_cell "
            "WHERE is_total AND table_id IN ('off_guideline', 'use_by_indication')"
        ).fetchall()
    }
    covered, grams = told["grams_covered"][1], told["grams"][1]
    assert told["grams_covered_share"][2] == round(100 * Decimal(covered) / grams, 1)
    names = ("off", "judged", "unassessed")
    if all(told[name][0] == "value" for name in names):
        off, judged, missing = (told[name][1] for name in names)
        assert told["bound_low"][2] == round(100 * Decimal(off) / (judged + missing), 1)
        assert told["bound_high"][2] == round(100 * Decimal(off + missing) / (judged + missing), 1)
    else:
        assert told["bound_low"][0] in {"few", "withheld"}


def test_two_editions_do_not_give_away_the_one_patient_of_the_months_between(
    tmp_path: Path,
) -> None:
    people = "\n".join(f"SYN-0000000{number} | 1960" for number in range(9))
    first = [
        f"i{month}{number} | SYN-0000000{number} | 2024-0{month}-01T10:00 | {product} | 40"
        for month, product in ((1, "Privigen"), (2, "Octagam 10 %"), (4, "Privigen"))
        for number in range(9)
    ]
    records = {
        "patient": f"patient_id | birth_year\n{people}",
        "infusion": "infusion_id | patient_id | started_at | product_code | dose_g\n"
        + "\n".join([*first, "last | SYN-00000000 | 2024-04-20T10:00 | Octagam 10 % | 90"]),
    }
    printed = []
    for to_on in ("2024-03-31", "2024-04-30"):
        con = audited(tmp_path, records, to_on=to_on, as_of="2024-04-30")
        printed += con.sql(
            "SELECT shown, printed FROM report.published_cell WHERE table_id = 'use_by_product'"
            " AND measure = 'grams' AND line_id = 'octagam_10'"
        ).fetchall()
        con.close()
    assert printed[0] == ("value", 360)
    assert printed[1] == ("withheld", None)


COUNTED = """
    SELECT 'monitoring', r.rule_id, UNNEST(['asked', CASE v.status WHEN 'met' THEN 'taken'
        WHEN 'breached' THEN 'missed' ELSE 'not_known' END]), v.patient_key, 1, c.started_on
    FROM audit.verdict AS v INNER JOIN guideline.rule AS r USING (rule_key)
    INNER JOIN derived.course AS c USING (course_key)
    WHERE v.kind = 'monitoring' AND v.status != 'not_applicable'
    UNION ALL
    SELECT 'avoidable_grams', 'all', 'reckoned_g', w.patient_key, w.dose_g, c.started_on
    FROM report.dose_weight AS w INNER JOIN derived.course AS c USING (course_key)
    WHERE w.avoidable_g IS NOT NULL
    UNION ALL
    SELECT 'avoidable_grams', 'all', 'avoidable_g', w.patient_key, w.avoidable_g, c.started_on
    FROM report.dose_weight AS w INNER JOIN derived.course AS c USING (course_key)
    WHERE w.avoidable_g > 0
    UNION ALL
    SELECT 'ledger_breaks', break, 'breaks', patient_key, 1, entry_on FROM derived.ledger_break
    UNION ALL
    SELECT 'ledger_breaks', break, 'break_g', patient_key, ABS(grams), entry_on
    FROM derived.ledger_break WHERE grams != 0
    UNION ALL
    SELECT 'reviews', 'all', 'reviews', patient_key, 1, reviewed_on FROM derived.treatment_review
"""
"""One row per thing that a number counts: table, line, measure, patient, how much, on what day."""


def test_numbers_of_tests_reviews_weights_and_the_ledger_are_those_a_loop_counts(
    run: Path,
) -> None:
    con = open_finished(run / "audit.duckdb")
    months = con.sql("SELECT month_on FROM report.grams_by_month WHERE NOT is_partial").fetchall()
    closed = {(month.year, month.month) for (month,) in months}
    true: dict[tuple[str, str, str], tuple[Decimal, set[int]]] = {}
    for table, line, measure, patient, amount, seen_on in con.sql(COUNTED).fetchall():
        if (seen_on.year, seen_on.month) in closed:
            value, persons = true.get((table, line, measure), (Decimal(0), set()))
            true[table, line, measure] = value + Decimal(amount), persons | {patient}
    told = {
        (table, line, measure): (how, printed)
        for table, line, measure, how, printed in con.sql(
            "SELECT table_id, line_id, measure, shown, printed FROM report.published_cell"
        ).fetchall()
    }
    con.close()
    assert len({place[0] for place in true}) == 4
    for place, (value, persons) in true.items():
        if len(persons) <= FEW_PERSONS:
            assert told[place] == ("few", None), place
        else:
            assert told[place] in {("value", rounded(value)), ("withheld", None)}, place


def test_a_share_is_not_shown_where_few_missed_a_test(run: Path) -> None:
    con = open_finished(run / "audit.duckdb")
    found = con.sql(
        "SELECT m.shown, s.shown FROM report.published_cell AS m "
        "INNER JOIN report.published_cell AS s USING (table_id, line_id) "
        "WHERE m.measure = 'missed' AND s.measure = 'missed_share'"
    ).fetchall()
    con.close()
    assert ("few", "few") in found
    assert all(share in {missed, "empty"} for missed, share in found)


def test_a_chapter_without_records_says_which_would_fill_it(tmp_path: Path) -> None:
    audited(tmp_path, FEW, from_on="2024-01-01", as_of="2024-03-31").close()
    page = next((tmp_path / "out" / "runs").glob("*/committee/*.html")).read_text("utf-8")
    for name, record in (
        ("reported_events", "adverse_event"),
        ("detected_events", "lab_result"),
        ("reviews", "outcome_review"),
        ("avoidable_grams", "body_measurement"),
    ):
        chapter = page.split(f'id="{name}"')[1].split("</section>")[0]
        assert record in chapter, name
        assert "would fill this chapter" in chapter, name


def test_every_kind_of_record_is_told_supplied_or_not_and_no_number_of_rows(run: Path) -> None:
    con = open_finished(run / "audit.duckdb")
    rows = dict(con.sql("SELECT record, mapped_rows FROM audit.record_ledger").fetchall())
    cells = con.sql(
        "SELECT line_id, measure, shown, printed, quantity FROM report.published_cell "
        "WHERE table_id = 'data_quality'"
    ).fetchall()
    con.close()
    said = {line: how for line, measure, how, _, _ in cells if measure == "supplied"}
    assert said == {record: "yes" if record in rows else "no" for record in RECORDS}
    refused = {line: how for line, measure, how, _, _ in cells if measure == "quarantined"}
    assert {line for line, how in refused.items() if how != "no_rows"} == rows.keys()
    assert {(printed, quantity) for *_, printed, quantity in cells} == {(None, None)}
    kept = (run / "committee" / "edition.json").read_text("utf-8")
    assert "data_quality" not in kept
