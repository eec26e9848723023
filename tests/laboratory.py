"""Fill the lists by which results are read with our own, and read them in plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import cache

import duckdb

from pipeline.config import Options, Settings
from pipeline.guidelines import load
from pipeline.store import open_store

LISTS = ("lab_analyte", "lab_test", "lab_unit", "event_definition", "event_criterion")


@cache
def _ours() -> duckdb.DuckDBPyConnection:
    con = open_store()
    load(con, Settings(run=Options(as_of=date(2025, 12, 31))))
    return con


def give_lists(con: duckdb.DuckDBPyConnection, more: Sequence[str] = ()) -> None:
    """Put our own lists into the tables of the guideline schema that hold them."""
    for name in dict.fromkeys((*LISTS, *more)):
        frame = _ours().sql(f"SELECT * FROM guideline.{name}").pl()
        con.register("our_list", frame)
        con.execute(f"CREATE OR REPLACE TABLE guideline.{name} AS SELECT * FROM our_list")
        con.unregister("our_list")


@cache
def factors() -> dict[tuple[str, str], tuple[Decimal, Decimal, Decimal]]:
    """Return what to add, multiply by and divide by, per analyte and spelling."""
    found = (
        _ours()
        .sql(
            """
        SELECT u.analyte, u.spelling, u.add_first, u.exact_factor, a.divisor
        FROM guideline.lab_unit AS u INNER JOIN guideline.lab_analyte AS a USING (analyte)
        WHERE NOT u.is_ambiguous
        """
        )
        .fetchall()
    )
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in found}


def codes() -> dict[str, str]:
    """Return one test code per analyte."""
    found = _ours().sql("SELECT analyte, MIN(test_code) FROM guideline.lab_test GROUP BY analyte")
    return dict(found.fetchall())
