"""Draft sections D, E and F: the patient, the reactions and the tests."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from xml.etree.ElementTree import Element

from pipeline.exchange.asked import Row
from pipeline.exchange.e2b import codes
from pipeline.exchange.e2b.case import Case
from pipeline.exchange.e2b.tree import (
    Part,
    amount,
    code,
    flag,
    moment,
    node,
    observation,
    told,
)

_INFANT_YEARS, _NEWBORN_MONTHS = 2, 1
"""Under so many years an age is told in months, under so many months in days."""


def player(case: Case) -> Element:
    """Return the patient; masked unless ids were asked for."""
    row = case.row
    sex = codes.SEX_CODES.get(row["sex"] or "")
    case.ask("D.1", "initials or code of the patient, as your rules allow", row["person"])
    if sex is None:
        case.ask("D.5", "sex: the records hold no code of the list", row["sex"])
    return node(
        "player1",
        node("name", nullFlavor="MSK"),
        code(sex, codes.SEX, "administrativeGenderCode")
        if sex
        else node("administrativeGenderCode", nullFlavor="UNK"),
        _birth(case),
        moment("deceasedTime", None, row["deceased_on"]),
        _record_number(case),
        classCode="PSN",
        determinerCode="INSTANCE",
    )


def _birth(case: Case) -> Part:
    """Return the day of birth; a year alone is not precise enough for the guide."""
    row = case.row
    if row["birth_date"] is None:
        case.ask("D.2.1", "date of birth", row["birth_year"])
        return None
    if not row["is_by_id"]:
        case.ask("D.2.1", "date of birth, if your rules allow it; it is masked here")
        return node("birthTime", nullFlavor="MSK")
    return moment("birthTime", None, row["birth_date"])


def _record_number(case: Case) -> Element:
    row = case.row
    named = (
        node("id", root=codes.HOSPITAL_RECORD, extension=row["person"])
        if row["is_by_id"]
        else node("id", root=codes.HOSPITAL_RECORD, nullFlavor="MSK")
    )
    return node("asIdentifiedEntity", named, code("3", codes.RECORD_SOURCE), classCode="IDENT")


def findings(case: Case) -> list[Element]:
    """Return what was observed of the patient, in the order of the guide."""
    parts: list[Part] = [_age(case), _weight(case), _height(case), _history(case)]
    parts += [_reaction(case, row, number) for number, row in _numbered(case.reactions)]
    if case.results:
        parts.append(_organizer("3", [_test(case, row) for row in case.results]))
    else:
        case.ask("F.r", "tests that tell of the event: the run links none to it")
    return [_about(part) for part in parts if part is not None]


def _numbered(rows: list[Row]) -> list[tuple[int, Row]]:
    return list(enumerate(rows, start=1))


def _about(part: Element) -> Element:
    return node("subjectOf2", part, typeCode="SBJ")


def _organizer(number: str, parts: list[Element]) -> Element:
    components = [node("component", part, typeCode="COMP") for part in parts]
    return node(
        "organizer",
        code(number, codes.GROUPING),
        *components,
        classCode="CATEGORY",
        moodCode="EVN",
    )


def _age(case: Case) -> Part:
    row = case.row
    if row["birth_date"] is None or row["onset_on"] is None or row["onset_on"] < row["birth_date"]:
        case.ask("D.2.2", "age at onset: birth or onset is not known to the day", row["birth_year"])
        return None
    if row["is_by_id"]:
        return None  # the guide wants one of the two, the more exact
    value, unit = age_at(row["birth_date"], row["onset_on"])
    return observation("3", codes.OBSERVATION, amount("value", value, unit, xsi="PQ"))


def age_at(born_on: date, on: date) -> tuple[int, str]:
    """Return an age in whole years, months or days, with its UCUM unit."""
    months = (on.year - born_on.year) * 12 + on.month - born_on.month - (on.day < born_on.day)
    if months >= _INFANT_YEARS * 12:
        return months // 12, "a"
    if months >= _NEWBORN_MONTHS:
        return months, "mo"
    return (on - born_on).days, "d"


def _weight(case: Case) -> Part:
    return _measured(case, ("D.3", "body weight"), "7", "kg", ("weight_kg", "weighed_on"))


def _height(case: Case) -> Part:
    return _measured(case, ("D.4", "height"), "17", "cm", ("height_cm", "sized_on"))


def _measured(
    case: Case, asked: tuple[str, str], number: str, unit: str, columns: tuple[str, str]
) -> Part:
    element, what = asked
    value, measured_on = (case.row[name] for name in columns)
    if value is None:
        case.ask(element, f"{what}: none on record near the onset")
        return None
    known = f"{value} {unit} on {measured_on}"
    case.ask(element, f"{what}: check, it was measured on the day beside", known)
    if unit == "cm":  # the guide allows no decimals of a height
        value = value.quantize(Decimal(1), ROUND_HALF_UP)
    return observation(number, codes.OBSERVATION, amount("value", value, unit, xsi="PQ"))


def _history(case: Case) -> Element:
    case.ask("D.7", "medical history: diagnoses of the records are not copied, for they are codes")
    return _organizer(
        "1",
        [observation("18", codes.OBSERVATION, node("value", xsi="ED", nullFlavor="UNK"))],
    )


def _reaction(case: Case, row: Row, number: int) -> Element:
    case.ask("E.i.2.1", "MedDRA version and code of the reaction", row["term"])
    case.ask("E.i.1.1b", "language of the words, which stand as written", row["term"])
    case.ask("E.i.5", "when it ended, and E.i.9 in which country: no record holds it")
    began = moment("low", row["onset_at"], row["onset_on"])
    if began is None:
        case.ask("E.i.4", "when it began")
    return node(
        "observation",
        node("id", root=f"RID{number}"),
        code("29", codes.OBSERVATION),
        node("effectiveTime", began, xsi="IVL_TS") if began is not None else None,
        told(row["term"], codes.MEDDRA, xsi="CE"),
        *_criteria(case, row),
        _pertinent(observation("27", codes.OBSERVATION, _outcome(case, row))),
        classCode="OBS",
        moodCode="EVN",
    )


def _pertinent(part: Element) -> Element:
    return node("outboundRelationship2", part, typeCode="PERT")


def _criteria(case: Case, row: Row) -> list[Element]:
    """Return the six criteria: true where a report says so, else no information, never false."""
    said = set(row["criteria"] or ()) - {None}
    if not said:
        case.ask("E.i.3.2", "why it is serious: no report names a criterion we can read")
    return [
        _pertinent(observation(number, codes.OBSERVATION, flag(True if name in said else None)))
        for name, (number, _) in codes.CRITERIA.items()
    ]


def _outcome(case: Case, row: Row) -> Element:
    words = [word for word in row["outcomes"] or () if word]
    read = {codes.OUTCOME_CODES.get(word.strip().lower(), codes.UNKNOWN_OUTCOME) for word in words}
    known = read.pop() if len(read) == 1 else codes.UNKNOWN_OUTCOME
    if known == codes.UNKNOWN_OUTCOME:
        case.ask("E.i.7", "outcome", "; ".join(words))
    return code(known, codes.OUTCOME, "value", xsi="CE")


def _test(case: Case, row: Row) -> Element:
    name = row["test_code"] if row["analyte"] is None else f"{row['analyte']} ({row['test_code']})"
    case.ask("F.r.2.2", "MedDRA version and code of the test", name)
    return node(
        "observation",
        told(name, codes.MEDDRA, "code"),
        moment("effectiveTime", row["collected_at"], row["collected_on"], "UNK"),
        _result(row),
        classCode="OBS",
        moodCode="EVN",
    )


def _result(row: Row) -> Element:
    value, unit, comparator = row["amount"], row["unit"], row["comparator"]
    if value is None or unit is None:
        words = " ".join(str(part) for part in (comparator, value, row["value_text"]) if part)
        return node("value", xsi="ED", text=words or None, nullFlavor=None if words else "UNK")
    if comparator in {"<", "<="}:
        high = _limit("high", value, unit, comparator)
        return node("value", node("low", nullFlavor="NINF"), high, xsi="IVL_PQ")
    if comparator in {">", ">="}:
        low = _limit("low", value, unit, comparator)
        return node("value", low, node("high", nullFlavor="PINF"), xsi="IVL_PQ")
    return node("value", amount("center", value, unit), xsi="IVL_PQ")


def _limit(tag: str, value: Decimal, unit: str, comparator: str) -> Element:
    is_inclusive = "true" if comparator.endswith("=") else "false"
    return amount(tag, value, unit, inclusive=is_inclusive)
