"""Tell the operator which stage runs and how long each one took; counts only, never values."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

from rich.console import Console

from pipeline.run.attempt import now


class Journal:
    """Keep the seconds of every stage and show progress.

    On a terminal the running stage spins; elsewhere each finished stage is one plain line.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self.began_at = now()
        self.seconds: dict[str, float] = {}
        self._stream = stream if stream is not None else sys.stderr
        self._console = Console(file=self._stream)

    def say(self, text: str) -> None:
        """Tell the operator something that must not be overlooked, on a line of its own."""
        self._stream.write(f"warning: {text}\n")
        self._stream.flush()

    def stage(self, name: str, work: Callable[[], object]) -> None:
        """Do the work of one stage and note how long it took."""
        began = time.perf_counter()
        if self._console.is_terminal:
            with self._console.status(f"{name} ..."):
                work()
        else:
            work()
        self.seconds[name] = round(time.perf_counter() - began, 3)
        self._stream.write(f"{name:<11} {self.seconds[name]:8.2f} s\n")
        self._stream.flush()
