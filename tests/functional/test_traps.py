"""Correct care that a careless audit would accuse; each case runs from file to verdict."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from audited import audited

COVERED = """
record     | from_on    | to_on
infusion   | 2022-01-01 | 2024-12-31
medication | 2022-01-01 | 2024-12-31
diagnosis  | 2022-01-01 | 2024-12-31
"""

# A far-away patient keeps the as-of date at the end of the covered period.
LAST_DAY = "z9 | z | 2024-12-31 09:00 | 2024-12-31 12:00 | Privigen | 30 | IV | pid | maintenance\n"

HEAD = (
    "infusion_id | patient_id | started_at | ended_at | product_code | dose_g | route"
    " | indication_code | phase\n"
)


def records(patients: str, weights: str, infusions: str, **more: str) -> dict[str, str]:
    """Return record texts with their heads, and the far-away patient."""
    return {
        "patient": "patient_id | birth_date | sex\nz | 1970-01-01 | F\n" + patients,
        "body_measurement": (
            "patient_id | measured_at | weight_kg\nz | 2024-12-31 08:00 | 75\n" + weights
        ),
        "infusion": HEAD + LAST_DAY + infusions,
        "source_coverage": COVERED,
        **more,
    }


def verdicts(
    con: duckdb.DuckDBPyConnection, patient: str, kind: str, columns: str = "status, reason"
) -> list[tuple[object, ...]]:
    """Return the verdicts of the default set on one patient, one row each."""
    return con.sql(
        f"""
        SELECT {columns}
        FROM audit.verdict AS v
        INNER JOIN staged.patient AS p USING (patient_key)
        INNER JOIN guideline.guideline_set AS s USING (set_key)
        WHERE p.patient_id = $patient AND v.kind = $kind AND NOT s.is_house
        ORDER BY subject_kind, subject_key
        """,
        params={"patient": patient, "kind": kind},
    ).fetchall()


def test_a_kawasaki_dose_in_two_bottles_over_midnight_is_one_session_and_met(
    tmp_path: Path,
) -> None:
    con = audited(
        tmp_path,
        records(
            "k | 2021-02-01 | M\n",
            "k | 2024-03-01 18:00 | 12.5\n",
            "k1 | k | 2024-03-01 20:00 | 2024-03-02 01:30 | Privigen | 10 | IV | kawasaki |\n"
            "k2 | k | 2024-03-02 01:40 | 2024-03-02 07:10 | Privigen | 15 | IV | kawasaki |\n",
            medication="patient_id | code_system | code | started_at\n"
            "k | NAME | Aspirin | 2024-03-01 19:00\n",
        ),
    )
    session = con.sql(
        """
        SELECT started_on::VARCHAR, duration_h::VARCHAR, dose_g::VARCHAR
        FROM derived.session INNER JOIN staged.patient USING (patient_key)
        WHERE patient_id = 'k'
        """
    ).fetchall()
    assert session == [("2024-03-01", "11.167", "25.000")]
    assert verdicts(con, "k", "regimen", "status") == [("met",)]
    assert verdicts(con, "k", "infusion_duration", "status") == [("met",)]
    assert verdicts(con, "k", "concomitant", "status") == [("met",)]


def test_a_course_cut_off_by_the_end_of_the_extract_is_open(tmp_path: Path) -> None:
    days = "".join(
        f"o{d} | o | 2024-12-{d} 09:00 | 2024-12-{d} 13:00 | Privigen | 30 | IV | itp_adult |\n"
        for d in (29, 30, 31)
    )
    con = audited(tmp_path, records("o | 1980-01-01 | M\n", "o | 2024-12-29 08:00 | 75\n", days))
    assert verdicts(con, "o", "regimen") == [("not_assessable", "course_open")]


def test_a_transferred_patients_first_course_has_no_known_history(tmp_path: Path) -> None:
    con = audited(
        tmp_path,
        records(
            "t | 1980-01-01 | M\n",
            "t | 2022-01-20 08:00 | 75\n",
            "t1 | t | 2022-01-20 09:00 | 2022-01-20 13:00 | Privigen | 30 | IV | pid |\n"
            "t2 | t | 2022-02-17 09:00 | 2022-02-17 13:00 | Privigen | 30 | IV | pid |\n",
        ),
    )
    first = con.sql(
        """
        SELECT is_history_truncated, phase, interval_status
        FROM derived.course INNER JOIN staged.patient USING (patient_key)
        WHERE patient_id = 't'
        ORDER BY started_on
        LIMIT 1
        """
    ).fetchall()
    assert first == [(True, None, "history_truncated")]
    assert verdicts(con, "t", "regimen")[0] == ("not_assessable", "history_truncated")


def test_an_odd_dose_in_a_patient_with_an_old_and_a_new_disease_is_not_judged(
    tmp_path: Path,
) -> None:
    monthly = "".join(
        f"c{m} | c | 2024-0{m}-10 09:00 | 2024-0{m}-10 13:00 | Privigen | {dose} | IV | |\n"
        for m, dose in ((1, 30), (2, 30), (3, 30), (4, 75), (5, 30))
    )
    weights = "".join(f"c | 2024-0{m}-10 08:00 | 75\n" for m in range(1, 6))
    con = audited(
        tmp_path,
        records(
            "c | 1980-01-01 | M\n",
            weights,
            monthly,
            diagnosis="patient_id | code_system | code | recorded_on\n"
            "c | ICD10 | D83.9 | 2022-01-05\n"
            "c | ICD10 | D69.3 | 2024-04-02\n",
        ),
    )
    odd = con.sql(
        """
        SELECT indication_code
        FROM derived.course INNER JOIN staged.patient USING (patient_key)
        WHERE patient_id = 'c' AND started_on = DATE '2024-04-10'
        """
    ).fetchall()
    assert odd == [(None,)]
    assert ("not_assessable", "no_indication") in verdicts(con, "c", "regimen")
    assert "breached" not in [status for status, _ in verdicts(con, "c", "regimen")]


@pytest.mark.parametrize(
    ("dose_g", "status"),
    [
        ("25", "met"),  # exactly 2 g/kg of 12.5 kg
        ("27.5", "met"),  # one vial of 2.5 g more, and exactly the tolerance
        ("27.6", "breached"),  # 0.1 g beyond the tolerance, and more than one vial
    ],
)
def test_a_dose_is_breached_only_beyond_tolerance_and_a_whole_vial(
    tmp_path: Path, dose_g: str, status: str
) -> None:
    con = audited(
        tmp_path,
        records(
            "k | 2021-02-01 | M\n",
            "k | 2024-03-01 18:00 | 12.5\n",
            "k1 | k | 2024-03-01 20:00 | 2024-03-02 07:00 | Privigen | "
            f"{dose_g} | IV | kawasaki |\n",
        ),
    )
    assert verdicts(con, "k", "regimen", "status") == [(status,)]


def test_a_difference_smaller_than_one_vial_is_no_finding(tmp_path: Path) -> None:
    con = audited(
        tmp_path,
        records(
            "k | 2023-09-01 | M\n",
            "k | 2024-03-01 18:00 | 6\n",
            # 2 g/kg of 6 kg is 12 g; in whole vials of 2.5 g that is 12.5 g; 14 g is 2 g more
            "k1 | k | 2024-03-01 20:00 | 2024-03-02 07:00 | Privigen | 14 | IV | kawasaki |\n",
        ),
    )
    assert verdicts(con, "k", "regimen", "status") == [("met",)]


def test_the_default_set_is_silent_on_myasthenia(tmp_path: Path) -> None:
    con = audited(
        tmp_path,
        records(
            "m | 1980-01-01 | F\n",
            "m | 2024-03-01 08:00 | 75\n",
            "m1 | m | 2024-03-01 09:00 | 2024-03-01 13:00 | Privigen | 30 | IV | mg |\n",
        ),
    )
    assert verdicts(con, "m", "regimen") == []
    assert verdicts(con, "m", "indication") == []
    silent = con.sql("SELECT kind, reason FROM audit.silence ORDER BY kind").fetchall()
    assert silent == [("indication", "set_has_no_rule"), ("regimen", "set_has_no_rule")]
