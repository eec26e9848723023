"""The status of an output folder, from files made by hand."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.errors import AuditError, InputError, StaleRunError, exit_codes
from pipeline.run.attempt import LOCK, Attempt, noted, read_attempt, refusal_noted
from pipeline.run.status import Status, as_lines, read_status, refuse_stale

NIGHT = datetime(2025, 3, 1, 2, 0, tzinfo=UTC)
MORNING = NIGHT + timedelta(hours=6)


def whole(out: Path, ended_at: datetime = NIGHT, name: str = "2025-02-28-aa") -> Path:
    """Make a folder that looks like a whole run which took 90 seconds."""
    folder = out / "runs" / name
    folder.mkdir(parents=True)
    for part in ("audit.duckdb", "findings.csv", "quarantine.csv"):
        (folder / part).touch()
    (folder / "manifest.json").write_text(json.dumps({"run_id": name}))
    times = {"began_at": ended_at - timedelta(seconds=90), "ended_at": ended_at}
    (folder / "timings.json").write_text(json.dumps(times, default=datetime.isoformat))
    (out / "latest").symlink_to(Path("runs") / name)
    return folder


def noted_attempt(out: Path, attempt: Attempt) -> Status:
    return Status(read_status(out).whole, attempt, is_running=False)


def test_the_run_that_latest_points_at_is_told(tmp_path: Path) -> None:
    whole(tmp_path)
    assert as_lines(read_status(tmp_path), MORNING) == [
        "last whole run: 2025-02-28-aa, ended 2025-03-01 02:00:00 UTC, 6.0 hours ago, took 90 s"
    ]


@pytest.mark.parametrize(("limit", "is_stale"), [(5.9, True), (6, False), (None, False)])
def test_a_run_exactly_as_old_as_allowed_is_not_too_old(
    tmp_path: Path,
    limit: float | None,
    is_stale: bool,  # noqa: FBT001 - a column of the table
) -> None:
    whole(tmp_path)
    status = read_status(tmp_path)
    if is_stale:
        with pytest.raises(StaleRunError, match=r"6\.0 hours old \(limit 5\.9\)"):
            refuse_stale(status, MORNING, limit)
    else:
        refuse_stale(status, MORNING, limit)


def test_a_run_from_the_future_has_no_age(tmp_path: Path) -> None:
    whole(tmp_path, MORNING)
    with pytest.raises(StaleRunError, match="Check the clock"):
        refuse_stale(read_status(tmp_path), NIGHT, None)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / "findings.csv").unlink(),
        lambda folder: (folder / "manifest.json").write_text('{"run_id": "other"}'),
        lambda folder: (folder / "manifest.json").write_text("[1"),
        lambda folder: (folder / "timings.json").write_text("[]"),
        lambda folder: (folder / "timings.json").write_text('{"ended_at": "then"}'),
        lambda folder: folder.rename(folder.parent / "moved"),
    ],
    ids=["a file is gone", "other id", "no JSON", "no object", "no time", "folder is gone"],
)
def test_what_is_not_whole_is_no_run(tmp_path: Path, spoil: object) -> None:
    spoil(whole(tmp_path))  # type: ignore[operator]
    assert as_lines(read_status(tmp_path), MORNING) == ["no whole run"]


def test_a_link_out_of_the_folder_is_no_run(tmp_path: Path) -> None:
    whole(tmp_path / "other")
    out = tmp_path / "out"
    out.mkdir()
    (out / "latest").symlink_to(tmp_path / "other" / "runs" / "2025-02-28-aa")
    assert read_status(out).whole is None


def test_a_run_of_a_program_that_noted_no_time_goes_by_its_file(tmp_path: Path) -> None:
    folder = whole(tmp_path)
    (folder / "timings.json").write_text("{}")
    os.utime(folder / "timings.json", (NIGHT.timestamp(), NIGHT.timestamp()))
    told = as_lines(read_status(tmp_path), MORNING)
    assert told == ["last whole run: 2025-02-28-aa, ended 2025-03-01 02:00:00 UTC, 6.0 hours ago"]


HOUR = timedelta(hours=1)
FAILED = {
    "the run after it failed": (Attempt(NIGHT + HOUR, NIGHT + 2 * HOUR, 10), "exit code 10"),
    "the run after it was killed": (Attempt(NIGHT + HOUR), "did not come to its end"),
    "it was published and then failed": (Attempt(NIGHT - HOUR, NIGHT + HOUR, 16), "exit code 16"),
}
FINE = {
    "an older one failed": Attempt(NIGHT - 3 * HOUR, NIGHT - 2 * HOUR, 10),
    "it was killed after it was published": Attempt(NIGHT - HOUR),
    "it ended well": Attempt(NIGHT - HOUR, NIGHT + HOUR, 0),
    "nothing is noted": None,
}


@pytest.mark.parametrize(("attempt", "said"), FAILED.values(), ids=FAILED)
def test_a_failure_after_the_last_whole_run_is_told(
    tmp_path: Path, attempt: Attempt, said: str
) -> None:
    whole(tmp_path)
    status = noted_attempt(tmp_path, attempt)
    assert said in as_lines(status, MORNING)[-1]
    with pytest.raises(StaleRunError, match="failed"):
        refuse_stale(status, MORNING, 26)


@pytest.mark.parametrize("attempt", FINE.values(), ids=FINE)
def test_what_came_before_the_last_whole_run_is_not(
    tmp_path: Path, attempt: Attempt | None
) -> None:
    whole(tmp_path)
    status = Status(read_status(tmp_path).whole, attempt, is_running=False)
    assert len(as_lines(status, MORNING)) == 1
    refuse_stale(status, MORNING, 26)


def test_a_folder_that_may_not_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / LOCK).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="cannot be read"):
        read_status(tmp_path)


def lock_of(out: Path) -> int:
    return os.open(out / LOCK, os.O_RDWR | os.O_CREAT, 0o600)


def test_how_an_attempt_ends_is_noted(tmp_path: Path) -> None:
    lock = lock_of(tmp_path)
    with noted(lock):
        begun, _ = read_attempt(tmp_path)
        assert begun is not None
        assert (begun.ended_at, begun.exit_code) == (None, None)
    with pytest.raises(InputError), noted(lock):
        raise InputError
    failed, _ = read_attempt(tmp_path)
    with pytest.raises(KeyboardInterrupt), noted(lock):
        raise KeyboardInterrupt
    stopped, _ = read_attempt(tmp_path)
    assert failed is not None
    assert stopped is not None
    assert (failed.exit_code, stopped.exit_code) == (10, 1)
    os.close(lock)


def test_a_note_that_is_spoiled_or_of_an_older_program_is_none(tmp_path: Path) -> None:
    for text in ("", "{", "[]", "7", '{"began_at": "then", "ended_at": null}'):
        (tmp_path / LOCK).write_text(text)
        assert read_attempt(tmp_path) == (None, False)


@pytest.mark.parametrize(("error", "code"), [(InputError, 10), (ZeroDivisionError, 1)])
def test_a_run_refused_before_it_holds_the_lock_is_noted(
    tmp_path: Path, error: type[Exception], code: int
) -> None:
    with pytest.raises(error), refusal_noted(tmp_path):
        raise error
    attempt, _ = read_attempt(tmp_path)
    assert attempt is not None
    assert attempt.exit_code == code
    with pytest.raises(error), refusal_noted(tmp_path / "nowhere"):
        raise error
    assert not (tmp_path / "nowhere").exists()


def test_every_error_of_ours_has_a_code_of_its_own_and_says_what_it_means() -> None:
    codes = [error.exit_code for error in AuditError.__subclasses__()]
    assert len(codes) == len(set(codes))
    assert sorted(exit_codes()) == [0, 1, 2, 3, *range(10, 19)]
    assert all(meaning.endswith(".") for meaning in exit_codes().values())
