"""A ward with rules of its own, and records drawn as rows: taken through the real stages.

The rules are read once; every examination validates, derives and checks anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
from ward import HEAD, write_set

from pipeline import guidelines
from pipeline.check import check
from pipeline.config import Options, Policy, Settings
from pipeline.derive import derive
from pipeline.rehearse import supply
from pipeline.store import open_store
from pipeline.validate import validate
from schemas.record import contract

Row = dict[str, Any]
Verdicts = dict[tuple[str, str], Row]

AS_OF: Final = date(2025, 12, 31)
SINCE: Final = date(2020, 1, 1)
COVERED: Final = (
    "infusion", "dispensing", "authorisation", "outcome_review", "body_measurement",
    "clinical_event",
)  # fmt: skip
_RULE = """
[[rule]]
id = "{id}"
kind = "{kind}"
indications = ["{indication}"]
severity = "{severity}"
statement = "What the ward says."
why = "The ward says why."
status = "transcribed"
source = {{ title = "Our protocol" }}
{keys}
"""


def rule(rule_id: str, kind: str, keys: str, *, indication: str = "cidp") -> str:
    """Return one rule of the ward as TOML; `keys` are those of its kind."""
    severity = "off_guideline" if kind == "authorisation" else "review"
    return _RULE.format(id=rule_id, kind=kind, keys=keys, indication=indication, severity=severity)


class Ward:
    """A store with the ward's rules loaded, in which records are examined again and again."""

    def __init__(self, folder: Path, *rules: str, head: str = HEAD, **policy: Any) -> None:
        """Write the rules as a set of the ward's own and load them."""
        own = write_set(folder, head, rules="\n".join(rules))
        run = Options(
            guidelines=("ward-seven",),
            guideline_folder=own,
            as_of=AS_OF,
            max_quarantine=Decimal(1),
        )
        self.settings = Settings(run=run, policy=Policy(**policy))
        self.con: duckdb.DuckDBPyConnection = open_store(threads=1)
        guidelines.load(self.con, self.settings)

    def examine(self, records: dict[str, list[Row]], *, since: date = SINCE) -> Verdicts:
        """Return the verdict of every rule on every subject, by rule and subject."""
        self._forget()
        supply(self.con, _supplied(records, since))
        for stage in (validate, derive, check):
            stage(self.con, self.settings)
        found = self.rows("SELECT * FROM audit.verdict_named")
        return {(row["rule_id"], row["subject_id"]): row for row in found}

    def rows(self, query: str) -> list[Row]:
        """Return the rows of a query as dicts."""
        found = self.con.sql(query)
        return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]

    def _forget(self) -> None:
        for schema in ("staged", "quarantine", "derived", "audit"):
            self.con.execute(f"DROP SCHEMA {schema} CASCADE")
            self.con.execute(f"CREATE SCHEMA {schema}")


def _supplied(records: dict[str, list[Row]], since: date) -> dict[str, list[dict[str, str | None]]]:
    """Return the records as text, with the patients they name and the days they cover."""
    told = {kind: [_text(kind, row) for row in rows] for kind, rows in records.items()}
    named = {
        row["patient_id"]: None for rows in told.values() for row in rows if "patient_id" in row
    }
    told.setdefault("patient", [{"patient_id": name} for name in named])
    told.setdefault("infusion", [])
    told["source_coverage"] = [
        {"record": kind, "from_on": str(since), "to_on": str(AS_OF)}
        for kind in COVERED
        if kind in told
    ]
    return told


def _text(kind: str, row: Row) -> dict[str, str | None]:
    """Return a row as a source would write it, with what every such row has."""
    usual: Row = {}
    if kind in ("infusion", "dispensing"):
        usual = {"product_code": "Privigen"}
    if kind == "infusion":
        usual |= {"route": "IV", "status": "completed", "indication_code": "cidp"}
    if kind in ("infusion_lot", "dispensing_lot"):
        usual = {"product_code": "Privigen"}
    known = {column.name for column in contract(kind).columns}
    assert set(row) <= known, set(row) - known
    return {name: None if value is None else str(value) for name, value in (usual | row).items()}


def of(verdicts: Verdicts, rule_id: str) -> dict[str, Row]:
    """Return what one rule says, by subject; the subject is named as the records name it."""
    return {
        subject.split(":")[-1]: row
        for (said_by, subject), row in verdicts.items()
        if said_by == rule_id
    }


def said(rows: Iterable[Row], *columns: str) -> list[tuple[Any, ...]]:
    """Return these columns of the rows, in the order of their subjects."""
    ordered = sorted(rows, key=lambda row: (row["subject_id"], row["rule_id"]))
    return [tuple(row[name] for name in columns) for row in ordered]
