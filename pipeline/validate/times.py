"""Read dates and times as text that is checked before it is cast.

A cast alone would invent: it takes "epoch" and the year 20224, drops an offset, and moves a
local time that the clocks skipped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

from pipeline import resources
from pipeline.config import Source
from pipeline.errors import ConfigError

_YEAR = r"(?:1[89]|2[0-2])\d{2}"
_MONTH = r"(?:0[1-9]|1[0-2])"
_DAY = r"(?:0[1-9]|[12]\d|3[01])"
_ISO_DAY = f"{_YEAR}-{_MONTH}-{_DAY}"
_ISO_FORMAT = "%Y-%m-%d"
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6}0*)?)?"
_MIDNIGHT = r"00:00(?::00(?:\.0+)?)?"
_OFFSET = r"(?:Z|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)"
_DIRECTIVES = {
    "%Y": _YEAR,
    "%m": r"(?:0?[1-9]|1[0-2])",
    "%d": r"(?:0?[1-9]|[12]\d|3[01])",
    "%b": "[A-Za-z]{3}",
    "%B": "[A-Za-z]{3,9}",
}
_SEPARATORS = set("-./, ")


@dataclass(frozen=True)
class Clock:
    """How a source writes its dates, and the zone its local times are meant in."""

    zone: str
    is_shifted: bool
    """The zone is not UTC, so local times need `zone_day`."""
    date_format: str | None
    """The source's own way to write a day, beside ISO."""
    date_pattern: str


def read_clock(con: duckdb.DuckDBPyConnection, source: Source) -> Clock:
    """Return how the source's times are meant, making `zone_day` if it is needed.

    Raises:
        ConfigError: the date format holds something that cannot be checked, or DuckDB does
            not know the time zone.
    """
    is_shifted = _make_zone_day(con, source.time_zone)
    written = _day_part(source.date_format)
    is_iso = written == _ISO_FORMAT
    return Clock(
        zone=source.time_zone,
        is_shifted=is_shifted,
        date_format=None if is_iso else written,
        date_pattern="" if is_iso else _pattern(written),
    )


def local_time(text: str, clock: Clock) -> str:
    """Return the SQL of a time without an offset: a TIMESTAMP, or NULL."""
    iso = _guarded(text, f"{_ISO_DAY}[T ]{_CLOCK}", f"TRY_CAST({text} AS TIMESTAMP)")
    if clock.date_format is None:
        return iso
    hours = f"CAST(REGEXP_EXTRACT({text}, '({_CLOCK})\\s*$', 1) AS TIME)"
    day = f"REGEXP_EXTRACT({text}, '^\\s*({clock.date_pattern})', 1)"
    own = f"CAST(TRY_STRPTIME({day}, '{clock.date_format}') AS DATE) + {hours}"
    return f"COALESCE({iso}, {_guarded(text, f'{clock.date_pattern}[T ]{_CLOCK}', own)})"


def zoned_time(text: str) -> str:
    """Return the SQL of a time with an offset: the UTC instant, or NULL."""
    instant = f"TRY_CAST({text} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"
    return _guarded(text, f"{_ISO_DAY}[T ]{_CLOCK}{_OFFSET}", instant)


def day_alone(text: str, clock: Clock) -> str:
    """Return the SQL of a date, also one written as its own midnight: a DATE, or NULL."""
    iso = _guarded(text, f"{_ISO_DAY}(?:[T ]{_MIDNIGHT})?", f"TRY_CAST({text} AS DATE)")
    if clock.date_format is None:
        return iso
    own = f"CAST(TRY_STRPTIME(TRIM({text}), '{clock.date_format}') AS DATE)"
    return f"COALESCE({iso}, {_guarded(text, clock.date_pattern, own)})"


def instant(local: str, zone_day: str, clock: Clock) -> str:
    """Return the SQL of a local time's UTC instant; NULL when the clocks skipped it.

    Args:
        local: the SQL of the local time.
        zone_day: the alias of the row of `zone_day` of its day.
        clock: the source's clock.
    """
    if not clock.is_shifted:
        return local
    first, last = _instants(local, zone_day)
    return f"""CASE
        WHEN {zone_day}.offset_us = {zone_day}.next_offset_us THEN {first}
        WHEN {local_of(first, clock)} = {local} THEN {first}
        WHEN {local_of(last, clock)} = {local} THEN {last}
    END"""


def is_ambiguous(local: str, zone_day: str, clock: Clock) -> str:
    """Return the SQL that says whether the clocks showed a local time twice."""
    if not clock.is_shifted:
        return "FALSE"
    first, last = _instants(local, zone_day)
    return f"""CASE
        WHEN {zone_day}.local_day IS NULL THEN FALSE
        WHEN {zone_day}.offset_us = {zone_day}.next_offset_us THEN FALSE
        ELSE {local_of(first, clock)} = {local} AND {local_of(last, clock)} = {local}
    END"""


def local_of(utc: str, clock: Clock) -> str:
    """Return the SQL of the local time of a UTC instant."""
    if not clock.is_shifted:
        return utc
    # the zone's name was checked against the list of known zones
    return f"(({utc}) AT TIME ZONE 'UTC' AT TIME ZONE '{clock.zone}')"


def _instants(local: str, zone_day: str) -> tuple[str, str]:
    """Return the SQL of the instant by the offset before and after the day's clock change."""
    return (
        f"MAKE_TIMESTAMP(EPOCH_US({local}) - {zone_day}.offset_us)",
        f"MAKE_TIMESTAMP(EPOCH_US({local}) - {zone_day}.next_offset_us)",
    )


def _guarded(text: str, pattern: str, value: str) -> str:
    return f"CASE WHEN REGEXP_FULL_MATCH({text}, '\\s*{pattern}\\s*') THEN {value} END"


def _make_zone_day(con: duckdb.DuckDBPyConnection, zone: str) -> bool:
    """Make `zone_day`, and say whether the zone ever differs from UTC."""
    if zone == "UTC":
        return False
    select = resources.sql("validate/zone_day.sql")
    try:
        con.execute(f"CREATE OR REPLACE TEMP TABLE zone_day AS {select}", {"zone": zone})
    except duckdb.Error:
        raise ConfigError("source.time_zone: DuckDB does not know this zone.") from None
    found = con.sql("SELECT COUNT(*) FROM zone_day WHERE offset_us <> 0").fetchall()
    return bool(found[0][0])


def _day_part(date_format: str) -> str:
    """Return the format of the day, without that of a clock written behind it."""
    return re.split(r"[T ]%H", date_format)[0]


def _pattern(date_format: str) -> str:
    """Return the pattern of a day written in the source's own format."""
    parts = re.findall(r"%.|[^%]|%", date_format)
    if not {"%Y", "%d"} <= set(parts) or not all(map(_is_known, parts)):
        raise ConfigError(
            "source.date_format: write it with %Y, %m (or %b, %B), %d and the separators"
            " - . / , and blank, such as %d.%m.%Y."
        )
    return "".join(_DIRECTIVES.get(part, re.escape(part)) for part in parts)


def _is_known(part: str) -> bool:
    return part in _DIRECTIVES or part in _SEPARATORS
