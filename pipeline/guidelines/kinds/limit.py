"""How often and for how long a treatment may be given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from pipeline.guidelines.rules import Record, Rule, WholeRange, high, low

Count = Annotated[int, Field(gt=0)]


class LimitRule(Rule):
    """How often and for how long a treatment may be given."""

    WORD: ClassVar[str] = "LIMIT"
    TABLES: ClassVar[dict[str, dict[str, str]]] = {
        "course_limit": {
            "rule_key": "INTEGER",
            "per": "VARCHAR",
            "min_courses": "INTEGER",
            "max_courses": "INTEGER",
            "max_duration_months": "INTEGER",
            "trial_min_months": "INTEGER",
            "trial_max_months": "INTEGER",
            "max_trial_cycles": "INTEGER",
        }
    }

    kind: Literal["limit"]
    per: Literal["treatment", "episode", "patient"] = "treatment"
    min_courses: Count | None = None
    max_courses: Count | None = None
    max_duration_months: Count | None = None
    trial_months: WholeRange | None = None
    max_trial_cycles: Count | None = None

    @model_validator(mode="after")
    def says_something(self) -> Self:
        """Refuse a rule without a limit, and one whose least is above its most."""
        limits = (
            self.min_courses,
            self.max_courses,
            self.max_duration_months,
            self.trial_months,
            self.max_trial_cycles,
        )
        if all(limit is None for limit in limits):
            raise ValueError(
                "limits nothing: give max_courses, min_courses, max_duration_months, "
                "trial_months or max_trial_cycles"
            )
        if self.min_courses and self.max_courses and self.min_courses > self.max_courses:
            raise ValueError("min_courses is above max_courses")
        return self

    def rows(self) -> Iterator[tuple[str, Record]]:
        """Yield the one row of limits."""
        yield (
            "course_limit",
            {
                "per": self.per,
                "min_courses": self.min_courses,
                "max_courses": self.max_courses,
                "max_duration_months": self.max_duration_months,
                "trial_min_months": low(self.trial_months),
                "trial_max_months": high(self.trial_months),
                "max_trial_cycles": self.max_trial_cycles,
            },
        )

    def limits(self) -> Iterator[str]:
        """Yield one line per limit."""
        if self.min_courses is not None:
            yield f"- at least {self.min_courses} courses per {self.per}"
        if self.max_courses is not None:
            yield f"- at most {self.max_courses} courses per {self.per}"
        if self.max_duration_months is not None:
            yield f"- at most {self.max_duration_months} months per {self.per}"
        if self.trial_months is not None:
            yield f"- a trial of {self.trial_months.shown} months, longer only when it helped"
        if self.max_trial_cycles is not None:
            yield f"- a trial of at most {self.max_trial_cycles} courses, more only when it helped"
