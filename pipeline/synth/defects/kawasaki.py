"""Kawasaki disease without aspirin, or given in too few hours."""

from __future__ import annotations

import polars as pl

from pipeline.synth.defect import Defect, breach, consequence
from pipeline.synth.scene import Scene
from pipeline.synth.spoiling import change
from pipeline.synth.subjects import planted_bags, planted_course

_FASTER = 0.68  # of ten hours and more: less than eight and a half
_FEVER_CODE = "N02BE01"  # paracetamol: shows that the medicines were recorded


def without_aspirin(medication: pl.DataFrame, _: Scene) -> pl.DataFrame:
    """Give another medicine in its place."""
    return medication.with_columns(pl.lit(_FEVER_CODE).alias("code"))


def too_fast(infusion: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Run the whole infusion in two thirds of its time."""
    start = pl.col("started_at").min().over("patient_id")
    times = {
        name: start
        + ((pl.col(name) - start).dt.total_minutes() * _FASTER).floor() * pl.duration(minutes=1)
        for name in ("started_at", "ended_at")
    }
    rates = {name: pl.lit(None) for name in ("initial_rate_ml_per_h", "max_rate_ml_per_h")}
    return change(planted_bags, **times, **rates)(infusion, scene)


def unwritten(rate_step: pl.DataFrame, _: Scene) -> pl.DataFrame:
    """Lose the steps, which would contradict."""
    return rate_step.clear()


_FITS = pl.lit(value=True)

DEFECTS = (
    Defect(
        "missing_medicine",
        ("kawasaki",),
        (breach("missing_medicine", "concomitant", "medicine", planted_course),),
        _FITS,
        spoils={"medication": without_aspirin},
    ),
    Defect(
        "wrong_duration",
        ("kawasaki",),
        (
            breach("wrong_duration", "infusion_duration", "duration", planted_course),
            # two thirds of the time is also half as fast again, of a heavy child beyond a label
            consequence("rate_above_label", "infusion_rate", "rate", planted_bags),
        ),
        _FITS,
        spoils={"infusion": too_fast, "rate_step": unwritten},
    ),
)
