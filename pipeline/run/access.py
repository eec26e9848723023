"""Note every use of a command that prints record values."""

from __future__ import annotations

import getpass
import json
import os
from datetime import UTC, datetime
from pathlib import Path


def note_access(out: Path, command: str, subject: str) -> None:
    """Append one line to `out/access.log`: when, who, which command, which opaque key."""
    entry = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "user": _user(),
        "command": command,
        "subject": subject,
    }
    log = os.open(out / "access.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    with os.fdopen(log, "a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
