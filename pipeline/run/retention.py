"""Remember of every run what later ones must know, and remove the folders of old ones.

Never the latest, never half of one, never what must be remembered.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from pipeline.disclosure.kept import HISTORY, is_edition_kept, keep_edition, place_whole
from pipeline.errors import OutputError
from pipeline.run.adjudication import are_decisions_kept, keep_decisions
from pipeline.run.history import FINDINGS, RULES, RUN
from pipeline.run.manifest import read_previous_run

_DISCARDED = ".discarded"


def keep_history(folder: Path, out: Path) -> None:
    """Copy what later runs must know of a finished run out of its folder.

    Every file comes into its place whole; the one that says so comes last.
    """
    keep_edition(folder, out)
    keep_decisions(folder, out)
    source, target = folder / HISTORY, out / HISTORY / folder.name
    if not (source / RUN).is_file() or is_kept(folder, out):
        return
    for name in (FINDINGS, RULES, RUN):
        place_whole(target / name, (source / name).read_bytes())


def is_kept(folder: Path, out: Path) -> bool:
    """Say whether the history holds all that the folder of a run would have it keep."""
    source, target = folder / HISTORY, out / HISTORY / folder.name
    if not (source / RUN).is_file():
        return True  # made before there was a history
    is_there = all(
        (target / name).is_file()
        and (target / name).stat().st_size == (source / name).stat().st_size
        for name in (FINDINGS, RULES, RUN)
    )
    return is_there and (target / RUN).read_bytes() == (source / RUN).read_bytes()


def finished_runs(out: Path) -> list[Path]:
    """Return the folders of finished runs, the oldest first."""
    found = [
        manifest
        for manifest in (out / "runs").glob("*/manifest.json")
        if not manifest.parent.is_symlink()
    ]
    found.sort(key=lambda file: (file.stat().st_mtime_ns, file.parent.name))
    return [file.parent for file in found]


def keep_all_history(out: Path) -> None:
    """Keep what a run left that was killed before it could, or that knew of no history."""
    for folder in finished_runs(out):
        keep_history(folder, out)


def clear_discarded(out: Path) -> None:
    """Remove what a killed run had taken out of sight already."""
    if (out / _DISCARDED).exists():
        shutil.rmtree(out / _DISCARDED)


def discard_old_runs(out: Path, keep: int | None) -> int:
    """Remove finished runs beyond the newest `keep`; return how many went.

    The latest run stays, and the one it is compared with, so that the same night can be made
    again. What is not a finished run is left alone. A folder leaves its place in one step.

    Raises:
        OutputError: a run that should go could not be removed; the new report stands.
    """
    if keep is None:
        return 0
    old = finished_runs(out)[:-keep]
    spared = set(_spared(out))
    going = [folder for folder in old if folder.name not in spared]
    try:
        for folder in going:
            _discard(folder, out)
    except OSError as error:
        raise OutputError(
            f"{out.name}: the report is published, but an old run could not be removed "
            f"({error.strerror or type(error).__name__}). Check permissions under runs/."
        ) from None
    return len(going)


def _spared(out: Path) -> Iterator[str]:
    latest = (out / "latest").resolve()
    yield latest.name
    yield read_previous_run(latest)


def _discard(folder: Path, out: Path) -> None:
    wanted = (is_kept, is_edition_kept, are_decisions_kept)
    if not all(is_there(folder, out) for is_there in wanted):
        keep_history(folder, out)
    if not all(is_there(folder, out) for is_there in wanted):
        raise OSError(None, "its history could not be kept")
    discarded = out / _DISCARDED
    discarded.mkdir(mode=0o700, exist_ok=True)
    folder.rename(discarded / folder.name)
    shutil.rmtree(discarded)
