"""Hold the plan that the records are written from: of everybody, or of those with one defect."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from pipeline.synth.chance import Chance


@dataclass(frozen=True)
class Scene:
    """The plan: one row per patient, per course and per bag, with the defect of the patient.

    Days are counted from `first_on`. Each frame has `kind`, the defect its patient carries;
    courses and bags have `is_planted`, whether it sits there.
    """

    people: pl.DataFrame
    courses: pl.DataFrame
    given: pl.DataFrame
    first_on: date
    last_day: int
    chance: Chance

    def of(self, *kinds: str) -> Scene:
        """Return the plan of the patients who carry one of the kinds of defect."""
        theirs = pl.col("kind").is_in(kinds)
        return replace(
            self,
            people=self.people.filter(theirs),
            courses=self.courses.filter(theirs),
            given=self.given.filter(theirs),
        )

    @property
    def planted_courses(self) -> pl.DataFrame:
        """Return the courses a defect sits in."""
        return self.courses.filter("is_planted")

    @property
    def planted_bags(self) -> pl.DataFrame:
        """Return the bags of the courses a defect sits in."""
        return self.given.filter("is_planted")
