"""Say what a guideline file may hold: one pydantic model per kind of entry.

An unknown key is a fault and never silently ignored: a rule that the engine cannot evaluate
must not look as if it had been checked.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from pipeline.guidelines.entry import Entry, Many, Number, Some
from pipeline.guidelines.examples import Example

Severity = Literal["off_guideline", "review", "advisory"]
Phase = Literal["any", "loading", "maintenance", "single"]
Status = Literal["transcribed", "secondary", "unverified"]
Kind = Literal["indication", "regimen", "infusion_duration", "concomitant", "weight"]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

RANK: dict[Severity, int] = {"advisory": 0, "review": 1, "off_guideline": 2}
DAYS_PER_WEEK = 7


class Range(Entry):
    """Two limits, both allowed; one left out is an open end."""

    min: Annotated[Number, Field(ge=0)] | None = None
    max: Annotated[Number, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def ordered(self) -> Self:
        """Refuse a range without limits and one whose lower limit is above the upper."""
        if self.min is None and self.max is None:
            raise ValueError("needs min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("the lower limit is above the upper")
        return self


class WholeRange(Range):
    """A range of whole numbers, such as days of infusion."""

    @model_validator(mode="after")
    def whole(self) -> Self:
        """Refuse half a day."""
        if any(limit is not None and limit % 1 for limit in (self.min, self.max)):
            raise ValueError("must be whole numbers")
        return self


class Source(Entry):
    """Where a statement was read."""

    title: Text
    locator: Text | None = None
    url: Text | None = None


class Population(Entry):
    """Whom a rule is for: `age_years.min ≤ age < age_years.max`."""

    age_years: Range | None = None
    sex: Literal["F", "M"] | None = None


class Regimen(Entry):
    """One permitted way to dose; its dose and its interval belong together."""

    label: Text
    g_per_kg_per_day: Range | None = None
    days: WholeRange | None = None
    g_per_kg_total: Range | None = None
    interval_weeks: Range | None = None
    is_consecutive: bool | None = None

    @model_validator(mode="after")
    def states_a_dose(self) -> Self:
        """Refuse a regimen that states no dose: it could only ever be met."""
        if self.g_per_kg_per_day is None and self.g_per_kg_total is None:
            raise ValueError("states no dose: give g_per_kg_per_day or g_per_kg_total")
        return self


class Rule(Entry):
    """What every rule carries, whatever it checks."""

    id: Text
    kind: Kind
    indications: Some[Text]
    phase: Phase = "any"
    severity: Severity
    statement: Text
    why: Text
    status: Status
    source: Source
    source_rule: Text | None = None
    population: Population = Population()
    is_titrated: bool = False
    is_typical: bool = False
    condition: Text | None = None
    on_early: Severity | None = None
    on_late: Severity | None = None
    on_condition_unknown: Severity | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    authored_by: Text | None = None
    checked_by: Text | None = None
    review_due: date | None = None
    retired_on: date | None = None
    example: Many[Example] = ()

    @model_validator(mode="after")
    def dates_in_order(self) -> Self:
        """Refuse a rule that ends before it begins."""
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise ValueError("valid_from is after valid_to")
        return self

    @property
    def effective_severity(self) -> Severity:
        """Return the severity after the caps that depend on the rule alone (design section 6)."""
        caps: list[Severity] = [self.severity]
        if self.status == "unverified" or self.is_typical:
            caps.append("advisory")
        if self.is_titrated:
            caps.append("review")
        return min(caps, key=RANK.__getitem__)


class RegimenRule(Rule):
    """The permitted ways to dose an indication: meeting any one of them is enough."""

    kind: Literal["regimen"]
    regimen: Some[Regimen]


class DurationRule(Rule):
    """How long one session may take."""

    kind: Literal["infusion_duration"]
    hours: Range


class DaysAround(Entry):
    """Days before the first (negative) and after the last day of a course."""

    start: int
    end: int

    @model_validator(mode="after")
    def ordered(self) -> Self:
        """Refuse a window that ends before it starts."""
        if self.start > self.end:
            raise ValueError("start is after end")
        return self


class ConcomitantRule(Rule):
    """A medicine that belongs with the course."""

    kind: Literal["concomitant"]
    medicine: Text
    days_around: DaysAround


class UseRule(Rule):
    """What the set says of using IVIG for an indication at all."""

    kind: Literal["indication"]
    use: Literal["named", "named_if", "do_not_use", "recorded"]

    @model_validator(mode="after")
    def condition_where_needed(self) -> Self:
        """Refuse a conditional use without its condition, and a condition without the use."""
        if (self.use == "named_if") != (self.condition is not None):
            raise ValueError('use = "named_if" and condition belong together')
        return self


class WeightRule(Rule):
    """What must be known of the patient's weight."""

    kind: Literal["weight"]
    problem: Literal["missing", "stale", "jump", "basis_unknown"]
    max_change: Annotated[Number, Field(gt=0)] | None = None
    within_days: Annotated[int, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def jump_has_limits(self) -> Self:
        """Refuse a jump without its limits, and limits that nothing would read."""
        given = (self.max_change is not None, self.within_days is not None)
        if given != ((self.problem == "jump"),) * 2:
            raise ValueError("max_change and within_days belong to a jump, and only to it")
        return self


RULE_OF_KIND: dict[str, type[Rule]] = {
    "regimen": RegimenRule,
    "infusion_duration": DurationRule,
    "concomitant": ConcomitantRule,
    "indication": UseRule,
    "weight": WeightRule,
}

TOKEN_OF_KIND: dict[str, str] = {
    "regimen": "REGIMEN",
    "infusion_duration": "DURATION",
    "concomitant": "CONCOMITANT",
    "indication": "USE",
    "weight": "WEIGHT",
}


class Statement(Entry):
    """A statement of the source that no rule checks yet, in our own words."""

    id: Text
    text: Text
    checked_by: Text


class SetHead(Entry):
    """What `set.toml` says of the set as a whole."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    prefix: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]*$")]
    title: Text
    publisher: Text
    authority: Literal["label", "commissioner", "society", "unit", "overview"]
    jurisdiction: Text
    version: Text
    published_on: date | None = None
    source: Source
    weight_policy: Text
    is_weight_policy_read: bool
    rounding: Literal["none", "nearest_5g", "nearest_vial", "round_down_vial"] = "none"
    dose_tolerance: Annotated[Number, Field(ge=0, lt=1)]
    interval_tolerance_days: Annotated[int, Field(ge=0)]
    is_exhaustive: bool
    statement: Many[Statement] = ()
