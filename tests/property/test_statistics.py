"""Rates, comparisons and signals against other libraries, brute force and common sense."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from drawn import examples
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import minimize
from statsmodels.stats.inter_rater import cohens_kappa as kappa_of_statsmodels
from statsmodels.stats.rates import confint_poisson

from pipeline.statistics import agreement, charts, cusum, lots, maxsprt, rates, shrinkage
from pipeline.statistics import disproportionality as signals
from pipeline.statistics.estimate import Estimate

few = st.integers(0, 60)
some = st.integers(1, 60)
exposure = st.floats(0.01, 1e5)
small_mean = st.floats(0.01, 40)
tables = st.builds(signals.TwoByTwo, few, few, few, few)
full_tables = st.builds(signals.TwoByTwo, some, some, some, some)
priors = st.builds(
    shrinkage.GammaMixture,
    *[st.floats(0.01, 20)] * 4,
    st.floats(0, 1),
)


def _known(estimate: Estimate | None) -> tuple[float, float, float]:
    """Return the value and the limits of an estimate that has all three."""
    assert estimate is not None
    value, low, high = estimate
    assert value is not None
    assert low is not None
    assert high is not None
    return value, low, high


# ---------------------------------------------------------------- rates


@given(few, st.sampled_from([0.8, 0.9, 0.95, 0.998]))
def test_the_limits_of_a_count_leave_out_their_tails(n: int, confidence: float) -> None:
    low, high = rates.poisson_interval(n, confidence)
    assert stats.poisson.cdf(n, high) == pytest.approx((1 - confidence) / 2)
    if n:
        assert stats.poisson.sf(n - 1, low) == pytest.approx((1 - confidence) / 2)
    assert low <= n < high


@given(some, exposure)
def test_the_interval_of_a_rate_is_that_of_statsmodels(n: int, exposed: float) -> None:
    _, low, high = _known(rates.rate(n, exposed))
    oracle = confint_poisson(n, exposed, method="exact-c")
    assert (low, high) == pytest.approx([1000 * limit for limit in oracle])


def test_the_limits_rise_with_the_count_and_part_with_the_confidence() -> None:
    every = [rates.poisson_interval(n) for n in range(200)]
    assert all(a.low < b.low and a.high < b.high for a, b in pairwise(every))
    inner, outer = rates.poisson_interval(5, 0.9), rates.poisson_interval(5, 0.99)
    assert outer.low < inner.low < inner.high < outer.high


patients = st.lists(st.tuples(st.integers(0, 8), st.floats(0.5, 50)), min_size=2, max_size=15)


@given(patients)
def test_a_clustered_rate_is_the_plain_one_with_limits_no_closer(
    seen: list[tuple[int, float]],
) -> None:
    events, exposures = [x for x, _ in seen], [e for _, e in seen]
    found, plain = rates.clustered_rate(events, exposures), rates.rate(sum(events), sum(exposures))
    assert found is not None
    value, low, high = _known(found.rate)
    plain_value, plain_low, plain_high = _known(plain)
    assert value == plain_value
    assert low <= plain_low * (1 + 1e-9)
    assert high >= plain_high * (1 - 1e-9)
    assert low <= value <= high


@pytest.mark.filterwarnings("ignore:Perfect separation")  # all patients alike: as it should be
@settings(max_examples=examples(25))
@given(patients)
def test_the_design_effect_is_that_of_a_regression_clustered_by_patient(
    seen: list[tuple[int, float]],
) -> None:
    events, exposures = np.array([x for x, _ in seen]), np.array([e for _, e in seen])
    assume(events.sum())
    model = sm.GLM(
        events, np.ones(len(seen)), family=sm.families.Poisson(), offset=np.log(exposures)
    )
    robust = model.fit(tol=1e-12, cov_type="HC0").bse[0] ** 2 * len(seen) / (len(seen) - 1)
    found = rates.clustered_rate(list(events), list(exposures))
    assert found is not None
    assert found.design_effect == pytest.approx(robust * events.sum(), rel=1e-6, abs=1e-9)


@given(patients, st.randoms(use_true_random=False))
def test_the_order_of_patients_and_those_without_exposure_do_not_matter(
    seen: list[tuple[int, float]], random: Any
) -> None:
    mixed = [*seen, (0, 0.0)]
    random.shuffle(mixed)
    one, other = (
        rates.clustered_rate([x for x, _ in rows], [e for _, e in rows]) for rows in (seen, mixed)
    )
    assert one is not None
    assert other is not None
    assert one.n_clusters == other.n_clusters
    assert [*one.rate, one.design_effect] == pytest.approx([*other.rate, other.design_effect])


def test_the_clustered_interval_holds_what_it_promises_where_the_exact_one_does_not() -> None:
    """Forty patients of twelve sessions whose own rates differ threefold: 1,000 seeded trials."""
    rng, true, n_held, n_held_plain, n = np.random.default_rng(20260101), 0.05, 0, 0, 1000
    for _ in range(n):
        own = rng.gamma(0.5, true / 0.5, 40)
        events = rng.poisson(12 * own)
        found = rates.clustered_rate([*map(int, events)], [12.0] * 40, per=1)
        plain = rates.rate(int(events.sum()), 480, per=1)
        assert found is not None
        _, low, high = _known(found.rate)
        _, plain_low, plain_high = _known(plain)
        n_held += low <= true <= high
        n_held_plain += plain_low <= true <= plain_high
    assert n_held / n > 0.92
    assert n_held_plain / n < 0.90


@given(few, exposure, few, exposure)
def test_a_rate_ratio_turned_round_is_its_inverse(n: int, e: float, m: int, f: float) -> None:
    one, other = rates.rate_ratio(n, e, m, f), rates.rate_ratio(m, f, n, e)
    assume(one is not None)
    assert one is not None
    assert other is not None
    assert one.p_value == pytest.approx(other.p_value, rel=1e-6, abs=1e-12)
    if n and m:
        value, low, high = _known(one.ratio)
        back, back_low, back_high = _known(other.ratio)
        assert (1 / value, 1 / high, 1 / low) == pytest.approx((back, back_low, back_high))


@given(few, few, st.floats(0.2, 5))
def test_a_rate_ratio_by_brute_force(n: int, m: int, ratio: float) -> None:
    """P doubles the smaller binomial tail; limits are the ratios at which a tail is 2.5 %."""
    found = rates.rate_ratio(n, ratio, m, 1.0)
    assume(found is not None)
    assert found is not None
    both, share = n + m, ratio / (ratio + 1)
    chances = stats.binom.pmf(range(both + 1), both, share)
    doubled = 2 * min(sum(chances[: n + 1]), sum(chances[n:]))
    assert found.p_value == pytest.approx(min(1.0, doubled), rel=1e-6)
    for limit, is_low in ((found.ratio.low, True), (found.ratio.high, False)):
        if limit:
            binomial = stats.binom(both, limit * ratio / (limit * ratio + 1))
            outside = binomial.sf(n - 1) if is_low else binomial.cdf(n)
            assert outside == pytest.approx(0.025, rel=1e-6)


@given(few, exposure, few, exposure)
def test_a_rate_ratio_is_significant_when_its_interval_leaves_out_one(
    n: int, e: float, m: int, f: float
) -> None:
    found = rates.rate_ratio(n, e, m, f)
    assume(found is not None)
    assert found is not None
    assume(abs(found.p_value - 0.05) > 1e-9)
    low, high = found.ratio.low or 0.0, found.ratio.high or math.inf
    assert (found.p_value < 0.05) is not (low <= 1 <= high)


@given(st.integers(3, 10_000))
def test_the_rule_of_three_is_no_lower_than_the_exact_limit(n: int) -> None:
    exact = 1 - 0.05 ** (1 / n)
    assert exact <= (rates.rule_of_three(n) or 0) < exact + 0.005 / n + 4.5 / n**2


# ---------------------------------------------------------------- two by two


@given(full_tables)
def test_ratios_turned_round_are_their_inverse(t: signals.TwoByTwo) -> None:
    turned = signals.TwoByTwo(t.c, t.d, t.a, t.b)
    for ratio in (signals.prr, signals.ror):
        value, low, high = _known(ratio(t))
        back, back_low, back_high = _known(ratio(turned))
        assert (1 / value, 1 / high, 1 / low) == pytest.approx((back, back_low, back_high))
        assert low <= value <= high
    assert signals.fisher_exact(t) == pytest.approx(signals.fisher_exact(turned))
    assert signals.chi_squared(t) == pytest.approx(signals.chi_squared(turned))


@given(full_tables)
def test_one_more_case_never_lowers_a_ratio(t: signals.TwoByTwo) -> None:
    more = signals.TwoByTwo(t.a + 1, t.b, t.c, t.d)
    assert _known(signals.prr(more))[0] > _known(signals.prr(t))[0]
    assert _known(signals.ror(more))[0] > _known(signals.ror(t))[0]


@given(full_tables)
def test_the_standard_error_of_prr_is_the_printed_one(t: signals.TwoByTwo) -> None:
    value, low, high = _known(signals.prr(t))
    se = math.sqrt(max(0.0, 1 / t.a - 1 / (t.a + t.b) + 1 / t.c - 1 / (t.c + t.d)))
    assert low == pytest.approx(value * math.exp(-1.959964 * se), rel=1e-5)
    assert high == pytest.approx(value * math.exp(1.959964 * se), rel=1e-5)


@given(tables)
def test_fisher_counts_the_tables_that_are_no_likelier(t: signals.TwoByTwo) -> None:
    found = signals.fisher_exact(t)
    exposed, events, total = int(t.a + t.b), int(t.a + t.c), int(t.total)
    if found is None:
        assert 0 in (exposed, t.c + t.d, events, t.b + t.d)
        return
    ways = {
        a: math.comb(exposed, a) * math.comb(total - exposed, events - a)
        for a in range(max(0, events - int(t.c + t.d)), min(exposed, events) + 1)
    }
    rare = sum(n for n in ways.values() if n <= ways[int(t.a)])
    assert found == pytest.approx(rare / math.comb(total, events), rel=1e-6)


@given(full_tables)
def test_chi_squared_is_its_short_formula(t: signals.TwoByTwo) -> None:
    margins = (t.a + t.b) * (t.c + t.d) * (t.a + t.c) * (t.b + t.d)
    apart = abs(t.a * t.d - t.b * t.c)
    assert signals.chi_squared(t) == pytest.approx(t.total * apart**2 / margins)
    yates = t.total * max(0.0, apart - t.total / 2) ** 2 / margins
    assert signals.chi_squared(t, is_corrected=True) == pytest.approx(yates, abs=1e-9)


@given(few, small_mean)
def test_the_limits_of_ic_leave_out_their_tails(observed: int, expected: float) -> None:
    value, low, high = _known(shrinkage.information_component(observed, expected))
    gamma = stats.gamma(observed + 0.5, scale=1 / (expected + 0.5))
    assert gamma.cdf(2**low) == pytest.approx(0.025)
    assert gamma.cdf(2**high) == pytest.approx(0.975)
    assert low < value < high
    more = _known(shrinkage.information_component(observed + 1, expected))
    assert more > (value, low, high)
    assert all(a > b for a, b in zip(more, (value, low, high), strict=True))


@given(st.integers(0, 2), st.floats(1e-9, 100))
def test_two_events_never_make_an_ic_signal(observed: int, expected: float) -> None:
    assert _known(shrinkage.information_component(observed, expected))[1] < 0


@given(few, small_mean, priors)
def test_the_limits_of_ebgm_leave_out_their_tails(
    observed: int, expected: float, prior: shrinkage.GammaMixture
) -> None:
    first, second = (
        stats.gamma(shape + observed, scale=1 / (rate + expected))
        for shape, rate in (prior[:2], prior[2:4])
    )
    chances = [
        share * stats.nbinom.pmf(observed, shape, rate / (rate + expected))
        for share, shape, rate in (
            (prior.weight, *prior[:2]),
            (1 - prior.weight, *prior[2:4]),
        )
    ]
    weight = chances[0] / sum(chances)
    assert shrinkage.share_of_first(observed, expected, prior) == pytest.approx(weight, abs=1e-9)
    value, low, high = _known(shrinkage.ebgm(observed, expected, prior))
    assert low <= high
    assert value > 0
    for limit, chance in ((low, 0.05), (high, 0.95)):
        below = weight * first.cdf(limit) + (1 - weight) * second.cdf(limit)
        assert below == pytest.approx(chance, abs=1e-6)


@given(st.integers(10, 60), st.floats(0.1, 3))
def test_ebgm_draws_a_high_ratio_down_and_less_so_with_more_behind_it(
    observed: int, expected: float
) -> None:
    prior = shrinkage.OPENEBGM_EXAMPLE
    plain = observed / expected
    assume(plain > 12)
    once = _known(shrinkage.ebgm(observed, expected, prior))[0]
    tenfold = _known(shrinkage.ebgm(10 * observed, 10 * expected, prior))[0]
    assert once < tenfold < plain


def test_a_fitted_prior_is_likelier_than_the_one_the_counts_were_drawn_from() -> None:
    rng = np.random.default_rng(7)
    true = shrinkage.GammaMixture(2.0, 0.5, 4.0, 5.0, 0.2)
    expected = rng.gamma(1, 3, 800)
    is_first = rng.random(800) < true.weight
    ratio = np.where(is_first, rng.gamma(2, 2, 800), rng.gamma(4, 0.2, 800))
    observed = rng.poisson(ratio * expected)

    def surprise(prior: shrinkage.GammaMixture) -> float:
        chances = sum(
            share * stats.nbinom.pmf(observed, shape, rate / (rate + expected))
            for share, shape, rate in (
                (prior.weight, prior.alpha_1, prior.beta_1),
                (1 - prior.weight, prior.alpha_2, prior.beta_2),
            )
        )
        return -float(np.log(chances).sum())

    found = shrinkage.fit_prior([*map(int, observed)], [*map(float, expected)])
    assert found is not None
    assert surprise(found) < surprise(true)
    other = minimize(
        lambda free: surprise(shrinkage.GammaMixture._make([*np.exp(free[:4]), free[4]])),
        [*np.log(true[:4]), true.weight],
        method="Nelder-Mead",
        options={"maxiter": 4000, "xatol": 1e-5, "fatol": 1e-5},
    )
    assert surprise(found) == pytest.approx(float(other.fun), abs=0.02)


# ---------------------------------------------------------------- charts


@given(small_mean, st.sampled_from([0.95, 0.998]))
def test_beyond_the_funnel_lies_at_most_its_tail(expected: float, confidence: float) -> None:
    limits = charts.funnel_limits(expected / 100, 100, confidence)
    assert limits is not None
    outside = (1 - confidence) / 2
    below = stats.poisson.pmf(range(int(limits.low)), expected).sum()
    above = 1 - stats.poisson.pmf(range(int(limits.high) + 1), expected).sum()
    assert below <= outside + 1e-9
    assert above <= outside + 1e-9
    assert below + stats.poisson.pmf(limits.low, expected) >= outside - 1e-9
    assert above + stats.poisson.pmf(limits.high, expected) >= outside - 1e-9
    assert limits == tuple(stats.poisson.ppf([outside, 1 - outside], expected / 100 * 100))


@given(small_mean, st.floats(0, 2), st.floats(0, 2))
def test_more_between_places_never_narrows_the_funnel(
    expected: float, one: float, other: float
) -> None:
    found = [charts.widened_limits(expected, 1, tau) for tau in (0.0, *sorted((one, other)))]
    assert found[0] == charts.funnel_limits(expected, 1)
    for narrow, wide in pairwise(found):
        assert narrow is not None
        assert wide is not None
        assert wide.low <= narrow.low
        assert wide.high >= narrow.high


def test_places_that_differ_by_chance_alone_show_no_more_and_others_do() -> None:
    """Four hundred places, seeded: a true spread of 0.25 on the root's scale is found."""
    rng = np.random.default_rng(11)
    expected = rng.uniform(20, 200, 400)
    alike = charts.dispersion([*map(int, rng.poisson(expected))], [*map(float, expected)])
    own = np.maximum(0, 1 + 0.25 * rng.standard_normal(400)) ** 2
    apart = charts.dispersion([*map(int, rng.poisson(expected * own))], [*map(float, expected)])
    assert alike is not None
    assert apart is not None
    assert alike.between < 0.001
    assert 0.15 < math.sqrt(apart.between) < 0.27
    assert alike.ratio < 1.1 < apart.ratio


