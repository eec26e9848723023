"""Tell how a source writes dates and decimals, over all of its columns; say where it cannot."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb

from pipeline.draft.guess import Guess
from pipeline.draft.profile import Profile, word_list
from pipeline.ingest.load import LoadedFile
from schemas import Kind

ISO = "%Y-%m-%d"
_TWO_DIGITS = "%y"
_DATED = (Kind.DATE, Kind.TIME)
_COUNTED = (Kind.AMOUNT, Kind.INTEGER)
_TYPED = (*_DATED, *_COUNTED, Kind.BOOLEAN)
_SPACED = "%d %b %Y"


@dataclass(frozen=True)
class Dialect:
    """How the columns of a source are written, and what its words mean."""

    con: duckdb.DuckDBPyConnection
    date_format: str | None
    """The way most dates are written that are not ISO; None: all are, or it cannot be told."""
    unclear_dates: tuple[str, ...]
    """The ways that fit when more than one does and nothing decides."""
    decimal: str | None
    """The decimal mark; None: no number has one, or it cannot be told."""
    is_decimal_unclear: bool

    def is_unreadable(self, guess: Guess) -> bool:
        """Say whether a column would send rows to quarantine that it is not needed for."""
        is_settled_for_all = guess.column.kind in _DATED and self.unclear_dates
        return bool(self.question(guess) and not guess.column.required and not is_settled_for_all)

    def question(self, guess: Guess) -> str | None:
        """Say what must be decided before a column can be read; None: nothing."""
        profile = guess.profile
        if guess.is_open:
            return None
        if guess.column.kind in _DATED:
            return self._unread_date(profile)
        if guess.column.kind in _COUNTED and profile.shares["comma"]:
            if self.is_decimal_unclear:
                return "a comma before three digits: decimals or thousands? Set csv.decimal"
            if self.decimal == "." and guess.unit and guess.unit.factor != 1:
                return "its decimal comma is not the mark of the other columns"
        return None

    def expression(self, files: Sequence[LoadedFile], guess: Guess, target: str) -> str:
        """Return the SQL that reads a column of the raw table."""
        profile, kind = guess.profile, guess.column.kind
        if kind in _DATED:
            return self._date(guess, profile, target)
        if guess.column.name == "product_code":
            return self._product(files, guess, target)
        is_number = kind in _COUNTED
        if is_number and self.decimal == "." and profile.shares["comma"]:
            return f"REPLACE({target}, ',', '.')"
        if is_number and self.decimal == "," and profile.shares["dot"]:
            return f"REPLACE({target}, '.', ',')"
        return target

    def values(self, files: Sequence[LoadedFile], guess: Guess) -> tuple[tuple[str, str], ...]:
        """Return the words of our lists that stand in a column, and what they mean."""
        kind = guess.column.kind
        lists = ["empty"] if kind in _TYPED else []
        lists += ["boolean"] if kind == Kind.BOOLEAN else [word_list(guess.record, guess.column)]
        found = self.con.sql(
            f"""
            SELECT DISTINCT v.said, w.meaning
            FROM ({_union(files, guess)}) AS v
            INNER JOIN draft.word AS w
                ON draft.fold(v.said) = w.said AND list_contains($lists, w.list)
            WHERE v.said <> w.meaning
            ORDER BY v.said
            """,
            params={"lists": lists},
        ).fetchall()
        allowed = {word.lower() for word in guess.column.allowed}
        yes_or_no = {"true", "false", "1", "0", "yes", "no", "y", "n"}
        plain = yes_or_no if kind == Kind.BOOLEAN else allowed
        return tuple((said, meant) for said, meant in found if said.lower() not in plain)

    def _unread_date(self, profile: Profile) -> str | None:
        forms = best_forms(profile)
        if any(form.endswith(_TWO_DIGITS) for form in forms):
            return "its years have two digits, and the century is not known"
        if len(forms) > 1 and self.date_format not in forms:
            return f"its dates may be {' or '.join(forms)}. Set source.date_format"
        return None

    def _date(self, guess: Guess, profile: Profile, target: str) -> str:
        """Return a date as it is, without its clock where a day is wanted, or written as ISO."""
        forms = best_forms(profile)
        form = self.date_format if self.date_format in forms else next(iter(forms), ISO)
        is_plain = form in (ISO, self.date_format) or len(forms) > 1
        if not is_plain or profile.shares["twelve"]:
            clock = "%I:%M %p" if profile.shares["twelve"] else "%H:%M"
            clocks = (clock, clock.replace("%M", "%M:%S"))
            ways = [(f"{form} {way}", "%Y-%m-%d %H:%M:%S") for way in clocks]
            if guess.column.kind == Kind.DATE:
                ways = [(written, ISO) for written, _ in ways]
            tried = [
                f"STRFTIME(TRY_STRPTIME(TRIM({target}), '{written}'), '{iso}')"
                for written, iso in (*ways, (form, ISO))
            ]
            return "COALESCE(\n        " + ",\n        ".join([*tried, target]) + "\n    )"
        if guess.column.kind == Kind.DATE and profile.shares["timed"] and form != _SPACED:
            return f"REGEXP_EXTRACT({target}, '^\\s*([^T ]+)', 1)"
        return target

    def _product(self, files: Sequence[LoadedFile], guess: Guess, target: str) -> str:
        """Return the known name that a longer text holds, with its strength, else the text."""
        found = self._names_inside(files, guess)
        if not found:
            return target
        cases = [_case(name, kind, target) for name, kind in found]
        return "\n        ".join(["CASE", *cases, f"ELSE {target}"]) + "\n    END"

    def _names_inside(self, files: Sequence[LoadedFile], guess: Guess) -> list[tuple[str, str]]:
        """Return the names of products, longest first, that stand inside longer texts.

        Texts that the audit resolves by itself are left alone.
        """
        found = self.con.sql(
            f"""
            WITH said AS (
                SELECT DISTINCT UPPER(REGEXP_REPLACE(TRIM(said), '[[:space:]]+', ' ', 'g')) AS code
                FROM ({_union(files, guess)})
                WHERE TRIM(said) <> ''
            ),

            open_text AS (
                SELECT s.code
                FROM said AS s
                ANTI JOIN guideline.product_alias AS a
                    ON
                        s.code = a.alias
                        OR (a.alias_kind = 'brand' AND STARTS_WITH(s.code, a.alias || ' '))
            ),

            inside AS (
                SELECT
                    o.code,
                    ARG_MAX((a.alias, a.alias_kind), (LENGTH(a.alias), a.alias)) AS longest
                FROM open_text AS o
                INNER JOIN draft.product_word AS a
                    ON
                        a.alias_kind IN ('brand', 'name')
                        AND LENGTH(a.alias) >= 4
                        AND CONTAINS(draft.spaced(o.code), a.spaced)
                GROUP BY o.code
            )

            SELECT DISTINCT longest[1] AS alias, longest[2] AS alias_kind
            FROM inside
            ORDER BY LENGTH(alias) DESC, alias
            """
        ).fetchall()
        return [(str(name), str(kind)) for name, kind in found]


def _union(files: Sequence[LoadedFile], guess: Guess) -> str:
    """Return the SQL of the texts of a column in all of its files."""
    place = guess.profile.position
    return " UNION ALL ".join(f"SELECT c{place} AS said FROM {file.table}" for file in files)


def read_dialect(con: duckdb.DuckDBPyConnection, guesses: Iterable[Guess]) -> Dialect:
    """Return how the columns are written that are used, or may be once somebody decides."""
    used = [(guess.column.kind, one) for guess in guesses for one in (guess.profile, *guess.also)]
    dates = [profile for kind, profile in used if kind in _DATED]
    numbers = [profile for kind, profile in used if kind in _COUNTED]
    votes = Counter(
        forms[0]
        for profile in dates
        if len(forms := best_forms(profile)) == 1
        and forms[0] != ISO
        and not forms[0].endswith(_TWO_DIGITS)
    )
    unclear = [forms for profile in dates if len(forms := best_forms(profile)) > 1]
    date_format = min(votes, key=lambda form: (-votes[form], form)) if votes else None
    sure = [p for p in numbers if p.shares["comma"] > p.shares["thousand"]]
    either = [p for p in numbers if p.shares["comma"] and p not in sure]
    dots = [p for p in numbers if p.shares["dot"]]
    decimal = "," if len(sure) > len(dots) else "." if dots or sure else None
    still = unclear and not any(date_format in forms for forms in unclear)
    return Dialect(
        con,
        date_format,
        unclear[0] if still else (),
        decimal,
        is_decimal_unclear=bool(either) and decimal != ",",
    )


def best_forms(profile: Profile) -> tuple[str, ...]:
    """Return the ways to write dates that fit a column best."""
    best = profile.dates
    return tuple(form for form, share in profile.days.items() if share == best)


def _case(name: str, kind: str, target: str) -> str:
    """Return the SQL that reads a text as the product whose name stands in it."""
    is_inside = f"REGEXP_MATCHES(UPPER({target}), '{_bounded(name)}')"
    return f"WHEN {is_inside} THEN {_named(name, kind, target)}"


def _bounded(name: str) -> str:
    """Return the pattern of a name whose words may be joined by other signs than its own."""
    words = re.findall(r"[A-Z0-9]+|%", name)
    joined = "[^A-Z0-9%]*".join(words)
    return f"(^|[^A-Z0-9]){joined}" + ("" if words[-1] == "%" else "([^A-Z0-9]|$)")


def _named(name: str, kind: str, target: str) -> str:
    """Return a brand with the strength the text says, for that may be another product."""
    quoted = name.replace("'", "''")
    if kind != "brand":
        return f"'{quoted}'"
    strength = f"REGEXP_EXTRACT(REPLACE({target}, ',', '.'), '[0-9]+(?:[.][0-9]+)? ?%')"
    return f"TRIM(CONCAT_WS(' ', '{quoted}', {strength}))"
