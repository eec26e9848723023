"""Say what may be said about the period: one `report` table per table of the page.

The only stage that turns a patient into a pseudonym. Render prints nothing else than the
tables made here.
"""

from __future__ import annotations

import duckdb

from pipeline import resources
from pipeline.config import Settings
from pipeline.disclosure.edition import publish_cells
from pipeline.disclosure.kept import editions_of
from pipeline.store import create_table
from pipeline.summarise.duration import add_treatment_duration
from pipeline.summarise.fields import collect_field_count
from pipeline.summarise.over_time import add_over_time, add_published_over_time
from pipeline.summarise.people import (
    add_prescriber,
    add_pseudonym,
    add_reviewer_pair,
    output_folder,
)
from pipeline.summarise.places import add_place_limit
from pipeline.summarise.shares import add_share_interval

COUNTS = (
    "period",
    "first_set",
    "course_profile",
    "profile_outcome",
    "counted_infusion",
    "silence_count",
    "verdict_count",
    "finding_count",
    "use_total",
    "placed_infusion",
    "placed_course",
    "placed_test",
    "judged_course",
    "patient_profile",
    "profile_count",
    "off_guideline_count",
    "profile_grams",
    "coverage_of_grams",
    "time_step",
    "patient_use",
    "use_coverage",
    "treatment_spell",
    "treatment_time",
    "place_count",
    "group_count",
)
CHAPTERS = (
    "headline",
    "previous_run",
    "history_before",
    "finding_change_total",
    "finding_change_count",
    "headline_reading",
    "headline_change",
    "dose_asked",
    "dose_course",
    "set_pair",
    "set_pair_answer",
    "set_pair_rule",
    "file_ledger",
    "file_ledger_total",
    "unused_file",
    "record_ledger",
    "record_ledger_total",
    "opt_out",
    "record_supplied",
    "unreadable_reason",
    "quarantine_reason",
    "field_filled",
    "field_state",
    "set_aside_reason",
    "row_fate",
    "unlisted_code",
    "infusion_ledger",
    "infusion_ledger_total",
    "unresolved_product",
    "unread_indication",
    "grams_by_month",
    "judged_month",
    "grams_by_indication",
    "grams_by_product",
    "use_by_place",
    "place_funnel",
    "group_share",
    "indication_source",
    "indication_step",
    "product_switch",
    "route_use",
    "patient_flow",
    "age_and_sex",
    "use_share",
    "patient_most",
    "weight_class",
    "body_mass_class",
    "cumulative_dose",
    "admission_use",
    "off_guideline_by_indication",
    "outcome_amount",
    "off_guideline_reason",
    "check_kind",
    "verdict_by_rule",
    "verdict_reason",
    "unrecorded_condition",
    "dose_band",
    "course_dose",
    "dose_histogram",
    "dose_per_kg",
    "dose_deviation",
    "interval",
    "course_state",
    "weight_state",
    "dosing_weight_basis",
    "dose_limit",
    "dose_most",
    "dose_weight",
    "dose_weight_basis",
    "dose_obese",
    "dose_weight_sum",
    "dose_weight_reason",
    "ledger_margin",
    "ledger_state",
    "waste_reason",
    "precaution",
    "monitoring",
    "monitoring_yield",
    "observation",
    "trough_level",
    "trough_dose",
    "high_dose_follow_up",
    "live_vaccine",
    "premedication",
    "course_approval",
    "approval_state",
    "review_state",
    "treatment_practice",
    "lot_count",
    "site_number",
    "lot_by_site",
    "lot_by_month",
    "lot_by_site_month",
    "lot_problem",
    "expiry",
    "counted_event",
    "reported_event",
    "reported_event_attribution",
    "reported_event_imputability",
    "reported_event_outside",
    "reported_event_product",
    "reported_event_period",
    "event_named",
    "event_rate",
    "published_rate",
    "event_stratum",
    "event_onset",
    "event_onset_step",
    "event_month",
    "serious_gap",
    "funnel",
    "sequence",
    "comparison",
    "comparison_prior",
    "signal_look",
    "signal_month",
    "unlinked_unit",
    "signal_period",
    "signal_board",
    "signal_guard",
    "signal_definition",
    "signal_pair",
    "drift",
    "guideline_in_force",
    "rule_in_force",
    "setting_in_force",
)
CARDS = (
    "finding_card",
    "finding_row",
    "finding_change",
    "decision",
    "finding_decision",
    "decision_count",
    "decision_reason",
    "decision_total",
    "headline_reviewed",
    "worklist_part",
    "detected_card",
    "detected_answer",
    "reported_card",
    "reported_evidence",
    "event_moment",
    "swim_lane",
    "action_list",
)

