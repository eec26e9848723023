"""Write a folder of synthetic records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import polars as pl

from pipeline.synth import approvals, infusions, laboratory, records, reports
from pipeline.synth.catalogue import USES
from pipeline.synth.chance import Chance
from pipeline.synth.courses import dosed, schedule
from pipeline.synth.diagnoses import diagnosis
from pipeline.synth.infusions import bags
from pipeline.synth.people import make_patients
from pipeline.synth.planting import choose, marked_people, planned, spoiled, truth
from pipeline.synth.rates import rate_step
from pipeline.synth.scene import Scene
from pipeline.synth.vaccines import vaccination

Defects = Literal["none", "all"]


@dataclass(frozen=True)
class Record:
    """How one record kind is written from the plan, by which columns its rows are ordered.

    `finish` makes the columns of the contract of those the rows were ordered and spoiled by.
    """

    write: Callable[[Scene], pl.DataFrame]
    order: tuple[str, ...]
    finish: Callable[[pl.DataFrame], pl.DataFrame] | None = None


RECORDS = {
    "patient": Record(records.patient, ("patient_id",)),
    "diagnosis": Record(diagnosis, ("patient_id", "recorded_on", "code")),
    "authorisation": Record(
        approvals.authorisation, ("requested_on", "patient_id", "authorisation_id")
    ),
    "outcome_review": Record(approvals.outcome_review, ("reviewed_on", "patient_id")),
    "lab_result": Record(
        laboratory.lab_result, ("collected_at", "patient_id", "test_code"), laboratory.dated
    ),
    "medication": Record(records.medication, ("started_at", "patient_id", "code")),
    "vaccination": Record(vaccination, ("given_on", "patient_id", "vaccine_code")),
    "clinical_event": Record(records.clinical_event, ("occurred_at", "patient_id", "event_code")),
    "adverse_event": Record(reports.adverse_event, ("reported_at", "patient_id", "event_id")),
    "body_measurement": Record(records.body_measurement, ("measured_at", "patient_id")),
    "dispensing": Record(infusions.dispensing, ("dispensed_at", "patient_id", "dispensing_id")),
    "dispensing_lot": Record(infusions.dispensing_lot, ("dispensing_id", "lot_number")),
    "infusion": Record(infusions.infusion, ("started_at", "patient_id", "infusion_id")),
    "infusion_lot": Record(infusions.infusion_lot, ("infusion_id", "lot_number")),
    "rate_step": Record(rate_step, ("changed_at", "infusion_id")),
}
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
    scene = make_scene(n_patients, seed, defects)
    for name, record in RECORDS.items():
        rows = spoiled(name, record.write(scene), scene)
        rows = rows.sort(record.order, maintain_order=True)
        yield name, rows if record.finish is None else record.finish(rows)
    yield "source_coverage", _coverage(scene)
    yield "truth", truth(scene)


def make_scene(n_patients: int, seed: int, defects: Defects) -> Scene:
    """Return the plan of the records, with the defects planted in it."""
    chance = Chance(seed)
    first_on = period_start(n_patients)
    last_day = (_LAST_ON - first_on).days
    people = make_patients(n_patients, first_on, _LAST_ON, chance)
    courses = _courses(people, first_on, defects, chance)
    given = bags(courses, last_day, chance)
    return Scene(marked_people(people, courses), courses, given, first_on, last_day, chance)


def _coverage(scene: Scene) -> pl.DataFrame:
    """Return one row per record kind: the whole period."""
    return pl.DataFrame({"record": [kind for kind in RECORDS if kind != "patient"]}).with_columns(
        pl.lit(scene.first_on).alias("from_on"), pl.lit(_LAST_ON).alias("to_on")
    )


def period_start(n_patients: int) -> date:
    """Return the first day of the records of so many patients."""
    years = max(years for fewest, years in _YEARS_BY_PATIENTS if n_patients >= fewest)
    return date(_LAST_ON.year - years + 1, 1, 1)


def _courses(
    people: pl.DataFrame, first_on: date, defects: Defects, chance: Chance
) -> pl.DataFrame:
    last_day = (_LAST_ON - first_on).days
    courses = schedule(people, last_day, chance)
    chosen = choose(courses, first_on, last_day, chance)
    if defects == "none":
        chosen = chosen.clear()
    courses = planned(courses, chosen, last_day, chance)
    can_stop = pl.col("kind").is_null() & pl.col("use").is_in(_CAN_STOP)
    return dosed(courses, chance).with_columns(can_stop.alias("can_stop"))
