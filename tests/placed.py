"""Bags at sites and on wards, prescribed by somebody, for the tests on places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb
import polars as pl
from reported import add_course, add_verdict


def add_bags(con: duckdb.DuckDBPyConnection, bags: pl.DataFrame, **course: object) -> None:
    """Add the bags: `bag patient site ward setting prescriber request grams`, each its course.

    Where there is `said`, it is the verdict of the one rule that may accuse.
    """
    for row in bags.iter_rows(named=True):
        add_bag(con, row, **course)


def add_bag(con: duckdb.DuckDBPyConnection, row: Mapping[str, Any], **course: object) -> None:
    """Add one bag as a course of its own; a column that is not there is not recorded."""
    key = int(row["bag"])
    add_course(con, key, int(row["patient"]), row["grams"], **course)
    con.execute(
        "UPDATE derived.infusion SET site_id = $site, authorisation_key = $request "
        "WHERE infusion_key = $key",
        {"site": row["site"], "request": row.get("request"), "key": key},
    )
    con.execute(
        "UPDATE derived.course SET site_id = $site WHERE course_key = $key",
        {"site": row["site"], "key": key},
    )
    con.execute(
        "UPDATE staged.infusion SET ward_id = $ward, care_setting = $setting, "
        "prescriber_id = $prescriber, site_id = $site WHERE infusion_key = $key",
        {name: row.get(name) for name in ("ward", "setting", "prescriber", "site")} | {"key": key},
    )
    if row.get("said"):
        reason = "no_weight" if row["said"] == "not_assessable" else None
        add_verdict(con, key, row["said"], patient_key=int(row["patient"]), reason=reason)
