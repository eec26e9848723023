"""Make the tables the derive stage reads, empty or filled from text tables.

The columns are those of docs/architecture.md, written out by hand so that a test of the SQL does
not depend on the stages that fill them.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from itertools import chain, groupby
from typing import Final

import duckdb

from pipeline.config import Settings
from pipeline.derive import ORDER, create, derive
from pipeline.derive.events import refuse_lost_events
from pipeline.derive.ledger import refuse_open_ledger
from pipeline.guidelines.columns import TABLES
from pipeline.resources import sql
from pipeline.store import open_store

_ROW: Final = """source_id VARCHAR, source_file SMALLINT, source_row INTEGER, recorded_at TIMESTAMP,
    is_time_ambiguous BOOLEAN, is_link_dropped BOOLEAN"""

STAGED: Final = {
    "patient": """patient_key INTEGER, patient_id VARCHAR, birth_date DATE, birth_year INTEGER,
        sex VARCHAR, blood_group VARCHAR, is_iga_deficient BOOLEAN, has_anti_iga BOOLEAN,
        deceased_on DATE""",
    "body_measurement": """body_measurement_key INTEGER, patient_key INTEGER,
        measured_at TIMESTAMP, measured_on DATE, weight_kg DECIMAL(9, 3),
        height_cm DECIMAL(9, 3)""",
    "diagnosis": """diagnosis_key INTEGER, patient_key INTEGER, code_system VARCHAR, code VARCHAR,
        recorded_on DATE, onset_on DATE""",
    "authorisation": """authorisation_key INTEGER, patient_key INTEGER, decision VARCHAR,
        indication_code VARCHAR, phase VARCHAR, urgency VARCHAR, requested_on DATE,
        decided_on DATE, valid_from DATE, valid_to DATE, dose_g_per_kg DECIMAL(9, 3),
        dose_g DECIMAL(9, 3), interval_days INTEGER, n_courses INTEGER, consent_on DATE""",
    "lab_result": """lab_result_key INTEGER, patient_key INTEGER, test_code VARCHAR,
        collected_at TIMESTAMP, collected_on DATE, value DECIMAL(18, 6), value_text VARCHAR,
        comparator VARCHAR, unit VARCHAR, specimen VARCHAR""",
    "outcome_review": """outcome_review_key INTEGER, patient_key INTEGER, reviewed_on DATE,
        indication_code VARCHAR, authorisation_key INTEGER, measure VARCHAR,
        value DECIMAL(18, 6), response VARCHAR, decision VARCHAR""",
    "dispensing": """dispensing_key INTEGER, dispensing_id VARCHAR, patient_key INTEGER,
        dispensed_at TIMESTAMP, dispensed_on DATE, product_code VARCHAR,
        dose_g DECIMAL(9, 3), route VARCHAR, returned_g DECIMAL(9, 3),
        wasted_g DECIMAL(9, 3), authorisation_key INTEGER,
        lot_number VARCHAR, expires_on DATE, vial_size_g DECIMAL(9, 3), n_vials INTEGER,
        site_id VARCHAR""",
    "infusion": """infusion_key INTEGER, infusion_id VARCHAR, patient_key INTEGER,
        started_at TIMESTAMP,
        started_on DATE, product_code VARCHAR, dose_g DECIMAL(9, 3), ended_at TIMESTAMP,
        ended_on DATE, route VARCHAR, volume_ml DECIMAL(9, 3), weight_kg DECIMAL(9, 3),
        weight_basis VARCHAR, indication_code VARCHAR, phase VARCHAR, dispensing_key INTEGER,
        authorisation_key INTEGER, lot_number VARCHAR, dispensing_id VARCHAR, status VARCHAR,
        care_setting VARCHAR, ward_id VARCHAR, site_id VARCHAR""",
    "infusion_lot": """infusion_lot_key INTEGER, infusion_key INTEGER, product_code VARCHAR,
        lot_number VARCHAR, expires_on DATE, vial_size_g DECIMAL(9, 3), n_vials INTEGER,
        dose_g DECIMAL(9, 3), wasted_g DECIMAL(9, 3)""",
    "dispensing_lot": """dispensing_lot_key INTEGER, dispensing_key INTEGER,
        product_code VARCHAR, lot_number VARCHAR, expires_on DATE, vial_size_g DECIMAL(9, 3),
        n_vials INTEGER, dose_g DECIMAL(9, 3), wasted_g DECIMAL(9, 3)""",
    "adverse_event": """adverse_event_key INTEGER, patient_key INTEGER, term VARCHAR,
        onset_at TIMESTAMP, onset_on DATE, grade INTEGER, is_serious BOOLEAN,
        seriousness VARCHAR, imputability VARCHAR, infusion_id VARCHAR, infusion_key INTEGER,
        product_code VARCHAR, lot_number VARCHAR, reported_at TIMESTAMP, reported_on DATE,
        reported_to VARCHAR""",
    "medication": """medication_key INTEGER, patient_key INTEGER, code_system VARCHAR,
        code VARCHAR, started_at TIMESTAMP, started_on DATE, ended_at TIMESTAMP, ended_on DATE,
        route VARCHAR""",
    "clinical_event": """clinical_event_key INTEGER, patient_key INTEGER, event_code VARCHAR,
        occurred_at TIMESTAMP, occurred_on DATE""",
    "encounter": """encounter_key INTEGER, encounter_id VARCHAR, patient_key INTEGER,
        started_at TIMESTAMP, started_on DATE, ended_at TIMESTAMP, ended_on DATE,
        kind VARCHAR""",
    "patient_merge": "patient_merge_key INTEGER, merged_id VARCHAR, surviving_id VARCHAR",
}

QUARANTINED: Final = (
    "patient",
    "body_measurement",
    "diagnosis",
    "encounter",
    "authorisation",
    "dispensing",
    "infusion",
    "lab_result",
    "adverse_event",
    "medication",
    "vaccination",
    "clinical_event",
    "outcome_review",
)

OTHER: Final = {
    **{
        f"guideline.{table}": ", ".join(f"{name} {kind}" for name, kind in TABLES[table].items())
        for table in (
            "rule",
            "rule_indication",
            "lab_analyte",
            "lab_test",
            "lab_unit",
            "immunity_test",
            "event",
            "event_term",
            "seriousness",
            "definition",
        )
    },
    "staged.patient_alias": "patient_id VARCHAR, patient_key INTEGER",
    "staged.coverage": """record VARCHAR, site_id VARCHAR, from_on DATE, to_on DATE,
        origin VARCHAR""",
    "audit.record_supplied": "record VARCHAR",
    "guideline.guideline_set": """set_key INTEGER, set_id VARCHAR, weight_policy VARCHAR,
        is_weight_policy_read BOOLEAN""",
    "guideline.indication": """indication_code VARCHAR, name VARCHAR,
        min_age_years DECIMAL(6, 2), max_age_years DECIMAL(6, 2), course_gap_days INTEGER,
        episode_window_days INTEGER""",
    "guideline.indication_alias": "alias VARCHAR, indication_code VARCHAR",
    "guideline.diagnosis_code": """code_system VARCHAR, code_pattern VARCHAR,
        indication_code VARCHAR, requires_pattern VARCHAR, is_hint_only BOOLEAN""",
    "guideline.risk_factor": """risk_factor VARCHAR, sign VARCHAR, code_system VARCHAR,
        code_pattern VARCHAR, at_least DECIMAL(9, 3), below DECIMAL(9, 3), within_days INTEGER,
        is_passing BOOLEAN, is_effect BOOLEAN, is_decisive BOOLEAN, status VARCHAR""",
    "guideline.product": """product_id VARCHAR, brand VARCHAR, kind VARCHAR, is_iv BOOLEAN,
        is_sc BOOLEAN, is_im BOOLEAN, is_generic BOOLEAN, concentration_g_per_l DECIMAL(9, 3),
        vial_step_g DECIMAL(9, 3)""",
    "guideline.product_alias": "alias VARCHAR, alias_kind VARCHAR, product_id VARCHAR",
    "guideline.weight_policy": """weight_policy VARCHAR, has_formula BOOLEAN,
        adult_rule VARCHAR, child_rule VARCHAR, ideal_formula VARCHAR,
        child_ideal_formula VARCHAR, adjust_factor DECIMAL(6, 3),
        never_below_height_cm DECIMAL(9, 3), size_min_height_cm DECIMAL(9, 3),
        size_over_m_kg DECIMAL(9, 3), size_over_f_kg DECIMAL(9, 3), bmi_over DECIMAL(9, 3),
        ideal_ratio_over DECIMAL(9, 3)""",
    "guideline.ideal_weight": """ideal_formula VARCHAR, sex VARCHAR, shape VARCHAR,
        base_kg DECIMAL(9, 3), slope_kg DECIMAL(9, 3), origin_height_cm DECIMAL(9, 3),
        unit_cm DECIMAL(9, 3), exponent_per_cm DECIMAL(9, 6)""",
    "guideline.policy": """session_gap_hours DECIMAL(9, 3), course_gap_days INTEGER,
        episode_window_days INTEGER, loading_history_days INTEGER, weight_max_age_days INTEGER,
        weight_max_age_days_infant INTEGER, infant_years INTEGER, adult_years INTEGER,
        weight_sensitivity DECIMAL(6, 3), default_vial_step_g DECIMAL(9, 3),
        diagnosis_window_days INTEGER, child_height_max_age_days INTEGER,
        implausible_dose_ratio DECIMAL(6, 3),
        medicine_proof_days INTEGER, passing_risk_days INTEGER, dose_reduction DECIMAL(6, 3),
        volume_mismatch DECIMAL(6, 3), ledger_days INTEGER, ledger_days_home INTEGER,
        ledger_late_days INTEGER, ledger_tolerance_g DECIMAL(9, 3), signal_window_months INTEGER,
        as_of DATE, from_on DATE,
        to_on DATE""",
}

# The lists most tests share: one product of each kind, a few indications, our own defaults.
COMMON: Final = {
    "guideline.policy": """
        session_gap_hours | course_gap_days | episode_window_days | loading_history_days | weight_max_age_days | weight_max_age_days_infant | infant_years | adult_years | weight_sensitivity | default_vial_step_g | diagnosis_window_days | child_height_max_age_days | implausible_dose_ratio | medicine_proof_days | passing_risk_days | dose_reduction | volume_mismatch | ledger_days | ledger_days_home | ledger_late_days | ledger_tolerance_g | signal_window_months | as_of
        6                 | 4               | 28                  | 180                  | 30                  | 14                         | 2            | 18          | 0.10               | 5                   | 31                    | 180                       | 5                      | 30                  | 14                | 0.20           | 0.20            | 7           | 35               | 1                | 0.1                | 12                   | 2025-12-31
    """,  # noqa: E501 - a table reads better in one line per row
    "guideline.product": """
        product_id | kind        | is_iv | is_sc | is_im | concentration_g_per_l | vial_step_g | is_generic
        vena       | ivig        | true  | false | false | 100                   | 2.5         | false
        vena5      | ivig        | true  | false | false | 50                    | 5           | false
        both       | ivig        | true  | true  | false | 100                   | 1           | false
        cutis      | scig        | false | true  | false | 200                   | 1           | false
        musculus   | imig        | false | false | true  |                       |             | false
        antid      | hyperimmune | false | false | true  |                       |             | true
        unsized    | ivig        | true  | false | false |                       |             | false
        class      | ivig        | true  | false | false |                       |             | true
    """,  # noqa: E501 - a table reads better in one line per row
    "guideline.product_alias": """
        alias       | alias_kind | product_id
        VENA        | brand      | vena
        VENA 5%     | brand      | vena5
        BOTH        | brand      | both
        CUTIS       | brand      | cutis
        MUSCULUS    | brand      | musculus
        ANTID       | brand      | antid
        UNSIZED     | brand      | unsized
        CLASS       | name       | class
        J1459       | hcpcs      | vena
        009442700   | ndc9       | both
        00944270005 | ndc11      | vena
        680516612   | ndc9       | cutis
    """,
    "guideline.indication": """
        indication_code | name     | min_age_years | max_age_years | course_gap_days | episode_window_days
        cidp            | CIDP     |               |               | 4               | 28
        mmn             | MMN      |               |               | 4               | 28
        pid             | PID      |               |               | 4               | 28
        itp_adult       | ITP      | 18            |               | 4               | 28
        itp_child       | ITP      |               | 18            | 4               | 28
        kawasaki        | Kawasaki |               |               | 7               | 14
        ici_mg          | ICI MG   |               |               | 4               | 28
        amr_kidney      | AMR      |               |               | 4               | 28
    """,  # noqa: E501 - a table reads better in one line per row
    "guideline.indication_alias": """
        alias             | indication_code
        KAWASAKI DISEASE  | kawasaki
    """,
    "guideline.diagnosis_code": """
        code_system | code_pattern | indication_code | requires_pattern | is_hint_only
        ICD10       | D83%         | pid             |                  | false
        ICD10       | D693%        | itp_adult       |                  | false
        ICD10       | D693%        | itp_child       |                  | false
        ICD10       | G618%        | cidp            |                  | false
        ICD10       | G618%        | mmn             |                  | false
        ICD10CM     | G6181        | cidp            |                  | false
        ICD10CM     | G700%        | ici_mg          | T45AX5%          | false
        ICD10CM     | T8611        | amr_kidney      |                  | true
    """,
    "guideline.guideline_set": """
        set_key | set_id | weight_policy | is_weight_policy_read
        1       | plain  | actual        | true
    """,
    "guideline.weight_policy": """
        weight_policy | has_formula | adult_rule | child_rule | ideal_formula | child_ideal_formula | adjust_factor
        actual        | true        | actual     | actual     | devine        | devine              | 0.4
    """,  # noqa: E501 - a table reads better in one line per row
    "guideline.ideal_weight": """
        ideal_formula | sex | shape  | base_kg | slope_kg | origin_height_cm | unit_cm | exponent_per_cm
        devine        | M   | linear | 50      | 2.3      | 152.4            | 2.54    |
        devine        | F   | linear | 45.5    | 2.3      | 152.4            | 2.54    |
    """,  # noqa: E501 - a table reads better in one line per row
    "audit.record_supplied": """
        record
        infusion
    """,
    "staged.coverage": """
        record     | site_id | from_on    | to_on      | origin
        infusion   |         | 2020-01-01 | 2025-12-31 | observed
        dispensing |         | 2020-01-01 | 2025-12-31 | observed
    """,
}

Rows = list[dict[str, str | None]]


def empty_store() -> duckdb.DuckDBPyConnection:
    """Open a store in memory with the empty tables that derive reads."""
    con = open_store()
    for name, columns in STAGED.items():
        con.execute(f"CREATE TABLE staged.{name} ({columns}, {_ROW})")
    for name in QUARANTINED:
        con.execute(
            f"CREATE TABLE quarantine.{name} (patient_id VARCHAR, on_date DATE, row_json VARCHAR)"
        )
    for name, columns in OTHER.items():
        con.execute(f"CREATE TABLE {name} ({columns})")
    return con


def common_store() -> duckdb.DuckDBPyConnection:
    """Open an empty store with the products, indications and defaults that tests share."""
    con = empty_store()
    for name, text in COMMON.items():
        given(con, name, text)
    return con


def rows_of(text: str) -> Rows:
    """Return one dict per row drawn as text; an empty cell is None, `--` begins a comment."""
    lines = [line.split("--")[0] for line in text.splitlines()]
    cells = [[cell.strip() or None for cell in line.split("|")] for line in lines if line.strip()]
    header = [str(name) for name in cells[0]]
    return [dict(zip(header, row, strict=True)) for row in cells[1:]]


def given(con: duckdb.DuckDBPyConnection, name: str, text: str) -> None:
    """Insert the rows drawn as text into the table `name`."""
    insert(con, name, rows_of(text))


def instead(con: duckdb.DuckDBPyConnection, name: str, text: str) -> None:
    """Replace all rows of the table `name` by those drawn as text."""
    con.execute(f"DELETE FROM {name}")
    given(con, name, text)


def insert(con: duckdb.DuckDBPyConnection, name: str, rows: Rows) -> None:
    """Insert dicts of texts, cast by the table's own types."""
    for columns, alike in groupby(rows, key=tuple):
        cells = [list(row.values()) for row in alike]
        marks = ", ".join([f"({', '.join('?' * len(columns))})"] * len(cells))
        con.execute(
            f"INSERT INTO {name} ({', '.join(columns)}) VALUES {marks}", list(chain(*cells))
        )


