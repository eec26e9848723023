"""What must be known of the patient's weight."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from pipeline.guidelines.entry import Number
from pipeline.guidelines.rules import Record, Rule


class WeightRule(Rule):
    """What must be known of the patient's weight."""

    WORD: ClassVar[str] = "WEIGHT"
    TABLES: ClassVar[dict[str, dict[str, str]]] = {
        "weight_limit": {
            "rule_key": "INTEGER",
            "problem": "VARCHAR",
            "limit_value": "DECIMAL(9,3)",
            "limit_days": "INTEGER",
        }
    }

    kind: Literal["weight"]
    problem: Literal["missing", "stale", "jump", "basis_unknown"]
    max_change: Annotated[Number, Field(gt=0)] | None = None
    within_days: Annotated[int, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def jump_has_limits(self) -> Self:
        """Refuse a jump without its limits, and limits that nothing would read."""
        given = (self.max_change is not None, self.within_days is not None)
        if given != ((self.problem == "jump"),) * 2:
            raise ValueError("max_change and within_days belong to a jump, and only to it")
        return self

    def rows(self) -> Iterator[tuple[str, Record]]:
        """Yield the problem and its limits."""
        yield (
            "weight_limit",
            {
                "problem": self.problem,
                "limit_value": self.max_change,
                "limit_days": self.within_days,
            },
        )

    def limits(self) -> Iterator[str]:
        """Yield the limits of a jump."""
        if self.max_change is not None:
            yield f"- no change above {self.max_change:.0%} within {self.within_days} days"
