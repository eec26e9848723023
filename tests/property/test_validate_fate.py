"""Which version counts, against a dull loop over dicts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import duckdb
import polars as pl
from drawn import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import resources

START = datetime(2024, 1, 1)  # noqa: DTZ001 - DuckDB's TIMESTAMP
VERSION = st.fixed_dictionaries(
    {
        "record_identity": st.sampled_from(["a", "b"]),
        "content_hash": st.integers(1, 2),
        "recorded_at": st.sampled_from([None, *(START + timedelta(days=n) for n in range(3))]),
        "is_deleted": st.sampled_from([False, False, False, True]),
    }
)
COLUMNS = pl.Schema(
    {
        "row_no": pl.Int64(),
        "record_identity": pl.String(),
        "content_hash": pl.Int64(),
        "recorded_at": pl.Datetime("us"),
        "is_deleted": pl.Boolean(),
    }
)


def oracle(versions: list[dict[str, Any]]) -> dict[int, str]:
    """Return what becomes of every row."""
    fates: dict[int, str] = {}
    for identity in {version["record_identity"] for version in versions}:
        fates |= oracle_of_one([v for v in versions if v["record_identity"] == identity])
    return fates


def oracle_of_one(group: list[dict[str, Any]]) -> dict[int, str]:
    """Return what becomes of every row of one record."""
    times = [version["recorded_at"] for version in group]
    newest = group if None in times else [v for v in group if v["recorded_at"] == max(times)]
    contents = {version["content_hash"] for version in group}
    if any(version["is_deleted"] for version in newest):
        return {version["row_no"]: "deleted" for version in group}
    if len(contents) == 1 and not any(version["is_deleted"] for version in group):
        return keep_first(group)
    if None in times or len({version["content_hash"] for version in newest}) > 1:
        return {version["row_no"]: "conflicting_duplicate" for version in group}
    return {version["row_no"]: "superseded" for version in group} | keep_first(newest)


def keep_first(group: list[dict[str, Any]]) -> dict[int, str]:
    """Keep the first row; the others repeat it."""
    first, *others = sorted(version["row_no"] for version in group)
    return {first: "kept"} | dict.fromkeys(others, "duplicate")


@settings(max_examples=examples(150))
@given(st.lists(VERSION, min_size=1, max_size=7))
def test_the_sql_agrees_with_the_loop(versions: list[dict[str, Any]]) -> None:
    numbered = [{"row_no": n, **version} for n, version in enumerate(versions)]
    con = duckdb.connect()
    con.register("rival", pl.DataFrame(numbered, schema=COLUMNS))
    found = con.sql(resources.sql("validate/fate.sql")).fetchall()
    assert dict(found) == oracle(numbered)
    assert len(found) == len(numbered)
