"""Whose record a row is, and which record it names."""

from __future__ import annotations

from mapped import problems, rows, validated

AUTHORISED = """
    authorisation_id | patient_id | decision
    a1               | p1         | approved
    a2               | p2         | approved
"""
INFUSED = """
    infusion_id | patient_id | started_at | product_code | dose_g
    i1          | p1         | 2024-01-01 | Privigen     | 20
"""


def test_a_row_of_an_unknown_patient_is_quarantined() -> None:
    con = validated(
        infusion="""
            infusion_id | patient_id | started_at | product_code | dose_g
            i1          | p1         | 2024-01-01 | Privigen     | 20
            i2          | nobody     | 2024-01-01 | Privigen     | 20
            i3          |            | 2024-01-01 | Privigen     | 20
        """
    )
    assert problems(con, "infusion") == [
        (2, "patient_id", "unknown_patient", "nobody"),
        (3, "patient_id", "missing", None),
    ]
    assert rows(con, "SELECT infusion_key, infusion_id, patient_key FROM staged.infusion") == [
        (1, "i1", 1)
    ]


def test_a_child_of_an_unknown_parent_is_quarantined() -> None:
    con = validated(
        infusion=INFUSED,
        infusion_lot="""
            infusion_id | product_code | lot_number
            i1          | Privigen     | L1
            i2          | Privigen     | L1
        """,
        rate_step="""
            infusion_id | changed_at       | rate_ml_per_h
            i1          | 2024-01-01 10:00 | 0
            i2          | 2024-01-01 10:00 | 30
            i1          | 2024-01-01 10:30 | -1
        """,
    )
    assert problems(con, "infusion_lot") == [(2, "infusion_id", "unknown_infusion", "i2")]
    assert problems(con, "rate_step") == [
        (2, "infusion_id", "unknown_infusion", "i2"),
        (3, "rate_ml_per_h", "greater_than_or_equal_to(0)", "-1"),
    ]
    assert rows(con, "SELECT infusion_id, infusion_key FROM staged.infusion_lot") == [("i1", 1)]


def test_a_link_to_nothing_or_to_another_patient_is_dropped() -> None:
    con = validated(
        authorisation=AUTHORISED,
        infusion="""
            infusion_id | patient_id | started_at | product_code | authorisation_id
            i1          | p1         | 2024-01-01 | Privigen     | a1
            i2          | p1         | 2024-01-01 | Privigen     | a2
            i3          | p1         | 2024-01-01 | Privigen     | a3
            i4          | p1         | 2024-01-01 | Privigen     |
        """,
    )
    assert rows(
        con,
        "SELECT infusion_id, authorisation_key, authorisation_id, is_link_dropped"
        " FROM staged.infusion ORDER BY 1",
    ) == [
        ("i1", 1, "a1", False),
        ("i2", None, "a2", True),
        ("i3", None, "a3", True),
        ("i4", None, None, False),
    ]


def test_an_adverse_event_is_kept_whatever_its_optional_cells_say() -> None:
    con = validated(
        infusion=INFUSED,
        adverse_event="""
            event_id | patient_id | term | infusion_id | grade | onset_at
            e1       | p2         | rash | i1          | 9     | 30 February
            e2       | p1         | rash | i1          | 2     | 2024-01-01 10:00
            e3       | p1         |      | i1          | 2     |
        """,
    )
    assert rows(
        con,
        "SELECT event_id, infusion_key, grade, onset_on IS NULL, is_link_dropped"
        " FROM staged.adverse_event ORDER BY 1",
    ) == [("e1", None, None, True, True), ("e2", 1, 2, False, False)]
    assert rows(con, "FROM staged.flag ORDER BY ALL") == [
        ("adverse_event", 1, "grade", "less_than_or_equal_to(5)"),
        ("adverse_event", 1, "onset_at", "not_a_time"),
    ]
    assert problems(con, "adverse_event") == [(3, "term", "missing", None)]


def test_a_patient_is_kept_without_a_readable_birth_date() -> None:
    con = validated(
        patient="""
            patient_id | birth_date | birth_year | sex
                       | 1980-01-01 |            | F
            p1         | 1.1.1980   |            | f
            p2         |            | 1990       | ?
        """
    )
    assert rows(
        con,
        "SELECT patient_key, patient_id, birth_date, birth_year, sex FROM staged.patient"
        " ORDER BY 1",
    ) == [(2, "p1", None, None, "F"), (3, "p2", None, 1990, None)]
    assert rows(con, "FROM staged.flag ORDER BY ALL") == [
        ("patient", 2, "birth_date", "not_a_date"),
        ("patient", 3, "sex", "not_allowed"),
    ]
    assert problems(con, "patient") == [(1, "patient_id", "missing", None)]


