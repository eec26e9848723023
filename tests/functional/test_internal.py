"""The internal edition: exact numbers of events, no person, and somebody who answers."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import duckdb
import pytest
from audited import audited
from nightly import extract, typed

from pipeline.config import load_settings
from pipeline.disclosure.kept import editions_of
from pipeline.render.committee_words import INTERNAL
from pipeline.run.audit import Outcome, audit
from pipeline.run.journal import Journal
from pipeline.store import open_finished

ROOT = Path(__file__).parents[2]
EXACT = "reported_events"
DETECTED = {
    "Detected": "detected",
    "Of these serious": "serious",
    "Detected and never reported": "never",
    "Of these serious, never reported": "serious_never",
    "Detected and reported": "also",
    "Detected; reported or not, not known": "unknown",
    "Patients with a detected event": "patients",
    "Flagged, not counted": "flagged",
}
"""Columns of the table of detected events, and what the loop below calls them."""


def run_of(out: Path, *editions: str, **options: str) -> Outcome:
    settings = load_settings(ROOT / "data_samples", overrides={"edition": editions} | options)
    return audit(settings, out, Journal(io.StringIO()))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run on the sample with both editions without persons."""
    out = tmp_path_factory.mktemp("both") / "out"
    return run_of(out, "committee", "internal", approved_by="The chair").folder


