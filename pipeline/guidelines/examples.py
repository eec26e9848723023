"""Say how a worked example stands in a rule file: one made-up patient and what must come out.

Days count from day 0, the day of the example's first infusion unless it says otherwise.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.guidelines.entry import Entry, Many, Number, Some
from schemas.record import RECORDS, contract_columns

Text = Annotated[str, Field(min_length=1)]
Cell = str | int | bool | Decimal
"""What a record may hold in an example: days count from day 0, `3 14:30` is a day and a clock."""
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Patient(Entry):
    """What is known of the patient; everything may be missing."""

    age_years: Number | None = None
    sex: Literal["F", "M", "X", "U"] | None = None
    is_iga_deficient: bool | None = None
    has_anti_iga: bool | None = None
    blood_group: Literal["A", "B", "AB", "O"] | None = None


class Measured(Entry):
    """A weight or height on a day."""

    day: int
    kg: Number | None = None
    height_cm: Number | None = None


class Infusion(Entry):
    """One bag or bottle, or the same one on several days."""

    id: Text | None = None
    day: int | None = None
    days: Some[int] | None = None
    at: Clock | None = None
    hours: Number | None = None
    dose_g: Number | None = None
    product: str = "Privigen"
    route: str | None = "IV"
    indication: str | None = None
    phase: Literal["loading", "maintenance", "single"] | None = None
    status: Literal["completed", "stopped", "not_given"] | None = "completed"
    weight_kg: Number | None = None
    weight_basis: Literal["actual", "ideal", "adjusted", "unknown"] | None = None
    volume_ml: Number | None = None
    prescribed_dose_g: Number | None = None
    initial_rate_ml_per_h: Number | None = None
    max_rate_ml_per_h: Number | None = None
    lot_number: Text | None = None
    dispensing_id: Text | None = None
    authorisation_id: Text | None = None
    care_setting: Literal["inpatient", "day_unit", "home"] | None = None
    site_id: Text | None = None
    reaction_observed: bool | None = None
    observed_until: Clock | None = None

    @model_validator(mode="after")
    def has_one_kind_of_day(self) -> Self:
        """Refuse an infusion on no day, and one with both spellings."""
        if (self.day is None) == (self.days is None):
            raise ValueError("give day or days, one of them")
        if self.id is not None and len(self.on_days) > 1:
            raise ValueError("one id names one infusion: write an entry per day")
        if self.hours is not None and self.at is None:
            raise ValueError("hours need a start: give at")
        return self

    @property
    def on_days(self) -> tuple[int, ...]:
        """Return the days it was given on."""
        return self.days if self.days is not None else (self.day or 0,)


class Medication(Entry):
    """A medicine given, by name or by ATC code."""

    day: int
    until_day: int | None = None
    name: str | None = None
    atc: str | None = None

    @model_validator(mode="after")
    def is_named(self) -> Self:
        """Refuse a medicine that is not named."""
        if (self.name is None) == (self.atc is None):
            raise ValueError("give name or atc, one of them")
        return self


class Diagnosis(Entry):
    """A diagnosis code in the record."""

    day: int
    system: Literal["ICD10", "ICD10CM", "ICD9CM", "SNOMED"]
    code: str


class Coverage(Entry):
    """The days for which the records are complete."""

    from_day: int
    to_day: int

    @model_validator(mode="after")
    def ordered(self) -> Self:
        """Refuse a coverage that ends before it starts."""
        if self.from_day > self.to_day:
            raise ValueError("from_day is after to_day")
        return self


class Expect(Entry):
    """What the rule must say of the last thing it judges in the example."""

    status: Literal["met", "breached", "not_applicable", "not_assessable", "no_verdict"]
    reason: str | None = None
    severity: Literal["off_guideline", "review", "advisory"] | None = None
    cap: str | None = None
    clause: str | None = None


class Example(Entry):
    """One made-up patient, and the verdict the rule must give."""

    name: Text
    patient: Patient = Patient()
    weight_kg: Number | None = None
    height_cm: Number | None = None
    weights: Many[Measured] = ()
    indication: str | None = None
    phase: Literal["loading", "maintenance", "single"] | None = None
    infusions: Some[Infusion]
    medications: Many[Medication] = ()
    diagnoses: Many[Diagnosis] = ()
    records: dict[str, Many[dict[str, Cell]]] = Field(default_factory=dict)
    coverage: Coverage | None = None
    not_supplied: Many[str] = ()
    expect: Expect

    @model_validator(mode="after")
    def records_follow_the_contract(self) -> Self:
        """Refuse record kinds and columns that the contract does not know."""
        for record in (*self.records, *self.not_supplied):
            if record not in RECORDS:
                raise ValueError(f"{record}: no record kind of the contract")
        for record, rows in self.records.items():
            known = {*contract_columns(record)} - {"patient_id"}
            for name in sorted({name for row in rows for name in row} - known):
                raise ValueError(f"records.{record}: {name} is no column of the contract")
        return self
