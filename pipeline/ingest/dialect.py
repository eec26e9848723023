"""Read the header of a delimited file: its delimiter and the names of its columns."""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from pipeline.config import Csv
from pipeline.errors import InputError
from pipeline.ingest.unpack import Origin

_DELIMITERS = ",;\t|"
_MAX_HEADER_BYTES = 1 << 20
# What may be repeated in an error line: a file without a header shows a record's values there.
_NAME = re.compile(r"[A-Za-z][A-Za-z_ .-]*")


@dataclass(frozen=True)
class Header:
    """One row per delimited file: the delimiter, and the column names in file order."""

    names: tuple[str, ...]
    delimiter: str
    origin: Origin


def read_header(path: Path, name: str, told: Csv, known: Collection[str]) -> Header:
    """Return the header of a UTF-8 text file.

    Args:
        path: the file, already UTF-8.
        name: what to call it in an error.
        told: what the configuration says of the files.
        known: column names, in lower case, by which a delimiter is recognised.

    Raises:
        InputError: the header cannot be read or names a column twice.
    """
    line = _first_line(path, name)
    delimiter = told.delimiter or _sniff(line, told.quote, known)
    names = _split(line, delimiter, told.quote)
    if names is None:
        raise InputError(f"{name}: the header has an open quote. Export the file again.")
    refuse_repeated(name, names)
    return Header(names, delimiter, "audit.toml" if told.delimiter else "detected")


def refuse_repeated(name: str, names: tuple[str, ...]) -> None:
    """Refuse a header that names a column twice, blank and case aside."""
    seen: dict[str, int] = {}
    for position, column in enumerate(names, start=1):
        if column and (first := seen.setdefault(column.lower(), position)) != position:
            raise InputError(
                f"{name}: columns {first} and {position} have the same name. Rename one."
            )


def close_to(wanted: str, names: Collection[str]) -> str:
    """Return ` Did you mean 'Patient ID'?`, or nothing when no name comes close."""
    shown = {column.lower(): column for column in names if _NAME.fullmatch(column)}
    found = difflib.get_close_matches(wanted.lower(), shown, n=3, cutoff=0.6)
    listed = " or ".join(f"'{shown[column]}'" for column in found)
    return f" Did you mean {listed}?" if listed else ""


def _first_line(path: Path, name: str) -> str:
    with path.open("rb") as stream:
        line = stream.readline(_MAX_HEADER_BYTES)
        while line and not line.strip():
            line = stream.readline(_MAX_HEADER_BYTES)
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{name}: the header is not text in the encoding found.") from None
    if "\0" in text or len(line) == _MAX_HEADER_BYTES:
        raise InputError(f"{name}: the first line is not a header. Is this a text file?")
    return text.rstrip("\r\n")


def _sniff(line: str, quote: str, known: Collection[str]) -> str:
    """Choose the delimiter that makes the most known names, then the most columns."""

    def worth(delimiter: str) -> tuple[int, int]:
        names = _split(line, delimiter, quote) or ()
        return sum(name.lower() in known for name in names), len(names)

    return max(_DELIMITERS, key=worth)


def _split(line: str, delimiter: str, quote: str) -> tuple[str, ...] | None:
    try:
        fields = next(csv.reader([line], delimiter=delimiter, quotechar=quote, strict=True), [])
    except csv.Error:
        return None
    return tuple(field.strip() for field in fields)
