"""Find the files that travel with the program: SQL, guidelines and report templates.

The only module that knows whether it runs from a checkout or from an installed wheel.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parent
_BUNDLED = _PACKAGE / "_bundled"


def folder(name: str) -> Path:
    """Return the folder `sql`, `guidelines` or `reports`, wherever it is installed."""
    root = _BUNDLED if _BUNDLED.is_dir() else _PACKAGE.parent
    return root / name


@cache
def sql(relative: str) -> str:
    """Return the text of one statement, named like `derive/session.sql`."""
    return (folder("sql") / relative).read_text(encoding="utf-8")


def sql_files(subfolder: str) -> list[Path]:
    """Return the SQL files of one subfolder in name order."""
    return sorted((folder("sql") / subfolder).glob("*.sql"))
