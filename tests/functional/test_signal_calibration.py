"""The signal rule on small drawn worlds; `make calibrate` does the same at length."""

from __future__ import annotations

from tools.calibrate import World, look

WORLD = World(n_patients=1500, n_quarters=4, n_products=2, n_sites=2)
N_SEEDS = 8


def test_false_alarms_stay_within_the_budget() -> None:
    found = [look(WORLD, seed) for seed in range(N_SEEDS)]
    n_quarters = N_SEEDS * WORLD.n_quarters
    assert sum(each.n_comparisons for each in found) > 100 * N_SEEDS
    # at 5% of 32 quarters more than four are rarer than one in a hundred
    assert sum(each.n_quarters_with_any for each in found) <= 4, n_quarters


def test_a_lot_with_four_times_the_rate_is_found_more_often_than_not() -> None:
    found = [look(WORLD, seed, planted=True) for seed in range(N_SEEDS)]
    assert sum(each.is_planted_found for each in found) * 2 >= N_SEEDS
