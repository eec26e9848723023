"""Write down vaccinations: inactivated ones at any time, live ones far from any infusion."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipeline.synth.catalogue import USES
from pipeline.synth.people import coded, on_day
from pipeline.synth.scene import Scene

# CVX: influenza, pneumococcal polysaccharide, Tdap; MMR, MMRV, varicella; zoster live.
_INACTIVATED = ("141", "33", "115")
_LIVE = ("03", "94", "21")
_EXEMPT = ("121",)
_REPLACEMENT = [n for n, use in enumerate(USES) if use.pattern == "replacement"]
_LIVE_SHARES = (0.03, 0.7)  # of adults and of children
_AFTER_DAYS = 345  # more than eleven months
_BEFORE_DAYS = 40
_FIRST_BIRTHDAY = 366


def vaccination(scene: Scene) -> pl.DataFrame:
    """Return one row per vaccine given."""
    return pl.concat([
        *(_any_day(scene, turn, 0.3, _INACTIVATED) for turn in range(2)),
        _any_day(scene, 2, 0.01, _EXEMPT),
        _live(scene),
    ])  # fmt: skip


def _any_day(scene: Scene, turn: int, share: float, codes: tuple[str, ...]) -> pl.DataFrame:
    patient = scene.people["patient"].to_numpy()
    day = scene.chance.whole(f"vaccinated {turn}", 0, scene.last_day, patient)
    is_there = scene.chance.happens(f"has vaccine {turn}", share, patient)
    people = scene.people.with_columns(pl.Series("day", day)).filter(pl.Series(is_there))
    return _given(people.filter(pl.col("day") >= pl.col("birth_day")), codes, turn, scene)


def _live(scene: Scene) -> pl.DataFrame:
    """Vaccinate long after the last course, else well before the first one."""
    chance = scene.chance
    treated = scene.courses.group_by("patient", maintain_order=True).agg(
        pl.col("patient_id", "birth_day", "entry_day", "is_child", "use").first(),
        pl.col("start_day").first().alias("first_day"),
        (pl.col("start_day") + pl.col("n_days")).last().alias("over_day"),
    )
    treated = treated.filter(pl.col("entry_day") >= 0, ~pl.col("use").is_in(_REPLACEMENT))
    patient = treated["patient"].to_numpy()
    after = pl.col("over_day") + pl.Series(chance.whole("live after", 0, 60, patient)) + _AFTER_DAYS
    before = pl.col("first_day") - pl.Series(chance.whole("live before", 0, 150, patient))
    shares = np.array(_LIVE_SHARES)[treated["is_child"].to_numpy().astype(np.int64)]
    is_there = pl.Series(chance.uniform("has live", patient) < shares)
    given = treated.with_columns(
        pl.when(after <= scene.last_day).then(after).otherwise(before - _BEFORE_DAYS).alias("day")
    ).filter(is_there)
    grown = pl.col("birth_day") + _FIRST_BIRTHDAY
    return _given(given.filter(pl.col("day") >= pl.max_horizontal(grown, 0)), _LIVE, 3, scene)


def _given(rows: pl.DataFrame, codes: tuple[str, ...], turn: int, scene: Scene) -> pl.DataFrame:
    position = scene.chance.whole(f"vaccine {turn}", 0, len(codes) - 1, rows["patient"].to_numpy())
    return rows.select(
        "patient_id",
        coded(position, codes).alias("vaccine_code"),
        on_day(pl.col("day"), scene.first_on).alias("given_on"),
    )
