"""Kill the publishing of a run before every single thing it does to the disk.

Publishing takes a few thousandths of a second, so random kills hardly ever meet it. Here a fork
publishes a run that is already built, and dies before its n-th change of the disk, for every n.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from torture.count import Count
from torture.nights import Stage, broken_latest, copied, digests, runs_of

from pipeline.disclosure.naming import load_key
from pipeline.run.publish import building, publish
from pipeline.run.retention import discard_old_runs

_CHANGES = {
    "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.symlink", "os.chmod", "os.link",
    "os.truncate", "ctypes.dlsym",
}  # fmt: skip
"""What Python tells its auditors of when the disk is to change; the last is the exchange."""
_TABLES = 4
"""Files of one folder are removed one by one: a few of 250 show what all would."""
_READS = 60
Work = Callable[["_Watch"], None]


class _Watch:
    """Count the changes of the disk this process makes, and kill it before one of them."""

    def __init__(self, fatal: int) -> None:
        self.n_seen, self.is_on = 0, True
        self._fatal = fatal
        sys.addaudithook(self._heed)

    def _heed(self, event: str, told: tuple[object, ...]) -> None:
        is_write = event == "open" and isinstance(told[2], int) and told[2] & os.O_CREAT
        if self.is_on and (event in _CHANGES or is_write):
            if self.n_seen == self._fatal:
                os.kill(os.getpid(), signal.SIGKILL)
            self.n_seen += 1


@dataclass(frozen=True)
class _Scene:
    """A way to publish: what lies there before, which run comes, how many runs are kept."""

    name: str
    before: tuple[str, ...]
    run_id: str
    keep: int | None = None


def run(stage: Stage, home: Path, count: Count, seed: int) -> None:
    """Kill at every change of the disk, in every scene, and read while runs replace themselves."""
    built = _built(stage, home / "built")
    old, new, newer = built
    scenes = (
        _Scene("the first run", (), new),
        _Scene("a new run", (old,), new),
        _Scene("the same run again", (old, new), new),
        _Scene("an old run discarded", (old, new), newer, keep=1),
    )
    for scene in scenes:
        _torture(scene, built, home, count)
    _torture_the_key(home, count)
    _read_meanwhile(built, home, count, new)


def _built(stage: Stage, home: Path) -> dict[str, Path]:
    """Return three built runs, by id; the database is a stand-in, for here nothing reads it."""
    runs = sorted((stage.left("both") / "runs").iterdir(), key=lambda run: run.stat().st_mtime_ns)
    runs.append(runs[-1])
    built: dict[str, Path] = {}
    for number, source in enumerate(runs):
        name = f"2024-01-0{number + 1}-torture"
        target = home / name
        shutil.copytree(source, target, ignore=_spare)
        (target / "audit.duckdb").write_bytes(name.encode() * 99)
        told = json.loads((target / "manifest.json").read_text("utf-8"))
        told |= {"run_id": name, "content_digest": name}
        told["previous_run"] = list(built)[-1] if built else ""
        (target / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
        (target / "committee").mkdir()
        (target / "committee" / "edition.json").write_text(f'[\n["printed", "{number}"]\n]\n')
        built[name] = target
    return built


def _spare(folder: str, names: list[str]) -> list[str]:
    """Return what a run can do without here: the database, and all but a few of many tables."""
    return sorted(names)[_TABLES:] if Path(folder).name == "tables" else ["audit.duckdb"]


def _torture(scene: _Scene, built: dict[str, Path], home: Path, count: Count) -> None:
    start, whole, out = home / "start", home / "whole", home / "out"
    shutil.rmtree(start, ignore_errors=True)
    for name in scene.before:
        _fork(lambda watch, name=name: _publish(start, built[name], None, watch), -1)  # type: ignore[misc]
    copied(start, whole)
    code, n_changes = _fork(
        lambda watch: _publish(whole, built[scene.run_id], scene.keep, watch), -1
    )
    count.hold(code == 0 and n_changes > 9, f"{scene.name}: could not be published")
    known, before = runs_of(whole), scene.before[-1:]
    known |= runs_of(start) if before else {}
    for number in range(n_changes):
        copied(start, out)
        code, _ = _fork(lambda watch: _publish(out, built[scene.run_id], scene.keep, watch), number)
        count.tried("kills while publishing")
        count.hold(code == -signal.SIGKILL, f"{scene.name}: was not killed at {number}")
        fault = broken_latest(out, known, may_lack=not before)
        count.hold(fault is None, f"{scene.name}, killed before change {number}: {fault}")
        code, _ = _fork(lambda watch: _publish(out, built[scene.run_id], scene.keep, watch), -1)
        count.hold(code == 0, f"{scene.name}: the run after a kill at {number} ended with {code}")
        count.hold(
            digests(out) == digests(whole), f"{scene.name}: after a kill at {number} files differ"
        )


def _publish(out: Path, built: Path, keep: int | None, watch: _Watch) -> None:
    with building(out) as workshop:
        watch.is_on = False
        shutil.copytree(built, workshop, dirs_exist_ok=True)
        watch.is_on = True
        publish(workshop, out, built.name)
        discard_old_runs(out, keep)


def _fork(work: Work, fatal: int) -> tuple[int, int]:
    """Do some work in a fork that dies before a change; return its end and how many it made."""
    told, tell = os.pipe()
    pid = os.fork()
    if not pid:
        code = 1
        try:
            watch = _Watch(fatal)
            work(watch)
            watch.is_on = False
            os.write(tell, str(watch.n_seen).encode())
            code = 0
        finally:
            os._exit(code)
    os.close(tell)
    seen = os.read(told, 99)
    os.close(told)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), int(seen or b"0")


def _torture_the_key(home: Path, count: Count) -> None:
    """Kill the making of the key: half a key would stop every night after."""
    place = home / "key" / "pseudonym.key"
    _, n_changes = _fork(lambda _: _make_key(place), -1)
    for number in range(n_changes):
        shutil.rmtree(place.parent)
        _fork(lambda _: _make_key(place), number)
        count.tried("kills while publishing")
        code, _ = _fork(lambda _: _make_key(place), -1)
        count.hold(code == 0, f"the key cannot be made after a kill at {number}")
        left = [path.name for path in place.parent.iterdir()]
        count.hold(left == [place.name], f"beside the key {len(left) - 1} files are left")


def _make_key(place: Path) -> None:
    load_key(place)


def _read_meanwhile(built: dict[str, Path], home: Path, count: Count, run_id: str) -> None:
    """Read the report without a pause while the same run takes its own place again and again."""
    out, page = copied(home / "whole", home / "out"), "latest/report-clinical.html"
    _fork(lambda watch: _publish(out, built[run_id], None, watch), -1)
    expected = (built[run_id] / "report-clinical.html").read_bytes()
    with (out / page).open("rb") as opened:
        pid = os.fork()
        if not pid:
            _again_and_again(out, built[run_id])
        n_read = 0
        while not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            n_read += 1
            try:
                is_whole = (out / page).read_bytes() == expected
            except OSError:
                is_whole = False
            count.hold(is_whole, "a reader met half a report while it was replaced")
        _, status = os.waitpid(pid, 0)
        count.hold(status == 0, "the same run could not replace itself again and again")
        count.hold(opened.read() == expected, "a report that was open was disturbed")
    count.tried("reports read while runs were published", n_read)


def _again_and_again(out: Path, built: Path) -> None:
    code = 1
    try:
        watch = _Watch(-1)
        for _ in range(_READS):
            _publish(out, built, None, watch)
        code = 0
    finally:
        os._exit(code)
