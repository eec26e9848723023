"""Say what a kind of defect is: where it fits, what it changes, what the audit must say of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from pipeline.synth.catalogue import USES
from pipeline.synth.chance import Chance
from pipeline.synth.scene import Scene

Plan = Callable[[pl.DataFrame, Chance], pl.DataFrame]
"""Changes the planned courses of the patients who carry the defect."""
Spoil = Callable[[pl.DataFrame, Scene], pl.DataFrame]
"""Changes their rows of one record."""
Subjects = Callable[[Scene], pl.DataFrame]
"""Names what is labelled: `patient_id`, `source_record_id` and, for a course, `subject`."""

USE = {use.indication_code: number for number, use in enumerate(USES)}
_ACUTE = [number for number, use in enumerate(USES) if use.pattern == "acute"]

ADULT = ~pl.col("is_child")
# A first course may be a loading dose, for which a set may have other rules.
ESTABLISHED = pl.col("use").is_in(_ACUTE) | (pl.col("n_before") >= 1)
# England's criteria of 2021 hold for treatments begun since.
UNDER_NHSE_2021 = pl.col("entered_on") >= date(2022, 1, 1)


@dataclass(frozen=True)
class Label:
    """What the audit must say of one kind of defect, of what, and where it must show."""

    kind: str
    of: Subjects
    where: str
    check: str
    status: str
    reason: str
    record: str = "infusion"
    is_consequence: bool = False


@dataclass(frozen=True)
class Defect:
    """One kind of defect, planted in courses of some uses.

    `fits` says which of their courses it may sit in, by the columns that
    `pipeline.synth.planting` describes a course with. A defect of the plan (a dose, a date, a
    product) is made by `plan` before the records are; a defect of a record by `spoils`. Kinds of
    a later `turn` choose among the patients that earlier ones leave, so that a new kind moves no
    older one. What only `n_together` patients show is planted in so many or in none.
    """

    name: str
    uses: tuple[str, ...]
    labels: tuple[Label, ...]
    fits: pl.Expr = field(default_factory=lambda: ADULT & ESTABLISHED)
    plan: Plan | None = None
    spoils: Mapping[str, Spoil] = field(default_factory=dict)
    turn: int = 0
    one_of_patients: int = 150
    n_together: int = 1


def breach(kind: str, check: str, clause: str, of: Subjects, record: str = "infusion") -> Label:
    """Return the label of a defect that a check must call a breach."""
    return Label(kind, of, "verdict", check, "breached", clause, record)


def consequence(
    kind: str, check: str, clause: str, of: Subjects, record: str = "infusion"
) -> Label:
    """Return the label of what a defect of another kind makes look like `kind`."""
    return Label(kind, of, "verdict", check, "breached", clause, record, is_consequence=True)
