"""Work out the grams of drug exposures as slowly and plainly as can be."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

Row = dict[str, str]

HAPPENED = {
    "32818": "given", "38000180": "given", "32825": "issued", "32869": "issued",
    "32838": "ordered", "32830": "listed", "32859": "claimed", "32817": "?", "": "?",
}  # fmt: skip
UNITS = {
    "g": ("mass", "1"), "MG": ("mass", "0.001"), "mL": ("volume", "1"), "L": ("volume", "1000"),
    "vial": ("piece", "1"), "": None, "boxes": None,
}  # fmt: skip
DRUGS: dict[str, list[Row]] = {
    "11": [{"numerator_value": "100", "numerator_unit_concept_id": "8576",
            "denominator_unit_concept_id": "8587"}],
    "12": [{"numerator_value": "10", "numerator_unit_concept_id": "8504",
            "denominator_value": "100", "denominator_unit_concept_id": "8587"}],
    "13": [{"amount_value": "5000", "amount_unit_concept_id": "8576"}],
    "14": [{"amount_value": "5000", "amount_unit_concept_id": "8576"},
           {"amount_value": "1", "amount_unit_concept_id": "8504"}],
    "15": [{"amount_value": "5", "amount_unit_concept_id": "8504", "box_size": "10"}],
    "16": [],
    "17": [{"amount_value": "5000", "amount_unit_concept_id": "8510"}],
}  # fmt: skip
"""By drug concept, all of them Privigen: its rows of DRUG_STRENGTH."""
_GRAMS = {"8576": Decimal("0.001"), "8504": Decimal(1)}


def fate(row: Row) -> tuple[str, Decimal | None]:
    """Return what became of an exposure to an immune globulin, and its grams."""
    happened = HAPPENED[row["drug_type_concept_id"]]
    reason = _reason(row, happened)
    if reason is not None:
        return reason, None
    grams = _grams(row)
    if isinstance(grams, str):
        return grams, None
    return ("issued" if happened == "issued" else "read"), grams


def _reason(row: Row, happened: str) -> str | None:
    """Return the first thing that stands in the way of grams, before strengths are looked at."""
    is_long = happened == "given" and row["drug_exposure_end_date"] == "2025-03-04"
    obstacles = [
        (happened in ("ordered", "listed"), happened),
        (happened == "?", "type_unknown"),
        (happened == "claimed" or row["drug_source_value"] == "J1459", "quantity_of_claim"),
        (not row["quantity"], "quantity_missing"),
        ((_number(row["quantity"]) or 0) <= 0, "quantity_unread"),
        (UNITS[row["dose_unit_source_value"]] is None, "quantity_unit_unknown"),
        (is_long, "several_days"),  # it began on the second
    ]
    return next((reason for stands, reason in obstacles if stands), None)


def _number(text: str) -> Decimal | None:
    if not text.replace(".", "", 1).isdecimal():
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _grams(row: Row) -> Decimal | str:
    told = UNITS[row["dose_unit_source_value"]]
    assert told is not None
    measure, factor = told
    amount = Decimal(row["quantity"]) * Decimal(factor)
    strengths = DRUGS[row["drug_concept_id"]]
    if measure == "mass":
        return _milligrams(amount)
    if not strengths:
        return "strength_missing"
    if len(strengths) > 1:
        return "several_ingredients"
    if "box_size" in strengths[0]:
        return "boxed"
    each = (_per_ml if measure == "volume" else _per_piece)(strengths[0])
    return "strength_unfit" if each is None else _milligrams(amount * each)


def _per_ml(strength: Row) -> Decimal | None:
    if "numerator_value" not in strength:
        return None
    grams = Decimal(strength["numerator_value"]) * _GRAMS[strength["numerator_unit_concept_id"]]
    return grams / Decimal(strength.get("denominator_value", "1"))


def _per_piece(strength: Row) -> Decimal | None:
    if "amount_value" in strength:
        factor = _GRAMS.get(strength["amount_unit_concept_id"])
        return None if factor is None else Decimal(strength["amount_value"]) * factor
    if "denominator_value" not in strength:
        return None
    return Decimal(strength["numerator_value"]) * _GRAMS[strength["numerator_unit_concept_id"]]


def _milligrams(grams: Decimal) -> Decimal:
    return grams.quantize(Decimal("0.001"), ROUND_HALF_UP)
