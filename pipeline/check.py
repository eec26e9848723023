"""Ask every rule of every subject it could apply to, and keep the answers with their evidence.

A kind of check is one file of `sql/checks`, found by its name and joined to its own rule table:
a newcomer adds a kind with one SQL file and no Python.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from itertools import chain
from typing import Final

import duckdb

from pipeline import resources
from pipeline.config import Settings
from pipeline.errors import CheckError
from pipeline.store import create_table, meanwhile
from schemas.verdict import enum_ddl

STEPS: Final = (
    "scope",
    "course_version",
    "course_day",
    "course_split",
    "course_follow",
    "course_stretch",
    "course_event",
    "kept_stretch",
    "monitoring_course",
    "rate_seen",
    "bag_again",
)
VIEWS: Final = (
    "matched",
    "applicable",
    "silence",
    "dose_way",
    "dose_reading",
    "dosed",
    "compared",
    "failed",
    "dose_fault",
    "limit_asked",
    "limit_counted",
    "approval_asked",
    "approval_pair",
    "approval_found",
    "approval_given",
    "approval_kept",
    "approval_named",
    "review_asked",
    "risk_sign",
    "risk_kept",
    "record_covered",
    "precaution_asked",
    "precaution_quiet",
    "course_risk",
    "miss_proof",
    "monitoring_asked",
    "monitoring_sample",
    "observation_session",
    "vaccine_given",
    "vaccine_asked",
    "vaccine_course",
    "vaccine_answer",
    "vaccine_faced",
    "lot_infused",
    "lot_issued",
    "rate_ceiling",
    "rate_rise",
    "rate_asked",
    "rate_judged",
)
"""Steps that several checks read; they stay, so that a check runs in a shell the day after."""

ADDED_UP: Final = ("observation_patient", "dose_pair")
"""Steps made of those views; a check and the report, or other views, read them."""

NARROWED: Final = {"dose_breach": ("dose_pair", "dose_pair_breached")}
"""Before a step: the table that the views it reads start from, and the file that narrows it."""

GATHERED: Final = ("dose_failed", "dose_said", "dose_answer", "dose_breach", "dose_sum")
"""What a check reads that is too much to keep."""

PASSED_ON: Final = ("dose_failed", "dose_said")
"""Of these, what only the next of them reads."""

READ_LATER: Final = (
    "matched",
    "silence",
    "bag_again",
    "rate_seen",
    "approval_pair",
    "monitoring_course",
    "monitoring_sample",
    "observation_patient",
)
"""What the caps and the report read too, so that it is made whatever the rules ask."""

NO_BREACH: Final = {
    "rule_key": "INTEGER",
    "course_key": "INTEGER",
    "fault": "VARCHAR",
    "episode_key": "INTEGER",
    "reading": "INTEGER",
    "is_repeat": "BOOLEAN",
    "started_on": "DATE",
    "last_on": "DATE",
    "after_event": "VARCHAR",
    "from_event": "VARCHAR",
}
"""What the evidence reads of `temp.dose_breach`, where no rule on doses is loaded to breach."""

EVERY_STEP: Final = frozenset((*STEPS, *VIEWS, *ADDED_UP, *GATHERED))
_STEP: Final = re.compile(r"\b(?:audit|temp)\.(\w+)")

NAMES: Final = {
    "rule_name": "SELECT rule_id FROM guideline.rule ORDER BY rule_key",
    "set_name": "SELECT set_id FROM guideline.guideline_set ORDER BY set_key",
    "regimen_name": "SELECT DISTINCT label FROM guideline.regimen ORDER BY label",
}
"""Names of rules, sets and regimens as ENUM types: millions of them are sorted on the way out."""

ANSWER: Final = {
    "kind": "audit.verdict_kind",
    "set_key": "INTEGER",
    "rule_key": "INTEGER",
    "subject_kind": "audit.verdict_subject_kind",
    "subject_key": "INTEGER",
    "course_key": "INTEGER",
    "patient_key": "INTEGER",
    "status": "audit.verdict_status",
    "reason": "audit.verdict_reason",
    "severity": "audit.verdict_severity",
    "cap": "audit.verdict_cap",
    "is_accusable": "BOOLEAN",
    "is_weight_disputed": "BOOLEAN",
    "clause": "audit.verdict_clause",
    "observed": "DECIMAL(12,3)",
    "limit_low": "DECIMAL(12,3)",
    "limit_high": "DECIMAL(12,3)",
    "tolerance": "DECIMAL(6,3)",
    "unit": "audit.verdict_unit",
    "regimen_key": "INTEGER",
    "miss": "DECIMAL(12,3)",
    "weight_basis": "audit.verdict_weight_basis",
    "workings": "VARCHAR",
    "cites": "STRUCT(record VARCHAR, record_key INTEGER, role VARCHAR)[]",
}
"""What a check may say, and how it is stored; what a check leaves out is NULL.

