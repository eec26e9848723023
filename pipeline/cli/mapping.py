"""The command that drafts the mapping of unknown files, or says what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def map_command(
    source: Annotated[
        Path, typer.Argument(help="Folder with the files of an unknown extract.", readable=False)
    ],
    check: Annotated[
        bool,
        typer.Option("--check", help="Draft nothing: say what is missing for which checks."),
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option(help="With --check: the audit.toml of a finished mapping.", readable=False),
    ] = None,
    format: Annotated[  # noqa: A002 - the documented name of the option
        str | None, typer.Option(help="With --check: csv, or a folder of sql/mappings.")
    ] = None,
    guideline: Annotated[
        list[str] | None, typer.Option(help="Guideline set to check for; may be repeated.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write the draft to; default: SOURCE-map.")
    ] = None,
) -> None:
    """Draft audit.toml and mapping SQL for unknown files, or check what is missing."""
    from pipeline.draft import check_source, draft_mapping  # noqa: PLC0415

    if not check and (config is not None or format is not None):
        raise typer.BadParameter("--config and --format belong to --check")
    folder = out if out is not None else _beside(source)
    sets = tuple(guideline) if guideline else None
    if check:
        lines = check_source(source, folder, sets, config, format)
    else:
        lines = draft_mapping(source, folder, sets)
    for line in lines:
        typer.echo(line)


def _beside(source: Path) -> Path:
    """Return `SOURCE-map`, beside the folder also where that is called `.` or `..`."""
    if source.name in ("", ".."):
        source = source.resolve()
    return source.with_name(f"{source.name}-map")
