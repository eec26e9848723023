"""The change of the headline since the run before, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from reported import add_course, add_label, add_sets, add_verdict, empty_store, put, settings_for

from pipeline.summarise import summarise


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    made = empty_store()
    add_sets(made)
    put(made, "audit.previous_run", run_id="r", to_on=date(2025, 3, 31))
    yield made
    made.close()


def changes(con: duckdb.DuckDBPyConnection, folder: Path) -> list[dict[str, Any]]:
    summarise(con, settings_for(folder))
    found = con.sql("SELECT * FROM report.headline_change ORDER BY set_key")
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def known(con: duckdb.DuckDBPyConnection, reading: str, n_off: int, n_judged: int) -> None:
    put(con, "audit.reading", reading=reading, set_id="overview-1", n_off=n_off, n_judged=n_judged)


def two_thirds_off(con: duckdb.DuckDBPyConnection) -> None:
    """Add a course within in February, and one off in February and in May."""
    for key, month, status in ((1, 2, "met"), (2, 2, "breached"), (3, 5, "breached")):
        add_course(con, key, key, 50, started_on=date(2025, month, 5))
        add_verdict(con, key, status, patient_key=key)


def test_shares_are_rounded_once_and_changes_add_up(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    two_thirds_off(con)
    known(con, "then", 1, 3)
    known(con, "late", 1, 6)
    known(con, "practice", 1, 7)
    (row,) = changes(con, tmp_path)
    shares = ("share_then", "share_late", "share_practice", "share_now")
    assert [row[name] for name in shares] == [
        Decimal(text) for text in ("0.3333", "0.1667", "0.1429", "0.6667")
    ]
    parts = row["change_late"] + row["change_practice"] + row["change_rules"]
    assert parts == row["change_all"] == row["share_now"] - row["share_then"]


def test_a_period_is_counted_from_todays_verdicts_where_the_rules_are_the_same(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    two_thirds_off(con)
    add_course(con, 4, 4, 50, started_on=date(2025, 2, 5), is_open=True)
    add_verdict(con, 4, "breached", patient_key=4)
    known(con, "then", 0, 1)
    put(con, "audit.span", reading="late", from_on=None, to_on=date(2025, 3, 31))
    put(con, "audit.span", reading="practice", from_on=date(2025, 2, 6), to_on=date(2025, 5, 5))
    (row,) = changes(con, tmp_path)
    assert (row["late_off"], row["late_judged"]) == (1, 2)
    assert (row["practice_off"], row["practice_judged"]) == (1, 1)  # the last day counts


def test_a_step_at_which_nothing_could_be_judged_leaves_its_change_unknown(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    two_thirds_off(con)
    known(con, "then", 1, 3)
    known(con, "late", 0, 0)
    known(con, "practice", 1, 2)
    (row,) = changes(con, tmp_path)
    assert (row["share_late"], row["change_late"], row["change_practice"]) == (None, None, None)
    assert row["change_rules"] == Decimal("0.1667")


def test_only_sets_of_both_runs_have_a_change(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    add_label(con)
    two_thirds_off(con)
    for reading in ("then", "late", "practice"):
        known(con, reading, 1, 2)
        put(con, "audit.reading", reading=reading, set_id="gone", n_off=1, n_judged=1)
    assert [row["set_id"] for row in changes(con, tmp_path)] == ["overview-1"]
