"""Run the stages in order on one database and publish what they made."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from pipeline import disclosure, guidelines, resources
from pipeline.check import check
from pipeline.compare import compare
from pipeline.config import Origin, Settings, in_force
from pipeline.derive import derive
from pipeline.detect import detect
from pipeline.disclosure.kept import HISTORY
from pipeline.errors import ConfigError, InputError
from pipeline.ingest import ingest
from pipeline.render import render, warm_up
from pipeline.run import export, manifest
from pipeline.run.adjudication import (
    all_decisions,
    decisions_of,
    digest,
    latest_day,
    read_decisions,
    record_decisions,
    write_decisions,
)
from pipeline.run.counts import count_stage
from pipeline.run.headline import read_headline
from pipeline.run.history import compare_findings, record_rules, write_history
from pipeline.run.journal import Journal
from pipeline.run.program import record_program
from pipeline.run.publish import building, previous_run, publish, sharing
from pipeline.run.replay import replay
from pipeline.run.retention import discard_old_runs
from pipeline.store import forget_raw, lock_down, meanwhile, open_store
from pipeline.summarise import summarise
from pipeline.validate import validate

Stage = Callable[[duckdb.DuckDBPyConnection, Settings], None]

STAGES: tuple[Stage, ...] = (ingest, validate, derive, check, detect, compare, summarise)

EXIT_FINDINGS = 3
_AT_OR_ABOVE = {"off_guideline": ("off_guideline",), "review": ("off_guideline", "review")}


@dataclass(frozen=True)
class Outcome:
    """What a finished run left behind."""

    run_id: str
    folder: Path
    headline: list[str]
    exit_code: int

    @property
    def pages(self) -> list[Path]:
        """Return the page of each edition that was made, as it lies in the folder of the run."""
        found = [*self.folder.glob("report-*.html"), *self.folder.glob("*/report-*.html")]
        return [path.relative_to(self.folder) for path in found]


def audit(settings: Settings, out: Path, journal: Journal) -> Outcome:
    """Audit one source and publish the reports under `out/runs/<run_id>`.

    Raises:
        AuditError: with the exit code and the line the operator needs; nothing was published.
    """
    _refuse_unapproved(settings)
    guidelines.read_sets(settings)  # faults in rules are found before a long read
    key = _key(settings, out, journal)
    named = settings.run.adjudications
    decisions = read_decisions(named, latest=latest_day()) if named else []
    warm_up()
    with building(out) as workshop:
        if shared := sharing(out):
            journal.say(shared)
        if settings.run.previous != "auto":  # a wrong name is told before a long read
            previous_run(out, settings.run.previous, "")
        con = open_store(workshop / "audit.duckdb", threads=settings.run.threads)
        journal.count = lambda stage: count_stage(con, stage)
        try:
            record_decisions(con, all_decisions(out, decisions))
            run_id, headline, exit_code = _build(con, settings, workshop, out, journal, key)
            con.execute("CHECKPOINT")  # closing would do it too, and keep silent on a full disk
        finally:
            con.close()
        manifest.write_timings(workshop, journal)
        folder = publish(workshop, out, run_id)
        discard_old_runs(out, settings.run.keep)
    return Outcome(run_id, folder, headline, exit_code)


def _key(settings: Settings, out: Path, journal: Journal) -> bytes:
    """Return the key of the pseudonyms; that a new one was made is said aloud."""
    path = disclosure.key_path(settings, out)
    is_new = not os.path.lexists(path)  # a place that may not be looked into is told later
    key = disclosure.load_key(path)
    if is_new:
        lost = (
            " The earlier reports of this output folder were made with another one: their "
            "pseudonyms and findings are not known again. Put the old file back and rerun."
            if (out / "latest").exists()
            else ""
        )
        journal.say(
            f"{path.name}: no key of the pseudonyms was there, so a new one was made.{lost} "
            "Keep a copy where the reports are not."
        )
    return key


def _refuse_unapproved(settings: Settings) -> None:
    """Refuse an internal edition that nobody answers for, and an approval of nothing."""
    is_internal = "internal" in settings.run.edition
    if is_internal and settings.run.approved_by is None:
        raise ConfigError(
            "the internal edition shows single events, so somebody must answer for it: name who "
            "approved it with --approved-by NAME. Nothing was run."
        )
    if settings.run.approved_by is not None and not is_internal:
        raise ConfigError(
            "--approved-by is for the internal edition alone. Add --edition internal, or leave "
            "it out. Nothing was run."
        )


def _build(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    workshop: Path,
    out: Path,
    journal: Journal,
    key: bytes,
) -> tuple[str, list[str], int]:
    """Fill the database and write every file of the run; return id, headline and exit code."""
    _prepare(con, settings, workshop)
    journal.stage("ingest", lambda: ingest(con, settings))
    lock_down(con, [workshop, out / HISTORY])
    disclosure.mark_opt_outs(con, key)
    journal.stage("validate", lambda: validate(con, settings))
    forget_raw(con)
    settings = date_the_run(con, settings)
    record_settings(con, settings, key)
    disclosure.salt_findings(con, key)
    record_program(con)
    journal.stage("guidelines", lambda: guidelines.load(con, settings))
    record_rules(con)
    content = manifest.content_digest(con)
    earlier = previous_run(out, settings.run.previous, content)
    previous = out / "runs" / earlier if earlier else None
    journal.stage("replay", lambda: replay(con, settings, previous, workshop))
    for stage in STAGES[2:-1]:
        journal.stage(stage.__name__, lambda stage=stage: stage(con, settings))  # type: ignore[misc]
    # the verdicts stand: writing them is done before the pages are drawn, which takes one core
    with meanwhile(con, lambda own: export.write_verdicts(own, workshop)) as finish_verdicts:
        journal.stage("history", lambda: compare_findings(con, out, earlier))
        journal.stage("summarise", lambda: summarise(con, settings))
        journal.stage("render", lambda: render(con, settings, workshop))
        journal.stage("export", lambda: export.write_tables(con, workshop, finish_verdicts))
    write_decisions(con, workshop)
    run_id = manifest.run_id(settings, content, earlier)
    write_history(con, workshop, run_id, content, earlier)
    journal.stage("manifest", lambda: manifest.write(con, workshop, run_id, earlier))
    return run_id, read_headline(con), exit_code(con, settings)


def _prepare(con: duckdb.DuckDBPyConnection, settings: Settings, workshop: Path) -> None:
    """Say where DuckDB may spill and how much memory it may take."""
    spill = workshop / ".spill"
    spill.mkdir(mode=0o700)
    con.execute("SET temp_directory = $spill", {"spill": str(spill)})
    if settings.run.memory_limit:
        con.execute("SET memory_limit = $limit", {"limit": settings.run.memory_limit})


def date_the_run(con: duckdb.DuckDBPyConnection, settings: Settings) -> Settings:
    """Return the settings with an as-of date: the last credible day with IVIG in the records.

    A source of several kinds of medicines may hold no IVIG: then the last day with anything.
    """
    if settings.run.as_of is not None:
        return settings
    found = con.sql(resources.sql("run/as_of.sql")).fetchall()[0][0]
    if found is None and settings.format != "csv" and not _n_doses(con):
        found = con.sql(resources.sql("run/as_of_other.sql")).fetchall()[0][0]
    if not isinstance(found, date):
        raise InputError(
            f"{_given(con)}, so the day of the audit is not known. Mend the extract, or rerun with "
            "--as-of (and --max-quarantine 100%) to see the reasons in quarantine.csv."
        )
    return settings.model_copy(update={"run": settings.run.model_copy(update={"as_of": found})})


def _n_doses(con: duckdb.DuckDBPyConnection) -> int:
    """Return how many infusions and dispensings the source told of, read or in quarantine."""
    rows = con.sql(
        """
        SELECT SUM(mapped_rows)
        FROM audit.record_ledger
        WHERE record IN ('infusion', 'dispensing')
        """
    ).fetchall()
    return int(rows[0][0] or 0)


def _given(con: duckdb.DuckDBPyConnection) -> str:
    """Count what became of the records that would have dated the run."""
    rows = con.sql(
        """
        SELECT record || ' (' || mapped_rows || ' rows, ' || quarantined_rows || ' in quarantine)'
        FROM audit.record_ledger
        WHERE record IN ('infusion', 'dispensing')
        ORDER BY record DESC
        """
    ).fetchall()
    return f"{' and '.join(text for (text,) in rows)}: no row with a readable day is left"


def record_settings(con: duckdb.DuckDBPyConnection, settings: Settings, key: bytes) -> None:
    """Write audit.setting: one row per setting in force, with where its value came from.

    The fingerprint of the pseudonyms' key is one of them, for another key makes another report.
    """
    shown = [
        *in_force(settings),
        _key_in_force(settings, key),
        *_decisions_in_force(con),
        *_opt_outs_in_force(con, settings),
    ]
    con.execute("CREATE TABLE audit.setting (name VARCHAR, value VARCHAR, origin VARCHAR)")
    con.executemany("INSERT INTO audit.setting VALUES ($1, $2, $3)", shown)


def _key_in_force(settings: Settings, key: bytes) -> tuple[str, str, Origin]:
    origin: Origin = "audit.toml" if settings.privacy.key_file else "default"
    return "privacy.key_fingerprint", disclosure.key_fingerprint(key), origin


def _decisions_in_force(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str, Origin]]:
    """Name what reviewers decided by its digest, for other decisions make another report."""
    decisions = decisions_of(con)
    if decisions:
        yield "run.adjudications_digest", digest(decisions), "default"


def _opt_outs_in_force(
    con: duckdb.DuckDBPyConnection, settings: Settings
) -> Iterator[tuple[str, str, Origin]]:
    """Name who is left out by a keyed digest: it is part of how the records are read."""
    origin: Origin = "audit.toml" if settings.privacy.opt_out_file else "default"
    for (mark,) in con.execute("SELECT mark FROM temp.opt_out_mark").fetchall():
        yield "source.opt_out", mark, origin


def exit_code(con: duckdb.DuckDBPyConnection, settings: Settings) -> int:
    """Return 3 when findings reach the severity of --fail-on, else 0."""
    severities = _AT_OR_ABOVE.get(settings.run.fail_on, ())
    found = con.sql(
        """
        SELECT COUNT(*)
        FROM audit.verdict
        WHERE status = 'breached' AND list_contains($severities, severity::VARCHAR)
        """,
        params={"severities": list(severities)},
    ).fetchall()
    return EXIT_FINDINGS if severities and found[0][0] else 0
