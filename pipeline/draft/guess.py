"""Hold what is thought of a column and of a file: a guess, how sure it is, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.draft.profile import Profile
from pipeline.draft.units import UnitGuess
from schemas import Column

CLEAR, LIKELY = 0.85, 0.5

GIVEN = ("infusion", "dispensing")

MADE_IDS = {
    "infusion": "infusion_id", "dispensing": "dispensing_id", "encounter": "encounter_id",
    "authorisation": "authorisation_id", "adverse_event": "event_id",
}  # fmt: skip
"""The records whose own id can be made of the file and the row when the source has none."""

MAIN_DATE = {
    "infusion": "started_at", "dispensing": "dispensed_at", "body_measurement": "measured_at",
    "lab_result": "collected_at", "diagnosis": "recorded_on", "vaccination": "given_on",
    "medication": "started_at", "outcome_review": "reviewed_on", "encounter": "started_at",
    "clinical_event": "occurred_at", "adverse_event": "onset_at",
    "authorisation": "requested_on", "rate_step": "changed_at",
}  # fmt: skip
"""The column a date is meant for that says no more than that it is one."""


@dataclass(frozen=True)
class Guess:
    """One row per contract column of a record that a file may fill."""

    record: str
    column: Column
    profile: Profile
    score: float
    why: str
    unit: UnitGuess | None = None
    also: tuple[Profile, ...] = ()
    """Other columns that are as likely; then none is taken."""
    clock: Profile | None = None
    """The column with the time of day, when it stands apart from the date."""
    unit_beside: Profile | None = None
    """The column that holds its unit row by row, when its own name says none."""
    seen: float = 0.0
    """The share of its values that look like the column's."""
    is_by_values: bool = False

    @property
    def is_sure(self) -> bool:
        """Say whether the name alone says what the column is."""
        return self.score >= CLEAR and not self.is_by_values

    @property
    def is_open(self) -> bool:
        """Say whether somebody must decide before the column can be used."""
        return self.question() is not None

    @property
    def label(self) -> str:
        """Return how sure the guess is, in a word."""
        if self.is_open:
            return "open"
        is_unit_sure = self.unit is None or self.unit.is_said
        return "clear" if self.is_sure and is_unit_sure else "likely"

    def told_why(self) -> str:
        """Return why, with the unit and how that is known."""
        if self.unit is None or self.unit.unit is None or self.unit_beside is not None:
            return self.why
        how = "as its name says" if self.unit.is_said else "GUESSED from its median"
        return f"{self.why}; unit {self.unit.unit}, {how}"

    def question(self) -> str | None:
        """Say what must be decided before the column can be used; None: nothing."""
        if self.also:
            both = " and ".join(str(one.position) for one in (self.profile, *self.also))
            return f"columns {both} of the file are as likely, and nothing says which"
        if self.unit_beside is not None:
            at, n = self.unit_beside.position, self.unit_beside.n_distinct
            return f"its unit may stand in column {at} of the file ({n} different words)"
        if self.unit is not None and not self.unit.is_known:
            if self.unit.unit is not None:
                return f"it is in {self.unit.unit}, which no factor turns into {self.column.unit}"
            fits = " or ".join(self.unit.fitting) or "no unit that is known"
            return f"its unit is not known: its values fit {fits}"
        return None


@dataclass(frozen=True)
class Proposal:
    """One row per record kind a file is likely to hold: what fills its columns."""

    record: str
    guesses: dict[str, Guess]
    strength: float
    notes: tuple[str, ...] = field(default=())

    def filled(self) -> Iterator[Guess]:
        """Yield the guesses that can be used."""
        return (guess for guess in self.guesses.values() if not guess.is_open)

    @property
    def date_position(self) -> int | None:
        """Return which column of the file dates the record, if one does."""
        guess = self.guesses.get(MAIN_DATE.get(self.record, ""))
        return guess.profile.position if guess else None


@dataclass(frozen=True)
class Nearest:
    """One row per file that holds no record: the kind it is nearest to, and what it lacks."""

    record: str
    missing: tuple[str, ...]
    """Contract columns that no column of the file is likely to be; `a or b` where one would do."""
