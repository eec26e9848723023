"""Where the browser is, and the editions of audits to open in it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from nightly import csv_text, extract, started

ROOT: Final = Path(__file__).parents[1]
AXE: Final = ROOT / "tests" / "browser" / "node_modules" / "axe-core" / "axe.min.js"
SCREENS: Final = ROOT / "out" / "screens"
EDITIONS: Final = {
    "clinical": "report-clinical.html",
    "committee": "committee/report-committee.html",
    "internal": "internal/report-internal.html",
}
"""The file of each edition in the folder of a run."""

HOSTILE: Final = (
    "<script>document.title='run'</script>{{7*7}}\"'>\u202e\u200f\U0001f489" + "x" * 10_000
)
"""Mark-up, a template, quotes, right-to-left marks, an emoji and 10,000 characters."""


def chromium() -> str | None:
    """Return where Chromium is, or None."""
    return os.environ.get("CHROME_BIN") or shutil.which("chromium")


def missing() -> str | None:
    """Say what the browser tests need and this machine lacks, or None."""
    if chromium() is None:
        return "Chromium on the PATH or in CHROME_BIN"
    return None if AXE.exists() else "axe-core"


def editions(source: Path, out: Path) -> dict[str, Path]:
    """Audit a folder of records and return the page of each edition."""
    asked = [*(f"--edition={name}" for name in EDITIONS), "--approved-by=The chair"]
    ended = started("run", source, "--out", out, *asked)
    assert ended.code == 0, ended.stderr
    return {name: out / "latest" / file for name, file in EDITIONS.items()}


def hostile_records(folder: Path) -> Path:
    """Write twenty patients of three months, two of them closed, whose every text is hostile."""
    told = "infusion_id,patient_id,started_at,ended_at,product_code,dose_g,route"
    texts = ("site_id", "ward", "indication_text")
    days = range(1, 21)
    given = [
        f"{m}-{n},ZQ-p{n},2024-{m:02}-{n:02} 09:00,2024-{m:02}-{n:02} 13:00,Privigen,77.5,IV"
        for m in (2, 3, 4)
        for n in days
    ]
    infusions = [
        [*told.split(","), *texts],
        *([*row.split(","), *(HOSTILE for _ in texts)] for row in given),
    ]
    event = [
        ["event_id", "patient_id", "onset_at", "term"],
        *([f"e{n}", f"ZQ-p{n}", f"2024-03-{n:02} 12:00", HOSTILE] for n in days),
    ]
    return extract(
        folder, {"infusion.csv": csv_text(infusions), "adverse_event.csv": csv_text(event)}
    )
