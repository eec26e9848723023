"""Reckon the gram ledger of a few records with the dullest loops: every way is tried.

Shares no code with the audit. An issue is a dict with key, day, minute, product, lot, dose,
returned, wasted; a use with key, day, minute, product, lot, dose, names, is_not_given, is_home.
Grams are whole; a product of None is not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Record = dict[str, Any]
Break = tuple[str, str, int, int]
DAYS, DAYS_HOME, LATE_DAYS = 7, 35, 1


@dataclass
class Node:
    """A line that has grams to give (above 0) or asks for some (below 0)."""

    line: int
    grams: int
    record: Record
    is_rest: bool
    last: Record
    n_before: int = 0


@dataclass
class Line:
    """What stands together in the ledger."""

    issues: list[Record] = field(default_factory=list)
    uses: list[Record] = field(default_factory=list)
    is_ambiguous: bool = False

    def names(self) -> frozenset[str]:
        """Return the records as d1, i2 ..."""
        return frozenset(
            [f"d{r['key']}" for r in self.issues] + [f"i{r['key']}" for r in self.uses]
        )


def reckoned(issues: list[Record], uses: list[Record]) -> tuple[set[frozenset[str]], list[Break]]:
    """Return the lines of one patient's ledger and its breaks."""
    lines = tied_in_time(tied_by_id(issues, uses), issues, uses)
    found = [broken for line in lines for broken in breaks_of(line, issues, uses)]
    return {line.names() for line in lines}, sorted(found)


def kept(issue: Record) -> int:
    return int(issue["dose"] - issue["returned"] - issue["wasted"])


def given(use: Record) -> int | None:
    """Return the grams infused: none of what was not given, None where nobody wrote them down."""
    if use["is_not_given"]:
        return 0
    return None if use["dose"] is None else int(use["dose"])


def tied_by_id(issues: list[Record], uses: list[Record]) -> dict[int, Line]:
    lines = {issue["key"]: Line([issue]) for issue in issues}
    for use in uses:
        key = use["names"] if use["names"] is not None else -use["key"]
        lines.setdefault(key, Line()).uses.append(use)
    return lines


def tied_in_time(lines: dict[int, Line], issues: list[Record], uses: list[Record]) -> list[Line]:
    nodes = [node for key, line in lines.items() for node in loose(key, line, issues, uses)]
    pairs = [(s, d) for s in nodes for d in nodes if belong_together(s, d)]
    best = best_ways(pairs)
    of_node = {key: key for key in lines}
    ambiguous: set[int] = set()
    tied: set[int] = set()
    for place, (supply, demand) in enumerate(pairs):
        if any(way[place] for way in best):
            join(of_node, supply.line, demand.line)
            tied |= {supply.line, demand.line}
    for key in set(of_node.values()):
        inside = [n for n, (s, _) in enumerate(pairs) if of_node[s.line] == key and s.line in tied]
        if len({tuple(way[n] for n in inside) for way in best}) > 1:
            ambiguous.add(key)
    leave_to_the_silent(lines, nodes, tied, of_node)
    return gathered(lines, of_node, ambiguous)


def join(of_node: dict[int, int], one: int, other: int) -> None:
    old, new = of_node[other], of_node[one]
    for key, line in of_node.items():
        if line == old:
            of_node[key] = new


def gathered(lines: dict[int, Line], of_node: dict[int, int], ambiguous: set[int]) -> list[Line]:
    whole: dict[int, Line] = {}
    for key, line in lines.items():
        into = whole.setdefault(of_node[key], Line())
        into.issues += line.issues
        into.uses += line.uses
        into.is_ambiguous |= of_node[key] in ambiguous
    return list(whole.values())


