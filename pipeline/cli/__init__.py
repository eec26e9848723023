"""Speak to the operator: commands, exit codes and one-line errors; no logic of its own."""

from __future__ import annotations

import gc
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.cli.operations import status
from pipeline.cli.values import explain, recall, reveal
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

Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])]


def main() -> None:
    """Run a command; end with its exit code and at most one line per fault on stderr."""
    try:
        app()
    except AuditError as error:
        sys.stderr.write(f"ivig-audit: {error}\n")
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - a crash must not print the values in its message
        sys.stderr.write(f"ivig-audit: internal error {_where(error)}. Please report this line.\n")
        sys.exit(1)


def _where(error: Exception) -> str:
    """Name the kind of error and the place in our own code, without its message."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "site-packages" not in f[0]]
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown place"
    return f"{type(error).__name__} at {place}"


@app.command("run")
def run_command(  # noqa: PLR0913 - one parameter per documented option
    source: Annotated[
        Path,
        # what may not be read is for us to say: it exits 10, not 2
        typer.Argument(help="Folder with the records.", readable=False),
    ],
    config: Annotated[
        Path | None,
        typer.Option(help="audit.toml; default: the one in SOURCE, if any.", readable=False),
    ] = None,
    format: Annotated[  # noqa: A002 - the documented name of the option
        str, typer.Option(help="csv, or a folder of sql/mappings such as mimic3.")
    ] = "csv",
    guideline: Annotated[
        list[str] | None, typer.Option(help="Guideline set to judge by; may be repeated.")
    ] = None,
    guideline_as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Replay the guideline library as of a day."),
    ] = None,
    from_: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day judged.")
    ] = None,
    to: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day judged.")
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day the audit pretends it is."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Output folder.")] = Path("out"),
    previous: Annotated[
        str | None, typer.Option(help="auto, none, or the id of a finished run.")
    ] = None,
    adjudications: Annotated[
        Path | None,
        typer.Option(help="What reviewers decided of findings, as CSV.", readable=False),
    ] = None,
    keep: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Full runs to keep: older ones are removed, their history is not. Default: all.",
        ),
    ] = None,
    edition: Annotated[
        list[str] | None,
        typer.Option(help="Edition to render: clinical, committee, internal; may be repeated."),
    ] = None,
    approved_by: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Who approved an internal edition; it needs one."),
    ] = None,
    fail_on: Annotated[
        Literal["off_guideline", "review", "never"] | None,
        typer.Option(help="Exit 3 when findings reach this severity."),
    ] = None,
    max_quarantine: Annotated[
        str | None, typer.Option(help="Largest share of a record kind in quarantine, e.g. 5%.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, max=256, help="Threads DuckDB may use.")
    ] = None,
) -> None:
    """Audit the records in SOURCE and write the reports under OUT/runs."""
    with _loading():
        from pipeline.config import load_settings  # noqa: PLC0415 - help must not wait for it all
        from pipeline.run.attempt import refusal_noted  # noqa: PLC0415
        from pipeline.run.audit import audit  # noqa: PLC0415
        from pipeline.run.journal import Journal  # noqa: PLC0415

    overrides = {
        "guidelines": tuple(guideline) if guideline else None,
        "guideline_as_of": _day(guideline_as_of),
        "from_on": _day(from_),
        "to_on": _day(to),
        "as_of": _day(as_of),
        "previous": previous,
        "adjudications": adjudications,
        "keep": keep,
        "edition": tuple(edition) if edition else None,
        "approved_by": approved_by,
        "fail_on": fail_on,
        "max_quarantine": _share(max_quarantine),
        "threads": threads,
    }
    with refusal_noted(out):
        settings = load_settings(source, config=config, format=format, overrides=overrides)
        outcome = audit(settings, out, Journal())
    for line in outcome.headline:
        typer.echo(line)
    for page in outcome.pages:
        typer.echo(f"report: {out / 'latest' / page}")
    typer.echo(f"run: {out / 'runs' / outcome.run_id}")
    raise typer.Exit(outcome.exit_code)


@contextmanager
def _loading() -> Iterator[None]:
    """Look for no garbage while modules load, a third of a second: what they make stays."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _day(given: datetime | None) -> date | None:
    return given.date() if given else None


def _share(given: str | None) -> Decimal | None:
    if given is None:
        return None
    try:
        number = Decimal(given.removesuffix("%").strip())
    except InvalidOperation:
        raise typer.BadParameter("give a share such as 5% or 0.05") from None
    share = number / 100 if given.strip().endswith("%") else number
    if share.is_nan() or not 0 <= share <= 1:
        raise typer.BadParameter("give a share between 0 and 100%")
    return share


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


for command in (explain, recall, reveal, status):
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
