"""What a course was given for, in which phase, and how long after its predecessor."""

from __future__ import annotations

import duckdb
import pytest
from empty_store import Rows, derived, given, insert, rows_of, shown


def bags(con: duckdb.DuckDBPyConnection, text: str) -> None:
    """Stage bags of 10 g of one patient given on a day each, unless the text says otherwise."""
    rows = rows_of(text)
    for row in rows:
        row.setdefault("patient_key", "1")
        row.setdefault("product_code", "VENA")
        row.setdefault("dose_g", "10")
    insert(con, "staged.infusion", rows)
    derived(con)


def courses(con: duckdb.DuckDBPyConnection, columns: str) -> Rows:
    """Return these columns of the courses, by patient and day."""
    return shown(con, f"SELECT {columns} FROM derived.course ORDER BY patient_key, started_on")


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


def test_phase_is_recorded_else_approved_else_derived(con: duckdb.DuckDBPyConnection) -> None:
    given(
        con,
        "staged.authorisation",
        """
        authorisation_key | phase
        1                 | maintenance
        2                 | loading
        """,
    )
    bags(
        con,
        """
        infusion_key | patient_key | started_on | phase       | authorisation_key | indication_code
        1            | 1           | 2025-03-01 | loading     | 1                 | cidp
        2            | 2           | 2025-03-01 |             | 1                 | cidp
        3            | 3           | 2025-03-01 | loading     |                   | cidp
        4            | 3           | 2025-03-02 | maintenance |                   | cidp
        5            | 4           | 2025-03-01 |             | 1                 | cidp
        6            | 4           | 2025-03-02 |             | 2                 | cidp
        7            | 5           | 2025-03-01 | single      |                   | cidp
        8            | 5           | 2025-03-02 |             | 1                 | cidp
        9            | 6           | 2025-03-01 |             |                   | cidp
        10           | 7           | 2025-03-01 |             |                   |
        """,
    )
    assert courses(con, "patient_key, phase, phase_source") == rows_of("""
        patient_key | phase       | phase_source
        1           | loading     | recorded
        2           | maintenance | authorisation
        3           |             |                  -- contradicts itself
        4           |             |
        5           | single      | recorded
        6           | loading     | derived
        7           |             |                  -- indication unknown
    """)


@pytest.mark.parametrize(
    ("earlier", "phase"),
    [
        ("2 | 2024-09-02 | cidp | VENA", "maintenance"),  # 180 days before
        ("2 | 2024-09-01 | cidp | VENA", "loading"),  # 181
        ("2 | 2024-09-02 | mmn  | VENA", "loading"),  # for something else
        ("2 | 2024-09-02 |      | VENA", None),  # perhaps for the same
        ("2 | 2024-09-01 |      | VENA", "loading"),
        ("2 | 2024-09-02 |      | CUTIS", None),  # subcutaneous: not new to immunoglobulin
        ("2 | 2024-09-01 |      | CUTIS", "loading"),
        ("2 | 2024-09-02 |      | MUSCULUS", None),
        ("2 | 2024-09-02 |      | BOTH", None),  # may have been subcutaneous
        ("2 | 2024-09-02 |      | ANTID", "loading"),  # against one antigen: no replacement
    ],
)
def test_phase_is_derived_from_the_covered_history(
    con: duckdb.DuckDBPyConnection, earlier: str, phase: str | None
) -> None:
    bags(
        con,
        f"""
        infusion_key | started_on | indication_code | product_code
        1            | 2025-03-01 | cidp            | VENA
        {earlier}
        """,
    )
    found = shown(con, "SELECT phase FROM derived.course WHERE course_key = 1")
    assert found == [{"phase": phase}]


