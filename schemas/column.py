"""Declare the columns of the record contract: type, unit, allowed values, meaning.

A limit marked † in a description is our own plausibility limit, which no guideline states.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any

import pandera.polars as pa
import polars as pl

Amount = Annotated[pl.Decimal, 9, 3]
"""Grams, kilograms, millilitres and rates: at most three decimals."""
Sum = Annotated[pl.Decimal, 12, 3]
"""A sum of amounts, or a figure worked out from them."""
LabValue = Annotated[pl.Decimal, 18, 6]
"""A laboratory value or vital sign: at most six decimals."""
Moment = Annotated[pl.Datetime, "us", None]
"""A UTC instant; null when the source gave a day only."""

FIRST_DAY = date(1800, 1, 1)
"""De-identified sources shift dates by centuries, so the limits are generous."""
LAST_DAY = date(2299, 12, 31)


def column(
    description: str,
    *,
    required: bool = False,
    unit: str | None = None,
    allowed: Iterable[str] | None = None,
    **limits: Any,
) -> Any:
    """Declare a text, number or boolean column.

    Args:
        description: what the value means, in one sentence.
        required: the column must exist and every row must fill it.
        unit: the unit of the value, when it has one.
        allowed: the only values the column may hold.
        limits: pandera's own checks, such as `gt=0`.
    """
    facts = {"required": required, "unit": unit, "allowed": tuple(allowed or ())}
    if allowed is not None:
        limits["isin"] = list(allowed)
    return pa.Field(nullable=not required, description=description, metadata=facts, **limits)


def moment(description: str, *, required: bool = False) -> Any:
    """Declare a time, null when the source gave a day only: its day is what is required."""
    facts = {"required": required, "unit": None, "allowed": ()}
    return pa.Field(nullable=True, description=description, metadata=facts)


def day(description: str, *, required: bool = False) -> Any:
    """Declare a date."""
    facts = {"required": required, "unit": None, "allowed": ()}
    return pa.Field(
        nullable=not required, description=description, metadata=facts, ge=FIRST_DAY, le=LAST_DAY
    )


def day_of(time: str, *, required: bool = False) -> Any:
    """Declare the local date that validation derives from the time column `time`."""
    return pa.Field(
        nullable=not required,
        description=f"Local date of {time}, in the time zone of the source.",
        metadata={"derived_from": time, "required": required},
        ge=FIRST_DAY,
        le=LAST_DAY,
    )


def in_order(frame: pa.PolarsData, earlier: str, later: str) -> pl.LazyFrame:
    """Say per row whether `later` is not before `earlier`, by instant, else by day.

    Args:
        frame: the frame pandera hands to a check.
        earlier: the stem of the columns `<stem>_at` and `<stem>_on` that come first.
        later: the stem of those that come second.
    """
    instants = pl.col(f"{later}_at") >= pl.col(f"{earlier}_at")
    days = pl.col(f"{later}_on") >= pl.col(f"{earlier}_on")
    return frame.lazyframe.select(pl.coalesce(instants, days))


def within_vials(frame: pa.PolarsData) -> pl.LazyFrame:
    """Say per row whether `dose_g` is not more than `n_vials` vials of `vial_size_g` hold."""
    held = pl.col("vial_size_g") * pl.col("n_vials").cast(pl.Decimal(9, 0))
    return frame.lazyframe.select(pl.col("dose_g") <= held)
