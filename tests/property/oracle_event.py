"""The dullest loops over reports and bags: which are one event, laid to what, shared how."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from fractions import Fraction
from typing import Any

Record = dict[str, Any]

WINDOWS = {
    # name: from anchor, hours, to anchor, hours
    "infusion_reaction": ("session_start", 0, "session_end", 24),
    "headache": ("session_start", 0, "session_end", 72),
    "fever": ("session_start", 0, "session_end", 72),
    "urticaria": ("session_start", 0, "session_end", 4),
    "haemolysis": ("course_start", 0, "course_end", 240),
    "hyponatraemia": ("session_end", 0, "session_end", 72),
}
WHOLE = {
    "headache": "infusion_reaction",
    "fever": "infusion_reaction",
    "infusion_reaction": "infusion_reaction",
}
RANKS = (
    "named_infusion",
    "in_window",
    "several_sessions",
    "several_courses",
    "time_unknown",
    "no_onset",
    "no_window",
    "outside_every_window",
)


def told(reports: list[Record], sessions: list[Record]) -> dict[int, Record]:
    """Return the reported events by key: their reports, event, attribution and session."""
    groups = grouped(reports)
    laid = {key: placed(members, sessions) for key, members in groups.items()}
    wholes: dict[tuple[int, str], list[int]] = defaultdict(list)
    for key, place in laid.items():
        kind = groups[key][0]["kind"]
        whole = WHOLE.get(kind)
        if whole is None or place["session"] is None:
            continue
        session = next(s for s in sessions if s["key"] == place["session"])
        if kind == whole or answer(whole, onset(groups[key]), session, sessions) != "no":
            wholes[place["session"], whole].append(key)
    into = {key: key for key in groups}
    for keys in wholes.values():
        if len({groups[key][0]["kind"] for key in keys}) > 1:
            into |= dict.fromkeys(keys, min(keys))
    found: dict[int, Record] = {}
    for key in sorted(groups):
        event = found.setdefault(
            into[key], {"reports": set(), "kinds": set(), "words": set(), "given": set()}
        )
        event["given"] |= laid[key]["given"]
        event["reports"] |= {report["key"] for report in groups[key]}
        event["kinds"].add(groups[key][0]["kind"])
        event["words"].add(laid[key]["word"])
        event["session"] = laid[key]["session"]
    for event in found.values():
        several = len(event["kinds"]) > 1
        event["event"] = "infusion_reaction" if several else event["kinds"].pop()
        event["word"] = min(event.pop("words"), key=RANKS.index)
        del event["kinds"]
        if event["word"] == "named_infusion":
            names = {r["names"] for r in reports if r["key"] in event["reports"]}
            event["given"] = names - {None}
        codes = {r["stated"] for r in reports if r["key"] in event["reports"]} - {None}
        exposed = event.pop("given")
        pieces = [(s["product"], s["dose"]) for s in sessions if s["key"] in exposed]
        event["shares"] = shared(pieces, codes)
    return found


def grouped(reports: list[Record]) -> dict[int, list[Record]]:
    """Return the reports by the key of the first that tells of the same."""
    made: list[list[Record]] = []
    firsts: list[tuple[str, str | None, Any, list[Record]]] = []
    undated = [[report] for report in reports if report["day"] is None]
    dated = sorted(
        (report for report in reports if report["day"] is not None), key=lambda r: r["day"]
    )
    for report in (r for r in dated if r["product"]):
        join(report, firsts, made, lambda first, r=report: first[1] == r["product"])
    stated = list(firsts)
    for report in (r for r in dated if not r["product"]):
        near = [
            first
            for first in stated
            if first[0] == report["kind"] and abs((report["day"] - first[2]).days) <= 1
        ]
        if len(near) == 1:
            near[0][3].append(report)
        else:
            join(report, firsts, made, lambda first: first[1] is None)
    return {min(r["key"] for r in members): members for members in made + undated}


def join(report: Record, firsts: list[Any], made: list[list[Record]], is_alike: Any) -> None:
    """Add a report to the group that began at most a day before it, or begin one."""
    for first in firsts:
        is_near = 0 <= (report["day"] - first[2]).days <= 1
        if first[0] == report["kind"] and is_alike(first) and is_near:
            first[3].append(report)
            return
    made.append([report])
    firsts.append((report["kind"], report["product"], report["day"], made[-1]))


def onset(members: list[Record]) -> Record:
    """Return the earliest day told, and the earliest hour told of that day."""
    days = [r["day"] for r in members if r["day"] is not None]
    if not days:
        return {"day": None, "at": None}
    hours = [r["at"] for r in members if r["day"] == min(days) and r["at"] is not None]
    return {"day": min(days), "at": min(hours, default=None)}


def placed(members: list[Record], sessions: list[Record]) -> Record:
    """Return the word and session of one group."""
    kind, began = members[0]["kind"], onset(members)
    names = [r["names"] for r in members if r["names"] is not None]
    named = min(names, default=None)
    if began["day"] is None:
        word = "no_onset" if named is None else "named_infusion"
        return {"word": word, "session": named, "given": {named} - {None}}
    if kind not in WINDOWS:
        word = "no_window" if named is None else "named_infusion"
        return {"word": word, "session": named, "given": {named} - {None}}
    answers = {s["key"]: answer(kind, began, s, sessions) for s in sessions}
    if named is not None and answers[named] != "no":
        return {"word": "named_infusion", "session": named, "given": {named}}
    sure = [s for s in sessions if answers[s["key"]] == "yes"]
    perhaps = [s for s in sessions if answers[s["key"]] == "perhaps"]
    is_of_course = WINDOWS[kind][0].startswith("course")
    if not sure:
        last = in_time(perhaps)[-1]["key"] if perhaps else None
        word = "time_unknown" if perhaps else "outside_every_window"
        return {"word": word, "session": last, "given": {s["key"] for s in perhaps}}
    last = in_time(sure)[-1]["key"]
    n_courses = len({s["course"] for s in sure})
    word = "in_window"
    if is_of_course and n_courses > 1:
        word = "several_courses"
    if not is_of_course and len(sure) > 1:
        word = "several_sessions"
    return {"word": word, "session": last, "given": {s["key"] for s in sure}}


def in_time(sessions: list[Record]) -> list[Record]:
    """Return sessions in the order they began; no two of them share a day."""
    return sorted(sessions, key=lambda s: (s["day"], s["key"]))


def answer(kind: str, began: Record, session: Record, sessions: list[Record]) -> str:
    """Return whether the onset lies in the window of the session: yes, no or perhaps."""
    if began["day"] is None or is_given_after(session, began):
        return "no"
    from_anchor, from_hours, to_anchor, to_hours = WINDOWS[kind]
    course = in_time([s for s in sessions if s["course"] == session["course"]])
    first, last = (course[0], course[-1]) if from_anchor.startswith("course") else [session] * 2
    starts = from_anchor.endswith("start")
    from_at = first["start"] if starts else last["end"]
    to_at = last["end"] or last["start"]
    from_day = first["day"] if starts else max(s["end_day"] for s in of(course, last, from_anchor))
    to_day = max(s["end_day"] for s in of(course, last, to_anchor))
    is_too_early = None not in (began["at"], from_at) and began["at"] < from_at + timedelta(
        hours=from_hours
    )
    has_hours = None not in (began["at"], from_at, to_at)
    if has_hours and not is_too_early and began["at"] <= to_at + timedelta(hours=to_hours):
        return "yes"
    if is_too_early or (has_hours and last["end"] is not None):
        return "no"
    after_start, after_end = (began["day"] - from_day).days, (began["day"] - to_day).days
    if not has_hours and 24 * (after_start - 1) >= from_hours and 24 * (after_end + 1) <= to_hours:
        return "yes"
    is_near = 24 * (after_start + 1) > from_hours and 24 * (after_end - 1) < to_hours
    return "perhaps" if is_near else "no"


def is_given_after(session: Record, began: Record) -> bool:
    """Return whether the session began after the onset."""
    if None not in (began["at"], session["start"]):
        return bool(session["start"] > began["at"])
    return bool(session["day"] > began["day"])


def of(course: list[Record], session: Record, anchor: str) -> list[Record]:
    """Return the sessions whose end an anchor means."""
    return course if anchor.startswith("course") else [session]


def shared(pieces: list[tuple[str, int | None]], stated: set[str]) -> dict[str | None, Fraction]:
    """Return the share of each product in what was given, by grams or else alike."""
    meant = [piece for piece in pieces if piece[0] in stated] or pieces
    if not meant:
        return {name: Fraction(1, len(stated)) for name in stated} or {None: Fraction(1)}
    products = {product for product, _ in meant}
    doses = [dose for _, dose in meant if dose is not None]
    if len(doses) < len(meant):
        return {product: Fraction(1, len(products)) for product in products}
    return {
        product: Fraction(sum(dose or 0 for name, dose in meant if name == product), sum(doses))
        for product in products
    }
