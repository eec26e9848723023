"""How a dose is rounded to whole vials."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from pipeline.guidelines.entry import Number
from pipeline.guidelines.rules import Record, Rule

Grams = Annotated[Number, Field(gt=0)]


class RoundingRule(Rule):
    """How a dose is rounded to whole vials."""

    WORD: ClassVar[str] = "ROUNDING"
    TABLES: ClassVar[dict[str, dict[str, str]]] = {
        "rounding_rule": {
            "rule_key": "INTEGER",
            "rounding": "VARCHAR",
            "step_g": "DECIMAL(9,3)",
            "small_below_g": "DECIMAL(9,3)",
            "small_step_g": "DECIMAL(9,3)",
        }
    }

    kind: Literal["rounding"]
    rounding: Literal["whole_vials", "as_prescribed", "nearest", "down"]
    step_g: Grams | None = None
    small_below_g: Grams | None = None
    small_step_g: Grams | None = None

    @model_validator(mode="after")
    def has_its_step(self) -> Self:
        """Refuse a rounding without its step, and steps that nothing would read."""
        if (self.rounding in ("nearest", "down")) != (self.step_g is not None):
            raise ValueError("step_g belongs to nearest and down, and is needed there")
        if (self.small_below_g is None) != (self.small_step_g is None):
            raise ValueError("small_below_g and small_step_g belong together")
        if self.small_step_g is not None and self.step_g is None:
            raise ValueError("small_step_g needs step_g")
        return self

    def rows(self) -> Iterator[tuple[str, Record]]:
        """Yield how it is rounded."""
        names = ("rounding", "step_g", "small_below_g", "small_step_g")
        yield "rounding_rule", {name: getattr(self, name) for name in names}

    def limits(self) -> Iterator[str]:
        """Yield the steps."""
        if self.step_g is not None:
            yield f"- {self.rounding} to {self.step_g} g" + (
                f"; below {self.small_below_g} g also {self.small_step_g} g"
                if self.small_step_g
                else ""
            )
