"""How near the number of a lot is to the one asked for."""

from __future__ import annotations

import duckdb
import pytest

from pipeline import resources
from pipeline.store import open_store


@pytest.fixture
def lots() -> duckdb.DuckDBPyConnection:
    """Open a store in which only the columns of lots exist."""
    con = open_store()
    for name in ("infusion", "infusion_lot", "dispensing", "dispensing_lot", "adverse_event"):
        con.execute(f"CREATE TABLE staged.{name} (lot_number VARCHAR)")
    con.execute("CREATE TEMP TABLE refused_row (lot_number VARCHAR)")
    return con


def likeness(con: duckdb.DuckDBPyConnection, asked: str, recorded: str) -> str | None:
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE asked AS {resources.sql('recall/asked.sql')}",
        {"lot": asked, "product": ""},
    )
    con.execute("INSERT INTO staged.infusion VALUES (?)", [recorded])
    found = con.sql(resources.sql("recall/written.sql")).fetchall()
    return next((str(row[2]) for row in found if row[0] == recorded), None)


@pytest.mark.parametrize(
    ("asked", "recorded", "wanted"),
    [
        ("AB-1023", "AB-1023", "same"),
        (" AB-1023 ", "AB-1023", "same"),
        ("AB-1023", "ab1023", "typed"),
        ("AB-1023", "A.B/10 23", "typed"),
        ("AB-1023", "AB–1023", "typed"),  # a dash as a word processor makes it
        ("AB-1023", "ABIO23", "alike"),
        ("AB-1023", "A81OZ3", "alike"),
        ("0012345", "12345", "alike"),  # a spreadsheet took the zeros
        ("AB-1023", "lot AB-1023", "part"),
        ("AB-1023", "AB1O23, CD77", "part"),
        ("AB-1023", "AB-1023.0", "part"),
        ("XAB-10234", "AB1023", "part"),  # cut off on both sides
        ("AB-1023", "AB-1024", "neighbour"),
        ("AB-1023", "AB-1203", "neighbour"),  # two swapped
        ("AB-1023", "AB-103", "neighbour"),
        ("AB-1023", "AB-1034", None),
        ("AB-1023", "CD-1023", None),
        ("12", "4412", None),  # a short number stands in many by chance
        ("12", "44/12", "part"),
        ("123", "124", None),  # and differs from many in one
        ("AB-1023", "-", None),
        ("000", "0", None),
        ("O", "0", None),
    ],
)
def test_the_likeness_of_two_numbers(
    lots: duckdb.DuckDBPyConnection, asked: str, recorded: str, wanted: str | None
) -> None:
    assert likeness(lots, asked, recorded) == wanted