def derived(con: duckdb.DuckDBPyConnection, *tables: str) -> None:
    """Run the stage as a run does: the whole, or what these tables rest on and nothing else.

    To make all tables takes two and a half times the work of making the courses.
    """
    if not tables:
        derive(con, Settings())
    for table in _rested_on(tables):
        create(con, table)
    if "ledger_month" in tables:
        refuse_open_ledger(con)
    if "event_report" in tables:
        refuse_lost_events(con)


@cache
def _rested_on(tables: tuple[str, ...]) -> list[str]:
    """Return these tables of the stage and all they are made of, in order."""
    found, asked = set[str](), set(tables)
    while asked:
        found |= asked
        texts = [sql(f"derive/{table}.sql") for table in asked]
        named = {name for text in texts for name in re.findall(r"\b(?:derived|temp)\.(\w+)", text)}
        asked = (named & set(ORDER)) - found
    return [table for table in ORDER if table in found]


def bags(
    con: duckdb.DuckDBPyConnection,
    text: str,
    *tables: str,
) -> None:
    """Stage bags of 10 g of patient 1 unless the text says otherwise, and make these tables.

    Without a name the courses, their sessions and their bags.
    """
    rows = rows_of(text)
    for row in rows:
        row.setdefault("patient_key", "1")
        row.setdefault("product_code", "VENA")
        row.setdefault("dose_g", "10")
        row.setdefault("started_on", (row.get("started_at") or "")[:10])
    insert(con, "staged.infusion", rows)
    derived(con, *(tables or ("infusion", "session", "course")))


def courses(con: duckdb.DuckDBPyConnection, columns: str) -> Rows:
    """Return these columns of the courses, by patient and day."""
    return shown(con, f"SELECT {columns} FROM derived.course ORDER BY patient_key, started_on")


def shown(con: duckdb.DuckDBPyConnection, query: str) -> Rows:
    """Return a query's rows as dicts of text, NULL as None, to lay beside `rows_of`."""
    found = con.sql(query)
    return [
        {
            name: None if cell is None else _text(cell)
            for name, cell in zip(found.columns, row, strict=True)
        }
        for row in found.fetchall()
    ]


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, Decimal):
        return f"{cell.normalize():f}"
    return str(cell)
