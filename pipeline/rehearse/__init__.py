"""Run the worked examples of guideline sets through the real stages and compare.

It is how a hospital tests its own set before a night run does.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl

from pipeline import guidelines
from pipeline.check import check
from pipeline.config import Options, Settings
from pipeline.derive import derive
from pipeline.guidelines import GuidelineSet
from pipeline.guidelines.examples import Expect
from pipeline.rehearse.scene import KINDS, Part, Records, Scene, records, scenes
from pipeline.store import open_store
from pipeline.validate import validate
from schemas.record import contract

NO_VERDICT = "no_verdict"
_COMPARED = ("status", "reason", "severity", "cap", "clause")
Verdicts = dict[tuple[str, str], dict[str, str | None]]
"""What was said, by rule and patient."""
_ACCOUNT = ("source_id", "source_file", "source_row", "recorded_at", "is_deleted")


@dataclass(frozen=True)
class Outcome:
    """What one worked example should give, and what the engine gave."""

    example_id: str
    expected: str
    found: str
    is_as_expected: bool


def check_guidelines(folder: Path | None = None) -> tuple[int, list[str]]:
    """Run every worked example; return how many there were and one line per disagreement.

    Args:
        folder: a hospital's own sets; None runs those that travel with the program.

    Raises:
        GuidelineError: the files have faults, so that nothing can be run.
    """
    library = guidelines.read_library(folder)
    chosen = [
        set_id for set_id, item in library.sets.items() if folder is None or _is_in(item, folder)
    ]
    outcomes = rehearse(tuple(sorted(chosen)), folder)
    failures = [
        f"{outcome.example_id}: expected {outcome.expected}, got {outcome.found}"
        for outcome in outcomes
        if not outcome.is_as_expected
    ]
    return len(outcomes), failures


def _is_in(item: GuidelineSet, folder: Path) -> bool:
    return item.folder.resolve().is_relative_to(folder.resolve())


def rehearse(set_ids: tuple[str, ...], folder: Path | None = None) -> list[Outcome]:
    """Return one outcome per worked example of the sets, in the order of the examples.

    Each set is rehearsed by itself (with the house set), for a set of higher authority would
    soften the verdicts of another.
    """
    outcomes = []
    for item in guidelines.read_library(folder).chosen(set_ids):
        if item.head.id in set_ids:
            for scene in scenes(item.rules_in_force):
                outcomes += _play(scene, item.head.id, folder)
    return sorted(outcomes, key=lambda outcome: outcome.example_id)


def _play(scene: Scene, set_id: str, folder: Path | None) -> list[Outcome]:
    """Run one scene through the stages and compare every example in it."""
    run = Options(
        guidelines=(set_id,),
        guideline_folder=folder,
        as_of=scene.as_of,
        max_quarantine=Decimal(1),  # bad rows of one example are that example's failure
    )
    settings = Settings(run=run)
    con = open_store(threads=1)
    try:
        supply(con, records(scene))
        validate(con, settings)
        guidelines.load(con, settings)
        derive(con, settings)
        check(con, settings)
        said, refused = _verdicts(con), _refusals(con)
        return [_compare(part, said, refused) for part in scene.parts]
    finally:
        con.close()


def supply(con: duckdb.DuckDBPyConnection, supplied: Records) -> None:
    """Write `mapped.<record>` and the account of it, as ingest would have left them."""
    con.execute("CREATE TABLE audit.record_supplied (record VARCHAR)")
    for file_id, (record, rows) in enumerate(supplied.items(), start=1):
        own = [column.name for column in contract(record).columns]
        names = list(dict.fromkeys((*own, *_ACCOUNT)))
        numbered = [
            {"source_id": "", "source_file": str(file_id), "source_row": str(place), **row}
            for place, row in enumerate(rows, start=1)
        ]
        frame = pl.DataFrame(
            {name: [row.get(name) for row in numbered] for name in names},
            schema=dict.fromkeys(names, pl.String),
        )
        con.register("example_rows", frame)
        con.execute(
            f"""
            CREATE TABLE mapped.{record} AS
            SELECT
                * REPLACE (
                    CAST(source_file AS SMALLINT) AS source_file,
                    CAST(source_row AS INTEGER) AS source_row
                )
            FROM example_rows
            """
        )
        con.unregister("example_rows")
        con.execute("INSERT INTO audit.record_supplied VALUES (?)", (record,))


def _compare(part: Part, said: Verdicts, refused: dict[str, str]) -> Outcome:
    wanted = _wanted(part.example.expect)
    if faults := refused.get(part.patient_id):
        return Outcome(part.example_id, _shown(wanted), f"records refused ({faults})", False)
    found = said.get((part.rule.id, part.patient_id), {"status": NO_VERDICT})
    return Outcome(
        part.example_id,
        _shown(wanted),
        _shown({name: found.get(name) for name in _COMPARED}),
        all(found.get(name) == value for name, value in wanted.items()),
    )


def _refusals(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return by patient which rows are in quarantine, as record, column and check."""
    selects = [
        f"SELECT patient_id, '{kind} ' || concat_ws(' ', column_name, check_name) AS fault"
        f" FROM quarantine.{kind}"
        for kind in KINDS
        if contract(kind).patient is not None
    ]
    found = con.sql(
        "SELECT patient_id, string_agg(DISTINCT fault, '; ' ORDER BY fault)"
        f" FROM ({' UNION ALL '.join(selects)}) GROUP BY patient_id"
    ).fetchall()
    return {str(patient_id): str(faults) for patient_id, faults in found}


def _wanted(expect: Expect) -> dict[str, str | None]:
    """Return what an example demands; what it leaves out may be anything."""
    told = {name: getattr(expect, name) for name in _COMPARED}
    return {name: value for name, value in told.items() if value is not None}


def _verdicts(con: duckdb.DuckDBPyConnection) -> Verdicts:
    """Return by rule and patient what the rule says of the last thing it judged of the patient."""
    rows = con.sql(
        """
        SELECT
            v.rule_id, v.patient_id,
            v.status::VARCHAR, v.reason::VARCHAR, v.severity::VARCHAR, v.cap::VARCHAR,
            v.clause::VARCHAR
        FROM audit.verdict_named AS v
        QUALIFY
            ROW_NUMBER() OVER (
                PARTITION BY v.rule_id, v.patient_id
                ORDER BY v.subject_on DESC NULLS LAST, v.subject_key DESC
            ) = 1
        """
    ).fetchall()
    return {
        (rule_id, patient_id): dict(zip(_COMPARED, said, strict=True))
        for rule_id, patient_id, *said in rows
    }


def _shown(verdict: dict[str, str | None]) -> str:
    return ", ".join(value for name in _COMPARED if (value := verdict.get(name)) is not None)
