"""A result in any unit becomes one canonical value, by its code and its declared unit alone."""

from __future__ import annotations

import duckdb
import pytest
from empty_store import common_store, derived, given, rows_of, shown
from laboratory import give_lists


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    store = common_store()
    give_lists(store)
    given(store, "staged.patient", "patient_key | patient_id | deceased_on\n1 | P1 | 2025-06-30")
    return store


def stage(con: duckdb.DuckDBPyConnection, text: str) -> None:
    """Stage results of patient 1 taken on 1 March 2025 unless the text says otherwise."""
    for key, row in enumerate(rows_of(text), start=1):
        row.setdefault("collected_on", "2025-03-01")
        told = {"lab_result_key": str(key), "patient_key": "1", **row}
        names, marks = ", ".join(told), ", ".join("?" * len(told))
        con.execute(f"INSERT INTO staged.lab_result ({names}) VALUES ({marks})", [*told.values()])
    derived(con, "lab_result", "unknown_test")


def read(con: duckdb.DuckDBPyConnection, columns: str) -> list[dict[str, str | None]]:
    return shown(con, f"SELECT {columns} FROM derived.lab_result ORDER BY lab_result_key")


def test_mixed_units_under_one_code_are_read_row_by_row(con: duckdb.DuckDBPyConnection) -> None:
    # EC7 of the reference
    stage(
        con,
        """
        test_code | value | unit
        718-7     | 140   | g/L
        718-7     | 14.0  | g/dL
        718-7     | 14.0  | G/DL        -- as laboratories write it
        718-7     | 8.7   | mmol/L      -- per monomer or per tetramer: never guessed
        718-7     | 14.0  |             -- nor is a missing unit
        """,
    )
    assert read(con, "analyte, canonical_value, canonical_unit, declared_unit, doubt") == rows_of(
        """
        analyte | canonical_value | canonical_unit | declared_unit | doubt
        hb      | 14              | g/dL           | g/L           |
        hb      | 14              | g/dL           | g/dL          |
        hb      | 14              | g/dL           | G/DL          |
        hb      |                 | g/dL           | mmol/L        | unit_ambiguous
        hb      |                 | g/dL           |               | unit_missing
        """
    )


def test_the_conversions_of_the_reference_hold(con: duckdb.DuckDBPyConnection) -> None:
    stage(
        con,
        """
        test_code | value | unit
        14682-9   | 353.6 | umol/L      -- 4.0 mg/dL
        2160-0    | 353.6 | µmol/L      -- the micro sign
        2160-0    | 353.6 | μmol/L      -- the Greek letter
        14631-6   | 34.2  | umol/L      -- 2.0 mg/dL
        3094-0    | 7.14  | mmol/L      -- 20 mg/dL of urea nitrogen
        2465-3    | 7     | g/L         -- 700 mg/dL
        2951-2    | 140   | mEq/L
        4544-3    | 0.4   | L/L
        2885-2    | 70    | g/L
        777-3     | 250   | K/uL
        777-3     | 250   | G/L         -- giga per litre, not gram
        777-3     | 250000| /uL
        8310-5    | 98.6  | [degF]
        8310-5    | 37    | Cel
        """,
    )
    assert [row["canonical_value"] for row in read(con, "canonical_value")] == [
        "4", "4", "4", "2", "20", "700", "140", "40", "7", "250", "250", "250", "37", "37",
    ]  # fmt: skip


def test_a_limit_keeps_its_side_and_a_finding_is_read(con: duckdb.DuckDBPyConnection) -> None:
    stage(
        con,
        """
        test_code | value | value_text   | comparator | unit
        4542-7    | 0.1   | <0.1         | <          | g/L
        4542-7    | 20    | LESS THAN 20 | <          | mg/dL
        1007-4    |       | POSITIVE     |            |
        1007-4    |       | Neg          |            |
        1007-4    |       | 2+           |            |
        1007-4    |       | non-reactive |            |
        1007-4    |       | 1:40         |            |
        718-7     |       | hemolysed    |            | g/dL
        """,
    )
    assert read(con, "canonical_value, comparator, finding, doubt") == rows_of(
        """
        canonical_value | comparator | finding  | doubt
        10              | <          |          |
        20              | <          |          |
                        |            | positive | no_canonical_unit
                        |            | negative | no_canonical_unit
                        |            | positive | no_canonical_unit
                        |            | negative | no_canonical_unit
                        |            |          | no_canonical_unit
                        |            |          | not_a_number
        """
    )


def test_a_result_from_after_death_is_kept_and_not_used(con: duckdb.DuckDBPyConnection) -> None:
    stage(
        con,
        """
        test_code | value | unit | collected_on
        718-7     | 12    | g/dL | 2025-06-30
        718-7     | 12    | g/dL | 2025-07-01
        """,
    )
    assert read(con, "canonical_value, doubt") == rows_of(
        "canonical_value | doubt\n12 | \n | after_death"
    )


def test_half_typed_codes_are_listed_and_read_by_nothing(con: duckdb.DuckDBPyConnection) -> None:
    stage(
        con,
        """
        test_code | value | unit
        718-7     | 12    | g/dL
        718-      | 12    | g/dL
        718-      | 13    | g/dL
        2160      | 1     | mg/dL
        """,
    )
    assert len(read(con, "analyte")) == 1
    assert shown(con, "SELECT * FROM derived.unknown_test ORDER BY test_code") == rows_of(
        "test_code | n\n2160 | 1\n718- | 2"
    )


def test_the_largest_number_a_source_can_write_stops_nothing(
    con: duckdb.DuckDBPyConnection,
) -> None:
    stage(
        con,
        """
        test_code | value               | unit
        718-7     | 999999999999.999999 | mmol/L
        718-7     | 999999999999.999999 |
        9999-9    | 999999999999.999999 | g/dL
        """,
    )
    assert [row["canonical_value"] for row in read(con, "canonical_value")] == [None, None]


def test_urine_under_a_code_for_serum_is_kept_and_not_used(con: duckdb.DuckDBPyConnection) -> None:
    stage(
        con,
        """
        test_code | value | unit  | specimen
        2160-0    | 30    | mg/dL | Urine
        2160-0    | 1.0   | mg/dL | serum
        2160-0    | 1.0   | mg/dL |
        5804-0    | 30    | mg/dL | urine, random
        2345-7    | 60    | mg/dL | CSF
        2342-4    | 60    | mg/dL | Cerebrospinal Fluid (CSF)
        """,
    )
    assert [row["doubt"] for row in read(con, "doubt")] == [
        "other_specimen", None, None, "no_canonical_unit", "other_specimen", None,
    ]  # fmt: skip
