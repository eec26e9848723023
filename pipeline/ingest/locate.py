"""Find the input files of a source folder, and say what each one is read as."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import NamedTuple

from pipeline.errors import ConfigError, InputError
from pipeline.ingest import workbook

# Longest first: `.csv.gz` must not be taken for a part of the name.
SUFFIXES = (
    ".csv.gz", ".tsv.gz", ".txt.gz", ".csv", ".tsv", ".txt", ".parquet", *workbook.SUFFIXES,
)  # fmt: skip
RESOURCE_SUFFIXES = (".ndjson.gz", ".jsonl.gz", ".json.gz", ".ndjson", ".jsonl", ".json")
RESOURCES = "resource"
"""The key of `[files]` for files of FHIR resources; what they hold is not told by their names."""
_SHEET = re.compile(r"(.*\.xls[xm])#(.+)", re.IGNORECASE)


@dataclass(frozen=True)
class InputFile:
    """One row per input file: where it is and which table its records go to."""

    file_id: int
    path: Path
    name: str
    table: str
    record: str | None
    inner: str | None = None  # a sheet, or a table of a database file as SQL names it


class Place(NamedTuple):
    """Where the rows of a table lie: a file, or a sheet of one."""

    path: Path
    sheet: str | None = None

    def name_in(self, folder: Path) -> str:
        """Return what a message calls it."""
        sheet = "" if self.sheet is None else f"#{self.sheet}"
        return f"{self.path.relative_to(folder).as_posix()}{sheet}"

    @property
    def part(self) -> tuple[Path, str]:
        """Return folder and name: the same part twice would count every record twice."""
        return self.path.parent, stem(self.path.name) if self.sheet is None else self.sheet.lower()


Found = Mapping[str, list[Place]]


def source_folder(folder: Path) -> Path:
    """Return the folder if it is one.

    Raises:
        InputError: it does not exist, is a file, or may not be read.
    """
    if not folder.exists():
        raise InputError(f"{folder}: does not exist. Name the folder that holds the record files.")
    if not folder.is_dir():
        raise InputError(f"{folder}: is a file. Name the folder that holds it.")
    try:
        next(folder.iterdir(), None)
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror}).") from None
    return folder


def locate_records(
    folder: Path, records: Iterable[str], patterns: Mapping[str, str]
) -> list[InputFile]:
    """Return the contract files of a folder in the order record, file name."""
    records = list(records)
    _refuse_odd(folder, [f"{record}{more}" for record in records for more in ("", ".*")])
    told = {record: matches(folder, record, pattern) for record, pattern in patterns.items()}
    taken = {place for places in told.values() for place in places}
    found_there = _places(folder, records, lambda name: name.split(".")[0] in records, taken)
    named = [(name, place) for name, place in found_there if place not in taken]
    found = {
        record: told.get(record)
        or sorted(place for name, place in named if name.split(".")[0] == record)
        for record in records
    }
    _refuse_twins(folder, found)
    return _numbered(folder, found, is_record=True)


def locate_tables(
    folder: Path, stems: Mapping[str, str], patterns: Mapping[str, str]
) -> list[InputFile]:
    """Return the files of the raw tables that some mapping reads.

    Args:
        folder: the source folder.
        stems: by table, the file name it has in the layout, without suffix; may hold `*`.
        patterns: the globs of `[files]`, which go before.

    Raises:
        ConfigError: `[files]` names a table that no mapping reads.
    """
    if unknown := sorted(patterns.keys() - stems.keys()):
        raise ConfigError(f"audit.toml: no mapping reads files.{', files.'.join(unknown)}.")
    names = [name for pair in stems.items() for name in pair]
    _refuse_odd(folder, names)
    told = {table: matches(folder, table, patterns[table]) for table in stems if table in patterns}
    taken = [place for places in told.values() for place in places]
    named = list(
        _places(folder, (), lambda name: any(_is_like(name, like) for like in names), taken)
    )

    def like(pattern: str) -> list[Place]:
        return sorted(place for name, place in named if _is_like(name, pattern))

    found = {
        table: told[table] if table in told else like(table) or like(pattern)
        for table, pattern in stems.items()
    }
    _refuse_twins(folder, found)
    return _numbered(folder, found, is_record=False)


def locate_resources(folder: Path, pattern: str | None) -> list[InputFile]:
    """Return the files of FHIR resources: those `[files]` names, else all that lie there."""
    if pattern is None:
        found = sorted(Place(path) for path in _readable(folder, RESOURCE_SUFFIXES))
    else:
        found = matches(folder, RESOURCES, pattern)
    _refuse_twins(folder, {RESOURCES: found})
    return _numbered(folder, {RESOURCES: found}, is_record=False)


def unused_files(folder: Path, used: Iterable[InputFile]) -> list[str]:
    """Return the names of files of a readable kind, and of sheets beside others, not read."""
    taken: dict[Path, set[str | None]] = {}
    for file in used:
        taken.setdefault(file.path, set()).add(file.inner)
    every = _readable(folder, (*SUFFIXES, *RESOURCE_SUFFIXES, *workbook.UNREAD))
    unused = [path.name for path in every if path not in taken]
    for path, inner in taken.items():
        if workbook.is_workbook(path):
            book = workbook.read_workbook(path, path.relative_to(folder).as_posix())
            left = [sheet.name for sheet in book.sheets if sheet.name not in inner]
            unused += [Place(path, sheet).name_in(folder) for sheet in left]
    return sorted(unused)


def matches(folder: Path, key: str, pattern: str) -> list[Place]:
    """Return the files a glob of `[files]` names, all of them inside the folder.

    Raises:
        ConfigError: the glob or a file it finds leaves the folder.
        InputError: it finds no file, or no such sheet.
    """
    split = _SHEET.fullmatch(pattern)
    pattern, sheet = split.groups() if split else (pattern, None)
    parts = PurePosixPath(pattern).parts + PureWindowsPath(pattern).parts
    is_absolute = PurePosixPath(pattern).is_absolute() or PureWindowsPath(pattern).drive
    if is_absolute or ".." in parts or not pattern.strip():
        raise ConfigError(f"audit.toml: files.{key} must name files inside the source folder.")
    found = _globbed(folder, key, pattern)
    if any(not path.resolve().is_relative_to(folder.resolve()) for path in found):
        raise ConfigError(f"audit.toml: files.{key} finds a link that leaves the source folder.")
    if not found:
        raise InputError(f"{folder.name}: no file matches files.{key} of audit.toml.")
    return [_told(folder, path, key, sheet) for path in found]


def _told(folder: Path, path: Path, key: str, sheet: str | None) -> Place:
    """Return a file, or the sheet of a workbook that `[files]` means."""
    if not workbook.is_workbook(path):
        return Place(path)
    book = workbook.read_workbook(path, Place(path).name_in(folder))
    if sheet is None:
        return Place(path, workbook.only_sheet(book, key))
    if sheet not in {known.name for known in book.sheets}:
        raise InputError(f"{book.name}: holds no sheet {sheet}, which files.{key} names.")
    return Place(path, sheet)


def _globbed(folder: Path, key: str, pattern: str) -> list[Path]:
    try:
        return sorted(path for path in folder.glob(pattern) if path.is_file())
    except (ValueError, IndexError, NotImplementedError):
        raise ConfigError(f"audit.toml: files.{key} is not a pattern of file names.") from None


def stem(name: str) -> str:
    """Return a file's name in lower case without its suffixes of a readable kind."""
    lower = name.lower()
    known = (*RESOURCE_SUFFIXES, *SUFFIXES)
    suffix = next((suffix for suffix in known if lower.endswith(suffix)), "")
    return lower.removesuffix(suffix)


