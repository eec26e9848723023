"""Draw the charts of the page from the rows of its tables."""

from __future__ import annotations

import textwrap

import altair as alt

from pipeline.render import numbers
from pipeline.render.figures import (
    ACCENT,
    ACCENT_SOFT,
    BAND,
    BAND_SOFT,
    INK,
    OFF,
    UNKNOWN,
    WIDTH,
    WITHIN,
    Drawing,
)
from pipeline.render.tables import Row

_BAR = 24
_MOST_TICKS = 12
_MOST_STEP = 3.0
_PANEL = 62
_NAME_WIDTH, _NAME_LINES = 27, 3

_Mark = dict[str, object]


def by_month(rows: list[Row]) -> Drawing:
    """Draw grams per month; a month the records hold only a part of is paler."""
    every = -(-len(rows) // _MOST_TICKS)
    values = [
        {
            "month": numbers.month(row["month_on"]),
            # a month that is not shown leaves a gap
            "grams": None if row["grams"] is None else _float(row["grams"]),
            "part": row["is_partial"],
        }
        for row in rows
    ]
    months = [str(value["month"]) for value in values]
    base = _chart(values).encode(
        x=alt.X(
            "month:N",
            sort=None,  # in the order of the rows; a list of a thousand overflows the renderer
            title=None,
            axis=alt.Axis(
                values=months[::every], labelAngle=0, labelPadding=8, ticks=False, domain=True
            ),
        ),
        y=alt.Y("grams:Q", title="grams", axis=alt.Axis(tickCount=5, domain=False, ticks=False)),
    )
    bars = base.mark_bar().encode(
        color=alt.condition("datum.part", alt.value(ACCENT_SOFT), alt.value(ACCENT))
    )
    return alt.layer(bars).properties(width=WIDTH, height=220)


def amounts(rows: list[tuple[str, float, str]]) -> Drawing:
    """Draw one bar per named amount, the amount in words at its end."""
    values = [
        {"name": wrapped(name), "amount": amount, "words": words, "unknown": known}
        for (name, amount, words), known in zip(rows, _is_unknown(rows), strict=True)
    ]
    base = _chart(values).encode(
        y=alt.Y("name:N", sort=None, axis=None),
        x=alt.X("amount:Q", title=None, axis=None, scale=alt.Scale(domainMin=0, nice=False)),
    )
    bars = base.mark_bar(height={"band": 0.62}).encode(
        color=alt.condition("datum.unknown", alt.value(UNKNOWN), alt.value(ACCENT))
    )
    words = base.mark_text(align="left", dx=6, color=INK).encode(text=alt.Text("words:N"))
    return alt.layer(bars, words, named_rows(base)).properties(
        width=WIDTH - 350, height=alt.Step(_BAR + 18)
    )


def shares(rows: list[tuple[str, dict[str, int], str]], inks: dict[str, str]) -> Drawing:
    """Draw one bar per name, split into classes; the counts of the classes at its end."""
    values = [
        {"name": wrapped(name), "class": kind, "n": n, "place": place, "words": words}
        for name, counts, words in rows
        for place, (kind, n) in enumerate(counts.items())
    ]
    base = _chart(values).encode(y=alt.Y("name:N", sort=None, axis=None))
    bars = base.mark_bar(height={"band": 0.62}).encode(
        x=alt.X(
            "n:Q",
            stack="normalize",
            title=None,
            axis=alt.Axis(format="%", tickCount=5, domain=False, ticks=False),
        ),
        color=alt.Color(
            "class:N",
            scale=alt.Scale(domain=list(inks), range=list(inks.values())),
            legend=alt.Legend(
                orient="top",
                title=None,
                labelColor=INK,
                labelFontSize=12,
                symbolType="square",
                columnPadding=28,
            ),
        ),
        order=alt.Order("place:Q"),
    )
    first = base.transform_filter("datum.place == 0")
    words = first.mark_text(align="left", dx=8, color=INK).encode(
        x=alt.value(WIDTH - 440), text=alt.Text("words:N")
    )
    return alt.layer(bars, words, named_rows(first)).properties(
        width=WIDTH - 440, height=alt.Step(_BAR + 18)
    )


def outcomes_inks() -> dict[str, str]:
    """Return the classes of a closed course with the ink of each."""
    return {"off guideline": OFF, "within": WITHIN, "not assessable": UNKNOWN}


def interval_inks() -> dict[str, str]:
    """Return the classes of an interval with the ink of each."""
    return {"early": OFF, "on time": WITHIN, "late": ACCENT_SOFT}


def spans(rows: list[tuple[str, float, float, float, str]]) -> Drawing:
    """Draw one line per name from low to high with a point between, in per cent."""
    values = [
        {"name": wrapped(name), "low": low, "at": at, "high": high, "words": words}
        for name, low, at, high, words in rows
    ]
    top = max(row[3] for row in rows)
    x = alt.X(
        "low:Q",
        title="share off guideline",
        scale=alt.Scale(domain=[0, max(top * 1.05, 0.01)], nice=True),
        axis=alt.Axis(format=".1~%", tickCount=5, domain=False),
    )
    base = _chart(values).encode(y=alt.Y("name:N", sort=None, axis=None))
    line = base.mark_rule(strokeWidth=6, color=ACCENT_SOFT, strokeCap="round").encode(
        x=x, x2=alt.X2("high:Q")
    )
    point = base.mark_point(filled=True, size=110, color=ACCENT, opacity=1).encode(x=alt.X("at:Q"))
    words = base.mark_text(align="left", dx=10, color=INK).encode(
        x=alt.X("high:Q"), text=alt.Text("words:N")
    )
    return alt.layer(line, point, words, named_rows(base)).properties(
        width=WIDTH - 360, height=alt.Step(_BAR + 18)
    )


def doses(panels: list[tuple[str, list[Row], list[Row]]]) -> Drawing:
    """Draw, per panel, how many courses got how many g/kg, over the permitted bands."""
    values = [value for number, panel in enumerate(panels) for value in _panel(number, *panel)]
    x = alt.X(
        "low:Q",
        scale=alt.Scale(domain=[0, _MOST_STEP + 0.1], nice=False),
        title="g/kg (the last bar: 3.0 and more)",
        axis=alt.Axis(values=[0, 0.5, 1, 1.5, 2, 2.5, 3], format=".1f", grid=True),
    )
    y = alt.Y("height:Q", title=None, axis=None, scale=alt.Scale(domain=[0, 1.05]))
    band = _marks("band")
    layers = alt.layer(
        band.mark_rect(color=BAND_SOFT).encode(x=x, x2=alt.X2("high:Q")),
        band.mark_rect(color=BAND, opacity=0.55).encode(
            x=alt.X("printed_low:Q"), x2=alt.X2("printed_high:Q")
        ),
        _marks("step").mark_bar(size=11, color=ACCENT).encode(x=alt.X("at:Q"), y=y),
        _marks("name")
        .mark_text(align="right", baseline="middle", color=INK)
        .encode(x=alt.value(-14), y=alt.Y("height:Q"), text=alt.Text("words:N")),
        data=alt.InlineData(values=values),
    ).properties(width=WIDTH - 215, height=_PANEL)
    return layers.facet(row=alt.Row("panel:O", title=None, header=None), spacing=12)


def _panel(number: int, name: str, steps: list[Row], bands: list[Row]) -> list[_Mark]:
    """Return the marks of one panel: its name, its bands and its bars."""
    words = wrapped(name)
    middle = 0.5 + words.count("\n") * 7 / _PANEL  # the first of the lines stands above
    most = max(row["n_courses"] for row in steps)
    return [
        {"panel": number, "what": "name", "words": words, "height": middle},
        *({"panel": number, "what": "band"} | _edges(row) for row in bands),
        *(
            {
                "panel": number,
                "what": "step",
                "height": row["n_courses"] / most,
                "at": _float(row["step_g_per_kg"]),
            }
            for row in steps
        ),
    ]


def _marks(what: str) -> alt.Chart:
    return alt.Chart().transform_filter(f"datum.what == '{what}'")


def _edges(band: Row) -> _Mark:
    """Return the band's edges, as wide as a stroke where both limits are one number."""
    low = _float(band["low_g_per_kg"]) if band["low_g_per_kg"] is not None else 0.0
    high = _float(band["high_g_per_kg"]) if band["high_g_per_kg"] is not None else _MOST_STEP + 0.1
    wide_low, wide_high = band["tolerated_low_g_per_kg"], band["tolerated_high_g_per_kg"]
    sliver = 0.012 if low == high else 0.0
    return {
        "printed_low": low - sliver,
        "printed_high": min(high + sliver, _MOST_STEP + 0.1),
        "low": 0.0 if wide_low is None else _float(wide_low),
        "high": _MOST_STEP + 0.1 if wide_high is None else min(_float(wide_high), _MOST_STEP + 0.1),
    }


def _chart(values: list[_Mark]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=values))


def named_rows(base: alt.Chart) -> alt.Chart:
    """Write the names left of the plot, their lines centred on the bar."""
    middle = alt.ExprRef("-6.5 * (length(split(datum.name, '\\n')) - 1)")
    text = base.mark_text(align="right", baseline="middle", dy=middle, color=INK)
    named: alt.Chart = text.encode(x=alt.value(-10), text=alt.Text("name:N"))
    return named


def wrapped(name: str) -> str:
    """Break a long name into at most three lines."""
    lines = textwrap.wrap(name, _NAME_WIDTH)
    if len(lines) > _NAME_LINES:
        rest = textwrap.shorten(" ".join(lines[2:]), _NAME_WIDTH, placeholder=" …")
        lines = [*lines[:2], rest]
    return "\n".join(lines)


def _is_unknown(rows: list[tuple[str, float, str]]) -> list[bool]:
    return [name.lower().startswith("unknown") for name, _, _ in rows]


def _float(value: object) -> float:
    """Return a number as JSON can carry it, for the position of a mark only."""
    return float(str(value))
