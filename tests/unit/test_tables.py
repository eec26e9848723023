"""A table drawn as text becomes the frame it looks like."""

from datetime import date, datetime
from decimal import Decimal

import polars as pl
import pytest
from tables import table


def test_cells_are_text_and_empty_ones_null() -> None:
    frame = table("""
        id | dose
        i1 | 20     -- a comment
        i2 |
    """)
    assert frame.to_dicts() == [{"id": "i1", "dose": "20"}, {"id": "i2", "dose": None}]


def test_a_schema_types_its_columns() -> None:
    frame = table(
        """
        n | dose_g | on_date    | at               | is_ok
        --+--------+------------+------------------+------
        1 | 20.5   | 2025-01-02 | 2025-01-02 10:30 | true
          |        |            |                  |
        2 |        |            |                  | false
        """,
        {
            "n": pl.Int32,
            "dose_g": pl.Decimal(9, 3),
            "on_date": pl.Date,
            "at": pl.Datetime,
            "is_ok": pl.Boolean,
        },
    )
    assert frame.row(0) == (
        1,
        Decimal("20.500"),
        date(2025, 1, 2),
        datetime(2025, 1, 2, 10, 30),  # noqa: DTZ001 - a local time has no zone
        True,
    )
    assert frame.row(1) == (2, None, None, None, False)
    assert frame.schema["dose_g"] == pl.Decimal(9, 3)


def test_a_ragged_row_is_refused() -> None:
    with pytest.raises(ValueError, match="row 1 has 1 cells, the header 2"):
        table("a | b\n1")


def test_a_header_alone_is_an_empty_table() -> None:
    assert table("a | b", {"a": pl.Int32}).schema == {"a": pl.Int32, "b": pl.String}
