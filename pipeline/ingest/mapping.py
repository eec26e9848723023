"""Turn the raw files of a public or local layout into `mapped.<record>` by its SELECTs."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from pipeline.config import RecordMapping, Settings
from pipeline.errors import CheckError, ConfigError, InputError
from pipeline.guidelines import forget_products
from pipeline.ingest.contract_files import (
    COMMON,
    contract_columns,
    expression,
    literal,
    refuse_missing,
)
from pipeline.ingest.fhir import make_resource_table
from pipeline.ingest.layout import Layout, Mapping, RawTable, identifier
from pipeline.ingest.load import LoadedFile
from pipeline.ingest.steps import blamed, forget, spent_after, take_steps
from pipeline.store import count_rows
from schemas.record import contract

_SOURCE = ("source_file", "source_row")


def map_layout(
    con: duckdb.DuckDBPyConnection, layout: Layout, files: Sequence[LoadedFile], settings: Settings
) -> list[str]:
    """Create the raw tables, `step.<name>` for each step and `mapped.<record>` for each mapping.

    Returns:
        The records supplied. One without a row is not, when it reads a table that is absent, or
        one whose rows are of several kinds.

    Raises:
        InputError: a raw file is missing or lacks a column.
        ConfigError: a SELECT does not fit its tables or the contract.
        CheckError: a SELECT returns a row that is in no file, or an account does not close.
    """
    absent = {
        table
        for table, described in layout.tables.items()
        if not _make_raw_table(con, table, described, files, settings)
    }
    spent = spent_after(layout)
    take_steps(con, layout, settings, files, spent)
    for mapping in layout.mappings:
        with blamed(mapping):
            _map(con, mapping, settings)
        forget(con, spent[f"mapped.{mapping.record}"], files)
        _refuse_invented(con, mapping, files)
    con.execute("DETACH step")
    if layout.is_reading_products:
        forget_products(con)
    records = _supplied(con, layout, absent)
    for mapping in layout.mappings:
        if mapping.record not in records:
            con.execute(f"DROP TABLE mapped.{mapping.record}")
    return records


def drop_raw_tables(con: duckdb.DuckDBPyConnection, files: Sequence[LoadedFile]) -> None:
    """Give back the memory of the raw files; the mapped tables hold their own copy."""
    for file in files:
        for name in file.parts or [file.file.table]:
            con.execute(f"DROP VIEW IF EXISTS raw.{identifier(name)}")
        con.execute(f"DROP TABLE {file.table}")


def _make_raw_table(
    con: duckdb.DuckDBPyConnection,
    table: str,
    described: RawTable,
    files: Sequence[LoadedFile],
    settings: Settings,
) -> bool:
    """Create the view `raw.<table>` over its files; say whether there were any."""
    if described.resource is not None:
        return make_resource_table(con, table, described, files)
    mine = [file for file in files if file.file.table == table]
    if not mine and not described.is_optional:
        raise InputError(
            f"No file for the table {table}, which the mapping reads. Is SOURCE the right folder? "
            "A file of another name is told in [files] of audit.toml."
        )
    told = settings.table.get(table, RecordMapping())
    for file in mine:
        refuse_missing(file, described.columns, told)
    names = _names(mine, described, told)
    selects = [_raw_select(file, names, described, settings) for file in mine]
    selects = selects or [_no_rows(names)]
    con.execute(f"CREATE VIEW raw.{identifier(table)} AS {' UNION ALL '.join(selects)}")
    return bool(mine)


def _names(files: Sequence[LoadedFile], described: RawTable, told: RecordMapping) -> list[str]:
    """Return every column of a table once, in lower case: the files', described and told ones."""
    named = [name.lower() for file in files for name in file.names if name]
    named += [*described.columns, *described.optional_columns]
    named += [*told.rename, *told.convert, *told.constant]
    return [name for name in dict.fromkeys(named) if name not in _SOURCE]


def _raw_select(
    file: LoadedFile, names: Sequence[str], described: RawTable, settings: Settings
) -> str:
    told = settings.table.get(file.file.table, RecordMapping())
    columns = []
    for name in names:
        text = expression(file, name, told, settings.csv.decimal)
        if name.endswith(described.whole_numbers):
            text = f"CASE WHEN SUFFIX({text}, '.0') THEN LEFT({text}, -2) ELSE {text} END"
        columns.append(f"{text} AS {identifier(name)}")
    return f"""
        SELECT
            {", ".join(columns)},
            {file.file.file_id}::SMALLINT AS source_file,
            {file.row_number} AS source_row
        FROM {file.table}
    """


