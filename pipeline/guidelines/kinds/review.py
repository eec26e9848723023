"""When a treatment that goes on must be reviewed, and what the review must say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from pipeline.guidelines.rules import Record, Rule

Count = Annotated[int, Field(gt=0)]


class ReviewRule(Rule):
    """When a treatment that goes on must be reviewed, and what the review must say."""

    WORD: ClassVar[str] = "REVIEW"
    TABLES: ClassVar[dict[str, dict[str, str]]] = {
        "review_schedule": {
            "rule_key": "INTEGER",
            "first_within_months": "INTEGER",
            "every_months": "INTEGER",
            "needs_outcome": "BOOLEAN",
            "withdrawal_trial_every_months": "INTEGER",
            "withdrawal_trials_enough": "INTEGER",
        }
    }

    kind: Literal["review"]
    first_within_months: Count | None = None
    every_months: Count | None = None
    needs_outcome: bool = False
    withdrawal_trial_every_months: Count | None = None
    withdrawal_trials_enough: Count | None = None

    @model_validator(mode="after")
    def says_when(self) -> Self:
        """Refuse a rule that asks for nothing, and a key without the one it belongs to."""
        months = (
            self.first_within_months,
            self.every_months,
            self.withdrawal_trial_every_months,
        )
        if all(month is None for month in months):
            raise ValueError(
                "asks for no review: give first_within_months, every_months or "
                "withdrawal_trial_every_months"
            )
        if self.needs_outcome and self.first_within_months is None and self.every_months is None:
            raise ValueError("needs_outcome belongs to first_within_months or every_months")
        if self.withdrawal_trials_enough and self.withdrawal_trial_every_months is None:
            raise ValueError("withdrawal_trials_enough belongs to withdrawal_trial_every_months")
        return self

    def rows(self) -> Iterator[tuple[str, Record]]:
        """Yield the one row of the schedule."""
        yield (
            "review_schedule",
            {
                "first_within_months": self.first_within_months,
                "every_months": self.every_months,
                "needs_outcome": self.needs_outcome,
                "withdrawal_trial_every_months": self.withdrawal_trial_every_months,
                "withdrawal_trials_enough": self.withdrawal_trials_enough,
            },
        )

    def limits(self) -> Iterator[str]:
        """Yield the schedule in words."""
        if self.first_within_months is not None:
            yield f"- a first review within {self.first_within_months} months"
        if self.every_months is not None:
            yield f"- a review every {self.every_months} months"
        if self.needs_outcome:
            yield "- with a measure or a response"
        if self.withdrawal_trial_every_months is not None:
            enough = self.withdrawal_trials_enough
            yield (
                "- a trial of less or none every "
                f"{self.withdrawal_trial_every_months} months"
                + (f", until {enough} were made" if enough else "")
            )
