"""Each chapter of a tiny report, style and pictures stripped, as a file a human can review.

`UPDATE_GOLDEN=1 pytest tests/unit/test_render_golden.py` writes them anew; read the diff.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest
from reported import (
    add_approvals,
    add_course,
    add_events,
    add_label,
    add_lots,
    add_monitoring,
    add_precautions,
    add_sets,
    add_verdict,
    add_weights,
    empty_store,
    put,
    settings_for,
)
from signalled import add_signals
from twins import assert_twins

from pipeline.compare import compare as compare_events
from pipeline.render import render
from pipeline.render.page import CHAPTERS, FILE_NAME
from pipeline.summarise import summarise

GOLDEN = Path(__file__).parents[1] / "golden"
NAMES = ("cover", *(name for name, _ in CHAPTERS))


@pytest.fixture(scope="module")
def chapters(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the chapters of a report on five courses, by name."""
    folder = tmp_path_factory.mktemp("golden")
    con = empty_store()
    add_sets(con)
    may = date(2025, 5, 5)
    add_course(con, 1, 1, 50, started_on=may, interval_status="known", interval_days=28)
    add_verdict(con, 1, "met")
    add_course(con, 2, 2, 100, started_on=may)
    add_verdict(con, 2, "breached", patient_key=2)
    add_course(con, 3, 3, 60, started_on=date(2025, 6, 1))
    add_verdict(con, 3, "not_assessable", reason="no_weight", patient_key=3)
    add_course(con, 4, 3, 70, started_on=date(2025, 6, 20), is_open=True, indication_code=None)
    for key, day in ((1, may), (2, may), (3, date(2025, 6, 1))):
        put(con, "derived.treatment", treatment_key=key, patient_key=key, indication_code="itp",
            started_on=day, last_started_on=day, last_on=day)  # fmt: skip
    con.execute("UPDATE guideline.policy SET loading_history_days = 180")
    put(con, "audit.setting", name="policy.loading_history_days", value="180", origin="default")
    for key, born, sex in ((1, date(2015, 5, 6), "F"), (2, date(1960, 1, 1), "M"), (3, None, "U")):
        con.execute(
            "UPDATE staged.patient SET birth_date = ?, sex = ?, deceased_on = ?"
            " WHERE patient_key = ?",
            [born, sex, date(2025, 6, 9) if key == 2 else None, key],
        )
    put(con, "derived.infusion", infusion_key=9, record="infusion", patient_key=1,
        started_on=may, dose_g=7, exclusion="subcutaneous")  # fmt: skip
    put(con, "audit.file_ledger", file_id=1, raw_rows=8, mapped_rows=7, not_mapped_rows=0,
        unreadable_rows=1)  # fmt: skip
    put(con, "quarantine.unreadable", file_id=1, source_row=8, reason="too many cells")
    put(con, "audit.record_ledger", record="infusion", mapped_rows=7, staged_rows=5,
        quarantined_rows=1, set_aside_rows=1, opted_out_rows=0)  # fmt: skip
    put(con, "audit.record_supplied", record="infusion")
    put(con, "quarantine.infusion", column_name="dose_g", check_name="greater_than(0)")
    put(con, "staged.set_aside", record="infusion", reason="duplicate")
    put(con, "audit.setting", name="policy.weight_max_age_days", value="30", origin="default")
    for month, grams in (
        (5, {"dispensed_g": 60, "carried_out_g": 50, "grams_differ_g": 10, "unexplained_g": 10}),
        (6, {"carried_in_g": 50, "infused_g": 45, "wasted_g": 5}),
    ):
        put(
            con,
            "derived.ledger_month",
            site_id="north",
            product_id="privigen",
            month_on=date(2025, month, 1),
            is_in_period=True,
            is_set_aside=False,
            **grams,
        )
    put(con, "derived.ledger_line", line_key=1, state="broken", n_dispensings=1, n_infusions=1,
        dispensed_g=60, infused_g=45, unexplained_g=10)  # fmt: skip
    (off,) = con.sql("SELECT finding_key FROM audit.finding").fetchall()[0]
    for number, (key, reviewer, facts, decision) in enumerate(
        ((off, "A", "facts of today", "justified"), (off, "B", "facts of today", "justified"),
         (off, "C", "other facts", "confirmed"), ("none any more", "A", "x", "record_error"))
    ):  # fmt: skip
        put(con, "audit.adjudication", sequence=number, finding_key=key, facts_digest=facts,
            decision=decision, reason="bridging <b>", reviewer=f"Reviewer {reviewer}",
            decided_on=date(2025, 7, 1))  # fmt: skip
    told = settings_for(folder)
    compare_events(con, told)
    summarise(con, told)
    render(con, told, folder)
    con.close()
    assert_twins(folder / FILE_NAME)
    return _chapters((folder / FILE_NAME).read_text(encoding="utf-8"))


