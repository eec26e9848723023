"""What became of the findings since the run before, and why: nothing is called resolved lightly."""

from __future__ import annotations

import csv
import hashlib
import hmac
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hospital import Hospital, read
from ward import HEAD, RULE

from pipeline.config import Settings
from pipeline.disclosure import key_path, load_key
from pipeline.disclosure.kept import editions_of
from pipeline.run import program
from pipeline.run.audit import Outcome

WITHIN, OFF = 50, 100
JANUARY = {"j1": ("2024-01-01", OFF), "j2": ("2024-01-02", WITHIN), "j3": ("2024-01-03", OFF)}
LATE = {"l1": ("2024-01-20", OFF)}
MARCH = {"m1": ("2024-03-01", OFF)}
MILDER = RULE.replace("max = 1 }", "max = 2 }")
REWORDED = RULE.replace("Our protocol says so.", "We say so.")
FEBRUARY_END = {"as_of": "2024-02-28"}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Hospital:
    """Return a hospital after one night with two findings, j1 and j3."""
    hospital = Hospital(tmp_path_factory.mktemp("published"))
    hospital.night(JANUARY, **FEBRUARY_END)
    return hospital


@pytest.fixture
def hospital(published: Hospital, tmp_path: Path) -> Hospital:
    return published.copied(tmp_path / "home")


def key_of(course: str, rule: str = "WARD-MG-REGIMEN-01") -> str:
    """Return the key of a finding on the course of a patient with one bag, both of that name."""
    key = load_key(key_path(Settings()))
    salt = hmac.new(key, b"ivig-audit finding keys", hashlib.sha256).hexdigest()
    return hashlib.sha256(f"{salt}|{rule}|course|:{course}:{course}".encode()).hexdigest()[:16]


def changes(outcome: Outcome) -> dict[str, tuple[str, str]]:
    """Return the change and its cause by the course's name, of the ward's rule."""
    found = read(
        outcome,
        "SELECT finding_key, change, cause FROM audit.finding_change "
        "WHERE rule_id = 'WARD-MG-REGIMEN-01'",
    )
    names = {key_of(name): name for name in JANUARY | LATE | MARCH}
    return {names[key]: (change, cause) for key, change, cause in found}


def page_of(outcome: Outcome) -> str:
    return (outcome.folder / "report-clinical.html").read_text(encoding="utf-8")


def total(outcome: Outcome) -> dict[str, int]:
    columns = ("n_new", "n_new_otherwise", "n_worsened", "n_worsened_otherwise", "n_resolved")
    names = (*columns, "n_gone")
    (row,) = read(outcome, f"SELECT {', '.join(names)} FROM report.finding_change_total")
    return {name: number for name, number in zip(names, row, strict=True) if number}


def test_the_first_night_compares_nothing_and_says_nothing(published: Hospital) -> None:
    page = (published.home / "out" / "latest" / "report-clinical.html").read_text("utf-8")
    assert "Findings since the run before" not in page
    with (published.home / "out" / "latest" / "findings.csv").open(encoding="utf-8") as file:
        assert {row["change"] for row in csv.DictReader(file)} == {""}


def test_what_came_late_is_told_from_what_was_given_since(hospital: Hospital) -> None:
    second = hospital.night(JANUARY | LATE | MARCH)
    assert changes(second) == {"l1": ("new", "records"), "m1": ("new", "later")}
    assert total(second) == {"n_new": 2}
    with (second.folder / "findings.csv").open(encoding="utf-8") as file:
        told = {row["finding_key"]: row["change"] for row in csv.DictReader(file)}
    assert told == {
        key_of("j1"): "same", key_of("j3"): "same", key_of("l1"): "new", key_of("m1"): "new",
    }  # fmt: skip
    page = page_of(second)
    assert "Findings since the run before" in page
    assert f'<a href="#f-{key_of("l1")}">' in page


def test_a_finding_is_resolved_only_where_the_same_rule_is_met(hospital: Hospital) -> None:
    second = hospital.night(JANUARY | {"j1": ("2024-01-01", WITHIN)}, **FEBRUARY_END)
    assert changes(second) == {"j1": ("resolved", "met")}
    assert total(second) == {"n_resolved": 1}
    (row,) = read(second, "SELECT patient_key FROM report.finding_change")
    assert row[0] is not None  # whose it was is still known


