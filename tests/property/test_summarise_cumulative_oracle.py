"""A plain loop over courses agrees with the SQL on the heaviest 30 and 365 days of each patient."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from drawn import examples
from empty_store import common_store, shown
from empty_store import given as put
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from treated import during, treated

FROM_ON, TO_ON = date(2023, 1, 1), date(2023, 12, 31)
GAPS = st.sampled_from((5, 10, 14, 28, 29, 30, 31, 90, 335, 364, 365, 366))
GRAMS = st.sampled_from((None, Decimal(5), Decimal("12.5"), Decimal(40)))
Patient = dict[str, Any]


@st.composite
def drawn_patient(draw: st.DrawFn) -> Patient:
    """Draw the courses of one patient of one weight, or of none."""
    day = date(2022, 1, 1) + timedelta(days=draw(st.integers(0, 600)))
    uses = []
    for gap in [0, *draw(st.lists(GAPS, max_size=8))]:
        day += timedelta(days=gap)
        uses.append((day, draw(GRAMS)))
    return {"uses": uses, "kg": draw(st.sampled_from((None, 40, 50, 50, 80)))}


def heaviest(patient: Patient, n_days: int) -> Decimal | None:
    """Return the most grams per kilogram in so many days that end on a course of the period."""
    if patient["kg"] is None:
        return None
    found = []
    for last, _ in patient["uses"]:
        if FROM_ON <= last <= TO_ON:
            grams = [
                amount
                for day, amount in patient["uses"]
                if amount is not None and last - timedelta(days=n_days) < day <= last
            ]
            found += [sum(grams, Decimal(0)) / patient["kg"]] if grams else []
    return max(found, default=None)


@settings(max_examples=examples(8), suppress_health_check=list(HealthCheck))
@given(st.lists(drawn_patient(), min_size=1, max_size=12))
def test_a_loop_over_courses_finds_the_same_sums(patients: list[Patient]) -> None:
    con = common_store()
    during(con, str(FROM_ON), str(TO_ON), "2025-12-31")
    weights = [
        f"{key} | {key} | 2021-12-31 | {patient['kg']}"
        for key, patient in enumerate(patients, start=1)
        if patient["kg"] is not None
    ]
    head = "body_measurement_key | patient_key | measured_on | weight_kg"
    if weights:
        put(con, "staged.body_measurement", "\n".join([head, *weights]))
    rows = [
        f"{100 * key + place} | {key} | {day} | {'' if grams is None else grams}"
        for key, patient in enumerate(patients, start=1)
        for place, (day, grams) in enumerate(patient["uses"])
    ]
    head = "infusion_key | patient_key | started_on | dose_g"
    treated(con, "\n" + "\n".join([head, *rows]), "cumulative_dose")
    (row, *_) = shown(
        con,
        "SELECT n_patients, n_at_least, n_unknown, month_highest, year_highest"
        " FROM report.cumulative_dose WHERE is_total UNION ALL SELECT '0', '0', '0', NULL, NULL",
    )
    seen = [
        patient
        for patient in patients
        if any(FROM_ON <= day <= TO_ON for day, _ in patient["uses"])
    ]
    months = [heaviest(patient, 30) for patient in seen]
    years = [heaviest(patient, 365) for patient in seen]
    known = [patient for patient, year in zip(seen, years, strict=True) if year is not None]
    least = [
        patient
        for patient in known
        if any(FROM_ON <= day <= TO_ON and grams is None for day, grams in patient["uses"])
    ]
    assert row == {
        "n_patients": str(len(known)),
        "n_at_least": str(len(least)),
        "n_unknown": str(len(seen) - len(known)),
        "month_highest": _rounded(months),
        "year_highest": _rounded(years),
    }
    con.close()


def _rounded(sums: list[Decimal | None]) -> str | None:
    known = [amount for amount in sums if amount is not None]
    return f"{max(known).quantize(Decimal('0.001')).normalize():f}" if known else None
