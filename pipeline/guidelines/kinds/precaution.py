"""A risk of the patient that speaks against a product, or against any immunoglobulin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from pipeline.guidelines.codelists import CodeLists
from pipeline.guidelines.entry import Many
from pipeline.guidelines.rules import Record, Rule, Text

Content = Literal["sucrose", "maltose", "sorbitol", "proline", "glucose", "glycine"]


class PrecautionRule(Rule):
    """A risk of the patient that speaks against a product, or any immunoglobulin."""

    WORD: ClassVar[str] = "PRECAUTION"
    TABLES: ClassVar[dict[str, dict[str, str]]] = {
        "precaution": {"rule_key": "INTEGER", "product_contains": "VARCHAR"},
        "precaution_risk": {
            "rule_key": "INTEGER",
            "risk_factor": "VARCHAR",
            "is_alternative": "BOOLEAN",
        },
    }

    kind: Literal["precaution"]
    product_contains: Content | None = None
    all_of: Many[Text] = ()
    any_of: Many[Text] = ()

    @model_validator(mode="after")
    def asks_for_a_risk(self) -> Self:
        """Refuse a rule that asks for no risk, and one that asks for the same risk twice."""
        risks = (*self.all_of, *self.any_of)
        if not risks:
            raise ValueError("needs a risk: give all_of, any_of or both")
        if len(set(risks)) != len(risks):
            raise ValueError("names a risk twice")
        return self

    def rows(self) -> Iterator[tuple[str, Record]]:
        """Yield what the product holds, and one row per risk."""
        yield "precaution", {"product_contains": self.product_contains}
        for risks, is_alternative in ((self.all_of, False), (self.any_of, True)):
            for risk in risks:
                yield "precaution_risk", {"risk_factor": risk, "is_alternative": is_alternative}

    def limits(self) -> Iterator[str]:
        """Yield the product and the risks in words."""
        product = f"{self.product_contains} in the product" if self.product_contains else ""
        every = " and ".join(self.all_of)
        one = " or ".join(self.any_of)
        yield f"- not with: {'; '.join(part for part in (product, every, one) if part)}"

    def faults(self, codelists: CodeLists) -> Iterator[str]:
        """Yield a risk that no code list knows."""
        known = codelists.codes("codelists/risk_factor.csv", "risk_factor")
        for risk in (*self.all_of, *self.any_of):
            if risk not in known:
                yield f"all_of, any_of: {risk} is not in codelists/risk_factor.csv"
