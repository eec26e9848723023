"""Write down laboratory results: before every course, and after some.

The hospitals take what the loaded rules ask for, so that a test missed is a planted one: kidney
and blood count before every course, haemoglobin again after a high dose, and IgG at least at every
third course of replacement. Some patients' results come in the other laboratory's unit. Values
are invented and move too little after a course to look like harm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.synth.catalogue import USES
from pipeline.synth.chance import Chance, Floats
from pipeline.synth.people import at_minute, blood_group
from pipeline.synth.scene import Scene

_REPLACEMENT = [n for n, use in enumerate(USES) if use.pattern == "replacement"]
_HIGH_DOSE_G_PER_KG = 1.4  # well below 2 g/kg, as doses are rounded to vials
_UNTYPED_SHARE = 0.3
_KIDNEY_SHARE = 0.6
_WATCHED_SHARE = 0.12
_OTHER_UNIT_SHARE = 0.15
_IGG_EVERY = 3
_HOUR, _DAY = 60, 1440
_PER_HOUR = 12  # samples are timed to five minutes


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
    specimen: str = "serum"


@dataclass(frozen=True)
class FollowUp:
    """One test after a course: from the value before it by a little, so many hours after."""

    test: LabTest
    hours: tuple[int, int]
    change: tuple[float, float]
    is_before_too: bool = False


CREATININE, HAEMOGLOBIN, SODIUM, IGG = range(4)
# LOINC and units as in the reference: creatinine, haemoglobin, sodium; IgG under replacement.
TESTS = (
    LabTest("2160-0", "mg/dL", 1.0, 0.90, 0.16, 0.05, 2),
    LabTest("718-7", "g/dL", 1.0, 12.8, 1.1, 0.3, 1, "blood"),
    LabTest("2951-2", "mmol/L", 0.50, 139.5, 1.2, 1.0, 0),
    LabTest("2465-3", "g/L", 0.85, 9.4, 0.6, 0.3, 1),
)
_NEUTROPHILS = LabTest("751-8", "10*9/L", 1.0, 4.2, 0.5, 0.1, 1, "blood")
_ALT = LabTest("1742-6", "U/L", 1.0, 22, 2, 0.5, 0)
# Taken of the few who are watched closely after a high dose.
_WATCHED = (
    FollowUp(TESTS[HAEMOGLOBIN], (130, 210), (-0.5, 0.2)),
    FollowUp(TESTS[SODIUM], (12, 60), (-1.5, 1.5)),
    FollowUp(_NEUTROPHILS, (60, 200), (-0.8, 0.4), is_before_too=True),
    FollowUp(_ALT, (130, 210), (-4, 5), is_before_too=True),
    FollowUp(LabTest("4542-7", "mg/dL", 1.0, 150, 8, 3, 0), (130, 210), (-15, 10)),
    FollowUp(LabTest("2532-0", "U/L", 1.0, 160, 8, 3, 0), (130, 210), (-10, 15)),
    FollowUp(LabTest("1975-2", "mg/dL", 1.0, 0.6, 0.06, 0.02, 1), (130, 210), (-0.1, 0.1)),
    FollowUp(LabTest("17849-1", "%", 1.0, 1.0, 0.05, 0.03, 1, "blood"), (130, 210), (-0.1, 0.1)),
)
# The other laboratory's unit, how many of it make one, and its decimals.
_OTHER_UNIT = {"2160-0": ("umol/L", 88.4, 0), "718-7": ("g/L", 10.0, 0)}
# Well within the 36 to 96 hours a label asks for, also where a defect shortens the infusion.
_AFTER_KIDNEY = FollowUp(TESTS[CREATININE], (42, 88), (-0.05, 0.08))
_AFTER_BLOOD = FollowUp(TESTS[HAEMOGLOBIN], (42, 88), (-0.6, 0.1))
DAT = "1007-4"


def lab_result(scene: Scene) -> pl.DataFrame:
    """Return one row per result: on the morning before a course, or days after it."""
    followed = _followed(scene)
    watched = followed.filter(_drawn(followed, "watched", _WATCHED_SHARE, scene.chance))
    kidney = followed.filter(_drawn(followed, "kidney", _KIDNEY_SHARE, scene.chance))
    return pl.concat([
        *(_before(scene, number) for number in range(len(TESTS))),
        _after(followed, _AFTER_BLOOD, 0, scene),
        _after(kidney, _AFTER_KIDNEY, 1, scene),
        *(_after(watched, test, 2 + turn, scene) for turn, test in enumerate(_WATCHED)),
        *(_at_start(watched, test, scene) for test in _WATCHED if test.is_before_too),
        _antiglobulin(watched, scene),
    ])  # fmt: skip


def result(
    rows: pl.DataFrame, minute: pl.Expr | pl.Series, test: LabTest, value: pl.Expr, scene: Scene
) -> pl.DataFrame:
    """Return one result per row in contract columns; `has_clock` leaves with the last step."""
    return rows.select(
        "patient_id",
        pl.lit(test.test_code).alias("test_code"),
        at_minute(pl.lit(minute) if isinstance(minute, pl.Series) else minute, scene.first_on)
        .alias("collected_at"),
        value.cast(pl.Float64).alias("value"),
        pl.lit(None, dtype=pl.String).alias("value_text"),
        pl.lit(None, dtype=pl.String).alias("comparator"),
        pl.lit(test.unit).alias("unit"),
        pl.lit(test.specimen).alias("specimen"),
        pl.lit(value=True).alias("has_clock"),
    )  # fmt: skip


def dated(results: pl.DataFrame) -> pl.DataFrame:
    """Return the rows as written: a sample whose hour is unknown has a date only."""
    rows = results.drop("has_clock")
    if results["has_clock"].all():
        return rows
    clock = pl.when(results["has_clock"]).then(pl.lit("T%H:%M:%S")).otherwise(pl.lit(""))
    day = pl.col("collected_at").dt.strftime("%Y-%m-%d")
    hour = pl.col("collected_at").dt.strftime("T%H:%M:%S")
    return rows.with_columns(pl.when(clock != "").then(day + hour).otherwise(day))


def _before(scene: Scene, number: int) -> pl.DataFrame:
    test, courses, chance = TESTS[number], scene.courses, scene.chance
    keys = courses["patient"].to_numpy(), courses["start_day"].to_numpy()
    is_taken = chance.happens(f"taken {number}", test.share, *keys)
    if number == IGG:
        is_taken |= courses["course_no"].to_numpy() % _IGG_EVERY == 0
        is_taken &= np.isin(courses["use"].to_numpy(), _REPLACEMENT)
    value = np.round(_value(test, number, courses, chance), test.decimals)
    taken = courses.with_columns(pl.Series("value", value)).filter(pl.Series(is_taken))
    return _in_own_unit(taken, _morning(taken, chance), test, scene)


def _value(test: LabTest, number: int, courses: pl.DataFrame, chance: Chance) -> Floats:
    keys = courses["patient"].to_numpy(), courses["start_day"].to_numpy()
    own = test.middle + test.between_patients * chance.bell(f"own {number}", keys[0])
    return np.asarray(
        own + test.within_patient * chance.bell(f"value {number}", *keys), dtype=np.float64
    )


def _morning(courses: pl.DataFrame, chance: Chance) -> pl.Series:
    keys = courses["patient"].to_numpy(), courses["start_day"].to_numpy()
    return pl.Series(keys[1] * _DAY + 5 * chance.whole("collected", 80, 95, *keys))


def _in_own_unit(
    rows: pl.DataFrame, minute: pl.Series, test: LabTest, scene: Scene
) -> pl.DataFrame:
    """Return results in the unit of the laboratory the patient's blood goes to."""
    written = result(rows, minute, test, pl.col("value"), scene)
    if test.test_code not in _OTHER_UNIT:
        return written
    unit, factor, decimals = _OTHER_UNIT[test.test_code]
    is_other = pl.lit(_drawn(rows, "other unit", _OTHER_UNIT_SHARE, scene.chance, by=("patient",)))
    return written.with_columns(
        pl.when(is_other).then((pl.col("value") * factor).round(decimals)).otherwise("value"),
        pl.when(is_other).then(pl.lit(unit)).otherwise("unit").alias("unit"),
    )


