"""Digests that do not depend on the order of rows, and ids that depend on everything."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from pipeline.config import Options, Settings
from pipeline.run.manifest import run_id, table_digests


def _digest(rows: str) -> dict[str, object]:
    con = duckdb.connect()
    con.execute(f"CREATE TABLE t AS SELECT * FROM (VALUES {rows}) AS v (a, b)")
    return table_digests(con)[0]


def test_row_order_does_not_change_the_digest() -> None:
    assert _digest("(1, 'x'), (2, NULL)") == _digest("(2, NULL), (1, 'x')")


@pytest.mark.parametrize(
    "other", ["(1, 'x')", "(1, 'x'), (2, 'y')", "(1, 'x'), (2, NULL), (2, NULL)"]
)
def test_any_other_rows_change_the_digest(other: str) -> None:
    assert _digest("(1, 'x'), (2, NULL)") != _digest(other)


def test_an_empty_table_has_a_digest() -> None:
    con = duckdb.connect()
    con.execute("CREATE TABLE t (a INTEGER)")
    assert table_digests(con) == [{"table": "main.t", "rows": 0, "digest": "0"}]


def test_the_run_id_begins_with_the_as_of_date_and_changes_with_content_and_previous() -> None:
    settings = Settings(run=Options(as_of=date(2024, 12, 31)))
    ids = {run_id(settings, c, p) for c in ("a", "b") for p in ("", "earlier")}
    assert len(ids) == 4
    assert all(each.startswith("2024-12-31-") for each in ids)
