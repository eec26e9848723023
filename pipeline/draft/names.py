"""Recognise a column by its name, in several languages and spellings."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import cache

from pipeline.draft.lists import listed
from schemas import RECORDS, contract

DATE, CLOCK = "*date", "*clock"
"""What a list of names calls a date or a time of day that could be any record's."""

_PART_OF_NAME = 0.9
_NEAR_NAME = 0.75
_NEAR_ENOUGH = 0.88
_SHORTEST = 3
_PER = {"per", "pro", "par", "por"}
_UNIT_WORDS = re.compile(
    r"(unit|units|uom|(mass)?einheit|(mass)?einheiten|unite|unites|unidad|unidades)"
)
_BRACKET = re.compile(r"[\[(]([^\])]*)[\])]")


@dataclass(frozen=True)
class Name:
    """One row per column of a file: its words, and the unit it says."""

    key: str
    words: tuple[str, ...]
    unit: str | None


@cache
def read_name(text: str) -> Name:
    """Return the words of a column's name, without the unit it may end with."""
    bracket = next((found for found in _BRACKET.findall(text) if _unit(found)), None)
    rest = _BRACKET.sub(" ", text) if bracket else text
    words = fold(_apart(rest)).split()
    unit = _unit(bracket) if bracket else None
    is_ratio = bool(_PER & set(words))
    if unit is None and not is_ratio and len(words) > 1 and (unit := _unit(words[-1])):
        words = words[:-1]
        words = words[:-1] if words and words[-1] == "in" else words
    return Name("".join(words), tuple(words), unit)


def fold(text: str) -> str:
    """Return a text in small plain letters: `Größe` and `Groesse` become the same."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).lower()
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    plain = re.sub(r"[^a-z0-9µ%/*]+", " ", plain)
    return re.sub(r"([aou])e", r"\1", plain).strip()


def score(name: Name, record: str, column: str) -> float:
    """Return from 0 to 1 how well a name says a contract column.

    1: it is one of its names; less: it holds one, or is spelt nearly so.
    """
    best = 0.0
    for key in _names(record, column):
        if name.key == key:
            return 1.0
        if key in _joined(name.words):
            best = max(best, _PART_OF_NAME * len(key) / len(name.key))
        elif min(len(key), len(name.key)) > _SHORTEST + 1:
            near = difflib.SequenceMatcher(None, key, name.key).ratio()
            best = max(best, _NEAR_NAME * near if near >= _NEAR_ENOUGH else 0.0)
    return best


def unit_of(name: Name) -> set[str] | None:
    """Return of a column that by its name holds units the words for what; None: it holds none."""
    meant = {word for word in name.words if not _UNIT_WORDS.fullmatch(word)}
    return None if len(meant) == len(set(name.words)) else meant


def every_name() -> set[str]:
    """Return every name of every list as it is written, by which a delimiter is recognised."""
    own = {column.name for record in RECORDS for column in contract(record).every_column}
    return own | {name.lower() for _, _, _, name in listed("column_name")}


@cache
def _names(record: str, column: str) -> frozenset[str]:
    """Return the keys by which a contract column is known in files of a record."""
    found = {name for name, records in _by_column()[column] if not records or record in records}
    return frozenset(found if column.startswith("*") else {read_name(column).key, *found})


@cache
def _by_column() -> dict[str, list[tuple[str, frozenset[str]]]]:
    found: dict[str, list[tuple[str, frozenset[str]]]] = defaultdict(list)
    for column, records, _, name in listed("column_name"):
        found[column].append(("".join(fold(name).split()), frozenset(records.split())))
    return found


def _joined(words: tuple[str, ...]) -> set[str]:
    """Return every run of neighbouring words, written as one."""
    spans = range(len(words))
    runs = {"".join(words[first : last + 1]) for first in spans for last in spans if first <= last}
    return {run for run in runs if len(run) >= _SHORTEST}


def _apart(text: str) -> str:
    """Return `PatNr` as `Pat Nr`; a name all in capitals stays."""
    return re.sub(r"(?<=[a-zäöüß])(?=[A-ZÄÖÜ])", " ", text)


def _unit(text: str) -> str | None:
    plain = text.strip().lower().replace(" ", "")
    return plain if plain in _spellings() else None


@cache
def _spellings() -> frozenset[str]:
    return frozenset(word for row in listed("unit") for word in row[2].split())
