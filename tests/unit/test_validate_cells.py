"""What a cell's text means, and which texts are no value at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl
import pytest
from mapped import problems, rows, validated

from pipeline.errors import ConfigError


def staged_weights(texts: list[str | None], settings: dict[str, Any] | None = None) -> list[Any]:
    """Return for each text the weight it is staged as, or the check that failed."""
    frame = pl.DataFrame(
        {"measured_at": [f"2024-01-01 10:{n:02}" for n in range(len(texts))], "weight_kg": texts},
        schema_overrides={"weight_kg": pl.String},
    ).with_columns(patient_id=pl.lit("p1"))
    con = validated(settings, body_measurement=frame)
    return meanings(con, "body_measurement", "weight_kg")


def staged_times(texts: list[str], settings: dict[str, Any] | None = None) -> list[Any]:
    """Return for each text the instant and day it is staged as, or the check that failed."""
    codes = [str(n) for n in range(len(texts))]
    frame = pl.DataFrame({"event_code": codes, "occurred_at": texts})
    con = validated(settings, clinical_event=frame.with_columns(patient_id=pl.lit("p1")))
    return meanings(con, "clinical_event", "(occurred_at, occurred_on)")


def meanings(con: duckdb.DuckDBPyConnection, record: str, value: str) -> list[Any]:
    """Return the staged value or the failed check of every row, in order."""
    found = {row: check for row, _, check, _ in problems(con, record)}
    found |= dict(rows(con, f"SELECT source_row, {value} FROM staged.{record}"))
    return [found[row] for row in sorted(found)]


def paired(
    expected: Sequence[tuple[Any, Any]], read: Callable[[list[Any]], list[Any]]
) -> list[tuple[Any, Any]]:
    """Return each expected text with what it was read as."""
    texts = [text for text, _ in expected]
    return list(zip(texts, read(texts), strict=True))


def at(*parts: int) -> datetime:
    """Return a UTC instant as DuckDB gives it."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 - DuckDB's TIMESTAMP


AMOUNTS: list[tuple[str | None, Any]] = [
    ("70.5", Decimal("70.500")),
    (" 70.5 ", Decimal("70.500")),
    ("70", Decimal("70.000")),
    (".5", Decimal("0.500")),
    ("+70", Decimal("70.000")),
    ("070.50000", Decimal("70.500")),
    ("0.001", Decimal("0.001")),
    ("500", Decimal("500.000")),
    (None, None),
    ("", None),
    ("  \t", None),
    ("0", "greater_than(0)"),
    ("-1", "greater_than(0)"),
    ("500.001", "less_than_or_equal_to(500)"),
    ("70.1234", "too_many_decimals"),
    ("1,5", "not_a_number"),
    ("25,000", "not_a_number"),
    ("1.500,5", "not_a_number"),
    ("1e2", "not_a_number"),
    ("NaN", "not_a_number"),
    ("infinity", "not_a_number"),
    ("seventy", "not_a_number"),
    ("70 kg", "not_a_number"),
    ("1234567", "number_too_large"),
]


def test_amounts() -> None:
    assert paired(AMOUNTS, staged_weights) == AMOUNTS


COMMA_AMOUNTS: list[tuple[str | None, Any]] = [
    ("1,5", Decimal("1.500")),
    ("1.5", "not_a_number"),
    ("1.500", "not_a_number"),
    ("70", Decimal("70.000")),
    ("1,2345", "too_many_decimals"),
]


def test_amounts_with_a_decimal_comma() -> None:
    comma = {"csv": {"decimal": ","}}
    assert paired(COMMA_AMOUNTS, lambda texts: staged_weights(texts, comma)) == COMMA_AMOUNTS


