"""Say how far reviewers agree, and turn the patients of the page into pseudonyms."""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipeline import disclosure
from pipeline.config import Settings
from pipeline.statistics.agreement import cohens_kappa
from pipeline.store import insert_rows

REVIEWER_PAIR = {
    "first_reviewer": "VARCHAR",
    "second_reviewer": "VARCHAR",
    "n_both": "INTEGER",
    "n_alike": "INTEGER",
    "kappa": "DECIMAL(6, 3)",
}


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
    key = disclosure.load_key(disclosure.key_path(settings, output_folder(con)))
    per_source = settings.source.patient_ids == "per_source"
    people = con.sql(
        """
        SELECT patient_key, patient_id, source_id
        FROM staged.patient
        WHERE
            patient_key IN (SELECT patient_key FROM report.finding_card)
            OR patient_key IN (SELECT patient_key FROM report.detected_card)
            OR patient_key IN (SELECT patient_key FROM report.reported_card)
            OR patient_key IN (SELECT patient_key FROM report.finding_change)
            OR patient_key IN (SELECT patient_key FROM report.patient_most)
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


def add_prescriber(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Create `temp.prescriber`: one row per prescriber the records name, and source.

    No table of the report has their ids: the places of use are joined to these pseudonyms.
    """
    key = disclosure.load_key(disclosure.key_path(settings, output_folder(con)))
    per_source = settings.source.patient_ids == "per_source"
    named = disclosure.prescriber_pseudonyms(con, key, per_source=per_source)
    con.execute(
        "CREATE TEMP TABLE prescriber AS "
        "SELECT UNNEST($ids::VARCHAR[]) AS prescriber_id, "
        "UNNEST($sources::VARCHAR[]) AS source_id, UNNEST($shown::VARCHAR[]) AS pseudonym",
        {
            "ids": [prescriber_id for prescriber_id, _ in named],
            "sources": [source_id for _, source_id in named],
            "shown": list(named.values()),
        },
    )


def output_folder(con: duckdb.DuckDBPyConnection) -> Path | None:
    """Return the folder the reports go to, or None for a database in memory."""
    found = con.sql("SELECT path FROM duckdb_databases() WHERE path IS NOT NULL").fetchall()
    if not found:
        return None
    folder = Path(found[0][0]).resolve().parent
    # a run is built in a hidden folder of the output folder, beside the finished ones
    return folder.parent if folder.name.startswith(".") else folder
