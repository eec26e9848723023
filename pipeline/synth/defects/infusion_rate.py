"""Infusions that ran faster than the label of their product allows."""

from __future__ import annotations

import polars as pl

from pipeline.synth.catalogue import PRODUCTS
from pipeline.synth.chance import Chance
from pipeline.synth.defect import ADULT, ESTABLISHED, Defect, breach
from pipeline.synth.diagnoses import known_diagnosis
from pipeline.synth.people import at_minute
from pipeline.synth.rates import STEP_MIN
from pipeline.synth.scene import Scene
from pipeline.synth.spoiling import change
from pipeline.synth.subjects import planted_course, planted_first_bag

# Of a 10 % product; in mg/kg/min: 16, 2.5 and 5. The first is above every label's maximum, the
# second above every label's initial rate, the third above the caps for patients at risk.
_TOP_ML_PER_KG_H = 9.6
_INITIAL_ML_PER_KG_H = 1.5
_AT_RISK_ML_PER_KG_H = 3.0
_AT_RISK_YEARS = 65
_RENAL_CODE = "N18.30"
_CAPPED = next(n for n, p in enumerate(PRODUCTS) if p.product_code == "Panzyga")


def _per_kg(infusion: pl.DataFrame, scene: Scene, ml_per_kg_h: float) -> pl.DataFrame:
    """Add the rate that so many ml/kg/h of a 10 % product are beside the course's first bag."""
    of_bag = planted_course(scene).select(
        "infusion_id",
        (pl.col("weight_kg") * ml_per_kg_h * 100 / pl.col("g_per_l")).ceil().alias("ml_per_h"),
    )
    return infusion.join(of_bag, on="infusion_id", how="left", maintain_order="left")


def _recorded(
    column: str, ml_per_kg_h: float, infusion: pl.DataFrame, scene: Scene
) -> pl.DataFrame:
    found = _per_kg(infusion, scene, ml_per_kg_h)
    return found.with_columns(pl.coalesce("ml_per_h", column).alias(column)).select(
        infusion.columns
    )


def top_recorded(infusion: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Record a highest rate above every label."""
    return _recorded("max_rate_ml_per_h", _TOP_ML_PER_KG_H, infusion, scene)


def initial_recorded(infusion: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Record that the first infusion of all began as fast as others go on."""
    return _recorded("initial_rate_ml_per_h", _INITIAL_ML_PER_KG_H, infusion, scene)


def cap_recorded(infusion: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Record a highest rate that the label allows, but not to a patient at risk."""
    return _recorded("max_rate_ml_per_h", _AT_RISK_ML_PER_KG_H, infusion, scene)


def too_quickly(infusion: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """End the first bag so soon that only a rate above every label gives its volume."""
    found = _per_kg(infusion, scene, _TOP_ML_PER_KG_H)
    soon = pl.duration(minutes=(pl.col("volume_ml") / pl.col("ml_per_h") * 60).floor())
    is_first = pl.col("ml_per_h").is_not_null()
    return found.with_columns(
        pl.when(is_first).then(pl.col("started_at") + soon).otherwise("ended_at").alias("ended_at"),
        pl.when(~is_first).then("initial_rate_ml_per_h").alias("initial_rate_ml_per_h"),
        pl.when(~is_first).then("max_rate_ml_per_h").alias("max_rate_ml_per_h"),
    ).select(infusion.columns)


def stepped(rate_step: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Write down the steps of the first bag, the last one above every label."""
    first = planted_course(scene)
    fast = pl.col("weight_kg") * _TOP_ML_PER_KG_H * 100 / pl.col("g_per_l")
    steps = [
        first.select(
            "infusion_id",
            at_minute(pl.col("begin_min") + turn * STEP_MIN, scene.first_on).alias("changed_at"),
            rate.alias("rate_ml_per_h"),
        )
        for turn, rate in enumerate(
            (pl.col("slow_ml_per_h"), pl.col("half_way_ml_per_h"), fast.ceil())
        )
    ]
    others = rate_step.filter(~pl.col("infusion_id").is_in(first["infusion_id"].to_list()))
    return pl.concat([others, *steps])


def renal(diagnosis: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Add renal failure to the diagnoses."""
    return pl.concat([diagnosis, known_diagnosis(_RENAL_CODE, scene)])


def unwritten(rate_step: pl.DataFrame, _: Scene) -> pl.DataFrame:
    """Lose the steps, which would contradict."""
    return rate_step.clear()


def _capped_product(courses: pl.DataFrame, _: Chance) -> pl.DataFrame:
    return courses.with_columns(pl.lit(_CAPPED, dtype=pl.Int64).alias("asked_product"))


_FITS = ADULT & ESTABLISHED & (pl.col("n_days") == 1)
_ABOVE = (breach("rate_above_label", "infusion_rate", "max_rate", planted_first_bag),)
_NO_RATES = change(
    planted_first_bag, initial_rate_ml_per_h=pl.lit(None), max_rate_ml_per_h=pl.lit(None)
)

DEFECTS = (
    Defect("rate_above_label", ("pid", "sid"), _ABOVE, _FITS, spoils={"infusion": top_recorded}),
    Defect("infused_too_quickly", ("pid", "sid"), _ABOVE, _FITS,
           spoils={"infusion": too_quickly, "rate_step": unwritten}),
    Defect("step_above_label", ("pid", "sid"), _ABOVE, _FITS,
           spoils={"infusion": _NO_RATES, "rate_step": stepped}),
    Defect(
        "first_rate_high",
        ("itp_adult", "gbs"),
        (breach("first_rate_high", "infusion_rate", "initial_rate", planted_first_bag),),
        ADULT & (pl.col("n_before") == 0),
        spoils={"infusion": initial_recorded, "rate_step": unwritten},
    ),
    Defect(
        "rate_above_risk_cap",
        ("pid", "sid"),
        (breach("rate_above_risk_cap", "infusion_rate", "risk_rate", planted_first_bag),),
        _FITS & (pl.col("age_years") >= _AT_RISK_YEARS + 1),
        _capped_product,
        spoils={
            "infusion": cap_recorded, "diagnosis": renal,
            "rate_step": unwritten,
        },
    ),
)  # fmt: skip
