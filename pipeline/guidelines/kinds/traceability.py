"""What must be known of the lots and vials of a bag or an issue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from pipeline.guidelines.rules import Population, Record, Rule

_WORDS = {
    ("lot_missing", "infusion"): "a lot is recorded with every infusion",
    ("lot_missing", "dispensing"): "a lot is recorded with every dispensing",
    ("lot_differs", "infusion"): "the lots given are among those dispensed",
    ("vials_differ", "infusion"): "the vials add up to the grams given and discarded",
    ("vials_differ", "dispensing"): "the vials add up to the grams dispensed",
    ("lot_expired", "infusion"): "no lot is given after its expiry date",
}


class TraceabilityRule(Rule):
    """What must be known of the lots and vials of a bag or an issue."""

    WORD: ClassVar[str] = "TRACEABILITY"
    TABLES: ClassVar[dict[str, dict[str, str]]] = {
        "lot_rule": {"rule_key": "INTEGER", "problem": "VARCHAR", "place": "VARCHAR"}
    }

    kind: Literal["traceability"]
    problem: Literal["lot_missing", "lot_differs", "vials_differ", "lot_expired"]
    at: Literal["infusion", "dispensing"]

    @model_validator(mode="after")
    def can_be_asked(self) -> Self:
        """Refuse what cannot be asked there, and a rule for some patients only."""
        if (self.problem, self.at) not in _WORDS:
            raise ValueError(f"{self.problem} cannot be asked at the {self.at}")
        if self.indications != ("any",) or self.phase != "any" or self.population != Population():
            raise ValueError("a lot is asked of every bag: indications any, no phase, population")
        return self

    def rows(self) -> Iterator[tuple[str, Record]]:
        """Yield what is looked for and where."""
        yield "lot_rule", {"problem": self.problem, "place": self.at}

    def limits(self) -> Iterator[str]:
        """Yield what is asked, in words."""
        yield f"- {_WORDS[self.problem, self.at]}"
