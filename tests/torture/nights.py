"""Run the program on a few patients in processes that can be killed, and say whether all is whole.

A night is a fork of a process that has loaded the program already and opened no database: it
parses its command line, ends with its exit code, and costs no three seconds of loading. Charts are
left empty: they cost as much as all else that is drawn, and what is tortured is the keeping.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from torture.slices import slices

from pipeline import cli
from pipeline.render import environment, figures, page
from pipeline.run import audit, journal, manifest
from pipeline.store import open_finished

MAY_DIFFER = {"audit.duckdb", "timings.json", ".lock"}
_LOADED = (audit, journal, page)
_CRASHED = 70
Hook = Callable[[], None]


@dataclass(frozen=True)
class Ended:
    """How a night ended: its exit code, less than 0 for a signal, and what it printed."""

    code: int
    said: str
    seconds: float

    @property
    def fault(self) -> str | None:
        """Return what no night may do: crash, or show an id of a record."""
        if "Traceback" in self.said or "internal error" in self.said or self.code in (1, _CRASHED):
            return f"crashed: {self.said.strip().splitlines()[-1:]}"
        return "printed an id of a record" if "SYN-" in self.said else None


class Night:
    """One run of the program in a process of its own."""

    def __init__(self, source: Path, out: Path, *more: str, hook: Hook | None = None) -> None:
        _load()
        self.out = out
        self._log = Path(tempfile.gettempdir()) / f"torture-{os.getpid()}-{time.monotonic_ns()}.log"
        self._began = time.monotonic()
        arguments = ["run", str(source), "--out", str(out), "--threads", "1", *more]
        self.pid = os.fork()
        if not self.pid:
            _become(arguments, self._log, hook)

    def kill_at(self, moment: float) -> Ended:
        """Send SIGKILL so many seconds after the beginning, unless it has ended by then."""
        while time.monotonic() - self._began < moment:
            if ended := self._ended(os.WNOHANG):
                return ended
            time.sleep(0.002)
        os.kill(self.pid, signal.SIGKILL)
        return self.wait()

    def wait(self) -> Ended:
        """Wait for the end."""
        ended = self._ended(0)
        if ended is None:
            raise ChildProcessError
        return ended

    @property
    def runs(self) -> bool:
        """Say whether it has not ended, without taking its end."""
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.pid, options) is None

    def _ended(self, options: int) -> Ended | None:
        pid, status = os.waitpid(self.pid, options)
        if not pid:
            return None
        said = self._log.read_text("utf-8", "replace") if self._log.exists() else ""
        self._log.unlink(missing_ok=True)
        return Ended(os.waitstatus_to_exitcode(status), said, time.monotonic() - self._began)


@cache
def _load() -> None:
    """Load once what every fork would load again."""
    environment.compile_templates()
    figures.start_renderer = lambda: None
    figures._picture = lambda chart: "<svg></svg>"  # noqa: ARG005


def _become(arguments: list[str], log: Path, hook: Hook | None) -> None:
    """Turn this fork into the program; it never returns."""
    code = _CRASHED
    try:
        told = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(told, 1)
        os.dup2(told, 2)
        sys.argv = ["ivig-audit", *arguments]
        if hook:
            hook()
        cli.main()
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 0
    except BaseException:  # noqa: BLE001 - a fork must end here, whatever happened
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


@dataclass(frozen=True)
class Stage:
    """Where nights are tortured: the records of two nights, and what undisturbed nights left."""

    home: Path

    @property
    def first_source(self) -> Path:
        """Return the records of the first night."""
        return self.home / "first"

    @property
    def source(self) -> Path:
        """Return the records of the second night, the one that is tortured."""
        return self.home / "second"

    def left(self, after: str) -> Path:
        """Return the output folder before (`first`) or after (`both`, `alone`) the second night."""
        return self.home / f"out-{after}"

    @property
    def seconds(self) -> float:
        """Return how long an undisturbed night took."""
        return float((self.home / "seconds").read_text())

    @property
    def names(self) -> list[str]:
        """Return the names of the stages in order."""
        told = json.loads((self.left("both") / "latest" / "timings.json").read_text("utf-8"))
        return list(told["stages"])


def set_up(home: Path) -> Stage:
    """Make the records and run the nights that nobody disturbs."""
    stage = Stage(home)
    for folder, spared in ((stage.first_source, 3), (stage.source, 0)):
        folder.mkdir()
        for one in slices():
            if one.way.name != "a":
                continue
            end = one.spans[-1 - spared][1] if one.record == "lab_result" else len(one.text)
            (folder / one.name).write_bytes(one.text[:end])
    nights = [
        Night(stage.first_source, stage.left("first")),
        Night(stage.source, stage.left("alone")),
    ]
    for night in nights:
        _must(night.wait())
    shutil.copytree(stage.left("first"), stage.left("both"), symlinks=True)
    other = Night(stage.source, home / "out-other")
    ended = _must(Night(stage.source, stage.left("both")).wait())
    _must(other.wait())
    (home / "seconds").write_text(str(ended.seconds))
    return stage


def _must(ended: Ended) -> Ended:
    if ended.code != 0:
        raise SystemExit(f"an undisturbed night ended with {ended.code}: {ended.said}")
    return ended


def copied(folder: Path, target: Path) -> Path:
    """Return a fresh copy of an output folder, links and times as they are."""
    shutil.rmtree(target, ignore_errors=True)
    if folder.exists():
        shutil.copytree(folder, target, symlinks=True)
    return target


def digests(folder: Path) -> dict[str, str]:
    """Return the digest of all that lies in a folder, and where its links point."""
    return {
        path.relative_to(folder).as_posix(): _digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or not path.is_dir()
    }


def _digest(path: Path) -> str:
    if path.is_symlink():
        return f"-> {path.readlink()}"
    if path.name in MAY_DIFFER:
        return "may differ"
    return hashlib.sha256(path.read_bytes()).hexdigest()


def broken_latest(out: Path, known: dict[str, dict[str, str]], *, may_lack: bool) -> str | None:
    """Return what is wrong with `latest`: it is one of the known runs, whole, or not there yet.

    Args:
        out: the output folder.
        known: the digests of the files of every run that may stand there, by its id.
        may_lack: no run was ever published here.
    """
    latest = out / "latest"
    if not os.path.lexists(latest):
        return None if may_lack else "latest is gone"
    run_id = latest.readlink().name
    if not latest.is_dir():
        return "latest points nowhere"
    if run_id not in known:
        return "latest is an unknown run"
    if digests(latest.resolve()) != known[run_id]:
        return "latest is not whole"
    return None


def runs_of(*folders: Path) -> dict[str, dict[str, str]]:
    """Return the digests of every finished run of some output folders, by id."""
    return {run.name: digests(run) for out in folders for run in (out / "runs").iterdir()}


def differs(out: Path, reference: Path) -> str | None:
    """Return what is not as an undisturbed night left it: a file, a leftover, a table."""
    then, now = digests(reference), digests(out)
    changed = sorted(name for name in then.keys() | now.keys() if then.get(name) != now.get(name))
    if changed:
        return f"{len(changed)} files differ or are left over, among them {changed[0]}"
    told = json.loads((out / "latest" / "manifest.json").read_text("utf-8"))["tables"]
    con = open_finished(out / "latest" / "audit.duckdb")
    try:
        return None if manifest.table_digests(con) == told else "tables differ"
    finally:
        con.close()
