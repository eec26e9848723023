"""Bad laboratory results in a whole audit: what each is worth to the checks, and what it stops.

The same input one stage at a time: units and values in test_validate_results.py and
test_derive_lab_result.py; an event without an onset in edge case 21; a lot written four ways in
test_recall_lot.py.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from audited import audited
from empty_store import rows_of, shown

NAMES = ["missing", "mixed", "swapped", "unborn", "dead", "halfcode", "many"]
PATIENTS = "patient_id | birth_date | sex | deceased_on\n" + "\n".join(
    f"{name} | {'2024-03-01' if name == 'unborn' else '1980-01-01'} | F"
    f" | {'2024-03-20' if name == 'dead' else ''}"
    for name in NAMES
)
WEIGHTS = "patient_id | measured_at | weight_kg\n" + "\n".join(
    f"{name} | 2024-03-10 | {3 if name == 'unborn' else 50}" for name in NAMES
)
INFUSIONS = (
    "infusion_id | patient_id | started_at | ended_at | product_code | dose_g | route\n"
    + "\n".join(
        f"{name}-i | {name} | 2024-03-12 09:00 | 2024-03-12 13:00 | Privigen"
        f" | {6 if name == 'unborn' else 100} | IV"
        for name in NAMES
    )
)
RESULTS = """
    patient_id | test_code | collected_at     | value | unit
    missing    | 2160-0    | 2024-03-10 08:00 | 0.9   |
    missing    | 2160-0    | 2024-03-13 08:00 | 3.9   |
    mixed      | 2160-0    | 2024-03-10 08:00 | 0.9   | mg/dL
    mixed      | 2160-0    | 2024-03-12 08:00 | 80    | umol/L    -- 0.905 mg/dL
    mixed      | 2160-0    | 2024-03-13 08:00 | 0.9   | mg/dL
    swapped    | 2160-0    | 2024-03-10 08:00 | 0.9   | umol/L
    swapped    | 2160-0    | 2024-03-13 08:00 | 80    | mg/dL
    unborn     | 2160-0    | 2024-02-28 08:00 | 0.9   | mg/dL
    dead       | 2160-0    | 2024-03-11 08:00 | 0.9   | mg/dL
    dead       | 2160-0    | 2024-03-12 20:00 | 0.9   | mg/dL
    dead       | 2160-0    | 2024-03-21 08:00 | 9.9   | mg/dL
    halfcode   | 2160-     | 2024-03-10 08:00 | 0.9   | mg/dL
    halfcode   | 2160      | 2024-03-13 08:00 | 3.9   | mg/dL
"""
MANY = "\n".join(
    f"many | 2160-0 | 2024-03-11 {n // 3600:02}:{n // 60 % 60:02}:{n % 60:02} | 0.9 | mg/dL"
    for n in range(10_000)
)


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Return the database of a run in which every patient has results of one bad kind."""
    made = audited(
        tmp_path_factory.mktemp("bad_results"),
        {
            "patient": PATIENTS,
            "body_measurement": WEIGHTS,
            "infusion": INFUSIONS,
            "lab_result": "\n".join(line.split("--")[0] for line in RESULTS.splitlines())
            + f"\n{MANY}",
            "source_coverage": "record | from_on | to_on\nlab_result | 2023-01-01 | 2024-12-31",
        },
        as_of="2024-12-31",
        max_quarantine="1",
    )
    yield made
    made.close()


def test_only_what_cannot_be_true_is_in_quarantine(con: duckdb.DuckDBPyConnection) -> None:
    found = shown(
        con,
        "SELECT patient_id, column_name, check_name, COUNT(*) AS n"
        " FROM quarantine.lab_result GROUP BY ALL ORDER BY ALL",
    )
    assert found == rows_of("""
        patient_id | column_name  | check_name       | n
        swapped    | value        | impossible_value | 2
        unborn     | collected_at | before_birth     | 1
    """)


def test_a_test_was_done_whatever_its_unit_and_not_where_nobody_can_read_it(
    con: duckdb.DuckDBPyConnection,
) -> None:
    found = shown(
        con,
        """
        SELECT p.patient_id, v.status, v.reason
        FROM audit.verdict AS v
        INNER JOIN guideline.rule AS r USING (rule_key)
        INNER JOIN staged.patient AS p USING (patient_key)
        WHERE r.rule_id = 'DRO-ANY-MONITORING-01'
        ORDER BY ALL
        """,
    )
    assert found == rows_of("""
        patient_id | status         | reason
        dead       | met            |
        halfcode   | breached       |                     -- other results, none of this test
        many       | met            |
        missing    | met            |
        mixed      | met            |
        swapped    | not_assessable | outside_coverage
        unborn     | not_assessable | outside_coverage
    """)


def test_a_result_that_cannot_be_read_shows_no_injury_and_no_health(
    con: duckdb.DuckDBPyConnection,
) -> None:
    found = shown(
        con,
        """
        SELECT p.patient_id, s.status
        FROM audit.signal AS s
        INNER JOIN staged.patient AS p USING (patient_key)
        WHERE s.definition_id = 'kdigo_2012'
        ORDER BY ALL
        """,
    )
    assert found == rows_of("""
        patient_id | status         -- without a creatinine anybody can read there is no row
        dead       | not_met        -- the 9.9 is from the day after death
        missing    | not_evaluable
        mixed      | not_met
        swapped    | not_evaluable  -- two in quarantine
    """)


def test_half_typed_codes_are_named_and_counted(con: duckdb.DuckDBPyConnection) -> None:
    assert shown(con, "SELECT * FROM derived.unknown_test ORDER BY ALL") == rows_of(
        "test_code | n\n2160 | 1\n2160- | 1"
    )


def test_ten_thousand_results_of_a_day_are_ten_thousand_rows_and_one_answer(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert shown(
        con,
        "SELECT COUNT(*) AS n FROM staged.lab_result AS l"
        " INNER JOIN staged.patient AS p USING (patient_key) WHERE p.patient_id = 'many'",
    ) == [{"n": "10000"}]
    assert (
        shown(
            con,
            "SELECT rule_key, subject_kind, subject_key FROM audit.verdict"
            " WHERE rule_key IS NOT NULL GROUP BY ALL HAVING COUNT(*) > 1",
        )
        == []
    )
