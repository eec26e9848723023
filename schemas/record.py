"""Read the facts of every record's contract off its pandera model."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

import pandera.polars as pa
import polars as pl

from schemas.adverse_event import AdverseEvent
from schemas.authorisation import Authorisation
from schemas.body_measurement import BodyMeasurement
from schemas.clinical_event import ClinicalEvent
from schemas.diagnosis import Diagnosis
from schemas.dispensing import Dispensing
from schemas.dispensing_lot import DispensingLot
from schemas.encounter import Encounter
from schemas.infusion import Infusion
from schemas.infusion_lot import InfusionLot
from schemas.lab_result import LabResult
from schemas.medication import Medication
from schemas.outcome_review import OutcomeReview
from schemas.patient import Patient
from schemas.patient_merge import PatientMerge
from schemas.provenance import Provenance
from schemas.rate_step import RateStep
from schemas.source_coverage import SourceCoverage
from schemas.vaccination import Vaccination

RECORDS: dict[str, type[pa.DataFrameModel]] = {
    "patient": Patient,
    "patient_merge": PatientMerge,
    "body_measurement": BodyMeasurement,
    "encounter": Encounter,
    "diagnosis": Diagnosis,
    "authorisation": Authorisation,
    "dispensing": Dispensing,
    "dispensing_lot": DispensingLot,
    "infusion": Infusion,
    "infusion_lot": InfusionLot,
    "rate_step": RateStep,
    "lab_result": LabResult,
    "adverse_event": AdverseEvent,
    "medication": Medication,
    "vaccination": Vaccination,
    "clinical_event": ClinicalEvent,
    "outcome_review": OutcomeReview,
    "source_coverage": SourceCoverage,
}
"""Every record kind and its model, parents before children."""


class Kind(StrEnum):
    """How the text of a column is read."""

    TEXT = "text"
    CODE = "code"
    AMOUNT = "decimal"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"


@dataclass(frozen=True)
class Column:
    """One column of a contract, as a source is to fill it."""

    name: str
    kind: Kind
    description: str
    required: bool = False
    unit: str | None = None
    allowed: tuple[str, ...] = ()
    digits: int = 0
    decimals: int = 0
    day: str | None = None
    """The date column validation derives from a time."""


@dataclass(frozen=True)
class Contract:
    """One record kind: its columns and how its rows hang together."""

    record: str
    row: str
    model: type[pa.DataFrameModel]
    columns: tuple[Column, ...]
    common: tuple[Column, ...]
    """The columns every record may carry: source_id, recorded_at, is_deleted."""
    identity: tuple[str, ...] = ()
    """The columns that, with source_id, name the record; empty when the whole row does."""
    patient: str | None = None
    dated_by: str | None = None
    links: tuple[tuple[str, str], ...] = ()
    """Column and record it names; a link that points nowhere is dropped, the row kept."""
    parent: tuple[str, str] | None = None
    """Column and record without which the row means nothing."""
    number_or_text: tuple[str, str, str] | None = None
    """The columns of a result that may be a number or words: value, text, comparator."""
    keeps_bad_cells: bool = False
    """A bad optional cell is blanked and flagged; the row stays."""
    after_birth: bool = False
    """The row cannot be dated before the patient's birth."""

    @property
    def every_column(self) -> tuple[Column, ...]:
        """Return the record's own columns and the common ones."""
        return self.columns + self.common

    @property
    def required(self) -> tuple[str, ...]:
        """Return the names of the columns that must exist and be filled."""
        return tuple(column.name for column in self.columns if column.required)


@cache
def contract(record: str) -> Contract:
    """Return the contract of one record kind."""
    model = RECORDS[record]
    facts = dict(model.__config__.metadata or {}) if model.__config__ else {}
    facts["links"] = tuple(facts.get("links", {}).items())
    shared = set(Provenance.to_schema().columns)
    every = _columns(model)
    return Contract(
        record=record,
        row=(model.__doc__ or "").strip(),
        model=model,
        columns=tuple(column for column in every if column.name not in shared),
        common=tuple(column for column in every if column.name in shared),
        **facts,
    )


def contracts() -> list[Contract]:
    """Return every contract, parents before children."""
    return [contract(record) for record in RECORDS]


def contract_columns(record: str) -> tuple[str, ...]:
    """Return the names of every column a record may carry, the common ones last."""
    return tuple(column.name for column in contract(record).every_column)


def required_columns(record: str) -> tuple[str, ...]:
    """Return the names of the columns that must exist and be filled."""
    return contract(record).required


def _columns(model: type[pa.DataFrameModel]) -> list[Column]:
    fields = model.to_schema().columns
    days = {
        field.metadata["derived_from"]: name
        for name, field in fields.items()
        if "derived_from" in field.metadata
    }
    return [
        _column(name, field, days.get(name))
        for name, field in fields.items()
        if name not in days.values()
    ]


def _column(name: str, field: Any, day: str | None) -> Column:
    facts = field.metadata
    dtype = field.dtype.type
    is_decimal = isinstance(dtype, pl.Decimal)
    return Column(
        name=name,
        kind=_kind(dtype, facts["allowed"]),
        description=field.description,
        required=facts["required"],
        unit=facts["unit"],
        allowed=facts["allowed"],
        digits=(dtype.precision or 0) if is_decimal else 0,
        decimals=dtype.scale if is_decimal else 0,
        day=day,
    )


def _kind(dtype: pl.DataType, allowed: tuple[str, ...]) -> Kind:
    if dtype == pl.String:
        return Kind.CODE if allowed else Kind.TEXT
    if isinstance(dtype, pl.Decimal):
        return Kind.AMOUNT
    return {
        pl.Int32: Kind.INTEGER,
        pl.Boolean: Kind.BOOLEAN,
        pl.Date: Kind.DATE,
        pl.Datetime: Kind.TIME,
    }[dtype.base_type()]
