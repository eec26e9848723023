"""Attack the committee editions of 50 months of a small hospital, each with all before it.

Prints what every month prints, withholds and takes, by the clock and in CPU seconds, and how many
hidden numbers could be worked out: none with complementary suppression; without it the same attack
finds some, so that it is seen to work. Exits 1 otherwise, when a month is refused, or when one
takes more than ten seconds by the clock. A seed may be given.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from committee import Hospital

from pipeline.disclosure.cells import Edition
from pipeline.disclosure.control import control, given_away
from pipeline.disclosure.edition import between, draft
from pipeline.errors import DisclosureError

MONTHS = 50
SEED = 2026
MOST_SECONDS = 10


@dataclass
class Outcome:
    """What became of the editions, and of the attacks on them."""

    n_published: int = 0
    n_refused: int = 0
    n_found: int = 0
    n_found_without: int = 0
    n_printed: int = 0
    n_few: int = 0
    n_withheld: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def __str__(self) -> str:
        """Return the summary in one line."""
        return (
            f"{self.n_published} months published, {self.n_refused} refused; {self.n_found} hidden "
            f"numbers worked out, {self.n_found_without} without complementary suppression; "
            f"{self.n_printed} numbers printed, {self.n_few} of 1 to 7 persons, {self.n_withheld} "
            f"withheld; at most {self.seconds:.1f} s a month, {self.cpu_seconds:.1f} CPU seconds"
        )


def attack(n_months: int, seed: int, *, is_told: bool = False) -> Outcome:
    """Return what the editions of so many months print, and what attacks on them find."""
    hospital = Hospital(seed)
    kept: list[Edition] = []
    all_months = Outcome()
    for number in range(n_months):
        hospital.next_month()
        made = draft(hospital.con)
        began, cpu_began = time.perf_counter(), time.process_time()
        apart = between(hospital.con, made, kept)
        try:
            edition = control(made.cells, made.relations, kept, apart)
        except DisclosureError:
            all_months.n_refused += 1
            continue
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu_began
        all_months.seconds = max(all_months.seconds, seconds)
        all_months.cpu_seconds = max(all_months.cpu_seconds, cpu)
        truth = {cell.quantity: cell for cell in (*apart.cells, *made.cells)}
        found = given_away(edition, truth, kept, apart, seed=number + 1)
        all_months.n_found += len(found)
        without = control(made.cells, made.relations, is_complementary=False)
        all_months.n_found_without += len(given_away(without, truth, seed=number + 1))
        shown = [item.shown for item in edition.printed]
        all_months.n_published += 1
        all_months.n_printed += shown.count("value")
        all_months.n_few += shown.count("few")
        all_months.n_withheld += len(made.cells) - shown.count("value") - shown.count("few")
        kept.append(edition)
        if is_told:
            sys.stdout.write(
                f"month {number + 1}: {shown.count('value')} printed, {shown.count('withheld')} "
                f"withheld, {len(found)} worked out, {seconds:.1f} s, {cpu:.1f} CPU seconds\n"
            )
            sys.stdout.flush()
    return all_months


def main() -> int:
    """Run the attack and say what it found."""
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else SEED
    found = attack(MONTHS, seed, is_told=True)
    sys.stdout.write(f"seed {seed}: {found}\n")
    is_safe = found.n_found == 0 and found.n_found_without > 0
    return int(not is_safe or found.n_refused > 0 or found.seconds > MOST_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
