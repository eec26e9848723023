"""Whatever the cells hold, every row ends in exactly one place, and order does not matter."""

from __future__ import annotations

from typing import Any

import duckdb
import polars as pl
from drawn import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from mapped import rows, validated

CELL = st.sampled_from(
    [None, "", " ", "0", "1", "20", "20.5", "1,5", "-3", "1e5", "x", "2024-01-01", "p1", "p2",
     "2024-01-01 10:00", "infinity", "true", "stopped", "i1", "i2", "\x00", "é", "9" * 30]
)  # fmt: skip
COLUMNS = {
    "infusion_id": st.sampled_from(["i1", "i2", "i3", None]),
    "patient_id": st.sampled_from(["p1", "p2", "nobody"]),
    "started_at": st.sampled_from(["2024-01-01", "2024-01-01 10:00", "1950-01-01", "never"]),
    "product_code": st.sampled_from(["Privigen", ""]),
    "dose_g": CELL,
    "ended_at": CELL,
    "status": CELL,
    "weight_kg": CELL,
    "recorded_at": st.sampled_from([None, "2024-01-01", "2024-01-02 10:00"]),
    "is_deleted": st.sampled_from([None, "false", "true"]),
}
ROWS = st.lists(st.fixed_dictionaries(COLUMNS), min_size=1, max_size=12)


def places(con: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    """Return every row's place: staged, quarantined or set aside, with the reasons."""
    return rows(
        con,
        """
        SELECT source_row, 'staged' AS place FROM staged.infusion
        UNION ALL
        SELECT source_row, reason FROM staged.set_aside WHERE record = 'infusion'
        UNION ALL
        SELECT source_row, STRING_AGG(check_name, ' ' ORDER BY check_name)
        FROM quarantine.infusion
        GROUP BY source_row
        ORDER BY ALL
        """,
    )


@settings(max_examples=examples(12))
@given(ROWS, st.randoms(use_true_random=False))
def test_every_row_has_one_place_whatever_the_order(
    drawn: list[dict[str, Any]], random: Any
) -> None:
    numbered = [{**row, "source_row": str(n)} for n, row in enumerate(drawn, start=1)]
    shuffled = random.sample(numbered, len(numbered))
    schema = dict.fromkeys(numbered[0], pl.String)
    found = places(validated(infusion=pl.DataFrame(numbered, schema=schema)))
    assert [row for row, _ in found] == list(range(1, len(drawn) + 1))
    assert places(validated(infusion=pl.DataFrame(shuffled, schema=schema))) == found
