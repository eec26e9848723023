"""Say in a sentence what a chart on events shows, from the same rows."""

from __future__ import annotations

from pipeline.render import words
from pipeline.render.events import interval, units
from pipeline.render.numbers import count, plural, rate
from pipeline.render.tables import Row
from pipeline.render.words import word


def event_name(row: Row) -> str:
    """Return the name of an event or case definition, or what stands for none."""
    if row["event_code"] is None:
        return "All events"
    return row["event_name"] or "Another term"


def rates(rows: list[Row], of: str) -> str:
    """Say the rate of all events, and which event has the highest."""
    first = rows[0]
    said = word(words.ASCERTAINMENT, first["ascertainment"])
    text = (
        f"{said}: {event_name(first)}, {rate(first['per_1000'])} per 1,000 {of} "
        f"({interval(first)}; {plural(first['n_events'], 'event')} in {units(first)})."
    )
    single = [row for row in rows if row["event_code"] is not None]
    if first["event_code"] is None and single:
        top = single[0]
        text += (
            f" Of single events the most frequent is {event_name(top).lower()}, "
            f"{rate(top['per_1000'])} per 1,000 {of}."
        )
    return text + f" {count(len(single))} single events have a rate above 0." * (len(single) > 1)
