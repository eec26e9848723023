"""Hold every word of the edition without persons, in one place for translation."""

from __future__ import annotations

IN_TIME = "Month"
"""The head of a table whose lines stand in their order in time."""

COMMITTEE = {
    "use_by_month": (
        "Use by month",
        "How much was given when?",
        IN_TIME,
        (
            "Immunoglobulin given into a vein, by the month in which the infusion began. A patient "
            "counts once in every month, and once in all."
        ),
    ),
    "use_by_indication": (
        "Use by indication",
        "What was it given for?",
        "Indication",
        (
            "The same infusions by the indication of their course; an indication that is not known "
            "is a line of its own. A patient may stand in several lines."
        ),
    ),
    "use_by_product": (
        "Use by product",
        "Which products were given?",
        "Product",
        "The same infusions by product; a code that names no product is a line of its own.",
    ),
    "off_guideline": (
        "Off guideline, by indication",
        "How much of what could be judged was off guideline?",
        "Indication",
        (
            "Closed courses begun in these months, judged by the guideline set named above. "
            "Judged: every rule that may accuse was assessed, or one is broken. Lower is better "
            "for the share off guideline; what could not be judged is neither right nor wrong."
        ),
    ),
    "reported_events": (
        "Reported adverse events",
        "What harm was reported?",
        "Event",
        (
            "Events with an onset in these months, each counted once however often it was "
            "reported. What nobody reported is not in it."
        ),
    ),
}
"""Of each table of the edition without persons: title, question, head of its lines, definition."""

MEASURE = {
    "events": "Events",
    "serious": "Serious",
    "not_serious": "Not serious",
    "seriousness_unknown": "Seriousness not known",
    "closed": "Closed courses",
    "judged": "Judged",
    "off": "Off guideline",
    "off_share": "Share off guideline",
    "within": "Within",
    "unassessed": "A fact is missing",
    "no_rule": "No rule that may accuse",
    "grams": "Grams, where known",
    "infusions": "Infusions",
    "sessions": "Sessions",
    "patients": "Patients",
    "patients_judged": "Patients judged",
    "patients_off": "Patients off guideline",
    "patients_off_share": "Share of patients off guideline",
}
"""The columns of those tables, in the order in which they stand."""

SHOWN = {
    "few": "≤7 persons",
    "withheld": "withheld",
    "empty": "none to judge",
}
ALL = "All"
TOTAL_LINE = "all"
NO_CLOSED_MONTH = "no closed month"

EDITION = {
    "committee": {
        "name": "Committee",
        "foot": "Committee edition: no person",
        "banner": "No patient is named, and no number that rests on 1 to 7 of them is shown.",
        "table": "published_cell",
    },
    "internal": {
        "name": "Internal",
        "foot": "Internal edition: single events, not to be handed round",
        "banner": "No patient is named, but single events are counted: not to be handed round.",
        "table": "internal_cell",
    },
}
"""What the two editions without persons say of themselves, and the table their numbers are of."""
