"""Word what a trial of a source found, as plain text; never a value of a record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pipeline.draft.found import Found, shown
from pipeline.draft.guess import Proposal
from pipeline.draft.layout import Table
from pipeline.draft.needs import Held, Missing, Needs
from pipeline.draft.profile import Profile
from pipeline.draft.trial import Trial
from pipeline.draft.write import CONFIG

_FEW = 0.5
_UNUSED = "not used"
_MOST_UNUSED = 30


def percent(part: int, whole: int) -> str:
    """Return a share in per cent; nearly none and nearly all are not rounded to none and all."""
    if not whole:
        return "no rows"
    share = 100 * part / whole
    if 0 < share < 1:
        return "under 1 %"
    return "over 99 %" if 99 < share < 100 else f"{share:.0f} %"  # noqa: PLR2004


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table, its columns as wide as their widest cell."""
    lines = [tuple(head), *(tuple(row) for row in rows)]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    for line in lines:
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        yield f"  {'  '.join(cells)}".rstrip()


def tell_trial(trial: Trial) -> Iterator[str]:
    """Yield how many rows pass, and what is missing for which checks."""
    yield from tell_passed(trial)
    yield ""
    yield from tell_needs(trial.needs, trial.sets)


def tell_passed(trial: Trial) -> Iterator[str]:
    """Yield one line per record kind: its rows, the share that passes, what fails most."""
    yield "Rows that pass validation"
    rows = [
        (
            one.record,
            f"{one.n_rows} rows",
            f"{percent(one.n_passed, one.n_rows)} pass" if one.n_rows else "",
            "; ".join(
                f"{column}: {check.replace('_', ' ')} ({n})" for column, check, n in one.faults
            ),
        )
        for one in trial.passed
    ]
    yield from table(("record", "", "", "what fails"), rows)
    if trial.n_unreadable:
        yield f"  {trial.n_unreadable} lines of the files are not readable."


def tell_needs(needs: Needs, sets: Sequence[str]) -> Iterator[str]:
    """Yield what no record holds and how many rules are not assessable without it."""
    yield f"What is missing for which checks ({', '.join(sets)}: {needs.n_rules} rules)"
    silent = [one for one in needs.missing if one.n_silent]
    if not silent:
        yield "  Nothing: every rule has the facts it asks for in some record."
    for one in silent:
        share = percent(one.n_silent, needs.n_rules)
        yield f"  without {one.title} {share} of rules are not assessable ({one.silent_kinds})"
    if silent:
        yield f"  In all {percent(needs.n_silent, needs.n_rules)} of rules are not assessable."
    yield from _weaker(needs.missing)
    yield from _sparse(needs.held)
    yield from table(
        ("check", "rules", "not assessable"),
        [(one.kind, str(one.n_rules), str(one.n_silent or "")) for one in needs.kinds],
    )


def _weaker(missing: Iterable[Missing]) -> Iterator[str]:
    for one in missing:
        if one.weaker_kinds:
            yield f"  without {one.title} these checks can say less: {one.weaker_kinds}"


def _sparse(held: Iterable[Held]) -> Iterator[str]:
    for one in held:
        if 0 < one.n_filled < _FEW * one.n_rows:
            share = percent(one.n_filled, one.n_rows)
            yield f"  {one.title}: in {share} of the rows that could hold it"


def tell_files(
    found: Found, tables: Sequence[Table], profiles: dict[str, list[Profile]]
) -> Iterator[str]:
    """Yield a table per file: each column, what it is likely to be, how sure that is, and why."""
    for one in tables:
        yield from _tell_table(one, profiles[one.files[0].file.name])
        yield ""
    if found.refused:
        yield "Files that were not read"
        yield from (f"  {shown(name)}: {why}" for name, why in found.refused)
        yield ""
    if not tables and not found.refused:
        yield "It holds no file."


def tell_questions(questions: Sequence[str]) -> Iterator[str]:
    """Yield what somebody must decide."""
    yield "Open questions" if questions else "No open question about a column."
    yield from (f"  {question}" for question in questions)


def _tell_table(one: Table, profiles: list[Profile]) -> Iterator[str]:
    names = ", ".join(shown(file.file.name) for file in one.files[:3])
    more = f" and {len(one.files) - 3} more" if len(one.files) > 3 else ""  # noqa: PLR2004
    n_rows = sum(file.raw_rows for file in one.files)
    records = ", ".join(proposal.record for proposal in one.proposals) or "no record recognised"
    yield f"{names}{more} ({n_rows} rows): {records}"
    if one.nearest is not None:
        lacks = "; ".join(one.nearest.missing)
        yield f"  nearest to {one.nearest.record}, but no column is likely its {lacks}"
    rows = [row for profile in profiles for row in _tell_column(profile, one.proposals)]
    unused = [row for row in rows if row[2] == _UNUSED]
    left_out = unused[_MOST_UNUSED:]
    shown_rows = [row for row in rows if row not in left_out]
    yield from table(("column", "likely", "confidence", "why"), shown_rows)
    if left_out:
        yield f"  and {len(left_out)} more columns that are not used"


def _tell_column(profile: Profile, proposals: Sequence[Proposal]) -> Iterator[Sequence[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for proposal in proposals:
        for guess in proposal.guesses.values():
            if guess.profile == profile or profile in guess.also or guess.clock == profile:
                is_clock = guess.clock == profile
                key = (guess.label, "a time of day" if is_clock else guess.told_why())
                found.setdefault(key, []).append(f"{proposal.record}.{guess.column.name}")
    name = shown(profile.name)
    if not found:
        yield name, "", _UNUSED, _looks(profile)
    for (label, why), columns in found.items():
        yield name, ", ".join(columns), label, why
        name = ""


def _looks(profile: Profile) -> str:
    """Describe a column by its pattern."""
    if not profile.n_filled:
        return "empty"
    if profile.dates > _FEW:
        return f"{profile.dates:.0%} dates"
    if profile.numbers > _FEW:
        return f"{profile.numbers:.0%} numbers"
    for share, what in (
        (profile.words.get("product", 0.0), "products recognised"),
        (profile.shares["icd"], "ICD codes"),
        (profile.shares["atc"], "ATC codes"),
        (profile.shares["loinc"], "LOINC codes"),
    ):
        if share:
            return f"text, {profile.n_distinct} different, {share:.0%} {what}"
    return f"text, {profile.n_distinct} different"


def tell_next(source: Path, out: Path, questions: Sequence[str]) -> Iterator[str]:
    """Yield what to do next."""
    yield "Next"
    yield f"  1. Read {out / CONFIG}: confirm each line marked GUESS, or mend it."
    number = 2
    if questions:
        yield f"  {number}. Answer the open questions above."
        number += 1
    config = f"--config {out / CONFIG}"
    yield f"  {number}. See what passes now: ivig-audit map {source} --check {config}"
    yield f"  {number + 1}. Audit: ivig-audit run {source} {config}"
