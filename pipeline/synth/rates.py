"""Run infusions: slowly at first, then half way, then at the rate the patient is used to.

Every rate is below what the label of any stocked product allows, and below the caps for
patients at risk; a 5 % product runs twice as fast for the same grams. Invented like all else.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipeline.synth.chance import Chance, Floats
from pipeline.synth.courses import KAWASAKI
from pipeline.synth.people import at_minute
from pipeline.synth.scene import Scene

STEP_MIN = 30  # how long each of the two slow steps lasts
CHANGE_BOTTLE_MIN = 10
_SLOW_ML_PER_KG_H = 0.3
_HALF_WAY_ML_PER_KG_H = 0.8
_TOP_ML_PER_KG_H = (1.5, 1.9)
_WHOLE_ML_FROM_KG = 40  # pumps of children are set to a tenth of a millilitre
_RATES_KEPT = ("not", "ends", "steps")
_RATES_KEPT_SHARES = (0.48, 0.44, 0.08)


def day_rates(days: pl.DataFrame, chance: Chance) -> list[pl.Series]:
    """Return the three rates of each day in ml/h, and whether anybody wrote them down."""
    patient, day = days["patient"].to_numpy(), days["day"].to_numpy()
    kg = days["weight_kg"].to_numpy() * 100 / days["g_per_l"].to_numpy()
    slow = _settable(_SLOW_ML_PER_KG_H * kg, days)
    half_way = _settable(_HALF_WAY_ML_PER_KG_H * kg, days)
    top = _settable(chance.between("rate", *_TOP_ML_PER_KG_H, patient) * kg, days)
    ml = days["day_g"].to_numpy() * 1000 / days["g_per_l"].to_numpy()
    hours = 5.0 * chance.whole("kawasaki minutes", 124, 139, patient, day) / 60
    fast_hours = hours - (2 * STEP_MIN + CHANGE_BOTTLE_MIN) / 60
    slowly_ml = (slow + half_way) * STEP_MIN / 60
    long = np.ceil((ml - slowly_ml) / fast_hours * 10) / 10
    kept = chance.pick("rates kept", _RATES_KEPT_SHARES, patient)
    return [
        pl.Series("slow_ml_per_h", slow),
        pl.Series("half_way_ml_per_h", half_way),
        pl.Series("top_ml_per_h", np.where(days["use"].to_numpy() == KAWASAKI, long, top)),
        pl.Series(_RATES_KEPT).gather(kept).alias("rates_kept"),
    ]


def _settable(ml_per_h: Floats, days: pl.DataFrame) -> Floats:
    """Round a rate down to what the pump can be set to."""
    parts = np.where(days["weight_kg"].to_numpy() >= _WHOLE_ML_FROM_KG, 1.0, 10.0)
    return np.asarray(np.floor(ml_per_h * parts) / parts, dtype=np.float64)


def first_bag_min(given_g: pl.Expr) -> pl.Expr:
    """Return the minutes that so many grams of a day's first bag take."""
    slow = (pl.col("slow_ml_per_h") + pl.col("half_way_ml_per_h")) * (STEP_MIN / 60)
    fast = (given_g * 1000 / pl.col("g_per_l") - slow).clip(lower_bound=0)
    return (2 * STEP_MIN + fast / pl.col("top_ml_per_h") * 60).ceil().cast(pl.Int64)


def later_bag_min(given_g: pl.Expr) -> pl.Expr:
    """Return the minutes that so many grams of a later bag take, all at the top rate."""
    return (given_g * 1000 / pl.col("g_per_l") / pl.col("top_ml_per_h") * 60).ceil().cast(pl.Int64)


def initial_ml_per_h() -> pl.Expr:
    """Return the rate each bag starts at: a second bag goes on as the first one ended."""
    return pl.when(pl.col("bag_no") == 0).then("slow_ml_per_h").otherwise("top_ml_per_h")


def rate_step(scene: Scene) -> pl.DataFrame:
    """Return one row per change of an infusion's rate, of those whose nurses wrote them down."""
    kept = scene.given.filter(pl.col("rates_kept") == "steps")
    later = pl.col("bag_no") > 0
    steps = pl.concat(
        kept.filter(is_there).select(
            "infusion_id",
            (pl.col("begin_min") + minutes).alias("minute"),
            pl.col(rate).alias("rate_ml_per_h"),
            "end_min",
        )
        for rate, minutes, is_there in (
            ("slow_ml_per_h", 0, ~later),
            ("half_way_ml_per_h", STEP_MIN, ~later),
            ("top_ml_per_h", 2 * STEP_MIN, ~later),
            ("top_ml_per_h", 0, later),
        )
    )
    return steps.filter(pl.col("minute") < pl.col("end_min")).select(
        "infusion_id",
        at_minute(pl.col("minute"), scene.first_on).alias("changed_at"),
        "rate_ml_per_h",
    )