`workings` is the arithmetic of a breach, a line each; `cites` are the records behind it beside
the bags of its subject.
"""

PLAIN: Final = (
    "rule_key",
    "subject_kind",
    "subject_key",
    "course_key",
    "patient_key",
    "status",
    "reason",
    "clause",
    "observed",
    "regimen_key",
    "weight_basis",
)
"""What is stored of an answer whose rule alone decides how heavily it weighs: most of millions."""

_TOLD: Final = ("limit_low", "limit_high", "tolerance", "unit", "miss")
_OF_THE_CHECK: Final = ("is_accusable", "is_weight_disputed", "workings", "cites")
VERDICT: Final = {name: kind for name, kind in ANSWER.items() if name not in _OF_THE_CHECK} | {
    "is_countable": "BOOLEAN"
}


def check(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:  # noqa: ARG001 - every stage is called alike
    """Write `audit.verdict`, `audit.finding` and `audit.evidence`.

    Raises:
        CheckError: a check could not run; the message names its kind and nothing else.
    """
    judge(con)
    _gathered(con, _explain)


def judge(con: duckdb.DuckDBPyConnection) -> None:
    """Write `audit.verdict`, and leave the answers of the checks in `aside.answer`.

    Raises:
        CheckError: a check could not run; the message names its kind and nothing else.
    """
    kinds = {path.stem: f"checks/{path.name}" for path in resources.sql_files("checks")}
    kinds_asked = _asked(con)
    steps = _steps(kinds_asked)
    _declare(con, sorted(kinds), steps)
    _gather(con, steps)
    asked = [(kind, kinds[kind]) for kind in kinds_asked]
    gathered = [(kind, file) for kind, file in asked if "temp." in resources.sql(file)]
    _answer_abreast(con, gathered, [one for one in asked if one not in gathered])
    _gathered(con, _cap)


def _gathered(
    con: duckdb.DuckDBPyConnection, work: Callable[[duckdb.DuckDBPyConnection], None]
) -> None:
    """Do some work on the answers; a fault in it shows no value of a record."""
    with _told("the verdicts could not be gathered; nothing was published. See sql/findings."):
        work(con)


@contextmanager
def _told(message: str) -> Iterator[None]:
    """Tell a fault without the database's own text; want of memory or disk is no fault of ours."""
    try:
        yield
    except (duckdb.OutOfMemoryException, duckdb.IOException, duckdb.TransactionException):
        raise  # the run says what ran out
    except duckdb.Error:
        raise CheckError(message) from None


def _steps(kinds: Iterable[str]) -> set[str]:
    """Return the shared steps that checks of these kinds read, straight or through each other.

    The database plans each step anew wherever it is named: what nobody asks is not made.
    """
    found = set[str]()
    files = [f"checks/{kind}.sql" for kind in kinds]
    read = set(READ_LATER).union(*(_STEP.findall(resources.sql(file)) for file in files))
    if "dose_breach" in read:
        read.add("dose_sum")  # the arithmetic of a breach reads it
    while read := (read & EVERY_STEP) - found:
        found |= read
        files = [f"checks/shared/{step}.sql" for step in read]
        read = set[str]().union(*(_STEP.findall(resources.sql(file)) for file in files))
    return found


