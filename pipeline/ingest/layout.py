"""Read a folder of mappings: one SELECT per record kind, and what their tables look like."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb
from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline import resources
from pipeline.config import Settings
from pipeline.errors import ConfigError
from pipeline.guidelines import PRODUCTS
from schemas.record import RECORDS

ACCOUNT = "account"
ZONE_DAY = "zone_day"
"""The step that is made for every layout that reads it: the clock changes of the source's zone."""
_KINDS = {"text": "VARCHAR", "json": "JSON"}
"""How an element of a resource is kept: as text, or as the JSON it is."""
_LAYERS = ("raw", "step", "mapped", "guideline")


class RawTable(BaseModel):
    """What `tables.toml` says of one raw table; without an entry the name is the file's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: str | None = None
    columns: tuple[str, ...] = ()
    optional_columns: tuple[str, ...] = ()
    is_optional: bool = False
    # Its rows become records of several kinds: a kind without a row was perhaps never written down.
    is_mixed: bool = False
    # Endings of columns that hold whole numbers, which some programs write as 8507.0.
    whole_numbers: tuple[str, ...] = ()
    # The records that a source with this table knows of, though they may have no row.
    supplies: tuple[str, ...] = ()
    # A table of FHIR resources: their type, and the elements that are read.
    resource: str | None = None
    shape: dict[str, Any] = {}

    @property
    def structure(self) -> str:
        """Return what JSON_TRANSFORM is told of the elements a table of resources asks for."""
        every = {"resourceType": "text", "id": "text", "implicitRules": "text"}
        return json.dumps(_structure(every | {"modifierExtension": "json"} | self.shape))


def _structure(shape: Any) -> Any:
    if isinstance(shape, dict):
        return {name: _structure(inner) for name, inner in shape.items()}
    return [_structure(inner) for inner in shape] if isinstance(shape, list) else _KINDS[shape]


@dataclass(frozen=True)
class Mapping:
    """One row per SELECT of a layout: its name, its text and the tables it reads.

    `raw_tables` holds those of the steps it reads, too; `own_tables` only those it names itself.
    """

    record: str
    select: str
    raw_tables: frozenset[str]
    own_tables: frozenset[str] = frozenset()
    steps: frozenset[str] = frozenset()
    mapped_records: frozenset[str] = frozenset()
    is_reading_products: bool = False
    # by step, in how many places its rows are asked for
    uses: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Layout:
    """A folder of mappings, in an order in which each finds what it reads."""

    steps: tuple[Mapping, ...]
    mappings: tuple[Mapping, ...]
    tables: dict[str, RawTable]

    @property
    def account(self) -> Mapping | None:
        """Return the step that says what became of every raw row it speaks of, if there is one."""
        return next((step for step in self.steps if step.record == ACCOUNT), None)

    def is_view(self, step: Mapping) -> bool:
        """Say whether a step is read in one place alone, so that its rows need not be kept.

        Within a view DuckDB looks for `guideline` beside the view, where it is not.
        """
        n_uses = sum(mapping.uses[step.record] for mapping in (*self.steps, *self.mappings))
        return n_uses == 1 and not step.is_reading_products

    @property
    def resources(self) -> dict[str, RawTable]:
        """Return the tables that are filled with FHIR resources."""
        return {name: table for name, table in self.tables.items() if table.resource is not None}

    @property
    def is_reading_zone(self) -> bool:
        """Say whether some SELECT asks when the clocks changed."""
        own = {step.record for step in self.steps}
        read = [mapping.steps for mapping in (*self.steps, *self.mappings)]
        return ZONE_DAY not in own and any(ZONE_DAY in steps for steps in read)

    @property
    def is_reading_products(self) -> bool:
        """Say whether some SELECT asks what products there are."""
        return any(mapping.is_reading_products for mapping in (*self.steps, *self.mappings))


def read_layout(con: duckdb.DuckDBPyConnection, settings: Settings) -> Layout:
    """Return the mappings of `--format NAME` or of `mapping_folder`.

    Raises:
        ConfigError: there is no such layout, or one of its files is not what it must be.
    """
    folder, described_in = _places(settings)
    paths = sorted(folder.glob("*.sql"))
    steps = _steps(con, folder / "steps")
    found = {path.stem: _over_steps(_mapping(con, path), steps) for path in paths}
    if not found:
        raise ConfigError(f"{folder.name}: holds no <record>.sql. See docs/configuration.md.")
    named = {
        table for mapping in (*steps.values(), *found.values()) for table in mapping.raw_tables
    }
    described = _described(described_in)
    if unknown := sorted(described.keys() - named):
        raise ConfigError(f"{described_in.name}: no mapping reads {', '.join(unknown)}.")
    tables = {table: described.get(table, RawTable()) for table in sorted(named)}
    before = {record: mapping.mapped_records for record, mapping in found.items()}
    mappings = tuple(found[record] for record in _ordered(before))
    return Layout(tuple(steps.values()), mappings, tables)


def _steps(con: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, Mapping]:
    """Return the SELECTs on the way from raw to mapped, each after those it reads."""
    found = {path.stem: _select_of(con, path) for path in sorted(folder.glob("*.sql"))}
    made: dict[str, Mapping] = {}
    for name in _ordered({name: step.steps for name, step in found.items()}):
        if found[name].mapped_records:
            raise ConfigError(f"{name}.sql: a step may read raw tables and steps, no records.")
        made[name] = _over_steps(found[name], made)
    return made


def _over_steps(mapping: Mapping, steps: dict[str, Mapping]) -> Mapping:
    """Return a mapping that knows the raw tables below the steps it reads."""
    if unknown := sorted(mapping.steps - steps.keys() - {ZONE_DAY}):
        raise ConfigError(f"{mapping.record}.sql: there is no step {', '.join(unknown)}.")
    below = {table for step in mapping.steps & steps.keys() for table in steps[step].raw_tables}
    return replace(mapping, raw_tables=mapping.raw_tables | below)


def _places(settings: Settings) -> tuple[Path, Path]:
    """Return the folder of the SELECTs and the file that describes their raw tables.

    The supplied layouts are described beside this module, for `sql` holds SQL and nothing else.
    """
    own = settings.mapping_folder
    if own is not None:
        if not own.is_dir():
            raise ConfigError("audit.toml: mapping_folder is not a folder.")
        return own, own / "tables.toml"
    root = resources.folder("sql") / "mappings"
    known = sorted(path.name for path in root.iterdir() if path.is_dir())
    if settings.format not in known:
        raise ConfigError(f"--format: known formats are {', '.join(['csv', *known])}.")
    return root / settings.format, Path(__file__).parent / "layouts" / f"{settings.format}.toml"


def _mapping(con: duckdb.DuckDBPyConnection, path: Path) -> Mapping:
    if path.stem not in RECORDS:
        raise ConfigError(f"{path.name}: is not named after a record of the contract.")
    return _select_of(con, path)


def _select_of(con: duckdb.DuckDBPyConnection, path: Path) -> Mapping:
    select = _text_of(path).strip().rstrip(";")
    read = list(_tables_read(con, path.name, select))
    of = {layer: frozenset(table for found, table in read if found == layer) for layer in _LAYERS}
    uses = Counter(table for found, table in read if found == "step")
    return Mapping(
        path.stem, select, of["raw"], of["raw"], of["step"], of["mapped"], bool(of["guideline"]),
        uses,
    )  # fmt: skip


def _tables_read(
    con: duckdb.DuckDBPyConnection, name: str, select: str
) -> Iterator[tuple[str, str]]:
    """Yield layer and name of every table a SELECT reads, from its syntax tree."""
    found = con.sql("SELECT JSON_SERIALIZE_SQL($select)", params={"select": select}).fetchall()
    tree = json.loads(found[0][0])
    if tree["error"] or len(tree["statements"]) != 1:
        reason = tree.get("error_message", "").splitlines()[:1]
        raise ConfigError(f"{name}: is not one SELECT. {' '.join(reason)}".rstrip())
    own = {entry["key"].lower() for node in _nodes(tree) for entry in _common_tables(node)}
    for node in _nodes(tree):
        if node.get("type") == "TABLE_FUNCTION" and not _is_harmless(node):
            raise ConfigError(f"{name}: may read raw tables only, no files of its own.")
        if node.get("type") != "BASE_TABLE":
            continue
        layer, table = node["schema_name"].lower(), node["table_name"].lower()
        is_known = layer != "guideline" or table in PRODUCTS
        if layer in _LAYERS and is_known and not node["catalog_name"]:
            yield layer, table
        elif layer or table not in own:  # DuckDB would open a file of that name
            raise ConfigError(
                f"{name}: may read raw tables only. Write raw.<table> or mapped.<record>."
            )


def _common_tables(node: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the named parts (WITH) of one node of a syntax tree."""
    found: list[dict[str, Any]] = node.get("cte_map", {}).get("map", [])
    return found


