"""Turn proposals into a layout: tables, the columns told of them, and a SELECT per record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from pipeline.draft.dialects import Dialect
from pipeline.draft.found import shown
from pipeline.draft.guess import GIVEN, LIKELY, MADE_IDS, MAIN_DATE, Guess, Nearest, Proposal
from pipeline.draft.units import units_of
from pipeline.ingest.load import LoadedFile
from schemas import contract


@dataclass(frozen=True)
class Told:
    """One row per column of a table that audit.toml tells of."""

    target: str
    source: str
    why: str
    is_guess: bool
    factor: Decimal | None = None
    decimals: int | None = None
    values: tuple[tuple[str, str], ...] = ()


@dataclass
class Table:
    """One row per raw table: the files it is read from, and what is told of its columns."""

    name: str
    files: tuple[LoadedFile, ...]
    pattern: str
    proposals: tuple[Proposal, ...]
    nearest: Nearest | None = None
    told: dict[str, Told] = field(default_factory=dict)
    constants: dict[str, tuple[str, str]] = field(default_factory=dict)
    optional: list[str] = field(default_factory=list)
    open: list[Told] = field(default_factory=list)
    """What may fill an optional column, once somebody says which it is."""

    @property
    def names(self) -> tuple[str, ...]:
        """Return the columns of its files."""
        return self.files[0].names


@dataclass(frozen=True)
class Part:
    """One row per table that a record is read from: what its SELECT returns, by column."""

    table: str
    columns: dict[str, str]
    where: str | None = None


def lay_out(tables: Sequence[Table], dialect: Dialect) -> dict[str, list[Part]]:
    """Fill what is told of each table, and return by record the tables it is read from."""
    _one_source_of_patients(tables)
    parts: dict[str, list[Part]] = {}
    for table in tables:
        # what was given comes first: a diagnosis on the same row is dated by it
        for proposal in sorted(table.proposals, key=lambda one: one.record not in GIVEN):
            part = _part(table, proposal, dialect)
            parts.setdefault(proposal.record, []).append(part)
    if "patient" not in parts:
        parts["patient"] = _patients_given(parts)
    if not parts["patient"]:
        parts.pop("patient")
    return {record: parts[record] for record in sorted(parts)}


def select_of(record: str, parts: Sequence[Part], title: str) -> str:
    """Return the text of `<record>.sql`."""
    names = [
        column.name
        for column in contract(record).every_column
        if any(column.name in part.columns for part in parts)
    ]
    selects = [_select(part, names) for part in parts]
    text = "\nUNION ALL\n".join(selects)
    head = f"-- One row per {_row(record)}\n-- {title}\n"
    if any("source_row" in part.columns.get(MADE_IDS.get(record, ""), "") for part in parts):
        head += (
            "-- The source has no id: this one is of file and row, and changes with the extract.\n"
        )
    if record == "patient":
        by = ", ".join(names)
        order = "ORDER BY source_file ASC, source_row ASC"
        listed = ",\n    ".join([*names, "source_file", "source_row"])
        window = f"        PARTITION BY {by}\n        {order}\n"
        keep = f"QUALIFY\n    ROW_NUMBER() OVER (\n{window}    ) = 1"
        inner = "\n".join(f"    {line}" if line else line for line in text.splitlines())
        return f"{head}WITH every AS (\n{inner}\n)\n\nSELECT\n    {listed}\nFROM every\n{keep}\n"
    return f"{head}{text}\n"


def _row(record: str) -> str:
    return contract(record).row.removeprefix("One row per ").split("\n")[0]


def _select(part: Part, names: Sequence[str]) -> str:
    columns = [_returned(name, part.columns.get(name)) for name in names]
    listed = ",\n    ".join([*columns, "source_file", "source_row"])
    where = f"\nWHERE {part.where}" if part.where else ""
    return f"SELECT\n    {listed}\nFROM raw.{part.table}{where}"


def _returned(name: str, expression: str | None) -> str:
    if expression is None:
        return f"NULL AS {name}"
    return name if expression == name else f"{expression} AS {name}"


def _part(table: Table, proposal: Proposal, dialect: Dialect) -> Part:
    record = proposal.record
    columns = {
        name: _left_open(table, record, guess)
        if guess.is_open or dialect.is_unreadable(guess)
        else _expression(table, record, guess, dialect)
        for name, guess in proposal.guesses.items()
    }
    for name in contract(record).required:
        if name not in columns:
            columns[name] = _made(table, record, name, proposal)
    if record == "infusion" and "weight_kg" in columns and "weight_basis" not in columns:
        columns["weight_basis"] = "weight_basis"
        table.optional.append("weight_basis")
    _date_by_row(table, record, columns)
    return Part(table.name, columns, _where(record, columns))


def _expression(table: Table, record: str, guess: Guess, dialect: Dialect) -> str:
    """Tell the table of a column, and return the SQL that reads it."""
    name = guess.column.name
    target = _tell(table, record, name, guess, dialect)
    if guess.clock is not None:
        clock = _tell_plainly(table, f"{target}_clock", guess.clock.name, "the time of day")
        return f"CONCAT_WS(' ', {target}, {clock})"
    return dialect.expression(table.files, guess, target)


def _tell(table: Table, record: str, name: str, guess: Guess, dialect: Dialect) -> str:
    unit = guess.unit
    factor = unit.factor if unit and unit.factor != 1 else None
    is_guess = guess.is_by_values or not guess.is_sure or bool(unit and not unit.is_said)
    told = Told(
        name, guess.profile.name, guess.told_why(), is_guess, factor,
        unit.decimals if unit and factor else None, dialect.values(table.files, guess),
    )  # fmt: skip
    target = name
    if name in table.told and table.told[name].source != told.source:
        target = f"{record}_{name}"
    table.told[target] = told
    return target


def _left_open(table: Table, record: str, guess: Guess) -> str:
    """Offer what a column may be, so that striking a sign in audit.toml is an answer."""
    name = guess.column.name
    is_taken = name in table.told or name in table.optional
    target = f"{record}_{name}" if is_taken else name
    table.optional.append(target)
    for profile in (guess.profile, *guess.also):
        is_beside = guess.unit_beside is not None
        if guess.unit is None or (guess.unit.is_known and not is_beside):
            table.open.append(Told(target, profile.name, "", is_guess=False))
            continue
        table.open += [
            Told(target, profile.name, f"if it is in {row.unit}", False, row.factor, row.decimals)
            for row in units_of(guess.column)
            if is_beside or row.unit in guess.unit.fitting or not guess.unit.fitting
        ]
    return target


def _tell_plainly(table: Table, target: str, source: str, why: str) -> str:
    table.told[target] = Told(target, source, why, is_guess=False)
    return target


def _made(table: Table, record: str, name: str, proposal: Proposal) -> str:
    """Return what stands for a column that must be there and is not in the file."""
    if name == MADE_IDS.get(record) and name not in proposal.guesses:
        return "CONCAT_WS('-', source_file, source_row)"
    if name == "code_system":
        system = "ICD10" if record == "diagnosis" else _medicine_system(proposal)
        target = name if name not in table.constants else f"{record}_{name}"
        table.constants[target] = (system, "by the pattern of the codes")
        return target
    return "NULL"


def _medicine_system(proposal: Proposal) -> str:
    profile = proposal.guesses["code"].profile
    return "ATC" if profile.shares["atc"] >= LIKELY else "NAME"


def _date_by_row(table: Table, record: str, columns: dict[str, str]) -> None:
    """Date a diagnosis by the row of the infusion or dispensing it stands on."""
    if record != "diagnosis" or "recorded_on" in columns:
        return
    for proposal in table.proposals:
        main = MAIN_DATE.get(proposal.record, "")
        if proposal.record in GIVEN and main in table.told:
            columns["recorded_on"] = f"REGEXP_EXTRACT({main}, '^\\s*([^T ]+)', 1)"


def _where(record: str, columns: dict[str, str]) -> str | None:
    """Leave out rows of a file of several record kinds that say nothing of this one."""
    of_it = {
        "diagnosis": ("code",),
        "vaccination": ("vaccine_code",),
        "body_measurement": ("weight_kg", "height_cm"),
    }.get(record, ())
    told = [columns[name] for name in of_it if name in columns]
    return " OR ".join(f"TRIM({name}) <> ''" for name in told) or None


def _one_source_of_patients(tables: Sequence[Table]) -> None:
    """Read patients from the table that says most of them."""
    holding = [
        (len(list(proposal.filled())), -place)
        for place, table in enumerate(tables)
        for proposal in table.proposals
        if proposal.record == "patient"
    ]
    chosen = -max(holding)[1] if holding else None
    for place, table in enumerate(tables):
        if place != chosen:
            table.proposals = tuple(one for one in table.proposals if one.record != "patient")


def _patients_given(parts: dict[str, list[Part]]) -> list[Part]:
    """Read patients from whom something was given, where no file tells more of them."""
    return [
        Part(part.table, {"patient_id": part.columns["patient_id"]})
        for record in GIVEN
        for part in parts.get(record, [])
    ]


def open_questions(tables: Iterable[Table], dialect: Dialect) -> Iterator[str]:
    """Yield what somebody must decide before a column can be used."""
    for table in tables:
        where = shown(table.files[0].file.name)
        for proposal in table.proposals:
            for guess in proposal.guesses.values():
                why = guess.question() or dialect.question(guess)
                if why:
                    yield f"{where}: {proposal.record}.{guess.column.name}: {why}"
            for note in proposal.notes:
                yield f"{where}: {proposal.record}: {note}"
        if "weight_basis" in table.optional:
            yield f"{where}: were the weights measured? Only then does audit.toml let them count"
