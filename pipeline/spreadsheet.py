"""Keep a spreadsheet from running what stands in a cell."""

from __future__ import annotations

import duckdb

_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Begins what a spreadsheet may run, also in the wide signs of East Asian text."""
_FORMULA = "^[" + "".join(f"\\x{{{ord(sign):04X}}}" for sign in _SIGNS) + "]"


def guarded(cell: str) -> str:
    """Return the text of a cell, with an apostrophe before what a spreadsheet would run."""
    return f"'{cell}" if cell.startswith(_SIGNS) else cell


def unguarded(cell: str) -> str:
    """Return the text of a cell without the apostrophe that `guarded` put before it."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_SIGNS) else cell


def without_formulas(con: duckdb.DuckDBPyConnection, query: str) -> str:
    """Return the query, ordered by all, with an apostrophe before text a spreadsheet would run."""
    found = con.sql(query)
    shown = ", ".join(
        f"CASE WHEN REGEXP_MATCHES({name}, '{_FORMULA}') THEN '''' || {name} ELSE {name} END "
        f"AS {name}"
        if str(kind) == "VARCHAR"
        else name
        for name, kind in zip(found.columns, found.types, strict=True)
    )
    return f"SELECT {shown} FROM ({query}) ORDER BY ALL"
