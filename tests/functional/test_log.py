"""The log of a night: JSON where it is asked for, and never a value of a record in any form."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from marked import MARKS, TEXT, marked_row
from nightly import COMMAND, Ended, csv_text, typed

from pipeline import resources
from schemas import RECORDS, contract

KEYS = {"time", "level", "stage", "counts", "seconds"}
"""What every line of a JSON log has."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return records of every kind: of each a good row and a bad one, every cell marked."""
    folder = tmp_path_factory.mktemp("marked")
    for record in RECORDS:
        one = contract(record)
        names = [column.name for column in one.columns]
        bad = [f"{TEXT}bad-{name}" for name in names]
        rows = [names, marked_row(one), bad]
        (folder / f"{record}.csv").write_text(csv_text(rows) + f'{TEXT}torn,"line\n', "utf-8")
    return folder


def lines_of(ended: Ended) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    assert lines
    for line in lines:
        assert line.keys() >= KEYS
        assert line["level"] in ("info", "warning", "error", "critical")
    return lines


def assert_no_mark(ended: Ended, out: Path) -> None:
    # a clock may show any digits
    timeless = re.sub(r'"(time|seconds)": [^,}]*', "", ended.stderr)
    told = ended.stdout + timeless + "\n".join(path.name for path in out.rglob("*"))
    assert [mark for mark in MARKS if mark in told.replace(str(out), "")] == []


def test_a_night_in_json_tells_stages_counts_and_seconds_and_no_value(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    options = ("--as-of", "2024-12-31", "--max-quarantine", "100%", "--log-format", "json")
    both = ("--edition", "clinical", "--edition", "committee")
    ended = typed(("run", source, "--out", out, *options, *both), capsys)
    assert ended.code == 0, ended.stderr
    lines = lines_of(ended)
    stages = [line["stage"] for line in lines if line["level"] == "info"]
    assert stages[:3] == ["ingest", "validate", "guidelines"]
    assert stages[-1] == "run"
    by_stage = {line["stage"]: line for line in lines}
    n_kinds = len(RECORDS)
    assert by_stage["ingest"]["counts"] == {
        "files": n_kinds, "raw_rows": 3 * n_kinds, "unreadable_rows": n_kinds,
    }  # fmt: skip
    fate = by_stage["validate"]["counts"]
    assert fate["mapped_rows"] == 2 * n_kinds
    assert fate["staged_rows"] + fate["quarantined_rows"] + fate["set_aside_rows"] == 2 * n_kinds
    assert min(fate["quarantined_rows"], fate["staged_rows"]) > n_kinds - 4
    assert all(line["seconds"] >= 0 for line in lines if line["level"] == "info")
    assert by_stage["run"]["run_id"] == (out / "latest").resolve().name
    assert_no_mark(ended, out)


def test_a_night_in_text_tells_no_value_either(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = typed(("run", source, "--out", tmp_path / "out"), capsys)
    assert ended.code == 11
    assert_no_mark(ended, tmp_path)


def broken_check(patch: pytest.MonkeyPatch) -> None:
    read = resources.sql
    patch.setattr(
        resources, "sql", lambda name: "SELECT x" if name == "checks/weight.sql" else read(name)
    )


def broken_program(patch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError(f"{TEXT}patient")

    patch.setattr("pipeline.run.audit.forget_raw", fail)


class Fault(NamedTuple):
    """How a run is spoiled, and what its last line then says."""

    code: int
    level: str
    stage: str
    options: tuple[str, ...] = ("--max-quarantine", "1")
    spoil: Callable[[pytest.MonkeyPatch], None] = lambda _: None


PERIOD = ("--from", "2030-01-01", "--to", "2029-01-01")
FAULTS = {
    "too many lines nobody can read": Fault(11, "error", "ingest", ()),  # one of three in each file
    "too much quarantine": Fault(11, "error", "validate", ("--max-quarantine", "40%")),
    "a check that fails": Fault(13, "error", "check", spoil=broken_check),
    "the program itself": Fault(1, "critical", "run", spoil=broken_program),
    "wrong configuration": Fault(15, "error", "run", PERIOD),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_a_line_of_json_with_its_stage_and_code(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], fault: Fault
) -> None:
    options = ("--out", tmp_path / "out", "--log-format", "json", *fault.options)
    with pytest.MonkeyPatch.context() as patch:
        fault.spoil(patch)
        ended = typed(("run", source, *options), capsys)
    assert ended.code == fault.code
    last = lines_of(ended)[-1]
    assert (last["level"], last["stage"], last["exit_code"]) == (
        fault.level, fault.stage, fault.code,
    )  # fmt: skip
    assert last["message"]
    assert_no_mark(ended, tmp_path)


def test_config_prints_every_setting_with_where_it_comes_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "audit.toml").write_text(
        '[run]\nfail_on = "review"\nkeep = 14\nas_of = 2025-01-01\n[policy]\ncourse_gap_days = 5\n'
        '[privacy]\nkey_file = "somewhere.key"\n[source]\nid = "west"\n'
    )
    for name in ("IVIG_AUDIT_KEEP", "KEEP", "FAIL_ON"):
        monkeypatch.setenv(name, "3")
    ended = typed(("config", tmp_path, "--as-of", "2025-02-02", "--threads", "2"), capsys)
    assert ended.code == 0, ended.stderr
    told = ended.stdout.splitlines()
    for line in (
        "format = csv (default)",
        "policy.course_gap_days = 5 (audit.toml)",
        "policy.session_gap_hours = 6 (default)",
        "run.as_of = 2025-02-02 (command line)",
        "run.fail_on = review (audit.toml)",
        "run.keep = 14 (audit.toml)",
        "run.threads = 2 (command line)",
        "source.id = west (audit.toml)",
        "privacy.key_file = as told (audit.toml)",
    ):
        assert line in told
    assert "somewhere" not in ended.stdout


def test_config_takes_the_options_of_run_and_refuses_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for command in ("run", "config"):
        bad = typed((command, source, "--out", out, "--format", "csv"), capsys)
        assert bad.code == (0 if command == "config" else 10)
        assert typed((command, source, "--max-quarantine", "lots"), capsys).code == 2
        (source / "audit.toml").write_text("hello")
        assert typed((command, source, "--out", out), capsys).code == 15
        (source / "audit.toml").unlink()


def test_no_environment_makes_a_terminal_of_a_file(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("w") as file:
        subprocess.run(
            [COMMAND, "run", tmp_path / "nowhere", "--out", tmp_path / "out"],
            env=os.environ | {"FORCE_COLOR": "1", "TTY_COMPATIBLE": "1"},
            stderr=file,
            check=False,
        )
    text = log.read_text()
    assert "\x1b" not in text
    assert "ivig-audit: " in text
