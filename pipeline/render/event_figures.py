"""Choose which charts on events the report can draw: one without rows is left out."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.render import event_charts as charts
from pipeline.render import event_sentences as sentences
from pipeline.render import words
from pipeline.render.event_charts import Span
from pipeline.render.events import interval
from pipeline.render.figures import Figure, figure
from pipeline.render.numbers import rate
from pipeline.render.tables import Report, Row, grouped
from pipeline.render.words import word

_MOST_LINES = 12


def event_figures(report: Report) -> Iterator[Figure]:
    """Give the charts on events, one after the other."""
    yield from _rates(report["event_rate"])
    yield from _compared(report["comparison"])


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
            yield figure(
                f"rates-{ascertainment}",
                said,
                charts.spans([_span(row) for row in drawn[:_MOST_LINES]], said),
                sentences.rates(drawn, of),
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
                Span(
                    sentences.unit_name(row),
                    float(row["low"]),
                    float(row["per_1000"]),
                    float(row["high"]),
                    f"{rate(row['per_1000'])} ({rate(row['low'])} to {rate(row['high'])})",
                )
                for row in drawn
            ]
            yield figure(
                f"compared-{kind}",
                title,
                charts.spans(lines, title, sentences.middle(found)),
                sentences.compared(found, drawn),
            )


def _span(row: Row) -> Span:
    return Span(
        sentences.event_name(row),
        float(row["low"]),
        float(row["per_1000"]),
        float(row["high"]),
        f"{rate(row['per_1000'])} ({interval(row)})",
    )
