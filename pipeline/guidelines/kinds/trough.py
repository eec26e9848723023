"""A level that a trough is not to fall below."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from pipeline.guidelines.codelists import CodeLists
from pipeline.guidelines.entry import Number
from pipeline.guidelines.rules import Record, Rule, Text


class TroughRule(Rule):
    """The least level of a test just before the next course, in treatment that has settled."""

    WORD: ClassVar[str] = "TROUGH"
    TABLES: ClassVar[dict[str, dict[str, str]]] = {
        "trough": {
            "rule_key": "INTEGER",
            "analyte": "VARCHAR",
            "at_least": "DECIMAL(9,3)",
            "unit": "VARCHAR",
        },
    }

    kind: Literal["trough"]
    test: Text
    at_least: Annotated[Number, Field(gt=0)]
    unit: Text

    def rows(self) -> Iterator[tuple[str, Record]]:
        """Yield the level as the source prints it."""
        yield "trough", {"analyte": self.test, "at_least": self.at_least, "unit": self.unit}

    def limits(self) -> Iterator[str]:
        """Yield the level and its unit."""
        yield f"- trough {self.test}: {self.at_least} {self.unit} or more"

    def faults(self, codelists: CodeLists) -> Iterator[str]:
        """Yield a test or a unit that no code list knows."""
        units = {
            row["unit"]
            for row in codelists.of("codelists/lab_unit.csv")
            if row["analyte"] == self.test and row["is_ambiguous"] == "false"
        }
        if not units:
            yield f"test: {self.test} has no unit in codelists/lab_unit.csv"
        elif self.unit not in units:
            yield f"unit: {self.unit} is none of {self.test} in codelists/lab_unit.csv"