def test_a_record_that_is_gone_resolves_nothing(hospital: Hospital) -> None:
    second = hospital.night({name: JANUARY[name] for name in ("j2", "j3")}, **FEBRUARY_END)
    assert changes(second) == {"j1": ("gone", "record_gone")}
    assert total(second) == {"n_gone": 1}
    assert "not in the records so any more" in page_of(second)


def test_a_fact_that_is_missing_now_resolves_nothing(hospital: Hospital) -> None:
    second = hospital.night(JANUARY, unweighed="j1", **FEBRUARY_END)
    assert changes(second) == {"j1": ("gone", "not_assessable")}


@pytest.mark.parametrize(("dose", "change"), [(120, "worsened"), (90, "eased")])
def test_further_beyond_the_limit_is_worse_and_less_far_is_eased(
    hospital: Hospital, dose: int, change: str
) -> None:
    second = hospital.night(JANUARY | {"j1": ("2024-01-01", dose)}, **FEBRUARY_END)
    assert changes(second) == {"j1": (change, "records")}


def test_the_same_finding_on_another_day_rests_on_other_facts(hospital: Hospital) -> None:
    second = hospital.night(JANUARY | {"j1": ("2024-01-09", OFF)}, **FEBRUARY_END)
    assert changes(second) == {"j1": ("altered", "records")}


def test_another_rule_resolves_nothing(hospital: Hospital) -> None:
    second = hospital.night(JANUARY | {"j1": ("2024-01-01", WITHIN)}, rules=MILDER, **FEBRUARY_END)
    assert changes(second) == {"j1": ("gone", "rule_changed"), "j3": ("gone", "rule_changed")}
    assert total(second) == {"n_gone": 2}


def test_words_of_a_rule_that_decide_nothing_make_no_other_rule(hospital: Hospital) -> None:
    second = hospital.night(
        JANUARY | {"j1": ("2024-01-01", WITHIN)}, rules=REWORDED, **FEBRUARY_END
    )
    assert changes(second) == {"j1": ("resolved", "met")}


def test_a_set_that_is_not_loaded_any_more_resolves_nothing(hospital: Hospital) -> None:
    second = hospital.night(JANUARY, guidelines=("droracle-2025",), **FEBRUARY_END)
    assert changes(second) == {"j1": ("gone", "rule_gone"), "j3": ("gone", "rule_gone")}
    causes = read(second, "SELECT DISTINCT cause FROM audit.finding_change WHERE change = 'new'")
    assert causes in ([], [("rule_new",)])
    assert "n_new" not in total(second)


def test_another_program_resolves_nothing_and_the_first_page_says_so(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "program_digest", lambda: "another")
    second = hospital.night(
        JANUARY | LATE | {"j1": ("2024-01-01", WITHIN), "j3": ("2024-01-03", 120)}, **FEBRUARY_END
    )
    assert changes(second) == {
        "j1": ("gone", "program"), "j3": ("worsened", "program"), "l1": ("new", "program"),
    }  # fmt: skip
    assert total(second) == {"n_gone": 1, "n_worsened_otherwise": 1, "n_new_otherwise": 1}
    page = page_of(second)
    assert "Nothing is called new by the care, or resolved: another version" in page


ABOVE = (
    HEAD.replace("ward-seven", "city").replace("WARD", "CITY").replace('"unit"', '"commissioner"')
)
"""A set of higher authority."""
LENIENT = MILDER.replace("WARD", "CITY")


def test_a_set_that_came_or_went_is_the_cause_where_it_softens_a_finding(
    hospital: Hospital,
) -> None:
    for name, head, rule in (("ward", HEAD, RULE), ("city", ABOVE, LENIENT)):
        folder = hospital.home / "library" / name
        folder.mkdir(parents=True)
        (folder / "set.toml").write_text(head, encoding="utf-8")
        (folder / "mg.toml").write_text(rule, encoding="utf-8")
    both: dict[str, Any] = {
        "guidelines": ("ward-seven", "city"),
        "guideline_folder": hospital.home / "library",
    }
    second = hospital.night(JANUARY, **both, **FEBRUARY_END)
    assert changes(second) == {"j1": ("eased", "other_rules"), "j3": ("eased", "other_rules")}
    worse = JANUARY | {"j1": ("2024-01-01", 90)}
    third = hospital.night(worse, **both, **FEBRUARY_END)
    assert changes(third) == {"j1": ("eased", "records")}
    fourth = hospital.night(worse, **FEBRUARY_END)
    assert changes(fourth) == {
        "j1": ("worsened", "other_rules"), "j3": ("worsened", "other_rules"),
    }  # fmt: skip
    assert total(fourth) == {"n_worsened_otherwise": 2}


