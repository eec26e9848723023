"""Keep beside an edition all that it gives away, and read that of the earlier ones again."""

from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Any, Final, Literal, get_args

import duckdb

from pipeline.disclosure.cells import Edition, Kind, Printed, Relation, Shown
from pipeline.disclosure.published import SINCE
from pipeline.errors import DisclosureError

KEPT_AS = "edition.json"
"""The file beside a committee edition that later ones are held against."""
WITHOUT_PERSONS: Final[tuple[Literal["committee", "internal"], ...]] = ("committee", "internal")
"""Folders of a run with an edition without persons. Of the internal one what it has in common with
the committee's is kept, for somebody may hold one of each; its exact numbers of events are not."""
HISTORY = "history"
"""The folder of the output folder, and of a run, with what outlives the run."""


def as_text(con: duckdb.DuckDBPyConnection) -> str:
    """Return all that the edition gives away as JSON, to be kept beside it for later ones."""
    printed = con.sql(
        "SELECT DISTINCT quantity, kind, shown, printed FROM report.published_cell "
        # what stands in the table that lays the edition before beside it was given away then
        "WHERE quantity IS NOT NULL AND table_id != $since ORDER BY ALL",
        params={"since": SINCE},
    ).fetchall()
    relations: dict[tuple[int, str, str], list[str]] = defaultdict(list)
    for number, kind, whole, part in con.sql(
        "SELECT relation, kind, whole, part FROM report.published_relation ORDER BY ALL"
    ).fetchall():
        relations[number, kind, whole].append(part)
    lines = [json.dumps(["printed", *row]) for row in printed] + [
        json.dumps(["relation", kind, whole, parts])
        for (_, kind, whole), parts in relations.items()
    ]
    return "[\n" + ",\n".join(lines) + "\n]\n"


def editions_of(out: Path | None) -> list[Edition]:
    """Return every edition ever kept in the output folder, each only once.

    Those whose run is gone lie in its history.

    Raises:
        DisclosureError: one of them cannot be read, so nobody knows what it gave away.
    """
    if out is None:
        return []
    found = [*_folder(out).glob("*.json")]
    for edition in WITHOUT_PERSONS:
        found += out.glob(f"runs/*/{edition}/{KEPT_AS}")
    texts = {path.read_bytes() for path in found}
    return [_edition(text) for text in sorted(texts)]


def keep_edition(folder: Path, out: Path) -> None:
    """Copy what the edition of a run gives away to the history, beside all others.

    The file is named by what it holds, so no edition takes the place of another one: the same run
    made again may have had to withhold other numbers.
    """
    for source in _sources(folder):
        if not _is_kept(source, out):
            place_whole(_place(source, out), source.read_bytes())


def place_whole(target: Path, content: bytes) -> None:
    """Write a file that comes into its place in one step, for its owner only."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}")
    fresh.unlink(missing_ok=True)
    with fresh.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.chmod(0o600)
    fresh.replace(target)


def is_edition_kept(folder: Path, out: Path) -> bool:
    """Say whether the history holds what the editions of a run, if it has any, give away."""
    return all(_is_kept(source, out) for source in _sources(folder))


def _sources(folder: Path) -> list[Path]:
    places = (folder / edition / KEPT_AS for edition in WITHOUT_PERSONS)
    return [place for place in places if place.is_file()]


def _is_kept(source: Path, out: Path) -> bool:
    place = _place(source, out)
    return place.is_file() and place.read_bytes() == source.read_bytes()


def _folder(out: Path) -> Path:
    return out / HISTORY / "editions"


def _place(source: Path, out: Path) -> Path:
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    return _folder(out) / f"{digest[:32]}.json"


def _edition(text: bytes) -> Edition:
    try:
        rows = json.loads(text)
        printed = [_printed(*row[1:]) for row in rows if row[0] == "printed"]
        known = {item.quantity for item in printed}
        relations = [_relation(known, *row[1:]) for row in rows if row[0] != "printed"]
        if not isinstance(rows, list):
            raise TypeError  # noqa: TRY301 - told below like every other fault
    except (ValueError, TypeError, LookupError, RecursionError):
        raise DisclosureError(
            f"an earlier committee edition's {KEPT_AS} cannot be read, so what it gave away is not "
            "known; no committee edition was published. Restore the file, or make the clinical "
            "edition alone with --edition clinical."
        ) from None
    return Edition(tuple(printed), tuple(relations))


def _printed(quantity: str, kind: Any, shown: Any, value: int | None) -> Printed:
    is_known = kind in get_args(Kind) and shown in get_args(Shown)
    if not is_known or (type(value) is int) != (shown == "value"):
        raise ValueError
    return Printed(quantity, kind, shown, value)


def _relation(known: set[str], kind: Any, whole: str, parts: list[str]) -> Relation:
    if kind not in {"sum", "at_most", "cover"} or not known.issuperset([whole, *parts]):
        raise ValueError
    return Relation(kind, whole, tuple(parts))
