"""Infusions of which nobody wrote that the patient was watched, or that were not watched for long.

Elsewhere in the records nothing is written of watching, so nobody can tell. These patients have
it written: "seen: nothing" is not the same as nothing written.
"""

from __future__ import annotations

import polars as pl

from pipeline.synth.defect import ADULT, Defect, Label, Spoil
from pipeline.synth.scene import Scene
from pipeline.synth.subjects import planted_bags, whole_patient

_ONE_OF = 600
_USES = ("pid", "sid")  # who come again within a month, so that what is missing can be told
_FITS = ADULT & (pl.col("n_before") >= 1) & (pl.col("n_after") >= 1)
_LONG_MIN, _SHORT_MIN = 90, 10  # beyond an hour, which is the most that is asked; within 20 minutes


def _written(name: str, elsewhere: pl.Expr, here: pl.Expr | None) -> Spoil:
    """Return a spoiler that writes a column of every bag, and of the planted course another."""

    def spoil(infusion: pl.DataFrame, scene: Scene) -> pl.DataFrame:
        value = elsewhere
        if here is not None:
            planted = planted_bags(scene)["source_record_id"].to_list()
            value = pl.when(pl.col("infusion_id").is_in(planted)).then(here).otherwise(elsewhere)
        return infusion.with_columns(value.cast(infusion.schema[name]).alias(name))

    return spoil


def _watched(kind: str, status: str, reason: str, spoil: Spoil) -> Defect:
    where = "verdict" if status == "breached" else "derived"
    label = Label(kind, whole_patient, where, "observation", status, reason, "patient")
    return Defect(kind, _USES, (label,), _FITS, None, {"infusion": spoil}, 2, _ONE_OF)


def _until(minutes: int) -> pl.Expr:
    return pl.col("ended_at") + pl.duration(minutes=minutes)


_NONE_SEEN = pl.lit("false")

DEFECTS = (
    _watched("watched_none_seen", "none", "", _written("reaction_observed", _NONE_SEEN, None)),
    _watched("watching_not_written", "breached", "observation",
             _written("reaction_observed", _NONE_SEEN, pl.lit(None))),
    _watched("watched_too_short", "breached", "observation",
             _written("observed_until", _until(_LONG_MIN), _until(_SHORT_MIN))),
)  # fmt: skip
