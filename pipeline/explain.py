"""Tell everything behind one finding: rule, source, verdict, arithmetic and the rows.

The text holds values of records; only the command that prints it may show it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import duckdb

from pipeline.errors import InputError
from pipeline.store import open_answering
from schemas.verdict import CAP_WORDS, Cap

Fields = dict[str, Any]


MAIN_FIELDS: Final = {
    "infusion": "infusion_id started_on started_at ended_at product_code dose_g volume_ml status "
    "indication_code phase weight_kg weight_basis",
    "dispensing": "dispensing_id dispensed_on product_code dose_g",
    "body_measurement": "measured_on weight_kg height_cm",
    "diagnosis": "code_system code recorded_on onset_on",
    "authorisation": "authorisation_id decision indication_code phase valid_from valid_to",
    "medication": "code_system code started_on ended_on",
    "patient": "birth_date birth_year sex is_iga_deficient has_anti_iga",
    "clinical_event": "event_code occurred_on",
    "vaccination": "vaccine_code given_on",
}
"""What a reader needs of a row; of any other record every filled column is shown."""


def explain_finding(database: Path, finding_key: str) -> str:
    """Return the explanation of one finding of a finished run.

    Raises:
        InputError: the run has no finding with this key, or is of another version.
    """
    con = open_answering(database)
    try:
        return explain(con, finding_key)
    finally:
        con.close()


def explain(con: duckdb.DuckDBPyConnection, finding_key: str) -> str:
    """Return the explanation of one finding from an open database."""
    found = _fetch(
        con, "SELECT * FROM audit.finding_explained WHERE finding_key = $key", {"key": finding_key}
    )
    if not found:
        raise InputError("this run has no finding with that key. See findings.csv of the run.")
    finding = found[0]
    parts = [
        _heading(finding),
        _rule(finding),
        _verdict(finding),
        _weight(finding),
        _section("Arithmetic", str(finding["arithmetic"]).splitlines()),
        _section("Rows", _rows(con, finding_key)),
    ]
    return "\n".join(part for part in parts if part)


def _fetch(con: duckdb.DuckDBPyConnection, query: str, params: Fields) -> list[Fields]:
    found = con.sql(query, params=params)
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def _heading(finding: Fields) -> str:
    course = f"{finding['started_on']} to {finding['last_on']}"
    return "\n".join(
        (
            f"Finding {finding['finding_key']} (facts {finding['facts_digest']})",
            f"  {finding['subject_kind']} {finding['subject_id']}, course of {course}",
            f"  indication: {_sourced(finding, 'indication_code', 'indication_source')}",
            f"  phase: {_sourced(finding, 'phase', 'phase_source')}",
        )
    )


def _sourced(finding: Fields, name: str, source: str) -> str:
    if finding[name] is None:
        return f"unknown ({finding[source]})" if finding[source] else "unknown"
    return f"{finding[name]} ({finding[source]})"


def _rule(finding: Fields) -> str:
    source = ", ".join(
        str(finding[name])
        for name in ("source_title", "source_locator", "source_url")
        if finding[name]
    )
    nature = [word for word in ("titrated", "typical") if finding[f"is_{word}"]]
    return _section(
        "Rule",
        [
            f"{finding['rule_id']} of {finding['set_id']} ({finding['authority']})",
            str(finding["statement"]),
            *_condition(finding),
            f"why: {finding['why']}",
            f"source: {source}",
            f"status: {', '.join((str(finding['rule_status']), *nature))}",
        ],
    )


def _condition(finding: Fields) -> list[str]:
    if finding["condition"] is None:
        return []
    return [f"only if: {finding['condition']} (the records do not hold this)"]


def _verdict(finding: Fields) -> str:
    lines = [f"breached, {finding['severity']}"]
    if finding["cap"]:
        words = CAP_WORDS[Cap(finding["cap"])]
        lines.append(f"the rule says {finding['rule_severity']}, capped: {words}")
    if finding["reason"]:
        lines.append(f"reason: {finding['reason']}")
    lines.append(f"clause: {finding['clause']}")
    if finding["regimen"]:
        lines.append(f"nearest regimen: {finding['regimen']}")
    return _section("Verdict", lines)


def _weight(finding: Fields) -> str:
    if finding["weight_kg"] is None or finding["weight_basis"] is None:
        return ""
    lines = [
        f"{finding['weight_kg']} kg, {finding['weight_basis']}, policy {finding['weight_policy']}",
        f"{finding['weight_record']} of {finding['measured_on']}, {finding['age_days']} days old",
    ]
    if finding["literal_kg"] != finding["weight_kg"]:
        literal = f"{finding['literal_kg']:.2f} kg"
        lines.append(f"the formula alone gives {literal}, above the actual weight")
    return _section("Weight", lines)


def _section(title: str, lines: list[str]) -> str:
    return "\n".join((title, *(f"  {line}" for line in lines))) if lines else ""


def _rows(con: duckdb.DuckDBPyConnection, finding_key: str) -> list[str]:
    """Return one line per record behind the finding, in the order of roles and files."""
    records = con.sql(
        "SELECT DISTINCT record FROM audit.evidence WHERE finding_key = $key ORDER BY record",
        params={"key": finding_key},
    ).fetchall()
    return [line for (record,) in records for line in _rows_of(con, finding_key, str(record))]


def _rows_of(con: duckdb.DuckDBPyConnection, finding_key: str, record: str) -> list[str]:
    rows = _fetch(
        con,
        f"""
        SELECT e.role, f.file_name, s.*
        FROM audit.evidence AS e
        INNER JOIN staged.{record} AS s ON e.record_key = s.{record}_key
        LEFT JOIN audit.input_file AS f ON s.source_file = f.file_id
        WHERE e.finding_key = $key AND e.record = $record
        ORDER BY e.role, f.file_name, s.source_row
        """,
        {"key": finding_key, "record": record},
    )
    return [_row(record, row) for row in rows]


def _row(record: str, row: Fields) -> str:
    names = MAIN_FIELDS[record].split() if record in MAIN_FIELDS else list(row)
    shown = [f"{name}={row[name]}" for name in names if row.get(name) is not None]
    place = f"{row['file_name']} record {row['source_row']}"
    return f"{row['role']}: {record}, {place}: {' '.join(shown)}"
