"""Count false alarms and found lots of the signal rule on records in which the truth is known.

Patients, sessions, lots and reports are drawn; the program's own stage compares them. Nothing is
planted in the first half; in the second one lot has four times the usual rate. Writes
`docs/calibration.md` with `--write`; exits 1 when quarters with a lot signal pass the budget.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.compare import compare
from pipeline.config import Settings
from pipeline.detect import SIGNAL
from pipeline.statistics.rates import poisson_interval
from pipeline.store import open_store

PAGE = Path(__file__).parents[2] / "docs" / "calibration.md"
FIRST = date(2023, 1, 1)
RATES = {
    "headache": 0.008,
    "fever": 0.003,
    "chills": 0.003,
    "nausea": 0.002,
    "urticaria": 0.001,
    "haemolysis": 0.001,
    "aseptic_meningitis": 0.0005,
    "aki": 0.0005,
}
"""Reports per session, by event: our choice, 19 per 1,000 in all."""
SERIOUS = 0.1
PLANTED_TIMES = 4
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class World:
    """How many of what is drawn."""

    n_patients: int = 10_000
    n_quarters: int = 8
    n_products: int = 5
    n_sites: int = 6
    sessions_per_lot: int = 200
    frailty: float = 0.5
    """Shape of the gamma distribution of patients' rates: its variance is one over it."""
    mixed: float = 0.1
    """Share of sessions in which a second lot of the product is given too."""


@dataclass(frozen=True)
class Drawn:
    """One row per session: who, when, where, of which lots."""

    patient: Ints
    day: Ints
    product: Ints
    site: Ints
    lot: Ints
    other_lot: Ints
    """The second lot, or the first again."""


def main() -> int:
    """Count both; return 1 when false alarms pass the budget."""
    told = arguments()
    world = World(n_patients=told.patients)
    started = time.process_time()
    quiet = [look(world, seed) for seed in range(told.seeds)]
    planted = [look(world, seed, planted=True) for seed in range(told.seeds)]
    text = page(world, told.seeds, quiet, planted)
    sys.stdout.write(f"{text}{time.process_time() - started:.0f} CPU s\n")
    if told.write:
        PAGE.write_text(text, encoding="utf-8")
    alarms = sum(found.n_quarters_with_lot for found in quiet)
    return int(poisson_interval(alarms).low > budget() * told.seeds * world.n_quarters)


@dataclass(frozen=True)
class Found:
    """What the signal rule said of one drawn world."""

    n_quarters_with_lot: int
    n_quarters_with_any: int
    is_planted_found: bool
    n_comparisons: int
    n_lots: int


def look(world: World, seed: int, *, planted: bool = False) -> Found:
    """Draw one world, compare it and count its signals."""
    rng = np.random.default_rng([seed, int(planted)])
    drawn = sessions(world, rng)
    lots, sizes = np.unique(drawn.lot, return_counts=True)
    bad = int(lots[np.argmin(np.abs(sizes - world.sessions_per_lot))]) if planted else -1
    con = store(world, drawn, reports(world, drawn, rng, bad))
    compare(con, Settings())
    signals = con.sql(
        """
        SELECT DATE_TRUNC('quarter', look_on), unit_kind, unit_id
        FROM audit.signal_look
        WHERE is_signal
        """
    ).fetchall()
    n_comparisons = con.sql("SELECT SUM(n_comparisons) FROM audit.signal_month").fetchall()[0][0]
    con.close()
    return Found(
        n_quarters_with_lot=len({quarter for quarter, kind, _ in signals if kind == "lot"}),
        n_quarters_with_any=len({quarter for quarter, _, _ in signals}),
        is_planted_found=any(kind == "lot" and unit == f"L{bad}" for _, kind, unit in signals),
        n_comparisons=int(n_comparisons),
        n_lots=len(lots),
    )


