"""Courses that no approval covers, or that go beyond it.

England asks for the panel's approval of secondary immunodeficiency (nhse-2021); our own set asks
that an approval be kept to and that one which is named hold.
"""

from __future__ import annotations

import polars as pl

from pipeline.synth.chance import Chance
from pipeline.synth.courses import APPROVED_DAYS
from pipeline.synth.defect import ADULT, UNDER_NHSE_2021, Defect, Label, Spoil, breach
from pipeline.synth.infusions import approval_names
from pipeline.synth.people import on_day
from pipeline.synth.scene import Scene
from pipeline.synth.spoiling import change
from pipeline.synth.subjects import all_bags, as_rows, courses, planted_course

_SPARE = 15  # the number of an approval that no plan gives
_SHARE_APPROVED = 0.6
_NEW_YEAR_DAYS = 45  # after which last year's approval has ended
_KNOWN_DAYS = 370  # of records before the first course: an approval would have been seen
_MOST_COURSES = 12
_ONE_APPROVAL_DAYS = 320
_TWICE_A_QUARTER = 42  # days; these patients come every 28
_DAY = pl.duration(days=1)
_NOTHING = pl.lit(None)


def known_by_infusion(courses: pl.DataFrame, _: Chance) -> pl.DataFrame:
    """Write the indication with the infusions, so that it does not hang on the approval."""
    return courses.with_columns(pl.lit("infusion").alias("known_by"))


