"""Several sets laid side by side: what each says of the same courses, and where they part."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from drawn import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from reported import add_course, add_label, add_sets, add_verdict, empty_store, put, settings_for

from pipeline.summarise import summarise

LABEL = {"set_key": 3, "rule_key": 3}
ADVISORY = LABEL | {"is_countable": False, "severity": "advisory"}
JUDGED = ("off_guideline", "review", "advisory", "met")


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    made = empty_store()
    add_sets(made)
    add_label(made)
    yield made
    made.close()


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return con.sql(query).fetchall()


def test_courses_that_every_rule_tells_the_same_share_a_profile(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    for key, status in enumerate(("met", "met", "breached"), start=1):
        add_course(con, key, key, 50)
        add_verdict(con, key, status, patient_key=key)
    add_course(con, 4, 4, 50)  # nobody says anything
    summarise(con, settings_for(tmp_path))
    found = rows(con, "SELECT course_key, profile_key FROM report.course_profile ORDER BY ALL")
    assert found == [(1, 1), (2, 1), (3, 3), (4, 4)]


def test_a_rule_asked_of_every_session_makes_no_profile_of_its_own(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    for key, n_sessions in ((1, 2), (2, 5)):
        add_course(con, key, key, 50)
        for session in range(n_sessions):
            add_verdict(
                con, key, "met", subject_kind="session", subject_key=session, kind="infusion_rate"
            )
    summarise(con, settings_for(tmp_path))
    assert rows(con, "SELECT COUNT(DISTINCT profile_key) FROM report.course_profile") == [(1,)]
    assert rows(con, "SELECT n_within, n_judged FROM report.headline WHERE set_key = 1") == [(2, 2)]


@pytest.mark.parametrize(
    ("verdicts", "answer"),
    [
        ([], "silent"),
        ([("not_applicable", {})], "silent"),
        ([("met", {})], "met"),
        ([("met", {}), ("not_assessable", {"kind": "indication"})], "not_assessable"),
        ([("not_assessable", {}), ("breached", {"severity": "advisory"})], "advisory"),
        ([("breached", {"severity": "advisory"}), ("breached", {"severity": "review"})], "review"),
        ([("breached", {}), ("breached", {"severity": "review"})], "off_guideline"),
        ([("met", {}), ("breached", {"kind": "monitoring"})], "met"),  # neither use nor dose
        ([("breached", {"kind": "limit", "severity": "review"}), ("met", {})], "review"),
    ],
)
def test_the_answer_of_a_set_is_the_gravest_on_use_and_dose(
    con: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    verdicts: list[tuple[str, dict[str, Any]]],
    answer: str,
) -> None:
    add_course(con, 1, 1, 50)
    for number, (status, facts) in enumerate(verdicts, start=10):
        add_verdict(con, 1, status, **({"rule_key": number} | facts))
    summarise(con, settings_for(tmp_path))
    found = rows(con, "SELECT answer FROM report.profile_outcome WHERE set_key = 1")
    assert found == [(answer,)]


def test_of_several_rules_that_say_so_the_one_on_dose_is_named(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    add_course(con, 1, 1, 50)
    add_verdict(con, 1, "met", rule_key=4, kind="indication")
    add_verdict(con, 1, "met", rule_key=6)
    add_verdict(con, 1, "met", rule_key=7)
    summarise(con, settings_for(tmp_path))
    assert rows(con, "SELECT rule_key FROM report.profile_outcome WHERE set_key = 1") == [(6,)]


def test_a_breach_that_a_higher_set_excuses_is_judged_and_counted_apart(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    add_course(con, 1, 1, 50)
    add_verdict(con, 1, "breached", severity="review", cap="higher_authority_met")
    add_course(con, 2, 2, 50)
    add_verdict(con, 2, "breached", severity="review", cap="under_dose", patient_key=2)
    summarise(con, settings_for(tmp_path))
    found = rows(
        con, "SELECT n_off, n_within, n_judged, n_excused FROM report.headline WHERE set_key = 1"
    )
    assert found == [(0, 2, 2, 1)]


def test_pairs_say_courses_patients_and_grams_with_the_rules(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    for key, patient, first, second in (
        (1, 1, "met", "breached"),
        (2, 1, "met", "breached"),
        (3, 2, "met", "breached"),
        (4, 2, "breached", "met"),
        (5, 3, "met", "met"),
        (6, 3, "met", None),
        (7, 4, None, "met"),
        (8, 4, None, None),
    ):
        add_course(con, key, patient, 10 * key)
        if first:
            add_verdict(con, key, first, patient_key=patient)
        if second:
            add_verdict(con, key, second, **ADVISORY, patient_key=patient)
    add_course(con, 9, 9, 1000, is_open=True)  # may still grow
    add_verdict(con, 9, "met", patient_key=9)
    summarise(con, settings_for(tmp_path))
    assert rows(
        con,
        """
        SELECT n_courses, n_alike, n_parted, n_first_only, n_other_only, n_neither,
            n_patients_parted, grams_parted
        FROM report.set_pair
        """,
    ) == [(8, 1, 4, 1, 1, 1, 2, Decimal(100))]
    assert rows(
        con,
        """
        SELECT first_answer, answer, is_one_sided, n_courses, n_patients, grams
        FROM report.set_pair_answer
        ORDER BY ALL
        """,
    ) == [
        ("met", "advisory", False, 3, 2, Decimal(60)),
        ("met", "silent", True, 1, 1, Decimal(60)),
        ("off_guideline", "met", False, 1, 1, Decimal(40)),
        ("silent", "met", True, 1, 1, Decimal(70)),
    ]
    assert rows(
        con,
        """
        SELECT indication_code, first_rule_id, rule_id, n_courses
        FROM report.set_pair_rule
        WHERE NOT is_one_sided
        ORDER BY ALL
        """,
    ) == [
        ("itp", "OV-ITP-REGIMEN-01", "LAB-ITP-REGIMEN-01", 1),
        ("itp", "OV-ITP-REGIMEN-01", "LAB-ITP-REGIMEN-01", 3),
    ]


def test_one_set_has_nothing_beside_it(tmp_path: Path) -> None:
    alone = empty_store()
    add_sets(alone)
    add_course(alone, 1, 1, 50)
    add_verdict(alone, 1, "met")
    summarise(alone, settings_for(tmp_path))
    assert rows(alone, "SELECT * FROM report.set_pair") == []
    alone.close()


Said = st.sampled_from(["off_guideline", "review", "advisory", "not_assessable", "met", "silent"])


@settings(max_examples=examples(15))
@given(st.lists(st.tuples(st.integers(1, 3), Said, Said, Said), max_size=10))
def test_pairs_agree_with_a_dull_loop(
    tmp_path_factory: pytest.TempPathFactory, courses: list[tuple[int, str, str, str]]
) -> None:
    con = empty_store()
    add_sets(con)
    add_label(con)
    put(con, "guideline.guideline_set", set_key=4, set_id="third", title="T", is_house=False)
    for key, (patient, *answers) in enumerate(courses, start=1):
        add_course(con, key, patient, key)
        for set_key, answer in zip((1, 3, 4), answers, strict=True):
            if answer != "silent":
                status = answer if answer in ("met", "not_assessable") else "breached"
                severity = answer if status == "breached" else "review"
                add_verdict(con, key, status, set_key=set_key, rule_key=set_key,
                            severity=severity, patient_key=patient)  # fmt: skip
    summarise(con, settings_for(tmp_path_factory.mktemp("pairs")))
    expected: dict[tuple[int, str, str], list[Any]] = {}
    for key, (patient, first, *others) in enumerate(courses, start=1):
        for set_key, other in zip((3, 4), others, strict=True):
            if first != other and (first in JUDGED or other in JUDGED):
                cell = expected.setdefault((set_key, first, other), [0, set(), 0])
                cell[0] += 1
                cell[1].add(patient)
                cell[2] += key
    found = rows(
        con,
        """
        SELECT set_key, first_answer, answer, n_courses, n_patients, grams
        FROM report.set_pair_answer
        """,
    )
    assert {row[:3]: row[3:] for row in found} == {
        place: (n, len(patients), Decimal(grams))
        for place, (n, patients, grams) in expected.items()
    }
    con.close()
