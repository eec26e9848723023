"""The commands for whoever runs the audit every night; none prints a value of a record."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.values import told_plainly


def status(
    out: Annotated[Path, typer.Option(help="Output folder of the runs.")] = Path("out"),
    max_age: Annotated[
        float | None,
        typer.Option(min=0, help="Exit 18 when the last whole run ended more hours ago."),
    ] = None,
) -> None:
    """Say what the last whole run was, how old it is, and whether the one after it failed."""
    from pipeline.run.attempt import now  # noqa: PLC0415
    from pipeline.run.status import DATABASE, as_lines, read_status, refuse_stale  # noqa: PLC0415
    from pipeline.store import open_answering  # noqa: PLC0415

    found, at = read_status(out), now()
    for line in as_lines(found, at):
        typer.echo(line)
    refuse_stale(found, at, max_age)
    if found.whole is not None:  # what cannot be asked is no report to rely on
        database = found.whole.folder / DATABASE
        with told_plainly(database):
            open_answering(database).close()
