"""Make every SQL check fail in turn, and every step they share: exit 13, nothing published."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random

import duckdb
from torture.count import Count
from torture.nights import Stage, broken_latest, copied, digests, runs_of

from pipeline import check, disclosure, guidelines, resources
from pipeline.config import Settings, load_settings
from pipeline.derive import derive
from pipeline.errors import CheckError
from pipeline.ingest import ingest
from pipeline.run.adjudication import record_decisions
from pipeline.run.audit import date_the_run, record_settings
from pipeline.store import open_store, reopen_store
from pipeline.validate import validate

ROOT = Path(__file__).parents[2]
PLANTED = "SYN-PLANTED"
NO_SUCH_COLUMN = "SELECT nothing FROM guideline.rule"
FAILS_ON_A_VALUE = f"SELECT CAST('{PLANTED}' AS INTEGER) AS rule_key FROM guideline.rule"
_SETS = (
    "droracle-2025", "ivig-audit-policy", "us-fda-labels", "monitoring-practice", "on-igum-v5",
    "au-nba-v3", "nhse-2025", "ema-core-smpc-rev6",
)  # fmt: skip
_FROM_OUTSIDE = 3
_NARROWING = [file for _, file in check.NARROWED.values()]
_SHARED = (*check.STEPS, *check.VIEWS, *check.ADDED_UP, *check.GATHERED, *_NARROWING)


def run(stage: Stage, home: Path, count: Count, seed: int) -> None:
    """Break every check in this process, and a few on the command line."""
    whole = home / "derived.duckdb"
    settings = _derive(stage, whole)
    kinds = [path.stem for path in resources.sql_files("checks")]
    findings = ["findings/verdict_told.sql", "findings/finding.sql", "findings/evidence.sql"]
    for file in [f"checks/shared/{name}.sql" for name in _SHARED] + findings:
        with _reopened(whole) as con:
            _break(partial(check.check, con, settings), file, NO_SUCH_COLUMN, count)
    with _reopened(whole) as con:
        asked = {row[0] for row in con.sql("SELECT DISTINCT kind FROM guideline.rule").fetchall()}
        count.hold(asked == set(kinds), f"no rule asks {sorted(set(kinds) - asked)}")
        check._declare(con, kinds)
        check._gather(con)
        for kind in kinds:
            file = f"checks/{kind}.sql"
            for query in (NO_SUCH_COLUMN, FAILS_ON_A_VALUE):
                _break(partial(check._answer, con, kind, file), file, query, count)
    for kind in Random(seed).sample(kinds, len(kinds))[:_FROM_OUTSIDE]:
        _from_outside(stage, home, kind, count)


def _derive(stage: Stage, path: Path) -> Settings:
    """Write a database in which the checks may begin."""
    con = open_store(path, threads=1)
    told = {"guidelines": _SETS, "max_quarantine": 1}
    settings = load_settings(stage.source, overrides=told)
    record_decisions(con, [])
    ingest(con, settings)
    key = bytes(32)
    disclosure.mark_opt_outs(con, key)
    validate(con, settings)
    settings = date_the_run(con, settings)
    record_settings(con, settings, key)
    guidelines.load(con, settings)
    derive(con, settings)
    con.close()
    return settings


@contextmanager
def _reopened(whole: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a copy: what a check that failed has left behind must not reach the next."""
    copy = whole.with_name("broken.duckdb")
    shutil.copyfile(whole, copy)
    con = reopen_store(copy, threads=1)
    disclosure.salt_findings(con, bytes(32))
    yield con
    con.close()
    copy.unlink()


def _break(work: Callable[[], None], file: str, query: str, count: Count) -> None:
    """Let one file fail."""
    count.tried("checks and their steps made to fail")
    try:
        with _replaced(file, query):
            work()
        count.lost(f"{file} fails, and nobody noticed")
    except CheckError as error:
        said = str(error)
        count.hold(PLANTED not in said and "\n" not in said, f"{file}: the error shows a value")
        count.hold("nothing was published" in said, f"{file}: the error does not say what became")
    except Exception as error:  # noqa: BLE001 - any other end is a loss
        count.lost(f"{file}: {type(error).__name__}")


@contextmanager
def _replaced(file: str, query: str) -> Iterator[None]:
    """Put another query in the place of one file."""
    read = resources.sql
    resources.sql = lambda relative: query if relative == file else read(relative)  # type: ignore[assignment]
    try:
        yield
    finally:
        resources.sql = read


def _from_outside(stage: Stage, home: Path, kind: str, count: Count) -> None:
    """Break a check in a copy of the program, and run that as the operator would."""
    program = home / "program"
    if not program.exists():
        for name in ("pipeline", "schemas", "sql", "guidelines", "reports"):
            shutil.copytree(ROOT / name, program / name)
    out = copied(stage.left("first"), home / "out")
    file = program / "sql" / "checks" / f"{kind}.sql"
    whole = file.read_text("utf-8")
    file.write_text(FAILS_ON_A_VALUE, encoding="utf-8")
    command = "import sys; sys.path[:0] = [sys.argv.pop(1)]; from pipeline.cli import main; main()"
    sets = [word for name in _SETS for word in ("--guideline", name)]
    done = subprocess.run(
        [sys.executable, "-c", command, program, "run", stage.source, "--out", out, *sets],
        capture_output=True, text=True, check=False, cwd=home,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
    )  # fmt: skip
    file.write_text(whole, encoding="utf-8")
    count.tried("checks made to fail on the command line")
    count.hold(done.returncode == CheckError.exit_code, f"{kind}: exit {done.returncode} for 13")
    told = [line for line in done.stderr.splitlines() if line.startswith("ivig-audit:")]
    count.hold(len(told) == 1 and kind in told[0], f"{kind}: the error does not name the check")
    count.hold("SYN-" not in done.stderr, f"{kind}: the error shows a value")
    fault = broken_latest(out, runs_of(stage.left("first")), may_lack=False)
    count.hold(fault is None, f"{kind} failed: {fault}")
    count.hold(digests(out) == digests(stage.left("first")), f"{kind} failed: something is left")
