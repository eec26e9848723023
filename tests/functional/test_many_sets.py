"""Several sets of the library on the samples: what is counted in parts adds up to the whole."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.config import load_settings
from pipeline.run.audit import audit
from pipeline.run.journal import Journal
from pipeline.store import open_finished

SAMPLES = Path(__file__).parents[2] / "data_samples"
SETS = ("nhse-2021", "us-fda-labels", "au-nba-v3", "droracle-2025", "prairie-2022")


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Return the database of a run by a second-hand set, labels, recalled ones and an empty one."""
    out = tmp_path_factory.mktemp("many")
    settings = load_settings(SAMPLES, overrides={"guidelines": SETS})
    outcome = audit(settings, out, Journal(io.StringIO()))
    opened = open_finished(outcome.folder / "audit.duckdb")
    yield opened
    opened.close()


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return con.sql(query).fetchall()


def test_every_named_set_has_a_headline_in_the_order_named(con: duckdb.DuckDBPyConnection) -> None:
    found = rows(con, "SELECT set_id FROM report.headline ORDER BY set_key")
    assert [set_id for (set_id,) in found] == list(SETS)


def test_every_course_has_one_outcome_under_every_set(con: duckdb.DuckDBPyConnection) -> None:
    (n_courses,) = rows(con, "SELECT COUNT(*) FROM report.course_profile")[0]
    assert n_courses > 1000
    assert rows(
        con,
        "SELECT COUNT(*), COUNT(DISTINCT (set_key, course_key)) FROM report.judged_course",
    ) == [(n_courses * len(SETS),) * 2]
    assert rows(
        con,
        """
        SELECT DISTINCT n_closed = n_off + n_within + n_unassessed + n_no_rule
        FROM report.off_guideline_count
        """,
    ) == [(True,)]


def test_outcomes_decided_by_profile_are_those_of_every_course(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert (
        rows(
            con,
            """
            WITH counted AS (
                SELECT
                    set_key,
                    course_key,
                    COUNT(*) FILTER (WHERE status = 'not_assessable') AS n_unassessed,
                    BOOL_OR(status = 'breached' AND severity = 'off_guideline') AS is_off
                FROM audit.verdict
                WHERE is_countable AND status <> 'not_applicable'
                GROUP BY set_key, course_key
            )

            SELECT j.outcome, c.is_off, c.n_unassessed
            FROM report.judged_course AS j
            LEFT JOIN counted AS c ON j.set_key = c.set_key AND j.course_key = c.course_key
            WHERE
                j.outcome <> 'open'
                AND j.outcome <> CASE
                    WHEN c.course_key IS NULL THEN 'no_rule'
                    WHEN c.is_off THEN 'off'
                    WHEN c.n_unassessed > 0 THEN 'unassessed'
                    ELSE 'within'
                END
            """,
        )
        == []
    )


def test_a_pair_of_sets_places_every_closed_course(con: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        con,
        """
        SELECT
            p.n_courses = h.n_closed,
            p.n_courses = p.n_alike + p.n_parted + p.n_first_only + p.n_other_only + p.n_neither
        FROM report.set_pair AS p
        INNER JOIN report.headline AS h ON p.set_key = h.set_key
        """,
    )
    assert found == [(True, True)] * (len(SETS) - 1)


def test_answers_and_rules_add_up_to_the_pair(con: duckdb.DuckDBPyConnection) -> None:
    for table in ("set_pair_answer", "set_pair_rule"):
        found = rows(
            con,
            f"""
            SELECT
                p.set_key,
                p.n_parted,
                p.grams_parted,
                p.n_first_only + p.n_other_only,
                SUM(t.n_courses) FILTER (WHERE NOT t.is_one_sided),
                SUM(t.grams) FILTER (WHERE NOT t.is_one_sided),
                SUM(t.n_courses) FILTER (WHERE t.is_one_sided)
            FROM report.set_pair AS p
            LEFT JOIN report.{table} AS t ON p.set_key = t.set_key
            GROUP BY ALL
            """,
        )
        assert len(found) == len(SETS) - 1
        for _, parted, grams, one_sided, *parts in found:
            assert [parted or None, grams, one_sided or None] == parts


def test_what_a_set_is_silent_on_is_counted_without_a_look_at_every_course(
    con: duckdb.DuckDBPyConnection,
) -> None:
    counted = """
        SELECT g.set_id, v.kind, v.reason, v.n_verdicts
        FROM report.verdict_reason AS v
        INNER JOIN guideline.guideline_set AS g ON v.set_id = g.set_id
        WHERE v.rule_id IS NULL AND v.reason IN ('set_has_no_rule', 'not_labelled')
        ORDER BY ALL
    """
    looked_at = """
        SELECT g.set_id, s.kind, s.reason, COUNT(*)
        FROM audit.silence AS s
        INNER JOIN guideline.guideline_set AS g ON s.set_key = g.set_key
        GROUP BY ALL
        ORDER BY ALL
    """
    found = rows(con, counted)
    assert {reason for _, _, reason, _ in found} == {"set_has_no_rule", "not_labelled"}
    assert found == rows(con, looked_at)


def test_a_set_without_a_verified_rule_says_so_on_the_first_page(
    con: duckdb.DuckDBPyConnection,
) -> None:
    (path,) = rows(con, "SELECT path FROM duckdb_databases() WHERE path IS NOT NULL")[0]
    page = (Path(path).parent / "report-clinical.html").read_text(encoding="utf-8")
    cover = page[page.index('<header class="cover">') : page.index("</header>")]
    assert "criteria policy 2021: none of its figures was read in the issuer" in cover
    assert "2nd ed.: no rule is in force" in cover
    assert "unreviewed overview, not a guideline" in cover
