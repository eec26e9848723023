"""How fast a label lets its product run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pipeline.guidelines.codelists import CodeLists
from pipeline.guidelines.entry import Some
from pipeline.guidelines.listed import Row
from pipeline.guidelines.rules import Record, Rule, Text

FILE = "products/rate_limit.csv"
_ROWS_OF = {"maximum": ("maximum",), "start": ("initial", "step")}


class InfusionRateRule(Rule):
    """The highest rate of a product, or how it is started and raised.

    The figures stand in `products/rate_limit.csv`, by product, region and indication.
    """

    WORD: ClassVar[str] = "RATE"
    TABLES: ClassVar[dict[str, dict[str, str]]] = {
        "rate_rule": {"rule_key": "INTEGER", "region": "VARCHAR", "part": "VARCHAR"}
    }

    kind: Literal["infusion_rate"]
    products: Some[Text]
    region: Literal["US", "EU"]
    part: Literal["maximum", "start"]

    def rows(self) -> Iterator[tuple[str, Record]]:
        """Yield whose label is meant, and which part of it."""
        yield "rate_rule", {"region": self.region, "part": self.part}

    def limits(self) -> Iterator[str]:
        """Yield where the figures stand."""
        what = "the highest rate" if self.part == "maximum" else "the first rate and its steps"
        yield f"- {what} of {', '.join(self.products)}, label {self.region}: {FILE}"

    def faults(self, codelists: CodeLists) -> Iterator[str]:
        """Yield what the rule says and no check of rates reads, and figures that are not there."""
        if self.indications != ("any",):
            yield f'indications: must be ["any"]; {FILE} says for which a rate holds'
        if self.phase != "any":
            yield "phase: a rate holds in every phase"
        if self.population.age_years is not None or self.population.sex is not None:
            yield f"population: {FILE} says for whom a rate holds"
        if self.condition is not None:
            yield f"condition: {FILE} says under which condition a rate holds"
        if len(self.products) > 1:
            yield "products: name one; every label has its own rates"
        for product in self.products:
            rows = [row for row in codelists.of(FILE) if self._is_meant(row, product)]
            if not rows:
                yield f"products: {product} has no such rate of the label {self.region} in {FILE}"
            if self.status == "transcribed" and any(row["status"] != "seen" for row in rows):
                yield f"status: {product} has a rate in {FILE} that was not read at the issuer"

    def _is_meant(self, row: Row, product: str) -> bool:
        return (
            row["product_id"] == product
            and row["region"] == self.region
            and row["what"] in _ROWS_OF[self.part]
        )
