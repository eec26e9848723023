"""Describe the columns of a loaded file by shares and patterns; no value leaves the database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

import duckdb

from pipeline import guidelines
from pipeline.config import Settings
from pipeline.draft.lists import listed
from pipeline.draft.names import short_names
from pipeline.ingest.load import LoadedFile
from pipeline.store import count_rows
from schemas import RECORDS, Column, contract

SAMPLE_ROWS = 200_000
_MOST_WORDS = 3_000
_NUMBERS = 0.9

_YEAR, _MONTH, _DAY = r"(?:1[89]|20|21|22)\d\d", r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
_SHORT = r"\d\d"
DAYS = {
    "%Y-%m-%d": f"{_YEAR}-{_MONTH}-{_DAY}",
    "%d.%m.%Y": rf"{_DAY}\.{_MONTH}\.{_YEAR}",
    "%d/%m/%Y": f"{_DAY}/{_MONTH}/{_YEAR}",
    "%m/%d/%Y": f"{_MONTH}/{_DAY}/{_YEAR}",
    "%d-%m-%Y": f"{_DAY}-{_MONTH}-{_YEAR}",
    "%m-%d-%Y": f"{_MONTH}-{_DAY}-{_YEAR}",
    "%Y/%m/%d": f"{_YEAR}/{_MONTH}/{_DAY}",
    "%d-%b-%Y": f"{_DAY}-[A-Za-z]{{3}}-{_YEAR}",
    "%d %b %Y": f"{_DAY} [A-Za-z]{{3}} {_YEAR}",
    "%Y%m%d": r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])",
    "%d.%m.%y": rf"{_DAY}\.{_MONTH}\.{_SHORT}",
    "%d/%m/%y": f"{_DAY}/{_MONTH}/{_SHORT}",
    "%m/%d/%y": f"{_MONTH}/{_DAY}/{_SHORT}",
}
"""How dates are written, by their `strftime` letters; the two-digit years are never read."""

_CLOCK = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?"
_OFFSET = r"(?:Z|[+-]\d\d:?\d\d)?"
_PATTERNS = {
    "whole": r"[+-]?\d{1,15}",
    "dot": r"[+-]?\d{1,15}\.\d{1,9}",
    "comma": r"[+-]?\d{1,15},\d{1,9}",
    "thousand": r"[+-]?\d{1,3}[.,]\d{3}",
    "grouped": r"[+-]?\d{1,3}(?:[.,' ]\d{3})+(?:[.,]\d+)?",
    "limit": r"[<>≤≥]=? ?\d+(?:[.,]\d+)?",
    "clock": _CLOCK,
    "timed": rf".*\d[T ]+{_CLOCK}{_OFFSET}",
    "twelve": r".*\d[T ]+\d{1,2}:[0-5]\d(?::[0-5]\d)? ?[AaPp]\.?[Mm]\.?",
    "loinc": r"\d{1,5}-\d",
    "icd": r"[A-TV-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,4})?[*+!†]?",
    "atc": r"[A-Z]\d\d[A-Z]{2}\d\d",
} | {
    day: rf"{pattern}(?:[T ]+{_CLOCK}(?: ?[AaPp]\.?[Mm]\.?)?{_OFFSET})?"
    for day, pattern in DAYS.items()
}


@dataclass(frozen=True)
class Profile:
    """One row per column of a file: how it is filled and what its values look like."""

    position: int
    name: str
    n_filled: int
    n_distinct: int
    shares: dict[str, float]
    """Share of the filled values that match each pattern."""
    words: dict[str, float] = field(default_factory=dict)
    """Share of the filled values that are words of each list."""
    quantiles: tuple[Decimal, ...] = ()
    """The 5th, 50th and 95th of a hundred numbers."""
    short: str | None = None
    """Its name without words that its neighbours begin with too; None: it has none."""

    @property
    def numbers(self) -> float:
        """Return the share of numbers, with or without decimals."""
        return self.shares["whole"] + self.shares["dot"] + self.shares["comma"]

    @property
    def days(self) -> dict[str, float]:
        """Return the share of dates by each way to write them."""
        return {form: self.shares[form] for form in DAYS if self.shares[form]}

    @property
    def dates(self) -> float:
        """Return the share of dates, written in the way that fits most."""
        return max(self.days.values(), default=0.0)


def open_lists(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Make the lists that words are looked up in: `draft.*` beside `guideline.*`."""
    guidelines.load(con, settings)
    con.execute("CREATE SCHEMA draft")
    con.execute("CREATE MACRO draft.fold(said) AS LOWER(STRIP_ACCENTS(TRIM(said)))")
    con.execute(
        "CREATE MACRO draft.spaced(said) AS"
        " ' ' || TRIM(REGEXP_REPLACE("
        "REPLACE(UPPER(said), '%', ' % '), '[^A-Z0-9%]+', ' ', 'g')) || ' '"
    )
    con.execute(
        """
        CREATE TABLE draft.product_word AS
        SELECT DISTINCT alias, alias_kind, draft.spaced(alias) AS spaced
        FROM guideline.product_alias
        WHERE alias_kind <> 'atc'
        """
    )
    con.execute("CREATE TABLE draft.word (list VARCHAR, said VARCHAR, meaning VARCHAR)")
    con.execute("CREATE TABLE draft.written (list VARCHAR, said VARCHAR, meaning VARCHAR)")
    con.executemany("INSERT INTO draft.written VALUES ($1, $2, $3)", list(_written()))
    con.execute(
        """
        INSERT INTO draft.word
        SELECT list, draft.fold(said), MIN(meaning) FROM draft.written GROUP BY ALL
        UNION ALL
        SELECT DISTINCT 'unit', draft.fold(spelling), NULL FROM guideline.lab_unit
        UNION ALL
        SELECT 'indication', draft.fold(indication_code), NULL FROM guideline.indication
        UNION ALL
        SELECT 'indication', draft.fold(alias), NULL FROM guideline.indication_alias
        """
    )


