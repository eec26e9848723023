"""Every fault a guideline file can have is named with its file, rule and key, all at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ward import HEAD, RULE, faults_of, write_set

from pipeline.errors import GuidelineError
from pipeline.guidelines import list_sets, read_library, show_set

ASPIRIN = """
[[rule]]
id = "WARD-MG-CONCOMITANT-01"
kind = "concomitant"
indications = ["mg"]
severity = "review"
statement = "With aspirin."
why = "Our protocol says so."
status = "transcribed"
source = { title = "Our protocol" }
medicine = "aspirin"
days_around = { start = -1, end = 1 }
"""

JUMP = """
[[rule]]
id = "WARD-ANY-WEIGHT-01"
kind = "weight"
indications = ["any"]
severity = "review"
statement = "No jumps."
why = "Our protocol says so."
status = "transcribed"
source = { title = "Our protocol" }
problem = "jump"
max_change = 0.2
within_days = 30
"""


def fault_of(folder: Path, text: str, **others: str) -> str:
    faults = faults_of(write_set(folder, mg=text, **others))
    assert len(faults) == 1, faults
    return faults[0]


def test_a_hospitals_own_set_is_read_beside_ours(tmp_path: Path) -> None:
    library = read_library(write_set(tmp_path, mg=RULE + ASPIRIN, any=JUMP))
    assert library.sets.keys() == read_library().sets.keys() | {"ward-seven"}
    assert [rule.id for rule in library.sets["ward-seven"].rules_in_force] == [
        "WARD-ANY-WEIGHT-01",
        "WARD-MG-CONCOMITANT-01",
        "WARD-MG-REGIMEN-01",
    ]


def test_the_folder_of_one_set_is_as_good_as_a_folder_of_sets(tmp_path: Path) -> None:
    library = read_library(write_set(tmp_path, mg=RULE) / "ward")
    assert "ward-seven" in library.sets


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        pytest.param('severity = "off', 'sevrity = 1\nseverity = "off',
                     "sevrity: unknown key", id="unknown key"),
        pytest.param("max = 1 }", "max = 1, mx = 2 }",
                     "regimen.1.g_per_kg_total.mx: unknown key", id="unknown nested key"),
        pytest.param('why = "Our protocol says so."\n', "", "why: missing key", id="missing key"),
        pytest.param('source = { title = "Our protocol" }\n', "", "source: missing key",
                     id="source missing"),
        pytest.param('title = "Our protocol"', 'title = " "', "source.title: ", id="source empty"),
        pytest.param("max = 1 }", 'max = "1" }',
                     "regimen.1.g_per_kg_total.max: must be a number, written without quotes",
                     id="limit as text"),
        pytest.param("max = 1 }", "max = true }",
                     "regimen.1.g_per_kg_total.max: must be a number", id="limit as truth"),
        pytest.param("max = 1 }", "max = 1.2345 }",
                     "regimen.1.g_per_kg_total.max: must be a number with at most 3 decimals",
                     id="limit too fine"),
        pytest.param("max = 1 }", "max = nan }", "regimen.1.g_per_kg_total.max: must be a number",
                     id="limit not a number"),
        pytest.param("min = 0.8", "min = 1.8",
                     "regimen.1.g_per_kg_total: the lower limit is above the upper",
                     id="lower above upper"),
        pytest.param("{ min = 0.8, max = 1 }", "{}",
                     "regimen.1.g_per_kg_total: needs min, max or both", id="no limit"),
        pytest.param("g_per_kg_total = {", "interval_weeks = {",
                     "regimen.1: states no dose: give g_per_kg_per_day",
                     id="regimen without a dose"),
        pytest.param("g_per_kg_total = {", "g_per_kg_total = { min = 1 }\ndays = {",
                     "regimen.1.days: must be whole numbers", id="half a day"),
        pytest.param("[[rule.regimen]]", "valid_from = 2025-02-01\nvalid_to = 2025-01-01\n"
                     "[[rule.regimen]]", "valid_from is after valid_to", id="dates reversed"),
        pytest.param('indications = ["mg"]', 'indications = ["mgg"]',
                     "indications: mgg is not in codelists/indication.csv",
                     id="unknown indication"),
        pytest.param('indications = ["mg"]', "indications = []", "indications: ",
                     id="no indication"),
        pytest.param('kind = "regimen"', 'kind = "astrology"',
                     "kind: must be one of ", id="unknown kind"),
        pytest.param('severity = "off_guideline"', 'severity = "major"', "severity: ",
                     id="unknown severity"),
        pytest.param("WARD-MG-REGIMEN-01", "WARD-MG-DOSE-01",
                     "id: must read WARD-<INDICATION>-REGIMEN-<NN>", id="kind in id"),
        pytest.param("WARD-MG-REGIMEN-01", "DRO-MG-REGIMEN-01",
                     "id: must read WARD-<INDICATION>-REGIMEN-<NN>", id="foreign prefix"),
        pytest.param("WARD-MG-REGIMEN-01", "WARD-ANY-REGIMEN-01",
                     "id: must read WARD-<INDICATION>-REGIMEN-<NN>", id="ANY for one indication"),
        pytest.param("WARD-MG-REGIMEN-01", "WARD-MG-REGIMEN-1",
                     "id: must read WARD-<INDICATION>-REGIMEN-<NN>", id="one digit"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_file_rule_and_key(
    tmp_path: Path, old: str, new: str, fault: str
) -> None:
    assert old in RULE
    line = fault_of(tmp_path, RULE.replace(old, new, 1))
    assert re.match(r"ward/mg\.toml: rule [A-Z]+-\w+-\w+-\d+: ", line)
    assert fault in line


def test_all_faults_of_all_files_are_reported_together(tmp_path: Path) -> None:
    folder = write_set(
        tmp_path,
        HEAD.replace('authority = "unit"', 'authority = "boss"'),
        mg=RULE.replace("max = 1 }", 'max = "1" }').replace('why = "Our protocol says so."', ""),
        any=JUMP.replace("max_change = 0.2", ""),
        broken="[[rule]\n",
    )
    faults = "\n".join(faults_of(folder))
    for part in (
        "ward/set.toml: authority: ",
        "ward/mg.toml: rule WARD-MG-REGIMEN-01: why: missing key",
        "ward/mg.toml: rule WARD-MG-REGIMEN-01: regimen.1.g_per_kg_total.max: must be a number",
        "ward/any.toml: rule WARD-ANY-WEIGHT-01: max_change and within_days belong to a jump",
        "ward/broken.toml: not valid TOML",
    ):
        assert part in faults


def test_an_id_is_given_once_only(tmp_path: Path) -> None:
    line = fault_of(tmp_path, RULE, again=RULE)
    assert "rule WARD-MG-REGIMEN-01: id: was given before in ward" in line


def test_the_id_of_a_retired_rule_is_never_used_again(tmp_path: Path) -> None:
    retired = RULE.replace("[[rule.regimen]]", "retired_on = 2024-05-01\n[[rule.regimen]]")
    line = fault_of(tmp_path, retired, new=RULE)
    assert "retired on 2024-05-01; an id is never used again" in line


def test_an_id_is_given_once_across_sets(tmp_path: Path) -> None:
    first = write_set(tmp_path / "one", mg=RULE)
    other = HEAD.replace("ward-seven", "ward-eight")
    (first / "eight").mkdir()
    (first / "eight" / "set.toml").write_text(other, encoding="utf-8")
    (first / "eight" / "mg.toml").write_text(RULE, encoding="utf-8")
    faults = faults_of(first)
    assert "ward/set.toml: prefix WARD is taken by eight" in faults
    assert any("was given before in eight" in fault for fault in faults)


def test_a_set_may_not_take_the_id_of_ours(tmp_path: Path) -> None:
    folder = write_set(tmp_path, HEAD.replace("ward-seven", "droracle-2025"), mg=RULE)
    assert faults_of(folder) == ["ward/set.toml: set id droracle-2025 is taken by droracle-2025"]


def test_a_retired_rule_stays_in_its_file_and_out_of_force(tmp_path: Path) -> None:
    retired = RULE.replace("[[rule.regimen]]", "retired_on = 2024-05-01\n[[rule.regimen]]")
    item = read_library(write_set(tmp_path, mg=retired)).sets["ward-seven"]
    assert len(item.rules) == 1
    assert item.rules_in_force == ()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param(ASPIRIN.replace('"aspirin"', '"asprin"'),
                     "medicine: asprin is not in codelists/medicine.csv", id="unknown medicine"),
        pytest.param(ASPIRIN.replace("start = -1", "start = 2"),
                     "days_around: start is after end", id="window reversed"),
        pytest.param(JUMP.replace('problem = "jump"', 'problem = "stale"'),
                     "max_change and within_days belong to a jump", id="limit nobody reads"),
        pytest.param(JUMP.replace('["any"]', '["any", "mg"]'), "indications: any stands alone",
                     id="any and another"),
        pytest.param(JUMP.replace("[[rule]]", "[rule]"), "write [[rule]]", id="single bracket"),
        pytest.param("rules = 1\n" + JUMP, "rules: unknown key", id="unknown key in a file"),
    ],
)  # fmt: skip
def test_a_fault_of_another_kind_is_named_too(tmp_path: Path, text: str, fault: str) -> None:
    assert fault in fault_of(tmp_path, text)


@pytest.mark.parametrize(
    ("condition", "use"), [("", "named_if"), ('condition = "refractory"\n', "named")]
)
def test_a_conditional_use_and_its_condition_belong_together(
    tmp_path: Path, condition: str, use: str
) -> None:
    text = ASPIRIN.replace("CONCOMITANT", "USE").replace('"concomitant"', '"indication"')
    text = text.replace('medicine = "aspirin"\n', condition)
    text = text.replace("days_around = { start = -1, end = 1 }", f'use = "{use}"')
    assert 'use = "named_if" and condition belong together' in fault_of(tmp_path, text)


def test_a_weight_policy_that_is_not_in_the_list_is_a_fault(tmp_path: Path) -> None:
    folder = write_set(tmp_path, HEAD.replace('"actual"', '"lean"'), mg=RULE)
    assert faults_of(folder) == ["ward/set.toml: weight_policy: lean is not known"]


def test_a_folder_of_rules_without_a_head_is_a_fault(tmp_path: Path) -> None:
    folder = write_set(tmp_path, mg=RULE)
    (folder / "orphan").mkdir()
    (folder / "orphan" / "mg.toml").write_text("", encoding="utf-8")
    assert faults_of(folder) == ["orphan/set.toml: is missing"]


@pytest.mark.parametrize("kind", ["absent", "empty"])
def test_a_folder_without_sets_is_a_fault(tmp_path: Path, kind: str) -> None:
    if kind == "empty":
        (tmp_path / kind).mkdir()
    assert len(faults_of(tmp_path / kind)) == 1


def test_an_unknown_set_names_those_that_are_known() -> None:
    with pytest.raises(GuidelineError, match=r"dr-oracle: not found\. Known sets: .*droracle-2025"):
        read_library().chosen(("dr-oracle",))


def test_the_house_set_is_always_chosen() -> None:
    chosen = [item.head.id for item in read_library().chosen(("droracle-2025",))]
    assert chosen == ["droracle-2025", "ivig-audit-policy"]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("day = 0", "day = 0, days = [1]", "give day or days"),
        ("day = 0", "dose_g = 1", "give day or days"),
        ("day = 0", "day = 0, hours = 3", "hours need a start"),
        ("day = 0", 'day = 0, at = "25:00"', "infusions.1.at: "),
        ("day = 0", "day = 0, dose_mg = 1", "infusions.1.dose_mg: unknown key"),
        ('status = "met"', 'status = "fine"', "expect.status: "),
        ("name = ", "coverage = { from_day = 1, to_day = 0 }\nname = ", "from_day is after to_day"),
        ("name = ", "medications = [{ day = 0 }]\nname = ", "give name or atc"),
    ],
)
def test_a_fault_in_an_example_is_named(tmp_path: Path, old: str, new: str, fault: str) -> None:
    example = (
        '[[rule.example]]\nname = "x"\ninfusions = [{ day = 0 }]\nexpect = { status = "met" }\n'
    )
    line = fault_of(tmp_path, RULE + example.replace(old, new, 1))
    assert "rule WARD-MG-REGIMEN-01: example.1" in line
    assert fault in line


def test_two_examples_of_a_rule_may_not_share_a_name(tmp_path: Path) -> None:
    example = (
        '[[rule.example]]\nname = "x"\ninfusions = [{ day = 0 }]\nexpect = { status = "met" }\n'
    )
    assert "example: two are called 'x'" in fault_of(tmp_path, RULE + example + example)


@pytest.mark.parametrize(
    ("extra", "severity"),
    [
        ("", "off_guideline"),
        ("is_titrated = true", "review"),
        ("is_typical = true", "advisory"),
        ("is_titrated = true\nis_typical = true", "advisory"),
    ],
)
def test_a_rule_is_capped_by_what_it_says_of_itself(
    tmp_path: Path, extra: str, severity: str
) -> None:
    text = RULE.replace("[[rule.regimen]]", f"{extra}\n[[rule.regimen]]")
    item = read_library(write_set(tmp_path, mg=text)).sets["ward-seven"]
    assert item.rules[0].effective_severity == severity


def test_an_unverified_rule_is_advisory(tmp_path: Path) -> None:
    text = RULE.replace('status = "transcribed"', 'status = "unverified"')
    item = read_library(write_set(tmp_path, mg=text)).sets["ward-seven"]
    assert item.rules[0].effective_severity == "advisory"


def test_a_cap_never_raises_a_severity(tmp_path: Path) -> None:
    text = RULE.replace('"off_guideline"', '"advisory"')
    text = text.replace("[[rule.regimen]]", "is_titrated = true\n[[rule.regimen]]")
    item = read_library(write_set(tmp_path, mg=text)).sets["ward-seven"]
    assert item.rules[0].effective_severity == "advisory"


def test_the_digest_changes_with_any_file_of_the_set(tmp_path: Path) -> None:
    folder = write_set(tmp_path, mg=RULE)
    before = read_library(folder).sets["ward-seven"].digest
    (folder / "ward" / "mg.toml").write_text(RULE + "# a remark\n", encoding="utf-8")
    after = read_library(folder).sets["ward-seven"].digest
    assert before != after


def test_a_run_reads_the_rules_it_needs_and_knows_the_other_sets(tmp_path: Path) -> None:
    library = read_library(write_set(tmp_path, mg=RULE), ("nhse-2021",))
    assert sorted(library.sets) == ["ivig-audit-policy", "nhse-2021", "ward-seven"]
    assert {*library.sets, *library.unread} == read_library().sets.keys() | {"ward-seven"}
    assert library.sets["nhse-2021"] == read_library().sets["nhse-2021"]


def test_a_prefix_of_a_set_nobody_asked_for_is_taken_all_the_same(tmp_path: Path) -> None:
    folder = write_set(tmp_path, mg=RULE.replace("WARD-", "NHSE-"))
    head = folder / "ward" / "set.toml"
    head.write_text(head.read_text("utf-8").replace('"WARD"', '"NHSE"'), encoding="utf-8")
    with pytest.raises(GuidelineError, match="prefix NHSE is taken by nhse-2021"):
        read_library(folder, ("droracle-2025",))


def test_sets_are_listed_one_per_line() -> None:
    lines = list_sets().splitlines()
    assert [line.split()[0] for line in lines] == sorted(read_library().sets)


def test_the_list_says_how_far_the_rules_of_a_set_can_be_trusted() -> None:
    lines = {line.split()[0]: line for line in list_sets().splitlines()}
    assert "2 transcribed" in lines["au-nba-v3"]
    assert "unverified" in lines["au-nba-v3"]
    assert "no verified rule" in lines["eadv-pemphigus-2020"]
    assert "  0 rules  no verified rule" in lines["prairie-2022"]


def test_a_set_without_a_rule_is_shown_and_says_so() -> None:
    assert "rules         0: no verified rule" in show_set("nhse-2025")


def test_a_set_is_shown_with_its_rules_their_sources_and_what_nothing_checks() -> None:
    shown = show_set("droracle-2025")
    for part in (
        "DRO-PID-REGIMEN-01  regimen  pid  (off_guideline, capped at review)",
        "0.3 to 0.6 g/kg/day",
        "3 to 4 weeks between starts",
        "- 10 to 12 hours",
        "- aspirin, days -7 to +7 around the course",
        "on condition: severe or refractory",
        "source: Dr.Oracle overview 2025",
        "DRO-STATEMENT-08: The half-life",
        "[checked by: not yet]",
    ):
        assert part in shown
    assert "no change above 20% within 30 days" in show_set("ivig-audit-policy")


def test_showing_an_unknown_set_names_those_that_are_known() -> None:
    with pytest.raises(GuidelineError, match="Known sets"):
        show_set("x")
