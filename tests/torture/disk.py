"""Take the disk away from a night, and let others write where it reads and works."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from torture.count import Count
from torture.nights import Ended, Night, Stage, broken_latest, copied, differs, digests, runs_of

SHARES = (0.0, 0.02, 0.1, 0.3, 0.6, 0.9)
"""Of the room a night needs, how much is left."""
_AT_ONCE = 4
_MB = 1 << 20


def run(stage: Stage, home: Path, count: Count, seed: int) -> None:
    """Fill a small disk, forbid writing, start several at once, and let the source grow."""
    with _small_disk(stage, home / "disk") as disk:
        if disk is None:
            sys.stderr.write("no small disk may be mounted here: files are limited instead\n")
        else:
            _fill(stage, disk, count)
    _limit_files(stage, home, count)
    _at_once(stage, home, count)
    _grow(stage, home, count)


def _room(stage: Stage) -> int:
    """Return how many bytes one night leaves."""
    both, first = (_size(stage.left(after)) for after in ("both", "first"))
    return both - first


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@contextmanager
def _small_disk(stage: Stage, place: Path) -> Iterator[Path | None]:
    place.mkdir()
    size = f"size={_size(stage.left('first')) + 3 * _room(stage) + 8 * _MB}"
    told = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(place)]
    may_mount = os.geteuid() == 0 and shutil.which("mount")
    if not may_mount or subprocess.run(told, check=False, capture_output=True).returncode:
        yield None
    else:
        try:
            yield place
        finally:
            subprocess.run(["umount", str(place)], check=True)


def _fill(stage: Stage, disk: Path, count: Count) -> None:
    """Leave less room than a night needs, each time a little more; then read-only; then all."""
    out, filler = copied(stage.left("first"), disk / "out"), disk / "filler"
    for share in SHARES:
        filler.unlink(missing_ok=True)
        free = shutil.disk_usage(disk).free - int(share * _room(stage))
        _write(filler, free)
        ended = Night(stage.source, out).wait()
        _refused(stage, out, ended, count, f"a disk with room for {share:.0%} of a night", 16)
    filler.unlink()
    _remount(disk, "ro")
    ended = Night(stage.source, out).wait()
    _remount(disk, "rw")
    _refused(stage, out, ended, count, "a disk that is read-only", 16)
    count.tried("reruns")
    ended = Night(stage.source, out).wait()
    count.hold(ended.code == 0, f"with room again, a night ended with {ended.code}")
    fault = differs(out, stage.left("both"))
    count.hold(fault is None, f"with room again, {fault}")


def _write(path: Path, size: int) -> None:
    with path.open("wb") as file:
        block = bytes(_MB)
        for _ in range(size // _MB):
            file.write(block)
        file.write(bytes(size % _MB))


def _remount(disk: Path, way: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{way}", str(disk)], check=True)


def _refused(stage: Stage, out: Path, ended: Ended, count: Count, what: str, code: int) -> None:
    """A night that had to fail: its code, one line, the old report, and nothing half made."""
    count.tried("nights without room, right or rest")
    count.hold(ended.code == code, f"{what}: exit {ended.code} for {code}: {ended.said[-200:]}")
    count.hold(ended.fault is None, f"{what}: {ended.fault}")
    told = [line for line in ended.said.splitlines() if line.startswith("ivig-audit:")]
    count.hold(len(told) == 1, f"{what}: {len(told)} lines of error")
    fault = broken_latest(out, runs_of(stage.left("first")), may_lack=False)
    count.hold(fault is None, f"{what}: {fault}")
    left = digests(stage.left("first"))
    count.hold(digests(out) == left, f"{what}: something half made was left")


def _limit_files(stage: Stage, home: Path, count: Count) -> None:
    """Let no file grow beyond a limit, as a quota would."""
    out = copied(stage.left("first"), home / "limited")
    for limit in (40_000, 4 * _MB):
        hook = lambda limit=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))  # noqa: E731
        ended = Night(stage.source, out, hook=hook).wait()
        _refused(stage, out, ended, count, f"files of at most {limit} bytes", 16)


def _at_once(stage: Stage, home: Path, count: Count) -> None:
    """Start several nights in one folder: one of them runs, the others are told to wait."""
    out = copied(stage.left("first"), home / "shared")
    nights = [Night(stage.source, out) for _ in range(_AT_ONCE)]
    ended = [night.wait() for night in nights]
    count.tried("nights at once", _AT_ONCE)
    codes = sorted(one.code for one in ended)
    count.hold(codes == [0] + [14] * (_AT_ONCE - 1), f"several nights at once ended with {codes}")
    for one in ended:
        count.hold(one.fault is None, f"several nights at once: {one.fault}")
    fault = differs(out, stage.left("both"))
    count.hold(fault is None, f"after several nights at once {fault}")


def _grow(stage: Stage, home: Path, count: Count) -> None:
    """Go on writing to a file while it is read: by appending, and by putting a new one there."""
    for way in ("appended", "replaced"):
        source = copied(stage.source, home / "growing")
        file = source / "infusion.a.csv"
        text = file.read_bytes()
        line = text.splitlines(keepends=True)[1]
        out = copied(stage.left("first"), home / f"out-{way}")
        night = Night(source, out)
        while night.runs:
            text += line
            if way == "appended":
                with file.open("ab") as stream:
                    stream.write(line)
            else:
                fresh = source / ".fresh"
                fresh.write_bytes(text)
                fresh.replace(file)
            time.sleep(0.001)
        ended = night.wait()
        _refused(stage, out, ended, count, f"a source that is {way} to while it is read", 10)
        count.hold("changed while it was read" in ended.said, f"{way}: {ended.said[-200:]}")
