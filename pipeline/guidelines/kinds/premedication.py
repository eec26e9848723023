"""A medicine given shortly before a session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from pipeline.guidelines.codelists import CodeLists
from pipeline.guidelines.entry import Number, Some
from pipeline.guidelines.rules import Record, Rule, Text


class PremedicationRule(Rule):
    """A medicine given shortly before a session: any one of those named."""

    WORD: ClassVar[str] = "PREMEDICATION"
    TABLES: ClassVar[dict[str, dict[str, str]]] = {
        "premedication": {
            "rule_key": "INTEGER",
            "hours_before": "DECIMAL(9,3)",
            "is_optional": "BOOLEAN",
        },
        "premedication_medicine": {"rule_key": "INTEGER", "medicine": "VARCHAR"},
    }

    kind: Literal["premedication"]
    medicines: Some[Text]
    hours_before: Annotated[Number, Field(gt=0, le=24)] | None = None
    is_optional: bool

    def rows(self) -> Iterator[tuple[str, Record]]:
        """Yield the time before the session, and one row per medicine that counts."""
        yield (
            "premedication",
            {"hours_before": self.hours_before, "is_optional": self.is_optional},
        )
        for medicine in sorted(self.medicines):
            yield "premedication_medicine", {"medicine": medicine}

    def limits(self) -> Iterator[str]:
        """Yield the medicines and how long before the session they count."""
        within = "as our settings say†" if self.hours_before is None else f"{self.hours_before} h"
        must = "may be given" if self.is_optional else "is given"
        yield f"- {' or '.join(self.medicines)} {must} before the session; within: {within}"

    def faults(self, codelists: CodeLists) -> Iterator[str]:
        """Yield a medicine that no code list knows."""
        known = codelists.codes("codelists/medicine.csv", "medicine")
        for medicine in self.medicines:
            if medicine not in known:
                yield f"medicines: {medicine} is not in codelists/medicine.csv"
