"""Break what only other sets than the default say: doses of a month, repeats, gaps, days ill."""

from __future__ import annotations

import polars as pl

from pipeline.synth.catalogue import PRODUCTS
from pipeline.synth.chance import Chance
from pipeline.synth.defect import ADULT, UNDER_NHSE_2021, Defect, breach, consequence
from pipeline.synth.people import at_minute
from pipeline.synth.scene import Scene
from pipeline.synth.spoiling import change
from pipeline.synth.subjects import course_before, planted_bags, planted_course, planted_issues

_ONE_OF = 600
_LABELLED = next(n for n, p in enumerate(PRODUCTS) if p.product_code == "Gammagard Liquid")
# Of 2.4 g/kg a month the label allows so much for 28 days: 2.2; this is beyond any tolerance.
_G_PER_KG, _DAYS = 3.4, 4
_LONGEST_CYCLE = 29
_SMALL_VIALS = next(n for n, p in enumerate(PRODUCTS) if p.product_code == "Privigen")
# Its label has alternate days; nobody stocks it otherwise. 5 %, so twice the volume of the others.
_ALTERNATE, _DILUTION = "Gammagard S/D", 2
_ILL_FOR_DAYS = 24  # the European text on neuropathies has two weeks
_TOO_SOON_DAYS = 3  # England allows a second gram after one or two days, or five to seven


def month_too_high(courses: pl.DataFrame, _: Chance) -> pl.DataFrame:
    """Give more than a month may have in one course, of the product whose label says so."""
    here = pl.col("is_planted")
    return courses.with_columns(
        pl.lit(_LABELLED, dtype=courses.schema["asked_product"]).alias("asked_product"),
        pl.when(here).then(pl.lit(_DAYS)).otherwise("n_days").alias("n_days"),
        pl.when(here).then(pl.lit(_G_PER_KG / _DAYS)).otherwise("target_g_per_kg")
        .alias("target_g_per_kg"),
    )  # fmt: skip


def repeat_off_days(courses: pl.DataFrame, _: Chance) -> pl.DataFrame:
    """Give the second course days after the first, between the days a repeat is for."""
    before = pl.col("start_day").shift(1).over("patient")
    by = before + _TOO_SOON_DAYS - pl.col("start_day")
    moved = by.filter(pl.col("is_planted")).first().over("patient")
    is_later = pl.col("course_no") >= pl.col("defect_no")
    day = pl.when(is_later).then(pl.col("start_day") + moved).otherwise("start_day")
    return courses.with_columns(day.alias("start_day"))


def of_small_vials(courses: pl.DataFrame, _: Chance) -> pl.DataFrame:
    """Make every dose up of vials that the product with alternate days is sold in too."""
    asked = pl.lit(_SMALL_VIALS, dtype=courses.schema["asked_product"])
    return courses.with_columns(asked.alias("asked_product"))


def diluted(infusion: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Give the course's bags as the product with alternate days, which is thinner."""
    return change(
        planted_bags,
        product_code=pl.lit(_ALTERNATE),
        volume_ml=pl.col("volume_ml") * _DILUTION,
        initial_rate_ml_per_h=pl.lit(None),
        max_rate_ml_per_h=pl.lit(None),
    )(infusion, scene)


def ill_for_long(clinical_event: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Let the illness have begun weeks before the course."""
    minute = (pl.col("start_day") - _ILL_FOR_DAYS) * 1440 + 9 * 60
    began = scene.planted_courses.select(
        "patient_id", at_minute(minute, scene.first_on).alias("began_at")
    )
    is_onset = pl.col("event_code") == "symptom_onset"
    return clinical_event.join(
        began, on="patient_id", how="left", maintain_order="left"
    ).with_columns(pl.when(is_onset).then("began_at").otherwise("occurred_at").alias("occurred_at"))


DEFECTS = (
    Defect(
        "month_too_high", ("mmn",),
        (breach("month_too_high", "regimen", "month", planted_course),),
        ADULT & (pl.col("n_before") >= 1) & (pl.col("cycle_days") <= _LONGEST_CYCLE),
        month_too_high, turn=2, one_of_patients=_ONE_OF,
    ),
    Defect(
        "repeat_off_days", ("itp_adult",),
        # so near that the audit makes one course of the two
        # of the two, 2 g/kg in all, after which nobody saw to the blood in time
        (breach("repeat_off_days", "regimen", "repeat", course_before),
         consequence("missed_blood_after", "monitoring", "test", course_before)),
        ADULT & UNDER_NHSE_2021 & (pl.col("n_before") == 1) & (pl.col("n_days") == 1),
        repeat_off_days, turn=2, one_of_patients=_ONE_OF,
    ),
    Defect(
        "days_in_a_row", ("itp_adult",),
        (breach("days_in_a_row", "regimen", "days", planted_course),),
        ADULT & (pl.col("n_days") == 2),  # noqa: PLR2004 - one after the other
        of_small_vials, turn=3, one_of_patients=_ONE_OF,
        spoils={"infusion": diluted, "rate_step": lambda steps, _: steps.clear(),
                "dispensing": change(planted_issues, product_code=pl.lit(_ALTERNATE))},
    ),
    Defect(
        "late_after_onset", ("gbs",),
        (breach("late_after_onset", "regimen", "window", planted_course),),
        pl.lit(value=True), turn=3, one_of_patients=_ONE_OF,
        spoils={"clinical_event": ill_for_long},
    ),
)  # fmt: skip
