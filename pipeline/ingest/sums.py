"""Hold the files against the digests that came with them, where the source has a SHA256SUMS.

Neither CSV nor Parquet can tell every flipped bit; a digest made where the files were made can.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.errors import InputError
from pipeline.ingest.load import LoadedFile

SUMS = "SHA256SUMS"
_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")


def read_sums(*folders: Path) -> dict[Path, str]:
    """Return the digest of every file that the first SHA256SUMS found names; else nothing.

    Raises:
        InputError: a line of it is no digest and name, or names a file that is not there.
    """
    folder = next((folder for folder in folders if (folder / SUMS).is_file()), None)
    if folder is None:
        return {}
    lines = (folder / SUMS).read_text("utf-8-sig", errors="replace").splitlines()
    found = [_LINE.fullmatch(line) for line in lines if line.strip()]
    if not all(found):
        raise InputError(
            f"{SUMS}: some line is not a digest and a name. Make it with sha256sum in the folder."
        )
    sums = {folder / line[2]: line[1] for line in found if line}
    absent = sum(not path.is_file() for path in sums)
    if absent:
        raise InputError(
            f"{SUMS}: names {absent} files that are not there. Copy the whole folder again."
        )
    return sums


def refuse_others(files: Sequence[LoadedFile], sums: Mapping[Path, str]) -> None:
    """Refuse a file that is not the one whose digest came with it, or that has none.

    Raises:
        InputError: it names the file and nothing it holds.
    """
    for loaded in files if sums else ():
        name, digest = loaded.file.name, sums.get(loaded.file.path)
        if digest is None:
            raise InputError(f"{name}: {SUMS} does not name it. Make {SUMS} of all the files.")
        if digest != loaded.sha256:
            raise InputError(
                f"{name}: is not the file that {SUMS} names; it was damaged or changed on its way."
                " Copy or export it again."
            )
