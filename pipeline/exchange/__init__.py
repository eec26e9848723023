"""Hand what a finished run found to other systems, in the formats they read.

What is written holds values of records; only the command that notes its use may have it written.
"""

from __future__ import annotations

from pathlib import Path

from pipeline import disclosure
from pipeline.config import Privacy, Settings
from pipeline.exchange.fhir import write_fhir
from pipeline.exchange.naming import name_all
from pipeline.exchange.target import new_folder
from pipeline.store import open_answering

__all__ = ["export_run", "new_folder"]

WRITERS = {"fhir-r4": write_fhir}


def export_run(
    database: Path,
    format: str,  # noqa: A002 - named like the argument it is
    folder: Path,
    *,
    key_file: Path | None,
    out: Path,
    by_id: bool,
) -> None:
    """Write a finished run in one format into an empty folder.

    Raises:
        ConfigError: there is no key, others may read it, or it is not the key of this run.
        InputError: the run is of another version.
    """
    settings = Settings(privacy=Privacy(key_file=key_file))
    key = disclosure.read_key(disclosure.key_path(settings, out))
    con = open_answering(database)
    try:
        name_all(con, key, by_id=by_id)
        WRITERS[format](con, folder)
    finally:
        con.close()
