"""Hold every word of the edition without persons, in one place for translation."""

from __future__ import annotations

IN_TIME = "Month"
"""The head of a table whose lines stand in their order in time."""

BY_EDITION = "Months"
"""The head of the table whose lines are editions, in their order."""

COMMITTEE = {
    "since_before": (
        "Since the edition before",
        "What changed?",
        BY_EDITION,
        (
            "The totals of the edition before as it printed them, above those of this one; each is "
            "of all closed months it names, so most of the months are the same. The change is not "
            "split into care, late records and rules: the steps between are numbers that no "
            "edition may print. The clinical edition splits it."
        ),
    ),
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
            "is a line of its own. A patient may stand in several lines. Coverage is the share of "
            "grams in courses of which a rule that may accuse could answer; higher is better."
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
            "for the share off guideline; what could not be judged is neither right nor wrong. "
            "Between the two last shares the true one lies, as far as rounding lets it be told."
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
    "bound_low": "Share if every course that lacks a fact were within",
    "bound_high": "Share if every one were off",
    "within": "Within",
    "unassessed": "A fact is missing",
    "no_rule": "No rule that may accuse",
    "grams": "Grams, where known",
    "grams_covered": "Of these in courses that could be judged",
    "grams_covered_share": "Coverage",
    "grams_uncovered": "In other courses",
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
WITHHELD_CHAPTER = (
    "Withheld to protect persons. With any number of this chapter, beside what this and earlier "
    "editions print, a number that rests on 1 to 7 persons could be worked out."
)
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
