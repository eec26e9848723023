"""Lay the ledger of all grams out as steps: what came in, and where each part of it went."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from pipeline.render.tables import Row

_NONE: Final = Decimal(0)
_STEPS: Final = (
    ("authorised_g", "Authorised (beside)", "beside", 0),
    ("dispensed_g", "Dispensed", "in", 1),
    ("carried_in_g", "+ Carried in", "in", 1),
    ("infused_g", "− Infused", "given", -1),
    ("wasted_g", "− Wasted", "out", -1),
    ("returned_g", "− Returned", "out", -1),
    ("carried_out_g", "− Carried out", "out", -1),
    ("unexplained_g", "= Unexplained", "rest", -1),
)
"""Column, name, kind, and whether the grams come in, go out, or stand beside the sum."""


def steps(row: Row) -> list[dict[str, Any]]:
    """Return the steps in their order; a part that is none is left out, unexplained never is.

    Each begins where the one before it ended, so the last one ends at 0: the ledger closes.
    """
    found: list[dict[str, Any]] = []
    left = _NONE
    for column, name, kind, sign in _STEPS:
        grams = row[column]
        if grams is None and column != "unexplained_g":
            continue
        known = _NONE if grams is None else grams
        end = known if sign == 0 else left + sign * known
        start = _NONE if sign == 0 else left
        found.append({"name": name, "kind": kind, "grams": known, "start_g": start, "end_g": end})
        left = left if sign == 0 else end
    return found
