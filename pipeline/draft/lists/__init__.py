"""Read the lists the drafting of a mapping works by; each is a CSV file beside this one.

A site that calls a column otherwise adds a line to a list, and no code.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path


@cache
def listed(name: str) -> tuple[tuple[str, ...], ...]:
    """Return the rows of one list, its header left out."""
    path = Path(__file__).parent / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        return tuple(tuple(row) for row in csv.reader(lines))[1:]
