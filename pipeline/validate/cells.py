"""Read one cell: the SQL that checks a text and then casts it."""

from __future__ import annotations

from pipeline.validate import times
from pipeline.validate.times import Clock
from schemas import Column, Kind

CHECKS = {
    Kind.CODE: "not_allowed",
    Kind.AMOUNT: "not_a_number",
    Kind.INTEGER: "not_a_whole_number",
    Kind.BOOLEAN: "not_true_or_false",
    Kind.DATE: "not_a_date",
    Kind.TIME: "not_a_time",
}
"""The check that fails when a cell of a kind cannot be read."""

_TYPES = {
    Kind.TEXT: "VARCHAR",
    Kind.CODE: "VARCHAR",
    Kind.INTEGER: "INTEGER",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.DATE: "DATE",
    Kind.TIME: "TIMESTAMP",
}
_YES = "('true', '1', 'yes', 'y')"
_NO = "('false', '0', 'no', 'n')"
_BLANKS = "' ' || CHR(9) || CHR(10) || CHR(13)"


def sql_type(column: Column) -> str:
    """Return the SQL type of a contract column once it is read."""
    if column.kind == Kind.AMOUNT:
        return f"DECIMAL({column.digits}, {column.decimals})"
    return _TYPES[column.kind]


def clean(text: str) -> str:
    """Return the SQL of a text without blanks around it; NULL when nothing is left."""
    # every blank sorts below '!', and comparing first spares most rows the slower trim
    return (
        f"CASE WHEN {text} < '!' OR ({text})[-1] < '!'"
        f" THEN NULLIF(TRIM({text}, {_BLANKS}), '') ELSE {text} END"
    )


def is_filled(text: str) -> str:
    """Return the SQL that says whether a text is more than blanks."""
    return f"TRIM({text}, {_BLANKS}) <> ''"


def is_like_a_number(text: str) -> str:
    """Return the SQL that says whether a text is made of what numbers are made of.

    Such a text that is no number ("1,5", "25,000") points at a wrong decimal mark; words,
    ranges and titres do not.
    """
    return f"REGEXP_FULL_MATCH({text}, '\\s*[-+]?[0-9.,][0-9.,'' ]*')"


def value(column: Column, text: str, decimal: str, clock: Clock) -> str:
    """Return the SQL of the typed value of a text; NULL when it cannot be read.

    Args:
        column: the contract's column; not a text or a time.
        text: the SQL of the text.
        decimal: the source's decimal mark.
        clock: how the source writes its dates.
    """
    if column.kind == Kind.DATE:
        return times.day_alone(text, clock)
    if column.kind == Kind.BOOLEAN:
        return _boolean(text)
    if column.kind == Kind.CODE:
        return _code(text, column.allowed)
    return _number(column, text, decimal)


def number_pattern(column: Column, decimal: str) -> str:
    """Return the pattern of a number of the column: no thousands separator, few decimals."""
    mark = rf"\{decimal}"
    if column.kind == Kind.INTEGER:
        return rf"\s*[+-]?\d{{1,9}}(?:{mark}0*)?\s*"
    whole, places = column.digits - column.decimals, column.decimals
    return (
        rf"\s*[+-]?(?:0*\d{{1,{whole}}}(?:{mark}\d{{0,{places}}}0*)?"
        rf"|{mark}\d{{1,{places}}}0*)\s*"
    )


def result(column: Column, names: tuple[str, str, str], decimal: str) -> str:
    """Return the SQL of a result's value, text or comparator, when the value may be words.

    A limit of measurement (`<5`, `LESS THAN 5`) is the number 5 with a comparator.

    Args:
        column: the column wanted.
        names: the columns of value, text and comparator.
        decimal: the source's decimal mark.
    """
    number, told, comparator = (f'cell."{name}"' for name in names)
    words = clean(f'cell."text_{names[0]}"')
    if column.name == names[0]:
        found = _number(column, _number_of_limit(f"COALESCE({words}, {told})"), decimal)
        return f'CASE WHEN {number} IS NOT NULL THEN {number} ELSE {found} END AS "{column.name}"'
    if column.name == names[2]:
        return f'COALESCE({comparator}, {_comparator(number, words, told)}) AS "{column.name}"'
    return f"""CASE
        WHEN {number} IS NOT NULL OR ({words}) IS NULL THEN {told}
        WHEN {told} IS NULL OR {told} = {words} THEN {words}
        ELSE {told} || '; ' || {words}
    END AS "{column.name}\""""


_SIGNS = {
    "<=": "<=|≤|LESS THAN OR EQUAL TO",
    ">=": ">=|≥|GREATER THAN OR EQUAL TO",
    "<": "<|LESS THAN|BELOW",
    ">": ">|GREATER THAN|MORE THAN|ABOVE",
}


def _number_of_limit(said: str) -> str:
    """Return the SQL of the digits of a limit of measurement; NULL when it is none."""
    signs = "|".join(_SIGNS.values())
    return f"NULLIF(REGEXP_EXTRACT(UPPER({said}), '^(?:{signs})\\s*([0-9.,]+)$', 1), '')"


def _comparator(number: str, words: str, told: str) -> str:
    said = f"UPPER(COALESCE({words}, {told}))"
    cases = " ".join(
        f"WHEN REGEXP_MATCHES({said}, '^({signs})\\s*[0-9.]') THEN '{sign}'"
        for sign, signs in _SIGNS.items()
    )
    return f"CASE WHEN {number} IS NOT NULL OR ({said}) IS NULL THEN NULL {cases} END"


def _boolean(text: str) -> str:
    word = f"LOWER(TRIM({text}))"
    return f"CASE WHEN {word} IN {_YES} THEN TRUE WHEN {word} IN {_NO} THEN FALSE END"


def _code(text: str, allowed: tuple[str, ...]) -> str:
    words = ", ".join(f"'{word}'" for word in allowed)
    fold = "UPPER" if all(word == word.upper() for word in allowed) else "LOWER"
    word = f"{fold}(TRIM({text}))"
    return f"CASE WHEN {text} IN ({words}) THEN {text} WHEN {word} IN ({words}) THEN {word} END"


def _number(column: Column, text: str, decimal: str) -> str:
    plain = text if decimal == "." else f"REPLACE({text}, '{decimal}', '.')"
    number = f"TRY_CAST({plain} AS {sql_type(column)})"
    pattern = number_pattern(column, decimal)
    return f"CASE WHEN REGEXP_FULL_MATCH({text}, '{pattern}') THEN {number} END"
