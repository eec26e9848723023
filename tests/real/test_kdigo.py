"""1,270 real creatinines, staged by a public query: ours must agree, and refuse a value of 0.0.

The data stay where they are (ODbL): nothing derived from them is written down here.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest
from kidney import ward
from mapped import problems, validated

from pipeline.config import Settings
from pipeline.derive import derive
from pipeline.detect import detect
from pipeline.guidelines import load
from pipeline.resources import sql

FILE = (
    Path(__file__).parents[2].parent / "shared" / "data" / "kdigo" / "kdigo_oracle_mimic3demo.csv"
)

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def oracle() -> list[dict[str, str]]:
    if not FILE.is_file():
        pytest.skip("NOT TESTED: ../shared/data/kdigo is not here")
    with FILE.open(encoding="utf-8", newline="") as lines:
        return [*csv.DictReader(lines)]


def test_fed_its_own_inputs_every_stage_is_the_decimal_one(oracle: list[dict[str, str]]) -> None:
    con = ward()
    con.execute(
        """
        CREATE TEMP TABLE creatinine_baseline (
            patient_key INTEGER, lab_result_key INTEGER, collected_at TIMESTAMP,
            collected_on DATE, is_read BOOLEAN, at_least DECIMAL(28, 9), at_most DECIMAL(28, 9),
            within_hours INTEGER, low_least DECIMAL(28, 9), low_most DECIMAL(28, 9),
            has_unplaced BOOLEAN)
        """
    )
    exact = Decimal("88.4")
    for key, row in enumerate(oracle):
        for hours, name in ((48, "creat_low_past_48hr"), (168, "creat_low_past_7day")):
            low = Decimal(row[name]) * exact if row[name] else None
            value = Decimal(row["creat"]) * exact
            con.execute(
                """
                INSERT INTO creatinine_baseline
                VALUES (1, $1, $2, NULL, TRUE, $3, $3, $4, $5, $5, FALSE)
                """,
                [key, row["charttime"], value, hours, low],
            )
    found = con.sql(
        f"SELECT lab_result_key, least_stage, stage, reason"
        f" FROM ({sql('detect/shared/creatinine_stage.sql')}) ORDER BY lab_result_key"
    ).fetchall()
    assert len(found) == len(oracle) == 1270
    assert [row[1] for row in found] == [int(row["stage_decimal"]) for row in oracle]
    # by arithmetic they are 0; without any value before them nothing is known of 136
    unknown = [key for key, _, stage, _ in found if stage is None]
    assert unknown == [n for n, row in enumerate(oracle) if not row["creat_low_past_7day"]]
    assert len(unknown) == 136


@pytest.fixture(scope="module")
def audited(oracle: list[dict[str, str]]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Take the creatinines through the real stages, each stay a patient with one infusion."""
    stays = list(dict.fromkeys(row["stay_id"] for row in oracle))
    first = {row["stay_id"]: row["charttime"] for row in reversed(oracle)}
    con = validated(
        patient=pl.DataFrame({"patient_id": stays}),
        infusion=pl.DataFrame(
            {
                "infusion_id": stays,
                "patient_id": stays,
                "started_at": [first[stay] for stay in stays],
                "product_code": ["PRIVIGEN"] * len(stays),
                "dose_g": ["20"] * len(stays),
                "route": ["IV"] * len(stays),
            }
        ),
        lab_result=pl.DataFrame(
            {
                "patient_id": [row["stay_id"] for row in oracle],
                "test_code": ["2160-0"] * len(oracle),
                "collected_at": [row["charttime"] for row in oracle],
                "value": [row["creat"] for row in oracle],
                "unit": ["mg/dL"] * len(oracle),
            }
        ),
    )
    settings = Settings.model_validate({"run": {"as_of": "2199-12-31"}})
    con.execute("CREATE TABLE IF NOT EXISTS audit.record_supplied (record VARCHAR)")
    load(con, settings)
    derive(con, settings)
    detect(con, settings)
    yield con
    con.close()


def test_a_creatinine_of_nothing_is_quarantined_and_what_rests_on_it_is_open(
    oracle: list[dict[str, str]], audited: duckdb.DuckDBPyConnection
) -> None:
    beyond = [  # one is 0.0, one 138
        n for n, row in enumerate(oracle, start=1) if not 0 < Decimal(row["creat"]) <= 40
    ]
    assert len(beyond) == 2
    assert [(row[0], row[2]) for row in problems(audited, "lab_result")] == [
        (n, "impossible_value") for n in beyond
    ]
    resting = [
        n
        for n, row in enumerate(oracle, start=1)
        if row["creat_low_past_7day"] and Decimal(row["creat_low_past_7day"]) == 0
    ]
    found = audited.sql(
        """
        SELECT l.source_row, s.stage, s.reason
        FROM audit.creatinine_stage AS s
        INNER JOIN staged.lab_result AS l USING (lab_result_key)
        WHERE list_contains($resting, l.source_row)
        ORDER BY l.source_row
        """,
        params={"resting": resting},
    ).fetchall()
    assert found == [(n, None, "unplaced_result") for n in resting]
    assert len(resting) == 2


def test_from_the_records_on_every_other_stage_is_the_decimal_one(
    oracle: list[dict[str, str]], audited: duckdb.DuckDBPyConnection
) -> None:
    stages = dict(
        audited.sql(
            """
            SELECT l.source_row, s.stage
            FROM audit.creatinine_stage AS s
            INNER JOIN staged.lab_result AS l USING (lab_result_key)
            """
        ).fetchall()
    )
    wrong = [
        n
        for n, row in enumerate(oracle, start=1)
        if stages.get(n) is not None and stages[n] != int(row["stage_decimal"])
    ]
    assert wrong == []
    assert sum(stage is not None for stage in stages.values()) >= 1100
