"""What reviewers decide is shown, counted, never lost, and changes no verdict."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import pytest
from hospital import Hospital, read
from nightly import extract, typed

from pipeline.errors import ConfigError
from pipeline.run.audit import Outcome

OFF, WITHIN = 100, 50
COURSES = {f"p{n}": (f"2024-01-{n:02}", WITHIN if n == 5 else OFF) for n in range(1, 6)}
HEAD = "finding_key,facts_digest,decision,reason,reviewer,date\n"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Hospital:
    """Return a hospital after one night with four findings off guideline."""
    hospital = Hospital(tmp_path_factory.mktemp("published"))
    hospital.night(COURSES, as_of="2024-02-28")
    return hospital


@pytest.fixture
def hospital(published: Hospital, tmp_path: Path) -> Hospital:
    return published.copied(tmp_path / "home")


def findings(folder: Path) -> dict[str, dict[str, str]]:
    """Return the findings of the ward's rule by patient."""
    with (folder / "findings.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "regimen"]
    return {row["patient_id"]: row for row in rows}


def decided(hospital: Hospital, *decisions: tuple[str, str, str, str]) -> Path:
    """Write a file of decisions: patient, decision, reviewer, day; on the facts of the last run."""
    found = findings(hospital.home / "out" / "latest")
    path = hospital.home / "adjudications.csv"
    lines = [
        f"{found[who]['finding_key']},{found[who]['facts_digest']},{word},"
        f"because of <b>{who}</b>,{by},{on}\n"
        for who, word, by, on in decisions
    ]
    path.write_text(HEAD + "".join(lines), encoding="utf-8")
    return path


def page_of(outcome: Outcome) -> str:
    return (outcome.folder / "report-clinical.html").read_text(encoding="utf-8")


def one(outcome: Outcome, query: str) -> tuple[Any, ...]:
    (row,) = read(outcome, query)
    return row


A, B = "Reviewer A", "Reviewer B"


def test_decisions_are_shown_counted_and_leave_the_headline_alone(hospital: Hospital) -> None:
    path = decided(
        hospital,
        ("p1", "justified", A, "2024-03-01"), ("p1", "justified", B, "2024-03-01"),
        ("p2", "confirmed", A, "2024-03-01"), ("p2", "justified", B, "2024-03-01"),
        ("p3", "confirmed", A, "2024-03-01"), ("p3", "confirmed", B, "2024-03-01"),
    )  # fmt: skip
    second = hospital.night(COURSES, as_of="2024-02-28", adjudications=path)
    counts = dict(read(second, "SELECT decision, n_off_guideline FROM report.decision_count"))
    assert counts == {"justified": 1, "differing": 1, "confirmed": 1, "undecided": 1}
    assert one(second, "SELECT n_off, n_judged FROM report.headline") == (4, 5)
    reviewed = one(
        second,
        "SELECT n_taken_back, n_confirmed, n_undecided, n_off_reviewed "
        "FROM report.headline_reviewed",
    )
    assert reviewed == (1, 1, 1, 3)
    page = page_of(second)
    assert "3 of 5" in page
    assert "The headline stays what the rules say" in page
    assert "because of &lt;b&gt;p1&lt;/b&gt;" in page
    assert "<b>p1" not in page
    assert {who: row["decision"] for who, row in findings(second.folder).items()} == {
        "p1": "justified", "p2": "differing", "p3": "confirmed", "p4": "",
    }  # fmt: skip


def test_agreement_has_its_denominator(hospital: Hospital) -> None:
    path = decided(
        hospital,
        ("p1", "justified", A, "2024-03-01"), ("p1", "justified", B, "2024-03-01"),
        ("p2", "confirmed", A, "2024-03-01"), ("p2", "justified", B, "2024-03-01"),
        ("p3", "confirmed", A, "2024-03-01"), ("p3", "confirmed", B, "2024-03-01"),
        ("p4", "confirmed", A, "2024-03-01"),
    )  # fmt: skip
    least = "[policy]\nkappa_min_findings = 3\n"
    second = hospital.night(COURSES, as_of="2024-02-28", adjudications=path, settings=least)
    row = one(second, "SELECT n_both, n_alike, CAST(kappa AS VARCHAR) FROM report.reviewer_pair")
    # 2 of 3 alike; by chance (1*2 + 2*1) / 9: (2/3 - 4/9) / (1 - 4/9) = 0.4
    assert row == (3, 2, "0.400")
    assert '2 of 3</td><td class="n">0.4</td>' in page_of(second)


def test_a_decision_dated_ahead_outranks_nothing_for_the_run_is_refused(
    hospital: Hospital,
) -> None:
    path = decided(hospital, ("p1", "confirmed", A, "2024-03-01"),
                   ("p1", "justified", A, "2090-03-01"))  # fmt: skip
    with pytest.raises(ConfigError, match="line 3: date is still to come"):
        hospital.night(COURSES, as_of="2024-02-28", adjudications=path)


def test_of_few_findings_no_kappa_is_told(hospital: Hospital) -> None:
    path = decided(hospital, ("p1", "confirmed", A, "2024-03-01"),
                   ("p1", "justified", B, "2024-03-01"))  # fmt: skip
    second = hospital.night(COURSES, as_of="2024-02-28", adjudications=path)
    assert one(second, "SELECT n_both, n_alike, kappa FROM report.reviewer_pair") == (1, 0, None)
    assert '0 of 1</td><td class="n">too few for a kappa†</td>' in page_of(second)


def test_a_spoilt_history_is_not_taken_for_the_reviewers_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = extract(tmp_path / "in"), tmp_path / "out"
    (out / "history").mkdir(parents=True)
    (out / "history" / "adjudications.csv").write_text(HEAD.replace(",", ";"), encoding="utf-8")
    ended = typed(("run", source, "--out", out), capsys)
    assert (ended.code, "out/history/adjudications.csv: line 1" in ended.line()) == (15, True)


def test_a_later_decision_of_the_same_reviewer_stands_and_a_withdrawn_one_does_not(
    hospital: Hospital,
) -> None:
    path = decided(
        hospital,
        ("p1", "confirmed", A, "2024-03-05"), ("p1", "justified", A, "2024-03-01"),
        ("p2", "confirmed", A, "2024-03-01"), ("p2", "justified", A, "2024-03-01"),
        ("p3", "confirmed", A, "2024-03-01"), ("p3", "withdrawn", A, "2024-03-02"),
    )  # fmt: skip
    second = hospital.night(COURSES, as_of="2024-02-28", adjudications=path)
    told = {who: row["decision"] for who, row in findings(second.folder).items()}
    assert told == {"p1": "confirmed", "p2": "justified", "p3": "", "p4": ""}


def test_other_facts_and_a_finding_that_is_gone_are_told_and_kept(hospital: Hospital) -> None:
    path = decided(hospital, ("p1", "justified", A, "2024-03-01"),
                   ("p2", "justified", A, "2024-03-01"))  # fmt: skip
    courses = COURSES | {"p1": ("2024-01-01", 120), "p2": ("2024-01-02", WITHIN)}
    second = hospital.night(courses, as_of="2024-02-28", adjudications=path)
    assert one(
        second,
        "SELECT n_decisions, n_findings, n_on_earlier_facts, n_without_finding "
        "FROM report.decision_total",
    ) == (2, 1, 1, 1)
    assert findings(second.folder)["p1"]["decision"] == "earlier_facts"
    assert one(second, "SELECT n_taken_back FROM report.headline_reviewed") == (0,)
    page = page_of(second)
    assert "decided on earlier facts</strong>: " in page
    assert "Decisions on what is no finding any more" in page


def test_no_decision_is_lost_when_the_file_is(hospital: Hospital) -> None:
    path = decided(hospital, ("p1", "justified", A, "2024-03-01"))
    second = hospital.night(COURSES, as_of="2024-02-28", adjudications=path)
    written = (second.folder / "adjudications.csv").read_bytes()
    path.unlink()
    third = hospital.night(COURSES, as_of="2024-02-29")
    assert (third.folder / "adjudications.csv").read_bytes() == written
    assert findings(third.folder)["p1"]["decision"] == "justified"
    shutil.rmtree(hospital.home / "out" / "runs")
    (hospital.home / "out" / "latest").unlink()
    fourth = hospital.night(COURSES, as_of="2024-02-28")
    assert findings(fourth.folder)["p1"]["decision"] == "justified"
    kept = hospital.home / "out" / "history" / "adjudications.csv"
    assert kept.stat().st_mode & 0o777 == 0o600


def test_what_is_given_back_can_be_read_back_and_changes_nothing(hospital: Hospital) -> None:
    path = decided(hospital, ("p1", "justified", A, "2024-03-01"),
                   ("p1", "confirmed", A, "2024-03-01"))  # fmt: skip
    second = hospital.night(COURSES, as_of="2024-02-28", adjudications=path)
    again = hospital.night(
        COURSES, as_of="2024-02-28", adjudications=second.folder / "adjudications.csv"
    )
    assert again.run_id == second.run_id
    assert page_of(again) == page_of(second)


def test_a_bad_line_ends_the_run_with_15_and_its_number_and_no_value(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "decided.csv"
    path.write_text(f"{HEAD}{'0' * 16},{'0' * 16},ZQ-maybe,77.7,ZQ-who,2024-01-01\n", "utf-8")
    source, out = extract(tmp_path / "in"), tmp_path / "out"
    ended = typed(("run", source, "--out", out, "--adjudications", path), capsys)
    assert ended.code == 15
    assert "line 2: decision is none of confirmed, justified" in ended.line()
    assert not (out / "latest").exists()


def test_a_file_named_in_the_settings_lies_beside_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = extract(tmp_path / "in", {"audit.toml": '[run]\nadjudications = "decided.csv"\n'})
    ended = typed(("run", source, "--out", tmp_path / "out"), capsys)
    assert (ended.code, "decided.csv: cannot be read" in ended.line()) == (15, True)
    (source / "decided.csv").write_text(HEAD + "x\n", encoding="utf-8")
    ended = typed(("run", source, "--out", tmp_path / "out"), capsys)
    assert (ended.code, "line 2: 1 cells" in ended.line()) == (15, True)
