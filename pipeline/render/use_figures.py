"""Choose the charts on use over time, on reasons and on the ledger; none without rows."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from pipeline.render import action_words, use_charts, use_sentences
from pipeline.render.event_charts import Point, run
from pipeline.render.figures import Figure, figure
from pipeline.render.ledger import steps
from pipeline.render.numbers import month, number, plural, share, whole_grams
from pipeline.render.tables import Report, Row, grouped
from pipeline.render.words import word

_MOST_REASONS: Final = 12
_FORM: Final = {"grams": ",.0f", "off_share": ".1~%"}


def use_figures(report: Report) -> Iterator[Figure]:
    """Give the charts one after the other."""
    yield from _over_time(report["over_time"])
    yield from _reasons(report["off_guideline_reason"])
    yield from _waterfall(report["ledger_margin"])


def _over_time(rows: list[Row]) -> Iterator[Figure]:
    for measure, found in grouped(rows, "measure").items():
        if len(found) > 1:
            yield run_of_months(measure, found)


def run_of_months(measure: str, rows: list[Row], how_to_read: str = "") -> Figure:
    """Return the chart of closed months against their usual variation.

    Args:
        measure: what is drawn.
        rows: one row per closed month, with its limits.
        how_to_read: follows the sentence, where no note of the page explains the chart.
    """
    title = word(action_words.MEASURE_OVER_TIME, measure)
    points = [
        Point(
            month(row["month_on"]),
            float(row["amount"]),
            number(row["low"]),
            number(row["high"]),
            row["rule"] is not None,
            row["way"] == "low",
            number(row["mean"]),
            row["part"],
        )
        for row in rows
    ]
    target = number(rows[0]["target"])
    chart = run(points, title.lower(), "upper limit", _FORM[measure], target)
    return figure(f"xmr-{measure}", title, chart, use_sentences.over_time(rows) + how_to_read)


def _reasons(rows: list[Row]) -> Iterator[Figure]:
    if rows:
        drawn = [
            (
                use_sentences.reason(row),
                float(row["share_courses"]),
                float(row["share_so_far"]),
                f"{plural(row['n_courses'], 'course')} · up to here {share(row['share_so_far'])}",
            )
            for row in rows[:_MOST_REASONS]
        ]
        yield figure(
            "reasons",
            "Why courses are off guideline",
            use_charts.pareto(drawn),
            use_sentences.reasons(rows, len(drawn)),
        )


def _waterfall(rows: list[Row]) -> Iterator[Figure]:
    for row in rows:
        if row["part"] == "all":
            drawn = [
                use_charts.Step(
                    step["name"],
                    float(step["start_g"]),
                    float(step["end_g"]),
                    step["kind"],
                    f"{_signed(step['grams'])} g",
                )
                for step in steps(row)
            ]
            yield figure(
                "ledger",
                "Where the grams went",
                use_charts.waterfall(drawn),
                use_sentences.waterfall(row),
            )


def _signed(grams: Decimal) -> str:
    return f"−{whole_grams(-grams)}" if grams < 0 else whole_grams(grams)
