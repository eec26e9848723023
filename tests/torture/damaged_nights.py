"""Damaged records through the command line: never a crash, never a value, never half a report."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

from torture.count import Count
from torture.damage import damaged, header_damaged
from torture.dirty import WHOLE
from torture.nights import Ended, Night, Stage, digests

N_WHOLE, N_STRICT, N_HEADERS = 8, 26, 16
_CODES = {"whole": {0}, "strict": {11}, "headers": {0, 10, 11}}


def run(stage: Stage, home: Path, count: Count, seed: int) -> None:
    """Run some damaged nights to the end, and more of them that may bear nothing."""
    rng = Random(seed)
    turns = ["whole"] * N_WHOLE + ["strict"] * N_STRICT + ["headers"] * N_HEADERS
    for turn in turns:
        source, out = home / "source", home / "out"
        shutil.rmtree(source, ignore_errors=True)
        _write(source, turn, rng)
        limit = "0%" if turn == "strict" else "100%"
        ended = Night(source, out, "--max-quarantine", limit).wait()
        count.tried("damaged folders through the command line")
        count.saw(f"damaged folders that ended with {ended.code}")
        _judge(ended, turn, count)
        if ended.code == 0:
            shutil.rmtree(out)
        left = digests(out) if out.exists() else {}
        count.hold(set(left) <= {".lock"}, f"a damaged night left {sorted(left)[:1]}")


def _write(source: Path, turn: str, rng: Random) -> None:
    """Write all files, each with a damage, or one of them with a damaged header."""
    source.mkdir()
    chosen = rng.choice(WHOLE)
    for one in WHOLE:
        draw = rng.getrandbits(48)
        if turn != "headers":
            text = damaged(draw, one).on(one.text)
        elif one is chosen:
            text = header_damaged(draw, one).on(one.text)
        else:
            text = one.text
        (source / one.name).write_bytes(text)


def _judge(ended: Ended, turn: str, count: Count) -> None:
    count.hold(ended.fault is None, f"a damaged night ({turn}): {ended.fault}")
    told = ended.said.strip().splitlines()[-1:]
    count.hold(ended.code in _CODES[turn], f"a damaged night ({turn}) ended {ended.code}: {told}")
    lines = [line for line in ended.said.splitlines() if line.startswith("ivig-audit:")]
    count.hold(len(lines) == (ended.code != 0), f"a damaged night ({turn}): {len(lines)} lines")
