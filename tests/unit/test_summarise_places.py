"""Where immunoglobulin was given and by whom, against bags written down by hand and a recount."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import polars as pl
import pytest
from placed import add_bags
from reported import add_course, add_sets, empty_store, put, settings_for
from tables import table

from pipeline import disclosure
from pipeline.summarise import summarise

KINDS = ("site", "ward", "care_setting", "specialty", "prescriber")


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    made = empty_store()
    add_sets(made)
    yield made
    made.close()


def used(con: duckdb.DuckDBPyConnection, kind: str) -> list[tuple[Any, ...]]:
    """Return place, patients, courses, infusions and grams of a kind, as plain numbers."""
    return con.execute(
        "SELECT site_id, place, n_patients, n_courses::INTEGER, n_infusions::INTEGER, "
        "grams::INTEGER FROM report.use_by_place WHERE place_kind = $kind ORDER BY ALL",
        {"kind": kind},
    ).fetchall()


BAGS = """
bag | patient | site  | ward | setting   | prescriber | request | grams
1   | 1       | north | A    | inpatient | SYN-AAAA01 | 1       | 10    -- request 1: neurology
2   | 1       | north | A    | home      | SYN-AAAA01 | 2       | 20    -- no specialty on request 2
3   | 2       | north |      | home      |            | 2       | 30    -- its request names one
4   | 2       | south | A    |           |            |         | 40    -- another ward A
5   | 3       |       |      |           | SYN-AAAA02 |         | 50
"""


def test_every_bag_counts_in_one_place_of_each_kind(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    put(con, "staged.authorisation", authorisation_key=1, specialty="Neurology",
        prescriber_id="SYN-AAAA03")  # fmt: skip
    put(con, "staged.authorisation", authorisation_key=2, prescriber_id="SYN-AAAA03")
    add_bags(con, table(BAGS))
    # a second bag of the course of bag 1, elsewhere: its course counts where it began
    put(con, "derived.infusion", infusion_key=6, record="infusion", patient_key=1, session_key=1,
        started_on="2025-01-02", dose_g=5, course_key=1, site_id="south")  # fmt: skip
    put(con, "staged.infusion", infusion_key=6, prescriber_id="SYN-AAAA02")
    summarise(con, settings_for(tmp_path))
    # place, patients, courses, infusions, grams
    assert used(con, "site") == [
        ("north", "north", 2, 3, 3, 60),
        ("south", "south", 2, 1, 2, 45),
        (None, None, 1, 1, 1, 50),
    ]
    assert used(con, "ward") == [
        ("north", "A", 1, 2, 2, 30),
        ("north", None, 1, 1, 1, 30),
        ("south", "A", 1, 1, 1, 40),
        ("south", None, 1, 0, 1, 5),
        (None, None, 1, 1, 1, 50),
    ]
    assert used(con, "care_setting") == [
        (None, "home", 2, 2, 2, 50),
        (None, "inpatient", 1, 1, 1, 10),
        (None, None, 3, 2, 3, 95),
    ]
    assert used(con, "specialty") == [
        (None, "Neurology", 1, 1, 1, 10),
        (None, None, 3, 4, 5, 145),
    ]
    # three prescribers: 01 of two bags, 02 of two, 03 by request 2 alone; bag 4 nobody's
    assert sorted(row[2:] for row in used(con, "prescriber")) == [
        (1, 1, 1, 30),
        (1, 1, 1, 40),
        (1, 2, 2, 30),
        (2, 1, 2, 55),
    ]
    assert [row[1] for row in used(con, "prescriber")].count(None) == 1


def test_a_dispensing_names_the_prescriber_where_the_bag_does_not(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    put(con, "staged.dispensing", dispensing_key=7, prescriber_id="SYN-AAAA07", source_id="rx")
    put(con, "staged.dispensing", dispensing_key=8, prescriber_id="SYN-AAAA08", source_id="rx")
    add_bags(con, table(BAGS).head(2))
    con.execute("UPDATE staged.infusion SET prescriber_id = NULL WHERE infusion_key = 1")
    con.execute("UPDATE staged.infusion SET dispensing_key = 6 + infusion_key")
    summarise(con, settings_for(tmp_path))
    first, second = (row[1] for row in used(con, "prescriber"))
    assert None not in (first, second)
    assert first != second


def test_where_dispensings_are_judged_their_prescriber_counts(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    add_course(con, 1, 1, 10)
    con.execute("UPDATE derived.infusion SET record = 'dispensing'")
    put(con, "staged.dispensing", dispensing_key=1, prescriber_id="SYN-AAAA07")
    con.execute("UPDATE staged.infusion SET prescriber_id = 'SYN-AAAA09'")  # of another record
    summarise(con, settings_for(tmp_path))
    ((_, shown, *counts),) = used(con, "prescriber")
    assert shown is not None
    assert counts == [1, 1, 1, 10]


def test_without_any_place_there_is_one_class_and_without_a_bag_none(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    add_course(con, 1, 1, 10)
    con.execute("UPDATE derived.infusion SET site_id = NULL")
    summarise(con, settings_for(tmp_path))
    for kind in KINDS:
        assert used(con, kind) == [(None, None, 1, 1, 1, 10)], kind
    empty = empty_store()
    summarise(empty, settings_for(tmp_path))
    assert empty.sql("FROM report.use_by_place").fetchall() == []


def test_places_agree_with_a_recount(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    bags = random_bags(300)
    add_bags(con, bags)
    summarise(con, settings_for(tmp_path))
    for kind, columns in (
        ("site", ["site"]),
        ("ward", ["site", "ward"]),
        ("care_setting", ["setting"]),
        ("prescriber", ["prescriber"]),
    ):
        counted = bags.group_by(columns).agg(
            pl.col("patient").n_unique().alias("patients"),
            pl.len().alias("n"),
            pl.col("grams").cast(pl.Int64).sum().alias("grams"),
        )
        wanted = sorted(
            (row["patients"], row["n"], row["n"], row["grams"])
            for row in counted.iter_rows(named=True)
        )
        assert sorted(row[2:] for row in used(con, kind)) == wanted, kind
    ((parts,),) = con.sql(
        "SELECT COUNT(*) FILTER (WHERE share BETWEEN 0.9999 AND 1.0001) FROM "
        "(SELECT SUM(share_grams) AS share FROM report.use_by_place GROUP BY place_kind)"
    ).fetchall()
    assert parts == len(KINDS)


def random_bags(number: int) -> pl.DataFrame:
    """Return bags of sixty patients at a few places, some of them not recorded."""
    draw = Random(5)  # noqa: S311 - the same bags every time
    names: dict[str, list[str | None]] = {
        "site": ["north", "south", "east", None],
        "ward": ["A", "B", None],
        "setting": ["inpatient", "day_unit", "home", None],
        "prescriber": [*(f"SYN-BBBB{n:04}" for n in range(12)), None],
        "request": [None],
    }
    rows: list[dict[str, str | None]] = [
        {name: draw.choice(values) for name, values in names.items()}
        | {
            "bag": str(key),
            "patient": str(draw.randrange(1, 61)),
            "grams": str(draw.randrange(5, 90)),
        }
        for key in range(1, number + 1)
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def test_no_table_of_the_report_holds_the_id_of_a_prescriber(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    put(con, "staged.authorisation", authorisation_key=2, prescriber_id="SYN-AAAA03")
    add_bags(con, table(BAGS))
    summarise(con, settings_for(tmp_path))
    tables = con.sql(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'report'"
    ).fetchall()
    assert len(tables) > 50
    for (name,) in tables:
        rows = con.sql(f"SELECT t::VARCHAR FROM report.{name} AS t").fetchall()
        assert [row for (row,) in rows if "SYN-AAAA" in row] == [], name


def test_a_prescriber_keeps_the_pseudonym_and_shares_none_with_a_patient(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    add_bags(con, table(BAGS).head(1))
    con.execute("UPDATE staged.infusion SET prescriber_id = 'SYN-00000001'")  # the patient's id
    summarise(con, settings_for(tmp_path))
    ((_, shown, *_),) = used(con, "prescriber")
    assert shown == "RX-605F-0905"  # in every run with this key
    key = disclosure.load_key(tmp_path / "pseudonym.key")
    assert shown[3:] != disclosure.pseudonym(key, "SYN-00000001")[2:]


def test_two_sources_with_ids_of_their_own_have_two_prescribers(
    con: duckdb.DuckDBPyConnection,
) -> None:
    for key, source in ((1, "north"), (2, "south")):
        put(con, "staged.infusion", infusion_key=key, prescriber_id="7", source_id=source)
    shared = disclosure.prescriber_pseudonyms(con, bytes(32), per_source=False)
    apart = disclosure.prescriber_pseudonyms(con, bytes(32), per_source=True)
    assert shared.keys() == apart.keys() == {("7", "north"), ("7", "south")}
    assert (len(set(shared.values())), len(set(apart.values()))) == (1, 2)
