"""The dullest reading of limits, approvals, reviews and lots: loops over dicts of one patient.

Shares no code with the audit. Every infusion of the patients here is a course of its own.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

Row = dict[str, Any]
Said = tuple[str, str | None]

HISTORY, TOLERANCE, EMERGENCY, PROOF = 180, 4, 14, 365
REVIEW_TOLERANCE, BASELINE, REVIEW_PROOF = 30, 30, 365
LESS = Decimal("0.8")
MET: Said = ("met", None)


def months_after(day: date, months: int) -> date:
    """Return the same day some months on, or the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def treatments(courses: list[Row]) -> Iterator[list[Row]]:
    """Yield the courses of one treatment after the other."""
    run: list[Row] = []
    for course in sorted(courses, key=lambda row: row["on"]):
        if run and (course["on"] - run[-1]["on"]).days > HISTORY:
            yield run
            run = []
        run.append(course)
    if run:
        yield run


def is_start_known(run: list[Row], since: date) -> bool:
    """Say whether the records would show what went before."""
    return bool(run[0]["on"] - timedelta(HISTORY) >= since)


def about(reviews: list[Row]) -> list[Row]:
    """Return the reviews that may be of the treatment."""
    return [row for row in reviews if row["for"] in ("cidp", None)]


def limit(
    rule: Row, run: list[Row], reviews: list[Row], since: date, until: date
) -> tuple[str, Said]:
    """Return the course a limit is judged at, and what is said of it."""
    first = run[0]["on"]
    helped = any(
        row["on"] > first and row["on"] <= until
        and (row["response"] == "improved" or row["decision"] == "continue")
        for row in about(reviews)
    )  # fmt: skip
    near = any(
        first - timedelta(REVIEW_PROOF) <= row["on"] <= run[-1]["on"] + timedelta(REVIEW_PROOF)
        for row in reviews
    )
    for number, course in enumerate(run, start=1):
        if rule.get("max_courses") and number > rule["max_courses"]:
            return course["id"], ("breached", "beyond_limit")
        if _past(course, first, rule.get("max_duration_months")):
            return course["id"], ("breached", "beyond_limit")
        is_long = _past(course, first, rule.get("trial_max")) or (
            rule.get("cycles") and number > rule["cycles"]
        )
        if is_long and not helped:
            if not is_start_known(run, since):
                return course["id"], ("not_assessable", "history_truncated")
            if not near or first < since:
                return course["id"], ("not_assessable", "outside_coverage")
            return course["id"], ("breached", "trial_not_favourable")
    return run[-1]["id"], _within(rule, run, reviews, since, until)


def _past(course: Row, first: date, months: int | None) -> bool:
    if months is None:
        return False
    return bool(course["on"] > months_after(first, months) + timedelta(TOLERANCE))


def _within(rule: Row, run: list[Row], reviews: list[Row], since: date, until: date) -> Said:
    """Say what is left to say of a treatment that goes beyond nothing."""
    if not is_start_known(run, since):
        return ("not_assessable", "history_truncated")
    is_over = run[-1]["on"] + timedelta(HISTORY) <= until
    if rule.get("min_courses") and len(run) < rule["min_courses"]:
        return ("breached", "too_few_courses") if is_over else ("not_assessable", "treatment_open")
    if rule.get("trial_min") and is_over:
        stopped = any(
            row["decision"] == "stop" and run[0]["on"] <= row["on"] <= until
            for row in about(reviews)
        )
        span = (run[-1]["on"] - run[0]["on"]).days
        mean = Decimal(span) / (len(run) - 1) if len(run) > 1 else Decimal(0)
        least = months_after(run[0]["on"], rule["trial_min"])
        if not stopped and span + mean + TOLERANCE < (least - run[0]["on"]).days:
            return ("breached", "trial_too_short")
    return MET


def approval(  # noqa: PLR0911 - one answer after the other, as a pharmacist would ask
    course: Row, requests: list[Row], since: date, until: date
) -> tuple[Said, str | None]:
    """Return what is said of the approval of one course, and how much it weighs if breached."""
    day = course["on"]
    meant = [row for row in requests if row["for"] in ("cidp", None)]
    granted = [row for row in meant if row["decision"] == "approved"]
    dated = [row | {"came": _came(row)} for row in granted]
    current = [row for row in dated if not (row["to"] and row["to"] < day)]
    if any(_in_time(row, day) for row in current):
        return MET, None
    unread = [row | {"came": _came(row)} for row in requests if row["for"] == "xyzzy"]
    if any(
        row["decision"] == "approved" and _in_time(row, day)
        and not (row["to"] and row["to"] < day) for row in unread
    ):  # fmt: skip
        return ("not_assessable", "codes_not_readable"), None
    if any(row["came"] is None for row in current):
        return ("not_assessable", "approval_undated"), None
    if any(_is_late(row, day, course) for row in current):
        return ("breached", "approved_late"), "review"
    named = [row for row in requests if row["id"] == course["named"]]
    if any(row["decision"] == "approved" and row["for"] == "pid" for row in named):
        return ("breached", "approval_for_other"), "review"
    near = [row for row in requests if _is_near(row, day)]
    proven = since <= day - timedelta(PROOF) and day + timedelta(EMERGENCY) <= until and bool(near)
    if not named and not proven:
        return ("not_assessable", "outside_coverage"), None
    severity = "off_guideline" if proven else "review"
    near_or_named = [row for row in meant if row in near or row in named]
    for decision in ("declined", "pending"):
        if any(row["decision"] == decision for row in near_or_named):
            return ("breached", f"approval_{decision}"), severity
    if any(row["to"] and row["to"] < day for row in granted):
        return ("breached", "approval_expired"), severity
    return ("breached", "not_approved"), severity


