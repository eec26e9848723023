"""An empty window is only right over rows that were put in order just before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from empty_store import common_store

from pipeline.derive import ORDER, create
from pipeline.resources import sql

ORDERED = ("bag_session", "session_course", "course_history", "dose_reduction")
KEEPS_ORDER = {"PROJECTION", "FILTER", "STREAMING_WINDOW"}


@pytest.fixture(scope="module")
def plans() -> Iterator[dict[str, Any]]:
    """Make the stage table by table, and keep the plan of each that has an empty window."""
    con = common_store()
    found = {}
    for table in ORDER:
        select = sql(f"derive/{table}.sql")
        if "OVER ()" in select:
            [[_, plan]] = con.execute(f"EXPLAIN (FORMAT json) {select}").fetchall()
            found[table] = json.loads(plan)[0]
        create(con, table)
    yield found
    con.close()


def under_windows(node: dict[str, Any]) -> Iterator[str]:
    """Tell what each window of a plan goes through: the first that keeps no order, or sorts."""
    for child in node["children"]:
        yield from under_windows(child)
    if node["name"].strip() in {"STREAMING_WINDOW", "WINDOW"}:
        [below] = node["children"]
        while below["name"].strip() in KEEPS_ORDER:
            [below] = below["children"]
        yield below["name"].strip()


def test_these_files_have_empty_windows(plans: dict[str, Any]) -> None:
    """Nobody adds one without this test, nor takes the last one away."""
    assert set(plans) == set(ORDERED)


@pytest.mark.parametrize("table", ORDERED)
def test_an_empty_window_goes_through_sorted_rows(plans: dict[str, Any], table: str) -> None:
    """Nothing that mixes rows, such as a join, stands between the sort and the windows."""
    below = list(under_windows(plans[table]))
    assert below
    assert set(below) == {"ORDER_BY"}


def test_a_window_over_a_join_would_be_seen() -> None:
    """The test above can fail."""
    con = duckdb.connect()
    select = """
        SELECT LAG(a.x) OVER () FROM (FROM RANGE(9) AS r (x) ORDER BY x) AS a
        INNER JOIN RANGE(3, 12) AS b (x) ON a.x = b.x
    """
    [[_, plan]] = con.execute(f"EXPLAIN (FORMAT json) {select}").fetchall()
    assert set(under_windows(json.loads(plan)[0])) == {"HASH_JOIN"}


def test_duckdb_keeps_the_order_of_rows() -> None:
    """Its own promise, unless somebody switches it off."""
    con = common_store()
    kept = con.execute("SELECT CURRENT_SETTING('preserve_insertion_order')").fetchall()
    assert kept == [(True,)]
