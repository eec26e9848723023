"""Plan the courses: when, with how much of what, judged by which weight."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipeline.synth.catalogue import (
    GRAIN_FROM_G,
    GRAIN_G,
    PRODUCTS,
    SMALLEST_PRODUCT,
    SPARE_PRODUCT,
    USES,
)
from pipeline.synth.chance import Chance, Flags, Floats, Whole
from pipeline.synth.people import per_use, true_weight

_ERA_DAYS = 420  # how long a hospital's contract with a maker runs
_INFANT_DAYS = 740  # a little more than two years
_SKIP_WEIGHT_GAP_DAYS = 26
_SKIP_WEIGHT_SHARE = 0.3
APPROVED_DAYS = 365  # how long the panel approves a treatment that goes on
_ACUTE = [n for n, use in enumerate(USES) if use.pattern == "acute"]
KAWASAKI = next(n for n, use in enumerate(USES) if use.indication_code == "kawasaki")


def schedule(people: pl.DataFrame, last_day: int, chance: Chance) -> pl.DataFrame:
    """Return one row per planned course that starts within the period.

    Every course of a patient follows the same cycle, a day or two apart from it, so that the
    dates need no running sum and a moved course moves those after it.
    """
    patient, use = people["patient"].to_numpy(), people["use"].to_numpy()
    drawn = chance.uniform("courses", patient) ** 2
    low = per_use([u.courses[0] for u in USES])[use]
    high = per_use([u.courses[1] for u in USES])[use]
    n_courses = np.floor(low + drawn * (high - low + 1)).astype(np.int64)
    planned = people.with_columns(
        pl.Series("cycle_days", _cycle(use, patient, chance)), pl.Series("n_courses", n_courses)
    )
    rows = np.repeat(np.arange(len(patient)), n_courses)
    first = np.repeat(np.cumsum(n_courses) - n_courses, n_courses)
    courses = planned[rows].with_columns(pl.Series("course_no", np.arange(len(rows)) - first))
    courses = courses.with_columns(pl.Series("start_day", _start_day(courses, chance)))
    courses = courses.filter(pl.col("start_day").is_between(1, last_day))
    return courses.with_columns(
        *_regimen(courses, chance),
        # what a defect of the plan may ask for
        pl.lit(None, dtype=pl.Int64).alias("asked_product"),
        pl.lit(value=False).alias("needs_ten_percent"),
        pl.lit(value=False).alias("is_rounded_up"),
    )


def is_acute() -> pl.Expr:
    """Say which rows are of uses whose courses stand alone."""
    return pl.col("use").is_in(_ACUTE)


def _cycle(use: Whole, patient: Whole, chance: Chance) -> Whole:
    """Return the days from one course to the next: replacement runs on three or four weeks."""
    low = np.array([u.cycles[0] for u in USES])[use]
    high = np.array([u.cycles[1] for u in USES])[use]
    is_replacement = np.array([u.pattern == "replacement" for u in USES])[use]
    is_short = chance.happens("short cycle", 0.25, patient)
    weeks = np.where(is_short, low, high)
    return np.where(is_replacement, weeks, chance.whole("cycle", low, high, patient))


def _start_day(courses: pl.DataFrame, chance: Chance) -> Whole:
    use, patient = courses["use"].to_numpy(), courses["patient"].to_numpy()
    number = courses["course_no"].to_numpy()
    low = np.array([u.jitters[0] for u in USES])[use]
    high = np.array([u.jitters[1] for u in USES])[use]
    jitter = chance.whole("jitter", low, high, patient, number)
    is_moved = chance.happens("moved", 0.4, patient, number)
    planned = courses["entry_day"].to_numpy() + number * courses["cycle_days"].to_numpy()
    return np.asarray(planned + np.where(is_moved, jitter, 0), dtype=np.int64)


def _regimen(courses: pl.DataFrame, chance: Chance) -> list[pl.Series]:
    """Return the days of each course and the grams per kg a day its prescriber aims at."""
    use, patient = courses["use"].to_numpy(), courses["patient"].to_numpy()
    widest = max(len(u.regimens) for u in USES)
    padded = [list(u.regimens) + [u.regimens[0]] * (widest - len(u.regimens)) for u in USES]
    n_choices = np.array([len(u.regimens) for u in USES])[use]
    chosen = chance.whole("regimen", 0, n_choices - 1, patient)
    days = np.array([[r.days for r in row] for row in padded])[use, chosen]
    low = np.array([[r.low_g_per_kg for r in row] for row in padded])[use, chosen]
    high = np.array([[r.high_g_per_kg for r in row] for row in padded])[use, chosen]
    target = chance.between("target", low, high, patient)
    return [pl.Series("n_days", days), pl.Series("target_g_per_kg", target)]


def dosed(courses: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    """Add the weighing behind each course, its product and the grams of each of its days."""
    courses = _weighed(courses, chance)
    target_g = (courses["target_g_per_kg"] * courses["weight_kg"]).to_numpy()
    product = _product(courses, target_g, chance)
    grain = np.array(GRAIN_G)[np.searchsorted(GRAIN_FROM_G, target_g, side="right") - 1]
    grain = np.maximum(grain, np.array([p.grain_g for p in PRODUCTS])[product])
    vials = np.where(
        courses["is_rounded_up"].to_numpy(), np.ceil(target_g / grain), np.round(target_g / grain)
    )
    approval_no = (
        pl.when(is_acute())
        .then("course_no")
        .otherwise(
            ((pl.col("start_day") - pl.col("entry_day")) // APPROVED_DAYS).clip(lower_bound=0)
        )
    )
    return courses.with_columns(
        approval_no.alias("approval_no"),
        pl.Series("grain_g", grain),
        pl.Series("day_g", np.maximum(vials, 1.0) * grain),
        pl.Series("product", product),
        pl.Series("g_per_l", np.array([p.concentration_g_per_l for p in PRODUCTS])[product]),
    )


def _weighed(courses: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    """Weigh patients before each course; adults on a short cycle at every other one only."""
    own_kg = true_weight(courses, courses["start_day"].to_numpy(), chance)
    gap = pl.col("start_day") - pl.col("start_day").shift(1).over("patient")
    keys = courses["patient"].to_numpy(), courses["start_day"].to_numpy()
    is_skipped = (
        pl.Series(chance.happens("skipped", _SKIP_WEIGHT_SHARE, *keys))
        & (pl.col("course_no") % 2 == 1)
        & ~pl.col("is_child")
        & (gap <= _SKIP_WEIGHT_GAP_DAYS).fill_null(value=False)
        & (pl.col("course_no").shift(1).over("patient") == pl.col("course_no") - 1)
    )
    courses = courses.with_columns(pl.Series("own_kg", own_kg), is_weighed=~is_skipped)
    own = pl.when("is_weighed").then("own_kg")
    return courses.with_columns(weight_kg=own.forward_fill().over("patient"))


def _product(courses: pl.DataFrame, target_g: Floats, chance: Chance) -> Whole:
    """Return the product of each course: a new contract may switch it, small doses limit it."""
    patient, day = courses["patient"].to_numpy(), courses["start_day"].to_numpy()
    shares = [p.share for p in PRODUCTS]
    era = (day + chance.whole("era", 0, _ERA_DAYS - 1, patient)) // _ERA_DAYS
    is_switched = chance.happens("switched", 0.3, patient, era)
    preferred = np.where(
        is_switched,
        chance.pick("switch", shares, patient, era),
        chance.pick("product", shares, patient),
    )
    must_change = courses["needs_ten_percent"].to_numpy() & (preferred == SMALLEST_PRODUCT)
    preferred = np.where(must_change, SPARE_PRODUCT, preferred)
    smallest = np.array([p.smallest_day_g for p in PRODUCTS])
    product = np.where(target_g < smallest[preferred], SPARE_PRODUCT, preferred)
    # the smallest one holds sorbitol, which no child gets before fructose intolerance would show
    is_small = (target_g < smallest[product]) & ~_is_infant(courses)
    product = np.where(is_small, SMALLEST_PRODUCT, product)
    product = np.where((product == SMALLEST_PRODUCT) & _is_infant(courses), SPARE_PRODUCT, product)
    asked = courses["asked_product"]
    product = np.where(asked.is_not_null().to_numpy(), asked.fill_null(0).to_numpy(), product)
    return np.asarray(product, dtype=np.int64)


def _is_infant(courses: pl.DataFrame) -> Flags:
    age_days = courses["start_day"].to_numpy() - courses["birth_day"].to_numpy()
    return np.asarray(age_days < _INFANT_DAYS, dtype=np.bool_)
