"""The MIMIC-IV demo on FHIR holds no immune globulin, and none is found in it."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest
from ingested import ingested, ledger, rows
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.store import open_finished

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
DEMO = SHARED / "mimic4_fhir_demo"
TRAP = SHARED / "real_ivig_cases" / "mimic4_fhir_IVIGBAG_trap.ndjson"

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("mimic4_fhir")]


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    if not DEMO.is_dir():
        pytest.skip("NOT TESTED: ../shared/data/mimic4_fhir_demo is not here")
    out = tmp_path_factory.mktemp("mimic4")
    told = ["run", str(DEMO), "--format", "fhir-r4", "--out", str(out)]
    assert CliRunner().invoke(app, told).exit_code == 0
    return open_finished(out / "latest" / "audit.duckdb")


def test_every_administration_and_dispense_is_accounted_for(con: duckdb.DuckDBPyConnection) -> None:
    counted = {
        name: ledger(con, f"Mimic{name}.ndjson.gz")
        for name in (
            "MedicationAdministration", "MedicationAdministrationICU", "MedicationDispense"
        )
    }  # fmt: skip
    assert {name: found[0] for name, found in counted.items()} == {
        "MedicationAdministration": 36131,
        "MedicationAdministrationICU": 20404,
        "MedicationDispense": 14293,
    }
    assert all(raw == sum(parts) for raw, *parts in counted.values())
    fates = dict(rows(con, "SELECT fate, SUM(n_rows) FROM audit.row_account GROUP BY fate"))
    raw_rows = rows(con, "SELECT SUM(raw_rows) FROM audit.file_ledger")
    assert sum(fates.values()) == raw_rows[0][0] == 97385
    # "Not Given", "Hold Dose", "Not Given per Sliding Scale", "Not Flushed"
    assert fates["not_given"] == 166 + 5 + 4 + 11


def test_no_dose_is_an_immune_globulin_and_none_is_in_quarantine(
    con: duckdb.DuckDBPyConnection,
) -> None:
    told = "SELECT record, mapped_rows, quarantined_rows FROM audit.record_ledger ORDER BY 1"
    found = {record: (mapped, bad) for record, mapped, bad in rows(con, told)}
    assert found["infusion"] == found["dispensing"] == (0, 0)
    assert found["patient"] == (100, 0)
    assert sum(bad for _, bad in found.values()) == 0


def test_what_was_not_given_is_in_no_record(con: duckdb.DuckDBPyConnection) -> None:
    """Every row of the two files becomes a medicine taken, but what was denied or no dose."""
    counted = "SELECT fate, SUM(n_rows) FROM audit.row_account WHERE fate LIKE 'no%' GROUP BY 1"
    left_out = dict(rows(con, counted))
    files = ("MedicationAdministration", "MedicationAdministrationICU")
    not_mapped = sum(ledger(con, f"Mimic{name}.ndjson.gz")[2] for name in files)
    assert not_mapped == left_out["not_given"] + left_out["no_dose"]


def test_the_bag_of_an_acetaminophen_order_is_no_immune_globulin(tmp_path: Path) -> None:
    if not TRAP.is_file():
        pytest.skip("NOT TESTED: ../shared/data/real_ivig_cases is not here")
    shutil.copy(TRAP, tmp_path)
    (tmp_path / "patient.ndjson").write_text(
        '{"resourceType":"Patient","id":"SYN-1"}\n', encoding="utf-8"
    )
    con = ingested(tmp_path, format="fhir-r4")
    assert rows(con, "SELECT * FROM mapped.dispensing") == []
    fates = dict(rows(con, "SELECT fate, SUM(n_rows) FROM audit.row_account GROUP BY fate"))
    assert fates == {"looked_up": 2, "medicine_not_listed": 2, "patient": 1}
