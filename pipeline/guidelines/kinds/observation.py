"""Somebody watches during an infusion, and for some time after it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from pipeline.guidelines.rules import Record, Rule


class ObservationRule(Rule):
    """Whether reactions were watched for: while it ran, or so many minutes after its end."""

    WORD: ClassVar[str] = "OBSERVATION"
    TABLES: ClassVar[dict[str, dict[str, str]]] = {
        "observation": {
            "rule_key": "INTEGER",
            "minutes_after": "INTEGER",
            "is_new_only": "BOOLEAN",
        },
    }

    kind: Literal["observation"]
    minutes_after: Annotated[int, Field(gt=0, le=1440)] | None = None
    """Left out: that somebody watched while it ran."""
    is_new_only: bool = False
    """Asked of a first infusion, one of another product, and one after a long pause†."""

    def rows(self) -> Iterator[tuple[str, Record]]:
        """Yield how long, and after which infusions."""
        yield (
            "observation",
            {"minutes_after": self.minutes_after, "is_new_only": self.is_new_only},
        )

    def limits(self) -> Iterator[str]:
        """Yield how long, and after which infusions."""
        watched = (
            "while the infusion runs"
            if self.minutes_after is None
            else f"{self.minutes_after} minutes after its end"
        )
        asked = (
            "a first infusion, another product or a long pause†"
            if self.is_new_only
            else "every infusion"
        )
        yield f"- watched {watched}; asked: {asked}"
