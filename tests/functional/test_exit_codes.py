"""Each exit code of the design, from the command line, with one line and no record value.

A process of its own shows once that a good night and a refused one end with their code; the
others run in this process, which loads the program once.
"""

from __future__ import annotations

import fcntl
import json
import shutil
from pathlib import Path

import pytest
from audited import write_records
from nightly import Ended, extract, started, typed
from nightly import called as ivig_audit

from pipeline import resources
from pipeline.store import open_finished

ROOT = Path(__file__).parents[2]
RECORDS = {
    "patient": "patient_id | birth_date | sex\nSECRET-1 | 1980-01-01 | F\n",
    "body_measurement": (
        "patient_id | measured_at | weight_kg\nSECRET-1 | 2024-03-01 08:00 | 77.7\n"
    ),
    "infusion": (
        "infusion_id | patient_id | started_at | ended_at | product_code | dose_g | route"
        " | indication_code\n"
        "SECRET-i | SECRET-1 | 2024-03-01 09:00 | 2024-03-01 13:00 | Privigen | 77.5 | IV"
        " | itp_adult\n"
    ),
}


def assert_one_line(done: Ended, code: int) -> None:
    assert done.code == code, done.stderr
    told = [line for line in done.stderr.splitlines() if line.startswith("ivig-audit:")]
    assert len(told) == 1
    assert "Traceback" not in done.stderr
    for value in ("SECRET", "77.7", "77.5"):
        assert value not in done.stdout + done.stderr


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_records(tmp_path / "source", RECORDS)


