"""Live vaccines too soon after a high dose, and infusions too soon after a live vaccine."""

from __future__ import annotations

import polars as pl

from pipeline.synth.chance import Chance, Whole
from pipeline.synth.defect import Defect, Label, Spoil, Subjects, breach
from pipeline.synth.people import on_day
from pipeline.synth.scene import Scene

_MMR = "03"
_LIVE = (_MMR, "94", "21")
_FEWEST_DAYS_LEFT = 320
_FIRST_BIRTHDAY_YEARS = 1.05


def in_full(courses: pl.DataFrame, _: Chance) -> pl.DataFrame:
    """Give at least 2 g/kg, so that the dose is high beyond doubt."""
    return courses.with_columns(
        pl.lit(2.0).alias("target_g_per_kg"), pl.lit(value=True).alias("is_rounded_up")
    )


def _days_after(scene: Scene) -> Whole:
    """Return how long after the course each patient is vaccinated: three to ten months."""
    return scene.chance.whole("vaccinated early", 90, 300, scene.planted_courses["patient"])


def _days_before(scene: Scene) -> Whole:
    """Return how long before the course each patient is vaccinated: at most twelve days."""
    return -scene.chance.whole("vaccinated before", 2, 12, scene.planted_courses["patient"])


def _vaccinated(scene: Scene, days: Whole) -> pl.DataFrame:
    return scene.planted_courses.select(
        "patient_id",
        pl.lit(_MMR).alias("vaccine_code"),
        on_day(pl.col("start_day") + pl.Series(days), scene.first_on).alias("given_on"),
    )


def early(vaccination: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Give MMR some months after the course, in place of any other live vaccine."""
    others = vaccination.filter(~pl.col("vaccine_code").is_in(_LIVE))
    return pl.concat([others, _vaccinated(scene, _days_after(scene))])


def just_before(vaccination: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Give MMR some days before the course, in place of any other live vaccine."""
    others = vaccination.filter(~pl.col("vaccine_code").is_in(_LIVE))
    return pl.concat([others, _vaccinated(scene, _days_before(scene))])


def tested_after(lab_result: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Take the blood count again the day after, so that a test would have been seen."""
    start = on_day(pl.col("start_day"), scene.first_on).alias("start_on")
    planted = lab_result.join(scene.planted_courses.select("patient_id", start), on="patient_id")
    again = planted.filter(
        pl.col("test_code") == "718-7", pl.col("collected_at").dt.date() == pl.col("start_on")
    ).with_columns(pl.col("collected_at") + pl.duration(days=1))
    return pl.concat([lab_result, again.select(lab_result.columns)])


def _named(spoil: Spoil) -> Subjects:
    """Name a vaccine by patient and day, for the contract gives it no id."""

    def of(scene: Scene) -> pl.DataFrame:
        none = pl.DataFrame(schema={"patient_id": pl.String, "vaccine_code": pl.String,
                                    "given_on": pl.Date})  # fmt: skip
        name = pl.format("{}:{}|{}", "patient_id", "vaccine_code", "given_on")
        return spoil(none, scene).select(
            "patient_id",
            name.alias("source_record_id"),
            pl.lit(None, dtype=pl.String).alias("subject"),
        )

    return of


def _breach(kind: str, clause: str, spoil: Spoil) -> Label:
    return breach(kind, "vaccine_interval", clause, _named(spoil), "vaccination")


DEFECTS = (
    Defect(
        "vaccine_early",
        ("kawasaki",),
        (_breach("vaccine_early", "deferral", early),),
        pl.col("days_left") >= _FEWEST_DAYS_LEFT,
        in_full,
        spoils={"vaccination": early},
    ),
    Defect(
        "vaccine_then_ivig",
        ("kawasaki", "itp_child"),
        (_breach("vaccine_then_ivig", "immunoglobulin_after", just_before),),
        (pl.col("n_all") == 1) & (pl.col("age_years") >= _FIRST_BIRTHDAY_YEARS),
        spoils={"vaccination": just_before, "lab_result": tested_after},
    ),
)
