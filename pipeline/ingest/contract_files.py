"""Turn files that follow the contract, or nearly do, into `mapped.<record>`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb

from pipeline.config import Convert, RecordMapping, Settings
from pipeline.errors import InputError
from pipeline.ingest.dialect import close_to
from pipeline.ingest.load import LoadedFile
from pipeline.store import TIGHT
from schemas.record import Kind, contract

# Every record may carry these beside its own columns.
COMMON = ("source_id", "recorded_at", "is_deleted")


def contract_columns(record: str) -> tuple[str, ...]:
    """Return the columns of a record's contract, without those common to all records."""
    return tuple(column.name for column in contract(record).columns)


@dataclass(frozen=True)
class Expected:
    """What the columns of a table may be called in its file, in lower case."""

    known: frozenset[str]
    required: frozenset[str] = frozenset()
    dated: frozenset[str] = frozenset()  # hold days or times
    is_all: bool = True  # no other column is read
    spared: frozenset[str] = frozenset()  # what is wrong with such a cell never loses the row


def expected_columns(record: str, settings: Settings) -> Expected:
    """Return what a file of this record holds."""
    told = settings.record.get(record, RecordMapping())
    sources = [*told.rename.values(), *(convert.source for convert in told.convert.values())]
    known = {*contract_columns(record), *COMMON, *sources}
    dated = {
        told.rename.get(column.name, column.name)
        for column in contract(record).every_column
        if column.kind in (Kind.DATE, Kind.TIME)
    }
    required = needed(contract(record).required, told)
    spared = _lower(known) - required if contract(record).keeps_bad_cells else frozenset()
    return Expected(_lower(known), required, _lower(dated), spared=spared)


def needed(columns: Sequence[str], told: RecordMapping) -> frozenset[str]:
    """Return what a file calls columns that it must have, in lower case."""
    return _lower(
        told.convert[name].source if name in told.convert else told.rename.get(name, name)
        for name in columns
        if name not in told.constant
    )


def _lower(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)


def map_record(
    con: duckdb.DuckDBPyConnection, record: str, files: Sequence[LoadedFile], settings: Settings
) -> None:
    """Create the view `mapped.<record>` over the record's files, and list unused columns.

    Raises:
        InputError: a file lacks a required column, or one that audit.toml names.
    """
    selects = [_select(file, record, settings) for file in files]
    con.execute(f"CREATE VIEW mapped.{record} AS {' UNION ALL '.join(selects)}")
    told = settings.record.get(record, RecordMapping())
    if all(file.is_tight for file in files) and not told.constant and not told.values:
        con.execute(f"COMMENT ON VIEW mapped.{record} IS '{TIGHT}'")
    for file in files:
        _list_unused(con, file, record, settings)


def _select(file: LoadedFile, record: str, settings: Settings) -> str:
    """Return the SELECT of one file in contract columns."""
    told = settings.record.get(record, RecordMapping())
    refuse_missing(file, contract(record).required, told)
    decimal = settings.csv.decimal
    columns = [
        f"{expression(file, name, told, decimal)} AS {name}" for name in contract_columns(record)
    ]
    source_id = expression(file, "source_id", told, decimal)
    return f"""
        SELECT
            {", ".join(columns)},
            COALESCE({source_id}, {literal(settings.source.id)}) AS source_id,
            {file.file.file_id}::SMALLINT AS source_file,
            {file.row_number} AS source_row,
            {expression(file, "recorded_at", told, decimal)} AS recorded_at,
            {expression(file, "is_deleted", told, decimal)} AS is_deleted
        FROM {file.table}
    """


def expression(file: LoadedFile, name: str, told: RecordMapping, decimal: str) -> str:
    """Return the SQL of one contract column: as it is, renamed, converted or constant."""
    if name in told.constant:
        return literal(told.constant[name])
    if name in told.convert:
        convert = told.convert[name]
        text = converted(str(file.column(convert.source)), convert, decimal)
    else:
        text = file.column(told.rename.get(name, name)) or "NULL::VARCHAR"
    return _recoded(text, told.values.get(name, {}))


def converted(text: str, convert: Convert, decimal: str = ".") -> str:
    """Return the SQL of text × factor in exact decimals; text that is no number stays.

    The widest number a contract column takes has 12 digits before and 6 after the point,
    so what does not match the pattern is refused by the contract as well.
    """
    plain = text if decimal == "." else f"REPLACE({text}, ',', '.')"
    factor = format(convert.factor.normalize(), "f")
    digits, scale = len(factor.replace(".", "")), len(factor.partition(".")[2])
    product = (
        f"TRY_CAST({plain} AS DECIMAL(24, 9))"
        f" * CAST({literal(factor)} AS DECIMAL({digits}, {scale}))"
    )
    if convert.decimals is not None:
        product = f"ROUND({product}, {convert.decimals})"
    # The pattern leaves alone a number without a point: its zeros count.
    zeroless = rf"REGEXP_REPLACE(CAST({product} AS VARCHAR), '(\.[0-9]*?)0+$', '\1')"
    shown = f"RTRIM({zeroless}, '.')"
    if decimal == ",":
        shown = f"REPLACE({shown}, '.', ',')"
    pattern = r"-?[0-9]{1,15}(\.[0-9]{1,9})?".replace(r"\.", "," if decimal == "," else r"\.")
    return f"CASE WHEN REGEXP_FULL_MATCH({text}, '{pattern}') THEN {shown} ELSE {text} END"


def _recoded(text: str, values: dict[str, str]) -> str:
    """Return the SQL that replaces the source's words by the contract's."""
    if not values:
        return text
    cases = " ".join(
        f"WHEN {literal(source)} THEN {literal(meant)}" for source, meant in values.items()
    )
    return f"CASE COALESCE({text}, '') {cases} ELSE {text} END"


def literal(text: str) -> str:
    """Return text of the configuration as an SQL string, quoted by DuckDB itself.

    A view takes no parameters; values of records never come here.
    """
    return str(duckdb.ConstantExpression(text))


def refuse_missing(file: LoadedFile, required: Sequence[str], told: RecordMapping) -> None:
    """Refuse a file without a column that is required or that audit.toml names.

    Raises:
        InputError: it lacks one; the message names it and the nearest there is.
    """
    for name in (*required, *told.rename, *told.convert):
        if name in told.constant:
            continue
        convert = told.convert.get(name)
        wanted = convert.source if convert else told.rename.get(name, name)
        if file.column(wanted) is None:
            raise InputError(
                f"{file.file.name}: column {wanted} is missing."
                f"{close_to(wanted, file.names)} Rename it in audit.toml (docs/configuration.md)."
            )


def _list_unused(
    con: duckdb.DuckDBPyConnection, file: LoadedFile, record: str, settings: Settings
) -> None:
    told = settings.record.get(record, RecordMapping())
    replaced = {*told.rename, *told.convert, *told.constant}
    used = {name for name in (*contract_columns(record), *COMMON) if name not in replaced}
    used |= {name.lower() for name in told.rename.values()}
    used |= {convert.source.lower() for convert in told.convert.values()}
    for position, name in enumerate(file.names, start=1):
        if name.lower() not in used:
            con.execute(
                "INSERT INTO audit.unused_column VALUES ($file_id, $position, $name)",
                {"file_id": file.file.file_id, "position": position, "name": name},
            )
