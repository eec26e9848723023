"""Say what the last whole run was and how old it is, also while another one is going on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from pipeline.errors import InputError, StaleRunError, meaning
from pipeline.run.attempt import Attempt, read_attempt

DATABASE: Final = "audit.duckdb"
_PARTS: Final = (DATABASE, "findings.csv", "manifest.json", "quarantine.csv", "timings.json")
"""What every whole run has, whatever its editions."""


@dataclass(frozen=True)
class Whole:
    """One finished run: its id, when it ended, how long it took if that is known."""

    folder: Path
    ended_at: datetime
    took: timedelta | None


@dataclass(frozen=True)
class Status:
    """The last whole run, the last attempt that was noted, and whether that is still going on."""

    whole: Whole | None
    attempt: Attempt | None
    is_running: bool

    @property
    def failed(self) -> Attempt | None:
        """Return the attempt after the last whole run, if it failed or never came to its end."""
        attempt = self.attempt
        if attempt is None or self.is_running or attempt.exit_code == 0:
            return None
        is_after = self.whole is None or (
            (attempt.ended_at or attempt.began_at) > self.whole.ended_at
        )
        return attempt if is_after else None


def read_status(out: Path) -> Status:
    """Return what lies in the output folder.

    Raises:
        InputError: the folder may not be read.
    """
    try:
        attempt, is_running = read_attempt(out)
        return Status(_whole(out), attempt, is_running)
    except OSError as error:
        raise InputError(
            f"{out.name}: cannot be read ({error.strerror or type(error).__name__}). Ask as the "
            "user that the audit runs as."
        ) from None


def as_lines(status: Status, at: datetime) -> list[str]:
    """Return what is printed: ids and times, nothing of a record."""
    lines = ["no whole run" if status.whole is None else _told_whole(status.whole, at)]
    if status.is_running:
        lines.append(f"running since {_since(status)}")
    if status.failed:
        lines.append(_told_failed(status.failed))
    return lines


def refuse_stale(status: Status, at: datetime, max_age_hours: float | None) -> None:
    """Refuse a last whole run that is missing, too old, or followed by one that failed.

    Raises:
        StaleRunError: with what to do.
    """
    if status.whole is None:
        raise StaleRunError("there is no whole run under --out. Run `ivig-audit run`.")
    age = _hours(status.whole, at)
    if age < 0:
        raise StaleRunError(
            "the last whole run ended in the future, so its age is not known. Check the clock."
        )
    if max_age_hours is not None and age > max_age_hours:
        raise StaleRunError(
            f"the last whole run is {age:.1f} hours old (limit {max_age_hours:g}). "
            "See why the later ones did not run, then run `ivig-audit run`."
        )
    if status.failed:
        raise StaleRunError(
            "the run after the last whole one failed; the report is the older one. "
            "See its message in the log of the night, mend that, and run it again."
        )


def _whole(out: Path) -> Whole | None:
    """Return the run that `latest` points at, if all that every run has is there."""
    folder = (out / "latest").resolve()
    if folder.parent != (out / "runs").resolve():
        return None
    if not all((folder / name).is_file() for name in _PARTS):
        return None
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        timings = json.loads((folder / "timings.json").read_text("utf-8"))
        if manifest["run_id"] != folder.name:
            return None
        return Whole(folder, *_times(folder, timings))
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def _times(folder: Path, timings: dict[str, str]) -> tuple[datetime, timedelta | None]:
    if timings.get("ended_at") is None:  # of a program that did not note it
        written = (folder / "timings.json").stat().st_mtime
        return datetime.fromtimestamp(int(written), UTC), None
    ended_at = datetime.fromisoformat(timings["ended_at"])
    return ended_at, ended_at - datetime.fromisoformat(timings["began_at"])


def _told_whole(whole: Whole, at: datetime) -> str:
    took = "" if whole.took is None else f", took {whole.took.total_seconds():.0f} s"
    age = _hours(whole, at)
    return (
        f"last whole run: {whole.folder.name}, ended {_shown(whole.ended_at)}, "
        f"{age:.1f} hours ago{took}"
    )


def _told_failed(attempt: Attempt) -> str:
    began = f"the run after it, begun {_shown(attempt.began_at)},"
    if attempt.ended_at is None or attempt.exit_code is None:
        return f"{began} did not come to its end: it was killed, or the machine stopped"
    return (
        f"{began} failed {_shown(attempt.ended_at)} with exit code {attempt.exit_code}: "
        f"{meaning(attempt.exit_code)}"
    )


def _since(status: Status) -> str:
    is_known = status.attempt is not None and status.attempt.ended_at is None
    return _shown(status.attempt.began_at) if status.attempt and is_known else "a time not noted"


def _hours(whole: Whole, at: datetime) -> float:
    return (at - whole.ended_at) / timedelta(hours=1)


def _shown(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