def _chapters(page: str) -> dict[str, str]:
    page = re.sub(r'<span class="number">\d+</span>', "", page)  # a new chapter moves the others
    page = re.sub(r"<svg.*?<title", "<svg><title", page, flags=re.DOTALL)
    page = re.sub(r"</desc>.*?</svg>", "</desc></svg>", page, flags=re.DOTALL)
    cover = re.findall(r'<header class="cover">.*?</header>', page, flags=re.DOTALL)
    found = re.findall(r'<section class="chapter" id="(\w+)".*?</section>', page, flags=re.DOTALL)
    whole = re.finditer(r'<section class="chapter".*?</section>', page, flags=re.DOTALL)
    return {"cover": cover[0]} | dict(zip(found, (m[0] for m in whole), strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_a_chapter_reads_as_reviewed(name: str, chapters: dict[str, str]) -> None:
    compare(chapters[name], GOLDEN / f"{name}.html")


def compare(text: str, path: Path) -> None:
    """Compare a chapter with the reviewed one, or write it anew."""
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text + "\n", encoding="utf-8")
    assert text + "\n" == path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the chapters of a report on four courses under two sets, by name."""
    folder = tmp_path_factory.mktemp("beside")
    con = empty_store()
    add_sets(con)
    add_label(con)
    con.execute("UPDATE guideline.policy SET guideline_as_of = DATE '2025-01-01'")
    label = {"set_key": 3, "rule_key": 3, "is_countable": False, "severity": "advisory"}
    add_course(con, 1, 1, 50)
    add_verdict(con, 1, "met")
    add_verdict(con, 1, "breached", **label, clause="days")
    add_course(con, 2, 2, 100)
    add_verdict(con, 2, "breached", patient_key=2)
    add_verdict(con, 2, "met", **label, patient_key=2)
    add_course(con, 3, 3, 60)
    add_verdict(con, 3, "met", patient_key=3)
    add_verdict(con, 3, "met", **label, patient_key=3)
    add_course(con, 4, 3, 70, indication_code="gbs")
    add_verdict(con, 4, "met", patient_key=3)
    put(con, "audit.previous_run", run_id="2024-12-31-0123456789ab", as_of=date(2024, 12, 31),
        to_on=date(2024, 12, 31))  # fmt: skip
    for reading, n_off, n_judged in (("then", 1, 2), ("late", 1, 3), ("practice", 2, 4)):
        put(con, "audit.reading", reading=reading, set_id="overview-1", n_off=n_off,
            n_judged=n_judged, n_unassessed=0)  # fmt: skip
    put(con, "audit.history_before", run_id="2024-12-31-0123456789ab", as_of=date(2024, 12, 31),
        to_on=date(2024, 12, 31))  # fmt: skip
    (off,) = con.sql("SELECT finding_key FROM audit.finding WHERE subject_key = 2").fetchall()[0]
    changed = {"set_id": "overview-1", "rule_id": "OVR-1", "subject_on": date(2025, 1, 1)}
    put(con, "audit.finding_change", **changed, finding_key=off, change="worsened",
        cause="records", severity="off_guideline", severity_before="review", miss="1.000",
        miss_before="0.500", unit="g", patient_key=2)  # fmt: skip
    for number, (change, cause) in enumerate(
        (("new", "later"), ("new", "rule_new"), ("resolved", "met"), ("gone", "record_gone"))
    ):
        put(con, "audit.finding_change", **changed, finding_key=f"{number:016x}", change=change,
            cause=cause, severity="review" if change == "new" else None,
            severity_before=None if change == "new" else "review",
            patient_key=None if cause == "record_gone" else 3)  # fmt: skip
    told = settings_for(folder)
    compare_events(con, told)
    summarise(con, told)
    render(con, told, folder)
    con.close()
    assert_twins(folder / FILE_NAME)
    return _chapters((folder / FILE_NAME).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["cover", "headline", "sets", "change"])
def test_a_chapter_on_two_sets_reads_as_reviewed(name: str, beside: dict[str, str]) -> None:
    compare(beside[name], GOLDEN / f"{name}_of_two_sets.html")


@pytest.mark.parametrize(
    ("add", "chapter", "golden"),
    [
        (add_precautions, "precautions", "precautions_of_three_rules"),
        (add_monitoring, "monitoring", "monitoring_of_five_courses"),
        (add_approvals, "approvals", "approvals_of_six_courses"),
        (add_lots, "lots", "lots_of_four_bags"),
        (add_weights, "weights", "weights_of_six_courses"),
        (add_events, "events", "events_of_six_kinds"),
        (add_events, "rates", "rates_of_six_kinds"),
        (add_events, "comparison", "comparison_of_six_kinds"),
    ],
)
def test_a_chapter_with_much_to_say_reads_as_reviewed(
    tmp_path: Path,
    add: Callable[[duckdb.DuckDBPyConnection], None],
    chapter: str,
    golden: str,
) -> None:
    con = empty_store()
    add_sets(con)
    add(con)
    told = settings_for(tmp_path)
    compare_events(con, told)
    summarise(con, told)
    render(con, told, tmp_path)
    con.close()
    assert_twins(tmp_path / FILE_NAME)
    page = (tmp_path / FILE_NAME).read_text(encoding="utf-8")
    compare(_chapters(page)[chapter], GOLDEN / f"{golden}.html")


@pytest.fixture(scope="module")
def signalled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the chapters of a report on detected events."""
    folder = tmp_path_factory.mktemp("signalled")
    con = empty_store()
    add_sets(con)
    add_signals(con)
    told = settings_for(folder)
    compare_events(con, told)
    summarise(con, told)
    render(con, told, folder)
    con.close()
    assert_twins(folder / FILE_NAME)
    return _chapters((folder / FILE_NAME).read_text(encoding="utf-8"))


def test_detected_events_read_as_reviewed(signalled: dict[str, str]) -> None:
    compare(signalled["detected"], GOLDEN / "detected_of_three_events.html")
