"""Draw courses and creatinines of a patient, and let the stage look for kidney injury."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import duckdb
from laboratory import give_lists

from pipeline.detect.kidney import stage_kidney
from pipeline.store import open_store

Row = Mapping[str, object]

TABLES = {
    "derived.course": "course_key INTEGER, patient_key INTEGER, is_in_period BOOLEAN",
    "derived.session": """course_key INTEGER, patient_key INTEGER, started_at TIMESTAMP,
        started_on DATE, ended_at TIMESTAMP""",
    "derived.lab_result": """lab_result_key INTEGER, patient_key INTEGER, analyte VARCHAR,
        canonical_value DECIMAL(18, 6), comparator VARCHAR, collected_at TIMESTAMP,
        collected_on DATE, declared_value DECIMAL(18, 6), lab_unit_key SMALLINT, doubt VARCHAR""",
    "quarantine.lab_result": "patient_id VARCHAR, on_date DATE, row_json VARCHAR",
    "staged.patient_alias": "patient_id VARCHAR, patient_key INTEGER",
}


def ward() -> duckdb.DuckDBPyConnection:
    """Open a store with our own lists and without patients."""
    con = open_store()
    give_lists(con)
    for name, columns in TABLES.items():
        con.execute(f"CREATE TABLE {name} ({columns})")
    return con


def clear(con: duckdb.DuckDBPyConnection) -> None:
    """Take everybody out again."""
    for name in TABLES:
        con.execute(f"DELETE FROM {name}")
    for name in ("signal", "creatinine_stage"):
        con.execute(f"DROP TABLE IF EXISTS audit.{name}")


def expose(
    con: duckdb.DuckDBPyConnection,
    at: str,
    ended_at: str | None = None,
    key: int = 1,
    patient: int = 1,
) -> None:
    """Give a patient a course of one session; a day without a time has none."""
    started_at = at if len(at) > len("2025-03-10") else None
    con.execute("INSERT INTO derived.course VALUES ($1, $2, TRUE)", [key, patient])
    con.execute(
        "INSERT INTO derived.session VALUES ($1, $2, $3, $4, $5)",
        [key, patient, started_at, at[:10], ended_at],
    )


def measure(
    con: duckdb.DuckDBPyConnection, results: Iterable[Row], patient: int = 1, first_key: int = 1
) -> None:
    """Stage creatinines of a patient, in mg/dL unless a row names its unit."""
    for key, row in enumerate(results, start=first_key):
        at, unit, value = str(row["at"]), str(row.get("unit") or "mg/dL"), row["value"]
        doubt = "unit_missing" if unit == "none" else None
        con.execute(
            """
            INSERT INTO derived.lab_result
            SELECT $key, $patient, 'creatinine', NULL, $comparator, $at::TIMESTAMP, $day, $value,
                (SELECT MIN(lab_unit_key) FROM guideline.lab_unit
                 WHERE analyte = 'creatinine' AND unit = $unit), $doubt
            """,
            {
                "key": key,
                "patient": patient,
                "comparator": row.get("comparator"),
                "at": at if len(at) > len("2025-03-10") else None,
                "day": at[:10],
                "value": value,
                "unit": unit,
                "doubt": doubt,
            },
        )


def look(con: duckdb.DuckDBPyConnection) -> None:
    """Run the stage."""
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE touched AS
        SELECT course_key, patient_key FROM derived.course WHERE is_in_period
        """
    )
    stage_kidney(con)
    con.execute("CREATE TABLE audit.signal AS SELECT * FROM temp.kidney_signal")
