"""Put together which fields of the records are filled, and say which are filled no more."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from pipeline.render.numbers import count, share, step_name
from pipeline.render.tables import Report, Row, grouped

FALLEN_NAMED = 5
"""How many fields the sentence names; the table holds all."""
PART = {"value": "", "hour": " (hour)", "link": " (found)"}
"""What of a field is meant, after its name."""


def filled_fields(report: Report) -> dict[str, Any]:
    """Return the quarters shown, and per record kind its rows and fields by how often filled."""
    shown = [row for row in report["field_filled"] if row["is_shown"]]
    cells = {(row["record"], row["place"], row["quarter_on"]): row for row in shown}
    states = grouped(report["field_state"], "record")
    rows_of = {row["record"]: row["staged_rows"] for row in report["record_ledger"]}
    quarters = sorted({row["quarter_on"] for row in shown})
    return {
        "quarters": quarters,
        "kinds": [
            _kind(name, rows_of.get(name), states.get(name, []))
            for row in report["record_supplied"]
            if row["is_supplied"]
            for name in (row["record"],)
        ],
        "partly": [
            {
                **row,
                "quarters": [cells.get((row["record"], row["place"], one)) for one in quarters],
            }
            for row in report["field_state"]
            if row["state"] == "partly"
        ],
    }


def _kind(record: str, n_rows: int | None, fields: list[Row]) -> Row:
    by_state = grouped(fields, "state")
    return {"record": record, "n_rows": n_rows} | {
        state: by_state.get(state, []) for state in ("always", "partly", "never")
    }


def field_name(row: Row) -> Markup:
    """Return the name of a field and what of it is meant."""
    return Markup("<code>{}</code>{}").format(row["column_name"], PART[row["part"]])


def fallen(fields: list[Row]) -> Markup:
    """Say which fields fell most, from which quarter to which."""
    found = sorted(
        (row for row in fields if row["share_fallen"] is not None),
        key=lambda row: (-row["share_fallen"], row["record"], row["place"]),
    )
    if not found:
        return Markup(
            "No field is known to have fallen: by 10† points or more from one quarter to a later "
            "one, with 30† rows in each, and by more than chance would. Smaller changes, and those "
            "of few rows, are in the table."
        )
    more = len(found) - FALLEN_NAMED
    named = Markup("; ").join(map(_fall, found[:FALLEN_NAMED]))
    rest = f"; and {count(more)} more in the table" if more > 0 else ""
    return Markup("<strong>Filled less often than before:</strong> {}{}.").format(named, rest)


def _fall(row: Row) -> Markup:
    return Markup("{} of <code>{}</code>, from {} of {} rows in {} to {} of {} in {}").format(
        field_name(row),
        row["record"],
        share(row["share_before"]),
        count(row["n_rows_before"]),
        step_name(row["before_on"], "quarter"),
        share(row["share_after"]),
        count(row["n_rows_after"]),
        step_name(row["after_on"], "quarter"),
    )
