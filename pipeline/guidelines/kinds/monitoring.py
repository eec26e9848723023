"""A test that belongs before, during or after treatment."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from pipeline.guidelines.codelists import CodeLists
from pipeline.guidelines.entry import Entry, Many, Number
from pipeline.guidelines.rules import Range, Record, Rule, Text, WholeRange, high

Whole = Annotated[int, Field(ge=1)]
Group = Literal["A", "B", "AB", "O"]

_ANCHOR = {
    "course_start": "the start of the course",
    "course_end": "the end of the course",
    "session_start": "the start of the session",
}


def _from(window: Range | None) -> Decimal | None:
    """Return where a window begins: at the anchor itself unless it says otherwise."""
    return None if window is None else window.min or Decimal(0)


class Finding(Entry):
    """What found in a test of the rule would change the care, and who says so."""

    below: Annotated[Number, Field(gt=0)] | None = None
    """In the canonical unit of the test."""
    is_positive: bool = False
    source: Text

    @model_validator(mode="after")
    def is_one_thing(self) -> Self:
        """Refuse a finding that is nothing or two things."""
        if (self.below is not None) == self.is_positive:
            raise ValueError("give below or is_positive, one of them")
        return self


class MonitoringRule(Rule):
    """A test, any one of those named, in a window before or after an anchor."""

    WORD: ClassVar[str] = "MONITORING"
    TABLES: ClassVar[dict[str, dict[str, str]]] = {
        "monitoring": {
            "rule_key": "INTEGER",
            "anchor": "VARCHAR",
            "days_before_min": "INTEGER",
            "days_before_max": "INTEGER",
            "days_around": "INTEGER",
            "months_before": "INTEGER",
            "every_months": "INTEGER",
            "days_after_min": "INTEGER",
            "days_after_max": "INTEGER",
            "hours_after_min": "DECIMAL(9,3)",
            "hours_after_max": "DECIMAL(9,3)",
            "is_trough": "BOOLEAN",
            "is_first_only": "BOOLEAN",
            "treatment_months": "INTEGER",
            "dose_from_g_per_kg": "DECIMAL(9,3)",
            "has_group": "BOOLEAN",
            "has_risk": "BOOLEAN",
            "has_test": "BOOLEAN",
            "is_known_by_record": "BOOLEAN",
        },
        "monitoring_test": {"rule_key": "INTEGER", "analyte": "VARCHAR"},
        "monitoring_finding": {
            "rule_key": "INTEGER",
            "below": "DECIMAL(9,3)",
            "is_positive": "BOOLEAN",
            "source": "VARCHAR",
        },
        "monitoring_group": {"rule_key": "INTEGER", "blood_group": "VARCHAR"},
        "monitoring_risk": {"rule_key": "INTEGER", "risk_factor": "VARCHAR"},
    }

    kind: Literal["monitoring"]
    tests: Many[Text]
    """None at all: the source asks for what no record holds."""
    anchor: Literal["course_start", "course_end", "session_start"]
    days_before: WholeRange | None = None
    days_around: Whole | None = None
    """So many days before the start of a course to so many after its end."""
    months_before: Whole | None = None
    every_months: Whole | None = None
    """Once in every full period of so many months of a treatment, looked for in the last one."""
    days_after: WholeRange | None = None
    hours_after: Range | None = None
    is_trough: bool = False
    is_first_only: bool = False
    treatment_months: Whole | None = None
    dose_from_g_per_kg: Annotated[Number, Field(gt=0)] | None = None
    blood_groups: Many[Group] = ()
    is_known_by_record: bool = False
    """A blood group in the patient's record counts as known, whatever was tested."""
    any_of: Many[Text] = ()
    finding: Finding | None = None
    """Left out where nobody has said what found would change the care."""

    @model_validator(mode="after")
    def has_one_window(self) -> Self:
        """Refuse a rule without a window, with two, or with one that has no far end."""
        windows = (
            self.days_before,
            self.days_around,
            self.months_before,
            self.every_months,
            self.days_after,
            self.hours_after,
        )
        if sum(window is not None for window in windows) != 1:
            raise ValueError(
                "give one window: days_before, days_around, months_before, every_months, "
                "days_after or hours_after"
            )
        if any(isinstance(window, Range) and window.max is None for window in windows):
            raise ValueError("the window needs a max: without one no test is ever missed")
        looks_back = self.months_before is not None or self.every_months is not None
        if self.is_trough and (not looks_back or self.anchor != "course_start"):
            raise ValueError(
                "is_trough looks back from a course: give course_start, and months_before or "
                "every_months"
            )
        if (self.every_months or self.days_around) and self.anchor != "course_start":
            raise ValueError("every_months and days_around belong to a course: give course_start")
        if self.finding and not (self.days_before or looks_back):
            raise ValueError("finding is for a rule that looks back from a course")
        if self.is_known_by_record and self.tests != ("abo",):
            raise ValueError("is_known_by_record is for a blood group: give tests abo")
        return self

    def rows(self) -> Iterator[tuple[str, Record]]:
        """Yield the window and its triggers, and one row per test, blood group and risk."""
        yield (
            "monitoring",
            {
                "anchor": self.anchor,
                "days_before_min": _from(self.days_before),
                "days_before_max": high(self.days_before),
                "days_around": self.days_around,
                "months_before": self.months_before,
                "every_months": self.every_months,
                "days_after_min": _from(self.days_after),
                "days_after_max": high(self.days_after),
                "hours_after_min": _from(self.hours_after),
                "hours_after_max": high(self.hours_after),
                "is_trough": self.is_trough,
                "is_first_only": self.is_first_only,
                "treatment_months": self.treatment_months,
                "dose_from_g_per_kg": self.dose_from_g_per_kg,
                "has_group": bool(self.blood_groups),
                "has_risk": bool(self.any_of),
                "has_test": bool(self.tests),
                "is_known_by_record": self.is_known_by_record,
            },
        )
        for test in self.tests:
            yield "monitoring_test", {"analyte": test}
        if self.finding is not None:
            yield "monitoring_finding", self.finding.model_dump()
        for group in self.blood_groups:
            yield "monitoring_group", {"blood_group": group}
        for risk in self.any_of:
            yield "monitoring_risk", {"risk_factor": risk}

    def limits(self) -> Iterator[str]:
        """Yield the tests, their window and when they are asked for."""
        trough = "trough " if self.is_trough else ""
        yield f"- {trough}{' or '.join(self.tests) or 'no record holds it'}, {self._window()}"
        asked = [
            *(["for the first course of a treatment"] if self.is_first_only else []),
            *([f"after {self.treatment_months} months of it"] if self.treatment_months else []),
            *([f"from {self.dose_from_g_per_kg} g/kg"] if self.dose_from_g_per_kg else []),
            *([f"blood group {' or '.join(self.blood_groups)}"] if self.blood_groups else []),
            *([f"at risk: {' or '.join(self.any_of)}"] if self.any_of else []),
        ]
        if asked:
            yield f"- asked: {'; '.join(asked)}"

    def _window(self) -> str:
        anchor = _ANCHOR[self.anchor]
        if self.days_before is not None:
            return f"{self.days_before.shown} days before {anchor}"
        if self.days_around is not None:
            return f"within {self.days_around} days before the start or after the end of the course"
        if self.every_months is not None:
            return f"once in every {self.every_months} months of a treatment"
        if self.months_before is not None:
            return f"within {self.months_before} months before {anchor}"
        if self.days_after is not None:
            return f"{self.days_after.shown} days after {anchor}"
        return f"{self.hours_after.shown if self.hours_after else ''} hours after {anchor}"

    def faults(self, codelists: CodeLists) -> Iterator[str]:
        """Yield a test and a risk that no code list knows."""
        tests = codelists.codes("codelists/lab_test.csv", "analyte")
        for test in self.tests:
            if test not in tests:
                yield f"tests: {test} is not in codelists/lab_test.csv"
        risks = codelists.codes("codelists/risk_factor.csv", "risk_factor")
        for risk in self.any_of:
            if risk not in risks:
                yield f"any_of: {risk} is not in codelists/risk_factor.csv"
