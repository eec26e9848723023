"""Turn the text of `mapped.<record>` into the typed working table `typed`.

Generated from the contract, so that a column is described once. The text is matched against
a pattern before it is cast; a cell that does not match becomes NULL and sets its bit in `bad`.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from pipeline.validate import cells, times
from pipeline.validate.times import Clock
from schemas import Column, Contract, Kind

SOURCE = {"source_file": "SMALLINT", "source_row": "INTEGER"}


@dataclass(frozen=True)
class Mapped:
    """The mapped rows of one record kind: how many, and which columns hold anything at all."""

    source: str
    n_rows: int
    filled: frozenset[str]
    is_tight: bool
    """No text begins or ends with a blank, so that none needs to be trimmed."""


@dataclass(frozen=True)
class Dialect:
    """How the source writes its cells."""

    decimal: str
    source_id: str
    clock: Clock


def look_at(con: duckdb.DuckDBPyConnection, source: str, *, is_tight: bool = False) -> Mapped:
    """Return what the mapped rows of `source` hold: of an empty column there is nothing to read."""
    names = con.sql(f"SELECT * FROM {source}").columns
    counts = ", ".join(f'COUNT("{name}")' for name in names)
    n_rows, *filled = con.execute(f"SELECT COUNT(*), {counts} FROM {source}").fetchall()[0]
    held = (name for name, n_filled in zip(names, filled, strict=True) if n_filled)
    return Mapped(source, n_rows, frozenset(held), is_tight)


def make_typed(
    con: duckdb.DuckDBPyConnection, one: Contract, mapped: Mapped, told: Dialect
) -> None:
    """Make `typed`: one row per mapped row, its `rowid` in the order of file and row.

    Args:
        con: the run's database.
        one: the contract of the record kind.
        mapped: what to select from.
        told: how the source writes its cells.
    """
    con.execute(f"CREATE OR REPLACE TEMP TABLE typed AS {typed_select(one, mapped, told)}")
    if not _is_in_order(con):
        con.execute("CREATE OR REPLACE TEMP TABLE typed AS SELECT * FROM typed ORDER BY ALL")


def typed_select(one: Contract, mapped: Mapped, told: Dialect, extra: tuple[str, ...] = ()) -> str:
    """Return the SELECT of the typed row of every mapped row.

    Args:
        one: the contract of the record kind.
        mapped: what to select from.
        told: how the source writes its cells.
        extra: columns of the source to hand through.
    """
    has = mapped.filled
    given = _given(one, has)
    read = [_source_cell(name, kind, has) for name, kind in SOURCE.items()]
    read += [part for column in given for part in _read(column, mapped, told)]
    read += [f"mapped_row.{name}" for name in extra]
    shown = [f"cell.{name}" for name in SOURCE]
    for column in one.every_column:
        shown += _shown(column, one, told) if column in given else _nothing(column)
    shown += [_ambiguous(given), _bad(one, given), *(f"cell.{name}" for name in extra)]
    return f"""
        SELECT {", ".join(shown)}
        FROM (
            SELECT {", ".join(["text_cell.*", *_placed(given, told.clock)])}
            FROM (SELECT {", ".join(read)} FROM {mapped.source} AS mapped_row) AS text_cell
            {_zone_days(given, told.clock)}
        ) AS cell
    """


def typed_columns(one: Contract) -> list[str]:
    """Return the names of the typed columns of the contract, days beside their times."""
    return [
        name
        for column in one.every_column
        for name in ([column.name, column.day] if column.day else [column.name])
    ]


def problem_names(one: Contract) -> list[tuple[int, str, str]]:
    """Return per bit of `bad`: its position, its column, the check that failed."""
    return [(bit, column.name, cells.CHECKS[column.kind]) for bit, column in _bits(one)]


def _bits(one: Contract) -> list[tuple[int, Column]]:
    return list(enumerate(column for column in one.every_column if column.kind != Kind.TEXT))


def _given(one: Contract, has: frozenset[str]) -> list[Column]:
    """Return the columns that hold something: of the others there is nothing to read."""
    always = {"source_id", *(one.number_or_text or ())}
    return [column for column in one.every_column if column.name in has | always]


def _nothing(column: Column) -> list[str]:
    """Return the columns that one contract column becomes which the source does not have."""
    days = [f"NULL::DATE AS {column.day}"] if column.day else []
    return [f'NULL::{cells.sql_type(column)} AS "{column.name}"', *days]


def _source_cell(name: str, kind: str, has: frozenset[str]) -> str:
    return f"mapped_row.{name}" if name in has else f"NULL::{kind} AS {name}"


def _read(column: Column, mapped: Mapped, told: Dialect) -> list[str]:
    """Return the columns of the inner SELECT that one contract column needs."""
    text = f'mapped_row."{column.name}"' if column.name in mapped.filled else "NULL::VARCHAR"
    if column.name == "source_id":
        # the source's id stands in audit.toml; DuckDB itself quotes it
        own = str(duckdb.ConstantExpression(told.source_id))
        return [f"COALESCE({cells.clean(text)}, {own}) AS source_id"]
    if column.kind == Kind.TEXT:
        return [f'{text if mapped.is_tight else cells.clean(text)} AS "{column.name}"']
    kept = f'{text} AS "text_{column.name}"'
    if column.kind != Kind.TIME:
        return [kept, f'{cells.value(column, text, told.decimal, told.clock)} AS "{column.name}"']
    unread = f"WHEN local_{column.name} IS NOT NULL OR {text} IS NULL THEN NULL"
    return [
        kept,
        f"{times.local_time(text, told.clock)} AS local_{column.name}",
        f"CASE {unread} ELSE {times.zoned_time(text)} END AS zoned_{column.name}",
        f"CASE {unread} ELSE {times.day_alone(text, told.clock)} END AS day_{column.name}",
    ]


def _shown(column: Column, one: Contract, told: Dialect) -> list[str]:
    """Return the columns of the outer SELECT that one contract column becomes."""
    if column.kind == Kind.TIME:
        return _shown_time(column, told.clock)
    if one.number_or_text and column.name in one.number_or_text:
        return [cells.result(column, one.number_or_text, told.decimal)]
    return [f'cell."{column.name}"']


def _shown_time(column: Column, clock: Clock) -> list[str]:
    name = column.name
    if column.day is None:  # only recorded_at: a day alone counts from its beginning
        day = f"CAST(cell.day_{name} AS TIMESTAMP)"
        return [f"COALESCE(cell.placed_{name}, cell.zoned_{name}, {day}) AS {name}"]
    zoned_day = times.local_of(f"cell.zoned_{name}", clock)
    # a time the clocks skipped has no instant, and must not pass for a day
    return [
        f"COALESCE(cell.placed_{name}, cell.zoned_{name}) AS {name}",
        f"""CASE
            WHEN cell.placed_{name} IS NOT NULL THEN CAST(cell.local_{name} AS DATE)
            WHEN cell.zoned_{name} IS NOT NULL THEN CAST({zoned_day} AS DATE)
            ELSE cell.day_{name}
        END AS {column.day}""",
    ]


def _times(given: list[Column]) -> list[str]:
    return [column.name for column in given if column.kind == Kind.TIME]


def _placed(given: list[Column], clock: Clock) -> list[str]:
    """Return the columns that place local times on the line of instants."""
    parts = []
    for name in _times(given):
        local, zone_day = f"text_cell.local_{name}", f"zone_{name}"
        parts.append(f"{times.instant(local, zone_day, clock)} AS placed_{name}")
        parts.append(f"{times.is_ambiguous(local, zone_day, clock)} AS ambiguous_{name}")
    return parts


def _zone_days(given: list[Column], clock: Clock) -> str:
    if not clock.is_shifted:
        return ""
    return " ".join(
        f"LEFT JOIN zone_day AS zone_{name}"
        f" ON zone_{name}.local_day = CAST(text_cell.local_{name} AS DATE)"
        for name in _times(given)
    )


def _ambiguous(given: list[Column]) -> str:
    found = [f"cell.ambiguous_{column.name}" for column in given if column.day]
    return f"({' OR '.join(found or ['FALSE'])}) AS is_time_ambiguous"


def _bad(one: Contract, given: list[Column]) -> str:
    """Return the bit mask of the cells that hold text but could not be read."""
    marks = [
        f"CASE WHEN {_unread(column, one)} THEN {1 << bit}::BIGINT ELSE 0::BIGINT END"
        for bit, column in _bits(one)
        if column in given
    ]
    return f"({' + '.join(marks) or '0::BIGINT'}) AS bad"


def _unread(column: Column, one: Contract) -> str:
    text = f'cell."text_{column.name}"'
    filled = f"{text} IS NOT NULL AND {cells.is_filled(text)}"
    if one.number_or_text and column.name == one.number_or_text[0]:
        filled = f"{text} IS NOT NULL AND {cells.is_like_a_number(text)}"
    if column.kind != Kind.TIME:
        return f'cell."{column.name}" IS NULL AND {filled}'
    # DuckDB lets the outer SELECT use its own aliases; `cell` has no column of this name
    return f'"{column.day or column.name}" IS NULL AND {filled}'


def _is_in_order(con: duckdb.DuckDBPyConnection) -> bool:
    """Say whether every row comes after the one before it, by file and row."""
    out_of_order = con.execute(
        """
        SELECT 1
        FROM (
            SELECT place, LAG(place) OVER () AS place_before
            FROM (SELECT source_file::BIGINT * 4294967296 + source_row AS place FROM typed)
        )
        WHERE place IS NULL OR place_before >= place
        LIMIT 1
        """
    )
    return not out_of_order.fetchall()
