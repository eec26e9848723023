"""Put rates and comparisons of events together as the page shows them, with their words."""

from __future__ import annotations

from markupsafe import Markup

from pipeline.render.numbers import count, plain, plural, rate
from pipeline.render.tables import Row, grouped

DENOMINATORS = ("sessions", "courses", "patients", "kilograms")
INTERVAL = {
    "exact": "",
    "clustered": " (c)",
    "none": "one patient alone: no interval",
}
NO_RATE = {
    "too_few": "too few for a rate",
    "none": "none counted",
}


def event_rates(rows: list[Row]) -> dict[str, list[Row]]:
    """Return, by ascertainment, one entry per event: its name and its rate by denominator."""
    return {
        ascertainment: [
            {
                "event_code": event_code,
                "name": of_event[0]["event_name"],
                "n_events": _by_denominator(of_event)["sessions"]["n_events"],
                "rates": _by_denominator(of_event),
            }
            for event_code, of_event in grouped(found, "event_code").items()
        ]
        for ascertainment, found in grouped(rows, "ascertainment").items()
    }


def _by_denominator(rows: list[Row]) -> dict[str, Row]:
    return {row["denominator"]: row for row in rows}


def rate_cell(row: Row) -> Markup:
    """Return a rate with its interval, its numerator and its denominator, for one cell."""
    made_of = f"{count(row['n_events'])} in {units(row)}"
    if row["per_1000"] is None:
        word = NO_RATE["too_few" if row["interval_kind"] == "too_few" else "none"]
        return Markup("{}<br><small>{}</small>").format(word, made_of)
    return Markup("{}<br><small>{}</small><br><small>{}</small>").format(
        rate(row["per_1000"]), interval(row), made_of
    )


def interval(row: Row) -> str:
    """Return the 95 % interval in words, and what it allows for."""
    if row["low"] is None:
        return INTERVAL["none"]
    return f"{rate(row['low'])} to {rate(row['high'])}{INTERVAL[row['interval_kind']]}"


def units(row: Row) -> str:
    """Return the exposure with its unit."""
    if row["denominator"] == "kilograms":
        return f"{plain(row['units'])} kg"
    return f"{count(row['units'])} {row['denominator']}"


def onset_step(row: Row) -> str:
    """Return a step of time after the start of a session, in words."""
    if row["clock"] == "hours":
        if row["to_time"] is None:
            return f"after {row['from_time']} hours"
        return f"{row['from_time']} to {row['to_time']} hours"
    if row["to_time"] is None:
        return f"{row['from_time']} days later or more, hour not known"
    if row["from_time"] == 0:
        return "the same day, hour not known"
    last = row["to_time"] - 1
    if row["from_time"] == last:
        return f"{plural(last, 'day')} later, hour not known"
    return f"{row['from_time']} to {last} days later, hour not known"
