"""Write down the adverse events somebody reported: few, mild, inside their event's window.

How often and how seriously follows the Octagam non-interventional study of 2024 as the safety
reference has it: 608 reactions in 81,033 infusions, 54 of them serious. Which reactions, their
grades and who was told are invented. No event is among them that results could confirm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.synth.chance import Chance
from pipeline.synth.defect import Subjects
from pipeline.synth.infusions import EVENT_BLOCK, PRODUCT_CODES, lot_names
from pipeline.synth.people import at_minute, coded, named
from pipeline.synth.scene import Scene
from pipeline.synth.subjects import as_rows, planted_course

_REACTIONS, _SERIOUS, _INFUSIONS = 608, 54, 81033
_STOPPED_SHARE = 0.6  # of infusions broken off a reaction is the reason, and most are reported
_NAMED_SHARE = 0.7
_LAST_DAYS = 40  # no event so near the end that its report could not be in the records
_TURN = 2**22  # reports of one bag are numbered apart from those of every other
_DAY = 1440


@dataclass(frozen=True)
class Reaction:
    """One reaction that is reported, its share, and how long after the start it begins."""

    term: str
    share: float
    minutes: tuple[int, int]
    is_of_day: bool = True  # its window belongs to a day's infusion, not to a course


REACTIONS = (
    Reaction("Headache", 0.34, (30, 1200)),
    Reaction("Chills", 0.14, (20, 240)),
    Reaction("Fever", 0.12, (30, 600)),
    Reaction("Nausea", 0.10, (30, 600)),
    Reaction("Fatigue", 0.07, (60, 1400)),
    Reaction("Back pain", 0.05, (20, 300)),
    Reaction("Flushing", 0.05, (10, 200)),
    Reaction("Hypotension", 0.03, (10, 200)),
    Reaction("Urticaria", 0.05, (10, 120)),
    Reaction("Dyspnoea", 0.02, (10, 200)),
    Reaction("Rash", 0.03, (1500, 14000), is_of_day=False),
)
_GRADES = (0.55, 0.35, 0.10)
_IMPUTABILITY = ("probable", "possible", "possible", "doubtful", "not_assessable")
_TOLD = ("haemovigilance officer", "manufacturer", "national authority")
_ASSESSORS = ("nurse", "physician", "pharmacist")


@dataclass(frozen=True)
class Told:
    """One report that a defect files: what, how long after a bag began, and what it says."""

    term: str
    onset_min: int | None
    reported_days: int = 2
    grade: int = 2
    seriousness: str | None = None
    names_infusion: bool = True
    names_product: bool = False
    told: int = 0


def adverse_event(scene: Scene) -> pl.DataFrame:
    """Return one row per report, of patients who carry no defect; at most one in a course."""
    chance = scene.chance
    # a report of a bag among several would be shared between their lots
    bags = scene.given.filter(
        pl.col("kind").is_null(),
        pl.col("n_bags") == 1,
        ~pl.col("is_mixed"),
        pl.col("day") < scene.last_day - _LAST_DAYS,
    )
    keys = bags["patient"].to_numpy(), bags["day"].to_numpy()
    share = np.where(bags["is_stopped"].to_numpy(), _STOPPED_SHARE, _REACTIONS / _INFUSIONS)
    reacted = bags.filter(pl.Series(chance.uniform("reacted", *keys) < share))
    reacted = reacted.unique(["patient", "course_no"], keep="first", maintain_order=True)
    drawn = chance.pick("reaction", [r.share for r in REACTIONS], reacted["row"].to_numpy())
    is_of_day = np.array([r.is_of_day for r in REACTIONS])[drawn]
    is_one_day = (reacted["n_days"] == 1).to_numpy()
    return _described(reacted, np.where(is_of_day | is_one_day, drawn, 0), scene)


def _described(bags: pl.DataFrame, reaction: np.ndarray, scene: Scene) -> pl.DataFrame:
    chance, row = scene.chance, bags["row"].to_numpy()
    low = np.array([r.minutes[0] for r in REACTIONS])[reaction]
    high = np.array([r.minutes[1] for r in REACTIONS])[reaction]
    onset = bags["begin_min"] + pl.Series(chance.whole("onset", low, high, row))
    is_serious = pl.Series(chance.happens("serious reaction", _SERIOUS / _REACTIONS, row))
    grade = np.where(is_serious, 3, 1 + chance.pick("grade", _GRADES, row))
    later = pl.Series(chance.whole("reported after", 0, 5, row) * _DAY + 180)
    # a course's reaction cannot be laid to one of its days unless somebody does
    is_named = pl.Series(chance.happens("names infusion", _NAMED_SHARE, row)) | (bags["n_days"] > 1)
    return _filed(bags, 0, onset, onset + later, scene).with_columns(
        coded(reaction, tuple(r.term for r in REACTIONS)).alias("term"),
        pl.Series("grade", grade.astype(np.int64)),
        _truth(is_serious).alias("is_serious"),
        pl.when(is_serious).then(pl.lit("hospitalisation")).alias("seriousness"),
        coded(chance.whole("imputability", 0, 4, row), _IMPUTABILITY).alias("imputability"),
        coded(chance.whole("assessor", 0, 2, row), _ASSESSORS).alias("assessor"),
        coded(chance.whole("told", 0, 2, row), _TOLD).alias("reported_to"),
        pl.when(is_named).then("infusion_id").alias("infusion_id"),
    )


def _filed(
    bags: pl.DataFrame, turn: int, onset: pl.Series, reported: pl.Series, scene: Scene
) -> pl.DataFrame:
    """Return one report per bag with what every report holds, of a bag's reports the turn-th."""
    return bags.select(
        report_names(bags, turn, scene.chance).alias("event_id"),
        "patient_id",
        pl.lit("").alias("term"),
        at_minute(pl.lit(onset), scene.first_on).alias("onset_at"),
        pl.lit(2, dtype=pl.Int64).alias("grade"),
        pl.lit("false").alias("is_serious"),
        pl.lit(None, dtype=pl.String).alias("seriousness"),
        pl.lit("possible").alias("imputability"),
        pl.lit("physician").alias("assessor"),
        "infusion_id",
        coded(bags["product"].to_numpy(), PRODUCT_CODES).alias("product_code"),
        lot_names(bags["lot"], scene.chance).alias("lot_number"),
        at_minute(pl.lit(reported), scene.first_on).alias("reported_at"),
        pl.lit(_TOLD[0]).alias("reported_to"),
    )