def sessions(world: World, rng: np.random.Generator) -> Drawn:
    """Draw patients who come every four weeks for a while, and lots that are used up in turn."""
    days = (date(FIRST.year + world.n_quarters // 4, 1, 1) - FIRST).days
    n = world.n_patients
    begin = rng.integers(-days // 2, days, n)
    length = rng.integers(1, days, n)
    product = rng.choice(world.n_products, n, p=_falling(world.n_products))
    site = rng.choice(world.n_sites, n, p=_falling(world.n_sites))
    every = rng.choice([21, 28, 28, 42], n)
    visits = np.maximum(1, length // every)
    patient = np.repeat(np.arange(n), visits)
    first = np.repeat(np.cumsum(visits) - visits, visits)
    day = begin[patient] + (np.arange(visits.sum()) - first) * every[patient]
    patient, day = patient[(day >= 0) & (day < days)], day[(day >= 0) & (day < days)]
    order = np.lexsort((patient, day))
    patient, day = patient[order], day[order]
    lot, other = _lots(world, rng, product[patient])
    return Drawn(patient, day, product[patient], site[patient], lot, other)


def _falling(n: int) -> npt.NDArray[np.float64]:
    parts = 1.0 / np.arange(1, n + 1)
    return np.asarray(parts / parts.sum())


def _lots(world: World, rng: np.random.Generator, product: Ints) -> tuple[Ints, Ints]:
    """Return the lots of each session: of each product two lots are open at a time."""
    place = np.zeros(len(product), dtype=np.int64)
    for each in range(world.n_products):
        mine = product == each
        place[mine] = np.arange(mine.sum())
    number = place // world.sessions_per_lot + rng.integers(0, 2, len(product))
    lot = product * 100_000 + number
    is_mixed = rng.random(len(product)) < world.mixed
    other = product * 100_000 + place // world.sessions_per_lot + rng.integers(0, 2, len(product))
    return lot, np.where(is_mixed, other, lot)


def reports(world: World, drawn: Drawn, rng: np.random.Generator, bad: int) -> pl.DataFrame:
    """Draw who reported what after which session; of the bad lot four times as much."""
    frailty = rng.gamma(world.frailty, 1 / world.frailty, world.n_patients)
    times = np.where((drawn.lot == bad) | (drawn.other_lot == bad), PLANTED_TIMES, 1)
    parts = []
    for event, rate in RATES.items():
        counts = rng.poisson(rate * frailty[drawn.patient] * times)
        session = np.repeat(np.arange(len(counts)), counts)
        parts.append(pl.DataFrame({"session": session, "event_code": [event] * len(session)}))
    told = pl.concat(parts).with_row_index("reported_event_key", offset=1)
    serious = pl.Series(rng.random(told.height) < SERIOUS)
    return told.with_columns(
        serious.alias("is_serious"),
        pl.col("session").cast(pl.Int64),
        pl.Series("patient_key", drawn.patient[told["session"].to_numpy()]),
    )


def store(world: World, drawn: Drawn, told: pl.DataFrame) -> duckdb.DuckDBPyConnection:
    """Return a store with the tables that the stage `compare` reads."""
    con = open_store(threads=1)
    days = [FIRST + timedelta(days=int(day)) for day in range(int(drawn.day.max()) + 1)]
    frame = pl.DataFrame(
        {
            "session_key": np.arange(len(drawn.day)),
            "patient_key": drawn.patient,
            "started_on": [days[day] for day in drawn.day],
            "product_id": [f"P{number}" for number in drawn.product],
            "site_id": [f"S{number}" for number in drawn.site],
            "lot": [f"L{number}" for number in drawn.lot],
            "other_lot": [f"L{number}" for number in drawn.other_lot],
        }
    )
    con.register("drawn_frame", frame)
    con.register("told_frame", told)
    con.execute("CREATE TEMP TABLE drawn AS SELECT * FROM drawn_frame")
    con.execute("CREATE TEMP TABLE told AS SELECT * FROM told_frame")
    for name, select in TABLES.items():
        con.execute(f"CREATE TABLE {name} AS {select}")
    end = date(FIRST.year + world.n_quarters // 4, 1, 1) - timedelta(days=1)
    con.execute("UPDATE guideline.policy SET as_of = $end", {"end": end})
    declared = ", ".join(f"{name} {kind}" for name, kind in SIGNAL.items())
    con.execute(f"CREATE TABLE audit.signal ({declared})")
    return con


TABLES = {
    "guideline.policy": "SELECT 12 AS signal_window_months, CAST(NULL AS DATE) AS from_on,"
    " CAST(NULL AS DATE) AS to_on, CAST(NULL AS DATE) AS as_of",
    "guideline.event": "SELECT DISTINCT event_code, 72 AS to_hours FROM told",
    "guideline.definition": "SELECT 'none' AS definition_id, FALSE AS is_observation,"
    " FALSE AS is_imputed, FALSE AS is_advisory WHERE FALSE",
    "audit.record_supplied": "SELECT 'adverse_event' AS record",
    "derived.session": "SELECT session_key, session_key AS course_key, patient_key,"
    " CAST(NULL AS TIMESTAMP) AS started_at, started_on, CAST(30 AS DECIMAL(12, 3)) AS dose_g,"
    " CAST(NULL AS DECIMAL(9, 3)) AS duration_h, site_id FROM drawn",
    "derived.course": "SELECT session_key AS course_key, patient_key, started_on,"
    " CAST(30 AS DECIMAL(12, 3)) AS dose_g, FALSE AS is_history_truncated FROM drawn",
    "derived.course_weight": "SELECT 0 AS course_key, CAST(70 AS DECIMAL(9, 3)) AS actual_kg,"
    " FALSE AS is_stale",
    "staged.patient": "SELECT 0 AS patient_key, 'O' AS blood_group",
    "audit.verdict": "SELECT 'premedication' AS kind, 'session' AS subject_kind,"
    " 0 AS subject_key, 'met' AS status, NULL AS reason",
    "derived.infusion": "SELECT session_key AS infusion_key, 'infusion' AS record, session_key,"
    " product_id, CAST(30 AS DECIMAL(9, 3)) AS dose_g FROM drawn",
    "derived.lot": "SELECT 'infusion' AS record, session_key AS record_key, lot,"
    " CAST(IF(lot = other_lot, 30, 15) AS DECIMAL(9, 3)) AS dose_g FROM drawn"
    " UNION ALL SELECT 'infusion', session_key, other_lot, 15 FROM drawn WHERE lot != other_lot",
    "derived.reported_event": "SELECT reported_event_key, event_code, is_serious, patient_key,"
    " session AS session_key, 'in_window' AS attribution, CAST(NULL AS DATE) AS onset_on FROM told",
    "derived.reported_event_product": "SELECT t.reported_event_key, d.product_id, l.lot,"
    " 'given' AS basis, CAST(l.dose_g / 30 AS DECIMAL(9, 6)) AS event_share FROM told AS t"
    " INNER JOIN drawn AS d ON t.session = d.session_key"
    " INNER JOIN derived.lot AS l ON d.session_key = l.record_key",
}


def budget() -> float:
    """Return the default chance of a false signal in a quarter."""
    return float(Settings().policy.false_alarm_budget)


def page(world: World, n_seeds: int, quiet: list[Found], planted: list[Found]) -> str:
    """Return the result as the page that is kept."""
    quarters = n_seeds * world.n_quarters
    lot = sum(found.n_quarters_with_lot for found in quiet)
    every = sum(found.n_quarters_with_any for found in quiet)
    hits = sum(found.is_planted_found for found in planted)
    return f"""# Calibration of the signal rule

Made by `make calibrate`; not part of the tests. {n_seeds} seeds, 0 to {n_seeds - 1}, each with
{world.n_patients:,} synthetic patients over {world.n_quarters} quarters, drawn anew and compared by the
stage `compare` itself. Patients differ in how often they report (gamma, variance {1 / world.frailty:g}),
{world.mixed:.0%} of sessions mix two lots, {_mean(found.n_lots for found in quiet):.0f} lots of about
{world.sessions_per_lot} sessions each, {1000 * sum(RATES.values()):g} reports per 1,000 sessions of
{len(RATES)} events.
Versions: ivig-audit {version("ivig-audit")}, numpy {np.__version__}, scipy {version("scipy")},
duckdb {version("duckdb")}.

| nothing planted | quarters | of | share | 95% interval | budget |
| --- | --- | --- | --- | --- | --- |
| with a signal of a lot | {lot} | {quarters} | {lot / quarters:.4f} | {_share(lot, quarters)} | {budget():g} |
| with any signal | {every} | {quarters} | {every / quarters:.4f} | {_share(every, quarters)} | {budget():g} |

| planted | found | of | power | 95% interval |
| --- | --- | --- | --- | --- |
| one lot of about {world.sessions_per_lot} sessions with {PLANTED_TIMES} times the rate | {hits} | {n_seeds} | {hits / n_seeds:.3f} | {_share(hits, n_seeds)} |

{_mean(found.n_comparisons for found in quiet):,.0f} comparisons were made per world, in
{3 * world.n_quarters} closed months.
"""  # noqa: E501 - a table of a page


def _mean(values: Iterable[int]) -> float:
    found = list(values)
    return sum(found) / len(found)


def _share(n: int, of: int) -> str:
    """Return the exact interval of a share in words."""
    low, high = _clopper_pearson(n, of)
    return f"{low:.4f} to {high:.4f}"


def _clopper_pearson(n: int, of: int) -> tuple[float, float]:
    from scipy.special import betaincinv  # noqa: PLC0415 - for the page only

    low = float(betaincinv(n, of - n + 1, 0.025)) if n else 0.0
    return low, float(betaincinv(n + 1, of - n, 0.975)) if n < of else 1.0


def arguments() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--patients", type=int, default=10_000)
    parser.add_argument("--write", action="store_true", help="write docs/calibration.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
