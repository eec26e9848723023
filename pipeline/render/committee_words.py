"""Hold every word of the edition without persons, in one place for translation."""

from __future__ import annotations

Told = tuple[str, str, str, str]
"""Of a table: title, question, head of its lines, definition."""

IN_TIME = "Month"
"""The head of a table whose lines stand in their order in time."""

BY_REASON = "Event and reason"
"""The head of the table whose lines are an event with a reason."""

BY_BREAK = "Kind of break"
"""The head of the table whose lines are kinds of breaks of the gram ledger."""

BY_DEFINITION = "Case definition"
"""The head of the table whose lines are case definitions, those of one event together."""

BY_EDITION = "Months"
"""The head of the table whose lines are editions, in their order."""

COMMITTEE: dict[str, Told] = {
    "data_quality": (
        "What the numbers rest on",
        "Which records are there, and how many of their rows could not be used?",
        "Record",
        (
            "Every kind of record that the program reads. Rows that break its contract stay in "
            "quarantine and are in no number of this page; lower is better. Shares are to the "
            "nearest 5%. What was not supplied is missing from "
            "every chapter that asks for it."
        ),
    ),
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
            "The true share lies between those if every course that lacks a fact were within and "
            "if every one were off, as far as rounding lets it be told."
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
    "detected_events": (
        "Detected adverse events",
        "What harm do results and codes show, and was it reported?",
        "Event",
        (
            "Case definitions asked of the courses and sessions begun in these months. What "
            "several definitions of one event see of one course or session is one event. A signal "
            "is a question to a human, never a verdict. Flagged ones have a reason against them "
            "and are in no other number. 0 says that it was looked for in some and not found; how "
            "many could have been seen stands in the clinical edition."
        ),
    ),
    "monitoring": (
        "Tests in their window",
        "Were the tests that belong to the treatment taken in their time?",
        "Rule",
        (
            "One line per rule that asks for tests: the courses or sessions of courses begun in "
            "these months that it asked of. Missed is said only where the results of the whole "
            "window are complete; otherwise nobody knows. The share missed: lower is "
            "better. A missed test never makes a course off guideline."
        ),
    ),
    "reviews": (
        "Reviews of treatment",
        "Was the treatment looked at again, and was less of it tried?",
        "Treatments",
        (
            "Reviews held in these months, one per patient, indication and day. Those that decide "
            "to give less or to stop try whether the treatment is still needed, which is good "
            "practice whatever comes of it."
        ),
    ),
    "avoidable_grams": (
        "Avoidable grams",
        "How much was given above the most that the guideline allows?",
        "Courses",
        (
            "Closed courses begun in these months that could be held against the most the "
            "guideline set named above allows, by its own weight and rounding. Where several rules "
            "judge a course the most lenient counts. Courses of which that is not known are in no "
            "number here. Lower is better for the share of grams."
        ),
    ),
    "ledger_breaks": (
        "Where the gram ledger does not close",
        "Which grams cannot be accounted for, and why?",
        BY_BREAK,
        (
            "Breaks between what was dispensed and what was infused, returned or discarded, seen "
            "in these months, by kind; grams whether too many or too few. An exchange of products "
            "stands on both sides, so lines are not added up. Another lot moves no grams."
        ),
    ),
}
"""Of each table of the edition without persons: title, question, head of its lines, definition."""

INTERNAL: dict[str, Told] = {
    "detected_events": (
        "Detected adverse events",
        "What harm do results and codes show, and who reported it?",
        "Event",
        (
            "Case definitions asked of the courses and sessions begun in these months. What "
            "several definitions of one event see of one course or session is one event. A signal "
            "is a question to a human, never a verdict; serious is an event that is medically "
            "important until somebody reviews it†. Never reported: no report of the same patient "
            "and event then. Flagged ones have a reason against them and are in no other number."
        ),
    ),
    "detected_reasons": (
        "Why a signal is flagged and not counted",
        "What speaks against a signal?",
        BY_REASON,
        "A flagged event may have several reasons, and then stands in several lines.",
    ),
    "reports_checked": (
        "Reports beside results and codes",
        "Do the records confirm what was reported?",
        "Event",
        (
            "Reported events of these months that a case definition could show. Not confirmed is "
            "what a definition says of the results that were there; a report may be right where "
            "the test came too early."
        ),
    ),
    "observability": (
        "Could anyone have seen it?",
        "In how many courses or sessions could each case definition be evaluated?",
        BY_DEFINITION,
        (
            "Where nobody looks, nothing is seen: no event where little could be seen says little. "
            "Shares of the courses or sessions begun in these months, to the nearest 5%, for with "
            "exact ones a reader could work out numbers that the committee edition does not show. "
            "Competing definitions of one event see the same events, so lines do not add up."
        ),
    ),
}
"""The tables of the internal edition with exact numbers of events; but for the first, which takes
the place of the committee's, no other edition has them."""

