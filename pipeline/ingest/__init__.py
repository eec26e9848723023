"""Read the records of a source: did the files arrive, readable, with the columns we need?

Writes `raw.*`, `mapped.*`, the files' account in `audit.*` and `quarantine.unreadable`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

import duckdb

from pipeline.config import RecordMapping, Settings
from pipeline.errors import ConfigError, InputError
from pipeline.ingest import ledger
from pipeline.ingest.contract_files import Expected, expected_columns, map_record, needed
from pipeline.ingest.database_file import database_of, load_tables, locate_in_database
from pipeline.ingest.excel import load_sheet
from pipeline.ingest.fhir import ResourceFile, load_resources, open_resources
from pipeline.ingest.layout import Layout, RawTable, read_layout
from pipeline.ingest.load import NO_SPACE, LoadedFile, TextFile, finish_text, load_fast, open_text
from pipeline.ingest.locate import (
    RESOURCES,
    InputFile,
    locate_records,
    locate_resources,
    locate_tables,
    source_folder,
    unused_files,
)
from pipeline.ingest.mapping import drop_raw_tables, map_layout
from pipeline.ingest.opt_out import list_place, write_opt_outs
from pipeline.ingest.parquet import load_parquet
from pipeline.ingest.server import ServedTable, load_served, locate_served
from pipeline.ingest.sums import read_sums, refuse_others
from pipeline.ingest.workbook import is_workbook
from pipeline.store import beside, n_threads
from schemas.record import RECORDS

__all__ = ["ingest"]

_Expected = Callable[[InputFile], Expected]


def ingest(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Load every input file and map it to the record contract, as text.

    Raises:
        InputError: a file, table or required column is missing, or a file cannot be read.
        ConfigError: the mapping does not fit the contract or leaves the source folder.
        CheckError: the account of a file does not close.
        QuarantineLimitError: too many lines of a file are no records.
    """
    is_contract = settings.format == "csv" and settings.mapping_folder is None
    folder = settings.source_folder
    if is_contract or database_of(folder) != folder:
        folder = source_folder(folder)
    # patterns begin at the source folder itself
    if not is_contract and settings.database is None and not settings.files:
        folder = _unwrapped(folder)
    ledger.open_ledger(con)
    try:
        files = (_ingest_records if is_contract else _ingest_layout)(con, folder, settings)
    except OSError as error:
        if error.errno in NO_SPACE:  # the copies lie with the output
            raise
        raise InputError(f"{folder}: cannot be read ({error.strerror}).") from None
    ledger.close_ledger(con, files)
    ledger.refuse_too_many_lines(con, settings.run.max_quarantine)
    write_opt_outs(con, settings)
    unused = unused_files(folder, [loaded.file for loaded in files]) if folder.is_dir() else []
    lists = {path.resolve() for path in (list_place(settings), settings.run.adjudications) if path}
    unused = [name for name in unused if (folder / name).resolve() not in lists]
    ledger.enter_names(con, "audit.unused_file", unused)
    drop_raw_tables(con, [loaded for loaded in files if loaded.file.record is None])


def _ingest_records(
    con: duckdb.DuckDBPyConnection, folder: Path, settings: Settings
) -> list[LoadedFile]:
    found = locate_records(folder, RECORDS, settings.files)
    found += locate_served(settings, RECORDS, found, is_record=True)
    records = list(dict.fromkeys(file.table for file in found))
    _refuse_incomplete(folder, records)
    files = _load(con, found, settings, lambda file: expected_columns(file.table, settings))
    for record in records:
        map_record(con, record, [file for file in files if file.file.record == record], settings)
    ledger.enter_names(con, "audit.record_supplied", records)
    return files


def _ingest_layout(
    con: duckdb.DuckDBPyConnection, folder: Path, settings: Settings
) -> list[LoadedFile]:
    layout = read_layout(con, settings)
    _refuse_unread(layout, settings)
    found = _located(con, layout, folder, settings)
    columns = partial(_columns_of, layout, settings)
    files = _load(con, found, settings, columns, layout.resources)
    records = map_layout(con, layout, [one for one in files if one.file.record is None], settings)
    for record in dict.fromkeys(file.table for file in found if file.record is not None):
        map_record(con, record, [file for file in files if file.file.record == record], settings)
        records.append(record)
    _refuse_incomplete(folder, records)
    ledger.enter_names(con, "audit.record_supplied", sorted(records))
    return files


