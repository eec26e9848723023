"""A plain loop over days agrees with the SQL on who came, who left and who was given most."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import duckdb
from drawn import examples
from empty_store import common_store
from empty_store import given as put
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from treated import during, told, treated

BREAK = 180
COMPLETE_FROM = date(2020, 1, 1)
FROM_ON, TO_ON = date(2021, 1, 1), date(2023, 6, 30)
GAPS = st.sampled_from((1, 5, 28, 100, 179, 180, 181, 182, 300, 500))
SLOWLY = settings(max_examples=examples(8), suppress_health_check=list(HealthCheck))

Patient = dict[str, Any]


@st.composite
def drawn_patient(draw: st.DrawFn) -> Patient:
    """Draw the days of one patient, by the vein or not, and perhaps the day of death."""
    day = COMPLETE_FROM + timedelta(days=draw(st.integers(0, 900)))
    uses = []
    for gap in [0, *draw(st.lists(GAPS, max_size=7))]:
        day += timedelta(days=gap)
        product = draw(st.sampled_from(("VENA", "VENA", "VENA", "CUTIS", "XYZZY")))
        uses.append((day, product, draw(st.sampled_from((None, 5, 10, 30, 30)))))
    died = draw(st.sampled_from((None, None, None, 10, 180, 181)))
    return {
        "uses": [use for use in uses if use[0] <= date(2025, 6, 30)],
        "died_on": None if died is None else day + timedelta(days=died),
    }


def stays(patient: Patient, as_of: date) -> list[tuple[date, date | None, str, bool, date]]:
    """Return first day, day of leaving, kind of coming, whether by death, and last day."""
    runs: list[list[tuple[date, str]]] = []
    for day, product, _ in patient["uses"]:
        if not runs or (day - runs[-1][-1][0]).days > BREAK:
            runs.append([])
        runs[-1].append((day, product))
    found = []
    for number, run in enumerate(runs):
        by_vein = [day for day, product in run if product == "VENA"]
        if not by_vein:
            continue
        first, last = by_vein[0], run[-1][0]
        is_seen = first - timedelta(days=BREAK) >= COMPLETE_FROM and first == run[0][0]
        came = "returned" if number else "new" if is_seen else "unknown"
        limit = last + timedelta(days=BREAK)
        is_last = number == len(runs) - 1
        died = is_last and patient["died_on"] is not None and patient["died_on"] <= limit
        left = last if not is_last or died or limit <= as_of else None
        found.append((first, left, came, died, last))
    return found


def account(patients: list[Patient], from_on: date, to_on: date, as_of: date) -> Counter[str]:
    """Count one step of the account, patient by patient."""
    seen: Counter[str] = Counter()
    for patient in patients:
        for first, left, came, died, last in stays(patient, as_of):
            if first < from_on and (left is None or left >= from_on):
                seen["start"] += 1
                seen["throughout"] += left is None or left > to_on
            if from_on <= first <= to_on:
                seen[came] += 1
            if left is not None and from_on <= left <= to_on:
                seen["died" if died else "stopped"] += 1
            if first <= to_on and (left is None or left > to_on):
                seen["end"] += 1
                seen["open"] += left is None and last <= to_on
    return seen


def months_of(step: str) -> int:
    return {"month": 1, "quarter": 3, "year": 12}[step]


def steps(step: str) -> list[tuple[date, date]]:
    """Return the steps of the period, cut where it begins and ends."""
    found, begins = [], date(FROM_ON.year, 1, 1)
    while begins <= TO_ON:
        number = begins.year * 12 + begins.month - 1 + months_of(step)
        after = date(number // 12, number % 12 + 1, 1)
        if after > FROM_ON:
            found.append((max(begins, FROM_ON), min(after - timedelta(days=1), TO_ON)))
        begins = after
    return found


def stage(con: duckdb.DuckDBPyConnection, patients: list[Patient]) -> None:
    """Write the patients as records and make the tables."""
    rows = [
        f"{100 * key + place} | {key} | {day} | {product} | {'' if grams is None else grams}"
        for key, patient in enumerate(patients, start=1)
        for place, (day, product, grams) in enumerate(patient["uses"])
    ]
    deaths = "\n".join(
        f"{key} | {patient['died_on'] or ''}" for key, patient in enumerate(patients, start=1)
    )
    put(con, "staged.patient", f"patient_key | deceased_on\n{deaths}")
    head = "infusion_key | patient_key | started_on | product_code | dose_g"
    treated(con, "\n" + "\n".join([head, *rows]), "patient_flow", "use_share")


@SLOWLY
@given(
    st.lists(drawn_patient(), min_size=1, max_size=12),
    st.sampled_from((TO_ON, date(2023, 11, 30), date(2025, 12, 31))),
)
def test_a_loop_over_days_finds_the_same_patients(patients: list[Patient], as_of: date) -> None:
    con = common_store()
    during(con, str(FROM_ON), str(TO_ON), str(as_of))
    stage(con, patients)
    columns = (
        "step, n_start AS start, n_throughout AS throughout, n_new AS new,"
        " n_returned AS returned, n_entry_unknown AS unknown, n_stopped AS stopped,"
        ' n_died AS died, n_end AS "end", n_open AS open'
    )
    rows = told(con, "patient_flow", columns, "step = 'all', begins_on")
    step = str(rows[0]["step"])
    for row, (from_on, to_on) in zip(rows, [*steps(step), (FROM_ON, TO_ON)], strict=True):
        del row["step"]
        seen = account(patients, from_on, to_on, as_of)
        assert row == {name: str(int(seen[name])) for name in row}
        n = {name: int(str(value)) for name, value in row.items()}
        came = n["new"] + n["returned"] + n["unknown"]
        assert n["start"] + came - n["stopped"] - n["died"] == n["end"]
    _holds_the_shares(con, patients)
    con.close()


def _holds_the_shares(con: duckdb.DuckDBPyConnection, patients: list[Patient]) -> None:
    """Hold the grams of the patients with most against a sorted list."""
    sums = []
    for patient in patients:
        grams = [
            amount
            for day, product, amount in patient["uses"]
            if product == "VENA" and amount is not None and FROM_ON <= day <= TO_ON
        ]
        sums += [sum(grams)] if grams else []
    sums.sort(reverse=True)
    for row in told(con, "use_share", "top_percent AS top, n_patients AS n, grams", "top_percent"):
        n = -(-len(sums) * int(str(row["top"])) // 100)
        assert (row["n"], row["grams"]) == (str(n), str(sum(sums[:n])))
