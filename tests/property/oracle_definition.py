"""Case definitions as a dull loop over dicts, in fractions: the oracle of `sql/detect/defined`."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from pipeline.guidelines.events import Criterion, Definition, Group

Row = dict[str, Any]

DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
LOOK_BACK = timedelta(hours=168)
WINDOW = timedelta(hours=240)
FACTOR = {"g/dL": Fraction(1), "g/L": Fraction(1, 10), "mg/dL": Fraction(1), "%": Fraction(1)}
MOST = Fraction(10**9)


def bounds(row: Row) -> tuple[Fraction, Fraction]:
    """Return between which values the truth lies."""
    if row["unit"] is None:
        return Fraction(0), MOST
    value = Fraction(row["value"]) * FACTOR[row["unit"]]
    if row["comparator"] == "<":
        return Fraction(0), value
    return value, MOST if row["comparator"] == ">" else value


def taken(row: Row) -> tuple[datetime, datetime]:
    """Return between which instants it was taken."""
    if row["is_timed"]:
        return row["at"], row["at"]
    midnight = datetime(row["at"].year, row["at"].month, row["at"].day)  # noqa: DTZ001 - local time
    return midnight, midnight + DAY


class Exposure:
    """One course of one session: the earliest and the latest it may have begun and ended."""

    def __init__(self, at: datetime, *, is_timed: bool, hours: int = 4) -> None:
        midnight = datetime(at.year, at.month, at.day)  # noqa: DTZ001 - local time
        self.from_earliest = at if is_timed else midnight
        self.from_latest = at if is_timed else midnight + DAY
        self.to_earliest = at + timedelta(hours=hours) if is_timed else midnight
        self.to_latest = at + timedelta(hours=hours) if is_timed else midnight + 2 * DAY

    def side(self, row: Row) -> str | None:
        """Return whether a result lies in the window: inside, perhaps, or None."""
        first, last = taken(row)
        if first >= self.from_latest and last <= self.to_earliest + WINDOW:
            return "inside"
        if first > self.to_latest + WINDOW or last < self.from_earliest:
            return None
        if not row["is_timed"] and last <= self.from_earliest:
            return None
        return "perhaps"

    def baseline(self, rows: list[Row]) -> tuple[Fraction, Fraction] | None:
        """Return between which values the last one before lies; None where there was none."""
        near = [
            row
            for row in rows
            if self.from_earliest - LOOK_BACK <= taken(row)[0] < self.from_latest
        ]
        before = [row for row in near if self.is_before(row)]
        if not before:
            return None
        last = max(taken(row)[0] for row in before)
        may_be_it = [row for row in near if not self.is_before(row) or taken(row)[1] >= last]
        found = [bounds(row) for row in may_be_it]
        return min(low for low, _ in found), max(high for _, high in found)

    def is_before(self, row: Row) -> bool:
        """Say whether a result was taken before the exposure for certain."""
        last = taken(row)[1]
        return last < self.from_earliest or (not row["is_timed"] and last == self.from_earliest)


def holds(criterion: Criterion, low: Fraction, high: Fraction) -> tuple[bool, bool]:
    """Return whether what lies between two values meets the limit for certain, and possibly."""
    found = criterion.limit
    assert found is not None
    name, number = found
    limit = Fraction(number) * FACTOR[criterion.unit or "%"]
    match name:
        case "at_least":
            return low >= limit, high >= limit
        case "more_than":
            return low > limit, high > limit
        case "at_most":
            return high <= limit, low <= limit
    return high < limit, low < limit


def answer(criterion: Criterion, rows: list[Row], exposure: Exposure) -> str:
    """Return `yes`, `no` or `open` for one criterion."""
    mine = [row for row in rows if row["analyte"] == criterion.analyte]
    if criterion.measure == "positive":
        return _finding(criterion, mine, exposure)
    base = exposure.baseline(mine)
    seen = [(row, exposure.side(row)) for row in mine]
    followed = [(row, side) for row, side in seen if side]
    if not followed:
        return "open"
    if criterion.measure == "baseline":
        if base is None:
            return "open"
        certain, possible = holds(criterion, *base)
        return "yes" if certain else "open" if possible else "no"
    results = []
    for row, side in followed:
        certain, possible = _asked(criterion, bounds(row), base)
        results.append((certain and side == "inside", possible, side == "inside"))
    return _told(results, [row["unit"] is not None for row, _ in followed])


def _asked(
    criterion: Criterion, now: tuple[Fraction, Fraction], base: tuple[Fraction, Fraction] | None
) -> tuple[bool, bool]:
    low, high = now
    if criterion.measure == "value":
        return holds(criterion, low, high)
    if base is None:
        return False, True
    if criterion.measure == "fall":
        return holds(criterion, base[0] - high, base[1] - low)
    if criterion.measure == "rise":
        return holds(criterion, low - base[1], high - base[0])
    least = low / base[1] if base[1] else MOST
    most = high / base[0] if base[0] else MOST
    return holds(criterion, least, MOST if MOST in (high, base[1]) and high == MOST else most)


def _finding(criterion: Criterion, mine: list[Row], exposure: Exposure) -> str:
    results, proof = [], []
    for row in mine:
        side = exposure.side(row)
        if side is None:
            continue
        until = exposure.to_latest + timedelta(hours=criterion.excludes_within_hours or 10**4)
        is_positive = row["finding"] == "positive"
        results.append((is_positive and side == "inside", row["finding"] != "negative",
                        side == "inside"))  # fmt: skip
        proof.append(row["finding"] is not None and taken(row)[0] <= until)
    return _told(results, proof) if results else "open"


def _told(results: list[tuple[bool, bool, bool]], proof: list[bool]) -> str:
    if any(certain for certain, _, _ in results):
        return "yes"
    is_excluded = not any(possible for _, possible, _ in results) and any(
        is_inside and is_proof for (_, _, is_inside), is_proof in zip(results, proof, strict=True)
    )
    return "no" if is_excluded else "open"


def group_answer(group: Group, rows: list[Row], exposure: Exposure) -> str:
    """Return `yes`, `no` or `open` for a group: at least so many of its criteria."""
    told = [answer(criterion, rows, exposure) for criterion in group.criterion]
    if told.count("yes") >= group.at_least:
        return "yes"
    return "no" if len(told) - told.count("no") < group.at_least else "open"


def rests_on_old_signs(definition: Definition, rows: list[Row], exposure: Exposure) -> bool:
    """Say whether it is met and would not be without signs the last value before had already."""
    if answered(definition, rows, exposure)[0] != "met":
        return False
    return any(
        not group.stage
        and len([c for c in _certain(group, rows, exposure) if not _was_there(c, rows, exposure)])
        < group.at_least
        for group in definition.group
    )


def _certain(group: Group, rows: list[Row], exposure: Exposure) -> list[Criterion]:
    return [c for c in group.criterion if answer(c, rows, exposure) == "yes"]


def _was_there(criterion: Criterion, rows: list[Row], exposure: Exposure) -> bool:
    if not criterion.must_be_new:
        return False
    before = [
        row
        for row in rows
        if row["analyte"] == criterion.analyte
        and exposure.is_before(row)
        and taken(row)[0] >= exposure.from_earliest - LOOK_BACK
        and (row["unit"] is not None or row["finding"] is not None)
    ]
    last = [row for row in before if taken(row)[0] == max(taken(each)[0] for each in before)]
    if criterion.measure == "positive":
        return any(row["finding"] == "positive" for row in last)
    return any(holds(criterion, *bounds(row))[0] for row in last)


def answered(definition: Definition, rows: list[Row], exposure: Exposure) -> tuple[str, int | None]:
    """Return status and stage of one exposure."""
    base = [group_answer(group, rows, exposure) for group in definition.group if not group.stage]
    if any(told == "no" for told in base):
        return "not_met", None
    if any(told == "open" for told in base):
        return "not_evaluable", None
    stages = [
        group.stage
        for group in definition.group
        if group.stage and group_answer(group, rows, exposure) == "yes"
    ]
    return "met", max(stages, default=definition.first_stage)
