"""Whatever unit a value is written in, it comes back; the order of rows changes nothing."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from functools import cache

import duckdb
from drawn import examples
from empty_store import Rows, common_store, insert, shown
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from laboratory import codes, factors, give_lists

from pipeline.derive import create

UNITS = sorted(pair for pair in factors() if pair[0] in codes())
PLACE = Decimal("0.000001")


@cache
def store() -> duckdb.DuckDBPyConnection:
    con = common_store()
    give_lists(con)
    return con


def converted(results: list[tuple[str, str, Decimal]]) -> list[Decimal]:
    """Return the canonical values of results (analyte, spelling of unit, value)."""
    con = store()
    con.execute("DELETE FROM staged.lab_result")
    con.execute("DROP VIEW IF EXISTS derived.lab_result")
    con.execute("DROP TABLE IF EXISTS derived.test_unit")
    rows: Rows = [
        {
            "lab_result_key": str(key),
            "patient_key": "1",
            "test_code": codes()[analyte],
            "unit": unit,
            "value": str(value),
            "collected_on": "2025-01-01",
        }
        for key, (analyte, unit, value) in enumerate(results)
    ]
    insert(con, "staged.lab_result", rows)
    create(con, "test_unit")
    create(con, "lab_result")
    found = shown(con, "SELECT canonical_value FROM derived.lab_result ORDER BY lab_result_key")
    return [Decimal(row["canonical_value"] or "NaN") for row in found]


RESULTS = st.lists(
    st.tuples(st.sampled_from(UNITS), st.decimals(min_value=0, max_value=9000, places=3)).map(
        lambda pair: (*pair[0], pair[1])
    ),
    min_size=1,
    max_size=8,
)
SLOW = settings(
    max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@SLOW
@given(RESULTS)
def test_a_dull_conversion_agrees(results: list[tuple[str, str, Decimal]]) -> None:
    for value, (analyte, unit, written) in zip(converted(results), results, strict=True):
        add, factor, divisor = factors()[analyte, unit]
        exact = (written + add) * factor / divisor
        assert abs(value - exact.quantize(PLACE, ROUND_HALF_UP)) <= PLACE


@SLOW
@given(RESULTS)
def test_a_value_comes_back_from_its_canonical_unit(
    results: list[tuple[str, str, Decimal]],
) -> None:
    for value, (analyte, unit, written) in zip(converted(results), results, strict=True):
        add, factor, divisor = factors()[analyte, unit]
        assert abs(value * divisor / factor - add - written) <= PLACE * divisor / factor


@SLOW
@given(RESULTS)
def test_the_order_of_rows_changes_nothing(results: list[tuple[str, str, Decimal]]) -> None:
    assert converted(results)[::-1] == converted(results[::-1])
