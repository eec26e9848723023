"""Count what was tried, and what was lost by it."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass
class Count:
    """How many of each kind were tried, what was seen, and every loss in a line of its own."""

    n_tried: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    losses: list[str] = field(default_factory=list)

    def tried(self, what: str, number: int = 1) -> None:
        """Count attempts."""
        self.n_tried[what] += number

    def saw(self, what: str, number: int = 1) -> None:
        """Count outcomes that are no losses."""
        self.seen[what] += number

    def lost(self, fault: str) -> None:
        """Note a loss, and tell it at once."""
        self.losses.append(fault)
        sys.stderr.write(f"LOST: {fault}\n")
        sys.stderr.flush()

    def hold(self, is_so: bool, fault: str) -> None:  # noqa: FBT001 - the claim itself
        """Note a loss unless the claim is true."""
        if not is_so:
            self.lost(fault)

    def add(self, told: Mapping[str, Mapping[str, int]], losses: Sequence[str]) -> None:
        """Add what another process counted."""
        self.n_tried.update(told["tried"])
        self.seen.update(told["seen"])
        self.losses += losses

    def as_line(self) -> str:
        """Return all of it for another process."""
        return json.dumps({"tried": self.n_tried, "seen": self.seen, "losses": self.losses})
