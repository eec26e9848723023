"""Which fields are filled, by quarter: rows drawn by hand, and a recount in Polars."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

import duckdb
import polars as pl
import pytest
from drawn import examples
from empty_store import given as rows
from empty_store import rows_of, shown
from hypothesis import given, settings
from hypothesis import strategies as st
from staged_tables import STAGED

from pipeline import resources
from pipeline.render.fields import fallen, filled_fields
from pipeline.render.tables import Report
from pipeline.store import open_store
from pipeline.summarise.fields import collect_field_count
from schemas import Kind, contract


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    made = store()
    yield made
    made.close()


def store(from_on: str = "2023-01-01", to_on: str = "2024-12-31") -> duckdb.DuckDBPyConnection:
    """Return a store of empty records, and the period."""
    made = open_store()
    for name, columns in STAGED.items():
        made.execute(f"CREATE TABLE {name} ({columns})")
    made.execute("CREATE TABLE audit.record_supplied (record VARCHAR)")
    made.execute(
        "CREATE TABLE report.period AS SELECT CAST(? AS DATE) AS from_on, CAST(? AS DATE) AS to_on",
        [from_on, to_on],
    )
    return made


def supplied(con: duckdb.DuckDBPyConnection, *records: str) -> None:
    for record in records:
        con.execute("INSERT INTO audit.record_supplied VALUES (?)", [record])


def summed(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    collect_field_count(con)
    for name in ("field_filled", "field_state"):
        con.execute(f"CREATE TABLE report.{name} AS {resources.sql(f'summary/{name}.sql')}")
    return con


def fields(con: duckdb.DuckDBPyConnection, table: str) -> list[dict[str, object]]:
    found = con.sql(f"SELECT * FROM report.{table} ORDER BY record, place")
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def bags(con: duckdb.DuckDBPyConnection, month: str, n: int, n_dosed: int) -> None:
    """Add infusions of one month, the first of which have grams."""
    con.execute(
        """
        INSERT INTO staged.infusion (infusion_key, started_on, dose_g)
        SELECT i, CAST(? AS DATE), IF(i < ?, 10, NULL) FROM RANGE(?) AS t (i)
        """,
        [f"{month}-15", n_dosed, n],
    )


def test_a_field_is_counted_by_the_quarter_of_its_row(con: duckdb.DuckDBPyConnection) -> None:
    supplied(con, "infusion")
    rows(
        con,
        "staged.infusion",
        """
        infusion_key | started_on | started_at       | ended_on   | ended_at         | dose_g
        1            | 2024-01-01 | 2024-01-01 10:00 | 2024-01-01 | 2024-01-01 12:00 | 10
        2            | 2024-03-31 | 2024-03-31 10:00 | 2024-03-31 |                  |
        3            | 2024-04-01 |                  |            |                  | 0
        """,
    )
    found = shown(
        summed(con),
        """
        SELECT column_name, part, quarter_on, n_rows, n_filled, share_filled
        FROM report.field_filled
        WHERE column_name IN ('dose_g', 'started_at', 'ended_at')
        ORDER BY place, quarter_on
        """,
    )
    assert found == rows_of(
        """
        column_name | part  | quarter_on | n_rows | n_filled | share_filled
        started_at  | hour  | 2024-01-01 | 2      | 2        | 1
        started_at  | hour  | 2024-04-01 | 1      | 0        | 0
        dose_g      | value | 2024-01-01 | 2      | 1        | 0.5  -- 31 March is of the first
        dose_g      | value | 2024-04-01 | 1      | 1        | 1    -- none is a value, and filled
        ended_at    | value | 2024-01-01 | 2      | 2        | 1    -- a day is a value
        ended_at    | value | 2024-04-01 | 1      | 0        | 0
        ended_at    | hour  | 2024-01-01 | 2      | 1        | 0.5  -- of the two with a day
        ended_at    | hour  | 2024-04-01 | 0      | 0        |      -- none could have one: no share
        """
    )


def test_of_an_id_it_is_told_whether_its_record_was_found(con: duckdb.DuckDBPyConnection) -> None:
    supplied(con, "infusion")
    rows(
        con,
        "staged.infusion",
        """
        infusion_key | started_on | dispensing_id | dispensing_key
        1            | 2024-01-01 | d1            | 7
        2            | 2024-01-01 | d2            |
        3            | 2024-01-01 |               |
        """,
    )
    found = shown(
        summed(con),
        """
        SELECT part, n_rows, n_filled, state FROM report.field_state
        WHERE column_name = 'dispensing_id' ORDER BY place
        """,
    )
    assert found == rows_of(
        """
        part  | n_rows | n_filled | state
        value | 3      | 2        | partly
        link  | 2      | 1        | partly
        """
    )


def test_a_lot_has_the_day_of_its_bag(con: duckdb.DuckDBPyConnection) -> None:
    supplied(con, "infusion_lot")
    rows(con, "staged.infusion", "infusion_key | started_on\n1 | 2024-05-01")
    rows(
        con,
        "staged.infusion_lot",
        """
        infusion_lot_key | infusion_key | expires_on
        1                | 1            | 2025-01-01
        2                | 1            |
        """,
    )
    found = shown(
        summed(con),
        "SELECT quarter_on, n_rows, n_filled FROM report.field_filled"
        " WHERE column_name = 'expires_on'",
    )
    assert found == rows_of("quarter_on | n_rows | n_filled\n2024-04-01 | 2 | 1")


def test_rows_without_a_day_have_no_quarter_and_count(con: duckdb.DuckDBPyConnection) -> None:
    supplied(con, "patient", "diagnosis")
    rows(con, "staged.patient", "patient_key | sex\n1 | F\n2 |")
    rows(con, "staged.diagnosis", "diagnosis_key | recorded_on\n1 |\n2 | 2024-02-01")
    found = shown(
        summed(con),
        "SELECT column_name, quarter_on, n_rows, n_filled, is_shown FROM report.field_filled"
        " WHERE column_name IN ('sex', 'recorded_on') ORDER BY ALL NULLS FIRST",
    )
    assert found == rows_of(
        """
        column_name | quarter_on | n_rows | n_filled | is_shown
        recorded_on |            | 1      | 0        | false
        recorded_on | 2024-01-01 | 1      | 1        | true
        sex         |            | 2      | 1        | false
        """
    )


def test_a_column_never_filled_says_so_and_a_kind_without_rows_has_no_share(
    con: duckdb.DuckDBPyConnection,
) -> None:
    supplied(con, "infusion", "medication", "vaccination")
    bags(con, "2024-02", 3, 3)
    states = {row["column_name"]: row["state"] for row in fields(summed(con), "field_state")}
    assert (states["dose_g"], states["route"]) == ("always", "never")
    assert states["dispensing_id"] in {"never", "none"}
    assert {row["record"] for row in fields(con, "field_state")} == {"infusion"}
    report = told(con, {"infusion": 3, "medication": 0, "vaccination": 0})
    kinds = {row["record"]: row for row in filled_fields(report)["kinds"]}
    assert list(kinds) == ["infusion", "medication", "vaccination"]
    assert (kinds["medication"]["n_rows"], kinds["medication"]["always"]) == (0, [])


def test_what_was_not_supplied_is_not_told(con: duckdb.DuckDBPyConnection) -> None:
    bags(con, "2024-02", 3, 3)
    assert fields(summed(con), "field_filled") == []
    assert filled_fields(told(con, {"infusion": 3}))["kinds"] == []


def test_only_the_last_eight_quarters_of_the_period_are_shown() -> None:
    con = store("2022-05-20", "2024-08-10")
    supplied(con, "infusion")
    for month in ("2022-06", "2022-09", "2022-10", "2024-07", "2024-09", "2024-10"):
        bags(con, month, 1, 1)
    found = shown(
        summed(con),
        "SELECT quarter_on, n_rows, is_shown FROM report.field_filled"
        " WHERE column_name = 'dose_g' ORDER BY quarter_on",
    )
    assert found == rows_of(
        """
        quarter_on | n_rows | is_shown
        2022-04-01 | 1      | false
        2022-07-01 | 1      | false
        2022-10-01 | 1      | true
        2024-07-01 | 2      | true    -- September lies after the end, and in the quarter
        2024-10-01 | 1      | false
        """
    )
    con.close()


def test_a_period_that_nothing_bounds_shows_no_quarter(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("UPDATE report.period SET from_on = NULL")
    supplied(con, "infusion")
    bags(con, "2024-02", 40, 20)
    assert {row["is_shown"] for row in fields(summed(con), "field_filled")} == {False}
    assert filled_fields(told(con, {"infusion": 40}))["quarters"] == []
    assert "No field" in fallen(fields(con, "field_state"))


# 30 rows in each quarter at least, ten points at least, and more than chance
@pytest.mark.parametrize(
    "drawn",
    rows_of(
        """
        before   | after    | share_fallen
        1000/1000 | 900/1000 | 0.1      -- ten points
        1000/1000 | 901/1000 |          -- one row less
        30/30    | 15/30    | 0.5
        30/30    | 14/29    |           -- a quarter of 29 says nothing
        29/29    | 0/30     |
        300/400  | 240/400  | 0.15
        20/40    | 8/40     |           -- 30 points, and 2.8 standard errors
        20/40    | 6/40     | 0.35      -- 35 points, 3.4 of them
        0/100    | 90/100   |           -- it rose
        100/100  | 100/100  |
        """
    ),
    ids=lambda drawn: f"{drawn['before']}-{drawn['after']}",
)
def test_a_fall_is_told_from_its_limits_on(
    con: duckdb.DuckDBPyConnection, drawn: dict[str, str | None]
) -> None:
    supplied(con, "infusion")
    for month, said in (("2024-02", drawn["before"]), ("2024-08", drawn["after"])):
        n_dosed, n = map(int, str(said).split("/"))
        bags(con, month, n, n_dosed)
    (row,) = shown(
        summed(con), "SELECT share_fallen FROM report.field_state WHERE column_name = 'dose_g'"
    )
    assert row["share_fallen"] == drawn["share_fallen"]


def test_a_feed_that_broke_in_june_is_named_with_its_quarters(
    con: duckdb.DuckDBPyConnection,
) -> None:
    supplied(con, "infusion")
    for number in range(1, 13):
        bags(con, f"2024-{number:02}", 40, 40 if number < 6 else 0)
    said = str(fallen(fields(summed(con), "field_state")))
    assert "<code>dose_g</code> of <code>infusion</code>, from 100.0% of 120 rows in" in said
    assert "in Q1 2024 to 0.0% of 120 in Q3 2024" in said


def test_the_sentence_names_the_five_that_fell_most_and_counts_the_others() -> None:
    found: list[dict[str, object]] = [
        {
            "record": "infusion", "place": n, "column_name": f"c{n}", "part": "value",
            "share_fallen": Decimal(n) / 10, "before_on": date(2024, 1, 1), "n_rows_before": 50,
            "share_before": Decimal(1), "after_on": date(2024, 4, 1), "n_rows_after": 50,
            "share_after": 1 - Decimal(n) / 10,
        }
        for n in range(1, 8)
    ]  # fmt: skip
    said = str(fallen(found))
    assert [said.index(f"c{n}<") for n in (7, 6, 5, 4, 3)] == sorted(
        said.index(f"c{n}<") for n in (7, 6, 5, 4, 3)
    )
    assert "c2<" not in said
    assert said.endswith("; and 2 more in the table.")


def told(con: duckdb.DuckDBPyConnection, n_rows: dict[str, int]) -> Report:
    """Return what the page reads of the fields."""
    known = {name for (name,) in con.sql("SELECT record FROM audit.record_supplied").fetchall()}
    return {
        "field_filled": fields(con, "field_filled"),
        "field_state": fields(con, "field_state"),
        "record_ledger": [{"record": name, "staged_rows": n} for name, n in n_rows.items()],
        "record_supplied": [{"record": name, "is_supplied": name in known} for name in n_rows],
    }


def recount(frame: pl.DataFrame, record: str, day: str) -> set[tuple[object, ...]]:
    """Count again, of a frame: field, part, quarter, rows that could hold it, rows that do."""
    one = contract(record)
    found: set[tuple[object, ...]] = set()
    by_quarter = frame.with_columns(pl.col(day).dt.truncate("1q").alias("quarter"))
    for (quarter,), part in by_quarter.group_by("quarter"):
        for column in one.columns:
            has_day = part[column.day or column.name].is_not_null() if column.name in part else None
            if has_day is None:
                continue
            n = int(has_day.sum())
            if not column.required:
                found.add((column.name, "value", quarter, part.height, n))
            if column.kind == Kind.TIME:
                n_hours = int(part[column.name].is_not_null().sum())
                found.add((column.name, "hour", quarter, n, n_hours))
            if target := dict(one.links).get(column.name):
                n_keys = int(part[f"{target}_key"].is_not_null().sum())
                found.add((column.name, "link", quarter, n, n_keys))
    return found


DAYS = st.dates(date(2023, 1, 1), date(2024, 12, 31))
BAG = st.fixed_dictionaries(
    {
        "started_on": DAYS,
        "started_at": st.none() | st.datetimes(datetime(2023, 1, 1), datetime(2024, 12, 31)),  # noqa: DTZ001
        "dose_g": st.none() | st.just(Decimal(10)),
        "ended_on": st.none() | DAYS,
        "lot_number": st.none() | st.just("L1"),
        "reaction_observed": st.none() | st.booleans(),
        "dispensing_id": st.none() | st.just("d1"),
        "dispensing_key": st.none() | st.just(1),
    }
)


@settings(max_examples=examples(15), deadline=None)
@given(st.lists(BAG, min_size=1, max_size=12))
def test_a_recount_in_polars_agrees(drawn: list[dict[str, object]]) -> None:
    con = store()
    supplied(con, "infusion")
    for key, row in enumerate(drawn):
        if row["dispensing_id"] is None:
            row["dispensing_key"] = None
        names = ", ".join(row)
        con.execute(
            f"INSERT INTO staged.infusion (infusion_key, {names})"
            f" VALUES ({key}, {', '.join('?' * len(row))})",
            list(row.values()),
        )
    frame = con.sql("SELECT * FROM staged.infusion").pl()
    found = summed(con).sql(
        "SELECT column_name, part, quarter_on, n_rows, n_filled FROM report.field_filled"
    )
    assert set(found.fetchall()) == recount(frame, "infusion", "started_on")
    con.close()
