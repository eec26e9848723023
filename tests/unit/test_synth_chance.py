"""The counter-based draws: repeatable, in range, and independent of what was drawn before."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.synth.chance import Chance, scattered

KEYS = np.arange(20_000)


def test_a_draw_depends_on_seed_name_and_key_alone() -> None:
    chance = Chance(1)
    whole = chance.uniform("weight", KEYS)
    chance.uniform("something else", KEYS)
    assert np.array_equal(chance.uniform("weight", KEYS[500:600]), whole[500:600])
    assert not np.array_equal(chance.uniform("height", KEYS), whole)
    assert not np.array_equal(Chance(2).uniform("weight", KEYS), whole)


def test_draws_are_spread_evenly() -> None:
    drawn = Chance(1).uniform("weight", KEYS)
    assert drawn.min() >= 0.0
    assert drawn.max() < 1.0
    assert abs(drawn.mean() - 0.5) < 0.01


def test_whole_numbers_reach_both_ends() -> None:
    assert set(Chance(1).whole("day", -1, 1, KEYS).tolist()) == {-1, 0, 1}


def test_shares_are_kept() -> None:
    picked = np.bincount(Chance(1).pick("product", (0.5, 0.3, 0.2), KEYS))
    assert np.allclose(picked / len(KEYS), (0.5, 0.3, 0.2), atol=0.02)
    assert abs(Chance(1).happens("rain", 0.1, KEYS).mean() - 0.1) < 0.01


def test_the_bell_is_centred_and_bounded() -> None:
    drawn = Chance(1).bell("weight", KEYS)
    assert abs(drawn.mean()) < 0.03
    assert abs(drawn.std() - 1.0) < 0.03
    assert np.abs(drawn).max() <= 3.5


@given(seed=st.integers(-(2**70), 2**70))
def test_scattering_keeps_distinct_numbers_distinct(seed: int) -> None:
    blocks = np.concatenate([np.arange(500) + block * 2**28 for block in range(5)])
    words = scattered(blocks, seed % 2**64)
    assert len(np.unique(words)) == len(blocks)
    assert words.max() < 2**32
