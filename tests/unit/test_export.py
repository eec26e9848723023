"""Tables leave the database ordered, and no spreadsheet runs a cell of theirs."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pytest
from judged import World
from pyarrow.parquet import ParquetFile

from pipeline import check, resources
from pipeline.run.export import write_verdicts
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


@pytest.mark.parametrize("n_plain", [30_000, 300_000])
def test_many_verdicts_leave_in_one_group_of_rows_and_so_in_the_same_bytes(
    tmp_path: Path, n_plain: int
) -> None:
    world = World()
    world.rule(1, "weight")
    world.fill()
    check._declare(world.con, [path.stem for path in resources.sql_files("checks")])
    world.con.execute(
        """
        INSERT INTO audit.verdict_plain BY NAME
        SELECT
            r.rule_key, 'course' AS subject_kind,
            i AS subject_key, i AS course_key, i AS patient_key, 'met' AS status
        FROM GENERATE_SERIES(1, $n_plain) AS t (i)
        CROSS JOIN (SELECT MIN(rule_key) AS rule_key FROM guideline.rule) AS r
        """,
        {"n_plain": n_plain},
    )
    # a few beside the many: the many alone are nearly all, and yet no group of their own
    world.con.execute(
        """
        INSERT INTO audit.verdict_told BY NAME
        SELECT kind, set_key, rule_key, 'course' AS subject_kind, -i AS subject_key, 'met' AS status
        FROM guideline.rule
        CROSS JOIN GENERATE_SERIES(1, 100) AS t (i)
        """
    )
    written = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_verdicts(world.con, tmp_path / name)
        written.append((tmp_path / name / "verdicts.parquet").read_bytes())
    file = ParquetFile(tmp_path / "one" / "verdicts.parquet")
    assert (file.metadata.num_rows, file.num_row_groups) == (n_plain + 100, 1)
    assert written[0] == written[1]


def test_the_file_says_of_a_plain_verdict_and_of_one_told_whole_what_the_database_says(
    tmp_path: Path,
) -> None:
    world = World()
    world.rule(1, "weight")
    world.fill()
    check._declare(world.con, [path.stem for path in resources.sql_files("checks")])
    world.con.execute(
        """
        INSERT INTO audit.verdict_plain BY NAME
        SELECT rule_key, 'course' AS subject_kind, 1 AS subject_key, 'met' AS status,
            'weight' AS clause, 70 AS observed
        FROM guideline.rule
        """
    )
    world.con.execute(
        """
        INSERT INTO audit.verdict_told BY NAME
        SELECT kind, set_key, rule_key, 'course' AS subject_kind, 2 AS subject_key,
            'breached' AS status, 'review' AS severity, 'clause' AS cap, TRUE AS is_countable,
            'weight' AS clause, 70 AS observed, 60 AS limit_high, 'kg' AS unit
        FROM guideline.rule
        """
    )
    write_verdicts(world.con, tmp_path)
    told = world.con.execute(
        """
        SELECT v.kind, s.set_id, r.rule_id, v.subject_key, v.status, v.severity, v.cap,
            v.is_countable, v.clause, v.observed, v.limit_high, v.unit
        FROM audit.verdict AS v
        INNER JOIN guideline.guideline_set AS s USING (set_key)
        INNER JOIN guideline.rule AS r ON v.rule_key = r.rule_key
        ORDER BY ALL
        """
    ).fetchall()
    written = world.con.execute(
        """
        SELECT kind, set_id, rule_id, subject_key, status, severity, cap,
            is_countable, clause, observed, limit_high, unit
        FROM read_parquet($path) ORDER BY ALL
        """,
        {"path": str(tmp_path / "verdicts.parquet")},
    ).fetchall()
    assert written == told
    assert {row[8] for row in written} == {"weight"}
