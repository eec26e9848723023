"""Say what the lists of laboratory tests, units and case definitions may hold."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from math import prod

from pipeline.guidelines.listed import STATUS, CodeList, Column, Row

ANALYTES = "codelists/lab_analyte.csv"
TESTS = "codelists/lab_test.csv"
UNITS = "codelists/lab_unit.csv"
DEFINITIONS = "codelists/event_definition.csv"
CRITERIA = "codelists/event_criterion.csv"

_PLACES = 8
"""A figure has at most so many decimals, so that value times factor stays exact."""


def fold(unit: str) -> str:
    """Return a unit as it is compared: upper case, no blanks, `u` for micro.

    UCUM tells upper from lower case; no two units that one test may have differ in that alone.
    """
    return "".join(unit.replace("\u00b5", "u").replace("\u03bc", "u").split()).upper()


def _text(value: str) -> str | None:
    return None if value == value.strip() else "has blanks around it"


def _amount(value: str) -> str | None:
    try:
        exact = Decimal(value)
    except InvalidOperation:
        return "must be a number"
    exponent = exact.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -_PLACES:
        return f"must be a number with at most {_PLACES} decimals"
    return None


def _above_zero(value: str) -> str | None:
    return _amount(value) or (None if Decimal(value) > 0 else "must be above zero")


def _folded(value: str) -> str | None:
    wrong = [word for word in value.split() if fold(word) != word]
    return f"{', '.join(wrong)}: must be upper case, with u for micro" if wrong else None


def _loinc(value: str) -> str | None:
    return None if re.fullmatch(r"\d{1,7}-\d", value) else "must be a LOINC code"


def _one_of(*allowed: str) -> Column:
    def check(value: str) -> str | None:
        return None if value in allowed else f"must be one of {', '.join(allowed)}"

    return Column(check, is_required=True)


def _bounds(row: Row) -> str | None:
    """Return what is wrong with the limits of what an analyte can be."""
    filled = [row[name] is not None for name in ("canonical_unit", "least", "most")]
    if any(filled) != all(filled):
        return "canonical_unit, least, most: belong together"
    if all(filled) and not Decimal(row["least"] or "") < Decimal(row["most"] or ""):
        return "least: must lie below most"
    return None


def _conversion(row: Row) -> str | None:
    """Return what is wrong with how a unit is converted."""
    filled = [row[name] is not None for name in ("add_first", "multiply_by", "divide_by")]
    if row["is_ambiguous"] == "true":
        return "add_first, multiply_by, divide_by: an ambiguous unit has none" * any(filled) or None
    if not all(filled):
        return "add_first, multiply_by, divide_by: are missing"
    return "status: a recalled factor is left out" if row["status"] == "recalled" else None


def _criterion(row: Row) -> str | None:
    """Return what is wrong with one criterion of a case definition."""
    is_ratio, is_value = row["measure"] == "ratio", row["measure"] == "value"
    is_wrong = {
        "unit: a ratio has none, a rise and a value need one": is_ratio != (row["unit"] is None),
        "within_hours: a value has none, a rise and a ratio need them": is_value
        != (row["within_hours"] is None),
        "status: a recalled criterion is left out": row["status"] == "recalled",
    }
    return next((fault for fault, holds in is_wrong.items() if holds), None)


_FILLED = Column(_text, is_required=True)
_FREE = Column(_text)
_AMOUNT = Column(_amount)
_WHOLE = Column(lambda value: None if value.isdecimal() else "must be a whole number")
_COUNT = Column(_WHOLE.check, is_required=True)
_FLAG = _one_of("true", "false")
_STATUS = _one_of(*STATUS)
_SOURCED = {"status": _STATUS, "source": _FILLED}

LABORATORY_LISTS = (
    CodeList(
        ANALYTES,
        ("analyte",),
        {
            "analyte": _FILLED,
            "name": _FILLED,
            "canonical_unit": _FREE,
            "least": _AMOUNT,
            "most": _AMOUNT,
            **_SOURCED,
            "note": _FREE,
        },
        fits=_bounds,
    ),
    CodeList(
        TESTS,
        ("test_code",),
        {
            "test_code": Column(_loinc, is_required=True),
            "analyte": _FILLED,
            "specimen": _FILLED,
            "name": _FILLED,
            **_SOURCED,
            "note": _FREE,
        },
    ),
    CodeList(
        UNITS,
        ("analyte", "unit"),
        {
            "analyte": _FILLED,
            "unit": _FILLED,
            "also": Column(_folded),
            "add_first": _AMOUNT,
            "multiply_by": Column(_above_zero),
            "divide_by": Column(_above_zero),
            "is_ambiguous": _FLAG,
            **_SOURCED,
            "note": _FREE,
        },
        fits=_conversion,
    ),
    CodeList(
        DEFINITIONS,
        ("definition_id",),
        {
            "definition_id": _FILLED,
            "event": _FILLED,
            "title": _FILLED,
            "window_hours": _COUNT,
            "window_status": _STATUS,
            "window_source": _FILLED,
            "resolution_at_most": Column(_above_zero, is_required=True),
            "resolution_unit": _FILLED,
            "resolution_status": _STATUS,
            "resolution_source": _FILLED,
            **_SOURCED,
            "note": _FREE,
        },
    ),
    CodeList(
        CRITERIA,
        ("definition_id", "stage", "measure", "unit"),
        {
            "definition_id": _FILLED,
            "stage": _COUNT,
            "analyte": _FILLED,
            "measure": _one_of("rise", "ratio", "value"),
            "at_least": Column(_above_zero, is_required=True),
            "unit": _FREE,
            "within_hours": _WHOLE,
            "needs_event": _FLAG,
            **_SOURCED,
        },
        fits=_criterion,
    ),
)


def laboratory_faults(rows: dict[str, list[Row]]) -> list[str]:
    """Return what is wrong with the laboratory lists seen together, by file and line."""
    analytes = {row["analyte"] for row in rows[ANALYTES]}
    faults = [
        f"{path}: line {line}: analyte {row['analyte']} is not in {ANALYTES}"
        for path in (TESTS, UNITS, CRITERIA)
        for line, row in enumerate(rows[path], start=2)
        if row["analyte"] not in analytes
    ]
    return faults + _spelt_twice(rows) + _without_canonical(rows) + _of_definitions(rows)


def _spelt_twice(rows: dict[str, list[Row]]) -> list[str]:
    """Name spellings by which one analyte could have two units."""
    faults = []
    seen: dict[tuple[str | None, str], int] = {}
    for line, row in enumerate(rows[UNITS], start=2):
        for spelling in spellings(row):
            key = (row["analyte"], spelling)
            if key in seen:
                faults.append(
                    f"{UNITS}: line {line}: {row['analyte']} {spelling} stands in line {seen[key]}"
                )
            seen.setdefault(key, line)
    return faults


def _without_canonical(rows: dict[str, list[Row]]) -> list[str]:
    """Name analytes whose canonical unit is not the unit with the factor 1."""
    plain = {
        (row["analyte"], row["unit"])
        for row in rows[UNITS]
        if all(
            Decimal(row[name] or "NaN") == value
            for name, value in (("add_first", 0), ("multiply_by", 1), ("divide_by", 1))
        )
    }
    return [
        f"{ANALYTES}: line {line}: canonical_unit: {row['canonical_unit']} is no unit of"
        f" {row['analyte']} with the factor 1 in {UNITS}"
        for line, row in enumerate(rows[ANALYTES], start=2)
        if row["canonical_unit"] and (row["analyte"], row["canonical_unit"]) not in plain
    ]


def _of_definitions(rows: dict[str, list[Row]]) -> list[str]:
    """Name criteria that belong to no definition or speak in an unknown unit."""
    known = {row["definition_id"] for row in rows[DEFINITIONS]}
    units = {(row["analyte"], row["unit"]) for row in rows[UNITS]}
    faults = []
    for line, row in enumerate(rows[CRITERIA], start=2):
        if row["definition_id"] not in known:
            faults.append(f"{CRITERIA}: line {line}: definition_id is not in {DEFINITIONS}")
        if row["unit"] and (row["analyte"], row["unit"]) not in units:
            faults.append(f"{CRITERIA}: line {line}: unit: {row['unit']} is not in {UNITS}")
    return faults


def spellings(row: Row) -> list[str]:
    """Return every way to write a unit, folded: its UCUM code first."""
    return list(dict.fromkeys([fold(row["unit"] or ""), *(row["also"] or "").split()]))


def analyte_rows(rows: dict[str, list[Row]]) -> list[dict[str, object]]:
    """Return the analytes, each with the divisor that makes its factors finite decimals."""
    return [{**row, "divisor": _divisor(rows, row["analyte"])} for row in rows[ANALYTES]]


def unit_rows(rows: dict[str, list[Row]]) -> list[dict[str, object]]:
    """Return one row per analyte and spelling of a unit, numbered by unit.

    `exact_factor` leads to the canonical value times the analyte's divisor: a finite decimal,
    so that limits can be tested without dividing.
    """
    return [
        {**row, "lab_unit_key": key, "spelling": spelling, "exact_factor": _exact(rows, row)}
        for key, row in enumerate(rows[UNITS], start=1)
        for spelling in spellings(row)
    ]


def criterion_rows(rows: dict[str, list[Row]]) -> list[dict[str, object]]:
    """Return the criteria, each limit also in the exact measure of its analyte."""
    factor = {(row["analyte"], row["unit"]): _exact(rows, row) for row in rows[UNITS]}
    return [
        {**row, "exact_at_least": _limit(row, factor.get((row["analyte"], row["unit"])))}
        for row in rows[CRITERIA]
    ]


def _limit(row: Row, factor: Decimal | None) -> Decimal:
    at_least = Decimal(row["at_least"] or "")
    return at_least if factor is None else at_least * factor


def _divisor(rows: dict[str, list[Row]], analyte: str | None) -> Decimal:
    return prod(_divisors(rows[UNITS], analyte), start=Decimal(1))


def _divisors(units: Iterable[Row], analyte: str | None) -> set[Decimal]:
    return {
        Decimal(row["divide_by"]) for row in units if row["analyte"] == analyte and row["divide_by"]
    }


def _exact(rows: dict[str, list[Row]], row: Row) -> Decimal | None:
    if row["multiply_by"] is None:
        return None
    others = _divisors(rows[UNITS], row["analyte"]) - {Decimal(row["divide_by"] or "")}
    return Decimal(row["multiply_by"]) * prod(others, start=Decimal(1))


def exact_factor(
    rows: dict[str, list[Row]], analyte: str | None, unit: str | None
) -> Decimal | None:
    """Return what leads from a unit to the exact measure of its analyte."""
    found = [row for row in rows[UNITS] if (row["analyte"], row["unit"]) == (analyte, unit)]
    return _exact(rows, found[0]) if found else None
