"""Read a damaged delimited file line by line and lose nothing but the damaged lines.

The fast reader stops at the first fault, or lets one open quote swallow the rest of the
file. Here every line stands for itself: a record may go on over a line end only inside
quotes, only for a few lines, and only when the whole then makes a record.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
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
    lines.drop()  # the header
    for number, line in enumerate(lines, start=1):
        reason = _fault(line, shape)
        if reason is not None:
            yield Unreadable(number, reason, line)
        elif shape.quote in line or b"\r" in line:
            yield _quoted(number, line, lines, shape)
        else:
            yield _plain(number, line, shape)


class _Lines:
    """The lines of a file that are not blank, with a look at those that follow."""

    def __init__(self, path: Path, shape: Shape) -> None:
        self._lines = _bounded_lines(path)
        self._ahead: list[bytes] = []
        self._blank = b"\r " if shape.n_columns > 1 else b"\r"

    def __iter__(self) -> Iterator[bytes]:
        while self._reach(1):
            yield self._ahead.pop(0)

    def following(self, count: int) -> list[bytes]:
        """Return up to `count` lines after the current one, without taking them."""
        self._reach(count)
        return self._ahead[:count]

    def drop(self, count: int = 1) -> None:
        """Take `count` lines and forget them: they belong to the current record."""
        self._reach(count)
        del self._ahead[:count]

    def _reach(self, count: int) -> bool:
        while len(self._ahead) < count:
            line = next(self._lines, None)
            if line is None:
                break
            if line.strip(self._blank):
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
    is_record = line.count(shape.delimiter) == shape.n_columns - 1
    return shape.n_columns > 1 and is_record and line.count(shape.quote) % 2 == 0


def _fields(text: str, shape: Shape) -> list[str] | None:
    """Split strictly, blanks around quotes forgiven as the fast reader forgives them."""
    fields = _strict_fields(text, shape)
    if fields is None or any(_is_loosely_quoted(field, shape) for field in fields):
        fields = _strict_fields(_tightened(text, shape), shape)
    if fields is not None and len(fields) == shape.n_columns + 1 and not fields[-1]:
        return fields[:-1]
    return fields


def _tightened(text: str, shape: Shape) -> str:
    """Take away the blanks between a delimiter and a quote."""
    delimiter, quote = re.escape(shape.delimiter.decode()), re.escape(shape.quote.decode())
    return re.sub(rf"(^|{delimiter}) +(?={quote})|(?<={quote}) +(?={delimiter}|$)", r"\1", text)


def _is_loosely_quoted(field: str, shape: Shape) -> bool:
    quote = shape.quote.decode()
    return field.startswith(" ") and field.lstrip(" ").startswith(quote)


def _strict_fields(text: str, shape: Shape) -> list[str] | None:
    csv.field_size_limit(MAX_RECORD_BYTES)  # ours is checked later, with its own reason
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=shape.delimiter.decode(),
        quotechar=shape.quote.decode(),
        strict=True,
    )
    try:
        rows = list(reader)
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def _requoted(fields: list[str], shape: Shape) -> bytes:
    quote, delimiter = shape.quote.decode(), shape.delimiter.decode()
    cells = (f"{quote}{field.replace(quote, quote * 2)}{quote}" for field in fields)
    return delimiter.join(cells).encode()
