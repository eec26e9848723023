"""Re-evaluate what `ivig-audit explain` prints, with a parser that shares nothing with the audit.

Takes random findings of a finished run, or of two it makes: of synthetic records under several
sets, and of courses drawn to fail every clause of a regimen (`hard_courses.py`). Every line of
their arithmetic is parsed and computed anew in exact fractions with units, and the fact that was
judged is recomputed from the staged rows named as evidence. Exits 1 on any disagreement.
"""

from __future__ import annotations

import argparse
import io
import random
import sys
import tempfile
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import duckdb

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script from the checkout
sys.path.insert(0, str(Path(__file__).parents[2]))

from audited import audited
from tools.hard_courses import AS_OF, hard_records, write_rules
from tools.printed_arithmetic import Disagreement, agrees, arithmetic_lines
from tools.recomputed_rate import rate_holds
from tools.regimen_evidence import dose_holds, grams_by_day
from tools.use_evidence import use_holds

from pipeline.config import load_settings
from pipeline.explain import explain
from pipeline.run.audit import audit
from pipeline.run.journal import Journal
from pipeline.synth import synth

Row = dict[str, Any]

SETS = (
    "droracle-2025", "us-fda-labels", "ema-core-smpc-rev5", "nhse-2021", "on-igum-v5",
    "uk-kawasaki", "amr-protocols",
)  # fmt: skip
"""Between them they state every clause a regimen may have."""


def recomputed(finding: Row, rows: list[Row], gap: Decimal) -> bool:
    """Say whether the rows named as evidence give what was judged."""
    given = [row for row in rows if row["role"] == "given"]
    if not given:
        return False
    days = grams_by_day(given, gap)
    match finding["kind"]:
        case "infusion_duration":
            return bool(_hours(given) == finding["observed"])
        case "weight" | "vaccine_interval":
            agrees_of_kind = _weight_agrees if finding["kind"] == "weight" else _vaccine_agrees
            return agrees_of_kind(finding, rows, days)
        case "concomitant":
            return not any(_is_the_medicine(finding, row, days) for row in rows)
    known = _infused(rows) if finding["kind"] == "reconciliation" else None
    return finding["observed"] in (None, known)


def _is_the_medicine(finding: Row, row: Row, days: dict[date, Decimal]) -> bool:
    if row["role"] != "other medicine":
        return False
    from_on = min(days) + timedelta(days=finding["from_days"])
    to_on = max(days) + timedelta(days=finding["to_days"])
    in_window = row["started_on"] <= to_on and (row["measured_on"] or to_on) >= from_on
    code = str(row["code"]).upper()
    return in_window and any(
        fnmatchcase(code, pattern.replace("%", "*")) for pattern in finding["patterns"]
    )


def _infused(rows: list[Row]) -> Decimal:
    """Return the known grams of the infusions: of the two records the one that weighs patients."""
    grams = [row["dose_g"] for row in rows if row["measured_on"] and row["dose_g"] is not None]
    return sum(grams, Decimal(0))


def _hours(given: list[Row]) -> Decimal:
    length = max(row["ended_at"] for row in given) - min(row["started_at"] for row in given)
    return (Decimal(length.total_seconds()) / 3600).quantize(Decimal("0.001"))


def _vaccine_agrees(finding: Row, rows: list[Row], days: dict[date, Decimal]) -> bool:
    """Say whether the days between vaccine and immunoglobulin are those that were judged."""
    (given_on,) = [row["measured_on"] for row in rows if row["role"] == "vaccine"]
    if finding["clause"] == "immunoglobulin_after":
        return bool((min(days) - given_on).days == finding["observed"])
    return finding["observed"] in (None, (given_on - max(days)).days)


def _weight_agrees(finding: Row, rows: list[Row], days: dict[date, Decimal]) -> bool:
    first = min(days)
    weights = [row for row in rows if row["role"] == "weight"]
    match finding["reason"]:
        case "weight_missing":
            return not weights
        case "weight_stale":
            return bool((first - weights[0]["measured_on"]).days == finding["observed"])
        case "weight_jump":
            return bool(weights[0]["weight_kg"] == finding["observed"])
    return True


