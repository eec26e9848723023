"""Say what became of the administrations of one patient in FHIR, by reading them one after another.

Written from docs/sources/fhir-r4.md. Grams are Decimals, or None where nobody knows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Resource = dict[str, Any]

PRODUCT, CODE, OTHER = "Privigen", "X815", "Paracetamol"
CONCENTRATION = Decimal("0.1")  # grams in a millilitre of the product
SMALLEST_VIAL_G = Decimal("0.5")
INFUSIONS = {
    "read", "read_by_strength", "no_grams", "product_unknown", "not_given", "unfinished",
    "status_unsure", "part_unclear", "modifier_unknown",
}  # fmt: skip


@dataclass(frozen=True)
class Told:
    """What one administration says of itself, before others are looked at."""

    name: str
    is_globulin: bool
    is_denied_as: str | None
    grams: Decimal | None
    rate: str | None
    parent: str | None
    unit: str | None


def read(doses: list[Resource]) -> dict[str, tuple[str, bool]]:
    """Return by id what became of every administration of a patient, and whether an infusion."""
    has_product = any(_medicine(dose) == PRODUCT for dose in doses)
    told = {dose["id"]: _told(dose, has_product=has_product) for dose in doses}
    fates = {dose["id"]: _fate(dose, told) for dose in doses}
    return {
        name: (fate, told[name].is_globulin and fate in INFUSIONS) for name, fate in fates.items()
    }


def infusion(dose: Resource, fate: str) -> tuple[object, ...]:
    """Return product, start, end, status, grams and rate of an infusion that is read."""
    period = dose.get("effectivePeriod", {})
    status: str | None = dose["status"]
    if fate == "modifier_unknown":
        status = "modifierExtension"
    elif fate == "not_given":
        status = "not_given"
    elif status not in ("completed", "stopped"):
        status = None
    started = period.get("start", dose.get("effectiveDateTime"))
    is_known = fate not in ("unfinished", "status_unsure", "part_unclear")
    given = _grams(dose) if is_known else None
    return _medicine(dose), started, period.get("end"), status, given, rate(dose)


def whole_of(dose: Resource) -> str:
    """Return the id of the dose that this one is a part of."""
    return str(dose["partOf"][0]["reference"]).rsplit("/", maxsplit=1)[-1]


def _grams(dose: Resource) -> Decimal | None:
    """Return the grams of a dose: in grams, milligrams, or millilitres of the known product."""
    amount = dose.get("dosage", {}).get("dose")
    if amount is None or "comparator" in amount:
        return None
    number = Decimal(str(amount["value"]))
    if amount["code"] == "g":
        return number
    if amount["code"] == "mg":
        return number / 1000
    return number * CONCENTRATION if amount["code"] == "mL" and _medicine(dose) == PRODUCT else None


def rate(dose: Resource) -> str | None:
    """Return millilitres an hour, of a quantity or of a ratio to one hour."""
    dosage = dose.get("dosage", {})
    if "rateQuantity" in dosage:
        quantity = dosage["rateQuantity"]
        return str(quantity["value"]) if quantity["code"] == "mL/h" else None
    if "rateRatio" in dosage:
        upper, lower = dosage["rateRatio"]["numerator"], dosage["rateRatio"]["denominator"]
        is_hourly = upper["code"] == "mL" and lower["code"] == "h" and lower["value"] == 1
        return str(upper["value"]) if is_hourly else None
    return None


def _medicine(dose: Resource) -> str:
    concept = dose["medicationCodeableConcept"]
    return str(concept["text"] if "text" in concept else concept["coding"][0]["code"])


def _told(dose: Resource, *, has_product: bool) -> Told:
    amount = dose.get("dosage", {}).get("dose", {})
    unit = None if "comparator" in amount else amount.get("code")
    known = _grams(dose)
    may_be = unit in (None, "g", "mg", "mL") and (known is None or known >= SMALLEST_VIAL_G)
    medicine = _medicine(dose)
    is_globulin = medicine == PRODUCT or (medicine == CODE and has_product and may_be)
    parent = whole_of(dose) if "partOf" in dose else None
    return Told(dose["id"], is_globulin, _denied(dose), known, rate(dose), parent, unit)


def _denied(dose: Resource) -> str | None:
    method = dose.get("dosage", {}).get("method", {}).get("text")
    if dose["status"] == "entered-in-error":
        return "entered_in_error"
    if "modifierExtension" in dose:
        return "modifier_unknown"
    if method == "Rate Change":
        return "no_dose"
    if method == "Not Given" or dose["status"] == "not-done":
        return "not_given"
    return None


def _fate(dose: Resource, told: dict[str, Told]) -> str:  # noqa: PLR0911 - one question at a time
    own = told[dose["id"]]
    if own.is_denied_as is not None:
        return own.is_denied_as
    if not own.is_globulin:
        return "medicine_not_listed"
    whole = told.get(own.parent) if own.parent is not None and own.parent != own.name else None
    if whole is not None and whole.is_globulin:
        if whole.parent is not None:
            return "part_unclear"
        if own.grams is None and own.rate is not None:
            return "rate_step"
        if _counts(whole):
            return "part_of"
    held = [one for one in told.values() if one.parent == own.name and one.is_globulin]
    if own.grams is None and any(_counts(one) for one in held):
        return "frame"
    return _plain(dose, own)


def _counts(one: Told) -> bool:
    return one.is_denied_as is None and one.grams is not None


def _plain(dose: Resource, own: Told) -> str:
    """Return the fate of a dose that is no part and holds none."""
    if dose["status"] in ("in-progress", "on-hold"):
        return "unfinished"
    if dose["status"] == "unknown":
        return "status_unsure"
    if _medicine(dose) == CODE:
        return "product_unknown"
    if own.grams is None:
        return "no_grams"
    return "read_by_strength" if own.unit == "mL" else "read"
