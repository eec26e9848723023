"""Write a folder of synthetic records."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Literal

import polars as pl

from pipeline.synth import records
from pipeline.synth.catalogue import USES
from pipeline.synth.chance import Chance
from pipeline.synth.courses import dosed, schedule
from pipeline.synth.defects import choose, planned, weighed
from pipeline.synth.infusions import bags, dispensing_record, infusion_record, lot_record
from pipeline.synth.labels import truth
from pipeline.synth.people import make_patients, patient_record
from pipeline.synth.spoiled import spoiled

Defects = Literal["none", "all"]

_LAST_ON = date(2024, 12, 31)
# A few hundred patients are three years of one hospital; the reference load is a registry's ten.
_YEARS_BY_PATIENTS = ((0, 3), (3000, 5), (30000, 10))
_CAN_STOP = [n for n, use in enumerate(USES) if use.indication_code in ("pid", "sid", "mg")]


def synth(folder: Path, n_patients: int, seed: int, defects: Defects = "none") -> None:
    """Write one CSV file per record kind, and `truth.csv` with what was planted.

    Args:
        folder: where to write; made if it is not there.
        n_patients: how many patients; their number also sets the length of the period.
        seed: the same seed gives the same bytes.
        defects: `all` plants and labels every kind of defect, `none` plants none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for record, frame in make_records(n_patients, seed, defects):
        path = folder / f"{record}.csv"
        frame.write_csv(path, datetime_format="%Y-%m-%dT%H:%M:%S", date_format="%Y-%m-%d")


def make_records(
    n_patients: int, seed: int, defects: Defects
) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield each record kind with its rows in contract columns, and the truth last."""
    chance = Chance(seed)
    first_on = period_start(n_patients)
    last_day = (_LAST_ON - first_on).days
    people = make_patients(n_patients, first_on, _LAST_ON, chance)
    courses = _courses(people, last_day, defects, chance)
    given = bags(courses, last_day, chance)
    people = _as_recorded(people, courses)

    yield "patient", patient_record(people, first_on, chance)
    yield "diagnosis", records.diagnosis(people, first_on, chance)
    yield "authorisation", records.authorisation(people, first_on, _LAST_ON, chance)
    yield "source_coverage", records.source_coverage(first_on, _LAST_ON)
    yield "lab_result", records.lab_result(courses, first_on, chance)
    yield "medication", records.medication(courses, first_on, chance)
    measurements = weighed(records.weighings(courses, chance), courses)
    yield "body_measurement", records.body_measurement(measurements, first_on)
    yield "dispensing", by_time(dispensing_record(given, first_on, chance), "dispensed_at")
    yield "dispensing_lot", lot_record(given, "dispensing_id", first_on, chance)
    yield "infusion_lot", lot_record(given, "infusion_id", first_on, chance)
    infusion = infusion_record(given, first_on, chance)
    labels = truth(given, measurements, infusion, chance)
    yield "infusion", by_time(spoiled(infusion, given, chance), "started_at")
    yield "truth", labels


def period_start(n_patients: int) -> date:
    """Return the first day of the records of so many patients."""
    years = max(years for fewest, years in _YEARS_BY_PATIENTS if n_patients >= fewest)
    return date(_LAST_ON.year - years + 1, 1, 1)


def by_time(record: pl.DataFrame, at: str) -> pl.DataFrame:
    """Order a record as an export would be: by time, one moment's rows by patient."""
    return record.sort(at, "patient_id", record.columns[0], maintain_order=True)


def _courses(people: pl.DataFrame, last_day: int, defects: Defects, chance: Chance) -> pl.DataFrame:
    courses = schedule(people, last_day, chance)
    chosen = choose(courses, last_day, chance)
    if defects == "none":
        chosen = chosen.clear()
    courses = planned(courses, chosen, last_day, chance)
    can_stop = pl.col("kind").is_null() & pl.col("use").is_in(_CAN_STOP)
    return dosed(courses, chance).with_columns(can_stop.alias("can_stop"))


def _as_recorded(people: pl.DataFrame, courses: pl.DataFrame) -> pl.DataFrame:
    """Return the patients with where their indication is written after the planting."""
    now = courses.select("patient", "known_by").unique("patient", keep="first")
    kept = people.join(now, on="patient", how="left", suffix="_now", maintain_order="left")
    return kept.with_columns(pl.coalesce("known_by_now", "known_by").alias("known_by"))
