"""What docs/operations.md tells an operator to type is tried as it stands there."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from nightly import COMMAND, extract

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")


def here(text: str, home: Path) -> str:
    """Return a text of the page with its places moved into a folder of the test."""
    for place, ours in (
        ("/opt/ivig-audit/bin/ivig-audit", COMMAND),
        ("/etc/ivig-audit", home),
        ("/srv/ivig/extract", home / "extract"),
        ("/var/lib/ivig-audit", home / "state"),
    ):
        text = text.replace(place, str(ours))
    return text


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("operations")
    extract(folder / "extract")
    (folder / "state").mkdir(mode=0o700)
    key = folder / "state" / "key" / "pseudonym.key"
    (folder / "audit.toml").write_text(f'[privacy]\nkey_file = "{key}"\n')
    return folder


def shell(line: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", here(line, home)], capture_output=True, text=True, check=False
    )


def units() -> dict[str, str]:
    """Return the systemd units of the page by their name."""
    return dict(
        re.findall(r"`/etc/systemd/system/([\w.-]+)`[^`]*```ini\n(.*?)```", PAGE, re.DOTALL)
    )


def test_the_lines_of_systemd_and_cron_run_and_status_finds_the_run(home: Path) -> None:
    started = {
        name: line.removeprefix("ExecStart=")
        for name, unit in units().items()
        for line in unit.splitlines()
        if line.startswith("ExecStart=")
    }
    assert started.keys() == {"ivig-audit.service", "ivig-audit-status.service"}
    assert shell(started["ivig-audit-status.service"], home).returncode == 18
    done = shell(started["ivig-audit.service"], home)
    assert done.returncode == 0, done.stderr
    assert shell(started["ivig-audit-status.service"], home).returncode == 0
    crons = re.findall(r"(?m)^[\d*]+ \d+ \* \* \* ivig (.*)$", PAGE)
    assert len(crons) == 2
    assert all("%" not in line for line in crons)  # cron takes it for the end of the line
    for line in crons:
        done = shell(line, home)
        assert (done.returncode, done.stderr) == (0, "")
    assert '"exit_code": 0' in (home / "state" / "audit.log").read_text()
    private = [home / "state" / "out", home / "state" / "audit.log", *home.glob("state/*/*")]
    for path in private:
        if not path.is_symlink():
            assert path.stat().st_mode & 0o077 == 0, path.name


def test_the_two_lines_ask_for_the_same(home: Path) -> None:
    """What cron runs is what systemd runs, but for --fail-on, which is the default."""
    unit = re.findall(r"ExecStart=(\S+ run .*)", PAGE)[0].replace(" --fail-on never", "")
    cron = re.findall(r"umask 077; (\S+ run .*?) >>", PAGE)[0]
    assert shlex.split(unit) == shlex.split(cron)
    assert (home / "extract").is_dir()


def test_the_units_are_what_systemd_takes(home: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze on this machine")
    assert len(units()) == 3
    for name, text in units().items():
        (tmp_path / name).write_text(here(text, home))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", *map(str, tmp_path.iterdir())],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
