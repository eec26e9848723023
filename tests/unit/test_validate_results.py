"""A result that cannot be true goes to quarantine; one that is merely unreadable does not."""

from __future__ import annotations

import pytest
from mapped import problems, rows, validated

from pipeline.errors import QuarantineLimitError

HEADER = "patient_id | test_code | collected_at | value | unit | comparator\n"


def quarantined(*lines: str) -> list[tuple[int, str, str]]:
    """Return row, column and check of what is quarantined of results of patient p1."""
    body = "\n".join(f"p1 | {line}" for line in lines)
    con = validated(lab_result=HEADER + body)
    assert rows(
        con,
        "SELECT mapped_rows, staged_rows + quarantined_rows + set_aside_rows"
        " FROM audit.record_ledger WHERE record = 'lab_result'",
    ) == [(len(lines), len(lines))]
    return [(row, column, check) for row, column, check, _ in problems(con, "lab_result")]


def test_a_creatinine_of_nothing_is_no_result() -> None:
    assert quarantined(
        "2160-0 | 2024-01-01 | 0.0    | mg/dL |",
        "2160-0 | 2024-01-01 | 0.05   | mg/dL |",
        "2160-0 | 2024-01-01 | 0.0499 | mg/dL |",
        "2160-0 | 2024-01-01 | 40     | mg/dL |",
        "2160-0 | 2024-01-01 | 40.01  | mg/dL |",
        "2160-0 | 2024-01-01 | 3536   | umol/L |",
        "2160-0 | 2024-01-01 | 3536.1 | umol/L |",
    ) == [
        (1, "value", "impossible_value"),
        (3, "value", "impossible_value"),
        (5, "value", "impossible_value"),
        (7, "value", "impossible_value"),
    ]


def test_units_that_were_swapped_betray_themselves() -> None:
    assert quarantined(
        "718-7 | 2024-01-01 | 140  | g/dL |",
        "718-7 | 2024-01-01 | 14.0 | g/L  |",
        "718-7 | 2024-01-02 | 140  | g/L  |",
        "718-7 | 2024-01-02 | 14.0 | g/dL |",
    ) == [(1, "value", "impossible_value"), (2, "value", "impossible_value")]


def test_a_unit_nobody_knows_and_one_of_another_test_are_told_apart() -> None:
    assert quarantined(
        "718-7   | 2024-01-01 | 14  | furlong |",
        "718-7   | 2024-01-01 | 14  | mm[Hg]  |",
        "14196-0 | 2024-01-01 | 1.2 | %       |",
        "9999-9  | 2024-01-01 | 14  | furlong |",
        "718-    | 2024-01-01 | 14  | furlong |",
        "1007-4  | 2024-01-01 | 1   | furlong |",
    ) == [
        (1, "unit", "unknown_unit"),
        (2, "unit", "impossible_unit"),
        (3, "unit", "impossible_unit"),
    ]


def test_a_missing_or_ambiguous_unit_is_no_fault() -> None:
    assert (
        quarantined(
            "718-7  | 2024-01-01 | 14  |        |",
            "718-7  | 2024-01-01 | 140 |        |",
            "718-7  | 2024-01-01 | 8.7 | mmol/L |",
            "2160-0 | 2024-01-01 | 0   |        |",
        )
        == []
    )


def test_below_a_limit_of_measurement_anything_may_lie() -> None:
    assert quarantined(
        "2160-0 | 2024-01-01 | 0.01 | mg/dL | <",
        "2160-0 | 2024-01-01 | 0    | mg/dL | <",
        "2160-0 | 2024-01-01 | 0.01 | mg/dL | >",
        "2160-0 | 2024-01-01 | 41   | mg/dL | <",
        "2160-0 | 2024-01-01 | <0.2 | mg/dL |",
    ) == [
        (2, "value", "impossible_value"),
        (3, "value", "impossible_value"),
        (4, "value", "impossible_value"),
    ]


def test_a_cell_that_cannot_be_read_is_named_once() -> None:
    assert quarantined("2160-0 | 2024-01-01 | 1,5 | furlong |") == [(1, "value", "not_a_number")]


def test_the_largest_number_is_only_impossible() -> None:
    assert quarantined(
        "2160-0 | 2024-01-01 | 999999999999.999999 | mg/dL |",
        "10839-9 | 2024-01-01 | 999999999999.999999 | ng/mL |",
    ) == [(1, "value", "impossible_value"), (2, "value", "impossible_value")]


def test_nobody_has_blood_taken_before_birth() -> None:
    con = validated(
        patient="patient_id | birth_date\np1 | 2020-02-02",
        lab_result="""
            patient_id | test_code | collected_at | value | unit
            p1         | 718-7     | 2020-02-01   | 14    | g/dL
            p1         | 718-7     | 2020-02-02   | 14    | g/dL
        """,
    )
    assert problems(con, "lab_result") == [(1, "collected_at", "before_birth", "2020-02-01")]


def test_ten_thousand_results_of_a_day_are_so_many_rows() -> None:
    lines = [f"p1 | 718-7 | 2024-01-01 | {9 + n / 10000:.4f} | g/dL |" for n in range(10_000)]
    con = validated(lab_result=HEADER + "\n".join(lines))
    assert rows(con, "SELECT COUNT(*) FROM staged.lab_result") == [(10_000,)]


def test_too_many_impossible_results_end_the_run() -> None:
    with pytest.raises(QuarantineLimitError, match=r"lab_result: 1 of 1 rows .*impossible_value"):
        validated(
            {"run": {"max_quarantine": "0.05"}},
            lab_result=HEADER + "p1 | 2160-0 | 2024-01-01 | 0.0 | mg/dL |",
        )