@pytest.fixture(scope="module")
def committee(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run on the sample with the committee edition alone."""
    return run_of(tmp_path_factory.mktemp("alone") / "out", "committee").folder


def table(folder: Path, edition: str, name: str) -> list[dict[str, str]]:
    text = (folder / edition / "tables" / f"{name}.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def test_events_are_counted_as_the_records_have_them(both: Path) -> None:
    con = open_finished(both / "audit.duckdb")
    true = con.sql(
        """
        SELECT COALESCE(w.name, e.event_code, 'other'), COUNT(*),
            COUNT(*) FILTER (WHERE e.is_serious)
        FROM derived.reported_event AS e
        LEFT JOIN guideline.event AS w USING (event_code)
        WHERE DATE_TRUNC('month', e.onset_on) IN (
            SELECT month_on FROM report.grams_by_month WHERE NOT is_partial
        )
        GROUP BY ALL
        """
    ).fetchall()
    con.close()
    shown = {
        row["Event"]: (row["Events"], row["Serious"]) for row in table(both, "internal", EXACT)
    }
    assert {name: (str(n), str(serious)) for name, n, serious in true} == {
        name: pair for name, pair in shown.items() if name != "All"
    }
    assert any(pair[0] in set("1234567") for pair in shown.values())
    assert shown["All"][0] == str(sum(n for _, n, _ in true))


def test_all_other_numbers_are_those_of_the_committee_edition(both: Path) -> None:
    names = {path.stem for path in (both / "committee" / "tables").glob("*.csv")}
    assert names | INTERNAL.keys() == {
        path.stem for path in (both / "internal" / "tables").glob("*.csv")
    }
    for name in names - {EXACT, *INTERNAL}:
        assert table(both, "internal", name) == table(both, "committee", name), name
    assert table(both, "internal", EXACT) != table(both, "committee", EXACT)


def test_detected_events_are_those_a_loop_over_the_signals_counts(both: Path) -> None:
    con = open_finished(both / "audit.duckdb")
    closed = _closed_months(con)
    found: dict[str, dict[str, set[object]]] = {}
    for key, event, patient, began, counted, serious, reported in con.sql(
        """
        SELECT detected_event_key, event_name, patient_key, started_on, is_counted, is_serious,
            is_reported
        FROM audit.detected_event WHERE NOT is_observation
        """
    ).fetchall():
        if (began.year, began.month) not in closed:
            continue
        told = found.setdefault(event, {name: set() for name in DETECTED.values()})
        if not counted:
            told["flagged"].add(key)
            continue
        told["detected"].add(key)
        told["patients"].add(patient)
        told["also" if reported else "never" if reported is False else "unknown"].add(key)
        if serious:
            told["serious"].add(key)
            told["serious_never" if reported is False else "detected"].add(key)
    con.close()
    rows = {row["Event"]: row for row in table(both, "internal", "detected_events")}
    assert found.keys() <= rows.keys()
    for event, told in found.items():
        assert {name: rows[event][head] for head, name in DETECTED.items()} == {
            name: str(len(keys)) for name, keys in told.items()
        }, event
    assert rows["All"]["Detected"] == str(sum(len(told["detected"]) for told in found.values()))
    assert len(set().union(*(told["patients"] for told in found.values()))) == int(
        rows["All"]["Patients with a detected event"]
    )


def test_how_much_could_be_seen_is_what_a_loop_over_courses_and_sessions_finds(both: Path) -> None:
    con = open_finished(both / "audit.duckdb")
    closed = _closed_months(con)
    exposed = {"course": set[int](), "session": set[int]()}
    for kind, key, began in con.sql(
        """
        SELECT 'course', course_key, started_on FROM derived.course WHERE is_in_period
        UNION ALL
        SELECT 'session', s.session_key, s.started_on
        FROM derived.session AS s INNER JOIN derived.course USING (course_key) WHERE is_in_period
        """
    ).fetchall():
        if (began.year, began.month) in closed:
            exposed[kind].add(key)
    seen: dict[str, set[int]] = {}
    kinds = dict(con.sql("SELECT definition_id, subject_kind FROM guideline.definition").fetchall())
    for definition, key, status in con.sql(
        "SELECT definition_id, subject_key, status FROM audit.signal"
    ).fetchall():
        if key in exposed[kinds[definition]] and status != "not_evaluable":
            seen.setdefault(definition, set()).add(key)
    cells = con.sql(
        "SELECT line_id, shown, share FROM report.internal_cell "
        "WHERE table_id = 'observability' AND measure = 'share_seen'"
    ).fetchall()
    con.close()
    assert {how for _, how, _ in cells} >= {"value", "few", "under", "no_record"}
    for definition, how, share in cells:
        true = 100 * len(seen.get(definition, ())) / len(exposed[kinds[definition]])
        if how == "value":
            assert abs(true - float(share)) <= 2.5, definition
        elif how == "under":
            assert 0 < true < 2.5, definition
        elif how == "over":
            assert 97.5 < true < 100, definition


def _closed_months(con: duckdb.DuckDBPyConnection) -> set[tuple[int, int]]:
    return {
        (month.year, month.month)
        for (month,) in con.sql(
            "SELECT month_on FROM report.grams_by_month WHERE NOT is_partial"
        ).fetchall()
    }


def test_where_nothing_was_measured_no_event_is_none_and_nobody_knows_what_was_reported(
    tmp_path: Path,
) -> None:
    records = {
        "patient": "patient_id | birth_year\nSYN-00000001 | 1960",
        "infusion": "infusion_id | patient_id | started_at | product_code | dose_g\n"
        "i1 | SYN-00000001 | 2024-01-10T10:00 | Privigen | 40",
    }
    con = audited(
        tmp_path,
        records,
        from_on="2024-01-01",
        as_of="2024-03-31",
        edition=("internal",),
        approved_by="The chair",
    )
    told = con.sql(
        "SELECT measure, shown FROM report.internal_cell "
        "WHERE table_id = 'detected_events' AND is_total"
    ).fetchall()
    con.close()
    assert dict(told)["detected"] == "unseen"
    assert dict(told)["flagged"] == "value"
    page = next((tmp_path / "out" / "runs").glob("*/internal/*.html")).read_text("utf-8")
    chapter = page.split('id="detected_events"')[1].split("</section>")[0]
    assert "Records of lab_result and diagnosis would fill this chapter" in chapter
    assert "none could be seen" in chapter
    reported = page.split('id="reported_events"')[1].split("</section>")[0]
    assert "records of adverse_event would fill this chapter" in reported


def test_the_committee_edition_is_the_same_with_the_internal_one_beside_it(
    both: Path, committee: Path
) -> None:
    files = sorted(path for path in (committee / "committee").rglob("*") if path.is_file())
    assert files
    for path in files:
        beside = both / "committee" / path.relative_to(committee / "committee")
        assert beside.read_bytes() == path.read_bytes(), path.name


def test_what_is_kept_for_the_attack_holds_no_exact_number(both: Path) -> None:
    assert (both / "internal" / "edition.json").read_bytes() == (
        both / "committee" / "edition.json"
    ).read_bytes()
    (kept,) = editions_of(both.parents[1])
    events = [item for item in kept.printed if item.quantity.startswith(f"{EXACT}/")]
    assert events
    assert all(item.value is None or item.value % 5 == 0 for item in events)


def test_an_internal_edition_alone_is_known_to_the_attack_on_later_ones(tmp_path: Path) -> None:
    outcome = run_of(tmp_path / "out", "internal", approved_by="The chair")
    assert [str(page) for page in outcome.pages] == ["internal/report-internal.html"]
    assert not (outcome.folder / "committee").exists()
    (kept,) = editions_of(tmp_path / "out")
    assert any(item.quantity.startswith("use/all/") for item in kept.printed)


def test_no_number_of_events_is_tied_to_another_table(both: Path) -> None:
    """So whoever knows the exact numbers can work out no number of use or guideline with them."""
    (kept,) = editions_of(both.parents[1])
    for relation in kept.relations:
        tables = {name.split("/")[0] for name in (relation.whole, *relation.parts)}
        assert EXACT not in tables or tables == {EXACT}


def test_no_person_stands_in_any_file_of_it(both: Path) -> None:
    for path in (both / "internal").rglob("*"):
        if path.is_file():
            text = path.read_text("utf-8")
            assert not re.search(r"SYN-[0-9A-F]{8}", text), path.name
            assert not re.search(r"P-[0-9A-F]{4}-[0-9A-F]{4}", text), path.name
            days = re.sub(r"supplied, 20\d\d-\d\d-\d\d", "", text)
            assert not re.search(r"\b20\d\d-\d\d-\d\d\b", days), path.name


def test_who_approved_stands_in_the_manifest_and_on_the_page_and_nowhere_handed_round(
    both: Path,
) -> None:
    assert json.loads((both / "manifest.json").read_text("utf-8"))["approved_by"] == "The chair"
    page = (both / "internal" / "report-internal.html").read_text("utf-8")
    assert "<bdi>The chair</bdi>" in page
    assert "not to be handed round" in page
    for path in (both / "committee").rglob("*"):
        if path.is_file():
            assert "The chair" not in path.read_text("utf-8")
    con = open_finished(both / "audit.duckdb")
    shown = con.sql("SELECT value FROM report.setting_in_force").fetchall()  # the clinical page's
    con.close()
    assert shown
    assert ("The chair",) not in shown


def test_a_run_without_it_names_nobody(committee: Path) -> None:
    manifest = json.loads((committee / "manifest.json").read_text("utf-8"))
    assert manifest["approved_by"] is None
    assert "run.approved_by" not in {row["name"] for row in manifest["settings"]}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--edition", "internal"), "--approved-by NAME"),
        (("--edition", "internal", "--edition", "clinical"), "--approved-by NAME"),
        (("--approved-by", "The chair"), "for the internal edition alone"),
        (("--edition", "internal", "--approved-by", "  "), "approved-by"),
        (("--edition", "internal", "--approved-by", "a\nb"), "approved-by"),
        (("--edition", "internal", "--approved-by", "a\u2028b"), "approved-by"),
        (("--edition", "internal", "--approved-by", "\u200b"), "approved-by"),
    ],
)
def test_without_a_name_or_with_one_for_nothing_the_run_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], said: str
) -> None:
    source, out = extract(tmp_path / "in"), tmp_path / "out"
    ended = typed(("run", source, "--out", out, *options), capsys)
    assert ended.code == 15
    assert said in ended.line()
    assert not out.exists()
