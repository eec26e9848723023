"""Tell the unit of a column of amounts from its name, else guess it from its values.

Which medians a unit is likely to have is our own policy (†) and data: `lists/unit.csv`. A guess
is made only where one unit fits; grams per kilogram fit too, and then there is no factor.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from pipeline.draft.lists import listed
from pipeline.draft.profile import Profile
from schemas import Column


@dataclass(frozen=True)
class UnitRow:
    """One row per unit a source may use for a unit of the contract."""

    contract_unit: str
    unit: str
    spellings: frozenset[str]
    factor: Decimal | None
    decimals: int | None
    median_from: Decimal
    median_to: Decimal


@dataclass(frozen=True)
class UnitGuess:
    """The unit of a column: how sure it is, and what turns it into the contract's unit."""

    unit: str | None
    factor: Decimal | None
    decimals: int | None
    is_said: bool
    fitting: tuple[str, ...]
    """The units that the values would fit; more than one, or none, is no answer."""

    @property
    def is_known(self) -> bool:
        """Say whether the column can be used."""
        return self.factor is not None


def guess_unit(column: Column, profile: Profile, said: str | None) -> UnitGuess:
    """Return the unit of a column; what the name says goes before what the values look like."""
    rows = _rows_of(column)
    if not rows:  # days, or grams per kilogram: nothing to tell apart
        return UnitGuess(column.unit, Decimal(1), None, is_said=True, fitting=(str(column.unit),))
    named = [row for row in rows if said is not None and said in row.spellings]
    if named:
        row = named[0]
        return UnitGuess(row.unit, row.factor, row.decimals, is_said=True, fitting=(row.unit,))
    if said is not None:  # a unit of something else: not this column's amount
        return UnitGuess(said, None, None, is_said=True, fitting=())
    median = profile.quantiles[1] if profile.quantiles else None
    fits = [
        row for row in rows if median is not None and row.median_from <= median <= row.median_to
    ]
    fitting = tuple(row.unit for row in fits)
    if len(fits) != 1:
        return UnitGuess(None, None, None, is_said=False, fitting=fitting)
    row = fits[0]
    return UnitGuess(row.unit, row.factor, row.decimals, is_said=False, fitting=fitting)


def units_of(column: Column) -> list[UnitRow]:
    """Return the units that some factor turns into a column's own."""
    return [row for row in _rows_of(column) if row.factor is not None]


def _rows_of(column: Column) -> list[UnitRow]:
    return [row for row in _rows() if row.contract_unit == column.unit]


def _rows() -> list[UnitRow]:
    return [
        UnitRow(
            unit,
            own,
            frozenset(spellings.split()),
            Decimal(factor) if factor else None,
            int(decimals) if decimals else None,
            Decimal(low),
            Decimal(high),
        )
        for unit, own, spellings, factor, decimals, low, high in listed("unit")
    ]
