"""Read every guideline set of every folder, and report all faults of all files together."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from pipeline import resources
from pipeline.config import Settings
from pipeline.errors import GuidelineError
from pipeline.guidelines.codelists import CodeLists, read_codelists
from pipeline.guidelines.entry import fault_lines
from pipeline.guidelines.events import FOLDER, EventFile, read_events
from pipeline.guidelines.kinds import RULE_OF_KIND
from pipeline.guidelines.rules import Rule, SetHead
from pipeline.guidelines.versions import in_force, version_faults

HOUSE_SET = "ivig-audit-policy"
ANY = "any"
_LISTS = ("codelists", "products", FOLDER)


@dataclass(frozen=True)
class GuidelineSet:
    """One published guideline in one version: its head, its rules and their digest."""

    head: SetHead
    rules: tuple[Rule, ...]
    digest: str
    folder: Path
    as_of: date | None = None

    @property
    def is_house(self) -> bool:
        """Say whether this is our own policy, always loaded and never counted."""
        return self.head.id == HOUSE_SET

    @property
    def rules_in_force(self) -> tuple[Rule, ...]:
        """Return the rules that hold, as of a day where one is given, in the order of their ids."""
        return in_force(self.rules, self.as_of)


@dataclass(frozen=True)
class Library:
    """Every set found and the code lists they speak in."""

    sets: dict[str, GuidelineSet]
    codelists: CodeLists
    events: tuple[EventFile, ...] = ()
    """The case definitions of every adverse event."""
    unread: tuple[str, ...] = ()
    """The sets that are known by their heads only, for nobody asked for their rules."""

    def chosen(
        self, set_ids: tuple[str, ...], as_of: date | None = None
    ) -> tuple[GuidelineSet, ...]:
        """Return the sets in the order they are named, and always the house set, as of a day.

        Raises:
            GuidelineError: a set is not known, or was not yet published; the message says which.
        """
        unknown = [set_id for set_id in set_ids if set_id not in self.sets]
        if unknown:
            known = ", ".join(sorted({*self.sets, *self.unread}))
            raise GuidelineError(
                f"guideline set {', '.join(unknown)}: not found. Known sets: {known}."
            )
        wanted = dict.fromkeys((*set_ids, HOUSE_SET))
        sets = [self.sets[set_id] for set_id in wanted if set_id in self.sets]
        _refuse_unpublished(sets, as_of)
        return tuple(replace(item, as_of=as_of) for item in sets)


def _refuse_unpublished(sets: list[GuidelineSet], as_of: date | None) -> None:
    """Refuse to replay a set as of a day before it was published."""
    later = [
        f"guideline set {item.head.id}: published on {item.head.published_on}, after {as_of}"
        for item in sets
        if as_of and not item.is_house and (item.head.published_on or as_of) > as_of
    ]
    if later:
        raise GuidelineError("\n".join([*later, "Leave them out, or name a later day."]))


def read_sets(settings: Settings) -> tuple[GuidelineSet, ...]:
    """Return the sets a run will use; read and check all files first.

    Raises:
        GuidelineError: some file has a fault, or a named set is not there.
    """
    library = read_library(settings.run.guideline_folder, settings.run.guidelines)
    return library.chosen(settings.run.guidelines, settings.run.guideline_as_of)


def read_library(own_folder: Path | None = None, wanted: tuple[str, ...] | None = None) -> Library:
    """Return every set that travels with the program and those of a hospital's own folder.

    Args:
        own_folder: a hospital's own sets, all of which are read.
        wanted: the sets of ours whose rules are needed, for a run need not read them all;
            None reads every one.

    Raises:
        GuidelineError: one line per fault, of all files: file, rule, key and what is wrong.
    """
    faults: list[str] = []
    needed = None if wanted is None else frozenset((*wanted, HOUSE_SET))
    codelists, events, ours, known_faults = _bundled(_stamp(resources.folder("guidelines")), needed)
    faults += known_faults
    own = [_read_set(folder, codelists, faults) for folder in _own_folders(own_folder, faults)]
    sets = [item for item in (*ours, *own) if item is not None]
    faults += _across_sets(sets)
    if faults:
        raise GuidelineError("\n".join(faults))
    unread = {item.head.id for item in ours if item and needed and item.head.id not in needed}
    read = {item.head.id: item for item in sets if item.head.id not in unread}
    return Library(read, codelists, events, tuple(sorted(unread)))


Stamp = tuple[tuple[str, int, int], ...]
"""Name, time and size of every file of a folder: what has not changed is not read again."""


def _stamp(root: Path) -> Stamp:
    files = [(path, path.stat()) for path in sorted(root.rglob("*.*"))]
    return tuple((str(path), stat.st_mtime_ns, stat.st_size) for path, stat in files)


@lru_cache(maxsize=2)
def _bundled(
    stamp: Stamp,  # noqa: ARG001 - another stamp is another reading
    needed: frozenset[str] | None,
) -> tuple[CodeLists, tuple[EventFile, ...], tuple[GuidelineSet | None, ...], tuple[str, ...]]:
    """Return the code lists, the case definitions, the sets that are bundled, and their faults.

    Of a set that is not needed the head alone is read; its folder bears its id.
    """
    faults: list[str] = []
    root = resources.folder("guidelines")
    codelists = read_codelists(root, faults)
    events = () if faults else read_events(root, codelists, faults)
    sets = tuple(
        _read_set(folder, codelists, faults, with_rules=needed is None or folder.name in needed)
        for folder in _set_folders(root)
    )
    return codelists, events, sets, tuple(faults)


def _set_folders(root: Path) -> Iterator[Path]:
    """Yield the folders of sets, those with rules but without a head too."""
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        if folder.name not in _LISTS and any(folder.glob("*.toml")):
            yield folder


def _own_folders(own: Path | None, faults: list[str]) -> list[Path]:
    if own is None:
        return []
    if not own.is_dir():
        faults.append(f"{own.name}: the folder of guideline sets is not there")
        return []
    found = [own] if (own / "set.toml").is_file() else list(_set_folders(own))
    if not found:
        faults.append(f"{own.name}: no folder with a set.toml in it")
    return found


def _read_set(
    folder: Path, codelists: CodeLists, faults: list[str], *, with_rules: bool = True
) -> GuidelineSet | None:
    head = _read_head(folder, codelists, faults)
    rules = []
    for path in sorted(folder.glob("*.toml")):
        if with_rules and path.name != "set.toml":
            rules += _read_rules(path, head, codelists, faults)
    if head is None:
        return None
    return GuidelineSet(head, tuple(rules), _digest(folder), folder)


def _read_head(folder: Path, codelists: CodeLists, faults: list[str]) -> SetHead | None:
    path = folder / "set.toml"
    name = _name(path)
    if not path.is_file():
        faults.append(f"{name}: is missing")
        return None
    told = _parse(path, faults)
    if told is None:
        return None
    head = _model(SetHead, told, name, faults)
    if isinstance(head, SetHead):
        policies = codelists.codes("codelists/weight_policy.csv", "weight_policy")
        if head.weight_policy not in policies:
            faults.append(f"{name}: weight_policy: {head.weight_policy} is not known")
        return head
    return None


def _read_rules(
    path: Path, head: SetHead | None, codelists: CodeLists, faults: list[str]
) -> list[Rule]:
    told = _parse(path, faults)
    if told is None:
        return []
    name = _name(path)
    faults += [f"{name}: {key}: unknown key" for key in told if key != "rule"]
    entries = told.get("rule", [])
    if not isinstance(entries, list):
        faults.append(f"{name}: rule: write [[rule]], with two brackets")
        return []
    rules = []
    for place, entry in enumerate(entries, start=1):
        where = f"{name}: rule {entry.get('id', f'number {place}')}"
        rule = _read_rule(entry, where, faults)
        if rule is not None:
            faults += [f"{where}: {fault}" for fault in _against_lists(rule, head, codelists)]
            rules.append(rule)
    return rules


def _read_rule(entry: dict[str, Any], where: str, faults: list[str]) -> Rule | None:
    kind = entry.get("kind")
    model = RULE_OF_KIND.get(kind) if isinstance(kind, str) else None
    if model is None:
        faults.append(f"{where}: kind: must be one of {', '.join(RULE_OF_KIND)}")
        return None
    rule = _model(model, entry, where, faults)
    return rule if isinstance(rule, Rule) else None


def _against_lists(rule: Rule, head: SetHead | None, codelists: CodeLists) -> Iterator[str]:
    """Yield what is wrong with a rule that is well formed by itself."""
    known = codelists.codes("codelists/indication.csv", "indication_code")
    for code in rule.indications:
        if code not in known and code != ANY:
            yield f"indications: {code} is not in codelists/indication.csv"
    if ANY in rule.indications and len(rule.indications) > 1:
        yield f"indications: {ANY} stands alone"
    products = codelists.codes("products/product.csv", "product_id")
    for product in rule.products:
        if product not in products:
            yield f"products: {product} is not in products/product.csv"
    policies = codelists.codes("codelists/weight_policy.csv", "weight_policy")
    if rule.weight_policy is not None and rule.weight_policy not in policies:
        yield f"weight_policy: {rule.weight_policy} is not known"
    yield from rule.faults(codelists)
    names = [example.name for example in rule.example]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"example: two are called {name!r}"
    if head is not None and not _fits(rule, head.prefix):
        middle = "ANY" if ANY in rule.indications else "<INDICATION>"
        pattern = f"{head.prefix}-{middle}-{rule.WORD}-<NN>"
        yield f"id: must read {pattern}"


def _fits(rule: Rule, prefix: str) -> bool:
    middle = "ANY" if ANY in rule.indications else r"(?!ANY-)[A-Z][A-Z0-9_]*"
    pattern = rf"{re.escape(prefix)}-{middle}-{rule.WORD}-\d\d"
    return re.fullmatch(pattern, rule.id) is not None


def _across_sets(sets: list[GuidelineSet]) -> list[str]:
    """Return what is only wrong when sets are seen together."""
    faults = []
    for title, keys in (
        ("set id", [(item.head.id, item.folder.name) for item in sets]),
        ("prefix", [(item.head.prefix, item.folder.name) for item in sets]),
    ):
        seen: dict[str, str] = {}
        for key, folder in keys:
            if key in seen:
                faults.append(f"{folder}/set.toml: {title} {key} is taken by {seen[key]}")
            seen.setdefault(key, folder)
    faults += [
        f"{item.folder.name}: {fault}" for item in sets for fault in version_faults(item.rules)
    ]
    return faults + _repeated_rules(sets)


def _repeated_rules(sets: list[GuidelineSet]) -> list[str]:
    faults = []
    first: dict[str, tuple[str, Rule]] = {}
    for item in sets:
        for rule in item.rules:
            if rule.id in first:
                folder, earlier = first[rule.id]
                ended = f", retired on {earlier.retired_on}" if earlier.retired_on else ""
                faults.append(
                    f"{item.folder.name}: rule {rule.id}: id: was given before in {folder}{ended}"
                    "; an id is never used again"
                )
            first.setdefault(rule.id, (item.folder.name, rule))
    return faults


def _parse(path: Path, faults: list[str]) -> dict[str, Any] | None:
    """Return a file's content with its numbers as exact decimals."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        faults.append(f"{_name(path)}: not valid TOML ({error})")
        return None


def _model(
    model: type[BaseModel], told: dict[str, Any], where: str, faults: list[str]
) -> BaseModel | None:
    try:
        return model.model_validate(told)
    except ValidationError as error:
        faults += [f"{where}: {line}" for line in fault_lines(error)]
        return None


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _digest(folder: Path) -> str:
    """Return a digest of a set's files: their names and their bytes."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.toml")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
