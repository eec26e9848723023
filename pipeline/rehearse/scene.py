"""Turn worked examples into records, one made-up patient per example."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from pipeline.guidelines.examples import Coverage, Example, Infusion
from pipeline.guidelines.rules import Rule
from schemas.record import RECORDS, Kind, contract

Row = dict[str, str | None]
Records = dict[str, list[Row]]

DAY_ZERO = date(2024, 6, 15)
WIDE = Coverage(from_day=-1000, to_day=1000)
"""Enough on both sides that a course is closed and its history known."""

KINDS = tuple(RECORDS)
_DATED = tuple(kind for kind in RECORDS if contract(kind).dated_by is not None)
# Ids that name a record; an example's own are told apart from another example's.
_IDS = {column for kind in RECORDS for column in contract(kind).identity} - {"patient_id"}


@dataclass(frozen=True)
class Part:
    """One example, the rule it belongs to and the patient who plays it."""

    rule: Rule
    example: Example
    patient_id: str

    @property
    def example_id(self) -> str:
        """Return what names the example in a test and on the terminal."""
        return f"{self.rule.id}: {self.example.name}"


@dataclass(frozen=True)
class Scene:
    """Examples that can share one set of records: same coverage, same tables supplied."""

    coverage: Coverage
    not_supplied: tuple[str, ...]
    parts: tuple[Part, ...]

    @property
    def supplied(self) -> tuple[str, ...]:
        """Return the record kinds the scene has."""
        return tuple(kind for kind in KINDS if kind not in self.not_supplied)

    @property
    def as_of(self) -> date:
        """Return the day the audit pretends it is: the end of coverage."""
        return _on(self.coverage.to_day)


def scenes(rules: Iterable[Rule]) -> list[Scene]:
    """Return the examples of the rules, gathered by what they need of the records."""
    gathered: dict[tuple[int, int, tuple[str, ...]], list[Part]] = {}
    pairs = [(rule, example) for rule in rules for example in rule.example]
    for place, (rule, example) in enumerate(pairs, start=1):
        covered = example.coverage or WIDE
        key = (covered.from_day, covered.to_day, tuple(sorted(example.not_supplied)))
        gathered.setdefault(key, []).append(Part(rule, example, f"EXAMPLE-{place:04d}"))
    return [
        Scene(Coverage(from_day=key[0], to_day=key[1]), key[2], tuple(parts))
        for key, parts in sorted(gathered.items())
    ]


def records(scene: Scene) -> Records:
    """Return the rows of every record kind of a scene, as text, like a source would hold them."""
    made: Records = {kind: [] for kind in scene.supplied}
    made["source_coverage"] = [
        {"record": kind, "from_on": _text(scene.coverage.from_day), "to_on": str(scene.as_of)}
        for kind in scene.supplied
        if kind in _DATED
    ]
    for part in scene.parts:
        for kind, rows in [*_of_example(part).items(), *_told(part)]:
            if kind in made:
                made[kind] += [_of_patient(part, kind, row) for row in rows]
    return made


def _of_patient(part: Part, kind: str, row: Row) -> Row:
    """Return a row with the example's patient, where the record kind names one."""
    return row if contract(kind).patient is None else {"patient_id": part.patient_id, **row}


def _told(part: Part) -> Iterator[tuple[str, list[Row]]]:
    """Yield the rows of record kinds that the example writes as the contract has them."""
    for kind, rows in part.example.records.items():
        kinds = {column.name: column.kind for column in contract(kind).every_column}
        yield (
            kind,
            [
                {name: _cell(part, name, kinds[name], value) for name, value in row.items()}
                for row in rows
            ],
        )


def _cell(part: Part, name: str, kind: Kind, value: object) -> str:
    """Return one cell as a source would write it."""
    if name in _IDS:
        return _id(part, str(value))
    if kind in (Kind.DATE, Kind.TIME):
        day, _, clock = str(value).partition(" ")
        return _text(int(day)) + (f" {clock}" if clock else "")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _id(part: Part, value: str) -> str:
    return f"{part.patient_id}-{value}"


