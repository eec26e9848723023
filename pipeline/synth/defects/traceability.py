"""Lots that nobody wrote down, or that differ between issue and infusion."""

from __future__ import annotations

import polars as pl

from pipeline.synth.defect import ADULT, ESTABLISHED, Defect, breach
from pipeline.synth.infusions import LOT_BLOCK
from pipeline.synth.scene import Scene
from pipeline.synth.spoiling import added, change
from pipeline.synth.subjects import planted_course, planted_first_bag, planted_first_issue

_USES = ("pid", "sid", "cidp", "mg")
_FITS = ADULT & ESTABLISHED
_NO_LOT = change(planted_first_bag, lot_number=pl.lit(None))
_NO_ISSUED_LOT = change(
    planted_first_issue,
    lot_number=pl.lit(None), expires_on=pl.lit(None), vial_size_g=pl.lit(None),
    n_vials=pl.lit(None),
)  # fmt: skip


def another_lot(infusion: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Write a lot with the first bag that was not issued."""
    first = planted_course(scene)
    lots = first.select("infusion_id", added(first["row"], LOT_BLOCK, scene).alias("other"))
    found = infusion.join(lots, on="infusion_id", how="left", maintain_order="left")
    return found.with_columns(pl.coalesce("other", "lot_number").alias("lot_number"))


DEFECTS = (
    Defect(
        "lot_missing",
        _USES,
        (breach("lot_missing", "traceability", "lot", planted_first_bag),),
        _FITS,
        spoils={"infusion": _NO_LOT},
    ),
    Defect(
        "issued_lot_missing",
        _USES,
        (breach("issued_lot_missing", "traceability", "lot", planted_first_issue, "dispensing"),),
        _FITS,
        spoils={"dispensing": _NO_ISSUED_LOT},
    ),
    Defect(
        "other_lot",
        _USES,
        (
            breach("lot_differs", "traceability", "lot", planted_first_bag),
            breach("other_lot", "reconciliation", "other_lot", planted_first_bag),
        ),
        _FITS,
        spoils={"infusion": another_lot},
    ),
)
