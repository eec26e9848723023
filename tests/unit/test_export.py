"""Tables leave the database ordered, and no spreadsheet runs a cell of theirs."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pytest

from pipeline.spreadsheet import without_formulas


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "\uff1d1"])
def test_a_cell_that_a_spreadsheet_would_run_is_quoted(tmp_path: Path, cell: str) -> None:
    con = duckdb.connect()
    con.execute("CREATE TABLE t AS SELECT $cell AS note, -5 AS n", {"cell": cell})
    safe = without_formulas(con, "SELECT * FROM t")
    con.execute(f"COPY ({safe}) TO '{tmp_path}/t.csv' (FORMAT csv, HEADER)")
    with (tmp_path / "t.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [["note", "n"], ["'" + cell, "-5"]]


def test_ordinary_text_is_left_alone() -> None:
    con = duckdb.connect()
    con.execute("CREATE TABLE t AS SELECT 'dose - high' AS note")
    assert con.sql(without_formulas(con, "SELECT * FROM t")).fetchall() == [("dose - high",)]
