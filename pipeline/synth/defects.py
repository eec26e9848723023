"""Plant defects in the plan and in the rows, each in a patient who is otherwise clean.

At most one defect per patient. A defect in the plan (a dose, a date, a number of days) is made
before the rows are; a defect in a row is made in the finished record.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipeline.synth.catalogue import USES
from pipeline.synth.chance import Chance

_MARGIN_DAYS = 20  # how far a defect stays from either end of the period
_PATIENTS_PER_DEFECT = 150
_FEWEST = 4
_USE = {use.indication_code: number for number, use in enumerate(USES)}


@dataclass(frozen=True)
class Kind:
    """One kind of defect and the courses it may be planted in."""

    name: str
    uses: tuple[str, ...]
    adults_only: bool = True
    courses_before: int = 0
    courses_after: int = 0
    fewest_days: int = 1
    most_courses: int | None = None


KINDS = (
    Kind("wrong_dose_high", ("pid", "itp_adult", "kawasaki", "cidp"), adults_only=False),
    Kind("wrong_dose_low", ("pid", "itp_adult", "kawasaki", "cidp"), adults_only=False),
    Kind("early_interval", ("pid",), courses_before=1),
    Kind("late_interval", ("pid", "pid", "cidp"), courses_before=1),
    Kind("missed_dose", ("pid",), courses_before=1, courses_after=1),
    Kind("too_many_days", ("itp_adult", "cidp"), fewest_days=4),
    Kind("missing_weight", ("pid", "itp_adult", "gbs", "cidp"),  most_courses=12),
    Kind("stale_weight", ("pid", "cidp"), courses_before=4),
    Kind("missing_indication", ("pid", "sid", "itp_adult", "mg"),  most_courses=12),
    Kind("duplicate_record", ("pid", "sid", "cidp", "mg")),
    Kind("mg_for_g", ("pid", "sid"), courses_before=1),
    Kind("five_for_ten_percent", ("pid", "itp_adult", "kawasaki"), adults_only=False),
    Kind("end_before_start", ("pid", "sid"), courses_before=1),
    Kind("unknown_product", ("pid", "sid"), courses_before=1),
    Kind("sc_product_in_feed", ("pid",), courses_before=1),
)  # fmt: skip

# Grams per kg a day that lie beyond the default set's limits by more than its tolerance and
# a vial, for the weights these uses are planted in.
_WRONG_DOSE = {
    "wrong_dose_high": {"pid": 1.05, "itp_adult": 1.70, "kawasaki": 3.20, "cidp": 0.95},
    "wrong_dose_low": {"pid": 0.12, "itp_adult": 0.45, "kawasaki": 0.90, "cidp": 0.20},
}
_CIDP_DAYS = 4
_TOO_MANY_DAYS = 8
_SHORTEST_GAP_DAYS = 10


def choose(courses: pl.DataFrame, last_day: int, chance: Chance) -> pl.DataFrame:
    """Return one row per planted defect: kind, patient and the number of the course."""
    n_patients = courses["patient"].n_unique()
    n_each = max(_FEWEST, n_patients // _PATIENTS_PER_DEFECT)
    open_to = _described(courses, last_day)
    chosen: list[pl.DataFrame] = []
    for kind in KINDS:
        drawn = _drawn(open_to.filter(_fits(kind)), kind, n_each, chance)
        chosen.append(drawn)
        open_to = open_to.join(drawn, on="patient", how="anti")
    return pl.concat(chosen).sort("kind", "patient").with_row_index("number", offset=1)


def _described(courses: pl.DataFrame, last_day: int) -> pl.DataFrame:
    """Return the courses a defect may be planted in, with what the kinds ask about."""
    every = pl.len().over("patient")
    place = pl.int_range(pl.len()).over("patient")
    described = courses.select(
        "patient", "use", "course_no", "start_day", "n_days", "is_child",
        place.alias("n_before"),
        (every - place - 1).alias("n_after"),
        every.alias("n_all"),
    )  # fmt: skip
    inside = pl.col("start_day").is_between(_MARGIN_DAYS, last_day - 3 * _MARGIN_DAYS)
    return described.filter(inside)


def _fits(kind: Kind) -> pl.Expr:
    """Say whether a course may carry a kind of defect."""
    fits = pl.col("use").is_in([_USE[name] for name in kind.uses])
    if kind.adults_only:
        fits &= ~pl.col("is_child")
    else:
        fits &= ~pl.col("is_child") | (pl.col("use") == _USE["kawasaki"])
    # a first course may be a loading dose, for which a set may have other rules
    acute = [number for number, use in enumerate(USES) if use.pattern == "acute"]
    fits &= pl.col("use").is_in(acute) | (pl.col("n_before") >= 1)
    fits &= pl.col("n_before") >= kind.courses_before
    fits &= pl.col("n_after") >= kind.courses_after
    fits &= pl.col("n_days") >= kind.fewest_days
    if kind.most_courses is not None:
        fits &= pl.col("n_all") <= kind.most_courses
    if kind.name in _WRONG_DOSE:
        is_right_length = pl.when(pl.col("use") == _USE["cidp"]).then(
            pl.col("n_days") == _CIDP_DAYS
        )
        fits &= is_right_length.otherwise(pl.col("n_days") == 1)
    return fits


def _drawn(fitting: pl.DataFrame, kind: Kind, n: int, chance: Chance) -> pl.DataFrame:
    """Draw n patients, shared between the uses in turn, and one course of each."""
    keys = fitting["patient"].to_numpy(), fitting["course_no"].to_numpy()
    one_each = (
        fitting.with_columns(
            pl.Series("course_rank", chance.uniform(f"{kind.name} course", *keys)),
            pl.Series("patient_rank", chance.uniform(kind.name, keys[0])),
        )
        .sort("patient_rank", "course_rank")
        .unique("patient", keep="first", maintain_order=True)
    )
    in_turn = one_each.with_columns(turn=pl.int_range(pl.len()).over("use"))
    return in_turn.sort("turn", "patient_rank").head(n).select(
        pl.lit(kind.name).alias("kind"), "patient", "course_no"
    )  # fmt: skip


def planned(
    courses: pl.DataFrame, defects: pl.DataFrame, last_day: int, chance: Chance
) -> pl.DataFrame:
    """Return the courses with the planned defects made and each patient's defect beside it."""
    marked = courses.join(
        defects.select("patient", "kind", pl.col("course_no").alias("defect_no")),
        on="patient", how="left", maintain_order="left",
    )  # fmt: skip
    is_there = (pl.col("course_no") == pl.col("defect_no")).fill_null(value=False)
    marked = marked.with_columns(is_there.alias("is_planted")).with_columns(
        _dose(), _moved(marked, chance), _unknown()
    )
    marked = marked.with_columns(*_days())
    is_missed = pl.col("is_planted") & (pl.col("kind") == "missed_dose")
    kept = marked.filter(~is_missed.fill_null(value=False), pl.col("start_day") <= last_day)
    return kept.with_columns(_after_missed()).with_columns(
        ((pl.col("kind") == "five_for_ten_percent") & pl.col("is_planted"))
        .fill_null(value=False)
        .alias("needs_ten_percent")
    )