@given(small_mean, st.floats(0.1, 1000))
def test_the_u_chart_is_centred_unless_it_meets_zero(mean: float, units: float) -> None:
    limits = charts.u_chart_limits(mean, units)
    assert limits is not None
    assert 0 <= limits.low < mean < limits.high
    if limits.low:
        assert limits.low + limits.high == pytest.approx(2 * mean)


# ---------------------------------------------------------------- sequential


@given(st.lists(st.integers(0, 9), max_size=30), st.floats(0.1, 5), st.floats(1, 20))
def test_a_sum_agrees_with_a_dull_loop(values: list[int], reference: float, limit: float) -> None:
    total, sums, at = 0.0, [], None
    for n, value in enumerate(values, 1):
        total = total + value - reference
        if total < 0:
            total = 0.0
        sums.append(total)
        if at is None and total >= limit:
            at = n
    found = cusum.cusum_high(values, reference, limit)
    assert found.sums == pytest.approx(sums)
    assert found.signal_at == at
    mirrored = cusum.cusum_low([-v for v in values], -reference, limit)
    assert mirrored.sums == pytest.approx(sums)
    steady = cusum.poisson_cusum(values, [1.0] * len(values), reference, limit)
    assert steady == found


@given(st.floats(0.01, 50), st.floats(0.01, 50))
def test_a_reference_value_lies_between_its_means(usual: float, raised: float) -> None:
    found = cusum.poisson_reference(usual, raised)
    if found is None:
        assert usual == raised
    else:
        assert min(usual, raised) <= found * (1 + 1e-9)
        assert found <= max(usual, raised) * (1 + 1e-9)
        assert found == pytest.approx(cusum.poisson_reference(raised, usual))


