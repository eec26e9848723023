"""XmR: limits in exact arithmetic, four rules in their order, and the bugs others had.

Series are drawn by their places: `.` on the mean, `+` above it, `^` near the upper limit, `!`
beyond it; `-`, `v` and `?` the same below.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.statistics.xmr import BASELINE, Usual, assurance, marks, usual

TOLD = Usual(Fraction(0), Fraction(-9), Fraction(9))
HEIGHT = {".": 0, "+": 1, "^": 7, "!": 10, "-": -1, "v": -7, "?": -10}
LETTER = {"outside": "o", "trend": "t", "two_of_three": "n", "one_side": "s", None: "."}


def marked(series: str) -> str:
    found = marks([Fraction(HEIGHT[letter]) for letter in series], TOLD)
    return "".join(LETTER[mark and mark.rule] for mark in found)


@pytest.mark.parametrize(
    ("series", "found"),
    [
        ("..!..", "..o.."),
        ("..?..", "..o.."),
        ("+.+.+.+", "......."),
        # seven on one side, six are not enough, a point on the mean ends a run
        ("++++++", "......"),
        ("+-+++++++-", "..sssssss."),
        ("+++.++++", "........"),
        ("-------", "sssssss"),
        # two of three near the limit on the same side; the third may be anywhere
        ("^^.", "nn."),
        ("^.^", "n.n"),
        ("^-^", "n.n"),
        ("^..^", "...."),
        ("vv", ".."),
        ("v+v", "n.n"),
        # one beyond the limit is near it too: outside goes before
        ("!^.", "on."),
        # two of three across opposite sides is none (NHSRplotthedots #143)
        ("^v.", "..."),
        ("v.^", "..."),
        ("^v^", "n.n"),
        # a run of seven with one beyond the limit, and with two near it
        ("+++!+++", "sssosss"),
        ("++^^+++", "ssnnsss"),
    ],
)
def test_a_point_is_marked_by_the_first_rule_that_holds(series: str, found: str) -> None:
    assert marked(series) == found


def test_a_trend_across_the_mean_is_one() -> None:
    """NHSRplotthedots #171."""
    found = marks([Fraction(n) for n in (-3, -2, -1, 0, 1, 2, 3)], TOLD)
    assert [mark and mark.rule for mark in found] == ["trend"] * 7


def test_six_rising_points_or_two_alike_are_no_trend() -> None:
    assert marks([Fraction(n) for n in (-3, -2, -1, 0, 1, 2)], TOLD) == [None] * 6
    assert marks([Fraction(n) for n in (-3, -2, -1, 0, 0, 1, 2, 3)], TOLD) == [None] * 8


@pytest.mark.parametrize(("sign", "way"), [(1, "high"), (-1, "low")])
def test_a_trend_has_the_way_it_goes_and_not_the_side_it_lies_on(sign: int, way: str) -> None:
    """NHSRplotthedots #167: a rising trend below the mean was coloured as a fall."""
    for start in (-8, -3, 1):
        rising = [Fraction(start + step) for step in range(7)]
        found = marks(rising[::sign], TOLD)
        assert {mark and (mark.rule, mark.way) for mark in found} == {("trend", way)}


def test_a_trend_goes_before_near_and_one_side_and_after_outside() -> None:
    found = marks([Fraction(n) for n in (1, 2, 3, 4, 7, 8, 10)], TOLD)
    assert [mark and mark.rule for mark in found] == ["trend"] * 6 + ["outside"]


def test_a_point_on_a_limit_is_within_and_one_at_two_thirds_is_not_near() -> None:
    assert marks([Fraction(9), Fraction(0), Fraction(-9)], TOLD) == [None] * 3
    assert marks([Fraction(6), Fraction(6), Fraction(0)], TOLD) == [None] * 3
    beyond = Fraction(9) + Fraction(1, 10**12)
    assert [mark and mark.rule for mark in marks([beyond], TOLD)] == ["outside"]


def test_limits_are_the_mean_and_2_66_mean_moving_ranges_of_the_first_twelve() -> None:
    values = [Fraction(n) for n in (10, 12) * 6] + [Fraction(1000)] * 5
    # mean 11, eleven ranges of 2: 11 - 5.32 and 11 + 5.32, whatever comes later
    assert usual(values) == Usual(Fraction(11), Fraction(568, 100), Fraction(1632, 100))


def test_thirds_are_exact() -> None:
    values = [Fraction(1, 3), Fraction(2, 3)] * 6
    told = usual(values)
    margin = Fraction(266, 300)
    assert told == Usual(Fraction(1, 2), Fraction(1, 2) - margin, Fraction(1, 2) + margin)
    assert marks([told.high] if told else [], told) == [None]


def test_months_that_are_all_alike_tell_no_usual_variation() -> None:
    assert usual([Fraction(0)] * 12 + [Fraction(1, 3)]) is None


def test_of_eleven_points_there_are_no_limits_and_no_mark() -> None:
    values = [Fraction(n * n) for n in range(BASELINE - 1)]
    assert usual(values) is None
    assert marks(values, None) == [None] * 11
    assert marks([], None) == []


def oracle(values: list[Fraction], told: Usual) -> list[str | None]:
    """Say by the dullest loop which rule marks each point."""
    found: list[str | None] = []
    third = (told.high - told.mean) * Fraction(2, 3)
    for n, value in enumerate(values):
        windows = [values[a : a + 7] for a in range(max(0, n - 6), n + 1) if a + 7 <= len(values)]
        threes = [
            (values[a : a + 3], n - a) for a in range(max(0, n - 2), n + 1) if a + 3 <= len(values)
        ]
        rises = any(
            all(y > x for x, y in pairwise(seven)) or all(y < x for x, y in pairwise(seven))
            for seven in windows
        )
        above = value > told.mean + third and any(
            sum(v > told.mean + third for v in three) >= 2 for three, _ in threes
        )
        below = value < told.mean - third and any(
            sum(v < told.mean - third for v in three) >= 2 for three, _ in threes
        )
        side = any(
            all(v > told.mean for v in seven) or all(v < told.mean for v in seven)
            for seven in windows
        )
        found.append(
            "outside" if not told.low <= value <= told.high
            else "trend" if rises
            else "two_of_three" if above or below
            else "one_side" if side
            else None
        )  # fmt: skip
    return found


@given(st.lists(st.integers(-11, 11).map(Fraction), max_size=40))
def test_a_dull_loop_marks_the_same_points(values: list[Fraction]) -> None:
    assert [mark and mark.rule for mark in marks(values, TOLD)] == oracle(values, TOLD)


@given(st.lists(st.integers(-11, 11).map(Fraction), max_size=40))
def test_upside_down_the_same_points_are_marked_the_other_way(values: list[Fraction]) -> None:
    turned = {"high": "low", "low": "high"}
    upright = marks(values, TOLD)
    upside_down = marks([-value for value in values], TOLD)
    # a point may be near both limits only in turn, so rules agree point by point
    assert [mark and (mark.rule, turned[mark.way]) for mark in upright] == [
        mark and (mark.rule, mark.way) for mark in upside_down
    ]


@pytest.mark.parametrize(
    ("target", "said"),
    [(10, "passes"), (9, "passes"), (8, "varies"), (-9, "varies"), (-10, "fails")],
)
def test_a_target_is_met_by_usual_variation_where_the_upper_limit_is_within_it(
    target: int, said: str
) -> None:
    assert assurance(TOLD, Fraction(target)) == said
    assert assurance(None, Fraction(target)) is None