def filed(bags: pl.DataFrame, reports: tuple[Told, ...], scene: Scene) -> pl.DataFrame:
    """Return the reports of a defect, in turn, for every bag."""
    return pl.concat(_told(bags, turn, told, scene) for turn, told in enumerate(reports))


def _told(bags: pl.DataFrame, turn: int, told: Told, scene: Scene) -> pl.DataFrame:
    onset = bags["begin_min"] + (0 if told.onset_min is None else told.onset_min)
    rows = _filed(bags, turn, onset, onset + told.reported_days * _DAY, scene)
    unsaid = [
        *([] if told.onset_min is not None else ["onset_at"]),
        *([] if told.names_infusion else ["infusion_id"]),
        *([] if told.names_product else ["product_code", "lot_number"]),
    ]
    return rows.with_columns(
        pl.lit(told.term).alias("term"),
        pl.lit(told.grade, dtype=pl.Int64).alias("grade"),
        pl.lit("false" if told.seriousness is None else "true").alias("is_serious"),
        pl.lit(told.seriousness, dtype=pl.String).alias("seriousness"),
        pl.lit(_TOLD[told.told]).alias("reported_to"),
        *(pl.lit(None, dtype=rows.schema[name]).alias(name) for name in unsaid),
    )


def report_names(bags: pl.DataFrame, turn: int, chance: Chance) -> pl.Series:
    """Return the id of a bag's report of that turn."""
    return named(bags["row"].to_numpy() + turn * _TURN, EVENT_BLOCK, chance)


def _truth(flags: pl.Series) -> pl.Series:
    return pl.Series(("false", "true")).gather(flags.cast(pl.Int64))


def planted_reports(n: int) -> Subjects:
    """Name the first so many reports of the planted course's first bag."""

    def of(scene: Scene) -> pl.DataFrame:
        bags = planted_course(scene)
        return pl.concat(
            as_rows(
                bags.with_columns(report_names(bags, turn, scene.chance).alias("event_id")),
                "event_id",
            )
            for turn in range(n)
        )

    return of


planted_report = planted_reports(1)