def profile_file(con: duckdb.DuckDBPyConnection, file: LoadedFile) -> list[Profile]:
    """Return one profile per named column, of at most so many rows evenly spread."""
    step = -(-count_rows(con, file.table) // SAMPLE_ROWS) or 1
    short = short_names(file.names)
    return [
        replace(_profile(con, file, position, name, step), short=short.get(name))
        for position, name in enumerate(file.names, start=1)
        if name
    ]


def word_list(record: str, column: Column) -> str:
    """Name the list of the words a column may hold; columns of one name may hold others."""
    return f"{record}.{column.name}" if column.allowed else column.name


def _written() -> Iterator[tuple[str, str, str]]:
    """Yield list, word and meaning: our own lists, and for each code the words it may hold."""
    ours = [(name, said, meaning) for name, _, said, meaning in listed("word")]
    yield from ours
    for record in RECORDS:
        for column in contract(record).columns:
            name = word_list(record, column)
            yield from ((name, word, word) for word in column.allowed)
            yield from (
                (name, said, meaning)
                for own, said, meaning in ours
                if own == column.name and (meaning in column.allowed or not meaning)
            )


def _profile(
    con: duckdb.DuckDBPyConnection, file: LoadedFile, position: int, name: str, step: int
) -> Profile:
    con.execute(
        f"""
        CREATE OR REPLACE TABLE draft.value AS
        SELECT TRIM(c{position}) AS said, COUNT(*) AS n
        FROM {file.table}
        WHERE TRIM(c{position}) <> '' AND rowid % {step} = 0
        GROUP BY 1
        """
    )
    asked = ", ".join(
        f"SUM(n) FILTER (REGEXP_FULL_MATCH(said, $p{place}))" for place in range(len(_PATTERNS))
    )
    plain = "TRY_CAST(REPLACE(said, ',', '.') AS DECIMAL(24, 6))"
    found = con.execute(
        f"""
        SELECT SUM(n), COUNT(*), QUANTILE_DISC({plain}, [0.05, 0.5, 0.95]), {asked}
        FROM draft.value
        """,
        {f"p{place}": pattern for place, pattern in enumerate(_PATTERNS.values())},
    ).fetchall()[0]
    n_filled, n_distinct, quantiles, *counts = found
    whole = int(n_filled or 0) or 1
    shares = {key: int(count or 0) / whole for key, count in zip(_PATTERNS, counts, strict=True)}
    words = _words(con, whole) if 0 < n_distinct <= _MOST_WORDS else {}
    is_text = shares["whole"] + shares["dot"] + shares["comma"] < _NUMBERS
    if words.keys() <= {"empty"} and is_text and 0 < n_distinct <= _MOST_WORDS:
        words |= _products(con, whole)
    return Profile(
        position, name, int(n_filled or 0), n_distinct, shares, words,
        tuple(quantiles or ()) if None not in (quantiles or ()) else (),
    )  # fmt: skip


def _words(con: duckdb.DuckDBPyConnection, n_filled: int) -> dict[str, float]:
    """Return the share of words of each list in `draft.value`."""
    found = con.sql(
        """
        SELECT w.list, SUM(v.n)
        FROM draft.value AS v
        INNER JOIN draft.word AS w ON draft.fold(v.said) = w.said
        GROUP BY w.list
        """
    ).fetchall()
    return {name: int(n) / n_filled for name, n in found if n}


def _products(con: duckdb.DuckDBPyConnection, n_filled: int) -> dict[str, float]:
    """Return the share of texts in which the name of a product stands, in `draft.value`."""
    found = con.sql(
        """
        SELECT SUM(v.n)
        FROM draft.value AS v
        WHERE EXISTS (
            SELECT 1
            FROM draft.product_word AS p
            WHERE CONTAINS(draft.spaced(v.said), p.spaced)
        )
        """
    ).fetchall()
    return {"product": int(found[0][0]) / n_filled} if found[0][0] else {}
