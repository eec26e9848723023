"""What only a process of its own can show: killed, locked out, out of space, not allowed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from nightly import COMMAND, INFUSION, extract, started

_AS_ANYBODY = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--")
"""Root may read everything; without these two rights it may not."""


def _begun(source: Path, out: Path) -> subprocess.Popen[bytes]:
    """Start a run and return as soon as it builds."""
    process = subprocess.Popen(
        [COMMAND, "run", source, "--out", out],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not (out / ".building" / "audit.duckdb").exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return process


def test_a_run_that_is_killed_leaves_the_old_report_and_the_next_run_tidies(tmp_path: Path) -> None:
    source, out = extract(tmp_path / "in"), tmp_path / "out"
    assert started("run", source, "--out", out).code == 0
    before = (out / "latest" / "report-clinical.html").read_bytes()
    extract(source, {"infusion.csv": INFUSION.replace("77.5", "60")})
    process = _begun(source, out)
    time.sleep(0.2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (out / "latest" / "report-clinical.html").read_bytes() == before
    assert len(list((out / "runs").iterdir())) == 1
    ended = started("run", source, "--out", out)
    assert ended.code == 0, ended.stderr
    assert {path.name for path in out.iterdir()} == {".lock", "history", "latest", "runs"}
    assert (out / "latest" / "report-clinical.html").read_bytes() != before


def test_of_two_runs_at_once_the_second_is_told_to_wait(tmp_path: Path) -> None:
    source, out = extract(tmp_path / "in"), tmp_path / "out"
    first = _begun(source, out)
    second = started("run", source, "--out", out)
    assert second.code == 14, second.stderr
    assert "another run holds this output folder" in second.line()
    assert first.wait() == 0
    assert (out / "latest" / "report-clinical.html").is_file()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Yield an empty disk with room for one small report and not for two."""
    disk = tmp_path / "disk"
    disk.mkdir()
    told = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(told, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_leaves_the_old_report(small_disk: Path, tmp_path: Path) -> None:
    source, out = extract(tmp_path / "in"), small_disk / "out"
    assert started("run", source, "--out", out).code == 0
    before = (out / "latest" / "report-clinical.html").read_bytes()
    free = shutil.disk_usage(small_disk).free
    (small_disk / "other").write_bytes(bytes(free - 1_000_000))
    extract(source, {"infusion.csv": INFUSION.replace("77.5", "60")})
    ended = started("run", source, "--out", out)
    assert ended.code == 16, ended.stderr
    assert "the previous report is untouched" in ended.line()
    assert (out / "latest" / "report-clinical.html").read_bytes() == before
    assert {path.name for path in out.iterdir()} == {".lock", "history", "latest", "runs"}


def test_a_database_that_cannot_be_finished_is_not_published(tmp_path: Path) -> None:
    if shutil.which("prlimit") is None:
        pytest.skip("prlimit is missing")
    source, out = extract(tmp_path / "in"), tmp_path / "out"
    quota = ("prlimit", f"--fsize={4 << 20}", "--")
    ended = started("run", source, "--out", out, before=quota)
    assert ended.code == 16, ended.stderr
    assert "the previous report is untouched" in ended.line()
    assert {path.name for path in out.iterdir()} == {".lock"}


def test_what_may_not_be_read_or_written_is_said(tmp_path: Path) -> None:
    before = _AS_ANYBODY if os.geteuid() == 0 else ()
    if before and shutil.which(before[0]) is None:
        pytest.skip("root reads everything here, and setpriv is missing")
    source = extract(tmp_path / "in", {"diagnosis/part.csv": "patient_id,code_system,code\n"})
    cases = (
        (source / "infusion.csv", 10, "infusion.csv: cannot be read (Permission denied)"),
        (source / "diagnosis", 10, "cannot be read (Permission denied)"),
        (source, 10, "cannot be read (Permission denied)"),
    )
    for path, code, said in cases:
        mode = path.stat().st_mode
        path.chmod(0)
        ended = started("run", source, "--out", tmp_path / "out", before=before)
        path.chmod(mode)
        assert ended.code == code, ended.stderr
        assert said in ended.line()
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    ended = started("run", source, "--out", closed / "out", before=before)
    assert ended.code == 16, ended.stderr
    assert "cannot write the output (Permission denied)" in ended.line()


def test_a_killed_run_leaves_no_copy_of_the_records_elsewhere(tmp_path: Path) -> None:
    source = extract(tmp_path / "in")
    text = (source / "infusion.csv").read_bytes().decode().encode("utf-16")
    (source / "infusion.csv").write_bytes(text)
    places = [Path(tempfile.gettempdir())]
    known = {path for place in places for path in place.glob("ivig-audit-*")}
    process = _begun(source, tmp_path / "out")
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = {path for place in places for path in place.glob("ivig-audit-*")}
    assert left <= known
