"""Shares by site, prescriber, age and sex, against courses by hand, Polars and scipy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import polars as pl
import pytest
from placed import add_bags
from reported import add_course, add_sets, add_verdict, empty_store, put, settings_for
from scipy.stats import binom, binomtest
from tables import table

from pipeline import resources
from pipeline.summarise import summarise
from pipeline.summarise.places import LEAST_COURSES, LEAST_PLACES

Row = dict[str, Any]


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    made = empty_store()
    add_sets(made)
    yield made
    made.close()


def rows(con: duckdb.DuckDBPyConnection, name: str, where: str = "TRUE") -> list[Row]:
    found = con.sql(f"SELECT * FROM report.{name} WHERE {where} ORDER BY ALL")
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def many(place: str, number: int, said: str, first: int = 1) -> str:
    """Return so many bags of one site, each of a patient of its own."""
    return "".join(
        f"{key} | {key} | {place} | {said} | 10\n" for key in range(first, first + number)
    )


HEAD = "bag | patient | site | said | grams\n"


def test_a_site_lies_where_the_binomial_says(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """North 8 of 10 off, south 1 of 30, so 9 of 40 in all; a tenth of each tail by scipy."""
    add_bags(con, table(
        HEAD + many("north", 8, "breached") + many("north", 2, "met", 9)
        + many("north", 3, "not_assessable", 11)
        + many("south", 1, "breached", 21) + many("south", 29, "met", 22)
    ))  # fmt: skip
    add_course(con, 99, 99, 10, is_open=True)  # north too, and not closed yet
    add_verdict(con, 99, "breached", patient_key=99)
    summarise(con, settings_for(tmp_path))
    north, south = rows(con, "place_funnel", "place_kind = 'site'")
    assert (north["n_closed"], north["n_off"], north["n_judged"]) == (13, 8, 10)
    assert (north["n_unassessed"], north["n_places"]) == (3, 2)
    assert (north["share_off"], north["target"]) == (Decimal("0.8"), Decimal("0.225"))
    assert (north["bound_low"], north["bound_high"]) == (
        Decimal("0.615385"), Decimal("0.846154")
    )  # fmt: skip
    for row, n in ((north, 10), (south, 30)):
        for name, chance in (("low95", 0.025), ("high95", 0.975), ("low998", 0.001),
                             ("high998", 0.999)):  # fmt: skip
            assert float(row[name]) == pytest.approx(binom.ppf(chance, n, 9 / 40) / n, abs=1e-6)
        # of two places nobody can say how much places differ
        assert row["dispersion_ratio"] is None
        assert (row["wide_low"], row["wide_high"]) == (row["low998"], row["high998"])
    assert (north["lies"], south["lies"]) == ("above", "within")


def test_a_place_on_its_limit_is_within_it_and_one_course_further_is_not(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Half of all are off; of 10, 0 lies below 1 and 10 above 9 at 99.8 %."""
    text = HEAD
    for n, off in enumerate((0, 1, 9, 10)):
        text += many(f"s{n}", off, "breached", 100 * n + 1)
        text += many(f"s{n}", 10 - off, "met", 100 * n + 51)
    add_bags(con, table(text))
    summarise(con, settings_for(tmp_path))
    assert binom.ppf([0.001, 0.999], 10, 0.5).tolist() == [1, 9]
    found = rows(con, "place_funnel", "place_kind = 'site'")
    assert [row["lies"] for row in found] == ["below", "within", "within", "above"]