def _located(
    con: duckdb.DuckDBPyConnection, layout: Layout, folder: Path, settings: Settings
) -> list[InputFile]:
    """Return the files of a layout's tables, and those of records that it does not make.

    A format that cannot say what was approved does not keep `authorisation.csv` from lying there.
    """
    stems = {
        table: described.files or table
        for table, described in layout.tables.items()
        if described.resource is None
    }
    others = RECORDS.keys() - {mapping.record for mapping in layout.mappings} - stems.keys()
    told = {name: glob for name, glob in settings.files.items() if name not in others}
    found = []
    if layout.resources:
        found = _located_resources(folder, told.pop(RESOURCES, None))
    if folder.is_dir():
        files = locate_tables(folder, stems, told)
        found += [replace(file, file_id=n) for n, file in enumerate(files, len(found) + 1)]
    if database := database_of(folder):
        found += locate_in_database(con, database, stems, found)
    found += locate_served(settings, stems, found, is_record=False)
    if folder.is_dir():
        globs = {name: glob for name, glob in settings.files.items() if name in others}
        beside = locate_records(folder, [name for name in RECORDS if name in others], globs)
        taken = {(file.path, file.inner) for file in found}
        fresh = (file for file in beside if (file.path, file.inner) not in taken)
        found += [replace(file, file_id=n) for n, file in enumerate(fresh, len(found) + 1)]
    found += locate_served(settings, others, found, is_record=True)
    served = set(settings.database.selects) if settings.database else set()
    if unread := sorted(served - {file.table for file in found}):
        raise ConfigError(f"audit.toml: no mapping reads database.{', database.'.join(unread)}.")
    return found


def _located_resources(folder: Path, pattern: str | None) -> list[InputFile]:
    found = locate_resources(folder, pattern) if folder.is_dir() else []
    if not found:
        raise InputError(f"{folder}: holds no FHIR resource. See docs/sources/fhir-r4.md.")
    return found


def _unwrapped(folder: Path) -> Path:
    """Return the one folder in which everything lies, as when an archive was unpacked."""
    while folder.is_dir() and not unused_files(folder, []) and database_of(folder) is None:
        inner = [path for path in folder.iterdir() if path.is_dir()]
        if len(inner) != 1:
            break
        folder = inner[0]
    return folder


def _columns_of(layout: Layout, settings: Settings, file: InputFile) -> Expected:
    if file.record is not None:
        return expected_columns(file.record, settings)
    if file.table == RESOURCES:
        return Expected(frozenset(), frozenset())
    described = layout.tables[file.table]
    told = settings.table.get(file.table, RecordMapping())
    sources = (*told.rename.values(), *(convert.source for convert in told.convert.values()))
    columns = {*described.columns, *described.optional_columns}
    return Expected(
        frozenset({*columns, *(name.lower() for name in sources)}),
        needed(described.columns, told),
        is_all=bool(columns),
    )


def _refuse_unread(layout: Layout, settings: Settings) -> None:
    """Refuse what audit.toml says of a table or column that no mapping reads."""
    for table, told in sorted(settings.table.items()):
        if table not in layout.tables:
            raise ConfigError(f"audit.toml: no mapping reads table.{table}.")
        described = layout.tables[table]
        if described.resource is not None:
            raise ConfigError(f"audit.toml: table.{table}: FHIR names the elements of a resource.")
        known = {*described.columns, *described.optional_columns}
        unread = {name for _, columns in told for name in columns} - known
        if known and unread:
            raise ConfigError(
                f"audit.toml: no mapping reads {', '.join(sorted(unread))} of table.{table}"
                " (write the layout's column = source column)."
            )


def _refuse_incomplete(folder: Path, records: Sequence[str]) -> None:
    """Refuse a source without patients, or with neither infusions nor dispensings."""
    if not records:
        raise InputError(
            f"{folder}: holds no record file such as patient.csv or infusion.csv."
            " See docs/sources/csv.md, or name a format with --format."
        )
    if "patient" not in records:
        raise InputError(f"{folder}: the record patient is missing. It must be supplied.")
    if not {"infusion", "dispensing"} & set(records):
        raise InputError(f"{folder}: one of infusion and dispensing must be supplied.")


