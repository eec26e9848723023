"""Say in a sentence what a chart on events shows, from the same rows."""

from __future__ import annotations

from pipeline.render import words
from pipeline.render.events import interval, units
from pipeline.render.numbers import clip, count, month, plural, rate
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


def onset(rows: list[Row]) -> str:
    """Say within which hours half and nine tenths of the events had begun."""
    total = rows[0]["n_clock"]

    def until(share: float) -> str:
        step = next(row for row in rows if row["n_so_far"] >= share * total)
        return (
            f"within {step['to_time']} hours"
            if step["to_time"] is not None
            else f"after {step['from_time']} hours"
        )

    return (
        f"Of {plural(total, 'reported event')} whose hours are known, half had begun {until(0.5)} "
        f"of the start of the session and nine in ten {until(0.9)}. An event is laid to a session "
        "only within its window, so what came later is not here."
    )


def class_name(row: Row) -> str:
    """Return the class of a stratum with what it is sorted by, short enough for a chart."""
    code = row["class_code"]
    if row["sorted_by"] == "dose_number":
        return "First or later: not known" if code is None else f"{str(code).capitalize()} dose"
    if row["sorted_by"] == "blood_group" and code is not None:
        return f"Blood group {code}"
    return f"{word(words.SORTED_BY_SHORT, row['sorted_by'])}: {word(words.CLASS, code)}"


def strata(rows: list[Row]) -> str:
    """Say the rates of first and later doses, and which class has the highest."""
    known = {row["class_code"]: row for row in rows if row["sorted_by"] == "dose_number"}
    text = ""
    if "first" in known and "later" in known:
        text = (
            f"After a first dose on record {rate(known['first']['per_1000'])} reported events per "
            f"1,000 sessions, after later ones {rate(known['later']['per_1000'])}. "
        )
    top = max(rows, key=lambda row: (row["per_1000"], class_name(row)))
    return text + (
        f"The highest rate of all classes has \u201c{class_name(top)}\u201d: "
        f"{rate(top['per_1000'])} ({rate(top['low'])} to {rate(top['high'])}). Classes differ in "
        "much else, and nothing is adjusted."
    )


def event_months(rows: list[Row]) -> str:
    """Say how many whole months lie outside the limits of the u-chart."""
    outside = [row for row in rows if row["is_outside"]]
    names = ", ".join(month(row["month_on"]) for row in outside[:6])
    told = (
        f"{count(len(outside))} of {plural(len(rows), 'whole month')} "
        f"{'lies' if len(outside) == 1 else 'lie'} outside the three-sigma limits ({names})"
        if outside
        else f"None of {plural(len(rows), 'whole month')} lies outside the three-sigma limits"
    )
    return (
        f"{told}; the mean is {rate(rows[0]['mean'])} reported events per 1,000 sessions. The "
        "limits are too wide below and too narrow above where few events are expected."
    )


def serious_gaps(rows: list[Row], n_drawn: int) -> str:
    """Say how far serious events lie apart, and how many gaps are longer than chance makes them."""
    first, last = rows[0], rows[-1]
    long = [row for row in rows if row["high"] is not None and row["gap_days"] > row["high"]]
    some = f" The newest {count(n_drawn)} are drawn." if n_drawn < len(rows) else ""
    return (
        f"{plural(len(rows) + 1, 'serious reported event')}, {rate(first['mean_days'])} days apart "
        f"on average; the last gap is {plural(last['gap_days'], 'day')}. By chance a gap is at "
        f"most {plural(int(first['high'] or 0), 'day')}; {count(len(long))} of {count(len(rows))} "
        f"{'is' if len(long) == 1 else 'are'} longer. Short gaps one after the other are what to "
        f"look for.{some}"
    )


def funnel(rows: list[Row]) -> str:
    """Say which places lie outside the limits and whether these were widened."""
    kind = rows[0]["unit_kind"]
    outside = [unit_name(row) for row in rows if row["is_outside"]]
    ratio = rows[0]["dispersion_ratio"]
    told = (
        f"Outside the 99.8% limits: {', '.join(outside[:6])}."
        if outside
        else f"No {kind} lies outside the 99.8% limits."
    )
    spread = (
        f" They differ {rate(ratio)} times as much as chance alone would have them, so the limits "
        "are widened."
        if ratio is not None and ratio > 1
        else ""
    )
    return (
        f"{told}{spread} The bar is where a rate lies by chance with so many sessions, the point "
        "is the rate, the broken line that of all. To lie outside is a prompt to look, no verdict."
    )


def reach(rows: list[Row]) -> float:
    """Return how near a unit came to its critical value: 1 is there."""
    parts = [float(row["llr"] / row["critical"]) for row in rows if row["llr"] and row["critical"]]
    return max(parts, default=0.0)


def sequence(rows: list[Row], n_units: int) -> str:
    """Say whether the unit that came furthest reached its critical value."""
    reached = next(
        (row for row in rows if row["critical"] is not None and row["llr"] is not None
         and row["llr"] >= row["critical"]), None,
    )  # fmt: skip
    last = rows[-1]
    told = (
        f"reached its critical value in {month(reached['month_on'])}"
        if reached
        else "did not reach its critical value"
    )
    return (
        f"Of {plural(n_units, 'product or lot', 'products and lots')} above their peers and "
        f"followed, {unit_name(rows[0])} came furthest and {told}: "
        f"{rate(last['events_so_far'])} reported events where "
        f"{rate(last['expected_so_far'])} were expected at the rate of its peers. Each test alone "
        "would do so by chance once in twenty; none of them is in the budget and none signals."
    )
