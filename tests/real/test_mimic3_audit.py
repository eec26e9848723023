"""The one real IVIG order of the MIMIC-III demo, from file to verdict, as checked by hand."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from pipeline.config import load_settings
from pipeline.run.audit import audit
from pipeline.run.journal import Journal
from pipeline.store import open_finished

DEMO = Path(__file__).parents[2].parent / "shared" / "data" / "mimic3_demo"

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not DEMO.is_dir():
        pytest.skip("NOT TESTED: ../shared/data/mimic3_demo is not here")
    out = tmp_path_factory.mktemp("mimic3")
    return audit(load_settings(DEMO, format="mimic3"), out, Journal(io.StringIO())).folder


@pytest.fixture(scope="module")
def con(run: Path) -> duckdb.DuckDBPyConnection:
    return open_finished(run / "audit.duckdb")


def test_there_is_one_ivig_infusion_of_40_g_gammagard_liquid(
    con: duckdb.DuckDBPyConnection,
) -> None:
    found = con.sql(
        """
        SELECT p.patient_id, i.product_id, i.route, i.dose_g, i.started_on::VARCHAR
        FROM derived.infusion AS i INNER JOIN staged.patient AS p USING (patient_key)
        WHERE i.exclusion IS NULL
        """
    ).fetchall()
    assert found == [("40310", "gammagard_liquid", "IV", Decimal("40.000"), "2144-09-20")]


def test_the_near_misses_are_set_aside_with_their_reason(con: duckdb.DuckDBPyConnection) -> None:
    found = con.sql(
        "SELECT exclusion, COUNT(*) FROM derived.infusion WHERE exclusion IS NOT NULL GROUP BY ALL"
    ).fetchall()
    assert found == [("hyperimmune", 9)]


def test_the_indication_is_unknown(con: duckdb.DuckDBPyConnection) -> None:
    found = con.sql("SELECT indication_code, indication_source FROM derived.course").fetchall()
    assert found == [(None, None)]


def test_the_weight_is_stale_under_the_default_limit(con: duckdb.DuckDBPyConnection) -> None:
    found = con.sql(
        "SELECT actual_kg, measured_on::VARCHAR, age_days, is_stale FROM derived.course_weight"
    ).fetchall()
    assert found == [(Decimal("81.700"), "2144-08-01", 50, True)]


def test_hours_are_not_known_for_orders_carry_dates(con: duckdb.DuckDBPyConnection) -> None:
    found = con.sql("SELECT started_at, ended_at, duration_h FROM derived.session").fetchall()
    assert found == [(None, None, None)]


def test_the_default_set_says_why_it_cannot_judge(con: duckdb.DuckDBPyConnection) -> None:
    found = con.sql(
        """
        SELECT DISTINCT kind, status, reason
        FROM audit.verdict_named
        WHERE set_id = 'droracle-2025'
        ORDER BY ALL
        """
    ).fetchall()
    assert found == [
        ("concomitant", "not_assessable", "no_indication"),
        ("indication", "not_assessable", "no_indication"),
        ("infusion_duration", "not_assessable", "no_indication"),
        ("monitoring", "not_assessable", "weight_stale"),
        ("observation", "not_assessable", "outside_coverage"),
        ("precaution", "not_assessable", "outside_coverage"),
        ("premedication", "not_assessable", "time_unknown"),
        ("regimen", "not_assessable", "no_indication"),
    ]


def test_nothing_accuses(con: duckdb.DuckDBPyConnection) -> None:
    found = con.sql("SELECT DISTINCT severity FROM audit.finding").fetchall()
    assert ("off_guideline",) not in found


def test_both_ledgers_close(con: duckdb.DuckDBPyConnection) -> None:
    assert con.sql(
        """
        SELECT SUM(raw_rows), SUM(mapped_rows + not_mapped_rows + unreadable_rows)
        FROM audit.file_ledger
        """
    ).fetchall() == [(102_439, 102_439)]
    open_ledgers = con.sql(
        """
        SELECT record FROM audit.record_ledger
        WHERE mapped_rows != staged_rows + quarantined_rows + set_aside_rows
        """
    ).fetchall()
    assert open_ledgers == []


def test_the_report_names_no_real_patient(run: Path) -> None:
    page = (run / "report-clinical.html").read_text("utf-8")
    assert "40310" not in page
    assert "186361" not in page


def test_a_creatinine_too_low_to_matter_and_seen_before_is_in_no_numerator(
    con: duckdb.DuckDBPyConnection,
) -> None:
    found = con.sql(
        """
        SELECT definition_id, status, stage, observed, baseline, unit, guards, is_counted,
            occurred_at::VARCHAR
        FROM audit.signal
        WHERE definition_id = 'kdigo_2012'
        """
    ).fetchall()
    assert found == [
        (
            "kdigo_2012", "met", 1, Decimal("0.300000"), Decimal("0.200000"), "mg/dL",
            "below_resolution seen_before_exposure", False, "2144-09-21 03:31:00",
        )
    ]  # fmt: skip


def test_only_creatinines_that_cannot_be_are_quarantined(con: duckdb.DuckDBPyConnection) -> None:
    found = con.sql(
        "SELECT column_name, check_name, COUNT(*) FROM quarantine.lab_result GROUP BY ALL"
    ).fetchall()
    assert found == [("value", "impossible_value", 2)]


def test_a_fall_of_haemoglobin_is_listed_and_is_no_haemolysis(
    con: duckdb.DuckDBPyConnection,
) -> None:
    found = con.sql(
        """
        SELECT definition_id, status, observed, baseline, unit, guards, is_counted
        FROM audit.signal
        WHERE event IN ('haemolysis', 'haemoglobin_fall')
        ORDER BY definition_id
        """
    ).fetchall()
    assert found == [
        (
            "haemoglobin_fall", "met", Decimal("7.100000"), Decimal("10.100000"), "g/dL",
            "chemotherapy marrow_failure observation", False,
        ),
        # without a DAT and without a film, though reticulocytes were counted
        ("haemolysis_canadian_2009", "not_evaluable", None, None, None, None, False),
        # what was measured decides: haptoglobin and bilirubin are normal
        ("haemolysis_claims", "not_met", None, None, None, None, False),
        ("haemolysis_ctcae", "not_evaluable", None, None, None, None, False),
        ("haemolysis_northwestern", "not_met", None, None, None, None, False),
        ("haemolysis_sickkids", "not_evaluable", None, None, None, None, False),
    ]  # fmt: skip


def test_the_time_of_a_coded_thrombosis_is_not_known(con: duckdb.DuckDBPyConnection) -> None:
    found = con.sql(
        """
        SELECT status, reason, is_counted
        FROM audit.signal
        WHERE definition_id = 'thrombosis_venous_codes'
        """
    ).fetchall()
    assert found == [("not_evaluable", "timing_unknown", False)]


def test_nothing_that_was_detected_in_the_real_records_is_counted(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert con.sql("SELECT COUNT(*) FROM audit.signal WHERE is_counted").fetchall() == [(0,)]
