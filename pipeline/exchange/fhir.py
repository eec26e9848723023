"""Write findings and what each rule said as FHIR R4, one NDJSON file per type of resource."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

import duckdb

from pipeline import resources
from pipeline.exchange.asked import Row, rows_of
from pipeline.exchange.target import write_lines, written
from schemas.verdict import CAP_WORDS, Cap

SEVERITY: Final = {"off_guideline": "high", "review": "moderate", "advisory": "low"}
"""Our severity ranks how firmly a rule is broken, FHIR's the harm: the same order, no more."""
STATUS: Final = {
    "confirmed": "final",
    "justified": "final",
    "record_error": "entered-in-error",
    "rule_error": "entered-in-error",
}
"""What a reviewer's decision makes of a finding; without one it is preliminary."""
RESOURCE: Final = {"infusion": "MedicationAdministration", "dispensing": "MedicationDispense"}
POPULATION: Final = {
    "initial-population": ("n_asked", "the rule applies to the subject"),
    "denominator": ("n_assessable", "the records say whether the rule was met or breached"),
    "numerator": ("n_met", "the rule was met"),
}


def write_fhir(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write DetectedIssue, Measure and MeasureReport; temp.person and temp.naming are there."""
    (day,) = rows_of(con, "SELECT as_of, from_on, to_on FROM report.period")
    rules = list(rows_of(con, resources.sql("exchange/measure.sql")))
    groups = _groups(con)
    for name, found in (
        ("DetectedIssue", _issues(con, day["as_of"])),
        ("Measure", (_measure(rule, groups[rule["rule_id"]], day["as_of"]) for rule in rules)),
        ("MeasureReport", (_report(rule, groups[rule["rule_id"]], day) for rule in rules)),
    ):
        write_lines(folder / f"{name}.ndjson", (_line(resource) for resource in found))


def uri(*parts: str) -> str:
    """Return a name of our own for a code system, an extension or a measure."""
    return ":".join(("urn:ivig-audit", *parts))


def _issues(con: duckdb.DuckDBPyConnection, as_of: date) -> Iterator[Row]:
    ((is_by_id,),) = con.sql("SELECT is_by_id FROM temp.naming").fetchall()
    names = "id" if is_by_id else "pseudonym"
    for row in rows_of(con, resources.sql("exchange/finding.sql")):
        yield _issue(row, as_of, names)


def _issue(row: Row, as_of: date, names: str) -> Row:
    parts = row["parts"] or []
    given = [part for part in parts if part["part"] == "given" and part["record"] in RESOURCE]
    return {
        "resourceType": "DetectedIssue",
        "id": row["finding_key"],
        "extension": [
            _extension("severity", row["severity"]),
            _extension("decision", row["decision"]),
        ],
        "identifier": [{"system": uri("finding"), "value": row["finding_key"]}],
        "status": STATUS.get(row["decision"], "preliminary"),
        "code": {
            "coding": [
                {"system": uri("kind"), "code": row["kind"]},
                {"system": uri("rule"), "code": row["rule_id"]},
            ],
            "text": f"{row['rule_id']} of {row['set_id']}, {row['subject_kind']}",
        },
        "severity": SEVERITY[row["severity"]],
        "patient": {
            "type": "Patient",
            "identifier": {
                "system": uri(f"patient-{names}"),
                "value": row["person"],
                "assigner": {"display": row["person_source"]} if row["person_source"] else None,
            },
        },
        "identifiedDateTime": as_of.isoformat(),
        "implicated": [named for part in given for named in _references(part, names)],
        "evidence": [_evidence(part, names) for part in parts],
        "detail": _detail(row),
        "reference": row["source_url"],
    }


def _extension(name: str, code: str | None) -> Row | None:
    return {"url": uri(name), "valueCode": code} if code else None


def _references(part: Row, names: str) -> list[Row]:
    record = part["record"]
    return [
        {
            "type": RESOURCE[record],
            "identifier": {"system": uri(f"{record}-{names}"), "value": name},
        }
        for name in part["record_names"]
        if record in RESOURCE and name
    ]


def _evidence(part: Row, names: str) -> Row:
    text = f"{part['part']}: {part['n_records']} of {part['record']}"
    return {"code": [{"text": text}], "detail": _references(part, names)}


def _detail(row: Row) -> str:
    """Return the rule, its arithmetic and what the severity means, for whoever reads the issue."""
    lines = [row["statement"], *(row["arithmetic"] or "").splitlines()]
    if row["cap"]:
        lines.append(f"Weighs less than its rule: {CAP_WORDS[Cap(row['cap'])]}.")
    lines.append(
        f"Severity {row['severity']}: how firmly the rule was broken, not a danger to the patient."
    )
    return "\n".join(line for line in lines if line)


def _groups(con: duckdb.DuckDBPyConnection) -> dict[str, list[Row]]:
    """Return per rule one row per kind of subject, with why how many could not be judged."""
    reasons: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows_of(con, resources.sql("exchange/unassessed.sql")):
        reasons[row["rule_id"], row["subject_kind"]].append(row)
    groups: dict[str, list[Row]] = defaultdict(lambda: [NOBODY])
    for row in rows_of(con, resources.sql("exchange/population.sql")):
        known = groups.setdefault(row["rule_id"], [])
        known.append(row | {"reasons": reasons[row["rule_id"], row["subject_kind"]]})
    return groups


NOBODY: Final[Row] = {
    "subject_kind": None,
    "n_asked": 0,
    "n_assessable": 0,
    "n_met": 0,
    "reasons": [],
}
"""The only group of a rule that was asked of nobody."""


def _measure(rule: Row, groups: list[Row], as_of: date) -> Row:
    cited = ", ".join(text for text in (rule["source_title"], rule["source_locator"]) if text)
    return {
        "resourceType": "Measure",
        "id": rule["rule_id"],
        "url": uri("measure", rule["rule_id"]),
        "identifier": [{"system": uri("rule"), "value": rule["rule_id"]}],
        "version": rule["version"],
        "title": f"{rule['rule_id']} of {rule['set_title']}",
        "status": _standing(rule, as_of),
        "publisher": rule["publisher"],
        "description": rule["statement"],
        "effectivePeriod": _period(rule["valid_from"], rule["valid_to"]),
        "topic": [
            {
                "coding": [
                    {"system": uri("set"), "code": rule["set_id"]},
                    {"system": uri("kind"), "code": rule["kind"]},
                ]
            }
        ],
        "relatedArtifact": [{"type": "citation", "citation": cited, "url": rule["source_url"]}],
        "scoring": _coded("measure-scoring", "proportion"),
        "rationale": rule["why"],
        "improvementNotation": _coded("measure-improvement-notation", "increase"),
        "group": [_asked(group) for group in groups],
    }


def _standing(rule: Row, as_of: date) -> str:
    """Return the status of a measure: what nobody has read in a source is a draft."""
    if rule["valid_to"] is not None and rule["valid_to"] < as_of:
        return "retired"
    return "draft" if rule["status"] == "unverified" else "active"


def _asked(group: Row) -> Row:
    return {
        "code": _kind(group),
        "population": [
            {
                "code": _coded("measure-population", code),
                "criteria": {"language": "text/plain", "expression": says},
            }
            for code, (_, says) in POPULATION.items()
        ],
        "stratifier": [
            {
                "code": {"coding": [{"system": uri("not-assessable"), "code": "reason"}]},
                "description": "Why the rule could not be judged; each subject under one reason.",
            }
        ],
    }


def _report(rule: Row, groups: list[Row], day: Row) -> Row:
    return {
        "resourceType": "MeasureReport",
        "id": f"{rule['rule_id']}-{day['as_of']}",
        "status": "complete",
        "type": "summary",
        "measure": uri("measure", rule["rule_id"]),
        "date": day["as_of"].isoformat(),
        "period": _period(day["from_on"], day["to_on"]),
        "improvementNotation": _coded("measure-improvement-notation", "increase"),
        "group": [_counted(group) for group in groups],
    }


def _counted(group: Row) -> Row:
    return {
        "code": _kind(group),
        "population": [
            {"code": _coded("measure-population", code), "count": group[column]}
            for code, (column, _) in POPULATION.items()
        ],
        "measureScore": _score(group),
        "stratifier": [_reasons(group["reasons"])] if group["reasons"] else None,
    }


def _score(group: Row) -> Row | None:
    """Return the share that met the rule; without anybody judged there is none."""
    if not group["n_assessable"]:
        return None
    return {"value": round(group["n_met"] / group["n_assessable"], 6)}


def _reasons(reasons: list[Row]) -> Row:
    return {
        "code": [{"coding": [{"system": uri("not-assessable"), "code": "reason"}]}],
        "stratum": [
            {
                "value": {"coding": [{"system": uri("reason"), "code": row["reason"]}]},
                "population": [
                    {
                        "code": _coded("measure-population", "initial-population"),
                        "count": row["n_subjects"],
                    }
                ],
            }
            for row in reasons
        ],
    }


def _kind(group: Row) -> Row | None:
    if group["subject_kind"] is None:
        return None
    return {"coding": [{"system": uri("subject-kind"), "code": group["subject_kind"]}]}


def _coded(system: str, code: str) -> Row:
    place = f"http://terminology.hl7.org/CodeSystem/{system}"
    return {"coding": [{"system": place, "code": code}]}


def _period(start: date | None, end: date | None) -> Row | None:
    """Return the days in between; a start after the end is left out, for FHIR allows none."""
    if start is not None and end is not None and start > end:
        start = None
    found = {"start": start, "end": end}
    return {name: day.isoformat() for name, day in found.items() if day is not None} or None


def _line(resource: Row) -> str:
    """Return one line of NDJSON, ASCII, so that no sign of a record can end it early."""
    return json.dumps(_filled(resource))


def _filled(value: Any) -> Any:
    """Return the value without what is empty: FHIR knows no null and no empty list or text."""
    if isinstance(value, dict):
        kept = {name: _filled(part) for name, part in value.items()}
        return {name: part for name, part in kept.items() if part not in (None, "", [], {})}
    if isinstance(value, list):
        return [part for part in map(_filled, value) if part not in (None, "", [], {})]
    return written(value) if isinstance(value, str) else value