def _came(row: Row) -> date | None:
    days = [day for day in (row["from"] or row["decided"], row["decided"]) if day is not None]
    return max(days) if days else None


def _in_time(row: Row, day: date) -> bool:
    if row["came"] is None:
        return False
    grace = EMERGENCY if row["urgency"] == "emergency" else 0
    return bool(row["came"] <= day + timedelta(grace))


def _is_late(row: Row, day: date, course: Row) -> bool:
    if row["came"] is None or row["came"] <= day:
        return False
    began = [d for d in (row["asked"], row["from"] or row["decided"]) if d is not None]
    return bool(
        row["id"] == course["named"]
        or row["came"] <= day + timedelta(EMERGENCY)
        or min(began) <= day
    )


def _is_near(row: Row, day: date) -> bool:
    days = [d for d in (row["asked"], row["decided"], row["from"], row["to"]) if d is not None]
    return bool(
        days and min(days) <= day + timedelta(PROOF) and max(days) >= day - timedelta(PROOF)
    )


def review(rule: Row, run: list[Row], reviews: list[Row], since: date, until: date) -> Said:
    """Return what is said of the reviews of a treatment."""
    first, known = run[0]["on"], is_start_known(run, since)
    after = first + timedelta(BASELINE) if known else first - timedelta(REVIEW_PROOF)
    own = [row for row in about(reviews) if after < row["on"] <= until]
    last = max((row["on"] for row in own), default=None)
    months = rule["every"] if last else (rule["first"] or rule["every"])
    if last is None and not known:
        months = max(m for m in (rule["first"], rule["every"]) if m)
    late = _late(run, last or first, months)
    if late:
        proof = any(
            first - timedelta(REVIEW_PROOF) <= row["on"] <= run[-1]["on"] + timedelta(REVIEW_PROOF)
            for row in reviews
        )
        covered = any(
            months_after(course["on"], -months) - timedelta(REVIEW_TOLERANCE) >= since
            for course in late
        )
        return ("breached", "review_overdue") if proof and covered else (
            "not_assessable", "outside_coverage",
        )  # fmt: skip
    if rule["outcome"] and last and not any(
        row["response"] and row["on"] >= last - timedelta(REVIEW_TOLERANCE) for row in own
    ):  # fmt: skip
        return ("breached", "no_outcome")
    if last is None:
        return ("not_applicable", "review_not_due") if known else (
            "not_assessable", "history_truncated",
        )  # fmt: skip
    return MET


def _late(run: list[Row], since: date, months: int | None) -> list[Row]:
    if months is None:
        return []
    due = months_after(since, months) + timedelta(REVIEW_TOLERANCE)
    return [course for course in run if course["on"] > due]


def lots(bags: list[Row], issues: list[Row]) -> dict[tuple[str, str], Said]:
    """Return what is said of the lots of some patients' bags and issues, by rule and subject."""
    said: dict[tuple[str, str], Said] = {}
    issued = {row["id"]: row for row in issues}
    has = {"1": [(b, bool(b["lots"])) for b in bags], "2": [(i, bool(i["lots"])) for i in issues]}
    for number, rows in has.items():
        answers = []
        for row, with_lot in rows:
            group = [w for other, w in rows if other["year"] == row["year"]]
            kept = 2 * sum(group) >= len(group)
            answers.append((row, True if with_lot else False if kept else None))
        nobody = not any(with_lot for _, with_lot in rows)
        why = "table_not_supplied" if nobody else "lots_not_kept"
        said |= _by_patient(number, answers, "lot_missing", why)
    same: list[tuple[Row, bool | None]] = []
    fresh: list[tuple[Row, bool | None]] = []
    for bag in bags:
        issue = issued.get(bag["issue"])
        if bag["lots"] and issue and issue["lots"]:
            same.append((bag, all(lot in issue["lots"] for lot in bag["lots"])))
        if bag["lots"]:
            fresh.append((bag, _is_fresh(bag, issue)))
    said |= _by_patient("3", same, "lot_differs", "")
    said |= _by_patient("6", fresh, "lot_expired", "expiry_unknown")
    return said


def _is_fresh(bag: Row, issue: Row | None) -> bool | None:
    expiries = [issue["expires"] if issue and lot in issue["lots"] else None for lot in bag["lots"]]
    if any(day is not None and day < bag["on"] for day in expiries):
        return False
    return None if None in expiries else True


def _by_patient(
    number: str, answers: list[tuple[Row, bool | None]], wrong: str, unknown: str
) -> dict[tuple[str, str], Said]:
    """Say each failure, and one thing of every patient without one."""
    said: dict[tuple[str, str], Said] = {}
    for patient in {row["patient"] for row, _ in answers}:
        own = [(row, fine) for row, fine in answers if row["patient"] == patient]
        failures = [row for row, fine in own if fine is False]
        for row in failures:
            said[number, row["id"]] = ("breached", wrong)
        if not failures:
            is_known = any(fine is not None for _, fine in own)
            said[number, patient] = MET if is_known else ("not_assessable", unknown)
    return said
