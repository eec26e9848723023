"""How many examples a property test draws, and whether at random: decision 69.

`make test` draws the same examples every time. `make explore` sets EXPLORE to how many times as
many it wants, and draws them at random.
"""

from __future__ import annotations

import os
from typing import Final

from hypothesis import settings

TIMES: Final = int(os.environ.get("EXPLORE", "1"))


def examples(n: int) -> int:
    """Return how many examples a test draws that draws n of them in `make test`."""
    return n * TIMES


def load_profile() -> None:
    """Make the settings that hold where a test names none."""
    exploring = "EXPLORE" in os.environ
    settings.register_profile(
        "ours",
        # how long an example takes says more of the machine than of the code
        deadline=None,
        derandomize=not exploring,
        print_blob=exploring,
        max_examples=examples(100),
    )
    settings.load_profile("ours")
