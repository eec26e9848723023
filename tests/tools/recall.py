"""Measure recall and precision of the audit on planted defects, kind by kind.

Exits 1 when a kind is below 1.0 and not listed in tests/known_gaps.toml, and when records
without defects give a finding of a planted kind. The records are judged by several sets at once,
because no set has a rule of every kind; shown_as.csv says which verdict shows which kind.
`--mutate KIND` lets a kind of check answer `met` to everything, a detection `not_met`, and what is
derived of reports nothing remarkable, to show that this tool can fail: it must then exit 1.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a script from the checkout

from pipeline import resources
from pipeline.synth import Defects, synth

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
# The checkout's own code, installed or not.
COMMAND = (sys.executable, "-c", "from pipeline.cli import main; main()")
# The default set, and those whose rules the planted defects of other kinds break.
SETS = (
    "droracle-2025", "us-fda-labels", "ema-core-smpc-rev5", "us-society", "nhse-2021",
    "on-igum-v5", "monitoring-practice", "eanpns",
)  # fmt: skip
MEANINGS = HERE / "shown_as.csv"
GAPS = HERE.parent / "known_gaps.toml"
Pairs = set[tuple[str, str]]
# What a mutated kind's files answer instead.
MET = "'met' AS status, NULL AS reason"
SIGNAL = "detect/defined/signal.sql"
PLAIN = {
    "derive/reported_event.sql": "'in_window' AS attribution, 'no_clock' AS clock,"
    " NULL AS days_to_death, NULL AS symptoms, FALSE AS is_other_patient_named",
}


@dataclass(frozen=True)
class Score:
    """How one planted kind fared."""

    kind: str
    n_planted: int
    n_found: int
    n_wrong: int

    @property
    def recall(self) -> float:
        """Return the share of what was planted that was found; 1 when nothing was planted."""
        return self.n_found / self.n_planted if self.n_planted else 1.0

    @property
    def precision(self) -> float:
        """Return the share of what was said that is true; 1 when nothing was said."""
        said = self.n_found + self.n_wrong
        return self.n_found / said if said else 1.0


def main() -> int:
    """Print one line per planted kind; return 1 when one is below what is known."""
    told = arguments()
    with tempfile.TemporaryDirectory() as name:
        mutated = () if told.mutate is None else (told.mutate,)
        scores = measured(Path(name), told.patients, told.seed, mutated)
        wrong = [] if mutated else clean(Path(name), told.patients, told.seed)
    for score in scores:
        sys.stdout.write(
            f"{score.kind:<22} planted {score.n_planted:5d}  recall {score.recall:6.4f}"
            f"  precision {score.precision:6.4f}\n"
        )
    faults = below(scores, known_gaps()) + wrong
    for fault in faults:
        sys.stdout.write(f"{fault}\n")
    sys.stdout.write(f"{len(scores)} kinds, {len(faults)} faults\n")
    return 1 if faults else 0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument(
        "--mutate", metavar="KIND", choices=checks(),
        help="let this kind answer the same to everything; the tool must then exit 1",
    )  # fmt: skip
    return parser.parse_args()


def checks() -> list[str]:
    """Return the kinds of check, the detections and the derivation that planted defects show in."""
    return sorted(set(meanings().filter(pl.col("kind").is_not_null())["check_kind"]))


def meanings() -> pl.DataFrame:
    """Return which verdict shows which planted kind, the first line that fits being the one."""
    told = pl.read_csv(MEANINGS, infer_schema=False)
    return told.rename({"check": "check_kind"}).with_row_index("line")


def measured(
    folder: Path, n_patients: int, seed: int, mutated: Collection[str] = ()
) -> list[Score]:
    """Return one score per planted kind of one folder of records with all defects."""
    source = written(folder, n_patients, seed, "all")
    run = audited(source, folder / "out-all", mutated)
    return scored(pairs(source, run), read_truth(source))


def clean(folder: Path, n_patients: int, seed: int) -> list[str]:
    """Return one line per planted kind that records without defects seem to have."""
    source = written(folder, n_patients, seed, "none")
    found = pairs(source, audited(source, folder / "out-none", ()))
    kinds = sorted({kind for kind, _ in found})
    return [
        f"without defects: {sum(kind == k for k, _ in found)} findings of {kind}" for kind in kinds
    ]


def written(folder: Path, n_patients: int, seed: int, defects: Defects) -> Path:
    """Write synthetic records and return their folder."""
    source = folder / f"records-{defects}"
    synth(source, n_patients=n_patients, seed=seed, defects=defects)
    return source


def audited(source: Path, out: Path, mutated: Collection[str]) -> Path:
    """Run the audit and return the folder of the run."""
    if mutated:
        run_mutated(source, out, mutated)
    else:
        sets = [word for set_id in SETS for word in ("--guideline", set_id)]
        subprocess.run(
            [*COMMAND, "run", source, "--out", out, *sets],
            check=True, capture_output=True, cwd=ROOT,
        )  # fmt: skip
    return out / "latest"


def run_mutated(source: Path, out: Path, mutated: Collection[str]) -> None:
    """Run the audit in this process with some kinds answering the same to everything."""
    from pipeline.config import load_settings  # noqa: PLC0415 - only where it is needed
    from pipeline.run.audit import audit  # noqa: PLC0415
    from pipeline.run.journal import Journal  # noqa: PLC0415

    settings = load_settings(source, overrides={"guidelines": SETS})
    with blunted(mutated):
        audit(settings, out, Journal())


@contextmanager
def blunted(mutated: Collection[str]) -> Iterator[None]:
    """Replace the answers of some kinds by one and the same for a while."""
    real = resources.sql
    instead = {
        **{f"checks/{kind}.sql": MET for kind in mutated},
        SIGNAL: never_met(mutated),
        **(PLAIN if "reported_event" in mutated else {}),
    }

    def blunt(relative: str) -> str:
        text = real(relative)
        if relative not in instead:
            return text
        return f"SELECT * REPLACE ({instead[relative]}) FROM ({text})"

    # some stages call it by a name of their own
    named = [
        module for name, module in sys.modules.items()
        if name.startswith("pipeline.") and getattr(module, "sql", None) is real
    ]  # fmt: skip
    for module in named:
        module.sql = blunt  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for module in named:
            module.sql = real  # type: ignore[attr-defined]


def never_met(events: Collection[str]) -> str:
    """Return the columns that let some events never be met, and no code be out of time."""
    listed = ", ".join(f"'{event}'" for event in sorted(events)) or "NULL"
    return (
        f"IF(event IN ({listed}), 'not_met', status) AS status,"
        f" IF(event IN ({listed}), NULL, reason) AS reason,"
        f" is_counted AND (event IN ({listed})) IS NOT TRUE AS is_counted"
    )


def read_truth(source: Path) -> pl.DataFrame:
    """Return one row per label of truth.csv."""
    return pl.read_csv(source / "truth.csv", infer_schema=False)


def pairs(source: Path, run: Path) -> Pairs:
    """Return what the audit said as pairs of a kind and the record it was said of."""
    ids = pl.read_csv(source / "infusion.csv", columns=["infusion_id"], infer_schema=False)
    results = pl.read_csv(source / "lab_result.csv", infer_schema=False).select(
        (pl.col("patient_id") + ":" + pl.col("test_code") + "|" + pl.col("collected_at"))
        .alias("record_id"),
        "value",
    )  # fmt: skip
    with duckdb.connect() as con:
        # under another name, for the file's own is also that of a schema in it
        con.execute(f"ATTACH '{run / 'audit.duckdb'}' AS made (READ_ONLY)")
        con.execute("USE made")
        con.register("infusion_file", ids.with_row_index("source_row", offset=1).to_arrow())
        con.register("result_file", results.with_row_index("source_row", offset=1).to_arrow())
        con.register("shown_as", meanings().to_arrow())
        said = con.sql((HERE / "observed.sql").read_text("utf-8")).fetchall()
    return {(str(kind), str(record_id)) for kind, record_id in said}


def scored(found: Pairs, truth: pl.DataFrame) -> list[Score]:
    """Compare what was said with what was planted; a consequence counts for neither."""
    is_consequence = pl.col("kind") == "consequence"
    planted = set(truth.filter(~is_consequence).select("kind", "source_record_id").rows())
    excused = set(truth.filter(is_consequence).select("shows_as", "source_record_id").rows())
    kinds = sorted({kind for kind, _ in planted | found})
    return [
        Score(
            kind,
            n_planted=sum(k == kind for k, _ in planted),
            n_found=sum(k == kind for k, _ in planted & found),
            n_wrong=sum(k == kind for k, _ in found - planted - excused),
        )
        for kind in kinds
    ]


def known_gaps() -> set[tuple[str, str]]:
    """Return the kinds and measures that may be below 1.0."""
    listed: list[dict[str, Any]] = tomllib.loads(GAPS.read_text("utf-8")).get("gap", [])
    for gap in listed:
        if not gap.get("reason"):
            raise SystemExit(f"known_gaps.toml: {gap.get('kind')} has no reason")
    return {(gap["kind"], gap["measure"]) for gap in listed}


def below(scores: list[Score], gaps: set[tuple[str, str]]) -> list[str]:
    """Return one line per measure below 1.0 that is not known, and per known one at 1.0."""
    low = {
        (score.kind, measure)
        for score in scores
        for measure in ("recall", "precision")
        if getattr(score, measure) < 1.0
    }
    return [
        *(f"{kind}: {measure} below 1.0" for kind, measure in sorted(low - gaps)),
        *(f"{kind}: {measure} is at 1.0; delete the gap" for kind, measure in sorted(gaps - low)),
    ]


if __name__ == "__main__":
    sys.exit(main())