def _no_early_event(bounds: list[Fraction]) -> Fraction:
    """Return the chance that the i-th smallest of uniform numbers is above its bound, each i.

    Integrates polynomials exactly, from the smallest on: none of it is a step of the program.
    """
    n = len(bounds)
    # density of the i-th ordered number at u, given that all up to it kept their bounds:
    # piecewise polynomials between the sorted bounds, by coefficient
    knots = sorted({*bounds, Fraction(0), Fraction(1)})
    pieces = {a: [Fraction(1)] for a, _ in pairwise(knots)}
    for i, bound in enumerate(bounds):
        pieces = {a: (p if a >= bound else [Fraction(0)]) for a, p in pieces.items()}
        so_far, summed = Fraction(0), {}
        for a, b in pairwise(knots):
            grown = [Fraction(0)] + [c / (k + 1) for k, c in enumerate(pieces[a])]
            at_a, at_b = (sum(c * x**k for k, c in enumerate(grown)) for x in (a, b))
            summed[a] = [grown[0] + so_far - at_a, *grown[1:]]
            so_far += at_b - at_a
        pieces = summed
        if i == n - 1:
            return so_far * math.factorial(n)
    return Fraction(1)


@pytest.mark.parametrize(
    ("at_end", "least", "critical"),
    [(1.0, 1, 2.0), (1.0, 1, 2.853937), (0.5, 2, 1.0), (2.0, 2, 1.5), (2.0, 1, 3.046977)],
)
def test_the_chance_of_a_signal_by_ordered_uniform_times(
    at_end: float, least: int, critical: float
) -> None:
    """Given their number, events come at ordered uniform times: no step is shared."""
    quiet = 0.0
    for n in range(13):
        bounds = [Fraction(0)] * min(n, least - 1)
        for i in range(least, n + 1):
            latest = _latest(i, critical, at_end)
            bounds.append(Fraction(latest / at_end).limit_denominator(10**9))
        quiet += stats.poisson.pmf(n, at_end) * float(_no_early_event(bounds))
    assert maxsprt.signal_probability(critical, at_end, least) == pytest.approx(1 - quiet, abs=1e-6)


