"""Write a folder of files that comes into its place whole, for its owner only."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import OutputError


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Yield a folder beside the wanted one; put it in its place when all of it was written.

    Raises:
        OutputError: something lies there already, or it cannot be written.
    """
    if os.path.lexists(folder):
        raise OutputError(
            f"{folder.name}: exists already, and an export does not write over another. "
            "Name a new folder."
        )
    beside = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        beside.mkdir(mode=0o700)
        yield beside
        beside.rename(folder)
    except OSError as error:
        raise OutputError(f"{folder.name}: cannot be written ({error.strerror}).") from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def write_lines(path: Path, lines: Iterator[str]) -> None:
    """Write a new file of these lines, mode 0600."""
    with os.fdopen(_opened(path), "w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in lines)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a new file, mode 0600."""
    with os.fdopen(_opened(path), "wb") as file:
        file.write(content)


def _opened(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)


def written(text: str) -> str:
    """Return the text of a record without signs that neither XML nor FHIR allows in text."""
    return "".join(sign if _is_allowed(sign) else "\N{REPLACEMENT CHARACTER}" for sign in text)


def _is_allowed(sign: str) -> bool:
    """Say whether it is a line break, a tab, or a sign that can be shown or separates."""
    code = ord(sign)
    return sign in "\t\n\r" or (
        code >= 0x20  # noqa: PLR2004 - XML 1.0, production [2]
        and not 0x7F <= code <= 0x9F  # noqa: PLR2004
        and not 0xD800 <= code <= 0xDFFF  # noqa: PLR2004
        and code not in {0xFFFE, 0xFFFF}
    )
