"""Put together what the page says of single events: cards, each with its timeline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pipeline.render.tables import Report, Row, grouped
from pipeline.render.timeline import timeline, what, when

STATE_OF_COUNTED: Final = {True: "reported", False: "never_reported", None: "unknown_reported"}
"""How a counted event is listed; None: no reports were supplied."""


def detected_cards(report: Report) -> list[Row]:
    """Return one entry per card, with its answers and its timeline in words and as a picture."""
    answers = grouped(report["detected_answer"], "detected_event_key")
    told = _told(report)
    return [
        card
        | told(f"d-{card['detected_event_key']}", card)
        | {
            "name": card["event_name"],
            "state": state(card),
            "answers": answers.get(card["detected_event_key"], []),
        }
        for card in report["detected_card"]
    ]


def reported_cards(report: Report) -> list[Row]:
    """Return one entry per card of a reported event, with its timeline."""
    told = _told(report)
    return [
        card
        | told(f"r-{card['reported_event_key']}", card)
        | {"name": card["event_name"] or "Another term"}
        for card in report["reported_card"]
    ]


def _told(report: Report) -> Callable[[str, Row], Row]:
    """Return what tells of a card, by its name on the page, whose it is and what happened when."""
    moments = grouped(report["event_moment"], "card")
    people = {row["patient_key"]: row["pseudonym"] for row in report["patient_pseudonym"]}

    def told(name: str, card: Row) -> Row:
        found = moments.get(name, [])
        return {
            "id": name,
            "pseudonym": people.get(card["patient_key"], "unknown patient"),
            "moments": [row | {"when": when(row), "what": what(row)} for row in found],
            "timeline": timeline(found),
        }

    return told


def state(card: Row) -> str:
    """Return how a detected event is listed: counted or not, reported or not."""
    if card["is_observation"]:
        return "observation"
    if not card["is_counted"]:
        return "flagged"
    return STATE_OF_COUNTED[card["is_reported"]]
