"""Work out product, session, weight, indication, course, phase and interval of every record.

Each table is one SQL file of `sql/derive`, made in the order below. The steps are tables that
later files read and nobody else does: they stay in memory and go when the last reader is done.
"""

from __future__ import annotations

import re
from typing import Final

import duckdb

from pipeline.config import Settings
from pipeline.derive.events import refuse_lost_events
from pipeline.derive.ledger import refuse_open_ledger
from pipeline.derive.matching import create_ties
from pipeline.resources import sql
from pipeline.store import create_table

ORDER: Final = (
    "product_code",
    "route_text",
    "indication_text",
    "unknown_indication",
    "approval",
    "treatment_review",
    "quarantined_window",
    "bag",
    "bag_session",
    "session_fact",
    "session_course",
    "session",
    "infusion",
    "other_use",
    "patient_age",
    "course_span",
    "diagnosis_candidate",
    "patient_risk",
    "patient_record",
    "course_indication",
    "site_coverage",
    "course_fact",
    "course_history",
    "course_window",
    "course_doubt",
    "course_quarantine",
    "course",
    "treatment",
    "dose_reduction",
    "course_weight",
    "policy_treatment",
    "course_ideal",
    "dosing_weight",
    "lot",
    "test_unit",
    "lab_result",
    "unknown_test",
    "ledger_product",
    "ledger_blocked",
    "ledger_plain",
    "ledger_use",
    "ledger_issue",
    "ledger_like",
    "ledger_loose",
    "ledger_tie",
    "ledger_found",
    "ledger_apart",
    "ledger_balance",
    "ledger_coverage",
    "ledger_doubt",
    "ledger_lot",
    "ledger_break",
    "ledger_flow",
    "ledger_authorised",
    "ledger_month",
    "ledger_entry",
    "ledger_line",
    "event_reading",
    "event_group",
    "event_onset",
    "event_exposure",
    "event_place",
    "event_report",
    "reported_event",
    "reported_event_product",
)

# Read seldom and quickly made: views, so that millions of rows are not written twice.
VIEWS: Final = frozenset({"course_ideal", "lot", "lab_result", "ledger_entry", "ledger_line"})

# Read by later files of this stage and by nobody else.
STEPS: Final = frozenset(
    {
        "route_text",
        "indication_text",
        "bag",
        "bag_session",
        "session_fact",
        "session_course",
        "other_use",
        "patient_age",
        "course_span",
        "diagnosis_candidate",
        "course_indication",
        "site_coverage",
        "course_fact",
        "course_history",
        "course_window",
        "course_doubt",
        "course_quarantine",
        "ledger_blocked",
        "ledger_plain",
        "ledger_use",
        "ledger_issue",
        "ledger_like",
        "ledger_loose",
        "ledger_tie",
        "ledger_found",
        "ledger_balance",
        "ledger_coverage",
        "ledger_doubt",
        "ledger_lot",
        "ledger_flow",
        "ledger_authorised",
        "event_reading",
        "event_group",
        "event_onset",
        "event_exposure",
        "event_place",
    }
)

# Made by more than their SELECT.
MAKERS: Final = {"ledger_tie": create_ties}


def derive(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:  # noqa: ARG001 - every stage is called alike
    """Create every table of the `derived` schema from `staged`, `quarantine` and `guideline`.

    The settings in force are read from `guideline.policy`, so that the SQL runs in any shell.

    Raises:
        CheckError: the gram ledger does not close, or a reported event was lost.
    """
    finished = _finished_after()
    for table in ORDER:
        create(con, table)
        for step in finished[table]:
            con.execute(f"DROP TABLE temp.{step}")
    refuse_open_ledger(con)
    refuse_lost_events(con)


def create(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """Create one table of the stage: a step in memory, any other in the store."""
    select = sql(f"derive/{table}.sql")
    if table in MAKERS:
        MAKERS[table](con, select)
    elif table in STEPS:
        con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {select}")
    elif table in VIEWS:
        con.execute(f"CREATE VIEW derived.{table} AS {select}")
    else:
        create_table(con, f"derived.{table}", select)


def _finished_after() -> dict[str, list[str]]:
    """Return, for each table in order, the steps that no later file reads."""
    last_reader = {
        step: table
        for table in ORDER
        for step in re.findall(r"\btemp\.(\w+)", sql(f"derive/{table}.sql"))
    }
    return {
        table: [step for step, reader in last_reader.items() if reader == table] for table in ORDER
    }
