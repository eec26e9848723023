"""Note in the lock file since when a run holds it and how the last one ended, for `status`.

The note has one length and is written over in place: that needs no room on a full disk.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pipeline.errors import AuditError, LockedError

LOCK: Final = ".lock"
_ROOM: Final = 256


@dataclass(frozen=True)
class Attempt:
    """One run that was begun: when, and when and with which exit code it ended, if it did."""

    began_at: datetime
    ended_at: datetime | None = None
    exit_code: int | None = None


def now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


@contextmanager
def noted(lock: int) -> Iterator[None]:
    """Note in the file of a lock that is held that a run has begun, and how it ends."""
    began_at = now()
    _write(lock, Attempt(began_at))
    try:
        yield
    except AuditError as error:
        _write(lock, Attempt(began_at, now(), error.exit_code))
        raise
    except BaseException:
        _write(lock, Attempt(began_at, now(), 1))
        raise
    _write(lock, Attempt(began_at, now(), 0))


@contextmanager
def refusal_noted(out: Path) -> Iterator[None]:
    """Note a run that fails before it holds the lock; who waits for another run has not failed."""
    began_at = now()
    try:
        yield
    except LockedError:
        raise
    except AuditError as error:
        _note_refusal(out, began_at, error.exit_code)
        raise
    except Exception:
        _note_refusal(out, began_at, 1)
        raise


def _note_refusal(out: Path, began_at: datetime, exit_code: int) -> None:
    """Note it in a folder that is there; what the run has noted itself is left alone."""
    if not out.is_dir():
        return
    with suppress(OSError):
        lock = os.open(out / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            known = _read(lock)
            if known is None or (known.ended_at or known.began_at) < began_at:
                _write(lock, Attempt(began_at, now(), exit_code))
        finally:
            os.close(lock)


def read_attempt(out: Path) -> tuple[Attempt | None, bool]:
    """Return the last attempt that was noted, and whether it is still going on.

    Raises:
        OSError: the lock file is there and cannot be read.
    """
    try:
        lock = os.open(out / LOCK, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None, False
    try:
        return _read(lock), _is_held(lock)
    finally:
        os.close(lock)


def _is_held(lock: int) -> bool:
    """Say whether a run holds the lock; a run that begins just now tries more than once."""
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(lock, fcntl.LOCK_UN)
    return False


def _write(lock: int, attempt: Attempt) -> None:
    told = {
        "began_at": attempt.began_at.isoformat(),
        "ended_at": None if attempt.ended_at is None else attempt.ended_at.isoformat(),
        "exit_code": attempt.exit_code,
    }
    with suppress(OSError):  # that the note fails must not end the run
        os.pwrite(lock, json.dumps(told).ljust(_ROOM - 1).encode() + b"\n", 0)
        os.ftruncate(lock, _ROOM)


def _read(lock: int) -> Attempt | None:
    """Return what is noted; None for the empty file of an older program, or one spoiled."""
    try:
        told = json.loads(os.pread(lock, _ROOM, 0))
        began_at, ended_at = told["began_at"], told["ended_at"]
        return Attempt(
            datetime.fromisoformat(began_at),
            None if ended_at is None else datetime.fromisoformat(ended_at),
            told["exit_code"],
        )
    except (ValueError, LookupError, TypeError):
        return None
