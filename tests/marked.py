"""Rows whose every cell can be known again, for what must not show or run what records hold."""

from __future__ import annotations

from schemas import Column, Contract, Kind

TEXT, DAY, AMOUNT, WHOLE = "ZQ-", "1987-06-05", "73.7", "737"
MARKS = (TEXT, "1987", AMOUNT, WHOLE)


def good_cell(one: Contract, column: Column, text: str) -> str:
    """Return a marked cell that the contract takes, or a word where only few are allowed."""
    if column.allowed:
        return column.allowed[0]
    named = dict(one.links + ((one.parent,) if one.parent else ())).get(column.name)
    of_kind = {
        Kind.AMOUNT: AMOUNT,
        Kind.INTEGER: WHOLE,
        Kind.BOOLEAN: "true",
        Kind.DATE: DAY,
        Kind.TIME: f"{DAY} 07:37",
    }
    if column.name in (one.patient, "surviving_id"):
        return f"{text}patient"
    return of_kind.get(column.kind, f"{text}{named or one.record}")


def marked_row(one: Contract, text: str = TEXT) -> list[str]:
    """Return one row of a record that the contract takes; `text` begins every free cell."""
    cells = {column.name: good_cell(one, column, text) for column in one.columns}
    cells |= {"birth_year": "", "value_text": "", "merged_id": f"{text}merged"}
    return [cells[column.name] for column in one.columns]
