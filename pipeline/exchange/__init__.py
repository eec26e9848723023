"""Hand what a finished run found to other systems, in the formats they read.

What is written holds values of records; only the command that notes its use may have it written.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline import disclosure
from pipeline.config import Privacy, Sender, Settings
from pipeline.exchange.e2b import write_drafts
from pipeline.exchange.fhir import write_fhir
from pipeline.exchange.naming import name_all
from pipeline.exchange.target import new_folder
from pipeline.store import open_answering

__all__ = ["Choice", "export_run", "new_folder"]


NOBODY = Sender()
"""A sender of whom nothing is told."""


@dataclass(frozen=True)
class Choice:
    """What is to be written, and how it names people."""

    format: str
    by_id: bool = False
    with_detected: bool = False
    sender: Sender = NOBODY


def export_run(
    database: Path, choice: Choice, folder: Path, *, key_file: Path | None, out: Path
) -> None:
    """Write a finished run into an empty folder.

    Raises:
        ConfigError: there is no key, others may read it, or it is not the key of this run.
        InputError: the run is of another version.
    """
    settings = Settings(privacy=Privacy(key_file=key_file))
    key = disclosure.read_key(disclosure.key_path(settings, out))
    con = open_answering(database)
    try:
        name_all(con, key, by_id=choice.by_id, with_detected=choice.with_detected)
        if choice.format == "fhir-r4":
            write_fhir(con, folder)
        else:
            write_drafts(con, folder, choice.sender)
    finally:
        con.close()
