"""Run the audit on the reference load and compare seconds and memory with the budget.

Exits 1 when a load is over its budget. The records are made once and kept in `--folder`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import postgres  # noqa: E402 - the tests' own server
from tools.written_as_fhir import write_fhir  # noqa: E402

from pipeline.config.database import DEFAULT_PASSWORD_ENV  # noqa: E402
from schemas import RECORDS  # noqa: E402

SEED = 90
PARTS = ("database", "fhir", "sets", "yardstick")
"""What is measured beside the plain audit of the files, and can be left out."""
# The checkout's own code, installed or not.
COMMAND = (sys.executable, "-c", "from pipeline.cli import main; main()")
_KIB_PER_GB = 1024 * 1024


@dataclass(frozen=True)
class Load:
    """One size of records and what the audit of it may cost on two cores."""

    n_patients: int
    max_seconds: float
    max_gb: float = 4.0
    max_synth_seconds: float = 60.0
    least_rows: tuple[tuple[str, int], ...] = ()
    every_set_seconds: float | None = None
    every_set_gb: float = 6.0
    max_fhir_times: float = 6.0
    max_fhir_gb: float = 6.0


LOADS = (
    Load(9_000, max_seconds=4.0),
    Load(
        90_000,
        max_seconds=25.0,
        every_set_seconds=45.0,
        least_rows=(
            ("infusion", 1_300_000),
            ("dispensing", 1_300_000),
            ("lab_result", 2_500_000),
            ("body_measurement", 900_000),
        ),
    ),
)


@dataclass(frozen=True)
class Cost:
    """What one command took: wall and CPU seconds, and peak memory, of the process."""

    seconds: float
    cpu_seconds: float
    gb: float

    def times(self, other: Cost) -> str:
        """Return how much more it took; CPU tells more where the machine is busy."""
        cpu = self.cpu_seconds / other.cpu_seconds
        return f"{self.seconds / other.seconds:8.2f} times, {cpu:.2f} of CPU"


def main() -> int:
    """Measure each load; return 1 when one is over its budget."""
    told = arguments()
    told.folder = told.folder.resolve()
    faults = []
    for load in LOADS:
        if told.patients in (None, load.n_patients):
            faults += measured_load(told.folder, load, frozenset(PARTS) - {*told.without})
    for fault in faults:
        print(fault)
    return 1 if faults else 0


def measured_load(folder: Path, load: Load, parts: frozenset[str]) -> list[str]:
    """Measure one load in all the parts, and return one line per budget passed."""
    source, written_seconds = records(folder, load)
    faults = rows_missing(source, load)
    cost = audited(folder, source, load)
    faults += over(load, written_seconds, cost)
    if "yardstick" in parts and load is LOADS[-1]:
        yardstick(source, cost)
    if "database" in parts:
        from_postgresql(folder, source, load, cost)
    if "fhir" in parts:
        faults += from_fhir(folder, source, load, cost)
    if "sets" in parts and load.every_set_seconds is not None:
        faults += judged_by_every_set(folder, source, load)
    return faults


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / "out" / "bench")
    parser.add_argument("--patients", type=int, choices=[load.n_patients for load in LOADS])
    parser.add_argument("--without", nargs="+", choices=PARTS, default=(), help="leave out")
    return parser.parse_args()


def records(folder: Path, load: Load) -> tuple[Path, float | None]:
    """Return the folder with the records, and the seconds it took when they were made now."""
    source = folder / f"records-{load.n_patients}"
    if (source / "truth.csv").is_file():
        return source, None
    shutil.rmtree(source, ignore_errors=True)
    cost = measured(
        ["synth", source, "--patients", str(load.n_patients), "--seed", str(SEED),
         "--defects", "all"]
    )  # fmt: skip
    print(f"synth {load.n_patients} patients: {cost.seconds:.1f} s, {cost.gb:.2f} GB")
    return source, cost.seconds


def audited(folder: Path, source: Path, load: Load) -> Cost:
    """Run the audit, print what each stage took, and return what it took in all."""
    cost = staged(folder / f"out-{load.n_patients}", source, f"{load.n_patients} patients", ())
    print(f"  {'budget':<12} {load.max_seconds:8.2f} s, {load.max_gb:g} GB")
    return cost


def from_postgresql(folder: Path, source: Path, load: Load, cost: Cost) -> None:
    """Run the audit of the same records out of a PostgreSQL server, beside that of the files."""
    if reason := postgres.why_not():
        print(f"NOT MEASURED from PostgreSQL: {reason}")
        return
    told = folder / f"postgresql-{load.n_patients}"
    told.mkdir(exist_ok=True)
    supplied = [record for record in RECORDS if (source / f"{record}.csv").is_file()]
    tables = "".join(f'{record} = "{record}"\n' for record in supplied)
    with postgres.running() as server:
        began = time.perf_counter()
        server.load(source, supplied)
        filled = time.perf_counter() - began
        (told / "audit.toml").write_text(
            f'[database]\nurl = "{server.url}"\n[database.tables]\n{tables}', encoding="utf-8"
        )
        os.environ[DEFAULT_PASSWORD_ENV] = server.password
        out = folder / f"out-{load.n_patients}-postgresql"
        served = staged(out, told, f"{load.n_patients} patients from PostgreSQL", ())
    print(f"  {'to fill it':<12} {filled:8.2f} s")
    print(f"  {'to files':<12} {served.times(cost)} (the server's CPU apart)")


def from_fhir(folder: Path, source: Path, load: Load, cost: Cost) -> list[str]:
    """Run the audit of the same records as NDJSON, and return one line per budget passed.

    The export is some six times as large as the files, so it is deleted afterwards.
    """
    what = f"{load.n_patients} patients as FHIR"
    export = folder / f"fhir-{load.n_patients}"
    shutil.rmtree(export, ignore_errors=True)
    try:
        began = time.perf_counter()
        write_fhir(source, export)
        written = time.perf_counter() - began
        out = folder / f"out-{load.n_patients}-fhir"
        read = staged(out, export, what, ("--format", "fhir-r4"))
    finally:
        shutil.rmtree(export, ignore_errors=True)
    print(f"  {'to write it':<12} {written:8.2f} s")
    print(f"  {'to files':<12} {read.times(cost)}")
    print(f"  {'budget':<12} {load.max_fhir_times:8.2f} times, {load.max_fhir_gb:g} GB")
    faults = []
    if (times := read.seconds / cost.seconds) > load.max_fhir_times:
        faults.append(f"{what}: {times:.1f} times the files of {load.max_fhir_times:g}")
    if read.gb > load.max_fhir_gb:
        faults.append(f"{what}: {read.gb:.2f} GB of {load.max_fhir_gb:g}")
    return faults


def judged_by_every_set(folder: Path, source: Path, load: Load) -> list[str]:
    """Run the audit with every set of the library, and return one line per budget passed."""
    sets = [path.parent.name for path in sorted((ROOT / "guidelines").glob("*/set.toml"))]
    what = f"{load.n_patients} patients, all {len(sets)} sets"
    words = [word for name in sets for word in ("--guideline", name)]
    cost = staged(folder / f"out-{load.n_patients}-sets", source, what, words)
    print(f"  {'budget':<12} {load.every_set_seconds:8.2f} s, {load.every_set_gb:g} GB")
    faults = []
    if load.every_set_seconds is not None and cost.seconds > load.every_set_seconds:
        faults.append(f"{what}: {cost.seconds:.1f} s of {load.every_set_seconds:g}")
    if cost.gb > load.every_set_gb:
        faults.append(f"{what}: {cost.gb:.2f} GB of {load.every_set_gb:g}")
    return faults


def staged(out: Path, source: Path, what: str, words: Sequence[str]) -> Cost:
    """Run the audit into a new folder, print what each stage took, return what it took in all."""
    shutil.rmtree(out, ignore_errors=True)
    cost = measured(["run", source, "--out", out, "--previous", "none", *words])
    timings = json.loads((out / "latest" / "timings.json").read_text("utf-8"))
    print(f"\n{what}")
    for stage, seconds in timings["stages"].items():
        print(f"  {stage:<12} {seconds:8.2f} s")
    outside = cost.seconds - sum(timings["stages"].values())
    print(f"  {'start, rest':<12} {outside:8.2f} s")
    print(f"  {'in all':<12} {cost.seconds:8.2f} s, {cost.cpu_seconds:.2f} of CPU")
    print(f"  {'peak memory':<12} {cost.gb:8.2f} GB")
    return cost


def measured(words: Sequence[str | Path]) -> Cost:
    """Run our command and return its wall and CPU seconds and its own peak memory.

    `wait4` gives the memory of this one child; RUSAGE_CHILDREN would give the largest so far.
    """
    began = time.perf_counter()
    child = subprocess.Popen(
        [*COMMAND, *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    complaint = child.stderr.read() if child.stderr else ""
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{words[0]} ended with {child.returncode}: {complaint.strip()}")
    cpu_seconds = usage.ru_utime + usage.ru_stime
    return Cost(seconds, cpu_seconds, usage.ru_maxrss / _KIB_PER_GB)


def rows_missing(source: Path, load: Load) -> list[str]:
    """Return one line per record kind with fewer rows than the reference load has."""
    faults = []
    for record, least in load.least_rows:
        with (source / f"{record}.csv").open("rb") as file:
            n_rows = sum(block.count(b"\n") for block in iter(lambda: file.read(2**20), b"")) - 1
        print(f"  {record:<18} {n_rows:>9,} rows")
        if n_rows < least:
            faults.append(f"{record}: {n_rows:,} rows, the reference load has {least:,}")
    return faults


def over(load: Load, written_seconds: float | None, cost: Cost) -> list[str]:
    """Return one line per budget passed."""
    what = f"{load.n_patients} patients"
    faults = []
    if written_seconds is not None and written_seconds > load.max_synth_seconds:
        faults.append(f"{what}: synth took {written_seconds:.1f} s of {load.max_synth_seconds:g}")
    if cost.seconds > load.max_seconds:
        faults.append(f"{what}: the audit took {cost.seconds:.1f} s of {load.max_seconds:g}")
    if cost.gb > load.max_gb:
        faults.append(f"{what}: the audit took {cost.gb:.2f} GB of {load.max_gb:g}")
    return faults


def yardstick(source: Path, cost: Cost) -> None:
    """Print what one hand-written script takes for part of the same work, and the ratio.

    The ratio tells a slow audit from a busy machine; the aim is about three.
    """
    script = ROOT / "benchmarks" / "reference.py"
    began = time.perf_counter()
    subprocess.run([sys.executable, script, source], check=True)
    print(f"the audit took {cost.seconds / (time.perf_counter() - began):.1f} times the yardstick")


if __name__ == "__main__":
    sys.exit(main())