VIEWS = ("judged_course", "dose_limit")
WORKING = (
    "first_set",
    "counted_infusion",
    "placed_infusion",
    "placed_course",
    "placed_test",
    "place_count",
    "group_count",
    "profile_grams",
    "course_approval",
    "patient_profile",
    "profile_count",
    "headline_reading",
    "silence_count",
    "verdict_count",
    "time_step",
    "patient_use",
    "use_coverage",
    "treatment_spell",
    "treatment_time",
    "course_dose",
    "dose_asked",
    "dose_course",
    "dose_limit",
    "dose_most",
    "lot_count",
    "counted_event",
    "event_named",
    "reported_evidence",
    "quarantined_row",
    "field_count",
    "worklist_limit",
    "prescriber",
)


def summarise(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Create every `report` table from the judged records.

    Raises:
        ConfigError: the key of the pseudonyms cannot be used.
        DisclosureError: what the committee edition hides could be worked out.
    """
    add_prescriber(con, settings)
    _create(con, COUNTS)
    add_share_interval(con)
    add_place_limit(con)
    collect_quarantined_row(con)
    collect_field_count(con)
    _create(con, CHAPTERS)
    add_over_time(con, settings)
    add_treatment_duration(con)
    con.execute(
        "CREATE TEMP TABLE worklist_limit AS SELECT CAST($limit AS INTEGER) AS max_cards",
        {"limit": settings.run.max_worklist},
    )
    _create(con, CARDS)
    add_reviewer_pair(con, settings.policy.kappa_min_findings)
    add_pseudonym(con, settings)
    if not {"committee", "internal"}.isdisjoint(settings.run.edition):
        is_internal = "internal" in settings.run.edition
        publish_cells(con, editions_of(output_folder(con)), is_internal=is_internal)
        cells = ["published_cell", "internal_cell"] if is_internal else ["published_cell"]
        add_published_over_time(con, settings, cells)
    for name in WORKING:
        con.execute(f"DROP {_kind(name)} temp.{name}")


def collect_quarantined_row(con: duckdb.DuckDBPyConnection) -> None:
    """Create `temp.quarantined_row`: one row per quarantined record and failed check."""
    con.execute(
        """
        CREATE TEMP TABLE quarantined_row (
            record VARCHAR, column_name VARCHAR, check_name VARCHAR
        )
        """
    )
    kinds = con.sql(
        """
        SELECT t.table_name
        FROM duckdb_tables() AS t
        INNER JOIN audit.record_ledger AS l ON t.table_name = l.record
        WHERE t.schema_name = 'quarantine'
        ORDER BY t.table_name
        """
    ).fetchall()
    for (kind,) in kinds:
        con.execute(
            f"""
            INSERT INTO quarantined_row
            SELECT '{kind}', column_name, check_name FROM quarantine.{kind}
            """
        )


def _create(con: duckdb.DuckDBPyConnection, names: tuple[str, ...]) -> None:
    for name in names:
        select = resources.sql(f"summary/{name}.sql")
        if name in WORKING:
            con.execute(f"CREATE TEMP {_kind(name)} {name} AS {select}")
        elif name in VIEWS:
            con.execute(f"CREATE VIEW report.{name} AS {select}")
        else:
            create_table(con, f"report.{name}", select)


def _kind(name: str) -> str:
    return "VIEW" if name in VIEWS else "TABLE"
