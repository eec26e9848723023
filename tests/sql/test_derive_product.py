"""Which product a code means, and whether a bag of it counts as IVIG."""

from __future__ import annotations

import duckdb
import pytest
from empty_store import derived, given, instead, rows_of, shown


@pytest.mark.parametrize(
    ("code", "product", "by"),
    [
        ("VENA", "vena", "brand"),
        ("  vena ", "vena", "brand"),
        ("J1459", "vena", "hcpcs"),
        ("00944270005", "vena", "ndc11"),  # the package is listed by itself
        ("0944-2700-05", "vena", "ndc11"),  # 4-4-2 gains a zero in front
        ("00944-2700-5", "vena", "ndc11"),  # 5-4-1 gains one in the package
        ("00944-2700-99", "both", "ndc9"),  # any other package of the same product
        ("00944-2700", "both", "ndc9"),
        ("68051-661-02", None, None),  # 5-3-2: the product part is 0661
        ("68051-6612-02", "cutis", "ndc9"),
        ("0944270005", None, None),  # ten digits could be padded three ways
        ("VENA 10 g vial", "vena", "brand_text"),
        ("Vena 5% 10 g", "vena5", "brand_text"),  # the longest brand that fits
        ("VENA 20 % 5 G", None, None),  # a strength that is not the product's
        ("VENA 10% 5 G", "vena", "brand_text"),
        ("VENATOR", None, None),
        ("NOTHING WE KNOW", None, None),
    ],
)
def test_product_code_is_resolved(
    con: duckdb.DuckDBPyConnection, code: str, product: str | None, by: str | None
) -> None:
    con.execute("INSERT INTO staged.infusion (infusion_key, product_code) VALUES (1, ?)", [code])
    derived(con, "product_code", "infusion")
    found = con.sql("SELECT product_id, matched_by FROM derived.product_code").fetchall()
    assert found == [(product, by)]


def test_codes_of_every_record_kind_are_listed_once(con: duckdb.DuckDBPyConnection) -> None:
    for record in ("infusion", "dispensing", "infusion_lot", "dispensing_lot", "adverse_event"):
        con.execute(f"INSERT INTO staged.{record} (product_code) VALUES ('VENA'), ('{record}')")
    con.execute("UPDATE staged.adverse_event SET adverse_event_key = rowid, patient_key = 1")
    derived(con, "product_code", "infusion")
    found = con.sql("SELECT product_code FROM derived.product_code ORDER BY ALL").fetchall()
    assert [code for (code,) in found] == [
        "VENA",
        "adverse_event",
        "dispensing",
        "dispensing_lot",
        "infusion",
        "infusion_lot",
    ]


def test_route_and_product_decide_what_counts(con: duckdb.DuckDBPyConnection) -> None:
    expected = """
        infusion_key | product_code | route        | status    | exclusion          | given | is_route_conflict
        1            | VENA         |              | completed |                    | IV    | false
        2            | VENA         | i.v.         |           |                    | IV    | false
        3            | VENA         | Intravenous  |           |                    | IV    | false
        4            | VENA         | SC           |           | subcutaneous       | SC    | true
        5            | BOTH         | IV           |           |                    | IV    | false
        6            | BOTH         | SubCut       |           | subcutaneous       | SC    | false
        7            | BOTH         |              |           | route_unknown      |       | false
        8            | BOTH         | by mouth     |           | route_unknown      |       | false
        9            | CUTIS        |              |           | subcutaneous       | SC    | false
        10           | CUTIS        | IV           |           | subcutaneous       | SC    | true
        11           | MUSCULUS     |              |           | intramuscular      | IM    | false
        12           | ANTID        | IM           |           | hyperimmune        | IM    | false
        13           | ???          | IV           |           | product_unknown    | IV    | false
        14           | VENA         | IV           | not_given | not_given          | IV    | false
        15           | ???          | IV           | not_given | not_given          | IV    | false
        16           | VENA         | IV           | stopped   |                    | IV    | false
    """  # noqa: E501 - a table reads better in one line per row
    inputs = ("infusion_key", "product_code", "route", "status")
    for row in rows_of(expected):
        con.execute(
            "INSERT INTO staged.infusion (infusion_key, product_code, route, status, patient_key,"
            " started_on, dose_g) VALUES (?, ?, ?, ?, 1, '2025-01-01', 10)",
            [row[name] for name in inputs],
        )
    derived(con, "product_code", "infusion")
    found = shown(
        con,
        """
        SELECT infusion_key, s.product_code, s.route, s.status, exclusion, d.route AS given,
            is_route_conflict
        FROM derived.infusion AS d INNER JOIN staged.infusion AS s USING (infusion_key)
        ORDER BY infusion_key
        """,
    )
    assert found == rows_of(expected)


