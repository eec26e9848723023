"""Between which shares places lie by chance: by hand, and as scipy has it."""

from __future__ import annotations

import math

import pytest
from drawn import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pipeline.statistics.charts import WIDE, Dispersion
from pipeline.statistics.share_funnel import share_dispersion, share_limits, widened_share_limits


def test_limits_by_hand() -> None:
    """Of 10 with a tenth each: none 0.349, up to 2 0.930, 3 0.987, 4 0.9984, 5 0.9999."""
    assert share_limits(0.1, 10) == (0, 3)
    assert share_limits(0.1, 10, WIDE) == (0, 5)


@settings(max_examples=examples(200), deadline=None)
@given(
    st.floats(0.0001, 0.9999),
    st.integers(1, 5000),
    st.sampled_from([0.95, 0.998]),
)
def test_limits_are_the_quantiles_of_the_binomial(
    target: float, n_of: int, confidence: float
) -> None:
    limits = share_limits(target, n_of, confidence)
    assert limits is not None
    outside = (1 - confidence) / 2
    assert limits == tuple(stats.binom.ppf([outside, 1 - outside], n_of, target))
    assert stats.binom.cdf(limits.low - 1, n_of, target) <= outside + 1e-9
    assert stats.binom.sf(limits.high, n_of, target) <= outside + 1e-9


@pytest.mark.parametrize(("target", "n_of"), [(0, 20), (1, 20), (0.5, 0)])
def test_where_nothing_varies_there_are_no_limits(target: float, n_of: int) -> None:
    assert share_limits(target, n_of) is None
    assert widened_share_limits(target, n_of, 0.1) is None


def test_overdispersion_by_hand() -> None:
    """Two places of 16, a quarter and three quarters off, where half of all are.

    The angles of the roots are 30 and 60 degrees, that of half is 45. z = 2 * 4 * pi/12 = 2.0944
    either way, drawn in to 0.8 of it: 1.6755. Ratio 2.8073; between = (2 * 2.8073 - 1) /
    (128 - 8192/128) = 0.0721.
    """
    found = share_dispersion([4, 12], [16, 16], 0.5)
    assert found is not None
    ratio = (0.8 * 2 * math.pi / 3) ** 2
    assert found.ratio == pytest.approx(ratio) == pytest.approx(2.8073, abs=1e-4)
    assert found.between == pytest.approx((2 * ratio - 1) / 64)
    limits = widened_share_limits(0.5, 100, 0.0025)  # s and tau are 0.05 each
    margin = 1.959964 * math.sqrt(0.005)
    assert limits == pytest.approx(
        [100 * math.sin(math.pi / 4 + side * margin) ** 2 for side in (-1, 1)], rel=1e-6
    )


def test_places_exactly_as_expected_show_no_overdispersion() -> None:
    assert share_dispersion([1, 10, 5], [10, 100, 50], 0.1) == Dispersion(0.0, 0.0, 3)
    assert share_dispersion([1], [10], 0.1) is None


@settings(max_examples=examples(100), deadline=None)
@given(st.floats(0.001, 0.999), st.integers(1, 2000), st.floats(0, 1), st.floats(0, 1))
def test_more_between_places_never_narrows_the_limits(
    target: float, n_of: int, one: float, more: float
) -> None:
    low, high = widened_share_limits(target, n_of, min(one, more), WIDE) or (0, 0)
    wider = widened_share_limits(target, n_of, max(one, more), WIDE)
    assert wider is not None
    assert 0 <= wider.low <= low + 1e-9
    assert high - 1e-9 <= wider.high <= n_of
    assert widened_share_limits(target, n_of, 0.0, WIDE) == share_limits(target, n_of, WIDE)
