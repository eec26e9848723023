"""Write one draft per serious event, and one list of what a human must fill in."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import duckdb

from pipeline.config import Sender
from pipeline.exchange.e2b.case import Case, read_cases
from pipeline.exchange.e2b.report import message
from pipeline.exchange.e2b.tree import document
from pipeline.exchange.target import write_bytes
from pipeline.spreadsheet import guarded

TODO: Final = "to-complete.csv"
COLUMNS: Final = ("draft", "patient", "origin", "element", "to_do", "records_say")
NOTICE: Final = (
    "DRAFT of an ICH E2B(R3) report, not to be sent as it is. Made by a program from the records "
    f"of a hospital. What it could not know has a nullFlavor; {TODO} lists what a human must "
    "complete and check, coding in MedDRA first. It judges neither cause nor duty to report."
)
NOBODY: Final = (
    " NOBODY REPORTED THIS EVENT: results or diagnoses met a case definition. Ask first whether "
    "it happened."
)


def write_drafts(con: duckdb.DuckDBPyConnection, folder: Path, sender: Sender) -> None:
    """Write `<case>.xml` per serious event, and the list of what is left to do."""
    cases = read_cases(con)
    for case in cases:
        notice = NOTICE + (NOBODY if case.is_detected else "")
        write_bytes(folder / f"{case.case_id}.xml", document(message(case, sender), notice))
    write_bytes(folder / TODO, _listed(cases).encode())


def _listed(cases: list[Case]) -> str:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(COLUMNS)
    lines.writerows([guarded(cell) for cell in line] for case in cases for line in _lines(case))
    return text.getvalue()


def _lines(case: Case) -> Iterator[tuple[str, ...]]:
    about = (f"{case.case_id}.xml", str(case.row["person"]), str(case.row["origin"]))
    for line in dict.fromkeys(case.todo):
        yield (*about, *line)
