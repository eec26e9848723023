"""How long a live vaccine waits after immunoglobulin, and immunoglobulin after the vaccine."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from pipeline.guidelines.codelists import CodeLists
from pipeline.guidelines.entry import Entry, Many, Number, Some
from pipeline.guidelines.rules import Population, Record, Rule, Text

Component = Literal["measles", "mumps", "rubella", "varicella"]
EVERY_USE = "any"
_AMOUNT = "DECIMAL(9,3)"


class Deferral(Entry):
    """One row of a country's table: up to this dose of a course, so many calendar months."""

    up_to_g_per_kg: Annotated[Number, Field(gt=0)] | None = None
    months: Annotated[int, Field(ge=0)]
    indications: Many[Text] = ()


class VaccineRule(Rule):
    """How long a live vaccine waits after a course, by the course's total.

    The next higher row of the table counts; beyond its last row, the last.
    """

    WORD: ClassVar[str] = "VACCINE"
    TABLES: ClassVar[dict[str, dict[str, str]]] = {
        "vaccine_interval": {
            "rule_key": "INTEGER",
            "from_g_per_kg": _AMOUNT,
            "days_before_immunoglobulin": "INTEGER",
            "test_after_months": "INTEGER",
        },
        "vaccine_component": {"rule_key": "INTEGER", "component": "VARCHAR"},
        "vaccine_asked": {"rule_key": "INTEGER", "indication_code": "VARCHAR"},
        "vaccine_deferral": {
            "rule_key": "INTEGER",
            "indication_code": "VARCHAR",
            "over_g_per_kg": _AMOUNT,
            "up_to_g_per_kg": _AMOUNT,
            "shown_g_per_kg": _AMOUNT,
            "months": "INTEGER",
        },
    }

    kind: Literal["vaccine_interval"]
    components: Some[Component]
    deferral: Some[Deferral]
    from_g_per_kg: Annotated[Number, Field(gt=0)] | None = None
    days_before_immunoglobulin: Annotated[int, Field(gt=0)] | None = None
    test_after_months: Annotated[int, Field(ge=0)] | None = None
    review_indications: Many[Text] = ()

    @model_validator(mode="after")
    def is_a_table(self) -> Self:
        """Refuse a table without a row for every use, with an open row before its end, or twice."""
        general = self.ladder(EVERY_USE)
        doses = [row.up_to_g_per_kg for row in general]
        if not general or None in doses[:-1] or doses != sorted(set(doses), key=_place):
            raise ValueError(
                "deferral: needs rows for every use, each with a higher up_to_g_per_kg than the "
                "one before; only the last may leave it out"
            )
        own = {row.up_to_g_per_kg for row in self.deferral if row.indications}
        if not own <= set(doses):
            raise ValueError("deferral: a row for some indications stands in for one of every use")
        if self.population != Population() or self.phase != "any":
            raise ValueError("population, phase: a vaccine rule is for everybody and every phase")
        return self

    def ladder(self, code: str) -> list[Deferral]:
        """Return the rows that hold for an indication, in order of dose."""
        own = {row.up_to_g_per_kg: row for row in self.deferral if code in row.indications}
        general = [row for row in self.deferral if not row.indications]
        return [own.get(row.up_to_g_per_kg, row) for row in general]

    def rows(self) -> Iterator[tuple[str, Record]]:
        """Yield the rule's own row, its vaccines, its questions and its table."""
        yield (
            "vaccine_interval",
            {
                "from_g_per_kg": self.from_g_per_kg,
                "days_before_immunoglobulin": self.days_before_immunoglobulin,
                "test_after_months": self.test_after_months,
            },
        )
        for component in sorted(self.components):
            yield "vaccine_component", {"component": component}
        for code in sorted(self.review_indications):
            yield "vaccine_asked", {"indication_code": code}
        special = {code for row in self.deferral for code in row.indications}
        for code in (EVERY_USE, *sorted(special)):
            yield from self._bands(code)

    def _bands(self, code: str) -> Iterator[tuple[str, Record]]:
        """Yield the table of one indication as bands that meet and leave no dose out."""
        over: Decimal | None = None
        ladder = self.ladder(code)
        for row in ladder:
            is_last = row is ladder[-1]
            yield (
                "vaccine_deferral",
                {
                    "indication_code": code,
                    "over_g_per_kg": over,
                    "up_to_g_per_kg": None if is_last else row.up_to_g_per_kg,
                    "shown_g_per_kg": row.up_to_g_per_kg,
                    "months": row.months,
                },
            )
            over = row.up_to_g_per_kg

    def limits(self) -> Iterator[str]:
        """Yield one line per row of the table, and what else is asked."""
        what = ", ".join(self.components)
        least = f" of at least {self.from_g_per_kg} g/kg" if self.from_g_per_kg else ""
        for row in self.deferral:
            dose = f" up to {row.up_to_g_per_kg} g/kg" if row.up_to_g_per_kg else least
            used = f" for {', '.join(row.indications)}" if row.indications else ""
            yield f"- {what}: {row.months} months after a course{dose}{used}"
        if self.days_before_immunoglobulin is not None:
            yield f"- immunoglobulin not within {self.days_before_immunoglobulin} days after it"
        if self.review_indications:
            yield f"- a human looks at: {', '.join(self.review_indications)}"

    def faults(self, codelists: CodeLists) -> Iterator[str]:
        """Yield an indication that no code list knows."""
        known = codelists.codes("codelists/indication.csv", "indication_code")
        named = {code for row in self.deferral for code in row.indications}
        for code in sorted({*named, *self.review_indications} - known):
            yield f"deferral, review_indications: {code} is not in codelists/indication.csv"


def _place(dose: Decimal | None) -> Decimal:
    """Put an open end behind every dose."""
    return Decimal("Infinity") if dose is None else dose
