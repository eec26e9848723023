"""What becomes of administrations in FHIR is what a loop says that reads them one by one."""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
from drawn import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from ingested import ingested, rows

sys.path.insert(0, str(Path(__file__).parent))  # the oracle stands beside its test

from oracle_fhir import CODE, OTHER, PRODUCT, Resource, infusion, rate, read, whole_of

N_DOSES = 5
START, END = "2025-03-03T08:00:00Z", "2025-03-03T12:00:00Z"

AMOUNT = st.builds(
    lambda value, code, less: (
        {"value": value, "code": code} | ({"comparator": "<"} if less else {})
    ),
    st.sampled_from([0.25, 10.5, 40]),
    st.sampled_from(["g", "g", "mg", "mL", "[drp]"]),
    st.sampled_from([False, False, False, True]),
)
RATIO = st.builds(
    lambda hours: {
        "numerator": {"value": 90, "code": "mL"}, "denominator": {"value": hours, "code": "h"}
    },
    st.sampled_from([1, 2]),
)  # fmt: skip
SPEED = st.one_of(
    st.none(),
    st.sampled_from(["mL/h", "mL/min"]).map(
        lambda unit: {"rateQuantity": {"value": 120, "code": unit}}
    ),
    RATIO.map(lambda ratio: {"rateRatio": ratio}),
)
DOSAGE = st.builds(
    lambda dose, speed, method: (
        ({"dose": dose} if dose else {})
        | (speed or {})
        | ({"method": {"text": method}} if method else {})
    ),
    st.one_of(st.none(), AMOUNT),
    SPEED,
    st.sampled_from([None, None, None, None, "Not Given", "Rate Change"]),
)
MEDICINE = st.sampled_from(
    [{"text": PRODUCT}] * 4 + [{"coding": [{"code": CODE}]}] * 2 + [{"text": OTHER}]
)
WHEN = st.sampled_from([{"effectiveDateTime": START}, {"effectivePeriod": {"start": START}},
                        {"effectivePeriod": {"start": START, "end": END}}])  # fmt: skip
STATUS = st.sampled_from(
    ["completed"] * 5
    + ["stopped", "in-progress", "on-hold", "not-done", "entered-in-error", "unknown"]
)
# of its number the dose it is a part of; the last number is of none
PARENT = st.one_of(st.none(), st.none(), st.integers(0, N_DOSES))
DOSE = st.tuples(STATUS, MEDICINE, DOSAGE, WHEN, PARENT, st.sampled_from([False] * 9 + [True]))
PATIENT = st.lists(DOSE, min_size=1, max_size=N_DOSES)


def _resource(patient: int, number: int, told: tuple[Any, ...]) -> Resource:
    status, medicine, dosage, when, parent, has_modifier = told
    dose: Resource = {
        "resourceType": "MedicationAdministration", "id": f"a{patient}-{number}", "status": status,
        "subject": {"reference": f"Patient/p{patient}"}, "medicationCodeableConcept": medicine,
        "dosage": dosage,
    } | when  # fmt: skip
    if parent is not None:
        dose["partOf"] = [{"reference": f"MedicationAdministration/a{patient}-{parent}"}]
    if has_modifier:
        dose["modifierExtension"] = [{"url": "urn:x", "valueBoolean": True}]
    return dose


def _ingested(patients: list[list[Resource]]) -> duckdb.DuckDBPyConnection:
    lines = [{"resourceType": "Patient", "id": f"p{number}"} for number in range(len(patients))] + [
        dose for doses in patients for dose in doses
    ]
    with tempfile.TemporaryDirectory() as name:
        text = "\n".join(json.dumps(line) for line in lines)
        (Path(name) / "export.ndjson").write_text(text + "\n", encoding="utf-8")
        return ingested(Path(name), format="fhir-r4")


@settings(max_examples=examples(8))
@given(st.lists(PATIENT, min_size=40, max_size=40))
def test_administrations_become_what_a_loop_says(told: list[list[tuple[Any, ...]]]) -> None:
    patients = [
        [_resource(patient, number, one) for number, one in enumerate(doses)]
        for patient, doses in enumerate(told)
    ]
    con = _ingested(patients)
    doses = {dose["id"]: dose for patient in patients for dose in patient}
    read_as = {name: said for patient in patients for name, said in read(patient).items()}
    assert _account(con) == Counter(fate for fate, _ in read_as.values())
    assert _infusions(con) == {
        name: infusion(doses[name], fate) for name, (fate, is_read) in read_as.items() if is_read
    }
    steps = "infusion_id, rate_ml_per_h"
    assert Counter(_rows(con, "rate_step", steps)) == Counter(
        (whole_of(doses[name]), rate(doses[name]))
        for name, (fate, _) in read_as.items()
        if fate == "rate_step"
    )


def _account(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    told = "SELECT fate, SUM(n_rows)::INTEGER FROM audit.row_account GROUP BY fate"
    return {fate: n for fate, n in rows(con, told) if fate != "patient"}


def _infusions(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[Any, ...]]:
    columns = """infusion_id, product_code, started_at, ended_at, status,
        dose_g::DECIMAL(18, 6), max_rate_ml_per_h"""
    return {name: tuple(said) for name, *said in _rows(con, "infusion", columns)}


def _rows(con: duckdb.DuckDBPyConnection, record: str, columns: str) -> list[tuple[Any, ...]]:
    supplied = rows(con, f"SELECT 1 FROM audit.record_supplied WHERE record = '{record}'")
    return rows(con, f"SELECT {columns} FROM mapped.{record}") if supplied else []
