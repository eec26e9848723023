"""Build a run beside the published ones and move it into place in one step.

`out/latest` always points at a whole run: the link is replaced by a rename after every file
is in its place. A lock on `out/.lock` keeps a second run out; the operating system drops it
when its owner dies.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipeline.disclosure.kept import HISTORY, keep_edition
from pipeline.errors import InputError, LockedError, OutputError
from pipeline.run.attempt import LOCK, noted
from pipeline.run.exchange import exchange
from pipeline.run.history import RUN
from pipeline.run.manifest import read_content_digest
from pipeline.run.retention import (
    clear_discarded,
    finished_runs,
    keep_all_history,
    keep_history,
)

_WORKSHOP = ".building"
_RETIRED = ".retired"
_TRIES, _PAUSE_SECONDS = 5, 0.05


@contextmanager
def building(out: Path) -> Iterator[Path]:
    """Yield an empty folder to build a run in, while no other run can.

    Raises:
        LockedError: another run holds the output folder.
        OutputError: the folder cannot be written.
    """
    os.umask(0o077)  # files 0600, folders 0700: they name patients
    try:
        _refuse_file(out)
        out.mkdir(parents=True, exist_ok=True, mode=0o700)
        _refuse_foreign(out)
        lock = os.open(out / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise _cannot_write(out, error) from None
    try:
        _hold(lock, out)
        with noted(lock):
            yield from _locked(out)
    finally:
        os.close(lock)


def _hold(lock: int, out: Path) -> None:
    """Take the lock; `status`, which looks at it for an instant, is waited for."""
    for _ in range(_TRIES):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(_PAUSE_SECONDS)
        else:
            return
    raise LockedError(
        f"{out.name}: another run holds this output folder. Wait for it, or use another --out."
    )


def _locked(out: Path) -> Iterator[Path]:
    workshop = out / _WORKSHOP
    try:
        _restore_retired(out)
        clear_discarded(out)
        keep_all_history(out)
        _clear(workshop)
        workshop.mkdir(mode=0o700)
        yield workshop
    except OSError as error:
        raise _cannot_write(out, error) from None
    except (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.TransactionException) as error:
        raise _cannot_hold(out, error) from None
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _refuse_file(out: Path) -> None:
    """Refuse an output folder that is a file, or would lie in one."""
    for place in (out, *out.parents):
        if place.exists() and not place.is_dir():
            raise OutputError(f"{place.name}: is a file. Name a folder with --out.")


def _refuse_foreign(out: Path) -> None:
    """Refuse an output folder where something not ours stands in the place of a result."""
    latest, runs = out / "latest", out / "runs"
    if os.path.lexists(latest) and not latest.is_symlink():
        raise OutputError(f"{out.name}: holds a `latest` that is not ours. Use another --out.")
    if os.path.lexists(runs) and not runs.is_dir():
        raise OutputError(f"{out.name}: holds a `runs` that is no folder. Use another --out.")

    for folder in (out, runs):
        if folder.is_dir() and folder.stat().st_mode & stat.S_IWOTH:
            raise OutputError(
                f"{folder.name}: every user of this machine may write to it, and could lay another "
                "report in the place of ours. Run `chmod o-w` on it, or use another --out."
            )


def refuse_entangled(source: Path, out: Path) -> None:
    """Refuse an output folder that is, holds or lies in the source; nothing is written then.

    Raises:
        OutputError: it is so, also by a detour or a link.
    """
    records, results = source.resolve(), out.resolve()
    if records == results:
        how = "is the source itself"
    elif records in results.parents:
        how = "lies inside the source"
    elif results in records.parents:
        how = "holds the source"
    else:
        return
    raise OutputError(
        f"--out: {how}, so that records and results would lie among each other. "
        "Name a folder beside the source with --out."
    )


def sharing(out: Path) -> str | None:
    """Return what to say aloud when the group of the output folder may write to it."""
    folders = [folder for folder in (out, out / "runs") if folder.is_dir()]
    shared = [folder for folder in folders if folder.stat().st_mode & stat.S_IWGRP]
    if not shared:
        return None
    return (
        f"{shared[0].name}: its group may write to it, and so replace a report. Run `chmod g-w` on "
        "it, unless only the audit's own user is in that group."
    )


def _clear(path: Path) -> None:
    """Remove what a killed run left, be it a folder, a file or a link."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


def _restore_retired(out: Path) -> None:
    """Put back a run that was being replaced when the program was killed."""
    retired = out / _RETIRED
    if not retired.is_dir():
        return
    for folder in retired.iterdir():
        place = out / "runs" / folder.name
        if not place.exists():
            folder.rename(place)
    shutil.rmtree(retired)


def publish(workshop: Path, out: Path, run_id: str) -> Path:
    """Move the finished run to `out/runs/<run_id>` and point `out/latest` at it."""
    shutil.rmtree(workshop / ".spill", ignore_errors=True)
    runs = out / "runs"
    runs.mkdir(mode=0o700, exist_ok=True)
    folder = runs / run_id
    _make_private(workshop)
    keep_edition(workshop, out)  # before anybody can read the page it belongs to
    if not folder.exists():
        workshop.rename(folder)
    elif not exchange(workshop, folder):  # the same run again: same bytes, so it may be replaced
        _replace(folder, workshop, out)
    keep_history(folder, out)
    _point_latest(out, run_id)
    return folder


def _replace(folder: Path, workshop: Path, out: Path) -> None:
    """Put a run in the place of itself in two steps; between them `latest` may point nowhere.

    Where the file system cannot exchange two folders, that is as near as it gets; what a killed
    run leaves there, the next one puts back.
    """
    retired = out / _RETIRED
    retired.mkdir(mode=0o700)
    folder.rename(retired / folder.name)
    workshop.rename(folder)
    shutil.rmtree(retired)


def previous_run(out: Path, wanted: str, content: str) -> str:
    """Return the id of the run to compare with: the newest other one, a named one, or none.

    A named one may have lost its folder: then its findings are compared, and its headline is not.

    A run of the very same records, rules and settings is no predecessor, so running a night
    twice gives the same bytes.

    Raises:
        InputError: the named run does not exist.
    """
    if wanted == "none":
        return ""
    if wanted != "auto":
        places = (out / "runs" / wanted / "manifest.json", out / HISTORY / wanted / RUN)
        if wanted != Path(wanted).name or not any(place.is_file() for place in places):
            raise InputError("--previous: no such run under the output folder's runs/ or history/.")
        return wanted
    others = [folder for folder in finished_runs(out) if read_content_digest(folder) != content]
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


def _cannot_hold(out: Path, error: duckdb.Error) -> OutputError:
    """Say what ran out; the database's own text is left out, for it may quote a value."""
    if isinstance(error, duckdb.OutOfMemoryException):
        lacks = "needs more memory than it may take. Raise run.memory_limit in audit.toml, or free"
    else:
        lacks = "the database cannot be written. Free"
    return OutputError(
        f"{out.name}: {lacks} space where --out lies; the previous report is untouched."
    )
