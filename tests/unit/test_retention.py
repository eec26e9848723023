"""Old runs go whole, the latest never, and what must be remembered of them stays."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pipeline.disclosure.kept import editions_of
from pipeline.errors import InputError, OutputError
from pipeline.run import retention
from pipeline.run.publish import building, previous_run, publish
from pipeline.run.retention import discard_old_runs

EDITION = '[\n["printed", "use/{name}/grams/2024-01 to 2024-02", "amount", "value", 40]\n]\n'


def night(out: Path, number: int, previous: str = "", *, edition: str | None = None) -> Path:
    """Publish a run that holds a page, a history and, where told, a committee edition."""
    with building(out) as workshop:
        (workshop / "report.html").write_text(f"night {number}")
        (workshop / "manifest.json").write_text(
            json.dumps({"content_digest": str(number), "previous_run": previous})
        )
        (workshop / "history").mkdir()
        for name in ("run.json", "findings.parquet", "rules.parquet"):
            (workshop / "history" / name).write_text(f"{name} of {number}")
        if edition is not None:
            (workshop / "committee").mkdir()
            (workshop / "committee" / "edition.json").write_text(EDITION.format(name=edition))
        folder = publish(workshop, out, f"r{number}")
    os.utime(folder / "manifest.json", ns=(number, number))
    return folder


def runs(out: Path) -> list[str]:
    return sorted(path.name for path in (out / "runs").iterdir())


def test_the_newest_runs_stay_and_the_history_of_all(tmp_path: Path) -> None:
    for number in range(1, 6):
        night(tmp_path, number)
    assert discard_old_runs(tmp_path, 2) == 3
    assert runs(tmp_path) == ["r4", "r5"]
    kept = tmp_path / "history"
    assert sorted(path.name for path in kept.iterdir()) == ["r1", "r2", "r3", "r4", "r5"]
    assert (kept / "r1" / "findings.parquet").read_text() == "findings.parquet of 1"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".lock", "history", "latest", "runs",
    ]  # fmt: skip


def test_without_the_setting_nothing_goes(tmp_path: Path) -> None:
    for number in range(1, 4):
        night(tmp_path, number)
    assert discard_old_runs(tmp_path, None) == 0
    assert runs(tmp_path) == ["r1", "r2", "r3"]


def test_the_latest_stays_also_where_others_are_newer_and_so_does_its_predecessor(
    tmp_path: Path,
) -> None:
    for number in range(1, 5):
        night(tmp_path, number, previous="" if number == 1 else f"r{number - 1}")
    (tmp_path / "latest").unlink()
    (tmp_path / "latest").symlink_to(Path("runs") / "r2")
    discard_old_runs(tmp_path, 1)
    assert runs(tmp_path) == ["r1", "r2", "r4"]


def test_what_is_no_finished_run_is_left_alone(tmp_path: Path) -> None:
    for number in range(1, 4):
        night(tmp_path, number)
    (tmp_path / "runs" / "notes").mkdir()
    (tmp_path / "runs" / "notes" / "mine.txt").write_text("x")
    elsewhere = tmp_path.parent / f"{tmp_path.name}-elsewhere"
    elsewhere.mkdir()
    (elsewhere / "manifest.json").write_text("{}")
    os.utime(elsewhere / "manifest.json", ns=(0, 0))
    (tmp_path / "runs" / "linked").symlink_to(elsewhere)
    discard_old_runs(tmp_path, 1)
    assert runs(tmp_path) == ["linked", "notes", "r3"]
    assert (elsewhere / "manifest.json").is_file()


def test_an_edition_outlives_its_run_and_is_known_to_the_attack(tmp_path: Path) -> None:
    night(tmp_path, 1, edition="north")
    night(tmp_path, 2, edition="south")
    night(tmp_path, 3)
    before = editions_of(tmp_path)
    assert len(before) == 2
    discard_old_runs(tmp_path, 1)
    assert runs(tmp_path) == ["r3"]
    assert {item.quantity for edition in editions_of(tmp_path) for item in edition.printed} == {
        item.quantity for edition in before for item in edition.printed
    }


def test_the_same_run_made_again_forgets_no_edition_it_gave_out(tmp_path: Path) -> None:
    night(tmp_path, 1, edition="north")
    night(tmp_path, 1, edition="other numbers withheld")
    assert len(editions_of(tmp_path)) == 2


def test_a_run_made_before_there_was_a_history_is_kept_when_the_next_one_begins(
    tmp_path: Path,
) -> None:
    folder = night(tmp_path, 1, edition="north")
    for path in sorted((tmp_path / "history").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    with building(tmp_path):
        pass
    assert (tmp_path / "history" / "r1" / "run.json").read_text() == "run.json of 1"
    (folder / "committee" / "edition.json").unlink()
    assert len(editions_of(tmp_path)) == 1


@pytest.mark.parametrize("damage", ["lost", "cut"])
def test_half_a_history_is_made_whole_before_its_run_may_go(tmp_path: Path, damage: str) -> None:
    for number in (1, 2):
        night(tmp_path, number)
    kept = tmp_path / "history" / "r1" / "findings.parquet"
    kept.unlink() if damage == "lost" else kept.write_text("")
    discard_old_runs(tmp_path, 1)
    assert runs(tmp_path) == ["r2"]
    assert kept.read_text() == "findings.parquet of 1"


def test_a_run_whose_history_cannot_be_kept_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        night(tmp_path, number)
    monkeypatch.setattr(retention, "is_kept", lambda *_: False)
    with pytest.raises(OutputError) as told:
        discard_old_runs(tmp_path, 1)
    assert "the report is published" in str(told.value)
    assert runs(tmp_path) == ["r1", "r2"]


def test_a_run_killed_while_it_removed_another_leaves_no_half_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        night(tmp_path, number)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipeline.run.retention.shutil.rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        discard_old_runs(tmp_path, 1)
    monkeypatch.undo()
    assert runs(tmp_path) == ["r2"]
    with building(tmp_path):
        assert not (tmp_path / ".discarded").exists()
    assert runs(tmp_path) == ["r2"]


def test_a_run_without_folder_may_still_be_named_for_comparison(tmp_path: Path) -> None:
    for number in (1, 2):
        night(tmp_path, number)
    discard_old_runs(tmp_path, 1)
    assert previous_run(tmp_path, "r1", "z") == "r1"
    assert previous_run(tmp_path, "auto", "z") == "r2"
    with pytest.raises(InputError):
        previous_run(tmp_path, "editions", "z")


def test_what_is_kept_is_for_its_owner_only(tmp_path: Path) -> None:
    night(tmp_path, 1, edition="north")
    for path in [tmp_path / "history", *(tmp_path / "history").rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path.name
