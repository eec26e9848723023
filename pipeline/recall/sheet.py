"""Write the list as CSV for whoever must phone."""

from __future__ import annotations

import csv
import os
from pathlib import Path

from pipeline.recall.search import Recall


def write_list(recall: Recall, file: Path) -> None:
    """Write one CSV row per line of the list, readable by its owner only, in one step."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    handle = os.open(beside, flags, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as lines:
            sheet = csv.DictWriter(lines, list(recall.sheet[0]), lineterminator="\n")
            sheet.writeheader()
            sheet.writerows(recall.sheet)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
