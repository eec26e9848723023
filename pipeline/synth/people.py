"""Make the patients: who they are, what they have and how they weigh."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.synth.catalogue import GROWTH_CM, GROWTH_KG, GROWTH_YEARS, USES
from pipeline.synth.chance import Chance, Floats, Whole, scattered

KNOWN_BY = ("infusion", "authorisation", "diagnosis", "nothing")
_DAYS_PER_YEAR = 365.25
_ADULT_YEARS = 18
_BLOOD_GROUPS = ("A", "B", "AB", "O")
_BLOOD_SHARES = (0.42, 0.10, 0.04, 0.44)
_PATIENTS_PER_SITE = 3000
_MOST_SITES = 30
_LONGEST_BEFORE_DAYS = 150  # treated elsewhere, or here, before the period began


def per_use(values: list[float]) -> Floats:
    """Return one value per use as an array that the patients' uses index."""
    return np.array(values, dtype=np.float64)


def make_patients(n_patients: int, first_on: date, last_on: date, chance: Chance) -> pl.DataFrame:
    """Return one row per patient: the plan everything else is made from.

    Days are counted from the first day of the period; a patient treated before it began has
    a negative `entry_day`.
    """
    patient = np.arange(n_patients, dtype=np.int64)
    use = chance.pick("use", [u.share for u in USES], patient)
    is_female = chance.uniform("sex", patient) < per_use([u.female_share for u in USES])[use]
    n_days = (last_on - first_on).days + 1
    before = np.where(
        per_use([u.pattern != "acute" for u in USES])[use] > 0, _LONGEST_BEFORE_DAYS, 0
    )
    entry_day = _workday(first_on, chance.whole("entry", -before, n_days - 1, patient))
    ages = per_use([u.ages[0] for u in USES])[use], per_use([u.ages[1] for u in USES])[use]
    age_years = chance.between("age", *ages, patient)
    n_sites = min(_MOST_SITES, 1 + n_patients // _PATIENTS_PER_SITE)
    people = pl.DataFrame({
        "patient": patient,
        "patient_id": named(patient, 0, chance),
        "use": use,
        "is_female": is_female,
        "entry_day": entry_day,
        "birth_day": entry_day - np.floor(age_years * _DAYS_PER_YEAR).astype(np.int64),
        "site": chance.whole("site", 1, n_sites, patient),
    })  # fmt: skip
    return people.with_columns(
        pl.Series("height_cm", _adult_height(chance, patient, is_female)),
        pl.Series("adult_kg", _adult_weight(chance, patient, is_female)),
        pl.Series("growth", 1.0 + 0.09 * chance.bell("growth", patient)),
        pl.Series("drift", chance.between("drift", -0.012, 0.015, patient)),
        (age_years_at(pl.col("entry_day")) < _ADULT_YEARS).alias("is_child"),
        coded(_known_by(patient, use, chance), KNOWN_BY).alias("known_by"),
    )


def _known_by(patient: Whole, use: Whole, chance: Chance) -> Whole:
    """Say where each patient's indication is written; a lone code must have one meaning."""
    drawn = chance.pick("known by", (0.88, 0.06, 0.06), patient)
    is_decisive = np.array([u.is_code_decisive for u in USES])[use]
    return np.where((drawn == KNOWN_BY.index("diagnosis")) & ~is_decisive, 0, drawn)


def true_weight(plan: pl.DataFrame, day: npt.NDArray[np.int64], chance: Chance) -> Floats:
    """Return the weight in kg, to 0.1 kg, of each row's patient on a day."""
    age = (day - plan["birth_day"].to_numpy()) / _DAYS_PER_YEAR
    child_kg = np.interp(age, GROWTH_YEARS, GROWTH_KG) * plan["growth"].to_numpy()
    years = (day - plan["entry_day"].to_numpy()) / _DAYS_PER_YEAR
    adult_kg = plan["adult_kg"].to_numpy() * (1.0 + years * plan["drift"].to_numpy())
    scale = 1.0 + 0.008 * chance.bell("scale", plan["patient"].to_numpy(), day)
    kg = np.where(plan["is_child"].to_numpy(), child_kg, adult_kg) * scale
    return np.asarray(np.round(kg, 1), dtype=np.float64)


def true_height(plan: pl.DataFrame, day: npt.NDArray[np.int64]) -> Floats:
    """Return the height in whole cm of each row's patient on a day."""
    age = (day - plan["birth_day"].to_numpy()) / _DAYS_PER_YEAR
    child_cm = np.interp(age, GROWTH_YEARS, GROWTH_CM) * (0.6 + 0.4 * plan["growth"].to_numpy())
    cm = np.where(plan["is_child"].to_numpy(), child_cm, plan["height_cm"].to_numpy())
    return np.asarray(np.round(cm), dtype=np.float64)


def blood_group(people: pl.DataFrame, chance: Chance) -> pl.Series:
    """Return the blood group of each row's patient, empty where nobody recorded it."""
    patient = people["patient"].to_numpy()
    group = coded(chance.pick("blood group", _BLOOD_SHARES, patient), _BLOOD_GROUPS)
    is_known = pl.Series(chance.happens("blood group known", 0.7, patient))
    return pl.select(pl.when(is_known).then(group)).to_series()


def age_years_at(day: pl.Expr) -> pl.Expr:
    """Return the age in years on a day of the period."""
    return (day - pl.col("birth_day")) / _DAYS_PER_YEAR


def on_day(day: pl.Expr, first_on: date) -> pl.Expr:
    """Turn a day of the period into a date."""
    return pl.lit(first_on) + pl.duration(days=day)


def at_minute(minute: pl.Expr, first_on: date) -> pl.Expr:
    """Turn a minute of the period into a local date and time."""
    return pl.lit(first_on).cast(pl.Datetime("us")) + pl.duration(minutes=minute)


def named(numbers: npt.ArrayLike, block: int, chance: Chance) -> pl.Series:
    """Return one id per number; each block of 2^28 numbers holds the ids of one kind."""
    words = scattered(np.asarray(numbers, dtype=np.int64) + block * 2**28, chance.seed)
    digits = words.astype(">u4").tobytes().hex().upper().encode()
    eights = pl.Series(np.frombuffer(digits, dtype="S8")).cast(pl.String)
    return "SYN-" + eights


def coded(positions: Whole, codes: tuple[str, ...]) -> pl.Series:
    """Return the code at each position of a short list."""
    return pl.Series(codes).gather(positions)


def _workday(first_on: date, day: Whole) -> Whole:
    """Move a day that falls on a weekend to the Friday before."""
    weekday = (day + first_on.weekday()) % 7
    return np.asarray(day - np.maximum(weekday - 4, 0), dtype=np.int64)


def _adult_height(chance: Chance, patient: Whole, is_female: npt.NDArray[np.bool_]) -> Floats:
    middle = np.where(is_female, 163.5, 176.5)
    return np.asarray(np.round(middle + 6.5 * chance.bell("height", patient)), dtype=np.float64)


def _adult_weight(chance: Chance, patient: Whole, is_female: npt.NDArray[np.bool_]) -> Floats:
    """Weigh adults by body-mass index: most 20 to 32, one in ten obese beyond that."""
    lean = 25.5 + 3.2 * chance.bell("bmi", patient)
    obese = chance.between("obese bmi", 32.0, 47.0, patient)
    bmi = np.where(chance.happens("is obese", 0.11, patient), obese, lean)
    height_m = _adult_height(chance, patient, is_female) / 100.0
    return np.asarray(bmi * height_m * height_m, dtype=np.float64)
