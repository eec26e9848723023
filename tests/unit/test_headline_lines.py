"""The lines a run ends with: what is not known says so."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pytest

from pipeline.run.headline import read_headline


@pytest.mark.parametrize(
    ("grams", "n_infusions", "line", "coverage"),
    [
        (Decimal("40.000"), 1, "grams: 40.000", "coverage 50.0% of grams"),
        (None, 3, "grams: not known", "nothing to cover"),
        (None, 0, "grams: 0", "nothing to cover"),
    ],
)
def test_grams_of_nothing_are_none_and_grams_nobody_wrote_are_not_known(
    grams: Decimal | None, n_infusions: int, line: str, coverage: str
) -> None:
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA report")
        con.execute(
            """
            CREATE TABLE report.headline AS
            SELECT 1 AS set_key, 'ward' AS set_id, $grams::DECIMAL(18, 3) AS grams,
                $n::BIGINT AS n_infusions, 0 AS n_patients, 0 AS n_review, 0 AS n_judged,
                0 AS n_unassessed, 0.5::DECIMAL(9, 4) AS coverage
            """,
            {"grams": grams, "n": n_infusions},
        )
        con.execute("CREATE TABLE report.previous_run (run_id VARCHAR)")
        con.execute(
            "CREATE TABLE report.headline_change (set_key INTEGER, change_all DECIMAL(9, 4),"
            " change_late DECIMAL(9, 4), change_practice DECIMAL(9, 4), change_rules DECIMAL(9, 4))"
        )
        lines = read_headline(con)
    assert lines[0] == line
    assert coverage in lines[3]
