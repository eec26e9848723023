"""Choose between the record kinds that the same columns of a file would make."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pipeline.draft.guess import CLEAR, MAIN_DATE, Proposal

_INSTEAD = {
    "lab_result": ("infusion", "dispensing", "outcome_review", "medication", "rate_step"),
    "infusion": (
        "infusion_lot", "medication", "clinical_event", "rate_step", "outcome_review",
        "adverse_event",
    ),
    "dispensing": (
        "dispensing_lot", "medication", "clinical_event", "rate_step", "outcome_review",
        "adverse_event",
    ),
}  # fmt: skip
"""By record kind, those that a file which holds it does not hold as well."""


def settle(held: Iterable[Proposal]) -> list[Proposal]:
    """Return the record kinds a file is read as."""
    by = {proposal.record: proposal for proposal in held}
    if by.keys() >= {"infusion", "dispensing"} and "lab_result" not in by:
        _choose(by)
    for record, others in _INSTEAD.items():
        for other in others if record in by else ():
            by.pop(other, None)
    for record in ("body_measurement", "encounter"):
        # what stands in a row of something else has no day of its own
        if record in by and by[record].date_position in (None, *_dates(by, record)):
            by.pop(record)
    return list(by.values())


def _choose(by: dict[str, Proposal]) -> None:
    """Keep the likelier of given and issued; both when each has a date of its own by name."""
    given, issued = by["infusion"], by["dispensing"]
    is_named = [one.guesses[MAIN_DATE[one.record]].score >= CLEAR for one in (given, issued)]
    if all(is_named) and given.date_position != issued.date_position:
        return
    if is_named[0] != is_named[1]:
        by.pop("dispensing" if is_named[0] else "infusion")
    elif given.strength < issued.strength:
        by.pop("infusion")
    else:
        by.pop("dispensing")
        if given.strength == issued.strength:
            note = "nothing says whether it was given or only issued; read as given"
            by["infusion"] = replace(given, notes=(note,))


def _dates(by: dict[str, Proposal], record: str) -> list[int | None]:
    """Return the columns that date the other records of a file."""
    return [one.date_position for other, one in by.items() if other != record]