def loose(key: int, line: Line, issues: list[Record], uses: list[Record]) -> Iterator[Node]:
    """Yield the line as a node where it has or needs grams that no id explains."""
    if key < 0:
        use = line.uses[0]
        if given(use):
            grams = given(use) or 0
            yield Node(key, -grams, use, False, use, len(earlier_like(use, uses, uses)))
        return
    issue = line.issues[0]
    brands = {use["product"] for use in line.uses} - {None}
    if issue["product"] is not None and brands - {issue["product"]}:
        return
    at_work = [use for use in line.uses if not use["is_not_given"]]
    if any(given(use) is None for use in at_work):
        return
    rest = kept(issue) - sum(given(use) or 0 for use in at_work)
    if rest:
        last = max(line.uses, key=lambda use: use["day"]) if line.uses else issue
        minutes = [use["minute"] for use in line.uses if use["minute"] is not None]
        last = last | {"minute": max(minutes, default=None)} if line.uses else issue
        n_before = len(earlier_like(issue, issues, uses))
        yield Node(key, rest, issue, bool(at_work), last, n_before)


ALIKE = ("minute", "product_code", "dose", "lot")


def earlier_like(record: Record, rows: list[Record], uses: list[Record]) -> list[Record]:
    """Return the rows that are like this one and come before it."""
    if record["minute"] is None or record.get("is_not_given") or record["dose"] is None:
        return []
    return [
        row
        for row in rows
        if row["key"] != record["key"]
        and not row.get("is_not_given")
        and all(row[name] == record[name] for name in ALIKE)
        and (is_alone(row, uses), row["key"]) < (is_alone(record, uses), record["key"])
    ]


def is_alone(record: Record, uses: list[Record]) -> bool:
    if "names" in record:
        return record["names"] is None
    return all(use["names"] != record["key"] for use in uses)


def minutes_between(supply: Node, demand: Node) -> int:
    one, other = supply.record, demand.last if demand.line > 0 else demand.record
    if one["minute"] is None or other["minute"] is None:
        return abs(int(other["day"] - one["day"])) * 1440
    return abs(int(other["minute"] - one["minute"]))


def belong_together(supply: Node, demand: Node) -> bool:
    if supply.grams <= 0 or demand.grams >= 0 or (supply.is_rest and demand.is_rest):
        return False
    if supply.is_rest and -demand.grams > supply.grams:
        return False
    if demand.is_rest and supply.grams > -demand.grams:
        return False
    if None not in (supply.record["product"], demand.record["product"]) and (
        supply.record["product"] != demand.record["product"]
    ):
        return False
    use = demand.last if demand.line > 0 else demand.record
    days = use["day"] - supply.record["day"]
    at_home = demand.line < 0 and demand.record["is_home"]
    return bool(-LATE_DAYS <= days <= (DAYS_HOME if at_home else DAYS))


def cost(supply: Node, demand: Node) -> int:
    lots = {supply.record["lot"], demand.record["lot"]}
    place = 2 * abs(supply.n_before - demand.n_before) + supply.n_before + demand.n_before
    return (
        minutes_between(supply, demand) * 100
        + (10 if len(lots) > 1 and None not in lots else 0)
        + min(place, 9)
    )


def best_ways(pairs: list[tuple[Node, Node]]) -> list[tuple[int, ...]]:
    """Return all ways with the most grams, and of these those with the least to pay."""
    best: list[tuple[int, ...]] = []
    least: tuple[int, int] | None = None
    for way in ways(pairs):
        paid = sum(g * cost(*pair) for g, pair in zip(way, pairs, strict=True))
        worth = (-sum(way), paid)
        if least is None or worth < least:
            best, least = [], worth
        if worth == least:
            best.append(way)
    return best


STEP = 10


def ways(pairs: list[tuple[Node, Node]]) -> Iterator[tuple[int, ...]]:
    """Yield every way for grams to flow, in steps of 10 g."""
    left = {id(node): abs(node.grams) for pair in pairs for node in pair}

    def further(place: int) -> Iterator[tuple[int, ...]]:
        if place == len(pairs):
            yield ()
            return
        supply, demand = (id(node) for node in pairs[place])
        for grams in range(0, min(left[supply], left[demand]) + 1, STEP):
            left[supply] -= grams
            left[demand] -= grams
            for rest in further(place + 1):
                yield (grams, *rest)
            left[supply] += grams
            left[demand] += grams

    yield from further(0)


