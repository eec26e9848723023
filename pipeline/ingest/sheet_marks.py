"""Find what the values of a sheet do not tell: merged cells, error values, sums of other rows.

The part of the file is read in blocks, and only what is odd is looked at cell by cell.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from pipeline.errors import InputError
from pipeline.ingest.scan import BLOCK
from pipeline.ingest.workbook import Workbook

Cell = tuple[int, int]

# A pattern that begins with plain letters is looked for twenty times faster than one that begins
# with a whole cell: the cell is then found backwards.
_FORMULA = rb"(?:<(?:\w+:)?f\b[^>]*?(?:/>|>[^<]*</(?:\w+:)?f>)\s*)?"
_VALUE = rb"<(?:\w+:)?v>"
_ERROR = re.compile(rb't="e"[^>]*>\s*' + _FORMULA + rb"(?:" + _VALUE + rb"(#[A-Z0-9/!?]+)<)?")
_LONG = re.compile(rb"v>-?(?:\d{16,}|\d[\d.]*E\+?(?:1[5-9]|[2-9]\d|\d{3}))<")
_SUM = re.compile(
    rb"(?:<f|:f)\b[^>]*>\s*((?:SUM|SUBTOTAL|AGGREGATE|AVERAGE|COUNT|COUNTA|MIN|MAX)\([^<]*)<"
)
_RANGE = re.compile(rb"(?<![!\w])\$?[A-Z]{1,3}\$?(\d+):\$?[A-Z]{1,3}\$?(\d+)")
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*\bref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_PLACE = re.compile(rb'\br="([A-Z]+)(\d+)"')


@dataclass(frozen=True)
class Area:
    """One merged area: its first and last row and column, counted from 1."""

    first: Cell
    last: Cell

    def touches(self, row: int, columns: range) -> bool:
        """Say whether some cell of a row, in these columns, is part of it."""
        is_beside = self.last[1] < columns.start or self.first[1] >= columns.stop
        return self.first[0] <= row <= self.last[0] and not is_beside


@dataclass
class Marks:
    """What is odd about the cells of one sheet; rows and columns are counted from 1."""

    merged: list[Area] = field(default_factory=list)
    errors: dict[Cell, str] = field(default_factory=dict)
    long_numbers: set[Cell] = field(default_factory=set)  # Excel has rounded them to 15 digits
    midnights: set[Cell] = field(default_factory=set)  # shown as a time, not as a day
    sums: set[int] = field(default_factory=set)  # rows that add up other rows


def read_marks(book: Workbook, sheet: str) -> Marks:
    """Return what is odd about a sheet.

    Raises:
        InputError: it holds odd cells that do not say where they are.
    """
    marks, midnight = Marks(), _midnight(book)
    try:
        with zipfile.ZipFile(book.path) as parts, parts.open(book.sheet(sheet).part) as stream:
            for block in _blocks(stream):
                _mark(marks, block, midnight)
    except (zipfile.BadZipFile, zlib.error, EOFError):
        raise InputError(f"{book.name}: is damaged. Save it again and copy it.") from None
    except LookupError:
        raise InputError(
            f"{book.name}: error values or sums stand in cells without a place. Open the workbook"
            " in Excel or LibreOffice and save it again."
        ) from None
    return marks


def _blocks(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the text of a sheet in blocks that end where a row ends."""
    rest = b""
    while read := stream.read(BLOCK):
        rest += read
        end = rest.rfind(b"row>") + len(b"row>")
        if end >= len(b"row>"):
            yield rest[:end]
            rest = rest[end:]
    yield rest


def _midnight(book: Workbook) -> re.Pattern[bytes] | None:
    """Return the pattern of a whole number that is shown as a time."""
    if not book.timed_styles:
        return None
    styles = "|".join(map(str, sorted(book.timed_styles))).encode()
    shown = rb'\bs="(?:' + styles + rb')"[^>]*>\s*'
    return re.compile(shown + _FORMULA + _VALUE + rb"\d+(?:\.0*)?<")


def _mark(marks: Marks, block: bytes, midnight: re.Pattern[bytes] | None) -> None:
    marks.errors |= {
        _place(_cell(block, found.start())): (found[1] or b"#ERROR").decode()
        for found in _ERROR.finditer(block)
    }
    marks.long_numbers.update(_numbers(block, _LONG))
    if midnight is not None:
        marks.midnights.update(_numbers(block, midnight))
    for found in _SUM.finditer(block) if b"(" in block else ():
        row = _place(_cell(block, found.start()))[0]
        if _is_of_other_rows(found[1], row):
            marks.sums.add(row)
    for found in _MERGED.finditer(block):
        first, last = (int(found[2]), _column(found[1])), (int(found[4]), _column(found[3]))
        marks.merged.append(Area(first, last))


def _is_of_other_rows(formula: bytes, row: int) -> bool:
    """Say whether a sum is one over rows that it does not stand in; a running total does."""
    if formula.startswith((b"SUBTOTAL(", b"AGGREGATE(")):
        return True
    ranges = [(int(found[1]), int(found[2])) for found in _RANGE.finditer(formula)]
    return any(low != high and not low <= row <= high for low, high in ranges)


def _numbers(block: bytes, pattern: re.Pattern[bytes]) -> Iterator[Cell]:
    """Yield the places of the cells that fit a pattern and hold a number."""
    for found in pattern.finditer(block):
        attributes = _cell(block, found.start())
        if _is_number(attributes):
            yield _place(attributes)


def _cell(block: bytes, within: int) -> bytes:
    """Return the attributes of the cell that a place in the text is part of."""
    start = max(block.rfind(b"<c ", 0, within), block.rfind(b":c ", 0, within))
    return block[start : block.find(b">", start)] if start >= 0 else b""


def _is_number(attributes: bytes) -> bool:
    return b" t=" not in attributes or b't="n"' in attributes


def _place(attributes: bytes) -> Cell:
    found = _PLACE.search(attributes)
    if found is None:
        raise LookupError
    return int(found[2]), _column(found[1])


def _column(letters: bytes) -> int:
    """Return the number of a column: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number
