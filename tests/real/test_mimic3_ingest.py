"""The MIMIC-III demo becomes records of the contract, and every raw row is accounted for.

Expected figures were checked by hand; they are counts and one order, not the data.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from ingested import ingested, ledger, rows

DEMO = Path(__file__).parents[2].parent / "shared" / "data" / "mimic3_demo"

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def demo() -> duckdb.DuckDBPyConnection:
    if not DEMO.is_dir():
        pytest.skip("NOT TESTED: ../shared/data/mimic3_demo is not here")
    return ingested(DEMO, format="mimic3")


@pytest.mark.parametrize(
    ("name", "raw_rows"),
    [
        ("PRESCRIPTIONS.csv", 10_398),
        ("INPUTEVENTS_MV.csv", 13_224),
        ("LABEVENTS_gehealthcare_subset_cols.csv", 76_074),
        ("PATIENTS.csv", 100),
        ("ADMISSIONS.csv", 129),
        ("DIAGNOSES_ICD.csv", 1_761),
    ],
)
def test_the_account_of_each_file_closes(
    demo: duckdb.DuckDBPyConnection, name: str, raw_rows: int
) -> None:
    raw, mapped, not_mapped, unreadable = ledger(demo, name)
    assert raw == raw_rows == mapped + not_mapped + unreadable
    assert unreadable == 0


def test_every_order_is_an_infusion_or_a_medication(demo: duckdb.DuckDBPyConnection) -> None:
    assert ledger(demo, "PRESCRIPTIONS.csv") == (10_398, 10_398, 0, 0)
    assert rows(demo, "SELECT COUNT(*) FROM mapped.infusion") == [(10,)]


def test_the_one_ivig_order_keeps_its_grams_and_gets_no_time(
    demo: duckdb.DuckDBPyConnection,
) -> None:
    found = rows(
        demo,
        "SELECT patient_id, started_at, ended_at, product_code, dose_g, prescribed_dose_g, route,"
        " indication_code FROM mapped.infusion WHERE dose_g IS NOT NULL",
    )
    assert found == [
        ("40310", "2144-09-20", None, "00944270005", "40", "40", "IV", None),
    ]


def test_near_misses_keep_no_grams(demo: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        demo,
        "SELECT patient_id, product_code, COUNT(*) FROM mapped.infusion WHERE dose_g IS NULL"
        " GROUP BY ALL",
    )
    assert found == [("10126", "59730420301", 9)]
    bags = rows(
        demo, "SELECT COUNT(*) FROM mapped.medication WHERE patient_id = '40310' AND code = 'Bag'"
    )
    assert bags[0][0] >= 1


def test_the_weights_around_the_order_are_those_of_july_and_december(
    demo: duckdb.DuckDBPyConnection,
) -> None:
    found = rows(
        demo,
        "SELECT weight_kg, MIN(measured_at), MAX(measured_at) FROM mapped.body_measurement"
        " WHERE patient_id = '40310' GROUP BY weight_kg ORDER BY 2",
    )
    assert found == [
        ("81.7", "2144-07-13", "2144-08-01"),
        ("74.5", "2144-12-24", "2144-12-31"),
    ]


def test_diagnoses_of_the_admission_carry_their_dot(demo: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        demo,
        "SELECT code FROM mapped.diagnosis WHERE encounter_id = '186361'"
        " AND code IN ('200.20', '284.89', '584.5', '453.41') ORDER BY 1",
    )
    assert found == [("200.20",), ("284.89",), ("453.41",), ("584.5",)]


def test_words_are_kept_as_words_and_limits_as_limits(demo: duckdb.DuckDBPyConnection) -> None:
    # IgG of patient 40310, mg/dL.
    igg = rows(
        demo,
        "SELECT value FROM mapped.lab_result WHERE patient_id = '40310' AND test_code = '2465-3'"
        " AND LEFT(collected_at, 10) IN ('2144-07-12', '2144-12-27') ORDER BY collected_at",
    )
    assert igg == [("374",), ("572",)]
    assert rows(
        demo, "SELECT COUNT(*) FROM mapped.lab_result WHERE value IS NOT NULL AND value_text <> ''"
    ) == [(0,)]
    assert rows(
        demo, "SELECT DISTINCT comparator FROM mapped.lab_result WHERE comparator IS NOT NULL"
        " ORDER BY 1"
    ) == [("<",), ("<=",), (">",)]  # fmt: skip


def test_results_without_patient_or_loinc_are_counted(demo: duckdb.DuckDBPyConnection) -> None:
    raw, mapped, not_mapped, _ = ledger(demo, "LABEVENTS_gehealthcare_subset_cols.csv")
    assert raw - 14_262 >= mapped
    assert not_mapped >= 14_262


def test_a_birth_moved_back_three_centuries_is_left_out(demo: duckdb.DuckDBPyConnection) -> None:
    assert rows(demo, "SELECT MIN(birth_date) >= '2000' FROM mapped.patient") == [(True,)]
    assert rows(demo, "SELECT COUNT(*) FROM mapped.patient WHERE birth_date IS NULL") == [(8,)]
