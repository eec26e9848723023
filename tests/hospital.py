"""A hospital that audits its records night after night by a guideline set of its own."""

from __future__ import annotations

import io
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audited import write_records
from ward import HEAD, RULE

from pipeline.config import load_settings
from pipeline.run.audit import Outcome, audit
from pipeline.run.journal import Journal
from pipeline.store import open_finished


@dataclass
class Hospital:
    """A source folder, a guideline folder and an output folder that nights share."""

    home: Path

    def copied(self, home: Path) -> Hospital:
        """Return the same hospital in a folder of its own, to go on from there."""
        shutil.copytree(self.home, home, symlinks=True)
        return Hospital(home)

    def night(
        self,
        courses: dict[str, tuple[str, int]],
        *,
        rules: str = RULE,
        head: str = HEAD,
        settings: str = "",
        covered_to: str = "2024-06-30",
        unweighed: str = "",
        more: str = "",
        **options: Any,
    ) -> Outcome:
        """Audit the courses, one patient and bag each, and publish the run."""
        source = write_records(
            self.home / "source",
            {
                "patient": "patient_id | birth_date | sex\n"
                + "\n".join(f"{name} | 1980-01-01 | F" for name in courses),
                "body_measurement": "patient_id | measured_at | weight_kg\n"
                + "\n".join(
                    f"{name} | {day} | 50"
                    for name, (day, _) in courses.items()
                    if name != unweighed
                ),
                "infusion": "infusion_id | patient_id | started_at | product_code | dose_g"
                " | route | indication_code\n"
                + "\n".join(
                    f"{name} | {name} | {day} | Privigen | {dose} | IV | mg"
                    for name, (day, dose) in courses.items()
                )
                + (f"\n{more}" if more else ""),
                "source_coverage": "record | from_on | to_on\n"
                f"infusion | 2023-01-01 | {covered_to}",
            },
        )
        own = self.home / "ward"
        own.mkdir(exist_ok=True)
        (own / "set.toml").write_text(head, encoding="utf-8")
        (own / "mg.toml").write_text(rules, encoding="utf-8")
        (source / "audit.toml").write_text(settings, encoding="utf-8")
        told = load_settings(
            source,
            overrides={
                "guidelines": ("ward-seven",),
                "guideline_folder": own,
                "as_of": "2024-05-31",
            }
            | options,
        )
        return audit(told, self.home / "out", Journal(io.StringIO()))


def read(outcome: Outcome, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query on the database of a run."""
    con = open_finished(outcome.folder / "audit.duckdb")
    try:
        return con.sql(query).fetchall()
    finally:
        con.close()