def _latest(n: int, critical: float, at_end: float) -> float:
    """Return, by halving, up to when so many events reach the critical value."""
    low, high = 0.0, float(n)
    for _ in range(60):
        middle = (low + high) / 2
        ratio = middle - n + n * math.log(n / middle)
        low, high = (middle, high) if ratio >= critical else (low, middle)
    return min(low, at_end)


def test_the_chance_of_a_signal_by_trial() -> None:
    """Twenty thousand seeded courses of events at the critical value of 5 expected: 5 %."""
    rng, n_signals, trials = np.random.default_rng(5), 0, 20_000
    critical = maxsprt.critical_value(5.0, 2)
    assert critical is not None
    for _ in range(trials):
        times = np.cumsum(rng.exponential(1.0, 30))
        n_signals += any(
            time <= 5 and n > time and time - n + n * math.log(n / time) >= critical
            for n, time in enumerate(times, 1)
            if n >= 2
        )
    assert n_signals / trials == pytest.approx(0.05, abs=0.005)


def test_a_critical_value_rises_with_the_end_and_falls_with_the_least_number() -> None:
    by_end = [maxsprt.critical_value(end) or 0 for end in (0.5, 1.0, 3.0, 10.0, 30.0)]
    by_least = [maxsprt.critical_value(10.0, least) or 0 for least in range(1, 9)]
    by_alpha = [maxsprt.critical_value(10.0, 1, alpha) or 0 for alpha in (0.2, 0.05, 0.01, 0.001)]
    assert all(a < b for a, b in pairwise(by_end))
    assert all(a > b for a, b in pairwise(by_least))
    assert all(a < b for a, b in pairwise(by_alpha))


