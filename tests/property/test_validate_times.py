"""Local times become the instants that Python's own time zones give."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import duckdb
import polars as pl
from drawn import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import Source
from pipeline.validate import times
from pipeline.validate.times import Clock

ZONES = [
    "Etc/UTC",
    "Europe/Paris",
    "America/New_York",
    "America/Santiago",  # the clocks change at midnight
    "Australia/Lord_Howe",  # by half an hour
    "Asia/Kolkata",
    "Pacific/Apia",  # a whole day was skipped
]
MINUTES = st.integers(0, 60 * 24 * 365 * 130)
FIRST = datetime(1970, 1, 1)  # noqa: DTZ001 - local
# Around changes of clocks, where the mistakes are.
CHANGES = [
    datetime.fromisoformat(text)
    for text in (
        "2024-03-31T02:00",
        "2024-10-27T02:00",
        "2023-09-03T00:00",
        "2024-04-06T23:00",
        "2024-04-07T01:30",
        "2011-12-30T00:00",
        "2050-03-27T02:00",
        "2024-11-03T01:00",
    )
]
NEAR = st.tuples(st.sampled_from(CHANGES), st.integers(-180, 180))
LOCAL = st.one_of(
    MINUTES.map(lambda minutes: FIRST + timedelta(minutes=minutes)),
    NEAR.map(lambda near: near[0] + timedelta(minutes=near[1])),
)


@cache
def opened(zone: str) -> tuple[duckdb.DuckDBPyConnection, Clock]:
    """Return a database that knows the zone's days."""
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    return con, times.read_clock(con, Source(time_zone=zone))


def oracle(local: datetime, zone: str) -> tuple[datetime | None, bool]:
    """Return the earlier instant of a local time, and whether there is a later one."""
    instants = {local.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1)}
    real = sorted(
        instant.replace(tzinfo=None)
        for instant in instants
        if instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local
    )
    return (real[0] if real else None), len(real) > 1


@settings(max_examples=examples(60))
@given(st.sampled_from(ZONES), st.lists(LOCAL, min_size=1, max_size=40))
def test_instants_agree_with_zoneinfo(zone: str, locals_: list[datetime]) -> None:
    con, clock = opened(zone)
    con.register("drawn", pl.DataFrame({"local": locals_}, schema={"local": pl.Datetime("us")}))
    found = con.sql(
        f"""
        SELECT
            drawn.local,
            {times.instant("drawn.local", "zone_day", clock)},
            {times.is_ambiguous("drawn.local", "zone_day", clock)}
        FROM drawn
        LEFT JOIN zone_day ON zone_day.local_day = CAST(drawn.local AS DATE)
        """
    ).fetchall()
    assert sorted(found, key=str) == sorted(
        ((local, *oracle(local, zone)) for local in locals_), key=str
    )
