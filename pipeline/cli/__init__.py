"""Speak to the operator: commands, exit codes and one-line errors; no logic of its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.cli.mapping import map_command
from pipeline.cli.operations import status
from pipeline.cli.run import as_lines, config_command, run_command, where
from pipeline.cli.values import explain, export, recall, reveal
from pipeline.errors import AuditError, OutputError

app = typer.Typer(
    name="ivig-audit",
    help="Audit the use and the harm of intravenous immunoglobulin.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a pretty traceback shows local variables, hence patients
)
guideline_app = typer.Typer(help="The guideline library.", no_args_is_help=True)
app.add_typer(guideline_app, name="guideline")


def main() -> None:
    """Run a command; end with its exit code and at most one line per fault on stderr."""
    try:
        app()
    except AuditError as error:
        sys.stderr.write(f"ivig-audit: {as_lines(error)}\n")
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - a crash must not print the values in its message
        sys.stderr.write(f"ivig-audit: internal error {where(error)}. Please report this line.\n")
        sys.exit(1)


@app.command()
def synth(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write the records to.")],
    patients: Annotated[int, typer.Option(min=1, help="How many patients.")],
    seed: Annotated[int, typer.Option(help="Seed: the same seed gives the same bytes.")],
    defects: Annotated[
        Literal["none", "all"], typer.Option(help="Plant labelled defects, or none.")
    ] = "none",
) -> None:
    """Write synthetic records with planted, labelled defects (truth.csv)."""
    from pipeline.synth import synth as write_records  # noqa: PLC0415

    if (folder / "patient.csv").exists() and not (folder / "truth.csv").exists():
        raise OutputError(f"{folder.name}: holds records of others. Name a new folder.")
    try:
        write_records(folder, n_patients=patients, seed=seed, defects=defects)
    except OSError as error:
        raise OutputError(f"{folder.name}: cannot be written ({error.strerror}).") from None
    typer.echo(f"{patients} synthetic patients: {folder}")


@app.command()
def contract(
    record: Annotated[str | None, typer.Argument(help="One record kind, e.g. infusion.")] = None,
    template: Annotated[bool, typer.Option(help="Print an empty CSV template instead.")] = False,
) -> None:
    """Print the record contract as text, or an empty CSV template."""
    from pipeline import contract as contracts  # noqa: PLC0415
    from schemas import RECORDS  # noqa: PLC0415

    if record is not None and record not in RECORDS:
        raise typer.BadParameter(f"one of: {', '.join(RECORDS)}")
    if template and record is None:
        raise typer.BadParameter("a template is for one record kind: name it")
    typer.echo(contracts.template(record) if template and record else contracts.as_text(record))


app.command("run")(run_command)
app.command("config")(config_command)
app.command("map")(map_command)
for command in (explain, export, recall, reveal, status):
    app.command()(command)


@guideline_app.command("list")
def guideline_list() -> None:
    """List the guideline sets with authority, version and number of rules."""
    from pipeline.guidelines import list_sets  # noqa: PLC0415

    typer.echo(list_sets())


@guideline_app.command("show")
def guideline_show(
    set_id: Annotated[str, typer.Argument(metavar="SET", help="Id of a guideline set.")],
) -> None:
    """Show one set: its source, policies and every rule."""
    from pipeline.guidelines import show_set  # noqa: PLC0415

    typer.echo(show_set(set_id))


@guideline_app.command("compare")
def guideline_compare(
    left: Annotated[str, typer.Argument(metavar="SET", help="Id of a guideline set.")],
    right: Annotated[str, typer.Argument(metavar="SET", help="Id of the set beside it.")],
    folder: Annotated[Path | None, typer.Option(help="A folder with sets of your own.")] = None,
) -> None:
    """Lay two sets side by side: where they agree, differ, or one is silent."""
    from pipeline.guidelines import compare_sets  # noqa: PLC0415

    typer.echo(compare_sets(left, right, folder))


@guideline_app.command("check")
def guideline_check(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="A folder of sets; default: ours.")
    ] = None,
) -> None:
    """Run every worked example of every rule through the real engine."""
    from pipeline.rehearse import check_guidelines  # noqa: PLC0415

    examples, failures = check_guidelines(folder)
    for failure in failures:
        typer.echo(failure, err=True)
    typer.echo(f"{examples} worked examples, {len(failures)} failures")
    if failures:
        raise typer.Exit(12)
