"""Read and re-evaluate printed arithmetic: one equation or comparison a line, with units.

Shares no code with the audit. Numbers are exact fractions; a sum of unlike units is a fault.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil, floor

Token = tuple[str, str]
Units = tuple[int, int, int, int, int]

# Grams given, kilograms of the patient, days, hours, millilitres.
UNITS: dict[str, Units] = {
    "g": (1, 0, 0, 0, 0),
    "kg": (0, 1, 0, 0, 0),
    "d": (0, 0, 1, 0, 0),
    "h": (0, 0, 0, 1, 0),
    "ml": (0, 0, 0, 0, 1),
    "g/kg": (1, -1, 0, 0, 0),
    "mg": (1, 0, 0, 0, 0),
    "min": (0, 0, 0, 1, 0),
    "s": (0, 0, 0, 1, 0),
    "mg/h": (1, 0, 0, -1, 0),
    "mg/ml": (1, 0, 0, 0, -1),
    "ml/h": (0, 0, 0, -1, 1),
    "mg/kg/min": (1, -1, 0, -1, 0),
    "ml/kg/h": (0, -1, 0, -1, 1),
    "ml/kg/min": (0, -1, 0, -1, 1),
}
SCALE: dict[str, Fraction] = {
    "mg": Fraction(1, 1000),
    "min": Fraction(1, 60),
    "s": Fraction(1, 3600),
    "mg/h": Fraction(1, 1000),
    "mg/ml": Fraction(1, 1000),
    "mg/kg/min": Fraction(60, 1000),
    "ml/kg/min": Fraction(60),
}
"""What one of a unit is in grams, hours and millilitres; one where it is not here."""
PLAIN: Units = (0, 0, 0, 0, 0)
DAY = UNITS["d"]
TOKEN = re.compile(
    r"\s*(?:(?P<date>\d{4}-\d{2}-\d{2})|(?P<number>\d+(?:\.\d+)?)"
    rf"|(?P<word>{'|'.join(sorted((*UNITS, 'ceil', 'floor'), key=len, reverse=True))})\b"
    r"|(?P<sign>[-+×÷()=<>≤≥]))"
)
SIGNS = "=<>≤≥"
MONTHS = re.compile(r"(\d{4})-(\d{2})-(\d{2}) \+ (\d+) months")


@dataclass(frozen=True)
class Value:
    """A number with its unit; a date is the number of its day."""

    number: Fraction
    units: Units
    is_date: bool = False


class Disagreement(Exception):  # noqa: N818 - it is what the tool looks for
    """The printed line does not say the truth."""


def agrees(line: str) -> bool:
    """Say whether one equation or comparison holds, units included."""
    tokens = _tokens(MONTHS.sub(_months_later, line))
    places = [
        place for place, (kind, text) in enumerate(tokens) if kind == "sign" and text in SIGNS
    ]
    if len(places) != 1:
        raise Disagreement("a line needs exactly one of = < > ≤ ≥")
    left, right = _evaluate(tokens[: places[0]]), _evaluate(tokens[places[0] + 1 :])
    if left.units != right.units or left.is_date != right.is_date:
        raise Disagreement("the two sides have different units")
    a, b = left.number, right.number
    return {"=": a == b, "<": a < b, ">": a > b, "≤": a <= b, "≥": a >= b}[tokens[places[0]][1]]


def _months_later(found: re.Match[str]) -> str:
    """Return the day so many calendar months later, the last of its month where it has none."""
    year, month, day, more = (int(part) for part in found.groups())
    years, month = divmod(month - 1 + more, 12)
    length = monthrange(year + years, month + 1)[1]
    return str(date(year + years, month + 1, min(day, length)))


def _tokens(line: str) -> list[Token]:
    found, place = [], 0
    text = line.rstrip()
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise Disagreement("a line that is no arithmetic")
        found.append((match.lastgroup, match.group(match.lastgroup)))
        place = match.end()
    return found


def _evaluate(tokens: list[Token]) -> Value:
    value, rest = _sum(tokens)
    if rest:
        raise Disagreement("something is left over")
    return value


def _sum(tokens: list[Token]) -> tuple[Value, list[Token]]:
    value, rest = _product(tokens)
    while rest and rest[0] in (("sign", "+"), ("sign", "-")):
        sign = 1 if rest[0][1] == "+" else -1
        other, rest = _product(rest[1:])
        value = _added(value, other, sign)
    return value, rest


def _added(value: Value, other: Value, sign: int) -> Value:
    if value.is_date and other.is_date and sign < 0:
        return Value(value.number - other.number, DAY)
    if value.units != other.units or value.is_date or other.is_date:
        raise Disagreement("only like may be added to like")
    return Value(value.number + sign * other.number, value.units)


def _product(tokens: list[Token]) -> tuple[Value, list[Token]]:
    value, rest = _factor(tokens)
    while rest and rest[0] in (("sign", "×"), ("sign", "÷")):
        sign = 1 if rest[0][1] == "×" else -1
        other, rest = _factor(rest[1:])
        units = tuple(a + sign * b for a, b in zip(value.units, other.units, strict=True))
        number = value.number * other.number if sign > 0 else value.number / other.number
        value = Value(number, units)  # type: ignore[arg-type]  # four in, four out
    return value, rest


def _factor(tokens: list[Token]) -> tuple[Value, list[Token]]:
    if not tokens:
        raise Disagreement("something is missing")
    (kind, text), rest = tokens[0], tokens[1:]
    if kind == "date":
        return Value(Fraction(date.fromisoformat(text).toordinal()), PLAIN, is_date=True), rest
    if kind == "number":
        units = UNITS.get(rest[0][1]) if rest and rest[0][0] == "word" else None
        if units is None:
            return Value(Fraction(text), PLAIN), rest
        return Value(Fraction(text) * SCALE.get(rest[0][1], Fraction(1)), units), rest[1:]
    if text in ("ceil", "floor"):
        value, rest = _factor(rest)
        whole = ceil(value.number) if text == "ceil" else floor(value.number)
        return Value(Fraction(whole), value.units), rest
    if text == "(":
        value, rest = _sum(rest)
        if rest[:1] == [("sign", ")")]:
            return value, rest[1:]
    raise Disagreement("a number, a date or a bracket is missing")


def arithmetic_lines(text: str) -> list[str]:
    """Return the equations and comparisons of an explanation, without their names."""
    lines = text.splitlines()
    if "Arithmetic" not in lines:
        return []
    found = []
    for line in lines[lines.index("Arithmetic") + 1 :]:
        if not line.startswith("  "):
            break
        if any(sign in line for sign in SIGNS):
            found.append(line.split(": ", 1)[1])
    return found
