"""Damage the bytes of a file as disks, networks, editors and spreadsheets do."""

from __future__ import annotations

import codecs
import gzip
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from torture.slices import Slice

QUOTE = b'"'
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, b"\xff\xfe\xff", b"\xc3", b"\xc0\xaf", b"\xff")
_WORDS = (
    b"=1+1", b"'; DROP TABLE staged.infusion; --", b"\\", b'\\"', b"\t", b"\x1b[2J", b"\x85",
    "\u2028\u202e\U0001f489".encode(), b"NULL", b"1e400", b"-", b"#", b"\x1a", b"infinity",
)  # fmt: skip


@dataclass(frozen=True)
class Damage:
    """What is put in the place of the bytes from `start` to before `end`."""

    kind: str
    start: int
    end: int
    payload: bytes

    def on(self, text: bytes) -> bytes:
        """Return the damaged bytes."""
        return text[: self.start] + self.payload + text[self.end :]

    def clean_before(self, whole: Slice) -> int:
        """Return how many records lie before the damage, untouched."""
        return sum(end <= self.start for _, end in whole.spans)

    def clean_after(self, whole: Slice) -> int:
        """Return how many records lie behind the damage, each still at the start of its line."""
        before = (whole.text[: self.start] + self.payload)[-1:]
        return sum(
            start > self.end or (start == self.end and before == b"\n") for start, _ in whole.spans
        )

    def has_quote(self, whole: Slice) -> bool:
        """Say whether a quote may stand open because of it."""
        first, last = self.clean_before(whole), len(whole.spans) - self.clean_after(whole)
        hit = whole.spans[first:last]
        touched = whole.text[hit[0][0] : hit[-1][1]] if hit else b""
        return QUOTE in self.payload or QUOTE in touched


Place = tuple[int, int]
Mutator = Callable[[Random, bytes, Place], Damage]


def _flip(rng: Random, text: bytes, place: Place) -> Damage:
    at = rng.randrange(*place)
    return Damage("flip", at, at + 1, bytes([text[at] ^ (1 << rng.randrange(8))]))


def _flip_many(rng: Random, text: bytes, place: Place) -> Damage:
    start, end = _span(rng, place, 64)
    changed = bytes(byte ^ (1 << rng.randrange(8)) for byte in text[start:end])
    return Damage("flip_many", start, end, changed)


def _cut(rng: Random, text: bytes, place: Place) -> Damage:
    return Damage("cut", *_span(rng, place, rng.choice((1, 4, 200))), b"")


def _doubled(rng: Random, text: bytes, place: Place) -> Damage:
    start, end = _span(rng, place, rng.choice((1, 40, 400)))
    return Damage("doubled", end, end, text[start:end])


def _line_twice(rng: Random, text: bytes, place: Place) -> Damage:
    at = rng.randrange(*place)
    start, end = text.rfind(b"\n", 0, at) + 1, text.find(b"\n", at) + 1 or len(text)
    return Damage("line_twice", end, end, text[start:end])


def _joined(rng: Random, text: bytes, place: Place) -> Damage:
    at = text.find(b"\n", rng.randrange(*place))
    at = at if at >= 0 else len(text) - 1
    return Damage("joined", at, at + 1, b"")


def _nothing_but_nul(rng: Random, text: bytes, place: Place) -> Damage:
    start, end = _span(rng, place, rng.choice((1, 16, 512)))
    return Damage("nul", start, end, bytes(end - start))


def _noise(rng: Random, text: bytes, place: Place) -> Damage:
    start, end = _span(rng, place, rng.choice((2, 30, 300)))
    return Damage("noise", start, end, rng.randbytes(rng.randrange(1, 300)))


def _truncated(rng: Random, text: bytes, place: Place) -> Damage:
    return Damage("truncated", rng.randrange(*place), len(text), b"")


def _wide(rng: Random, text: bytes, place: Place) -> Damage:
    at = rng.randrange(*place)
    size = rng.choice((300, 20_000, 20_000, 1_100_000) if rng.random() < 0.2 else (300, 20_000))
    return Damage("wide", at, at, rng.choice((b"x", b",", b";", b'"', b" ")) * size)


