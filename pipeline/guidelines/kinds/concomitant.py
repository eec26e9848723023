"""A medicine that belongs with the course."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from pipeline.guidelines.codelists import CodeLists
from pipeline.guidelines.entry import Entry
from pipeline.guidelines.rules import Record, Rule, Text


class DaysAround(Entry):
    """Days before the first (negative) and after the last day of a course."""

    start: int
    end: int

    @model_validator(mode="after")
    def ordered(self) -> Self:
        """Refuse a window that ends before it starts."""
        if self.start > self.end:
            raise ValueError("start is after end")
        return self


class ConcomitantRule(Rule):
    """A medicine that belongs with the course."""

    WORD: ClassVar[str] = "CONCOMITANT"
    TABLES: ClassVar[dict[str, dict[str, str]]] = {
        "concomitant": {
            "rule_key": "INTEGER",
            "medicine": "VARCHAR",
            "from_days": "INTEGER",
            "to_days": "INTEGER",
        }
    }

    kind: Literal["concomitant"]
    medicine: Text
    days_around: DaysAround

    def rows(self) -> Iterator[tuple[str, Record]]:
        """Yield the medicine and its window."""
        yield (
            "concomitant",
            {
                "medicine": self.medicine,
                "from_days": self.days_around.start,
                "to_days": self.days_around.end,
            },
        )

    def limits(self) -> Iterator[str]:
        """Yield the medicine and its window."""
        around = self.days_around
        yield f"- {self.medicine}, days {around.start:+d} to {around.end:+d} around the course"

    def faults(self, codelists: CodeLists) -> Iterator[str]:
        """Yield a medicine that no code list knows."""
        if self.medicine not in codelists.codes("codelists/medicine.csv", "medicine"):
            yield f"medicine: {self.medicine} is not in codelists/medicine.csv"
