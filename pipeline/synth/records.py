"""Write down what else the hospital recorded: weighings, results, diagnoses, approvals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from pipeline.synth.catalogue import OLD_CODES, USES
from pipeline.synth.chance import Chance
from pipeline.synth.courses import KAWASAKI
from pipeline.synth.infusions import AUTHORISATION_BLOCK, at_minute
from pipeline.synth.people import coded, named, on_day, true_height

_USE_CODES = tuple(u.indication_code for u in USES)
_REPLACEMENT = [n for n, use in enumerate(USES) if use.pattern == "replacement"]


@dataclass(frozen=True)
class LabTest:
    """One monitoring test: how often, about which value, how it scatters."""

    test_code: str
    unit: str
    share: float
    middle: float
    between_patients: float
    within_patient: float
    decimals: int


# LOINC and units as in the reference: creatinine, haemoglobin, sodium; IgG under replacement.
TESTS = (
    LabTest("2160-0", "mg/dL", 0.85, 0.90, 0.16, 0.05, 2),
    LabTest("718-7", "g/dL", 0.85, 12.8, 1.1, 0.3, 1),
    LabTest("2951-2", "mmol/L", 0.50, 139.5, 1.2, 1.0, 0),
    LabTest("2465-3", "g/L", 0.85, 8.2, 1.0, 0.5, 1),
)
_IGG = 3
_PREMEDICATED_COURSES = 6


def weighings(courses: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    """Return one row per weighing: before a course, some a day or two ahead of it."""
    seen = courses.filter("is_weighed")
    patient, day = seen["patient"].to_numpy(), seen["start_day"].to_numpy()
    ahead = np.where(
        chance.happens("ahead", 0.2, patient, day), chance.whole("days", 1, 2, patient, day), 0
    )
    is_tall = chance.happens("measured", 0.05, patient, day)
    is_tall |= seen["course_no"].to_numpy() % 6 == 0
    return seen.select(
        "patient", "patient_id", "weight_kg",
        pl.Series("weighed_day", np.maximum(day - ahead, 0)),
        pl.Series("minute", 5 * chance.whole("weighed", 78, 94, patient, day)),
        pl.when(pl.Series(is_tall)).then(pl.Series(true_height(seen, day))).cast(pl.Int64)
        .alias("height_cm"),
    )  # fmt: skip


def body_measurement(weighed: pl.DataFrame, first_on: date) -> pl.DataFrame:
    """Return one row per weighing in contract columns."""
    measured = at_minute(pl.col("weighed_day") * 1440 + pl.col("minute"), first_on)
    return weighed.select(
        "patient_id", measured.alias("measured_at"), "weight_kg", "height_cm"
    ).sort("measured_at", "patient_id")


def lab_result(courses: pl.DataFrame, first_on: date, chance: Chance) -> pl.DataFrame:
    """Return one row per result, all taken on the morning before a course."""
    found = pl.concat(_results(courses, number, first_on, chance) for number in range(len(TESTS)))
    return found.sort("collected_at", "patient_id", "test_code")


def _results(courses: pl.DataFrame, number: int, first_on: date, chance: Chance) -> pl.DataFrame:
    test = TESTS[number]
    keys = courses["patient"].to_numpy(), courses["start_day"].to_numpy()
    is_taken = chance.happens(f"taken {number}", test.share, *keys)
    if number == _IGG:
        is_taken &= np.isin(courses["use"].to_numpy(), _REPLACEMENT)
    own = test.middle + test.between_patients * chance.bell(f"own {number}", keys[0])
    value = own + test.within_patient * chance.bell(f"value {number}", *keys)
    minute = keys[1] * 1440 + 5 * chance.whole("collected", 80, 95, *keys)
    return courses.select(
        "patient_id",
        pl.lit(test.test_code).alias("test_code"),
        at_minute(pl.lit(pl.Series(minute)), first_on).alias("collected_at"),
        pl.Series("value", np.round(value, test.decimals)),
        pl.lit(test.unit).alias("unit"),
        pl.lit("serum" if number != 1 else "blood").alias("specimen"),
    ).filter(pl.Series(is_taken))


def diagnosis(people: pl.DataFrame, first_on: date, chance: Chance) -> pl.DataFrame:
    """Return one row per code: the disease treated, and old codes beside it."""
    return pl.concat([
        _treated(people, first_on, chance),
        *_old(people, first_on, chance),
    ]).sort("patient_id", "recorded_on", "code")  # fmt: skip


def _treated(people: pl.DataFrame, first_on: date, chance: Chance) -> pl.DataFrame:
    patient, use = people["patient"].to_numpy(), people["use"].to_numpy()
    widest = max(len(u.diagnosis_codes) for u in USES)
    codes = tuple(code for u in USES for code in (u.diagnosis_codes * widest)[:widest])
    position = use * widest + chance.whole("code", 0, widest - 1, patient)
    known = people.with_columns(coded(position, codes).alias("code")).filter(
        pl.col("known_by") != "nothing"
    )
    return _coded(known, pl.col("entry_day") - 7, first_on)


def _old(people: pl.DataFrame, first_on: date, chance: Chance) -> Iterator[pl.DataFrame]:
    """Yield old codes; never a second disease for those known by their diagnosis alone."""
    for turn, share in enumerate((0.5, 0.25)):
        patient = people["patient"].to_numpy()
        position = chance.whole(f"old {turn}", 0, len(OLD_CODES) - 1, patient)
        is_kept = chance.happens(f"has old {turn}", share, patient)
        old = people.with_columns(coded(position, OLD_CODES).alias("code"))
        old = old.filter(
            pl.Series(is_kept) & pl.col("known_by").is_in(["infusion", "authorisation"])
        )
        yield _coded(old, pl.col("entry_day") - 400 * (turn + 1), first_on)


def _coded(people: pl.DataFrame, day: pl.Expr, first_on: date) -> pl.DataFrame:
    return people.select(
        "patient_id",
        pl.lit("ICD10CM").alias("code_system"),
        "code",
        on_day(day.clip(lower_bound=pl.col("birth_day")), first_on).alias("recorded_on"),
    )


def authorisation(
    people: pl.DataFrame, first_on: date, last_on: date, chance: Chance
) -> pl.DataFrame:
    """Return one row per patient: the panel's approval of the treatment."""
    asked = on_day(pl.col("entry_day") - 5, first_on)
    return people.select(
        pl.Series("authorisation_id", named(people["patient"], AUTHORISATION_BLOCK, chance)),
        "patient_id",
        pl.lit("approved").alias("decision"),
        pl.when(pl.col("known_by").is_in(["infusion", "authorisation"]))
        .then(coded(people["use"].to_numpy(), _USE_CODES))
        .alias("indication_code"),
        asked.alias("requested_on"),
        (asked + pl.duration(days=2)).alias("decided_on"),
        (asked + pl.duration(days=2)).alias("valid_from"),
        pl.lit(last_on).alias("valid_to"),
    )