def test_history_that_is_not_covered_gives_no_loading_phase(
    con: duckdb.DuckDBPyConnection,
) -> None:
    bags(
        con,
        """
        infusion_key | patient_key | started_on | indication_code
        1            | 1           | 2020-06-28 | cidp       -- 179 days of coverage
        2            | 1           | 2020-07-28 | cidp       -- an earlier one is known
        3            | 2           | 2020-06-29 | cidp       -- 180 days
        """,
    )
    assert courses(con, "course_key, phase") == rows_of("""
        course_key | phase
        1          |
        2          | maintenance
        3          | loading
    """)


def test_interval_runs_from_start_to_start_of_the_same_indication(
    con: duckdb.DuckDBPyConnection,
) -> None:
    bags(
        con,
        """
        infusion_key | patient_key | started_on | indication_code
        1            | 1           | 2024-01-01 | cidp
        2            | 1           | 2024-01-02 | cidp
        3            | 1           | 2024-01-29 | cidp
        4            | 1           | 2024-02-05 | mmn
        5            | 1           | 2024-02-26 | cidp      -- the other indication is no neighbour
        6            | 1           | 2024-08-24 | cidp      -- 180 days
        7            | 1           | 2025-02-21 | cidp      -- 181: none within the history
        8            | 2           | 2020-02-01 | cidp      -- a month into the coverage
        9            | 2           | 2020-03-01 |
        """,
    )
    assert courses(con, "course_key, previous_course_key, interval_days, interval_status") == (
        rows_of("""
            course_key | previous_course_key | interval_days | interval_status
            1          |                     |               | first
            3          | 1                   | 28            | known
            4          |                     |               | first
            5          | 3                   | 28            | known
            6          | 5                   | 180           | known
            7          |                     |               | first
            8          |                     |               | history_truncated
            9          |                     |               |
        """)
    )


@pytest.mark.parametrize(
    ("between", "status"),
    [
        ("2025-02-10 |      | CUTIS    | completed", "subcutaneous_between"),
        ("2025-02-10 |      | MUSCULUS | completed", "subcutaneous_between"),
        ("2025-02-10 |      | BOTH     | completed", "subcutaneous_between"),
        ("2025-02-10 |      | CUTIS    | not_given", "known"),
        ("2025-02-10 |      | ANTID    | completed", "known"),
        ("2025-02-10 |      | ???      | completed", "known"),
        ("2025-02-01 |      | CUTIS    | completed", "known"),  # the predecessor's own day
        ("2025-03-01 |      | CUTIS    | completed", "known"),  # the course's own day
        ("2025-02-10 |      | VENA     | completed", "unknown_between"),
        ("2025-02-10 | mmn  | VENA     | completed", "known"),
        ("2025-01-10 |      | VENA     | completed", "known"),  # before the predecessor
    ],
)
def test_interval_says_what_lies_between(
    con: duckdb.DuckDBPyConnection, between: str, status: str
) -> None:
    bags(
        con,
        f"""
        infusion_key | started_on | indication_code | product_code | status
        1            | 2025-02-01 | cidp            | VENA         | completed
        2            | 2025-03-01 | cidp            | VENA         | completed
        3            | {between}
        """,
    )
    found = shown(
        con, "SELECT interval_days, interval_status FROM derived.course WHERE course_key = 2"
    )
    assert found == [{"interval_days": "28", "interval_status": status}]


@pytest.mark.parametrize(
    ("earlier", "status"),
    [
        ("2024-09-02 | CUTIS", "subcutaneous_between"),
        ("2024-09-01 | CUTIS", "first"),
        ("2024-09-02 | VENA", "unknown_between"),
        ("2024-09-01 | VENA", "first"),
    ],
)
def test_first_course_says_what_may_have_gone_before(
    con: duckdb.DuckDBPyConnection, earlier: str, status: str
) -> None:
    bags(
        con,
        f"""
        infusion_key | indication_code | started_on | product_code
        1            | cidp            | 2025-03-01 | VENA
        2            |                 | {earlier}
        """,
    )
    found = shown(
        con, "SELECT interval_days, interval_status FROM derived.course WHERE course_key = 1"
    )
    assert found == [{"interval_days": None, "interval_status": status}]