def leave_to_the_silent(
    lines: dict[int, Line], nodes: list[Node], tied: set[int], of_node: dict[int, int]
) -> None:
    """Put what is left over to the nearest infusion whose grams nobody wrote down."""
    silent = [
        Node(key, -1, line.uses[0], False, line.uses[0])
        for key, line in lines.items()
        if key < 0 and given(line.uses[0]) is None
    ]
    for node in nodes:
        if node.grams > 0 and not node.is_rest and node.line not in tied:
            near = [one for one in silent if belong_together(node, one)]
            if near:
                nearest = min(near, key=lambda one: (minutes_between(node, one), -one.line))
                join(of_node, nearest.line, node.line)


def breaks_of(line: Line, issues: list[Record], uses: list[Record]) -> Iterator[Break]:
    """Yield what does not close in a line: word, record, key and signed grams."""
    brands = sorted({r["product"] for r in [*line.issues, *line.uses]} - {None})
    balance: dict[str | None, int] = {}
    for record in [*line.issues, *line.uses]:
        brand = record["product"] or (brands[0] if brands else None)
        grams = -(given(record) or 0) if "names" in record else kept(record)
        balance[brand] = balance.get(brand, 0) + grams
    rest = sum(balance.values())
    moved = min(
        sum(g for g in balance.values() if g > 0), -sum(g for g in balance.values() if g < 0)
    )
    for sign, letter, records in ((1, "d", line.issues), (-1, "i", line.uses)):
        room = moved
        for brand in sorted(balance, key=str):
            grams = balance[brand] * sign
            if grams <= 0:
                continue
            own = [r for r in records if (r["product"] or (brands[0] if brands else None)) == brand]
            last = max(own, key=lambda r: (r["day"], r["key"]))
            swapped = min(grams, room)
            room -= swapped
            if swapped:
                yield ("other_product", letter, last["key"], sign * swapped)
            if grams > swapped:
                rows = issues if sign > 0 else uses
                again = [r for r in own if earlier_like(r, rows, uses)]
                for word, record, size in typed(line, last, again, grams - swapped, rest):
                    yield (word, letter, record["key"], sign * size)
    if line.is_ambiguous and rest == 0:
        yield ("ambiguous_match", "i", max(use["key"] for use in line.uses), 0)
    yield from other_lots(line, brands)


def typed(
    line: Line, last: Record, again: list[Record], grams: int, rest: int
) -> Iterator[tuple[str, Record, int]]:
    """Yield what the grams of one product that do not close are; `again` are its like rows."""
    infused = [given(use) for use in line.uses]
    if line.is_ambiguous:
        yield ("ambiguous_match", last, grams)
    elif None in infused and rest > 0:
        yield ("grams_unknown", last, grams)
    else:
        so_far = repeated = 0
        for record in sorted(again, key=lambda r: -r["key"]):
            size = abs(kept(record) if rest > 0 else given(record) or 0)
            so_far += size
            if so_far <= grams:
                repeated = so_far
                yield ("duplicate", record, size)
        if grams > repeated:
            yield (plain_word(line, infused, rest), last, grams - repeated)


def plain_word(line: Line, infused: list[int | None], rest: int) -> str:
    if not line.issues:
        return "infused_without_dispensing"
    return "not_infused" if rest > 0 and not any(infused) else "grams_differ"


def other_lots(line: Line, brands: list[str]) -> Iterator[Break]:
    if not line.issues or any(issue["lot"] is None for issue in line.issues):
        return
    first = brands[0] if brands else None
    issued = {issue["product"] or first for issue in line.issues}
    lots = {issue["lot"] for issue in line.issues}
    for use in line.uses:
        if (use["product"] or first) in issued and use["lot"] not in (None, *lots):
            yield ("other_lot", "i", use["key"], 0)