def test_a_course_that_begins_with_a_late_infusion_is_not_one_that_nobody_asks_about(
    hospital: Hospital,
) -> None:
    late = "j0 | j1 | 2023-12-30 | Privigen | 1 | IV | mg"
    second = hospital.night(JANUARY, more=late, **FEBRUARY_END)
    assert changes(second) == {"j1": ("gone", "record_gone")}


@pytest.mark.parametrize(
    ("settings", "cause", "detail"),
    [
        ('[source]\ntime_zone = "Europe/Paris"\n', "reading", "source.time_zone"),
        ("[policy]\nimplausible_dose_ratio = 1.5\n", "settings", "policy"),
    ],
)
def test_other_settings_resolve_nothing(
    hospital: Hospital, settings: str, cause: str, detail: str
) -> None:
    second = hospital.night(
        JANUARY | {"j1": ("2024-01-01", WITHIN)}, settings=settings, **FEBRUARY_END
    )
    assert changes(second)["j1"] == ("gone", cause)
    assert read(second, "SELECT cause, detail FROM audit.history_before") == [(cause, detail)]
    assert total(second).get("n_resolved") is None


def test_a_finding_outside_the_period_is_not_resolved(hospital: Hospital) -> None:
    second = hospital.night(JANUARY | MARCH, from_on="2024-03-01")
    assert changes(second) == {
        "j1": ("gone", "outside_period"),
        "j3": ("gone", "outside_period"),
        "m1": ("new", "later"),
    }
    third = hospital.night(JANUARY | MARCH)
    assert changes(third) == {
        "j1": ("new", "outside_period"), "j3": ("new", "outside_period"),
    }  # fmt: skip


@pytest.mark.parametrize("damage", ["lost", "cut", "other"])
def test_a_history_that_cannot_be_read_is_told_and_ends_no_night(
    hospital: Hospital, damage: str
) -> None:
    first = (hospital.home / "out" / "latest").resolve()
    kept = hospital.home / "out" / "history" / first.name
    if damage == "lost":
        shutil.rmtree(kept)
        shutil.rmtree(first / "history")
    else:
        for folder in (kept, first / "history"):
            if damage == "cut":
                (folder / "findings.parquet").write_bytes(b"PAR1")
            else:
                (folder / "run.json").write_text("[]", encoding="utf-8")
    second = hospital.night(JANUARY | LATE, **FEBRUARY_END)
    expected = "no_history" if damage == "lost" else "history_unreadable"
    assert read(second, "SELECT obstacle FROM report.history_before") == [(expected,)]
    assert read(second, "SELECT * FROM audit.finding_change") == []
    assert "cannot be compared" in page_of(second)


def test_the_same_night_twice_gives_the_same_bytes(hospital: Hospital) -> None:
    names = ("manifest.json", "report-clinical.html", "findings.csv")
    kept = ("history/run.json", "history/findings.parquet", "history/rules.parquet")
    second = hospital.night(JANUARY | LATE)
    first = [(second.folder / name).read_bytes() for name in (*names, *kept)]
    again = hospital.night(JANUARY | LATE)
    assert again.run_id == second.run_id
    assert [(again.folder / name).read_bytes() for name in (*names, *kept)] == first


def test_history_holds_findings_and_rules_and_no_id_of_anybody(hospital: Hospital) -> None:
    import polars as pl  # noqa: PLC0415

    named = {f"ZQ-{name}": told for name, told in JANUARY.items()}
    last = hospital.night(named, **FEBRUARY_END)
    kept = hospital.home / "out" / "history" / last.run_id
    assert {path.name for path in kept.iterdir()} == {
        "findings.parquet", "rules.parquet", "run.json",
    }  # fmt: skip
    findings = pl.read_parquet(kept / "findings.parquet")
    assert findings["rule_id"].to_list() == ["WARD-MG-REGIMEN-01"] * 2
    rules = pl.read_parquet(kept / "rules.parquet").filter(pl.col("table_name") == "regimen")
    assert [json.loads(row)["label"] for row in rules["row_json"]] == ["1 g/kg"]
    for path in kept.iterdir():
        assert b"ZQ-" not in path.read_bytes()
    assert "ZQ-" not in str(findings.rows())


