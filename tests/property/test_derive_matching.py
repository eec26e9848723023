"""Every way the grams may flow is tried, and the ties join what the best of them join."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import polars as pl
import pytest
from drawn import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.derive.matching import ties

Pair = dict[str, int]
Flow = tuple[int, ...]
Lines = set[tuple[frozenset[int], bool]]


@st.composite
def drawn_pairs(draw: st.DrawFn) -> list[Pair]:
    """Draw up to three supplies and three demands of 1 to 3 mg, and up to six pairs of them."""
    supplies = {key: draw(st.integers(1, 3)) for key in range(1, draw(st.integers(1, 3)) + 1)}
    demands = {-key: draw(st.integers(1, 3)) for key in range(1, draw(st.integers(1, 3)) + 1)}
    every = [
        {"supply_key": s, "supply_mg": has, "demand_key": d, "demand_mg": asks}
        for s, has in supplies.items()
        for d, asks in demands.items()
    ]
    kept = draw(st.lists(st.sampled_from(every), max_size=6, unique_by=str))
    return [pair | {"cost": draw(st.integers(0, 3))} for pair in kept]


def frame(pairs: list[Pair]) -> pl.DataFrame:
    columns = ("supply_key", "supply_mg", "demand_key", "demand_mg", "cost")
    return pl.DataFrame(
        {name: [pair[name] for pair in pairs] for name in columns},
        schema=dict.fromkeys(columns, pl.Int64),
    )


def ways(pairs: list[Pair]) -> Iterator[Flow]:
    """Yield every way that gives nobody more than it asks for and takes no more than there is."""
    limits = {pair[f"{side}_key"]: pair[f"{side}_mg"] for pair in pairs for side in SIDES}
    for flow in product(*(range(min(p["supply_mg"], p["demand_mg"]) + 1) for p in pairs)):
        used = dict.fromkeys(limits, 0)
        for grams, pair in zip(flow, pairs, strict=True):
            for side in SIDES:
                used[pair[f"{side}_key"]] += grams
        if all(used[key] <= limits[key] for key in limits):
            yield flow


SIDES = ("supply", "demand")


def best_ways(pairs: list[Pair]) -> list[Flow]:
    """Return all ways with the most grams, and of these those that cost least."""
    found = list(ways(pairs))

    def worth(flow: Flow) -> tuple[int, int]:
        return (-sum(flow), sum(g * p["cost"] for g, p in zip(flow, pairs, strict=True)))

    least = min(worth(flow) for flow in found)
    return [flow for flow in found if worth(flow) == least]


def dull_lines(pairs: list[Pair]) -> Lines:
    """Return what some best way joins, and whether another best way differs within it."""
    best = best_ways(pairs)
    used = [p for place, p in enumerate(pairs) if any(flow[place] for flow in best)]
    lines: list[set[int]] = []
    for pair in used:
        ends = {pair["supply_key"], pair["demand_key"]}
        touched = [line for line in lines if line & ends]
        lines = [line for line in lines if not line & ends] + [ends.union(*touched)]
    return {
        (
            frozenset(line),
            len({tuple(g for g, p in zip(f, pairs, strict=True) if p["supply_key"] in line)
                 for f in best}) > 1,
        )
        for line in lines
    }  # fmt: skip


def tied_lines(tied: pl.DataFrame) -> Lines:
    """Return the nodes of each line, and what is said of it."""
    return {
        (frozenset(nodes), bool(is_ambiguous))
        for _, nodes, is_ambiguous in tied.group_by("line_key")
        .agg("node_key", pl.col("is_ambiguous").first())
        .rows()
    }


@settings(max_examples=examples(150))
@given(drawn_pairs())
def test_the_ties_are_those_of_the_best_ways(pairs: list[Pair]) -> None:
    assert tied_lines(ties(frame(pairs))) == (dull_lines(pairs) if pairs else set())


@settings(max_examples=examples(50))
@given(drawn_pairs(), st.randoms(use_true_random=False))
def test_the_order_of_the_pairs_does_not_matter(pairs: list[Pair], chance: object) -> None:
    shuffled = list(pairs)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert ties(frame(shuffled)).equals(ties(frame(pairs)))


@settings(max_examples=examples(50))
@given(drawn_pairs())
def test_a_line_is_named_by_its_first_supply(pairs: list[Pair]) -> None:
    tied = ties(frame(pairs))
    for (line_key,), nodes in tied.group_by("line_key"):
        assert line_key == min(key for key in nodes["node_key"] if key > 0)


def chain(n: int, *, step: int) -> list[Pair]:
    """Return n issues and n infusions in a row, every third of other grams, each near the next."""
    return [
        {
            "supply_key": s,
            "supply_mg": 30_000 + 5_000 * (s % 3),
            "demand_key": -d,
            "demand_mg": 30_000 + 5_000 * (d * step % 3),
            "cost": abs(d - s) * 144_000 + 12_000,
        }
        for s in range(1, n + 1)
        for d in range(max(1, s - 1), min(n, s + 2) + 1)
    ]


@pytest.mark.parametrize("step", [1, 2])
def test_years_of_weekly_infusions_are_one_small_sum(step: int) -> None:
    pairs = chain(300, step=step)
    tied = ties(frame(pairs))
    assert tied.height == 600
    assert not tied["is_ambiguous"].any()


def test_parts_that_cannot_be_settled_by_the_nearest_are_solved_many_at_a_time() -> None:
    one = chain(4, step=2)
    every = [
        pair | {side: pair[side] + sign * 10 * n for side, sign in MOVED}
        for n in range(1200)
        for pair in one
    ]
    found = tied_lines(ties(frame(every)))
    assert len(found) == 1200 * len(tied_lines(ties(frame(one))))


MOVED = (("supply_key", 1), ("demand_key", -1))
