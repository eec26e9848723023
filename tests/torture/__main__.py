"""Torture the program: `python -m torture`, or one part of it by name.

Two parts run at a time, each in a process of its own. The last lines count what was tried and
what was lost; any loss ends with 1. The seed is printed and may be given: `--seed N`.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from torture import checks, damaged_nights, dirty, disk, flips, kills, publishing
from torture.count import Count
from torture.nights import Stage, set_up

AT_ONCE = 2
Part = Callable[[Stage, Path, Count, int], None]


def _by_bytes(_: Stage, __: Path, count: Count, seed: int) -> None:
    dirty.by_bytes(dirty.Dirt(count), seed, 44)


def _by_hypothesis(_: Stage, __: Path, count: Count, seed: int) -> None:
    dirt = dirty.Dirt(count)
    dirty.by_hypothesis(dirt.together, seed, 30)
    dirty.alone(dirt, seed, 120)


PARTS: dict[str, Part] = {
    # the longest first, so that none is left to run alone at the end
    "publishing": publishing.run,
    "kills-1": lambda stage, home, count, seed: kills.at_random(stage, home, count, seed, 25, 1),
    "kills-2": lambda stage, home, count, seed: kills.at_random(stage, home, count, seed, 25, 2),
    "damages-1": _by_bytes,
    "damages-2": lambda stage, home, count, seed: _by_bytes(stage, home, count, seed + 1),
    "damages-drawn": _by_hypothesis,
    "damaged-nights": damaged_nights.run,
    "stages-1": lambda stage, home, count, _: kills.after_stages(stage, home, count, which=0),
    "stages-2": lambda stage, home, count, _: kills.after_stages(stage, home, count, which=1),
    "checks": checks.run,
    "flips": flips.run,
    "disk": disk.run,
}


def main() -> int:
    """Run all parts, or the one that is named; return 1 after any loss."""
    told = argparse.ArgumentParser(prog="torture", description=__doc__)
    told.add_argument("part", nargs="?", choices=list(PARTS))
    told.add_argument("--seed", type=int, default=None)
    told.add_argument("--stage", type=Path, default=None, help=argparse.SUPPRESS)
    given = told.parse_args()
    seed = given.seed if given.seed is not None else secrets.randbelow(1_000_000)
    if given.stage is not None:
        return _one(given.part, Stage(given.stage), seed)
    with tempfile.TemporaryDirectory(prefix="ivig-torture-") as name:
        return _all([given.part] if given.part else list(PARTS), Path(name), seed)


def _one(part: str, stage: Stage, seed: int) -> int:
    """Run one part in this process; its last line holds what it counted."""
    count = Count()
    with tempfile.TemporaryDirectory(prefix=f"{part}-", dir=stage.home) as name:
        try:
            PARTS[part](stage, Path(name), count, seed)
        except Exception as error:  # noqa: BLE001 - a part that cannot go on is a loss
            count.lost(f"{part} could not go on: {type(error).__name__}: {error}")
    sys.stdout.write(f"{count.as_line()}\n")
    return 0


def _all(parts: list[str], home: Path, seed: int) -> int:
    os.environ["XDG_CONFIG_HOME"] = str(home / "configuration")
    sys.stdout.write(f"seed {seed} (make torture SEED={seed} repeats it)\n")
    sys.stdout.flush()
    began = time.monotonic()
    stage = set_up(home)
    count, waiting, running = Count(), list(parts), dict[str, subprocess.Popen[str]]()
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            part = waiting.pop(0)
            running[part] = _started(part, stage, seed)
        for part, process in list(running.items()):
            if process.poll() is not None:
                _take(count, home, part, process, time.monotonic() - began)
                del running[part]
        time.sleep(0.05)
    return _told(count, seed, time.monotonic() - began)


def _started(part: str, stage: Stage, seed: int) -> subprocess.Popen[str]:
    given = ("--stage", str(stage.home), "--seed", str(seed))
    command = [sys.executable, "-m", "torture", part, *given]
    with (stage.home / f"{part}.json").open("w") as told:
        return subprocess.Popen(command, stdout=told, text=True, stdin=subprocess.DEVNULL)


def _take(
    count: Count, home: Path, part: str, process: subprocess.Popen[str], seconds: float
) -> None:
    lines = (home / f"{part}.json").read_text("utf-8").splitlines()
    try:
        told = json.loads(lines[-1])
        count.add(told, told["losses"])
        n_lost = len(told["losses"])
    except (IndexError, ValueError):
        count.lost(f"{part} died with {process.returncode}")
        n_lost = 1
    sys.stdout.write(f"{seconds:6.0f} s  {part}: {n_lost} losses\n")
    sys.stdout.flush()


def _told(count: Count, seed: int, seconds: float) -> int:
    for what, number in sorted(count.seen.items()):
        sys.stdout.write(f"{number:7,}  {what}\n")
    for fault in count.losses:
        sys.stdout.write(f"LOST: {fault}\n")
    sys.stdout.write(f"in {seconds:.0f} s with seed {seed}:\n")
    for what, number in sorted(count.n_tried.items()):
        sys.stdout.write(f"{number:7,}  {what}\n")
    sys.stdout.write(f"{len(count.losses):7,}  losses\n")
    return 1 if count.losses else 0


if __name__ == "__main__":
    sys.exit(main())
