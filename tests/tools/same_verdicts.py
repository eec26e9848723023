"""Say whether two audits of the same records, written in two formats, give the same verdicts.

A test writes the same records twice, judges both and names what the second format cannot carry:

    ours = judged(csv_folder)
    theirs = judged(fhir_folder, format="fhir-r4")
    assert faults(ours, theirs, losses=frozenset({("precaution", "table_not_supplied")})) == []

A loss is a kind of check and the reason its verdicts give instead, which must be `not_assessable`.
A loss that no verdict shows is a fault too: what a format now carries is taken off.
Keys differ from run to run, so a subject is named by its patient, its day and, when the format
keeps them, the ids of its record. No value of a record stands in what is returned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from pipeline import disclosure, guidelines
from pipeline.check import check
from pipeline.config import load_settings
from pipeline.derive import derive
from pipeline.detect import detect
from pipeline.ingest import ingest
from pipeline.run.audit import date_the_run
from pipeline.store import forget_raw, open_store
from pipeline.validate import validate

Losses = frozenset[tuple[str, str]]
Subject = tuple[str, ...]
Said = tuple[object, ...]
Verdicts = dict[Subject, list[Said]]

# What a verdict says, beside the rule and the subject it is about. Status and reason come first.
_SAID = """
    v.status, v.reason, v.severity, v.cap, v.is_countable, v.clause, v.observed, v.limit_low,
    v.limit_high, v.tolerance, v.unit, v.miss, v.weight_basis
"""
# By kind of subject: the table that holds it, its key, its day and the id of its record.
_SUBJECTS = {
    "course": ("derived.course", "course_key", "started_on", "NULL"),
    "session": ("derived.session", "session_key", "started_on", "NULL"),
    "infusion": ("staged.infusion", "infusion_key", "started_on", "infusion_id"),
    "dispensing": ("staged.dispensing", "dispensing_key", "dispensed_on", "dispensing_id"),
    "authorisation": (
        "staged.authorisation", "authorisation_key", "requested_on", "authorisation_id",
    ),
    "vaccination": ("staged.vaccination", "vaccination_key", "given_on", "vaccine_code"),
    "outcome_review": ("staged.outcome_review", "outcome_review_key", "reviewed_on", "NULL"),
    "patient": ("staged.patient", "patient_key", "NULL", "NULL"),
}  # fmt: skip


def judged(source: Path, *, format: str | None = None, **options: Any) -> duckdb.DuckDBPyConnection:  # noqa: A002
    """Audit a folder up to its verdicts and signals, in memory, and return the database.

    Args:
        source: the folder with the records, and its `audit.toml` if it has one.
        format: as `--format`.
        options: what the command line may say, such as `guidelines=("nhse-2021",)`.
    """
    con = open_store()
    settings = load_settings(source, format=format, overrides=options)
    ingest(con, settings)
    validate(con, settings)
    forget_raw(con)
    settings = date_the_run(con, settings)
    disclosure.salt_findings(con, bytes(32))
    guidelines.load(con, settings)
    for stage in (derive, check, detect):
        stage(con, settings)
    return con


def verdicts(
    con: duckdb.DuckDBPyConnection,
    *,
    has_ids: bool = True,
    patient_of: Callable[[str], str] = str,
) -> Verdicts:
    """Return what is said of each rule and subject, in an order that is the same for both audits.

    Args:
        con: the database of an audit.
        has_ids: name infusions, dispensings, requests and vaccines by their record, too.
        patient_of: the id a patient has in the other format, where ids could not be kept.
    """
    found: Verdicts = {}
    for kind, (table, key, day, named) in _SUBJECTS.items():
        query = f"""
            SELECT v.kind, r.rule_id, v.subject_kind, p.patient_id, s.{day}, s.{named}, {_SAID}
            FROM audit.verdict AS v
            LEFT JOIN guideline.rule AS r USING (rule_key)
            INNER JOIN staged.patient AS p USING (patient_key)
            INNER JOIN {table} AS s ON v.subject_key = s.{key}
            WHERE v.subject_kind = '{kind}'
            ORDER BY ALL
        """
        for row in con.sql(query.replace("s.NULL", "NULL")).fetchall():
            check_kind, rule, of, patient, on, own, *said = row
            # of a course without an indication no rule speaks, but its set does
            name = (check_kind, str(rule), of, patient_of(patient), str(on), str(own) * has_ids)
            found.setdefault(name, []).append(tuple(said))
    return found


def faults(
    ours: duckdb.DuckDBPyConnection,
    theirs: duckdb.DuckDBPyConnection,
    *,
    losses: Losses = frozenset(),
    unjudged: frozenset[str] = frozenset(),
    has_ids: bool = True,
    patient_of: Callable[[str], str] = str,
) -> list[str]:
    """Return one line per way in which the second audit differs without being allowed to.

    Args:
        ours: the audit of the full records.
        theirs: the audit of the same records in a format.
        losses: kind of check and reason of verdicts that may have become not assessable.
        unjudged: kinds of check that may have fewer subjects, for the format has none of them.
        has_ids: whether the ids of records were kept.
        patient_of: from the patient's id in the format to the one in `ours`.
    """
    full = verdicts(ours, has_ids=has_ids)
    other = verdicts(theirs, has_ids=has_ids, patient_of=patient_of)
    told = Counter(_compared(full, other, unjudged))
    lost = {(kind, reason) for what, kind, reason, _ in told if what == "lost"}
    lines = [
        f"{n} of {kind}: {reason} ({rule})"
        for (what, kind, reason, rule), n in sorted(told.items())
        if what == "other" or (what == "lost" and (kind, reason) not in losses)
    ]
    return lines + [f"no {kind} is lost as {why}" for kind, why in sorted(losses - lost)]


def changes(
    ours: duckdb.DuckDBPyConnection, theirs: duckdb.DuckDBPyConnection, **options: Any
) -> Mapping[tuple[str, str, str, str], int]:
    """Count what became of verdicts: same, lost or other, with kind, reason and rule."""
    full = verdicts(ours, has_ids=options.get("has_ids", True))
    return Counter(_compared(full, verdicts(theirs, **options), frozenset()))


def _compared(
    full: Verdicts, other: Verdicts, unjudged: frozenset[str]
) -> Iterator[tuple[str, str, str, str]]:
    """Yield for each verdict: same, lost or other, its kind, what changed and its rule."""
    for name in sorted(full.keys() | other.keys()):
        kind, rule = name[:2]
        before, after = full.get(name, []), other.get(name, [])
        if before == after:
            yield "same", kind, "", rule
        elif not after and kind in unjudged:
            yield "unjudged", kind, "", rule
        elif len(before) != len(after):
            yield "other", kind, f"{len(before)} verdicts became {len(after)}", rule
        else:
            yield from _pairs(before, after, kind, rule)


def _pairs(
    before: list[Said], after: list[Said], kind: str, rule: str
) -> Iterator[tuple[str, str, str, str]]:
    for old, new in zip(before, after, strict=True):
        if old == new:
            yield "same", kind, "", rule
        elif new[0] == "not_assessable" and old[:2] != new[:2]:
            yield "lost", kind, str(new[1]), rule
        else:
            yield "other", kind, f"{old[0]} ({old[1]}) became {new[0]} ({new[1]})", rule
