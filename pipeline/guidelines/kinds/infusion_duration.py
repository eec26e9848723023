"""How long one session may take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pipeline.guidelines.rules import Range, Record, Rule


class DurationRule(Rule):
    """How long one session may take."""

    WORD: ClassVar[str] = "DURATION"
    TABLES: ClassVar[dict[str, dict[str, str]]] = {
        "duration_limit": {
            "rule_key": "INTEGER",
            "min_hours": "DECIMAL(9,3)",
            "max_hours": "DECIMAL(9,3)",
        }
    }

    kind: Literal["infusion_duration"]
    hours: Range

    def rows(self) -> Iterator[tuple[str, Record]]:
        """Yield the one row of limits."""
        yield "duration_limit", {"min_hours": self.hours.min, "max_hours": self.hours.max}

    def limits(self) -> Iterator[str]:
        """Yield the hours."""
        yield f"- {self.hours.shown} hours"