def _load(
    con: duckdb.DuckDBPyConnection,
    found: Sequence[InputFile],
    settings: Settings,
    expected: _Expected,
    resources: Mapping[str, RawTable] = MappingProxyType({}),
) -> list[LoadedFile]:
    """Load the files, the delimited ones as many at once as there are threads."""
    on_disk = [file for file in found if not isinstance(file, ServedTable)]
    before = [_state(file) for file in on_disk]
    with tempfile.TemporaryDirectory(prefix="ivig-audit-", dir=_spill(con)) as name:
        scratch = Path(name)
        tables = load_tables(con, [file for file in found if _is_in_database(file)])
        served = [file for file in found if isinstance(file, ServedTable)]
        tables |= load_served(con, served, settings)
        texts = [file for file in found if _is_text(file)]
        n_bytes = sum(file.path.stat().st_size for file in texts)
        with ThreadPoolExecutor(max_workers=max(2, n_threads(con))) as pool:
            opened = pool.map(
                lambda file: _opened(con, file, settings, expected, scratch, n_bytes), texts
            )
            load = partial(
                _loaded, con, opened=opened, settings=settings, scratch=scratch, resources=resources
            )
            files = [tables.get(file.file_id) or load(file, expected(file)) for file in found]
    _refuse_changed(on_disk, before)
    sums = read_sums(settings.source_folder, *(file.path.parent for file in on_disk[:1]))
    refuse_others([loaded for loaded in files if loaded.file in on_disk], sums)
    ledger.enter_files(con, files, sums)
    return files


def _spill(con: duckdb.DuckDBPyConnection) -> Path | None:
    """Return where the run keeps what it may not leave behind; None: no such folder yet."""
    spill = Path(str(con.sql("SELECT CURRENT_SETTING('temp_directory')").fetchall()[0][0]))
    return spill if spill.is_dir() else None


def _state(file: InputFile) -> tuple[int, int, int]:
    told = file.path.stat()
    return told.st_ino, told.st_size, told.st_mtime_ns


def _refuse_changed(found: Sequence[InputFile], before: list[tuple[int, int, int]]) -> None:
    """Refuse a file that was written to meanwhile: digest and rows would be of two states."""
    for file, state in zip(found, before, strict=True):
        if _state(file) != state:
            raise InputError(
                f"{file.name}: changed while it was read. Let the export end, then rerun."
            )


def _opened(
    con: duckdb.DuckDBPyConnection,
    file: InputFile,
    settings: Settings,
    expected: _Expected,
    scratch: Path,
    n_bytes: int,
) -> tuple[TextFile, int | None] | ResourceFile:
    """Open a file of text, and load it if it is delimited and whole: with its number of records."""
    if file.table == RESOURCES:
        return open_resources(file, settings.csv.encoding, scratch)
    text = open_text(file, settings.csv, expected(file).known, scratch)
    is_most = 2 * file.path.stat().st_size > n_bytes
    with beside(con) as own:
        return text, load_fast(own, text, settings.csv.quote, is_shared=is_most)


def _loaded(
    con: duckdb.DuckDBPyConnection,
    file: InputFile,
    expected: Expected,
    *,
    opened: Iterator[tuple[TextFile, int | None] | ResourceFile],
    settings: Settings,
    scratch: Path,
    resources: Mapping[str, RawTable],
) -> LoadedFile:
    if _is_parquet(file):
        return load_parquet(con, file)
    if is_workbook(file.path):
        return load_sheet(con, file, expected)
    one = next(opened)
    if isinstance(one, ResourceFile):
        return load_resources(con, one, resources)
    text, n_rows = one
    return finish_text(con, text, settings.csv.quote, scratch, n_rows)


def _is_parquet(file: InputFile) -> bool:
    return file.path.name.lower().endswith(".parquet")


def _is_in_database(file: InputFile) -> bool:
    return file.inner is not None and not is_workbook(file.path)


def _is_text(file: InputFile) -> bool:
    is_other = _is_parquet(file) or is_workbook(file.path) or _is_in_database(file)
    return not is_other and not isinstance(file, ServedTable)
