"""Write down what the panel approved, and how it reviewed the treatment."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipeline.synth.catalogue import USES
from pipeline.synth.courses import APPROVED_DAYS, is_acute
from pipeline.synth.infusions import approval_names
from pipeline.synth.people import coded, on_day
from pipeline.synth.scene import Scene

_USE_CODES = tuple(u.indication_code for u in USES)
_ASKED_DAYS = 5  # before the first course; decided two days later
_DECIDED_DAYS = 3
_RENEWED_DAYS = 30  # by which an approval outlasts the one that follows it
_ACUTE_DAYS = 30
_EMERGENCY_SHARE = 0.3
_DOSE_SHARE = 0.5
_INTERVAL_SHARE = 0.3
_REVIEW_DAYS = 163
_MEASURES = ("infections", "disability score", "platelets", "grip strength")


def authorisation(scene: Scene) -> pl.DataFrame:
    """Return one row per approval: of each acute course, of each year of a treatment.

    In an emergency the panel decides some days after the first infusion.
    """
    asked = scene.courses.unique(["patient", "approval_no"], keep="first", maintain_order=True)
    keys = asked["patient"].to_numpy(), asked["approval_no"].to_numpy()
    year_start = pl.col("entry_day") + pl.col("approval_no") * APPROVED_DAYS
    emergency = scene.chance.happens("emergency", _EMERGENCY_SHARE, *keys)
    later = pl.Series(scene.chance.whole("decided", 1, 5, *keys))
    dosed = scene.chance.happens("dose approved", _DOSE_SHARE, keys[0])
    paced = scene.chance.happens("interval approved", _INTERVAL_SHARE, keys[0])
    asked = asked.with_columns(
        pl.when(is_acute()).then("start_day").otherwise(year_start).alias("needed_day"),
        (is_acute() & pl.Series(emergency)).alias("is_emergency"),
    )
    requested = pl.col("needed_day") - pl.when("is_emergency").then(0).otherwise(_ASKED_DAYS)
    in_time = pl.col("needed_day") - _DECIDED_DAYS
    decided = pl.min_horizontal(pl.col("needed_day") + later, scene.last_day)
    ends = pl.when(is_acute()).then(_ACUTE_DAYS).otherwise(APPROVED_DAYS + _RENEWED_DAYS)
    total = pl.col("target_g_per_kg") * pl.col("n_days")
    is_told = pl.Series(dosed) & pl.col("kind").is_null()
    is_counted = is_acute() & pl.col("kind").is_null()
    is_paced = pl.Series(paced) & ~is_acute() & pl.col("kind").is_null()
    return asked.select(
        approval_names(asked["patient"], asked["approval_no"], scene.chance)
        .alias("authorisation_id"),
        "patient_id",
        pl.lit("approved").alias("decision"),
        pl.when(pl.col("known_by").is_in(["infusion", "authorisation"]))
        .then(coded(asked["use"].to_numpy(), _USE_CODES))
        .alias("indication_code"),
        pl.when("is_emergency").then(pl.lit("emergency")).otherwise(pl.lit("routine"))
        .alias("urgency"),
        on_day(requested, scene.first_on).alias("requested_on"),
        on_day(pl.when("is_emergency").then(decided).otherwise(in_time), scene.first_on)
        .alias("decided_on"),
        on_day(pl.when("is_emergency").then("needed_day").otherwise(in_time), scene.first_on)
        .alias("valid_from"),
        on_day(pl.col("needed_day") + ends, scene.first_on).alias("valid_to"),
        pl.when(is_told).then((total * 10 - 1e-6).ceil() / 10).alias("dose_g_per_kg"),
        pl.when(is_counted).then(1).cast(pl.Int64).alias("n_courses"),
        pl.when(is_paced).then("cycle_days").alias("interval_days"),
    )  # fmt: skip


def outcome_review(scene: Scene) -> pl.DataFrame:
    """Return one row per review: a treatment is reviewed about every five and a half months."""
    treated = scene.courses.filter(~is_acute()).unique("patient", keep="last", maintain_order=True)
    until = pl.min_horizontal(pl.col("start_day") + _REVIEW_DAYS, scene.last_day)
    n = treated.select((until - pl.col("entry_day")) // _REVIEW_DAYS).to_series().to_numpy()
    rows = treated[np.repeat(np.arange(treated.height), n)]
    number = np.arange(len(rows)) - np.repeat(np.cumsum(n) - n, n) + 1
    keys = rows["patient"].to_numpy(), number
    chance = scene.chance
    moved = pl.Series(number * _REVIEW_DAYS + chance.whole("reviewed", -6, 0, *keys))
    reviewed = rows.with_columns((pl.col("entry_day") + moved).alias("day"))
    is_measured = pl.Series(chance.happens("measured outcome", 0.5, keys[0]))
    value = pl.Series(chance.whole("outcome", 0, 30, *keys))
    response = coded(
        chance.pick("response", (0.3, 0.6, 0.1), *keys), ("improved", "stable", "worse")
    )
    # the first review finds that it helps, so that a trial may go on
    is_reduced = pl.Series(chance.happens("reduced", 0.08, *keys) & (number > 1))
    is_over = pl.col("day") > pl.col("start_day")
    return reviewed.select(
        "patient_id",
        on_day(pl.col("day"), scene.first_on).alias("reviewed_on"),
        pl.when(pl.col("known_by").is_in(["infusion", "authorisation"]))
        .then(coded(rows["use"].to_numpy(), _USE_CODES))
        .alias("indication_code"),
        pl.when(is_measured).then(coded(rows["use"].to_numpy() % len(_MEASURES), _MEASURES))
        .alias("measure"),
        pl.when(is_measured).then(value).alias("value"),
        response.alias("response"),
        pl.when(is_over).then(pl.lit("stop")).when(is_reduced).then(pl.lit("reduce"))
        .otherwise(pl.lit("continue")).alias("decision"),
    ).filter(pl.col("reviewed_on") >= scene.first_on)  # fmt: skip
