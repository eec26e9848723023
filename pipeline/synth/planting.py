"""Plant defects in the plan and in the records, and write down what was planted.

At most one defect per patient, and a patient's draws depend on nobody else's, so that planting
changes no other patient. What a kind of defect is stands in `pipeline.synth.defects`.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from pipeline.synth.chance import Chance
from pipeline.synth.defect import USE, Defect, Label
from pipeline.synth.defects import DEFECTS
from pipeline.synth.people import blood_group, on_day
from pipeline.synth.scene import Scene

_MARGIN_DAYS = 20  # how far a defect stays from either end of the period
_FEWEST = 2
_NEAR = 40  # courses looked at for each defect: many times those of one patient


def choose(courses: pl.DataFrame, first_on: date, last_day: int, chance: Chance) -> pl.DataFrame:
    """Return one row per planted defect: kind, patient and the number of the course.

    Turn by turn, the kinds that fit the fewest courses choose first.
    """
    n_patients = courses["patient"].n_unique()
    described = _described(courses, first_on, last_day, chance)
    fits = described.select(_fits(d).alias(d.name) for d in DEFECTS)
    n_fitting = fits.sum().row(0, named=True)
    places = described.select("patient", "use", "course_no")
    is_free = np.ones(int(courses["patient"].max() or 0) + 1, dtype=np.bool_)  # type: ignore[arg-type]
    chosen: list[pl.DataFrame] = []
    for defect in sorted(DEFECTS, key=lambda d: (d.turn, n_fitting[d.name], d.name)):
        n_each = max(_FEWEST, defect.n_together, n_patients // defect.one_of_patients)
        free = pl.Series(is_free[places["patient"].to_numpy()])
        drawn = _drawn(places.filter(fits[defect.name] & free), defect.name, n_each, chance)
        if drawn.height < defect.n_together:
            drawn = drawn.clear()
        chosen.append(drawn)
        is_free[drawn["patient"].to_numpy()] = False
    return pl.concat(chosen)


def _described(
    courses: pl.DataFrame, first_on: date, last_day: int, chance: Chance
) -> pl.DataFrame:
    """Return the courses a defect may sit in, with what `Defect.fits` may ask about."""
    every = pl.len().over("patient")
    place = pl.int_range(pl.len()).over("patient")
    described = courses.select(
        "patient", "use", "course_no", "start_day", "n_days", "is_child", "known_by",
        "entry_day", "cycle_days",
        ((pl.col("start_day") - pl.col("birth_day")) / 365.25).alias("age_years"),
        (last_day - pl.col("start_day")).alias("days_left"),
        on_day(pl.col("entry_day"), first_on).alias("entered_on"),
        place.alias("n_before"),
        (every - place - 1).alias("n_after"),
        every.alias("n_all"),
        (pl.col("target_g_per_kg") * pl.col("n_days")).alias("target_total"),
        blood_group(courses, chance).alias("blood_group"),
    )  # fmt: skip
    return described.filter(
        pl.col("start_day") >= _MARGIN_DAYS, pl.col("days_left") >= 3 * _MARGIN_DAYS
    )


def _fits(defect: Defect) -> pl.Expr:
    return pl.col("use").is_in([USE[name] for name in defect.uses]) & defect.fits


def _drawn(fitting: pl.DataFrame, name: str, n: int, chance: Chance) -> pl.DataFrame:
    """Draw n patients, shared between the uses in turn, and one course of each."""
    rank = pl.Series("patient_rank", chance.uniform(name, fitting["patient"].to_numpy()))
    # most patients stand far behind the last one drawn, and need not be sorted
    is_near = pl.col("patient_rank") < _NEAR * n / pl.len().over("use")
    near = fitting.with_columns(rank).filter(is_near)
    keys = near["patient"].to_numpy(), near["course_no"].to_numpy()
    one_each = (
        near.with_columns(pl.Series("course_rank", chance.uniform(f"{name} course", *keys)))
        .sort("patient_rank", "course_rank")
        .unique("patient", keep="first", maintain_order=True)
    )
    in_turn = one_each.with_columns(turn=pl.int_range(pl.len()).over("use"))
    return in_turn.sort("turn", "patient_rank").head(n).select(
        pl.lit(name).alias("kind"), "patient", "course_no"
    )  # fmt: skip


def planned(
    courses: pl.DataFrame, chosen: pl.DataFrame, last_day: int, chance: Chance
) -> pl.DataFrame:
    """Return the courses with the planned defects made and each patient's defect beside it."""
    marked = courses.join(
        chosen.select("patient", "kind", pl.col("course_no").alias("defect_no")),
        on="patient", how="left", maintain_order="left",
    )  # fmt: skip
    is_there = pl.col("course_no") == pl.col("defect_no")
    marked = marked.with_columns(is_there.fill_null(value=False).alias("is_planted"))
    plans = {d.name: d.plan for d in DEFECTS if d.plan is not None}
    parts = [marked.filter(pl.col("kind").is_in(list(plans)).not_().fill_null(value=True))]
    parts += [plan(marked.filter(kind=kind), chance) for kind, plan in plans.items()]
    changed = pl.concat(part.select(marked.columns) for part in parts)
    return changed.filter(pl.col("start_day") <= last_day).sort("patient", "course_no")


def spoiled(record: str, frame: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Return a finished record with the defects that sit in its rows."""
    present = set(scene.people["kind"].drop_nulls())
    spoils = {d.name: d.spoils[record] for d in DEFECTS if record in d.spoils and d.name in present}
    if not spoils:
        return frame
    key = "patient_id" if "patient_id" in frame.columns else frame.columns[0]
    owners = (scene.people if key == "patient_id" else scene.given).select(key, "kind")
    owners = owners.filter(pl.col("kind").is_in(list(spoils))).unique(key)
    parts = [frame.join(owners, on=key, how="anti")]
    owned = frame.join(owners, on=key).partition_by("kind", include_key=False, as_dict=True)
    for kind, spoil in spoils.items():
        own = owned.get((kind,), frame.clear())
        parts.append(spoil(own, scene.of(kind)).select(frame.columns))
    return pl.concat(parts)


def truth(scene: Scene) -> pl.DataFrame:
    """Return one row per thing the audit must say, and per consequence it may say."""
    parts = [_labelled(label, scene.of(d.name)) for d in DEFECTS for label in d.labels]
    labelled = pl.concat(parts).sort("patient_id", "source_record_id", "expect_where", "shows_as")
    number = pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(5)
    return labelled.select(("D" + number).alias("defect_id"), pl.all())


def _labelled(label: Label, scene: Scene) -> pl.DataFrame:
    return label.of(scene).select(
        pl.lit("consequence" if label.is_consequence else label.kind).alias("kind"),
        pl.lit(label.record).alias("record"),
        "source_record_id",
        "patient_id",
        "subject",
        pl.lit(label.where).alias("expect_where"),
        pl.lit(label.check).alias("expect_kind"),
        pl.lit(label.status).alias("expect_status"),
        pl.lit(label.reason).alias("expect_reason_or_clause"),
        pl.lit(label.kind).alias("shows_as"),
    )


def marked_people(people: pl.DataFrame, courses: pl.DataFrame) -> pl.DataFrame:
    """Return the patients with their defect, and where their indication is written after it."""
    now = courses.select("patient", "kind", "known_by").unique("patient", keep="first")
    kept = people.join(now, on="patient", how="left", suffix="_now", maintain_order="left")
    return kept.with_columns(pl.coalesce("known_by_now", "known_by").alias("known_by"))