def _declare(
    con: duckdb.DuckDBPyConnection, kinds: list[str], steps: AbstractSet[str] = EVERY_STEP
) -> None:
    """Create the enums, the tables to fill and the steps the checks share."""
    for statement in enum_ddl():
        con.execute(statement)
    names = ", ".join(f"'{kind}'" for kind in kinds)
    con.execute(f"CREATE TYPE audit.verdict_kind AS ENUM ({names})")
    for name, words in NAMES.items():
        con.execute(f"CREATE TYPE audit.{name} AS ENUM ({words})")
    empty = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in ANSWER.items())
    con.execute(f"CREATE TABLE aside.answer AS SELECT {empty} LIMIT 0")
    for name, types in (("plain", {name: ANSWER[name] for name in PLAIN}), ("told", VERDICT)):
        con.execute(f"CREATE TABLE audit.verdict_{name} ({_columns(types)})")
    con.execute(f"CREATE VIEW audit.verdict AS {resources.sql('findings/verdict.sql')}")
    for table in _of(STEPS, steps):
        _create(con, f"TABLE audit.{table}", f"checks/shared/{table}.sql")
    con.execute("CREATE TABLE audit.dose_pair (rule_key INTEGER, course_key INTEGER)")
    for view in _of(VIEWS, steps):
        _create(con, f"VIEW audit.{view}", f"checks/shared/{view}.sql")


def _of(names: Iterable[str], steps: AbstractSet[str]) -> list[str]:
    """Return the names that are among the steps, in their order."""
    return [name for name in names if name in steps]


def _gather(con: duckdb.DuckDBPyConnection, steps: AbstractSet[str] = EVERY_STEP) -> None:
    """Make what a check reads beside its rules; most of it is too much to keep."""
    for step in _of((*ADDED_UP, *GATHERED), steps):
        if step in NARROWED:
            table, file = NARROWED[step]
            _create(con, f"OR REPLACE TABLE audit.{table}", f"checks/shared/{file}.sql")
        kind = "TABLE audit." if step in ADDED_UP else "TEMP TABLE "
        _create(con, f"OR REPLACE {kind}{step}", f"checks/shared/{step}.sql")
    for step in _of(PASSED_ON, steps):
        con.execute(f"DROP TABLE {step}")
    if "dose_breach" not in steps:
        con.execute(f"CREATE OR REPLACE TEMP TABLE dose_breach ({_columns(NO_BREACH)})")


def _create(con: duckdb.DuckDBPyConnection, what: str, file: str) -> None:
    """Create a table or view that several checks read."""
    with _told(
        f"a step of the checks failed to run; nothing was published. "
        f"Paste sql/{file} into a DuckDB shell to see why."
    ):
        con.execute(f"CREATE {what} AS {resources.sql(file)}")


