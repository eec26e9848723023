"""Two sets side by side as text: where they agree, differ, or one is silent."""

from __future__ import annotations

from pathlib import Path

import pytest
from nightly import typed
from ward import HEAD, RULE

from pipeline.errors import GuidelineError
from pipeline.guidelines import compare_sets

OTHER = (
    HEAD.replace("ward-seven", "ward-eight")
    .replace("WARD", "EIGHT")
    .replace("Ward seven", "Ward eight")
    .replace("unit", "society", 1)
)
USE = """
[[rule]]
id = "WARD-MG-USE-01"
kind = "indication"
indications = ["mg"]
severity = "review"
statement = "Named."
why = "Our protocol says so."
status = "transcribed"
source = { title = "Our protocol" }
use = "named"
"""
LOADING = RULE.replace("REGIMEN-01", "REGIMEN-02").replace(
    'severity = "off', 'phase = "loading"\nseverity = "off'
)


def compared(folder: Path, left: str, right: str, head: str = OTHER) -> str:
    """Write one set with each text and compare them."""
    for name, head_text, text in (("seven", HEAD, left), ("eight", head, right)):
        (folder / name).mkdir()
        (folder / name / "set.toml").write_text(head_text, encoding="utf-8")
        rules = text.replace("WARD", "EIGHT") if name == "eight" else text
        (folder / name / "mg.toml").write_text(rules, encoding="utf-8")
    return compare_sets("ward-seven", "ward-eight", folder)


def test_a_comparison_reads_as_reviewed(tmp_path: Path) -> None:
    longer = RULE.replace("max = 1 }", "max = 2 }\ndays = { min = 1, max = 2 }").replace(
        "transcribed", "secondary"
    )
    text = compared(tmp_path, RULE + USE + LOADING, longer + USE)
    assert (
        text
        == """\
ward-seven                                       | ward-eight
Ward seven (1)                                   | Ward eight (1)
authority: unit; one hospital                    | authority: society; one hospital
rules: 3; 3 transcribed                          | rules: 2; 1 transcribed, 1 secondary
dosing weight: actual, read in the source        | dosing weight: actual, read in the source
tolerance†: dose ±10%, interval ±4 days          | tolerance†: dose ±10%, interval ±4 days
silence is no ban                                | silence is no ban

Counted by indication, phase and kind of rule:
     1  agree
     1  differ
     1  only ward-seven
     0  only ward-eight


Myasthenia gravis (mg)

indication, any phase: agree
WARD-MG-USE-01 [transcribed]                     | EIGHT-MG-USE-01 [transcribed]
  - named                                        |   - named
  at most review                                 |   at most review

regimen, any phase: differ in days, dose in all
WARD-MG-REGIMEN-01 [transcribed]                 | EIGHT-MG-REGIMEN-01 [secondary]
  - 1 g/kg: 0.8 to 1 g/kg in all                 |   - 1 g/kg: 1 to 2 days; 0.8 to 2 g/kg in all
  weight: actual                                 |   weight: actual

regimen, loading: only ward-seven
WARD-MG-REGIMEN-02 [transcribed]                 | says nothing
  - 1 g/kg: 0.8 to 1 g/kg in all                 |
  phase: loading                                 |
  weight: actual                                 |"""
    )


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (("", ""), "regimen, any phase: agree"),
        (('label = "1 g/kg"', 'label = "one gram"'), "regimen, any phase: agree"),
        (('severity = "off', 'valid_from = 2020-01-01\nseverity = "off'),
         "regimen, any phase: agree"),
        (('severity = "off', 'phase = "single"\nseverity = "off'), "regimen, any phase: agree"),
        (("min = 0.8", "min = 0.7"), "regimen, any phase: differ in dose in all"),
        (("max = 1 }", "max = 1 }\ninterval_weeks = { min = 3, max = 4 }"),
         "regimen, any phase: differ in interval; alike in dose in all"),
        (('severity = "off', 'population = { sex = "F" }\nseverity = "off'),
         "regimen, any phase: differ in for whom; alike in dose in all"),
        (('severity = "off', 'condition = "in crisis"\nseverity = "off'),
         "regimen, any phase: differ in for whom; alike in dose in all"),
    ],
)  # fmt: skip
def test_what_differs_is_named_and_words_do_not_count(
    tmp_path: Path, change: tuple[str, str], line: str
) -> None:
    assert line in compared(tmp_path, RULE, RULE.replace(*change, 1)).splitlines()


def test_an_indication_that_one_set_alone_speaks_of_is_listed_last(tmp_path: Path) -> None:
    other = RULE.replace("-MG-", "-GBS-").replace('"mg"', '"gbs"')
    text = compared(tmp_path, RULE, other, OTHER.replace("exhaustive = false", "exhaustive = true"))
    seven = "Only ward-seven; ward-eight: not named, so not supported"
    assert text.split("\n\n\n")[1:] == [
        f"{seven}\n  Myasthenia gravis (mg): regimen",
        "Only ward-eight; ward-seven: says nothing\n  Guillain-Barre syndrome (gbs): regimen",
    ]


def test_rules_of_several_indications_are_compared_in_each(tmp_path: Path) -> None:
    both = USE.replace('["mg"]', '["mg", "gbs"]')
    text = compared(tmp_path, both, USE)
    assert "indication, any phase: agree" in text
    assert "Guillain-Barre syndrome (gbs): indication" in text


def test_no_two_sets_of_the_library_need_more_than_100_characters() -> None:
    for left, right in (("us-fda-labels", "nhse-2021"), ("on-igum-v5", "droracle-2025")):
        assert max(len(line) for line in compare_sets(left, right).splitlines()) <= 100


def test_an_unknown_set_names_those_that_are_known() -> None:
    with pytest.raises(GuidelineError, match="Known sets"):
        compare_sets("droracle-2025", "nobody")


def test_the_command_finds_sets_of_a_hospitals_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "set.toml").write_text(HEAD, encoding="utf-8")
    (tmp_path / "mg.toml").write_text(RULE, encoding="utf-8")
    asked = ("guideline", "compare", "ward-seven", "droracle-2025", "--folder", tmp_path)
    ended = typed(asked, capsys)
    assert ended.code == 0
    assert ended.stdout.startswith("ward-seven ")
    assert typed(asked[:4], capsys).code == 12
