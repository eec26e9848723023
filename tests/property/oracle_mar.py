"""Put infusions together from actions as a nurse would read them aloud: one after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

Row = dict[str, str]

KINDS = {
    "New Bag": "start", "Given": "start", "Rate Change": "rate", "Rate Verify": "verify",
    "Paused": "pause", "Restarted": "restart", "Stopped": "stop", "Not Given": "not",
    "Held": "not", "Due": "due", "Site Check": "?",
}  # fmt: skip
_TIES = ["stop", "start", "rate", "pause", "restart"]
CONCENTRATION = Decimal("0.1")  # grams in a millilitre of the one product


@dataclass
class Bag:
    """One bag: its actions in order, the first of which began it."""

    began: Row
    stopped: Row | None = None
    is_followed: bool = False
    is_still: bool = False
    has_unknown: bool = False
    has_not_given: bool = False
    is_rate_broken: bool = False
    is_pause_missing: bool = False
    is_hour_repeated: bool = False
    rates: list[tuple[datetime, Decimal | None]] = field(default_factory=list)
    last_rate: Decimal | None = None


def time_of(row: Row) -> datetime:
    """Return the instant of an action, the earlier of two."""
    local = datetime.fromisoformat(row["action_at"])
    return local.replace(tzinfo=ZoneInfo(row.get("zone", "UTC"))).astimezone(UTC)


def is_repeated(row: Row) -> bool:
    """Say whether the clocks showed the time of an action twice."""
    local = datetime.fromisoformat(row["action_at"])
    zone = ZoneInfo(row.get("zone", "UTC"))
    offsets = {local.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1)}
    return len(offsets) > 1


def read(  # noqa: C901, PLR0912 - one action after the other is the point
    rows: list[Row],
) -> tuple[dict[int, str], list[Bag], list[Row]]:
    """Return what became of each row, the bags and the doses not given, of one order."""
    fates: dict[int, str] = {}
    standing = _standing(rows, fates)
    bags: list[Bag] = []
    refused: list[Row] = []
    is_doubtful = any(fate == "versions_unordered" for fate in fates.values())
    for index, row in standing:
        bag = bags[-1] if bags and bags[-1].stopped is None else None
        kind = KINDS[row["action"]]
        if kind == "start":
            if bag is not None:
                bag.is_followed = True
            bags.append(Bag(row, last_rate=_rate(row), has_unknown=is_doubtful))
            bags[-1].rates.append((time_of(row), _rate(row)))
            bags[-1].is_hour_repeated = is_repeated(row)
        elif kind == "not":
            is_in_bag = bag is not None and _stops_later(index, standing)
            if is_in_bag and bag is not None:
                bag.has_not_given = True
                bag.is_hour_repeated |= is_repeated(row)
            else:
                refused.append(row)
            fates[index] = "not_given_in_bag" if is_in_bag else "not_given"
        elif kind == "?":
            if bag is not None:
                bag.has_unknown = True
                bag.is_hour_repeated |= is_repeated(row)
            fates[index] = "action_unknown"
        elif bag is None:
            fates[index] = {
                "stop": "stop_without_bag", "restart": "restart_without_pause",
                "pause": "pause_without_bag", "rate": "rate_without_bag", "verify": "verified",
            }[kind]  # fmt: skip
        else:
            fates[index] = _in_bag(bag, kind, row)
            if fates[index] != "verified" and is_repeated(row):
                bag.is_hour_repeated = True
    for index, row in standing:
        if KINDS[row["action"]] == "start":
            fates[index] = _bag_fate(next(bag for bag in bags if bag.began is row))
    return fates, bags, refused


def _standing(  # noqa: C901 - one answer after the other is the point
    rows: list[Row], fates: dict[int, str]
) -> list[tuple[int, Row]]:
    """Leave out what was said twice, changed, taken back or only planned; put the rest in order."""
    seen: list[Row] = []
    for index, row in enumerate(rows):
        if row in seen:
            fates[index] = "duplicate"
        seen.append(row)
    live = {index: row for index, row in enumerate(rows) if index not in fates}
    newest: dict[str, str] = {}
    for row in live.values():
        newest[row["action_id"]] = max(newest.get(row["action_id"], ""), row["recorded_at"])
    versions = [row["action_id"] for row in live.values() if row["action_id"]]
    undated = {row["action_id"] for row in live.values() if not row["recorded_at"]}
    for index, row in live.items():
        key = row["action_id"]
        if versions.count(key) > 1 and key not in undated and row["recorded_at"] < newest[key]:
            fates[index] = "superseded"
    corrected = {
        row["corrects_action_id"]
        for index, row in live.items()
        if row["corrects_action_id"] != row["action_id"]
        and not row["is_deleted"]
        and fates.get(index) != "superseded"
    }
    taken_back = [
        (row["action"], row["action_at"])
        for row in live.values()
        if row["is_deleted"] and not row["action_id"]
    ]
    for index, row in live.items():
        if index in fates:
            continue
        key = row["action_id"]
        twins = [one for one in live.values() if one["action_id"] == key and key]
        same_time = [one for one in twins if one["recorded_at"] == row["recorded_at"]]
        if row["is_deleted"] or _says(row, taken_back):
            fates[index] = "withdrawn"
        elif key and key in corrected:
            fates[index] = "superseded"
        elif len(twins) > 1 and (key in undated or len(same_time) > 1):
            fates[index] = "versions_unordered"
        elif KINDS[row["action"]] == "due":
            fates[index] = "scheduled"
    ordered = [(index, row) for index, row in enumerate(rows) if index not in fates]
    return sorted(
        ordered, key=lambda pair: (*_place(pair[1]), pair[1]["action_id"] or "~", pair[0])
    )


def _says(row: Row, taken_back: list[tuple[str, str]]) -> bool:
    kinds = [(_kind_of(action), at) for action, at in taken_back]
    return (_kind_of(row["action"]), row["action_at"]) in kinds


def _kind_of(action: str) -> str:
    """Return the kind as the program tells them apart: a bag and a dose are two."""
    return action if KINDS[action] == "start" else KINDS[action]


def _place(row: Row) -> tuple[datetime, int]:
    kind = KINDS[row["action"]]
    return time_of(row), _TIES.index(kind) if kind in _TIES else len(_TIES)


def _stops_later(index: int, standing: list[tuple[int, Row]]) -> bool:
    """Say whether the bag that runs is stopped before another begins."""
    place = [one for one, _ in standing].index(index)
    for _, row in standing[place + 1 :]:
        kind = KINDS[row["action"]]
        if kind in ("stop", "start"):
            return kind == "stop"
    return False


def _rate(row: Row) -> Decimal | None:
    if not row["rate"] or row["rate_unit"] not in ("mL/hr", "mL/min"):
        return None
    return Decimal(row["rate"]) * (60 if row["rate_unit"] == "mL/min" else 1)


def _in_bag(  # noqa: PLR0911 - one answer after the other is the point
    bag: Bag, kind: str, row: Row
) -> str:
    at, rate = time_of(row), _rate(row)
    if kind == "stop":
        bag.stopped = row
        return "stopped"
    if kind == "pause":
        if bag.is_still:
            bag.is_rate_broken = True
            return "pause_twice"
        bag.is_still = True
        bag.rates.append((at, Decimal(0)))
        return "paused"
    if kind == "restart":
        was_still, bag.is_still = bag.is_still, False
        if rate is not None:
            bag.last_rate = rate
        if not was_still:
            bag.is_pause_missing = True
            if rate is not None:
                bag.rates.append((at, rate))
            return "restart_without_pause"
        bag.rates.append((at, rate))
        return "restarted"
    if kind == "rate":
        return _rate_change(bag, at, rate)
    differs = rate is not None and bag.last_rate is not None and rate != bag.last_rate
    if differs and not bag.is_still:
        bag.is_rate_broken = True
        return "verify_differs"
    return "verified"


def _rate_change(bag: Bag, at: datetime, rate: Decimal | None) -> str:
    if rate is not None:
        bag.last_rate = rate
    if bag.is_still:
        return "rate_in_pause"
    bag.rates.append((at, rate))
    if rate is None:
        bag.is_rate_broken = True
        return "rate_unread"
    return "rate_change"


def grams(bag: Bag) -> Decimal | str:
    """Return the grams of a bag, or why they are not known."""
    row = bag.began
    if bag.has_unknown:
        return "bag_with_unknown"
    if bag.has_not_given:
        return "bag_not_given"
    if not row["dose"]:
        return "dose_missing"
    if not row["dose"].replace(".", "", 1).isdecimal() or not Decimal(row["dose"]):
        return "dose_unread"
    size = {"g": Decimal(1), "mg": Decimal("0.001"), "mL": CONCENTRATION}.get(row["dose_unit"])
    if size is None:
        return "dose_unit_unknown"
    return (Decimal(row["dose"]) * size).quantize(Decimal("0.001"), ROUND_HALF_UP)


def _bag_fate(bag: Bag) -> str:
    told = grams(bag)
    if isinstance(told, str):
        return told
    if bag.stopped is not None:
        return "bag" if ended_at(bag) else "bag_in_repeated_hour"
    if bag.began["action"] == "Given":
        return "given"
    return "two_bags_at_once" if bag.is_followed else "bag_without_stop"


def ended_at(bag: Bag) -> str | None:
    """Return when a bag was stopped, unless the clocks showed its start or its end twice."""
    if bag.stopped is None or is_repeated(bag.began) or is_repeated(bag.stopped):
        return None
    return bag.stopped["action_at"]


def rates(bag: Bag) -> list[tuple[datetime, Decimal]] | None:
    """Return the rates a bag was set to, or nothing when one of them is not known."""
    settings = list(bag.rates)
    # the bag's own rate may be written as a change in the same minute
    if len(settings) > 1 and settings[0][1] is None and settings[1][0] == settings[0][0]:
        settings = settings[1:]
    known = [(at, rate) for at, rate in settings if rate is not None]
    is_known = len(known) == len(settings) and not bag.is_rate_broken and not bag.has_unknown
    return known if is_known and known else None


def paused_minutes(bag: Bag) -> Decimal | None:
    """Return how long a bag stood still, where all rates and its end are known."""
    spans = _spans(bag)
    if spans is None:
        return None
    seconds = sum(seconds for rate, seconds in spans if not rate)
    return (Decimal(seconds) / 60).quantize(Decimal("0.001"), ROUND_HALF_UP)


def volume(bag: Bag) -> Decimal | None:
    """Return the millilitres that ran in, by the rates, else those of the bag as charted."""
    spans = _spans(bag)
    if spans is not None:
        run = sum((rate * seconds for rate, seconds in spans), Decimal(0)) / 3600
        return run.quantize(Decimal("0.001"), ROUND_HALF_UP)
    is_told = bag.began["dose_unit"] == "mL" and bag.began["dose"].replace(".", "", 1).isdecimal()
    return Decimal(bag.began["dose"]) if is_told and not bag.has_unknown else None


def _spans(bag: Bag) -> list[tuple[Decimal, int]] | None:
    settings = rates(bag)
    is_untimed = bag.is_pause_missing or bag.is_hour_repeated
    if settings is None or bag.stopped is None or is_untimed:
        return None
    ends = [at for at, _ in settings[1:]] + [time_of(bag.stopped)]
    return [
        (rate, int((end - at).total_seconds()))
        for (at, rate), end in zip(settings, ends, strict=True)
    ]
