"""Say what every code list and the product catalogue may hold, column by column."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

Row = dict[str, str | None]
Check = Callable[[str], str | None]

STATUS = ("seen", "seen_secondary", "derived", "recalled")
CODE_SYSTEMS = ("ICD10", "ICD10CM", "ICD9CM", "SNOMED")
MEDICINE_SYSTEMS = ("ATC", "RXNORM", "NAME")
TERM_SYSTEMS = ("NAME", "MEDDRA", "ICD10CM", "SNOMED")
ANCHORS = ("session_start", "session_end", "course_start", "course_end")
"""From where the hours of an event's window are counted."""
REGIONS = ("US", "EU")
"""Whose labels of a product are read."""
RATE_TIERS = {"maximum": ("tolerated", "at_risk"), "start": ("first", "later")}
"""The tiers beside `general` of a highest rate, and of a start and its steps."""
SUGARS = ("sucrose", "maltose", "sorbitol", "proline", "glucose", "glycine")


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
    fits: Callable[[Row], str | None] = lambda row: None  # noqa: ARG005 - most rows need no more
    """What is wrong with a row whose cells are all right by themselves."""


def _text(value: str) -> str | None:
    return None if value == value.strip() else "has blanks around it"


def _upper(value: str) -> str | None:
    return None if value == " ".join(value.upper().split()) else "must be upper case, single blanks"


def _lower(value: str) -> str | None:
    words = " ".join(value.lower().replace("-", " ").split())
    return None if value == words else "must be lower case, without hyphens, single blanks"


def _number(value: str) -> str | None:
    try:
        exact = Decimal(value)
    except InvalidOperation:
        return "must be a number"
    return None if exact.is_finite() and exact >= 0 else "must be a number of zero or more"


def _whole(value: str) -> str | None:
    return None if value.isdecimal() else "must be a whole number"


def _vaccine_code(value: str) -> str | None:
    is_cvx = value.isdecimal() and value == value.lstrip("0").zfill(2)
    return None if is_cvx else "must be a CVX code, with two digits or more"


def _hcpcs(value: str) -> str | None:
    return (
        None
        if re.fullmatch("[A-V][0-9]{4}", value)
        else "must be an HCPCS code, a letter and four digits"
    )


def _sizes(value: str) -> str | None:
    return next((fault for size in value.split() if (fault := _number(size))), None)


def _one_of(*allowed: str) -> Check:
    def check(value: str) -> str | None:
        return None if value in allowed else f"must be one of {', '.join(allowed)}"

    return check


def _words(*allowed: str) -> Check:
    def check(value: str) -> str | None:
        unknown = [word for word in value.split() if word not in allowed]
        return f"{', '.join(unknown)}: must be of {', '.join(allowed)}" if unknown else None

    return check


def _sign(row: Row) -> str | None:
    """Return what a sign of a risk lacks, or has too much of."""
    by_code = {"diagnosis": CODE_SYSTEMS, "medicine": MEDICINE_SYSTEMS}
    systems = by_code.get(row["sign"] or "")
    if systems is not None and row["code_system"] not in systems:
        return f"code_system: must be one of {', '.join(systems)}"
    if systems is None and row["code_system"] is not None:
        return "code_system: belongs to a diagnosis or a medicine"
    is_measured = row["sign"] in ("age", "body_mass")
    if is_measured == (row["code_pattern"] is not None):
        return "code_pattern: age and body_mass have limits in its place, other signs need it"
    if is_measured == (row["at_least"] is None and row["below"] is None):
        return "at_least, below: belong to age and body_mass, and one of them is needed"
    return None


def _window(row: Row) -> str | None:
    """Return what is wrong with the window of an event."""
    start, end = row["from_anchor"] or "", row["to_anchor"] or ""
    if start.split("_")[0] != end.split("_")[0]:
        return "from_anchor, to_anchor: both of a session or both of a course"
    if (row["window_status"] == "recalled") != (row["window_source"] is None):
        return "window_source: is missing, or belongs to a window that was read"
    return None


def _named(row: Row) -> str | None:
    """Return what is wrong with a term for its code system."""
    is_name, term = row["code_system"] == "NAME", row["term"] or ""
    fault = _lower(term) if is_name else _upper(term)
    return f"term: {fault}" if fault else None


def _billed(row: Row) -> str | None:
    """Return what is wrong with the unit a code is billed by."""
    if row["unit_mg"] is not None and int(row["unit_mg"]) == 0:
        return "unit_mg: must be above zero; leave it out where nobody read it"
    if (row["status"] == "recalled") != (row["source"] is None):
        return "source: is missing, or belongs to a unit that was read"
    return None


def _held(row: Row) -> str | None:
    """Return what is wrong with what a product is said to contain."""
    given = (row["contains"] is not None, row["contains_status"] is not None)
    return "contains and contains_status belong together" if given[0] != given[1] else None


