"""The dullest possible reading of when a live vaccine may be given, in plain Python."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

Row = dict[str, Any]
Said = tuple[str, str | None, int | None]


def later(day: date, months: int) -> date:
    """Return the same day so many calendar months later, or the last of that month."""
    years, month = divmod(day.month - 1 + months, 12)
    length = monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, min(day.day, length))


def judge(rule: Row, shot: Row, world: Row) -> Said | None:
    """Return status, reason or clause, and the course of one vaccination; None is no verdict."""
    kind, parts = reading(shot["vaccine_code"], world["vaccines"])
    asked = [part for part in parts if part in rule["components"]]
    if kind == "inactivated" or (kind == "live" and not asked):
        return None
    on = shot["given_on"]
    own = [c for c in world["courses"] if c["patient_key"] == shot["patient_key"]]
    before = [c for c in own if c["started_on"] <= on]
    wait = rule["days_before"]
    after = sorted(
        (c for c in own if wait and on < c["started_on"] <= on + timedelta(days=wait)),
        key=lambda c: (c["started_on"], c["course_key"]),
    )
    if not before and not after:
        return None
    surest, latest = chosen(before, rule, "least"), chosen(before, rule, "most")
    is_early = surest is not None and on < ends(surest, rule, "least")
    is_perhaps = latest is not None and on < ends(latest, rule, "most")
    follower = after[0] if after else None
    open_parts: list[str] = []
    if follower is not None and (follower["started_on"] - on).days < wait:
        open_parts = unanswered(asked, follower, rule, shot, world)
    if kind == "exempt":
        return ("not_applicable", "vaccine_exempt", latest["course_key"]) if latest else None
    if kind == "unreadable":
        key = (latest or follower or {}).get("course_key")
        return ("not_assessable", "codes_not_readable", key) if is_perhaps else None
    return verdict(
        rule, shot, world,
        (surest, latest, follower, is_early, is_perhaps, open_parts, before),
    )  # fmt: skip


def verdict(rule: Row, shot: Row, world: Row, found: tuple[Any, ...]) -> Said:
    """Return what is said of a live vaccine: the first of these that holds."""
    surest, latest, follower, is_early, is_perhaps, open_parts, before = found
    early, followed = key_of(surest), key_of(follower)
    key = key_of(latest) or followed
    doubt = answer_doubt(follower, shot, world) if open_parts else None
    is_deficient = any(course["indication_code"] in rule["asked"] for course in before)
    gap = unproven(rule, shot, world)
    is_low = latest is not None and months(latest, rule, "most") == 0
    answers: list[tuple[bool, tuple[str, str | None, int | None]]] = [
        (is_early and was_exposed(shot, rule, world), ("breached", "exposure", early)),
        (is_deficient, ("breached", "antibody_deficiency", early)),
        (is_early, ("breached", "deferral", early)),
        (bool(open_parts) and doubt is None, ("breached", "immunoglobulin_after", followed)),
        (bool(open_parts), ("not_assessable", doubt, key)),
        (is_perhaps, ("not_assessable", why_unsure(latest) if latest else None, key)),
        (gap is not None, ("not_assessable", gap, key)),
        (is_low, ("not_applicable", "not_high_dose", key)),
    ]
    return next((answer for holds, answer in answers if holds), ("met", None, key))


def key_of(course: Row | None) -> int | None:
    """Return the key of a course that may not be there."""
    return None if course is None else int(course["course_key"])


def unproven(rule: Row, shot: Row, world: Row) -> str | None:
    """Return why there may have been other treatment, before the vaccine or soon after."""
    on = shot["given_on"]
    first = earlier(on, max(row["months"] for row in rule["table"]))
    last = on + timedelta(days=rule["days_before"] or 0)
    spans = world["coverage"]["infusion"]
    if any(first < used <= last for used in world["unread_on"].get(shot["patient_key"], [])):
        return "bag_unresolved"
    if not any(low <= first and high >= on for low, high in spans):
        return "history_truncated"
    is_covered = any(low <= on and high >= last for low, high in spans)
    return None if is_covered else "outside_coverage"


def earlier(day: date, many: int) -> date:
    """Return the same day so many calendar months before, or the last of that month."""
    years, month = divmod(day.month - 1 - many, 12)
    length = monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, min(day.day, length))


def reading(code: str, vaccines: list[Row]) -> tuple[str, list[str]]:
    """Return what a code is: live, exempt, inactivated or unreadable, and its components."""
    if not (code.strip().isdigit() and len(code.strip()) <= 3):
        return "unreadable", []
    for vaccine in vaccines:
        if int(vaccine["vaccine_code"]) == int(code):
            return ("exempt" if vaccine["is_exempt"] else "live"), vaccine["contains"].split()
    return "inactivated", []


def totals(course: Row) -> list[Decimal | None]:
    """Return the least and the most grams per kilogram; None is unknown."""
    kg = course["kg"]
    if kg is None:
        return [None, None]
    share = Decimal("0.10") if course["is_stale"] else Decimal(0)
    low, high = course["known_dose_g"], course["dose_g"]
    if course["is_open"] or course["is_start_truncated"] or course["has_unresolved_bag"]:
        high = None
    return [
        None if low is None else low / (kg * (1 + share)),
        None if high is None else high / (kg * (1 - share)),
    ]


def months(course: Row, rule: Row, which: str) -> int:
    """Return the fewest or the most months that a course may defer a vaccine."""
    least, most = totals(course)
    uses = {row.get("use") for row in rule["table"]} - {None}
    if course["indication_code"] is None:
        ladders = [ladder(rule["table"], use) for use in (None, *uses)]
    else:
        ladders = [ladder(rule["table"], course["indication_code"])]
    possible = [row for rows in ladders for row in of_dose(rows, least, most)]
    from_dose = rule["from_g_per_kg"]
    if which == "least":
        is_high = from_dose is None or (least is not None and least >= from_dose)
        return min(possible) if is_high else 0
    is_low = from_dose is not None and most is not None and most < from_dose
    return 0 if is_low else max(possible)


def ladder(table: list[Row], use: str | None) -> list[tuple[Decimal | None, int]]:
    """Return doses and months for one use; its own rows stand in for those of the same dose."""
    own = {row["up_to"]: int(row["months"]) for row in table if row.get("use") == use and use}
    return [
        (None if row["up_to"] is None else Decimal(row["up_to"]),
         own.get(row["up_to"], int(row["months"])))
        for row in table if "use" not in row
    ]  # fmt: skip


def of_dose(
    rows: list[tuple[Decimal | None, int]], least: Decimal | None, most: Decimal | None
) -> list[int]:
    """Return the months of every row that a dose between least and most may take."""
    found, over = [], None
    for place, (up_to, many) in enumerate(rows):
        is_last = place == len(rows) - 1
        is_below = most is not None and over is not None and most <= over
        is_above = least is not None and up_to is not None and not is_last and least > up_to
        if not is_below and not is_above:
            found.append(many)
        over = up_to
    return found


def ends(course: Row, rule: Row, which: str) -> date:
    """Return the first day on which the vaccine may be given after a course."""
    many = months(course, rule, which)
    return later(course["last_on"], many) if many else course["started_on"]


def chosen(courses: list[Row], rule: Row, which: str) -> Row | None:
    """Return the course whose delay ends last."""
    return max(
        courses,
        key=lambda c: (months(c, rule, which) > 0, ends(c, rule, which), c["course_key"]),
        default=None,
    )


def why_unsure(course: Row) -> str | None:
    """Return the first fact of a course that leaves its delay open."""
    facts = (
        ("no_weight", course["kg"] is None),
        ("dose_uncertain", course["is_dose_uncertain"]),
        ("no_dose", course["dose_g"] is None),
        ("bag_unresolved", course["has_unresolved_bag"]),
        ("course_open", course["is_open"]),
        ("history_truncated", course["is_start_truncated"]),
        ("weight_stale", course["is_stale"]),
        ("no_indication", course["indication_code"] is None),
    )
    return next((reason for reason, holds in facts if holds), None)


def was_exposed(shot: Row, rule: Row, world: Row) -> bool:
    """Say whether the vaccine came within five days of an exposure to one of its components."""
    parts = [p for p in reading(shot["vaccine_code"], world["vaccines"])[1]
             if p in rule["components"]]  # fmt: skip
    return any(
        event["patient_key"] == shot["patient_key"]
        and event["event_code"] in [f"{part}_exposure" for part in parts]
        and timedelta(0) <= shot["given_on"] - event["occurred_on"] <= timedelta(days=5)
        for event in world["events"]
    )


def unanswered(asked: list[str], follower: Row, rule: Row, shot: Row, world: Row) -> list[str]:
    """Return the components that neither a later dose nor a test has answered."""
    wait = rule["test_after_months"]
    many = months(follower, rule, "least") if wait is None else wait
    test_from = later(follower["last_on"], many)
    missing = []
    for part in asked:
        again = any(
            other["patient_key"] == shot["patient_key"]
            and other["given_on"] > follower["last_on"]
            and reading(other["vaccine_code"], world["vaccines"])[0] == "live"
            and part in reading(other["vaccine_code"], world["vaccines"])[1]
            for other in world["shots"]
        )
        tested = any(
            lab["patient_key"] == shot["patient_key"]
            and lab["test_code"] == world["tests"].get(part)
            and lab["collected_on"] >= test_from
            for lab in world["labs"]
        )
        if not again and not tested:
            missing.append(part)
    return missing


def answer_doubt(follower: Row, shot: Row, world: Row) -> str | None:
    """Return why a later dose or a test may be there though none was found."""
    on, end = shot["given_on"], follower["last_on"]
    for record in ("vaccination", "lab_result"):
        if not any(low <= on and high >= end for low, high in world["coverage"][record]):
            return "outside_coverage"
    is_known = any(
        lab["patient_key"] == shot["patient_key"] and lab["collected_on"] > on
        for lab in world["labs"]
    )
    return None if is_known else "outside_coverage"
