"""Choose between the record kinds that the same columns of a file would make."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pipeline.draft.guess import CLEAR, MAIN_DATE, Proposal

_NOT_BESIDE_GIVEN = (
    "infusion_lot", "dispensing_lot", "medication", "clinical_event", "rate_step",
    "outcome_review", "adverse_event",
)  # fmt: skip
_INSTEAD = {
    "adverse_event": ("infusion_lot", "dispensing_lot"),
    "lab_result": ("infusion", "dispensing", "outcome_review", "medication", "rate_step"),
    "infusion": _NOT_BESIDE_GIVEN,
    "dispensing": _NOT_BESIDE_GIVEN,
}
"""By record kind, those that a file which holds it does not hold as well."""


_SIGNS = {
    "diagnosis": ("code",),
    "medication": ("code",),
    "adverse_event": ("term",),
    "clinical_event": ("event_code",),
    "authorisation": ("decision",),
    "outcome_review": ("decision", "response", "measure"),
    "vaccination": ("vaccine_code",),
    "lab_result": ("test_code",),
}
"""By record kind, the columns that are of no other kind as well."""


def settle(held: Iterable[Proposal]) -> list[Proposal]:
    """Return the record kinds a file is read as."""
    by = {proposal.record: proposal for proposal in held}
    if by.keys() >= {"infusion", "dispensing"} and "lab_result" not in by:
        _choose(by)
    _drop_shadows(by)
    for record in ("infusion", "dispensing"):
        # an event names the product it is laid to, and a bag what was seen: the fuller one counts
        if by.keys() >= {record, "adverse_event"}:
            by.pop(min((record, "adverse_event"), key=lambda one: by[one].strength))
    for record, others in _INSTEAD.items():
        for other in others if record in by else ():
            by.pop(other, None)
    for record in ("body_measurement", "encounter"):
        # what stands in a row of something else has no day of its own
        if record in by and by[record].date_position in (None, *_dates(by, record)):
            by.pop(record)
    return list(by.values())


def _drop_shadows(by: dict[str, Proposal]) -> None:
    """Keep the likelier of two record kinds that one column would make: a code is of one kind."""
    likeliest = sorted(by.values(), key=lambda one: (-one.strength, one.record))
    taken: dict[int, str] = {}
    for proposal in likeliest:
        signs = [
            guess.profile.position
            for name, guess in proposal.guesses.items()
            if name in _SIGNS.get(proposal.record, ())
        ]
        if any(position in taken for position in signs):
            by.pop(proposal.record)
        else:
            taken |= dict.fromkeys(signs, proposal.record)


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