def _dose() -> pl.Expr:
    wrong = pl.col("target_g_per_kg")
    for kind, doses in _WRONG_DOSE.items():
        for use, g_per_kg in doses.items():
            here = pl.col("is_planted") & (pl.col("kind") == kind) & (pl.col("use") == _USE[use])
            wrong = pl.when(here).then(pl.lit(g_per_kg)).otherwise(wrong)
    return wrong.alias("target_g_per_kg")


def _days() -> list[pl.Expr]:
    """Spread a course's total over too many days."""
    here = pl.col("is_planted") & (pl.col("kind") == "too_many_days")
    thin = pl.col("target_g_per_kg") * pl.col("n_days") / _TOO_MANY_DAYS
    return [
        pl.when(here).then(pl.lit(_TOO_MANY_DAYS)).otherwise("n_days").alias("n_days"),
        pl.when(here).then(thin).otherwise("target_g_per_kg").alias("target_g_per_kg"),
    ]


def _moved(marked: pl.DataFrame, chance: Chance) -> pl.Expr:
    """Move the planted course and all later ones: closer to the one before, or away from it."""
    patient = marked["patient"].to_numpy()
    gap = pl.col("start_day") - pl.col("start_day").shift(1).over("patient")
    at_defect = gap.filter(pl.col("is_planted")).first().over("patient")
    early = pl.Series(chance.whole("early by", 0, 2, patient)) + _SHORTEST_GAP_DAYS - at_defect
    late = pl.Series(chance.whole("late by", 20, 34, patient))
    is_later = (pl.col("course_no") >= pl.col("defect_no")).fill_null(value=False)
    shift = (
        pl.when(is_later & (pl.col("kind") == "early_interval")).then(early)
        .when(is_later & (pl.col("kind") == "late_interval")).then(late)
        .otherwise(0)
    )  # fmt: skip
    return (pl.col("start_day") + shift).alias("start_day")


def _unknown() -> pl.Expr:
    here = (pl.col("kind") == "missing_indication").fill_null(value=False)
    return pl.when(here).then(pl.lit("nothing")).otherwise("known_by").alias("known_by")


def _after_missed() -> pl.Expr:
    """Let the course after a missed dose carry the defect."""
    is_next = pl.col("course_no") == pl.col("course_no").filter(
        pl.col("course_no") > pl.col("defect_no")
    ).min().over("patient")
    missed = (pl.col("kind") == "missed_dose").fill_null(value=False)
    return (
        pl.when(missed)
        .then(is_next)
        .otherwise("is_planted")
        .fill_null(value=False)
        .alias("is_planted")
    )


def weighed(measurements: pl.DataFrame, courses: pl.DataFrame) -> pl.DataFrame:
    """Drop the weighings that the weight defects lack."""
    kind = pl.col("kind")
    lost = courses.filter(kind == "missing_weight").select("patient").unique()
    stale = courses.filter("is_planted", kind == "stale_weight")
    stale = stale.select("patient", pl.col("start_day").alias("defect_day"))
    kept = measurements.join(lost, on="patient", how="anti", maintain_order="left")
    kept = kept.join(stale, on="patient", how="left", maintain_order="left")
    since = pl.col("defect_day") - pl.col("weighed_day")
    return kept.filter(~since.is_between(0, 45).fill_null(value=False))
