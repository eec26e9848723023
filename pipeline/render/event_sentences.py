"""Say in a sentence what a chart on events shows, from the same rows."""

from __future__ import annotations

from pipeline.render import words
from pipeline.render.events import interval, units
from pipeline.render.numbers import clip, count, plural, rate
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


def unit_name(row: Row) -> str:
    """Return the name of a product, lot or site."""
    if row["unit_kind"] == "lot":
        return f"{row['product']}, lot {clip(row['unit_id'], 20)}"
    return str(row["product"] if row["unit_kind"] == "product" else row["unit_id"])


def middle(rows: list[Row]) -> float | None:
    """Return the rate of the first unit and its peers together, per 1,000 sessions."""
    first = rows[0]
    sessions = first["sessions"] + first["other_sessions"]
    if first["unit_kind"] == "lot" or not sessions:
        return None
    return float(1000 * (first["events"] + first["other_events"]) / sessions)


def compared(rows: list[Row], drawn: list[Row]) -> str:
    """Say which unit has the highest rate and how many intervals lie above their peers."""
    kind = rows[0]["unit_kind"]
    top = max(drawn, key=lambda row: (row["per_1000"], unit_name(row)))
    above = [row for row in rows if row["ratio_low"] is not None and row["ratio_low"] > 1]
    text = (
        f"Of {plural(len(drawn), kind)} drawn, {unit_name(top)} has the highest rate: "
        f"{rate(top['per_1000'])} reported events per 1,000 sessions "
        f"({rate(top['low'])} to {rate(top['high'])}). "
    )
    if above:
        text += (
            f"Of {plural(len(rows), kind)} listed, {count(len(above))} "
            f"{'has' if len(above) == 1 else 'have'} a ratio to {word(words.PEERS, kind)} whose "
            "interval lies above 1; of many looked at some do by chance."
        )
    else:
        text += f"None has a ratio to {word(words.PEERS, kind)} whose interval lies above 1."
    return text + (" The broken line is the rate of all." if middle(rows) is not None else "")