def _rate(row: Row) -> str | None:
    """Return what is wrong with a rate of a label whose cells are all right by themselves."""
    what, tier = row["what"] or "", row["tier"] or ""
    has = {name: cell is not None for name, cell in row.items()}
    others = RATE_TIERS["start" if what == "maximum" else "maximum"]
    is_wrong = {
        "value and unit belong together": has["value"] != has["unit"],
        "value and comparator belong together": has["value"] != has["comparator"],
        "value: is missing; a rate that nobody read is left out": what != "step"
        and not has["value"],
        "value, minutes: a step needs one of them": not (has["value"] or has["minutes"]),
        "minutes: a maximum has none": has["minutes"] and what == "maximum",
        "minutes: hold for any indication": has["minutes"] and row["indication_code"] != "any",
        "indication_code: a step holds for any": what == "step" and row["indication_code"] != "any",
        "risks: belong to the tier at_risk, and only to it": (tier == "at_risk") != has["risks"],
        "condition: belongs to the tier tolerated, and only to it": (tier == "tolerated")
        != has["condition"],
        "min_age_years: belongs to the tier tolerated": has["min_age_years"]
        and tier != "tolerated",
        f"tier: {tier} is none of a rate of this kind": tier in others,
        "status: a recalled rate is left out": row["status"] == "recalled",
    }
    return next((fault for fault, holds in is_wrong.items() if holds), None)


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
            "code_system": Column(_one_of(*MEDICINE_SYSTEMS), is_required=True),
            "code_pattern": Column(_upper, is_required=True),
            "status": _STATUS,
            "source": _FREE,
        },
    ),
    CodeList(
        "codelists/risk_factor.csv",
        ("risk_factor", "sign", "code_system", "code_pattern"),
        {
            "risk_factor": _FILLED,
            "name": _FILLED,
            "sign": Column(
                _one_of("diagnosis", "medicine", "event", "patient", "age", "body_mass"),
                is_required=True,
            ),
            "code_system": _FREE,
            "code_pattern": _FREE,
            "at_least": _AMOUNT,
            "below": _AMOUNT,
            "within_days": Column(_whole),
            "is_passing": _FLAG,
            "is_effect": _FLAG,
            "is_decisive": _FLAG,
            "status": _STATUS,
            "source": _FREE,
            "note": _FREE,
        },
        fits=_sign,
    ),
    CodeList(
        "codelists/vaccine.csv",
        ("vaccine_code",),
        {
            "vaccine_code": Column(_vaccine_code, is_required=True),
            "name": _FILLED,
            "contains": _FILLED,
            "is_live": _FLAG,
            "is_exempt": _FLAG,
            "status": _STATUS,
            "source": _FREE,
            "note": _FREE,
        },
    ),
    CodeList(
        "codelists/immunity_test.csv",
        ("component", "test_code"),
        {
            "component": _FILLED,
            "test_code": _FILLED,
            "name": _FILLED,
            "status": _STATUS,
            "source": _FREE,
        },
    ),
    CodeList(
        "codelists/event.csv",
        ("event_code",),
        {
            "event_code": _FILLED,
            "name": _FILLED,
            "from_anchor": Column(_one_of(*ANCHORS), is_required=True),
            "from_hours": Column(_whole, is_required=True),
            "to_anchor": Column(_one_of(*ANCHORS), is_required=True),
            "to_hours": Column(_whole, is_required=True),
            "window_status": _STATUS,
            "window_source": _FREE,
            "part_of": _FREE,
            "is_medically_important": _FLAG,
            "note": _FREE,
        },
        fits=_window,
    ),
    CodeList(
        "codelists/event_term.csv",
        ("term",),
        {
            "event_code": _FILLED,
            "code_system": Column(_one_of(*TERM_SYSTEMS), is_required=True),
            "term": _FILLED,
            "status": _STATUS,
            "source": _FREE,
        },
        fits=_named,
    ),
    CodeList(
        "codelists/event_rate.csv",
        ("event_code", "place"),
        {
            "event_code": _FILLED,
            "place": Column(_whole, is_required=True),
            "numerator": Column(
                _one_of("events", "patients", "reports", "excess", "not_stated"), is_required=True
            ),
            "n_events": Column(_whole),
            "denominator": Column(
                _one_of(
                    "sessions", "courses", "patients", "reports", "patient_years", "not_stated"
                ),
                is_required=True,
            ),
            "n_units": Column(_whole),
            "ascertainment": Column(
                _one_of("reported", "study", "claims", "laboratory", "not_stated"),
                is_required=True,
            ),
            "population": _FILLED,
            "printed": _FILLED,
            "status": _STATUS,
            "source": _FILLED,
            "note": _FREE,
        },
    ),
    CodeList(
        "codelists/seriousness.csv",
        ("term",),
        {
            "criterion": _FILLED,
            "term": Column(_lower, is_required=True),
            "clock_days": Column(_whole, is_required=True),
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
            "contains": Column(_words(*SUGARS)),
            "contains_status": Column(_one_of(*STATUS)),
            "iga_ug_per_ml": _AMOUNT,
            "iga_kind": Column(_one_of("maximum", "average")),
            "status": _STATUS,
            "source": _FREE,
            "note": _FREE,
        },
        fits=_held,
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
    CodeList(
        "products/billing_code.csv",
        ("hcpcs_code",),
        {
            "hcpcs_code": Column(_hcpcs, is_required=True),
            "unit_mg": Column(_whole),
            "status": _STATUS,
            "source": _FREE,
            "note": _FREE,
        },
        fits=_billed,
    ),
    CodeList(
        "products/rate_limit.csv",
        ("product_id", "region", "what", "indication_code", "tier", "unit"),
        {
            "product_id": _FILLED,
            "region": Column(_one_of(*REGIONS), is_required=True),
            "what": Column(_one_of("maximum", "initial", "step"), is_required=True),
            "indication_code": _FILLED,
            "tier": Column(
                _one_of("general", *(tier for some in RATE_TIERS.values() for tier in some)),
                is_required=True,
            ),
            "risks": _FREE,
            "min_age_years": _AMOUNT,
            "value": _AMOUNT,
            "unit": Column(_one_of("mg/kg/min", "ml/kg/h", "ml/kg/min")),
            "comparator": Column(_one_of("<", "<=")),
            "minutes": Column(_whole),
            "condition": _FREE,
            "status": _STATUS,
            "source": _FREE,
            "note": _FREE,
        },
        fits=_rate,
    ),
)
