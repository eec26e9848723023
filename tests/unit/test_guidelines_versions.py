"""Versions of a rule: their order, the library as of a day, and worked examples that show both."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from ward import NEWER, OLDER, PUBLISHED, RULE, faults_of, write_set

from pipeline.errors import GuidelineError
from pipeline.guidelines import read_library
from pipeline.rehearse import check_guidelines


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        pytest.param("valid_from = 2024-01-01\n", "",
                     "mg.toml: rule WARD-MG-REGIMEN-02: applies_to and supersedes need valid_from",
                     id="no first day"),
        pytest.param('supersedes = "WARD-MG-REGIMEN-01"\napplies_to = "new"', 'applies_to = "old"',
                     "mg.toml: rule WARD-MG-REGIMEN-02: applies_to: ", id="unknown policy"),
        pytest.param('"WARD-MG-REGIMEN-01"\n', '"WARD-MG-REGIMEN-09"\n',
                     "supersedes: WARD-MG-REGIMEN-09 is no rule of this set",
                     id="unknown rule"),
        pytest.param("valid_from = 2024-01-01", "valid_from = 2023-12-31",
                     "supersedes: WARD-MG-REGIMEN-01 must begin and end before 2023-12-31",
                     id="overlap"),
    ],
)  # fmt: skip
def test_versions_out_of_order_are_faults(old: str, new: str, fault: str, tmp_path: Path) -> None:
    faults = faults_of(write_set(tmp_path, mg=OLDER + NEWER.replace(old, new, 1)))
    assert len(faults) == 1, faults
    assert fault in faults[0]


def test_a_rule_supersedes_one_of_its_own_kind(tmp_path: Path) -> None:
    use = NEWER.split("[[rule.regimen]]")[0].replace("REGIMEN-02", "USE-02")
    text = OLDER + use.replace('kind = "regimen"', 'kind = "indication"\nuse = "named"')
    (fault,) = faults_of(write_set(tmp_path, mg=text))
    assert fault.endswith("supersedes: WARD-MG-REGIMEN-01 is of another kind")


def rules_as_of(folder: Path, day: date | None) -> dict[str, date | None]:
    """Return the ward's rules in force with the day each is valid to."""
    *_, _house = sets = read_library(folder).chosen(("ward-seven",), day)
    return {rule.id: rule.valid_to for rule in sets[0].rules_in_force}


def test_a_day_replays_the_rules_as_they_stood_then(tmp_path: Path) -> None:
    retired = RULE.replace("REGIMEN-01", "REGIMEN-03").replace(
        'why = "Our', 'retired_on = 2022-06-01\nwhy = "Our', 1
    )
    folder = write_set(tmp_path, head=PUBLISHED, mg=OLDER + NEWER + retired)
    one, two, three = (f"WARD-MG-REGIMEN-0{number}" for number in (1, 2, 3))
    end = date(2023, 12, 31)
    assert rules_as_of(folder, None) == {one: end, two: None}
    assert rules_as_of(folder, date(2024, 1, 1)) == {one: end, two: None}
    # nobody knew on its last day that the version would end
    assert rules_as_of(folder, end) == {one: None}
    assert rules_as_of(folder, date(2022, 6, 1)) == {one: None}
    assert rules_as_of(folder, date(2022, 5, 31)) == {one: None, three: None}


def test_a_set_that_was_not_yet_published_cannot_be_replayed(tmp_path: Path) -> None:
    folder = write_set(tmp_path, head=PUBLISHED, mg=RULE)
    library = read_library(folder)
    assert library.chosen(("ward-seven",), date(2020, 1, 1))
    with pytest.raises(GuidelineError) as caught:
        library.chosen(("ward-seven",), date(2019, 12, 31))
    assert str(caught.value).splitlines() == [
        "guideline set ward-seven: published on 2020-01-01, after 2019-12-31",
        "Leave them out, or name a later day.",
    ]


def test_sets_come_in_the_order_they_are_named_and_the_house_set_last(tmp_path: Path) -> None:
    library = read_library(write_set(tmp_path, mg=RULE))
    named = library.chosen(("ward-seven", "droracle-2025", "ward-seven"))
    assert [item.head.id for item in named] == [
        "ward-seven",
        "droracle-2025",
        "ivig-audit-policy",
    ]


EXAMPLES = """
[[rule.example]]
name = "a treatment begun under the older version stays there"
weight_kg = 50
indication = "mg"
infusions = [{ days = [-400, -300, -200, -100, 0], dose_g = 90 }]
expect = { status = "no_verdict" }

[[rule.example]]
name = "a treatment begun since may have 2 g/kg"
weight_kg = 50
indication = "mg"
infusions = [{ days = [-100, 0], dose_g = 90 }]
expect = { status = "met" }

[[rule.example]]
name = "records that begin too late to tell"
weight_kg = 50
indication = "mg"
infusions = [{ days = [-100, 0], dose_g = 90 }]
coverage = { from_day = -110, to_day = 100 }
expect = { status = "not_assessable", reason = "version_unknown" }
"""


def test_worked_examples_show_which_version_judges(tmp_path: Path) -> None:
    # day 0 of an example is 2024-06-15, so the newer version begins on day -166
    older = OLDER + EXAMPLES.replace("no_verdict", "breached", 1).replace(
        'expect = { status = "met" }', 'expect = { status = "no_verdict" }'
    ).replace('status = "not_assessable", reason = "version_unknown"', 'status = "no_verdict"')
    folder = write_set(tmp_path, mg=older + NEWER + EXAMPLES)
    assert check_guidelines(folder) == (6, [])


REQUESTED = """
[[rule.example]]
name = "asked on day DAY"
weight_kg = 50
indication = "mg"
infusions = [{ days = [-400, -300, -200, -100, 0], dose_g = 90 }]
records = { authorisation = [
    { authorisation_id = "a", decision = "approved", indication_code = "mg", requested_on = DAY },
] }
expect = { status = "STATUS" }
"""


def test_worked_examples_show_the_next_review(tmp_path: Path) -> None:
    examples = "".join(
        REQUESTED.replace("DAY", day).replace("STATUS", status)
        for day, status in (
            ("-167", "no_verdict"),
            ("-166", "met"),
            ("0", "met"),
            ("1", "no_verdict"),
        )
    )
    newer = NEWER.replace('applies_to = "new"', 'applies_to = "next_review"') + examples
    assert check_guidelines(write_set(tmp_path, mg=OLDER + newer)) == (4, [])
