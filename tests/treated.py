"""Bags drawn as text, and what the report says of the patients they were given to."""

from __future__ import annotations

from typing import Final

import duckdb
from empty_store import Rows, bags, shown

from pipeline import resources
from pipeline.summarise import WORKING

BEFORE: Final = (
    "period",
    "course_profile",
    "counted_infusion",
    "use_total",
    "time_step",
    "patient_use",
    "use_coverage",
)


def treated(con: duckdb.DuckDBPyConnection, text: str, *names: str) -> None:
    """Stage bags of ITP in adults unless the text says otherwise, and make these tables."""
    con.execute("ALTER TABLE guideline.policy ADD COLUMN guideline_as_of DATE")
    if "indication_code" not in text:
        con.execute("ALTER TABLE staged.infusion ALTER indication_code SET DEFAULT 'itp_adult'")
    bags(con, text, "infusion", "session", "course", "treatment", "course_weight")
    con.execute(
        "CREATE TABLE audit.verdict (course_key INTEGER, set_key INTEGER, rule_key INTEGER, "
        "kind VARCHAR, status VARCHAR, severity VARCHAR, is_countable BOOLEAN, reason VARCHAR, "
        "cap VARCHAR, subject_kind VARCHAR)"
    )
    con.execute(
        "CREATE TABLE report.finding_count (n_findings BIGINT, is_house BOOLEAN, severity VARCHAR)"
    )
    for name in (*BEFORE, "treatment_spell", *names):
        kept = "TEMP TABLE " if name in WORKING else "TABLE report."
        con.execute(f"CREATE {kept}{name} AS {resources.sql(f'summary/{name}.sql')}")


def during(con: duckdb.DuckDBPyConnection, from_on: str, to_on: str, as_of: str = "") -> None:
    """Let the report speak of these days; as of the last of them unless told otherwise."""
    con.execute(
        "UPDATE guideline.policy SET from_on = ?, to_on = ?, as_of = ?",
        [from_on, to_on, as_of or to_on],
    )


def told(con: duckdb.DuckDBPyConnection, name: str, columns: str, order: str) -> Rows:
    """Return these columns of a table of the report."""
    return shown(con, f"SELECT {columns} FROM report.{name} ORDER BY {order}")
