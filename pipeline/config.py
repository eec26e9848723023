"""Read the settings of a run: command line over audit.toml over set over default.

Every number marked † in the design is a setting here. It is our own policy, stated by no
guideline; the report prints it with where its value came from.
"""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from pipeline.errors import ConfigError

Origin = Literal["default", "audit.toml", "command line"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Convert(_Strict):
    """One contract column computed from a source column: value × factor."""

    source: Annotated[str, Field(alias="from")]
    factor: Decimal


class RecordMapping(_Strict):
    """How one record kind's source columns become contract columns."""

    rename: dict[str, str] = {}
    convert: dict[str, Convert] = {}
    values: dict[str, dict[str, str]] = {}
    constant: dict[str, str] = {}


class Csv(_Strict):
    """How the source's CSV files are written; None is detected."""

    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    quote: Annotated[str, Field(min_length=1, max_length=1)] = '"'
    encoding: str | None = None
    decimal: Literal[".", ","] = "."


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
    high_dose_g_per_kg: Annotated[Decimal, Field(gt=0)] = Decimal(2)
    volume_mismatch: Annotated[Decimal, Field(gt=0)] = Decimal("0.20")


class Privacy(_Strict):
    """Where the key of the pseudonyms is kept; never inside the output folder."""

    key_file: Path | None = None


class Options(_Strict):
    """What a run may be told in audit.toml or on the command line."""

    guidelines: tuple[str, ...] = ("droracle-2025",)
    guideline_folder: Path | None = None
    from_on: date | None = None
    to_on: date | None = None
    as_of: date | None = None
    fail_on: Literal["off_guideline", "review", "never"] = "never"
    max_quarantine: Annotated[Decimal, Field(ge=0, le=1)] = Decimal("0.05")
    edition: tuple[str, ...] = ("clinical",)
    previous: str = "auto"
    threads: Annotated[int, Field(ge=1)] | None = None
    memory_limit: str | None = None
    max_worklist: Annotated[int, Field(ge=1)] = 1000


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
        source_folder: the folder (or file) with the records.
        config: an audit.toml; None uses `audit.toml` in the source folder if there is one.
        format: `csv`, or the name of a folder of `sql/mappings`.
        overrides: options of the command line, by their name in `[run]`; None values are unset.

    Raises:
        ConfigError: the file cannot be read, a key is unknown or a value does not fit.
    """
    path = config if config is not None else source_folder / "audit.toml"
    told = _read_toml(path) if config is not None or path.is_file() else {}
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    origins = _origins(told, given)
    told.setdefault("run", {})
    if isinstance(told["run"], dict):
        told["run"] = told["run"] | given
    try:
        return Settings(
            **told, source_folder=source_folder, format=told.pop("format", format), origins=origins
        )
    except (ValidationError, TypeError) as error:
        raise ConfigError(f"{path.name}: {_faults(error)}. See docs/configuration.md.") from None


def in_force(settings: Settings) -> list[tuple[str, str, Origin]]:
    """Return one row per setting in force: name, value, where it came from."""
    shown = {"policy": settings.policy, "run": settings.run, "source": settings.source,
             "csv": settings.csv}
    return [
        (f"{part}.{name}", _text(value), settings.origins.get(f"{part}.{name}", "default"))
        for part, model in shown.items()
        for name, value in model
        if name not in ("threads", "memory_limit", "guideline_folder")
    ]


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    return "" if value is None else str(value)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise ConfigError(f"{path.name}: cannot be read. Check --config.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name}: not valid TOML ({error}).") from None


def _origins(told: dict[str, Any], given: dict[str, Any]) -> dict[str, Origin]:
    from_file: dict[str, Origin] = {
        f"{part}.{name}": "audit.toml"
        for part, values in told.items()
        if isinstance(values, dict)
        for name in values
    }
    from_line: dict[str, Origin] = {f"run.{name}": "command line" for name in given}
    return from_file | from_line


def _faults(error: ValidationError | TypeError) -> str:
    """Name the keys at fault and why, never the values."""
    if isinstance(error, TypeError):
        return "a key of the command line stands in the file"
    return "; ".join(
        f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
        for fault in error.errors(include_input=False, include_url=False)
    )
