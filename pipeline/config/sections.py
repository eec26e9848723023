"""Say what the sections of audit.toml may hold.

Every number marked † in the design is a setting here. It is our own policy, stated by no
guideline; the report prints it with where its value came from.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from pipeline.config.database import Database
from schemas.name import NAME

Origin = Literal["default", "audit.toml", "command line"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Convert(_Strict):
    """One contract column computed from a source column: value × factor, in exact decimals."""

    source: Annotated[str, Field(alias="from")]
    # 14 digits: a wider factor times the widest amount would not fit a decimal.
    factor: Annotated[Decimal, Field(gt=0, max_digits=14, allow_inf_nan=False)]
    # None keeps every decimal, and the contract quarantines what has too many.
    decimals: Annotated[int, Field(ge=0, le=6)] | None = None


class RecordMapping(_Strict):
    """How one record kind's source columns become contract columns, keyed by the latter."""

    rename: dict[str, str] = {}
    convert: dict[str, Convert] = {}
    values: dict[str, dict[str, str]] = {}
    constant: dict[str, str] = {}

    @model_validator(mode="after")
    def one_origin(self) -> Self:
        """Refuse a column that is filled in two ways."""
        ways = [*self.rename, *self.convert, *self.constant]
        if twice := sorted({name for name in ways if ways.count(name) > 1}):
            raise ValueError(f"{', '.join(twice)}: choose one of rename, convert and constant")
        return self


class Csv(_Strict):
    """How the source's CSV files are written; None is detected."""

    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    quote: Annotated[str, Field(min_length=1, max_length=1)] = '"'
    encoding: str | None = None
    decimal: Literal[".", ","] = "."

    @field_validator("encoding")
    @classmethod
    def known_encoding(cls, value: str | None) -> str | None:
        """Refuse an encoding Python cannot decode as text."""
        try:
            "".encode(value or "utf-8")
        except LookupError:
            raise ValueError("not a text encoding, such as utf-8 or cp1252") from None
        return value

    @model_validator(mode="after")
    def two_marks(self) -> Self:
        """Refuse a delimiter or quote that a cell's text would be full of."""
        marks = [mark for mark in (self.delimiter, self.quote) if mark is not None]
        if any(mark.isalnum() or not mark.isascii() or mark in "\r\n .-" for mark in marks):
            raise ValueError('delimiter and quote must be ASCII signs such as ; and "')
        if self.delimiter == self.quote:
            raise ValueError("delimiter and quote must differ")
        return self


