"""Draft the mapping of an unknown source, and say what a source leaves unanswered.

Nothing here writes a value of a record: shares and patterns only, and words of our own lists.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pipeline.config import Options, Settings, load_settings
from pipeline.draft.dialects import Dialect, read_dialect
from pipeline.draft.found import Found, load_files, table_name
from pipeline.draft.groups import group_files, unique_names
from pipeline.draft.guess import CLEAR
from pipeline.draft.layout import Table, lay_out, open_questions
from pipeline.draft.names import read_name, score
from pipeline.draft.profile import Profile, open_lists, profile_file
from pipeline.draft.propose import propose
from pipeline.draft.ready import Ready, ready_formats, tell_ready
from pipeline.draft.tell import tell_files, tell_next, tell_questions, tell_trial
from pipeline.draft.trial import try_settings
from pipeline.draft.write import CONFIG, REPORT, draft_files, refuse_existing, write_files
from pipeline.errors import AuditError, UnrecognisedError, printable
from pipeline.ingest.load import LoadedFile
from pipeline.ingest.locate import locate_records, source_folder
from pipeline.store import open_store
from schemas import RECORDS

__all__ = ["check_source", "draft_mapping"]

_LIKE_PATIENTS = 0.5
_ENOUGH_PATIENTS = 3


@dataclass(frozen=True)
class Draft:
    """What was found of a source, and the files drafted from it."""

    found: Found
    profiles: dict[str, list[Profile]]
    tables: list[Table]
    questions: list[str]
    files: dict[str, str]
    ready: list[Ready]


def draft_mapping(source: Path, out: Path, sets: tuple[str, ...] | None) -> list[str]:
    """Draft a mapping into `out` and return the lines of its report.

    Raises:
        InputError: the folder cannot be read.
        UnrecognisedError: it holds no file in which a record is recognised.
        OutputError: `out` holds a draft already, or cannot be written.
    """
    source_folder(source)
    name = table_name(source.resolve().name) or "source"
    refuse_existing(out, name)
    settings = load_settings_alone({"guidelines": sets})
    draft = _draft(source, out, name, settings)
    lines = [*tell_ready(draft.ready, source)]
    lines += tell_files(draft.found, draft.tables, draft.profiles)
    if not draft.files:
        raise _unrecognised(source, "", lines)
    write_files(out, draft.files)
    if _is_ready(source):
        lines += ["These files are named as the contract asks: run may read them as they are.", ""]
    lines += [
        *tell_questions(draft.questions),
        "",
        *_tried(source, out / CONFIG, settings),
        "",
        *tell_next(source, out, draft.questions),
    ]
    write_files(out, {REPORT: "\n".join(lines) + "\n"})
    return lines


def check_source(
    source: Path,
    out: Path,
    sets: tuple[str, ...] | None,
    config: Path | None,
    format_name: str | None,
) -> list[str]:
    """Return what passes and what is missing for which checks.

    The mapping is the one named, else that of the source, else the draft in `out`, else one
    drafted for the moment.

    Raises:
        AuditError: what would stop a run of this source.
    """
    told = {"guidelines": sets}
    is_database = source.is_file()
    if config is None and format_name is None and not is_database and not _is_ready(source):
        if not (out / CONFIG).is_file():
            return _check_new(source, told)
        config = out / CONFIG
    settings = load_settings(source, config=config, format=format_name, overrides=told)
    return list(tell_trial(try_settings(settings)))


def _unrecognised(source: Path, hint: str, lines: Iterable[str]) -> UnrecognisedError:
    said = [f"{printable(str(source))}: no record is recognised in it.{hint}", *lines]
    return UnrecognisedError("\n".join(said).rstrip())


def _is_ready(source: Path) -> bool:
    """Say whether a source is read without a draft: it has an audit.toml or contract files."""
    if (source_folder(source) / CONFIG).exists():
        return True
    found = {file.record for file in locate_records(source, RECORDS, {})}
    return "patient" in found and bool(found & {"infusion", "dispensing"})


def _check_new(source: Path, told: dict[str, Any]) -> list[str]:
    """Draft a mapping in a folder that vanishes, and check that."""
    with tempfile.TemporaryDirectory(prefix="ivig-audit-") as scratch:
        out = Path(scratch) / "draft"
        draft = _draft(source, out, "draft", load_settings_alone(told))
        if not draft.files:
            raise _unrecognised(source, " See `ivig-audit map`.", tell_ready(draft.ready, source))
        write_files(out, draft.files)
        settings = load_settings(source, config=out / CONFIG, overrides=told)
        head = f"No mapping yet: checked with one drafted for the moment ({_open(draft)})."
        ready = tell_ready(draft.ready, source)
        return [head, "", *ready, *tell_trial(try_settings(settings))]


def _open(draft: Draft) -> str:
    n_open = len(draft.questions)
    return "no open question" if not n_open else f"{n_open} open questions: run `ivig-audit map`"


def load_settings_alone(told: dict[str, Any]) -> Settings:
    """Return the default settings with the sets that were asked for."""
    given = {name: value for name, value in told.items() if value is not None}
    return Settings(run=Options(**given))


def _tried(source: Path, config: Path, settings: Settings) -> Iterator[str]:
    """Yield what a run would make of a draft; one that cannot be run yet says why."""
    try:
        told = load_settings(source, config=config)
        run = told.run.model_copy(update={"guidelines": settings.run.guidelines})
        yield from tell_trial(try_settings(told.model_copy(update={"run": run})))
    except AuditError as error:
        yield f"The draft cannot be run yet: {error}"


def _draft(source: Path, out: Path, name: str, settings: Settings) -> Draft:
    run = settings.run.model_copy(update={"as_of": settings.run.as_of or date(2000, 1, 1)})
    con = open_store(threads=settings.run.threads)
    try:
        open_lists(con, settings.model_copy(update={"run": run}))
        with tempfile.TemporaryDirectory(prefix="ivig-audit-") as scratch:
            found = load_files(con, source, Path(scratch))
        return _from_files(con, found, source, out, name)
    finally:
        con.close()


def _from_files(
    con: duckdb.DuckDBPyConnection, found: Found, source: Path, out: Path, name: str
) -> Draft:
    groups = group_files(found.files)
    profiles = {files[0].file.name: profile_file(con, files[0]) for files, _ in groups}
    likes = _patients_elsewhere(con, found.files, profiles)
    tables = []
    for table, (files, pattern) in zip(
        unique_names([files for files, _ in groups]), groups, strict=True
    ):
        first = files[0].file.name
        held, nearest = propose(first, profiles[first], likes.get(first, {}))
        tables.append(Table(table, files, pattern, tuple(held), nearest))
    dialect = _dialect(con, tables)
    parts = lay_out(tables, dialect)
    questions = list(open_questions(tables, dialect))
    drafted = draft_files(name, out, tables, parts, dialect) if parts else {}
    ready = ready_formats(con, source, found, profiles)
    return Draft(found, profiles, tables, questions, drafted, ready)


def _dialect(con: duckdb.DuckDBPyConnection, tables: list[Table]) -> Dialect:
    return read_dialect(
        con,
        [
            guess
            for table in tables
            for proposal in table.proposals
            for guess in proposal.guesses.values()
        ],
    )


def _patients_elsewhere(
    con: duckdb.DuckDBPyConnection,
    files: tuple[LoadedFile, ...],
    profiles: dict[str, list[Profile]],
) -> dict[str, dict[int, float]]:
    """Return, of files without a column named like patients, those that hold others' patients."""
    by_name = {file.file.name: file for file in files}
    named = {name: _patient_column(profiles[name]) for name in profiles}
    known = [
        f"SELECT TRIM(c{one.position}) AS said FROM {by_name[name].table}"
        for name, one in named.items()
        if one
    ]
    if not known:
        return {}
    con.execute(f"CREATE TABLE draft.patient AS {' UNION '.join(known)}")
    return {
        name: {
            one.position: share
            for one in profiles[name]
            if one.n_distinct >= _ENOUGH_PATIENTS
            and (share := _share_known(con, by_name[name], one)) >= _LIKE_PATIENTS
        }
        for name, column in named.items()
        if column is None
    }


def _patient_column(profiles: list[Profile]) -> Profile | None:
    found = [
        one for one in profiles if score(read_name(one.name), "patient", "patient_id") >= CLEAR
    ]
    return found[0] if found else None


def _share_known(con: duckdb.DuckDBPyConnection, file: LoadedFile, one: Profile) -> float:
    found = con.sql(
        f"""
        SELECT AVG(CASE WHEN p.said IS NULL THEN 0 ELSE 1 END)
        FROM (SELECT DISTINCT TRIM(c{one.position}) AS said FROM {file.table}) AS v
        LEFT JOIN draft.patient AS p ON v.said = p.said
        WHERE v.said <> ''
        """
    ).fetchall()
    return float(found[0][0] or 0)
