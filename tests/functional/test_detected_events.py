"""Harm that nobody reported, from CSV to the lists of the database: worked cases by name."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from audited import audited
from empty_store import rows_of, shown

RECORDS = {
    "patient": """
        patient_id | birth_date | sex | blood_group | deceased_on
        AB33       | 1991-01-01 | F   | AB          |
        AAAAI16    | 1970-01-01 | M   | A           |
        HF20       | 1960-01-01 | F   | AB          |
        CALM       | 1960-01-01 | F   | O           |
        TOLD       | 1960-01-01 | F   | A           | 2024-03-08
    """,
    "body_measurement": """
        patient_id | measured_at | weight_kg
        AB33       | 2024-03-03  | 60
    """,
    # 2 g/kg of 60 kg over five days, from two lots
    "infusion": """
        infusion_id | patient_id | started_at          | ended_at            | product_code | dose_g | route | lot_number
        ab1         | AB33       | 2024-03-04 09:00:00 | 2024-03-04 13:00:00 | Privigen     | 24     | IV    | LOT-ONE
        ab2         | AB33       | 2024-03-05 09:00:00 | 2024-03-05 13:00:00 | Privigen     | 24     | IV    | LOT-ONE
        ab3         | AB33       | 2024-03-06 09:00:00 | 2024-03-06 13:00:00 | Privigen     | 24     | IV    | LOT-TWO
        ab4         | AB33       | 2024-03-07 09:00:00 | 2024-03-07 13:00:00 | Privigen     | 24     | IV    | LOT-TWO
        ab5         | AB33       | 2024-03-08 09:00:00 | 2024-03-08 13:00:00 | Privigen     | 24     | IV    | LOT-TWO
        aa1         | AAAAI16    | 2024-03-04 09:00:00 | 2024-03-04 13:00:00 | Privigen     | 60     | IV    |
        hf1         | HF20       | 2024-03-04 09:00:00 | 2024-03-04 13:00:00 | Privigen     | 60     | IV    |
        ca1         | CALM       | 2024-03-04 09:00:00 | 2024-03-04 13:00:00 | Privigen     | 60     | IV    |
        to1         | TOLD       | 2024-03-04 09:00:00 | 2024-03-04 13:00:00 | Privigen     | 60     | IV    |
    """,  # noqa: E501 - a table reads better in one line per row
    # of the woman: hours after the first infusion, which began at 9 on 4 March
    "lab_result": """
        patient_id | test_code | collected_at        | value | comparator | unit  | value_text
        AB33       | 718-7     | 2024-03-04 08:00:00 | 128   |            | g/L   |
        AB33       | 718-7     | 2024-03-06 02:00:00 | 119   |            | g/L   |
        AB33       | 1007-4    | 2024-03-06 02:00:00 |       |            |       | POSITIVE
        AB33       | 718-7     | 2024-03-13 02:00:00 | 9.6   |            | g/dL  |
        AB33       | 17849-1   | 2024-03-13 02:00:00 | 6.2   |            | %     |
        AB33       | 2532-0    | 2024-03-13 02:00:00 | 610   |            | U/L   |
        AB33       | 1975-2    | 2024-03-13 02:00:00 | 3.1   |            | mg/dL |
        AB33       | 4542-7    | 2024-03-13 02:00:00 | 0.1   | <          | g/L   |
        AB33       | 1007-4    | 2024-03-13 02:00:00 |       |            |       | NEGATIVE
        AAAAI16    | 718-7     | 2024-03-04 08:00:00 | 14.3  |            | g/dL  |
        AAAAI16    | 718-7     | 2024-03-07 09:00:00 | 11.4  |            | g/dL  |
        AAAAI16    | 1007-4    | 2024-03-07 09:00:00 |       |            |       | POSITIVE
        AAAAI16    | 2532-0    | 2024-03-07 09:00:00 | 574   |            | U/L   |
        AAAAI16    | 1975-2    | 2024-03-07 09:00:00 | 2.9   |            | mg/dL |
        AAAAI16    | 4542-7    | 2024-03-07 09:00:00 | 10    | <          | mg/dL |
        AAAAI16    | 17849-1   | 2024-03-07 09:00:00 | 3.3   |            | %     |
        AAAAI16    | 718-7     | 2024-03-14 09:00:00 | 7.9   |            | g/dL  |
        HF20       | 718-7     | 2024-03-04 08:00:00 | 9.1   |            | g/dL  |
        HF20       | 718-7     | 2024-03-06 09:00:00 | 7.0   |            | g/dL  |
        HF20       | 718-7     | 2024-03-09 09:00:00 | 5.7   |            | g/dL  |
        HF20       | 1007-4    | 2024-03-06 09:00:00 |       |            |       | POSITIVE
        HF20       | 2532-0    | 2024-03-06 09:00:00 | 321   |            | U/L   |
        HF20       | 4542-7    | 2024-03-06 09:00:00 | 30    | <          | mg/dL |
        HF20       | 17849-1   | 2024-03-06 09:00:00 | 6.1   |            | %     |
        CALM       | 718-7     | 2024-03-04 08:00:00 | 12.8  |            | g/dL  |
        CALM       | 718-7     | 2024-03-07 09:00:00 | 12.6  |            | g/dL  |
        TOLD       | 2160-0    | 2024-03-03 08:00:00 | 1.0   |            | mg/dL |
        TOLD       | 2160-0    | 2024-03-06 08:00:00 | 2.1   |            | mg/dL |
        TOLD       | 2160-0    | 2024-03-10 08:00:00 | 6.3   |            | mg/dL |
    """,
    "clinical_event": """
        patient_id | event_code  | occurred_at
        AB33       | transfusion | 2024-03-13 12:00:00
        HF20       | transfusion | 2024-03-09 20:00:00
    """,
    "adverse_event": """
        event_id | patient_id | term        | onset_at            | reported_at
        e1       | CALM       | haemolysis  | 2024-03-06 10:00:00 | 2024-03-07 10:00:00
        e2       | TOLD       | acute kidney injury | 2024-03-06 10:00:00 | 2024-03-07 10:00:00
        e3       | CALM       | anaphylaxis | 2024-03-04 10:00:00 | 2024-03-07 10:00:00
    """,
}  # fmt: skip


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    made = audited(tmp_path_factory.mktemp("detected"), RECORDS, as_of="2024-12-31")
    yield made
    made.close()


def answers(con: duckdb.DuckDBPyConnection, patient: str) -> dict[str | None, str | None]:
    """Return what each definition of haemolysis says of one patient."""
    found = shown(
        con,
        f"""
        SELECT s.definition_id, CONCAT_WS(' ', s.status, s.stage, s.guards) AS said
        FROM audit.signal AS s INNER JOIN staged.patient AS p USING (patient_key)
        WHERE p.patient_id = '{patient}' AND s.event = 'haemolysis'
        """,
    )
    return {row["definition_id"]: row["said"] for row in found}


def test_a_woman_of_group_ab_haemolyses_and_nobody_reports_it(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert answers(con, "AB33") == {
        "haemolysis_sickkids": "met",
        "haemolysis_northwestern": "met",
        "haemolysis_ctcae": "met 3",
        "haemolysis_canadian_2009": "met recalled_definition",
    }
    found = shown(
        con,
        """
        SELECT d.event, d.is_counted, d.is_serious, d.is_reported, d.n_counted
        FROM audit.detected_event AS d INNER JOIN staged.patient AS p USING (patient_key)
        WHERE p.patient_id = 'AB33' AND d.is_counted AND NOT d.is_reported
        """,
    )
    assert found == rows_of(
        """
        event      | is_counted | is_serious | is_reported | n_counted
        haemolysis | true       | true       | false       | 3
        """
    )


def test_both_lots_of_her_course_share_it(con: duckdb.DuckDBPyConnection) -> None:
    found = shown(
        con,
        """
        SELECT l.lot
        FROM audit.detected_event_lot AS l
        INNER JOIN audit.detected_event AS d USING (detected_event_key)
        INNER JOIN staged.patient AS p USING (patient_key)
        WHERE p.patient_id = 'AB33' AND d.event = 'haemolysis'
        ORDER BY l.lot
        """,
    )
    assert found == rows_of("lot\nLOTONE\nLOTTWO")


def test_the_worked_case_aaaai16_meets_every_fall_and_is_grade_2(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert answers(con, "AAAAI16") == {
        "haemolysis_sickkids": "met",
        "haemolysis_northwestern": "met",
        "haemolysis_ctcae": "met 2",
        "haemolysis_canadian_2009": "met recalled_definition",
    }


def test_the_worked_case_hf20_meets_them_and_is_grade_3_when_transfused(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert answers(con, "HF20") == {
        "haemolysis_sickkids": "met",
        "haemolysis_northwestern": "met",
        "haemolysis_ctcae": "met 3",
        "haemolysis_canadian_2009": "met recalled_definition",
    }


def test_what_was_reported_is_held_against_what_was_measured(
    con: duckdb.DuckDBPyConnection,
) -> None:
    found = shown(
        con,
        """
        SELECT p.patient_id, c.event, c.confirmation
        FROM audit.reported_check AS c INNER JOIN staged.patient AS p USING (patient_key)
        ORDER BY ALL
        """,
    )
    assert found == rows_of(
        """
        patient_id | event       | confirmation
        CALM       | anaphylaxis | not_evaluable
        CALM       | haemolysis  | not_met
        TOLD       | aki         | confirmed
        """
    )


def test_a_report_takes_an_event_off_the_list_of_those_nobody_reported(
    con: duckdb.DuckDBPyConnection,
) -> None:
    found = shown(
        con,
        """
        SELECT p.patient_id, d.event
        FROM audit.detected_event AS d INNER JOIN staged.patient AS p USING (patient_key)
        WHERE d.is_counted AND NOT d.is_reported
        ORDER BY ALL
        """,
    )
    assert found == rows_of(
        """
        patient_id | event
        AAAAI16    | haemolysis
        AB33       | haemolysis
        HF20       | haemolysis
        """
    )


def test_the_bounds_of_a_share_hold_what_nobody_could_see(con: duckdb.DuckDBPyConnection) -> None:
    found = shown(
        con,
        """
        SELECT definition_id, n_exposed, n_answered, n_counted, bound_low, bound_high
        FROM audit.observability
        WHERE definition_id IN ('haemolysis_northwestern', 'kdigo_2012', 'haemolysis_rady')
        ORDER BY definition_id
        """,
    )
    assert found == rows_of(
        """
        definition_id           | n_exposed | n_answered | n_counted | bound_low | bound_high
        haemolysis_northwestern | 5         | 4          | 3         | 0.6       | 0.8
        haemolysis_rady         | 5         | 0          | 0         | 0         | 1
        kdigo_2012              | 5         | 1          | 1         | 0.2       | 1
        """
    )


def test_what_is_dated_after_death_is_shown_as_such_and_nothing_rests_on_it(
    con: duckdb.DuckDBPyConnection,
) -> None:
    found = shown(
        con,
        """
        SELECT m.on_date, m.amount, m.is_after_death, c.deceased_on, c.is_after_death AS is_card
        FROM report.detected_card AS c
        INNER JOIN report.event_moment AS m ON m.card = CONCAT('d-', c.detected_event_key)
        WHERE c.event = 'aki' AND m.lane = 'result'
        ORDER BY m.on_date
        """,
    )
    assert found == rows_of(
        """
        on_date    | amount | is_after_death | deceased_on | is_card
        2024-03-03 | 1      | false          | 2024-03-08  | false
        2024-03-06 | 2.1    | false          | 2024-03-08  | false
        2024-03-10 |        | true           | 2024-03-08  | false
        """
    )
    peak = con.sql("SELECT observed, stage FROM audit.signal WHERE event = 'aki' AND is_counted")
    assert {float(row[0]) for row in peak.fetchall()} == {2.1}


def test_a_card_says_which_definition_no_record_can_answer(con: duckdb.DuckDBPyConnection) -> None:
    found = shown(
        con,
        """
        SELECT definition_id, reason
        FROM report.detected_answer AS a
        INNER JOIN report.detected_card AS c USING (detected_event_key)
        WHERE c.event = 'aki' AND a.status = 'not_evaluable'
        ORDER BY definition_id
        """,
    )
    assert found == rows_of(
        """
        definition_id      | reason
        aki_median_of_year | no_baseline
        aki_oliguria       | in_no_record
        """
    )


def test_a_definition_that_no_record_can_answer_is_told_apart(
    con: duckdb.DuckDBPyConnection,
) -> None:
    found = shown(
        con,
        """
        SELECT definition_id, is_answerable, not_read
        FROM report.signal_definition
        WHERE NOT is_answerable OR not_read IS NOT NULL OR definition_id = 'kdigo_2012'
        ORDER BY definition_id
        """,
    )
    assert found == rows_of(
        """
        definition_id            | is_answerable | not_read
        aki_oliguria             | false         | urine below 0.5 mL/kg/h for 6 hours
        haemolysis_canadian_2009 | true          | haemoglobinaemia; haemoglobinuria
        haemolysis_ctcae         | true          | schistocytes
        haemolysis_rady          | false         | change of the z-score 2 SD below the mean change
        kdigo_2012               | true          |
        """
    )
