"""Keep a spreadsheet from running what stands in a cell."""

from __future__ import annotations

import duckdb

# What a spreadsheet may run, also in the wide signs of East Asian text.
_FORMULA = r"^[=+\-@\t\r\n\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]"


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
