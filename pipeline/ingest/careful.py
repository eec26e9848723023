"""Read a damaged delimited file line by line and lose nothing but the damaged lines.

The fast reader stops at the first fault, or lets one open quote swallow the rest of the
file. Here every line stands for itself: a record may go on over a line end only inside
quotes, only for a few lines, and only when the whole then makes a record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pipeline.ingest.unpack import UNDECODABLE

MAX_CELL_CHARS = 1_000_000
MAX_FOLLOWING_LINES = 20
MAX_RECORD_BYTES = 4_000_000
_UNDECODABLE = UNDECODABLE.encode()


@dataclass(frozen=True)
class Shape:
    """How many columns a record has, and how they are told apart."""

    n_columns: int
    delimiter: bytes
    quote: bytes


@dataclass(frozen=True)
class Record:
    """One row per readable record: its number, and its text on one line or in quotes."""

    source_row: int
    text: bytes


@dataclass(frozen=True)
class Unreadable:
    """One row per line that is not a record: its number, and why."""

    source_row: int
    reason: str
    text: bytes


def read_carefully(path: Path, shape: Shape) -> Iterator[Record | Unreadable]:
    """Yield every record of a UTF-8 file after its header, in file order, damaged or not."""
    lines = _Lines(path, shape)
    numbered = enumerate(lines)
    next(numbered, None)  # the header
    for number, line in numbered:
        reason = _fault(line, shape)
        if reason is not None:
            yield Unreadable(number, reason, line)
        elif shape.quote in line or b"\r" in line:
            yield _quoted(number, line, lines, shape)
        else:
            yield _plain(number, line, shape)


class _Lines:
    """The lines of a file, blank ones passed over, with a look at those that follow."""

    def __init__(self, path: Path, shape: Shape) -> None:
        self._lines = _bounded_lines(path)
        self._ahead: list[bytes] = []
        self._blank = b"\r " if shape.n_columns > 1 else b"\r"

    def __iter__(self) -> Iterator[bytes]:
        while self._reach(1):
            line = self._ahead.pop(0)
            if line.strip(self._blank):
                yield line

    def following(self, count: int) -> list[bytes]:
        """Return up to `count` lines after the current one, without taking them."""
        self._reach(count)
        return self._ahead[:count]

    def drop(self, count: int) -> None:
        """Forget the next `count` lines: they belong to the current record."""
        del self._ahead[:count]

    def _reach(self, count: int) -> bool:
        while len(self._ahead) < count:
            line = next(self._lines, None)
            if line is None:
                break
            self._ahead.append(line)
        return len(self._ahead) >= count


def _bounded_lines(path: Path) -> Iterator[bytes]:
    """Yield lines without their end; one that is too long is cut, its rest skipped."""
    with path.open("rb") as stream:
        while line := stream.readline(MAX_RECORD_BYTES):
            yield line.removesuffix(b"\n").removesuffix(b"\r")
            while len(line) == MAX_RECORD_BYTES and not line.endswith(b"\n"):
                line = stream.readline(MAX_RECORD_BYTES)


def _fault(line: bytes, shape: Shape) -> str | None:
    """Say why no record can be on this line, whatever its quotes."""
    if b"\0" in line:
        return "nul_byte"
    if len(line) > MAX_CELL_CHARS and _has_long_cell(line, shape):
        return "cell_too_long"
    return None if _is_text(line) else "encoding"


def _has_long_cell(line: bytes, shape: Shape) -> bool:
    is_cut = len(line) >= MAX_RECORD_BYTES
    return is_cut or max(len(cell) for cell in line.split(shape.delimiter)) > MAX_CELL_CHARS


def _is_text(line: bytes) -> bool:
    if line.isascii():
        return True
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return _UNDECODABLE not in line


def _plain(number: int, line: bytes, shape: Shape) -> Record | Unreadable:
    n_delimiters = line.count(shape.delimiter)
    if n_delimiters == shape.n_columns and line.endswith(shape.delimiter):
        line, n_delimiters = line[: -len(shape.delimiter)], n_delimiters - 1
    if n_delimiters != shape.n_columns - 1:
        return Unreadable(number, "ragged", line)
    return Record(number, line)


def _quoted(number: int, line: bytes, lines: _Lines, shape: Shape) -> Record | Unreadable:
    """Read a line with quotes; while a quote is open, try the lines that follow with it."""
    following = _until_closed(line, lines, shape)
    if following is None:
        return Unreadable(number, "open_quote", line)
    fields = _fields(b"\n".join([line, *following]).decode("utf-8"), shape)
    reason = _quoted_fault(fields, shape)
    if fields is None or reason is not None:
        return Unreadable(number, "open_quote" if following else str(reason), line)
    lines.drop(len(following))
    return Record(number, _requoted(fields, shape))


def _quoted_fault(fields: list[str] | None, shape: Shape) -> str | None:
    if fields is None:
        return "quote"
    if len(fields) != shape.n_columns:
        return "ragged"
    is_long = max(map(len, fields)) > MAX_CELL_CHARS or sum(map(len, fields)) > MAX_RECORD_BYTES
    return "cell_too_long" if is_long else None


def _until_closed(line: bytes, lines: _Lines, shape: Shape) -> list[bytes] | None:
    """Return the lines after this one up to the closing quote; None when it never closes.

    A following line that is a record by itself was swallowed, not quoted: then the quote
    is taken for the damage, not the line.
    """
    if line.count(shape.quote) % 2 == 0:
        return []
    ahead = lines.following(MAX_FOLLOWING_LINES)
    for position, after in enumerate(ahead):
        if _fault(after, shape) is not None or _is_swallowed(after, shape):
            return None
        if after.count(shape.quote) % 2 == 1:
            return ahead[: position + 1]
    return None


def _is_swallowed(line: bytes, shape: Shape) -> bool:
    if shape.n_columns == 1 or line.count(shape.quote) % 2:
        return False
    if shape.quote not in line:
        return line.count(shape.delimiter) == shape.n_columns - 1
    return _quoted_fault(_fields(line.decode("utf-8"), shape), shape) is None


def _fields(text: str, shape: Shape) -> list[str] | None:
    """Split strictly; None when a quote is open or text follows a closing one."""
    quote, fields, position = shape.quote.decode(), [], 0
    cell = _cell(shape)
    while found := cell.match(text, position):
        quoted, bare, delimiter = found.groups()
        fields.append(bare if quoted is None else quoted.replace(quote * 2, quote))
        position = found.end()
        if not delimiter:
            return fields[:-1] if _ends_with_delimiter(fields, shape) else fields
    return None


@cache
def _cell(shape: Shape) -> re.Pattern[str]:
    """Match one cell and what ends it; blanks around quotes are no part of it."""
    quote, delimiter = re.escape(shape.quote.decode()), re.escape(shape.delimiter.decode())
    quoted = rf" *{quote}([^{quote}]*(?:{quote}{quote}[^{quote}]*)*){quote} *"
    bare = rf"((?! *{quote})[^{delimiter}]*)"
    return re.compile(rf"(?:{quoted}|{bare})({delimiter}|\Z)")


def _ends_with_delimiter(fields: list[str], shape: Shape) -> bool:
    """Say whether the one cell too many is the nothing behind a last delimiter."""
    return len(fields) == shape.n_columns + 1 and not fields[-1]


def _requoted(fields: list[str], shape: Shape) -> bytes:
    """Write a record anew; line ends inside a cell become line feeds."""
    quote, delimiter = shape.quote.decode(), shape.delimiter.decode()
    text = delimiter.join(f"{quote}{field.replace(quote, quote * 2)}{quote}" for field in fields)
    return re.sub(r"\r*\n|\r", "\n", text).encode()
