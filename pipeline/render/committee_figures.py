"""Choose and draw the charts of the committee edition, from its printed cells and nothing else.

A number that is not shown has no bar, no line and no point.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from pipeline.render import charts, numbers
from pipeline.render import committee_words as words
from pipeline.render.figures import Figure, figure
from pipeline.render.tables import Row
from pipeline.render.use_figures import run_of_months

Lines = list[tuple[str, str, dict[str, Row]]]
"""Id and title of each line of a table, and its cells by measure."""

CHARTS_OF: Final = {
    "use_by_month": (
        ("months", "Grams by month"),
        ("xmr-grams", "Grams by month against their usual variation"),
    ),
    "use_by_indication": (("indications", "Grams by indication"),),
    "off_guideline": (("off-by-indication", "Share off guideline, with bounds"),),
}
"""The charts that stand above a table, each with its title."""

_HOW_TO_READ: Final = (
    " The broken line is the mean, the thin ones its limits (XmR chart). A filled triangle is more "
    "than usual variation, pointing the way it went: a prompt to ask why, no verdict."
)
_SPAN: Final = ("bound_low", "off_share", "bound_high")


def committee_figures(lines_of: dict[str, Lines], over_time: list[Row]) -> Iterator[Figure]:
    """Give the charts one after the other.

    Args:
        lines_of: the lines of every table of the edition, by its id.
        over_time: one row per month whose grams are printed, with its limits.
    """
    yield from _months(_parts(lines_of, "use_by_month"))
    if len(over_time) > 1:
        has_limits = any(row["high"] is not None for row in over_time)
        yield run_of_months("grams", over_time, _HOW_TO_READ if has_limits else "")
    yield from _indications(_parts(lines_of, "use_by_indication"))
    yield from _off_guideline(_parts(lines_of, "off_guideline"))


def first_day(month: str) -> date:
    """Return the first day of a month, of its id."""
    return date.fromisoformat(f"{month}-01")


def _parts(lines_of: dict[str, Lines], table_id: str) -> Lines:
    """Return the lines of a table without its total."""
    return [line for line in lines_of.get(table_id, []) if line[0] != words.TOTAL_LINE]


def _months(lines: Lines) -> Iterator[Figure]:
    """Draw grams by month; a month that is not shown leaves a gap."""
    months: list[dict[str, Any]] = [
        {
            "month_on": first_day(line_id),
            "grams": cells["grams"]["printed"],
            "is_partial": False,
        }
        for line_id, _, cells in lines
    ]
    printed = [row for row in months if row["grams"] is not None]
    if any(row["grams"] for row in printed):
        most = max(printed, key=lambda row: row["grams"])
        least = min(printed, key=lambda row: row["grams"])
        sentence = (
            f"Of the months that are shown the most was given in "
            f"{numbers.month(most['month_on'])} ({numbers.count(most['grams'])} g) and the "
            f"least in {numbers.month(least['month_on'])} "
            f"({numbers.count(least['grams'])} g)."
        )
        yield figure("months", "Grams by month", charts.by_month(months), sentence)


def _indications(lines: Lines) -> Iterator[Figure]:
    """Draw the grams of every indication that are printed, the largest first."""
    bars = [
        (title, float(cells["grams"]["printed"]), f"{numbers.count(cells['grams']['printed'])} g")
        for _, title, cells in lines
        if cells["grams"]["printed"]
    ]
    if bars:
        name, _, grams = bars[0]
        left_out = "" if len(bars) == len(lines) else " What is not shown or 0 has no bar."
        sentence = f"Of the indications that are shown most went to {name}: {grams}.{left_out}"
        yield figure("indications", "Grams by indication", charts.amounts(bars), sentence)


def _off_guideline(lines: Lines) -> Iterator[Figure]:
    """Draw the share off guideline with its bounds, where all three are printed."""
    spans = []
    for _, title, cells in lines:
        told = [cells[name]["share"] for name in _SPAN if name in cells]
        if len(told) == len(_SPAN) and None not in told:
            low, at, high = (float(share) / 100 for share in told)
            spans.append((title, low, at, high, f"{told[1]}%, bounds {told[0]}% to {told[2]}%"))
    # one line alone would be the one of which most is known, picked from all
    if len(spans) > 1:
        sentence = (
            "Each line reaches from the share off guideline if all courses that lack a fact were "
            "within, to the share if all were off; the point is that of the courses judged. Long "
            "lines say that much is not known. "
            f"Drawn are {len(spans)} of {len(lines)} indications: of the others a number is not "
            "shown, or there was none to judge."
        )
        yield figure("off-by-indication", "Share off guideline, with bounds", charts.spans(spans),
                     sentence)  # fmt: skip
