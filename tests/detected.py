"""Draw one small patient as an example of a case definition has it, and let the stage look."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import duckdb
from laboratory import give_lists

from pipeline.config import Settings
from pipeline.detect import detect
from pipeline.guidelines.columns import EVENT_TABLES
from pipeline.guidelines.events import Example
from pipeline.store import open_store

STARTED = datetime(2025, 3, 10, 8)  # noqa: DTZ001 - local time
HOURS = 4

TABLES = {
    "derived.course": """course_key INTEGER, patient_key INTEGER, is_in_period BOOLEAN,
        age_years INTEGER, sex VARCHAR, indication_code VARCHAR""",
    "derived.session": """session_key INTEGER, course_key INTEGER, patient_key INTEGER,
        started_at TIMESTAMP, started_on DATE, ended_at TIMESTAMP""",
    "derived.lab_result": """lab_result_key INTEGER, patient_key INTEGER, analyte VARCHAR,
        canonical_value DECIMAL(18, 6), canonical_unit VARCHAR, comparator VARCHAR, finding VARCHAR,
        collected_at TIMESTAMP, collected_on DATE, declared_value DECIMAL(18, 6),
        lab_unit_key SMALLINT, doubt VARCHAR""",
    "quarantine.lab_result": "patient_id VARCHAR, on_date DATE, row_json VARCHAR",
    "staged.patient_alias": "patient_id VARCHAR, patient_key INTEGER",
    "staged.patient": "patient_key INTEGER, deceased_on DATE",
    "staged.diagnosis": """diagnosis_key INTEGER, patient_key INTEGER, code_system VARCHAR,
        code VARCHAR, recorded_on DATE, onset_on DATE, encounter_key INTEGER, position VARCHAR,
        present_on_admission BOOLEAN""",
    "staged.encounter": "encounter_key INTEGER, started_on DATE, ended_on DATE",
    "staged.medication": """medication_key INTEGER, patient_key INTEGER,
        code_system VARCHAR, code VARCHAR, started_on DATE, ended_on DATE""",
    "staged.clinical_event": """clinical_event_key INTEGER, patient_key INTEGER,
        event_code VARCHAR, occurred_at TIMESTAMP, occurred_on DATE""",
    "guideline.policy": "diagnosis_window_days INTEGER, as_of DATE",
    "derived.reported_event": """reported_event_key INTEGER, patient_key INTEGER,
        event_code VARCHAR, onset_on DATE, event_on DATE, course_key INTEGER,
        is_serious BOOLEAN""",
    "derived.infusion": """infusion_key INTEGER, record VARCHAR, product_id VARCHAR,
        session_key INTEGER, course_key INTEGER, started_on DATE, exclusion VARCHAR""",
    "audit.record_supplied": "record VARCHAR",
    "staged.coverage": "record VARCHAR, site_id VARCHAR, from_on DATE, to_on DATE, origin VARCHAR",
    "derived.event_report": "reported_event_key INTEGER, adverse_event_key INTEGER",
    "derived.lot": "record VARCHAR, record_key INTEGER, lot VARCHAR",
}

KEPT = ("guideline.policy", "audit.record_supplied")
"""What no patient brings."""

SUPPLIED = "INSERT INTO audit.record_supplied VALUES ('adverse_event')"


def ward() -> duckdb.DuckDBPyConnection:
    """Open a store with our own lists and case definitions, and without patients."""
    con = open_store()
    give_lists(con, (*EVENT_TABLES, "event", "event_definition", "event_criterion"))
    for name, columns in TABLES.items():
        con.execute(f"CREATE TABLE {name} ({columns})")
    con.execute("INSERT INTO guideline.policy VALUES (31, '2025-12-31')")
    con.execute(SUPPLIED)
    return con


def clear(con: duckdb.DuckDBPyConnection) -> None:
    """Take everybody out again, and supply reports whatever a test did to them."""
    con.execute("DELETE FROM audit.record_supplied")
    con.execute(SUPPLIED)
    for name in TABLES:
        if name not in KEPT:
            con.execute(f"DELETE FROM {name}")
    for schema, name in con.sql(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE schema_name = 'audit'"
    ).fetchall():
        if f"{schema}.{name}" not in KEPT:
            con.execute(f"DROP TABLE {schema}.{name}")


def expose(  # noqa: PLR0913 - a course of one session and what is known of its patient
    con: duckdb.DuckDBPyConnection,
    key: int = 1,
    *,
    hours: float = 0,
    age_years: int | None = 40,
    sex: str | None = "F",
    indication: str | None = None,
    is_timed: bool = True,
    patient: int = 1,
) -> None:
    """Give a patient, the first unless told, a course of one session of four hours."""
    at = STARTED + timedelta(hours=hours)
    con.execute(
        "INSERT INTO derived.course VALUES ($1, $5, TRUE, $2, $3, $4)",
        [key, age_years, sex, indication, patient],
    )
    con.execute(
        "INSERT INTO derived.session VALUES ($1, $1, $5, $2, $3, $4)",
        [
            key,
            at if is_timed else None,
            at,
            at + timedelta(hours=HOURS) if is_timed else None,
            patient,
        ],
    )


def add_result(  # noqa: PLR0913 - the cells of a result
    con: duckdb.DuckDBPyConnection,
    key: int,
    at: datetime,
    analyte: str,
    value: str,
    unit: str | None,
    *,
    is_timed: bool = True,
    patient: int = 1,
) -> None:
    """Stage one result; a value may begin with < or >, and a finding is a word."""
    is_finding = value in ("positive", "negative", "unread")
    comparator = value[0] if value[0] in "<>" else None
    con.execute(
        """
        INSERT INTO derived.lab_result
        SELECT $key, $patient, $analyte,
            CAST(ROUND(($value::DECIMAL(28, 6) + u.add_first) * u.exact_factor / y.divisor, 6)
                AS DECIMAL(18, 6)),
            y.canonical_unit, $comparator, $finding, $at, $day, $value, u.lab_unit_key, $doubt
        FROM (SELECT 1) LEFT JOIN guideline.lab_analyte AS y ON y.analyte = $analyte
        LEFT JOIN (SELECT DISTINCT lab_unit_key, analyte, unit, add_first, exact_factor
            FROM guideline.lab_unit) AS u ON u.analyte = y.analyte AND u.unit = $unit
        """,
        {
            "key": key,
            "patient": patient,
            "analyte": analyte,
            "value": None if is_finding else value.lstrip("<>"),
            "comparator": comparator,
            "finding": value if value in ("positive", "negative") else None,
            "at": at if is_timed else None,
            "day": at.date(),
            "unit": unit,
            "doubt": "no_canonical_unit" if is_finding else ("unit_missing" if not unit else None),
        },
    )


def draw(con: duckdb.DuckDBPyConnection, example: Example) -> None:
    """Stage the patient of an example of a definition."""
    expose(con, age_years=example.age_years)
    for key, text in enumerate(example.results, start=1):
        words = text.removeprefix("day ").split()
        is_timed = not text.startswith("day ")
        at = STARTED + (timedelta(hours=float(words[0])) if is_timed else timedelta(int(words[0])))
        unit = words[3] if len(words) > 3 else None
        add_result(con, key, at, words[1], words[2], unit, is_timed=is_timed)
    for key, text in enumerate(example.diagnoses, start=1):
        add_diagnosis(con, key, text.split())
    for text in example.clinical_events:
        hours, word = text.split()
        at = STARTED + timedelta(hours=float(hours))
        con.execute("INSERT INTO staged.clinical_event VALUES (1, 1, $1, $2, $2)", [word, at])


def add_diagnosis(con: duckdb.DuckDBPyConnection, key: int, words: Sequence[str]) -> None:
    """Stage one diagnosis: hours, system, code, position, whether it was there on admission."""
    hours, system, code, position, present = words
    on = STARTED + timedelta(hours=float(hours))
    con.execute(
        "INSERT INTO staged.diagnosis VALUES ($1, 1, $2, $3, $4, $4, NULL, $5, $6)",
        [key, system, code, on, position, {"yes": True, "no": False}.get(present)],
    )


def look(con: duckdb.DuckDBPyConnection) -> None:
    """Run the stage."""
    detect(con, Settings())


def answer(con: duckdb.DuckDBPyConnection, definition_id: str) -> tuple[str, int | None]:
    """Return status and stage of the one exposure; what nothing answers is not evaluable."""
    found = con.sql(
        "SELECT status, stage FROM audit.signal WHERE definition_id = $id",
        params={"id": definition_id},
    ).fetchall()
    assert len(found) <= 1
    return found[0] if found else ("not_evaluable", None)