def _asked(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the kinds that some loaded rule is of; of the others there is nothing to ask."""
    found = con.sql("SELECT DISTINCT kind FROM guideline.rule ORDER BY kind").fetchall()
    return [str(kind) for (kind,) in found]


def _columns(types: dict[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in types.items())


def _answer_abreast(
    con: duckdb.DuckDBPyConnection, here: list[tuple[str, str]], anywhere: list[tuple[str, str]]
) -> None:
    """Let two checks answer at a time, for one alone leaves a core idle a third of the time.

    Where the run may use one thread only, they answer one after the other.

    Args:
        con: the connection; `temp` is its own, and no cursor of it can see what lies there.
        here: kinds that read `temp`, each with its file; they run on the connection itself.
        anywhere: the others.
    """
    waiting = iter(anywhere)  # each takes the next of it

    def work(own: duckdb.DuckDBPyConnection, first: list[tuple[str, str]]) -> None:
        for kind, file in chain(first, waiting):
            _answer(own, kind, file)

    with meanwhile(con, lambda other: work(other, [])):
        try:
            work(con, here)
        except BaseException:
            for _ in waiting:  # nobody begins another
                pass
            raise


def _answer(con: duckdb.DuckDBPyConnection, kind: str, file: str) -> None:
    """Let one check answer; what its rule alone decides is stored, the rest waits for the caps."""
    with _told(
        f"the check {kind} failed to run; nothing was published. "
        f"Paste sql/{file} into a DuckDB shell to see why."
    ):
        said = _say(con, resources.sql(file))
        plain = ", ".join(name for name in PLAIN if name in said)
        con.execute(
            f"INSERT INTO audit.verdict_plain BY NAME SELECT {plain} FROM said WHERE is_plain"
        )
        con.execute(
            f"INSERT INTO aside.answer BY NAME SELECT '{kind}' AS kind, {', '.join(said)} "
            "FROM said WHERE NOT is_plain"
        )
        con.execute("DROP TABLE said")


def _say(con: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    """Write `temp.said`, what a check says and whether it is plain; return its columns."""
    columns = con.sql(query).columns
    typed = ", ".join(f"CAST(c.{name} AS {ANSWER[name]}) AS {name}" for name in columns)
    con.execute(
        f"CREATE TEMP TABLE said AS SELECT {typed}, {_is_plain(columns)} AS is_plain "
        f"FROM ({query}) AS c LEFT JOIN guideline.rule AS r "
        "ON c.rule_key = r.rule_key AND r.effective_severity != 'off_guideline'"
    )
    return columns


def _is_plain(columns: list[str]) -> str:
    """Return the condition that an answer is plain: no cap can soften it, and it has no limits.

    It is not breached, and its rule, which may not accuse, decides the severity.
    """
    conditions = ["r.rule_key IS NOT NULL", "c.status != 'breached'"]
    conditions += [f"c.{name} IS NULL" for name in _TOLD if name in columns]
    if "severity" in columns:
        conditions.append(
            "(c.severity = 'advisory' AND r.effective_severity != 'advisory') IS NOT TRUE"
        )
    return " AND ".join(conditions)


def _cap(con: duckdb.DuckDBPyConnection) -> None:
    """Apply the caps that depend on the subject."""
    con.execute(
        f"INSERT INTO audit.verdict_told BY NAME {resources.sql('findings/verdict_told.sql')}"
    )


def _arithmetic(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Return what writes the arithmetic out; of doses only where some rule on doses asked."""
    texts = [path.read_text("utf-8") for path in resources.sql_files("findings/arithmetic")]
    asked = "regimen" in _asked(con)
    return [f"({text})" for text in texts if asked or "temp.dose_breach" not in text]


def _explain(con: duckdb.DuckDBPyConnection) -> None:
    """Say of every breach what it rests on."""
    con.execute(
        "CREATE TEMP TABLE shown AS "
        "SELECT rule_key, subject_kind, subject_key, workings, cites FROM aside.answer "
        "WHERE status = 'breached' AND (workings IS NOT NULL OR cites IS NOT NULL)"
    )
    con.execute("DROP TABLE aside.answer")
    # the audit brings a secret; worked examples need none
    con.execute("CREATE TEMP TABLE IF NOT EXISTS finding_salt AS SELECT '' AS salt")
    con.execute(f"CREATE VIEW audit.subject AS {resources.sql('findings/subject.sql')}")
    con.execute(f"CREATE VIEW audit.verdict_named AS {resources.sql('findings/verdict_named.sql')}")
    create_table(con, "audit.arithmetic", " UNION ALL ".join(_arithmetic(con)))
    for table in ("finding", "evidence"):
        create_table(con, f"audit.{table}", resources.sql(f"findings/{table}.sql"))
    for table in ("audit.arithmetic", "shown", *GATHERED):
        con.execute(f"DROP TABLE IF EXISTS {table}")
    view = resources.sql("findings/finding_explained.sql")
    con.execute(f"CREATE VIEW audit.finding_explained AS {view}")
