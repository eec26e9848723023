"""Read the settings of a run: command line over audit.toml over set over default.

Every number marked † in the design is a setting here. It is our own policy, stated by no
guideline; the report prints it with where its value came from.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from pipeline.errors import ConfigError
from schemas.record import RECORDS, contract

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
    volume_mismatch: Annotated[Decimal, Field(gt=0)] = Decimal("0.20")


class Privacy(_Strict):
    """Where the key of the pseudonyms is kept; never inside the output folder."""

    key_file: Path | None = None


# What the contract takes for a date, less the centuries that no report could draw.
Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2199, 12, 31))]


class Options(_Strict):
    """What a run may be told in audit.toml or on the command line."""

    guidelines: tuple[str, ...] = ("droracle-2025",)
    guideline_folder: Path | None = None
    from_on: Day | None = None
    to_on: Day | None = None
    as_of: Day | None = None
    fail_on: Literal["off_guideline", "review", "never"] = "never"
    max_quarantine: Annotated[Decimal, Field(ge=0, le=1)] = Decimal("0.05")
    edition: tuple[Literal["clinical"], ...] = ("clinical",)
    previous: str = "auto"
    threads: Annotated[int, Field(ge=1, le=256)] | None = None
    memory_limit: Annotated[str, Field(pattern=r"^[1-9][0-9.]* ?[KMGT]i?B$")] | None = None
    max_worklist: Annotated[int, Field(ge=1)] = 1000

    @model_validator(mode="after")
    def one_period(self) -> Self:
        """Refuse a period that ends before it begins."""
        if self.from_on and self.to_on and self.to_on < self.from_on:
            raise ValueError("from_on (--from) is after to_on (--to): no day is in that period")
        return self


class Settings(_Strict):
    """Everything a run needs to know besides the records and the guidelines."""

    source_folder: Path = Path()
    format: str = "csv"
    source: Source = Source()
    csv: Csv = Csv()
    files: dict[str, str] = {}
    record: dict[str, RecordMapping] = {}
    mapping_folder: Path | None = None
    policy: Policy = Policy()
    privacy: Privacy = Privacy()
    run: Options = Options()
    origins: dict[str, Origin] = {}


def load_settings(
    source_folder: Path,
    *,
    config: Path | None = None,
    format: str = "csv",  # noqa: A002 - named like the option it is
    overrides: dict[str, Any] | None = None,
) -> Settings:
    """Return the settings of one run.

    Args:
        source_folder: the folder with the records.
        config: an audit.toml; None uses `audit.toml` in the source folder if there is one.
        format: the name of a folder of `sql/mappings`; `csv` leaves the choice to audit.toml.
        overrides: options of the command line, by their name in `[run]`; None values are unset.

    Raises:
        ConfigError: the file cannot be read, a key is unknown or a value does not fit.
    """
    path = config if config is not None else source_folder / "audit.toml"
    told = _read_toml(path) if config is not None or os.path.lexists(path) else {}
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    origins = _origins(told, given)
    if format != "csv":
        told["format"], origins["format"] = format, "command line"
    if isinstance(told.setdefault("run", {}), dict):
        told["run"] = told["run"] | given
    if reserved := sorted(told.keys() & {"source_folder", "origins"}):
        raise ConfigError(f"{path.name}: {', '.join(reserved)}: not a key of this file.")
    try:
        settings = Settings(**told, source_folder=source_folder, origins=origins)
    except ValidationError as error:
        raise ConfigError(f"{_faults(error, path, given)}. See docs/configuration.md.") from None
    if faults := list(_contract_faults(settings)):
        raise ConfigError(f"{path.name}: {'; '.join(faults)}. See docs/configuration.md.")
    return _beside(path.parent, settings)


def in_force(settings: Settings) -> list[tuple[str, str, Origin]]:
    """Return one row per setting in force: name, value, where it came from.

    What names a place or a strength of this machine is left out: it changes no result.
    """
    left_out = {"threads", "memory_limit", "guideline_folder"}
    shown: list[tuple[str, object]] = [("format", settings.format)]
    for part in ("policy", "run", "source", "csv"):
        shown += [
            (f"{part}.{name}", value)
            for name, value in getattr(settings, part)
            if name not in left_out
        ]
    if settings.mapping_folder is not None:
        shown.append(("mapping_folder", settings.mapping_folder.name))
    shown += [(f"files.{name}", pattern) for name, pattern in sorted(settings.files.items())]
    shown += _mappings_in_force(settings)
    return [(name, _text(value), _origin(settings, name)) for name, value in shown]


def _mappings_in_force(settings: Settings) -> Iterator[tuple[str, object]]:
    for record, mapping in sorted(settings.record.items()):
        for way, columns in mapping:
            for column, told in sorted(columns.items()):
                yield f"record.{record}.{way}.{column}", told


def _origin(settings: Settings, name: str) -> Origin:
    """Return where a setting came from; parts of a mapping come from where the whole does."""
    if name.startswith("record."):
        return "audit.toml"
    return settings.origins.get(name, "default")


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{source} = {meant}" for source, meant in sorted(value.items()))
    if isinstance(value, Convert):
        rounded = "" if value.decimals is None else f", {value.decimals} decimals"
        return f"{value.source} × {value.factor:f}{rounded}"
    return "" if value is None else str(value)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError:
        raise ConfigError(f"{path.name}: cannot be read. Check --config.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name}: not valid TOML ({error}).") from None


def _origins(told: dict[str, Any], given: dict[str, Any]) -> dict[str, Origin]:
    from_file: dict[str, Origin] = {}
    for part, values in told.items():
        names = [f"{part}.{name}" for name in values] if isinstance(values, dict) else [part]
        from_file |= dict.fromkeys(names, "audit.toml")
    from_line: dict[str, Origin] = {f"run.{name}": "command line" for name in given}
    return from_file | from_line


def _beside(folder: Path, settings: Settings) -> Settings:
    """Return the settings with the mapping folder read from where audit.toml stands."""
    if settings.mapping_folder is None:
        return settings
    return settings.model_copy(update={"mapping_folder": folder / settings.mapping_folder})


def _contract_faults(settings: Settings) -> Iterator[str]:
    """Name the records and columns of the mapping that the contract does not know."""
    is_layout = settings.format != "csv" or settings.mapping_folder is not None
    if is_layout and settings.record:
        yield "record: a SELECT of the format renames and converts, not audit.toml"
    if not is_layout:
        yield from (
            f"files.{name}: no such record"
            for name in sorted(settings.files.keys() - RECORDS.keys())
        )
    for record, mapping in settings.record.items():
        if record not in RECORDS:
            yield f"record.{record}: no such record"
            continue
        known = {column.name for column in contract(record).every_column}
        for way, columns in mapping:
            yield from (
                f"record.{record}.{way}.{name}: not a column of the contract"
                " (write contract column = source column)"
                for name in sorted(columns.keys() - known)
            )


def _faults(error: ValidationError, path: Path, given: dict[str, Any]) -> str:
    """Name the keys or options at fault and why, never the values."""
    told = "; ".join(
        f"{_key(fault['loc'], given)}: {fault['msg'].removeprefix('Value error, ')}"
        for fault in error.errors(include_input=False, include_url=False)
    )
    return told if told.startswith("--") else f"{path.name}: {told}"


def _key(loc: tuple[int | str, ...], given: dict[str, Any]) -> str:
    """Name a key of audit.toml, or the option that replaced it."""
    if len(loc) > 1 and loc[0] == "run" and loc[1] in given:
        return f"--{str(loc[1]).removesuffix('_on').replace('_', '-')}"
    return ".".join(str(part) for part in loc)
