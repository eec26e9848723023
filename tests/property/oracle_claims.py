"""Read the lines of claims as slowly and plainly as can be: what became of each, and its grams."""

from __future__ import annotations

from decimal import Decimal

UNIT_MG = {"J1459": 500, "J1553": 100, "J1559": 100, "J1576": None, "J0850": None}
"""Some codes and their units as the reference has them; one is only recalled, one has none."""
RECALLED = {"J1576"}

Line = dict[str, str | None]


def fates(lines: list[Line]) -> list[tuple[str, Decimal | None]]:
    """Return what became of each line and its grams, in the order of the lines."""
    standings = [_standing(lines, n) for n in range(len(lines))]
    return [_fate(lines, standings, n) for n in range(len(lines))]


def _units(line: Line) -> int | None:
    text = (line["units"] or "").strip()
    whole, _, part = text.partition(".")
    digits = whole.removeprefix("-")
    if not digits.isdecimal() or len(digits) > 9 or part.strip("0"):
        return None
    return int(whole)


def _kind(line: Line) -> str:
    words = {None: "original", "1": "original", "7": "replacement", "8": "void"}
    return words.get(line["frequency_code"], "unknown")


def _status(line: Line) -> str:
    words = {None: "billed", "paid": "billed", "pending": "billed", "denied": "denied"}
    return (words | {"reversed": "reversed"}).get(line["line_status"], "unknown")


def _is_waste(line: Line) -> bool:
    return line["modifier_1"] == "JW"


def _netted_with(lines: list[Line], line: Line) -> list[Line]:
    """Return the lines of the claim, code and day that a reversal there would be added to."""

    def key(one: Line) -> tuple[object, ...]:
        units = _units(one)
        is_back = units is not None and units < 0 and one["original_claim_id"]
        claim = one["original_claim_id"] if is_back else one["claim_id"]
        return claim, one["patient_id"], one["service_date"], one["hcpcs_code"], _is_waste(one)

    return [
        one
        for one in lines
        if key(one) == key(line)
        and _kind(one) in ("original", "replacement")
        and _status(one) in ("billed", "reversed")
    ]


def _corrections(lines: list[Line]) -> list[dict[str, str | None]]:
    """Return the claims that correct another: id, kind, what they correct, newest day."""
    found: dict[tuple[str | None, ...], dict[str, str | None]] = {}
    for line in lines:
        kind = _kind(line)
        if kind not in ("replacement", "void"):
            continue
        corrects = line["original_claim_id"] or line["claim_id"]
        key = (line["claim_id"], kind, corrects)
        entry = found.setdefault(
            key, {"id": key[0], "kind": kind, "corrects": corrects, "day": None, "counts": None}
        )
        day = line["adjudicated_on"]
        if day is not None and (entry["day"] is None or day > entry["day"]):
            entry["day"] = day
        if _status(line) in ("billed", "reversed"):
            entry["counts"] = "yes"
    return [entry for entry in found.values() if entry["counts"]]


def _corrected(lines: list[Line], line: Line) -> str | None:
    kind, claim = _kind(line), line["claim_id"]
    corrections = _corrections(lines)
    by = [
        later["kind"]
        for later in corrections
        if later["corrects"] == claim and (later["id"] != claim or kind == "original")
    ]
    mine = [entry for entry in corrections if entry["id"] == claim and entry["kind"] == kind]
    for entry in mine:
        for later in corrections:
            is_rival = later["corrects"] == entry["corrects"]
            if is_rival and entry["day"] and later["day"] and entry["day"] < later["day"]:
                by.append(later["kind"])
    if not by:
        return None
    return "voided" if "void" in by else "replaced"