def test_albumin_is_no_immunoglobulin(con: duckdb.DuckDBPyConnection) -> None:
    given(
        con,
        "guideline.product",
        """
        product_id | kind  | is_iv
        albumin    | other | true
        """,
    )
    given(
        con,
        "guideline.product_alias",
        """
        alias   | alias_kind | product_id
        ALBUMIN | brand      | albumin
        """,
    )
    con.execute(
        "INSERT INTO staged.infusion (infusion_key, product_code, patient_key) "
        "VALUES (1, 'ALBUMIN', 1)"
    )
    derived(con, "product_code", "infusion")
    assert con.sql("SELECT exclusion FROM derived.infusion").fetchall() == [("not_immunoglobulin",)]


def test_grams_that_contradict_the_volume_are_uncertain(con: duckdb.DuckDBPyConnection) -> None:
    expected = """
        infusion_key | product_code | dose_g | volume_ml | is_dose_uncertain
        1            | VENA         | 40     | 400       | false
        2            | VENA         | 40     | 320       | false   -- exactly 20 % less
        3            | VENA         | 40     | 319.9     | true
        4            | VENA         | 40     | 480       | false   -- exactly 20 % more
        5            | VENA         | 40     | 480.1     | true
        6            | VENA 5%      | 40     | 400       | true    -- 5 % recorded as if 10 %
        7            | VENA         | 40     |           | false
        8            | VENA         |        | 400       | false
        9            | UNSIZED      | 40     | 1         | false   -- concentration unknown
    """
    for row in rows_of(expected):
        con.execute(
            "INSERT INTO staged.infusion (infusion_key, product_code, dose_g, volume_ml,"
            " patient_key, started_on) VALUES (?, ?, ?, ?, 1, '2025-01-01')",
            list(row.values())[:4],
        )
    derived(con, "product_code", "infusion")
    found = shown(
        con,
        """
        SELECT infusion_key, product_code, s.dose_g, volume_ml, is_dose_uncertain
        FROM derived.infusion INNER JOIN staged.infusion AS s USING (infusion_key)
        ORDER BY infusion_key
        """,
    )
    assert found == rows_of(expected)


def test_dispensings_stand_in_when_no_infusion_was_supplied(
    con: duckdb.DuckDBPyConnection,
) -> None:
    instead(
        con,
        "audit.record_supplied",
        """
        record
        dispensing
        """,
    )
    given(
        con,
        "staged.dispensing",
        """
        dispensing_key | patient_key | dispensed_on | product_code | dose_g | returned_g | wasted_g
        1              | 1           | 2025-01-01   | VENA         | 40     |            |
        2              | 1           | 2025-02-01   | VENA         | 40     | 10         |
        3              | 1           | 2025-03-01   | VENA         | 40     | 10         | 2.5
        4              | 1           | 2025-04-01   | VENA         | 40     | 40         |
        5              | 1           | 2025-05-01   | VENA         |        |            |
        """,
    )
    derived(con, "product_code", "infusion")
    expected = """
        infusion_key | record     | dose_g | exclusion | session_key
        1            | dispensing | 40     |           | 1
        2            | dispensing | 30     |           | 2
        3            | dispensing | 27.5   |           | 3
        4            | dispensing | 0      | not_given |      -- all came back
        5            | dispensing |        |           | 5
    """
    assert shown(
        con,
        "SELECT infusion_key, record, dose_g, exclusion, session_key FROM derived.infusion"
        " ORDER BY infusion_key",
    ) == rows_of(expected)


def test_dispensings_are_left_alone_when_infusions_were_supplied(
    con: duckdb.DuckDBPyConnection,
) -> None:
    con.execute("INSERT INTO staged.dispensing (dispensing_key, patient_key) VALUES (1, 1)")
    derived(con, "product_code", "infusion")
    assert con.sql("SELECT COUNT(*) FROM derived.infusion").fetchall() == [(0,)]


def test_vial_step_is_ours_where_the_product_has_none(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "INSERT INTO staged.infusion (infusion_key, product_code, patient_key) "
        "VALUES (1, 'VENA', 1), (2, 'UNSIZED', 1)"
    )
    derived(con, "product_code", "infusion")
    found = shown(con, "SELECT infusion_key, vial_step_g FROM derived.infusion ORDER BY 1")
    assert [row["vial_step_g"] for row in found] == ["2.5", "5"]
