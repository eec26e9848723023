"""Hold the plan that the records are written from: of everybody, or of those with one defect."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

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

    def of(self, kind: str) -> Scene:
        """Return the plan of the patients who carry a kind of defect."""
        return self._by_kind.get(kind, self._nobody)

    @cached_property
    def _by_kind(self) -> dict[str, Scene]:
        courses, given = _by_kind(self.courses), _by_kind(self.given)
        return {
            kind: replace(
                self,
                people=people,
                courses=courses.get(kind, self.courses.clear()),
                given=given.get(kind, self.given.clear()),
            )
            for kind, people in _by_kind(self.people).items()
        }

    @cached_property
    def _nobody(self) -> Scene:
        return replace(
            self,
            people=self.people.clear(),
            courses=self.courses.clear(),
            given=self.given.clear(),
        )

    @property
    def planted_courses(self) -> pl.DataFrame:
        """Return the courses a defect sits in."""
        return self.courses.filter("is_planted")

    @property
    def planted_bags(self) -> pl.DataFrame:
        """Return the bags of the courses a defect sits in."""
        return self.given.filter("is_planted")


def _by_kind(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Part the rows of patients with a defect by its kind, each in their old order."""
    parts = frame.filter(pl.col("kind").is_not_null()).partition_by("kind", maintain_order=True)
    return {part["kind"][0]: part for part in parts}
