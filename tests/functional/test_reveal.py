"""A pseudonym becomes a patient for the holder of the key, and each try is noted without an id."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from nightly import INFUSION, PLANTED, Ended, extract, typed

from pipeline import disclosure
from pipeline.store import open_finished

MERGE = "merged_id,surviving_id,merged_on\nZQ-old,ZQ-p3,2024-02-01\n"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the output folder of a run whose twenty courses have one finding each."""
    from pipeline.config import load_settings  # noqa: PLC0415
    from pipeline.run.audit import audit  # noqa: PLC0415
    from pipeline.run.journal import Journal  # noqa: PLC0415

    home = tmp_path_factory.mktemp("revealed")
    given = INFUSION.replace(",77.5,", ",277.5,")  # more than any rule allows
    lines = given.splitlines()  # two prescribers, of ten patients each
    given = f"{lines[0]},prescriber_id\n" + "".join(
        f"{line},ZQ-dr{n % 2}\n" for n, line in enumerate(lines[1:])
    )
    source = extract(home / "in", {"patient_merge.csv": MERGE, "infusion.csv": given})
    key = home / "site.key"
    (source / "audit.toml").write_text(f'[privacy]\nkey_file = "{key}"\n', encoding="utf-8")
    audit(load_settings(source, overrides={"max_quarantine": 1}), home / "out", Journal())
    return home / "out"


@pytest.fixture
def key(out: Path) -> Path:
    return out.parent / "site.key"


def pseudonym_of(out: Path, patient_id: str) -> str:
    con = open_finished(out / "latest" / "audit.duckdb")
    found = con.sql(
        "SELECT s.pseudonym FROM report.patient_pseudonym AS s "
        "INNER JOIN staged.patient AS p USING (patient_key) WHERE p.patient_id = $id",
        params={"id": patient_id},
    ).fetchall()
    con.close()
    return str(found[0][0])


def last_access(out: Path) -> dict[str, str]:
    entry: dict[str, str] = json.loads((out / "access.log").read_text("utf-8").splitlines()[-1])
    return entry


def refused(ended: Ended, code: int) -> str:
    assert ended.code == code, ended.stderr
    assert ended.stdout == ""
    return ended.line()


def test_the_holder_of_the_key_learns_who_it_is_and_every_other_id(
    out: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = pseudonym_of(out, "ZQ-p3")
    assert asked in (out / "latest" / "report-clinical.html").read_text("utf-8")
    ended = typed(("reveal", asked.lower(), "--key-file", key, "--out", out), capsys)
    assert ended.code == 0, ended.stderr
    assert ended.stdout == f"{asked} is patient ZQ-p3\n  also recorded as ZQ-old\n"


def test_the_holder_of_the_key_learns_who_prescribed(
    out: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (out / "latest" / "report-clinical.html").read_text("utf-8")
    shown = sorted(set(re.findall(r"RX-[0-9A-F-]{9}", page)))
    told = [typed(("reveal", name, "--key-file", key, "--out", out), capsys) for name in shown]
    # the key is new each time, so which pseudonym is whose is too
    ids = sorted(ended.stdout.rstrip("\n").rpartition(" ")[2] for ended in told)
    assert ids == [f"ZQ-dr{n}" for n in range(len(shown))]
    assert [ended.stdout.partition(" is prescriber ")[0] for ended in told] == shown
    assert last_access(out)["subject"] == shown[-1]
    assert "ZQ-dr" not in page + (out / "access.log").read_text("utf-8")


def test_the_log_says_who_when_and_which_pseudonym_and_never_an_id(
    out: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = pseudonym_of(out, "ZQ-p4")
    typed(("reveal", asked, "--key-file", key, "--out", out), capsys)
    entry = last_access(out)
    assert entry.keys() == {"at", "user", "command", "subject"}
    assert (entry["command"], entry["subject"]) == ("reveal", asked)
    log = out / "access.log"
    assert [value for value in PLANTED if value in log.read_text("utf-8")] == []
    assert log.stat().st_mode & 0o777 == 0o600


def test_without_the_key_nothing_is_told_and_none_is_made(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "no.key"
    asked = pseudonym_of(out, "ZQ-p5")
    line = refused(typed(("reveal", asked, "--key-file", missing, "--out", out), capsys), 15)
    assert "no key" in line
    assert not missing.exists()
    assert last_access(out)["command"] == "reveal refused"
    assert last_access(out)["subject"] == asked


def test_another_key_is_refused(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.key"
    disclosure.load_key(other)
    asked = pseudonym_of(out, "ZQ-p6")
    line = refused(typed(("reveal", asked, "--key-file", other, "--out", out), capsys), 15)
    assert "not the key" in line


def test_a_key_that_others_may_read_is_refused(
    out: Path, key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shared = tmp_path / "shared.key"
    shared.write_bytes(key.read_bytes())
    shared.chmod(0o640)
    asked = pseudonym_of(out, "ZQ-p6")
    line = refused(typed(("reveal", asked, "--key-file", shared, "--out", out), capsys), 15)
    assert "chmod 600" in line


@pytest.mark.parametrize(
    "given", ["ZQ-p1", "12345678", "P-12", "P-1234-5678-9ABC", "P-GGGG-0000", "RX-1", "R-0000-0000"]
)
def test_what_cannot_be_a_pseudonym_is_wrong_usage_and_comes_into_no_log(
    out: Path, key: Path, given: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log = out / "access.log"
    before = log.read_bytes() if log.exists() else b""
    ended = typed(("reveal", given, "--key-file", key, "--out", out), capsys)
    assert (ended.code, ended.stdout) == (2, "")
    assert given not in ended.stderr
    assert (log.read_bytes() if log.exists() else b"") == before


def test_a_pseudonym_of_no_page_is_not_found(
    out: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for none in ("P-0000-0000", "RX-0000-0000"):
        line = refused(typed(("reveal", none, "--key-file", key, "--out", out), capsys), 10)
        assert "--run" in line


def test_nothing_is_told_where_it_cannot_be_noted(
    out: Path, key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "out"
    other.mkdir()
    (other / "runs").symlink_to(out / "runs")
    (other / "latest").symlink_to(out / "latest")
    (other / "access.log").mkdir()
    asked = pseudonym_of(out, "ZQ-p3")
    line = refused(typed(("reveal", asked, "--key-file", key, "--out", other), capsys), 16)
    assert "access.log" in line
