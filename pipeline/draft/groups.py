"""Put files together that are parts of one table, and give each table a name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from glob import escape

from pipeline.draft.found import table_name
from pipeline.ingest.load import LoadedFile


def group_files(files: Sequence[LoadedFile]) -> list[tuple[tuple[LoadedFile, ...], str]]:
    """Return the files that are parts of one table together, and the pattern that finds them.

    Parts have the same columns, and names that differ in digits only.
    """
    alike: dict[tuple[str, tuple[str, ...]], list[LoadedFile]] = {}
    for file in files:
        if file.file.inner is not None:
            continue
        key = (re.sub(r"\d+", "0", file.file.name), tuple(name.lower() for name in file.names))
        alike.setdefault(key, []).append(file)
    every = [file.file.name for file in files]
    sheets = [file for file in files if file.file.inner is not None]
    groups: list[tuple[tuple[LoadedFile, ...], str]] = [
        ((file,), _of_sheet(file)) for file in sheets
    ]
    for group in alike.values():
        pattern = _pattern([file.file.name for file in group])
        found = {name for name in every if fnmatchcase(name, pattern)}
        if found == {file.file.name for file in group}:
            groups.append((tuple(group), pattern))
        else:
            groups += [((file,), escape(file.file.name)) for file in group]
    return groups


def _of_sheet(file: LoadedFile) -> str:
    """Return what names one sheet in `[files]`."""
    inner = str(file.file.inner)
    return f"{escape(file.file.name.removesuffix(f'#{inner}'))}#{inner}"


def unique_names(groups: Iterable[Sequence[LoadedFile]]) -> list[str]:
    """Return a name for each table: its files' stem without digits where they are several."""
    made: list[str] = []
    for group in groups:
        first = group[0].file.name
        name = table_name(re.sub(r"[-_. ]*\d+", "", first) if len(group) > 1 else first)
        number = 2
        while name in made:
            name, number = f"{name.removesuffix(f'_{number - 1}')}_{number}", number + 1
        made.append(name)
    return made


def _pattern(names: Sequence[str]) -> str:
    """Return the pattern of names that differ in digits only."""
    if len(names) == 1:
        return escape(names[0])
    pieces = [re.split(r"(\d+)", name) for name in names]
    return "".join(
        escape(piece[0]) if len(set(piece)) == 1 else "*" for piece in zip(*pieces, strict=True)
    )
