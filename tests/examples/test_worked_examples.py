"""Every worked example of every rule file, run through the real stages."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from pipeline import resources
from pipeline.guidelines import read_library
from pipeline.rehearse import Outcome, check_guidelines, rehearse

# One process plays all of them: to play a set again for each would cost minutes.
pytestmark = pytest.mark.xdist_group("worked examples")

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


def own_set(folder: Path, old: str, new: str) -> Path:
    """Write our rules for Kawasaki disease as a hospital's own, with one thing changed."""
    ours = resources.folder("guidelines") / "droracle-2025"
    head = (ours / "set.toml").read_text("utf-8").replace("droracle-2025", "own-2025")
    rules = (ours / "kawasaki.toml").read_text("utf-8").replace(old, new, 1)
    (folder / "own").mkdir()
    (folder / "own" / "set.toml").write_text(head.replace('"DRO"', '"OWN"'), encoding="utf-8")
    (folder / "own" / "kawasaki.toml").write_text(rules.replace("DRO-", "OWN-"), encoding="utf-8")
    return folder


def test_a_changed_expectation_fails_and_is_named(tmp_path: Path) -> None:
    folder = own_set(tmp_path, 'status = "met"', 'status = "breached"')
    count, failures = check_guidelines(folder)
    (item,) = [s for s in read_library(folder).sets.values() if s.head.id == "own-2025"]
    assert count == sum(len(rule.example) for rule in item.rules_in_force)
    assert len(failures) == 1
    assert failures[0].startswith("OWN-KAWASAKI-REGIMEN-01: exactly 2 g/kg in one bottle: ")
    assert "expected breached, got met" in failures[0]


def test_an_example_whose_records_are_refused_fails_by_itself(tmp_path: Path) -> None:
    _, failures = check_guidelines(own_set(tmp_path, "weight_kg = 12.5", "weight_kg = 0"))
    assert len(failures) == 1
    assert "records refused (body_measurement weight_kg " in failures[0]


def test_without_a_folder_every_set_of_ours_is_rehearsed(monkeypatch: pytest.MonkeyPatch) -> None:
    def played(set_ids: tuple[str, ...], _: Path | None) -> list[Outcome]:
        return [outcome for set_id in set_ids for outcome in outcomes(set_id).values()]

    monkeypatch.setattr("pipeline.rehearse.rehearse", played)
    count, failures = check_guidelines()
    assert count == len(EXAMPLES)
    assert failures == []
