"""The headline once more, by a dull path of its own: Polars over verdicts.parquet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

CLOSED = ("off", "within", "unassessed", "no_rule")


@dataclass(frozen=True)
class Headline:
    """What the headline counts: courses and patients by outcome, and grams covered."""

    courses: dict[str, int]
    patients: dict[str, int]
    """Patients of those courses; `judged` and `closed` too."""
    n_open: int
    grams: Decimal
    grams_covered: Decimal

    @property
    def n_judged(self) -> int:
        """Return how many closed courses are within the guideline or off."""
        return self.courses["off"] + self.courses["within"]


def headline(
    run: Path, con: duckdb.DuckDBPyConnection, set_id: str, from_on: date, to_on: date
) -> Headline:
    """Recompute the headline of a set for courses begun, and grams given, in the days."""
    outcome = _outcomes(pl.read_parquet(run / "verdicts.parquet"), set_id)
    courses = (
        con.sql("SELECT course_key, patient_key, started_on, is_open FROM derived.course")
        .pl()
        .join(outcome, on="course_key", how="left")
        .with_columns(
            pl.col("outcome").fill_null("no_rule"),
            pl.col("is_assessed").fill_null(value=False),
        )
    )
    begun = courses.filter(pl.col("started_on").is_between(from_on, to_on))
    closed = begun.filter(~pl.col("is_open"))
    infusions = con.sql(
        "SELECT course_key, started_on, dose_g FROM derived.infusion WHERE exclusion IS NULL"
    ).pl()
    given = infusions.filter(pl.col("started_on").is_between(from_on, to_on))
    covered = given.join(begun.filter("is_assessed"), on="course_key", how="semi")
    parts = {word: closed.filter(pl.col("outcome") == word) for word in CLOSED}
    groups = parts | {"closed": closed, "judged": pl.concat([parts["off"], parts["within"]])}
    return Headline(
        courses={word: part.height for word, part in parts.items()},
        patients={word: part["patient_key"].n_unique() for word, part in groups.items()},
        n_open=begun.height - closed.height,
        grams=_sum(given),
        grams_covered=_sum(covered),
    )


def findings(run: Path, severity: str) -> int:
    """Count the breached verdicts of a severity."""
    verdicts = pl.read_parquet(run / "verdicts.parquet")
    is_it = (pl.col("status") == "breached") & (pl.col("severity") == severity)
    return verdicts.filter(is_it).height


def _outcomes(verdicts: pl.DataFrame, set_id: str) -> pl.DataFrame:
    """Return one row per course of which a rule that may accuse says something."""
    telling = verdicts.filter(
        (pl.col("set_id") == set_id)
        & pl.col("is_countable")
        & (pl.col("status") != "not_applicable")
    )
    is_off = (pl.col("status") == "breached") & (pl.col("severity") == "off_guideline")
    is_missing = pl.col("status") == "not_assessable"
    return telling.group_by("course_key").agg(
        pl.when(is_off.any())
        .then(pl.lit("off"))
        .when(is_missing.any())
        .then(pl.lit("unassessed"))
        .otherwise(pl.lit("within"))
        .alias("outcome"),
        (~is_missing).any().alias("is_assessed"),
    )


def _sum(given: pl.DataFrame) -> Decimal:
    total: Any = given["dose_g"].sum()
    return Decimal(total)
