"""Build a run beside the published ones and move it into place in one step.

`out/latest` always points at a whole run: the link is replaced by a rename after every file
is in its place. A lock on `out/.lock` keeps a second run out; the operating system drops it
when its owner dies.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import InputError, LockedError, OutputError
from pipeline.run.manifest import read_content_digest

_WORKSHOP = ".building"


@contextmanager
def building(out: Path) -> Iterator[Path]:
    """Yield an empty folder to build a run in, while no other run can.

    Raises:
        LockedError: another run holds the output folder.
        OutputError: the folder cannot be written.
    """
    os.umask(0o077)  # files 0600, folders 0700: they name patients
    try:
        out.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(out / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise _cannot_write(out, error) from None
    try:
        yield from _locked(lock, out)
    finally:
        os.close(lock)


def _locked(lock: int, out: Path) -> Iterator[Path]:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise LockedError(
            f"{out.name}: another run holds this output folder. Wait for it, or use another --out."
        ) from None
    workshop = out / _WORKSHOP
    try:
        if workshop.exists():
            shutil.rmtree(workshop)
        workshop.mkdir(mode=0o700)
        yield workshop
    except OSError as error:
        raise _cannot_write(out, error) from None
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def publish(workshop: Path, out: Path, run_id: str) -> Path:
    """Move the finished run to `out/runs/<run_id>` and point `out/latest` at it."""
    shutil.rmtree(workshop / ".spill", ignore_errors=True)
    runs = out / "runs"
    runs.mkdir(mode=0o700, exist_ok=True)
    folder = runs / run_id
    _make_private(workshop)
    if folder.exists():  # the same run again: same bytes, so it may be replaced
        retired = out / ".retired"
        shutil.rmtree(retired, ignore_errors=True)
        folder.rename(retired)
        workshop.rename(folder)
        shutil.rmtree(retired)
    else:
        workshop.rename(folder)
    _point_latest(out, run_id)
    return folder


def previous_run(out: Path, wanted: str, content: str) -> str:
    """Return the id of the run to compare with: the newest other one, a named one, or none.

    A run of the very same records, rules and settings is no predecessor, so running a night
    twice gives the same bytes.

    Raises:
        InputError: the named run does not exist.
    """
    if wanted == "none":
        return ""
    runs = out / "runs"
    if wanted != "auto":
        if not (runs / wanted / "manifest.json").is_file():
            raise InputError("--previous: no such run under the output folder's runs/.")
        return wanted
    finished = sorted(
        runs.glob("*/manifest.json"), key=lambda file: (file.stat().st_mtime_ns, file.parent.name)
    )
    others = [file.parent for file in finished if read_content_digest(file.parent) != content]
    return others[-1].name if others else ""


def _make_private(workshop: Path) -> None:
    for path in workshop.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)


def _point_latest(out: Path, run_id: str) -> None:
    fresh = out / ".latest"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(Path("runs") / run_id)
    fresh.replace(out / "latest")


def _cannot_write(out: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{out.name}: cannot write the output ({error.strerror or type(error).__name__}). "
        "Check space and permissions; the previous report is untouched."
    )