def test_with_enough_places_limits_allow_for_places_that_differ(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    text = HEAD
    for n in range(LEAST_PLACES):
        off = 1 if n % 2 else 19
        text += many(f"s{n}", off, "breached", 100 * n + 1)
        text += many(f"s{n}", 20 - off, "met", 100 * n + 51)
    add_bags(con, table(text))
    summarise(con, settings_for(tmp_path))
    found = rows(con, "place_funnel", "place_kind = 'site'")
    assert {row["n_places"] for row in found} == {LEAST_PLACES}
    for row in found:
        assert row["dispersion_ratio"] > 1
        assert row["wide_low"] < row["low998"]
        assert row["wide_high"] > row["high998"]
        assert row["lies"] == "within"
        assert not row["low998"] <= row["share_off"] <= row["high998"]


def test_few_courses_no_place_and_no_difference_have_no_limits(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """North has too few judged courses, south enough; none of any is off."""
    add_bags(con, table(
        HEAD + many("north", LEAST_COURSES - 1, "met")
        + many("south", LEAST_COURSES, "met", 51) + many("", 20, "met", 101)
    ))  # fmt: skip
    summarise(con, settings_for(tmp_path))
    found = {row["place"]: row for row in rows(con, "place_funnel", "place_kind = 'site'")}
    assert {place: row["lies"] for place, row in found.items()} == {
        "north": "too_few", "south": "no_limits", None: "not_recorded",
    }  # fmt: skip
    assert found["south"]["share_off"] == 0
    assert all(row["low95"] is None and row["wide_high"] is None for row in found.values())
    (alone,) = rows(con, "place_funnel", "place_kind = 'prescriber'")
    assert (alone["place"], alone["n_judged"], alone["lies"]) == (
        None, 2 * LEAST_COURSES + 19, "not_recorded",
    )  # fmt: skip


def test_the_page_says_how_few_are_too_few() -> None:
    page = (resources.folder("reports") / "templates" / "chapters" / "places.html").read_text(
        "utf-8"
    )
    assert f"fewer than {LEAST_COURSES}† judged courses" in page
    assert f"with at least {LEAST_PLACES}† such places" in page


def test_without_a_named_set_no_course_is_judged_and_nothing_fails(tmp_path: Path) -> None:
    bare = empty_store()
    add_course(bare, 1, 1, 10)
    summarise(bare, settings_for(tmp_path))
    (site,) = rows(bare, "site_number")
    assert (site["n_judged"], site["share_off"], site["coverage"]) == (0, None, 0)
    assert rows(bare, "outcome_amount") == []


def test_places_and_groups_agree_with_polars_and_scipy(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    bags = drawn_bags(400)
    add_bags(con, bags)
    for patient in range(1, 81):
        con.execute(
            "UPDATE staged.patient SET sex = $sex WHERE patient_key = $key",
            {"sex": ("F", "M", "U", None)[patient % 4], "key": patient},
        )
    con.execute("UPDATE derived.course SET age_years = patient_key")
    con.execute("UPDATE derived.course SET age_years = NULL WHERE patient_key > 75")
    summarise(con, settings_for(tmp_path))
    for kind in ("site", "prescriber"):
        assert funnel_counts(con, kind) == sorted(counts(bags, kind).values(), key=str)
    groups = bags.with_columns(
        sex=pl.col("patient").cast(pl.Int64).map_elements(
            lambda key: ("F", "M", None, None)[key % 4], return_dtype=pl.String
        ),
        age=pl.col("patient").cast(pl.Int64).map_elements(age_group, return_dtype=pl.String),
    )  # fmt: skip
    for kind in ("sex", "age"):
        for code, part in groups.group_by(kind):
            row = next(
                row for row in rows(con, "group_share", f"group_kind = '{kind}'")
                if row["group_code"] == code[0] and row["measure"] == "off"
            )  # fmt: skip
            judged = part.filter(pl.col("said").is_in(["met", "breached"]))
            off = part.filter(pl.col("said") == "breached")
            n_with, n_of = off["patient"].n_unique(), judged["patient"].n_unique()
            assert (row["n_with"], row["n_of"]) == (off.height, judged.height)
            assert (row["n_patients_with"], row["n_patients_of"]) == (n_with, n_of)
            exact = binomtest(n_with, n_of).proportion_ci(method="exact")
            assert float(row["patients_low"]) == pytest.approx(exact.low, abs=1e-6)
            assert float(row["patients_high"]) == pytest.approx(exact.high, abs=1e-6)


def drawn_bags(number: int) -> pl.DataFrame:
    draw = Random(11)  # noqa: S311 - the same bags every time
    told: list[dict[str, str | None]] = [
        {
            "bag": str(key),
            "patient": str(draw.randrange(1, 81)),
            "site": draw.choice(["north", "south", None]),
            "prescriber": draw.choice(["SYN-00000A", "SYN-00000B", "SYN-00000C", None]),
            "said": draw.choice(["met", "met", "breached", "not_assessable", None]),
            "grams": "10",
        }
        for key in range(1, number + 1)
    ]
    return pl.DataFrame(told, infer_schema_length=None)


def counts(bags: pl.DataFrame, kind: str) -> dict[str | None, tuple[int, ...]]:
    """Count each place's courses in a loop: closed, off, judged, not assessable, no rule."""
    found: dict[str | None, list[int]] = {}
    for row in bags.iter_rows(named=True):
        place = found.setdefault(row[kind], [0] * 5)
        for at, holds in enumerate(
            (True, row["said"] == "breached", row["said"] in {"met", "breached"},
             row["said"] == "not_assessable", row["said"] is None)
        ):  # fmt: skip
            place[at] += holds
    return {place: tuple(told) for place, told in found.items()}


def funnel_counts(con: duckdb.DuckDBPyConnection, kind: str) -> list[tuple[int, ...]]:
    names = ("n_closed", "n_off", "n_judged", "n_unassessed", "n_no_rule")
    found = rows(con, "place_funnel", f"place_kind = '{kind}'")
    return sorted((tuple(int(row[name]) for name in names) for row in found), key=str)


def age_group(patient: int) -> str | None:
    if patient > 75:
        return None
    edges = ((18, "under_18"), (40, "18_to_39"), (65, "40_to_64"), (80, "65_to_79"))
    return next(name for edge, name in edges if patient < edge)


AGES = """
age | group
    |
0   | under_18
17  | under_18
18  | 18_to_39
39  | 18_to_39
40  | 40_to_64
64  | 40_to_64
65  | 65_to_79
79  | 65_to_79
80  | 80_and_over
104 | 80_and_over
"""


def test_each_age_has_its_group(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    wanted: dict[str | None, int] = {}
    for key, (age, group) in enumerate(table(AGES).iter_rows(), start=1):
        add_course(con, key, key, 10, age_years=age)
        wanted[group] = wanted.get(group, 0) + 1
    summarise(con, settings_for(tmp_path))
    found = rows(con, "group_share", "group_kind = 'age' AND measure = 'judged'")
    assert {row["group_code"]: row["n_of"] for row in found} == wanted


def test_tests_are_counted_by_course_and_by_patients_with_none_missed(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Patient 1: three taken, one missed; patient 2: one taken; patient 3: only unknown ones."""
    for key, patient in ((1, 1), (2, 1), (3, 2), (4, 3)):
        add_course(con, key, patient, 10)
    for course, said in ((1, "met"), (1, "met"), (2, "met"), (2, "breached"), (3, "met"),
                         (4, "not_assessable")):  # fmt: skip
        for set_key in (1, 2):  # what our own set asks does not count
            put(con, "audit.verdict", kind="monitoring", set_key=set_key, rule_key=5,
                subject_kind="session", subject_key=course, course_key=course,
                patient_key=1, status=said, is_countable=False)  # fmt: skip
    summarise(con, settings_for(tmp_path))
    (row,) = rows(con, "group_share", "group_kind = 'sex' AND measure = 'tests'")
    assert (row["n_with"], row["n_of"], row["share_with"]) == (4, 5, Decimal("0.8"))
    assert (row["n_patients_with"], row["n_patients_of"], row["n_patients"]) == (1, 2, 3)
    (site,) = rows(con, "site_number")
    assert (site["n_taken"], site["n_tests"], site["share_taken"]) == (4, 5, Decimal("0.8"))


OUTCOMES = """
bag | patient | site  | said           | grams
1   | 1       | north | breached       | 10    -- patient 1 is off, whatever else
2   | 1       | north | met            | 20
3   | 2       | north | not_assessable | 30    -- patient 2 is not assessable
4   | 2       | north | met            | 40
5   | 3       | north | met            | 50    -- patient 3 is within
6   | 3       | north |                | 60
7   | 4       | north |                | 70    -- patient 4: no rule
"""


def test_a_patient_counts_once_in_the_gravest_outcome(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    add_bags(con, table(OUTCOMES))
    add_course(con, 8, 5, 220, is_open=True)
    summarise(con, settings_for(tmp_path))
    found = {row["outcome"]: row for row in rows(con, "outcome_amount")}
    assert {name: (row["n_courses"], row["n_patients"], row["grams"])
            for name, row in found.items()} == {
        "off": (1, 1, 10),
        "unassessed": (1, 1, 30),
        "within": (3, 1, 110),
        "no_rule": (2, 1, 130),
        "open": (1, 1, 220),
    }  # fmt: skip
    assert found["off"]["share_grams"] == Decimal("0.02")
    assert found["within"]["share_courses"] == Decimal("0.375")
    for share in ("share_courses", "share_patients", "share_grams"):
        assert sum(row[share] for row in found.values()) == 1
    assert {row["n_without_grams"] for row in found.values()} == {0}


def test_courses_whose_grams_are_not_certain_are_counted_beside_the_grams(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    add_bags(con, table(OUTCOMES))
    con.execute("UPDATE derived.course SET known_dose_g = NULL WHERE course_key IN (2, 5)")
    summarise(con, settings_for(tmp_path))
    found = {row["outcome"]: row for row in rows(con, "outcome_amount")}
    assert (found["within"]["n_courses"], found["within"]["n_without_grams"]) == (3, 2)
    assert found["within"]["grams"] == 40
    assert found["off"]["n_without_grams"] == 0


def test_the_numbers_of_a_site_are_those_of_the_page(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    add_bags(con, table(OUTCOMES))
    con.execute("UPDATE derived.infusion SET site_id = 'south' WHERE infusion_key > 5")
    con.execute("UPDATE derived.course SET site_id = 'south' WHERE course_key > 5")
    put(con, "audit.record_supplied", record="authorisation")
    for course, came in ((1, 1), (6, 1), (7, 400)):  # the last one was decided far too late
        put(con, "audit.approval_pair", course_key=course, patient_key=1, is_for_it=True,
            decision="approved", started_on=date(2025, 1, 1), is_near=True, is_linked=False,
            requested_on=date(2024, 12, came % 28), from_on=date(2024, 12, 1),
            came_on=date(2024, 12, 1) if came == 1 else date(2026, 6, 1),
            course_last_on=date(2025, 1, 1))  # fmt: skip
    put(con, "derived.ledger_month", site_id="south", product_id="privigen",
        month_on=date(2025, 1, 1), is_in_period=True, is_set_aside=False,
        dispensed_g=200)  # fmt: skip
    summarise(con, settings_for(tmp_path))
    north, south = rows(con, "site_number")
    assert (north["n_closed"], north["n_judged"], north["n_off"]) == (5, 4, 1)
    assert (north["grams"], north["grams_covered"]) == (150, 120)
    assert (north["n_asked"], north["n_approved"]) == (5, 1)
    assert (north["dispensed_g"], north["unexplained_g"]) == (None, None)
    assert (south["n_closed"], south["n_judged"], south["share_off"]) == (2, 0, None)
    assert (south["grams"], south["coverage"]) == (130, 0)
    # a ledger that closes has nothing unexplained, which is not unknown
    assert (south["dispensed_g"], south["unexplained_g"]) == (200, 0)
    assert (south["n_asked"], south["n_approved"]) == (2, 1)
    assert sum(row["n_infusions"] for row in (north, south)) == 7
