"""Write records that lie in CSV files as an Excel workbook, as somebody at a hospital would.

Amounts become numbers, days and times become dates with a format that shows them, all else text.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from schemas.record import Kind, contract

_KINDS = {Kind.AMOUNT, Kind.INTEGER}


def write_workbook(folder: Path, workbook: Path, records: Iterable[str]) -> None:
    """Write one sheet per record, named after it."""
    book = xlsxwriter.Workbook(str(workbook))
    styles = {
        Kind.DATE: book.add_format({"num_format": "dd/mm/yyyy"}),
        Kind.TIME: book.add_format({"num_format": "dd/mm/yyyy hh:mm"}),
    }
    for record in records:
        with (folder / f"{record}.csv").open(encoding="utf-8", newline="") as lines:
            rows = list(csv.reader(lines))
        sheet = book.add_worksheet(record)
        kinds = {column.name: column.kind for column in contract(record).every_column}
        sheet.write_row(0, 0, rows[0])
        for number, row in enumerate(rows[1:], start=1):
            for place, (name, text) in enumerate(zip(rows[0], row, strict=True)):
                _write(sheet, (number, place), text, kinds.get(name, Kind.TEXT), styles)
    book.close()


def _write(
    sheet: Any, place: tuple[int, int], text: str, kind: Kind, styles: dict[Kind, Any]
) -> None:
    if not text:
        return
    if kind in _KINDS:
        sheet.write_number(*place, float(text))
    elif kind in styles and text >= "1900-03-01":
        style = styles[Kind.TIME if "T" in text else Kind.DATE]
        sheet.write_datetime(*place, datetime.fromisoformat(text), style)
    else:
        sheet.write_string(*place, text)
