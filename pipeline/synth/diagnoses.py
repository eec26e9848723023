"""Write down the diagnosis codes of each patient."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import polars as pl

from pipeline.synth.catalogue import OLD_CODES, OLD_CODES_OF_CHILDREN, RISKS, USES
from pipeline.synth.chance import Chance
from pipeline.synth.people import coded, on_day
from pipeline.synth.scene import Scene


def diagnosis(scene: Scene) -> pl.DataFrame:
    """Return one row per code: the disease treated, and old codes beside it."""
    people, first_on, chance = scene.people, scene.first_on, scene.chance
    return pl.concat([
        _treated(people, first_on, chance),
        *_old(people, first_on, chance),
        *_at_risk(scene),
    ])  # fmt: skip


def _treated(people: pl.DataFrame, first_on: date, chance: Chance) -> pl.DataFrame:
    patient, use = people["patient"].to_numpy(), people["use"].to_numpy()
    widest = max(len(u.diagnosis_codes) for u in USES)
    codes = tuple(code for u in USES for code in (u.diagnosis_codes * widest)[:widest])
    position = use * widest + chance.whole("code", 0, widest - 1, patient)
    known = people.with_columns(coded(position, codes).alias("code")).filter(
        pl.col("known_by") != "nothing"
    )
    return _coded(known, pl.col("entry_day") - 7, first_on)


def _old(people: pl.DataFrame, first_on: date, chance: Chance) -> Iterator[pl.DataFrame]:
    """Yield old codes; never a second disease for those known by their diagnosis alone."""
    for turn, share in enumerate((0.5, 0.25)):
        patient = people["patient"].to_numpy()
        position = chance.whole(f"old {turn}", 0, len(OLD_CODES) - 1, patient)
        is_kept = chance.happens(f"has old {turn}", share, patient)
        of_child = coded(position % len(OLD_CODES_OF_CHILDREN), OLD_CODES_OF_CHILDREN)
        code = pl.when("is_child").then(of_child).otherwise(coded(position, OLD_CODES))
        old = people.with_columns(code.alias("code"))
        old = old.filter(
            pl.Series(is_kept) & pl.col("known_by").is_in(["infusion", "authorisation"])
        )
        yield _coded(old, pl.col("entry_day") - 400 * (turn + 1), first_on)


def known_diagnosis(code: str, scene: Scene) -> pl.DataFrame:
    """Return one row per patient: a diagnosis known since before the first course."""
    return _coded(
        scene.people.with_columns(code=pl.lit(code)), pl.col("entry_day") - 300, scene.first_on
    )


def _at_risk(scene: Scene) -> Iterator[pl.DataFrame]:
    """Yield codes of those whom a stabiliser would harm, and who never get it."""
    for risk in RISKS:
        drawn = scene.chance.happens(risk.code, risk.share, scene.people["patient"].to_numpy())
        people = scene.people.filter(pl.Series(drawn), ~(pl.col("is_child") & risk.is_of_adults))
        had = scene.courses.filter(pl.col("product").is_in(risk.never_products))
        yield _coded(
            people.join(had, on="patient", how="anti").with_columns(code=pl.lit(risk.code)),
            pl.col("entry_day") - 600,
            scene.first_on,
        )


def _coded(people: pl.DataFrame, day: pl.Expr, first_on: date) -> pl.DataFrame:
    return people.select(
        "patient_id",
        pl.lit("ICD10CM").alias("code_system"),
        "code",
        on_day(day.clip(lower_bound=pl.col("birth_day")), first_on).alias("recorded_on"),
        # of old diagnoses nobody says when they began or in which stay they were coded
        pl.lit(None, dtype=pl.Date).alias("onset_on"),
        pl.lit(None, dtype=pl.String).alias("position"),
        pl.lit(None, dtype=pl.String).alias("present_on_admission"),
    )


def coded_later(rows: pl.DataFrame, code: str, day: pl.Expr, scene: Scene) -> pl.DataFrame:
    """Return one row per row: a diagnosis of a stay, begun and coded on a day during it."""
    return _coded(rows.with_columns(code=pl.lit(code)), day, scene.first_on).with_columns(
        pl.col("recorded_on").alias("onset_on"),
        pl.lit("secondary").alias("position"),
        pl.lit("false").alias("present_on_admission"),
    )


def coded_undated(rows: pl.DataFrame, code: str, day: pl.Expr, scene: Scene) -> pl.DataFrame:
    """Return one row per row: a diagnosis coded on a day, and nobody says when it began."""
    return _coded(rows.with_columns(code=pl.lit(code)), day, scene.first_on)
