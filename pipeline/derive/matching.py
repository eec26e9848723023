"""Tie dispensings and infusions that name no partner: grams flow from the one to the other.

Of all ways the grams may flow, those with the most grams count, and of these those with the least
gram-hours. A line of the ledger joins whatever some best way joins: so it does not depend on which
of them a solver happens to find, and where there are several the line says that it is ambiguous.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack
from scipy.sparse.csgraph import connected_components, maximum_flow

_PAIR: Final = ("supply_key", "demand_key")
_TIE: Final = {"node_key": pl.Int32, "line_key": pl.Int32, "is_ambiguous": pl.Boolean}
_HALF: Final = 0.5
"""Flows and prices are whole numbers here: less than a half is none."""
_PARTS_AT_ONCE: Final = 500
"""A program of some hundred small parts is solved fastest: fewer cost calls, more cost time."""

Whole = npt.NDArray[np.int64]
Truth = npt.NDArray[np.bool_]


def create_ties(con: duckdb.DuckDBPyConnection, select: str) -> None:
    """Create `temp.ledger_tie` from the pairs that may belong together: see `ties`."""
    con.register("tie_frame", ties(con.sql(select).pl()))
    con.execute("CREATE OR REPLACE TEMP TABLE ledger_tie AS SELECT * FROM tie_frame")
    con.unregister("tie_frame")


def ties(pairs: pl.DataFrame) -> pl.DataFrame:
    """Return one row per tied node: its line, and whether another way is as good.

    Args:
        pairs: one row per supply and demand that may belong together: `supply_key`, `supply_mg`,
            `demand_key`, `demand_mg`, and the `cost` of each milligram that flows between them.
    """
    if pairs.is_empty():
        return pl.DataFrame(schema=_TIE)
    parted = pairs.with_columns(part=_parts(pairs))
    settled = pl.concat(
        [_from_nearest(parted, "demand", "supply"), _from_nearest(parted, "supply", "demand")]
    ).unique()
    contested = parted.join(settled, on="part", how="anti")
    place = pl.Series(_numbered(contested["part"]))
    batches = contested.group_by(place // _PARTS_AT_ONCE, maintain_order=True)
    plain = settled.select(*_PAIR, pl.lit(value=False).alias("is_ambiguous"))
    return _lines(pl.concat([plain, *(best_pairs(batch) for _, batch in batches)]))


def _parts(pairs: pl.DataFrame) -> pl.Series:
    """Number the groups of pairs that have nothing to do with each other."""
    supply, demand = _numbered(pairs["supply_key"]), _numbered(pairs["demand_key"])
    n_supplies = supply.max(initial=-1) + 1
    part = _joined(supply, demand + n_supplies, "weak")
    return pl.Series(part[supply], dtype=pl.Int64)


def _numbered(keys: pl.Series) -> Whole:
    """Return the place of each key among the different ones."""
    return np.unique(keys.to_numpy(), return_inverse=True)[1].astype(np.int64)


def _joined(start: Whole, end: Whole, how: str) -> Whole:
    """Number the nodes so that those which hang together have the same number."""
    n_nodes = max(start.max(initial=-1), end.max(initial=-1)) + 1
    graph = csr_array((np.ones(len(start)), (start, end)), shape=(n_nodes, n_nodes))
    joined: Whole = connected_components(graph, connection=how)[1].astype(np.int64)
    return joined


def _from_nearest(pairs: pl.DataFrame, asking: str, giving: str) -> pl.DataFrame:
    """Return the pairs of the parts in which all who ask can have all from their only nearest.

    No way has more grams than all that is asked for, and none has fewer gram-hours than from the
    nearest: where that can be had it is the best way, and the only one.
    """
    ask, give = _numbered(pairs[f"{asking}_key"]), _numbered(pairs[f"{giving}_key"])
    cost, part = pairs["cost"].to_numpy(), pairs["part"].to_numpy()
    least = np.full(ask.max() + 1, cost.max())
    np.minimum.at(least, ask, cost)
    is_nearest = cost == least[ask]
    is_only = (np.bincount(ask[is_nearest]) == 1)[ask]
    asked_mg = np.where(is_nearest, pairs[f"{asking}_mg"].to_numpy(), 0)
    is_enough = np.bincount(give, weights=asked_mg)[give] <= pairs[f"{giving}_mg"].to_numpy()
    is_open = np.isin(part, part[is_nearest & ~(is_only & is_enough)])
    return pairs.filter(pl.Series(is_nearest & ~is_open)).select("part", *_PAIR)


def best_pairs(pairs: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs through which grams flow in some best way, and whether there are several."""
    network = _network(pairs)
    flow, is_free = _best_way(network, pairs["part"])
    circle = _circles(network, flow, is_free)
    is_changeable = is_free & (circle[network.start] == circle[network.end])
    is_used = ((flow > _HALF) | is_changeable)[network.is_pair]
    chosen = pairs.filter(pl.Series(is_used)).select(*_PAIR)
    line = _line_of_nodes(network, is_used)
    several = _lines_with_circles(network, line, circle, is_changeable)
    first = network.start[network.is_pair][is_used]
    return chosen.with_columns(is_ambiguous=pl.Series(np.isin(line[first], several)))


