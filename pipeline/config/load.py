"""Read the settings of a run: command line over audit.toml over default."""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.config.sections import Convert, Origin, Settings
from pipeline.errors import ConfigError
from schemas.record import RECORDS, contract

_OF_THE_MACHINE = ("threads", "memory_limit", "guideline_folder", "keep", "adjudications")


def load_settings(
    source_folder: Path,
    *,
    config: Path | None = None,
    format: str | None = None,  # noqa: A002 - named like the option it is
    overrides: dict[str, Any] | None = None,
) -> Settings:
    """Return the settings of one run.

    Args:
        source_folder: the folder with the records.
        config: an audit.toml; None uses `audit.toml` in the source folder if there is one.
        format: `csv` or the name of a folder of `sql/mappings`; None leaves it to audit.toml.
        overrides: options of the command line, by their name in `[run]`; None values are unset.

    Raises:
        ConfigError: the file cannot be read, a key is unknown or a value does not fit.
    """
    path = config if config is not None else source_folder / "audit.toml"
    told = _read_toml(path) if config is not None or os.path.lexists(path) else {}
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    origins = _origins(told, given)
    if format is not None:
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


def in_force(settings: Settings, *, with_machine: bool = False) -> list[tuple[str, str, Origin]]:
    """Return one row per setting in force: name, value, where it came from.

    What names a place or a strength of this machine is left out unless asked for: it changes no
    result. Where the key of the pseudonyms lies is never told, only whether it was set.
    """
    left_out = () if with_machine else _OF_THE_MACHINE
    shown: list[tuple[str, object]] = [("format", settings.format)]
    for part in ("policy", "run", "source", "csv"):
        shown += [
            (f"{part}.{name}", value)
            for name, value in getattr(settings, part)
            if name not in left_out and (name != "approved_by" or value is not None)
        ]
    for measure, series in settings.over_time:
        shown += [(f"over_time.{measure}.{name}", told) for name, told in series if told]
    if settings.mapping_folder is not None:
        shown.append(("mapping_folder", settings.mapping_folder.name))
        shown.append(("mapping_folder.digest", _digest(settings.mapping_folder)))
    shown += [(f"files.{name}", pattern) for name, pattern in sorted(settings.files.items())]
    shown += _mappings_in_force(settings)
    shown += _database_in_force(settings, with_machine=with_machine)
    if with_machine:
        named = "as told" if settings.privacy.key_file else "where the program makes one"
        listed = "as told" if settings.privacy.opt_out_file else "opt_out.csv, if it is there"
        shown += [("privacy.key_file", named), ("privacy.opt_out_file", listed)]
    return [(name, _text(value), _origin(settings, name)) for name, value in shown]


def _digest(folder: Path) -> str:
    """Return a digest of a mapping of the site's own: other SELECTs read other records."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".sql", ".toml") and path.is_file():
            name = path.relative_to(folder).as_posix()
            digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _mappings_in_force(settings: Settings) -> Iterator[tuple[str, object]]:
    for part in ("record", "table"):
        for name, mapping in sorted(getattr(settings, part).items()):
            for way, columns in mapping:
                for column, told in sorted(columns.items()):
                    yield f"{part}.{name}.{way}.{column}", told


def _database_in_force(settings: Settings, *, with_machine: bool) -> Iterator[tuple[str, object]]:
    """Yield what is read from a database; where that is, only when asked for."""
    if settings.database is None:
        return
    yield "database.kind", settings.database.kind
    if with_machine:
        yield "database.url", settings.database.url  # which holds no password
    yield "database.snapshot", settings.database.snapshot
    for name, select in settings.database.selects.items():
        yield f"database.select.{name}", select


def _origin(settings: Settings, name: str) -> Origin:
    """Return where a setting came from; parts of a mapping come from where the whole does."""
    if name.startswith(("record.", "table.", "database.", "over_time.")):
        return "audit.toml"
    return settings.origins.get(name.removesuffix(".digest"), "default")


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
    """Return the settings with what audit.toml names read from where it stands."""
    update: dict[str, Any] = {}
    if settings.mapping_folder is not None:
        update["mapping_folder"] = folder / settings.mapping_folder
    named = settings.run.adjudications
    if named is not None and settings.origins.get("run.adjudications") != "command line":
        update["run"] = settings.run.model_copy(update={"adjudications": folder / named})
    listed = settings.privacy.opt_out_file
    if listed is not None:
        update["privacy"] = settings.privacy.model_copy(update={"opt_out_file": folder / listed})
    return settings.model_copy(update=update) if update else settings


def _contract_faults(settings: Settings) -> Iterator[str]:
    """Name the records and columns of the mapping that the contract does not know."""
    is_layout = settings.format != "csv" or settings.mapping_folder is not None
    if is_layout and settings.record:
        yield "record: a SELECT of the format makes the records; rename in table.<its table>"
    if not is_layout and settings.table:
        yield "table: belongs to a format that is read by SELECTs; write record.<record>"
    served = settings.database.selects if settings.database else {}
    if not is_layout:
        for part, names in (("files", settings.files), ("database", served)):
            unknown = sorted(names.keys() - RECORDS.keys())
            yield from (f"{part}.{name}: no such record" for name in unknown)
    if served and settings.csv.decimal != ".":
        yield "csv.decimal: numbers of a database have a point; leave it out"
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