def test_nothing_is_given_before_birth() -> None:
    con = validated(
        patient="""
            patient_id | birth_date | birth_year
            p1         | 2020-05-05 |
            p2         |            | 2020
            p3         |            |
        """,
        dispensing="""
            dispensing_id | patient_id | dispensed_at     | product_code | dose_g
            d1            | p1         | 2020-05-05       | Privigen     | 5
            d2            | p1         | 2020-05-04 23:59 | Privigen     | 5
            d3            | p2         | 2020-01-01       | Privigen     | 5
            d4            | p2         | 2019-12-31       | Privigen     | 5
            d5            | p3         | 1850-01-01       | Privigen     | 5
        """,
    )
    assert problems(con, "dispensing") == [
        (2, "dispensed_at", "before_birth", "2020-05-04 23:59"),
        (4, "dispensed_at", "before_birth", "2019-12-31"),
    ]


def test_sources_may_name_each_others_records_when_only_one_can_be_meant() -> None:
    con = validated(
        dispensing="""
            dispensing_id | patient_id | dispensed_at | product_code | dose_g | source_id
            d1            | p1         | 2024-01-01   | Privigen     | 5      | pharmacy
            d2            | p1         | 2024-01-01   | Privigen     | 5      | pharmacy
            d2            | p1         | 2024-01-02   | Privigen     | 5      | stock
            d3            | p1         | 2024-01-01   | Privigen     | 5      | pharmacy
            d3            | p1         | 2024-01-01   | Privigen     | 5      | ward
        """,
        infusion="""
            infusion_id | patient_id | started_at | product_code | dispensing_id | source_id
            i1          | p1         | 2024-01-01 | Privigen     | d1            | ward
            i2          | p1         | 2024-01-01 | Privigen     | d2            | ward
            i3          | p1         | 2024-01-01 | Privigen     | d3            | ward
        """,
    )
    assert rows(con, "SELECT infusion_id, dispensing_key FROM staged.infusion ORDER BY 1") == [
        ("i1", 1),
        ("i2", None),
        ("i3", 5),
    ]


def test_patient_ids_may_be_each_sources_own() -> None:
    drawn = {
        "patient": """
            patient_id | sex | source_id
            p1         | F   | a
            p1         | M   | b
        """,
        "infusion": """
            infusion_id | patient_id | started_at | product_code | source_id
            i1          | p1         | 2024-01-01 | Privigen     | a
            i1          | p1         | 2024-01-01 | Privigen     | b
        """,
    }
    own = validated({"source": {"patient_ids": "per_source"}}, **drawn)
    assert rows(own, "SELECT source_id, patient_key FROM staged.infusion ORDER BY 1") == [
        ("a", 1),
        ("b", 2),
    ]
    shared = validated(**drawn)
    assert [check for _, _, check, _ in problems(shared, "patient")] == 2 * [
        "conflicting_duplicate"
    ]


def test_merges_are_followed_to_their_end() -> None:
    con = validated(
        patient="""
            patient_id
            p1
            p2
            p3
            p4
        """,
        patient_merge="""
            merged_id | surviving_id
            p1        | p2
            p2        | p3
            gone      | p1
            a         | b
            b         | a
            p4        | nowhere
        """,
        infusion="""
            infusion_id | patient_id | started_at | product_code
            i1          | p1         | 2024-01-01 | Privigen
            i2          | p2         | 2024-01-01 | Privigen
            i3          | p3         | 2024-01-01 | Privigen
            i4          | gone       | 2024-01-01 | Privigen
            i5          | p4         | 2024-01-01 | Privigen
            i6          | a          | 2024-01-01 | Privigen
        """,
    )
    assert rows(con, "SELECT infusion_id, patient_key FROM staged.infusion ORDER BY 1") == [
        ("i1", 3),
        ("i2", 3),
        ("i3", 3),
        ("i4", 3),
        ("i5", 4),
    ]
    assert rows(con, "SELECT patient_id FROM staged.patient ORDER BY 1") == [("p3",), ("p4",)]
    assert rows(con, "SELECT record, source_row, reason FROM staged.set_aside ORDER BY ALL") == [
        ("patient", 1, "merged"),
        ("patient", 2, "merged"),
    ]
    assert problems(con, "patient_merge") == [
        (4, "surviving_id", "merge_cycle", "b"),
        (5, "surviving_id", "merge_cycle", "a"),
        (6, "surviving_id", "unknown_patient", "nowhere"),
    ]
