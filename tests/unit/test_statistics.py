"""Rates, comparisons and signals at their edges: nothing counted, nothing expected, nonsense."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.statistics import agreement, charts, cusum, lots, maxsprt, rates, shrinkage
from pipeline.statistics import disproportionality as signals
from pipeline.statistics.disproportionality import TwoByTwo
from pipeline.statistics.estimate import Estimate, Limits
from pipeline.statistics.shrinkage import GammaMixture

PRIOR = shrinkage.OPENEBGM_EXAMPLE

# ---------------------------------------------------------------- what cannot be computed


@pytest.mark.parametrize(
    "nothing",
    [
        pytest.param(lambda: rates.rate(3, 0), id="rate, no exposure"),
        pytest.param(lambda: rates.rate(0, 0), id="rate, nothing at all"),
        pytest.param(lambda: rates.clustered_rate([], []), id="clustered rate, nobody"),
        pytest.param(lambda: rates.clustered_rate([0], [0]), id="clustered rate, no exposure"),
        pytest.param(lambda: rates.rate_ratio(0, 10, 0, 10), id="rate ratio, no event"),
        pytest.param(lambda: rates.rate_ratio(1, 0, 1, 10), id="rate ratio, no exposure"),
        pytest.param(lambda: rates.rate_ratio(1, 10, 1, 0), id="rate ratio, no other exposure"),
        pytest.param(lambda: rates.rule_of_three(0), id="rule of three, nobody"),
        pytest.param(lambda: TwoByTwo(0, 0, 0, 0).expected, id="expected, nothing counted"),
        pytest.param(lambda: signals.prr(TwoByTwo(0, 0, 3, 4)), id="prr, no product"),
        pytest.param(lambda: signals.prr(TwoByTwo(3, 4, 0, 0)), id="prr, no comparator"),
        pytest.param(lambda: signals.prr(TwoByTwo(3, 4, 0, 5)), id="prr, division by no event"),
        pytest.param(lambda: signals.ror(TwoByTwo(3, 0, 2, 5)), id="ror, b is 0"),
        pytest.param(lambda: signals.ror(TwoByTwo(3, 4, 0, 5)), id="ror, c is 0"),
        pytest.param(
            lambda: signals.relative_reporting_ratio(TwoByTwo(0, 4, 0, 5)), id="rrr, no event"
        ),
        pytest.param(lambda: signals.chi_squared(TwoByTwo(0, 4, 0, 5)), id="chi2, no event"),
        pytest.param(lambda: signals.fisher_exact(TwoByTwo(0, 4, 0, 5)), id="fisher, no event"),
        pytest.param(lambda: signals.fisher_exact(TwoByTwo(0, 0, 4, 5)), id="fisher, no product"),
        pytest.param(lambda: shrinkage.information_component(3, 0), id="ic, none expected"),
        pytest.param(lambda: shrinkage.ebgm(3, 0, PRIOR), id="ebgm, none expected"),
        pytest.param(lambda: shrinkage.fit_prior([], []), id="prior of no cell"),
        pytest.param(lambda: shrinkage.fit_prior([2], [0]), id="prior of an unexpected cell"),
        pytest.param(lambda: charts.mean_rate([], []), id="mean rate, no period"),
        pytest.param(lambda: charts.mean_rate([0, 0], [0, 0]), id="mean rate, no unit"),
        pytest.param(lambda: charts.u_chart_limits(0, 5), id="u-chart, no event"),
        pytest.param(lambda: charts.u_chart_limits(1.2, 0), id="u-chart, no unit"),
        pytest.param(lambda: charts.funnel_limits(0, 100), id="funnel, no event"),
        pytest.param(lambda: charts.funnel_limits(0.1, 0), id="funnel, no exposure"),
        pytest.param(lambda: charts.widened_limits(0.1, 0, 0.1), id="wide funnel, no exposure"),
        pytest.param(lambda: charts.dispersion([], []), id="dispersion, no place"),
        pytest.param(lambda: charts.dispersion([3, 1], [2, 0]), id="dispersion, one place"),
        pytest.param(lambda: cusum.poisson_reference(0, 2), id="reference, one event tells"),
        pytest.param(lambda: cusum.poisson_reference(2, 2), id="reference, nothing to tell"),
        pytest.param(lambda: maxsprt.log_likelihood_ratio(1, 0), id="ratio, none expected"),
        pytest.param(lambda: maxsprt.critical_value(0.05), id="critical value, too short"),
        pytest.param(lambda: maxsprt.critical_value(1, 5), id="critical value, too many asked"),
        pytest.param(lambda: maxsprt.grouped_critical_value([]), id="critical value, no look"),
        pytest.param(lambda: lots.chance_of_at_least(1, 0), id="lot, none expected"),
        pytest.param(lambda: agreement.cohens_kappa([]), id="kappa, no finding"),
        pytest.param(lambda: agreement.cohens_kappa([("yes", "yes")] * 3), id="kappa, all alike"),
    ],
)
def test_what_cannot_be_computed_is_none(nothing: Callable[[], Any]) -> None:
    assert nothing() is None


def test_no_event_is_a_rate_of_zero_with_an_upper_limit() -> None:
    """Rates are per 1,000: none in 300 leaves 12.3 (two-sided; the rule of three says 10)."""
    found = rates.rate(0, 300)
    assert found is not None
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(12.2963, abs=1e-4)


def test_a_ratio_without_an_event_under_the_product_is_zero_without_limits() -> None:
    assert signals.prr(TwoByTwo(0, 5, 3, 4)) == Estimate(0.0, None, None)
    assert signals.ror(TwoByTwo(0, 5, 3, 4)) == Estimate(0.0, None, None)
    assert signals.ror(TwoByTwo(2, 5, 3, 0)) == Estimate(0.0, None, None)


def test_every_exposed_patient_with_the_event_still_has_a_prr() -> None:
    """All had it under both: 1, and no doubt about it."""
    assert signals.prr(TwoByTwo(5, 0, 7, 0)) == Estimate(1.0, 1.0, 1.0)


def test_a_rate_ratio_over_no_event_has_a_lower_limit_only() -> None:
    found = rates.rate_ratio(5, 100, 0, 100)
    assert found is not None
    assert (found.ratio.value, found.ratio.high) == (None, None)
    assert found.ratio.low == pytest.approx(0.9163, abs=1e-4)
    assert found.p_value == pytest.approx(2 / 32)


def test_a_rate_ratio_of_no_event_has_an_upper_limit() -> None:
    found = rates.rate_ratio(0, 100, 5, 100)
    assert found is not None
    assert (found.ratio.value, found.ratio.low) == (0.0, 0.0)
    assert found.ratio.high == pytest.approx(1 / 0.9163, abs=1e-4)


def test_without_an_event_nothing_is_known_about_clusters() -> None:
    found = rates.clustered_rate([0, 0, 0], [100, 100, 100])
    assert found == rates.ClusteredRate(rates.rate(0, 300) or Estimate(0, 0, 0), None, 3)


def test_one_patient_alone_has_a_rate_and_no_interval() -> None:
    found = rates.clustered_rate([4, 0], [20, 0])
    assert found == rates.ClusteredRate(Estimate(200.0, None, None), None, 1)


def test_one_patient_with_all_the_events_widens_the_interval() -> None:
    """Eight events in one of twenty patients are about one event, not eight."""
    spread = rates.clustered_rate([1] * 8 + [0] * 12, [10] * 20)
    heaped = rates.clustered_rate([8] + [0] * 19, [10] * 20)
    assert spread is not None
    assert heaped is not None
    assert spread.rate.value == heaped.rate.value == 40.0
    assert (spread.design_effect or 0) < 1 < (heaped.design_effect or 0)
    assert heaped.design_effect == pytest.approx(8.0)
    assert (spread.rate.high or 0) < (heaped.rate.high or 0)
    assert (spread.rate.low or 0) > (heaped.rate.low or 0)


def test_nothing_expected_and_nothing_seen_in_a_lot_is_certain() -> None:
    assert lots.chance_of_at_least(0, 0) == 1.0


def test_without_anything_seen_or_expected_the_weight_of_a_prior_stays() -> None:
    assert shrinkage.share_of_first(0, 0, PRIOR) == pytest.approx(PRIOR.weight)


def test_many_lots_never_make_a_chance_above_one() -> None:
    assert lots.chance_among(0.2, 200) == 1.0


def test_no_more_seen_than_expected_is_no_evidence() -> None:
    assert [maxsprt.log_likelihood_ratio(*pair) for pair in ((0, 0), (2, 2), (1, 5))] == [0, 0, 0]


def test_no_look_spends_nothing() -> None:
    assert maxsprt.grouped_signal_probability(3.0, []) == 0.0


def test_a_sum_of_nothing_is_no_signal() -> None:
    assert cusum.cusum_high([], 0.5, 5) == cusum.Cusum((), None)
    assert cusum.poisson_cusum([0, 0], [0, 0], 0.5, 5) == cusum.Cusum((0.0, 0.0), None)


def test_a_sum_signals_on_its_limit() -> None:
    assert cusum.cusum_high([5.5], 0.5, 5).signal_at == 1
    assert cusum.cusum_high([math.nextafter(5.5, 0)], 0.5, 5).signal_at is None


def test_the_funnel_without_overdispersion_is_the_exact_one() -> None:
    assert charts.widened_limits(0.01, 500, 0.0) == charts.funnel_limits(0.01, 500)


def test_places_exactly_as_expected_show_no_overdispersion() -> None:
    assert charts.dispersion([4, 9, 0], [4, 9, 0]) == charts.Dispersion(0.0, 0.0, 2)


def test_an_outlier_does_not_widen_the_limits_that_are_to_find_it() -> None:
    """Nineteen places as expected and one with nine times as many: it is drawn in to the tenth."""
    found = charts.dispersion([16] * 19 + [144], [16.0] * 20)
    assert found is not None
    assert found.between == 0.0


def test_overdispersion_by_hand() -> None:
    """Two places, 9 and 25 of 16 expected: z is -2 and 2, drawn in to -1.6 and 1.6.

    Ratio 2.56; between = (2 * 2.56 - 1) / (128 - 8192/128) = 4.12 / 64.
    """
    found = charts.dispersion([9, 25], [16.0, 16.0])
    assert found is not None
    assert found.ratio == pytest.approx(2.56)
    assert found.between == pytest.approx(4.12 / 64)
    limits = charts.widened_limits(1.0, 16.0, found.between)
    margin = 1.959964 * math.sqrt(1 / 64 + 4.12 / 64)
    assert limits is not None
    assert limits == pytest.approx((16 * (1 - margin) ** 2, 16 * (1 + margin) ** 2), rel=1e-6)


# ---------------------------------------------------------------- nonsense


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(lambda: rates.rate(-1, 5), id="negative count"),
        pytest.param(lambda: rates.rate(1, math.nan), id="exposure that is no number"),
        pytest.param(lambda: rates.rate(math.inf, 5), id="endless count"),
        pytest.param(lambda: rates.rate(1, 5, confidence=1), id="certainty"),
        pytest.param(lambda: rates.poisson_interval(1, 0), id="no confidence"),
        pytest.param(lambda: rates.clustered_rate([1], [1, 2]), id="one exposure too many"),
        pytest.param(lambda: rates.clustered_rate([1, 1], [0, 2]), id="event, no exposure"),
        pytest.param(lambda: rates.rate_ratio(1, 1, -1, 1), id="negative comparator"),
        pytest.param(lambda: TwoByTwo(1, 2, 3, -4), id="negative cell"),
        pytest.param(lambda: signals.prr(TwoByTwo(1, 2, 3, 4), 2), id="confidence of two"),
        pytest.param(lambda: signals.ror(TwoByTwo(0, 0, 0, 0), 2), id="whatever the counts"),
        pytest.param(lambda: shrinkage.information_component(1, -1.0), id="negative expected"),
        pytest.param(lambda: shrinkage.ebgm(1, 1, GammaMixture(0, 1, 1, 1, 0.5)), id="flat prior"),
        pytest.param(lambda: shrinkage.ebgm(1, 1, GammaMixture(1, 1, 1, 1, 1.5)), id="heavy prior"),
        pytest.param(lambda: shrinkage.fit_prior([1], [1.0, 2.0]), id="a cell too many"),
        pytest.param(lambda: charts.mean_rate([1], []), id="a period without units"),
        pytest.param(lambda: charts.dispersion([1], [1.0, 1.0]), id="a place without a count"),
        pytest.param(lambda: charts.widened_limits(1, 1, -0.1), id="negative variance"),
        pytest.param(lambda: cusum.cusum_high([1], 0.5, 0), id="no limit"),
        pytest.param(lambda: cusum.cusum_high([1], 0.5, 5, 5), id="start on the limit"),
        pytest.param(lambda: cusum.cusum_low([math.nan], 0.5, 5), id="value that is no number"),
        pytest.param(lambda: cusum.poisson_cusum([1], [0], 0.5, 5), id="event, no exposure then"),
        pytest.param(lambda: cusum.poisson_cusum([1], [], 0.5, 5), id="period, no exposure"),
        pytest.param(lambda: maxsprt.signal_probability(0, 5), id="no critical value"),
        pytest.param(lambda: maxsprt.signal_probability(3, 5, 0), id="signal without an event"),
        pytest.param(lambda: maxsprt.critical_value(5, 1, 1.0), id="alpha of one"),
        pytest.param(lambda: maxsprt.critical_value(0), id="no end"),
        pytest.param(lambda: maxsprt.grouped_critical_value([1, 1]), id="the same look twice"),
        pytest.param(lambda: maxsprt.grouped_critical_value([1], 1, 0), id="alpha of zero"),
        pytest.param(lambda: lots.chance_of_at_least(-1, 1), id="negative events"),
        pytest.param(lambda: lots.chance_among(0.5, 0), id="no lot looked at"),
        pytest.param(lambda: lots.chance_among(1.5, 1), id="chance above one"),
    ],
)
def test_nonsense_is_refused(asked: Callable[[], Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each message is a sentence of its own
        asked()


# ---------------------------------------------------------------- never NaN, never a traceback

whole = st.integers(0, 4) | st.integers(0, 10**7)
amount = st.sampled_from([0.0, 1e-12, 1e-3, 1.0]) | st.floats(1e-9, 1e9)


def _numbers(found: Any) -> Iterator[float]:
    if isinstance(found, tuple):
        for part in found:
            yield from _numbers(part)
    elif found is not None:
        yield found


@given(whole, amount, whole, amount)
def test_no_count_makes_a_nan_or_a_traceback(n: int, e: float, m: int, f: float) -> None:
    counts = TwoByTwo(n, m, m // 2, n // 3)
    found = [
        rates.rate(n, e),
        rates.rate_ratio(n, e, m, f),
        rates.clustered_rate([n if e else 0, m if f else 0], [e, f]),
        rates.rule_of_three(n),
        *(statistic(counts) for statistic in (signals.prr, signals.ror, signals.chi_squared)),
        signals.chi_squared(counts, is_corrected=True),
        signals.relative_reporting_ratio(counts),
        shrinkage.information_component(n, e),
        shrinkage.ebgm(n, e, PRIOR),
        charts.mean_rate([n, m], [e, f]),
        charts.u_chart_limits(e, f),
        charts.funnel_limits(min(e, 1e4), min(f, 1e4)),
        charts.dispersion([n, m], [e, f]),
        cusum.poisson_reference(e, f),
        maxsprt.log_likelihood_ratio(n, e),
        lots.chance_of_at_least(n, e),
    ]
    assert all(math.isfinite(number) for part in found for number in _numbers(part))


def test_what_is_loaded_with_every_run_is_not_the_slow_part_of_scipy() -> None:
    names = (
        "agreement",
        "charts",
        "cusum",
        "disproportionality",
        "lots",
        "maxsprt",
        "rates",
        "share_funnel",
        "shrinkage",
    )
    asked = f"import sys; from pipeline.statistics import {', '.join(names)}; "
    loaded = subprocess.run(
        [sys.executable, "-c", asked + "print('scipy.stats' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert loaded.stdout.strip() == "False"


def test_limits_are_pairs_that_unpack() -> None:
    low, high = Limits(1.0, 2.0)
    assert (low, high) == (1.0, 2.0)
