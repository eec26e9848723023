"""A patient who opts out is in no file of the next run, and the report says how many there were."""

from __future__ import annotations

import io
import json
from pathlib import Path

import duckdb
import pytest
from nightly import INFUSION, extract, typed

from pipeline.store import open_finished

WHO, GIVEN = "ZQ-p7", "ZQ-i7"
"""The patient who opts out, and their only infusion."""
LIST = f"patient_id,opted_out_on\n{WHO},2024-06-01\nZQ-unheard-of,2024-06-01\n"


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the folders of the run before a patient opted out and of the one after it."""
    from pipeline.config import load_settings  # noqa: PLC0415
    from pipeline.run.audit import audit  # noqa: PLC0415
    from pipeline.run.journal import Journal  # noqa: PLC0415

    home = tmp_path_factory.mktemp("opted-out")
    given = INFUSION.replace(",77.5,", ",277.5,")  # more than any rule allows
    given += f"{GIVEN}-late,{WHO},2024-13-77 09:00,,Privigen,30,IV,itp_adult\n{WHO},torn\n"
    source = extract(home / "in", {"infusion.csv": given, "notes.csv": "note\n1\n"})
    options = {
        "max_quarantine": 1, "as_of": "2024-12-31", "edition": ("clinical", "committee"),
    }  # fmt: skip
    folders = []
    for listed in (None, LIST):
        if listed:
            (source / "opt_out.csv").write_text(listed)
        settings = load_settings(source, overrides=options)
        folders.append(audit(settings, home / "out", Journal(io.StringIO())).folder)
    return folders[0], folders[1]


def keys_of(folder: Path, patient_id: str) -> list[str]:
    """Return the keys of a patient's findings, and the pseudonym."""
    with open_finished(folder / "audit.duckdb") as con:
        found = con.sql(
            "SELECT finding_key FROM audit.finding WHERE patient_id = $id"
            " UNION ALL SELECT pseudonym FROM report.patient_pseudonym"
            " INNER JOIN staged.patient USING (patient_key) WHERE patient_id = $id",
            params={"id": patient_id},
        ).fetchall()
    return [key for (key,) in found]


def cells(path: Path) -> str:
    """Return everything that a file holds as text, its tables opened."""
    if path.suffix == ".parquet":
        with duckdb.connect() as con:
            return str(con.sql(f"FROM read_parquet('{path}')").fetchall())
    if path.suffix != ".duckdb":
        return path.read_text("utf-8")
    with open_finished(path) as con:
        names = con.sql(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables()"
            " WHERE database_name = 'this_run'"
        ).fetchall()
        return "\n".join(str(con.sql(f"FROM {name}").fetchall()) for (name,) in names)


def test_no_file_of_the_next_run_holds_anything_of_the_patient(nights: tuple[Path, Path]) -> None:
    before, after = nights
    known = [WHO, GIVEN, "ZQ-unheard-of", *keys_of(before, WHO)]
    assert len(known) > 4
    searched = [path for path in after.rglob("*") if path.is_file()]
    searched += [
        path for path in (after.parents[1] / "history" / after.name).rglob("*") if path.is_file()
    ]
    assert len(searched) > 20
    wrong = [(p.name, k) for p in searched for text in [cells(p)] for k in known if k in text]
    assert wrong == []
    raw = (after / "audit.duckdb").read_bytes()
    assert [name for name in (WHO, GIVEN) if name.encode() in raw] == []
    assert any(WHO in cells(path) for path in before.rglob("*.csv"))


def test_how_many_are_left_out_is_counted_and_the_ledger_closes(nights: tuple[Path, Path]) -> None:
    page = (nights[1] / "report-clinical.html").read_text("utf-8")
    assert "1 patient opted out: 4 rows left out of everything that follows." in page
    assert "The list has 2 ids, 1 of them in no record." in page
    assert "The text of 1 unreadable record is withheld" in page
    manifest = json.loads((nights[1] / "manifest.json").read_text("utf-8"))
    ledger = {row["record"]: row for row in manifest["record_ledger"]}
    assert ledger["patient"]["opted_out_rows"] == 1
    assert ledger["infusion"] == {
        "record": "infusion", "mapped_rows": 21, "staged_rows": 19, "quarantined_rows": 0,
        "set_aside_rows": 0, "opted_out_rows": 2,
    }  # fmt: skip
    committee = (nights[1] / "committee" / "report-committee.html").read_text("utf-8")
    assert "opted out" not in committee


def test_the_page_names_the_files_that_nothing_read(nights: tuple[Path, Path]) -> None:
    for folder in nights:
        page = (folder / "report-clinical.html").read_text("utf-8")
        assert "which nothing read: <bdi><code>notes.csv</code></bdi>." in page


def test_another_list_is_another_run_and_its_change_is_no_change_of_care(
    nights: tuple[Path, Path],
) -> None:
    before, after = nights
    assert before.name != after.name
    with open_finished(after / "audit.duckdb") as con:
        ((run, cause, detail),) = con.sql(
            "SELECT run_id, cause, detail FROM audit.history_before"
        ).fetchall()
        assert (run, cause, detail) == (before.name, "reading", "source.opt_out")
        assert con.sql("FROM audit.finding_change WHERE change IN ('gone', 'resolved')"
                       ).fetchall() == []  # fmt: skip
        ((mark,),) = con.sql(
            "SELECT value FROM audit.setting WHERE name = 'source.opt_out'"
        ).fetchall()
    assert len(mark) == 16


def test_a_recall_says_that_somebody_is_not_in_the_list(
    nights: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    ended = typed(("recall", "--lot", "A1", "--out", nights[1].parents[1]), capsys)
    assert "patients who opted out, of whom no record is in this run" in ended.stdout
    assert "unreadable lines not searched" in ended.stdout


@pytest.mark.exit_code(10)
def test_a_list_that_cannot_be_read_stops_the_night(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = extract(tmp_path / "in", {"opt_out.csv": "patient_id\nZQ-p1,ZQ-p2\n"})
    ended = typed(("run", source, "--out", tmp_path / "out"), capsys)
    assert ended.code == 10
    assert "Somebody who opted out might be audited" in ended.line()
