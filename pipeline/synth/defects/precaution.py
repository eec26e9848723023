"""Products and patients that do not go together."""

from __future__ import annotations

import polars as pl

from pipeline.synth.catalogue import PRODUCTS
from pipeline.synth.chance import Chance
from pipeline.synth.defect import ADULT, ESTABLISHED, Defect, Plan, Spoil, breach
from pipeline.synth.diagnoses import known_diagnosis
from pipeline.synth.people import at_minute
from pipeline.synth.records import insulin
from pipeline.synth.scene import Scene
from pipeline.synth.spoiling import change
from pipeline.synth.subjects import planted_bags, planted_course, planted_issues

_PRODUCT = {product.product_code: number for number, product in enumerate(PRODUCTS)}
_HARMLESS = _PRODUCT["Panzyga"]
_SUCROSE = "Carimune NF"  # of which no label is known beyond its sugar
_REACTED_DAYS_AGO = 30
_FITS = ADULT & ESTABLISHED & (pl.col("n_days") == 1)
_USES = ("pid", "sid")


def only_here(product: str) -> Plan:
    """Return a plan that gives a product in the planted course and a harmless one in others."""

    def plan(courses: pl.DataFrame, _: Chance) -> pl.DataFrame:
        asked = pl.when("is_planted").then(_PRODUCT[product]).otherwise(_HARMLESS)
        return courses.with_columns(asked.cast(pl.Int64).alias("asked_product"))

    return plan


def has(*codes: str) -> Spoil:
    """Return a spoiler that adds diagnoses known for long."""
    return lambda rows, scene: pl.concat([rows, *(known_diagnosis(c, scene) for c in codes)])


def lacks_iga(patient: pl.DataFrame, _: Scene) -> pl.DataFrame:
    """Record that IgA is lacking and that there are antibodies against it."""
    yes = pl.lit("true")
    return patient.with_columns(yes.alias("is_iga_deficient"), yes.alias("has_anti_iga"))


def reacted_before(clinical_event: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Record a hypersensitivity reaction weeks before the course."""
    minute = (pl.col("start_day") - _REACTED_DAYS_AGO) * 1440 + 9 * 60
    reacted = scene.planted_courses.select(
        "patient_id",
        pl.lit("hypersensitivity").alias("event_code"),
        at_minute(minute, scene.first_on).alias("occurred_at"),
    )
    return pl.concat([clinical_event, reacted])


def takes_insulin(medication: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Record insulin, begun before any course and never ended."""
    return pl.concat([medication, insulin(scene.people, scene)])


def slowed(infusion: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Give the course's bags as the product with sucrose, at half the speed."""
    twice = (pl.col("ended_at") - pl.col("started_at")) * 2
    return change(
        planted_bags,
        product_code=pl.lit(_SUCROSE),
        ended_at=pl.col("started_at") + twice,
        initial_rate_ml_per_h=pl.lit(None),
        max_rate_ml_per_h=pl.lit(None),
    )(infusion, scene)


def _precaution(kind: str, product: str, **spoils: Spoil) -> Defect:
    label = breach(kind, "precaution", "risk", planted_course)
    return Defect(kind, _USES, (label,), _FITS, only_here(product), spoils)


_NO_STEPS: Spoil = lambda steps, _: steps.clear()  # noqa: E731

DEFECTS = (
    _precaution("proline", "Privigen", diagnosis=has("E72.59")),
    _precaution("sorbitol", "Flebogamma DIF 5 %", diagnosis=has("E74.12")),
    _precaution(
        "maltose_glucose", "Octagam 10 %", diagnosis=has("E10.9"), medication=takes_insulin,
    ),
    _precaution(
        "sucrose_renal", "Kiovig", diagnosis=has("N18.30"), infusion=slowed, rate_step=_NO_STEPS,
        dispensing=change(planted_issues, product_code=pl.lit(_SUCROSE)),
    ),
    Defect(
        "iga_antibodies",
        ("gbs", "itp_adult"),
        (breach("iga_antibodies", "precaution", "risk", planted_course),),
        ADULT & (pl.col("n_all") == 1),
        spoils={"patient": lacks_iga, "clinical_event": reacted_before},
    ),
)  # fmt: skip