TABLES = {"committee": COMMITTEE, "internal": COMMITTEE | INTERNAL}

MISSING = {
    "monitoring": (
        "No loaded set asks for tests, or none was asked in these months. Under a set that does, "
        "records of lab_result with LOINC codes and clock times would fill this chapter."
    ),
    "reviews": (
        "No reviews were supplied: records of outcome_review would fill this chapter. Without them "
        "nobody knows whether treatments were looked at again."
    ),
    "avoidable_grams": (
        "No closed course could be held against what the guideline set allows. Records of "
        "infusion (dose_g) with body_measurement (weight_kg) would fill this chapter, under a set "
        "that states a dose."
    ),
    "ledger_breaks": (
        "No break was seen in these months. What was dispensed and what was infused can be laid "
        "beside each other only with records of dispensing and of infusion."
    ),
    "reported_events": (
        "No reports of adverse events were supplied: records of adverse_event would fill this "
        "chapter. Without them nothing is said of harm, neither that there was some nor that "
        "there was none."
    ),
    "detected_events": (
        "No case definition could be evaluated for any course or session begun in these months. "
        "Records of lab_result and diagnosis would fill this chapter."
    ),
    "reports_checked": (
        "No event was reported in these months that a case definition could show. Records of "
        "adverse_event, and of lab_result and diagnosis beside them, fill this chapter."
    ),
    "observability": (
        "Nothing was looked for: no case definition was loaded, or no course began in these months."
    ),
}
"""What a chapter without a line says, where its silence would say something."""
UNSEEN = (
    "None of the events could be seen: nothing was measured or coded after any course or session "
    "that would show one. Records of lab_result and diagnosis would fill this chapter."
)

MEASURE = {
    "supplied": "Supplied",
    "quarantined": "Rows in quarantine",
    "detected": "Detected",
    "detected_serious": "Of these serious",
    "never_reported": "Detected and never reported",
    "serious_never_reported": "Of these serious, never reported",
    "also_reported": "Detected and reported",
    "report_unknown": "Detected; reported or not, not known",
    "detected_patients": "Patients with a detected event",
    "flagged": "Flagged, not counted",
    "checked": "Reported",
    "confirmed": "Confirmed",
    "confirmed_flagged": "By a flagged signal only",
    "not_confirmed": "Not confirmed",
    "not_evaluable": "Nobody could tell",
    "not_attributed": "Laid to no course",
    "met_counted": "Met, counted",
    "met_flagged": "Met, flagged",
    "share_seen": "Could be seen in",
    "share_open": "Something measured that does not tell",
    "share_silent": "Nothing measured",
    "events": "Events",
    "serious": "Serious",
    "not_serious": "Not serious",
    "seriousness_unknown": "Seriousness not known",
    "asked": "Asked",
    "known": "Answered",
    "taken": "Test taken",
    "missed": "Missed",
    "missed_share": "Missed, of those answered",
    "not_known": "Not known",
    "reviews": "Reviews",
    "review_patients": "Patients reviewed",
    "review_outcome": "With an outcome",
    "review_continue": "Decided: go on",
    "review_less": "Decided: less",
    "review_stop": "Decided: stop",
    "review_undecided": "No decision told",
    "reckoned": "Courses held against a limit",
    "reckoned_g": "Their grams",
    "above": "Courses above it",
    "avoidable_g": "Grams above it",
    "avoidable_g_share": "Share of the grams",
    "breaks": "Breaks",
    "break_g": "Grams",
    "break_patients": "Patients",
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
    "usual_mean": "Usual: mean of the first 12 months shown",
    "usual_low": "Lower limit",
    "usual_high": "Upper limit",
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
SHOWN_INTERNAL = SHOWN | {
    "unseen": "none could be seen",
    "no_reports": "no reports supplied",
    "no_record": "no record can tell",
    "yes": "yes",
    "no": "no",
    "no_rows": "no rows",
    "under": "under 5%",
    "over": "over 95%",
}
"""How numbers stand that are none, in the committee edition and in the internal one."""
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
        "about": "How intravenous immunoglobulin was used, what the guideline says of it, and what "
        "was reported.",
    },
    "internal": {
        "name": "Internal",
        "foot": "Internal edition: single events, not to be handed round",
        "banner": "No patient is named, but single events are counted: not to be handed round.",
        "table": "internal_cell",
        "about": "How intravenous immunoglobulin was used, what the guideline says of it, what was "
        "reported, and what results and codes show that was not.",
    },
}
"""What the two editions without persons say of themselves, and the table their numbers are of."""
