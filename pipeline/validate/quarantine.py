"""Keep every row that breaks its contract, with the reason and its original text."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import polars as pl

from pipeline.store import count_rows
from pipeline.validate.cells import CHECKS
from pipeline.validate.times import local_time
from pipeline.validate.typed import Dialect, Mapped, problem_names, typed_columns, typed_select
from schemas import Column, Contract, Kind

_KEPT_TOGETHER = "source_file, source_row, row_hash"


def open_work(con: duckdb.DuckDBPyConnection) -> None:
    """Make the empty working tables of one record kind.

    `problem`: one row per row of `typed` and broken check. `aside`: one row per row of `typed`
    that is good and does not count. `excluded`: one row per row of either.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE problem"
        " (row_no BIGINT, column_name VARCHAR, check_name VARCHAR)"
    )
    con.execute("CREATE OR REPLACE TEMP TABLE aside (row_no BIGINT, reason VARCHAR)")
    con.execute("CREATE OR REPLACE TEMP TABLE excluded (row_no BIGINT)")


def make_quarantine(con: duckdb.DuckDBPyConnection, one: Contract) -> None:
    """Make `quarantine.<record>` without rows."""
    con.execute(
        f"""
        CREATE TABLE quarantine.{one.record} (
            quarantine_key INTEGER, source_file SMALLINT, source_row INTEGER,
            patient_id VARCHAR, on_date DATE, column_name VARCHAR, check_name VARCHAR,
            original_text VARCHAR, row_json VARCHAR
        )
        """
    )


def note_unreadable(con: duckdb.DuckDBPyConnection, one: Contract) -> None:
    """Add to `problem` every cell that holds text but could not be read."""
    if not con.execute("SELECT 1 FROM typed WHERE bad <> 0 LIMIT 1").fetchall():
        return
    bits = pl.DataFrame(
        problem_names(one),
        schema={"bit": pl.Int64, "column_name": pl.String, "check_name": pl.String},
        orient="row",
    )
    con.register("problem_bit", bits)
    con.execute(
        """
        INSERT INTO problem
        SELECT typed.rowid, problem_bit.column_name, problem_bit.check_name
        FROM typed
        INNER JOIN problem_bit ON (typed.bad >> problem_bit.bit) & 1 = 1
        WHERE typed.bad <> 0
        """
    )
    con.unregister("problem_bit")


def note_broken(con: duckdb.DuckDBPyConnection, broken: pl.DataFrame) -> None:
    """Add to `problem` the broken rules, but for cells already known to be unreadable."""
    if broken.is_empty():
        return
    con.register("broken_rule", broken)
    con.execute(
        """
        INSERT INTO problem
        SELECT broken_rule.*
        FROM broken_rule
        ANTI JOIN problem USING (row_no, column_name)
        """
    )
    con.unregister("broken_rule")


def is_clean(con: duckdb.DuckDBPyConnection) -> bool:
    """Say whether no row of `typed` has a problem or is set aside."""
    found = con.execute(
        "SELECT 1 FROM (SELECT row_no FROM problem UNION ALL SELECT row_no FROM aside) LIMIT 1"
    )
    return not found.fetchall()


def settle_problems(con: duckdb.DuckDBPyConnection, one: Contract) -> None:
    """Decide which problems cost the row, and fill `excluded`.

    What is set aside has no problems: a withdrawn row may well be blank. In a record that
    keeps bad cells, a problem of an optional cell becomes a `blank` instead.
    """
    con.execute("DELETE FROM problem WHERE row_no IN (SELECT row_no FROM aside)")
    severe = ", ".join(f"'{name}'" for name in one.required)
    optional = "TRUE" if one.keeps_bad_cells else "FALSE"
    mild = f"{optional} AND column_name NOT IN ({severe})"
    con.execute(f"CREATE OR REPLACE TEMP TABLE blank AS SELECT * FROM problem WHERE {mild}")
    con.execute(f"DELETE FROM problem WHERE {mild}")
    con.execute("INSERT INTO excluded SELECT row_no FROM problem UNION SELECT row_no FROM aside")


def blank_cells(con: duckdb.DuckDBPyConnection, one: Contract) -> None:
    """Empty the bad optional cells of `typed`, and note each in `staged.flag`."""
    if count_rows(con, "blank") == 0:
        return
    for column in one.columns:
        names = [column.name, column.day] if column.day else [column.name]
        emptied = ", ".join(f'"{name}" = NULL' for name in names)
        con.execute(
            f"UPDATE typed SET {emptied}"
            " WHERE rowid IN (SELECT row_no FROM blank WHERE column_name = $name)",
            {"name": column.name},
        )
    con.execute(
        """
        INSERT INTO staged.flag
        SELECT $record, blank.row_no + 1, blank.column_name, blank.check_name
        FROM blank
        ANTI JOIN excluded USING (row_no)
        ORDER BY blank.row_no, blank.column_name, blank.check_name
        """,
        {"record": one.record},
    )