def _inserted(kind: str, *choices: bytes) -> Mutator:
    def insert(rng: Random, text: bytes, place: Place) -> Damage:
        at = rng.randrange(*place)
        return Damage(kind, at, at, rng.choice(choices) * rng.choice((1, 1, 1, 2, 3)))

    return insert


def _in_utf_16(rng: Random, text: bytes, place: Place) -> Damage:
    start, end = _span(rng, place, 400)
    changed = text[start:end].decode("latin-1").encode(rng.choice(("utf-16-le", "utf-16-be")))
    return Damage("utf_16", start, end, changed)


def _header_again(rng: Random, text: bytes, place: Place) -> Damage:
    at = text.find(b"\n", rng.randrange(*place)) + 1 or len(text)
    return Damage("header_again", at, at, text[: text.find(b"\n") + 1])


def _opened(rng: Random, text: bytes, place: Place) -> Damage:
    """Open a quote at the beginning of a cell, or close one at its end."""
    at = rng.randrange(*place)
    found = min((text.find(mark, at) for mark in (b",", b";") if mark in text[at:]), default=at)
    at = min(found + rng.randrange(2), len(text))
    return Damage("open_quote", at, at, QUOTE)


def _span(rng: Random, place: Place, longest: int) -> Place:
    start = rng.randrange(*place)
    return start, min(start + rng.randrange(1, longest + 1), place[1])


MUTATORS: tuple[Mutator, ...] = (
    _flip, _flip, _flip_many, _cut, _doubled, _line_twice, _joined, _nothing_but_nul, _noise,
    _truncated, _wide, _in_utf_16, _header_again, _opened, _opened,
    _inserted("quote", QUOTE, b'""', b'"""', b"'"),
    _inserted("delimiter", b",", b";", b"\t", b"|"),
    _inserted("nul_byte", b"\0"),
    _inserted("encoding", *_MARKS),
    _inserted("line_end", b"\n", b"\r", b"\r\n", b"\n\r", b"\n\n\n"),
    _inserted("word", *_WORDS),
)  # fmt: skip


def damaged(seed: int, whole: Slice) -> Damage:
    """Return the damage of this seed: the same seed, the same bytes."""
    rng = Random(seed)
    place = (whole.header_ends, len(whole.text))
    return rng.choice(MUTATORS)(rng, whole.text, place)


def header_damaged(seed: int, whole: Slice) -> Damage:
    """Return a damage of the header."""
    rng = Random(seed)
    return rng.choice(MUTATORS)(rng, whole.text, (0, whole.header_ends))


def rewritten(seed: int, whole: Slice) -> tuple[str, str, bytes]:
    """Return the file written another way, without any loss: what was done, its name, its bytes."""
    rng = Random(seed)
    text, name = whole.text.decode(), whole.name
    ways: dict[str, Callable[[], bytes]] = {
        "bom": lambda: codecs.BOM_UTF8 + whole.text,
        "utf-16": lambda: text.encode("utf-16"),
        "utf-16-be": lambda: text.encode("utf-16-be"),
        "utf-32": lambda: text.encode("utf-32"),
        "cp1252": lambda: text.encode("cp1252"),
        "blank lines": lambda: b"\n" + whole.text + b"\r\n\n",
        "no last line end": lambda: whole.text.rstrip(b"\r\n"),
    }
    if not whole.way.is_quoted:
        plain = text.replace("\r\n", "\n")
        ways |= {
            "line ends": lambda: plain.replace("\n", rng.choice(("\r\n", "\r"))).encode(),
            "delimiter": lambda: text.replace(whole.way.delimiter, "\t").encode(),
        }
    how = rng.choice([*ways, "gzip"])
    if how == "gzip":
        return how, f"{name}.gz", gzip.compress(whole.text, mtime=0)
    return how, name, ways[how]()


def packed_and_damaged(seed: int, whole: Slice) -> bytes:
    """Return the file as gzip with a byte flipped, or cut short."""
    rng = Random(seed)
    packed = gzip.compress(whole.text, mtime=0)
    at = rng.randrange(len(packed))
    if rng.random() < 0.3:
        return packed[:at]
    return packed[:at] + bytes([packed[at] ^ (1 << rng.randrange(8))]) + packed[at + 1 :]
