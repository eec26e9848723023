"""How far two reviewers agree beyond chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence


def cohens_kappa(pairs: Sequence[tuple[Hashable, Hashable]]) -> float | None:
    """Return Cohen's kappa, unweighted: 1 all alike, 0 no more than by chance.

    One pair per finding that both have decided. None without a pair, and when both always
    answered the same one thing: chance alone would agree too.

    Source: Cohen, Educ Psychol Meas 1960;20:37-46.
    """
    n = len(pairs)
    first, second = (Counter(pair[side] for pair in pairs) for side in (0, 1))
    alike = n * sum(one == other for one, other in pairs)
    by_chance = sum(count * second[answer] for answer, count in first.items())
    return (alike - by_chance) / (n * n - by_chance) if n * n != by_chance else None
