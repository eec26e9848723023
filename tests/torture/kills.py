"""Kill nights at random moments and after every stage; the next one must put all in order."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from random import Random

from torture.count import Count
from torture.nights import Night, Stage, broken_latest, copied, differs, runs_of

from pipeline.run.journal import Journal

RERUN_EVERY = 5
_BEGINNINGS = (("first", "both"), ("both", "both"), ("nothing", "alone"))
"""What lay in the output folder, and what an undisturbed night makes of it."""


class Killing:
    """Nights killed one after the other in one folder, each over what the last one left."""

    def __init__(self, stage: Stage, home: Path, count: Count) -> None:
        self.stage, self.count = stage, count
        self.out = home / "out"
        self._known = runs_of(stage.left("both"), stage.left("alone"))
        self._kills = self._turns = 0
        self._begin()

    def _begin(self) -> None:
        self._before, self._after = _BEGINNINGS[self._turns % len(_BEGINNINGS)]
        copied(self.stage.left(self._before), self.out)
        self._turns += 1

    def kill(self, what: str, night: Night, moment: float) -> float | None:
        """Kill a night, see that the report is whole, and now and then run it again to the end.

        A night that ended before its kill tells its seconds instead.
        """
        ended = night.kill_at(moment)
        if ended.code != -signal.SIGKILL:
            self.count.hold(ended.code == 0, f"a night ended with {ended.code} before its kill")
            return ended.seconds
        self.count.tried(what)
        self.count.saw(f"killed {_during(ended.said, self.stage.names)}")
        fault = broken_latest(self.out, self._known, may_lack=self._before == "nothing")
        self.count.hold(fault is None, f"killed {_during(ended.said, self.stage.names)}: {fault}")
        self._kills += 1
        if self._kills % RERUN_EVERY == 0:
            self.run_again()
        return None

    def run_again(self) -> None:
        """Run undisturbed over what the killed ones left, and compare every file and table."""
        ended = Night(self.stage.source, self.out).wait()
        self.count.tried("reruns")
        self.count.hold(ended.code == 0, f"the night after ended with {ended.code}: {ended.said}")
        if ended.code == 0:
            fault = differs(self.out, self.stage.left(self._after))
            self.count.hold(fault is None, f"after kills and a rerun {fault}")
        self._begin()


def _during(said: str, names: list[str]) -> str:
    """Return the stage that was running, from the lines of those that had ended."""
    done = sum(line.split(" ")[0] in names for line in said.splitlines())
    return f"in {names[done]}" if done < len(names) else "in publishing"


def at_random(stage: Stage, home: Path, count: Count, seed: int, n_kills: int, lot: int) -> None:
    """Kill nights at moments spread over their whole length.

    Args:
        stage: the nights.
        home: where to work.
        count: what to count in.
        seed: makes the moments.
        n_kills: how many kills.
        lot: which lot of kills this is; lots together are spread evenly.
    """
    rng, killing = Random(f"{seed} {lot}"), Killing(stage, home, count)
    order = list(range(n_kills))
    rng.shuffle(order)
    seconds = stage.seconds
    for number in order:
        share = (number + rng.random()) / n_kills
        while ended := killing.kill("kills", Night(stage.source, killing.out), share * seconds):
            seconds = 0.95 * ended  # the machine is faster than it was: this kill came too late
    killing.run_again()


def after_stages(stage: Stage, home: Path, count: Count, *, which: int) -> None:
    """Kill nights right after every stage has ended, every second one of them."""
    killing = Killing(stage, home, count)
    for name in stage.names[which::2]:
        night = Night(stage.source, killing.out, hook=lambda name=name: _die_after(name))  # type: ignore[misc]
        killing.kill("kills after a stage", night, 600)
    killing.run_again()


def _die_after(stage: str) -> None:
    """Make this process kill itself once a stage has ended."""
    whole = Journal.stage

    def then_die(journal: Journal, name: str, work: object) -> None:
        whole(journal, name, work)  # type: ignore[arg-type]
        if name == stage:
            os.kill(os.getpid(), signal.SIGKILL)

    Journal.stage = then_die  # type: ignore[method-assign,assignment]
