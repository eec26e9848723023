"""Hold the words of what changed since the run before and of what reviewers decided."""

from __future__ import annotations

CHANGE = {
    "new": "New",
    "worsened": "Worsened",
    "eased": "Eased",
    "altered": "Other facts",
    "resolved": "Resolved",
    "gone": "Gone, not resolved",
}
CHANGE_MEANS = {
    "new": "a finding now, and none in the run before",
    "worsened": "a graver severity, or further beyond the same limit",
    "eased": "a milder severity, or less far beyond the same limit",
    "altered": "still a finding, on other facts",
    "resolved": "the same rule is met on today's records",
    "gone": "no finding any more, and nothing says that it was put right",
}
"""What each kind of change means; these are its kinds, in the order of the page."""

CHANGE_CAUSE = {
    "program": "another version of the program judged",
    "reading": "the records were read by other settings",
    "settings": "code lists or our own settings† are others",
    "rule_new": "the run before did not have the rule",
    "rule_gone": "the rule is not in force or not loaded any more",
    "rule_changed": "the rule is another",
    "other_rules": "other rules came, went or changed, and what one calls met may soften another",
    "outside_period": "its day lies in one of the two periods only",
    "later": "given after the last day of the run before",
    "records": "records came late, were corrected, or a course has closed",
    "met": "the rule is met on today's records",
    "not_assessable": "a fact is missing now: neither right nor wrong",
    "not_asked": "the rule does not ask about it any more",
    "record_gone": "the records do not show it so any more: withdrawn, corrected, or the course "
    "now begins with another infusion",
}

DECISION = {
    "confirmed": "Confirmed",
    "justified": "Justified",
    "record_error": "The records are wrong",
    "rule_error": "The rule does not fit",
    "unclear": "Looked at, not decided",
    "differing": "Reviewers differ",
    "earlier_facts": "Decided on earlier facts only",
    "undecided": "No decision yet",
}
DECISION_MEANS = {
    "confirmed": "the finding is right",
    "justified": "off guideline for a reason that the records do not hold",
    "record_error": "what was recorded is not what happened",
    "rule_error": "the rule is wrong here, or was not meant for this",
    "unclear": "a reviewer looked and could not tell",
    "differing": "two reviewers, two decisions",
    "earlier_facts": "the records have changed since: look again",
    "undecided": "nobody has looked yet",
}
"""What reviewers may say of a finding, and what the page says of several; in its order."""
