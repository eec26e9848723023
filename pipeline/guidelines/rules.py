"""Say what every entry of a guideline file may hold; each kind of rule adds its own keys.

An unknown key is a fault and never silently ignored: a rule that the engine cannot evaluate
must not look as if it had been checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from pipeline.guidelines.codelists import CodeLists
from pipeline.guidelines.entry import Entry, Many, Number, Some
from pipeline.guidelines.examples import Example

Severity = Literal["off_guideline", "review", "advisory"]
Phase = Literal["any", "single", "course", "trial", "loading", "induction", "maintenance", "repeat"]
Status = Literal["transcribed", "secondary", "unverified"]
Record = dict[str, Any]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

RANK: dict[Severity, int] = {"advisory": 0, "review": 1, "off_guideline": 2}


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

    @property
    def shown(self) -> str:
        """Return the range in words: `0.3 to 0.6`, `up to 5`, `2 or more`."""
        if self.min == self.max:
            return f"{self.min}"
        if self.min is None:
            return f"up to {self.max}"
        return f"{self.min} or more" if self.max is None else f"{self.min} to {self.max}"


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
    also: Many[Text] = ()
    """Further texts that print the same."""


class Population(Entry):
    """Whom a rule is for: `age_years.min ≤ age < age_years.max`."""

    age_years: Range | None = None
    sex: Literal["F", "M"] | None = None


class Rule(Entry):
    """What every rule carries, whatever it checks.

    A kind of rule is a subclass in a module of its own in `pipeline.guidelines.kinds`.
    """

    WORD: ClassVar[str]
    """The word for the kind in the rule's id."""
    TABLES: ClassVar[dict[str, dict[str, str]]] = {}
    """The guideline tables that only this kind fills: columns and types, by table."""

    id: Text
    kind: str
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
    is_counted_only: bool = False
    """Its findings are counted in their chapter, and none is opened as a card."""
    condition: Text | None = None
    products: Many[Text] = ()
    weight_policy: Text | None = None
    applies_to: Literal["all", "new", "next_review"] = "all"
    supersedes: Text | None = None
    note: Text | None = None
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
        if self.valid_from is None and (self.applies_to != "all" or self.supersedes):
            raise ValueError("applies_to and supersedes need valid_from: the first day of the rule")
        return self

    def rows(self) -> Iterator[tuple[str, Record]]:
        """Yield the table and the row of everything that only this kind says."""
        yield from ()

    def limits(self) -> Iterator[str]:
        """Yield one line per limit, for a reader of the library."""
        yield from ()

    def faults(self, codelists: CodeLists) -> Iterator[str]:  # noqa: ARG002 - for the kinds
        """Yield what is wrong with a rule of this kind when it is held against the code lists."""
        yield from ()

    @property
    def effective_severity(self) -> Severity:
        """Return the severity after the caps that depend on the rule alone (design section 6)."""
        caps: list[Severity] = [self.severity]
        if self.status == "unverified" or self.is_typical:
            caps.append("advisory")
        if self.is_titrated:
            caps.append("review")
        return min(caps, key=RANK.__getitem__)


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


def low(limits: Range | None) -> Decimal | None:
    """Return the lower limit of a range that may not be there."""
    return None if limits is None else limits.min


def high(limits: Range | None) -> Decimal | None:
    """Return the upper limit of a range that may not be there."""
    return None if limits is None else limits.max
