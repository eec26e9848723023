"""Count what a file holds from its bytes, independently of the reader that will load it.

The fast reader passes a NUL byte in silence and lets an open quote swallow the lines after
it. Its number of records is therefore compared with the number of lines counted here.
"""

from __future__ import annotations

import codecs
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

BLOCK = 1 << 20
_LF, _CR = 10, 13
_BLANK = 32
_EDGES = np.zeros(256, bool)
_EDGES[list(b",;|\n")] = True  # what may stand before or after a cell, where there are no quotes


@dataclass(frozen=True)
class Scan:
    """One row per file: its digest and what its bytes say about its lines."""

    sha256: str
    n_bytes: int
    n_lines: int  # blank ones left out
    longest_line: int
    has_nul: bool
    has_line_feed: bool
    is_utf8: bool
    is_tight: bool
    """No cell begins or ends with a blank, by the usual delimiters; no quotes, no tabs."""


def scan(path: Path) -> Scan:
    """Return digest, size and line counts of one file, reading it once."""
    digest, lines, utf8, margins = hashlib.sha256(), _Lines(), _Utf8(), _Margins()
    n_bytes, has_nul = 0, False
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
            lines.add(block)
            utf8.add(block)
            margins.add(block)
            n_bytes += len(block)
            has_nul = has_nul or b"\0" in block
    lines.finish()
    return Scan(
        digest.hexdigest(), n_bytes, lines.n_lines, lines.longest, has_nul,
        lines.has_line_feed, utf8.finish(), margins.finish(),
    )  # fmt: skip


def digest(path: Path) -> tuple[str, int]:
    """Return the SHA-256 and the size in bytes of one file."""
    total, sha = 0, hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            sha.update(block)
            total += len(block)
    return sha.hexdigest(), total


@dataclass
class _Lines:
    """Count lines block by block; `pending` is the length of the line that is still open."""

    n_lines: int = 0
    longest: int = 0
    pending: int = 0
    last: int = 0
    has_line_feed: bool = False

    def add(self, block: bytes) -> None:
        seen = np.frombuffer(block, np.uint8)
        ends = np.flatnonzero(seen == _LF)
        if len(ends):
            self._close(seen, ends)
            self.pending = len(block) - int(ends[-1]) - 1
        else:
            self.pending += len(block)
        self.last = block[-1]

    def _close(self, seen: np.ndarray, ends: np.ndarray) -> None:
        before = np.concatenate(([-1 - self.pending], ends[:-1]))
        lengths = ends - before - 1
        # Index -1 of the first line is never used: then the byte before is self.last.
        one = ends[lengths == 1]
        n_blank = int(np.count_nonzero(lengths == 0))
        n_blank += sum(int((seen[end - 1] if end else self.last) == _CR) for end in one)
        self.n_lines += len(ends) - n_blank
        self.longest = max(self.longest, int(lengths.max()))
        self.has_line_feed = True

    def finish(self) -> None:
        self.longest = max(self.longest, self.pending)
        is_blank = self.pending == 0 or (self.pending == 1 and self.last == _CR)
        self.n_lines += 0 if is_blank else 1


@dataclass
class _Utf8:
    """Follow whether the bytes are valid UTF-8; plain ASCII costs next to nothing."""

    decoder: codecs.IncrementalDecoder = field(
        default_factory=codecs.getincrementaldecoder("utf-8")
    )
    is_valid: bool = True

    def add(self, block: bytes) -> None:
        is_pending = bool(self.decoder.getstate()[0])
        if self.is_valid and (is_pending or not block.isascii()):
            self._decode(block, is_last=False)

    def finish(self) -> bool:
        if self.is_valid:
            self._decode(b"", is_last=True)
        return self.is_valid

    def _decode(self, block: bytes, *, is_last: bool) -> None:
        try:
            self.decoder.decode(block, is_last)
        except UnicodeDecodeError:
            self.is_valid = False


@dataclass
class _Margins:
    """Follow whether a blank may stand at the edge of a cell; where it is not sure, it may."""

    is_tight: bool = True
    last: bytes = b"\n"

    def add(self, block: bytes) -> None:
        if not self.is_tight:
            return
        # with the byte before, so that each has a neighbour; a last blank has its own next time
        seen = np.frombuffer(self.last + block, np.uint8)
        blanks = np.flatnonzero(seen == _BLANK)
        before, after = blanks[blanks > 0] - 1, blanks[blanks < len(seen) - 1] + 1
        is_quoted = any(mark in block for mark in (b'"', b"\t", b"\r"))
        is_loose = is_quoted or _EDGES[seen[before]].any() or _EDGES[seen[after]].any()
        self.is_tight = not is_loose
        self.last = block[-1:]

    def finish(self) -> bool:
        return self.is_tight and self.last != b" "