class Source(_Strict):
    """Where the records come from and how their times are meant."""

    id: str = ""
    time_zone: str = "UTC"
    date_format: str = "%Y-%m-%d"
    patient_ids: Literal["shared", "per_source"] = "shared"

    @field_validator("time_zone")
    @classmethod
    def known_zone(cls, value: str) -> str:
        """Refuse a time zone the system does not know."""
        if value not in available_timezones():
            raise ValueError("not an IANA time zone, such as Europe/Paris")
        return value

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone object."""
        return ZoneInfo(self.time_zone)


class Policy(_Strict):
    """Our own policy defaults (†), each a setting and each printed in the report."""

    session_gap_hours: Annotated[Decimal, Field(ge=0)] = Decimal(6)
    course_gap_days: Annotated[int, Field(ge=0)] = 4
    episode_window_days: Annotated[int, Field(ge=0)] = 28
    loading_history_days: Annotated[int, Field(ge=1)] = 180
    weight_max_age_days: Annotated[int, Field(ge=0)] = 30
    weight_max_age_days_infant: Annotated[int, Field(ge=0)] = 14
    infant_years: Annotated[int, Field(ge=0)] = 2
    adult_years: Annotated[int, Field(ge=0)] = 18
    weight_sensitivity: Annotated[Decimal, Field(ge=0, lt=1)] = Decimal("0.10")
    default_vial_step_g: Annotated[Decimal, Field(gt=0)] = Decimal(5)
    diagnosis_window_days: Annotated[int, Field(ge=0)] = 31
    child_height_max_age_days: Annotated[int, Field(ge=0)] = 180
    implausible_dose_ratio: Annotated[Decimal, Field(gt=1)] = Decimal(5)
    medicine_proof_days: Annotated[int, Field(ge=0)] = 30
    passing_risk_days: Annotated[int, Field(ge=0)] = 14
    emergency_approval_days: Annotated[int, Field(ge=0)] = 14
    approval_proof_days: Annotated[int, Field(ge=1)] = 365
    review_tolerance_days: Annotated[int, Field(ge=0)] = 30
    review_baseline_days: Annotated[int, Field(ge=0)] = 30
    review_proof_days: Annotated[int, Field(ge=1)] = 365
    dose_reduction: Annotated[Decimal, Field(gt=0, lt=1)] = Decimal("0.20")
    lot_practice: Annotated[Decimal, Field(ge=0, le=1)] = Decimal("0.50")
    premedication_hours: Annotated[Decimal, Field(gt=0, le=24)] = Decimal(2)
    lab_proof_days: Annotated[int, Field(ge=0)] = 30
    trough_share: Annotated[Decimal, Field(gt=0, le=1)] = Decimal("0.80")
    trough_settled_days: Annotated[int, Field(ge=0)] = 96
    trough_settled_courses: Annotated[int, Field(ge=0)] = 3
    exposure_vaccine_days: Annotated[int, Field(ge=0)] = 5
    volume_mismatch: Annotated[Decimal, Field(gt=0)] = Decimal("0.20")
    rate_tolerance: Annotated[Decimal, Field(ge=0, lt=1)] = Decimal("0.10")
    pump_step_ml_per_h: Annotated[Decimal, Field(gt=0)] = Decimal(1)
    rate_start_minutes: Annotated[int, Field(ge=0)] = 5
    first_infusion_gap_days: Annotated[int, Field(ge=1)] = 56
    rounding_tolerance: Annotated[Decimal, Field(ge=0, lt=1)] = Decimal("0.10")
    ledger_days: Annotated[int, Field(ge=0)] = 7
    ledger_days_home: Annotated[int, Field(ge=0)] = 35
    ledger_late_days: Annotated[int, Field(ge=0)] = 1
    ledger_tolerance_g: Annotated[Decimal, Field(ge=0)] = Decimal("0.1")
    month_days: Annotated[Decimal, Field(gt=0, decimal_places=2)] = Decimal("30.44")
    event_link_days: Annotated[int, Field(ge=0)] = 2
    false_alarm_budget: Annotated[Decimal, Field(gt=0, lt=1)] = Decimal("0.05")
    signal_window_months: Annotated[int, Field(ge=1, le=120)] = 12
    signal_min_events: Annotated[int, Field(ge=1)] = 3
    rate_min_patients: Annotated[int, Field(ge=1)] = 30
    kappa_min_findings: Annotated[int, Field(ge=2)] = 30


class Sender(_Strict):
    """Who sends drafts of reports (`export e2b-r3`); it changes no result of a run."""

    organisation: Annotated[str, Field(pattern=NAME, max_length=100)] | None = None
    # ICH code list 7: 1 company, 2 regulator, 3 health professional, 4 pharmacovigilance centre,
    # 5 WHO centre, 6 other, 7 patient
    kind: Annotated[str, Field(pattern="^[1-7]$")] | None = None
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = None
    sender_id: Annotated[str, Field(pattern=NAME, max_length=60)] | None = None
    receiver_id: Annotated[str, Field(pattern=NAME, max_length=60)] | None = None


class Privacy(_Strict):
    """Where the key of the pseudonyms is kept, and who is left out of every run."""

    # never inside the output folder
    key_file: Path | None = None
    opt_out_file: Path | None = None


# What the contract takes for a date, less the centuries that no report could draw.
Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2199, 12, 31))]


class Options(_Strict):
    """What a run may be told in audit.toml or on the command line."""

    guidelines: tuple[str, ...] = ("droracle-2025",)
    guideline_folder: Path | None = None
    guideline_as_of: Day | None = None
    from_on: Day | None = None
    to_on: Day | None = None
    as_of: Day | None = None
    fail_on: Literal["off_guideline", "review", "never"] = "never"
    max_quarantine: Annotated[Decimal, Field(ge=0, le=1)] = Decimal("0.05")
    edition: tuple[Literal["clinical", "committee", "internal"], ...] = ("clinical",)
    previous: str = "auto"
    approved_by: (
        Annotated[
            str,
            Field(pattern=NAME, max_length=200),
        ]
        | None
    ) = None
    adjudications: Path | None = None
    keep: Annotated[int, Field(ge=1)] | None = None
    threads: Annotated[int, Field(ge=1, le=256)] | None = None
    memory_limit: Annotated[str, Field(pattern=r"^[1-9][0-9.]* ?[KMGT]i?B$")] | None = None
    max_worklist: Annotated[int, Field(ge=1)] = 1000

    @model_validator(mode="after")
    def one_period(self) -> Self:
        """Refuse a period that ends before it begins."""
        if self.from_on and self.to_on and self.to_on < self.from_on:
            raise ValueError("from_on (--from) is after to_on (--to): no day is in that period")
        return self


Month = Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
Reason = Annotated[str, Field(pattern=NAME, max_length=200)]


class Series(_Strict):
    """From which months on the limits of a measure are made anew, each with the reason."""

    restart: dict[Month, Reason] = {}


class TargetedSeries(Series):
    """The same, and the most that is aimed at."""

    target: Annotated[Decimal, Field(ge=0, le=1)] | None = None


class OverTime(_Strict):
    """What no record says of months laid against each other: when practice changed, and the aim."""

    grams: Series = Series()
    off_share: TargetedSeries = TargetedSeries()


class Settings(_Strict):
    """Everything a run needs to know besides the records and the guidelines."""

    source_folder: Path = Path()
    format: str = "csv"
    source: Source = Source()
    csv: Csv = Csv()
    files: dict[str, str] = {}
    record: dict[str, RecordMapping] = {}
    table: dict[str, RecordMapping] = {}
    mapping_folder: Path | None = None
    database: Database | None = None
    policy: Policy = Policy()
    privacy: Privacy = Privacy()
    e2b: Sender = Sender()
    over_time: OverTime = OverTime()
    run: Options = Options()
    origins: dict[str, Origin] = {}
