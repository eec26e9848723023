"""Breaks between what was issued and what was infused."""

from __future__ import annotations

import polars as pl

from pipeline.synth.catalogue import PRODUCTS
from pipeline.synth.chance import Chance
from pipeline.synth.defect import (
    ADULT,
    ESTABLISHED,
    Defect,
    Label,
    Spoil,
    Subjects,
    breach,
)
from pipeline.synth.infusions import DISPENSING_BLOCK
from pipeline.synth.people import at_minute
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
_LAST_MINUTE = 14 * 60
_AS_KIOVIG = next(n for n, p in enumerate(PRODUCTS) if p.product_code == "Kiovig")


def _issued_again(at: pl.Expr, dispensing: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Add an issue like that of the first bag."""
    first = planted_course(scene)
    ids = first.select("dispensing_id", added(first["row"], DISPENSING_BLOCK, scene).alias("new"))
    again = only(planted_first_issue, dispensing, scene).join(ids, on="dispensing_id")
    again = again.with_columns(pl.col("new").alias("dispensing_id"), at.alias("dispensed_at"))
    return pl.concat([dispensing, again.select(dispensing.columns)])


def not_infused(dispensing: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Issue a bag between two courses that nobody infuses."""
    later = pl.col("dispensed_at") + pl.duration(days=_NOT_INFUSED_AFTER_DAYS)
    return _issued_again(later, dispensing, scene)


def issued_twice(dispensing: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Write the issue of the first bag a second time under another id."""
    return _issued_again(pl.col("dispensed_at"), dispensing, scene)


def issued_last(dispensing: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Issue a bag on the last day, to be infused when the records have ended."""
    minute = pl.lit(scene.last_day * 1440 + _LAST_MINUTE)
    return _issued_again(at_minute(minute, scene.first_on), dispensing, scene)


def _new_issue(scene: Scene) -> pl.DataFrame:
    first = planted_course(scene)
    ids = added(first["row"], DISPENSING_BLOCK, scene).alias("dispensing_id")
    return as_rows(first.with_columns(ids), "dispensing_id")


def _asks_kiovig(courses: pl.DataFrame, _: Chance) -> pl.DataFrame:
    return courses.with_columns(
        pl.when("is_planted").then(_AS_KIOVIG).otherwise("asked_product").alias("asked_product")
    )


def _label(kind: str, clause: str, of: Subjects, record: str = "infusion") -> tuple[Label]:
    return (breach(kind, "reconciliation", clause, of, record),)


_OPEN_END = Label(
    "outside_period", _new_issue, "verdict", "reconciliation", "not_assessable",
    "outside_coverage", "dispensing",
)  # fmt: skip
_LOST_ISSUE: dict[str, Spoil] = {
    "dispensing": lose(planted_first_issue),
    "infusion": change(planted_first_bag, dispensing_id=pl.lit(None)),
}
_ANOTHER_BRAND = change(planted_first_issue, product_code=pl.lit("Panzyga"))
_ONE_VIAL_MORE = change(
    planted_first_issue,
    dose_g=pl.col("dose_g") + pl.col("vial_size_g"),
    n_vials=pl.col("n_vials") + 1,
)

DEFECTS = (
    Defect(
        "not_infused", _USES, _label("not_infused", "not_infused", _new_issue, "dispensing"),
        _FITS, spoils={"dispensing": not_infused},
    ),
    Defect(
        "infused_undispensed", _USES,
        _label("infused_undispensed", "infused_without_dispensing", planted_first_bag),
        _FITS, spoils=_LOST_ISSUE,
    ),
    Defect(
        "other_product", _USES, _label("other_product", "other_product", planted_first_bag),
        _FITS, _asks_kiovig, {"dispensing": _ANOTHER_BRAND},
    ),
    Defect(
        "grams_differ", _USES,
        _label("grams_differ", "grams_differ", planted_first_issue, "dispensing"),
        _FITS, spoils={"dispensing": _ONE_VIAL_MORE},
    ),
    Defect(
        "duplicate_dispensing", _USES,
        _label("duplicate_dispensing", "duplicate", _new_issue, "dispensing"),
        _FITS, spoils={"dispensing": issued_twice},
    ),
    Defect("outside_period", _USES, (_OPEN_END,), _FITS, spoils={"dispensing": issued_last}),
)  # fmt: skip
