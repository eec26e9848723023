"""What an explanation says, and that the parser which checks it can disagree."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from judged import START, World
from tools.check_explain import check_database, check_run
from tools.printed_arithmetic import Disagreement, agrees, arithmetic_lines

from pipeline.errors import InputError
from pipeline.explain import explain, explain_finding
from pipeline.run.program import record_program
from schemas.verdict import CAP_WORDS, Cap


def told(world: World) -> str:
    """Return the explanation of the only finding."""
    world.judge()
    (finding,) = world.fetch("SELECT finding_key FROM audit.finding")
    return explain(world.con, finding["finding_key"])


def too_much() -> World:
    """Return a world with one course far above its limit, and the row it came from."""
    world = World()
    world.add("audit.input_file", file_id=3, file_name="infusion.csv")
    world.rule(1, "regimen", statement="At most 2 g/kg.", why="Because.", source_locator="page 7")
    world.regimen(1, total_max_g_per_kg=2)
    world.course(1, dose_g=200)
    world.rows["staged.infusion"][0] |= {"source_file": 3, "source_row": 12, "dose_g": 200}
    return world


def test_an_explanation_holds_rule_source_verdict_arithmetic_and_rows() -> None:
    text = told(too_much())
    for part in (
        "course s:p1:i1, course of 2024-06-15 to 2024-06-15",
        "indication: itp (infusion)",
        "R-1 of overview (overview)",
        "At most 2 g/kg.",
        "why: Because.",
        "source: a source, page 7",
        "status: transcribed",
        "breached, off_guideline",
        "nearest regimen: way 1",
        "50.000 kg, actual, policy actual",
        "limit: 2.000 g/kg × 50.000 kg = 100.000 g",
        "given: infusion, infusion.csv record 12: infusion_id=i1 started_on=2024-06-15",
    ):
        assert part in text


def test_an_explanation_says_what_softened_the_verdict() -> None:
    world = too_much()
    world.rows["derived.course"][0]["indication_source"] = "diagnosis"
    text = told(world)
    assert "the rule says off_guideline, capped: the indication comes from a diagnosis" in text


def test_a_lean_patients_literal_weight_is_shown_beside_the_one_used() -> None:
    world = too_much()
    world.rows["derived.dosing_weight"][0]["literal_kg"] = 61
    assert "the formula alone gives 61.00 kg" in told(world)


def test_the_condition_of_a_rule_is_told_and_its_own_weight_policy() -> None:
    world = too_much()
    world.rows["guideline.rule"][0] |= {"condition": "refractory", "weight_policy": "lean"}
    world.rows["derived.dosing_weight"][0]["weight_policy"] = "lean"
    text = told(world)
    assert "only if: refractory (the records do not hold this)" in text
    assert "50.000 kg, actual, policy lean" in text


def test_every_cap_has_its_words() -> None:
    assert set(CAP_WORDS) == set(Cap)


def test_an_unknown_key_is_an_input_error() -> None:
    world = too_much()
    world.judge()
    with pytest.raises(InputError, match="no finding with that key"):
        explain(world.con, "0123456789abcdef")


def test_a_finding_is_explained_from_the_file_of_a_finished_run(tmp_path: Path) -> None:
    world = too_much()
    world.judge()
    record_program(world.con)
    place = tmp_path / "audit.duckdb"
    world.con.execute(f"ATTACH '{place}' AS kept")
    world.con.execute("COPY FROM DATABASE memory TO kept")
    world.con.execute("DETACH kept")
    (finding,) = world.fetch("SELECT finding_key FROM audit.finding")
    text = explain_finding(place, finding["finding_key"])
    assert text == explain(world.con, finding["finding_key"])
    assert check_database(tmp_path, 5, 1) == 0


@pytest.mark.parametrize(
    "line",
    [
        "120.000 g > 110.000 g",
        "2.000 g/kg × 50.000 kg = 100.000 g",
        "100.000 g × (1 + 0.100) = 110.000 g",
        "3 × ceil(100.000 g ÷ 3 ÷ 5.000 g) × 5.000 g = 105.000 g",
        "3 × floor(100.000 g ÷ 3 ÷ 5.000 g) × 5.000 g = 90.000 g",
        "2024-03-01 - 2024-02-01 = 29 d",
        "2024-03-01 - 2024-02-01 + 1 d = 30 d",
        "1 + floor(27 ÷ 21.0) = 2",
        "5 d ≤ 5 d",
        "5 h ≥ 4.999 h",
    ],
)
def test_the_parser_agrees_with_what_is_true(line: str) -> None:
    assert agrees(line)


@pytest.mark.parametrize(
    "line",
    ["110.000 g > 110.000 g", "2.000 g/kg × 50.000 kg = 100.001 g", "0.1 g + 0.2 g = 0.300001 g"],
)
def test_the_parser_disagrees_with_what_is_false(line: str) -> None:
    assert not agrees(line)


@pytest.mark.parametrize(
    "line",
    [
        "2 g/kg × 50 kg = 100 kg",
        "1 g + 1 kg = 2 g",
        "1 g = 1 g = 1 g",
        "(1 g = 1 g",
        "ceil = 1",
        "1 g 2 = 1 g",
        "abc = 1",
        "= 1 g",
        "2024-03-01 + 1 d = 2024-03-02",
    ],
)
def test_the_parser_refuses_what_makes_no_sense(line: str) -> None:
    with pytest.raises(Disagreement):
        agrees(line)


def test_lines_without_a_sign_are_no_arithmetic() -> None:
    text = "Arithmetic\n  looked for aspirin\n  miss: 2 g - 1 g = 1 g\nRows\n  a: 1 = 2"
    assert arithmetic_lines(text) == ["2 g - 1 g = 1 g"]
    assert arithmetic_lines("Verdict\n  breached") == []


def test_a_run_whose_rows_tell_another_story_is_caught(
    capsys: pytest.CaptureFixture[str],
) -> None:
    world = too_much()
    world.judge()
    assert check_run(world.con, 10, 1) == 0
    world.con.execute("UPDATE staged.infusion SET dose_g = 190")
    assert check_run(world.con, 10, 1) == 1
    assert "the rows do not give what was judged" in capsys.readouterr().out


def test_a_run_whose_arithmetic_is_wrong_is_caught(capsys: pytest.CaptureFixture[str]) -> None:
    world = too_much()
    world.judge()
    world.con.execute(
        "UPDATE audit.finding SET arithmetic = REPLACE(arithmetic, '= 110.000', '= 111.000')"
    )
    assert check_run(world.con, 10, 1) == 1
    assert "a line does not hold" in capsys.readouterr().out


def test_days_intervals_hours_and_weights_are_recomputed_from_their_rows() -> None:
    world = World()
    world.rule(1, "regimen")
    world.rule(2, "infusion_duration", severity="review")
    world.regimen(1, days_max=2, total_max_g_per_kg=9, interval_min_days=21)
    world.add("guideline.duration_limit", rule_key=2, max_hours=4)
    world.course(1, dose_g=75, started_on=START - timedelta(days=10))
    world.course(
        2,
        dose_g=75,
        interval_status="known",
        interval_days=10,
        previous_course_key=1,
        patient_key=1,
    )
    for row in world.rows["staged.infusion"]:
        day = row["started_on"].isoformat()
        row |= {"started_at": f"{day} 08:00", "ended_at": f"{day} 13:30", "dose_g": 75}
    world.rows["derived.session"][1]["duration_h"] = "5.5"
    world.judge()
    assert check_run(world.con, 10, 1) == 0
