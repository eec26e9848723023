"""Say which column of a file is likely what, and leave open what cannot be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.draft import names
from pipeline.draft.evidence import FITS, weigh
from pipeline.draft.guess import CLEAR, LIKELY, MADE_IDS, MAIN_DATE, Guess, Proposal
from pipeline.draft.lists import listed
from pipeline.draft.names import fold, read_name
from pipeline.draft.profile import Profile
from pipeline.draft.settle import settle
from pipeline.ingest.locate import stem
from schemas import RECORDS, Kind, contract

_AS_LIKELY = 0.05
_ONLY_DATE = 0.5
_SHARED = ("patient_id", "source_id", "recorded_at", "is_deleted", "site_id", "prescriber_id")
"""What speaks for no record in particular."""


def propose(file_name: str, profiles: list[Profile], patients: dict[int, float]) -> list[Proposal]:
    """Return the record kinds a file is likely to hold, the likeliest reading of each column.

    Args:
        file_name: the name of the file, whose words count as well.
        profiles: its columns.
        patients: by position of a column, the share of its values that are patients of others.
    """
    words = set(fold(file_name).split())
    named = stem(Path(file_name).name).split(".")[0]
    held = []
    for record, one_of, and_one_of, file_words in listed("record_sign"):
        if named in RECORDS and named != record:  # a file that follows the contract
            continue
        guesses = _guesses(record, profiles, patients)
        own = sum(one.score + one.seen for name, one in guesses.items() if name not in _SHARED)
        n_words = len(words & set(fold(file_words).split()))
        proposal = Proposal(record, guesses, own + n_words)
        if _is_held(proposal, one_of.split(), and_one_of.split()):
            held.append(proposal)
    return settle(held)


def _guesses(record: str, profiles: list[Profile], patients: dict[int, float]) -> dict[str, Guess]:
    """Return the likeliest column of the file for each contract column, none of them twice."""
    weighed = sorted(
        (
            guess
            for column in contract(record).every_column
            for profile in profiles
            if (guess := weigh(record, column, profile, patients))
        ),
        key=lambda guess: (-guess.score, guess.column.name, guess.profile.position),
    )
    taken: dict[str, Guess] = {}
    used: set[int] = set()
    for guess in weighed:
        if guess.column.name not in taken and guess.profile.position not in used:
            taken[guess.column.name] = guess
            used.add(guess.profile.position)
    rivalled = {
        name: _with_unit_beside(_with_rivals(guess, weighed, used), profiles)
        for name, guess in taken.items()
    }
    return _with_clock(record, _with_only_date(record, rivalled, profiles, used), profiles, used)


def _with_rivals(guess: Guess, weighed: Sequence[Guess], used: set[int]) -> Guess:
    """Return a guess with the columns that are as likely and that nothing else wants."""
    rivals = tuple(
        other.profile
        for other in weighed
        if other.column == guess.column
        and other.profile.position not in used
        and other.score >= guess.score - _AS_LIKELY
    )
    return replace(guess, also=rivals)


def _with_unit_beside(guess: Guess, profiles: list[Profile]) -> Guess:
    """Return a guess with the column that says its unit: a median is no answer beside one."""
    if guess.unit is None or guess.unit.is_said:
        return guess
    amount = set(read_name(guess.profile.name).words)
    for one in profiles:
        meant = names.unit_of(read_name(one.name))
        if meant is not None and (not meant or meant & amount) and one.numbers < FITS:
            return replace(guess, unit_beside=one)
    return guess


def _with_only_date(
    record: str, taken: dict[str, Guess], profiles: list[Profile], used: set[int]
) -> dict[str, Guess]:
    """Add the only date of a file where no name says what it is; several stay open."""
    main = MAIN_DATE.get(record)
    column = next((one for one in contract(record).columns if one.name == main), None)
    if column is None or not column.required or column.name in taken:
        return taken
    free = [
        one
        for one in profiles
        if one.position not in used and one.dates >= FITS and not _is_named_otherwise(one, record)
    ]
    if not free:
        return taken
    why = "the only date left" if len(free) == 1 else "a date, and so are others"
    first = Guess(record, column, free[0], _ONLY_DATE, why, also=tuple(free[1:]), is_by_values=True)
    return {**taken, column.name: first}


def _with_clock(
    record: str, taken: dict[str, Guess], profiles: list[Profile], used: set[int]
) -> dict[str, Guess]:
    """Put the only time of day beside the date of a record that has none."""
    main = MAIN_DATE.get(record, "")
    guess = taken.get(main)
    clocks = [
        one
        for one in profiles
        if one.position not in used
        and one.shares["clock"] >= FITS
        and names.score(read_name(one.name), record, names.CLOCK) >= LIKELY
    ]
    if guess is None or guess.profile.shares["timed"] >= LIKELY or len(clocks) != 1:
        return taken
    return {**taken, main: replace(guess, clock=clocks[0])}


def _is_named_otherwise(profile: Profile, record: str) -> bool:
    """Say whether a date names a column of some other record, such as a birth date."""
    name = read_name(profile.name)
    return any(
        names.score(name, other, column.name) >= CLEAR
        for other in ("patient", "dispensing", "infusion", "authorisation")
        if other != record
        for column in contract(other).columns
        if column.kind in (Kind.DATE, Kind.TIME)
    )


def _is_held(proposal: Proposal, one_of: list[str], and_one_of: list[str]) -> bool:
    """Say whether a file holds a record: what it must have is there, or only open."""
    told = proposal.guesses.keys()
    if not set(one_of) & told or (and_one_of and not set(and_one_of) & told):
        return False
    made = {MADE_IDS.get(proposal.record, ""), "code_system"}
    return set(contract(proposal.record).required) - made <= told