def medication(courses: pl.DataFrame, first_on: date, chance: Chance) -> pl.DataFrame:
    """Return one row per medicine: aspirin with Kawasaki disease, some premedication."""
    aspirin = courses.filter(pl.col("use") == KAWASAKI)
    begun = chance.happens("premedicated", 0.12, courses["patient"].to_numpy())
    relief = courses.filter(pl.Series(begun) & (pl.col("course_no") < _PREMEDICATED_COURSES))
    relief = relief.filter(pl.col("use") != KAWASAKI)
    return pl.concat([
        _given(aspirin, ("B01AC06", "N02BA01"), 42, first_on),
        _given(relief, ("N02BE01",), 0, first_on),
    ]).sort("started_at", "patient_id", "code")  # fmt: skip


def _given(
    courses: pl.DataFrame, codes: tuple[str, ...], n_days: int, first_on: date
) -> pl.DataFrame:
    day = pl.col("start_day") * 1440
    return courses.select(
        "patient_id",
        pl.lit("ATC").alias("code_system"),
        coded(courses["patient"].to_numpy() % len(codes), codes).alias("code"),
        at_minute(day + 7 * 60 + 30, first_on).alias("started_at"),
        at_minute(day + (n_days * 24 + 23) * 60, first_on).alias("ended_at"),
        pl.lit("PO").alias("route"),
    )


def source_coverage(first_on: date, last_on: date) -> pl.DataFrame:
    """Return one row per record kind: the whole period."""
    kinds = ("infusion", "dispensing", "body_measurement", "lab_result", "diagnosis",
             "authorisation", "medication")  # fmt: skip
    return pl.DataFrame({"record": kinds}).with_columns(
        pl.lit(first_on).alias("from_on"), pl.lit(last_on).alias("to_on")
    )
