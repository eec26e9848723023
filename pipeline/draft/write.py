"""Write a draft: `audit.toml`, a SELECT per record and the report, and never over anything."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pipeline.draft.dialects import Dialect
from pipeline.draft.layout import Part, Table, Told, select_of
from pipeline.errors import OutputError

MAPPINGS = "sql/mappings"
CONFIG = "audit.toml"
REPORT = "map-report.txt"

_HEAD = """\
# Drafted by `ivig-audit map` from names and values. Read every line before you trust a report.
# A line marked GUESS was worked out from the values or from a name that is only similar: confirm
# it with whoever made the extract, then strike the mark. Audit with
#   ivig-audit run SOURCE --config {config}
"""


def refuse_existing(out: Path, name: str) -> None:
    """Refuse to write where one of the files of a draft is already.

    Raises:
        OutputError: one of them is there.
    """
    for path in (out / CONFIG, out / MAPPINGS / name, out / REPORT):
        if os.path.lexists(path):
            raise OutputError(
                f"{path}: is there already, and a draft overwrites nothing. Name another folder"
                " with --out, or see what is missing with --check."
            )


def write_files(out: Path, files: Mapping[str, str]) -> None:
    """Write the files of a draft, readable for their owner only."""
    try:
        for name, text in files.items():
            path = out / name
            for folder in [*reversed(path.relative_to(out).parents)]:
                (out / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
    except OSError as error:
        raise OutputError(f"{out}: cannot be written ({error.strerror}).") from None


def draft_files(
    name: str, out: Path, tables: Sequence[Table], parts: Mapping[str, list[Part]], dialect: Dialect
) -> dict[str, str]:
    """Return the text of every file of a mapping by its name."""
    folder = f"{MAPPINGS}/{name}"
    told = [table for table in tables if table.told]
    files = {
        CONFIG: "\n".join(_config(folder, out, told, dialect)) + "\n",
        f"{folder}/tables.toml": "\n".join(_tables(told)) + "\n",
    }
    for record, read in parts.items():
        title = f"Drafted from raw.{', raw.'.join(part.table for part in read)}."
        files[f"{folder}/{record}.sql"] = select_of(record, read, title)
    return files


def quoted(text: str) -> str:
    """Return text as a TOML string, whatever signs are in it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _config(folder: str, out: Path, tables: Sequence[Table], dialect: Dialect) -> Iterator[str]:
    yield _HEAD.format(config=_shown_path(out))
    yield f"mapping_folder = {quoted(folder)}"
    yield from _source(dialect)
    yield from _csv(dialect)
    yield ""
    yield "[files]"
    for table in tables:
        yield f"{table.name} = {quoted(table.pattern)}"
    for table in tables:
        yield from _table(table)


def _shown_path(out: Path) -> str:
    plain = str(out / CONFIG)
    return "".join(sign if sign.isprintable() else "?" for sign in plain)


def _source(dialect: Dialect) -> Iterator[str]:
    yield ""
    yield "[source]"
    yield "# The zone of times without an offset is in no file; they are read as UTC until you say."
    yield '# time_zone = "Europe/Berlin"'
    if dialect.date_format:
        yield f"date_format = {quoted(dialect.date_format)}  # GUESS: as the dates are written"
    elif dialect.unclear_dates:
        yield "# Which of these it is cannot be told from the dates: choose one."
        for form in dialect.unclear_dates:
            yield f"# date_format = {quoted(form)}"


def _csv(dialect: Dialect) -> Iterator[str]:
    if dialect.decimal == ",":
        yield ""
        yield "[csv]"
        yield 'decimal = ","  # GUESS: as the numbers are written'
    elif dialect.is_decimal_unclear:
        yield ""
        yield "[csv]"
        yield "# 1,500 may be one and a half or fifteen hundred: the numbers do not tell. Choose."
        yield '# decimal = ","'


def _table(table: Table) -> Iterator[str]:
    yield from _section(table, "rename", lambda told: told.factor in (None, 1), _renamed)
    yield from _section(table, "convert", lambda told: told.factor not in (None, 1), _converted)
    for told in table.told.values():
        if told.values:
            yield ""
            yield f"[table.{table.name}.values.{told.target}]  # GUESS: words of our lists"
            yield from (f"{quoted(said)} = {quoted(meant)}" for said, meant in told.values)
    yield from _constants(table)


def _section(
    table: Table, way: str, is_of_it: Callable[[Told], bool], line: Callable[[Told], str]
) -> Iterator[str]:
    """Yield what fills columns in one way, and behind a # what may, once somebody says so."""
    told = [one for one in table.told.values() if is_of_it(one)]
    offered = [one for one in table.open if is_of_it(one)]
    if told or offered:
        yield ""
        yield f"{'' if told else '# '}[table.{table.name}.{way}]"
    yield from (line(one) for one in told)
    if offered:
        yield "# OPEN: strike the # of one line for each column, once you know that it is right"
        yield "# (and that of the head above, if it has one)."
    yield from (f"# {line(one)}" for one in offered)


def _constants(table: Table) -> Iterator[str]:
    is_basis_open = "weight_basis" in table.optional
    head = f"[table.{table.name}.constant]"
    if table.constants or is_basis_open:
        yield ""
        yield head if table.constants else f"# {head}"
    for target, (value, why) in table.constants.items():
        yield f"{target} = {quoted(value)}  # GUESS: {why}"
    if is_basis_open:
        yield "# Nothing says whether the weights were measured, and no other weight judges a dose."
        yield "# If they were, strike the # of the line below, and of the head above if it has one."
        yield '# weight_basis = "actual"'


def _renamed(told: Told) -> str:
    return f"{told.target} = {quoted(told.source)}{_comment(told)}"


def _converted(told: Told) -> str:
    rounded = "" if told.decimals is None else f", decimals = {told.decimals}"
    told_from = f'from = {quoted(told.source)}, factor = "{told.factor:f}"'
    return f"{told.target} = {{ {told_from}{rounded} }}{_comment(told)}"


def _comment(told: Told) -> str:
    why = f"GUESS: {told.why}" if told.is_guess and told.why else told.why
    return f"  # {why}" if why else ""


def _tables(tables: Iterable[Table]) -> Iterator[str]:
    yield "# What the SELECTs read of each table; the names are told in audit.toml."
    for table in tables:
        yield ""
        yield f"[{table.name}]"
        yield f"columns = {json.dumps([*table.told, *table.constants])}"
        if table.optional:
            yield f"optional_columns = {json.dumps(list(dict.fromkeys(table.optional)))}"
