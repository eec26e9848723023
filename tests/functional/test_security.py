"""What docs/security.md says is withstood, where no other test shows it already."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest
from marked import marked_row
from nightly import INFUSION, PLANTED, Files, csv_text, extract, typed

from pipeline.config import load_settings
from pipeline.errors import ConfigError, OutputError
from pipeline.run.audit import audit
from pipeline.run.journal import Journal
from pipeline.run.publish import building, publish
from pipeline.store import open_answering, open_finished
from schemas import RECORDS, contract

HOSTILE = "=1+1<img src=x onerror=alert(1)><script>alert(2)</script>'\"`;--\x1b[2J{{7*7}}"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the output of a run on records of every kind whose every text is hostile."""
    home = tmp_path_factory.mktemp("hostile")
    for record in RECORDS:
        one = contract(record)
        names = [column.name for column in one.columns]
        bad = [f"{HOSTILE}{name}" for name in names]
        rows = csv_text([names, marked_row(one, HOSTILE), bad])
        target = home / "in" / f"{record}.csv"
        target.parent.mkdir(exist_ok=True)
        target.write_text(rows + f'{HOSTILE[:5]},"torn\n', encoding="utf-8")
    (home / "in" / "audit.toml").write_text(f"[source]\nid = {json.dumps(HOSTILE)}\n")
    overrides = {
        "max_quarantine": 1, "as_of": "2024-12-31", "edition": ("clinical", "committee"),
    }  # fmt: skip
    before = os.umask(0)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_CONFIG_HOME", str(home / "config"))
            audit(load_settings(home / "in", overrides=overrides), home / "out", Journal())
    finally:
        os.umask(before)
    return home / "out"


def test_text_in_every_column_of_every_record_runs_in_no_page(hostile: Path) -> None:
    pages = list(hostile.glob("runs/*/**/*.html"))
    assert len(pages) == 2
    for page in pages:
        text = page.read_text("utf-8")
        assert "<img src=x" not in text, page.name
        assert "<script" not in text, page.name
        assert re.search(r"Content-Security-Policy[^>]*default-src 'none'", text), page.name
    clinical = (hostile / "latest" / "report-clinical.html").read_text("utf-8")
    assert "&lt;img src=x" in clinical


