"""Every worked example of every rule file, run through the real stages."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from pipeline import resources
from pipeline.guidelines import read_library
from pipeline.rehearse import Outcome, check_guidelines, rehearse

EXAMPLES = [
    pytest.param(set_id, f"{rule.id}: {example.name}", id=f"{rule.id}-{place}")
    for set_id, item in sorted(read_library().sets.items())
    for rule in item.rules_in_force
    for place, example in enumerate(rule.example, start=1)
]


@cache
def outcomes(set_id: str) -> dict[str, Outcome]:
    return {outcome.example_id: outcome for outcome in rehearse((set_id,))}


@pytest.mark.parametrize(("set_id", "example_id"), EXAMPLES)
def test_the_engine_says_what_the_example_says(set_id: str, example_id: str) -> None:
    outcome = outcomes(set_id)[example_id]
    assert outcome.found.startswith(outcome.expected.split(",")[0]), outcome
    assert outcome.is_as_expected, outcome


def test_a_changed_expectation_fails_and_is_named(tmp_path: Path) -> None:
    text = (resources.folder("guidelines") / "droracle-2025" / "kawasaki.toml").read_text("utf-8")
    head = (resources.folder("guidelines") / "droracle-2025" / "set.toml").read_text("utf-8")
    own = tmp_path / "own"
    own.mkdir()
    wrong = text.replace('expect = { status = "met" }', 'expect = { status = "breached" }', 1)
    wrong = wrong.replace("DRO-", "OWN-")
    head = head.replace('"droracle-2025"', '"own-2025"').replace('prefix = "DRO"', 'prefix = "OWN"')
    (own / "kawasaki.toml").write_text(wrong, encoding="utf-8")
    (own / "set.toml").write_text(head, encoding="utf-8")
    count, failures = check_guidelines(own)
    assert count == text.count("[[rule.example]]")
    assert len(failures) == 1
    assert failures[0].startswith("OWN-KAWASAKI-REGIMEN-01: exactly 2 g/kg in one bottle: ")
    assert "expected breached, got met" in failures[0]
