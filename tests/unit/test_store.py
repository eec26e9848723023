"""The store has its layers, and after lock-down reads nothing else."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb
import pytest

from pipeline.store import (
    LAYERS,
    beside,
    count_rows,
    create_table,
    in_use,
    lock_down,
    meanwhile,
    open_store,
)


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


@pytest.mark.parametrize("threads", [1, 2])
def test_work_done_meanwhile_is_done_once_and_by_the_end(tmp_path: Path, threads: int) -> None:
    con = open_store(tmp_path / "audit.duckdb", threads=threads)
    for waits in (False, True):
        with meanwhile(con, lambda own: own.execute("CREATE TABLE staged.made AS SELECT 1")) as end:  # type: ignore[arg-type]
            if waits:
                end()
        assert con.sql("FROM staged.made").fetchall() == [(1,)]
        con.execute("DROP TABLE staged.made")


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("waits", [True, False])
def test_a_fault_of_work_done_meanwhile_is_raised(*, threads: int, waits: bool) -> None:
    con = open_store(threads=threads)
    with pytest.raises(duckdb.CatalogException), meanwhile(con, _ask_what_is_not_there) as finish:
        if waits:
            finish()
            pytest.fail("it waited for nothing")


def _ask_what_is_not_there(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("FROM staged.nothing")


def test_work_is_stopped_where_what_goes_on_meanwhile_fails() -> None:
    con = open_store(threads=2)
    began = time.monotonic()
    with pytest.raises(ZeroDivisionError), meanwhile(con, _count_for_minutes):
        time.sleep(0.3)
        raise ZeroDivisionError
    assert time.monotonic() - began < 30


def _count_for_minutes(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "SELECT SUM(HASH(a.range, b.range)::HUGEINT) FROM RANGE(10000000) a, RANGE(10000) b"
    )