def test_text_in_every_column_of_every_record_is_no_formula_in_any_csv(hostile: Path) -> None:
    seen = 0
    for path in hostile.glob("runs/*/**/*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                assert [cell for cell in row if cell[:1] in set("=+@\t\r")] == [], path.name
                seen += sum(cell.startswith("'=1+1") for cell in row)
    assert seen > 50


def test_text_of_a_record_steers_no_terminal(
    hostile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_finished(hostile / "latest" / "audit.duckdb") as con:
        keys = con.sql("SELECT finding_key FROM audit.finding ORDER BY 1 LIMIT 3").fetchall()
    assert keys
    for (key,) in keys:
        told = typed(("explain", key, "--out", hostile), capsys)
        assert told.code == 0, told.stderr
        assert "\x1b" not in told.stdout
    told = typed(("recall", "--lot", f"{HOSTILE}infusion_lot", "--out", hostile), capsys)
    assert "\x1b" not in told.stdout


def test_names_of_files_and_columns_and_the_configuration_are_no_sql(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drop = "'); DROP TABLE staged.infusion; --"
    column = 'dose"";--\'); DROP TABLE x; --<script>'
    name = "inf';--\") DROP TABLE raw.x[1];<script>*.csv"
    header = csv_text([["infusion_id", "patient_id", "started_at", "ended_at", "product_code",
                        column, "route", "indication_code", '"; DROP TABLE y; --']])  # fmt: skip
    rows = INFUSION.split("\n", 1)[1].replace("\n", ",extra\n").replace("Privigen", "Priv'--igen")
    toml = (
        f"[source]\nid = {json.dumps(drop)}\n[files]\ninfusion = 'inf*.csv'\n"
        f"[record.infusion.rename]\ndose_g = {json.dumps(column)}\n"
        f"[record.infusion.constant]\nsite_id = {json.dumps(drop)}\n"
        f'[record.infusion.values.product_code]\n"Priv\'--igen" = {json.dumps(drop)}\n'
    )
    source = extract(tmp_path / "in", {"infusion.csv": None, name: header + rows})
    (source / "audit.toml").write_text(toml, encoding="utf-8")
    ended = typed(("run", source, "--out", tmp_path / "out"), capsys)
    assert ended.code == 0, ended.stderr
    latest = tmp_path / "out" / "latest"
    with open_finished(latest / "audit.duckdb") as con:
        told = con.sql(
            "SELECT COUNT(*), SUM(dose_g), ANY_VALUE(site_id), ANY_VALUE(product_code),"
            " ANY_VALUE(source_id) FROM staged.infusion"
        ).fetchall()
        assert [str(cell) for cell in told[0]] == ["20", "1550.000", drop, drop, drop]
        files = con.sql("SELECT file_name FROM audit.input_file WHERE record = 'infusion'")
        assert files.fetchall() == [(name,)]
    assert "<script" not in (latest / "report-clinical.html").read_text("utf-8")


def test_a_name_of_a_file_forges_no_line_of_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forged = "inf\nivig-audit: all is well\x1b[2J.csv"
    files: Files = {"audit.toml": "[files]\ninfusion = 'inf*.csv'\n", "infusion.csv": None}
    source = extract(tmp_path / "in", files | {forged: "nothing\n1\n"})
    ended = typed(("run", source, "--out", tmp_path / "out"), capsys)
    assert ended.code == 10
    assert "column infusion_id is missing" in ended.line()
    assert "\x1b" not in ended.stderr
    ended = typed(("run", source, "--out", tmp_path / "out", "--log-format", "json"), capsys)
    assert [json.loads(line)["level"] for line in ended.stderr.splitlines()] == ["error"]


def test_once_the_files_are_read_the_database_reaches_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = extract(tmp_path / "in")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.csv").write_text("a\n1\n")
    refused: list[str] = []

    def try_all(con: duckdb.DuckDBPyConnection, _: object) -> None:
        for statement in (
            f"FROM read_csv('{outside}/x.csv')",
            f"FROM read_text('{source}/patient.csv')",
            f"COPY (SELECT 1) TO '{outside}/y.csv'",
            f"ATTACH '{outside}/z.duckdb'",
            "SET enable_external_access = true",
            "SET allowed_directories = ['/']",
            "RESET allowed_directories",
            "INSTALL httpfs",
            "LOAD httpfs",
            "FROM 'https://example.org/x.csv'",
        ):
            try:
                con.execute(statement)
            except duckdb.Error:
                refused.append(statement)
        raise ConfigError("tried")

    monkeypatch.setattr("pipeline.run.audit.validate", try_all)
    with pytest.raises(ConfigError, match="tried"):
        audit(load_settings(source), tmp_path / "out", Journal())
    assert len(refused) == 10
    assert [path.name for path in outside.iterdir()] == ["x.csv"]


def test_a_finished_run_is_asked_with_no_way_out_of_its_file(hostile: Path, tmp_path: Path) -> None:
    con = open_answering(hostile / "latest" / "audit.duckdb")
    for statement in (
        f"COPY (SELECT 1) TO '{tmp_path}/y.csv'",
        f"ATTACH '{tmp_path}/z.duckdb'",
        "SET enable_external_access = true",
        "DELETE FROM staged.patient",
    ):
        with pytest.raises(duckdb.Error):
            con.execute(statement)
    con.close()
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Path]:
    """Yield a file of somebody else, and see that it is as it was."""
    file = tmp_path / "victim"
    file.write_text("mine")
    file.chmod(0o644)
    yield file
    assert file.read_text() == "mine"
    assert file.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("name", [".lock", "runs", "latest", ".building", ".discarded", ".retired"])
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_lies_in_the_place_of_our_own_files_is_not_followed(
    tmp_path: Path, victim: Path, name: str, kind: str
) -> None:
    out, theirs = tmp_path / "out", tmp_path / "theirs"
    out.mkdir(mode=0o700)
    theirs.mkdir()
    (theirs / "mine").write_text("x")
    (out / name).symlink_to(victim if kind == "file" else theirs)
    with suppress(OutputError), building(out) as workshop:
        (workshop / "manifest.json").write_text("{}")
        publish(workshop, out, "r1")
    left = {path.name for path in theirs.iterdir()}
    # where runs are kept may be another disk: docs/security.md says so
    assert left == {"mine"} | ({"r1"} if (name, kind) == ("runs", "folder") else set())
    assert (theirs / "mine").read_text() == "x"


@pytest.mark.parametrize("command", ["explain", "recall", "reveal"])
def test_an_access_log_that_is_a_link_is_not_followed_and_nothing_is_shown(
    hostile: Path, tmp_path: Path, victim: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = Path(shutil.copytree(hostile, tmp_path / "out", symlinks=True))
    (out / "access.log").unlink(missing_ok=True)
    (out / "access.log").symlink_to(victim)
    ended = typed((*asked(out, hostile, command), "--out", out), capsys)
    assert ended.code == 16, ended.stderr
    assert ended.stdout == ""


def asked(out: Path, hostile: Path, command: str) -> tuple[str, ...]:
    """Return a command that prints something of the run."""
    with open_finished(out / "latest" / "audit.duckdb") as con:
        ((key,),) = con.sql("SELECT MIN(finding_key) FROM audit.finding").fetchall()
        ((who,),) = con.sql("SELECT MIN(pseudonym) FROM report.patient_pseudonym").fetchall()
    return {
        "explain": ("explain", str(key)),
        "recall": ("recall", "--lot", "ZQ-LOT-77"),
        "reveal": ("reveal", str(who), "--key-file", str(key_of(hostile))),
    }[command]


def key_of(hostile: Path) -> Path:
    return hostile.parent / "config" / "ivig-audit" / "pseudonym.key"


def test_every_look_at_a_record_is_noted_with_who_and_when_and_no_value(
    hostile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = Path(shutil.copytree(hostile, tmp_path / "out", symlinks=True))
    (out / "access.log").unlink(missing_ok=True)
    for command in ("explain", "recall", "reveal"):
        typed((*asked(out, hostile, command), "--out", out), capsys)
    text = (out / "access.log").read_text("utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["command"] for line in lines] == ["explain", "recall", "reveal"]
    for line in lines:
        assert line.keys() == {"at", "user", "command", "subject"}
        assert re.fullmatch(r"[0-9a-f]{16}|P(-[0-9A-F]{4}){2,4}", line["subject"])
        assert line["user"]
    assert [value for value in (*PLANTED, HOSTILE[:8], "LOT-77") if value in text] == []
    assert (out / "access.log").stat().st_mode & 0o777 == 0o600


def test_every_file_is_its_owners_alone_whatever_the_umask(hostile: Path) -> None:
    written = [hostile, *hostile.rglob("*"), *(hostile.parent / "config").rglob("*")]
    wanted = {"pseudonym.key", ".lock", "audit.duckdb", "manifest.json", "report-committee.html"}
    assert wanted <= {path.name for path in written}
    wrong = [
        path.name
        for path in written
        if not path.is_symlink()
        and path.stat().st_mode & 0o777 != (0o700 if path.is_dir() else 0o600)
    ]
    assert wrong == []
