"""Ask the database of a finished run for a lot: one table per section of the list."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

from pipeline import resources
from pipeline.errors import InputError
from pipeline.spreadsheet import without_formulas
from pipeline.store import open_answering

Row = dict[str, Any]

_STEPS: Final = (
    "refused_row",
    "written",
    "product_fit",
    "lot_row",
    "lot_of_record",
    "traced",
    "given",
    "dispensed",
    "refused",
    "reported_event",
    "line",
    "last_contact",
    "event",
    "bare",
)
"""Temporary tables, each made from those before it."""

_SECTIONS: Final = (
    "count",
    "patient",
    "listed",
    "other_product",
    "near",
    "without_lot",
    "unsearched",
)


@dataclass(frozen=True)
class Recall:
    """What a finished run knows of a lot; each section holds rows in the order to be shown."""

    lot: str
    product: str | None
    as_of: Any
    sections: dict[str, list[Row]]
    sheet: list[Row]
    """The lines of the list again, safe for a spreadsheet."""

    @property
    def has_lines(self) -> bool:
        """Say whether anything is, or may be, a use of the lot."""
        return bool(self.sections["listed"])


def recall_lot(database: Path, lot: str, product: str | None = None) -> Recall:
    """Return what the database of a finished run knows of a lot.

    Raises:
        InputError: no product has that name, or the run is of another version.
    """
    con = open_answering(database)
    try:
        return search(con, lot, product)
    finally:
        con.close()


def search(con: duckdb.DuckDBPyConnection, lot: str, product: str | None = None) -> Recall:
    """Return what an open database knows of a lot."""
    _make(con, "asked", resources.sql("recall/asked.sql"), {"lot": lot, "product": product or ""})
    _make(con, "route_text", resources.sql("derive/route_text.sql"))
    _make(con, "asked_product", resources.sql("recall/asked_product.sql"))
    if product and not _rows(con, "SELECT 1 FROM temp.asked_product LIMIT 1"):
        raise InputError(
            "--product: no product and no code in the records has that name. See "
            "guidelines/products/product.csv, or leave it out: all products are then listed."
        )
    for step in _STEPS:
        _make(con, step, resources.sql(f"recall/{step}.sql"))
    sections = {name: _rows(con, resources.sql(f"recall/{name}.sql")) for name in _SECTIONS}
    sections["event"] = _rows(con, "SELECT * FROM temp.event ORDER BY ALL")
    (policy,) = _rows(con, "SELECT as_of FROM guideline.policy")
    sheet = _rows(con, without_formulas(con, resources.sql("recall/listed.sql")))
    return Recall(lot.strip(), product, policy["as_of"], sections, sheet)


def has_number(lot: str) -> bool:
    """Say whether the text holds a letter or digit at all."""
    return any(sign.isalnum() for sign in lot)


def subject_of(lot: str, product: str | None) -> str:
    """Return an opaque key of what was asked, the same however the lot is typed."""
    parts = ("".join(filter(str.isalnum, text.upper())) for text in (lot, product or ""))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _make(
    con: duckdb.DuckDBPyConnection, name: str, select: str, params: Row | None = None
) -> None:
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {select}", params or {})


def _rows(con: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    found = con.sql(query)
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
