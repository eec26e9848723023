"""Draw the charts on rates and comparisons of events."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt

from pipeline.render.charts import named_rows, wrapped
from pipeline.render.figures import ACCENT, ACCENT_SOFT, INK, QUIET, WIDTH, Drawing

_BAR = 34
_LINE, _BETWEEN = 14, 10
_WORDS = 330
_MOST_TICKS = 8
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


def spans(rows: list[Span], title: str, middle: float | None = None, form: str = "") -> Drawing:
    """Draw one line per name from low to high with a point; a broken line stands at `middle`.

    `form` is how numbers stand at the axis.
    """
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
        axis=alt.Axis(tickCount=5, domain=False, format=form),
    )
    base = alt.Chart(alt.InlineData(values=values)).encode(y=alt.Y("name:N", sort=None, axis=None))
    line = base.mark_rule(strokeWidth=6, color=ACCENT_SOFT, strokeCap="round").encode(
        x=x, x2=alt.X2("high:Q")
    )
    point = base.mark_point(filled=True, size=100, color=ACCENT, opacity=1).encode(x=alt.X("at:Q"))
    arrow = base.mark_text(align="left", dx=2, color=INK).encode(
        x=alt.X("high:Q"), text=alt.Text("on:N")
    )
    words = base.mark_text(align="left", color=INK).encode(
        x=alt.value(WIDTH - _WORDS - 110), text=alt.Text("words:N")
    )
    layers: list[alt.Chart] = [line, point, arrow, words, named_rows(base)]
    if middle is not None:
        layers.insert(0, _broken_line(middle))
    lines = max(str(value["name"]).count("\n") + 1 for value in values)
    step = max(_BAR, _LINE * lines + _BETWEEN)
    return alt.layer(*layers).properties(width=WIDTH - _WORDS - 120, height=alt.Step(step))


@dataclass(frozen=True)
class Point:
    """One point of a chart over time, with the mean and the limits it is held against."""

    label: str
    at: float
    low: float | None
    high: float | None
    is_outside: bool
    is_low: bool = False
    mean: float | None = None
    part: int = 1
    """Limits and means of two parts are not joined: they were made of other points."""


def run(
    points: list[Point], title: str, line: str, form: str = "", target: float | None = None
) -> Drawing:
    """Draw points in the order given, their means as broken lines and their limits as steps.

    A point outside its limits is a filled triangle, upside down where it is low; the others are
    open circles: shape tells, not colour. `line` names the upper limit; `form` is how numbers
    stand at the axis; `target` is a line of dots.
    """
    values = [
        {
            "place": place,
            "label": point.label,
            "at": point.at,
            "low": point.low,
            "high": point.high,
            "mean": point.mean,
            "part": point.part,
        }
        for place, point in enumerate(points)
    ]
    every = -(-len(points) // _MOST_TICKS)
    labels = " ".join(
        f"datum.value == {n} ? '{points[n].label}' :" for n in range(len(points))[::every]
    )
    x = alt.X(
        "place:Q",
        title=None,
        scale=alt.Scale(domain=[-0.5, len(points) - 0.5], nice=False),
        axis=alt.Axis(
            values=list(range(len(points)))[::every],
            labelExpr=f"{labels} ''",
            grid=False,
            ticks=False,
            labelPadding=12,  # clear of the lowest number of the other axis
        ),
    )
    base = alt.Chart(alt.InlineData(values=values)).encode(x=x)
    axis = alt.Axis(tickCount=5, domain=False, ticks=False, format=form)
    y = alt.Y("at:Q", title=title, axis=axis)
    layers: list[alt.Chart] = [base.mark_line(color=ACCENT_SOFT, strokeWidth=1).encode(y=y)]
    for shape in ("circle", "triangle-up", "triangle-down"):
        shown = [v for v, point in zip(values, points, strict=True) if _shape(point) == shape]
        if shown:
            is_open = shape == "circle"
            marked = alt.Chart(alt.InlineData(values=shown)).mark_point(
                shape=shape, filled=not is_open, size=36 if is_open else 70, color=ACCENT, opacity=1
            )
            layers.append(marked.encode(x=x, y=y))
    for edge, dash in (("low", [1, 0]), ("high", [1, 0]), ("mean", [4, 3])):
        held = [value for value in values if value[edge] is not None]
        if held:
            steps = alt.Chart(alt.InlineData(values=held)).mark_line(
                interpolate="step", color=QUIET, strokeWidth=1, strokeDash=dash
            )
            layers.append(steps.encode(x=x, y=alt.Y(f"{edge}:Q"), detail="part:N"))
    if any(point.high is not None for point in points):
        last = [value for value in values if value["high"] is not None][-1]
        named = alt.Chart(alt.InlineData(values=[last | {"words": line}])).mark_text(
            align="right", dy=-8, color=INK
        )
        layers.append(named.encode(x=x, y=alt.Y("high:Q"), text=alt.Text("words:N")))
    if target is not None:
        aim = alt.Chart(alt.InlineData(values=[{"target": target}])).mark_rule(
            strokeDash=[1, 3], color=INK
        )
        layers.append(aim.encode(y=alt.Y("target:Q")))
    return alt.layer(*layers).properties(width=WIDTH - 60, height=220)


def _shape(point: Point) -> str:
    if not point.is_outside:
        return "circle"
    return "triangle-down" if point.is_low else "triangle-up"


def _broken_line(at: float) -> alt.Chart:
    drawn: alt.Chart = (
        alt.Chart(alt.InlineData(values=[{"at": at}]))
        .mark_rule(strokeDash=[4, 3], color=QUIET)
        .encode(x=alt.X("at:Q"))
    )
    return drawn
