"""The same synthetic records are judged alike, whatever they lie in."""

from __future__ import annotations

from pathlib import Path

import duckdb
import postgres
import pytest
from tools.same_verdicts import faults, judged, verdicts
from tools.written_as_excel import write_workbook

from schemas import RECORDS

pytestmark = pytest.mark.xdist_group("sources_agree")  # the sample is judged as CSV once
SAMPLES = Path(__file__).parents[2] / "data_samples"
SUPPLIED = [record for record in RECORDS if (SAMPLES / f"{record}.csv").is_file()]


@pytest.fixture(scope="module")
def ours() -> duckdb.DuckDBPyConnection:
    """Judge the sample as CSV."""
    return judged(SAMPLES)


def test_a_workbook_is_judged_as_the_files_it_was_made_of(
    ours: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    write_workbook(SAMPLES, tmp_path / "hospital.xlsx", SUPPLIED)
    theirs = judged(tmp_path)
    assert faults(ours, theirs) == []
    assert len(verdicts(theirs)) > 20_000
    theirs.close()


def test_a_database_is_judged_as_the_files_it_was_filled_from(
    ours: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.or_skip()
    with postgres.running() as server:
        server.load(SAMPLES, SUPPLIED)
        monkeypatch.setenv("DB_SECRET", server.password)
        tables = "".join(f'{record} = "public.{record}"\n' for record in SUPPLIED)
        (tmp_path / "audit.toml").write_text(
            f'[database]\nurl = "{server.url}"\npassword_env = "DB_SECRET"\n'
            f"[database.tables]\n{tables}",
            encoding="utf-8",
        )
        theirs = judged(tmp_path)
    assert faults(ours, theirs) == []
    assert len(verdicts(theirs)) > 20_000
    theirs.close()
