"""Read the tables of the report, each in the order the reader sees it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import duckdb

Row = dict[str, Any]
Report = dict[str, list[Row]]

ORDER = {
    "period": "as_of",
    "use_total": "n_infusions",
    "headline": "set_key",
    "action_list": "place",
    "over_time": "measure, place",
    "judged_month": "month_on",
    "off_guideline_reason": "place",
    "swim_lane": "place, from_on, lane = 'course' DESC, finding_key",
    "guideline_in_force": "is_house, set_key",
    "previous_run": "run_id",
    "headline_change": "set_key",
    "history_before": "run_id",
    "finding_change_total": "n_new",
    "finding_change_count": "change, n_findings DESC, cause",
    "finding_change": "change, place",
    "decision": "is_finding DESC, finding_key, reviewer",
    "finding_decision": "finding_key",
    "decision_count": "n_findings DESC, decision",
    "decision_reason": "n_findings DESC, decision, reason",
    "decision_total": "n_decisions",
    "headline_reviewed": "set_key",
    "reviewer_pair": "first_reviewer, second_reviewer",
    "set_pair": "set_key",
    "set_pair_answer": "set_key, is_one_sided, grams DESC NULLS LAST",
    "set_pair_rule": "set_key, is_one_sided, grams DESC NULLS LAST, n_courses DESC",
    "file_ledger": "file_name, file_id",
    "file_ledger_total": "raw_rows",
    "unused_file": "file_name",
    "record_ledger": "mapped_rows = 0, record",
    "record_ledger_total": "mapped_rows",
    "opt_out": "n_listed",
    "record_supplied": "record",
    "unreadable_reason": "n_rows DESC",
    "quarantine_reason": "n_rows DESC",
    "field_filled": "record, place, quarter_on NULLS FIRST",
    "field_state": "record, place",
    "set_aside_reason": "n_rows DESC",
    "ledger_margin": "part, month_on NULLS LAST, dispensed_g DESC NULLS LAST, product_id, site_id",
    "ledger_state": "n_lines DESC, state",
    "waste_reason": "record, wasted_g DESC, reason, product_id",
    "infusion_ledger": "is_counted DESC, n_rows DESC, row_class",
    "infusion_ledger_total": "n_rows",
    "row_fate": "grams IS NULL, n_rows DESC, fate",
    "unlisted_code": "n_rows DESC, code, fate",
    "unread_indication": "n_rows DESC, indication_text",
    "unresolved_product": "grams DESC NULLS LAST, n_rows DESC, product_code",
    "grams_by_month": "month_on",
    "grams_by_indication": "indication_code IS NULL, grams DESC NULLS LAST, indication_code",
    "grams_by_product": "product_id IS NULL, grams DESC NULLS LAST, product_id",
    "use_by_place": "LIST_POSITION(['site', 'ward', 'care_setting', 'specialty', 'prescriber'], "
    "place_kind), place IS NULL, IF(place_kind IN ('site', 'care_setting'), 0, n_courses) DESC, "
    "site_id, place",
    "indication_step": "is_total, indication_code IS NULL, row_g DESC NULLS LAST, "
    "indication_code, step = 'all', begins_on",
    "product_switch": "LIST_POSITION(['all', 'outcome', 'pair'], part), "
    "LIST_POSITION(['same', 'switch', 'unclear'], outcome), n_patients DESC, n_pairs DESC, "
    "from_product_id NULLS LAST, to_product_id NULLS LAST",
    "route_use": "is_total, LIST_POSITION(['IV', 'SC', 'IM', 'unknown'], route)",
    "weight_class": "is_total, from_kg NULLS LAST",
    "body_mass_class": "is_total, reason IS NOT NULL, reason, from_kg_per_m2",
    "cumulative_dose": "is_total, is_several, indication_code IS NULL, n_patients DESC, "
    "indication_code",
    "admission_use": "step = 'all', begins_on",
    "treatment_duration": "is_total, n_treatments DESC, indication_code, months",
    "patient_flow": "step = 'all', begins_on",
    "age_and_sex": "is_total, age_from_years NULLS LAST",
    "use_share": "top_percent",
    "patient_most": "place",
    "place_funnel": "place_kind DESC, place IS NULL, IF(place_kind = 'site', 0, n_judged) DESC, "
    "IF(place_kind = 'site', 0, n_closed) DESC, place",
    "group_share": "group_kind, group_code IS NULL, LIST_POSITION(['under_18', '18_to_39', "
    "'40_to_64', '65_to_79', '80_and_over', 'F', 'M', 'X'], group_code), "
    "LIST_POSITION(['off', 'judged', 'tests'], measure)",
    "site_number": "site_id IS NULL, site_id",
    "outcome_amount": "place",
    "indication_source": "n_courses DESC, indication_source",
    "off_guideline_by_indication": "set_key, indication_code IS NULL, n_closed DESC, "
    "indication_code",
    "check_kind": "part = 'all', n_breached DESC, n_rules DESC, kind",
    "verdict_by_rule": "is_house, set_id, rule_id",
    "verdict_reason": "status, n_verdicts DESC, rule_id, reason",
    "unrecorded_condition": "set_id, n_verdicts DESC, rule_id, condition, regimen",
    "dose_band": "rule_id, measure, regimen_key",
    "dose_histogram": "rule_key, indication_code, measure, step_g_per_kg",
    "dose_per_kg": "set_id, n_courses DESC, rule_id, indication_code, measure",
    "dose_deviation": "set_id, n_courses DESC, rule_id, indication_code, measure",
    "interval": "n_known DESC, rule_id, indication_code",
    "course_state": "n_courses DESC, state",
    "weight_state": "state",
    "dosing_weight_basis": "set_id, reason IS NOT NULL, n_courses DESC, reason",
    "dose_weight_basis": "weight_basis != 'policy', weight_basis",
    "dose_obese": "LIST_POSITION(['obese', 'other', 'not_adult', 'unknown'], body_mass)",
    "dose_weight_sum": "part, avoidable_g DESC NULLS LAST, rule_id",
    "dose_weight_reason": "state, n_courses DESC, reason",
    "precaution": "set_id, rule_id",
    "live_vaccine": "set_id, rule_id, status, n_vaccinations DESC",
    "premedication": "set_id, rule_id, product_id IS NULL, n_sessions DESC",
    "monitoring": "set_id, rule_id",
    "monitoring_yield": "set_id, rule_id",
    "observation": "set_id, rule_id",
    "trough_level": "set_id, rule_id",
    "trough_dose": "from_g_per_kg",
    "high_dose_follow_up": "blood_group, place",
    "approval_state": "approval_state",
    "review_state": "set_id, rule_id",
    "treatment_practice": "n_treatments DESC, indication_code",
    "lot_by_site": "site_id IS NULL, site_id",
    "lot_by_month": "month_on",
    "lot_problem": "rule_id",
    "expiry": "part, "
    "LIST_POSITION(['expired', 'within_30', 'within_90', 'later', 'unknown'], step)",
    "reported_event": "part != 'all', n_events DESC, name IS NULL, name",
    "reported_event_period": "n_events",
    "event_rate": "ascertainment, event_code IS NOT NULL, n_events DESC, event_code, denominator",
    "reported_event_attribution": "n_events DESC, attribution",
    "reported_event_imputability": "name IS NULL, name, imputability IS NULL, imputability",
    "reported_event_outside": "is_serious DESC NULLS LAST, days_after NULLS LAST, name",
    "reported_event_product": "product_id IS NULL, shared_events DESC, product_id",
    "published_rate": "event_name, place",
    "event_stratum": "ascertainment != 'reported', ascertainment, event_code, sorted_by, "
    "LIST_POSITION(['first', 'later', 'below_0.5', '0.5_to_1', '1_to_2', '2_and_more', 'below_2', "
    "'2_to_4', '4_and_more', 'O', 'A', 'B', 'AB', 'given', 'not_found'], class_code) NULLS LAST",
    "event_onset": "part != 'all', n_events DESC, event_name",
    "event_onset_step": "clock DESC, from_time",
    "event_month": "ascertainment, month_on",
    "serious_gap": "happened_on, gap_days DESC",
    "funnel": "unit_kind, sessions DESC, unit_id",
    "sequence": "unit_kind DESC, unit_id, month_on",
    "comparison": "unit_kind, ascertainment, event_code IS NOT NULL, event_code, place",
    "comparison_prior": "ascertainment, unit_kind",
    "signal_look": "last_on DESC, chance",
    "signal_month": "look_on DESC",
    "unlinked_unit": "n_serious DESC, n_events DESC, product, lot",
    "signal_period": "n_counted",
    "signal_board": "n_never_reported DESC, n_counted DESC, n_flagged DESC, place",
    "signal_guard": "event_name, n_events DESC, guard",
    "signal_definition": "definition_key",
    "signal_pair": "event, first_id, second_id",
    "drift": "analyte",
    "detected_card": "card_number",
    "detected_answer": "detected_event_key, definition_key",
    "reported_card": "card_number",
    "event_moment": "card, on_date NULLS LAST, happened_at NULLS FIRST, lane",
    "finding_count": "is_house, set_id, severity",
    "finding_card": "card_number",
    "worklist_part": "severity",
    "finding_row": "finding_key, role, record, file_name",
    "rule_in_force": "is_house, set_id, rule_id",
    "setting_in_force": "name",
    "patient_pseudonym": "patient_key",
    "pseudonym_key": "fingerprint",
}


def read_report(con: duckdb.DuckDBPyConnection) -> Report:
    """Return every table of the report as a list of rows."""
    return {name: _read(con, name, order) for name, order in ORDER.items()}


def grouped(rows: list[Row], *keys: str) -> dict[Any, list[Row]]:
    """Return the rows by the value of one key, or by the tuple of several."""
    found: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[keys[0]] if len(keys) == 1 else tuple(row[key] for key in keys)].append(row)
    return dict(found)


def _read(con: duckdb.DuckDBPyConnection, name: str, order: str) -> list[Row]:
    # the other columns decide between rows that the reader's order holds equal
    order = ", ".join(part for part in (order.removesuffix(""), "COLUMNS(*)") if part)
    found = con.sql(f"SELECT * FROM report.{name} ORDER BY {order}")
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