TIMES: list[tuple[str, Any]] = [
    ("2024-02-29", (None, date(2024, 2, 29))),
    ("2024-02-29T13:05", (at(2024, 2, 29, 13, 5), date(2024, 2, 29))),
    ("2024-02-29 13:05:59", (at(2024, 2, 29, 13, 5, 59), date(2024, 2, 29))),
    ("2024-02-29 13:05:59.250000000", (at(2024, 2, 29, 13, 5, 59, 250000), date(2024, 2, 29))),
    (" 2024-02-29 ", (None, date(2024, 2, 29))),
    ("2024-02-29T13:05Z", (at(2024, 2, 29, 13, 5), date(2024, 2, 29))),
    ("2024-02-29T23:05-02:00", (at(2024, 3, 1, 1, 5), date(2024, 3, 1))),
    ("2024-02-29T00:05+0200", (at(2024, 2, 28, 22, 5), date(2024, 2, 28))),
    ("1800-01-01", (None, date(1800, 1, 1))),
    ("2299-12-31T23:59", (at(2299, 12, 31, 23, 59), date(2299, 12, 31))),
    ("2144-09-20 00:00:00", (at(2144, 9, 20), date(2144, 9, 20))),
    ("1799-12-31", "not_a_time"),
    ("2300-01-01", "not_a_time"),
    ("2023-02-29", "not_a_time"),
    ("2023-02-29 10:00", "not_a_time"),
    ("0202-01-01", "not_a_time"),
    ("20224-01-01", "not_a_time"),
    ("infinity", "not_a_time"),
    ("epoch", "not_a_time"),
    ("today", "not_a_time"),
    ("2024-01-01 24:00", "not_a_time"),
    ("2024-01-01 23:60", "not_a_time"),
    ("2024-01-01 10:00+25:00", "not_a_time"),
    ("2024-1-1", "not_a_time"),
    ("01.02.2024", "not_a_time"),
    ("2024-01-01 10:00 Europe/Paris", "not_a_time"),
    ("20240101", "not_a_time"),
]


def test_times_in_utc() -> None:
    assert paired(TIMES, staged_times) == TIMES


PARIS = {"source": {"time_zone": "Europe/Paris"}}


LOCAL_TIMES: list[tuple[str, Any]] = [
    ("2024-01-15 00:30", (at(2024, 1, 14, 23, 30), date(2024, 1, 15))),
    ("2024-07-15 00:30", (at(2024, 7, 14, 22, 30), date(2024, 7, 15))),
    ("2024-03-31 01:59", (at(2024, 3, 31, 0, 59), date(2024, 3, 31))),
    ("2024-03-31 02:00", "no_such_time"),
    ("2024-03-31 02:30", "no_such_time"),
    ("2024-03-31 03:00", (at(2024, 3, 31, 1, 0), date(2024, 3, 31))),
    ("2024-10-27 01:59", (at(2024, 10, 26, 23, 59), date(2024, 10, 27))),
    ("2024-10-27 02:30", (at(2024, 10, 27, 0, 30), date(2024, 10, 27))),
    ("2024-10-27 03:00", (at(2024, 10, 27, 2, 0), date(2024, 10, 27))),
    ("2144-07-15 12:00", (at(2144, 7, 15, 10, 0), date(2144, 7, 15))),
    ("2024-10-27T02:30+01:00", (at(2024, 10, 27, 1, 30), date(2024, 10, 27))),
    ("2024-07-14T22:30Z", (at(2024, 7, 14, 22, 30), date(2024, 7, 15))),
    ("2024-03-31", (None, date(2024, 3, 31))),
]


def test_local_times() -> None:
    assert paired(LOCAL_TIMES, lambda texts: staged_times(texts, PARIS)) == LOCAL_TIMES


def test_a_time_the_clocks_showed_twice_is_flagged() -> None:
    con = validated(
        PARIS,
        clinical_event="""
            patient_id | event_code | occurred_at
            p1         | twice      | 2024-10-27 02:00
            p1         | twice      | 2024-10-27 02:59
            p1         | once       | 2024-10-27 01:59
            p1         | once       | 2024-10-27 03:00
            p1         | once       | 2024-10-27T02:30+02:00
            p1         | once       | 2024-10-27
        """,
    )
    assert rows(
        con,
        "SELECT event_code, is_time_ambiguous, COUNT(*) FROM staged.clinical_event"
        " GROUP BY ALL ORDER BY ALL",
    ) == [("once", False, 4), ("twice", True, 2)]


FORMATTED: dict[str, list[tuple[str, Any]]] = {
    "%d.%m.%Y": [
        ("29.02.2024", (None, date(2024, 2, 29))),
        ("1.2.2024", (None, date(2024, 2, 1))),
        ("01.02.2024 10:30", (at(2024, 2, 1, 10, 30), date(2024, 2, 1))),
        ("2024-02-01 10:30", (at(2024, 2, 1, 10, 30), date(2024, 2, 1))),
        ("29.02.2023", "not_a_time"),
        ("01.02.20224", "not_a_time"),
        ("02/01/2024", "not_a_time"),
    ],
    "%m/%d/%Y": [("02/01/2024", (None, date(2024, 2, 1))), ("13/01/2024", "not_a_time")],
    "%d/%m/%Y %H:%M": [("01/02/2024 10:30", (at(2024, 2, 1, 10, 30), date(2024, 2, 1)))],
    "%d-%b-%Y": [("01-Feb-2024", (None, date(2024, 2, 1)))],
}


@pytest.mark.parametrize("date_format", FORMATTED)
def test_the_date_format_is_the_sources(date_format: str) -> None:
    told = {"source": {"date_format": date_format}}
    expected = FORMATTED[date_format]
    assert paired(expected, lambda texts: staged_times(texts, told)) == expected