@given(st.lists(st.floats(0.1, 1.5), min_size=1, max_size=3), st.integers(1, 3), st.floats(0.5, 3))
@settings(max_examples=examples(30))
def test_looks_in_groups_by_counting_every_course(
    steps: list[float], least: int, critical: float
) -> None:
    looks = [sum(steps[: n + 1]) for n in range(len(steps))]
    quiet = 0.0
    for counts in product(range(16), repeat=len(steps)):
        totals = [sum(counts[: n + 1]) for n in range(len(steps))]
        is_quiet = all(
            n < least or n <= mu or mu - n + n * math.log(n / mu) < critical
            for n, mu in zip(totals, looks, strict=True)
        )
        if is_quiet:
            pairs = zip(counts, steps, strict=True)
            quiet += math.prod(math.exp(-mu) * mu**n / math.factorial(n) for n, mu in pairs)
    found = maxsprt.grouped_signal_probability(critical, looks, least)
    assert found == pytest.approx(1 - quiet, abs=1e-6)
    assert found <= maxsprt.signal_probability(critical, looks[-1], least) + 1e-9


@given(st.lists(st.floats(0.1, 3), min_size=1, max_size=6), st.sampled_from([0.05, 0.01]))
@settings(max_examples=examples(30))
def test_looks_in_groups_spend_what_they_may_and_no_more(steps: list[float], alpha: float) -> None:
    looks = [sum(steps[: n + 1]) for n in range(len(steps))]
    found = maxsprt.grouped_critical_value(looks, 1, alpha)
    assert found is not None
    assert maxsprt.grouped_signal_probability(found, looks) <= alpha
    lower = math.nextafter(found * (1 - 1e-9), 0)
    below = [r for mu in looks for n in range(60) if (r := _ratio(n, mu)) < lower and r > 0]
    if below:
        assert maxsprt.grouped_signal_probability(max(below), looks) > alpha


