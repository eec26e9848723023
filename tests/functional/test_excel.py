"""The same records in a workbook are judged as in CSV, and the page of the format tells the truth.

The example is the one printed in docs/sources/excel.md.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from ingested import ingested, rows
from nightly import INFUSION, extract, typed

PAGE = Path(__file__).parents[2] / "docs" / "sources" / "excel.md"


def _table(text: str) -> list[list[str]]:
    lines = [line for line in text.strip().splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    return [cells[0], *cells[2:]]


def _example(folder: Path) -> Path:
    """Write the workbook that the page prints, numbers as numbers."""
    printed = PAGE.read_text("utf-8").split("## An example")[1].split("What is read")[0]
    book = xlsxwriter.Workbook(str(folder / "ward.xlsx"))
    for name, table in re.findall(r"`(\w+)`:\n\n((?:\|.*\n)+)", printed):
        sheet = book.add_worksheet(name)
        for row in _table(table)[1:]:
            for column, text in enumerate(row[1:]):
                _write(sheet, (int(row[0]) - 1, column), text)
    assert [sheet.name for sheet in book.worksheets()] == ["patient", "infusion"]
    book.close()
    return folder


def _write(sheet: Any, place: tuple[int, int], text: str) -> None:
    if text.startswith("#"):
        sheet.write_formula(*place, "=NA()", None, text)
    elif re.fullmatch(r"[\d.]+", text):
        sheet.write_number(*place, float(text))
    elif text:
        sheet.write_string(*place, text)


def test_the_operator_gets_one_line_with_sheet_and_row_and_no_value(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = xlsxwriter.Workbook(str(extract(tmp_path / "in", {"infusion.csv": None}) / "b.xlsx"))
    sheet = book.add_worksheet("infusion")
    lines = list(csv.reader(INFUSION.splitlines()))
    sheet.merge_range(0, 0, 1, 0, lines[0][0])
    sheet.write_row(0, 1, lines[0][1:])
    for number, line in enumerate(lines[1:], start=2):
        sheet.write_row(number, 0, line)
    book.close()
    ended = typed(("run", tmp_path / "in", "--out", tmp_path / "out"), capsys)
    assert ended.code == 10
    assert ended.line().startswith("b.xlsx#infusion: row 1 has merged cells")


def test_the_example_of_the_page_becomes_what_the_page_says(tmp_path: Path) -> None:
    con = ingested(_example(tmp_path))
    found = rows(
        con,
        """
        SELECT f.record, told.*
        FROM (
            SELECT source_file, source_row, 'born ' || birth_date AS becomes FROM mapped.patient
            UNION ALL
            SELECT source_file, source_row, dose_g || ' g at ' || started_at FROM mapped.infusion
            UNION ALL
            SELECT file_id, source_row, reason FROM quarantine.unreadable
        ) AS told
        INNER JOIN audit.input_file AS f ON told.source_file = f.file_id
        ORDER BY f.record DESC, told.source_row
        """,
    )
    printed = _table(PAGE.read_text("utf-8").split("What is read:")[1])[1:]
    assert [[record, str(row), becomes] for record, _, row, becomes in found] == printed
    assert rows(con, "SELECT SUM(raw_rows), SUM(unreadable_rows) FROM audit.file_ledger") == [
        (len(printed), 4)
    ]
