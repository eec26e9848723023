"""Account for every mapped row, and refuse a source with too many bad ones."""

from __future__ import annotations

from decimal import Decimal

import duckdb

from pipeline import resources
from pipeline.errors import CheckError, QuarantineLimitError
from pipeline.store import create_table


def write_ledger(
    con: duckdb.DuckDBPyConnection,
    mapped_rows: dict[str, int],
    opted_out_rows: dict[str, int] | None = None,
) -> None:
    """Make `audit.record_ledger` from what the tables hold now.

    Args:
        con: the run's database.
        mapped_rows: how many rows each record kind had before validation.
        opted_out_rows: how many of them are of patients who opted out; None: nobody did.

    Raises:
        CheckError: the rows staged, quarantined, set aside and left out are not the rows mapped.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE record_count (record VARCHAR, mapped_rows BIGINT,"
        " staged_rows BIGINT, quarantined_rows BIGINT, opted_out_rows BIGINT)"
    )
    for record, rows in mapped_rows.items():
        con.execute(
            f"""
            INSERT INTO record_count
            SELECT
                $record, $rows, (SELECT COUNT(*) FROM staged.{record}),
                (SELECT COUNT(DISTINCT quarantine_key) FROM quarantine.{record}), $opted_out
            """,
            {"record": record, "rows": rows, "opted_out": (opted_out_rows or {}).get(record, 0)},
        )
    create_table(con, "audit.record_ledger", resources.sql("validate/ledger.sql"))
    _refuse_open_ledger(con)


def refuse_too_many(con: duckdb.DuckDBPyConnection, limit: Decimal) -> None:
    """Raise when a larger share of any record kind is in quarantine than allowed.

    Raises:
        QuarantineLimitError: with counts and the check that failed most; no values.
    """
    over = con.sql(
        """
        SELECT record, quarantined_rows, mapped_rows
        FROM audit.record_ledger
        WHERE quarantined_rows > $limit * mapped_rows
        ORDER BY quarantined_rows / mapped_rows DESC, record
        """,
        params={"limit": limit},
    ).fetchall()
    if over:
        raise QuarantineLimitError(_message(con, over, limit))


def _refuse_open_ledger(con: duckdb.DuckDBPyConnection) -> None:
    open_records = con.sql(
        """
        SELECT record
        FROM audit.record_ledger
        WHERE mapped_rows <> staged_rows + quarantined_rows + set_aside_rows + opted_out_rows
        ORDER BY record
        """
    ).fetchall()
    if open_records:
        names = ", ".join(record for (record,) in open_records)
        raise CheckError(
            f"{names}: the rows staged, quarantined, set aside and left out are not all rows."
        )


def _message(
    con: duckdb.DuckDBPyConnection, over: list[tuple[str, int, int]], limit: Decimal
) -> str:
    record, quarantined, mapped = over[0]
    column, check, n_failed = con.sql(
        f"""
        SELECT column_name, check_name, COUNT(*) AS n_failed
        FROM quarantine.{record}
        GROUP BY ALL
        ORDER BY n_failed DESC, column_name, check_name
        LIMIT 1
        """
    ).fetchall()[0]
    others = f" {len(over) - 1} more record kinds are over it." if len(over) > 1 else ""
    return (
        f"{record}: {quarantined} of {mapped} rows are in quarantine, {n_failed} for {column}"
        f" ({check}); limit {(limit * 100).normalize():f} %.{others}"
        " Mend the extract, or rerun with --max-quarantine 100% to see them in quarantine.csv."
    )
