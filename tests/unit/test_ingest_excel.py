"""A sheet is read as the CSV file it would be saved as, and what is no record counts as none."""

from __future__ import annotations

import shutil
import sys
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from ingested import INFUSION, ingested, ledger, rows, source

from pipeline.errors import ConfigError, InputError, QuarantineLimitError
from pipeline.ingest import sheet_marks

at = datetime.fromisoformat
HEAD = ["infusion_id", "patient_id", "started_at", "product_code", "dose_g"]
ONE = ["i1", "p1", at("2025-03-01 08:00"), "PRIVIGEN", 40]
TWO = ["i2", "p2", at("2025-03-02 09:00"), "PRIVIGEN", 30.5]
Draw = Callable[[Any, Any], None]


def workbook(path: Path, *, sheet: str = "infusion", table: Any = (), **options: Any) -> Path:
    """Write a workbook with one sheet; `draw` adds to it, `more` are further sheets."""
    draw: Draw | None = options.pop("draw", None)
    more: dict[str, Any] = options.pop("more", {})
    told = {"default_date_format": "yyyy-mm-dd hh:mm", **options}
    book = xlsxwriter.Workbook(str(path), told)
    for name, cells in {sheet: table or [HEAD, ONE, TWO], **more}.items():
        page = book.add_worksheet(name)
        for number, row in enumerate(cells):
            page.write_row(number, 0, row)
        if name == sheet and draw is not None:
            draw(book, page)
    book.close()
    return path


def hospital(folder: Path, **drawn: Any) -> Path:
    """Write two patients as CSV and their infusions as a workbook."""
    (source(folder) / "infusion.csv").unlink()
    workbook(folder / "hospital.xlsx", **drawn)
    return folder


def infusions(folder: Path) -> list[tuple[Any, ...]]:
    return rows(
        ingested(folder),
        f"SELECT {', '.join(HEAD)}, source_row FROM mapped.infusion ORDER BY source_row",
    )


def others(folder: Path) -> list[tuple[Any, ...]]:
    con = ingested(folder)
    n_raw, n_mapped, n_not_mapped, n_unreadable = ledger(con, "hospital.xlsx#infusion")
    found = rows(con, "SELECT source_row, reason FROM quarantine.unreadable ORDER BY ALL")
    assert (n_not_mapped, n_unreadable) == (0, len(found))
    assert n_raw == n_mapped + n_unreadable
    assert n_mapped == 2
    return found


