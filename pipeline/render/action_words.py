"""Hold the words of the list of what to do, and of what months say against each other."""

from __future__ import annotations

from typing import Final

TASK: Final = {
    "signals": "Look at the products, lots and sites with a signal",
    "never_reported": "Look at the events that results show and nobody reported; report those that "
    "are",
    "off_guideline": "Talk over the findings off guideline with who prescribed, and write down "
    "what is decided (adjudications.csv)",
    "review": "Look at the findings to review, the most grams first",
    "approvals": "Ask for, renew or settle the approval",
    "reviews": "Review the treatments that are overdue",
    "lots": "Complete or correct the lots and vials",
    "ledger": "Trace the issues and infusions whose grams do not add up",
    "conditions": "Look up the condition the rule hangs on; no record holds it",
    "facts": "Supply the fact that is missing",
    "indications": "Give the stated indications a code (audit.toml or indication_alias.csv)",
    "products": "Give the product codes a product (products/alias.csv)",
    "quarantine": "Mend the rows in quarantine where they come from (quarantine.csv)",
    "rules": "Have the rules looked at that are past their review date",
}
"""What to do, by the code of `action_list`; in its order."""

MEASURE_OVER_TIME: Final = {
    "grams": "Grams a month",
    "off_share": "Share of judged closed courses off guideline",
}
XMR_RULE: Final = {
    None: "usual variation",
    "outside": "beyond the limit",
    "trend": "a trend of seven",
    "two_of_three": "two of three near the limit",
    "one_side": "seven on one side of the mean",
}
ASSURANCE: Final = {
    None: "without limits nobody can say whether usual variation keeps to it",
    "passes": "usual variation keeps to it",
    "fails": "usual variation stays above it, so without a change it will not be met",
    "varies": "some months meet it and some do not, by chance alone",
}
"""What usual variation makes of a target."""
XMR_WAY: Final = {None: "", "high": "up", "low": "down"}
XMR_MEANING: Final = {
    None: "",
    "concern": "for concern",
    "improvement": "an improvement",
    "change": "a change; need decides which",
}
