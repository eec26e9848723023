"""Tell the operator which stage runs and how long each one took; counts only, never values."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Literal, TextIO

from rich.console import Console

from pipeline.run.attempt import now

LogFormat = Literal["text", "json"]
Counts = dict[str, int]


def _nothing(_: str) -> Counts:
    return {}


class Journal:
    """Keep the seconds of every stage and show progress.

    On a terminal the running stage spins; elsewhere each finished stage is one plain line, or one
    JSON object with what the stage left to count.
    """

    def __init__(self, stream: TextIO | None = None, log_format: LogFormat = "text") -> None:
        self.began_at = now()
        self.seconds: dict[str, float] = {}
        self.count: Callable[[str], Counts] = _nothing
        self.is_json = log_format == "json"
        self._stage = ""
        self._stream = stream if stream is not None else sys.stderr
        # what an environment says of colours makes no terminal of a file
        self._console = Console(file=self._stream, force_terminal=self._stream.isatty())

    def say(self, text: str) -> None:
        """Tell something that does not end the run; it holds no value of a record."""
        if self.is_json:
            self._line("warning", message=text)
        else:
            self._write(f"warning: {text}\n")

    def stage(self, name: str, work: Callable[[], object]) -> None:
        """Do the work of one stage and note how long it took."""
        self._stage, began = name, time.perf_counter()
        if self._console.is_terminal and not self.is_json:
            with self._console.status(f"{name} ..."):
                work()
        else:
            work()
        self.seconds[name] = round(time.perf_counter() - began, 3)
        if self.is_json:
            self._line("info", counts=self.count(name), seconds=self.seconds[name])
        else:
            self._write(f"{name:<11} {self.seconds[name]:8.2f} s\n")
        self._stage = ""

    def fault(self, level: Literal["error", "critical"], exit_code: int, text: str) -> None:
        """Write the line of a run that ended badly, with the stage that was running, as JSON."""
        self._line(level, exit_code=exit_code, message=text)

    def end(self, exit_code: int, run_id: str) -> None:
        """Write the last line of a run that was published, as JSON."""
        if self.is_json:
            took = (now() - self.began_at).total_seconds()
            self._line("info", seconds=round(took, 3), exit_code=exit_code, run_id=run_id)

    def _line(self, level: str, **told: object) -> None:
        """Write one JSON object; every one has the first five keys."""
        line = {"time": now().isoformat(), "level": level, "stage": self._stage or "run"}
        self._write(json.dumps(line | {"counts": {}, "seconds": None} | told) + "\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
