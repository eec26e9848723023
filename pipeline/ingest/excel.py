"""Load one sheet of an Excel workbook into `raw.file_<id>`, as the text a CSV file would hold.

What is no record is never counted as one: titles above the head, totals, merged cells, notes
below. Such rows go to `quarantine.unreadable` with their number in the sheet and the reason.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Context
from types import ModuleType

import duckdb
import polars as pl

from pipeline.errors import InputError
from pipeline.ingest.contract_files import Expected
from pipeline.ingest.dialect import refuse_repeated
from pipeline.ingest.load import MAX_KEPT_CHARS, LoadedFile, raw_table
from pipeline.ingest.locate import InputFile
from pipeline.ingest.scan import digest
from pipeline.ingest.sheet_marks import Cell, Marks, read_marks
from pipeline.ingest.workbook import Workbook, read_workbook

ROW = "source_row"
_SEARCHED_ROWS = 30
# A number in a column of dates is Excel's day number from here, 1910, to here, 2199. Below it may
# be a year, above it another way to write a day: both are left for validation to refuse.
_FIRST_DAY, _LAST_DAY = 3_654, 109_574
_FROM_1904 = 1_462
_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - a workbook knows no time zone
_DAY_NUMBER = r"^[1-9][0-9]{3,5}(\.[0-9]+)?$"
_MIDNIGHT = " 00:00:00"
_DATED_MIDNIGHT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2} 00:00:00$"
# Excel shows 15 digits of a number; what stands behind them comes from arithmetic in binary.
_LONG_FRACTION = r"^-?[0-9]+\.[0-9]{10,}$"
_FIFTEEN_DIGITS = Context(prec=15)
_TOTAL = (
    r"(?i)^\s*((grand|sub)[ -]?)?(total|totals|totale|totaal|totales|suma|somme|sum|summe|gesamt"
    r"|gesamtsumme|zwischensumme|insgesamt|total général|total general)\s*([:=]\s*.*|[\d\s.,]*)$"
)


@dataclass(frozen=True)
class _Head:
    """Where the names of the columns stand, and what they are."""

    row: int
    names: tuple[str, ...]


def load_sheet(con: duckdb.DuckDBPyConnection, file: InputFile, expected: Expected) -> LoadedFile:
    """Load one sheet, every column as VARCHAR, and return what was counted.

    Raises:
        InputError: Excel files cannot be read here, the workbook is damaged, the sheet is empty,
            or its head is not one row with one name per column.
    """
    fastexcel = _library(file)
    book = read_workbook(file.path, file.name)
    cells, first_column = _cells(fastexcel, file)
    marks = read_marks(book, str(file.inner))
    filled = cells.filter(~_is_blank(cells.columns[1:]))
    if filled.is_empty():
        raise InputError(f"{file.name}: the sheet is empty. Export it again, or remove it.")
    head = _head(file, filled, expected, marks, first_column)
    filled = filled.select(ROW, *_used(filled, head))
    head = _Head(head.row, head.names[: filled.width - 1])
    refuse_repeated(file.name, head.names)
    rows = _judged(filled.filter(pl.col(ROW) != head.row), head, expected, marks, first_column)
    good = rows.filter(pl.col("reason").is_null()).drop("reason")
    _keep(con, file, _as_text(good, head, expected, marks, book, first_column))
    _keep_others(con, file, rows.filter(pl.col("reason").is_not_null()))
    sha256, n_bytes = digest(file.path)
    return LoadedFile(
        file, head.names, ROW, rows.height, rows.height - good.height, sha256, n_bytes,
        None, None, None, "excel",
    )  # fmt: skip


def _library(file: InputFile) -> ModuleType:
    """Return the reader of cells, which comes with the extra `excel`."""
    try:
        import fastexcel  # noqa: PLC0415 - only who has Excel files needs it
    except ImportError:
        raise InputError(
            f"{file.name}: Excel files need the extra excel. Install it with"
            " pip install 'ivig-audit[excel]', or save the sheet as CSV."
        ) from None
    return fastexcel


def _cells(fastexcel: ModuleType, file: InputFile) -> tuple[pl.DataFrame, int]:
    """Return every cell as text with the number of its row, and the number of the first column."""
    try:
        sheet = fastexcel.read_excel(file.path).load_sheet(
            file.inner, header_row=None, skip_rows=0, dtypes="string"
        )
        frame = sheet.to_polars()
        columns = sheet.available_columns()
    except fastexcel.FastExcelError:  # its text may quote a cell
        raise InputError(
            f"{file.name}: cannot be read as a sheet of Excel. Open the workbook, save it and copy"
            " it again."
        ) from None
    names = [f"c{number}" for number in range(1, frame.width + 1)]
    # an empty cell and one without text are the same, as in CSV
    frame = frame.rename(dict(zip(frame.columns, names, strict=True))).select(
        (pl.int_range(pl.len(), dtype=pl.Int32) + 1).alias(ROW),
        *(pl.col(name).replace("", None) for name in names),
    )
    return frame, columns[0].absolute_index + 1 if columns else 1


def _is_blank(columns: Sequence[str]) -> pl.Expr:
    if not columns:
        return pl.lit(True)
    return pl.all_horizontal(pl.col(name).str.strip_chars().fill_null("") == "" for name in columns)


def _head(
    file: InputFile, filled: pl.DataFrame, expected: Expected, marks: Marks, first_column: int
) -> _Head:
    """Return the row that names the columns: the first that names all that must be there.

    Where none does it is the first one, and what it lacks is told as for any other file.
    """
    read = [
        _Head(row[0], tuple((cell or "").strip() for cell in row[1:]))
        for row in filled.head(_SEARCHED_ROWS).rows()
    ]
    columns = range(first_column, first_column + filled.width - 1)
    whole = (head for head in read if expected.required <= {name.lower() for name in head.names})
    found = next(whole, None)
    head = found or read[0]
    if any(area.touches(head.row, columns) for area in marks.merged):
        raise InputError(
            f"{file.name}: row {head.row} has merged cells where the names of the columns are"
            " looked for. The head must be one row with one name per column: unmerge it, and"
            " remove other rows of names."
        )
    return head


def _used(filled: pl.DataFrame, head: _Head) -> list[str]:
    """Return the columns up to the last one that has a name or a value below the head."""
    below = filled.filter(pl.col(ROW) > head.row)
    is_used = [
        bool(name) or below[column].null_count() < below.height
        for column, name in zip(filled.columns[1:], head.names, strict=True)
    ]
    n_used = max((number for number, used in enumerate(is_used, start=1) if used), default=0)
    return filled.columns[1 : n_used + 1]


def _judged(
    rows: pl.DataFrame, head: _Head, expected: Expected, marks: Marks, first_column: int
) -> pl.DataFrame:
    """Add to each row the reason for which it is no record; NULL: it is one."""
    cells = rows.columns[1:]
    columns = range(first_column, first_column + len(cells))
    known = {
        number
        for number, name in zip(columns, head.names, strict=True)
        if (name.lower() in expected.known or not expected.is_all)
        and name.lower() not in expected.spared
    }
    last = int(rows.select(pl.max(ROW)).item() or 0)
    merged = {
        row
        for area in marks.merged
        for row in range(area.first[0], min(area.last[0], last) + 1)
        if area.touches(row, columns)
    }
    n_filled = pl.sum_horizontal(pl.col(name).is_not_null() for name in cells)
    follows_blank = (pl.col(ROW) - pl.col(ROW).shift(1, fill_value=head.row)) > 1
    first_text = pl.coalesce(pl.col(name) for name in cells)
    repeats = pl.all_horizontal(
        pl.col(cell).str.strip_chars().fill_null("").str.to_lowercase() == name.lower()
        for cell, name in zip(cells, head.names, strict=True)
    )
    reason = (
        pl.when(pl.col(ROW) < head.row).then(pl.lit("above_head"))
        .when(pl.col(ROW).is_in(merged)).then(pl.lit("merged_cells"))
        .when(pl.col(ROW).is_in(marks.sums) | first_text.str.contains(_TOTAL))
        .then(pl.lit("totals_row"))
        .when(repeats).then(pl.lit("repeated_head"))
        .when(pl.col(ROW).is_in(_rows(marks.errors, known))).then(pl.lit("error_value"))
        .when(pl.col(ROW).is_in(_rows(marks.long_numbers, known))).then(pl.lit("rounded_number"))
        .when(follows_blank & (n_filled == 1) & (len(cells) > 1)).then(pl.lit("note"))
    )  # fmt: skip
    return rows.with_columns(reason.alias("reason"))


def _rows(places: Collection[Cell], columns: Collection[int]) -> list[int]:
    return sorted({row for row, column in places if column in columns})


def _as_text(
    rows: pl.DataFrame,
    head: _Head,
    expected: Expected,
    marks: Marks,
    book: Workbook,
    first_column: int,
) -> pl.DataFrame:
    """Write days as days, day numbers as dates and numbers with the digits Excel shows."""
    shown = []
    for number, name in enumerate(head.names, start=1):
        text = pl.col(f"c{number}")
        if name.lower() in expected.dated:
            text = _dated(text, book)
        if name.lower() in expected.spared:
            text = _with_errors(text, marks, first_column + number - 1)
        timed = _rows(marks.midnights, {first_column + number - 1})
        is_day = text.str.contains(_DATED_MIDNIGHT) & ~pl.col(ROW).is_in(timed)
        text = pl.when(is_day).then(text.str.strip_suffix(_MIDNIGHT)).otherwise(text)
        shown.append(_rounded(text).alias(f"c{number}"))
    return rows.select(ROW, *shown)


def _with_errors(text: pl.Expr, marks: Marks, column: int) -> pl.Expr:
    """Write an error value as it is shown: validation blanks the cell and says so."""
    shown = {row: error for (row, found), error in marks.errors.items() if found == column}
    if not shown:
        return text
    told = pl.col(ROW).replace_strict(shown, default=None, return_dtype=pl.String)
    return pl.coalesce(told, text)


def _dated(text: pl.Expr, book: Workbook) -> pl.Expr:
    """Write a day number as the date it stands for, to the second."""
    shift = _FROM_1904 if book.is_from_1904 else 0
    number = pl.when(text.str.contains(_DAY_NUMBER)).then(text).cast(pl.Float64) + shift
    seconds = (number * 86_400).round().cast(pl.Int64)
    date = pl.lit(_DAY_ZERO) + pl.duration(seconds=seconds)
    is_day = seconds % 86_400 == 0
    written = (
        pl.when(is_day).then(date.dt.strftime("%Y-%m-%d"))
        .otherwise(date.dt.strftime("%Y-%m-%d %H:%M:%S"))
    )  # fmt: skip
    is_date = number.is_between(_FIRST_DAY, _LAST_DAY + 1, closed="left").fill_null(value=False)
    return pl.when(is_date).then(written).otherwise(text)


def _rounded(text: pl.Expr) -> pl.Expr:
    """Write a number with more digits than Excel shows as Excel shows it."""
    shown = text.map_elements(_fifteen_digits, return_dtype=pl.String)
    return pl.when(text.str.contains(_LONG_FRACTION)).then(shown).otherwise(text)


def _fifteen_digits(text: str) -> str:
    if not re.match(_LONG_FRACTION, text):
        return text
    shown = format(_FIFTEEN_DIGITS.create_decimal(text), "f")
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def _keep(con: duckdb.DuckDBPyConnection, file: InputFile, rows: pl.DataFrame) -> None:
    con.register("sheet", rows)
    con.execute(f"CREATE OR REPLACE TABLE {raw_table(file)} AS FROM sheet")
    con.unregister("sheet")


def _keep_others(con: duckdb.DuckDBPyConnection, file: InputFile, rows: pl.DataFrame) -> None:
    """Keep what is no record, with its reason, in the order of the sheet."""
    cells = rows.columns[1:-1]
    text = pl.concat_str([pl.col(name) for name in cells], separator=" | ", ignore_nulls=True)
    con.register("others", rows.select(ROW, "reason", text.str.slice(0, MAX_KEPT_CHARS).alias("t")))
    con.execute(
        "INSERT INTO quarantine.unreadable SELECT $file_id, source_row, reason, t FROM others",
        {"file_id": file.file_id},
    )
    con.unregister("others")
