"""Run a whole audit on a few records drawn as text, and open what it left."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import duckdb

from pipeline.config import load_settings
from pipeline.run.audit import audit
from pipeline.run.journal import Journal
from pipeline.store import open_finished


def write_records(folder: Path, records: dict[str, str]) -> Path:
    """Write one CSV per record kind; cells are separated by `|` and blanks are dropped."""
    folder.mkdir(parents=True, exist_ok=True)
    for record, text in records.items():
        lines = [line for line in text.strip().splitlines() if line.strip()]
        rows = [",".join(cell.strip() for cell in line.split("|")) for line in lines]
        (folder / f"{record}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def audited(tmp_path: Path, records: dict[str, str], **options: Any) -> duckdb.DuckDBPyConnection:
    """Audit the records and return a read-only connection to the run's database."""
    source = write_records(tmp_path / "source", records)
    settings = load_settings(source, overrides=options)
    outcome = audit(settings, tmp_path / "out", Journal(io.StringIO()))
    return open_finished(outcome.folder / "audit.duckdb")
