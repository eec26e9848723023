"""What a course was given for, and who says so."""

from __future__ import annotations

import duckdb
import pytest
from empty_store import bags, courses, given, rows_of, shown


def test_indication_is_the_infusions_else_the_authorisations(
    con: duckdb.DuckDBPyConnection,
) -> None:
    given(
        con,
        "staged.authorisation",
        """
        authorisation_key | patient_key | indication_code
        1                 | 1           | mmn
        """,
    )
    given(
        con,
        "staged.dispensing",
        """
        dispensing_key | patient_key | authorisation_key
        1              | 1           | 1
        """,
    )
    bags(
        con,
        """
        infusion_key | patient_key | started_on | indication_code   | authorisation_key | dispensing_key
        1            | 1           | 2025-03-01 | cidp              | 1                 |
        2            | 2           | 2025-03-01 |                   | 1                 |
        3            | 3           | 2025-03-01 |                   |                   | 1
        4            | 4           | 2025-03-01 |                   |                   |
        5            | 5           | 2025-03-01 |  Kawasaki Disease |                   |
        6            | 6           | 2025-03-01 | CIDP              |                   |
        7            | 7           | 2025-03-01 | gout              |                   |
        8            | 8           | 2025-03-01 | gout              | 1                 |
        """,  # noqa: E501 - a table reads better in one line per row
        "course",
        "unknown_indication",
    )
    assert courses(con, "patient_key, indication_code, indication_source") == rows_of("""
        patient_key | indication_code | indication_source
        1           | cidp            | infusion
        2           | mmn             | authorisation
        3           | mmn             | authorisation    -- by way of the dispensing
        4           |                 |
        5           | kawasaki        | infusion
        6           | cidp            | infusion
        7           |                 |
        8           | mmn             | authorisation
    """)
    assert shown(con, "SELECT * FROM derived.unknown_indication") == rows_of("""
        indication_text | n
        gout            | 2
    """)


def test_course_has_the_union_of_its_rows_indications(con: duckdb.DuckDBPyConnection) -> None:
    given(
        con,
        "staged.authorisation",
        """
        authorisation_key | patient_key | indication_code
        1                 | 1           | cidp
        2                 | 1           | mmn
        """,
    )
    bags(
        con,
        """
        infusion_key | patient_key | started_on | indication_code | authorisation_key
        1            | 1           | 2025-03-01 | cidp            |
        2            | 1           | 2025-03-02 |                 |            -- missing: no matter
        3            | 2           | 2025-03-01 | cidp            |
        4            | 2           | 2025-03-02 | mmn             |
        5            | 3           | 2025-03-01 |                 | 1
        6            | 3           | 2025-03-02 | cidp            |            -- the better source
        7            | 4           | 2025-03-01 | cidp            |
        8            | 4           | 2025-03-02 |                 | 2
        """,
    )
    assert courses(con, "patient_key, n_days, indication_code, indication_source") == rows_of("""
        patient_key | n_days | indication_code | indication_source
        1           | 2      | cidp            | infusion
        2           | 2      |                 | conflict
        3           | 2      | cidp            | infusion
        4           | 2      |                 | conflict
    """)


PATIENTS = """
    patient_key | birth_date | birth_year
    1           | 1980-01-01 |
    2           | 2015-01-01 |
    3           |            |
    4           |            | 2007     -- 17 or 18 in March 2025
    5           |            | 2006     -- 18 or 19
"""


@pytest.mark.parametrize(
    ("patient", "codes", "indication"),
    [
        (1, [("ICD10", "D83.9", None)], "pid"),
        (1, [("ICD10", "d83 9", "2025-04-01")], "pid"),  # 31 days after the course's last day
        (1, [("ICD10", "D839", "2025-04-02")], None),  # a day later
        (1, [("ICD10CM", "D83.9", None)], None),  # the pattern belongs to another code system
        (1, [("ICD10", "D69.3", None)], "itp_adult"),
        (2, [("ICD10", "D69.3", None)], "itp_child"),
        (3, [("ICD10", "D69.3", None)], None),  # age unknown: either
        (4, [("ICD10", "D69.3", None)], None),  # may be seventeen or eighteen
        (5, [("ICD10", "D69.3", None)], "itp_adult"),
        (1, [("ICD10", "G61.8", None)], None),  # one code, two diseases
        (1, [("ICD10", "D83.9", "2010-01-01"), ("ICD10", "D69.3", "2025-02-28")], None),
        (1, [("ICD10", "D83.9", None), ("ICD10", "D83.1", None)], "pid"),
        (1, [("ICD10CM", "G70.00", None)], None),  # lacks the code it requires
        (1, [("ICD10CM", "G70.00", None), ("ICD10CM", "T45.AX5A", None)], "ici_mg"),
        (1, [("ICD10CM", "G70.00", None), ("ICD10CM", "T45.AX5A", "2025-06-01")], None),
        (1, [("ICD10CM", "G70.00", None), ("ICD10", "T45.AX5A", None)], None),
        (1, [("ICD10CM", "T86.11", None)], None),  # a hint never decides
        (1, [("ICD10CM", "T86.11", None), ("ICD10", "D83.9", None)], None),  # but it does unsettle
    ],
)
def test_diagnosis_codes_decide_only_when_one_indication_remains(
    con: duckdb.DuckDBPyConnection,
    patient: int,
    codes: list[tuple[str, str, str | None]],
    indication: str | None,
) -> None:
    given(con, "staged.patient", PATIENTS)
    for system, code, recorded_on in codes:
        con.execute(
            "INSERT INTO staged.diagnosis (patient_key, code_system, code, recorded_on)"
            " VALUES (?, ?, ?, ?)",
            [patient, system, code, recorded_on],
        )
    bags(con, f"infusion_key | patient_key | started_on\n1 | {patient} | 2025-03-01")
    source = None if indication is None else "diagnosis"
    assert courses(con, "indication_code, indication_source") == [
        {"indication_code": indication, "indication_source": source}
    ]


def test_old_code_beside_a_new_disease_leaves_the_indication_unknown(
    con: duckdb.DuckDBPyConnection,
) -> None:
    given(con, "staged.patient", PATIENTS)
    given(
        con,
        "staged.diagnosis",
        """
        patient_key | code_system | code  | recorded_on
        1           | ICD10       | D83.9 | 2015-01-01
        1           | ICD10       | D69.3 | 2025-03-28
        """,
    )
    bags(
        con,
        """
        infusion_key | started_on | dose_g
        1            | 2025-01-01 | 30
        2            | 2025-02-01 | 30
        3            | 2025-03-30 | 75
        """,
    )
    assert courses(con, "course_key, indication_code") == rows_of("""
        course_key | indication_code
        1          | pid
        2          | pid
        3          |
    """)


def test_stated_conflict_is_not_settled_by_a_code(con: duckdb.DuckDBPyConnection) -> None:
    given(con, "staged.diagnosis", "patient_key | code_system | code\n1 | ICD10 | D83.9")
    bags(
        con,
        """
        infusion_key | started_on | indication_code
        1            | 2025-03-01 | cidp
        2            | 2025-03-02 | mmn
        """,
    )
    assert courses(con, "indication_code, indication_source") == rows_of("""
        indication_code | indication_source
                        | conflict
    """)