@pytest.mark.parametrize("date_format", ["%d.%m.%y", "%x", "%d'%m'%Y", "%m.%Y"])
def test_a_date_format_that_cannot_be_checked_is_refused(date_format: str) -> None:
    with pytest.raises(ConfigError, match=r"^source\.date_format: "):
        validated({"source": {"date_format": date_format}})


def test_a_date_takes_no_hours() -> None:
    con = validated(
        vaccination="""
            patient_id | vaccine_code | given_on
            p1         | 03           | 2024-01-02
            p1         | 04           | 2024-01-02 00:00:00
            p1         | 05           | 2024-01-02 10:00
            p1         | 06           | yesterday
        """
    )
    assert meanings(con, "vaccination", "given_on") == [
        date(2024, 1, 2),
        date(2024, 1, 2),
        "not_a_date",
        "not_a_date",
    ]


def test_words_of_a_code_list_and_booleans_take_any_case() -> None:
    con = validated(
        infusion="""
            infusion_id | patient_id | started_at | product_code | status    | reaction_observed
            i1          | p1         | 2024-01-01 | Privigen     | Completed | TRUE
            i2          | p1         | 2024-01-01 | Privigen     | STOPPED   | n
            i3          | p1         | 2024-01-01 | Privigen     | aborted   | 1
            i4          | p1         | 2024-01-01 | Privigen     |           | maybe
        """
    )
    assert rows(
        con, "SELECT infusion_id, status, reaction_observed FROM staged.infusion ORDER BY 1"
    ) == [("i1", "completed", True), ("i2", "stopped", False)]
    assert problems(con, "infusion") == [
        (3, "status", "not_allowed", "aborted"),
        (4, "reaction_observed", "not_true_or_false", "maybe"),
    ]


def test_whole_numbers_may_carry_zeros_behind_the_mark() -> None:
    con = validated(
        authorisation="""
            authorisation_id | patient_id | decision | n_courses
            a1               | p1         | approved | 3.0
            a2               | p1         | approved | 3.5
            a3               | p1         | approved | 0
        """
    )
    assert rows(con, "SELECT n_courses FROM staged.authorisation") == [(3,)]
    assert problems(con, "authorisation") == [
        (2, "n_courses", "not_a_whole_number", "3.5"),
        (3, "n_courses", "greater_than_or_equal_to(1)", "0"),
    ]


def test_a_result_in_words_is_kept_as_words_and_a_limit_is_read() -> None:
    con = validated(
        lab_result="""
            patient_id | test_code | collected_at | value        | value_text | comparator
            p1         | a         | 2024-01-01   | 12.5         |            | <
            p1         | b         | 2024-01-01   | LESS THAN 20 |            |
            p1         | c         | 2024-01-01   | <5           |            |
            p1         | d         | 2024-01-01   | > 100        | high       |
            p1         | e         | 2024-01-01   | >=3          |            |
            p1         | f         | 2024-01-01   | positive     |            |
            p1         | g         | 2024-01-01   |              | <= 7.5     |
            p1         | h         | 2024-01-01   | 1:40         |            |
            p1         | i         | 2024-01-01   | below limit  |            |
        """
    )
    assert rows(
        con,
        "SELECT test_code, value, value_text, comparator FROM staged.lab_result ORDER BY ALL",
    ) == [
        ("a", Decimal("12.500000"), None, "<"),
        ("b", Decimal("20.000000"), "LESS THAN 20", "<"),
        ("c", Decimal("5.000000"), "<5", "<"),
        ("d", Decimal("100.000000"), "high; > 100", ">"),
        ("e", Decimal("3.000000"), ">=3", ">="),
        ("f", None, "positive", None),
        ("g", Decimal("7.500000"), "<= 7.5", "<="),
        ("h", None, "1:40", None),
        ("i", None, "below limit", None),
    ]
    assert problems(con, "lab_result") == []


def test_a_result_that_looks_like_a_broken_number_is_not_passed_off_as_words() -> None:
    con = validated(
        lab_result="""
            patient_id | test_code | collected_at | value
            p1         | a         | 2024-01-01   | 25,000
            p1         | b         | 2024-01-01   | 0.1234567
            p1         | c         | 2024-01-01   | 0.123456
        """
    )
    assert rows(con, "SELECT test_code, value FROM staged.lab_result") == [
        ("c", Decimal("0.123456"))
    ]
    assert problems(con, "lab_result") == [
        (1, "value", "not_a_number", "25,000"),
        (2, "value", "too_many_decimals", "0.1234567"),
    ]
