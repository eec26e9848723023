"""Read the code lists and the product catalogue, and report every fault in them together."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path

Row = dict[str, str | None]
Check = Callable[[str], str | None]

STATUS = ("seen", "seen_secondary", "derived", "recalled")
CODE_SYSTEMS = ("ICD10", "ICD10CM", "ICD9CM", "SNOMED")


@dataclass(frozen=True)
class Column:
    """What one column of a code list may hold."""

    check: Check
    is_required: bool = False


@dataclass(frozen=True)
class CodeList:
    """One file of codes: its columns and what makes a row unique."""

    path: str
    key: tuple[str, ...]
    columns: dict[str, Column]


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
    lists = CodeLists({item.path: _read(folder, item, faults) for item in CODE_LISTS})
    if not faults:
        _check_links(lists, faults)
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
    return faults


def _check_links(lists: CodeLists, faults: list[str]) -> None:
    """Name codes that point at nothing."""
    indications = lists.codes("codelists/indication.csv", "indication_code")
    products = lists.codes("products/product.csv", "product_id")
    formulas = lists.codes("codelists/ideal_weight.csv", "ideal_formula")
    for path, column, known in (
        ("codelists/indication_alias.csv", "indication_code", indications),
        ("codelists/diagnosis_code.csv", "indication_code", indications),
        ("products/alias.csv", "product_id", products),
        ("codelists/weight_policy.csv", "ideal_formula", formulas),
        ("codelists/weight_policy.csv", "child_ideal_formula", formulas),
    ):
        unknown = sorted(lists.codes(path, column) - known)
        faults.extend(f"{path}: {column} {code} is not known" for code in unknown)


def _text(value: str) -> str | None:
    return None if value == value.strip() else "has blanks around it"


def _upper(value: str) -> str | None:
    return None if value == " ".join(value.upper().split()) else "must be upper case, single blanks"


def _number(value: str) -> str | None:
    try:
        exact = Decimal(value)
    except InvalidOperation:
        return "must be a number"
    return None if exact.is_finite() and exact >= 0 else "must be a number of zero or more"


def _whole(value: str) -> str | None:
    return None if value.isdecimal() else "must be a whole number"


def _sizes(value: str) -> str | None:
    return next((fault for size in value.split() if (fault := _number(size))), None)


def _one_of(*allowed: str) -> Check:
    def check(value: str) -> str | None:
        return None if value in allowed else f"must be one of {', '.join(allowed)}"

    return check


_TRUTH = _one_of("true", "false")
_FILLED = Column(_text, is_required=True)
_FREE = Column(_text)
_AMOUNT = Column(_number)
_STATUS = Column(_one_of(*STATUS), is_required=True)
_FLAG = Column(_TRUTH, is_required=True)

CODE_LISTS = (
    CodeList(
        "codelists/indication.csv",
        ("indication_code",),
        {
            "indication_code": _FILLED,
            "name": _FILLED,
            "min_age_years": _AMOUNT,
            "max_age_years": _AMOUNT,
            "course_gap_days": Column(_whole),
            "episode_window_days": Column(_whole),
            "note": _FREE,
        },
    ),
    CodeList(
        "codelists/indication_alias.csv",
        ("alias",),
        {"alias": Column(_upper, is_required=True), "indication_code": _FILLED},
    ),
    CodeList(
        "codelists/diagnosis_code.csv",
        ("code_system", "code_pattern", "indication_code", "requires_pattern"),
        {
            "code_system": Column(_one_of(*CODE_SYSTEMS), is_required=True),
            "code_pattern": Column(_upper, is_required=True),
            "indication_code": _FILLED,
            "requires_pattern": Column(_upper),
            "is_hint_only": _FLAG,
            "status": _STATUS,
            "source": _FREE,
            "note": _FREE,
        },
    ),
    CodeList(
        "codelists/medicine.csv",
        ("medicine", "code_system", "code_pattern"),
        {
            "medicine": _FILLED,
            "code_system": Column(_one_of("ATC", "RXNORM", "NAME"), is_required=True),
            "code_pattern": Column(_upper, is_required=True),
            "status": _STATUS,
            "source": _FREE,
        },
    ),
    CodeList(
        "codelists/ideal_weight.csv",
        ("ideal_formula", "sex"),
        {
            "ideal_formula": _FILLED,
            "sex": Column(_one_of("F", "M"), is_required=True),
            "shape": Column(_one_of("linear", "exponential"), is_required=True),
            "base_kg": Column(_number, is_required=True),
            "slope_kg": _AMOUNT,
            "origin_height_cm": _AMOUNT,
            "unit_cm": _AMOUNT,
            "exponent_per_cm": _AMOUNT,
            "status": _STATUS,
            "source": _FREE,
        },
    ),
    CodeList(
        "codelists/weight_policy.csv",
        ("weight_policy",),
        {
            "weight_policy": _FILLED,
            "title": _FILLED,
            "has_formula": _FLAG,
            "adult_rule": Column(_one_of("actual", "ideal", "adjusted")),
            "child_rule": Column(_one_of("actual", "ideal", "as_adult_by_size")),
            "ideal_formula": _FREE,
            "child_ideal_formula": _FREE,
            "adjust_factor": _AMOUNT,
            "never_below_height_cm": _AMOUNT,
            "size_min_height_cm": _AMOUNT,
            "size_over_m_kg": _AMOUNT,
            "size_over_f_kg": _AMOUNT,
            "bmi_over": _AMOUNT,
            "ideal_ratio_over": _AMOUNT,
            "status": _STATUS,
            "source": _FREE,
            "note": _FREE,
        },
    ),
    CodeList(
        "products/product.csv",
        ("product_id",),
        {
            "product_id": _FILLED,
            "brand": _FILLED,
            "manufacturer": _FREE,
            "kind": Column(_one_of("ivig", "scig", "imig", "hyperimmune"), is_required=True),
            "is_iv": _FLAG,
            "is_sc": _FLAG,
            "is_im": _FLAG,
            "is_generic": _FLAG,
            "concentration_g_per_l": _AMOUNT,
            "vials_g": Column(_sizes),
            "stabiliser": _FREE,
            "iga_ug_per_ml": _AMOUNT,
            "iga_kind": Column(_one_of("maximum", "average")),
            "status": _STATUS,
            "source": _FREE,
            "note": _FREE,
        },
    ),
    CodeList(
        "products/alias.csv",
        ("alias",),
        {
            "alias": Column(_upper, is_required=True),
            "alias_kind": Column(
                _one_of("brand", "name", "ndc11", "ndc9", "hcpcs", "atc"), is_required=True
            ),
            "product_id": _FILLED,
            "status": _STATUS,
        },
    ),
)
