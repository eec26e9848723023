"""One night after another: the change of the headline is split, and the parts add up."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hospital import Hospital, read
from ward import RULE

from pipeline.errors import CheckError
from pipeline.run import program, replay
from pipeline.run.audit import Outcome
from pipeline.store import open_finished

WITHIN, OFF = 50, 100
JANUARY = {f"j{n}": (f"2024-01-{n:02}", OFF if n == 1 else WITHIN) for n in range(1, 5)}
MARCH = {f"m{n}": (f"2024-03-{n:02}", WITHIN if n == 1 else OFF) for n in range(1, 5)}
LATE = {"l1": ("2024-01-20", OFF)}
MILDER = RULE.replace("max = 1 }", "max = 2 }")
"""The ward's rule allows 0.8 to 1 g/kg, and patients weigh 50 kg; the milder one allows 2."""
FEBRUARY_END = {"as_of": "2024-02-28"}
EVERYTHING = JANUARY | LATE | MARCH


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Hospital:
    """Return a hospital after one night that saw January, as of the end of February."""
    hospital = Hospital(tmp_path_factory.mktemp("published"))
    hospital.night(JANUARY, **FEBRUARY_END)
    return hospital


@pytest.fixture
def hospital(published: Hospital, tmp_path: Path) -> Hospital:
    """Return a hospital of one's own, after that night."""
    return published.copied(tmp_path / "home")


@pytest.fixture(scope="module")
def moved(
    published: Hospital, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Hospital, Outcome]:
    """Return a hospital after a night on which records, period and rules were other ones."""
    hospital = published.copied(tmp_path_factory.mktemp("moved") / "home")
    return hospital, hospital.night(EVERYTHING, rules=MILDER)


def steps(outcome: Outcome) -> dict[str, Any]:
    """Return off and judged at each step; check that the parts add up."""
    (row,) = read(
        outcome,
        """
        SELECT then_off, then_judged, late_off, late_judged, practice_off, practice_judged,
            now_off, now_judged, share_then + change_late + change_practice + change_rules,
            share_now
        FROM report.headline_change
        """,
    )
    assert row[8] == row[9]
    return {"then": row[:2], "late": row[2:4], "practice": row[4:6], "now": row[6:8]}


def is_replayed(outcome: Outcome) -> bool:
    """Say whether records were judged a second time: nothing is counted from today's verdicts."""
    (n_spans,) = read(outcome, "SELECT COUNT(*) FROM audit.span")
    (n_known,) = read(outcome, "SELECT COUNT(*) FROM audit.reading WHERE reading = 'late'")
    return n_spans == (0,) and n_known == (1,)


def test_the_first_night_has_nothing_to_compare_with(published: Hospital) -> None:
    con = open_finished(published.home / "out" / "latest" / "audit.duckdb")
    assert con.sql("SELECT * FROM report.previous_run").fetchall() == []
    assert con.sql("SELECT * FROM report.headline_change").fetchall() == []
    con.close()


def test_under_the_same_rules_nothing_is_judged_twice(hospital: Hospital) -> None:
    second = hospital.night(EVERYTHING)
    assert steps(second) == {"then": (1, 4), "late": (2, 5), "practice": (5, 9), "now": (5, 9)}
    assert not is_replayed(second)
    assert read(second, "SELECT obstacle FROM report.previous_run") == [(None,)]


def test_under_the_same_records_only_the_rules_can_have_moved(hospital: Hospital) -> None:
    second = hospital.night(JANUARY, rules=MILDER, **FEBRUARY_END)
    assert steps(second) == {"then": (1, 4), "late": (1, 4), "practice": (1, 4), "now": (0, 4)}


def test_when_all_three_moved_the_old_rules_judge_again(moved: tuple[Hospital, Outcome]) -> None:
    _, second = moved
    assert steps(second) == {"then": (1, 4), "late": (2, 5), "practice": (5, 9), "now": (0, 9)}
    assert is_replayed(second)
    assert not (second.folder / ".spill").exists()


def test_the_replay_says_what_a_run_with_the_old_rules_would(
    moved: tuple[Hospital, Outcome], tmp_path: Path
) -> None:
    found = steps(moved[1])
    other = Hospital(tmp_path)
    headline = "SELECT n_off, n_judged FROM report.headline"
    assert [found["late"]] == read(other.night(EVERYTHING, to_on="2024-02-28"), headline)
    assert [found["practice"]] == read(other.night(EVERYTHING), headline)


