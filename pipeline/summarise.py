"""Say what may be said about the period: one `report` table per table of the page.

The only stage that turns a patient into a pseudonym. Render prints nothing else than the
tables made here.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
from scipy.special import betaincinv

from pipeline import disclosure, resources
from pipeline.config import Settings
from pipeline.disclosure.edition import publish_cells
from pipeline.disclosure.kept import editions_of
from pipeline.statistics.agreement import cohens_kappa
from pipeline.store import create_table, insert_rows

COUNTS = (
    "period",
    "first_set",
    "counted_infusion",
    "silence_count",
    "verdict_count",
    "finding_count",
    "use_total",
    "course_profile",
    "profile_outcome",
    "judged_course",
    "patient_profile",
    "profile_count",
    "off_guideline_count",
    "coverage_of_grams",
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
    "record_ledger",
    "record_ledger_total",
    "record_supplied",
    "unreadable_reason",
    "quarantine_reason",
    "set_aside_reason",
    "row_fate",
    "unlisted_code",
    "infusion_ledger",
    "infusion_ledger_total",
    "unresolved_product",
    "unread_indication",
    "grams_by_month",
    "grams_by_indication",
    "grams_by_product",
    "indication_source",
    "off_guideline_by_indication",
    "verdict_by_rule",
    "verdict_reason",
    "unrecorded_condition",
    "dose_band",
    "course_dose",
    "dose_histogram",
    "dose_per_kg",
    "interval",
    "course_state",
    "weight_state",
    "dosing_weight_basis",
    "dose_limit",
    "dose_most",
    "dose_weight",
    "dose_weight_basis",
    "dose_weight_sum",
    "dose_weight_reason",
    "ledger_margin",
    "ledger_state",
    "precaution",
    "monitoring",
    "monitoring_yield",
    "observation",
    "trough_level",
    "trough_dose",
    "high_dose_follow_up",
    "live_vaccine",
    "premedication",
    "approval_state",
    "review_state",
    "treatment_practice",
    "lot_count",
    "lot_by_site",
    "lot_by_month",
    "lot_by_site_month",
    "lot_problem",
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
    "decision_total",
    "headline_reviewed",
    "worklist_part",
    "detected_card",
    "detected_answer",
    "detected_moment",
)

VIEWS = ("judged_course", "dose_limit")
WORKING = (
    "first_set",
    "counted_infusion",
    "patient_profile",
    "profile_count",
    "headline_reading",
    "silence_count",
    "verdict_count",
    "course_dose",
    "dose_asked",
    "dose_course",
    "dose_limit",
    "dose_most",
    "lot_count",
    "counted_event",
    "event_named",
    "quarantined_row",
    "worklist_limit",
)

CONFIDENCE = 0.95

REVIEWER_PAIR = {
    "first_reviewer": "VARCHAR",
    "second_reviewer": "VARCHAR",
    "n_both": "INTEGER",
    "n_alike": "INTEGER",
    "kappa": "DECIMAL(6, 3)",
}


def summarise(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Create every `report` table from the judged records.

    Raises:
        ConfigError: the key of the pseudonyms cannot be used.
        DisclosureError: what the committee edition hides could be worked out.
    """
    _create(con, COUNTS)
    add_share_interval(con)
    collect_quarantined_row(con)
    _create(con, CHAPTERS)
    con.execute(
        "CREATE TEMP TABLE worklist_limit AS SELECT CAST($limit AS INTEGER) AS max_cards",
        {"limit": settings.run.max_worklist},
    )
    _create(con, CARDS)
    add_reviewer_pair(con, settings.policy.kappa_min_findings)
    add_pseudonym(con, settings)
    if not {"committee", "internal"}.isdisjoint(settings.run.edition):
        publish_cells(
            con, editions_of(_output_folder(con)), is_internal="internal" in settings.run.edition
        )
    for name in WORKING:
        con.execute(f"DROP {_kind(name)} temp.{name}")


def clopper_pearson(n_with: int, n_of: int) -> tuple[float, float]:
    """Return the exact 95 % interval of a share.

    Source: Clopper and Pearson, Biometrika 1934;26:404-413.
    """
    tail = (1 - CONFIDENCE) / 2
    low = float(betaincinv(n_with, n_of - n_with + 1, tail)) if n_with else 0.0
    high = float(betaincinv(n_with + 1, n_of - n_with, 1 - tail)) if n_with < n_of else 1.0
    return round(low, 6), round(high, 6)


