"""Say what a file of case definitions may hold: one file per adverse event.

A definition is met when each of its groups is, a group when at least so many of its criteria are.
What was not measured is unknown and never a no. A guard says why a signal that meets its
definition stays out of every numerator.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from pipeline.guidelines.codelists import CodeLists
from pipeline.guidelines.entry import Entry, Many, Number, Some, fault_lines
from pipeline.guidelines.laboratory import ANALYTES, DEFINITIONS, UNITS
from pipeline.guidelines.rules import Text

FOLDER = "events"
Told = Literal["seen", "recalled", "derived"]
Count = Annotated[int, Field(ge=1)]
LOOK_BACK_HOURS = 168
"""The days before an exposure in which the last value is its baseline."""

NUMERIC = ("value", "fall", "rise", "ratio", "baseline")
LIMITS = ("at_least", "more_than", "at_most", "below")
WORD_OF_EVENT = "codelists/event.csv"


class Code(Entry):
    """Codes that mean one thing: a pattern of a code system, `%` for any ending."""

    system: Literal["ICD10", "ICD10CM", "ICD9CM", "SNOMED", "ATC", "NAME"]
    pattern: Text


class Criterion(Entry):
    """One question asked of an exposure: a result, a diagnosis, an event, another definition."""

    says: Text
    measure: Literal[
        "value",
        "fall",
        "rise",
        "ratio",
        "baseline",
        "positive",
        "diagnosis",
        "clinical_event",
        "definition",
        "not_read",
    ]
    analyte: Text | None = None
    at_least: Number | None = None
    more_than: Number | None = None
    at_most: Number | None = None
    below: Number | None = None
    unit: Text | None = None
    baseline: Literal["last", "median_of_year", "imputed"] = "last"
    excludes_within_hours: Count | None = None
    """A negative finding later than this after the end of the exposure says nothing."""
    masked_by: Text | None = None
    """A clinical event in the window after which a missing change is no proof."""
    min_age_years: Count | None = None
    must_be_new: bool = False
    """A sign that the last value before the exposure had already shows nothing new."""
    code: Many[Code] = ()
    clinical_event: Text | None = None
    definition: Text | None = None
    status: Told | None = None
    source: Text | None = None

    @property
    def limit(self) -> tuple[str, Decimal] | None:
        """Return the one limit and how it is compared."""
        found = [(name, value) for name in LIMITS if (value := getattr(self, name)) is not None]
        return found[0] if len(found) == 1 else None

    @model_validator(mode="after")
    def whole(self) -> Self:
        """Refuse a criterion that asks for nothing, or for two things at once."""
        is_number = self.measure in NUMERIC
        wants = {
            "one of at_least, more_than, at_most, below": is_number == (self.limit is not None),
            "analyte": (is_number or self.measure == "positive") == (self.analyte is not None),
            "unit": (is_number and self.measure != "ratio") == (self.unit is not None),
            "code": (self.measure == "diagnosis") == bool(self.code),
            "clinical_event": (self.measure == "clinical_event")
            == (self.clinical_event is not None),
            "definition": (self.measure == "definition") == (self.definition is not None),
            "must_be_new": self.measure in ("value", "positive") or not self.must_be_new,
        }
        for what, is_right in wants.items():
            if not is_right:
                raise ValueError(f"{what}: is missing, or does not belong to {self.measure}")
        return self


class Group(Entry):
    """Criteria of which at least so many must hold."""

    name: Text
    at_least: Count = 1
    stage: Count | None = None
    """A group with a stage grades what the others have met."""
    criterion: Some[Criterion]

    @model_validator(mode="after")
    def reachable(self) -> Self:
        """Refuse a group that asks for more criteria than it has."""
        if self.at_least > len(self.criterion):
            raise ValueError("at_least: is more than there are criteria")
        return self


class Example(Entry):
    """What a definition answers for one small patient; hours count from the first infusion."""

    name: Text
    age_years: int = 40
    results: Many[Text] = ()
    """`hours analyte value unit` or `hours analyte positive`; `day 3` for a day without an hour."""
    diagnoses: Many[Text] = ()
    """`hours system code position yes|no|-`: the last word is present_on_admission."""
    clinical_events: Many[Text] = ()
    expect: Literal["met", "not_met", "not_evaluable"]
    stage: Count | None = None


class Definition(Entry):
    """One case definition of an event, as one source has it."""

    id: Text
    title: Text
    status: Told
    source: Text
    note: Text | None = None
    is_observation: bool = False
    """It is listed and never counted: by itself it is no adverse event."""
    is_imputed: bool = False
    """It rests on a baseline that nobody measured: listed and never counted."""
    first_stage: Count | None = None
    group: Some[Group]
    example: Many[Example] = ()


class Guard(Entry):
    """A reason for which a signal is listed and not counted."""

    word: Text
    why: Text
    status: Told
    source: Text
    indications: Many[Text] = ()
    code: Many[Code] = ()
    clinical_event: Text | None = None
    any_of: Many[Text] = ()
    """Definitions of which one that is met explains it, and one that is open may."""
    peak_at_most: Number | None = None
    """It holds where the value that shows the signal, in its canonical unit, is no higher."""
    max_stage: Count | None = None
    """It holds for signals of this stage or below."""
    days_before: Annotated[int, Field(ge=0)] = 0
    is_before_met: bool = False
    """Only what came before the signal explains it."""
    is_before_exposure: bool = False
    """Only a code of a day before the exposure explains it: a later one may be the event."""
    definitions: Many[Text] = ()
    """The definitions it holds for; none named: all of the event."""


class EventFile(Entry):
    """The case definitions of one event and what keeps them out of numerators."""

    event: Text
    name: Text | None = None
    window_of: Text | None = None
    """The event of the code list whose window counts, where this one is not in it."""
    definition: Some[Definition]
    guard: Many[Guard] = ()

    @property
    def window(self) -> str:
        """Return the event of the code list whose window counts."""
        return self.window_of or self.event

    def faults(self, lists: CodeLists) -> Iterator[str]:
        """Yield what is wrong with a file that is well formed by itself."""
        if self.window not in lists.codes(WORD_OF_EVENT, "event_code"):
            yield f"event: {self.window} is not in {WORD_OF_EVENT}; window_of may name one that is"
        indications = lists.codes("codelists/indication.csv", "indication_code")
        for guard in self.guard:
            for code in guard.indications:
                if code not in indications:
                    yield f"guard {guard.word}: indications: {code} is not known"
        units = {(row["analyte"], row["unit"]) for row in lists.of(UNITS)}
        for definition, criterion in self.criteria():
            where = f"definition {definition.id}: {criterion.says}"
            if criterion.analyte and criterion.analyte not in lists.codes(ANALYTES, "analyte"):
                yield f"{where}: analyte: {criterion.analyte} is not in {ANALYTES}"
            if criterion.unit and (criterion.analyte, criterion.unit) not in units:
                yield f"{where}: unit: {criterion.unit} is not in {UNITS}"

    def criteria(self) -> Iterator[tuple[Definition, Criterion]]:
        """Yield every criterion with its definition."""
        for definition in self.definition:
            for group in definition.group:
                for criterion in group.criterion:
                    yield definition, criterion


def across_faults(files: tuple[EventFile, ...], kidney: set[str]) -> Iterator[str]:
    """Yield what is only wrong when the files are seen together."""
    seen: dict[str, str] = {}
    for file in files:
        for definition in file.definition:
            if definition.id in seen or definition.id in kidney:
                yield f"events/{file.event}: definition {definition.id}: the id is taken"
            seen[definition.id] = file.event
    for file in files:
        for _, criterion in file.criteria():
            if criterion.definition and criterion.definition not in kidney:
                yield f"events/{file.event}: {criterion.definition} must stand in {DEFINITIONS}"
        for guard in file.guard:
            for name in (*guard.any_of, *guard.definitions):
                if name not in seen:
                    yield f"events/{file.event}: guard {guard.word}: {name} is not known"


def read_events(folder: Path, lists: CodeLists, faults: list[str]) -> tuple[EventFile, ...]:
    """Return every file of `guidelines/events`; add what is wrong with them to `faults`."""
    files = []
    for path in sorted((folder / FOLDER).glob("*.toml")):
        try:
            told = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
            file = EventFile.model_validate(told)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            faults.append(f"{FOLDER}/{path.name}: not valid TOML ({error})")
        except ValidationError as error:
            faults += [f"{FOLDER}/{path.name}: {line}" for line in fault_lines(error)]
        else:
            faults += [f"{FOLDER}/{path.name}: {fault}" for fault in file.faults(lists)]
            files.append(file)
    faults += across_faults(tuple(files), lists.codes(DEFINITIONS, "definition_id"))
    return tuple(files)
