"""A lot after which everybody who got it reports a headache.

Few got it, and within months of each other, so that nothing but the lot stands out: neither its
product nor the hospital.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipeline.synth.catalogue import SPARE_PRODUCT
from pipeline.synth.chance import Chance
from pipeline.synth.defect import ADULT, Defect, Label, Spoil
from pipeline.synth.infusions import LOT_BLOCK
from pipeline.synth.people import named
from pipeline.synth.reports import Told, filed
from pipeline.synth.scene import Scene
from pipeline.synth.spoiling import change
from pipeline.synth.subjects import planted_bags, planted_course, planted_issues

_LOT = 2**26  # a number that no lot of the plan has
_WITHIN_DAYS = 200
_ALONE_DAYS = 21
_HEADACHE = Told("Headache", 6 * 60)


def _of_one_product(courses: pl.DataFrame, _: Chance) -> pl.DataFrame:
    asked = pl.when("is_planted").then(SPARE_PRODUCT).otherwise("asked_product")
    return courses.with_columns(asked.cast(pl.Int64).alias("asked_product"))


def _lot_name(scene: Scene) -> str:
    return str(named(np.array([_LOT]), LOT_BLOCK, scene.chance)[0])


def _of_the_lot(record: str) -> Spoil:
    """Return a spoiler that gives the course from the lot."""
    of = {"infusion": planted_bags, "dispensing": planted_issues}[record]
    return lambda rows, scene: change(of, lot_number=pl.lit(_lot_name(scene)))(rows, scene)


def _report(_: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    return filed(planted_course(scene), (_HEADACHE,), scene)


def _lot(scene: Scene) -> pl.DataFrame:
    """Return the lot once for each patient who got it."""
    return planted_course(scene).select(
        "patient_id",
        pl.lit(_lot_name(scene)).alias("source_record_id"),
        pl.lit(None, dtype=pl.String).alias("subject"),
    )


DEFECTS = (
    Defect(
        "raised_lot", ("pid", "sid"),
        (Label("raised_lot", _lot, "signal", "lot_rate", "signal", "", "infusion_lot"),),
        ADULT & (pl.col("n_before") >= 1) & (pl.col("days_left") <= _WITHIN_DAYS)
        & (pl.col("cycle_days") >= _ALONE_DAYS),
        _of_one_product,
        {"adverse_event": _report, "infusion": _of_the_lot("infusion"),
         "dispensing": _of_the_lot("dispensing")},
        turn=2, one_of_patients=600, n_together=4,
    ),
)  # fmt: skip