def _places(
    folder: Path, inner_folders: Iterable[str], fits: Callable[[str], bool], told: Iterable[Place]
) -> Iterator[tuple[str, Place]]:
    """Yield `<record>.csv`, `<record>.<part>.csv`, sheets, and whatever stands in `<record>/`.

    Args:
        folder: the source folder.
        inner_folders: names of folders in it whose files are all of one record.
        fits: says whether a name in lower case, of a file or a sheet, is one that is looked for.
        told: what `[files]` names; of such a workbook other sheets are taken by their own name.
    """
    told_paths = {place.path for place in told}
    for path in _readable(folder):
        is_told = path in told_paths and workbook.is_workbook(path)
        yield from _named(folder, path, "" if is_told else stem(path.name), fits)
    wanted = set(inner_folders)
    for inner in sorted(folder.iterdir()):
        if inner.is_dir() and inner.name.lower() in wanted:
            record = inner.name.lower()
            for path in _readable(inner):
                yield from _named(folder, path, record, record.__eq__)


def _named(
    folder: Path, path: Path, own: str, fits: Callable[[str], bool]
) -> Iterator[tuple[str, Place]]:
    if not workbook.is_workbook(path):
        yield own, Place(path)
        return
    for name, sheet in workbook.sheets_like(path, Place(path).name_in(folder), own, fits):
        yield name, Place(path, sheet)


def _is_like(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern.lower())


def _readable(folder: Path, suffixes: tuple[str, ...] = SUFFIXES) -> Iterator[Path]:
    return (
        path
        for path in folder.iterdir()
        if path.name.lower().endswith(suffixes)
        and not path.name.startswith((".", "~$"))  # a workbook that is open leaves a ~$ beside it
        and path.is_file()
    )


def _refuse_odd(folder: Path, patterns: Iterable[str]) -> None:
    """Refuse `infusion.csv` that is no file, and `infusion.xls`: they would pass for absent."""
    wanted = [pattern.lower() for pattern in patterns]
    for path in sorted(folder.iterdir()):
        name, own = path.name.lower(), stem(path.name)
        if name.startswith(".") or not any(fnmatchcase(own, pattern) for pattern in wanted):
            continue
        if name.endswith(workbook.UNREAD):
            raise InputError(f"{path.name}: is a workbook of another kind. Save it as .xlsx.")
        if name.endswith(SUFFIXES) and not path.is_file():
            raise InputError(
                f"{path.name}: is no file but a folder, or a link to nothing. Mend or remove it."
            )


def _refuse_twins(folder: Path, found: Found) -> None:
    """Refuse `infusion.csv` beside `infusion.csv.gz`: every record would count twice.

    Sheets of the same name in two workbooks are parts, as of two sites or months.
    """
    for places in found.values():
        seen: dict[tuple[Path, str], Place] = {}
        for place in places:
            twin = seen.get(place.part)
            if twin is not None and (twin.sheet is None or place.sheet is None):
                raise InputError(
                    f"{twin.name_in(folder)} and {place.name_in(folder)} are the same part twice."
                    " Keep one of them."
                )
            seen[place.part] = place


def _numbered(folder: Path, found: Found, *, is_record: bool) -> list[InputFile]:
    pairs = [(table, place) for table, places in sorted(found.items()) for place in places]
    return [
        InputFile(
            number,
            place.path,
            place.name_in(folder),
            table,
            table if is_record else None,
            place.sheet,
        )
        for number, (table, place) in enumerate(pairs, start=1)
    ]
