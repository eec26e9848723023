"""The commands that run an audit, or say what one would be told."""

from __future__ import annotations

import gc
import inspect
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

import typer

from pipeline.errors import TOLD_BY_LINE, AuditError, printable

if TYPE_CHECKING:
    from pipeline.run.journal import Journal


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
        str | None,
        typer.Option(
            help="csv, or a folder of sql/mappings such as mimic3; default: audit.toml's, or csv."
        ),
    ] = None,
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
    log_format: Annotated[
        Literal["text", "json"],
        typer.Option(help="How stderr is written: plain lines, or one JSON object per line."),
    ] = "text",
) -> None:
    """Audit the records in SOURCE and write the reports under OUT/runs."""
    overrides = _overrides(locals())
    with _loading():
        from pipeline.config import load_settings  # noqa: PLC0415 - help must not wait for it all
        from pipeline.run.attempt import refusal_noted  # noqa: PLC0415
        from pipeline.run.audit import audit  # noqa: PLC0415
        from pipeline.run.journal import Journal  # noqa: PLC0415
        from pipeline.run.publish import refuse_entangled  # noqa: PLC0415

    journal = Journal(log_format=log_format)
    with _told_as_json(journal):
        refuse_entangled(source, out)  # before a refusal is noted among the records
        with refusal_noted(out):
            settings = load_settings(source, config=config, format=format, overrides=overrides)
            outcome = audit(settings, out, journal)
    for line in outcome.headline:
        typer.echo(line)
    for page in outcome.pages:
        typer.echo(f"report: {out / 'latest' / page}")
    typer.echo(f"run: {out / 'runs' / outcome.run_id}")
    journal.end(outcome.exit_code, outcome.run_id)
    raise typer.Exit(outcome.exit_code)


def config_command(**given: Any) -> None:
    """Print every setting that `run` would use with the same options, and where it comes from."""
    from pipeline.config import in_force, load_settings  # noqa: PLC0415

    settings = load_settings(
        given["source"],
        config=given["config"],
        format=given["format"],
        overrides=_overrides(given),
    )
    for name, value, origin in in_force(settings, with_machine=True):
        typer.echo(f"{name} = {value} ({origin})")


# the same options as run, whatever they are
config_command.__signature__ = inspect.signature(run_command, eval_str=True)  # type: ignore[attr-defined]
config_command.__annotations__ = get_type_hints(run_command, include_extras=True)


def _overrides(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the options of a command line say of `[run]`; None is unset."""
    named = ("previous", "adjudications", "keep", "approved_by", "fail_on", "threads")
    return {name: given[name] for name in named} | {
        "guidelines": tuple(given["guideline"]) if given["guideline"] else None,
        "guideline_as_of": _day(given["guideline_as_of"]),
        "from_on": _day(given["from_"]),
        "to_on": _day(given["to"]),
        "as_of": _day(given["as_of"]),
        "edition": tuple(given["edition"]) if given["edition"] else None,
        "max_quarantine": _share(given["max_quarantine"]),
    }


@contextmanager
def _told_as_json(journal: Journal) -> Iterator[None]:
    """Write a fault as JSON too, where the log is; elsewhere leave it to the caller."""
    try:
        yield
    except AuditError as error:
        if not journal.is_json:
            raise
        journal.fault("error", error.exit_code, str(error))
        raise typer.Exit(error.exit_code) from None
    except Exception as error:
        if not journal.is_json:
            raise
        journal.fault("critical", 1, f"internal error {where(error)}. Please report this line.")
        raise typer.Exit(1) from None


def as_lines(error: AuditError) -> str:
    """Return what went wrong without signs that would forge another line of a log.

    A name of a file may hold any sign. What names none as it is written may have several lines.
    """
    lines = str(error).split("\n") if isinstance(error, TOLD_BY_LINE) else [str(error)]
    return "\n".join(printable(line) for line in lines)


def where(error: Exception) -> str:
    """Name the kind of error and the place in our own code, without its message."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "site-packages" not in f[0]]
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown place"
    return f"{type(error).__name__} at {place}"


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
