"""Say what every entry of a guideline file has in common: strict keys and exact numbers."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

MAX_DECIMALS = 3


def number(value: Any) -> Decimal:
    """Return a TOML number as an exact decimal; refuse text, truth values and fine fractions."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number, written without quotes")  # noqa: TRY004 - pydantic reports ValueErrors
    exact = Decimal(value)
    exponent = exact.as_tuple().exponent
    if not isinstance(exponent, int) or -exponent > MAX_DECIMALS:
        raise ValueError(f"must be a number with at most {MAX_DECIMALS} decimals")
    return exact


Number = Annotated[Decimal, BeforeValidator(number)]


Item = TypeVar("Item")


def _not_empty(items: tuple[Item, ...]) -> tuple[Item, ...]:
    if not items:
        raise ValueError("needs at least one")
    return items


Many = Annotated[tuple[Item, ...], Field(strict=False)]
"""A TOML list, which may be empty."""
Some = Annotated[tuple[Item, ...], Field(strict=False), AfterValidator(_not_empty)]
"""A TOML list with at least one entry."""


class Entry(BaseModel):
    """Any entry of a guideline file: no unknown keys, no guessed types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def fault_lines(error: ValidationError) -> Iterator[str]:
    """Yield one line per fault: the key and what is wrong; entries are counted from 1."""
    words = {"extra_forbidden": "unknown key", "missing": "missing key"}
    for fault in error.errors(include_url=False, include_input=False):
        key = ".".join(str(part + 1 if isinstance(part, int) else part) for part in fault["loc"])
        message = words.get(fault["type"], fault["msg"].removeprefix("Value error, "))
        yield f"{key}: {message}" if key else message
