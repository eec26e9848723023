"""The permitted ways to dose an indication."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from pipeline.guidelines.entry import Entry, Many, Number
from pipeline.guidelines.rules import Range, Record, Rule, Text, WholeRange, high, low

DAYS_PER_WEEK = 7
_AMOUNT = "DECIMAL(9,3)"
_DAYS = "DECIMAL(6,1)"


class Repeat(Entry):
    """One further dose, so many days after the start of the first."""

    days: Range
    condition: Text | None = None
    g_per_kg: Annotated[Number, Field(gt=0)] | None = None


class FromEvent(Entry):
    """Days between a dated event and the first dose."""

    event: Text
    min: Annotated[Number, Field(ge=0)] | None = None
    max: Annotated[Number, Field(ge=0)] | None = None


class Regimen(Entry):
    """One permitted way to dose; its dose and its interval belong together."""

    label: Text
    g_per_kg_per_day: Range | None = None
    days: WholeRange | None = None
    g_per_kg_total: Range | None = None
    interval_weeks: Range | None = None
    is_consecutive: bool | None = None
    treatment_months: WholeRange | None = None
    g_per_kg_per_month: Range | None = None
    max_g_per_kg_per_28d: Annotated[Number, Field(gt=0)] | None = None
    max_g_per_day: Annotated[Number, Field(gt=0)] | None = None
    max_g_per_course: Annotated[Number, Field(gt=0)] | None = None
    gap_days: WholeRange | None = None
    span_days: Annotated[int, Field(gt=0)] | None = None
    after_event: Text | None = None
    days_from: FromEvent | None = None
    repeat: Repeat | None = None

    @model_validator(mode="after")
    def states_a_dose(self) -> Self:
        """Refuse a regimen that states no dose: it could only ever be met."""
        doses = (self.g_per_kg_per_day, self.g_per_kg_total, self.g_per_kg_per_month)
        if all(dose is None for dose in doses):
            raise ValueError(
                "states no dose: give g_per_kg_per_day, g_per_kg_total or g_per_kg_per_month"
            )
        return self

    @model_validator(mode="after")
    def repeat_has_plain_days(self) -> Self:
        """Refuse a repeat beside a gap or a span: two ways to put days together at once."""
        if self.repeat and (self.gap_days or self.span_days):
            raise ValueError("repeat cannot stand beside gap_days or span_days")
        return self

    @property
    def row(self) -> Record:
        """Return the row of guideline.regimen, its key aside."""
        repeat, event = self.repeat, self.days_from
        return {
            "label": self.label,
            "day_min_g_per_kg": low(self.g_per_kg_per_day),
            "day_max_g_per_kg": high(self.g_per_kg_per_day),
            "days_min": low(self.days),
            "days_max": high(self.days),
            "total_min_g_per_kg": low(self.g_per_kg_total),
            "total_max_g_per_kg": high(self.g_per_kg_total),
            "interval_min_days": _in_days(low(self.interval_weeks)),
            "interval_max_days": _in_days(high(self.interval_weeks)),
            "is_consecutive": self.is_consecutive,
            "treatment_min_months": low(self.treatment_months),
            "treatment_max_months": high(self.treatment_months),
            "month_min_g_per_kg": low(self.g_per_kg_per_month),
            "month_max_g_per_kg": high(self.g_per_kg_per_month),
            "max_g_per_kg_28d": self.max_g_per_kg_per_28d,
            "day_cap_g": self.max_g_per_day,
            "course_cap_g": self.max_g_per_course,
            "gap_min_days": low(self.gap_days),
            "gap_max_days": high(self.gap_days),
            "span_days": self.span_days,
            "after_event": self.after_event,
            "from_event": event.event if event else None,
            "from_event_min_days": event.min if event else None,
            "from_event_max_days": event.max if event else None,
            "repeat_min_days": low(repeat.days) if repeat else None,
            "repeat_max_days": high(repeat.days) if repeat else None,
            "repeat_condition": repeat.condition if repeat else None,
            "repeat_g_per_kg": repeat.g_per_kg if repeat else None,
        }

    def shown(self) -> Iterator[str]:
        """Yield what the regimen says, a phrase at a time."""
        for limits, unit in (
            (self.g_per_kg_per_day, "g/kg/day"),
            (self.days, "days"),
            (self.g_per_kg_total, "g/kg in all"),
            (self.interval_weeks, "weeks between starts"),
            (self.g_per_kg_per_month, "g/kg a month"),
            (self.gap_days, "days between infusion days"),
            (self.treatment_months, "months after the treatment began"),
        ):
            if limits is not None:
                yield (
                    "1 day" if unit == "days" and limits.shown == "1" else f"{limits.shown} {unit}"
                )
        if self.is_consecutive:
            yield "on days in a row"
        for cap, unit in (
            (self.max_g_per_kg_per_28d, "g/kg in 28 days"),
            (self.max_g_per_day, "g a day"),
            (self.max_g_per_course, "g in all"),
        ):
            if cap is not None:
                yield f"at most {cap} {unit}"
        if self.span_days is not None:
            yield f"within {self.span_days} days"
        if self.after_event is not None:
            yield f"each after {self.after_event.replace('_', ' ')}"
        if self.days_from is not None:
            window = Range(min=self.days_from.min, max=self.days_from.max)
            yield f"{window.shown} days after {self.days_from.event.replace('_', ' ')}"
        if self.repeat is not None:
            dose = f"{self.repeat.g_per_kg} g/kg" if self.repeat.g_per_kg else "once more"
            yield f"{dose} after {self.repeat.days.shown} days" + (
                f", if {self.repeat.condition}" if self.repeat.condition else ""
            )


class RegimenRule(Rule):
    """The permitted ways to dose an indication: meeting any one of them is enough."""

    WORD: ClassVar[str] = "REGIMEN"
    TABLES: ClassVar[dict[str, dict[str, str]]] = {
        "regimen": {
            "regimen_key": "INTEGER",
            "rule_key": "INTEGER",
            "label": "VARCHAR",
            "day_min_g_per_kg": _AMOUNT,
            "day_max_g_per_kg": _AMOUNT,
            "days_min": "INTEGER",
            "days_max": "INTEGER",
            "total_min_g_per_kg": _AMOUNT,
            "total_max_g_per_kg": _AMOUNT,
            "interval_min_days": _DAYS,
            "interval_max_days": _DAYS,
            "is_consecutive": "BOOLEAN",
            "treatment_min_months": "INTEGER",
            "treatment_max_months": "INTEGER",
            "month_min_g_per_kg": _AMOUNT,
            "month_max_g_per_kg": _AMOUNT,
            "max_g_per_kg_28d": _AMOUNT,
            "day_cap_g": _AMOUNT,
            "course_cap_g": _AMOUNT,
            "gap_min_days": "INTEGER",
            "gap_max_days": "INTEGER",
            "span_days": "INTEGER",
            "after_event": "VARCHAR",
            "from_event": "VARCHAR",
            "from_event_min_days": _DAYS,
            "from_event_max_days": _DAYS,
            "repeat_min_days": _DAYS,
            "repeat_max_days": _DAYS,
            "repeat_condition": "VARCHAR",
            "repeat_g_per_kg": _AMOUNT,
        }
    }

    kind: Literal["regimen"]
    regimen: Many[Regimen] = ()
    names_no_dose: bool = False
    """The source names the use and prints no dose: none can be called wrong."""

    @model_validator(mode="after")
    def doses_unless_it_names_none(self) -> Self:
        """Refuse a rule without a regimen, unless it says that the source names no dose."""
        if self.names_no_dose == bool(self.regimen):
            raise ValueError("needs at least one regimen, or names_no_dose = true and none")
        return self

    def rows(self) -> Iterator[tuple[str, Record]]:
        """Yield one row per permitted way to dose."""
        for regimen in self.regimen:
            yield "regimen", regimen.row

    def limits(self) -> Iterator[str]:
        """Yield one line per permitted way to dose."""
        if self.names_no_dose:
            yield "- no dose is named"
        for regimen in self.regimen:
            yield f"- {regimen.label}: {'; '.join(regimen.shown())}"


def _in_days(weeks: Decimal | None) -> Decimal | None:
    return None if weeks is None else weeks * DAYS_PER_WEEK
