"""Choose which charts the report can draw: one without rows to show is left out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice

from altair.utils.schemapi import debug_mode

from pipeline.render import charts, sentences, words
from pipeline.render.event_figures import event_figures
from pipeline.render.figures import Figure, figure
from pipeline.render.numbers import count, plural, share, whole_grams
from pipeline.render.place_figures import place_figures
from pipeline.render.tables import Report, Row, grouped
from pipeline.render.use_figures import use_figures

_PANELS = 9
MOST = 40
"""So many charts are drawn on a page; the tables beside them stand all the same."""


def figures(report: Report) -> dict[str, Figure]:
    """Return the charts by name.

    Of several sets the first one named is drawn; the others stand beside it in one chart and in
    the tables.
    """
    first = {row["set_id"] for row in report["headline"][:1]}
    # each piece of a chart is checked by the renderer again, so once is enough
    with debug_mode(False):
        made = chain(
            _bounds(report["headline"][:1]),
            _sets(report["headline"]),
            _months(report["grams_by_month"]),
            _indications(report["grams_by_indication"]),
            _products(report["grams_by_product"]),
            _outcomes(report),
            _intervals([row for row in report["interval"] if row["set_id"] in first]),
            place_figures(report),
            use_figures(report),
            event_figures(report),
            _doses(report, first),
        )
        return {found.name: found for found in islice(made, MOST)}


def _bounds(rows: list[Row]) -> Iterator[Figure]:
    for row in rows:
        if not row["n_judged"]:
            continue
        spans = [
            (
                "Courses: point and bounds",
                float(row["bound_low"]),
                float(row["share_off"]),
                float(row["bound_high"]),
                f"{share(row['bound_low'])} to {share(row['bound_high'])}",
            ),
            (
                "Patients: share and 95% interval",
                float(row["patients_low"]),
                float(row["share_patients_off"]),
                float(row["patients_high"]),
                f"{share(row['patients_low'])} to {share(row['patients_high'])}",
            ),
        ]
        yield figure(
            f"bounds-{row['set_key']}",
            "Share off guideline, with bounds and interval",
            charts.spans(spans),
            sentences.bounds(row),
        )


def _sets(rows: list[Row]) -> Iterator[Figure]:
    """Draw the share and bounds of every set that judged a course, where there are several."""
    judged = [row for row in rows if row["n_judged"]]
    if len(rows) > 1 and judged:
        spans = [
            (
                row["set_id"],
                float(row["bound_low"]),
                float(row["share_off"]),
                float(row["bound_high"]),
                f"{share(row['share_off'])} of {count(row['n_judged'])}",
            )
            for row in judged
        ]
        yield figure("sets", "Share off guideline, set by set", charts.spans(spans),
                     sentences.sets(rows))  # fmt: skip


def _months(rows: list[Row]) -> Iterator[Figure]:
    drawn = [row for row in rows if row["grams"] is not None]
    if any(row["grams"] for row in drawn):
        yield figure("months", "Grams per month", charts.by_month(drawn), sentences.months(rows))


def _indications(rows: list[Row]) -> Iterator[Figure]:
    bars = [(row["name"] or row["indication_code"] or "Unknown", row) for row in rows]
    if any(row["grams"] for row in rows):
        yield figure(
            "indications",
            "Grams per indication",
            charts.amounts(_amounts(bars)),
            sentences.indications(rows),
        )


def _products(rows: list[Row]) -> Iterator[Figure]:
    bars = [(row["brand"] or row["product_id"] or "Unknown", row) for row in rows]
    if any(row["grams"] for row in rows):
        yield figure(
            "products",
            "Grams per product",
            charts.amounts(_amounts(bars)),
            sentences.products(rows),
        )


def _amounts(bars: list[tuple[str, Row]]) -> list[tuple[str, float, str]]:
    return [
        (name, float(row["grams"]), f"{whole_grams(row['grams'])} g · {share(row['share_grams'])}")
        for name, row in bars
        if row["grams"] is not None
    ]


def _outcomes(report: Report) -> Iterator[Figure]:
    drawn = {row["set_key"] for row in report["headline"][:1]}
    for set_key, rows in grouped(report["off_guideline_by_indication"], "set_key").items():
        bars = [
            (
                row["name"] or row["indication_code"] or "Unknown",
                {
                    "off guideline": row["n_off"],
                    "within": row["n_within"],
                    "not assessable": row["n_unassessed"],
                },
                _outcome_words(row),
            )
            for row in rows
            if row["n_judged"] or row["n_unassessed"]
        ]
        if bars and set_key in drawn:
            yield figure(
                f"outcomes-{set_key}",
                "Closed courses by outcome and indication",
                charts.shares(bars, charts.outcomes_inks()),
                sentences.outcomes(rows),
            )


def _doses(report: Report, set_ids: set[str]) -> Iterator[Figure]:
    """Draw the doses by measure, a few indications at a time: a chart must fit a printed page."""
    steps = grouped(report["dose_histogram"], "rule_key", "indication_code", "measure")
    bands = grouped(report["dose_band"], "rule_key", "measure")
    for measure, rows in grouped(report["dose_per_kg"], "measure").items():
        shown = [row for row in rows if _dose_key(row) in steps and row["set_id"] in set_ids]
        for part, start in enumerate(range(0, len(shown), _PANELS), start=1):
            batch = shown[start : start + _PANELS]
            panels = [
                (
                    row["name"] or row["indication_code"] or "Unknown",
                    steps[_dose_key(row)],
                    bands[row["rule_key"], measure],
                )
                for row in batch
            ]
            title = words.word(words.MEASURE_LONG, measure)
            yield figure(
                f"doses-{measure}-{part}", title, charts.doses(panels), sentences.doses(batch)
            )


def _dose_key(row: Row) -> tuple[int, str | None, str]:
    return row["rule_key"], row["indication_code"], row["measure"]


def _intervals(rows: list[Row]) -> Iterator[Figure]:
    bars = [
        (
            row["name"] or row["indication_code"] or "Unknown",
            {"early": row["n_early"], "on time": row["n_on_time"], "late": row["n_late"]},
            _interval_words(row),
        )
        for row in rows
        if row["n_known"]
    ]
    if bars:
        yield figure(
            "intervals",
            "Intervals by indication",
            charts.shares(bars, charts.interval_inks()),
            sentences.intervals(rows),
        )


def _outcome_words(row: Row) -> str:
    judged = f"{count(row['n_off'])} of {count(row['n_judged'])} judged"
    return f"{judged}; {count(row['n_unassessed'])} not assessable"


def _interval_words(row: Row) -> str:
    known = plural(row["n_known"], "interval")
    return f"{count(row['n_early'])} early, {count(row['n_late'])} late of {known}"
