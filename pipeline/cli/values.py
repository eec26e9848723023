"""The commands that print values of records; each use is noted, or nothing is shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.errors import AuditError, InputError, OutputError, printable

Out = Annotated[Path, typer.Option(help="Output folder of the runs.")]
Run = Annotated[str, typer.Option(help="Run id; default: the newest good run.")]
KeyFile = Annotated[
    Path | None,
    typer.Option(
        help="The key of the pseudonyms; default: where the program makes one.",
        readable=False,
    ),
]


def explain(
    finding_key: Annotated[str, typer.Argument(help="The key of a finding, from the report.")],
    out: Out = Path("out"),
    run: Run = "latest",
) -> None:
    """Show the rule, source, arithmetic and rows of one finding. Prints record values."""
    from pipeline.explain import explain_finding  # noqa: PLC0415

    database = _finished_run(out, run)
    with told_plainly(database):
        text = explain_finding(database, finding_key)
    _note_access(out, "explain", finding_key)
    _show(text)


def recall(
    lot: Annotated[str, typer.Option(help="The lot number, as the maker or the letter writes it.")],
    product: Annotated[
        str | None,
        typer.Option(help="Only this product and rows of unknown product; default: every product."),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(help="Also write the list to this file, for whoever must phone.")
    ] = None,
    out: Out = Path("out"),
    run: Run = "latest",
) -> None:
    """List the patients, sessions and grams a lot may have reached. Prints record values."""
    from pipeline.recall import (  # noqa: PLC0415
        as_text,
        has_number,
        recall_lot,
        subject_of,
        write_list,
    )

    if not has_number(lot):
        raise typer.BadParameter("--lot: give a number with letters or digits")
    database = _finished_run(out, run)
    with told_plainly(database):
        found = recall_lot(database, lot, product)
    _note_access(out, "recall", subject_of(lot, product))
    typer.echo(as_text(found))
    if not found.has_lines:
        raise InputError(
            "no record holds this lot or one like it, as asked. Check number and product, and read "
            "what the list cannot find."
        )
    if csv is not None:
        try:
            write_list(found, csv)
        except OSError as error:
            raise OutputError(f"--csv: cannot be written ({error.strerror}).") from None


def reveal(
    pseudonym: Annotated[
        str, typer.Argument(help="A pseudonym of the report, P-XXXX-XXXX or RX-XXXX-XXXX.")
    ],
    key_file: KeyFile = None,
    out: Out = Path("out"),
    run: Run = "latest",
) -> None:
    """Say whom a pseudonym stands for, to the holder of the key. Prints record values."""
    from pipeline.reveal import as_text, read_pseudonym, reveal_person  # noqa: PLC0415

    wanted = read_pseudonym(pseudonym)
    if wanted is None:
        # the text is not repeated: it may be a name
        raise typer.BadParameter("a pseudonym is P- or RX- and 8 or 16 hexadecimal digits")
    database = _finished_run(out, run)
    try:
        with told_plainly(database):
            person = reveal_person(database, wanted, key_file, out)
    except AuditError:
        _note_access(out, "reveal refused", wanted)
        raise
    _note_access(out, "reveal", wanted)
    _show(as_text(wanted, person))


def export(  # noqa: PLR0913 - one parameter per documented option
    format: Annotated[  # noqa: A002 - the documented name of the argument
        Literal["fhir-r4", "e2b-r3"],
        typer.Argument(help="fhir-r4: findings and rules; e2b-r3: drafts of serious events."),
    ],
    folder: Annotated[Path, typer.Argument(help="New folder to write the files to.")],
    with_ids: Annotated[
        bool, typer.Option("--with-ids", help="Name patients and records by their own ids.")
    ] = False,
    detected: Annotated[
        bool,
        typer.Option(
            "--detected", help="e2b-r3: also events that results show and nobody reported."
        ),
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option(help="e2b-r3: audit.toml whose [e2b] names the sender.", readable=False),
    ] = None,
    key_file: KeyFile = None,
    out: Out = Path("out"),
    run: Run = "latest",
) -> None:
    """Write a finished run's findings for other systems of the hospital. Writes record values."""
    from pipeline.config import Sender, load_settings  # noqa: PLC0415
    from pipeline.exchange import Choice, export_run, new_folder  # noqa: PLC0415

    if format == "fhir-r4" and (detected or config is not None):
        raise typer.BadParameter("--detected and --config are for e2b-r3")
    sender = Sender() if config is None else load_settings(config.parent, config=config).e2b
    choice = Choice(format, with_ids, detected, sender)

    database = _finished_run(out, run)
    if out.resolve() in folder.resolve().parents:
        raise OutputError(
            "the folder of an export lies in --out, whose folders are whole runs and whose "
            "committee folders are handed round. Name one elsewhere."
        )
    with new_folder(folder) as beside:
        with told_plainly(database):
            export_run(database, choice, beside, key_file=key_file, out=out)
        _note_access(out, f"export {format}", "with ids" if with_ids else "with pseudonyms")
    if with_ids:
        typer.echo("warning: the files name patients by their ids; keep them inside.", err=True)
    typer.echo(f"{format}: {folder}")


def _show(text: str) -> None:
    """Print text with values of records, of which no sign can steer the terminal."""
    typer.echo("\n".join(map(printable, text.split("\n"))))


def _finished_run(out: Path, run: str) -> Path:
    """Return the database of a finished run."""
    database = (out / "latest" if run == "latest" else out / "runs" / run) / "audit.duckdb"
    if not database.is_file():
        raise InputError("no finished run under --out. Run `ivig-audit run` first.")
    return database


@contextmanager
def told_plainly(database: Path) -> Iterator[None]:
    """Say of a database that cannot be read what to do, without the values its error may quote."""
    import duckdb  # noqa: PLC0415

    try:
        yield
    except duckdb.Error:
        raise InputError(
            f"{database.parent.name}: its audit.duckdb is damaged, or of another version of the "
            "program. Run `ivig-audit run` again."
        ) from None


def _note_access(out: Path, command: str, subject: str) -> None:
    """Note who sees values of records; without the note nothing is shown."""
    from pipeline.run.access import note_access  # noqa: PLC0415

    try:
        note_access(out, command, subject)
    except OSError:
        raise OutputError(
            "access.log: cannot be written, and nothing is shown without a note of it. "
            "Check space and permissions of --out."
        ) from None
