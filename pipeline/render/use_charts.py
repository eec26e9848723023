"""Draw what leads: reasons in their order with the sum so far, and where the grams went."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt

from pipeline.render.charts import named_rows, wrapped
from pipeline.render.figures import (
    ACCENT,
    ACCENT_SOFT,
    INK,
    OFF,
    QUIET,
    UNKNOWN,
    WIDTH,
    WITHIN,
    Drawing,
)

_STEP = 42
_INK = {"in": ACCENT, "out": ACCENT_SOFT, "rest": OFF, "beside": UNKNOWN, "given": WITHIN}


def pareto(rows: list[tuple[str, float, float, str]]) -> Drawing:
    """Draw per reason a bar of its share, and a line of points with the share of all up to it."""
    values = [
        {"name": wrapped(name), "at": at, "so_far": so_far, "words": words}
        for name, at, so_far, words in rows
    ]
    base = alt.Chart(alt.InlineData(values=values)).encode(y=alt.Y("name:N", sort=None, axis=None))
    x = alt.X(
        "at:Q",
        title="share of all reasons; the line is the sum up to here",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="%", tickCount=5, domain=False, ticks=False),
    )
    bars = base.mark_bar(height={"band": 0.6}, color=ACCENT).encode(x=x)
    line = base.mark_line(color=QUIET, strokeDash=[4, 3]).encode(
        x=alt.X("so_far:Q"), order=alt.Order("so_far:Q")
    )
    points = base.mark_point(color=INK, size=50, opacity=1).encode(x=alt.X("so_far:Q"))
    words = base.mark_text(align="left", color=INK).encode(
        x=alt.value(WIDTH - 430), text=alt.Text("words:N")
    )
    return alt.layer(bars, line, points, words, named_rows(base)).properties(
        width=WIDTH - 450, height=alt.Step(_STEP)
    )


@dataclass(frozen=True)
class Step:
    """One step of a waterfall: where its bar begins and ends, and what kind of step it is."""

    name: str
    start: float
    end: float
    kind: str
    words: str


def waterfall(steps: list[Step]) -> Drawing:
    """Draw each step as a bar from where the one before it ended, its amount in words beside."""
    values = [
        {
            "name": wrapped(step.name),
            "start": min(step.start, step.end),
            "end": max(step.start, step.end),
            "ink": _INK[step.kind],
            "words": step.words,
        }
        for step in steps
    ]
    base = alt.Chart(alt.InlineData(values=values)).encode(y=alt.Y("name:N", sort=None, axis=None))
    x = alt.X(
        "start:Q",
        title="grams",
        axis=alt.Axis(tickCount=5, domain=False, ticks=False),
    )
    bars = base.mark_bar(height={"band": 0.6}).encode(
        x=x, x2=alt.X2("end:Q"), color=alt.Color("ink:N", scale=None)
    )
    words = base.mark_text(align="left", dx=6, color=INK).encode(
        x=alt.X("end:Q"), text=alt.Text("words:N")
    )
    return alt.layer(bars, words, named_rows(base)).properties(
        width=WIDTH - 350, height=alt.Step(_STEP)
    )
