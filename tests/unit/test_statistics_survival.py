"""Shares that last, against a published example and another program's arithmetic."""

from __future__ import annotations

import warnings
from collections import Counter

import pytest
from drawn import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import CensoredData, ecdf

from pipeline.statistics.survival import Lasting, kaplan_meier, median_time

# Weeks of remission under 6-mercaptopurine: Freireich et al., Blood 1963;21:699-716
RELAPSED = Counter((6, 6, 6, 7, 10, 13, 16, 22, 23))
WATCHED = Counter((6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35))
TIMES = st.lists(st.integers(0, 20), max_size=25)


@pytest.mark.parametrize(
    ("week", "n", "share", "low", "high"),
    [
        (6, 17, "0.857", "0.620", "0.952"),
        (7, 16, "0.807", "0.563", "0.923"),
        (10, 13, "0.753", "0.503", "0.889"),
        (13, 11, "0.690", "0.432", "0.849"),
        (16, 10, "0.627", "0.368", "0.805"),
        (22, 6, "0.538", "0.268", "0.747"),
        (23, 5, "0.448", "0.188", "0.680"),
    ],
)
def test_the_published_remissions(week: int, n: int, share: str, low: str, high: str) -> None:
    (found,) = kaplan_meier(RELAPSED, WATCHED, [week])
    assert found.n_watched == n
    assert tuple(f"{value:.3f}" for value in found[1:]) == (share, low, high)


def test_half_of_the_remissions_lasted_23_weeks() -> None:
    assert median_time(RELAPSED, WATCHED) == 23
    assert median_time({5: 1}, {9: 2}) is None
    assert median_time({}, {}) is None


def test_beyond_what_was_watched_nothing_is_known_unless_all_have_ended() -> None:
    assert kaplan_meier({2: 1}, {5: 1}, [1, 5, 6]) == [
        Lasting(2, 1.0, None, None),
        pytest.approx(Lasting(0, 0.5, 0.005984, 0.910410), abs=1e-6),
        Lasting(0, None, None, None),
    ]
    assert kaplan_meier({2: 1, 5: 1}, {}, [5, 6]) == [Lasting(0, 0.0, None, None)] * 2
    assert kaplan_meier({}, {}, [1]) == [Lasting(0, None, None, None)]


@settings(max_examples=examples(50))
@given(TIMES.filter(bool), TIMES)
def test_another_program_finds_the_same(ended: list[int], unseen: list[int]) -> None:
    theirs = ecdf(CensoredData(uncensored=ended, right=unseen)).sf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where there is no interval
        limits = theirs.confidence_interval(method="log-log")
    times = list(range(max(ended + unseen) + 1))
    for time, ours in zip(times, kaplan_meier(Counter(ended), Counter(unseen), times), strict=True):
        assert ours.share == pytest.approx(theirs.evaluate(time))
        if ours.low is not None:
            assert ours.low == pytest.approx(limits.low.evaluate(time))
            assert ours.high == pytest.approx(limits.high.evaluate(time))
