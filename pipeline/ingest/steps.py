"""Take the steps of a layout from raw to mapped, and let go of what nobody reads any more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import duckdb

from pipeline import resources
from pipeline.config import Settings
from pipeline.errors import CheckError, ConfigError
from pipeline.guidelines import load_products
from pipeline.ingest import fhir as of_fhir
from pipeline.ingest import layout as of_layout
from pipeline.ingest.layout import Layout, identifier
from pipeline.ingest.load import LoadedFile
from pipeline.store import count_rows

MACROS: Final = (
    # whether a moment lies on the day that stands beside it: an hour of another day may be in
    # another zone, and whose day it is nobody knows, unless it carries its offset
    r"""IS_OF_DAY(moment, day) AS (
        LEFT(moment, 10) = LEFT(day, 10)
        OR day IS NULL
        OR REGEXP_MATCHES(moment, ':\d\d(\.\d+)? ?(Z|[+-]\d\d(:?\d\d)?)$')
    ) IS TRUE""",
    # of a moment and the day beside it what is known: midnight stands for an hour that is not
    r"""TOLD_AT(moment, day) AS CASE
        WHEN IS_OF_DAY(moment, day) AND moment IS NOT NULL
            THEN REGEXP_REPLACE(moment, '[ T]00:00(:00(\.0+)?)?$', '')
        ELSE LEFT(day, 10)
    END""",
)
"""What any layout may say of a moment and a day, as tables hold them side by side."""


def spent_after(layout: Layout) -> Mapping[str, list[str]]:
    """Return by step and record the tables (`raw.x`, `step.y`) that are read by none after it.

    Who reads a view reads the tables that the view reads.
    """
    within: dict[str, set[str]] = {}
    last: dict[str, str] = {}
    order = [("step", step) for step in layout.steps]
    for layer, mapping in order + [("mapped", mapping) for mapping in layout.mappings]:
        read = {f"raw.{table}" for table in mapping.own_tables}
        read = read.union(*(within.get(step, {f"step.{step}"}) for step in mapping.steps))
        if layer == "step" and layout.is_view(mapping):
            within[mapping.record] = read
        else:
            last |= dict.fromkeys(read, f"{layer}.{mapping.record}")
    spent = defaultdict(list)
    for table, reader in sorted(last.items()):
        spent[reader].append(table)
    return spent


def forget(
    con: duckdb.DuckDBPyConnection, spent: Iterable[str], files: Sequence[LoadedFile]
) -> None:
    """Drop steps and tables of resources; what else is raw stays, for its rows are counted."""
    for layer, name in (table.split(".", 1) for table in spent):
        if layer == "step":
            con.execute(f"DROP TABLE step.{identifier(name)}")
        parts = [file.parts[name] for file in files if layer == "raw" and name in file.parts]
        if parts:
            con.execute(f"DROP VIEW raw.{identifier(name)}")
        for part in parts:
            con.execute(f"DROP TABLE {part}")


def take_steps(
    con: duckdb.DuckDBPyConnection,
    layout: Layout,
    settings: Settings,
    files: Sequence[LoadedFile],
    spent: Mapping[str, list[str]],
) -> None:
    """Create `step.<name>` for each step, and keep the account when the layout gives one.

    A step that is read once is a view: its rows are not kept for others.
    """
    con.execute("ATTACH ':memory:' AS step")
    for macro in (*MACROS, *(of_fhir.MACROS if layout.resources else ())):
        con.execute(f"CREATE OR REPLACE TEMP MACRO {macro}")
    if layout.is_reading_products:
        load_products(con, settings)
    if layout.is_reading_zone:
        _make_zone_day(con, settings.source.time_zone)
    told = layout.account.raw_tables if layout.account is not None else ()
    n_raw = sum(count_rows(con, f"raw.{identifier(name)}") for name in told)
    for step in layout.steps:
        kind = "VIEW" if layout.is_view(step) else "TABLE"
        with blamed(step):
            con.execute(f"CREATE {kind} step.{identifier(step.record)} AS {step.select}")
        forget(con, spent[f"step.{step.record}"], files)
    if layout.account is not None:
        _keep_account(con, layout.account, n_raw)


def _make_zone_day(con: duckdb.DuckDBPyConnection, zone: str) -> None:
    """Create `step.zone_day`, one row per local day of the source's zone, with its name."""
    select = resources.sql("validate/zone_day.sql")
    try:
        con.execute(
            f"CREATE TABLE step.{of_layout.ZONE_DAY} AS SELECT *, $zone AS zone FROM ({select})",
            {"zone": zone},
        )
    except duckdb.Error:
        raise ConfigError("source.time_zone: DuckDB does not know this zone.") from None


def _keep_account(con: duckdb.DuckDBPyConnection, account: of_layout.Mapping, n_raw: int) -> None:
    """Count in `audit.row_account` what became of the rows of the tables an account reads."""
    with blamed(account):
        found = con.sql(
            """
            SELECT COUNT(*), COUNT(DISTINCT (source_file, source_row))
            FROM step.account
            """
        ).fetchall()
        con.execute(
            """
            INSERT INTO audit.row_account
            SELECT code, fate, COUNT(*), SUM(grams)
            FROM step.account
            GROUP BY code, fate
            ORDER BY code, fate
            """
        )
        con.execute("DROP TABLE step.account")
    if found != [(n_raw, n_raw)]:
        raise CheckError(
            f"{account.record}.sql: {n_raw} rows were read, {found[0][1]} of them are in its"
            f" account of {found[0][0]}. Every row belongs there once."
        )


@contextmanager
def blamed(mapping: of_layout.Mapping) -> Iterator[None]:
    """Name the SELECT at fault, never a value.

    Raises:
        ConfigError: it does not fit the files, or fails on them.
    """
    try:
        yield
    except (duckdb.BinderException, duckdb.CatalogException) as error:
        # Such an error names tables and columns, never values.
        first_line = str(error).splitlines()[0]
        raise ConfigError(f"{mapping.record}.sql: does not fit the files ({first_line}).") from None
    except duckdb.Error as error:
        raise ConfigError(
            f"{mapping.record}.sql: fails on these files ({type(error).__name__})."
            " Use TRY_CAST or leave text as it is."
        ) from None
