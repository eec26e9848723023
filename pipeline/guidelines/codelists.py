"""Read the code lists and the product catalogue, and report every fault in them together."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.guidelines.laboratory import LABORATORY_LISTS, laboratory_faults
from pipeline.guidelines.listed import CODE_LISTS, CodeList, Row

EVERY_LIST = (*CODE_LISTS, *LABORATORY_LISTS)


@dataclass(frozen=True)
class CodeLists:
    """The rows of every code list, by the name of its file."""

    rows: dict[str, list[Row]] = field(default_factory=dict)

    def of(self, name: str) -> list[Row]:
        """Return the rows of one list."""
        return self.rows.get(name, [])

    def codes(self, name: str, column: str) -> set[str]:
        """Return what stands in one column of one list."""
        return {value for row in self.of(name) if (value := row[column]) is not None}


def read_codelists(folder: Path, faults: list[str]) -> CodeLists:
    """Return every code list of `guidelines/`; add what is wrong with them to `faults`."""
    lists = CodeLists({item.path: _read(folder, item, faults) for item in EVERY_LIST})
    if not faults:
        _check_links(lists, faults)
        faults += laboratory_faults(lists.rows)
    return lists


def _read(folder: Path, item: CodeList, faults: list[str]) -> list[Row]:
    path = folder / item.path
    if not path.is_file():
        faults.append(f"{item.path}: the code list is not there")
        return []
    with path.open(encoding="utf-8", newline="") as file:
        header, *lines = [*csv.reader(file, strict=True)] or [[]]
    if faulty := _check_header(item, header):
        faults.extend(faulty)
        return []
    ragged = [place for place, cells in enumerate(lines, 2) if len(cells) != len(header)]
    if ragged:
        faults += [f"{item.path}: line {place}: more or fewer cells than names" for place in ragged]
        return []
    rows: list[Row] = [
        {name: cell or None for name, cell in zip(header, cells, strict=True)} for cells in lines
    ]
    faults.extend(_check_rows(item, rows))
    return rows


def _check_header(item: CodeList, header: Sequence[str]) -> list[str]:
    missing = [name for name in item.columns if name not in header]
    unknown = [name for name in header if name not in item.columns]
    return [f"{item.path}: missing column {name}" for name in missing] + [
        f"{item.path}: unknown column {name}" for name in unknown
    ]


def _check_rows(item: CodeList, rows: Iterable[Row]) -> list[str]:
    faults = []
    seen: dict[tuple[str | None, ...], int] = {}
    for line, row in enumerate(rows, start=2):
        faults += [f"{item.path}: line {line}: {fault}" for fault in _check_cells(item, row)]
        key = tuple(row[name] for name in item.key)
        if key in seen:
            shown = " ".join(value for value in key if value)
            faults.append(f"{item.path}: line {line}: {shown} stands in line {seen[key]} already")
        seen.setdefault(key, line)
    return faults


def _check_cells(item: CodeList, row: Row) -> list[str]:
    faults = []
    for name, column in item.columns.items():
        value = row[name]
        if value is None:
            if column.is_required:
                faults.append(f"{name}: is missing")
        elif fault := column.check(value):
            faults.append(f"{name}: {fault}")
    if not faults and (fault := item.fits(row)):
        faults.append(fault)
    return faults


def _check_links(lists: CodeLists, faults: list[str]) -> None:
    """Name codes that point at nothing."""
    indications = lists.codes("codelists/indication.csv", "indication_code")
    products = lists.codes("products/product.csv", "product_id")
    events = lists.codes("codelists/event.csv", "event_code")
    formulas = lists.codes("codelists/ideal_weight.csv", "ideal_formula")
    for path, column, known in (
        ("codelists/indication_alias.csv", "indication_code", indications),
        ("codelists/diagnosis_code.csv", "indication_code", indications),
        ("codelists/event.csv", "part_of", events),
        ("codelists/event_rate.csv", "event_code", events),
        ("codelists/event_term.csv", "event_code", events),
        ("products/alias.csv", "product_id", products),
        ("products/rate_limit.csv", "product_id", products),
        ("products/rate_limit.csv", "indication_code", indications | {"any"}),
        ("codelists/weight_policy.csv", "ideal_formula", formulas),
        ("codelists/weight_policy.csv", "child_ideal_formula", formulas),
    ):
        unknown = sorted(lists.codes(path, column) - known)
        faults.extend(f"{path}: {column} {code} is not known" for code in unknown)
    risks = lists.codes("codelists/risk_factor.csv", "risk_factor")
    named = {
        word for text in lists.codes("products/rate_limit.csv", "risks") for word in text.split()
    }
    faults.extend(
        f"products/rate_limit.csv: risks {word} is not known" for word in sorted(named - risks)
    )
