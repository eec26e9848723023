"""Recognise a column by its name, in several languages and spellings."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import dropwhile

from pipeline.draft.lists import listed
from schemas import RECORDS, contract

DATE, CLOCK = "*date", "*clock"
"""What a list of names calls a date or a time of day that could be any record's."""

_PART_OF_NAME = 0.9
_NEAR_NAME = 0.75
_NEAR_ENOUGH = 0.88
_SHORTEST = 3
_NEIGHBOURS, _SHARE_OF_NAMES = 3, 4
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
        if key in (name.key, f"{name.key}{name.unit}"):
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


def short_names(texts: Iterable[str]) -> dict[str, str]:
    """Return, of names that begin as their neighbours do, the rest: of AP_SEXO among AP_*, SEXO.

    A word stays that begins fewer names than a quarter (†), or a name of the lists: it says of
    whom or of what, as in `kin_sex` and `order_date`.
    """
    spelt = {text: _apart(text).replace("_", " ").split() for text in texts}
    least = max(_NEIGHBOURS, len(spelt) / _SHARE_OF_NAMES)
    first = Counter(words[0] for words in spelt.values() if len(words) > 1)
    shared = {word for word, n in first.items() if n >= least and _begins_none(word)}
    rest = {text: list(dropwhile(shared.__contains__, words)) for text, words in spelt.items()}
    return {text: " ".join(rest[text]) for text in rest if 0 < len(rest[text]) < len(spelt[text])}


def either(text: str) -> list[str]:
    """Return the two names of `Diagnosis/Indication`; of what is one name, none."""
    found = [part for part in text.split("/") if len(part.strip()) >= _SHORTEST]
    return found if len(found) > 1 and read_name(text).unit is None else []


def undated(text: str) -> str | None:
    """Return a name without the words that say it is a date: of `Datum_Beginn`, Beginn."""
    words = _apart(text).replace("_", " ").split()
    rest = [word for word in words if not set(fold(word).split()) & _date_words()]
    return " ".join(rest) if 0 < len(rest) < len(words) else None


def without_date_words(name: Name) -> frozenset[str]:
    """Return the words that say of what a date or a time of day is."""
    return frozenset(name.words) - _date_words()


def has_clock_word(name: Name) -> bool:
    """Say whether a name holds a word for the time of day."""
    return bool(_names("", CLOCK) & set(name.words))


def every_name() -> set[str]:
    """Return every name of every list as it is written, by which a delimiter is recognised."""
    own = {column.name for record in RECORDS for column in contract(record).every_column}
    return own | {name.lower() for _, _, _, name in listed("column_name")}


@cache
def _names(record: str, column: str) -> frozenset[str]:
    """Return the keys by which a contract column is known in files of a record."""
    found = {name for name, records in _by_column()[column] if not records or record in records}
    return frozenset(found if column.startswith("*") else {read_name(column).key, *found})


def _begins_none(word: str) -> bool:
    """Say whether no name of the lists begins with a word; the words of one may be joined."""
    return "".join(fold(word).split()) not in _beginnings()


@cache
def _beginnings() -> frozenset[str]:
    words = [fold(name.replace("_", " ")).split() for name in every_name()]
    return frozenset("".join(name[:n]) for name in words for n in range(1, len(name) + 1))


@cache
def _date_words() -> frozenset[str]:
    return frozenset(
        word
        for column, _, _, name in listed("column_name")
        if column in (DATE, CLOCK)
        for word in fold(name).split()
    )


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
