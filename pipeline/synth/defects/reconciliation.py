"""Breaks between what was issued and what was infused."""

from __future__ import annotations

import polars as pl

from pipeline.synth.catalogue import PRODUCTS
from pipeline.synth.defect import ADULT, ESTABLISHED, Defect, breach
from pipeline.synth.infusions import DISPENSING_BLOCK
from pipeline.synth.scene import Scene
from pipeline.synth.spoiling import added, change, lose, only
from pipeline.synth.subjects import (
    as_rows,
    planted_course,
    planted_first_bag,
    planted_first_issue,
)

_USES = ("pid", "sid", "cidp", "mg")
_FITS = ADULT & ESTABLISHED
_NOT_INFUSED_AFTER_DAYS = 10
_AS_KIOVIG = next(n for n, p in enumerate(PRODUCTS) if p.product_code == "Kiovig")


def _issued_again(later_days: int, dispensing: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Add an issue like that of the first bag."""
    first = planted_course(scene)
    ids = first.select("dispensing_id", added(first["row"], DISPENSING_BLOCK, scene).alias("new"))
    again = only(planted_first_issue, dispensing, scene).join(ids, on="dispensing_id")
    again = again.with_columns(
        pl.col("new").alias("dispensing_id"),
        pl.col("dispensed_at") + pl.duration(days=later_days),
    )
    return pl.concat([dispensing, again.select(dispensing.columns)])


def not_infused(dispensing: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Issue a bag between two courses that nobody infuses."""
    return _issued_again(_NOT_INFUSED_AFTER_DAYS, dispensing, scene)


def issued_twice(dispensing: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Write the issue of the first bag a second time under another id."""
    return _issued_again(0, dispensing, scene)


def _new_issue(scene: Scene) -> pl.DataFrame:
    first = planted_course(scene)
    ids = added(first["row"], DISPENSING_BLOCK, scene).alias("dispensing_id")
    return as_rows(first.with_columns(ids), "dispensing_id")


def _asks_kiovig(courses: pl.DataFrame, _: object) -> pl.DataFrame:
    return courses.with_columns(
        pl.when("is_planted").then(_AS_KIOVIG).otherwise("asked_product").alias("asked_product")
    )


def _issue(kind: str) -> tuple[str, str, str]:
    return kind, "reconciliation", kind


DEFECTS = (
    Defect(
        "not_infused", _USES,
        (breach(*_issue("not_infused"), _new_issue, "dispensing"),),
        _FITS, spoils={"dispensing": not_infused},
    ),
    Defect(
        "infused_undispensed", _USES,
        (breach(*_issue("infused_undispensed"), planted_first_bag),),
        _FITS,
        spoils={
            "dispensing": lose(planted_first_issue),
            "infusion": change(planted_first_bag, dispensing_id=pl.lit(None)),
        },
    ),
    Defect(
        "other_product", _USES,
        (breach(*_issue("other_product"), planted_first_issue, "dispensing"),),
        _FITS, _asks_kiovig,
        spoils={"dispensing": change(planted_first_issue, product_code=pl.lit("Panzyga"))},
    ),
    Defect(
        "grams_differ", _USES,
        (breach(*_issue("grams_differ"), planted_first_issue, "dispensing"),),
        _FITS,
        spoils={
            "dispensing": change(
                planted_first_issue,
                dose_g=pl.col("dose_g") + pl.col("vial_size_g"), n_vials=pl.col("n_vials") + 1,
            )
        },
    ),
    Defect(
        "duplicate_dispensing", _USES,
        (breach(*_issue("duplicate_dispensing"), _new_issue, "dispensing"),),
        _FITS, spoils={"dispensing": issued_twice},
    ),
)  # fmt: skip