def _ratio(n: int, mu: float) -> float:
    return mu - n + n * math.log(n / mu) if n > mu else 0.0


# ---------------------------------------------------------------- lots, reviewers


@given(st.integers(1, 20), small_mean)
def test_a_cluster_is_as_likely_as_its_tail(n: int, expected: float) -> None:
    found = lots.chance_of_at_least(n, expected)
    below = sum(stats.poisson.pmf(k, expected) for k in range(n))
    assert found == pytest.approx(1 - below, abs=1e-9)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), max_size=30))
def test_kappa_is_that_of_statsmodels(pairs: list[tuple[str, str]]) -> None:
    found = agreement.cohens_kappa(pairs)
    if found is None:
        assert len({answer for pair in pairs for answer in pair}) <= 1
        return
    table = np.zeros((3, 3))
    for one, other in pairs:
        table["abc".index(one), "abc".index(other)] += 1
    assert found == pytest.approx(kappa_of_statsmodels(table, return_results=False), abs=1e-12)
    assert found == pytest.approx(agreement.cohens_kappa([(b, a) for a, b in pairs]))


@given(patients=st.lists(st.tuples(st.integers(0, 9), st.integers(1, 60)), min_size=1, max_size=20))
def test_a_rate_of_sums_is_that_of_its_patients(patients: list[tuple[int, int]]) -> None:
    counts, exposures = [x for x, _ in patients], [e for _, e in patients]
    sums = rates.PatientSums(
        n_events=sum(counts),
        units=sum(exposures),
        n_patients=len(patients),
        events_squared=sum(x * x for x in counts),
        events_by_units=sum(x * e for x, e in patients),
        units_squared=sum(e * e for e in exposures),
    )
    whole, summed = rates.clustered_rate(counts, exposures), rates.clustered_rate_of(sums)
    assert whole is not None
    assert summed is not None
    assert summed.n_clusters == whole.n_clusters
    assert summed.rate == pytest.approx(whole.rate)
    assert summed.design_effect == (
        None if whole.design_effect is None else pytest.approx(whole.design_effect, abs=1e-9)
    )
