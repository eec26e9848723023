"""Draw the charts on rates and comparisons of events."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt

from pipeline.render.charts import named_rows, wrapped
from pipeline.render.figures import ACCENT, ACCENT_SOFT, INK, QUIET, WIDTH, Drawing

_BAR = 34
_WORDS = 330
_WIDEST = 3.0
"""An interval is drawn up to so many times the highest value, and an arrow says that it goes on."""


@dataclass(frozen=True)
class Span:
    """One line of a chart: a value between limits, with its words."""

    name: str
    low: float
    at: float
    high: float
    words: str


def spans(rows: list[Span], title: str, middle: float | None = None) -> Drawing:
    """Draw one line per name from low to high with a point; a broken line stands at `middle`."""
    highest = max(row.at for row in rows) or max(row.high for row in rows)
    end = min(max(row.high for row in rows), _WIDEST * highest) or 1.0
    values = [
        {
            "name": wrapped(row.name),
            "low": row.low,
            "at": row.at,
            "high": min(row.high, end),
            "words": row.words,
            "on": "→" if row.high > end else "",
        }
        for row in rows
    ]
    x = alt.X(
        "low:Q",
        title=title,
        scale=alt.Scale(domain=[0, end], nice=True),
        axis=alt.Axis(tickCount=5, domain=False),
    )
    base = alt.Chart(alt.InlineData(values=values)).encode(y=alt.Y("name:N", sort=None, axis=None))
    line = base.mark_rule(strokeWidth=6, color=ACCENT_SOFT, strokeCap="round").encode(
        x=x, x2="high:Q"
    )
    point = base.mark_point(filled=True, size=100, color=ACCENT, opacity=1).encode(x="at:Q")
    arrow = base.mark_text(align="left", dx=2, color=INK).encode(x="high:Q", text="on:N")
    words = base.mark_text(align="left", color=INK).encode(
        x=alt.value(WIDTH - _WORDS - 110), text="words:N"
    )
    layers: list[alt.Chart] = [line, point, arrow, words, named_rows(base)]
    if middle is not None:
        layers.insert(0, _broken_line(middle))
    return alt.layer(*layers).properties(width=WIDTH - _WORDS - 120, height=alt.Step(_BAR))


def _broken_line(at: float) -> alt.Chart:
    drawn: alt.Chart = (
        alt.Chart(alt.InlineData(values=[{"at": at}]))
        .mark_rule(strokeDash=[4, 3], color=QUIET)
        .encode(x="at:Q")
    )
    return drawn
