"""Split the change of the headline since the run before into late data, practice and rules.

late data: the rules of that run on its period, with today's records. practice: the same rules on
today's period. rules: today's rules instead. Where the records are the same, or the rules are and
the old period lies in today's, no record is judged a second time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Final

import duckdb

from pipeline import resources
from pipeline.check import GATHERED, judge
from pipeline.config import Settings
from pipeline.derive import derive
from pipeline.errors import CheckError
from pipeline.guidelines.columns import TABLES
from pipeline.run.earlier import Earlier, Headline, Span, State, read_earlier, read_state
from pipeline.store import in_use, quoted

TABLES_OF_THE_SPLIT: Final = {
    "previous_run": "run_id VARCHAR, as_of DATE, from_on DATE, to_on DATE, obstacle VARCHAR,"
    " detail VARCHAR",
    "reading": "reading VARCHAR, set_id VARCHAR, n_off BIGINT, n_judged BIGINT,"
    " n_unassessed BIGINT",
    "span": "reading VARCHAR, from_on DATE, to_on DATE",
}
LATE, PRACTICE, THEN = "late", "practice", "then"
_COPIED: Final = ("staged", "quarantine", "audit")
_MADE: Final = ("guideline", "derived", "report")


def replay(
    con: duckdb.DuckDBPyConnection, settings: Settings, previous: Path | None, workshop: Path
) -> None:
    """Write audit.previous_run, audit.reading and audit.span, which the split rests on.

    `reading`: one row per step and set of the run before that is known already. `span`: one row
    per step that is counted from this run's own verdicts.
    """
    _declare(con, "audit")
    if previous is None:
        return
    if not previous.is_dir():
        _note(con, previous.name, None, "not_kept", "")
        return
    try:
        earlier = read_earlier(previous)
    except (duckdb.Error, IndexError):  # the text of the error may quote a value
        _note(con, previous.name, None, "unreadable", "")
        return
    state = read_state(con)
    obstacle, detail = _obstacle(earlier.state, state)
    _note(con, earlier.run_id, earlier.state, obstacle, detail)
    if obstacle is None:
        _split(con, settings, earlier, state, workshop)


def _declare(con: duckdb.DuckDBPyConnection, layer: str) -> None:
    for name, columns in TABLES_OF_THE_SPLIT.items():
        con.execute(f"CREATE TABLE {layer}.{name} ({columns})")


def _obstacle(then: State, now: State) -> tuple[str | None, str]:
    """Return why the change cannot be split, with its particulars."""
    if then.program != now.program:
        return "other_program", ""
    if names := now.read_otherwise(then):
        return "read_otherwise", ", ".join(names)
    return None, ""


def _note(
    con: duckdb.DuckDBPyConnection,
    run_id: str,
    state: State | None,
    obstacle: str | None,
    detail: str,
) -> None:
    days = (state.as_of, state.span.from_on, state.span.to_on) if state else (None, None, None)
    con.execute(
        "INSERT INTO audit.previous_run VALUES ($1, $2, $3, $4, $5, $6)",
        [run_id, *days, obstacle, detail],
    )


def _split(
    con: duckdb.DuckDBPyConnection, settings: Settings, earlier: Earlier, now: State, workshop: Path
) -> None:
    """Note what the steps are, by the cheapest way that is exact."""
    then = earlier.state
    if now.has_records_of(then):
        _read(con, LATE, earlier.headlines)
        _read(con, PRACTICE, earlier.headlines)
    elif now.has_rules_of(then) and _holds(now.span, then.span):
        _count_later(con, LATE, then.span)
        _count_later(con, PRACTICE, now.span)
    else:
        try:
            with _old_rules(con, then, now, workshop):
                derive(con, settings)
                judge(con)
                found = _readings(con, {LATE: then.span, PRACTICE: now.span})
        except (duckdb.Error, CheckError):  # a comparison that fails must not end the night
            con.execute("UPDATE audit.previous_run SET obstacle = 'failed'")
            return
        for reading, headlines in found.items():
            _read(con, reading, headlines)
    _read(con, THEN, earlier.headlines)


def _read(con: duckdb.DuckDBPyConnection, reading: str, headlines: tuple[Headline, ...]) -> None:
    for row in headlines:
        con.execute(
            "INSERT INTO audit.reading VALUES ($1, $2, $3, $4, $5)",
            [reading, row.set_id, row.n_off, row.n_judged, row.n_unassessed],
        )


def _count_later(con: duckdb.DuckDBPyConnection, reading: str, span: Span) -> None:
    con.execute("INSERT INTO audit.span VALUES ($1, $2, $3)", [reading, span.from_on, span.to_on])


def _holds(outer: Span, inner: Span) -> bool:
    """Say whether every day of one period lies in another."""
    first = outer.from_on is None or (inner.from_on is not None and outer.from_on <= inner.from_on)
    return first and inner.to_on <= outer.to_on


@contextmanager
def _old_rules(
    con: duckdb.DuckDBPyConnection, then: State, now: State, workshop: Path
) -> Iterator[None]:
    """Make a second database with today's records and the old rules the one in use.

    It lies in the run's own folder for spilled data and goes with it.
    """
    home = in_use(con)
    path = workshop / ".spill" / "replay.duckdb"
    con.execute(f"ATTACH '{quoted(path)}' AS replay")
    try:
        _furnish(con, home, then, now)
        con.execute("USE replay")
        yield
    finally:
        con.execute(f"USE {home}")
        for table in ("aside.answer", *(f"temp.{name}" for name in ("said", *GATHERED))):
            con.execute(f"DROP TABLE IF EXISTS {table}")
        con.execute("DETACH replay")
        path.unlink(missing_ok=True)


def _furnish(con: duckdb.DuckDBPyConnection, home: str, then: State, now: State) -> None:
    """Show today's records, and write the old rules with both periods in view."""
    for layer in (*_COPIED, *_MADE):
        con.execute(f"CREATE SCHEMA replay.{layer}")
    shown = con.sql(
        """
        SELECT schema_name, table_name
        FROM duckdb_tables()
        WHERE database_name = $home AND list_contains($layers, schema_name)
        """,
        params={"home": home, "layers": list(_COPIED)},
    ).fetchall()
    _declare(con, "replay.audit")
    for layer, table in shown:
        if table in TABLES_OF_THE_SPLIT:
            continue
        con.execute(f'CREATE VIEW replay.{layer}."{table}" AS FROM {home}.{layer}."{table}"')
    for table, columns in TABLES.items():
        declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        con.execute(f"CREATE TABLE replay.guideline.{table} ({declared})")
        con.register("old_rules", then.rules[table])
        con.execute(f"INSERT INTO replay.guideline.{table} BY NAME FROM old_rules")
        con.unregister("old_rules")
    both = _union(then.span, now.span)
    con.execute(
        "UPDATE replay.guideline.policy SET as_of = $1, from_on = $2, to_on = $3",
        [now.as_of, both.from_on, both.to_on],
    )


def _union(one: Span, other: Span) -> Span:
    firsts = (one.from_on, other.from_on)
    from_on = None if None in firsts else min(day for day in firsts if day is not None)
    return Span(from_on, max(one.to_on, other.to_on))


def _readings(
    con: duckdb.DuckDBPyConnection, spans: dict[str, Span]
) -> dict[str, tuple[Headline, ...]]:
    """Count the outcomes of each period under the rules of the database in use."""
    both = _union(*spans.values())
    con.execute(
        "CREATE TABLE report.period AS SELECT $1::DATE AS from_on, $2::DATE AS to_on",
        [both.from_on or date.min, both.to_on],
    )
    for table in ("course_profile", "profile_outcome"):
        con.execute(f"CREATE TABLE report.{table} AS {resources.sql(f'summary/{table}.sql')}")
    for name, span in spans.items():
        _count_later(con, name, span)
    found = con.sql(resources.sql("summary/headline_reading.sql")).fetchall()
    return {name: tuple(Headline(*row[1:]) for row in found if row[0] == name) for name in spans}
