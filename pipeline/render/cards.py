"""Put together what each finding's card says, from the rows of the report."""

from __future__ import annotations

from pipeline.render import sentences
from pipeline.render.tables import Report, Row, grouped


def cards(report: Report) -> list[Row]:
    """Return the cards in the order of the worklist, each with its rule, rows and words."""
    rules = {row["rule_key"]: row for row in report["rule_in_force"]}
    rows = grouped(report["finding_row"], "finding_key")
    people = {row["patient_key"]: row["pseudonym"] for row in report["patient_pseudonym"]}
    return [
        card
        | {
            "title": sentences.finding(card),
            "weight_text": sentences.weight(card),
            "rule": rules[card["rule_key"]],
            "rows": rows.get(card["finding_key"], []),
            "tolerance_text": sentences.tolerance(card),
            "pseudonym": people.get(card["patient_key"], "unknown patient"),
        }
        for card in report["finding_card"]
    ]
