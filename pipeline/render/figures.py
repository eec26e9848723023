"""Turn an Altair chart into an SVG that stands in the page: scalable, named, the same bytes.

Every colour is one of a few inks. The page's style sheet knows the same inks and swaps them
in the dark, so a chart needs no second version.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

import altair as alt
import vl_convert

INK = "#1b2430"
QUIET = "#545d6b"
GRID = "#e4e1d9"
ACCENT = "#0b5563"
ACCENT_SOFT = "#5a949e"
OFF = "#a83808"
WITHIN = "#2f6fa8"
UNKNOWN = "#7f858f"
BAND = "#3f8f5f"
BAND_SOFT = "#dcefe2"

Drawing = alt.LayerChart | alt.FacetChart

WIDTH = 780  # of the plot and its words; the page adds a margin for wider fonts
_MARGIN = 24
_FONT = "sans-serif"  # the page's own font takes its place; this one only measures


@dataclass(frozen=True)
class Figure:
    """One chart of the page: its picture and the words that stand for it."""

    name: str
    svg: str
    sentence: str


def start_renderer() -> None:
    """Start the chart renderer, which takes half a second, by drawing nothing."""
    nothing = {"data": {"values": []}, "mark": "bar", "config": {"font": _FONT}}
    vl_convert.vegalite_to_svg(nothing)


def figure(name: str, title: str, chart: Drawing, sentence: str) -> Figure:
    """Return the chart as a figure; `title` and `sentence` are its text alternative."""
    return Figure(name, _named(_picture(chart), f"chart-{name}", title, sentence), sentence)


def _picture(chart: Drawing) -> str:
    # the tests hold every chart against the schema of Vega-Lite, which costs as much as drawing it
    spec = chart.to_dict(validate=False) | {"config": _CONFIG}
    return str(vl_convert.vegalite_to_svg(spec))


_CONFIG = {
    "background": "transparent",
    "font": _FONT,
    "padding": 4,
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelColor": INK,
        "titleColor": QUIET,
        "domainColor": QUIET,
        "tickColor": QUIET,
        "gridColor": GRID,
        "labelLimit": 260,
    },
    "text": {"fontSize": 12, "color": INK, "lineBreak": "\n"},
}


def _named(svg: str, name: str, title: str, text: str) -> str:
    """Give the picture a name and a text, let it scale, and drop what repeats its data."""
    svg = re.sub(r' (?:aria-[a-z]+|role|pointer-events)="[^"]*"', "", svg)
    svg = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    box = re.search(r'viewBox="([^"]+)"', svg)
    left, top, width, height = (float(part) for part in (box[1] if box else "0 0 1 1").split())
    width = max(width, WIDTH) + 3 * _MARGIN
    size = f"{left - _MARGIN:g} {top:g} {width:g} {height:g}"
    start = svg.index(">") + 1
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" '
        f'aria-labelledby="{name}-title {name}-text" viewBox="{size}" '
        f'style="width:{width:g}px">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-text">{escape(text)}</desc>'
    )
    return head + svg[start:]
