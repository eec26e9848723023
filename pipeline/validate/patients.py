"""Say which patient an identifier means, after merges."""

from __future__ import annotations

import duckdb

from pipeline import resources


def find_impossible_merges(con: duckdb.DuckDBPyConnection, *, shares_patients: bool) -> None:
    """Note as problems the merges that run in a circle or end at no known patient.

    Reads the typed rows of `patient_merge`; `staged.patient` is there already.
    """
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE merge_step AS
        SELECT
            rowid AS row_no, {_scope(shares_patients)} AS id_scope, merged_id, surviving_id
        FROM typed
        WHERE
            merged_id IS NOT NULL AND surviving_id IS NOT NULL
            AND rowid NOT IN (SELECT row_no FROM problem)
            AND rowid NOT IN (SELECT row_no FROM aside)
        """
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE merge_cycle AS " + resources.sql("validate/merge_cycle.sql")
    )
    con.execute("INSERT INTO problem SELECT row_no, 'surviving_id', 'merge_cycle' FROM merge_cycle")
    con.execute("DELETE FROM merge_step WHERE row_no IN (SELECT row_no FROM merge_cycle)")
    con.execute(
        f"""
        INSERT INTO problem
        SELECT merge_end.row_no, 'surviving_id', 'unknown_patient'
        FROM ({resources.sql("validate/merge_end.sql")}) AS merge_end
        ANTI JOIN staged.patient AS known
            ON
                merge_end.end_id = known.patient_id
                AND merge_end.id_scope = {_scope(shares_patients, "known.")}
        """
    )


def apply_merges(con: duckdb.DuckDBPyConnection, *, shares_patients: bool) -> None:
    """Make `staged.patient_alias`, and set the rows of merged patients aside.

    A patient who was merged into another is no patient of their own any more; their records
    become the survivor's.
    """
    scope = _scope(shares_patients)
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE merge_step AS
        SELECT patient_merge_key AS row_no, {scope} AS id_scope, merged_id, surviving_id
        FROM staged.patient_merge
        """
    )
    con.execute(
        f"""
        CREATE TABLE staged.patient_alias AS
        WITH named AS (
            SELECT {scope} AS id_scope, patient_id, patient_id AS end_id
            FROM staged.patient
            WHERE ({scope}, patient_id) NOT IN (SELECT (id_scope, merged_id) FROM merge_step)
            UNION ALL
            SELECT id_scope, patient_id, end_id
            FROM ({resources.sql("validate/merge_end.sql")})
        )
        SELECT
            named.id_scope AS source_id, named.patient_id, survivor.patient_key,
            COALESCE(survivor.birth_date, MAKE_DATE(survivor.birth_year, 1, 1)) AS born_on
        FROM named
        INNER JOIN staged.patient AS survivor
            ON
                named.end_id = survivor.patient_id
                AND named.id_scope = {_scope(shares_patients, "survivor.")}
        """
    )
    _set_merged_aside(con, scope)


def _set_merged_aside(con: duckdb.DuckDBPyConnection, scope: str) -> None:
    is_merged = f"({scope}, patient_id) IN (SELECT (id_scope, merged_id) FROM merge_step)"
    con.execute(
        f"""
        INSERT INTO staged.set_aside
        SELECT 'patient', source_file, source_row, 'merged'
        FROM staged.patient
        WHERE {is_merged}
        ORDER BY patient_key
        """
    )
    con.execute(
        f"""
        DELETE FROM staged.flag
        WHERE
            record = 'patient'
            AND record_key IN (SELECT patient_key FROM staged.patient WHERE {is_merged})
        """
    )
    con.execute(f"DELETE FROM staged.patient WHERE {is_merged}")


def _scope(shares_patients: bool, table: str = "") -> str:  # noqa: FBT001 - the setting itself
    """Return the SQL of what a patient id is unique within: everything, or its source."""
    return "''" if shares_patients else f"{table}source_id"
