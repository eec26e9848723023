"""Read the tables of a layout from a DuckDB file, opened for reading only."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipeline.errors import InputError
from pipeline.ingest.dialect import refuse_repeated
from pipeline.ingest.layout import identifier
from pipeline.ingest.load import LoadedFile, raw_table
from pipeline.ingest.locate import InputFile
from pipeline.ingest.parquet import as_text, refuse_untextable
from pipeline.ingest.scan import digest
from pipeline.store import count_rows, quoted

SUFFIXES = (".duckdb", ".ddb")
_ALIAS = "source_database"


def database_of(source: Path) -> Path | None:
    """Return the DuckDB file that is the source, or the one that lies in it.

    Raises:
        InputError: several lie in the folder.
    """
    if source.is_file():
        return source if source.name.lower().endswith(SUFFIXES) else None
    found = [] if not source.is_dir() else sorted(_databases(source))
    if len(found) > 1:
        raise InputError(f"{source}: holds {len(found)} DuckDB files. Name one of them.")
    return found[0] if found else None


def _databases(folder: Path) -> Iterator[Path]:
    return (
        path
        for path in folder.iterdir()
        if path.name.lower().endswith(SUFFIXES) and not path.name.startswith(".") and path.is_file()
    )


def locate_in_database(
    con: duckdb.DuckDBPyConnection, database: Path, tables: Collection[str], taken: list[InputFile]
) -> list[InputFile]:
    """Return one input file per table of the database that some mapping reads.

    Raises:
        InputError: a table is also supplied as a file, or stands in two schemas.
    """
    with _attached(con, database):
        named = con.sql(
            f"""
            SELECT LOWER(table_name), table_schema, table_name
            FROM information_schema.tables
            WHERE table_catalog = '{_ALIAS}'
            ORDER BY ALL
            """
        ).fetchall()
    places: dict[str, list[str]] = {}
    for table, schema, name in named:
        places.setdefault(table, []).append(f"{identifier(schema)}.{identifier(name)}")
    wanted = {table: places[table] for table in sorted(tables) if table in places}
    _refuse_ambiguous(database, wanted, {file.table for file in taken})
    return [
        InputFile(number, database, f"{database.name}#{table}", table, None, inner=places[0])
        for number, (table, places) in enumerate(wanted.items(), start=len(taken) + 1)
    ]


def _refuse_ambiguous(database: Path, wanted: Mapping[str, list[str]], taken: set[str]) -> None:
    for table, places in wanted.items():
        if table in taken:
            raise InputError(
                f"{database.name}: the table {table} is there and in a file beside it. Keep one."
            )
        if len(places) > 1:
            raise InputError(
                f"{database.name}: {len(places)} schemas hold a table {table}."
                " Write the one that is meant to a file of its own."
            )


def load_tables(
    con: duckdb.DuckDBPyConnection, files: Collection[InputFile]
) -> dict[int, LoadedFile]:
    """Load the tables of the one database they lie in, every column as VARCHAR, by file id.

    Raises:
        InputError: the file is no DuckDB file, or a column holds bytes or a nested type.
    """
    if not files:
        return {}
    database = next(iter(files)).path
    sha256, n_bytes = digest(database)
    with _attached(con, database):
        return {file.file_id: _load(con, file, sha256, n_bytes) for file in files}


def _load(con: duckdb.DuckDBPyConnection, file: InputFile, sha256: str, n_bytes: int) -> LoadedFile:
    place = f"{_ALIAS}.{file.inner}"
    described = con.sql(f"DESCRIBE {place}").fetchall()
    names, types = [str(row[0]).strip() for row in described], [str(row[1]) for row in described]
    refuse_repeated(file.name, tuple(names))
    refuse_untextable(file.name, tuple(names), types)
    selected = ", ".join(
        f"{as_text(identifier(str(row[0])), kind)} AS c{position}"
        for position, (row, kind) in enumerate(zip(described, types, strict=True), start=1)
    )
    con.execute(f"CREATE OR REPLACE TABLE {raw_table(file)} AS SELECT {selected} FROM {place}")
    return LoadedFile(
        file, tuple(names), "(rowid + 1)::INTEGER", count_rows(con, raw_table(file)), 0, sha256,
        n_bytes, None, None, None, "duckdb",
    )  # fmt: skip


@contextmanager
def _attached(con: duckdb.DuckDBPyConnection, database: Path) -> Iterator[None]:
    try:
        con.execute(f"ATTACH '{quoted(database)}' AS {_ALIAS} (READ_ONLY)")
    except duckdb.Error:  # its text names places of this machine
        raise InputError(
            f"{database.name}: is no DuckDB file this program can read, or another program holds"
            " it. Close that, or export it again."
        ) from None
    try:
        yield
    finally:
        con.execute(f"DETACH {_ALIAS}")
