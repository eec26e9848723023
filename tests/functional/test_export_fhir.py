"""Findings and rules leave as FHIR R4 that a hospital's own system can load."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any, Final

import polars as pl
import pytest
from exported import IDS, hospital_run
from nightly import Ended, typed

from pipeline.exchange import Choice, export_run
from pipeline.exchange.fhir import _filled, _issue
from pipeline.exchange.target import written

pytestmark = pytest.mark.xdist_group("exported")

Resource = dict[str, Any]

REQUIRED: Final = {
    "DetectedIssue": {"resourceType", "id", "status"},
    "Measure": {"resourceType", "id", "status", "url"},
    "MeasureReport": {"resourceType", "id", "status", "type", "measure", "period"},
}
ALLOWED: Final = {
    "DetectedIssue": REQUIRED["DetectedIssue"]
    | {"extension", "identifier", "code", "severity", "patient", "identifiedDateTime"}
    | {"implicated", "evidence", "detail", "reference"},
    "Measure": REQUIRED["Measure"]
    | {"identifier", "version", "title", "publisher", "description", "effectivePeriod", "topic"}
    | {"relatedArtifact", "scoring", "rationale", "improvementNotation", "group"},
    "MeasureReport": REQUIRED["MeasureReport"] | {"date", "improvementNotation", "group"},
}
STATUS: Final = {
    "DetectedIssue": {"preliminary", "final", "entered-in-error"},
    "Measure": {"draft", "active", "retired"},
    "MeasureReport": {"complete"},
}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hospital_run(tmp_path_factory)


@pytest.fixture(scope="module")
def folder(out: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of an export with pseudonyms."""
    return written_by(out, tmp_path_factory.mktemp("fhir"))


def written_by(out: Path, folder: Path, *, by_id: bool = False) -> Path:
    database, key = out / "latest" / "audit.duckdb", out.parent / "site.key"
    export_run(database, Choice("fhir-r4", by_id), folder, key_file=key, out=out)
    return folder


def read(folder: Path, kind: str) -> list[Resource]:
    text = (folder / f"{kind}.ndjson").read_text("utf-8")
    return [json.loads(line) for line in text.split("\n")[:-1]]


def command(out: Path, *more: object) -> tuple[object, ...]:
    return ("export", *more, "--out", out, "--key-file", out.parent / "site.key")


@pytest.mark.parametrize("kind", REQUIRED)
def test_each_resource_has_what_fhir_asks_for_and_nothing_it_does_not_know(
    folder: Path, kind: str
) -> None:
    found = read(folder, kind)
    assert found
    for resource in found:
        assert resource["resourceType"] == kind
        assert REQUIRED[kind] <= resource.keys() <= ALLOWED[kind]
        assert re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", resource["id"])
        assert resource["status"] in STATUS[kind]
        assert holds_no_empty_value(resource)
    ids = [resource["id"] for resource in found]
    assert ids == sorted(set(ids))


def holds_no_empty_value(value: Any) -> bool:
    if isinstance(value, dict | list):
        parts = value.values() if isinstance(value, dict) else value
        return bool(value) and all(map(holds_no_empty_value, parts))
    return value is not None and value != ""


def test_every_finding_is_one_issue(out: Path, folder: Path) -> None:
    with (out / "latest" / "findings.csv").open(encoding="utf-8") as file:
        findings = {row["finding_key"]: row for row in csv.DictReader(file)}
    issues = {issue["id"]: issue for issue in read(folder, "DetectedIssue")}
    assert issues.keys() == findings.keys()
    for key, issue in issues.items():
        assert [code["code"] for code in issue["code"]["coding"]] == [
            findings[key]["kind"],
            findings[key]["rule_id"],
        ]
        assert issue["extension"][0]["valueCode"] == findings[key]["severity"]
        assert findings[key]["arithmetic"] in issue["detail"]
        assert issue["identifiedDateTime"] == "2024-03-04"


def test_our_severity_keeps_its_order_and_says_that_it_is_no_danger(folder: Path) -> None:
    ranks = {"off_guideline": "high", "review": "moderate", "advisory": "low"}
    for issue in read(folder, "DetectedIssue"):
        assert issue["severity"] == ranks[issue["extension"][0]["valueCode"]]
        assert "not a danger to the patient" in issue["detail"]