def test_the_page_and_the_command_print_parts_that_add_up(moved: tuple[Hospital, Outcome]) -> None:
    _, second = moved
    page = (second.folder / "report-clinical.html").read_text(encoding="utf-8")
    parts = [Decimal("15.00"), Decimal("15.56"), Decimal("-55.56")]
    assert "25.00%" in page
    assert all(f"{abs(part)}" in page for part in parts)
    assert Decimal("25.00") + sum(parts) == 0
    (line,) = [line for line in second.headline if line.startswith("change since")]
    assert line.endswith("-25.00 points (late data +15.00, practice +15.56, rules -55.56)")


def test_the_same_night_twice_gives_the_same_bytes_after_a_replay(
    moved: tuple[Hospital, Outcome],
) -> None:
    hospital, second = moved
    names = ("manifest.json", "report-clinical.html")
    first = [(second.folder / name).read_bytes() for name in names]
    again = hospital.night(EVERYTHING, rules=MILDER)
    assert again.run_id == second.run_id
    assert [(again.folder / name).read_bytes() for name in names] == first
    assert json.loads(first[0])["previous_run"] != ""


def test_periods_apart_are_judged_again_by_the_same_rules(hospital: Hospital) -> None:
    second = hospital.night(EVERYTHING, from_on="2024-03-01", to_on="2024-03-31")
    assert steps(second) == {"then": (1, 4), "late": (2, 5), "practice": (3, 4), "now": (3, 4)}
    assert is_replayed(second)


def test_a_course_that_has_closed_since_is_late_data(tmp_path: Path) -> None:
    hospital = Hospital(tmp_path)
    hospital.night(JANUARY | MARCH, as_of="2024-03-06")
    second = hospital.night(JANUARY | MARCH)
    assert steps(second) == {"then": (2, 6), "late": (4, 8), "practice": (4, 8), "now": (4, 8)}


def test_our_own_settings_count_among_the_rules(hospital: Hospital) -> None:
    second = hospital.night(
        JANUARY | LATE, settings="[policy]\nimplausible_dose_ratio = 1.5\n", **FEBRUARY_END
    )  # twice the limit is then taken for a slip, which may not accuse
    assert steps(second) == {"then": (1, 4), "late": (2, 5), "practice": (2, 5), "now": (0, 3)}


def test_a_set_without_a_figure_before_has_no_change(hospital: Hospital) -> None:
    second = hospital.night(JANUARY, guidelines=("droracle-2025",))
    assert read(second, "SELECT * FROM report.headline_change") == []
    assert read(second, "SELECT obstacle FROM report.previous_run") == [(None,)]


def obstacle_of(outcome: Outcome) -> tuple[Any, ...]:
    (found,) = read(outcome, "SELECT obstacle, detail FROM report.previous_run")
    assert read(outcome, "SELECT * FROM report.headline_change") == []
    page = (outcome.folder / "report-clinical.html").read_text(encoding="utf-8")
    assert "cannot be split" in page
    return found


def test_records_read_by_other_settings_are_not_split(hospital: Hospital) -> None:
    second = hospital.night(JANUARY, settings='[source]\ntime_zone = "Europe/Paris"\n')
    assert obstacle_of(second) == ("read_otherwise", "source.time_zone")


def test_a_run_by_another_program_is_not_split(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "program_digest", lambda: "another")
    assert obstacle_of(hospital.night(JANUARY)) == ("other_program", "")


def test_a_replay_that_fails_does_not_end_the_night(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise CheckError("a check failed")

    monkeypatch.setattr(replay, "judge", fail)
    second = hospital.night(EVERYTHING, rules=MILDER)
    assert obstacle_of(second) == ("failed", "")
    assert read(second, "SELECT n_judged FROM report.headline") == [(9,)]


@pytest.mark.parametrize("damage", ["cut", "older"])
def test_a_run_that_cannot_be_read_is_not_split(hospital: Hospital, damage: str) -> None:
    database = hospital.home / "out" / "latest" / "audit.duckdb"
    if damage == "cut":
        database.write_bytes(database.read_bytes()[:5000])
    else:
        with duckdb.connect() as con:
            con.execute(f"ATTACH '{database}' AS older")
            con.execute("DROP TABLE older.audit.program")
    assert obstacle_of(hospital.night(JANUARY)) == ("unreadable", "")
