"""Rules by kind of check: each rule once, under the gravest thing it had to say."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from empty_store import given, rows_of, shown

from pipeline.resources import sql
from pipeline.store import open_store


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    made = open_store()
    made.execute("CREATE TABLE guideline.rule (rule_key INTEGER, kind VARCHAR)")
    made.execute(
        "CREATE TEMP TABLE verdict_count (rule_key INTEGER, status VARCHAR, reason VARCHAR)"
    )
    yield made
    made.close()


def counted(con: duckdb.DuckDBPyConnection) -> list[dict[str, str | None]]:
    return shown(con, f"SELECT * FROM ({sql('summary/check_kind.sql')}) ORDER BY part DESC, kind")


def test_each_rule_counts_once_under_the_gravest_it_said(con: duckdb.DuckDBPyConnection) -> None:
    given(
        con,
        "guideline.rule",
        """
        rule_key | kind
        1        | regimen
        2        | regimen
        3        | regimen
        4        | regimen
        5        | regimen
        6        | regimen
        7        | weight
        """,
    )
    given(
        con,
        "temp.verdict_count",
        """
        rule_key | status         | reason
        1        | breached       | dose_above
        1        | met            |
        1        | not_assessable | no_weight
        2        | met            |
        2        | not_assessable | table_not_supplied
        3        | not_assessable | table_not_supplied
        3        | not_applicable | other_product
        4        | not_assessable | table_not_supplied
        4        | not_assessable | no_weight            -- not for want of records alone
        5        | not_applicable | other_product
                 | not_assessable | no_indication        -- of no rule that could be named
        """,
    )
    assert counted(con) == rows_of(
        """
        part | kind    | n_rules | n_breached | n_met | n_not_assessable | n_not_supplied | n_not_applicable | n_nobody
        kind | regimen | 6       | 1          | 1     | 1                | 1              | 1                | 1
        kind | weight  | 1       | 0          | 0     | 0                | 0              | 0                | 1
        all  |         | 7       | 1          | 1     | 1                | 1              | 1                | 2
        """  # noqa: E501 - a table
    )


def test_a_reason_that_is_missing_is_not_taken_for_missing_records(
    con: duckdb.DuckDBPyConnection,
) -> None:
    given(con, "guideline.rule", "rule_key | kind\n1 | regimen")
    given(con, "temp.verdict_count", "rule_key | status | reason\n1 | not_assessable |")
    assert {row["n_not_assessable"] for row in counted(con)} == {"1"}


def test_without_a_rule_there_is_no_line(con: duckdb.DuckDBPyConnection) -> None:
    assert counted(con) == []
