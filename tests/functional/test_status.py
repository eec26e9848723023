"""What the last whole run was is told at any time, and a night that failed is not passed over."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
from pathlib import Path

import duckdb
import pytest
from nightly import PLANTED, extract, typed

from pipeline import resources
from pipeline.store import CONTRACT_VERSION, DATABASE_VERSION, open_finished

ROOT = Path(__file__).parents[2]
OF_DATABASE = (4, "c8fefd19e22346d5")
"""DATABASE_VERSION, and a digest of the columns that commands name in a finished run."""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the output folder of one run."""
    from pipeline.config import load_settings  # noqa: PLC0415
    from pipeline.run.audit import audit  # noqa: PLC0415
    from pipeline.run.journal import Journal  # noqa: PLC0415

    home = tmp_path_factory.mktemp("status")
    audit(load_settings(extract(home / "in")), home / "out", Journal())
    return home / "out"


@pytest.fixture
def out(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "out", symlinks=True))


def test_a_whole_run_is_told_with_its_age_and_how_long_it_took(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = typed(("status", "--out", out, "--max-age", "26"), capsys)
    assert ended.code == 0, ended.stderr
    assert ended.stderr == ""
    told = ended.stdout.splitlines()
    assert len(told) == 1
    assert told[0].startswith(f"last whole run: {(out / 'latest').resolve().name}, ended 20")
    assert "0.0 hours ago, took " in told[0]
    assert [value for value in PLANTED if value in ended.stdout] == []


@pytest.mark.exit_code(18)
def test_a_last_run_that_is_too_old_exits_18(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended = typed(("status", "--out", out, "--max-age", "0"), capsys)
    assert ended.code == 18
    assert "limit 0" in ended.line()
    assert "last whole run: " in ended.stdout


@pytest.mark.exit_code(18)
def test_no_run_at_all_exits_18(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended = typed(("status", "--out", tmp_path / "out"), capsys)
    assert (ended.code, ended.stdout) == (18, "no whole run\n")
    assert "no whole run under --out" in ended.line()
    assert not (tmp_path / "out").exists()


@pytest.mark.exit_code(18)
def test_a_night_that_fails_after_a_whole_run_exits_18_until_one_is_whole_again(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = extract(tmp_path / "in", {"audit.toml": "[source]\ntimezone = 'UTC'\n"})
    assert typed(("run", source, "--out", out), capsys).code == 15
    ended = typed(("status", "--out", out), capsys)
    assert ended.code == 18
    assert "failed" in ended.line()
    assert "with exit code 15: the configuration or adjudication file is invalid" in ended.stdout
    (source / "audit.toml").unlink()
    (source / "patient.csv").rename(source / "patients.csv")
    assert typed(("run", source, "--out", out), capsys).code == 10
    assert "with exit code 10: " in typed(("status", "--out", out), capsys).stdout
    (source / "patients.csv").rename(source / "patient.csv")
    assert typed(("run", source, "--out", out), capsys).code == 0
    assert typed(("status", "--out", out, "--max-age", "1"), capsys).code == 0


def test_while_a_run_is_going_on_it_says_since_when_and_the_older_report_counts(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from pipeline.run.publish import building  # noqa: PLC0415

    with building(out):
        ended = typed(("status", "--out", out, "--max-age", "26"), capsys)
    assert ended.code == 0, ended.stderr
    assert "\nrunning since 20" in ended.stdout


def test_who_looks_does_not_keep_a_run_out(out: Path) -> None:
    from pipeline.run.publish import building  # noqa: PLC0415

    looking = os.open(out / ".lock", os.O_RDONLY)
    fcntl.flock(looking, fcntl.LOCK_SH)
    pauses = []

    def let_go(seconds: float) -> None:
        pauses.append(seconds)
        fcntl.flock(looking, fcntl.LOCK_UN)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.sleep", let_go)
        with building(out):
            assert len(pauses) == 1
    os.close(looking)


@pytest.mark.parametrize("command", ["explain", "recall", "reveal", "status"])
def test_a_run_of_another_version_is_refused_and_says_which(
    out: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {
        "explain": ("explain", "0" * 16),
        "recall": ("recall", "--lot", "A1"),
        "reveal": ("reveal", "P-0000-0000"),
        "status": ("status",),
    }[command]
    database = (out / "latest").resolve() / "audit.duckdb"
    rewrite(database, f"UPDATE audit.program SET database_version = {DATABASE_VERSION + 1}")
    wanted = f"this program reads database version {DATABASE_VERSION}, contract version"
    ended = typed((*given, "--out", out), capsys)
    assert ended.code == 10, ended.stderr
    assert f"(database version {DATABASE_VERSION + 1}, contract" in ended.line()
    assert wanted in ended.line()
    rewrite(
        database,
        f"UPDATE audit.program SET database_version = {DATABASE_VERSION},"
        f" contract_version = {CONTRACT_VERSION - 1}",
    )
    ended = typed((*given, "--out", out), capsys)
    assert f"contract version {CONTRACT_VERSION - 1}); this program reads" in ended.line()
    rewrite(database, "ALTER TABLE audit.program DROP COLUMN database_version")
    ended = typed((*given, "--out", out), capsys)
    assert (ended.code, "of an earlier version" in ended.line()) == (10, True)
    assert not (out / "access.log").exists() or command == "reveal"


def rewrite(database: Path, statement: str) -> None:
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{database}' AS this_run")
        con.execute("USE this_run")
        con.execute(statement)


def test_the_run_says_its_versions(out: Path) -> None:
    con = open_finished(out / "latest" / "audit.duckdb")
    found = con.sql("SELECT database_version, contract_version FROM audit.program").fetchall()
    con.close()
    assert found == [(DATABASE_VERSION, CONTRACT_VERSION)]


def test_other_columns_that_commands_read_are_another_version(finished: Path) -> None:
    texts = [path.read_text("utf-8") for path in resources.sql_files("recall")]
    texts += [(ROOT / "pipeline" / name).read_text("utf-8") for name in ("explain.py", "reveal.py")]
    layers = r"\b((?:staged|quarantine|guideline|derived|audit|report)\.[a-z_]+)"
    named = {name for text in texts for name in re.findall(layers, text)}
    con = open_finished(finished / "latest" / "audit.duckdb")
    columns = con.sql(
        """
        SELECT schema_name || '.' || table_name AS name, column_name,
            SPLIT_PART(data_type, '(', 1)
        FROM duckdb_columns()
        WHERE database_name = 'this_run' AND NOT internal
        ORDER BY name, column_name
        """
    ).fetchall()
    con.close()
    # a column more that no command names is no other version
    words = {word for text in texts for word in re.findall(r"[a-z_0-9]+", text)}
    read = [row for row in columns if row[0] in named and row[1] in words]
    assert len({name for name, *_ in read}) > 20
    shown = digest("\n".join(map(str, read)))
    assert (DATABASE_VERSION, shown) == OF_DATABASE, "raise pipeline.store.DATABASE_VERSION"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
