"""The dullest possible reading of what a precaution says of a course, in plain Python."""

from __future__ import annotations

from datetime import date, timedelta
from fnmatch import fnmatchcase
from typing import Any

Row = dict[str, Any]
Known = bool | None

RECORD = {"diagnosis": "diagnosis", "medicine": "medication", "event": "clinical_event"}
DATED = {"diagnosis": "recorded_on", "medication": "started_on", "clinical_event": "occurred_on"}


def judge(rule: Row, course: Row, signs: list[Row], records: Row, ours: Row) -> str | None:
    """Return the status of one course, breaches with their severity; None is no verdict."""
    holding = holds(rule["contains"], course["products"])
    needed = [*rule["all_of"], *rule["any_of"]]
    told = {risk: present(risk, course, signs, records, ours) for risk in needed}
    every = [told[risk] for risk in rule["all_of"]]
    some = [told[risk] for risk in rule["any_of"]]
    is_breached = all(item is True for item in every) and (not some or True in some)
    is_met = False in every or (bool(some) and all(item is False for item in some))
    if holding == "no":
        return None
    if holding == "unread":
        is_question = any(on_record(risk, course, signs, records) for risk in needed)
        return "not_assessable" if is_breached and is_question else None
    if is_breached:
        soft = any(only_recalled(risk, course, signs, records, ours) for risk in rule["all_of"])
        there = [risk for risk in rule["any_of"] if told[risk]]
        recalled = [only_recalled(risk, course, signs, records, ours) for risk in there]
        return "advisory" if soft or (recalled and all(recalled)) else "review"
    return "met" if is_met else "not_assessable"


def holds(content: str | None, products: list[str | None]) -> str:
    """Say whether a course's products hold the content: yes, no, or nobody read one of them."""
    if content is None:
        return "yes"
    if any(held is not None and content in held.split() for held in products):
        return "yes"
    return "unread" if None in products else "no"


def pairs(risk: str, signs: list[Row], records: Row, patient: int) -> list[tuple[Row, Row]]:
    """Return every sign of a risk with every record of the patient it may match."""
    found = []
    for sign in signs:
        kind = RECORD.get(sign["sign"])
        if sign["risk_factor"] == risk and kind is not None:
            found += [(sign, row) for row in records[kind] if row["patient_key"] == patient]
    return found


def matches(sign: Row, row: Row) -> bool:
    """Say whether a record is one that a sign means, whatever its day."""
    if sign["sign"] == "event":
        text, system = row["event_code"].upper(), None
    else:
        text, system = row["code"].upper().replace(".", ""), row["code_system"]
    pattern = sign["code_pattern"].replace("%", "*")
    return system == sign.get("code_system") and fnmatchcase(text, pattern)


def on_record(risk: str, course: Row, signs: list[Row], records: Row) -> bool:
    """Say whether the patient's records hold a sign of the risk at any time."""
    flags = [
        records["patient"][course["patient_key"]].get(sign["code_pattern"])
        for sign in signs
        if sign["risk_factor"] == risk and is_flag(sign)
    ]
    found = pairs(risk, signs, records, course["patient_key"])
    return True in flags or any(matches(sign, row) for sign, row in found)


def counts(sign: Row, row: Row, on: date, ours: Row) -> bool:
    """Say whether a record that matches a sign counts on the first day of a course."""
    if not matches(sign, row):
        return False
    kind = RECORD[sign["sign"]]
    known = row[DATED[kind]]
    if known is None:
        return True
    ended = row.get("ended_on") if kind == "medication" else known
    first, last = known, date.max
    if sign.get("is_effect"):
        first = known + timedelta(days=1)
    elif kind == "diagnosis":
        first = known - timedelta(days=ours["diagnosis_window_days"])
    if sign.get("within_days") is not None:
        last = (ended or known) + timedelta(days=sign["within_days"])
    elif sign.get("is_passing"):
        last = date.max if ended is None else ended + timedelta(days=ours["passing_risk_days"])
    elif kind == "medication" and ended is not None:
        last = ended
    return bool(first <= on <= last)


def matching(risk: str, course: Row, signs: list[Row], records: Row, ours: Row) -> list[Row]:
    """Return the signs of a risk by which a record shows it on the day."""
    on = course["started_on"]
    return [
        sign
        for sign, row in pairs(risk, signs, records, course["patient_key"])
        if counts(sign, row, on, ours)
    ]


def only_recalled(risk: str, course: Row, signs: list[Row], records: Row, ours: Row) -> bool:
    """Say whether nothing but recalled codes show a risk."""
    found = matching(risk, course, signs, records, ours)
    return bool(found) and all(sign.get("status") == "recalled" for sign in found)


def present(risk: str, course: Row, signs: list[Row], records: Row, ours: Row) -> Known:
    """Say whether a patient has a risk on the first day of a course; None is unknown."""
    own = [sign for sign in signs if sign["risk_factor"] == risk]
    person = records["patient"][course["patient_key"]]
    flags = [person.get(sign["code_pattern"]) for sign in own if is_flag(sign)]
    if True in flags or matching(risk, course, signs, records, ours):
        return True
    for sign in own:
        if sign["sign"] == "age":
            return of_age(sign, course["age_years"])
    if False in flags:
        return False
    searched = any(was_searched(risk, kind, course, signs, records, ours) for kind in DATED)
    return False if searched else None


def is_flag(sign: Row) -> bool:
    """Say whether a sign is a column of the patient."""
    return bool(sign["sign"] == "patient")


def of_age(sign: Row, age: int | None) -> Known:
    """Compare an age with its limit."""
    if age is None:
        return None
    if sign.get("at_least") is not None:
        return bool(age >= sign["at_least"])
    return bool(age < sign["below"])


def was_searched(
    risk: str, kind: str, course: Row, signs: list[Row], records: Row, ours: Row
) -> bool:
    """Say whether a risk would have been seen among one kind of record."""
    systems = {
        sign.get("code_system")
        for sign in signs
        if sign["risk_factor"] == risk
        and RECORD.get(sign["sign"]) == kind
        and sign.get("is_decisive", True)
    }
    on = course["started_on"]
    if not systems or not any(first <= on <= last for first, last in records["coverage"][kind]):
        return False
    own = [row for row in records[kind] if row["patient_key"] == course["patient_key"]]
    for system in systems:
        rows = [row for row in own if row.get("code_system") == system]
        days = [row[DATED[kind]] or date.min for row in rows]
        if kind == "medication":
            near = timedelta(days=ours["medicine_proof_days"])
            ends = [max(row["started_on"], row["ended_on"] or date.min) for row in rows]
            if rows and min(days) <= on + near and max(ends) >= on - near:
                return True
        elif rows and min(days) <= on + timedelta(days=ours["diagnosis_window_days"]):
            return True
    return False