def refused(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        ingested(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


READ = [
    ("i1", "p1", "2025-03-01 08:00:00", "PRIVIGEN", "40", 2),
    ("i2", "p2", "2025-03-02 09:00:00", "PRIVIGEN", "30.5", 3),
]


@pytest.mark.parametrize("sheet", ["infusion", "INFUSION", "infusion.2025"])
def test_a_sheet_named_after_a_record_is_read_as_it(tmp_path: Path, sheet: str) -> None:
    assert infusions(hospital(tmp_path, sheet=sheet)) == READ


def test_a_workbook_named_after_a_record_may_call_its_sheet_what_it_likes(tmp_path: Path) -> None:
    folder = hospital(tmp_path, sheet="Tabelle1")
    (folder / "hospital.xlsx").rename(folder / "Infusion.xlsx")
    assert infusions(folder) == READ
    assert rows(ingested(folder), "SELECT file_name FROM audit.input_file ORDER BY 1") == [
        ("Infusion.xlsx#Tabelle1",), ("patient.csv",)
    ]  # fmt: skip


def test_of_several_sheets_the_one_that_is_meant_is_named(tmp_path: Path) -> None:
    folder = hospital(tmp_path, sheet="2025", more={"2024": [HEAD], "notes": [["x"]]})
    (folder / "hospital.xlsx").rename(folder / "infusion.xlsx")
    assert "3 sheets are shown and none is called infusion" in refused(folder)
    (folder / "audit.toml").write_text('[files]\ninfusion = "infusion.xlsx#2025"\n', "utf-8")
    assert infusions(folder) == READ
    (folder / "audit.toml").write_text('[files]\ninfusion = "infusion.xlsx#2023"\n', "utf-8")
    assert "holds no sheet 2023" in refused(folder)


def test_sheets_nothing_reads_are_listed(tmp_path: Path) -> None:
    folder = hospital(tmp_path, more={"notes": [["x"]]})
    workbook(folder / "budget.xlsx", sheet="2025")
    assert rows(ingested(folder), "SELECT file_name FROM audit.unused_file ORDER BY 1") == [
        ("budget.xlsx",), ("hospital.xlsx#notes",)
    ]  # fmt: skip


def test_the_same_sheet_of_two_workbooks_are_two_parts(tmp_path: Path) -> None:
    folder = hospital(tmp_path)
    workbook(folder / "april.xlsx", table=[HEAD, ["i3", *TWO[1:]]])
    assert sorted(row[0] for row in infusions(folder)) == ["i1", "i2", "i3"]


def test_a_sheet_beside_the_file_saved_from_it_is_refused(tmp_path: Path) -> None:
    folder = hospital(tmp_path)
    (folder / "infusion.csv").write_text(INFUSION, "utf-8")
    assert "the same part twice" in refused(folder)


def test_a_hidden_sheet_is_neither_read_nor_passed_over(tmp_path: Path) -> None:
    def draw(book: Any, page: Any) -> None:
        book.add_worksheet("shown").activate()
        page.hide()

    told = refused(hospital(tmp_path, draw=draw))
    assert told.startswith("hospital.xlsx: the sheet infusion is hidden.")


def test_dates_come_as_dates_numbers_or_text_and_leave_as_iso(tmp_path: Path) -> None:
    def draw(book: Any, page: Any) -> None:
        day = book.add_format({"num_format": "d mmm yy"})
        page.write_datetime(1, 2, at("2025-03-01"), day)
        page.write_datetime(2, 2, at("2025-03-01"))  # shown with its hours
        page.write_number(3, 2, 45717)
        page.write_number(4, 2, 45717.34722222222)
        page.write_string(5, 2, "2025-03-01 08:20")
        page.write_string(6, 2, "45717.5")
        page.write_number(7, 2, 2025)
        page.write_number(8, 2, 20250301)

    table = [HEAD, *([f"i{n}", "p1", None, "PRIVIGEN", 40] for n in range(8))]
    assert [row[2] for row in infusions(hospital(tmp_path, table=table, draw=draw))] == [
        "2025-03-01",
        "2025-03-01 00:00:00",
        "2025-03-01",
        "2025-03-01 08:20:00",
        "2025-03-01 08:20",
        "2025-03-01 12:00:00",
        "2025",  # a year perhaps: validation refuses it
        "20250301",
    ]


def test_day_numbers_are_read_under_the_name_the_column_has(tmp_path: Path) -> None:
    folder = hospital(tmp_path, table=[["infusion_id", "patient_id", "Start", *HEAD[3:]],
                                       ["i1", "p1", 45717.5, "PRIVIGEN", 40]])  # fmt: skip
    (folder / "audit.toml").write_text('[record.infusion.rename]\nstarted_at = "start"\n', "utf-8")
    assert infusions(folder)[0][2] == "2025-03-01 12:00:00"


def test_a_workbook_that_counts_days_from_1904_means_the_same_days(tmp_path: Path) -> None:
    table = [HEAD, ONE, ["i2", "p2", 44256.375, "PRIVIGEN", 30.5]]
    assert infusions(hospital(tmp_path, table=table, date_1904=True)) == READ


def test_numbers_have_the_digits_that_excel_shows(tmp_path: Path) -> None:
    folder = hospital(tmp_path, table=[HEAD, [*ONE[:4], 0.3], [*TWO[:4], 1e-7]])
    _edited(folder / "hospital.xlsx", b"<v>0.3</v>", b"<v>0.30000000000000004</v>")
    assert [row[4] for row in infusions(folder)] == ["0.3", "0.0000001"]


def test_numbers_as_text_stay_as_they_are_written(tmp_path: Path) -> None:
    folder = hospital(tmp_path, table=[HEAD, ["007", *ONE[1:4], "40.50"]])
    assert [(row[0], row[4]) for row in infusions(folder)] == [("007", "40.50")]


def test_blank_rows_count_nowhere_and_a_table_may_begin_anywhere(tmp_path: Path) -> None:
    def draw(_: Any, page: Any) -> None:
        for number, row in ((6, HEAD), (8, ONE), (11, TWO)):
            page.write_row(number, 3, row)
        page.write_string(9, 3, "  ")

    found = infusions(hospital(tmp_path, table=[[]], draw=draw))
    assert found == [(*READ[0][:5], 9), (*READ[1][:5], 12)]


def test_a_title_above_the_head_is_told(tmp_path: Path) -> None:
    def draw(book: Any, page: Any) -> None:
        page.merge_range(0, 0, 0, 4, "Infusions 2025", book.add_format())

    folder = hospital(tmp_path, table=[[], [], HEAD, ONE, TWO], draw=draw)
    assert others(folder) == [(1, "above_head")]


def test_a_head_with_merged_cells_is_refused_with_its_row(tmp_path: Path) -> None:
    def draw(book: Any, page: Any) -> None:
        page.merge_range(0, 3, 0, 4, "given", book.add_format())
        page.merge_range(0, 0, 1, 0, "infusion_id", book.add_format())

    two_lines = [[None, "patient_id", "started_at"], [None, None, None, "product_code", "dose_g"]]
    told = refused(hospital(tmp_path, table=[*two_lines, ONE, TWO], draw=draw))
    assert told.startswith("hospital.xlsx#infusion: row 1 has merged cells where the names")


def test_a_head_of_two_lines_without_merged_cells_lacks_columns(tmp_path: Path) -> None:
    two_lines = [["infusion_id", "patient_id", "started_at"], [None, None, None, *HEAD[3:]]]
    assert "column product_code is missing" in refused(hospital(tmp_path, table=[*two_lines, ONE]))


def test_a_column_named_twice_is_refused(tmp_path: Path) -> None:
    assert "columns 5 and 6 have the same name" in refused(
        hospital(tmp_path, table=[[*HEAD, "dose_g"], ONE])
    )


@pytest.mark.parametrize(
    ("cells", "formula"),
    [
        (["Total", None, None, None, 70.5], None),
        (["Grand total:", None, None, None, 70.5], None),
        (["Summe: 2", None, None, None, 70.5], None),
        (["x", "p1", None, "PRIVIGEN"], "=SUM(E2:E3)"),
        (["x", "p1", None, "PRIVIGEN"], "=SUBTOTAL(109,[dose_g])"),
    ],
)
def test_a_row_of_totals_is_no_record(
    tmp_path: Path, cells: list[Any], formula: str | None
) -> None:
    def draw(_: Any, page: Any) -> None:
        if formula:
            page.write_formula(3, 4, formula, None, 70.5)

    folder = hospital(tmp_path, table=[HEAD, ONE, TWO, cells], draw=draw)
    assert others(folder) == [(4, "totals_row")]


def test_a_sum_within_the_row_and_a_running_total_are_no_totals(tmp_path: Path) -> None:
    def draw(_: Any, page: Any) -> None:
        page.write_formula(1, 4, "=SUM(F2:G2)", None, 40)
        page.write_formula(2, 4, "=SUM(E$2:E3)", None, 30.5)

    assert others(hospital(tmp_path, draw=draw)) == []


def test_rows_of_merged_cells_are_no_records_for_a_value_may_belong_to_several(
    tmp_path: Path,
) -> None:
    def draw(book: Any, page: Any) -> None:
        page.merge_range(3, 1, 4, 1, "p1", book.add_format())

    three, four = ["i3", None, *ONE[2:]], ["i4", None, *ONE[2:]]
    folder = hospital(tmp_path, table=[HEAD, ONE, TWO, three, four], draw=draw)
    assert others(folder) == [(4, "merged_cells"), (5, "merged_cells")]


def test_an_error_value_is_told_unless_nothing_reads_its_column(tmp_path: Path) -> None:
    def draw(_: Any, page: Any) -> None:
        page.write_formula(2, 5, "=1/0", None, "#DIV/0!")
        page.write_formula(3, 4, '=VLOOKUP("x",A1:A2,1)', None, "#N/A")

    table = [[*HEAD, "mood"], ONE, TWO, ["i3", *ONE[1:4]]]
    assert others(hospital(tmp_path, table=table, draw=draw)) == [(4, "error_value")]


def test_an_error_value_loses_no_adverse_event_but_for_what_it_must_say(tmp_path: Path) -> None:
    def draw(_: Any, page: Any) -> None:
        for row, column in ((1, 3), (2, 4), (3, 1)):
            page.write_formula(row, column, "=NA()", None, "#N/A")

    head = ["event_id", "patient_id", "term", "grade", "product_code"]
    events = [[f"e{number}", "p1", "Headache", 2, "PRIVIGEN"] for number in range(3)]
    folder = source(tmp_path)
    workbook(folder / "a.xlsx", sheet="adverse_event", table=[head, *events], draw=draw)
    con = ingested(folder)
    kept = rows(con, "SELECT event_id, grade, product_code FROM mapped.adverse_event ORDER BY 1")
    assert kept == [("e0", "#N/A", "PRIVIGEN"), ("e1", "2", "#N/A")]
    assert rows(con, "SELECT source_row, reason FROM quarantine.unreadable") == [(4, "error_value")]


def test_an_id_that_excel_has_rounded_is_told(tmp_path: Path) -> None:
    table = [HEAD, ONE, TWO, [1234567890123456, *ONE[1:]], ["1234567890123456", *ONE[1:]]]
    folder = hospital(tmp_path, table=table)
    con = ingested(folder)
    found = rows(con, "SELECT source_row, reason FROM quarantine.unreadable")
    assert found == [(4, "rounded_number")]


def test_titles_and_totals_are_not_held_against_a_small_sheet_and_error_values_are(
    tmp_path: Path,
) -> None:
    def draw(_: Any, page: Any) -> None:
        page.write_formula(3, 4, "=1/0", None, "#DIV/0!")

    strict = {"overrides": {"max_quarantine": "0.05"}}
    table = [["March"], HEAD, ONE, [*TWO[:4]], ["Total", None, None, None, 70.5]]
    ingested(hospital(tmp_path / "whole", table=table), **strict)
    folder = hospital(tmp_path / "spoilt", table=table, draw=draw)
    with pytest.raises(QuarantineLimitError, match=r"1 of 4 lines .* for error_value"):
        ingested(folder, **strict)


def test_a_head_repeated_on_each_page_and_a_note_below_are_told(tmp_path: Path) -> None:
    note = ["Printed for the committee"]
    folder = hospital(tmp_path, table=[HEAD, ONE, HEAD, TWO, [], note])
    assert others(folder) == [(3, "repeated_head"), (6, "note")]


def test_a_patient_of_whom_only_the_id_is_known_is_no_note(tmp_path: Path) -> None:
    folder = source(tmp_path)
    (folder / "patient.csv").unlink()
    workbook(folder / "a.xlsx", sheet="patient", table=[["patient_id", "sex"], ["p1"], ["p2"]])
    assert rows(ingested(folder), "SELECT patient_id FROM mapped.patient ORDER BY 1") == [
        ("p1",), ("p2",)
    ]  # fmt: skip


def test_a_head_without_rows_is_fine_and_an_empty_sheet_is_not(tmp_path: Path) -> None:
    assert infusions(hospital(tmp_path / "head", table=[HEAD])) == []
    assert "the sheet is empty" in refused(hospital(tmp_path / "empty", table=[[]]))


def test_half_a_workbook_and_one_with_a_password_are_refused(tmp_path: Path) -> None:
    folder = hospital(tmp_path)
    whole = (folder / "hospital.xlsx").read_bytes()
    (folder / "hospital.xlsx").unlink()
    damaged = bytearray(whole)
    damaged[whole.index(b"xl/worksheets/sheet1.xml") + 60] ^= 255
    for content in (bytes(damaged),):
        (folder / "infusion.xlsx").write_bytes(content)
        assert "infusion.xlsx#" in refused(folder)
    for content in (whole[: len(whole) // 2], b"\xd0\xcf\x11\xe0" + bytes(600), b""):
        (folder / "infusion.xlsx").write_bytes(content)
        assert "is not a whole Excel workbook, or a password" in refused(folder)


def test_a_damaged_workbook_that_may_hold_anything_is_listed(tmp_path: Path) -> None:
    folder = source(tmp_path, {"anything.xlsx": b"no"})
    assert rows(ingested(folder), "SELECT file_name FROM audit.unused_file") == [
        ("anything.xlsx",)
    ]  # fmt: skip


def test_a_workbook_of_another_kind_never_passes_for_absent(tmp_path: Path) -> None:
    folder = source(tmp_path, {"budget.ods": b""})
    assert rows(ingested(folder), "SELECT file_name FROM audit.unused_file") == [("budget.ods",)]
    (folder / "Dispensing.xls").write_bytes(b"")
    assert refused(folder) == "Dispensing.xls: is a workbook of another kind. Save it as .xlsx."


def test_declared_entities_are_refused(tmp_path: Path) -> None:
    folder = hospital(tmp_path)
    (folder / "hospital.xlsx").rename(folder / "infusion.xlsx")
    _edited(folder / "infusion.xlsx", b"<workbook ", b'<!DOCTYPE a [<!ENTITY b "c">]><workbook ')
    assert "is not a whole Excel workbook" in refused(folder)


def test_an_open_workbook_leaves_a_lock_file_that_nobody_reads(tmp_path: Path) -> None:
    folder = hospital(tmp_path)
    shutil.copy(folder / "hospital.xlsx", folder / "~$hospital.xlsx")
    assert infusions(folder) == READ


def test_without_the_extra_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fastexcel", None)
    told = refused(hospital(tmp_path))
    assert "pip install 'ivig-audit[excel]'" in told


def test_a_mapping_reads_sheets_as_its_tables(tmp_path: Path) -> None:
    doses = [["id", "mrn", "given", "grams"], ["d1", "p1", at("2025-03-01 08:00"), 40]]
    book = workbook(tmp_path / "ward.xlsx", sheet="Doses", table=doses, more={"person": [["mrn"]]})
    assert book.is_file()
    select = "SELECT id AS infusion_id, mrn AS patient_id, given AS started_at, 'PRIVIGEN' AS"
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "infusion.sql").write_text(
        f"{select} product_code, grams AS dose_g, source_file, source_row FROM raw.doses", "utf-8"
    )
    (tmp_path / "sql" / "patient.sql").write_text(
        "SELECT mrn AS patient_id, source_file, source_row FROM raw.person", "utf-8"
    )
    (tmp_path / "audit.toml").write_text('mapping_folder = "sql"\n', "utf-8")
    assert infusions(tmp_path) == [("d1", *READ[0][1:4], "40", 2)]


def test_cells_are_found_across_the_blocks_a_sheet_is_read_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def draw(_: Any, page: Any) -> None:
        page.write_formula(4, 4, "=1/0", None, "#DIV/0!")
        page.write_formula(5, 4, "=SUM(E2:E3)", None, 70.5)

    monkeypatch.setattr(sheet_marks, "BLOCK", 50)
    folder = hospital(tmp_path, table=[HEAD, ONE, TWO, [], ["i4", *ONE[1:4]]], draw=draw)
    assert others(folder) == [(5, "error_value"), (6, "totals_row")]


def test_another_prefix_in_the_file_changes_nothing(tmp_path: Path) -> None:
    def draw(_: Any, page: Any) -> None:
        page.write_formula(3, 4, "=1/0", None, "#DIV/0!")

    folder = hospital(tmp_path, table=[HEAD, ONE, TWO, ["i3", *ONE[1:4]]], draw=draw)
    for tag in (b"c", b"v", b"f", b"row", b"sheetData"):
        _edited(folder / "hospital.xlsx", b"<" + tag + b" ", b"<x:" + tag + b" ")
        _edited(folder / "hospital.xlsx", b"<" + tag + b">", b"<x:" + tag + b">")
        _edited(folder / "hospital.xlsx", b"</" + tag + b">", b"</x:" + tag + b">")
    _edited(folder / "hospital.xlsx", b" xmlns=", b' xmlns:x="'
            b'http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns=')  # fmt: skip
    assert others(folder) == [(4, "error_value")]


def test_the_settings_of_a_sheet_leave_the_folder_as_little_as_a_files(tmp_path: Path) -> None:
    folder = hospital(tmp_path)
    (folder / "audit.toml").write_text('[files]\ninfusion = "../hospital.xlsx#infusion"\n', "utf-8")
    with pytest.raises(ConfigError):
        ingested(folder)


def _edited(path: Path, old: bytes, new: bytes) -> None:
    """Replace bytes in every part of a workbook."""
    with zipfile.ZipFile(path) as parts:
        contents = {name: parts.read(name) for name in parts.namelist()}
    with zipfile.ZipFile(path, "w") as parts:
        for name, content in contents.items():
            parts.writestr(name, content.replace(old, new))