@pytest.mark.parametrize(
    ("decision", "status"),
    [
        (None, "preliminary"),
        ("confirmed", "final"),
        ("justified", "final"),
        ("record_error", "entered-in-error"),
        ("rule_error", "entered-in-error"),
        ("unclear", "preliminary"),
        ("differing", "preliminary"),
        ("earlier_facts", "preliminary"),
        ("withdrawn", "preliminary"),
    ],
)
def test_what_a_reviewer_decided_is_the_status(decision: str | None, status: str) -> None:
    from datetime import date  # noqa: PLC0415

    row: dict[str, Any] = dict.fromkeys(
        ("kind", "rule_id", "set_id", "subject_kind", "person", "person_source", "source_url",
         "arithmetic", "cap", "parts")
    )  # fmt: skip
    row |= {"finding_key": "k", "severity": "review", "statement": "s", "decision": decision}
    issue = _filled(_issue(row, date(2025, 1, 1), "pseudonym"))
    assert issue["status"] == status
    assert [part["valueCode"] for part in issue["extension"]] == [
        "review",
        *filter(None, [decision]),
    ]


def test_each_report_is_a_recount_of_the_verdicts(out: Path, folder: Path) -> None:
    verdicts = pl.read_parquet(out / "latest" / "verdicts.parquet").with_columns(
        pl.col("rule_id", "subject_kind", "status", "reason").cast(pl.String)
    )
    judged = verdicts.filter(pl.col("rule_id").is_not_null())
    expected = {
        (rule, kind): recounted(part)
        for (rule, kind), part in judged.group_by("rule_id", "subject_kind")
    }
    told = {}
    for report in read(folder, "MeasureReport"):
        rule = report["measure"].removeprefix("urn:ivig-audit:measure:")
        for group in report["group"]:
            if "code" in group:
                told[rule, group["code"]["coding"][0]["code"]] = counts_of(group)
            else:
                assert counts_of(group) == ((0, 0, 0), {}, None)
                assert judged.filter(rule_id=rule).is_empty()
    assert told == expected
    assert any(reasons for _, reasons, _ in told.values())


def recounted(part: pl.DataFrame) -> tuple[tuple[int, ...], dict[str, int], float | None]:
    statuses, reasons = part["status"], part.filter(status="not_assessable")["reason"]
    met, breached = (int((statuses == word).sum()) for word in ("met", "breached"))
    asked = int((statuses != "not_applicable").sum())
    score = round(met / (met + breached), 6) if met + breached else None
    return (asked, met + breached, met), dict(Counter(reasons)), score


def counts_of(group: Resource) -> tuple[tuple[int, ...], dict[str, int], float | None]:
    counts = {part["code"]["coding"][0]["code"]: part["count"] for part in group["population"]}
    strata = [s for stratifier in group.get("stratifier", []) for s in stratifier["stratum"]]
    reasons = {
        stratum["value"]["coding"][0]["code"]: stratum["population"][0]["count"]
        for stratum in strata
    }
    names = ("initial-population", "denominator", "numerator")
    return (
        tuple(counts[name] for name in names),
        reasons,
        group.get("measureScore", {}).get("value"),
    )


def test_every_report_finds_its_measure_with_the_same_groups(folder: Path) -> None:
    measures = {measure["url"]: measure for measure in read(folder, "Measure")}
    reports = read(folder, "MeasureReport")
    assert {report["measure"] for report in reports} == measures.keys()
    for report in reports:
        asked = measures[report["measure"]]["group"]
        assert [group.get("code") for group in asked] == [
            group.get("code") for group in report["group"]
        ]
        assert report["period"] == {"start": "2024-03-01", "end": "2024-03-04"}


def test_no_person_stands_in_measures_and_no_id_anywhere_by_default(folder: Path) -> None:
    for kind in REQUIRED:
        text = (folder / f"{kind}.ndjson").read_text("utf-8")
        assert "ZQ" not in text
        assert kind == "DetectedIssue" or not re.search(r"P-[0-9A-F]{4}-|patient-", text)


def test_the_page_and_the_export_call_a_patient_the_same(out: Path, folder: Path) -> None:
    page = (out / "latest" / "report-clinical.html").read_text("utf-8")
    people = {issue["patient"]["identifier"]["value"] for issue in read(folder, "DetectedIssue")}
    assert people
    assert all(name in page for name in people)


def test_the_same_run_gives_the_same_bytes(out: Path, folder: Path, tmp_path: Path) -> None:
    again = written_by(out, tmp_path)
    for kind in REQUIRED:
        name = f"{kind}.ndjson"
        assert (again / name).read_bytes() == (folder / name).read_bytes()


