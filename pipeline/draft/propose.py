"""Say which column of a file is likely what, and leave open what cannot be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.draft import names
from pipeline.draft.evidence import FITS, weigh
from pipeline.draft.guess import CLEAR, GIVEN, LIKELY, MADE_IDS, MAIN_DATE, Guess, Nearest, Proposal
from pipeline.draft.lists import listed
from pipeline.draft.names import fold, read_name
from pipeline.draft.profile import Profile
from pipeline.draft.settle import settle
from pipeline.ingest.locate import stem
from schemas import RECORDS, Kind, contract

_AS_LIKELY = 0.05
_ONLY_DATE = 0.5
_NEVER_BY_CHANCE = ("encounter", "outcome_review")
_ONE_OF = {record: one_of.split() for record, one_of, _, _ in listed("record_sign")}
_SHARED = ("patient_id", "source_id", "recorded_at", "is_deleted", "site_id", "prescriber_id")
"""What speaks for no record in particular."""


def propose(
    file_name: str, profiles: list[Profile], patients: dict[int, float]
) -> tuple[list[Proposal], Nearest | None]:
    """Return the record kinds a file is likely to hold, the likeliest reading of each column.

    A file that holds none is told the kind it is nearest to, and what it lacks.

    Args:
        file_name: the name of the file, whose words count as well.
        profiles: its columns.
        patients: by position of a column, the share of its values that are patients of others.
    """
    words = set(fold(file_name).split())
    named = stem(Path(file_name).name).split(".")[0]
    held, lacking = [], []
    for record, one_of, and_one_of, file_words in listed("record_sign"):
        if named in RECORDS and named != record:  # a file that follows the contract
            continue
        guesses = _guesses(record, profiles, patients)
        own = sum(one.score + one.seen for name, one in guesses.items() if name not in _SHARED)
        n_words = len(words & set(fold(file_words).split()))
        proposal = Proposal(record, guesses, own + n_words)
        missing = _missing(proposal, one_of.split(), and_one_of.split())
        if missing:
            lacking.append((proposal, missing))
        elif n_words or not _is_dated_by_chance(proposal, profiles):
            held.append(proposal)
    settled = settle(held)
    return settled, None if settled else _nearest(lacking)


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
    """Put a time of day beside the date named like it; one named like none, beside the main."""
    clocks = [
        one
        for one in profiles
        if one.position not in used
        and one.shares["clock"] >= FITS
        and names.has_clock_word(read_name(one.name))
    ]
    main = MAIN_DATE.get(record, "")
    found = dict(taken)
    for name, guess in taken.items():
        if guess.column.kind is not Kind.TIME or guess.profile.shares["timed"] >= LIKELY:
            continue
        own = [one for one in clocks if _is_of(guess.profile) == _is_of(one)]
        plain = [one for one in clocks if not _is_of(one)] if name == main else []
        if len(own or plain) == 1:
            found[name] = replace(guess, clock=(own or plain)[0])
    return found


def _is_of(profile: Profile) -> frozenset[str]:
    """Return the words that say of what a date or a time of day is: of START_DATE, `start`."""
    return names.without_date_words(read_name(profile.name))


def _is_named_otherwise(profile: Profile, record: str) -> bool:
    """Say whether a date names a column of some other record, such as a birth date."""
    others = ("patient", *GIVEN, "authorisation")
    return _dates_one_of(profile, [other for other in others if other != record])


def _dates_one_of(profile: Profile, records: Sequence[str]) -> bool:
    """Say whether a column is named as a date of one of the record kinds."""
    name = read_name(profile.name)
    return any(
        names.score(name, record, column.name) >= CLEAR
        for record in records
        for column in contract(record).columns
        if column.kind in (Kind.DATE, Kind.TIME)
    )


def _missing(proposal: Proposal, one_of: list[str], and_one_of: list[str]) -> list[str]:
    """Return what a file would have to have to hold a record: nothing in it is likely to be it."""
    told = proposal.guesses.keys()
    made = {MADE_IDS.get(proposal.record, ""), "code_system"}
    missing = [name for name in contract(proposal.record).required if name not in made | told]
    signs = [
        " or ".join(some)
        for some in (one_of, and_one_of)
        if some and not set(some) & (told | set(missing))
    ]
    return signs + missing


def _is_dated_by_chance(proposal: Proposal, profiles: Sequence[Profile]) -> bool:
    """Say whether nothing but the only date left would date a stay, a review or a weight.

    A weight in a file that dates what was given is no weight of the day left over.
    """
    main = proposal.guesses.get(MAIN_DATE.get(proposal.record, ""))
    if main is None or not main.is_by_values:
        return False
    return proposal.record in _NEVER_BY_CHANCE or (
        proposal.record == "body_measurement"
        and any(_dates_one_of(one, GIVEN) for one in profiles if one.dates >= FITS)
    )


def _nearest(lacking: list[tuple[Proposal, list[str]]]) -> Nearest | None:
    """Return the likeliest kind of those whose first sign a file holds."""
    signed = [
        (proposal.strength, proposal.record, missing)
        for proposal, missing in lacking
        if proposal.record != "outcome_review"  # any date is the sign of one
        and any(name in proposal.guesses for name in _ONE_OF[proposal.record])
    ]
    if not signed:
        return None
    _, record, missing = max(signed, key=lambda one: (one[0], one[1]))
    return Nearest(record, tuple(missing))
