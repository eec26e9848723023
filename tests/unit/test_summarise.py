"""The tables of the report, against courses and verdicts made by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from drawn import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from reported import AS_OF, add_course, add_sets, add_verdict, empty_store, put, settings_for
from scipy.stats import binomtest

from pipeline import resources
from pipeline.summarise import (
    CARDS,
    CHAPTERS,
    COUNTS,
    WORKING,
    summarise,
)
from pipeline.summarise.shares import clopper_pearson


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    made = empty_store()
    add_sets(made)
    yield made
    made.close()


def _rows(con: duckdb.DuckDBPyConnection, table: str, order: str = "ALL") -> list[dict[str, Any]]:
    found = con.sql(f"SELECT * FROM report.{table} ORDER BY {order}")
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def _one(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, Any]:
    (row,) = _rows(con, table)
    return row


def test_every_sql_file_of_the_summary_is_made_once() -> None:
    listed = [*COUNTS, *CHAPTERS, *CARDS]
    assert sorted(listed) == [path.stem for path in resources.sql_files("summary")]


def test_nothing_at_all_gives_every_table_and_no_share(tmp_path: Path) -> None:
    empty = empty_store()
    summarise(empty, settings_for(tmp_path))
    assert _rows(empty, "headline") == []
    assert _one(empty, "use_total")["n_infusions"] == 0
    assert _one(empty, "use_total")["grams"] is None
    assert _one(empty, "period")["basis"] == "nothing"


def test_the_share_counts_only_closed_courses_that_could_be_judged(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    add_course(con, 1, 1, 50)
    add_verdict(con, 1, "met")
    add_course(con, 2, 1, 100)
    add_verdict(con, 2, "breached")
    add_course(con, 3, 2, 60)
    add_verdict(con, 3, "not_assessable", reason="no_weight")
    add_course(con, 4, 3, 70, indication_code="gbs")
    add_course(con, 5, 3, 80, is_open=True)
    add_verdict(con, 5, "breached")
    summarise(con, settings_for(tmp_path))
    row = _one(con, "headline")
    assert (row["n_off"], row["n_judged"], row["n_unassessed"]) == (1, 2, 1)
    assert (row["n_no_rule"], row["n_open"], row["n_closed"]) == (1, 1, 4)
    assert row["share_off"] == Decimal("0.5")
    assert row["bound_low"] == Decimal("0.333333")
    assert row["bound_high"] == Decimal("0.666667")
    assert (row["n_patients_off"], row["n_patients_judged"]) == (1, 1)
    assert (row["grams_off"], row["grams_judged"]) == (100, 150)
    # the open course was assessed too, so its grams are covered: 50 + 100 + 80 of 360
    assert row["coverage"] == Decimal("0.638889")


def test_an_empty_denominator_is_no_share_and_not_zero(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    add_course(con, 1, 1, 50)
    add_verdict(con, 1, "not_assessable", reason="no_weight")
    summarise(con, settings_for(tmp_path))
    row = _one(con, "headline")
    assert row["share_off"] is None
    assert row["share_patients_off"] is None
    assert (row["bound_low"], row["bound_high"]) == (0, 1)
    assert row["coverage"] == 0


def test_a_breach_capped_at_review_counts_as_judged_and_not_as_off(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    add_course(con, 1, 1, 50)
    add_verdict(con, 1, "breached", severity="review")
    summarise(con, settings_for(tmp_path))
    row = _one(con, "headline")
    assert (row["n_off"], row["n_judged"]) == (0, 1)
    assert row["n_review"] == 1


def test_a_course_with_a_breach_is_judged_even_if_another_rule_could_not_answer(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    add_course(con, 1, 1, 50)
    add_verdict(con, 1, "breached")
    add_verdict(con, 1, "not_assessable", reason="time_unknown")
    add_course(con, 2, 1, 50)
    add_verdict(con, 2, "met")
    add_verdict(con, 2, "not_assessable", reason="time_unknown")
    summarise(con, settings_for(tmp_path))
    row = _one(con, "headline")
    assert (row["n_off"], row["n_judged"], row["n_unassessed"]) == (1, 1, 1)


def test_our_own_set_never_enters_the_headline(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    add_course(con, 1, 1, 50)
    add_verdict(con, 1, "breached", rule_key=2, set_key=2, is_countable=False, severity="review")
    summarise(con, settings_for(tmp_path))
    row = _one(con, "headline")
    assert (row["n_judged"], row["n_no_rule"]) == (0, 1)
    assert (row["n_review"], row["n_review_house"]) == (1, 1)


def test_the_period_cuts_infusions_and_courses(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    con.execute(
        "UPDATE guideline.policy SET from_on = DATE '2025-02-01', to_on = DATE '2025-02-28'"
    )
    for key, day in enumerate(
        (date(2025, 1, 31), date(2025, 2, 1), date(2025, 2, 28), date(2025, 3, 1)), start=1
    ):
        add_course(con, key, key, 10, started_on=day)
        add_verdict(con, key, "met")
    summarise(con, settings_for(tmp_path))
    assert _one(con, "use_total")["grams"] == 20
    assert _one(con, "headline")["n_judged"] == 2
    ledger = {row["row_class"]: row["n_rows"] for row in _rows(con, "infusion_ledger")}
    assert ledger == {"counted": 2, "outside_period": 2}


def test_a_month_after_the_day_of_the_audit_is_no_whole_month(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    con.execute(
        "UPDATE guideline.policy SET from_on = DATE '2025-05-01', to_on = DATE '2031-12-31'"
    )
    add_course(con, 1, 1, 10, started_on=date(2025, 5, 5))
    summarise(con, settings_for(tmp_path))
    months = _rows(con, "grams_by_month")
    whole = [row["month_on"] for row in months if not row["is_partial"]]
    assert whole == [date(2025, 5, 1), date(2025, 6, 1)]  # the audit is of 30 June


@pytest.mark.parametrize(
    ("origin", "to_on", "last_on", "days"),
    [
        ("declared", date(2025, 3, 31), date(2025, 3, 1), 30),
        ("declared", date(2025, 3, 31), date(2025, 3, 31), 0),
        ("declared", date(2025, 3, 31), date(2025, 5, 1), 0),  # rows beyond what was declared
        ("declared", date(2099, 1, 1), AS_OF - timedelta(days=3), 3),  # no day after the audit
        ("declared", date(2025, 3, 31), None, None),
        ("observed", date(2025, 3, 1), AS_OF - timedelta(days=8), 8),
    ],
)
def test_days_without_a_row_count_to_the_end_of_what_is_complete(
    con: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    origin: str,
    to_on: date,
    last_on: date | None,
    days: int | None,
) -> None:
    put(con, "audit.record_ledger", record="vaccination")
    put(con, "audit.record_supplied", record="vaccination")
    put(con, "audit.record_day", record="vaccination", first_on=last_on, last_on=last_on)
    put(con, "staged.coverage", record="vaccination", from_on=date(2020, 1, 1), to_on=to_on,
        origin=origin)  # fmt: skip
    summarise(con, settings_for(tmp_path))
    (row,) = (row for row in _rows(con, "record_supplied") if row["record"] == "vaccination")
    assert (row["last_on"], row["n_days_since"]) == (last_on, days)


def test_a_month_without_infusions_is_shown_as_none(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    add_course(con, 1, 1, 10, started_on=date(2025, 4, 1))
    add_course(con, 2, 1, 30, started_on=date(2025, 6, 10))
    summarise(con, settings_for(tmp_path))
    months = [
        (row["month_on"].month, row["grams"], row["is_partial"])
        for row in _rows(con, "grams_by_month", "month_on")
    ]
    assert months == [(4, 10, False), (5, 0, False), (6, 30, False)]
    assert date(2025, 6, 30) == AS_OF


def test_unknown_indication_is_a_class_of_its_own(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    add_course(con, 1, 1, 10)
    add_course(con, 2, 1, 30, indication_code=None, indication_source=None)
    summarise(con, settings_for(tmp_path))
    shares = {
        row["indication_code"]: row["share_grams"] for row in _rows(con, "grams_by_indication")
    }
    assert shares == {"itp": Decimal("0.25"), None: Decimal("0.75")}


def test_the_ledger_of_infusions_adds_up(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    add_course(con, 1, 1, 10)
    put(
        con,
        "derived.infusion",
        infusion_key=2,
        record="infusion",
        patient_key=1,
        started_on=date(2025, 1, 2),
        dose_g=7,
        exclusion="product_unknown",
    )
    put(
        con,
        "derived.infusion",
        infusion_key=3,
        record="infusion",
        patient_key=1,
        started_on=date(2025, 1, 2),
        exclusion="subcutaneous",
    )
    put(con, "staged.infusion", infusion_key=2, product_code="ODD", source_file=1, source_row=2)
    summarise(con, settings_for(tmp_path))
    ledger = _rows(con, "infusion_ledger")
    total = _one(con, "infusion_ledger_total")
    assert sum(row["n_rows"] for row in ledger) == total["n_rows"] == 3
    assert total["grams"] == 17
    assert _one(con, "unresolved_product") == {"product_code": "ODD", "n_rows": 1, "grams": 7}


# limits 1 g/kg, tolerance 10 %, patient of 50 kg
@pytest.mark.parametrize(
    ("dose_g", "place"),
    [(45, "inside"), (44.9, "below"), (50, "inside"), (55, "inside"), (55.1, "above")],
)
def test_dose_per_kg_is_placed_with_tolerance(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, dose_g: float, place: str
) -> None:
    add_course(con, 1, 1, dose_g)
    add_verdict(con, 1, "met")
    summarise(con, settings_for(tmp_path))
    row = _one(con, "dose_per_kg")
    assert {name: row[f"n_{name}"] for name in ("below", "inside", "above")} == {
        "below": 0,
        "inside": 0,
        "above": 0,
    } | {place: 1}


def test_a_dose_without_a_weight_is_unknown_and_in_no_bar(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    add_course(con, 1, 1, 50)
    con.execute("UPDATE derived.dosing_weight SET weight_kg = NULL, reason = 'no_weight'")
    add_verdict(con, 1, "not_assessable", reason="no_weight")
    summarise(con, settings_for(tmp_path))
    assert _one(con, "dose_per_kg")["n_unknown"] == 1
    assert _rows(con, "dose_histogram") == []


# printed interval 21 to 28 days, tolerance 4 days
@pytest.mark.parametrize(
    ("days", "place"), [(16, "early"), (17, "on_time"), (32, "on_time"), (33, "late")]
)
def test_intervals_are_early_on_time_or_late(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, days: int, place: str
) -> None:
    add_course(con, 1, 1, 50, interval_days=days, interval_status="known")
    add_verdict(con, 1, "met")
    summarise(con, settings_for(tmp_path))
    row = _one(con, "interval")
    assert {name: row[f"n_{name}"] for name in ("early", "on_time", "late")} == {
        "early": 0,
        "on_time": 0,
        "late": 0,
    } | {place: 1}


def test_an_interval_that_is_not_known_is_neither_early_nor_late(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    add_course(con, 1, 1, 50, interval_status="first")
    add_course(con, 2, 1, 50, interval_status="subcutaneous_between", interval_days=3)
    for key in (1, 2):
        add_verdict(con, key, "met")
    summarise(con, settings_for(tmp_path))
    row = _one(con, "interval")
    assert (row["n_known"], row["n_first"], row["n_unknown"]) == (0, 1, 1)


def test_states_of_courses_overlap_but_closed_and_open_add_up(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    add_course(con, 1, 1, 50, is_open=True, is_stopped=True)
    add_course(con, 2, 1, 50)
    summarise(con, settings_for(tmp_path))
    states = {row["state"]: row["n_courses"] for row in _rows(con, "course_state")}
    assert states["closed"] + states["open"] == states["all"] == 2
    assert states["stopped"] == 1


def test_weights_are_fresh_stale_or_missing(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    for key in (1, 2, 3):
        add_course(con, key, 1, 50)
    con.execute("UPDATE derived.course_weight SET is_stale = TRUE WHERE course_key = 2")
    con.execute("UPDATE derived.course_weight SET actual_kg = NULL WHERE course_key = 3")
    summarise(con, settings_for(tmp_path))
    states = {row["state"]: row["n_courses"] for row in _rows(con, "weight_state")}
    assert states == {"fresh": 1, "stale": 1, "missing": 1}


def test_the_conditions_that_verdicts_hang_on_are_named_and_counted(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    con.execute("UPDATE guideline.rule SET condition = 'refractory' WHERE rule_key = 1")
    con.execute("UPDATE guideline.regimen SET repeat_condition = 'bleeding' WHERE regimen_key = 1")
    told = (
        (1, 1, "not_assessable", "condition_unknown", "repeat"),
        (2, 2, "not_assessable", "condition_unknown", "condition"),
        (3, 2, "not_assessable", "condition_unknown", "condition"),
        (4, 3, "not_assessable", "no_weight", None),
        (5, 3, "met", None, None),
    )
    for key, patient, status, reason, clause in told:
        add_course(con, key, patient, 50)
        add_verdict(con, key, status, reason=reason, clause=clause, patient_key=patient)
    summarise(con, settings_for(tmp_path))
    found = [
        (row["condition"], row["regimen"] is None, row["n_verdicts"], row["n_patients"])
        for row in _rows(con, "unrecorded_condition")
    ]
    assert sorted(found) == [("bleeding", False, 1, 1), ("refractory", True, 2, 1)]


def test_the_worklist_is_ordered_and_cut(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    for key, (grams, severity) in enumerate(
        ((10, "review"), (20, "off_guideline"), (90, "advisory"), (80, "off_guideline")), start=1
    ):
        add_course(con, key, 1, grams)
        add_verdict(con, key, "breached", severity=severity)
    summarise(con, settings_for(tmp_path, max_worklist=3))
    cards = _rows(con, "finding_card", "card_number")
    assert [(row["severity"], row["grams"]) for row in cards] == [
        ("off_guideline", 80),
        ("off_guideline", 20),
        ("review", 10),
    ]
    parts = {
        row["severity"]: (row["n_findings"], row["n_cards"]) for row in _rows(con, "worklist_part")
    }
    assert parts["advisory"] == (1, None)
    is_cut = {row["severity"]: row["is_cut"] for row in _rows(con, "worklist_part")}
    assert is_cut == {"off_guideline": False, "review": False, "advisory": True}


def test_findings_of_a_rule_that_is_only_counted_are_not_cut_off(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    con.execute("UPDATE guideline.rule SET is_counted_only = TRUE WHERE rule_key = 1")
    add_course(con, 1, 1, 10)
    add_verdict(con, 1, "breached", severity="advisory")
    summarise(con, settings_for(tmp_path))
    part = _one(con, "worklist_part")
    assert (part["n_findings"], part["n_cards"], part["n_in_chapters"]) == (1, None, 1)
    assert not part["is_cut"]


def test_a_card_shows_pseudonym_and_source_rows_and_no_id(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    add_course(con, 12, 1, 100)
    add_verdict(con, 12, "breached")
    summarise(con, settings_for(tmp_path))
    assert _one(con, "finding_row")["source_rows"] == "12"
    assert _one(con, "finding_row")["file_name"] == "infusion.csv"
    assert _one(con, "patient_pseudonym")["pseudonym"].startswith("P-")
    shown = str(_rows(con, "finding_card")) + str(_rows(con, "patient_pseudonym"))
    assert "SYN-" not in shown


def test_row_order_does_not_matter(tmp_path: Path) -> None:
    tables = []
    for keys in ((1, 2, 3, 4), (4, 2, 1, 3)):
        made = empty_store()
        add_sets(made)
        for key in keys:
            add_course(made, key, key % 2, 40 + 20 * key)
            add_verdict(made, key, "breached" if key > 2 else "met", patient_key=key % 2)
        summarise(made, settings_for(tmp_path))
        tables.append([_rows(made, name) for name in (*CHAPTERS, *CARDS) if name not in WORKING])
    assert tables[0] == tables[1]


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_agrees_with_scipys_exact_test(pair: tuple[int, int]) -> None:
    n_with, n_of = pair
    low, high = clopper_pearson(n_with, n_of)
    oracle = binomtest(n_with, n_of).proportion_ci(confidence_level=0.95, method="exact")
    assert low == pytest.approx(oracle.low, abs=1e-6)
    assert high == pytest.approx(oracle.high, abs=1e-6)


@settings(max_examples=examples(15))
@given(
    courses=st.lists(
        st.tuples(
            st.integers(1, 4),
            st.booleans(),
            st.lists(st.sampled_from(["met", "off", "review", "not_assessable"]), max_size=3),
        ),
        max_size=12,
    )
)
def test_the_headline_agrees_with_a_dull_loop(
    courses: list[tuple[int, bool, list[str]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    con = empty_store()
    add_sets(con)
    off = judged = unassessed = 0
    for key, (patient, is_open, answers) in enumerate(courses, start=1):
        add_course(con, key, patient, 10, is_open=is_open)
        for answer in answers:
            status = "breached" if answer in ("off", "review") else answer
            severity = "review" if answer == "review" else "off_guideline"
            add_verdict(con, key, status, severity=severity, patient_key=patient)
        if is_open or not answers:
            continue
        off += "off" in answers
        judged += "off" in answers or "not_assessable" not in answers
        unassessed += "off" not in answers and "not_assessable" in answers
    summarise(con, settings_for(tmp_path_factory.getbasetemp()))
    found = con.sql("SELECT n_off, n_judged, n_unassessed FROM report.headline").fetchall()
    con.close()
    assert found == [(off, judged, unassessed) if courses else (None, None, None)]
