"""A share of refused rows stands as near as gives no number of rows away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.disclosure.quality import about


@pytest.mark.parametrize(
    ("n_all", "n", "n_persons", "expected"),
    [
        (0, 0, 0, ("no_rows", None)),
        (400, 0, 0, ("value", 0)),
        (400, 1, 1, ("few", None)),
        (400, 30, 7, ("few", None)),  # many rows of few persons
        (400, 30, 0, ("few", None)),  # nobody can read whose rows they are
        (400, 8, 8, ("under", None)),
        (400, 11, 8, ("value", 5)),  # 2.75 %
        (400, 100, 8, ("value", 25)),
        (400, 399, 90, ("over", None)),
        (400, 400, 90, ("value", 100)),
    ],
)
def test_a_share_stands_to_the_nearest_five_per_cent(
    n_all: int, n: int, n_persons: int, expected: tuple[str, int | None]
) -> None:
    assert about(n_all, n, n_persons) == expected


@given(st.integers(1, 100_000), st.integers(0, 100_000))
def test_only_none_is_none_and_only_all_is_all(n_all: int, n: int) -> None:
    n = min(n, n_all)
    how, share = about(n_all, n, 8)
    assert (share == 0) == (n == 0)
    assert (share == 100) == (n == n_all)
    if how == "value":
        assert share is not None
        assert abs(100 * n / n_all - share) <= 2.5
