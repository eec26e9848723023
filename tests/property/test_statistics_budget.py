"""The budget of false alarms against exact enumeration."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from pipeline.statistics.budget import chances_among_peers, spend

shares = st.floats(0.01, 0.99)
comparisons = st.lists(st.tuples(st.integers(0, 30), shares), min_size=1, max_size=30)


@given(n_all=st.integers(1, 60), share=shares, data=st.data())
def test_the_chance_is_the_upper_tail_of_the_binomial(
    n_all: int, share: float, data: st.DataObject
) -> None:
    n_events = data.draw(st.integers(0, n_all))
    found = chances_among_peers(np.array([n_events]), np.array([n_all]), np.array([n_all * share]))
    assert found[0] == pytest.approx(binom.sf(n_events - 1, n_all, share), rel=1e-9)


@given(n_events=st.floats(0, 20), share=shares)
def test_parts_of_an_event_are_rounded_down(n_events: float, share: float) -> None:
    n_all = np.array([20.0])
    found = chances_among_peers(np.array([n_events]), n_all, n_all * share)
    whole = chances_among_peers(np.array([float(int(n_events))]), n_all, n_all * share)
    assert found[0] == whole[0]


@given(pairs=comparisons, alpha=st.floats(0.001, 0.2))
def test_no_more_than_alpha_is_spent(pairs: list[tuple[int, float]], alpha: float) -> None:
    """Sum, over all comparisons, the exact chance that it signals though nothing is wrong."""
    least = np.array([share**n for n, share in pairs])
    spent = spend(alpha, least)
    if spent.threshold is None:
        assert not (least <= alpha).any() or spent.n_able == 0
        return
    of_any = 0.0
    for n, share in pairs:
        counts = np.arange(n + 1)
        chances = binom.sf(counts - 1, n, share)
        of_any += binom.pmf(counts, n, share)[chances <= spent.threshold].sum()
    assert of_any <= alpha * (1 + 1e-9)
    assert spent.n_able == (least <= spent.threshold).sum()


@given(pairs=comparisons, alpha=st.floats(0.001, 0.2))
def test_it_is_never_stricter_than_one_share_each(
    pairs: list[tuple[int, float]], alpha: float
) -> None:
    least = np.array([share**n for n, share in pairs])
    spent = spend(alpha, least)
    assert spent.threshold is None or spent.threshold >= alpha / len(pairs)
    assert spend(alpha, least[::-1].copy()) == spent


def test_without_a_comparison_nothing_is_spent() -> None:
    assert spend(0.05, np.array([])) == (None, 0)


def test_where_none_could_signal_nothing_is_spent() -> None:
    assert spend(0.05, np.array([0.2, 0.9])) == (None, 0)


def test_comparisons_that_cannot_signal_do_not_make_others_stricter() -> None:
    # of three, one can never be rare: alpha is shared between two
    assert spend(0.05, np.array([0.001, 0.002, 0.5])) == (0.025, 2)


@pytest.mark.parametrize("alpha", [0, 1])
def test_a_budget_lies_between_none_and_all(alpha: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        spend(alpha, np.array([0.1]))


def test_a_chance_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        spend(0.05, np.array([1.5]))


def test_a_unit_cannot_have_more_events_than_there_are() -> None:
    with pytest.raises(ValueError, match="a part of all"):
        chances_among_peers(np.array([3.0]), np.array([2.0]), np.array([1.0]))
    with pytest.raises(ValueError, match="not negative"):
        chances_among_peers(np.array([-1.0]), np.array([2.0]), np.array([1.0]))
