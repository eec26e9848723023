"""What the set says of using IVIG for an indication at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from pipeline.guidelines.rules import Record, Rule


class UseRule(Rule):
    """What the set says of using IVIG for an indication at all."""

    WORD: ClassVar[str] = "USE"
    TABLES: ClassVar[dict[str, dict[str, str]]] = {
        "named_use": {"rule_key": "INTEGER", "indication_code": "VARCHAR", "use": "VARCHAR"}
    }

    kind: Literal["indication"]
    use: Literal["named", "named_if", "do_not_use", "recorded"]

    @model_validator(mode="after")
    def condition_where_needed(self) -> Self:
        """Refuse a conditional use without its condition, and a condition without the use."""
        if (self.use == "named_if") != (self.condition is not None):
            raise ValueError('use = "named_if" and condition belong together')
        return self

    def rows(self) -> Iterator[tuple[str, Record]]:
        """Yield one row per indication."""
        for code in sorted(self.indications):
            yield "named_use", {"indication_code": code, "use": self.use}

    def limits(self) -> Iterator[str]:
        """Yield the use in words."""
        yield f"- {self.use.replace('_', ' ')}"
