"""Find the files of an unknown source and load those that can be read, as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline.config import Csv
from pipeline.draft.names import every_name
from pipeline.errors import InputError
from pipeline.ingest import ledger
from pipeline.ingest.contract_files import Expected
from pipeline.ingest.excel import load_sheet
from pipeline.ingest.load import LoadedFile, load_text, open_text
from pipeline.ingest.locate import SUFFIXES, InputFile, stem
from pipeline.ingest.opt_out import FILE as OPT_OUTS
from pipeline.ingest.parquet import load_parquet
from pipeline.ingest.workbook import is_workbook, read_workbook

_MOST_FILES = 200
_DEEPEST = 4
# What stands in a header only when there is none: a number, a date, a time.
_VALUE = re.compile(r"[-+]?\d[\d.,:/ T-]*")
_MOST_NAMELESS = 0.2
_MOST_ALIKE = 0.5


@dataclass(frozen=True)
class Found:
    """What a folder holds: files that were loaded, and those that were not, each with why."""

    files: tuple[LoadedFile, ...]
    refused: tuple[tuple[str, str], ...]


def load_files(con: duckdb.DuckDBPyConnection, folder: Path, scratch: Path) -> Found:
    """Load every readable file of a folder and its subfolders; one that is not stops nothing."""
    ledger.open_ledger(con)
    files: list[LoadedFile] = []
    refused: list[tuple[str, str]] = []
    number = 0
    for path in _paths(folder, refused):
        name = path.relative_to(folder).as_posix()
        for told, inner in _tables_in(path, name, refused):
            number += 1
            file = InputFile(number, path, told, f"file_{number}", None, inner)
            try:
                loaded = _load(con, file, scratch)
                why = _no_names(con, loaded)
            except InputError as error:
                refused.append((told, str(error).removeprefix(f"{told}: ")))
                continue
            if why:
                refused.append((told, why))
            else:
                files.append(loaded)
    return Found(tuple(files), tuple(refused))


def _tables_in(
    path: Path, name: str, refused: list[tuple[str, str]]
) -> Iterator[tuple[str, str | None]]:
    """Yield what to call each table of a file, and its sheet where it is a workbook."""
    if not is_workbook(path):
        yield name, None
        return
    try:
        sheets = read_workbook(path, name).sheets
    except InputError as error:
        refused.append((name, str(error).removeprefix(f"{name}: ")))
        return
    for sheet in sheets:
        if sheet.is_visible:
            yield f"{name}#{sheet.name}", sheet.name
        else:
            refused.append((f"{name}#{sheet.name}", "is a hidden sheet"))


def _load(con: duckdb.DuckDBPyConnection, file: InputFile, scratch: Path) -> LoadedFile:
    known = frozenset(every_name())
    if file.inner is not None:
        return load_sheet(con, file, Expected(known, is_all=False))
    if file.path.name.lower().endswith(".parquet"):
        return load_parquet(con, file)
    csv = Csv()
    return load_text(con, open_text(file, csv, known, scratch), csv.quote, scratch)


def table_name(name: str) -> str:
    """Return the name of the table of a file: its stem in plain small letters."""
    file, _, sheet = Path(name).name.partition("#")
    plain = re.sub(r"[^a-z0-9]+", "_", f"{stem(file)} {sheet.lower()}").strip("_")
    return plain if plain and plain[0].isalpha() else f"file_{plain}".strip("_")


def shown(name: str) -> str:
    """Return the name of a column or file on one line, no longer than fits a table."""
    plain = "".join(sign if sign.isprintable() else "·" for sign in name)
    return plain if len(plain) <= 40 else f"{plain[:39]}…"  # noqa: PLR2004


def _paths(folder: Path, refused: list[tuple[str, str]]) -> Iterator[Path]:
    n_found = 0
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if any(part.startswith(".") for part in parts) or not path.is_file():
            continue
        name = path.relative_to(folder).as_posix()
        why = _unfit(path, folder, len(parts), n_found)
        if why:
            refused.append((name, why))
            continue
        n_found += 1
        yield path


def _unfit(path: Path, folder: Path, depth: int, n_found: int) -> str | None:
    """Say why a file is not looked at."""
    if path.name.lower() == OPT_OUTS:
        return "is the list of those who opted out; a run leaves them out"
    if not path.name.lower().endswith(SUFFIXES):
        return "is not of a kind that is read (.csv, .tsv, .txt, with .gz or not, .parquet, .xlsx)"
    if not path.resolve().is_relative_to(folder.resolve()):
        return "is a link that leaves the folder"
    if depth > _DEEPEST:
        return f"lies more than {_DEEPEST} folders deep"
    return f"is not looked at: {_MOST_FILES} files are enough" if n_found >= _MOST_FILES else None


def _no_names(con: duckdb.DuckDBPyConnection, file: LoadedFile) -> str | None:
    """Say whether the first line is a record rather than the names of the columns.

    It is when many of its cells are numbers or dates, or stand among the column's values.
    """
    named = [(place, name) for place, name in enumerate(file.names, start=1) if name]
    if not named:
        return "the first line names no column"
    values = [place for place, name in named if _VALUE.fullmatch(name)]
    repeated = sum(_stands_below(con, file, place, name) for place, name in named)
    if max(len(values), repeated) > _MOST_NAMELESS * len(named):
        return "the first line looks like a record, not like names: put a line of names above it"
    if len(named) == 1:
        return "has one column only: is it a table, and is the delimiter , ; tab or bar?"
    return None


def _stands_below(con: duckdb.DuckDBPyConnection, file: LoadedFile, place: int, name: str) -> bool:
    """Say whether a name is one of the values below it, or an id built as most of them are."""
    shape = "REGEXP_REPLACE(REGEXP_REPLACE({}, '[0-9]', '9', 'g'), '[A-Za-z]', 'A', 'g')"
    found = con.execute(
        f"""
        SELECT
            COUNT(*) FILTER (c{place} = $name),
            COUNT(*) FILTER ($name SIMILAR TO '.*[0-9].*'
                AND {shape.format(f"c{place}")} = {shape.format("$name")}),
            COUNT(c{place})
        FROM {file.table}
        """,
        {"name": name},
    ).fetchall()
    n_same, n_alike, n_filled = found[0]
    return bool(n_same) or n_alike > _MOST_ALIKE * n_filled