def _standing(  # noqa: PLR0911 - one answer after the other is the point
    lines: list[Line], n: int
) -> tuple[str, str | None, int | None]:
    """Return whether a line stands or why not, what is doubtful, and the units left."""
    line, units = lines[n], _units(lines[n])
    net = _netted_with(lines, line)
    has_reversal = any((_units(one) or 0) < 0 for one in net)
    versions = [
        one
        for one in lines
        if (one["claim_id"], one["line_number"], _kind(one))
        == (line["claim_id"], line["line_number"], _kind(line))
    ]
    days = [one["adjudicated_on"] for one in versions]
    is_same = all(one == line for one in versions)
    is_ordered = None not in days and all(
        one == other
        for one in versions
        for other in versions
        if one["adjudicated_on"] == other["adjudicated_on"] == max(day or "" for day in days)
    )
    doubt = "versions_unordered" if not (has_reversal or is_same or is_ordered) else None
    if _status(line) == "unknown":
        return "status_unknown", None, units
    if _kind(line) == "unknown":
        return "kind_unknown", None, units
    is_older = (line["adjudicated_on"] or "") < max(day or "" for day in days)
    if not has_reversal and not is_same and is_ordered and is_older:
        return "superseded", None, units
    if _status(line) == "denied":
        return "denied", None, units
    if _kind(line) == "void":
        return "void", None, units
    if (corrected := _corrected(lines, line)) is not None:
        return corrected, None, units
    if _status(line) == "reversed" or (units is not None and units < 0):
        return "reversed", None, units
    if not has_reversal:
        return "stands", doubt, units
    return _after_reversals(lines, n, net)


def _after_reversals(
    lines: list[Line], n: int, net: list[Line]
) -> tuple[str, str | None, int | None]:
    total = sum(_units(one) or 0 for one in net)
    unread = any(_units(one) is None for one in net)
    twins = any((_units(one) or 0) > 0 and lines.count(one) > 1 for one in net)
    if unread or twins:
        return "stands", "reversal_unclear", total
    holders = [
        (one["adjudicated_on"] or "", place)
        for place, one in enumerate(lines)
        if any(one is other for other in net)
        and _status(one) != "reversed"
        and (_units(one) or 0) > 0
    ]
    if total == 0 or not holders or max(holders)[1] != n:
        return "reversed", None, total
    return "stands", "reversal_unclear" if total < 0 else None, total


def _is_loose(lines: list[Line], n: int) -> bool:
    """Say whether a line takes something back that is not there."""
    line = lines[n]
    if _status(line) not in ("billed", "reversed"):
        return False
    if _kind(line) == "void":
        return line["original_claim_id"] is None and _corrected(lines, line) is None
    if _kind(line) == "unknown" or (_units(line) or 0) >= 0:
        return False
    return not any((_units(one) or 0) > 0 for one in _netted_with(lines, line))


def _fate(  # noqa: C901, PLR0911 - one answer after the other is the point
    lines: list[Line], standings: list[tuple[str, str | None, int | None]], n: int
) -> tuple[str, Decimal | None]:
    line = lines[n]
    code, (standing, doubt, units) = line["hcpcs_code"] or "", standings[n]
    same = [
        place
        for place, one in enumerate(lines)
        if all(one[name] == line[name] for name in ("patient_id", "service_date", "hcpcs_code"))
    ]
    given = [p for p in same if standings[p][0] == "stands" and not _is_waste(lines[p])]
    claims = {lines[p]["claim_id"] for p in same if p in given or _is_loose(lines, p)}
    if code not in UNIT_MG:
        return "not_listed", None
    if standing == "denied" and not given:
        return "denied_only", None
    if standing != "stands":
        return standing, None
    unit = UNIT_MG[code]
    grams = None if unit is None or units is None else Decimal(units * unit) / 1000
    if _is_waste(line):
        return "wasted", grams
    if code in RECALLED:
        return "unit_recalled", None
    if unit is None:
        return "unit_unknown", None
    if doubt:
        return doubt, None
    if len(claims) > 1:
        return "in_several_claims", None
    if line["service_end_date"] not in (None, line["service_date"]):
        return "several_days", None
    if units is None or units <= 0:
        return "units_unread", None
    return ("read_none_wasted" if line["modifier_1"] == "JZ" else "read"), grams
