"""Say how long treatments last, by Kaplan and Meier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import duckdb

from pipeline.statistics.survival import kaplan_meier, median_time
from pipeline.store import insert_rows

MONTHS: Final = (3, 6, 12, 24)
"""When to look, our own choice (†)."""
_SHARE: Final = "DECIMAL(9, 6)"
TREATMENT_DURATION: Final = {
    "indication_code": "VARCHAR",
    "name": "VARCHAR",
    "is_total": "BOOLEAN",
    "months": "INTEGER",
    "n_treatments": "BIGINT",
    "n_ended": "BIGINT",
    "n_left_out": "BIGINT",
    "median_days": "INTEGER",
    "n_watched": "BIGINT",
    **dict.fromkeys(("share_on", "low", "high"), _SHARE),
}

Row = tuple[Any, ...]


def add_treatment_duration(con: duckdb.DuckDBPyConnection) -> None:
    """Create `report.treatment_duration`: one row per indication and month at which to look."""
    found = con.sql(
        "SELECT indication_code, name, length_days, n_ended, n_unseen, n_left_out"
        " FROM temp.treatment_time ORDER BY ALL"
    ).fetchall()
    (month_days,) = con.sql("SELECT month_days FROM guideline.policy").fetchall()[0]
    looked = {months: int(months * month_days) for months in MONTHS}
    rows = [
        row
        for code, name in dict.fromkeys(line[:2] for line in found)
        for row in _looks((code, name, False), [x for x in found if x[0] == code], looked)
    ]
    if found:
        rows += _looks((None, None, True), found, looked)
    insert_rows(con, "report.treatment_duration", TREATMENT_DURATION, rows)


def _looks(named: Row, lines: list[Row], looked: dict[int, int]) -> Iterator[Row]:
    """Give one row per month at which to look."""
    ended, unseen = Counter[int](), Counter[int]()
    n_left_out = 0
    for *_, days, n_ended, n_unseen, n_more in lines:
        n_left_out += n_more
        if days is not None:
            ended[days] += n_ended
            unseen[days] += n_unseen
    n_of = ended.total() + unseen.total()
    lasting = kaplan_meier(ended, unseen, list(looked.values()))
    told = (n_of, ended.total(), n_left_out, median_time(ended, unseen))
    for months, (n_watched, *shares) in zip(looked, lasting, strict=True):
        shown = (None if share is None or not n_of else round(share, 6) for share in shares)
        yield (*named, months, *told, n_watched, *shown)
