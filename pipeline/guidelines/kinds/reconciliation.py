"""That every gram issued is infused, discarded or returned, and every gram infused was issued."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from pipeline.guidelines.entry import Many, Some
from pipeline.guidelines.rules import Record, Rule

Break = Literal[
    "not_infused",
    "infused_without_dispensing",
    "other_product",
    "other_lot",
    "grams_differ",
    "duplicate",
    "ambiguous_match",
]
_WORDS: dict[Break, str] = {
    "not_infused": "no dispensing without an infusion, a return or waste",
    "infused_without_dispensing": "no infusion without a dispensing",
    "other_product": "no other product infused than issued",
    "other_lot": "no other lot infused than issued",
    "grams_differ": "no other grams infused than issued",
    "duplicate": "no dispensing or infusion written down twice",
    "ambiguous_match": "no grams missing between records of which nobody can say which belong "
    "together",
}


class ReconciliationRule(Rule):
    """What the gram ledger must not hold."""

    WORD: ClassVar[str] = "RECONCILIATION"
    TABLES: ClassVar[dict[str, dict[str, str]]] = {
        "ledger_break": {
            "rule_key": "INTEGER",
            "break": "VARCHAR",
            "place": "INTEGER",
            "severity": "VARCHAR",
        }
    }

    kind: Literal["reconciliation"]
    breaks: Some[Break]
    advisory: Many[Break] = ()

    @model_validator(mode="after")
    def advises_on_what_it_names(self) -> Self:
        """Refuse a break named twice, and advice on one that the rule does not name."""
        if len(set(self.breaks)) < len(self.breaks):
            raise ValueError("breaks: one is named twice")
        if missing := sorted(set(self.advisory) - set(self.breaks)):
            raise ValueError(f"advisory: {', '.join(missing)} is not among the breaks")
        return self

    def rows(self) -> Iterator[tuple[str, Record]]:
        """Yield one row per break, the one that is told first of several first."""
        for place, word in enumerate(self.breaks, start=1):
            severity = "advisory" if word in self.advisory else None
            yield "ledger_break", {"break": word, "place": place, "severity": severity}

    def limits(self) -> Iterator[str]:
        """Yield what the ledger must not hold, in words."""
        for word in self.breaks:
            yield f"- {_WORDS[word]}" + (" (advisory)" if word in self.advisory else "")