def write_quarantine(
    con: duckdb.DuckDBPyConnection, one: Contract, mapped: Mapped, told: Dialect
) -> None:
    """Write one row per quarantined row and broken check to `quarantine.<record>`."""
    if count_rows(con, "problem") == 0:
        return
    _find_lost(con, one)
    _find_originals(con, one, mapped, told)
    con.execute(
        f"""
        INSERT INTO quarantine.{one.record}
        SELECT quarantine_key, source_file, source_row, patient_id, on_date,
            column_name, {_named(one, told)} AS check_name, original_text, row_json
        FROM (
            SELECT lost.*, original.row_json, problem.column_name, problem.check_name,
                JSON_EXTRACT_STRING(original.row_json, '$.' || problem.column_name)
                AS original_text
            FROM lost
            INNER JOIN problem USING (row_no)
            LEFT JOIN original USING ({_KEPT_TOGETHER})
        )
        ORDER BY quarantine_key, column_name, check_name
        """
    )


def _find_lost(con: duckdb.DuckDBPyConnection, one: Contract) -> None:
    """Make `lost`: one row per quarantined row of `typed`."""
    patient = f"typed.{one.patient}" if one.patient else "NULL::VARCHAR"
    on_date = f"typed.{one.dated_by}" if one.dated_by else "NULL::DATE"
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE lost AS
        SELECT
            typed.rowid AS row_no,
            CAST(ROW_NUMBER() OVER (ORDER BY typed.rowid) AS INTEGER) AS quarantine_key,
            typed.source_file, typed.source_row,
            {patient} AS patient_id, {on_date} AS on_date, {_row_hash(one)} AS row_hash
        FROM typed
        SEMI JOIN problem ON typed.rowid = problem.row_no
        """
    )


def _find_originals(
    con: duckdb.DuckDBPyConnection, one: Contract, mapped: Mapped, told: Dialect
) -> None:
    """Make `original`: one row per lost row as it was mapped, as JSON.

    The mapped rows are read a second time, only those concerned. A row of a file may be
    mapped to several rows, so place and typed content together tell which.
    """
    concerned = replace(mapped, source=_concerned(mapped.source))
    again = typed_select(one, concerned, told, extra=("row_json",))
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE original AS
        SELECT {_KEPT_TOGETHER}, MIN(row_json) AS row_json
        FROM (SELECT *, {_row_hash(one)} AS row_hash FROM ({again}))
        GROUP BY {_KEPT_TOGETHER}
        """
    )


def _row_hash(one: Contract) -> str:
    names = ", ".join(f'"{name}"' for name in typed_columns(one))
    return f"HASH({names})"


def _concerned(source: str) -> str:
    return f"""(
        SELECT whole_row.*, TO_JSON(whole_row) AS row_json
        FROM {source} AS whole_row
        SEMI JOIN lost USING (source_file, source_row)
    )"""


def _named(one: Contract, told: Dialect) -> str:
    """Return the SQL that names more closely why a number or time could not be read."""
    cases = [case for column in one.every_column for case in _cases(column, told)]
    return f"CASE {' '.join(cases)} ELSE check_name END" if cases else "check_name"


def _cases(column: Column, told: Dialect) -> list[str]:
    unread = f"column_name = '{column.name}' AND check_name = '{CHECKS.get(column.kind)}'"
    if column.kind == Kind.TIME:
        # the clocks skipped it: it reads well, and yet has no instant
        is_local = f"({local_time('original_text', told.clock)}) IS NOT NULL"
        return [f"WHEN {unread} AND {is_local} THEN 'no_such_time'"]
    if column.kind != Kind.AMOUNT:
        return []
    mark, whole = f"\\{told.decimal}", column.digits - column.decimals
    fits = f"\\s*[+-]?0*\\d{{0,{whole}}}{mark}\\d+\\s*"
    larger = f"\\s*[+-]?\\d+({mark}\\d*)?\\s*"
    return [
        f"WHEN {unread} AND REGEXP_FULL_MATCH(original_text, '{fits}') THEN 'too_many_decimals'",
        f"WHEN {unread} AND REGEXP_FULL_MATCH(original_text, '{larger}') THEN 'number_too_large'",
    ]
