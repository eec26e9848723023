"""Write numbers, shares and dates as the reader sees them; what is unknown says so."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

NONE = "–"
_SMALLEST = Decimal("0.1")
_SMALLEST_RATE = Decimal("0.01")
_SMALLEST_CHANCE = Decimal("0.0001")
_PLAIN_CHANCE = Decimal("0.1")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def count(value: int | Decimal | None) -> str:
    """Return a count with thousands separated, or a dash."""
    return NONE if value is None else f"{int(value):,}"


def grams(value: Decimal | int | None) -> str:
    """Return grams to one decimal, or a dash."""
    return NONE if value is None else f"{_rounded(value, '0.1'):,}"


def whole_grams(value: Decimal | int | None) -> str:
    """Return whole grams, or a dash."""
    return NONE if value is None else f"{_rounded(value, '1'):,}"


def share(value: Decimal | None) -> str:
    """Return a share as a percentage; one too small to show is not shown as none."""
    if value is None:
        return NONE
    percent = _rounded(value * 100, "0.1")
    if value > 0 and percent < _SMALLEST:
        return "under 0.1%"
    if value < 1 and percent == 100:  # noqa: PLR2004 - a hundred percent
        return "over 99.9%"
    return f"{percent}%"


def fine_share(value: Decimal | None) -> str:
    """Return a share to a hundredth of a per cent, so that printed changes add up."""
    return NONE if value is None else f"{_rounded(value * 100, '0.01')}%"


def points(value: Decimal | None) -> str:
    """Return a change of a share in percentage points with its sign, or a dash."""
    if value is None:
        return NONE
    number = _rounded(value * 100, "0.01")
    sign = "+" if number > 0 else "−" if number < 0 else ""
    return f"{sign}{abs(number)}"


def plain(value: Decimal | int | None) -> str:
    """Return a measured value without trailing zeros, or a dash."""
    if value is None:
        return NONE
    text = f"{Decimal(str(value)):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def number(value: Decimal | None) -> float | None:
    """Return a number for the position of a mark only."""
    return None if value is None else float(value)


def rate(value: Decimal | None) -> str:
    """Return a rate to two decimals; one too small to show is not shown as none."""
    if value is None:
        return NONE
    if 0 < value < _SMALLEST_RATE:
        return f"under {_SMALLEST_RATE}"
    return f"{_rounded(value, '0.01'):,}"


def share_count(value: Decimal | int | None) -> str:
    """Return a count that may hold parts: whole where it is, else to two decimals."""
    return plain(value if value is None else _rounded(value, "0.01"))


def chance(value: Decimal | None) -> str:
    """Return a probability to two digits that count, or a dash."""
    if value is None:
        return NONE
    if value < _SMALLEST_CHANCE:
        return f"under {_SMALLEST_CHANCE}"
    return f"{float(value):.2g}" if value < _PLAIN_CHANCE else f"{_rounded(value, '0.01')}"


def day(value: date | None) -> str:
    """Return a date as `3 Mar 2025`, or the word unknown."""
    return "unknown" if value is None else f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def month(value: date) -> str:
    """Return a month as `Mar 2025`."""
    return f"{_MONTHS[value.month - 1]} {value.year}"


def step_name(begins_on: date, step: str) -> str:
    """Return a month, quarter, year or decade by its first day: `Mar 2025`, `Q1 2025`, `2020s`."""
    if step == "month":
        return month(begins_on)
    if step == "quarter":
        return f"Q{(begins_on.month + 2) // 3} {begins_on.year}"
    return f"{begins_on.year}{'s' if step == 'decade' else ''}"


def clip(text: str | None, length: int = 120) -> str:
    """Return text of a record shortened to a length a page can bear."""
    if text is None:
        return NONE
    return text if len(text) <= length else text[: length - 1] + "…"


def plural(number: int | None, one: str, many: str | None = None) -> str:
    """Return a count with its noun: `1 course`, `2 courses`, `no course`."""
    if not number:
        return f"no {one}"
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def _rounded(value: Decimal | float, step: str) -> Decimal:
    return Decimal(str(value)).quantize(Decimal(step), rounding=ROUND_HALF_UP)