def fetch(con: duckdb.DuckDBPyConnection, query: str, params: Row | None = None) -> list[Row]:
    """Return rows as dicts."""
    found = con.sql(query, params=params or {})
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def evidence(con: duckdb.DuckDBPyConnection, finding_key: str) -> list[Row]:
    """Return the staged rows behind a finding, in one shape for all records."""
    return fetch(
        con,
        """
        SELECT e.role, e.record, e.record_key, i.started_on, i.started_at, i.ended_at,
            CASE WHEN i.status = 'not_given' THEN 0 ELSE i.dose_g END AS dose_g,
            i.started_on AS measured_on, i.weight_kg, NULL AS code
        FROM audit.evidence AS e INNER JOIN staged.infusion AS i ON e.record_key = i.infusion_key
        WHERE e.finding_key = $key AND e.record = 'infusion'
        UNION ALL
        SELECT e.role, e.record, e.record_key, d.dispensed_on, d.dispensed_at, NULL,
            d.dose_g - CASE WHEN d.returned_g > 0 THEN d.returned_g ELSE 0 END
            - CASE WHEN d.wasted_g > 0 THEN d.wasted_g ELSE 0 END, NULL, NULL, NULL
        FROM audit.evidence AS e
        INNER JOIN staged.dispensing AS d ON e.record_key = d.dispensing_key
        WHERE e.finding_key = $key AND e.record = 'dispensing'
        UNION ALL
        SELECT e.role, e.record, e.record_key, NULL, NULL, NULL, NULL,
            m.measured_on, m.weight_kg, NULL
        FROM audit.evidence AS e
        INNER JOIN staged.body_measurement AS m ON e.record_key = m.body_measurement_key
        WHERE e.finding_key = $key AND e.record = 'body_measurement'
        UNION ALL
        SELECT e.role, e.record, e.record_key, m.started_on, NULL, NULL, NULL,
            m.ended_on, NULL, m.code
        FROM audit.evidence AS e
        INNER JOIN staged.medication AS m ON e.record_key = m.medication_key
        WHERE e.finding_key = $key AND e.record = 'medication'
        UNION ALL
        SELECT e.role, e.record, e.record_key, NULL, NULL, NULL, NULL,
            v.given_on, NULL, v.vaccine_code
        FROM audit.evidence AS e
        INNER JOIN staged.vaccination AS v ON e.record_key = v.vaccination_key
        WHERE e.finding_key = $key AND e.record = 'vaccination'
        UNION ALL
        SELECT e.role, e.record, e.record_key, c.occurred_on, NULL, NULL, NULL, NULL, NULL,
            c.event_code
        FROM audit.evidence AS e
        INNER JOIN staged.clinical_event AS c ON e.record_key = c.clinical_event_key
        WHERE e.finding_key = $key AND e.record = 'clinical_event'
        """,
        {"key": finding_key},
    )


def faults_of(con: duckdb.DuckDBPyConnection, finding: Row, gap: Decimal) -> tuple[int, list[str]]:
    """Return how many lines were evaluated, and what disagrees."""
    lines = arithmetic_lines(explain(con, finding["finding_key"]))
    faults = []
    for line in lines:
        try:
            if not agrees(line):
                faults.append("a line does not hold")
        except Disagreement as wrong:
            faults.append(str(wrong))
    if finding["observed"] is not None and not lines:
        faults.append("a number was judged and no arithmetic is shown")
    if not _gives(con, finding, gap):
        faults.append("the rows do not give what was judged")
    return len(lines), [f"{finding['finding_key']}: {fault}" for fault in faults]


