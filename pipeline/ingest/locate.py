"""Find the input files of a source folder, and say what each one is read as."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath, PureWindowsPath

from pipeline.errors import ConfigError, InputError

# Longest first: `.csv.gz` must not be taken for a part of the name.
SUFFIXES = (".csv.gz", ".tsv.gz", ".txt.gz", ".csv", ".tsv", ".txt", ".parquet")


@dataclass(frozen=True)
class InputFile:
    """One row per input file: where it is and which table its records go to."""

    file_id: int
    path: Path
    name: str
    table: str
    record: str | None
    inner: str | None = None  # the table of a database file, as SQL names it


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
    taken = {path for paths in told.values() for path in paths}
    found = {record: told.get(record) or _named_after(folder, record, taken) for record in records}
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
    _refuse_odd(folder, [name for pair in stems.items() for name in pair])
    found = {
        table: matches(folder, table, patterns[table])
        if table in patterns
        else _like(folder, table) or _like(folder, pattern)
        for table, pattern in stems.items()
    }
    _refuse_twins(folder, found)
    return _numbered(folder, found, is_record=False)


def unused_files(folder: Path, used: Iterable[InputFile]) -> list[str]:
    """Return the names of files of a readable kind that nothing reads."""
    taken = {file.path for file in used}
    return sorted(path.name for path in _readable(folder) if path not in taken)


def matches(folder: Path, key: str, pattern: str) -> list[Path]:
    """Return the files a glob of `[files]` names, all of them inside the folder.

    Raises:
        ConfigError: the glob or a file it finds leaves the folder.
        InputError: it finds no file.
    """
    parts = PurePosixPath(pattern).parts + PureWindowsPath(pattern).parts
    is_absolute = PurePosixPath(pattern).is_absolute() or PureWindowsPath(pattern).drive
    if is_absolute or ".." in parts or not pattern.strip():
        raise ConfigError(f"audit.toml: files.{key} must name files inside the source folder.")
    found = _globbed(folder, key, pattern)
    if any(not path.resolve().is_relative_to(folder.resolve()) for path in found):
        raise ConfigError(f"audit.toml: files.{key} finds a link that leaves the source folder.")
    if not found:
        raise InputError(f"{folder.name}: no file matches files.{key} of audit.toml.")
    return found


def _globbed(folder: Path, key: str, pattern: str) -> list[Path]:
    try:
        return sorted(path for path in folder.glob(pattern) if path.is_file())
    except (ValueError, IndexError, NotImplementedError):
        raise ConfigError(f"audit.toml: files.{key} is not a pattern of file names.") from None


def stem(name: str) -> str:
    """Return a file's name in lower case without its suffixes of a readable kind."""
    lower = name.lower()
    suffix = next((suffix for suffix in SUFFIXES if lower.endswith(suffix)), "")
    return lower.removesuffix(suffix)


def _named_after(folder: Path, record: str, taken: set[Path]) -> list[Path]:
    """Return `<record>.csv`, `<record>.<part>.csv` and whatever stands in `<record>/`."""
    here = [path for path in _readable(folder) if stem(path.name).split(".")[0] == record]
    below = [
        path
        for inner in folder.iterdir()
        if inner.is_dir() and inner.name.lower() == record
        for path in _readable(inner)
    ]
    return sorted(path for path in here + below if path not in taken)


def _like(folder: Path, pattern: str) -> list[Path]:
    return sorted(
        path for path in _readable(folder) if fnmatchcase(stem(path.name), pattern.lower())
    )


def _readable(folder: Path) -> Iterator[Path]:
    return (
        path
        for path in folder.iterdir()
        if path.name.lower().endswith(SUFFIXES) and not path.name.startswith(".") and path.is_file()
    )


def _refuse_odd(folder: Path, patterns: Iterable[str]) -> None:
    """Refuse `infusion.csv` that is a folder or a link to nothing: it would pass for absent."""
    wanted = [pattern.lower() for pattern in patterns]
    for path in sorted(folder.iterdir()):
        is_named = path.name.lower().endswith(SUFFIXES) and not path.name.startswith(".")
        if not is_named or path.is_file():
            continue
        if any(fnmatchcase(stem(path.name), pattern) for pattern in wanted):
            raise InputError(
                f"{path.name}: is no file but a folder, or a link to nothing. Mend or remove it."
            )


def _refuse_twins(folder: Path, found: Mapping[str, list[Path]]) -> None:
    """Refuse `infusion.csv` beside `infusion.csv.gz`: every record would count twice."""
    for paths in found.values():
        seen: dict[Path, Path] = {}
        for path in paths:
            part = path.with_name(stem(path.name))
            if part in seen:
                first = seen[part].relative_to(folder)
                raise InputError(
                    f"{first} and {path.relative_to(folder)} are the same part twice."
                    " Keep one of them."
                )
            seen[part] = path


def _numbered(folder: Path, found: Mapping[str, list[Path]], *, is_record: bool) -> list[InputFile]:
    pairs = [(table, path) for table, paths in sorted(found.items()) for path in paths]
    return [
        InputFile(
            number, path, path.relative_to(folder).as_posix(), table, table if is_record else None
        )
        for number, (table, path) in enumerate(pairs, start=1)
    ]
