"""Turn any text file into plain UTF-8 with line feeds: gzip, encodings, old line ends."""

from __future__ import annotations

import codecs
import gzip
import os
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import chardet

from pipeline.errors import InputError
from pipeline.ingest.scan import BLOCK, Scan, scan

Origin = Literal["audit.toml", "detected"]

MAX_UNPACKED_BYTES = 20 * 10**9
MAX_RATIO = 200
# Below this a high ratio harms nobody: a short file of equal lines packs that well.
RATIO_FROM_BYTES = 64 * 10**6

# A code point that no text may hold stands where bytes could not be decoded.
UNDECODABLE = "\uffff"

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
_UTF8 = ("utf-8", "utf-8-sig")
_SAMPLE_LINES = 2000
_HEADER_BYTES = 16  # no header of ours is shorter


@dataclass(frozen=True)
class PlainText:
    """One row per text file: the UTF-8 copy (or the file itself) and how it was decoded."""

    path: Path
    scan: Scan
    encoding: str
    origin: Origin
    has_undecodable: bool


def plain_text(
    path: Path, name: str, encoding: str | None, scratch: Path, *, may_be_empty: bool = False
) -> PlainText:
    """Return the file as UTF-8 text, in place when it already is.

    Raises:
        InputError: the file is empty and may not be, is damaged gzip, or unpacks beyond the limit.
    """
    opened = gunzip(path, name, scratch) if path.suffix.lower() == ".gz" else path
    seen = scan(opened)
    if seen.n_lines == 0 and not may_be_empty:
        raise InputError(f"{name}: is empty, without even a header. Export it again.")
    found = _canonical(encoding) if encoding else detect_encoding(opened, is_utf8=seen.is_utf8)
    origin: Origin = "audit.toml" if encoding else "detected"
    if found in _UTF8 and (seen.has_line_feed or not _has_return(opened)):
        return PlainText(opened, seen, found, origin, not seen.is_utf8)
    copy, has_undecodable = transcode(opened, found, scratch)
    return PlainText(copy, scan(copy), found, origin, has_undecodable)


def gunzip(path: Path, name: str, scratch: Path) -> Path:
    """Return an unpacked copy in the scratch folder."""
    packed_bytes, total = path.stat().st_size, 0
    target = scratch_file(scratch)
    try:
        with gzip.open(path) as packed, target.open("wb") as out:
            while block := packed.read(BLOCK):
                total += len(block)
                refuse_bomb(name, total, packed_bytes)
                out.write(block)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise InputError(f"{name}: is not a whole gzip file. Copy or export it again.") from None
    return target


def scratch_file(scratch: Path) -> Path:
    """Return a new empty file that only its owner may read."""
    handle, name = tempfile.mkstemp(dir=scratch)
    os.close(handle)
    return Path(name)


def detect_encoding(path: Path, *, is_utf8: bool) -> str:
    """Return the encoding: byte-order mark, else UTF-8, else UTF-16, else Western 8-bit."""
    with path.open("rb") as stream:
        head = stream.read(4096)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    return _utf16_without_mark(head) or ("utf-8" if is_utf8 else _eight_bit(path))


def transcode(path: Path, encoding: str, scratch: Path) -> tuple[Path, bool]:
    """Return a UTF-8 copy with line feeds, and whether some bytes could not be decoded."""
    target, has_undecodable = scratch_file(scratch), False
    with (
        path.open(encoding=encoding, errors="ivig_audit_mark", newline=None) as source,
        target.open("w", encoding="utf-8", newline="\n") as out,
    ):
        while block := source.read(BLOCK):
            has_undecodable = has_undecodable or UNDECODABLE in block
            out.write(block)
    return target, has_undecodable


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return UNDECODABLE, error.end


codecs.register_error("ivig_audit_mark", _mark)


def _canonical(encoding: str) -> str:
    return codecs.lookup(encoding).name


def is_swollen(total: int, packed_bytes: int) -> bool:
    """Say whether so many bytes are beyond all measure for what they were packed in."""
    return total > MAX_UNPACKED_BYTES or (
        total > RATIO_FROM_BYTES and total > MAX_RATIO * packed_bytes
    )


def refuse_bomb(name: str, total: int, packed_bytes: int) -> None:
    """Refuse what unpacks beyond all measure.

    Raises:
        InputError: it does.
    """
    if is_swollen(total, packed_bytes):
        raise InputError(
            f"{name}: unpacks to more than {MAX_UNPACKED_BYTES // 10**9} GB or {MAX_RATIO} times"
            " its size. Unpack it yourself if that is right."
        )


def _has_return(path: Path) -> bool:
    with path.open("rb") as stream:
        return any(b"\r" in block for block in iter(lambda: stream.read(BLOCK), b""))


def _utf16_without_mark(head: bytes) -> str | None:
    """Read the pattern of zero bytes: every second byte of ASCII text in UTF-16 is one.

    The header has it too; where only later lines do, they are damaged and the file is not UTF-16.
    """
    for encoding, zeros, others in (("utf-16-le", 1, 0), ("utf-16-be", 0, 1)):
        parts = [head[:_HEADER_BYTES], head]
        if all(_alternates(part[zeros::2], part[others::2]) for part in parts):
            return encoding
    return None


def _alternates(zeros: bytes, others: bytes) -> bool:
    return zeros.count(0) > len(zeros) * 0.4 and others.count(0) == 0


def _eight_bit(path: Path) -> str:
    """Say UTF-8 when half of the lines beyond ASCII are valid UTF-8, else ask which Western page.

    Hardly any line of a Western page is valid UTF-8 by chance, so one against one damaged counts.
    """
    sample = list(_lines_beyond_ascii(path))
    n_valid = sum(_is_utf8(line) for line in sample)
    if n_valid * 2 >= len(sample):
        return "utf-8"
    guess = chardet.detect(b"".join(sample), include_encodings=["cp1252", "iso-8859-1"])
    return "latin-1" if guess["encoding"] == "ISO-8859-1" else "cp1252"


def _lines_beyond_ascii(path: Path) -> Iterator[bytes]:
    n_found = 0
    with path.open("rb") as stream:
        while n_found < _SAMPLE_LINES and (line := stream.readline(BLOCK)):
            if not line.isascii():
                n_found += 1
                yield line


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
