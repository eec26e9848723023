"""Keep beside an edition all that it gives away, and read that of the earlier ones again."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any, get_args

import duckdb

from pipeline.disclosure.cells import Edition, Kind, Printed, Relation, Shown
from pipeline.errors import DisclosureError

KEPT_AS = "edition.json"
"""The file beside a committee edition that later ones are held against."""


def as_text(con: duckdb.DuckDBPyConnection) -> str:
    """Return all that the edition gives away as JSON, to be kept beside it for later ones."""
    printed = con.sql(
        "SELECT DISTINCT quantity, kind, shown, printed FROM report.published_cell "
        "WHERE quantity IS NOT NULL ORDER BY ALL"
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
    """Return every edition kept in the output folder, each only once.

    Raises:
        DisclosureError: one of them cannot be read, so nobody knows what it gave away.
    """
    if out is None:
        return []
    texts = {path.read_bytes() for path in sorted(out.glob(f"runs/*/committee/{KEPT_AS}"))}
    return [_edition(text) for text in sorted(texts)]


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