def _of_example(part: Part) -> Records:
    return {
        "patient": [_patient(part.example)],
        "body_measurement": list(_measurements(part.example)),
        "diagnosis": list(_diagnoses(part.example)),
        "medication": list(_medications(part.example)),
        "infusion": list(_infusions(part)),
    }


def _patient(example: Example) -> Row:
    age = example.patient.age_years
    return {
        "birth_date": None if age is None else _birthday(age),
        "sex": example.patient.sex,
        "is_iga_deficient": _truth(example.patient.is_iga_deficient),
        "has_anti_iga": _truth(example.patient.has_anti_iga),
        "blood_group": example.patient.blood_group,
    }


def _truth(value: bool | None) -> str | None:  # noqa: FBT001 - a cell, not a switch
    return None if value is None else str(value).lower()


def _birthday(age_years: Decimal) -> str:
    """Return a birth date that makes the patient just this old on day 0."""
    years, rest = divmod(age_years, 1)
    born = DAY_ZERO.replace(year=DAY_ZERO.year - int(years))
    return str(born - timedelta(days=int(rest * 365)))


def _measurements(example: Example) -> Iterator[Row]:
    if example.weight_kg is not None or example.height_cm is not None:
        yield {
            "measured_at": _text(0),
            "weight_kg": _amount(example.weight_kg),
            "height_cm": _amount(example.height_cm),
        }
    for measured in example.weights:
        yield {
            "measured_at": _text(measured.day),
            "weight_kg": _amount(measured.kg),
            "height_cm": _amount(measured.height_cm),
        }


def _diagnoses(example: Example) -> Iterator[Row]:
    for diagnosis in example.diagnoses:
        yield {
            "code_system": diagnosis.system,
            "code": diagnosis.code,
            "recorded_on": _text(diagnosis.day),
        }


def _medications(example: Example) -> Iterator[Row]:
    for medication in example.medications:
        yield {
            "code_system": "NAME" if medication.name else "ATC",
            "code": medication.name or medication.atc,
            "started_at": _text(medication.day),
            "ended_at": None if medication.until_day is None else _text(medication.until_day),
        }


def _infusions(part: Part) -> Iterator[Row]:
    days = [(day, bag) for bag in part.example.infusions for day in bag.on_days]
    for place, (day, bag) in enumerate(days, start=1):
        started, ended = _times(day, bag)
        yield {
            "infusion_id": _id(part, bag.id or str(place)),
            "started_at": started,
            "ended_at": ended,
            "product_code": bag.product,
            "dose_g": _amount(bag.dose_g),
            "route": bag.route,
            "weight_kg": _amount(bag.weight_kg),
            "weight_basis": bag.weight_basis,
            "indication_code": bag.indication or part.example.indication,
            "phase": bag.phase or part.example.phase,
            "status": bag.status,
            "volume_ml": _amount(bag.volume_ml),
            "prescribed_dose_g": _amount(bag.prescribed_dose_g),
            "initial_rate_ml_per_h": _amount(bag.initial_rate_ml_per_h),
            "max_rate_ml_per_h": _amount(bag.max_rate_ml_per_h),
            "lot_number": bag.lot_number,
            "dispensing_id": _id(part, bag.dispensing_id) if bag.dispensing_id else None,
            "authorisation_id": _id(part, bag.authorisation_id) if bag.authorisation_id else None,
            "care_setting": bag.care_setting,
            "site_id": bag.site_id,
            "reaction_observed": _truth(bag.reaction_observed),
            "observed_until": bag.observed_until and f"{_text(day)} {bag.observed_until}",
        }


def _times(day: int, bag: Infusion) -> tuple[str, str | None]:
    """Return start and end as text; a bag without a clock time has a date and no end."""
    if bag.at is None:
        return _text(day), None
    start = datetime.combine(_on(day), time.fromisoformat(bag.at))
    if bag.hours is None:
        return str(start), None
    return str(start), str(start + timedelta(minutes=int(bag.hours * 60)))


def _amount(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _on(day: int) -> date:
    return DAY_ZERO + timedelta(days=day)


def _text(day: int) -> str:
    return str(_on(day))
