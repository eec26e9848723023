"""Draw small tables as text: what a test says is then what a reader sees."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl


def table(
    text: str, schema: Mapping[str, pl.DataType | type[pl.DataType]] | None = None
) -> pl.DataFrame:
    """Return the table drawn as text: a header, then one row per line.

    Cells stand between `|`; an empty cell is null; what follows `--` is a comment, and a line
    of dashes is decoration. Cells are text unless the schema gives their column a type.

    Raises:
        ValueError: a row has more or fewer cells than the header.
    """
    lines = [_cells(line) for line in text.splitlines() if _is_row(line)]
    header, rows = lines[0], lines[1:]
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise ValueError(f"row {number} has {len(row)} cells, the header {len(header)}")
    frame = pl.DataFrame(rows, schema={str(name): pl.String() for name in header}, orient="row")
    return frame.with_columns(_typed(name, kind) for name, kind in (schema or {}).items())


def _is_row(line: str) -> bool:
    return bool(line.split("--", maxsplit=1)[0].strip("-+| \t"))


def _cells(line: str) -> list[str | None]:
    return [cell.strip() or None for cell in line.split("--", maxsplit=1)[0].split("|")]


def _typed(name: str, kind: pl.DataType | type[pl.DataType]) -> pl.Expr:
    text = pl.col(name)
    if kind == pl.Date:
        return text.str.to_date()
    if kind == pl.Datetime:
        return text.str.to_datetime(time_unit="us", strict=True)
    if kind == pl.Boolean:
        return text.replace_strict({"true": True, "false": False}, return_dtype=pl.Boolean)
    return text.cast(kind)