def _text_of(path: Path) -> str:
    """Return the text of a file of the layout.

    Raises:
        ConfigError: it cannot be read, or is not UTF-8 text.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path.name}: cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path.name}: is not UTF-8 text. Save it as UTF-8.") from None


def _is_harmless(node: dict[str, Any]) -> bool:
    function = node.get("function", {}).get("function_name", "")
    return function in {"range", "generate_series", "unnest"}


def _nodes(tree: object) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
        for branch in tree.values():
            yield from _nodes(branch)
    elif isinstance(tree, list):
        for branch in tree:
            yield from _nodes(branch)


def _described(path: Path) -> dict[str, RawTable]:
    if not path.is_file():
        return {}
    try:
        told = tomllib.loads(_text_of(path))
        return {name.lower(): RawTable.model_validate(entry) for name, entry in told.items()}
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path.name}: not valid TOML ({error}).") from None
    except ValidationError as error:
        faults = sorted({".".join(map(str, fault["loc"])) for fault in error.errors()})
        raise ConfigError(f"{path.name}: unknown or wrong: {', '.join(faults)}.") from None


def _ordered(reads: dict[str, frozenset[str]]) -> list[str]:
    """Return the names so that each stands after those whose result it reads."""
    before = {name: sorted(read & reads.keys()) for name, read in sorted(reads.items())}
    try:
        return list(TopologicalSorter(before).static_order())
    except CycleError:
        raise ConfigError("The mappings read each other in a circle.") from None


def identifier(name: str) -> str:
    """Return a column name of a file as a quoted SQL identifier."""
    return '"' + re.sub('"', '""', name) + '"'
