"""Spoil finished rows: the small steps that most defects of a record are made of."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipeline.synth.defect import Spoil, Subjects
from pipeline.synth.people import named
from pipeline.synth.scene import Scene

_ADDED = 2**27  # what a defect adds is numbered from here, beyond every row of the plan


def change(of: Subjects, **values: pl.Expr) -> Spoil:
    """Return a spoiler that sets columns of the named rows; a record's id is its first column."""

    def spoil(rows: pl.DataFrame, scene: Scene) -> pl.DataFrame:
        here = _is_named(rows, of(scene))
        return rows.with_columns(
            pl.when(here).then(value).otherwise(name).cast(rows.schema[name]).alias(name)
            for name, value in values.items()
        )

    return spoil


def lose(of: Subjects) -> Spoil:
    """Return a spoiler that loses the named rows."""
    return lambda rows, scene: rows.filter(~_is_named(rows, of(scene)))


def only(of: Subjects, rows: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Return the named rows."""
    return rows.filter(_is_named(rows, of(scene)))


def _is_named(rows: pl.DataFrame, named_rows: pl.DataFrame) -> pl.Expr:
    return pl.col(rows.columns[0]).is_in(named_rows["source_record_id"].to_list())


def added(row: pl.Series, block: int, scene: Scene) -> pl.Series:
    """Return the id of something a defect adds beside a row of the plan."""
    return named(row.to_numpy().astype(np.int64) + _ADDED, block, scene.chance)
