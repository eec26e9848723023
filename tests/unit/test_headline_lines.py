"""The lines a run ends with: what is not known says so."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pytest

from pipeline.run.headline import _off_guideline, read_headline


@pytest.mark.parametrize(
    ("n_judged", "n_unassessed", "said"),
    [
        (0, 0, "no course could be judged"),
        (0, 3, "not known (no course was fully assessed); bounds"),
        (4, 4, "100.0% (4 of 4); bounds 50.0% to 100.0%"),
        (4, 5, "too few judged for a share (4 of 4 off, 5 more lack a fact); bounds 50.0% to"),
    ],
)
def test_a_share_of_too_few_is_told_in_counts_and_bounds(
    n_judged: int, n_unassessed: int, said: str
) -> None:
    share = None if n_judged == 0 else Decimal(1)
    row = {
        "set_id": "ward", "grams": Decimal(1), "coverage": Decimal("0.5"), "n_off": n_judged,
        "n_judged": n_judged, "n_unassessed": n_unassessed, "share_off": share,
        "bound_low": Decimal("0.5"), "bound_high": Decimal(1),
        "is_too_few": 0 < n_judged < n_unassessed,
    }  # fmt: skip
    assert said in _off_guideline(row)


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
