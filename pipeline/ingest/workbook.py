"""Read what an Excel workbook is made of: its sheets, which are hidden, how dates are meant.

The values of cells are read elsewhere, by a library that does not tell this.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipeline.errors import InputError
from pipeline.ingest.unpack import refuse_bomb

SUFFIXES = (".xlsx", ".xlsm")
UNREAD = (".xls", ".xlsb", ".ods")  # other kinds, of which neither hidden nor merged can be told
_RELATED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_RELATED_STRICT = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
_MAX_PART_BYTES = 64 * 10**6
# The built-in formats of numbers that show hours; further ones are spelt out in the workbook.
_BUILT_IN_TIMES = frozenset({18, 19, 20, 21, 22, 45, 46, 47})
# Quoted words, colours and escaped signs of a number format show no hours.
_LITERAL = re.compile(r'"[^"]*"|\\.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)


@dataclass(frozen=True)
class Sheet:
    """One row per sheet: its name, the part of the file that holds it, whether it is shown."""

    name: str
    part: str
    is_visible: bool


@dataclass(frozen=True)
class Workbook:
    """One workbook: its sheets in order, and what a number in a date's format means."""

    path: Path
    name: str
    sheets: tuple[Sheet, ...]
    is_from_1904: bool
    timed_styles: frozenset[int]  # the formats of cells that show hours

    def sheet(self, name: str) -> Sheet:
        """Return a sheet by its name."""
        return next(sheet for sheet in self.sheets if sheet.name == name)


def is_workbook(path: Path) -> bool:
    """Say whether a file is named like a workbook we read."""
    return path.name.lower().endswith(SUFFIXES)


def read_workbook(path: Path, name: str) -> Workbook:
    """Return what a workbook is made of.

    Raises:
        InputError: it is damaged, protected by a password, or unpacks beyond the limit.
    """
    try:
        with zipfile.ZipFile(path) as parts:
            refuse_bomb(name, sum(p.file_size for p in parts.infolist()), path.stat().st_size)
            return _described(parts, path, name)
    except (zipfile.BadZipFile, zlib.error, ET.ParseError, LookupError, ValueError, EOFError,
            NotImplementedError, RuntimeError):  # fmt: skip
        raise InputError(
            f"{name}: is not a whole Excel workbook, or a password protects it. Save it as .xlsx"
            " without a password, and copy it again."
        ) from None


def sheets_like(
    path: Path, name: str, own: str, fits: Callable[[str], bool]
) -> list[tuple[str, str]]:
    """Return name in lower case and sheet for each sheet that is one of the tables looked for.

    A workbook that is named after a table itself may call its only sheet what it likes.

    Args:
        path: the workbook.
        name: what to call it in an error.
        own: the workbook's name, in lower case without suffix.
        fits: says whether a name is that of a table.

    Raises:
        InputError: such a sheet is hidden, or the workbook leaves open which one is meant.
    """
    try:
        book = read_workbook(path, name)
    except InputError:
        if fits(own):
            raise
        return []  # nothing says that it belongs to the records
    found = [sheet for sheet in book.sheets if fits(sheet.name.strip().lower())]
    for sheet in found:
        refuse_hidden(book, sheet)
    if found:
        return [(sheet.name.strip().lower(), sheet.name) for sheet in found]
    return [(own, only_sheet(book, own))] if fits(own) else []


def only_sheet(book: Workbook, table: str) -> str:
    """Return the one sheet that is shown, or the one of several that is named after the table.

    Raises:
        InputError: several are shown, and none has that name.
    """
    shown = [sheet.name for sheet in book.sheets if sheet.is_visible]
    named = [sheet for sheet in shown if sheet.strip().lower() == table]
    if len(shown) == 1 or named:
        return (named or shown)[0]
    raise InputError(
        f"{book.name}: {len(shown)} sheets are shown and none is called {table}. Rename one, or"
        f' write files.{table} = "{book.name}#Sheet" in audit.toml.'
    )


def refuse_hidden(book: Workbook, sheet: Sheet) -> None:
    """Refuse a hidden sheet: whether it is an old copy only its owner knows.

    Raises:
        InputError: it is hidden.
    """
    if not sheet.is_visible:
        raise InputError(
            f"{book.name}: the sheet {sheet.name} is hidden. Show it if it is to be read, rename or"
            " remove it if not."
        )


def _described(parts: zipfile.ZipFile, path: Path, name: str) -> Workbook:
    roots = dict(_targets(parts, PurePosixPath()).values())
    main = roots["officeDocument"]
    book = _root(parts, main)
    targets = _targets(parts, PurePosixPath(main))
    sheets = tuple(
        Sheet(sheet.attrib["name"], targets[related][1], sheet.get("state", "visible") == "visible")
        for sheet in _elements(book, "sheet")
        if (related := sheet.get(_RELATED) or sheet.get(_RELATED_STRICT)) is not None
        and targets[related][0] == "worksheet"  # a sheet of charts holds no cells
    )
    styles = [target for kind, target in targets.values() if kind == "styles"]
    properties = next(_elements(book, "workbookPr"), None)
    is_from_1904 = properties is not None and properties.get("date1904") in ("1", "true")
    timed = _timed_styles(_root(parts, styles[0])) if styles else frozenset()
    return Workbook(path, name, sheets, is_from_1904, timed)


def _timed_styles(styles: ET.Element) -> frozenset[int]:
    """Return the numbers of the cell formats that show hours."""
    codes = {
        int(told.attrib["numFmtId"]): told.get("formatCode", "")
        for told in _elements(styles, "numFmt")
    }
    timed = _BUILT_IN_TIMES - codes.keys()
    timed |= {number for number, code in codes.items() if "h" in _LITERAL.sub("", code).lower()}
    formats = next(_elements(styles, "cellXfs"), None)
    if formats is None:
        return frozenset()
    return frozenset(
        number for number, used in enumerate(formats) if int(used.get("numFmtId", 0)) in timed
    )


def _targets(parts: zipfile.ZipFile, part: PurePosixPath) -> dict[str, tuple[str, str]]:
    """Return kind and part of whatever a part of the file refers to, by the reference."""
    listed = part.parent / "_rels" / f"{part.name}.rels"
    return {
        told.attrib["Id"]: (
            told.attrib["Type"].rpartition("/")[2],
            _resolved(part.parent, told.attrib["Target"]),
        )
        for told in _elements(_root(parts, str(listed)), "Relationship")
        if told.get("TargetMode") != "External"
    }


def _resolved(folder: PurePosixPath, target: str) -> str:
    steps: list[str] = []
    whole = target.lstrip("/") if target.startswith("/") else str(folder / target)
    for step in PurePosixPath(whole).parts:
        if step == ".." and steps:
            steps.pop()
        elif step not in (".", ".."):
            steps.append(step)
    return "/".join(steps)


def _root(parts: zipfile.ZipFile, part: str) -> ET.Element:
    """Return a small part of the file as a tree; one that declares entities is refused."""
    if parts.getinfo(part).file_size > _MAX_PART_BYTES:
        raise ValueError
    text = parts.read(part)
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise ValueError
    return ET.fromstring(text)  # noqa: S314 - no entity can be declared in it


def _elements(tree: ET.Element, name: str) -> Iterator[ET.Element]:
    """Yield the elements of a name in whatever edition of the format they are."""
    return (element for element in tree.iter() if element.tag.rpartition("}")[2] == name)
