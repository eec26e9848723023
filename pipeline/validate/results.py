"""Find the laboratory results that cannot be true, by their unit or their magnitude."""

from __future__ import annotations

import duckdb

from pipeline.config import Settings
from pipeline.guidelines import load_laboratory
from pipeline.resources import sql


def find_impossible_results(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Add to `problem` the results whose unit or value no such test can have.

    A cell that is at fault already is not named twice.

    Raises:
        GuidelineError: the lists of tests and units have a fault.
    """
    load_laboratory(con, settings)
    con.execute(
        f"""
        INSERT INTO problem
        SELECT impossible.*
        FROM ({sql("validate/impossible_result.sql")}) AS impossible
        ANTI JOIN problem USING (row_no, column_name)
        """
    )
    for table in ("lab_analyte", "lab_test", "lab_unit"):
        con.execute(f"DROP TABLE temp.{table}")
