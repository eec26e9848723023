"""The comparison by which formats are held against CSV sees what a format has lost or changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest
from tools.same_verdicts import changes, faults, judged, verdicts

from pipeline.synth import synth


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the records of a few synthetic patients."""
    made = tmp_path_factory.mktemp("records")
    synth(made, 30, 5, "all")
    return made


@pytest.fixture(scope="module")
def full(folder: Path) -> duckdb.DuckDBPyConnection:
    """Judge the records as they are."""
    return judged(folder)


@pytest.fixture(scope="module")
def poorer(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """Judge the same records without medicines, with one dose doubled."""
    other = tmp_path_factory.mktemp("other") / "records"
    shutil.copytree(folder, other)
    (other / "medication.csv").unlink()
    lines = (other / "infusion.csv").read_text("utf-8").splitlines()
    dose = lines[0].split(",").index("dose_g")
    cells = lines[1].split(",")
    cells[dose] = str(2 * float(cells[dose]))
    lines[1] = ",".join(cells)
    (other / "infusion.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return judged(other)


def test_an_audit_agrees_with_itself_and_every_verdict_is_compared(
    full: duckdb.DuckDBPyConnection,
) -> None:
    assert faults(full, full) == []
    n_compared = sum(map(len, verdicts(full).values()))
    assert full.sql("SELECT COUNT(*) FROM audit.verdict").fetchall() == [(n_compared,)]
    assert {what for what, *_ in changes(full, full)} == {"same"}


def test_a_lost_table_and_a_changed_dose_are_told_apart(
    full: duckdb.DuckDBPyConnection, poorer: duckdb.DuckDBPyConnection
) -> None:
    told = changes(full, poorer)
    lost = {(kind, reason) for what, kind, reason, _ in told if what == "lost"}
    assert ("premedication", "table_not_supplied") in lost
    assert "reconciliation" in {kind for what, kind, *_ in told if what == "other"}
    named = faults(full, poorer, losses=frozenset(lost))
    assert named
    assert not any("table_not_supplied" in line for line in named)


def test_a_loss_that_no_verdict_shows_is_a_fault(full: duckdb.DuckDBPyConnection) -> None:
    said = faults(full, full, losses=frozenset({("weight", "no_weight")}))
    assert said == ["no weight is lost as no_weight"]
