"""Draw sites and prescribers within what is expected of each, and say what the chart shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipeline.render import words
from pipeline.render.event_charts import Span, spans
from pipeline.render.figures import Figure, figure
from pipeline.render.numbers import clip, count, number, plural, rate, share
from pipeline.render.tables import Report, Row, grouped
from pipeline.render.words import word

_MOST_LINES: Final = 12
_MOST_NAMED: Final = 6
_NAME: Final = 60


def place_figures(report: Report) -> Iterator[Figure]:
    """Give a funnel of sites and one of prescribers, where there are two with limits."""
    for kind, rows in grouped(report["place_funnel"], "place_kind").items():
        held = [row for row in rows if row["wide_high"] is not None]
        if len(held) > 1:
            title = f"Courses off guideline, within what is expected of each {kind}"
            lines = [_line(row) for row in held[:_MOST_LINES]]
            chart = spans(lines, "share off guideline", number(held[0]["target"]), ".1~%")
            yield figure(f"funnel-off-{kind}", title, chart, sentence(held, len(lines)))


def _line(row: Row) -> Span:
    return Span(
        clip(row["place"], _NAME),
        float(row["wide_low"]),
        float(row["share_off"]),
        float(row["wide_high"]),
        f"{count(row['n_off'])} of {count(row['n_judged'])}, {share(row['share_off'])}; "
        f"expected {share(row['wide_low'])} to {share(row['wide_high'])}",
    )


def sentence(held: list[Row], n_drawn: int) -> str:
    """Say which places lie outside their limits, whether these were widened, and what is drawn."""
    kind, kinds = held[0]["place_kind"], word(words.PLACES, held[0]["place_kind"])
    outside = [row for row in held if row["lies"] in {"above", "below"}]
    named = ", ".join(
        f"{clip(row['place'], _NAME)} ({row['lies']})" for row in outside[:_MOST_NAMED]
    )
    more = len(outside) - _MOST_NAMED
    told = (
        f"Outside the 99.8% limits: {named}{f' and {count(more)} more' if more > 0 else ''}."
        if outside
        else f"No {kind} lies outside the 99.8% limits."
    )
    ratio = held[0]["dispersion_ratio"]
    spread = (
        f" They differ {rate(ratio)} times as much as chance alone would have them, so the limits "
        "are widened."
        if ratio is not None and ratio > 1
        else ""
    )
    drawn = (
        f" Of {plural(len(held), kind, kinds)} with limits the {count(n_drawn)} with most judged "
        "courses are drawn."
        if n_drawn < len(held)
        else ""
    )
    return (
        f"{told}{spread}{drawn} The bar is where a share lies by chance with so many judged "
        "courses, the point is the share, the broken line that of all. An outlier is a prompt to "
        "look, not a verdict."
    )
