"""Hand-made courses and rules for the tests of the checks, as docs/architecture.md names them.

A course is drawn with the facts a test is about; everything else is unremarkable.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import duckdb
from staged_tables import STAGED

from pipeline.check import check
from pipeline.config import Settings
from pipeline.guidelines.columns import TABLES
from pipeline.store import open_store

Row = dict[str, Any]
START: Final = date(2024, 6, 15)

OTHER: Final = {
    **STAGED,
    "staged.coverage": "record VARCHAR, site_id VARCHAR, from_on DATE, to_on DATE, origin VARCHAR",
    "audit.record_supplied": "record VARCHAR",
    "staged.patient_alias": "patient_id VARCHAR, patient_key INTEGER",
    "quarantine.infusion": "patient_id VARCHAR, on_date DATE",
    "audit.input_file": "file_id SMALLINT, file_name VARCHAR",
    "derived.infusion": "infusion_key INTEGER, record VARCHAR, patient_key INTEGER,"
    " product_id VARCHAR, started_at TIMESTAMP, started_on DATE, ended_at TIMESTAMP,"
    " dose_g DECIMAL(9,3), weight_kg DECIMAL(9,3), status VARCHAR, exclusion VARCHAR,"
    " is_dose_uncertain BOOLEAN, vial_step_g DECIMAL(9,3), authorisation_key INTEGER,"
    " site_id VARCHAR, session_key INTEGER,"
    " course_key INTEGER",
    "derived.lab_result": "lab_result_key INTEGER, patient_key INTEGER, analyte VARCHAR,"
    " canonical_value DECIMAL(18,6), canonical_unit VARCHAR, comparator VARCHAR,"
    " finding VARCHAR, collected_at TIMESTAMP, collected_on DATE,"
    " declared_value DECIMAL(18,6), lab_unit_key SMALLINT, doubt VARCHAR",
    "derived.patient_risk": "patient_key INTEGER, risk_factor VARCHAR, sign VARCHAR,"
    " record VARCHAR, record_key INTEGER, known_on DATE, until_on DATE, is_recalled BOOLEAN",
    "derived.patient_record": "patient_key INTEGER, record VARCHAR, code_system VARCHAR,"
    " first_on DATE, last_on DATE",
    "derived.session": "session_key INTEGER, patient_key INTEGER, course_key INTEGER,"
    " started_at TIMESTAMP, started_on DATE, ended_at TIMESTAMP, n_infusions INTEGER,"
    " dose_g DECIMAL(12,3), known_dose_g DECIMAL(12,3), duration_h DECIMAL(9,3),"
    " is_stopped BOOLEAN, site_id VARCHAR",
    "derived.course": "course_key INTEGER, patient_key INTEGER, first_infusion_key INTEGER,"
    " started_on DATE, last_on DATE, n_days INTEGER, dose_g DECIMAL(12,3),"
    " known_dose_g DECIMAL(12,3), max_day_g DECIMAL(12,3), min_day_g DECIMAL(12,3),"
    " is_stopped BOOLEAN, is_open BOOLEAN, is_start_truncated BOOLEAN,"
    " is_dose_uncertain BOOLEAN, indication_code VARCHAR, indication_source VARCHAR,"
    " phase VARCHAR, phase_source VARCHAR, previous_course_key INTEGER, interval_days BIGINT,"
    " interval_status VARCHAR, grams_28d DECIMAL(12,3), vial_step_g DECIMAL(9,3),"
    " product_id VARCHAR, age_years INTEGER, sex VARCHAR, site_id VARCHAR,"
    " has_quarantined_row BOOLEAN, has_unresolved_bag BOOLEAN, episode_key INTEGER,"
    " is_episode_start_seen BOOLEAN, is_episode_end_seen BOOLEAN,"
    " treatment_key INTEGER, treatment_started_on DATE, is_treatment_start_known BOOLEAN,"
    " is_history_truncated BOOLEAN,"
    " is_in_period BOOLEAN",
    "derived.treatment": "treatment_key INTEGER, patient_key INTEGER, indication_code VARCHAR,"
    " started_on DATE, last_started_on DATE, last_on DATE, n_courses INTEGER,"
    " known_dose_g DECIMAL(12,3), is_start_known BOOLEAN",
    "derived.approval": "authorisation_key INTEGER, patient_key INTEGER, indication_code VARCHAR,"
    " is_indication_unread BOOLEAN, decision VARCHAR, is_emergency BOOLEAN, requested_on DATE,"
    " decided_on DATE, from_on DATE, to_on DATE, came_on DATE, first_on DATE, last_on DATE,"
    " dose_g_per_kg DECIMAL(9,3), dose_g DECIMAL(9,3), interval_days INTEGER,"
    " n_courses INTEGER, consent_on DATE",
    "derived.treatment_review": "patient_key INTEGER, indication_code VARCHAR, reviewed_on DATE,"
    " outcome_review_key INTEGER, has_outcome BOOLEAN, is_improved BOOLEAN,"
    " is_continued BOOLEAN, is_reduced BOOLEAN, is_stopped BOOLEAN",
    "derived.product_code": "product_code VARCHAR, product_id VARCHAR, kind VARCHAR",
    "derived.dose_reduction": "course_key INTEGER, treatment_key INTEGER, patient_key INTEGER,"
    " started_on DATE, before_g DECIMAL(13,3), before_days INTEGER, after_g DECIMAL(13,3),"
    " after_days INTEGER",
    "derived.lot": "record VARCHAR, record_key INTEGER, lot_record VARCHAR,"
    " lot_record_key INTEGER, lot_number VARCHAR, lot VARCHAR, expires_on DATE,"
    " vial_size_g DECIMAL(9,3), n_vials INTEGER, dose_g DECIMAL(9,3), wasted_g DECIMAL(9,3)",
    "derived.ledger_line": "line_key INTEGER, patient_key INTEGER, product_id VARCHAR,"
    " line_on DATE, matched_by VARCHAR, n_dispensings BIGINT, n_infusions BIGINT,"
    " dispensed_g DECIMAL(38,3), returned_g DECIMAL(38,3), wasted_g DECIMAL(38,3),"
    " infused_g DECIMAL(38,3), unexplained_g DECIMAL(38,3), state VARCHAR",
    "derived.ledger_break": "line_key INTEGER, break VARCHAR, record VARCHAR,"
    " record_key INTEGER, patient_key INTEGER, entry_on DATE, is_in_period BOOLEAN,"
    " site_id VARCHAR, product_id VARCHAR, grams DECIMAL(12,3), affected_g DECIMAL(12,3)",
    "derived.ledger_apart": "record VARCHAR, record_key INTEGER, line_key INTEGER,"
    " patient_key INTEGER, entry_on DATE, is_in_period BOOLEAN, site_id VARCHAR,"
    " product_id VARCHAR, is_set_aside BOOLEAN, matched_by VARCHAR, dispensed_g DECIMAL(9,3),"
    " returned_g DECIMAL(9,3), wasted_g DECIMAL(12,3), wasted_again_g DECIMAL(12,3),"
    " infused_g DECIMAL(9,3)",
    "derived.course_weight": "course_key INTEGER, actual_kg DECIMAL(9,3),"
    " height_cm DECIMAL(9,3), is_stale BOOLEAN, measured_on DATE,"
    " age_days INTEGER, weight_record VARCHAR, weight_record_key INTEGER",
    "derived.dosing_weight": "course_key INTEGER, weight_policy VARCHAR, role VARCHAR,"
    " weight_kg DECIMAL(9,3), literal_kg DECIMAL(9,3), weight_basis VARCHAR, reason VARCHAR,"
    " is_apart BOOLEAN, is_disputable BOOLEAN, is_bracketed BOOLEAN",
}
POLICY: Final = {
    "session_gap_hours": 6,
    "weight_max_age_days": 30,
    "weight_max_age_days_infant": 14,
    "infant_years": 2,
    "medicine_proof_days": 30,
    "diagnosis_window_days": 31,
    "premedication_hours": 2,
    "lab_proof_days": 30,
    "trough_share": "0.80",
    "trough_settled_days": 96,
    "trough_settled_courses": 3,
    "exposure_vaccine_days": 5,
    "weight_sensitivity": Decimal("0.10"),
    "loading_history_days": 180,
    "emergency_approval_days": 14,
    "approval_proof_days": 365,
    "review_tolerance_days": 30,
    "review_baseline_days": 30,
    "review_proof_days": 365,
    "dose_reduction": Decimal("0.200"),
    "lot_practice": Decimal("0.500"),
    "as_of": date(2026, 12, 31),
    "implausible_dose_ratio": 5,
    "default_vial_step_g": 5,
    "rate_tolerance": Decimal("0.10"),
    "pump_step_ml_per_h": 1,
    "rate_start_minutes": 5,
    "first_infusion_gap_days": 56,
    "rounding_tolerance": Decimal("0.10"),
    "course_gap_days": 4,
    "month_days": Decimal("30.44"),
    "event_link_days": 2,
}
SET: Final = {
    "set_key": 1,
    "set_id": "overview",
    "title": "An overview",
    "authority": "overview",
    "weight_policy": "actual",
    "is_weight_policy_read": True,
    "dose_tolerance": Decimal("0.100"),
    "interval_tolerance_days": 4,
    "is_exhaustive": False,
    "is_house": False,
}
HOUSE: Final = SET | {"set_key": 9, "set_id": "house", "authority": "unit", "is_house": True}


class World:
    """One database in the making: rules, courses and what surrounds them."""

    def __init__(self) -> None:
        """Open a store with the empty tables the check stage reads."""
        self.con: duckdb.DuckDBPyConnection = open_store(threads=1)
        for name, columns in TABLES.items():
            declared = ", ".join(f"{column} {kind}" for column, kind in columns.items())
            self.con.execute(f"CREATE TABLE guideline.{name} ({declared})")
        for name, declared in OTHER.items():
            self.con.execute(f"CREATE TABLE {name} ({declared})")
        self.rows: dict[str, list[Row]] = {}
        self.add("guideline.policy", **POLICY)
        self.add("guideline.guideline_set", **SET)
        self.add("audit.record_supplied", record="infusion")

    def add(self, table: str, **row: object) -> None:
        """Note one row of a table; columns not named stay NULL."""
        self.rows.setdefault(table, []).append(row)

    def rule(self, rule_key: int, kind: str, *indications: str, **facts: object) -> None:
        """Note one rule and the indications it covers."""
        facts.setdefault("severity", "off_guideline")
        row = {
            "rule_key": rule_key,
            "rule_id": f"R-{rule_key}",
            "set_key": 1,
            "kind": kind,
            "phase": "any",
            "effective_severity": facts["severity"],
            "statement": "what it says",
            "why": "why it says so",
            "source_title": "a source",
            "status": "transcribed",
            "is_titrated": False,
            "is_typical": False,
            "is_counted_only": False,
            "applies_to": "all",
            "weight_policy": "actual",
            "has_products": False,
        }
        self.add("guideline.rule", **(row | facts))
        for code in indications or ("itp",):
            self.add("guideline.rule_indication", rule_key=rule_key, indication_code=code)

    def regimen(self, regimen_key: int, rule_key: int = 1, **limits: object) -> None:
        """Note one permitted way to dose."""
        row = {"regimen_key": regimen_key, "rule_key": rule_key, "label": f"way {regimen_key}"}
        self.add("guideline.regimen", **(row | limits))

    def course(self, key: int, *, weight_kg: object = 50, **facts: Any) -> None:
        """Note one course of one day and 100 g in an adult of 50 kg, but for the facts told."""
        dose = facts.get("dose_g", Decimal(100))
        n_days = facts.get("n_days", 1)
        started_on = facts.get("started_on", START)
        share = None if dose is None else Decimal(dose) / n_days
        row = {
            "course_key": key,
            "patient_key": key,
            "first_infusion_key": key,
            "started_on": started_on,
            "last_on": started_on + timedelta(days=n_days - 1),
            "n_days": n_days,
            "dose_g": dose,
            "known_dose_g": dose,
            "max_day_g": share,
            "min_day_g": share,
            "is_stopped": False,
            "is_open": False,
            "is_start_truncated": False,
            "is_dose_uncertain": False,
            "indication_code": "itp",
            "indication_source": "infusion",
            "phase": "single",
            "phase_source": "recorded",
            "interval_status": "first",
            "vial_step_g": 5,
            "age_years": 40,
            "sex": "F",
            "has_quarantined_row": False,
            "has_unresolved_bag": False,
            "is_history_truncated": False,
            "episode_key": key,
            "is_episode_start_seen": True,
            "is_episode_end_seen": True,
            "is_in_period": True,
            "treatment_started_on": started_on,
            "is_treatment_start_known": True,
        } | facts
        self.add("derived.course", **row)
        self._surround(row, weight_kg)

    def _surround(self, row: Row, weight_kg: object) -> None:
        """Note the patient, the weight, and one bag and session with all the grams."""
        key, patient = row["course_key"], row["patient_key"]
        person = {"patient_key": patient, "patient_id": f"p{patient}", "source_id": "s"}
        if person not in self.rows.get("staged.patient", []):
            self.add("staged.patient", **person)
        self.weight(key, "policy", weight_kg)
        if weight_kg is not None:
            self.add(
                "derived.course_weight",
                course_key=key,
                actual_kg=weight_kg,
                measured_on=row["started_on"],
                age_days=0,
                is_stale=False,
            )
        bag = {"infusion_key": key, "patient_key": patient, "started_on": row["started_on"]}
        self.add("staged.infusion", **bag, infusion_id=f"i{key}", source_id="s", source_row=key)
        self.add(
            "derived.infusion",
            **bag,
            record="infusion",
            dose_g=row["known_dose_g"],
            session_key=key,
            course_key=key,
        )
        self.add(
            "derived.session",
            session_key=key,
            patient_key=patient,
            course_key=key,
            started_on=row["started_on"],
            dose_g=row["dose_g"],
            known_dose_g=row["known_dose_g"],
            is_stopped=row["is_stopped"],
        )

    def weight(
        self, key: int, role: str, weight_kg: object, *, basis: str = "actual", reason: str = ""
    ) -> None:
        """Note one weight of a course; without kilograms the reason is `no_weight`."""
        self.add(
            "derived.dosing_weight",
            course_key=key,
            weight_policy="actual",
            role=role,
            weight_kg=weight_kg,
            literal_kg=weight_kg,
            weight_basis=None if weight_kg is None else basis,
            reason=(reason or "no_weight") if weight_kg is None else None,
            is_apart=role == "alternative",
            is_disputable=True,
            is_bracketed=True,
        )

    def judge(self) -> list[Row]:
        """Write the tables, run the stage and return one dict per verdict, ordered."""
        self.fill()
        check(self.con, Settings())
        return self.fetch(
            """
            SELECT *
            FROM audit.verdict_named
            ORDER BY kind, set_key, rule_key, subject_kind, subject_key
            """
        )

    def fill(self) -> None:
        """Write all rows noted so far."""
        for table, rows in self.rows.items():
            for row in rows:
                marks = ", ".join("?" * len(row))
                self.con.execute(
                    f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values())
                )
        self.rows.clear()

    def fetch(self, query: str) -> list[Row]:
        """Return the rows of a query as dicts."""
        found = self.con.sql(query)
        return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def of_rule(verdicts: list[Row], rule_key: int | None = 1) -> list[Row]:
    """Return the verdicts of one rule."""
    return [row for row in verdicts if row["rule_key"] == rule_key]
