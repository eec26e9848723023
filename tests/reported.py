"""Hand-made tables for the tests of the report, named as docs/architecture.md names them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import duckdb
from staged_tables import STAGED

from pipeline.compare.control import EVENT_MONTH, FUNNEL, SEQUENCE, SERIOUS_GAP
from pipeline.compare.rates import EVENT_RATE, EVENT_STRATUM
from pipeline.compare.signals import SIGNAL_LOOK, SIGNAL_MONTH
from pipeline.compare.units import COMPARISON, PRIOR
from pipeline.config import Options, Privacy, Settings
from pipeline.detect import SIGNAL
from pipeline.guidelines.columns import TABLES as GUIDELINE_TABLES
from pipeline.store import open_store

GUIDELINE = {
    f"guideline.{table}": ", ".join(f"{name} {kind}" for name, kind in columns.items())
    for table, columns in GUIDELINE_TABLES.items()
}
COMPARED = {
    name: ", ".join(f"{column} {kind}" for column, kind in columns.items())
    for name, columns in {
        "audit.event_rate": EVENT_RATE,
        "audit.event_stratum": EVENT_STRATUM,
        "audit.signal": SIGNAL,
        "audit.comparison": COMPARISON,
        "audit.event_month": EVENT_MONTH,
        "audit.serious_gap": SERIOUS_GAP,
        "audit.funnel": FUNNEL,
        "audit.sequence": SEQUENCE,
        "audit.comparison_prior": PRIOR,
        "audit.signal_look": SIGNAL_LOOK,
        "audit.signal_month": SIGNAL_MONTH,
    }.items()
}
"""What the stages before the summary make where there is nothing to rate."""
LEDGER_GRAMS = (
    "authorised",
    "dispensed",
    "carried_in",
    "infused",
    "wasted",
    "returned",
    "carried_out",
    "unexplained",
    "not_infused",
    "infused_without_dispensing",
    "other_product",
    "grams_differ",
    "duplicate",
    "ambiguous_match",
    "grams_unknown",
    "quarantined_row",
    "outside_period",
    "other_lot",
)
TABLES = {
    **STAGED,
    **COMPARED,
    "staged.set_aside": "record VARCHAR, source_file SMALLINT, source_row INTEGER, reason VARCHAR",
    "staged.coverage": "record VARCHAR, site_id VARCHAR, from_on DATE, to_on DATE, origin VARCHAR",
    "quarantine.unreadable": "file_id SMALLINT, source_row INTEGER, reason VARCHAR,"
    " original_text VARCHAR",
    "quarantine.infusion": "source_file SMALLINT, source_row INTEGER, patient_id VARCHAR,"
    " on_date DATE, column_name VARCHAR, check_name VARCHAR, original_text VARCHAR,"
    " row_json VARCHAR",
    **GUIDELINE,
    "derived.infusion": "infusion_key INTEGER, record VARCHAR, patient_key INTEGER,"
    " product_id VARCHAR, started_on DATE, dose_g DECIMAL(9,3), exclusion VARCHAR,"
    " authorisation_key INTEGER, site_id VARCHAR, session_key INTEGER, course_key INTEGER",
    "derived.unknown_indication": "indication_text VARCHAR, n BIGINT",
    "derived.session": "session_key INTEGER, patient_key INTEGER, course_key INTEGER,"
    " started_at TIMESTAMP, started_on DATE, dose_g DECIMAL(12,3), known_dose_g DECIMAL(12,3),"
    " duration_h DECIMAL(9,3), site_id VARCHAR",
    "derived.course": "course_key INTEGER, patient_key INTEGER, started_on DATE, last_on DATE,"
    " previous_course_key INTEGER,"
    " n_sessions INTEGER, n_days INTEGER, dose_g DECIMAL(12,3), known_dose_g DECIMAL(12,3),"
    " max_day_g DECIMAL(12,3), is_stopped BOOLEAN, is_open BOOLEAN, is_start_truncated BOOLEAN,"
    " is_history_truncated BOOLEAN, indication_code VARCHAR, indication_source VARCHAR,"
    " phase VARCHAR, phase_source VARCHAR, interval_days INTEGER, interval_status VARCHAR,"
    " site_id VARCHAR, is_dose_uncertain BOOLEAN, has_quarantined_row BOOLEAN,"
    " is_in_period BOOLEAN, vial_step_g DECIMAL(9,3), age_years INTEGER, product_id VARCHAR",
    "derived.course_ideal": "course_key INTEGER, weight_policy VARCHAR, ideal_kg DECIMAL(9,3),"
    " adjusted_kg DECIMAL(9,3), reason VARCHAR",
    "derived.course_weight": "course_key INTEGER, actual_kg DECIMAL(9,3), measured_on DATE,"
    " age_days INTEGER, weight_record VARCHAR, weight_record_key INTEGER, is_stale BOOLEAN,"
    " height_cm DECIMAL(9,3)",
    "derived.dosing_weight": "course_key INTEGER, weight_policy VARCHAR, role VARCHAR,"
    " weight_kg DECIMAL(9,3), literal_kg DECIMAL(9,3), weight_basis VARCHAR, reason VARCHAR",
    "derived.ledger_month": "site_id VARCHAR, product_id VARCHAR, month_on DATE,"
    " is_in_period BOOLEAN, is_set_aside BOOLEAN, "
    + ", ".join(f"{name}_g DECIMAL(12,3)" for name in LEDGER_GRAMS),
    "derived.ledger_product": "product_code VARCHAR, route_text VARCHAR, product_id VARCHAR,"
    " is_set_aside BOOLEAN",
    "derived.ledger_break": "break VARCHAR, record VARCHAR, record_key INTEGER,"
    " grams DECIMAL(12,3)",
    "derived.ledger_line": "line_key INTEGER, state VARCHAR, n_dispensings BIGINT,"
    " n_infusions BIGINT, dispensed_g DECIMAL(12,3), infused_g DECIMAL(12,3),"
    " unexplained_g DECIMAL(12,3)",
    "audit.unused_file": "file_name VARCHAR",
    "audit.input_file": "file_id SMALLINT, file_name VARCHAR, table_name VARCHAR,"
    " record VARCHAR, sha256 VARCHAR, n_bytes BIGINT",
    "audit.file_ledger": "file_id SMALLINT, raw_rows BIGINT, mapped_rows BIGINT,"
    " not_mapped_rows BIGINT, unreadable_rows BIGINT",
    "audit.record_supplied": "record VARCHAR",
    "audit.record_day": "record VARCHAR, first_on DATE, last_on DATE",
    "audit.row_account": "code VARCHAR, fate VARCHAR, n_rows BIGINT, grams DECIMAL(18, 3)",
    "audit.record_ledger": "record VARCHAR, mapped_rows BIGINT, staged_rows BIGINT,"
    " quarantined_rows BIGINT, set_aside_rows BIGINT, opted_out_rows BIGINT",
    "audit.opt_out": "n_listed BIGINT, n_unknown BIGINT, n_patients BIGINT, n_rows BIGINT,"
    " n_texts_withheld BIGINT",
    "audit.verdict": "kind VARCHAR, set_key INTEGER, rule_key INTEGER, course_key INTEGER,"
    " cap VARCHAR, subject_kind VARCHAR, subject_key INTEGER, subject_on DATE,"
    " patient_key INTEGER, status VARCHAR, reason VARCHAR, severity VARCHAR,"
    " is_countable BOOLEAN, clause VARCHAR, observed DECIMAL(18,6), limit_low DECIMAL(18,6),"
    " limit_high DECIMAL(18,6), tolerance DECIMAL(9,3), unit VARCHAR, regimen_key INTEGER,"
    " miss DECIMAL(18,6), weight_basis VARCHAR",
    "audit.matched": "kind VARCHAR, set_key INTEGER, course_key INTEGER, product_fit VARCHAR",
    "audit.previous_run": "run_id VARCHAR, as_of DATE, from_on DATE, to_on DATE,"
    " obstacle VARCHAR, detail VARCHAR",
    "audit.history_before": "run_id VARCHAR, as_of DATE, from_on DATE, to_on DATE,"
    " obstacle VARCHAR, cause VARCHAR, detail VARCHAR",
    "audit.finding_change": "finding_key VARCHAR, change VARCHAR, cause VARCHAR,"
    " severity VARCHAR, severity_before VARCHAR, miss DECIMAL(18,6), miss_before DECIMAL(18,6),"
    " unit VARCHAR, set_id VARCHAR, rule_id VARCHAR, subject_on DATE, patient_key INTEGER,"
    " reason VARCHAR",
    "audit.adjudication": "sequence INTEGER, finding_key VARCHAR, facts_digest VARCHAR,"
    " decision VARCHAR, reason VARCHAR, reviewer VARCHAR, decided_on DATE",
    "audit.monitoring_course": "course_key INTEGER, first_at TIMESTAMP",
    "audit.observation_patient": "rule_key INTEGER, n_sessions BIGINT, n_none BIGINT,"
    " n_reaction BIGINT, n_not_recorded BIGINT, n_kept BIGINT, n_missed BIGINT, n_unknown BIGINT",
    "audit.reading": "reading VARCHAR, set_id VARCHAR, n_off BIGINT, n_judged BIGINT,"
    " n_unassessed BIGINT",
    "audit.span": "reading VARCHAR, from_on DATE, to_on DATE",
    "audit.approval_pair": "course_key INTEGER, patient_key INTEGER, started_on DATE,"
    " course_last_on DATE, decision VARCHAR, is_linked BOOLEAN, is_for_it BOOLEAN,"
    " is_near BOOLEAN, requested_on DATE, from_on DATE, came_on DATE, to_on DATE,"
    " consent_on DATE",
    "derived.lot": "record VARCHAR, record_key INTEGER, lot VARCHAR, dose_g DECIMAL(9,3)",
    "derived.product_code": "product_code VARCHAR, kind VARCHAR",
    "derived.treatment": "treatment_key INTEGER, patient_key INTEGER, indication_code VARCHAR,"
    " started_on DATE, last_started_on DATE, last_on DATE, is_start_known BOOLEAN",
    "derived.treatment_review": "patient_key INTEGER, indication_code VARCHAR, reviewed_on DATE,"
    " has_outcome BOOLEAN, is_reduced BOOLEAN, is_stopped BOOLEAN",
    "derived.dose_reduction": "treatment_key INTEGER",
    "derived.reported_event": "reported_event_key INTEGER, patient_key INTEGER, event_code VARCHAR,"
    " other_term VARCHAR, n_reports INTEGER, symptoms VARCHAR[], sources VARCHAR[],"
    " onset_at TIMESTAMP, onset_on DATE, event_on DATE, grade INTEGER, is_serious BOOLEAN,"
    " criterion VARCHAR, imputability VARCHAR, reported_on DATE, reported_to VARCHAR,"
    " days_to_report BIGINT, clock_days INTEGER, clock VARCHAR, attribution VARCHAR,"
    " session_key INTEGER, course_key INTEGER, is_named_outside BOOLEAN,"
    " is_other_patient_named BOOLEAN,"
    " is_other_product_named BOOLEAN, is_not_given_named BOOLEAN,"
    " deceased_on DATE, days_to_death BIGINT",
    "derived.event_report": "adverse_event_key INTEGER, reported_event_key INTEGER,"
    " event_code VARCHAR, is_symptom BOOLEAN",
    "derived.reported_event_product": "reported_event_key INTEGER, product_id VARCHAR,"
    " lot VARCHAR, basis VARCHAR, event_share DECIMAL(9,6)",
    "audit.detected_event": "detected_event_key INTEGER, event VARCHAR, event_name VARCHAR,"
    " is_observation BOOLEAN, subject_kind VARCHAR, subject_key INTEGER, course_key INTEGER,"
    " session_key INTEGER, patient_key INTEGER, started_on DATE, window_to_on DATE,"
    " occurred_at TIMESTAMP, n_met INTEGER, n_counted INTEGER, definitions VARCHAR,"
    " is_counted BOOLEAN, guards VARCHAR, is_serious BOOLEAN, reported_event_key INTEGER,"
    " is_reported BOOLEAN",
    "audit.detected_event_lot": "detected_event_key INTEGER, product_id VARCHAR, lot VARCHAR",
    "audit.detected_evidence": "detected_event_key INTEGER, record VARCHAR, record_key INTEGER,"
    " part VARCHAR",
    "audit.reported_check": "reported_event_key INTEGER, event VARCHAR, patient_key INTEGER,"
    " course_key INTEGER, event_on DATE, is_serious BOOLEAN, confirmation VARCHAR",
    "audit.observability": "definition_key SMALLINT, definition_id VARCHAR, event VARCHAR,"
    " event_name VARCHAR, subject_kind VARCHAR, n_exposed BIGINT, n_patients BIGINT,"
    " n_answered BIGINT, n_open BIGINT, n_not_met BIGINT, n_met BIGINT, n_counted BIGINT,"
    " n_patients_counted BIGINT, n_flagged BIGINT, n_silent BIGINT,"
    " share_observable DECIMAL(9,6), bound_low DECIMAL(9,6), bound_high DECIMAL(9,6)",
    "audit.drift": "patient_key INTEGER, analyte VARCHAR, unit VARCHAR, n_results BIGINT,"
    " n_first BIGINT, n_last BIGINT, first_value DECIMAL(18,6), last_value DECIMAL(18,6),"
    " moved_by DECIMAL(18,6)",
    "derived.lab_result": "lab_result_key INTEGER, patient_key INTEGER, analyte VARCHAR,"
    " canonical_value DECIMAL(18,6), canonical_unit VARCHAR, comparator VARCHAR,"
    " finding VARCHAR, collected_at TIMESTAMP, collected_on DATE, doubt VARCHAR",
    "audit.evidence": "finding_key VARCHAR, record VARCHAR, record_key INTEGER, role VARCHAR",
    "audit.setting": "name VARCHAR, value VARCHAR, origin VARCHAR",
}
FINDING = (
    "CREATE VIEW audit.finding AS SELECT md5(rule_key || subject_kind || subject_key) AS"
    " finding_key, 'facts of today' AS facts_digest, *,"
    " 'dose ' || observed || ' g/kg > limit ' || limit_high AS arithmetic,"
    " FROM audit.verdict WHERE status = 'breached'"
)

AS_OF = date(2025, 6, 30)


def empty_store() -> duckdb.DuckDBPyConnection:
    """Return a store with every table the report reads, all of them empty but the policy."""
    con = open_store()
    for name, columns in TABLES.items():
        con.execute(f"CREATE TABLE {name} ({columns})")
    con.execute(FINDING)
    put(
        con,
        "guideline.policy",
        as_of=AS_OF,
        default_vial_step_g=5,
        implausible_dose_ratio=5,
        month_days="30.44",
        weight_sensitivity="0.1",
        trough_share="0.8",
    )
    return con


def put(con: duckdb.DuckDBPyConnection, table: str, **row: object) -> None:
    """Insert one row; columns not named are NULL."""
    names, marks = ", ".join(row), ", ".join(f"${name}" for name in row)
    con.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", row)


def settings_for(folder: Path, *, max_worklist: int = 1000) -> Settings:
    """Return settings whose pseudonym key is the same in every test."""
    key = folder / "pseudonym.key"
    descriptor = os.open(key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write("0f" * 32)
    return Settings(privacy=Privacy(key_file=key), run=Options(max_worklist=max_worklist))


def add_sets(con: duckdb.DuckDBPyConnection) -> None:
    """Add one named set with a rule on dose, and our own set with a rule on weight."""
    put(
        con,
        "guideline.guideline_set",
        set_key=1,
        set_id="overview-1",
        prefix="OV",
        title="An overview",
        publisher="A publisher",
        authority="overview",
        jurisdiction="none",
        version="1",
        published_on=date(2025, 1, 1),
        source_title="Overview",
        source_url="https://example.org/overview",
        weight_policy="actual",
        is_weight_policy_read=True,
        rounding="none",
        dose_tolerance="0.1",
        interval_tolerance_days=4,
        is_exhaustive=False,
        is_house=False,
        digest="d1",
    )
    put(
        con,
        "guideline.guideline_set",
        set_key=2,
        set_id="own",
        prefix="OWN",
        title="Our own policy",
        authority="house",
        version="1",
        weight_policy="actual",
        dose_tolerance="0.1",
        interval_tolerance_days=4,
        is_house=True,
        digest="d2",
    )
    put(
        con,
        "guideline.rule",
        rule_key=1,
        rule_id="OV-ITP-REGIMEN-01",
        set_key=1,
        kind="regimen",
        phase="any",
        weight_policy="actual",
        severity="off_guideline",
        effective_severity="off_guideline",
        why="More adds harm, not platelets.",
        statement="1 g/kg a day for 1 to 2 days.",
        source_title="Overview",
        source_locator="section 2",
        source_url="https://example.org/overview",
        status="secondary",
    )
    put(
        con,
        "guideline.rule",
        rule_key=2,
        rule_id="OWN-ANY-WEIGHT-01",
        set_key=2,
        kind="weight",
        phase="any",
        weight_policy="actual",
        severity="review",
        effective_severity="review",
        why="A dose per kg needs a kg.",
        statement="The weight is recent.",
        source_title="Our own policy",
        status="transcribed",
    )
    put(con, "guideline.rule_indication", rule_key=1, indication_code="itp")
    put(con, "guideline.rule_indication", rule_key=2, indication_code="any")
    put(
        con,
        "guideline.regimen",
        regimen_key=1,
        rule_key=1,
        label="1 g/kg/day",
        day_min_g_per_kg=1,
        day_max_g_per_kg=1,
        days_min=1,
        days_max=2,
        interval_min_days=21,
        interval_max_days=28,
    )
    put(con, "guideline.indication", indication_code="itp", name="Immune thrombocytopenia")
    put(con, "guideline.indication", indication_code="gbs", name="Guillain-Barré syndrome")
    put(con, "guideline.product", product_id="privigen", brand="Privigen")
    put(
        con,
        "audit.input_file",
        file_id=1,
        file_name="infusion.csv",
        record="infusion",
        sha256="ab" * 32,
        n_bytes=1000,
    )


def add_label(con: duckdb.DuckDBPyConnection) -> None:
    """Add a second named set: a label, whose one rule on dose nobody has verified."""
    put(
        con,
        "guideline.guideline_set",
        set_key=3,
        set_id="label-1",
        prefix="LAB",
        title="A label",
        publisher="A regulator",
        authority="label",
        jurisdiction="none",
        version="5",
        weight_policy="actual",
        is_weight_policy_read=True,
        dose_tolerance="0.1",
        interval_tolerance_days=4,
        is_exhaustive=False,
        is_house=False,
        digest="d3",
    )
    put(
        con,
        "guideline.rule",
        rule_key=3,
        rule_id="LAB-ITP-REGIMEN-01",
        set_key=3,
        kind="regimen",
        phase="any",
        weight_policy="actual",
        severity="off_guideline",
        effective_severity="advisory",
        why="The label was studied at this dose.",
        statement="1 g/kg a day for 2 days.",
        source_title="Label",
        status="unverified",
    )
    put(con, "guideline.rule_indication", rule_key=3, indication_code="itp")
    put(
        con,
        "guideline.regimen",
        regimen_key=2,
        rule_key=3,
        label="1 g/kg/day",
        day_min_g_per_kg=1,
        day_max_g_per_kg=1,
        days_min=2,
        days_max=2,
    )


def add_precautions(con: duckdb.DuckDBPyConnection) -> None:
    """Add a rule on risks, one on vaccines and one on premedication, and what they said."""
    put(con, "audit.setting", name="policy.premedication_hours", value="2", origin="default")
    kinds = ("precaution", "vaccine_interval", "premedication")
    for key, kind in enumerate(kinds, start=11):
        put(con, "guideline.rule", rule_key=key, rule_id=f"OV-ANY-{kind.upper()}-01", set_key=1,
            kind=kind, phase="any", weight_policy="actual", severity="review",
            effective_severity="review", why="So that it is asked.", statement=f"On {kind}.",
            source_title="Overview", status="secondary")  # fmt: skip
    for key, product in ((1, "privigen"), (2, "privigen"), (3, "privigen"), (4, "other")):
        put(con, "derived.infusion", infusion_key=key, session_key=min(key, 3), course_key=1,
            product_id=product, patient_key=key, dose_g=10, started_on=AS_OF)  # fmt: skip
    told = (
        ("precaution", 1, "breached", None, "review", "risk"),
        ("precaution", 2, "breached", None, "advisory", "risk"),
        ("precaution", 3, "met", None, "review", "risk"),
        ("precaution", 4, "not_assessable", "risk_unknown", "review", "risk"),
        ("vaccine_interval", 1, "met", None, "review", "deferral"),
        ("vaccine_interval", 2, "breached", None, "review", "immunoglobulin_after"),
        ("vaccine_interval", 3, "not_applicable", "vaccine_exempt", "review", "deferral"),
        ("vaccine_interval", 4, "not_assessable", "no_weight", "review", "deferral"),
        ("premedication", 1, "met", None, "advisory", "medicine"),
        ("premedication", 2, "not_applicable", "optional", "advisory", "medicine"),
        ("premedication", 3, "not_assessable", "time_unknown", "advisory", "medicine"),
    )
    for kind, key, status, reason, severity, clause in told:
        put(con, "audit.verdict", kind=kind, set_key=1, rule_key=11 + kinds.index(kind),
            subject_kind="course", subject_key=key, patient_key=key, status=status,
            reason=reason, severity=severity, clause=clause, is_countable=False)  # fmt: skip


def add_monitoring(con: duckdb.DuckDBPyConnection) -> None:
    """Add a rule that asks for a test, and what it said of six courses."""
    put(con, "audit.setting", name="policy.lab_proof_days", value="30", origin="default")
    put(con, "guideline.rule", rule_key=21, rule_id="OV-ANY-MONITORING-01", set_key=1,
        kind="monitoring", phase="any", weight_policy="actual", severity="review",
        effective_severity="review", why="So that a fall is seen.",
        statement="Haemoglobin is measured 36 to 96 hours after the course.",
        source_title="Overview", status="secondary")  # fmt: skip
    told = (
        (1, "met", None),
        (2, "met", None),
        (3, "breached", None),
        (4, "not_assessable", "sample_time_unknown"),
        (5, "not_assessable", "outside_coverage"),
    )
    for key, status, reason in told:
        put(con, "audit.verdict", kind="monitoring", set_key=1, rule_key=21,
            subject_kind="course", subject_key=key, course_key=key, patient_key=key,
            status=status, reason=reason, severity="review", clause="test",
            is_countable=False)  # fmt: skip
    _add_yield(con)
    _add_watching(con)
    _add_troughs(con)


def _add_yield(con: duckdb.DuckDBPyConnection) -> None:
    """Add what would change the care, two courses and four results in the windows of both."""
    put(con, "guideline.monitoring_test", rule_key=21, analyte="hb")
    put(con, "guideline.lab_analyte", analyte="hb", name="haemoglobin", canonical_unit="g/dL")
    put(con, "guideline.monitoring_finding", rule_key=21, below=8, is_positive=False,
        source="A society")  # fmt: skip
    put(con, "guideline.monitoring", rule_key=21, dose_from_g_per_kg=2, days_before_min=0,
        days_before_max=7)  # fmt: skip
    for key in (1, 2):
        put(con, "audit.monitoring_course", course_key=key)
        add_course(con, key, 1, 10, started_on=AS_OF + timedelta(days=2 + key))
    for key, value, comparator, doubt in (
        (1, "7.9", None, None),
        (2, "8.0", None, None),
        (3, "8.5", "<", None),
        (4, None, None, "unit_missing"),
    ):
        put(con, "derived.lab_result", lab_result_key=key, patient_key=1, analyte="hb",
            canonical_value=value, canonical_unit="g/dL", comparator=comparator, doubt=doubt,
            collected_on=AS_OF + timedelta(days=2))  # fmt: skip


def _add_watching(con: duckdb.DuckDBPyConnection) -> None:
    """Add a rule on watching, and four sessions of two patients."""
    put(con, "guideline.rule", rule_key=22, rule_id="OV-ANY-OBSERVATION-01", set_key=1,
        kind="observation", phase="any", weight_policy="actual", severity="review",
        effective_severity="review", why="So that it is seen.",
        statement="Somebody watches for reactions.", source_title="Overview",
        status="secondary")  # fmt: skip
    for told in (
        {"n_none": 1, "n_reaction": 1, "n_not_recorded": 1, "n_missed": 1, "n_unknown": 0},
        {"n_none": 0, "n_reaction": 0, "n_not_recorded": 1, "n_missed": 0, "n_unknown": 1},
    ):
        seen = told["n_none"] + told["n_reaction"]
        put(con, "audit.observation_patient", rule_key=22, n_sessions=seen + 1, n_kept=seen,
            **told)  # fmt: skip


def _add_troughs(con: duckdb.DuckDBPyConnection) -> None:
    """Add a rule on a trough with three answers, a course after a high dose and two troughs."""
    put(con, "guideline.rule", rule_key=23, rule_id="OV-PID-TROUGH-01", set_key=1,
        kind="trough", phase="any", weight_policy="actual", severity="review",
        effective_severity="review", why="So that it is enough.",
        statement="The trough is at least 6 g/L.", source_title="Overview",
        status="secondary")  # fmt: skip
    for key, status in ((1, "met"), (2, "breached"), (3, "not_assessable")):
        put(con, "audit.verdict", kind="trough", set_key=1, rule_key=23, subject_kind="course",
            subject_key=key, patient_key=key, status=status, severity="review", clause="level",
            is_countable=False)  # fmt: skip
    day = date(2025, 5, 1)
    add_course(con, 91, 9, 100, started_on=day)
    add_course(con, 92, 9, 25, started_on=day + timedelta(days=28), previous_course_key=91,
               interval_days=28, interval_status="known")  # fmt: skip
    for course in (91, 92):
        put(con, "audit.monitoring_course", course_key=course)
    for key, value, after in ((11, "700", 27), (12, "810", 25), (13, "1500", 3)):
        put(con, "derived.lab_result", lab_result_key=key, patient_key=9, analyte="igg",
            canonical_value=value, canonical_unit="mg/dL",
            collected_on=day + timedelta(days=after))  # fmt: skip
    for key, after in ((14, 5), (15, 11)):
        put(con, "derived.lab_result", lab_result_key=key, patient_key=9, analyte="hb",
            canonical_value=12, canonical_unit="g/dL",
            collected_on=day + timedelta(days=after))  # fmt: skip


def add_weights(con: duckdb.DuckDBPyConnection) -> None:
    """Add courses under a policy of ideal weight that nobody read."""
    con.execute(
        "UPDATE guideline.guideline_set SET is_weight_policy_read = FALSE WHERE set_key = 1"
    )
    for key, grams in ((1, 80), (2, 90), (3, 120), (4, 100)):
        add_course(con, key, key, grams)
        add_verdict(con, key, "met" if key == 1 else "breached", patient_key=key)
    add_course(con, 5, 5, 60)
    add_verdict(con, 5, "not_assessable", reason="no_height", patient_key=5)
    add_course(con, 6, 6, 70, indication_code="gbs")
    con.execute(
        "UPDATE derived.dosing_weight SET weight_kg = 40, weight_basis = 'ideal'"
        " WHERE course_key < 5"
    )
    con.execute("DELETE FROM derived.course_ideal WHERE course_key = 5")
    con.execute(
        "UPDATE derived.dosing_weight SET weight_kg = NULL, reason = 'no_height'"
        " WHERE course_key = 5"
    )


def add_approvals(con: duckdb.DuckDBPyConnection) -> None:
    """Add six courses in every state of approval but one, reviews and a long treatment."""
    put(con, "audit.record_supplied", record="authorisation")
    for name, value in (("approval_proof_days", "365"), ("dose_reduction", "0.20")):
        put(con, "audit.setting", name=f"policy.{name}", value=value, origin="default")
    con.execute(
        "UPDATE guideline.policy SET emergency_approval_days = 14, loading_history_days = 180,"
        " review_baseline_days = 30"
    )
    day = date(2025, 5, 5)
    for key in range(1, 7):
        add_course(con, key, key, 10 * key, started_on=day)
    for key, decision, came, to, consent in (
        (1, "approved", -9, 90, -8),
        (2, "approved", 5, 90, None),
        (3, "approved", -90, -1, None),
        (4, "declined", None, None, None),
    ):
        put(
            con,
            "audit.approval_pair",
            course_key=key,
            patient_key=key,
            started_on=day,
            course_last_on=day,
            decision=decision,
            is_linked=False,
            is_for_it=True,
            is_near=True,
            from_on=None if came is None else day + timedelta(days=came),
            came_on=None if came is None else day + timedelta(days=came),
            to_on=None if to is None else day + timedelta(days=to),
            consent_on=None if consent is None else day + timedelta(days=consent),
        )
    for key, kind in ((21, "authorisation"), (22, "review")):
        put(con, "guideline.rule", rule_key=key, rule_id=f"OV-ITP-{kind.upper()}-01", set_key=1,
            kind=kind, phase="any", weight_policy="actual", severity="review",
            effective_severity="review", why="So that it is asked.", statement=f"On {kind}.",
            source_title="Overview", status="secondary")  # fmt: skip
    told = (
        ("authorisation", 21, 6, "not_applicable", "approval_not_required"),
        ("review", 22, 1, "met", None),
        ("review", 22, 2, "breached", "review_overdue"),
        ("review", 22, 3, "breached", "no_outcome"),
        ("review", 22, 4, "breached", "no_withdrawal_trial"),
        ("review", 22, 5, "not_applicable", "review_not_due"),
        ("review", 22, 6, "not_assessable", "outside_coverage"),
    )
    for kind, rule_key, key, status, reason in told:
        put(con, "audit.verdict", kind=kind, set_key=1, rule_key=rule_key, subject_kind="course",
            subject_key=key, course_key=key, patient_key=key, status=status, reason=reason,
            severity="review", is_countable=False)  # fmt: skip
    for key, days in ((1, 200), (2, 181), (3, 180)):
        put(con, "derived.treatment", treatment_key=key, patient_key=key, indication_code="itp",
            started_on=day - timedelta(days=days), last_started_on=day, last_on=day)  # fmt: skip
    put(con, "derived.dose_reduction", treatment_key=1)
    for days, has_outcome, is_stopped in ((150, True, False), (30, False, True)):
        put(con, "derived.treatment_review", patient_key=1, indication_code="itp",
            reviewed_on=day - timedelta(days=days), has_outcome=has_outcome, is_reduced=True,
            is_stopped=is_stopped)  # fmt: skip


def add_lots(con: duckdb.DuckDBPyConnection) -> None:
    """Add bags and issues at two sites, some without a lot, and what our rules said of them."""
    put(con, "audit.setting", name="policy.lot_practice", value="0.50", origin="default")
    put(con, "derived.product_code", product_code="PRIVIGEN", kind="ivig")
    for key, lot, issued in ((1, "L1", "L1"), (2, "L1", "L2"), (3, None, "L1"), (4, "L1", None)):
        day = date(2025, 4 + key % 2, 5)
        add_course(con, key, key, 10, started_on=day)
        con.execute(
            "UPDATE staged.infusion SET lot_number = $lot, dispensing_key = $key"
            " WHERE infusion_key = $key",
            {"lot": lot, "key": key},
        )
        put(con, "staged.dispensing", dispensing_key=key, dispensed_on=day, lot_number=issued,
            product_code="PRIVIGEN", site_id="north" if key < 4 else None)  # fmt: skip
    put(con, "staged.infusion_lot", infusion_lot_key=1, infusion_key=1, lot_number="L1")
    put(con, "guideline.rule", rule_key=31, rule_id="OWN-ANY-TRACEABILITY-01", set_key=2,
        kind="traceability", phase="any", weight_policy="actual", severity="review",
        effective_severity="review", why="So that it is found.", statement="The lots agree.",
        source_title="Our own policy", status="transcribed")  # fmt: skip
    for kind, key, status, reason in (
        ("infusion", 2, "breached", "lot_differs"),
        ("patient", 1, "met", None),
        ("patient", 3, "not_assessable", "lots_not_kept"),
    ):
        put(con, "audit.verdict", kind="traceability", set_key=2, rule_key=31, subject_kind=kind,
            subject_key=key, patient_key=key, status=status, reason=reason, severity="review",
            is_countable=False)  # fmt: skip


def add_course(
    con: duckdb.DuckDBPyConnection, key: int, patient: int, dose_g: float, **more: object
) -> None:
    """Add one course of one infusion in one session, with a patient of 50 kg."""
    started_on = more.pop("started_on", date(2025, 1, 1) + timedelta(days=key % 150))
    course: Mapping[str, object] = {
        "is_stopped": False,
        "is_open": False,
        "is_start_truncated": False,
        "is_history_truncated": False,
        "is_dose_uncertain": False,
        "has_quarantined_row": False,
        "is_in_period": True,
        "indication_code": "itp",
        "indication_source": "infusion",
        "phase": "single",
        "phase_source": "recorded",
        "interval_status": "first",
        "dose_g": dose_g,
        "known_dose_g": dose_g,
        "max_day_g": dose_g,
        "n_sessions": 1,
        "n_days": 1,
    } | more
    put(
        con,
        "derived.course",
        course_key=key,
        patient_key=patient,
        started_on=started_on,
        last_on=started_on,
        **course,
    )
    put(
        con,
        "derived.session",
        session_key=key,
        patient_key=patient,
        course_key=key,
        started_on=started_on,
        dose_g=dose_g,
        known_dose_g=dose_g,
        site_id="north",
    )
    put(
        con,
        "derived.infusion",
        infusion_key=key,
        record="infusion",
        patient_key=patient,
        product_id="privigen",
        started_on=started_on,
        dose_g=dose_g,
        session_key=key,
        course_key=key,
        site_id="north",
    )
    put(
        con,
        "staged.infusion",
        infusion_key=key,
        product_code="PRIVIGEN",
        source_file=1,
        source_row=key,
    )
    put(
        con,
        "derived.course_weight",
        course_key=key,
        actual_kg=50,
        measured_on=started_on,
        age_days=0,
        weight_record="body_measurement",
        weight_record_key=key,
        is_stale=False,
    )
    put(
        con,
        "derived.dosing_weight",
        course_key=key,
        weight_policy="actual",
        role="policy",
        weight_kg=50,
        literal_kg=50,
        weight_basis="actual",
    )
    put(
        con,
        "derived.course_ideal",
        course_key=key,
        weight_policy="actual",
        ideal_kg=40,
        adjusted_kg=44,
    )
    if not con.sql(f"FROM staged.patient WHERE patient_key = {patient}").fetchall():
        put(
            con,
            "staged.patient",
            patient_key=patient,
            patient_id=f"SYN-{patient:08X}",
            source_file=1,
            source_row=patient,
        )


def add_verdict(con: duckdb.DuckDBPyConnection, course: int, status: str, **more: object) -> None:
    """Add one verdict of the dose rule on a course; a breach is off guideline."""
    verdict: Mapping[str, object] = {
        "kind": "regimen",
        "set_key": 1,
        "rule_key": 1,
        "course_key": course,
        "subject_kind": "course",
        "subject_key": course,
        "patient_key": 1,
        "status": status,
        "severity": "off_guideline",
        "is_countable": True,
        "clause": "dose_per_day",
        "observed": "2.0",
        "limit_low": 1,
        "limit_high": 1,
        "tolerance": "0.1",
        "unit": "g/kg",
        "regimen_key": 1,
        "miss": "1.0",
        "weight_basis": "actual",
    } | more
    put(con, "audit.verdict", **verdict)
    put(
        con,
        "audit.evidence",
        finding_key=_finding_key(verdict),
        record="infusion",
        record_key=course,
        role="dose",
    )


def _finding_key(verdict: Mapping[str, object]) -> str:
    con = duckdb.connect()
    text = f"{verdict['rule_key']}{verdict['subject_kind']}{verdict['subject_key']}"
    return str(con.sql("SELECT md5($text)", params={"text": text}).fetchall()[0][0])


def add_events(con: duckdb.DuckDBPyConnection) -> None:
    """Add two sessions and seven events reported after them, each with a point of its own."""
    put(con, "audit.record_supplied", record="adverse_event")
    con.execute(
        "UPDATE guideline.policy SET signal_window_months = 12,"
        " signal_min_events = 1, rate_min_patients = 1"
    )
    for name in (
        "false_alarm_budget",
        "signal_window_months",
        "signal_min_events",
        "rate_min_patients",
    ):
        put(con, "audit.setting", name=f"policy.{name}", value=name, origin="default")
    add_course(con, 1, 1, 50, started_on=date(2025, 5, 5))
    add_course(con, 2, 2, 60, started_on=date(2025, 5, 6))
    for code, name, status, source, is_important in (
        ("headache", "Headache", "seen", "A study", False),
        ("pres", "A rare event", "recalled", None, True),
    ):
        put(con, "guideline.event", event_code=code, name=name, from_anchor="session_start",
            from_hours=0, to_anchor="session_end", to_hours=72, window_status=status,
            window_source=source, is_medically_important=is_important)  # fmt: skip
    for criterion, days in (("death", 7), ("hospitalisation", 15)):
        put(con, "guideline.seriousness", criterion=criterion, term=criterion, clock_days=days)
    plain: dict[str, object] = {
        "patient_key": 1,
        "event_code": "headache",
        "n_reports": 1,
        "onset_on": date(2025, 5, 6),
        "event_on": date(2025, 5, 6),
        "clock": "no_clock",
        "attribution": "in_window",
        "session_key": 1,
        "is_named_outside": False,
        "is_other_patient_named": False,
        "is_other_product_named": False,
        "is_not_given_named": False,
    }
    undated: dict[str, object] = {"onset_on": None, "event_on": None, "session_key": None}
    unlaid: dict[str, object] = {"attribution": "outside_every_window", "session_key": None}
    kinds: tuple[dict[str, object], ...] = (
        {
            "n_reports": 3,
            "is_serious": False,
            "imputability": "probable",
            "course_key": 1,
            "sources": ["one", "other"],
            "grade": 2,
            "reported_on": date(2025, 5, 9),
            "reported_to": "the <b>ward</b>",
        },
        {
            "event_code": "pres",
            "is_serious": True,
            "clock": "late",
            "days_to_death": 30,
            "deceased_on": date(2025, 6, 5),
            "patient_key": 2,
            "session_key": 2,
            "course_key": 2,
            "criterion": "life_threatening",
            "days_to_report": 20,
            "clock_days": 7,
        },
        {"event_code": "pres", "is_serious": None, "is_other_patient_named": True},
        unlaid | {"is_serious": True, "clock": "unknown", "is_named_outside": True},
        undated
        | {
            "attribution": "no_onset",
            "patient_key": 2,
            "is_serious": False,
            "deceased_on": date(2025, 6, 5),
        },
        {
            "event_code": "other",
            "other_term": "{{ 7*7 }} felt <i>odd</i>",
            "attribution": "no_window",
            "session_key": None,
        },
        unlaid | {"event_on": date(2030, 1, 1), "onset_on": date(2030, 1, 1)},
    )
    for key, more in enumerate(kinds, start=1):
        put(con, "derived.reported_event", reported_event_key=key, **(plain | more))
    for key, product, lot, basis, share in (
        (1, "privigen", "A1", "given", "0.25"),
        (1, "privigen", "B2", "given", "0.75"),
        (2, "privigen", "A1", "stated", 1),
        (3, "privigen", None, "given", 1),
        (4, None, "C3", "stated_only", 1),
        (5, None, None, "unknown", 1),
        (6, None, None, "unknown", 1),
        (7, "privigen", None, "given", 1),
    ):
        put(con, "derived.reported_event_product", reported_event_key=key, product_id=product,
            lot=lot, basis=basis, event_share=share)  # fmt: skip
