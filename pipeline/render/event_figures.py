"""Choose which charts on events the report can draw: one without rows is left out."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.render import event_charts as charts
from pipeline.render import event_sentences as sentences
from pipeline.render import words
from pipeline.render.charts import amounts
from pipeline.render.event_charts import Point, Span
from pipeline.render.events import interval, onset_step
from pipeline.render.figures import Figure, figure
from pipeline.render.numbers import count, month, number, rate
from pipeline.render.tables import Report, Row, grouped
from pipeline.render.words import word

_MOST_LINES = 12
_MOST_POINTS = 100
"""The newest gaps are drawn; all stand in the table of the database."""


def event_figures(report: Report) -> Iterator[Figure]:
    """Give the charts on events, one after the other."""
    yield from _rates(report["event_rate"])
    yield from _onset(report["event_onset_step"])
    yield from _strata(report["event_stratum"])
    yield from _months(report["event_month"])
    yield from _gaps(report["serious_gap"])
    yield from _compared(report["comparison"])
    yield from _funnel(report["funnel"])
    yield from _sequence(report["sequence"])


def _rates(rows: list[Row]) -> Iterator[Figure]:
    """Draw the rates per session: of detected events, per course."""
    for ascertainment, found in grouped(rows, "ascertainment").items():
        of = "courses" if ascertainment == "detected" else "sessions"
        drawn = [
            row
            for row in found
            if row["denominator"] == of and row["low"] is not None and row["n_events"]
        ]
        if drawn:
            said = f"{word(words.ASCERTAINMENT, ascertainment)}, per 1,000 {of}"
            lines = [
                _span(sentences.event_name(row), row, interval(row)) for row in drawn[:_MOST_LINES]
            ]
            yield figure(
                f"rates-{ascertainment}",
                said,
                charts.spans(lines, said),
                sentences.rates(drawn, of),
            )


def _onset(rows: list[Row]) -> Iterator[Figure]:
    """Draw how many reported events began in which hours."""
    drawn = [row for row in rows if row["clock"] == "hours"]
    if any(row["n_events"] for row in drawn):
        bars = [(onset_step(row), float(row["n_events"]), _so_far(row)) for row in drawn]
        yield figure(
            "onset",
            "Reported events by hours from the start of the session",
            amounts(bars),
            sentences.onset(drawn),
        )


def _so_far(row: Row) -> str:
    so_far = f"{count(row['n_so_far'])} of {count(row['n_clock'])}"
    return f"{count(row['n_events'])} · up to here {so_far}"


def _strata(rows: list[Row]) -> Iterator[Figure]:
    """Draw the rate of all reported events by what sessions are sorted by."""
    for place, found in enumerate(grouped(rows, "ascertainment", "event_code").values(), start=1):
        drawn = [row for row in found if row["low"] is not None and row["units"]]
        if any(row["n_events"] for row in drawn) and found[0]["ascertainment"] == "reported":
            title = f"Reported, per 1,000 {found[0]['denominator']}"
            lines = [_span(sentences.class_name(row), row, interval(row)) for row in drawn]
            yield figure(
                f"strata-{place}", title, charts.spans(lines, title), sentences.strata(drawn)
            )


def _compared(rows: list[Row]) -> Iterator[Figure]:
    """Draw the rate of all reported events by product, by lot and by site."""
    of_all = [
        row for row in rows if row["ascertainment"] == "reported" and row["event_code"] is None
    ]
    for kind, found in grouped(of_all, "unit_kind").items():
        drawn = [row for row in found if row["low"] is not None][:_MOST_LINES]
        if drawn:
            title = f"Reported, per 1,000 sessions, by {kind}"
            lines = [
                _span(sentences.unit_name(row), row, f"{rate(row['low'])} to {rate(row['high'])}")
                for row in drawn
            ]
            yield figure(
                f"compared-{kind}",
                title,
                charts.spans(lines, title, sentences.middle(found)),
                sentences.compared(found, drawn),
            )


def _months(rows: list[Row]) -> Iterator[Figure]:
    """Draw the rate of reported events month by month, within the limits of a u-chart."""
    drawn = [row for row in rows if row["ascertainment"] == "reported" and row["is_whole"]]
    if len(drawn) > 1:
        title = "Reported, per 1,000 sessions, by month"
        points = [
            Point(
                month(row["month_on"]),
                float(row["per_1000"]),
                number(row["low"]),
                number(row["high"]),
                bool(row["is_outside"]),
                mean=number(row["mean"]),
            )
            for row in drawn
        ]
        chart = charts.run(points, "per 1,000 sessions", "upper limit")
        yield figure("event-months", title, chart, sentences.event_months(drawn))


def _gaps(rows: list[Row]) -> Iterator[Figure]:
    """Draw the days between serious reported events, in their order."""
    if len(rows) > 1:
        points = [
            Point(
                month(row["happened_on"]),
                float(row["gap_days"]),
                None,
                number(row["high"]),
                bool(row["is_outside"]),
                mean=number(row["mean_days"]),
            )
            for row in rows[-_MOST_POINTS:]
        ]
        yield figure(
            "serious-gaps",
            "Days between serious reported events",
            charts.run(points, "days since the one before", "upper limit"),
            sentences.serious_gaps(rows, len(points)),
        )


def _funnel(rows: list[Row]) -> Iterator[Figure]:
    """Draw each place's rate within the limits of its own number of sessions."""
    for kind, found in grouped(rows, "unit_kind").items():
        drawn = [row for row in found if row["wide_low"] is not None][:_MOST_LINES]
        if len(drawn) > 1:
            title = f"Reported, per 1,000 sessions, within what is expected of each {kind}"
            lines = [
                Span(
                    sentences.unit_name(row),
                    float(row["wide_low"]),
                    float(row["per_1000"]),
                    float(row["wide_high"]),
                    f"{rate(row['per_1000'])}, expected {rate(row['wide_low'])} to "
                    f"{rate(row['wide_high'])}",
                )
                for row in drawn
            ]
            yield figure(
                f"funnel-{kind}",
                title,
                charts.spans(lines, title, number(drawn[0]["target"])),
                sentences.funnel(found),
            )


def _sequence(rows: list[Row]) -> Iterator[Figure]:
    """Draw the sequential test of the unit that came furthest."""
    units = grouped(rows, "unit_kind", "product_id", "unit_id")
    if units:
        furthest = max(units.values(), key=lambda found: (sentences.reach(found), len(found)))
        points = [
            Point(
                month(row["month_on"]),
                float(row["llr"]),
                None,
                number(row["critical"]),
                row["critical"] is not None and row["llr"] >= row["critical"],
            )
            for row in furthest
            if row["llr"] is not None
        ]
        if len(points) > 1:
            yield figure(
                "sequence",
                f"Sequential test of {sentences.unit_name(furthest[0])}",
                charts.run(points, "log-likelihood ratio", "critical value"),
                sentences.sequence(furthest, len(units)),
            )


def _span(name: str, row: Row, limits: str) -> Span:
    """Return one line of a chart: a rate between its limits, both in words beside it."""
    return Span(
        name,
        float(row["low"]),
        float(row["per_1000"]),
        float(row["high"]),
        f"{rate(row['per_1000'])} ({limits})",
    )
