"""Weigh what speaks for and against a column of a file being a column of the contract."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.draft import names
from pipeline.draft.guess import LIKELY, MAIN_DATE, Guess
from pipeline.draft.names import read_name
from pipeline.draft.profile import Profile, word_list
from pipeline.draft.units import guess_unit
from schemas import Column, Kind

FITS = 0.9
_GENERIC_DATE = 0.6
_WORDS_KNOWN = 0.8
_BY_VALUES = 0.86
_SOME_NUMBERS = 0.3
_MOST_SINGLE = 0.8
_SHORTENED = 0.8
_DATED = (Kind.DATE, Kind.TIME)
_COUNTED = (Kind.AMOUNT, Kind.INTEGER)
_TELLING = ("patient_id", "product_code", "test_code", "code", "sex", "blood_group", "unit")
"""The columns that values alone tell."""
_WORDED = ("product_code", "term", "indication_code", "unit")


def weigh(
    record: str, column: Column, profile: Profile, patients: dict[int, float]
) -> Guess | None:
    """Return how a column of a file could fill a contract column; None: it could not.

    Args:
        record: the record of the contract column.
        column: the contract column.
        profile: the column of the file.
        patients: by position of a column, the share of its values that are patients of others.
    """
    if not profile.n_filled:
        return None
    name = read_name(profile.name)
    said = max(names.score(name, record, column.name), _said_in_part(record, column, profile))
    if MAIN_DATE.get(record) == column.name:
        said = max(said, _GENERIC_DATE * names.score(name, record, names.DATE))
    seen, what = _seen(record, column, profile)
    if column.name == "patient_id" and profile.position in patients:
        seen, what = 1.0, f"{patients[profile.position]:.0%} are patients of other files"
    is_told = seen >= FITS and column.name in _TELLING and _repeats(column, profile)
    by_values = _BY_VALUES if is_told else 0.0
    best = max(said if _fits(record, column, profile) else 0.0, by_values)
    unit = guess_unit(column, profile, name.unit) if column.unit else None
    is_of_other_unit = unit is not None and unit.is_said and not unit.fitting
    if best < LIKELY or is_of_other_unit:
        return None
    is_sure = said == 1
    by_name = "its name" if is_sure else "a name like it" if said >= LIKELY else ""
    why = ", ".join(part for part in (by_name, what) if part)
    return Guess(record, column, profile, best, why, unit, seen=seen, is_by_values=said < LIKELY)


def _said_in_part(record: str, column: Column, profile: Profile) -> float:
    """Return how well a name says a column once something is left off; never enough to be sure.

    AP_NAME may be of something else than NAME alone, and one of two names the wrong one; so
    text that could be recognised is, in part.
    """
    is_recognisable = (record, column.name) in _BY_NAME or ("", column.name) in _BY_NAME
    if is_recognisable and not _seen(record, column, profile)[0]:
        return 0.0
    texts = [profile.name, *([profile.short] if profile.short else [])]
    parts = [*texts[1:], *names.either(profile.name)]
    if column.kind in _DATED:
        parts += [rest for text in texts if (rest := names.undated(text))]
    scores = (names.score(read_name(part), record, column.name) for part in parts)
    return _SHORTENED * max(scores, default=0.0)


def _repeats(column: Column, profile: Profile) -> bool:
    """Say whether codes come again, as those of diseases do and numbers of a list do not."""
    return column.name != "code" or profile.n_distinct <= _MOST_SINGLE * profile.n_filled


_Share = Callable[[Profile], float]

_BY_NAME: dict[tuple[str, str], tuple[_Share, str]] = {
    ("", "product_code"): (lambda one: one.words.get("product", 0.0), "products recognised"),
    ("", "test_code"): (
        lambda one: one.shares["loinc"] + one.words.get("test_code", 0.0),
        "LOINC codes or known names of tests",
    ),
    ("diagnosis", "code"): (
        lambda one: one.shares["icd"] if one.shares["atc"] < FITS else 0.0,
        "ICD codes",
    ),
    ("medication", "code"): (lambda one: one.shares["atc"], "ATC codes"),
    ("", "indication_code"): (
        lambda one: one.words.get("indication", 0.0) + one.words.get("indication_code", 0.0),
        "indications known",
    ),
    ("", "unit"): (lambda one: one.words.get("unit", 0.0), "units known"),
}
"""By record and column, of text whose values can be recognised: their share, and what they are."""


def _seen(record: str, column: Column, profile: Profile) -> tuple[float, str]:
    """Return which share of the values look like the column's, and that in words."""
    found = _BY_NAME.get((record, column.name)) or _BY_NAME.get(("", column.name))
    if found is not None:
        share, what = min(found[0](profile), 1.0), found[1]
    elif column.kind in _DATED:
        share, what = profile.dates, "dates"
    elif column.kind in _COUNTED:
        share, what = profile.numbers, "numbers"
    elif column.kind == Kind.BOOLEAN:
        share, what = profile.words.get("boolean", 0.0), "yes or no"
    elif column.kind == Kind.CODE:
        share, what = profile.words.get(word_list(record, column), 0.0), "words known"
    else:
        return 0.0, ""
    if column.name in ("sex", "blood_group") and profile.n_distinct == 1:
        share = 0.0  # one sign in every row is anything
    return share, f"{share:.0%} {what}"


def _fits(record: str, column: Column, profile: Profile) -> bool:
    """Say whether the values do not speak against a contract column; words for empty aside."""
    whole = FITS * (1 - profile.words.get("empty", 0.0))
    if column.kind in _DATED:
        return profile.dates >= whole > 0
    if column.kind in _COUNTED:
        least = _SOME_NUMBERS if column.name == "value" else whole
        return profile.numbers >= least > 0 and profile.dates < FITS
    if column.kind == Kind.BOOLEAN:
        return profile.words.get("boolean", 0.0) >= whole > 0
    if column.kind == Kind.CODE:
        return profile.words.get(word_list(record, column), 0.0) >= _WORDS_KNOWN
    return _fits_text(record, column, profile)


def _fits_text(record: str, column: Column, profile: Profile) -> bool:
    """Say whether text may be a column's: names and words are no numbers, ids no dates."""
    if column.name == "code":
        is_atc = profile.shares["atc"] >= FITS
        return not is_atc if record == "diagnosis" else is_atc or profile.shares["icd"] < FITS
    if profile.shares["clock"] >= FITS:
        return False
    if column.name in _WORDED:
        return profile.numbers < FITS and profile.dates < FITS
    return profile.dates < FITS or profile.shares["%Y%m%d"] >= FITS
