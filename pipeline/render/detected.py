"""Put together what the page says of detected events: cards, answers side by side, timelines."""

from __future__ import annotations

from typing import Any, Final

from pipeline.render.tables import Report, Row, grouped
from pipeline.render.timeline import timeline, what, when

STATE_OF_COUNTED: Final = {True: "reported", False: "never_reported", None: "unknown_reported"}
"""How a counted event is listed; None: no reports were supplied."""


def detected_cards(report: Report) -> list[Row]:
    """Return one entry per card, with its answers and its timeline in words and as a picture."""
    answers = grouped(report["detected_answer"], "detected_event_key")
    moments = grouped(report["detected_moment"], "detected_event_key")
    people = {row["patient_key"]: row["pseudonym"] for row in report["patient_pseudonym"]}
    return [
        card
        | {
            "pseudonym": people.get(card["patient_key"], "unknown patient"),
            "state": state(card),
            "answers": answers.get(card["detected_event_key"], []),
            "moments": [
                row | {"when": when(row), "what": what(row)}
                for row in moments.get(card["detected_event_key"], [])
            ],
            "timeline": timeline(moments.get(card["detected_event_key"], [])),
        }
        for card in report["detected_card"]
    ]


def state(card: Row) -> str:
    """Return how a detected event is listed: counted or not, reported or not."""
    if card["is_observation"]:
        return "observation"
    if not card["is_counted"]:
        return "flagged"
    return STATE_OF_COUNTED[card["is_reported"]]


def by_event(rows: list[Row]) -> dict[str, list[Row]]:
    """Return the case definitions by the name of their event, in the order they came."""
    return grouped(rows, "event_name")


def pairs(rows: list[Row]) -> dict[Any, list[Row]]:
    """Return how definitions agree, by event."""
    return grouped(rows, "event")
