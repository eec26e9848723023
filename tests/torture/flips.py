"""Flip bits of Parquet files, and say what a reader can know of it.

With a SHA256SUMS beside them every flip is told. With page checksums every flip in a page is,
not one in the names, types and places at the end of a file. Without either a flip may change a
number and nobody can tell: such flips are counted and shown, for they are no fault of a reader.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import signal
from pathlib import Path
from random import Random

import duckdb
import pyarrow.parquet as pq
from torture.count import Count
from torture.nights import Stage
from torture.witness import Seen, look, open_places

from pipeline.errors import AuditError, InputError

N_FLIPS = {"with SHA256SUMS": 50, "with page checksums": 130, "with neither": 100}
_RECORDS = ("patient", "infusion", "lab_result")
_SECONDS = 60
_LENGTH = 4
_REFUSED = ("refused", "exit 16")
"""Exit 16 where a flipped size asks for more memory than there is."""
Answer = Seen | str


def run(stage: Stage, home: Path, count: Count, seed: int) -> None:
    """Flip bits in files of three kinds, at random places."""
    rng = Random(seed)
    for what, n_flips in N_FLIPS.items():
        source = home / what.replace(" ", "-")
        _write(stage, source, what)
        whole = _look(source)
        if isinstance(whole, str):
            count.lost(f"Parquet {what}: {whole}")
            continue
        for _ in range(n_flips):
            path = source / f"{rng.choice(_RECORDS)}.parquet"
            now, place = _flip(path, rng, source)
            _judge(whole, now, f"{place}, {what}", count)


def _write(stage: Stage, source: Path, what: str) -> None:
    source.mkdir()
    for record in _RECORDS:
        target = source / f"{record}.parquet"
        with duckdb.connect() as con:
            path = str(stage.source / f"{record}.a.csv")
            query = "FROM read_csv($path, all_varchar = true)"
            table = con.sql(query, params={"path": path}).to_arrow_table()
        pq.write_table(
            table, target, compression="snappy", write_page_checksum=what == "with page checksums"
        )
    if what == "with SHA256SUMS":
        lines = [
            f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
            for path in source.glob("*.parquet")
        ]
        (source / "SHA256SUMS").write_text("".join(lines))


def _flip(path: Path, rng: Random, source: Path) -> tuple[Answer, str]:
    """Flip one bit, have the folder read, and put the bit back; return also where it was."""
    text = path.read_bytes()
    at = rng.randrange(len(text))
    footer = len(text) - 2 * _LENGTH - int.from_bytes(text[-2 * _LENGTH : -_LENGTH], "little")
    path.write_bytes(text[:at] + bytes([text[at] ^ (1 << rng.randrange(8))]) + text[at + 1 :])
    now = _look(source)
    path.write_bytes(text)
    return now, "at its end" if at >= footer else "in a page"


def _look(source: Path) -> Answer:
    """Read a folder in a fork: a damaged file must not end the process that reads it."""
    told, tell = os.pipe()
    pid = os.fork()
    if not pid:
        signal.alarm(_SECONDS)
        code = 1
        try:
            os.close(told)
            with os.fdopen(tell, "wb") as stream:
                pickle.dump(_answer(source), stream)
            code = 0
        finally:
            os._exit(code)
    os.close(tell)
    with os.fdopen(told, "rb") as stream:
        text = stream.read()
    _, status = os.waitpid(pid, 0)
    if status:
        return f"died with {os.waitstatus_to_exitcode(status)}"
    answer: Answer = pickle.loads(text)  # noqa: S301 - our own fork wrote it
    return answer


def _answer(source: Path) -> Answer:
    try:
        return look(source)
    except InputError:
        return "refused"
    except AuditError as error:
        return f"exit {error.exit_code}"
    except Exception as error:  # noqa: BLE001 - told as a loss
        return f"crashed: {type(error).__name__}"


def _judge(whole: Seen, now: Answer, place: str, count: Count) -> None:
    """Say whether a flip ended as it must: as if nothing were, in quarantine, or refused."""
    count.tried("bits flipped in Parquet")
    if isinstance(now, str):
        count.hold(now in _REFUSED, f"a bit flipped {place}: {now}")
        count.saw(f"bits flipped {place}: refused")
        return
    for fault in open_places(now):
        count.lost(f"a bit flipped {place}: {fault}")
    gone = {key for key, values in whole.staged.items() if now.staged.get(key) != values}
    if place.endswith("SHA256SUMS"):
        count.lost(f"a bit flipped {place}: was read")
    elif not gone and now.staged.keys() == whole.staged.keys():
        count.saw(f"bits flipped {place}: the same records")
    elif all(key in now.quarantined or key in now.aside for key in gone):
        count.saw(f"bits flipped {place}: records in quarantine")
    elif now.unused != whole.unused:
        count.saw(f"bits flipped {place}: a column has another name, and is told")
    else:
        count.saw(f"bits flipped {place}: other values, which nothing in the file can tell")
        is_told = place == "in a page, with page checksums"
        count.hold(not is_told, f"a bit flipped {place}: other values, unnoticed")