def test_with_ids_the_records_are_named_and_it_is_noted_and_warned_of(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "new"
    ended = typed(command(out, "fhir-r4", place, "--with-ids"), capsys)
    assert ended.code == 0, ended.stderr
    assert ended.stderr.startswith("warning: ")
    assert "ZQ" not in ended.stdout + ended.stderr
    issues = read(place, "DetectedIssue")
    assert {issue["patient"]["identifier"]["value"] for issue in issues} <= {*IDS}
    assert "ZQ<1>&" in {issue["patient"]["identifier"]["value"] for issue in issues}
    given = {named["identifier"]["value"] for issue in issues for named in issue["implicated"]}
    assert {"ZQi1", "ZQi2"} <= given
    assert last_access(out) == ("export fhir-r4", "with ids")
    assert modes(place) == {0o600}
    assert place.stat().st_mode & 0o777 == 0o700


def last_access(out: Path) -> tuple[str, str]:
    entry = json.loads((out / "access.log").read_text("utf-8").splitlines()[-1])
    return entry["command"], entry["subject"]


def modes(folder: Path) -> set[int]:
    return {path.stat().st_mode & 0o777 for path in folder.iterdir()}


def test_pseudonyms_are_noted_too_and_warn_of_nothing(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = typed(command(out, "fhir-r4", tmp_path / "new"), capsys)
    assert (ended.code, ended.stderr) == (0, "")
    assert last_access(out) == ("export fhir-r4", "with pseudonyms")


def refused(ended: Ended, code: int) -> str:
    assert (ended.code, ended.stdout) == (code, "")
    return ended.line()


def test_a_folder_that_is_there_is_left_alone(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "old").mkdir()
    assert "Name a new folder" in refused(
        typed(command(out, "fhir-r4", tmp_path / "old"), capsys), 16
    )
    missing = tmp_path / "no" / "new"
    assert "cannot be written" in refused(typed(command(out, "fhir-r4", missing), capsys), 16)
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


@pytest.mark.parametrize("place", ["new", "latest/new", "latest/committee/new", "x/../new"])
def test_nothing_is_written_among_the_runs(
    out: Path, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    ended = typed(command(out, "fhir-r4", out / place, "--with-ids"), capsys)
    assert "lies in --out" in refused(ended, 16)
    assert not list(out.rglob("*new*"))


def test_without_the_key_of_the_run_or_a_run_nothing_is_written(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.key"
    other.write_text("ab" * 32 + "\n", encoding="ascii")
    other.chmod(0o600)
    place = tmp_path / "new"
    wrong = ("export", "fhir-r4", place, "--out", out, "--key-file", other)
    assert "not the key" in refused(typed(wrong, capsys), 15)
    none = ("export", "fhir-r4", place, "--out", out, "--key-file", tmp_path / "none")
    assert "no key" in refused(typed(none, capsys), 15)
    no_run = ("export", "fhir-r4", place, "--out", tmp_path)
    assert "no finished run" in refused(typed(no_run, capsys), 10)
    assert [path.name for path in tmp_path.iterdir()] == ["other.key"]


def test_where_it_cannot_be_noted_nothing_is_left(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError

    monkeypatch.setattr("pipeline.run.access.note_access", full)
    ended = typed(command(out, "fhir-r4", tmp_path / "new"), capsys)
    assert "access.log" in refused(ended, 16)
    assert [*tmp_path.iterdir()] == []


def test_the_page_shows_what_is_written(folder: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "export.md").read_text("utf-8")
    shown = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]
    for resource in shown:
        (found,) = (
            other
            for other in read(folder, resource["resourceType"])
            if "DRO-ITP-REGIMEN-01" in json.dumps(other)
        )
        assert without_names(found) == without_names(resource)
    assert [resource["resourceType"] for resource in shown] == ["MeasureReport", "DetectedIssue"]


def without_names(resource: Resource) -> Resource:
    """Put one name for all that hang on the key of the run."""
    text = re.sub(r"\b([0-9a-f]{16}|P(-[0-9A-F]{4})+)\b", "name", json.dumps(resource))
    loaded: Resource = json.loads(text)
    return loaded


def test_signs_that_no_text_may_hold_are_replaced_and_others_kept() -> None:
    assert written("a\tb\nc\u2028é😀<&>") == "a\tb\nc\u2028é😀<&>"
    assert written("a\x00b\x1bc\x85d\ufffee\ud800") == "a\ufffdb\ufffdc\ufffdd\ufffde\ufffd"
