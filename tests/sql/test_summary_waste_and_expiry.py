"""What was discarded and why, and bags and issues by their expiry date: rows drawn by hand."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from empty_store import given, rows_of, shown
from staged_tables import STAGED

from pipeline.resources import sql
from pipeline.store import open_store


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    made = open_store()
    for name, columns in STAGED.items():
        made.execute(f"CREATE TABLE {name} ({columns})")
    for name, columns in {
        "report.period": "from_on DATE, to_on DATE, basis VARCHAR",
        "guideline.product": "product_id VARCHAR, brand VARCHAR",
        "derived.ledger_product": "product_code VARCHAR, route_text VARCHAR, product_id VARCHAR,"
        " is_set_aside BOOLEAN",
        "derived.ledger_break": "break VARCHAR, record VARCHAR, record_key INTEGER,"
        " grams DECIMAL(12,3)",
    }.items():
        made.execute(f"CREATE TABLE {name} ({columns})")
    made.execute("CREATE TEMP TABLE counted_infusion (infusion_key INTEGER)")
    given(made, "report.period", "from_on | to_on | basis\n2024-01-01 | 2024-12-31 | infused")
    given(made, "guideline.product", "product_id | brand\nprivigen | Privigen")
    given(
        made,
        "derived.ledger_product",
        """
        product_code | route_text | product_id | is_set_aside
        P            |            | privigen   | false
        P            | SC         | privigen   | true
        X            |            |            | false
        """,
    )
    yield made
    made.close()


def told(con: duckdb.DuckDBPyConnection, table: str) -> list[dict[str, str | None]]:
    return shown(con, f"SELECT * FROM ({sql(f'summary/{table}.sql')}) ORDER BY ALL")


def test_what_was_discarded_is_summed_by_reason_and_product(
    con: duckdb.DuckDBPyConnection,
) -> None:
    given(
        con,
        "staged.dispensing",
        """
        dispensing_key | dispensed_on | product_code | route | wasted_g | waste_reason
        1              | 2024-01-01   | P            |       | 5        | Broken
        2              | 2024-12-31   | P            |       | 2.5      | broken   -- spelled alike
        3              | 2024-05-05   | X            |       | 1        | broken   -- other product
        4              | 2024-05-05   | P            |       | 4        |
        5              | 2024-05-05   | P            |       | 0        | broken   -- nothing
        6              | 2024-05-05   | P            |       |          | broken   -- not told
        7              | 2023-12-31   | P            |       | 9        | broken   -- before
        8              | 2024-05-05   | P            | SC    | 9        | broken   -- set aside
        """,
    )
    given(
        con,
        "staged.dispensing_lot",
        """
        dispensing_lot_key | dispensing_key | wasted_g
        1                  | 4              | 4
        2                  | 4              | 1         -- one issue, two lots
        3                  | 7              | 9
        """,
    )
    given(
        con,
        "staged.infusion",
        "infusion_key | started_on | product_code\n1 | 2024-02-02 | P\n2 | 2025-01-01 | P",
    )
    given(
        con,
        "staged.infusion_lot",
        "infusion_lot_key | infusion_key | wasted_g\n1 | 1 | 3\n2 | 2 | 3\n3 | 1 | 0",
    )
    assert told(con, "waste_reason") == rows_of(
        """
        record         | reason | product_id | brand    | n_records | wasted_g
        dispensing     | Broken | privigen   | Privigen | 2         | 7.5
        dispensing     | broken |            |          | 1         | 1
        dispensing     |        | privigen   | Privigen | 1         | 4
        dispensing_lot |        | privigen   | Privigen | 1         | 5
        infusion_lot   |        | privigen   | Privigen | 1         | 3
        """
    )


def test_without_a_record_nothing_was_noted(con: duckdb.DuckDBPyConnection) -> None:
    assert told(con, "waste_reason") == told(con, "expiry") == []


def bag(con: duckdb.DuckDBPyConnection, text: str) -> None:
    """Add bags of 1 June 2024 that count, of 10 g each."""
    facts: dict[str, str | None] = {
        "started_on": "2024-06-01",
        "dose_g": "10",
        "product_code": "P",
    }
    for row in (facts | drawn for drawn in rows_of(text)):
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        con.execute(f"INSERT INTO staged.infusion ({names}) VALUES ({marks})", list(row.values()))
        con.execute("INSERT INTO counted_infusion VALUES (?)", [row["infusion_key"]])


# 1 June 2024: 30 days later is 1 July, 90 days later 30 August
@pytest.mark.parametrize(
    "drawn",
    rows_of(
        """
        expires_on | step
        2024-05-31 | expired
        2024-06-01 | within_30   -- on its last day it is good
        2024-07-01 | within_30
        2024-07-02 | within_90
        2024-08-30 | within_90
        2024-08-31 | later
                   | unknown
        """
    ),
    ids=lambda drawn: str(drawn["step"]),
)
def test_a_bag_stands_in_the_step_of_its_last_day(
    con: duckdb.DuckDBPyConnection, drawn: dict[str, str | None]
) -> None:
    bag(con, "infusion_key | dispensing_key\n1 | 7")
    con.execute(
        "INSERT INTO staged.dispensing (dispensing_key, expires_on) VALUES (7, ?)",
        [drawn["expires_on"]],
    )
    assert told(con, "expiry") == [
        {"part": "given", "step": drawn["step"], "n_records": "1", "grams": "10"}
    ]


@pytest.mark.parametrize(
    ("what", "tables", "step"),
    [
        (
            "its own lot counts before that of the issue",
            {
                "staged.infusion_lot": "infusion_lot_key | infusion_key | expires_on\n"
                "1 | 1 | 2024-05-01",
                "staged.dispensing": "dispensing_key | expires_on\n7 | 2026-01-01",
            },
            "expired",
        ),
        (
            "of several lots the first to expire",
            {
                "staged.infusion_lot": "infusion_lot_key | infusion_key | expires_on\n"
                "1 | 1 | 2026-01-01\n2 | 1 | 2024-06-02"
            },
            "within_30",
        ),
        (
            "a lot without a date is not that of the issue",
            {
                "staged.infusion_lot": "infusion_lot_key | infusion_key | expires_on\n1 | 1 |",
                "staged.dispensing": "dispensing_key | expires_on\n7 | 2026-01-01",
            },
            "unknown",
        ),
        (
            "another lot was issued than the bag names",
            {"staged.dispensing": "dispensing_key | lot_number | expires_on\n7 | B2 | 2026-01-01"},
            "unknown",
        ),
        (
            "the lots of the issue, where it has no date of its own",
            {
                "staged.dispensing": "dispensing_key | lot_number\n7 | A1",
                "staged.dispensing_lot": "dispensing_lot_key | dispensing_key | expires_on\n"
                "1 | 7 | 2026-01-01",
            },
            "later",
        ),
    ],
)
def test_whose_expiry_date_a_bag_has(
    con: duckdb.DuckDBPyConnection, what: str, tables: dict[str, str], step: str
) -> None:
    bag(con, "infusion_key | dispensing_key | lot_number\n1 | 7 | A1")
    for name, text in tables.items():
        given(con, name, text)
    assert [row["step"] for row in told(con, "expiry")] == [step], what


def test_what_is_left_is_what_the_ledger_does_not_find(con: duckdb.DuckDBPyConnection) -> None:
    given(
        con,
        "staged.dispensing",
        """
        dispensing_key | dispensed_on | expires_on
        1              | 2024-12-01   | 2025-01-30   -- 30 days after the end
        2              | 2024-12-01   | 2025-03-31   -- 90 days
        3              | 2024-12-01   | 2024-12-30
        4              | 2024-12-01   |
        5              | 2025-01-01   | 2025-01-02   -- issued after the end
        6              | 2024-12-01   | 2025-01-02
        """,
    )
    given(
        con,
        "derived.ledger_break",
        """
        break          | record     | record_key | grams
        not_infused    | dispensing | 1          | 20
        outside_period | dispensing | 2          | 30
        not_infused    | dispensing | 3          | 40
        not_infused    | dispensing | 4          | 50
        not_infused    | dispensing | 5          | 60
        grams_differ   | dispensing | 6          | 5    -- used but for a rest
        not_infused    | infusion   | 6          | 5
        """,
    )
    assert told(con, "expiry") == rows_of(
        """
        part | step      | n_records | grams
        left | expired   | 1         | 40
        left | unknown   | 1         | 50
        left | within_30 | 1         | 20
        left | within_90 | 1         | 30
        """
    )


def test_issues_are_not_told_as_bags_given(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("UPDATE report.period SET basis = 'dispensed'")
    bag(con, "infusion_key\n1")
    assert told(con, "expiry") == []
