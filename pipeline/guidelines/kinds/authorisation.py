"""The approval a treatment needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from pipeline.guidelines.rules import Record, Rule

_WORDS = {
    "required": "an approval is needed",
    "recorded": "a request must be on record",
    "not_required": "no approval is needed",
    "named_is_valid": "an approval that is named must hold",
    "dose_kept": "a course must not have more grams than approved",
    "interval_kept": "courses must not follow each other sooner than approved",
    "number_kept": "there must not be more courses than approved",
}


class AuthorisationRule(Rule):
    """The approval a treatment needs."""

    WORD: ClassVar[str] = "AUTHORISATION"
    TABLES: ClassVar[dict[str, dict[str, str]]] = {
        "approval": {
            "rule_key": "INTEGER",
            "approval": "VARCHAR",
            "is_emergency_listed": "BOOLEAN",
            "emergency_after_days": "INTEGER",
            "from_course": "INTEGER",
            "from_dose": "INTEGER",
        }
    }

    kind: Literal["authorisation"]
    approval: Literal[
        "required",
        "recorded",
        "not_required",
        "named_is_valid",
        "dose_kept",
        "interval_kept",
        "number_kept",
    ]
    is_emergency_listed: bool = False
    emergency_after_days: Annotated[int, Field(ge=0)] | None = None
    from_course: Annotated[int, Field(gt=1)] | None = None
    from_dose: Annotated[int, Field(gt=1)] | None = None

    @model_validator(mode="after")
    def fits_what_is_asked(self) -> Self:
        """Refuse keys that nothing would read."""
        told = (self.is_emergency_listed, self.emergency_after_days, self.from_course)
        if self.approval != "required" and any((*told, self.from_dose)):
            raise ValueError(
                "is_emergency_listed, emergency_after_days, from_course and from_dose belong to "
                'approval = "required", and only to it'
            )
        if self.from_course and self.from_dose:
            raise ValueError("give from_course or from_dose, not both")
        return self

    def rows(self) -> Iterator[tuple[str, Record]]:
        """Yield the one row of what is asked."""
        yield (
            "approval",
            {
                "approval": self.approval,
                "is_emergency_listed": self.is_emergency_listed,
                "emergency_after_days": self.emergency_after_days,
                "from_course": self.from_course,
                "from_dose": self.from_dose,
            },
        )

    def limits(self) -> Iterator[str]:
        """Yield what is asked, in words."""
        words = _WORDS[self.approval]
        if self.from_course is not None:
            words += f" from course {self.from_course} of the treatment on"
        if self.from_dose is not None:
            words += f" from infusion day {self.from_dose} of the episode on"
        yield f"- {words}"
        if self.emergency_after_days is not None:
            yield f"- in an emergency, up to {self.emergency_after_days} days afterwards"
        elif self.is_emergency_listed:
            yield "- it is on the emergency list: the approval may follow the infusion"
