"""Put the clinical report together from the tables of the report and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from pipeline.config import Settings
from pipeline.disclosure.kept import WITHOUT_PERSONS
from pipeline.render import history_words
from pipeline.render.cards import cards
from pipeline.render.committee import render_committee
from pipeline.render.draw import figures
from pipeline.render.environment import environment, style_sheet
from pipeline.render.event_cards import detected_cards, reported_cards
from pipeline.render.events import event_rates
from pipeline.render.fields import filled_fields
from pipeline.render.ledger import steps
from pipeline.render.swim_lane import swim_lanes
from pipeline.render.tables import Report, grouped, read_report
from pipeline.render.twins import write_twins

FILE_NAME = "report-clinical.html"

MAX_OUTSIDE = 50
"""Events outside every window on the page; the table in the database holds all."""

MAX_SWITCHES = 30
"""Pairs of products on the page; the table in the database holds all."""

MAX_PAIR_RULES = 20
"""Lines per pair of sets on the page; the table in the database holds all."""

MAX_PLACES = 50
"""Lines per kind of place on the page; the table in the database holds all."""

CHAPTERS = (
    ("headline", "The headline"),
    ("sets", "The sets side by side"),
    ("change", "What changed since the run before"),
    ("read", "What was read"),
    ("fields", "Data quality: fields that are filled"),
    ("months", "Grams by month"),
    ("indications", "Grams by indication"),
    ("products", "Grams by product"),
    ("places", "Sites, wards and prescribers"),
    ("patients", "Who is treated"),
    ("appropriateness", "Off guideline, by indication"),
    ("rules", "What each rule said"),
    ("doses", "Dose per kg against the band"),
    ("intervals", "Intervals"),
    ("courses", "Courses: closed, open, cut off"),
    ("weights", "Weights"),
    ("precautions", "Risks, live vaccines and premedication"),
    ("monitoring", "Tests before, during and after"),
    ("approvals", "Approvals, reviews and trials of less"),
    ("ledger", "The gram ledger"),
    ("lots", "Lots and vials"),
    ("events", "Reported events"),
    ("detected", "Events that results and codes show"),
    ("rates", "Rates of events"),
    ("comparison", "Products, lots and sites compared"),
    ("worklist", "The worklist"),
    ("in_force", "Rules and settings in force"),
    ("reproduce", "How to reproduce this, and what the words mean"),
)


def render(con: duckdb.DuckDBPyConnection, settings: Settings, folder: Path) -> None:
    """Write the editions asked for: clinical, committee and internal, each in its own place."""
    if "clinical" in settings.run.edition:
        report = read_report(con)
        text = clinical_page(report, settings)
        (folder / FILE_NAME).write_text(text, encoding="utf-8", newline="\n")
        write_twins(con, report, folder)
    told = [name for name in WITHOUT_PERSONS if name in settings.run.edition]
    if told:
        render_committee(con, folder, told, settings.run.approved_by)


def clinical_page(report: Report, settings: Settings) -> str:
    """Return the page as text."""
    template = environment().get_template("clinical.html")
    return template.render(context(report, settings))


def context(report: Report, settings: Settings) -> dict[str, Any]:
    """Return everything the templates may name."""
    named = [row for row in report["guideline_in_force"] if not row["is_house"]]
    return {
        "css": style_sheet(),
        "chapters": CHAPTERS,
        "report": report,
        "period": report["period"][0],
        "use": report["use_total"][0],
        "named_sets": named,
        "set_title": {row["set_key"]: row["title"] for row in named},
        "set_id": {row["set_key"]: row["set_id"] for row in named},
        "pair_answers": grouped(report["set_pair_answer"], "set_key"),
        "pair_rules": grouped(report["set_pair_rule"], "set_key"),
        "max_pair_rules": MAX_PAIR_RULES,
        "durations": grouped(report["treatment_duration"], "is_total", "indication_code"),
        "max_outside": MAX_OUTSIDE,
        "max_switches": MAX_SWITCHES,
        "indication_steps": grouped(
            [row for row in report["indication_step"] if not row["is_total"]], "indication_code"
        ),
        "kappa_min": settings.policy.kappa_min_findings,
        "decisions": grouped(report["decision"], "finding_key"),
        "decided": {row["decision"]: row for row in report["decision_count"]},
        "decision_words": tuple(history_words.DECISION),
        "kinds_of_change": tuple(history_words.CHANGE_MEANS),
        "changes": grouped(report["finding_change"], "change"),
        "change_counts": grouped(report["finding_change_count"], "change"),
        "fields": filled_fields(report),
        "people": {row["patient_key"]: row["pseudonym"] for row in report["patient_pseudonym"]},
        "detected_cards": detected_cards(report),
        "reported_cards": reported_cards(report),
        "definitions_of": grouped(report["signal_definition"], "event_name"),
        "event_rates": event_rates(report["event_rate"]),
        "strata": grouped(report["event_stratum"], "ascertainment", "event_code"),
        "compared": grouped(report["comparison"], "unit_kind"),
        "used_at": grouped(report["use_by_place"], "place_kind"),
        "funnels": grouped(report["place_funnel"], "place_kind"),
        "groups": {
            kind: grouped(rows, "group_code")
            for kind, rows in grouped(report["group_share"], "group_kind").items()
        },
        "max_places": MAX_PLACES,
        "max_unlinked": MAX_OUTSIDE,
        "figures": figures(report),
        "ledger_parts": grouped(report["ledger_margin"], "part"),
        "ledger_steps": [
            step for row in report["ledger_margin"] if row["part"] == "all" for step in steps(row)
        ],
        "lanes": swim_lanes(report),
        "cards": grouped(cards(report), "severity"),
        "reasons": grouped(report["verdict_reason"], "rule_id"),
        "bands": grouped(report["dose_band"], "rule_key", "measure"),
        "command": command(settings, report),
    }


def command(settings: Settings, report: Report) -> str:
    """Return the command line that makes this report again from the same records."""
    options = settings.run
    words = ["ivig-audit run SOURCE"]
    if settings.format != "csv":
        words.append(f"--format {settings.format}")
    words += [f"--guideline {name}" for name in options.guidelines]
    if options.guideline_as_of:
        words.append(f"--guideline-as-of {options.guideline_as_of}")
    if options.from_on:
        words.append(f"--from {options.from_on}")
    if options.to_on:
        words.append(f"--to {options.to_on}")
    words.append(f"--as-of {report['period'][0]['as_of']}")
    return " ".join(words)