def add_share_interval(con: duckdb.DuckDBPyConnection) -> None:
    """Create `report.share_interval`: one row per pair of patient counts a share is made of."""
    con.execute(
        """
        CREATE TABLE report.share_interval (
            n_with BIGINT, n_of BIGINT, low DECIMAL(9, 6), high DECIMAL(9, 6)
        )
        """
    )
    pairs = con.sql(
        """
        SELECT DISTINCT n_patients_off, n_patients_judged
        FROM report.off_guideline_count
        WHERE n_patients_judged > 0
        ORDER BY ALL
        """
    ).fetchall()
    for n_with, n_of in pairs:
        low, high = clopper_pearson(n_with, n_of)
        con.execute(
            "INSERT INTO report.share_interval VALUES ($n_with, $n_of, $low, $high)",
            {"n_with": n_with, "n_of": n_of, "low": low, "high": high},
        )


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


def add_reviewer_pair(con: duckdb.DuckDBPyConnection, least: int = 2) -> None:
    """Create `report.reviewer_pair`: one row per two reviewers who decided on the same facts.

    Kappa is told of so many findings at the least: of few it says next to nothing.
    """
    found = con.sql(
        """
        SELECT a.reviewer, b.reviewer, a.decision, b.decision
        FROM report.decision AS a
        INNER JOIN report.decision AS b
            ON a.finding_key = b.finding_key AND a.facts_digest = b.facts_digest
        WHERE a.reviewer < b.reviewer
        ORDER BY ALL
        """
    ).fetchall()
    pairs: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for first, second, one, other in found:
        pairs.setdefault((first, second), []).append((one, other))
    rows = [
        (*names, len(said), sum(one == other for one, other in said), _kappa(said, least))
        for names, said in pairs.items()
    ]
    insert_rows(con, "report.reviewer_pair", REVIEWER_PAIR, rows)


def _kappa(said: list[tuple[str, str]], least: int) -> float | None:
    """Return kappa; None of fewer findings than the least, a single one always."""
    kappa = cohens_kappa(said) if len(said) >= max(2, least) else None
    return None if kappa is None else round(kappa, 3)


def add_pseudonym(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Create `report.patient_pseudonym`: one row per patient on the page; and name the key."""
    key = disclosure.load_key(disclosure.key_path(settings, _output_folder(con)))
    per_source = settings.source.patient_ids == "per_source"
    people = con.sql(
        """
        SELECT patient_key, patient_id, source_id
        FROM staged.patient
        WHERE
            patient_key IN (SELECT patient_key FROM report.finding_card)
            OR patient_key IN (SELECT patient_key FROM report.detected_card)
            OR patient_key IN (SELECT patient_key FROM report.finding_change)
        ORDER BY patient_key
        """
    ).fetchall()
    identities = {
        patient_key: disclosure.identity(patient_id, source_id, per_source=per_source)
        for patient_key, patient_id, source_id in people
    }
    shown = disclosure.pseudonyms(key, identities.values())
    con.execute(
        "CREATE TABLE report.patient_pseudonym AS "
        "SELECT UNNEST($keys::INTEGER[]) AS patient_key, UNNEST($shown::VARCHAR[]) AS pseudonym",
        {"keys": list(identities), "shown": [shown[value] for value in identities.values()]},
    )
    con.execute(
        "CREATE TABLE report.pseudonym_key AS SELECT $fingerprint AS fingerprint",
        {"fingerprint": disclosure.key_fingerprint(key)},
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


def _output_folder(con: duckdb.DuckDBPyConnection) -> Path | None:
    """Return the folder the reports go to, or None for a database in memory."""
    found = con.sql("SELECT path FROM duckdb_databases() WHERE path IS NOT NULL").fetchall()
    if not found:
        return None
    folder = Path(found[0][0]).resolve().parent
    # a run is built in a hidden folder of the output folder, beside the finished ones
    return folder.parent if folder.name.startswith(".") else folder