def recomputed(before: Path, after: Path) -> dict[str, str]:
    """Say with two files of findings alone which came, went, or rest on other facts."""
    then, now = (
        {
            row["finding_key"]: row["facts_digest"]
            for row in csv.DictReader(path.read_text("utf-8").splitlines())
        }
        for path in (before / "findings.csv", after / "findings.csv")
    )
    found = dict.fromkeys(now.keys() - then.keys(), "new")
    found |= dict.fromkeys(then.keys() - now.keys(), "gone")
    return found | {key: "kept" for key in now.keys() & then.keys() if now[key] != then[key]}


def test_the_files_of_findings_tell_the_same(hospital: Hospital) -> None:
    courses: dict[str, Any] = JANUARY | LATE | MARCH
    courses |= {"j1": ("2024-01-01", WITHIN), "j3": ("2024-01-03", 120)}
    before = (hospital.home / "out" / "latest").resolve()
    second = hospital.night(courses)
    found = read(second, "SELECT finding_key, change FROM audit.finding_change")
    kinds = {"resolved": "gone", "worsened": "kept", "eased": "kept", "altered": "kept"}
    assert {key: kinds.get(change, change) for key, change in found} == recomputed(
        before, second.folder
    )


def test_who_is_listed_has_a_pseudonym(hospital: Hospital) -> None:
    second = hospital.night(JANUARY | {"j1": ("2024-01-01", WITHIN)}, **FEBRUARY_END)
    (row,) = read(
        second,
        "SELECT s.pseudonym, p.patient_id FROM report.finding_change AS c "
        "INNER JOIN report.patient_pseudonym AS s USING (patient_key) "
        "INNER JOIN staged.patient AS p USING (patient_key)",
    )
    assert row[1] == "j1"
    assert row[0] in page_of(second)


def test_old_runs_go_when_asked_and_the_night_can_still_be_made_again(hospital: Hospital) -> None:
    out = hospital.home / "out"
    first = (out / "latest").resolve().name
    second = hospital.night(JANUARY | LATE, edition=("clinical", "committee"), **FEBRUARY_END)
    third = hospital.night(JANUARY | LATE | MARCH, keep=1)
    assert {path.name for path in (out / "runs").iterdir()} == {second.run_id, third.run_id}
    assert (out / "history" / first / "findings.parquet").is_file()
    again = hospital.night(JANUARY | LATE | MARCH, keep=1)
    assert again.run_id == third.run_id
    fourth = hospital.night(JANUARY | MARCH, keep=1)
    assert {path.name for path in (out / "runs").iterdir()} == {third.run_id, fourth.run_id}
    assert len(editions_of(out)) == 1  # of the second run, whose folder is gone


def test_a_run_without_folder_is_compared_with_by_its_history(hospital: Hospital) -> None:
    out = hospital.home / "out"
    first = (out / "latest").resolve().name
    hospital.night(JANUARY | LATE, **FEBRUARY_END)
    hospital.night(JANUARY | LATE | MARCH, keep=1)
    fourth = hospital.night(JANUARY | LATE | MARCH, keep=1, previous=first)
    assert not (out / "runs" / first).exists()
    assert changes(fourth) == {"l1": ("new", "records"), "m1": ("new", "later")}
    assert read(fourth, "SELECT obstacle FROM report.previous_run") == [("not_kept",)]
    assert "Its folder is no longer kept" in page_of(fourth)


def test_findings_named_by_another_key_are_not_compared(
    hospital: Hospital, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "new"))
    tonight = hospital.night(JANUARY)
    assert changes(tonight) == {}
    assert read(tonight, "SELECT obstacle FROM audit.history_before") == [("other_key",)]
    page = (tonight.folder / "report-clinical.html").read_text("utf-8")
    assert "Put the old key file back" in page
