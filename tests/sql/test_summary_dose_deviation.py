"""How far doses lie from the printed band: steps and their limits, by hand."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from empty_store import given, rows_of, shown

from pipeline.resources import sql
from pipeline.store import open_store

COUNTED = [
    "below_25",
    "below_10",
    "below_0",
    "inside",
    "above_0",
    "above_10",
    "above_25",
    "unknown",
]


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    made = open_store()
    for name, columns in {
        "guideline.rule": "rule_key INTEGER, rule_id VARCHAR, set_key INTEGER",
        "guideline.guideline_set": "set_key INTEGER, set_id VARCHAR",
        "guideline.indication": "indication_code VARCHAR, name VARCHAR",
        "report.dose_band": "rule_key INTEGER, measure VARCHAR, low_g_per_kg DECIMAL(9,3),"
        " high_g_per_kg DECIMAL(9,3)",
        "temp.course_dose": "rule_key INTEGER, indication_code VARCHAR, measure VARCHAR,"
        " g_per_kg DECIMAL(9,3), n_courses BIGINT",
    }.items():
        kind = "TEMP TABLE" if name.startswith("temp.") else "TABLE"
        made.execute(f"CREATE {kind} {name} ({columns})")
    given(made, "guideline.rule", "rule_key | rule_id | set_key\n1 | R-1 | 1")
    given(made, "guideline.guideline_set", "set_key | set_id\n1 | s")
    given(made, "guideline.indication", "indication_code | name\nitp | ITP")
    yield made
    made.close()


def dosed(con: duckdb.DuckDBPyConnection, doses: str, measure: str = "total") -> None:
    """Add courses of one rule; `-` is a dose that nobody knows."""
    for dose, n in (pair.split("x") for pair in doses.split()):
        con.execute(
            "INSERT INTO temp.course_dose VALUES (1, 'itp', ?, ?, ?)",
            [measure, None if dose == "-" else dose, n],
        )


def told(con: duckdb.DuckDBPyConnection) -> list[dict[str, str | None]]:
    return shown(con, sql("summary/dose_deviation.sql"))


# a band from 1 to 2 g/kg
@pytest.mark.parametrize(
    "drawn",
    rows_of(
        """
        g_per_kg | step     | deviation
        -        | unknown  |
        0.749    | below_25 | -0.251
        0.75     | below_10 | -0.25
        0.899    | below_10 | -0.101
        0.9      | below_0  | -0.1
        0.999    | below_0  | -0.001
        1        | inside   | 0
        2        | inside   | 0
        2.001    | above_0  | 0.0005
        2.2      | above_0  | 0.1
        2.201    | above_10 | 0.1005
        2.5      | above_10 | 0.25
        2.501    | above_25 | 0.2505
        """
    ),
    ids=lambda drawn: str(drawn["g_per_kg"]),
)
def test_a_dose_stands_in_the_step_of_its_deviation(
    con: duckdb.DuckDBPyConnection, drawn: dict[str, str | None]
) -> None:
    given(con, "report.dose_band", "rule_key | measure | low_g_per_kg | high_g_per_kg\n1|total|1|2")
    dosed(con, f"{drawn['g_per_kg']}x3")
    (row,) = told(con)
    assert {step for step in COUNTED if row[f"n_{step}"] != "0"} == {drawn["step"]}
    assert (row["n_courses"], row["median_deviation"]) == ("3", drawn["deviation"])


@pytest.mark.parametrize(
    ("bands", "dose", "deviation"),
    [
        ("0.4 | 0.4\n1 | total | 1 | 2", "0.5", "0.25"),  # a fifth of a gram from 0.4, half from 1
        ("0.4 | 0.4\n1 | total | 1 | 2", "0.9", "-0.1"),
        ("0.8 | 0.8\n1 | total | 1.2 | 1.2", "0.96", "-0.2"),  # as near either: the one below
        (" | 2", "0.1", "0"),  # open below
        ("1 |", "9", "0"),  # open above
    ],
)
def test_of_several_bands_the_nearest_counts(
    con: duckdb.DuckDBPyConnection, bands: str, dose: str, deviation: str
) -> None:
    head = "rule_key | measure | low_g_per_kg | high_g_per_kg\n1 | total | "
    given(con, "report.dose_band", head + bands)
    dosed(con, f"{dose}x1")
    (row,) = told(con)
    assert row["median_deviation"] == deviation


def test_the_steps_add_up_and_the_middle_is_that_of_known_doses(
    con: duckdb.DuckDBPyConnection,
) -> None:
    given(con, "report.dose_band", "rule_key | measure | low_g_per_kg | high_g_per_kg\n1|total|1|2")
    dosed(con, "0.5x2 1.5x1 2.2x3 -x9")
    (row,) = told(con)
    assert sum(int(str(row[f"n_{step}"])) for step in COUNTED) == int(str(row["n_courses"]))
    # of six: -0.5, -0.5, 0, 0.1, 0.1, 0.1; the third is the least that half do not exceed
    assert (row["n_courses"], row["median_deviation"]) == ("15", "0")


def test_measures_do_not_mix(con: duckdb.DuckDBPyConnection) -> None:
    given(con, "report.dose_band", "rule_key | measure | low_g_per_kg | high_g_per_kg\n1|total|1|2")
    dosed(con, "0.4x5", measure="day")
    assert told(con) == []
