"""Courses, ways to dose and verdicts drawn as text, and what the report makes of their grams."""

from __future__ import annotations

from typing import Final

import duckdb
from empty_store import Rows, insert, rows_of, shown
from reported import add_sets, empty_store

from pipeline import resources

WORKING: Final = ("first_set", "dose_asked", "dose_course", "dose_limit", "dose_most")
REPORTED: Final = ("dose_weight", "dose_weight_basis", "dose_weight_sum", "dose_weight_reason")
WEIGHTS: Final = ("actual", "ideal", "adjusted", "policy", "why", "is_stale")


def ward(*, rounding: str = "none", is_read: bool = True) -> duckdb.DuckDBPyConnection:
    """Open a store with one set and no rule, course or verdict."""
    con = empty_store()
    add_sets(con)
    con.execute("UPDATE guideline.policy SET from_on = DATE '2025-01-01'")
    con.execute("DELETE FROM guideline.regimen")
    con.execute("DELETE FROM guideline.rule WHERE set_key = 1")
    con.execute(
        "UPDATE guideline.guideline_set SET rounding = ?, is_weight_policy_read = ?"
        " WHERE set_key = 1",
        [rounding, is_read],
    )
    return con


def ways(con: duckdb.DuckDBPyConnection, text: str) -> None:
    """Add one permitted way to dose per row, and its rule in set 1 where that is not there yet."""
    for key, row in enumerate(rows_of(text), start=1):
        rule: dict[str, str | None] = {
            "rule_key": row["rule_key"],
            "rule_id": f"OV-ITP-REGIMEN-{row['rule_key']}",
            "set_key": row.pop("set_key", "1"),
            "weight_policy": "actual",
            "status": row.pop("status", "secondary"),
            "effective_severity": "off_guideline",
        }
        if not con.sql(f"FROM guideline.rule WHERE rule_key = {row['rule_key']}").fetchall():
            insert(con, "guideline.rule", [rule])
        numbered: dict[str, str | None] = {"regimen_key": str(key)}
        insert(con, "guideline.regimen", [numbered | row])


def courses(con: duckdb.DuckDBPyConnection, rows: Rows) -> None:
    """Add courses of 1 March 2025 with their weights; a policy weight may lack for a reason."""
    for row in rows:
        key = row["course_key"]
        weight = {name: row.pop(name, None) for name in WEIGHTS}
        weight["policy"] = weight["policy"] or (None if weight["why"] else weight["actual"])
        facts: dict[str, str | None] = {
            "patient_key": key,
            "started_on": "2025-03-01",
            "n_days": "1",
            "is_open": "false",
            "is_dose_uncertain": "false",
            "interval_status": "first",
            "indication_code": "itp",
        }
        insert(con, "derived.course", [facts | row])
        for table, more in (
            ("course_weight", {"actual_kg": weight["actual"], "is_stale": weight["is_stale"]}),
            (
                "course_ideal",
                {
                    "weight_policy": "actual",
                    "ideal_kg": weight["ideal"],
                    "adjusted_kg": weight["adjusted"],
                },
            ),
            (
                "dosing_weight",
                {
                    "weight_policy": "actual",
                    "role": "policy",
                    "weight_kg": weight["policy"],
                    "weight_basis": "actual",
                    "reason": weight["why"],
                },
            ),
        ):
            insert(con, f"derived.{table}", [{"course_key": key} | more])


def verdicts(con: duckdb.DuckDBPyConnection, rows: Rows) -> None:
    """Add what rules of dose said of courses; met unless the row says otherwise."""
    for row in rows:
        facts: dict[str, str | None] = {
            "kind": "regimen",
            "set_key": "1",
            "subject_kind": "course",
            "subject_key": row["course_key"],
            "status": "met",
            "is_countable": "true",
        }
        insert(con, "audit.verdict", [facts | row])


def reckon(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of the report on grams by weight."""
    select = resources.sql("summary/period.sql")
    con.execute(f"CREATE OR REPLACE TABLE report.period AS {select}")
    for name in WORKING:
        select = resources.sql(f"summary/{name}.sql")
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {select}")
    for name in REPORTED:
        select = resources.sql(f"summary/{name}.sql")
        con.execute(f"CREATE OR REPLACE TABLE report.{name} AS {select}")


def answer(con: duckdb.DuckDBPyConnection, columns: str) -> Rows:
    """Reckon, and return these columns of the courses in order."""
    reckon(con)
    return shown(con, f"SELECT {columns} FROM report.dose_weight ORDER BY course_key")
