"""The store has its layers, and after lock-down reads nothing else."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipeline.store import LAYERS, beside, count_rows, create_table, in_use, lock_down, open_store


def test_every_layer_is_an_empty_schema() -> None:
    con = open_store()
    for layer in LAYERS:
        create_table(con, f"{layer}.thing", "SELECT 1 AS a")
        assert count_rows(con, f"{layer}.thing") == 1


def test_a_locked_down_store_reads_and_writes_only_where_allowed(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "else"
    inside.mkdir()
    outside.mkdir()
    (outside / "x.csv").write_text("a\n1\n")
    con = open_store()
    lock_down(con, [inside])
    con.execute(f"COPY (SELECT 1 AS a) TO '{inside}/x.csv'")
    for statement in (
        f"SELECT * FROM read_csv('{outside}/x.csv')",
        f"COPY (SELECT 1) TO '{outside}/y.csv'",
        f"ATTACH '{outside}/z.duckdb'",
        "SET enable_external_access = true",
    ):
        with pytest.raises(duckdb.Error):
            con.execute(statement)


def test_python_variables_are_not_tables() -> None:
    con = open_store()
    frame = con.sql("SELECT 1 AS a").pl()
    assert frame.height == 1
    with pytest.raises(duckdb.CatalogException):
        con.sql("SELECT * FROM frame")


def test_a_long_statement_draws_no_progress_bar_into_a_log() -> None:
    shown = open_store().sql("SELECT current_setting('enable_progress_bar')").fetchall()
    assert shown == [(False,)]


def test_a_second_connection_sees_the_same_tables_and_clock_and_no_temp(tmp_path: Path) -> None:
    con = open_store(tmp_path / "audit.duckdb")
    con.execute("CREATE TABLE staged.seen AS SELECT 1 AS one")
    con.execute("CREATE TEMP TABLE own AS SELECT 1 AS one")
    lock_down(con, [tmp_path])
    with beside(con, in_use(con)) as other:
        assert other.sql("FROM staged.seen").fetchall() == [(1,)]
        assert other.sql("SELECT CURRENT_SETTING('TimeZone')").fetchall() == [("UTC",)]
        with pytest.raises(duckdb.CatalogException):
            other.sql("FROM temp.own")