def _gives(con: duckdb.DuckDBPyConnection, finding: Row, gap: Decimal) -> bool:
    """Say whether the rows behind a finding give what was judged."""
    if finding["kind"] == "infusion_rate":
        return rate_holds(con, finding)
    if finding["kind"] in ("limit", "authorisation", "review", "traceability"):
        return use_holds(con, finding)
    rows = evidence(con, finding["finding_key"])
    if finding["kind"] == "regimen":
        return dose_holds(con, finding, rows, gap)
    if finding["kind"] == "rounding":
        grams = [row["dose_g"] for row in rows if row["role"] == "given"]
        return bool(sum(grams, Decimal(0)) == finding["observed"])
    return recomputed(finding, rows, gap)


def main() -> int:
    """Check random findings of a run and print how many."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", nargs="?", type=Path, help="output folder; default: a run is made")
    parser.add_argument("--n", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patients", type=int, default=6000, help="of the run that is made")
    told = parser.parse_args()
    if told.out is not None:
        return check_database(told.out, told.n, told.seed)
    with tempfile.TemporaryDirectory() as folder:
        runs = (_synthetic(Path(folder), told), _hard(Path(folder) / "hard", told))
        return max([check_database(out, told.n, told.seed) for out in runs])


def _synthetic(made: Path, told: argparse.Namespace) -> Path:
    """Audit synthetic records by several sets; return the output folder."""
    synth(made / "records", n_patients=told.patients, seed=told.seed, defects="all")
    settings = load_settings(made / "records", overrides={"guidelines": SETS})
    audit(settings, made / "out", Journal(io.StringIO()))
    return made / "out"


def _hard(made: Path, told: argparse.Namespace) -> Path:
    """Audit courses that fail a regimen in every way there is; return the output folder."""
    audited(
        made,
        hard_records(told.patients // 5, told.seed),
        guidelines=("ward-seven",),
        guideline_folder=write_rules(made / "guidelines"),
        as_of=str(AS_OF),
    ).close()
    return made / "out"


def check_database(out: Path, n: int, seed: int) -> int:
    """Check the newest run of an output folder, or one database."""
    places = (out, out / "audit.duckdb", out / "latest" / "audit.duckdb")
    database = next((place for place in places if place.is_file()), None)
    if database is None:
        sys.stderr.write("no finished run there: run `make demo` first\n")
        return 1
    con = duckdb.connect()
    con.execute(f"ATTACH '{database}' AS run (READ_ONLY)")
    con.execute("USE run")
    return check_run(con, n, seed)


def check_run(con: duckdb.DuckDBPyConnection, n: int, seed: int) -> int:
    """Check up to n random findings; return 1 when any disagrees."""
    findings = fetch(
        con,
        """
        SELECT f.finding_key, f.kind::VARCHAR AS kind, f.clause::VARCHAR AS clause,
            f.reason::VARCHAR AS reason, f.unit::VARCHAR AS unit, f.observed,
            f.limit_low, f.limit_high, c.from_days, c.to_days,
            LIST(m.code_pattern ORDER BY m.code_pattern) AS patterns
        FROM audit.finding AS f
        LEFT JOIN guideline.concomitant AS c ON f.rule_key = c.rule_key
        LEFT JOIN guideline.medicine AS m ON c.medicine = m.medicine
        GROUP BY ALL
        ORDER BY f.finding_key
        """,
    )
    gap = fetch(con, "SELECT session_gap_hours FROM guideline.policy")[0]["session_gap_hours"]
    chosen = random.Random(seed).sample(findings, min(n, len(findings)))  # noqa: S311 - a sample
    results = [faults_of(con, finding, gap) for finding in chosen]
    faults = [fault for _, found in results for fault in found]
    clauses = Counter(row["clause"] or row["reason"] for row in chosen if row["kind"] == "regimen")
    told = ", ".join(f"{name} {count}" for name, count in sorted(clauses.items()))
    sys.stdout.write(f"of regimens: {told}\n")
    for fault in faults:
        sys.stdout.write(f"{fault}\n")
    sys.stdout.write(
        f"{len(chosen)} of {len(findings)} findings explained and recomputed, "
        f"{sum(count for count, _ in results)} lines of arithmetic, {len(faults)} disagreements\n"
    )
    return 1 if faults or not chosen else 0


if __name__ == "__main__":
    raise SystemExit(main())