@dataclass(frozen=True)
class _Network:
    """Arcs between numbered nodes: a source (0), the supplies, the demands, a sink (the last)."""

    start: Whole
    end: Whole
    width_mg: Whole
    cost: Whole
    is_pair: Truth

    @property
    def sink(self) -> int:
        """Return the number of the last node."""
        return int(self.end.max())


def _network(pairs: pl.DataFrame) -> _Network:
    supply, demand = 1 + _numbered(pairs["supply_key"]), _numbered(pairs["demand_key"])
    demand += 1 + supply.max()
    sink = 1 + demand.max()
    supplies, first_of_supply = np.unique(supply, return_index=True)
    demands, first_of_demand = np.unique(demand, return_index=True)
    has, asks = pairs["supply_mg"].to_numpy(), pairs["demand_mg"].to_numpy()
    none = np.zeros_like
    return _Network(
        np.concatenate([none(supplies), supply, demands]),
        np.concatenate([supplies, demand, np.full_like(demands, sink)]),
        np.concatenate([has[first_of_supply], np.minimum(has, asks), asks[first_of_demand]]),
        np.concatenate([none(supplies), pairs["cost"].to_numpy(), none(demands)]),
        np.repeat([False, True, False], [len(supplies), len(supply), len(demands)]),
    )


def _best_way(network: _Network, part: pl.Series) -> tuple[npt.NDArray[np.float64], Truth]:
    """Return the flow through each arc in a best way, and where a change would cost nothing.

    The linear program is that of a network, so flows and prices come out whole.
    """
    arc, n_arcs = np.arange(len(network.start)), len(network.start)
    into = csr_array((np.ones(n_arcs), (network.end, arc)), shape=(network.sink + 1, n_arcs))
    out_of = csr_array((np.ones(n_arcs), (network.start, arc)), shape=(network.sink + 1, n_arcs))
    place = _numbered(part)
    of_part = csr_array(
        (np.ones(len(place)), (place, arc[network.is_pair])), shape=(place.max() + 1, n_arcs)
    )
    most = np.bincount(place, weights=_most(network)[network.is_pair])
    way = linprog(
        network.cost,
        A_eq=vstack([(into - out_of)[1:-1], of_part]),
        b_eq=np.concatenate([np.zeros(network.sink - 1), most]),
        bounds=np.column_stack([np.zeros(n_arcs), network.width_mg]),
        method="highs-ds",
    )
    if way.status:  # pragma: no cover - the most grams always find a way
        raise ArithmeticError(way.message)
    return way.x, np.abs(way.lower.marginals + way.upper.marginals) < _HALF


def _most(network: _Network) -> Whole:
    """Return the milligrams through each arc in a way with the most of them."""
    width = (network.width_mg.astype(np.int32), (network.start, network.end))
    graph = csr_array(width, shape=(network.sink + 1, network.sink + 1))
    flow = maximum_flow(graph, 0, network.sink).flow.tocsr()
    return np.asarray(flow[network.start, network.end]).ravel().astype(np.int64)


def _circles(network: _Network, flow: npt.NDArray[np.float64], is_free: Truth) -> Whole:
    """Number the nodes so that those on a circle of changes at no cost have the same number."""
    more = is_free & (flow < network.width_mg - _HALF)
    less = is_free & (flow > _HALF)
    start = np.concatenate([network.start[more], network.end[less], [network.sink]])
    end = np.concatenate([network.end[more], network.start[less], [network.sink]])
    return _joined(start, end, "strong")


def _line_of_nodes(network: _Network, is_used: Truth) -> Whole:
    """Number the nodes so that those which used pairs join have the same number."""
    start, end = network.start[network.is_pair][is_used], network.end[network.is_pair][is_used]
    return _joined(np.append(start, network.sink), np.append(end, network.sink), "weak")


def _lines_with_circles(
    network: _Network, line: Whole, circle: Whole, is_changeable: Truth
) -> Whole:
    """Return the lines in which something may be changed at no cost.

    Nodes that lie on common circles are joined by changeable arcs. Where these are no more than a
    tree needs, each leads only there and back again, and nothing can be changed.
    """
    is_from_source = network.start == 0
    inner = np.where(is_from_source, network.end, network.start)[is_changeable]
    arcs = pl.DataFrame({"line": line[inner], "circle": circle[inner]})
    nodes = pl.DataFrame({"line": line[1:-1], "circle": circle[1:-1]})
    is_outer = pl.col("circle").is_in([int(circle[0]), int(circle[-1])])
    counted = (
        arcs.group_by("line", "circle").len("n_arcs")
        .join(nodes.group_by("line", "circle").len("n_nodes"), on=("line", "circle"))
        .filter(pl.col("n_arcs") >= pl.col("n_nodes") + is_outer.cast(pl.Int64))
    )  # fmt: skip
    return counted["line"].unique().to_numpy()


def _lines(chosen: pl.DataFrame) -> pl.DataFrame:
    """Return the line of each node: all that hangs together, named by its first supply."""
    joined = chosen.with_columns(line=_parts(chosen)).with_columns(
        line_key=pl.col("supply_key").min().over("line"),
        is_ambiguous=pl.col("is_ambiguous").any().over("line"),
    )
    nodes = pl.concat(
        joined.select(pl.col(f"{side}_key").alias("node_key"), "line_key", "is_ambiguous")
        for side in ("supply", "demand")
    )
    return nodes.unique().sort("node_key").cast(dict(_TIE))  # type: ignore[arg-type]
