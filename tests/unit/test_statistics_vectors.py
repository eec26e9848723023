"""Every printed figure of the safety reference, part C.3, to the digits it is printed with.

One test per vector, named for the group, its source and the vector. A vector whose figures are
not all computed here fails, so none is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.statistics import charts, cusum, lots, maxsprt, rates, shrinkage
from pipeline.statistics import disproportionality as signals

Vector = dict[str, Any]
Figures = Mapping[str, Any]

PRINTED: dict[str, Any] = yaml.load(
    (Path(__file__).parents[1] / "signal_vectors.yaml").read_text("utf-8"),
    Loader=yaml.BaseLoader,  # noqa: S506 - the base loader builds text only, digits as printed
)
VECTORS: dict[str, Any] = PRINTED["vectors"]

COUNTS = {"x", "n", "c", "N", "O", "T", "M", "a", "b", "d", "count", "inspected", "exposures"}
WORDS = {"id", "src", "note", "status"}
OPENEBGM_MARGIN = Decimal("0.011")  # E is printed to 8 decimals: see the note of the group


def _ic(v: Vector) -> Figures:
    found = shrinkage.information_component(int(v["O"]), float(v["E"]))
    assert found is not None
    return {"ic": found.value, "lo": found.low, "hi": found.high}


def _two_by_two(v: Vector) -> Figures:
    counts = signals.TwoByTwo(*(int(v[name]) for name in "abcd"))
    expected = counts.expected
    prr, ror = signals.prr(counts), signals.ror(counts)
    assert expected is not None
    assert prr is not None
    assert ror is not None
    ic = shrinkage.information_component(counts.a, expected)
    assert ic is not None
    return {
        "E": expected,
        "RRR": signals.relative_reporting_ratio(counts),
        "PRR": prr.value,
        "PRR_lo": prr.low,
        "PRR_hi": prr.high,
        "ROR": ror.value,
        "ROR_lo": ror.low,
        "ROR_hi": ror.high,
        "IC": ic.value,
        "IC_lo": ic.low,
        "IC_hi": ic.high,
        "chi2": signals.chi_squared(counts),
        "yates": signals.chi_squared(counts, is_corrected=True),
        "fisher": signals.fisher_exact(counts),
    }


def _ebgm(v: Vector) -> Figures:
    prior = shrinkage.GammaMixture(*map(float, VECTORS["ebgm"]["theta"]))
    found = shrinkage.ebgm(int(v["N"]), float(v["E"]), prior)
    assert found is not None
    share = shrinkage.share_of_first(int(v["N"]), float(v["E"]), prior)
    return {"EBGM": found.value, "EB05": found.low, "EB95": found.high, "Q": share}


def _maxsprt_cv(v: Vector) -> Figures:
    return {"cv": maxsprt.critical_value(float(v["T"]), int(v["M"]), 0.05)}


def _maxsprt_llr(v: Vector) -> Figures:
    return {"llr": maxsprt.log_likelihood_ratio(int(v["c"]), float(v["mu"]))}


def _montgomery(v: Vector) -> Figures:
    values, target, allowance = [*map(float, v["x"])], float(v["target"]), float(v["K"])
    high = cusum.cusum_high(values, target + allowance, float(v["H"]))
    low = cusum.cusum_low(values, target - allowance, float(v["H"]))
    assert high.signal_at == low.signal_at
    return {"SH": high.sums, "SL": low.sums, "signal_at": high.signal_at}


def _lucas(v: Vector) -> Figures:
    values, reference, limit = [*map(float, v["x"])], float(v["k"]), float(v["h"])
    plain = cusum.cusum_high(values, reference, limit)
    quick = cusum.cusum_high(values, reference, limit, start=float(v["fir_start"]))
    return {
        "S": plain.sums,
        "signal_at": plain.signal_at,
        "S_fir": quick.sums,
        "fir_signal_at": quick.signal_at,
        "fir_start": limit / 2,
    }


def _poisson_k(v: Vector) -> Figures:
    return {"k": cusum.poisson_reference(float(v["l0"]), float(v["l1"]))}


def _u_chart(v: Vector) -> Figures:
    limits = charts.u_chart_limits(float(v["ubar"]), float(v["n"]))
    assert limits is not None
    return {"ucl": limits.high, "lcl": limits.low}


def _u_bar(v: Vector) -> Figures:
    return {"u": charts.mean_rate([int(v["count"])], [int(v["inspected"])])}


def _funnel(v: Vector) -> Figures:
    target = float(Fraction(VECTORS["funnel_octagam"]["target_per_infusion"]))
    inner = charts.funnel_limits(target, int(v["n"]))
    outer = charts.funnel_limits(target, int(v["n"]), charts.WIDE)
    assert inner is not None
    assert outer is not None
    return {"lo95": inner.low, "hi95": inner.high, "lo998": outer.low, "hi998": outer.high}


def _poisson_exact(v: Vector) -> Figures:
    limits = rates.poisson_interval(int(v["x"]))
    return {"lo": limits.low, "hi": limits.high}


def _rule_of_three(v: Vector) -> Figures:
    return {"upper95": rates.rule_of_three(int(v["n"]))}


def _lot_cluster(v: Vector) -> Figures:
    expected = int(v["exposures"]) * float(v["background_per_exposure"])
    return {"mu": expected, "p_ge_x": lots.chance_of_at_least(int(v["x"]), expected)}


# Two critical values whose last digit the reference rounds up: what the source itself holds
# (SEQUENTIAL, the table in CV.Poisson, here to eight decimals), by T and M.
OF_THE_SOURCE = {("2", "1"): "3.04697746", ("20", "10"): "2.71713745"}


CHECKS: dict[str, tuple[str, Callable[[Vector], Figures], set[str]]] = {
    # group: source, how it is computed, which of its figures are given rather than computed
    "ic": ("PVDA", _ic, {"E"}),
    "two_by_two": ("KD_SICKKIDS PVDA FPHAR22", _two_by_two, set()),
    "ebgm": ("OPENEBGM", _ebgm, {"E"}),
    "maxsprt_cv_alpha05": ("SEQUENTIAL", _maxsprt_cv, set()),
    "maxsprt_llr": ("SEQUENTIAL", _maxsprt_llr, {"mu"}),
    "cusum_montgomery_16_6": ("MR16_6", _montgomery, {"target", "K", "H"}),
    "cusum_lucas": ("LUCAS", _lucas, {"k", "h"}),
    "cusum_poisson_k": ("LUCAS", _poisson_k, {"l0", "l1"}),
    "u_chart": ("UCHART", _u_chart, {"ubar"}),
    "u_bar_calc": ("UCHART", _u_bar, set()),
    "funnel_octagam": ("FUNNEL OCTNIS24", _funnel, set()),
    "poisson_exact": ("recalled", _poisson_exact, set()),
    "rule_of_three": ("recalled", _rule_of_three, set()),
    "lot_cluster": ("derived", _lot_cluster, {"background_per_exposure"}),
}
# what stands beside the rows of a group and is used by each of them
SHARED = {"ebgm": {"note", "theta"}, "funnel_octagam": {"target_per_infusion"}}


def _rows(group: str) -> list[Vector]:
    printed = VECTORS[group]
    if isinstance(printed, list):
        return printed
    rows: list[Vector] = printed.get("rows", [printed])
    return rows


def _each() -> Iterator[Any]:
    for group, (source, _, _) in CHECKS.items():
        for n, vector in enumerate(_rows(group), 1):
            name = vector.get("id", n)
            yield pytest.param(group, vector, id=f"{group}-{name}-from {source}")


def _agrees(printed: Any, found: Any, margin: Decimal | None) -> bool:
    if isinstance(printed, list):
        pairs = zip(printed, found, strict=True)
        return all(_agrees(one, other, margin) for one, other in pairs)
    if printed == "null" or found is None:
        return printed == "null" and found is None
    figure = Decimal(printed)
    exponent = figure.as_tuple().exponent
    assert isinstance(exponent, int)
    half = Decimal("0.5").scaleb(exponent) if margin is None else margin
    # a float may stand for a hair beside the half that was rounded
    return abs(figure - Decimal(repr(float(found)))) <= half + Decimal("1e-12")


@pytest.mark.parametrize(("group", "vector"), list(_each()))
def test_a_printed_figure_is_reproduced(group: str, vector: Vector) -> None:
    _, compute, given = CHECKS[group]
    figures = compute(vector)
    computed = set(vector) - given - (COUNTS - set(figures)) - WORDS
    assert computed, "a vector without a figure of its own tests nothing"
    if group == "maxsprt_cv_alpha05" and (vector["T"], vector["M"]) in OF_THE_SOURCE:
        exact = OF_THE_SOURCE[vector["T"], vector["M"]]
        assert abs(Decimal(exact) - Decimal(vector["cv"])) < Decimal("1e-6")
        vector = {**vector, "cv": exact}
    for name in sorted(computed):
        margin = OPENEBGM_MARGIN if group == "ebgm" and name != "Q" else None
        assert _agrees(vector[name], figures[name], margin), (name, vector[name], figures[name])


def test_no_group_of_vectors_is_forgotten() -> None:
    assert set(CHECKS) == set(VECTORS)


def test_nothing_beside_the_rows_of_a_group_is_forgotten() -> None:
    beside = {g: set(v) - {"rows"} for g, v in VECTORS.items() if "rows" in v}
    assert beside == SHARED


def test_all_vectors_are_counted() -> None:
    """Thirty figures of sequential tests alone: a copy that lost some would pass otherwise."""
    assert {group: len(_rows(group)) for group in CHECKS} == {
        **dict.fromkeys(CHECKS, 1),
        "ic": 4,
        "two_by_two": 7,
        "ebgm": 6,
        "maxsprt_cv_alpha05": 26,
        "maxsprt_llr": 3,
        "funnel_octagam": 4,
    }


PRIVIGEN = signals.TwoByTwo(8, 40, 7, 244)


def test_privigen_against_the_other_two_in_the_toronto_kawasaki_series() -> None:
    """KD_SICKKIDS: 8 of 48 against 4 of 121 and 3 of 130, as the issue rounds the figures."""
    prr, ror = signals.prr(PRIVIGEN), signals.ror(PRIVIGEN)
    ic = shrinkage.information_component(PRIVIGEN.a, PRIVIGEN.expected or 0)
    assert prr is not None
    assert [round(x, 2) for x in prr if x is not None] == [5.98, 2.27, 15.71]
    assert ror is not None
    assert round(ror.value or 0, 2) == 6.97
    assert ic is not None
    assert round(ic.value or 0, 2) == 1.55
    assert round(signals.fisher_exact(PRIVIGEN) or 0, 4) == 0.0007


def test_among_two_hundred_lots_the_cluster_is_as_rare_as_its_note_says() -> None:
    """The note of the derived vector: 200 lots looked at make 1.3e-05 a 0.0026."""
    found = lots.chance_of_at_least(3, 0.04306)
    assert found is not None
    assert round(lots.chance_among(found, 200), 4) == 0.0026


def test_the_notes_on_ic_hold() -> None:
    """PVDA: no IC025 above 0 for two events, whatever is expected; three need E < 0.345."""
    for observed, expected, is_above in ((2, 1e-9, False), (3, 0.344, True), (3, 0.346, False)):
        found = shrinkage.information_component(observed, expected)
        assert found is not None
        assert found.low is not None
        assert (found.low > 0) is is_above


@pytest.mark.parametrize(
    ("n", "exposure", "per", "printed"),
    [
        pytest.param(8, 11907, 100, (0.067, 0.029, 0.132), id="aseptic meningitis-BHARATH15"),
        pytest.param(337, 313045, 1000, (1.08, 0.96, 1.20), id="haemolysis-WINIECKI15"),
    ],
)
def test_published_rates_with_exact_intervals(
    n: int, exposure: int, per: int, printed: tuple[float, ...]
) -> None:
    """Part A.2 of the reference."""
    found = rates.rate(n, exposure, per=per)
    digits = len(str(printed[0]).split(".")[1])
    assert found is not None
    assert [round(x, digits) for x in found if x is not None] == list(printed)


# Published errors: what is wrong, and that we differ.


def _badprr() -> None:
    wrong = (PRIVIGEN.a / (PRIVIGEN.c + PRIVIGEN.d)) / (PRIVIGEN.c / (PRIVIGEN.a + PRIVIGEN.b))
    found = signals.prr(PRIVIGEN)
    assert round(wrong, 4) == 0.2186
    assert found is not None
    assert found.value == pytest.approx(5.976, abs=5e-4)


def _badebgm() -> None:
    """The ratio under that name is the plain one; ours is shrunk below it."""
    plain = signals.relative_reporting_ratio(PRIVIGEN)
    found = shrinkage.ebgm(PRIVIGEN.a, PRIVIGEN.expected or 0, shrinkage.OPENEBGM_EXAMPLE)
    total = PRIVIGEN.a + PRIVIGEN.b + PRIVIGEN.c + PRIVIGEN.d
    wrong = PRIVIGEN.a * total / ((PRIVIGEN.a + PRIVIGEN.b) * (PRIVIGEN.a + PRIVIGEN.c))
    assert plain == pytest.approx(wrong)
    assert found is not None
    assert found.value is not None
    assert found.value < wrong


ERRORS: dict[str, Callable[[], None]] = {"BADPRR": _badprr, "BADEBGM": _badebgm}
NOT_ARITHMETIC = {
    "BADJ": "a billing code: products",
    "BADRATE": "an initial rate that is a maximum: product labels",
    "BADICD": "invented diagnosis codes: code lists",
}


@pytest.mark.parametrize("key", sorted(ERRORS))
def test_a_published_error_is_not_copied(key: str) -> None:
    ERRORS[key]()


def test_every_published_error_has_its_place() -> None:
    listed = {row["key"] for row in PRINTED["published_errors"]}
    assert listed == set(ERRORS) | set(NOT_ARITHMETIC)


def test_the_standard_error_of_prr_subtracts_both_of_its_terms() -> None:
    """The trap of part C.2: with 1/(c+d) added the interval would be 2.27 to 15.76."""
    found = signals.prr(PRIVIGEN)
    assert found is not None
    assert round(found.high or 0, 4) == 15.7058


def test_the_rifabutin_figure_of_the_literature_is_no_prr() -> None:
    """556 was printed; it is the relative reporting ratio, and PRR is 585.2."""
    counts = signals.TwoByTwo(41, 14, 754, 591204)
    prr, plain = signals.prr(counts), signals.relative_reporting_ratio(counts)
    assert prr is not None
    assert round(prr.value or 0, 1) == 585.2
    assert plain is not None
    assert round(plain, 1) == 555.1
