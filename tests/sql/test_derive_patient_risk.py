"""Which risk factors a patient's records show, and from when until when."""

from __future__ import annotations

import duckdb
from empty_store import derived, given, rows_of, shown

SIGNS = """
    risk_factor    | sign      | code_system | code_pattern     | within_days | is_passing | is_effect | status
    renal          | diagnosis | ICD10CM     | N18%             |             | false      | false     | seen
    renal          | diagnosis | ICD9CM      | 585%             |             | false      | false     | recalled
    sepsis         | diagnosis | ICD10CM     | A41%             | 14          | false      | false     | seen
    volume         | diagnosis | ICD10CM     | E86%             |             | true       | false     | seen
    nephrotoxic    | medicine  | ATC         | J01G%            | 3           | false      | false     | recalled
    insulin        | medicine  | NAME        | %INSULIN%        |             | false      | false     | seen
    iga_deficiency | patient   |             | is_iga_deficient |             | false      | false     | derived
    anti_iga       | patient   |             | has_anti_iga     |             | false      | false     | derived
    allergy        | event     |             | HYPERSENSITIVITY |             | false      | true      | derived
    allergy        | diagnosis | ICD10CM     | T8051%           |             | false      | true      | seen
"""  # noqa: E501 - a table reads better in one line per row


def risks(con: duckdb.DuckDBPyConnection) -> list[dict[str, str | None]]:
    given(con, "guideline.risk_factor", SIGNS)
    derived(con, "patient_risk", "patient_record")
    return shown(
        con,
        "SELECT patient_key, risk_factor, record_key, known_on, until_on, is_recalled"
        " FROM derived.patient_risk ORDER BY ALL",
    )


def test_a_diagnosis_shows_a_risk_that_may_be_written_down_a_month_late(
    con: duckdb.DuckDBPyConnection,
) -> None:
    given(
        con,
        "staged.diagnosis",
        """
        diagnosis_key | patient_key | code_system | code    | recorded_on
        1             | 1           | ICD10CM     | n18.3   | 2025-03-01   -- dots and case
        2             | 2           | ICD9CM      | 585.9   |              -- no day: always there
        3             | 3           | ICD10CM     | A41.9   | 2025-03-01   -- counts 14 days
        4             | 4           | ICD10CM     | E86.0   | 2025-03-01   -- ours: 14 days
        5             | 5           | ICD10CM     | M18.3   | 2025-03-01   -- another disease
        6             | 6           | SNOMED      | N18     | 2025-03-01   -- another code system
        7             | 7           | ICD10CM     | T80.51  | 2025-03-01   -- counts afterwards
        """,
    )
    assert risks(con) == rows_of("""
        patient_key | risk_factor | record_key | known_on   | until_on   | is_recalled
        1           | renal       | 1          | 2025-01-29 |            | false
        2           | renal       | 2          | 0001-01-01 |            | true
        3           | sepsis      | 3          | 2025-01-29 | 2025-03-15 | false
        4           | volume      | 4          | 2025-01-29 | 2025-03-15 | false
        7           | allergy     | 7          | 2025-03-02 |            | false
    """)


def test_a_medicine_shows_a_risk_while_it_is_taken(con: duckdb.DuckDBPyConnection) -> None:
    given(
        con,
        "staged.medication",
        """
        medication_key | patient_key | code_system | code            | started_on | ended_on
        1              | 1           | ATC         | J01GB03         | 2025-03-01 |
        2              | 2           | ATC         | J01GB03         | 2025-03-01 | 2025-03-09
        3              | 3           | NAME        | Insulin aspart  | 2025-03-01 |
        4              | 4           | NAME        | insulin glargin | 2025-03-01 | 2025-03-09
        """,
    )
    assert risks(con) == rows_of("""
        patient_key | risk_factor | record_key | known_on   | until_on   | is_recalled
        1           | nephrotoxic | 1          | 2025-03-01 | 2025-03-04 | true
        2           | nephrotoxic | 2          | 2025-03-01 | 2025-03-12 | true
        3           | insulin     | 3          | 2025-03-01 |            | false
        4           | insulin     | 4          | 2025-03-01 | 2025-03-09 | false
    """)


def test_flags_and_events_show_a_risk_and_a_no_does_not(con: duckdb.DuckDBPyConnection) -> None:
    given(
        con,
        "staged.patient",
        """
        patient_key | patient_id | is_iga_deficient | has_anti_iga
        1           | a          | true             | false
        2           | b          |                  | true
        3           | c          | false            |
        """,
    )
    given(
        con,
        "staged.clinical_event",
        """
        clinical_event_key | patient_key | event_code       | occurred_on
        1                  | 3           | Hypersensitivity | 2020-01-01
        2                  | 3           | surgery          | 2020-01-01
        """,
    )
    assert risks(con) == rows_of("""
        patient_key | risk_factor    | record_key | known_on   | until_on | is_recalled
        1           | iga_deficiency | 1          | 0001-01-01 |          | false
        2           | anti_iga       | 2          | 0001-01-01 |          | false
        3           | allergy        | 1          | 2020-01-02 |          | false
    """)


def test_where_a_risk_would_have_been_seen(con: duckdb.DuckDBPyConnection) -> None:
    given(
        con,
        "staged.diagnosis",
        """
        diagnosis_key | patient_key | code_system | code | recorded_on
        1             | 1           | ICD10CM     | A    | 2025-03-01
        2             | 1           | ICD10CM     | B    | 2025-05-01
        3             | 1           | SNOMED      | C    |
        """,
    )
    given(
        con,
        "staged.medication",
        """
        medication_key | patient_key | code_system | code | started_on | ended_on
        1              | 1           | ATC         | A    | 2025-03-01 | 2025-06-01
        2              | 1           | ATC         | B    | 2025-04-01 |
        """,
    )
    given(
        con,
        "staged.clinical_event",
        """
        clinical_event_key | patient_key | event_code | occurred_on
        1                  | 1           | surgery    | 2020-01-01
        """,
    )
    derived(con, "patient_risk", "patient_record")
    assert shown(con, "SELECT * FROM derived.patient_record ORDER BY ALL") == rows_of("""
        patient_key | record         | code_system | first_on   | last_on
        1           | clinical_event |             | 2020-01-01 | 2020-01-01
        1           | diagnosis      | ICD10CM     | 2025-03-01 | 2025-05-01
        1           | diagnosis      | SNOMED      | 0001-01-01 | 0001-01-01
        1           | medication     | ATC         | 2025-03-01 | 2025-06-01
    """)