def _followed(scene: Scene) -> pl.DataFrame:
    """Return the last bag of each course of a high dose whose patient is seen again.

    Everybody whose blood group lets haemolysis be expected is.
    """
    total = pl.col("target_g_per_kg") * pl.col("n_days")
    last = scene.given.filter(
        total >= _HIGH_DOSE_G_PER_KG,
        pl.col("day_no") == pl.col("n_days") - 1,
        pl.col("bag_no") == pl.col("n_bags") - 1,
        pl.col("day") + 1 + _AFTER_BLOOD.hours[1] // 24 < scene.last_day,
    )
    group = blood_group(last, scene.chance)
    is_expected = group.is_in(["A", "B", "AB"]).fill_null(value=False)
    return last.filter(is_expected | _drawn(last, "seen again", _UNTYPED_SHARE, scene.chance))


def _drawn(
    rows: pl.DataFrame,
    name: str,
    share: float,
    chance: Chance,
    by: tuple[str, ...] = ("patient", "start_day"),
) -> pl.Series:
    return pl.Series(chance.happens(name, share, *(rows[key].to_numpy() for key in by)))


def _after(rows: pl.DataFrame, follow_up: FollowUp, turn: int, scene: Scene) -> pl.DataFrame:
    """Return one result per course, some hours after its end."""
    test, chance = follow_up.test, scene.chance
    keys = rows["patient"].to_numpy(), rows["start_day"].to_numpy()
    number = _number(test)
    moved = chance.between(f"moved by {turn}", *follow_up.change, *keys)
    value = np.round(_value(test, number, rows, chance) + moved, test.decimals)
    low, high = (hours * _PER_HOUR for hours in follow_up.hours)
    minute = rows["end_min"] + pl.Series(5 * chance.whole(f"after {turn}", low, high, *keys))
    return _in_own_unit(rows.with_columns(pl.Series("value", value)), minute, test, scene)


def _at_start(rows: pl.DataFrame, follow_up: FollowUp, scene: Scene) -> pl.DataFrame:
    test = follow_up.test
    value = np.round(_value(test, _number(test), rows, scene.chance), test.decimals)
    rows = rows.with_columns(pl.Series("value", value))
    return _in_own_unit(rows, _morning(rows, scene.chance), test, scene)


def _number(test: LabTest) -> int:
    """Return the number that names a test's draws."""
    every = (*TESTS, *(follow_up.test for follow_up in _WATCHED if follow_up.test not in TESTS))
    return every.index(test)


def _antiglobulin(rows: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Return a direct antiglobulin test that finds nothing, two days after the course."""
    test = LabTest(DAT, "", 1.0, 0, 0, 0, 0, "blood")
    found = result(rows, pl.col("end_min") + 48 * _HOUR, test, pl.lit(None), scene)
    return found.with_columns(
        pl.lit("NEGATIVE").alias("value_text"), pl.lit(None, dtype=pl.String).alias("unit")
    )
