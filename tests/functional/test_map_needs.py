"""What `map --check` says of rules without a fact is what the engine answers without it.

The sample loses one fact at a time, and all at once: a rule that is said to be not assessable
is neither met nor breached for anybody, and one that is not said to be is.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from disguised import SAMPLE

from pipeline import guidelines
from pipeline.check import check
from pipeline.config import load_settings
from pipeline.derive import derive
from pipeline.draft.needs import read_needs
from pipeline.ingest import ingest
from pipeline.run.audit import date_the_run
from pipeline.store import open_store
from pipeline.validate import validate

SETS = ("droracle-2025", "us-fda-labels", "nhse-2021")

Left = dict[str, tuple[str, ...]]

WITHOUT: dict[str, Left] = {
    "nothing": {},
    "weight": {"body_measurement": ("weight_kg",), "infusion": ("weight_kg",)},
    "height and dispensing": {"body_measurement": ("height_cm",), "dispensing": ()},
    "all but what must be there": {
        "patient": ("birth_date", "sex", "blood_group"),
        "infusion": (
            "dose_g", "ended_at", "prescribed_dose_g", "indication_code", "lot_number",
            "initial_rate_ml_per_h", "max_rate_ml_per_h", "reaction_observed", "observed_until",
        ),
        "body_measurement": (), "diagnosis": (), "authorisation": (), "dispensing": (),
        "dispensing_lot": (), "infusion_lot": (), "rate_step": (), "lab_result": (),
        "medication": (), "vaccination": (), "outcome_review": (),
    },
}  # fmt: skip
"""What a source lacks: columns of a record, or the record when none is named."""


def _write(folder: Path, without: Left) -> Path:
    folder.mkdir()
    for path in SAMPLE.glob("*.csv"):
        left = without.get(path.stem)
        if path.stem == "truth" or left == ():
            continue
        with path.open(encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
        kept = [name for name in rows[0] if name not in (left or ())]
        with (folder / path.name).open("w", encoding="utf-8", newline="") as lines:
            out = csv.DictWriter(lines, kept, extrasaction="ignore")
            out.writeheader()
            out.writerows(rows)
    return folder


def _answered_and_silent(source: Path) -> tuple[set[str], set[str]]:
    """Return the rules that are met or breached for somebody, and those said to be silent."""
    settings = load_settings(source, overrides={"guidelines": SETS, "max_quarantine": 1})
    con = open_store()
    try:
        ingest(con, settings)
        validate(con, settings)
        settings = date_the_run(con, settings)
        guidelines.load(con, settings)
        needs = read_needs(con)
        silent = con.sql(
            """
            SELECT DISTINCT r.rule_id
            FROM needs.rule_need AS n
            INNER JOIN needs.fact_held AS f USING (fact)
            INNER JOIN guideline.rule AS r USING (rule_key)
            WHERE n.strength = 'needed' AND f.n_filled = 0
            """
        ).fetchall()
        assert len(silent) == needs.n_silent
        derive(con, settings)
        check(con, settings)
        answered = con.sql(
            """
            SELECT DISTINCT r.rule_id
            FROM audit.verdict AS v INNER JOIN guideline.rule AS r USING (rule_key)
            WHERE v.status IN ('met', 'breached')
            """
        ).fetchall()
        return {rule for (rule,) in answered}, {rule for (rule,) in silent}
    finally:
        con.close()


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[set[str], set[str]]]:
    """Return by what is left out the rules that answer and those said to be silent."""
    folder = tmp_path_factory.mktemp("needs")
    return {
        name: _answered_and_silent(_write(folder / str(place), without))
        for place, (name, without) in enumerate(WITHOUT.items())
    }


@pytest.mark.parametrize("name", WITHOUT)
def test_a_rule_that_is_said_to_be_silent_answers_nobody(
    answers: dict[str, tuple[set[str], set[str]]], name: str
) -> None:
    answered, silent = answers[name]
    assert answered & silent == set()


@pytest.mark.parametrize("name", ["weight", "height and dispensing"])
def test_a_rule_that_falls_silent_was_said_to(
    answers: dict[str, tuple[set[str], set[str]]], name: str
) -> None:
    whole, silent_of_whole = answers["nothing"]
    answered, silent = answers[name]
    assert silent_of_whole == set()
    assert len(whole & silent) > 3
    assert whole - answered - silent == set()


def test_without_anything_hardly_a_rule_is_left(
    answers: dict[str, tuple[set[str], set[str]]],
) -> None:
    answered, silent = answers["all but what must be there"]
    assert len(silent) > 100
    assert {rule.split("-")[2] for rule in answered} <= {"PRECAUTION", "WEIGHT", "USE", "LIMIT"}
