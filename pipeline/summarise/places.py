"""Work out between which shares off guideline a site or prescriber would lie by chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

import duckdb

from pipeline.statistics.charts import WIDE
from pipeline.statistics.share_funnel import (
    share_dispersion,
    share_limits,
    widened_share_limits,
)
from pipeline.store import insert_rows

LEAST_COURSES: Final = 10
"""†: a place with fewer judged courses is listed and has no limits."""
LEAST_PLACES: Final = 5
"""†: of fewer places with limits it is not told how much more than by chance they differ."""

_SHARE: Final = "DECIMAL(9, 6)"
PLACE_LIMIT: Final = {
    "place_kind": "VARCHAR",
    "place": "VARCHAR",
    "n_places": "INTEGER",
    "dispersion_ratio": "DECIMAL(18, 4)",
    **dict.fromkeys(
        ("target", "low95", "high95", "low998", "high998", "wide_low", "wide_high"), _SHARE
    ),
    "lies": "VARCHAR",
}

Row = tuple[Any, ...]


def add_place_limit(con: duckdb.DuckDBPyConnection) -> None:
    """Create `report.place_limit`: one row per site and prescriber with enough judged courses."""
    found = con.sql(
        "SELECT place_kind, place, n_off::BIGINT, n_judged::BIGINT "
        "FROM temp.place_count ORDER BY ALL"
    ).fetchall()
    rows = [row for _, group in groupby(found, lambda row: row[0]) for row in _kind(list(group))]
    insert_rows(con, "report.place_limit", PLACE_LIMIT, rows)


def _kind(places: Sequence[Row]) -> Iterator[Row]:
    """Give the limits of one kind of place; the target is the share of all, also of small ones."""
    n_judged = sum(row[3] for row in places)
    held = [row for row in places if row[1] is not None and row[3] >= LEAST_COURSES]
    if not n_judged or not held:
        return
    target = sum(row[2] for row in places) / n_judged
    spread = None
    if len(held) >= LEAST_PLACES:
        spread = share_dispersion([row[2] for row in held], [row[3] for row in held], target)
    if sum(row[3] > 0 for row in places) == 1:
        # the share of all is that of this place
        yield (*held[0][:2], 1, None, _share(target), *[None] * 6, "alone")
        return
    for place_kind, place, n_off, n_of in held:
        narrow = share_limits(target, n_of)
        wide = share_limits(target, n_of, WIDE)
        wider = widened_share_limits(target, n_of, spread.between, WIDE) if spread else wide
        yield (
            place_kind,
            place,
            len(held),
            None if spread is None else round(Decimal(spread.ratio), 4),
            _share(target),
            *(
                None if limits is None else _share(edge / n_of)
                for limits in (narrow, wide, wider)
                for edge in limits or (None, None)
            ),
            "no_limits" if wider is None else _lies(n_off, *wider),
        )


def _lies(n_off: int, low: float, high: float) -> str:
    return "below" if n_off < low else "above" if n_off > high else "within"


def _share(value: float) -> Decimal:
    return round(Decimal(value), 6)
