"""The measurement of recall itself: a small run is perfect, and a blunted check is noticed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import polars as pl

TOOL = Path(__file__).parents[1] / "tools" / "recall.py"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("recall", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["recall"] = module
    spec.loader.exec_module(module)
    return module


recall = load()
N_PATIENTS = 300
# Their tables are held against the staged reports by a control, or read before the signals.
NOT_BLUNTED = {
    "duplicate_report", "event_of_two_products", "event_of_two_lots", "kidney_not_confirmed",
    "watched_none_seen", "raised_lot",
}  # fmt: skip
ONLY_A_CONSEQUENCE = {"kidney_by_median", "missed_trough_of_year", "missed_in_high_dose"}


def test_a_small_run_finds_all_that_was_planted_and_nothing_else(tmp_path: Path) -> None:
    scores = recall.measured(tmp_path, N_PATIENTS, 3)
    assert recall.below(scores, recall.known_gaps()) == []
    assert {score.kind for score in scores if not score.n_planted} <= ONLY_A_CONSEQUENCE


def test_records_without_defects_have_no_finding_of_a_planted_kind(tmp_path: Path) -> None:
    assert recall.clean(tmp_path, N_PATIENTS, 3) == []


def test_every_check_and_detection_that_answers_one_thing_only_is_noticed(tmp_path: Path) -> None:
    shown = recall.meanings().filter(pl.col("kind").is_not_null())
    scores = {
        score.kind: score for score in recall.measured(tmp_path, N_PATIENTS, 3, recall.checks())
    }
    # so few patients leave no room for one or two kinds
    kinds = set(scores) & set(shown["kind"]) - ONLY_A_CONSEQUENCE - NOT_BLUNTED
    assert len(kinds) > 70
    for kind in sorted(kinds):
        assert scores[kind].recall < 1.0, kind
        assert f"{kind}: recall below 1.0" in recall.below([scores[kind]], set())


def test_a_consequence_counts_for_neither_recall_nor_precision() -> None:
    truth = pl.DataFrame({
        "kind": ["mg_for_g", "consequence"],
        "source_record_id": ["SYN-0000000A", "SYN-0000000B"],
        "shows_as": ["mg_for_g", "late_interval"],
    })  # fmt: skip
    found = {("mg_for_g", "SYN-0000000A"), ("late_interval", "SYN-0000000B")}
    assert recall.below(recall.scored(found, truth), set()) == []
    assert recall.below(recall.scored({("mg_for_g", "SYN-0000000A")}, truth), set()) == []
    other = found | {("early_interval", "SYN-0000000B")}
    assert recall.below(recall.scored(other, truth), set()) == [
        "early_interval: precision below 1.0"
    ]


def test_a_miss_lowers_recall_and_a_false_alarm_precision() -> None:
    truth = pl.DataFrame({
        "kind": ["mg_for_g"], "source_record_id": ["SYN-0000000A"], "shows_as": ["mg_for_g"]
    })  # fmt: skip
    found = {("early_interval", "SYN-0000000C")}
    assert recall.below(recall.scored(found, truth), set()) == [
        "early_interval: precision below 1.0",
        "mg_for_g: recall below 1.0",
    ]


def test_a_known_gap_that_has_closed_must_be_deleted() -> None:
    score = recall.Score("mg_for_g", n_planted=1, n_found=1, n_wrong=0)
    assert recall.below([score], {("mg_for_g", "recall")}) == [
        "mg_for_g: recall is at 1.0; delete the gap"
    ]