@pytest.mark.exit_code(0)
def test_a_good_run_exits_0_and_leaves_every_file(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = started("run", source, "--out", out)
    assert done.code == 0, done.stderr
    assert {path.name for path in (out / "latest").iterdir()} == {
        "audit.duckdb",
        "findings.csv",
        "history",
        "manifest.json",
        "quarantine.csv",
        "report-clinical.html",
        "tables",
        "timings.json",
        "verdicts.parquet",
    }
    for path in [*(out / "latest").rglob("*"), *(out / "history").rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path.name
    assert "SECRET" not in done.stdout + done.stderr


@pytest.mark.exit_code(2)
def test_wrong_usage_exits_2(tmp_path: Path) -> None:
    assert ivig_audit("run").code == 2
    assert ivig_audit("run", tmp_path, "--fail-on", "everything").code == 2
    assert ivig_audit("run", tmp_path, "--max-quarantine", "lots").code == 2
    assert ivig_audit("nonsense").code == 2


@pytest.mark.exit_code(3)
def test_findings_at_the_chosen_severity_exit_3(source: Path, tmp_path: Path) -> None:
    text = (source / "infusion.csv").read_text().replace("77.5", "177.5")
    (source / "infusion.csv").write_text(text)
    # the only course is open at the last day unless the day of the audit is later
    done = ivig_audit(
        "run", source, "--out", tmp_path / "out", "--fail-on", "review", "--as-of", "2024-12-31"
    )
    assert done.code == 3, done.stderr


@pytest.mark.exit_code(10)
@pytest.mark.parametrize("name", ["patient.csv", "infusion.csv"])
def test_a_missing_required_record_exits_10(source: Path, tmp_path: Path, name: str) -> None:
    (source / name).unlink()
    assert_one_line(started("run", source, "--out", tmp_path / "out"), 10)
    assert not (tmp_path / "out" / "latest").exists()


@pytest.mark.exit_code(10)
def test_a_missing_required_column_exits_10(source: Path, tmp_path: Path) -> None:
    text = (source / "infusion.csv").read_text().replace("started_at", "begun_at")
    (source / "infusion.csv").write_text(text)
    done = ivig_audit("run", source, "--out", tmp_path / "out")
    assert_one_line(done, 10)
    assert "started_at" in done.stderr


@pytest.mark.exit_code(10)
def test_a_path_that_does_not_exist_exits_10(tmp_path: Path) -> None:
    assert_one_line(ivig_audit("run", tmp_path / "nowhere", "--out", tmp_path / "out"), 10)


@pytest.mark.exit_code(11)
def test_too_much_quarantine_exits_11(source: Path, tmp_path: Path) -> None:
    with (source / "infusion.csv").open("a") as file:
        file.write("SECRET-2,SECRET-1,2024-13-77 09:00,,Privigen,30,IV,itp_adult\n")
    done = ivig_audit("run", source, "--out", tmp_path / "out", "--max-quarantine", "5%")
    assert_one_line(done, 11)
    assert ivig_audit("run", source, "--out", tmp_path / "out", "--max-quarantine", "60%").code == 0


@pytest.mark.exit_code(12)
def test_an_invalid_guideline_folder_exits_12(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "guidelines"
    shutil.copytree(ROOT / "guidelines", folder)
    (folder / "droracle-2025" / "kawasaki.toml").write_text("nonsense = 1\n")
    (source / "audit.toml").write_text(f'[run]\nguideline_folder = "{folder}"\n')
    done = ivig_audit("run", source, "--out", tmp_path / "out")
    assert done.code == 12
    assert "kawasaki.toml" in done.stderr
    assert ivig_audit("guideline", "check", folder).code == 12
    assert ivig_audit("run", source, "--guideline", "no-such-set").code == 12


@pytest.mark.exit_code(14)
def test_a_second_run_exits_14(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with (out / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert_one_line(ivig_audit("run", source, "--out", out), 14)


@pytest.mark.exit_code(15)
def test_an_unknown_key_in_audit_toml_exits_15(source: Path, tmp_path: Path) -> None:
    (source / "audit.toml").write_text("[source]\ntimezone = 'UTC'\n")
    done = ivig_audit("run", source, "--out", tmp_path / "out")
    assert_one_line(done, 15)
    assert "timezone" in done.stderr


@pytest.mark.exit_code(16)
def test_an_output_that_cannot_be_written_exits_16(source: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file, not a folder")
    assert_one_line(ivig_audit("run", source, "--out", tmp_path / "out"), 16)


@pytest.mark.exit_code(1)
def test_a_fault_of_the_program_itself_exits_1(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("SECRET-1")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.run.audit.audit", fail)
        ended = typed(("run", source, "--out", tmp_path / "out"), capsys)
    assert ended.code == 1
    assert "internal error ValueError at test_exit_codes.py:" in ended.stderr
    assert "SECRET" not in ended.stderr


@pytest.mark.exit_code(13)
def test_a_check_that_fails_to_run_exits_13(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read = resources.sql
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            resources, "sql", lambda name: "SELECT x" if name.startswith("checks/w") else read(name)
        )
        ended = typed(("run", source, "--out", tmp_path / "out"), capsys)
    assert ended.code == 13
    assert "nothing was published" in ended.line()
    assert not (tmp_path / "out" / "latest").exists()


@pytest.mark.exit_code(17)
def test_an_earlier_committee_edition_that_cannot_be_read_exits_17(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "out" / "history" / "editions"
    kept.mkdir(parents=True)
    (kept / "0.json").write_text("[1", encoding="utf-8")
    source = extract(tmp_path / "in")
    ended = typed(("run", source, "--out", tmp_path / "out", "--edition", "committee"), capsys)
    assert ended.code == 17
    assert ended.line()
    assert not (tmp_path / "out" / "latest").exists()


def test_a_failed_run_leaves_the_old_report_untouched(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert ivig_audit("run", source, "--out", out).code == 0
    before = (out / "latest" / "report-clinical.html").read_bytes()
    run = (out / "latest").resolve()
    (source / "patient.csv").unlink()
    assert ivig_audit("run", source, "--out", out).code == 10
    assert (out / "latest").resolve() == run
    assert (out / "latest" / "report-clinical.html").read_bytes() == before


def test_the_same_night_twice_gives_the_same_run(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    runs = []
    for _ in range(2):
        assert ivig_audit("run", source, "--out", out).code == 0
        runs.append(json.loads((out / "latest" / "manifest.json").read_text()))
    assert runs[0] == runs[1]
    assert len(list((out / "runs").iterdir())) == 1


def test_explain_prints_a_finding_and_notes_the_access(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    text = (source / "infusion.csv").read_text().replace("77.5", "177.5")
    (source / "infusion.csv").write_text(text)
    ivig_audit("run", source, "--out", out, "--as-of", "2024-12-31")
    key = (out / "latest" / "findings.csv").read_text().splitlines()[1].split(",")[0]
    done = ivig_audit("explain", key, "--out", out)
    assert done.code == 0, done.stderr
    assert key in done.stdout
    assert json.loads((out / "access.log").read_text())["subject"] == key
    assert (out / "access.log").stat().st_mode & 0o777 == 0o600
    assert ivig_audit("explain", "0000000000000000", "--out", out).code == 10


def test_contract_prints_every_record_and_a_template() -> None:
    done = ivig_audit("contract")
    assert done.code == 0
    assert "adverse_event" in done.stdout
    assert ivig_audit("contract", "infusion", "--template").stdout.startswith("infusion_id,")
    assert ivig_audit("contract", "nonsense").code == 2


def test_any_name_of_the_output_folder_will_do_also_the_second_night(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / 'the ward\'s [new] *out; "1"'
    source = extract(tmp_path / "in")
    for day in ("2024-05-01", "2024-05-02"):
        assert typed(("run", source, "--out", out, "--as-of", day), capsys).code == 0
    assert (out / "latest" / "findings.csv").is_file()
    con = open_finished(out / "latest" / "audit.duckdb")
    assert con.sql("SELECT obstacle FROM audit.history_before").fetchall() == [(None,)]
    con.close()
