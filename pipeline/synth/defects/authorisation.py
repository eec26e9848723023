"""Courses that no approval covers, or that go beyond it."""

from __future__ import annotations

import polars as pl

from pipeline.synth.chance import Chance
from pipeline.synth.courses import APPROVED_DAYS
from pipeline.synth.defect import ADULT, Defect, Spoil, breach
from pipeline.synth.infusions import approval_names
from pipeline.synth.people import on_day
from pipeline.synth.scene import Scene
from pipeline.synth.spoiling import change
from pipeline.synth.subjects import planted_bags, planted_course

_ACUTE = ("itp_adult", "gbs", "aiha")
_CHRONIC = ("sid", "cidp", "mg")
_SHARE_APPROVED = 0.6
_NEW_YEAR_DAYS = 45  # after which last year's approval has ended


def known_by_infusion(courses: pl.DataFrame, _: Chance) -> pl.DataFrame:
    """Write the indication with the infusions, so that it does not hang on the approval."""
    return courses.with_columns(pl.lit("infusion").alias("known_by"))


def of_the_course(approval: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Add to each approval the first day of the course the defect sits in."""
    start = on_day(pl.col("start_day"), scene.first_on).alias("course_on")
    end = on_day(pl.col("start_day") + pl.col("n_days"), scene.first_on).alias("after_on")
    planted = scene.planted_courses
    ids = approval_names(planted["patient"], planted["approval_no"], scene.chance)
    total = (pl.col("target_g_per_kg") * pl.col("n_days")).alias("own_total")
    keys = planted.select("patient_id", start, end, total, ids.alias("own_id"))
    return approval.join(keys, on="patient_id", how="left", maintain_order="left")


def _own(**values: pl.Expr) -> Spoil:
    """Return a spoiler that changes the approval of the planted course."""

    def spoil(approval: pl.DataFrame, scene: Scene) -> pl.DataFrame:
        here = pl.col("authorisation_id") == pl.col("own_id")
        return of_the_course(approval, scene).with_columns(
            pl.when(here).then(value).otherwise(name).cast(approval.schema[name]).alias(name)
            for name, value in values.items()
        ).select(approval.columns)  # fmt: skip

    return spoil


def none_on_record(approval: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Lose the approval of the planted course, of a patient with others."""
    found = of_the_course(approval, scene)
    return found.filter(pl.col("authorisation_id") != pl.col("own_id")).select(approval.columns)


def ended(approval: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """End every approval on the day before the course."""
    found = of_the_course(approval, scene)
    before = pl.col("course_on") - pl.duration(days=1)
    kept = found.filter(pl.col("valid_from") < pl.col("course_on"))
    return kept.with_columns(pl.min_horizontal("valid_to", before).alias("valid_to")).select(
        approval.columns
    )


def names_last_years(infusion: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Write last year's approval with the bags of the course."""
    old = scene.planted_bags.select(
        "infusion_id",
        approval_names(
            scene.planted_bags["patient"], scene.planted_bags["approval_no"] - 1, scene.chance
        ).alias("old_id"),
    )
    found = infusion.join(old, on="infusion_id", how="left", maintain_order="left")
    name = pl.coalesce("old_id", "authorisation_id").alias("authorisation_id")
    return found.with_columns(name).select(infusion.columns)


_UNNAMED = change(planted_bags, authorisation_id=pl.lit(None))
_DAY = pl.duration(days=1)


def _authorisation(
    kind: str, uses: tuple[str, ...], fits: pl.Expr, clause: str, **spoils: Spoil
) -> Defect:
    label = breach(kind, "authorisation", clause, planted_course)
    return Defect(kind, uses, (label,), ADULT & fits, known_by_infusion, spoils)


_ALONE = pl.col("n_all") == 1
_YEAR_DAY = (pl.col("start_day") - pl.col("entry_day")) % APPROVED_DAYS

DEFECTS = (
    _authorisation(
        "no_approval", ("itp_adult", "aiha"), pl.col("n_before") >= 1, "approval",
        authorisation=none_on_record, infusion=_UNNAMED,
    ),
    _authorisation(
        "expired_approval", _CHRONIC, (pl.col("n_before") >= 1) & (pl.col("n_after") == 0),
        "approval", authorisation=ended, infusion=_UNNAMED,
    ),
    _authorisation(
        "approved_late", _ACUTE, _ALONE, "approval",
        authorisation=_own(
            urgency=pl.lit("routine"),
            requested_on=pl.col("after_on"),
            decided_on=pl.col("after_on") + 4 * _DAY,
            valid_from=pl.col("after_on") + 4 * _DAY,
        ),
        infusion=_UNNAMED,
    ),
    _authorisation(
        "declined", _ACUTE, _ALONE, "approval",
        authorisation=_own(
            decision=pl.lit("declined"), urgency=pl.lit("routine"),
            valid_from=pl.lit(None), valid_to=pl.lit(None),
        ),
        infusion=_UNNAMED,
    ),
    _authorisation(
        "dose_above_approved", _ACUTE, _ALONE, "approved_dose",
        authorisation=_own(dose_g_per_kg=(pl.col("own_total") * _SHARE_APPROVED).round(1)),
    ),
    _authorisation(
        "expired_approval_named", _CHRONIC,
        (pl.col("start_day") - pl.col("entry_day") >= APPROVED_DAYS)
        & (_YEAR_DAY >= _NEW_YEAR_DAYS) & (_YEAR_DAY < APPROVED_DAYS - 10),
        "named", infusion=names_last_years,
    ),
)  # fmt: skip
