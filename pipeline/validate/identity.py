"""Find the rows that are the same record, and decide which of them counts."""

from __future__ import annotations

import duckdb
import polars as pl

from pipeline import resources
from pipeline.validate.typed import typed_columns
from schemas import Contract

_COMMON = ("source_id", "recorded_at", "is_deleted")


def settle_versions(
    con: duckdb.DuckDBPyConnection, one: Contract, *, shares_patients: bool
) -> None:
    """Set aside duplicate, superseded and deleted rows; note conflicting ones as problems.

    Args:
        con: the run's database; reads `typed`, adds to `aside` and `problem`.
        one: the contract of the record kind.
        shares_patients: sources use the same patient ids.
    """
    scope = _scope(one, shares_patients=shares_patients)
    repeated = _repeated(con, one, scope)
    deleted = con.execute("SELECT 1 FROM typed WHERE is_deleted LIMIT 1").fetchall()
    if repeated.is_empty() and not deleted:
        return
    _find_rivals(con, one, scope, repeated)
    con.execute(f"CREATE OR REPLACE TEMP TABLE fate AS {resources.sql('validate/fate.sql')}")
    con.execute(
        "INSERT INTO aside SELECT row_no, fate FROM fate"
        " WHERE fate IN ('duplicate', 'superseded', 'deleted')"
    )
    key = one.identity[0] if one.identity else one.required[0]
    con.execute(
        "INSERT INTO problem SELECT row_no, $key, fate FROM fate"
        " WHERE fate = 'conflicting_duplicate'",
        {"key": key},
    )


def _scope(one: Contract, *, shares_patients: bool) -> list[str]:
    is_shared = shares_patients and one.record in ("patient", "patient_merge")
    return [] if is_shared else ["source_id"]


def _repeated(con: duckdb.DuckDBPyConnection, one: Contract, scope: list[str]) -> pl.DataFrame:
    """Return the rows of `typed` that may be the same record as another: `row_no` of each.

    Counting the hashes in Polars costs a fifth of grouping them in DuckDB.
    """
    found: pl.DataFrame = con.sql(
        f"""
        SELECT rowid AS row_no, HASH({_list(_narrow(one, scope))}) AS narrow_hash
        FROM typed
        WHERE {_named(one)}
        """
    ).pl()
    if found["narrow_hash"].n_unique() == len(found):
        found = found.clear()
    return found.filter(pl.col("narrow_hash").is_duplicated()).select("row_no")


def _find_rivals(
    con: duckdb.DuckDBPyConnection, one: Contract, scope: list[str], repeated: pl.DataFrame
) -> None:
    """Make `rival`: one row per typed row whose identity occurs twice or that is a deletion.

    Only what repeats in a few columns is compared whole. A row with a cell that could not be read
    is the same as no other, for what the cell held is not known here; where the whole row is the
    identity, it stays out.
    """
    content = [name for name in typed_columns(one) if name not in _COMMON]
    key = [*scope, *one.identity] if one.identity else [*scope, *content]
    con.register("repeated_row", repeated)
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE rival AS
        WITH row_of_interest AS (
            SELECT row_no FROM repeated_row
            UNION
            SELECT rowid FROM typed WHERE is_deleted AND {_filled(one.identity)}
        )
        SELECT
            row_of_interest.row_no,
            ROW({_list(key)}) AS record_identity,
            CASE
                WHEN bad = 0 THEN HASH({_list(content)})
                ELSE HASH({_list(content)}, rowid)
            END AS content_hash,
            recorded_at,
            is_deleted IS NOT NULL AND is_deleted AS is_deleted
        FROM typed
        INNER JOIN row_of_interest ON typed.rowid = row_of_interest.row_no
        """
    )
    con.unregister("repeated_row")


def _narrow(one: Contract, scope: list[str]) -> list[str]:
    """Return a few columns in which two rows of the same identity do not differ."""
    return [*scope, *(one.identity or _typed_required(one))]


def _named(one: Contract) -> str:
    return _filled(one.identity) if one.identity else "bad = 0"


def _typed_required(one: Contract) -> list[str]:
    """Return the typed columns of the required ones: of a time the instant and its day.

    By the day alone all changes of rate of one infusion would look alike.
    """
    required = [column for column in one.columns if column.required]
    return [name for column in required for name in (column.name, column.day) if name]


def _filled(names: tuple[str, ...]) -> str:
    return " AND ".join(f'"{name}" IS NOT NULL' for name in names) or "TRUE"


def _list(names: list[str]) -> str:
    return ", ".join(f'typed."{name}"' for name in names)