def _beside_course(approval: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Add to each approval what its patient's planted course is."""
    start = on_day(pl.col("start_day"), scene.first_on)
    planted = scene.planted_courses
    course = planted.select(
        "patient_id",
        start.alias("course_on"),
        (start + pl.duration(days=pl.col("n_days"))).alias("after_on"),
        (pl.col("target_g_per_kg") * pl.col("n_days")).alias("course_g_per_kg"),
        approval_names(planted["patient"], planted["approval_no"], scene.chance).alias("own_id"),
        approval_names(planted["patient"], planted["approval_no"] * 0 + _SPARE, scene.chance)
        .alias("spare_id"),
    )  # fmt: skip
    return approval.join(course, on="patient_id", how="left", maintain_order="left")


def _then(**second: pl.Expr) -> Spoil:
    """Return a spoiler: one approval until the day before the course, then one as told."""

    def spoil(approval: pl.DataFrame, scene: Scene) -> pl.DataFrame:
        found = _beside_course(approval, scene)
        first = found.sort("valid_from").unique("patient_id", keep="first", maintain_order=True)
        before = first.with_columns((pl.col("course_on") - _DAY).alias("valid_to"))
        after = first.with_columns(
            pl.col("spare_id").alias("authorisation_id"),
            *(value.cast(approval.schema[name]).alias(name) for name, value in second.items()),
        )
        return pl.concat([before, after] if second else [before]).select(approval.columns)

    return spoil


def for_another_use(approval: pl.DataFrame, _: Scene) -> pl.DataFrame:
    """Approve another use than the one that is treated."""
    return approval.with_columns(pl.lit("mmn").alias("indication_code"))


def too_little(approval: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Approve much less for the course than is given."""
    found = _beside_course(approval, scene)
    less = (pl.col("course_g_per_kg") * _SHARE_APPROVED).round(1)
    here = pl.col("authorisation_id") == pl.col("own_id")
    dose = pl.when(here).then(less).otherwise("dose_g_per_kg").alias("dose_g_per_kg")
    return found.with_columns(dose).select(approval.columns)


def approved_as(**values: pl.Expr) -> Spoil:
    """Return a spoiler that changes what was approved."""

    def spoil(approval: pl.DataFrame, scene: Scene) -> pl.DataFrame:
        n_all = scene.courses.group_by("patient_id").agg(pl.len().alias("n_all"))
        found = approval.join(n_all, on="patient_id", how="left", maintain_order="left")
        return found.with_columns(
            value.cast(approval.schema[name]).alias(name) for name, value in values.items()
        ).select(approval.columns)

    return spoil


def names_last_years(infusion: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Write last year's approval with the bags of the course."""
    bags = scene.planted_bags
    last_year = approval_names(bags["patient"], bags["approval_no"] - 1, scene.chance)
    old = bags.select("infusion_id", last_year.alias("old_id"))
    found = infusion.join(old, on="infusion_id", how="left", maintain_order="left")
    name = pl.coalesce("old_id", "authorisation_id").alias("authorisation_id")
    return found.with_columns(name).select(infusion.columns)


def later_courses(scene: Scene) -> pl.DataFrame:
    """Return the courses after the first one."""
    return courses(scene).filter(
        pl.col("infusion_id") != pl.col("infusion_id").first().over("patient")
    )


def last_years(scene: Scene) -> pl.DataFrame:
    """Return the approval that the bags of the course name though it has ended."""
    first = planted_course(scene)
    ids = approval_names(first["patient"], first["approval_no"] - 1, scene.chance)
    return as_rows(first.with_columns(ids.alias("authorisation_id")), "authorisation_id")


def _breach(kind: str, reason: str) -> Label:
    return breach(kind, "authorisation", reason, planted_course)


_UNNAMED = change(all_bags, authorisation_id=_NOTHING)
_LAST = ADULT & UNDER_NHSE_2021 & (pl.col("entry_day") >= _KNOWN_DAYS) & (pl.col("n_after") == 0)
_LAST_OF_SOME = _LAST & (pl.col("n_before") >= 1)


def _at_the_end(kind: str, reason: str, **second: pl.Expr) -> Defect:
    return Defect(
        kind,
        ("sid",),
        (_breach(kind, reason),),
        _LAST_OF_SOME,
        known_by_infusion,
        {"authorisation": _then(**second), "infusion": _UNNAMED},
    )


_WITHIN_A_YEAR = _LAST_OF_SOME & (pl.col("start_day") - pl.col("entry_day") <= _ONE_APPROVAL_DAYS)
_AFTER = pl.col("after_on")
_YEAR_DAY = (pl.col("start_day") - pl.col("entry_day")) % APPROVED_DAYS

DEFECTS = (
    Defect(
        "no_approval", ("sid",),
        (breach("no_approval", "authorisation", "not_approved", courses),),
        _LAST_OF_SOME & (pl.col("n_all") <= _MOST_COURSES), known_by_infusion,
        {"authorisation": for_another_use, "infusion": _UNNAMED},
    ),
    _at_the_end("expired_approval", "approval_expired"),
    _at_the_end(
        "approved_late", "approved_late",
        urgency=pl.lit("routine"), requested_on=_AFTER, decided_on=_AFTER + 4 * _DAY,
        valid_from=_AFTER + 4 * _DAY, valid_to=_AFTER + APPROVED_DAYS * _DAY,
    ),
    _at_the_end(
        "declined", "approval_declined",
        decision=pl.lit("declined"), urgency=pl.lit("routine"),
        requested_on=pl.col("course_on") - 5 * _DAY, decided_on=pl.col("course_on") - 3 * _DAY,
        valid_from=_NOTHING, valid_to=_NOTHING,
    ),
    Defect(
        "dose_above_approved", ("itp_adult", "gbs", "aiha"),
        (_breach("dose_above_approved", "beyond_approval"),),
        ADULT & (pl.col("n_all") == 1), known_by_infusion, {"authorisation": too_little},
    ),
    Defect(
        "sooner_than_approved", ("sid",),
        (breach("sooner_than_approved", "authorisation", "beyond_approval", later_courses),),
        _WITHIN_A_YEAR, known_by_infusion,
        {"authorisation": approved_as(interval_days=pl.lit(_TWICE_A_QUARTER))},
    ),
    Defect(
        "more_than_approved", ("sid",),
        (_breach("more_than_approved", "beyond_approval"),),
        _WITHIN_A_YEAR, known_by_infusion,
        {"authorisation": approved_as(n_courses=pl.col("n_all") - 1)},
    ),
    Defect(
        "expired_approval_named", ("sid", "cidp", "mg"),
        (breach("expired_approval_named", "authorisation", "approval_expired", last_years,
                "authorisation"),),
        ADULT & (pl.col("start_day") - pl.col("entry_day") >= APPROVED_DAYS)
        & _YEAR_DAY.is_between(_NEW_YEAR_DAYS, APPROVED_DAYS - 10),
        known_by_infusion, {"infusion": names_last_years},
    ),
)  # fmt: skip