def _no_rows(names: Sequence[str]) -> str:
    columns = [f"NULL::VARCHAR AS {identifier(name)}" for name in names]
    source = "NULL::SMALLINT AS source_file, NULL::INTEGER AS source_row"
    return f"SELECT {', '.join([*columns, source])} WHERE false"


def _map(con: duckdb.DuckDBPyConnection, mapping: Mapping, settings: Settings) -> None:
    """Create `mapped.<record>` as a table: what its SELECT returns, as text."""
    described = con.sql(f"DESCRIBE {mapping.select}").fetchall()
    _refuse_repeated(mapping, [str(row[0]).lower() for row in described])
    types = {str(row[0]).lower(): str(row[1]) for row in described}
    _refuse_misfit(mapping, types)
    con.execute(_create(mapping, types, settings))


def _refuse_repeated(mapping: Mapping, names: list[str]) -> None:
    """Refuse a SELECT that returns one column twice: which of them counts is a guess."""
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f"{mapping.record}.sql: returns {', '.join(twice)} more than once.")


def _refuse_misfit(mapping: Mapping, types: dict[str, str]) -> None:
    known = {*contract_columns(mapping.record), *COMMON, *_SOURCE}
    needed = {*contract(mapping.record).required, *_SOURCE}
    faults = [f"lacks {name}" for name in sorted(needed - types.keys())]
    faults += [
        f"returns {name}, which is not in the contract" for name in sorted(types.keys() - known)
    ]
    faults += [
        f"returns {name} as a binary float"
        for name, kind in sorted(types.items())
        if kind in ("DOUBLE", "FLOAT")
    ]
    if faults:
        raise ConfigError(f"{mapping.record}.sql: {'; '.join(faults)}.")


def _create(mapping: Mapping, types: dict[str, str], settings: Settings) -> str:
    """Return the statement; rows stand in file order, so that keys come out the same."""

    def text(name: str) -> str:
        return f"CAST(selected.{name} AS VARCHAR)" if name in types else "NULL::VARCHAR"

    names = contract_columns(mapping.record)
    columns = [f"{text(name)} AS {name}" for name in names]
    return f"""
        CREATE TABLE mapped.{mapping.record} AS
        SELECT
            {", ".join(columns)},
            COALESCE({text("source_id")}, {literal(settings.source.id)}) AS source_id,
            CAST(selected.source_file AS SMALLINT) AS source_file,
            CAST(selected.source_row AS INTEGER) AS source_row,
            {text("recorded_at")} AS recorded_at,
            {text("is_deleted")} AS is_deleted
        FROM (
            {mapping.select}
        ) AS selected
        ORDER BY source_file, source_row, {", ".join(names)}
    """


def _supplied(con: duckdb.DuckDBPyConnection, layout: Layout, absent: set[str]) -> list[str]:
    """Return the records a source tells of, in the order of their mappings.

    When no row of a mixed table is a dose, then none was given: `infusion` is supplied, and empty.
    """
    mixed = {table for table, described in layout.tables.items() if described.is_mixed}
    empty = {m.record for m in layout.mappings if count_rows(con, f"mapped.{m.record}") == 0}
    silent = {
        mapping.record
        for mapping in layout.mappings
        if mapping.record in empty and (mapping.own_tables or mapping.raw_tables) & (absent | mixed)
    }
    if any(described.supplies for described in layout.tables.values()):
        present = layout.tables.keys() - absent
        silent = empty - {record for name in present for record in layout.tables[name].supplies}
    told = [mapping for mapping in layout.mappings if mapping.record not in silent]
    if not {"infusion", "dispensing"} & {mapping.record for mapping in told}:
        told += [m for m in layout.mappings if m.record == "infusion" and m.own_tables & mixed]
    return [mapping.record for mapping in told]


def _refuse_invented(
    con: duckdb.DuckDBPyConnection, mapping: Mapping, files: Sequence[LoadedFile]
) -> None:
    """Refuse a mapped row that points at no raw row: a mapping selects, it never makes rows."""
    raw = " UNION ALL ".join(
        f"SELECT {file.file.file_id} AS source_file, {file.row_number} AS source_row"
        f" FROM {file.table}"
        for file in files
        if mapping.raw_tables & {file.file.table, *file.parts}
    )
    found = con.sql(
        f"""
        SELECT COUNT(*)
        FROM mapped.{mapping.record} AS mapped_row
        ANTI JOIN ({raw or "SELECT 0 AS source_file, 0 AS source_row"}) AS raw_row
            ON
                mapped_row.source_file = raw_row.source_file
                AND mapped_row.source_row = raw_row.source_row
        """
    ).fetchall()
    if found[0][0]:
        raise CheckError(
            f"{mapping.record}.sql: {found[0][0]} rows carry no source_file and source_row of the"
            " tables it reads."
        )
