"""Read who opted out: a list so strict that nobody on it can be missed by a slip of the file."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import duckdb

from pipeline.config import Settings
from pipeline.errors import InputError
from pipeline.store import insert_rows

FILE: Final = "opt_out.csv"
_COLUMNS: Final = {"patient_id": "VARCHAR", "source_id": "VARCHAR"}
_ALIKE: Final = re.compile(
    r"opt[-_ ]?out\.(csv|tsv|txt|xlsx?|xlsm|ods|parquet)(\.gz)?", re.IGNORECASE
)
"""Names that somebody would give the list and that are not its own."""
_BLANKS: Final = " \t\r\n"
_SQL_BLANKS: Final = "' ' || CHR(9) || CHR(13) || CHR(10)"

Listed = tuple[str, str | None]
"""An id of a patient, and the source it belongs to; None: whichever source."""


def write_opt_outs(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Write raw.opted_out where there is a list: one row per id that is to be left out.

    Raises:
        InputError: the list cannot be read to the last cell, there is another, or it has an id
            that is nearly one of the records'; nothing may be audited then.
    """
    path = list_place(settings)
    if path is not None:
        insert_rows(con, "raw.opted_out", _COLUMNS, list(dict.fromkeys(read_opt_outs(path))))
        _refuse_nearly(con, path)
    _refuse_another(settings, path)


def read_opt_outs(path: Path) -> Iterator[Listed]:
    """Yield who is on the list, line by line.

    Raises:
        InputError: the file or one of its lines cannot be read.
    """
    lines = enumerate(_cells(path), start=1)
    _, header = next(lines, (1, []))
    names = [name.strip(_BLANKS).lower() for name in header]
    if names.count("patient_id") != 1 or len(set(names)) != len(names):
        raise _unsure(path, "needs a header with the column patient_id, and no column twice")
    for number, cells in lines:
        if not any(cell.strip(_BLANKS) for cell in cells):
            continue
        if len(cells) != len(names):
            raise _unsure(path, f"line {number} has {len(cells)} cells, the header {len(names)}")
        told = dict(zip(names, (cell.strip(_BLANKS) for cell in cells), strict=True))
        if not told["patient_id"]:
            raise _unsure(path, f"line {number} names no patient")
        yield told["patient_id"], told.get("source_id") or None


def _refuse_nearly(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Refuse an id in no record that is one but for case, blanks or leading zeros.

    Ids are compared as everywhere: sign by sign, without the blanks around them. Whether `007` is
    the `7` of the records nobody can tell, and whoever it is may have said no.
    """
    columns = con.sql(
        """
        SELECT table_name, column_name
        FROM duckdb_columns()
        WHERE
            database_name = 'mapped'
            AND column_name IN ('patient_id', 'merged_id', 'surviving_id')
        ORDER BY ALL
        """
    ).fetchall()
    if not columns:
        return
    named = " UNION ".join(
        f"SELECT TRIM({column}, {_SQL_BLANKS}) AS patient_id FROM mapped.{record}"
        for record, column in columns
    )
    alike = r"LTRIM(REGEXP_REPLACE(LOWER({}), '[\s\p{{Z}}\p{{Cf}}]', '', 'g'), '0')"
    found = con.sql(
        f"""
        WITH named AS ({named}),
        absent AS (SELECT DISTINCT patient_id FROM raw.opted_out ANTI JOIN named USING (patient_id))
        SELECT COUNT(DISTINCT a.patient_id)
        FROM absent AS a
        INNER JOIN named AS n ON {alike.format("a.patient_id")} = {alike.format("n.patient_id")}
        """
    ).fetchall()
    if n_nearly := int(found[0][0]):
        raise _unsure(
            path,
            f"has {n_nearly} id{'s' * (n_nearly > 1)} that no record has, but for case, blanks or "
            "leading zeros: write as the records do, or take off the list, whom they mean",
        )


def _refuse_another(settings: Settings, used: Path | None) -> None:
    """Refuse a list beside the records that would not be read: Opt_Out.csv, opt-out.xlsx."""
    source = settings.source_folder
    folder = source if source.is_dir() else source.parent
    read = used and used.resolve()
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if _ALIKE.fullmatch(path.name) and path.resolve() != read:
            raise InputError(
                f"{path.name}: looks like a list of patients who opted out, and would not be read. "
                f"Keep one list: {FILE} beside the records, or the one privacy.opt_out_file names."
            )


def list_place(settings: Settings) -> Path | None:
    """Return where the list is; one that audit.toml names must be there."""
    source = settings.source_folder
    beside = (source if source.is_dir() else source.parent) / FILE
    return settings.privacy.opt_out_file or (beside if os.path.lexists(beside) else None)


def _cells(path: Path) -> list[list[str]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise _unsure(path, f"cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise _unsure(path, "is not UTF-8 text") from None
    if "\0" in text:
        raise _unsure(path, "holds a NUL byte")
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    try:
        return list(csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True))
    except csv.Error:
        raise _unsure(path, "has a quote that does not close, or a stray one") from None


def _unsure(path: Path, what: str) -> InputError:
    return InputError(
        f"{path.name}: {what}. Somebody who opted out might be audited, so nothing was run. "
        "Mend the list (docs/configuration.md)."
    )
