"""The guideline tables say what the files say, exactly."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from pipeline.config import Options, Policy, Settings
from pipeline.errors import GuidelineError
from pipeline.guidelines import load, read_library
from pipeline.guidelines.columns import TABLES
from pipeline.store import lock_down, open_store

# Tables that no rule of the library needs so far.
OPEN: set[str] = set()


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a store with every set loaded after the lock-down, as in a run."""
    store = open_store(threads=1)
    lock_down(store, [tmp_path_factory.mktemp("allowed")])
    every = tuple(sorted(read_library().sets))
    load(store, Settings(run=Options(guidelines=every, as_of=date(2025, 6, 30))))
    yield store
    store.close()


def test_every_table_has_the_columns_it_declares(con: duckdb.DuckDBPyConnection) -> None:
    for table, columns in TABLES.items():
        described = con.sql(f"DESCRIBE guideline.{table}").fetchall()
        assert {row[0]: row[1] for row in described} == columns, table


def test_every_table_but_the_open_ones_is_filled(con: duckdb.DuckDBPyConnection) -> None:
    for table in TABLES.keys() - OPEN:
        assert con.sql(f"SELECT 1 FROM guideline.{table} LIMIT 1").fetchall(), table


def test_limits_are_the_printed_ones(con: duckdb.DuckDBPyConnection) -> None:
    found = con.sql(
        """
        SELECT g.day_min_g_per_kg, g.day_max_g_per_kg, g.interval_min_days, g.interval_max_days
        FROM guideline.regimen AS g INNER JOIN guideline.rule AS r USING (rule_key)
        WHERE r.rule_id = 'DRO-PID-REGIMEN-01'
        """
    ).fetchall()
    assert found == [(Decimal("0.300"), Decimal("0.600"), Decimal("21.0"), Decimal("28.0"))]


def test_four_and_a_half_weeks_are_31_and_a_half_days(con: duckdb.DuckDBPyConnection) -> None:
    found = con.sql(
        """
        SELECT g.interval_max_days
        FROM guideline.regimen AS g INNER JOIN guideline.rule AS r USING (rule_key)
        WHERE r.rule_id = 'DRO-AUTOIMMUNE-REGIMEN-01'
        """
    ).fetchall()
    assert found == [(Decimal("31.5"),)]


def test_the_monthly_interval_is_not_for_acute_disease(con: duckdb.DuckDBPyConnection) -> None:
    found = con.sql(
        """
        SELECT DISTINCT i.indication_code
        FROM guideline.regimen AS g
        INNER JOIN guideline.rule_indication AS i USING (rule_key)
        INNER JOIN guideline.rule AS r USING (rule_key)
        WHERE r.source_rule = 'DRO-AUTO' AND g.interval_min_days IS NOT NULL
        ORDER BY ALL
        """
    ).fetchall()
    codes = [code for (code,) in found]
    assert codes == ["autoimmune_other", "cidp", "dermatomyositis", "pemphigus_vulgaris"]


def test_keys_follow_the_ids(con: duckdb.DuckDBPyConnection) -> None:
    ids = con.sql("SELECT rule_id FROM guideline.rule ORDER BY rule_key").fetchall()
    keys = con.sql("SELECT rule_key FROM guideline.rule ORDER BY rule_key").fetchall()
    assert ids == sorted(ids)
    assert [key for (key,) in keys] == list(range(1, len(ids) + 1))


def test_no_rule_of_the_house_set_accuses(con: duckdb.DuckDBPyConnection) -> None:
    found = con.sql(
        """
        SELECT COUNT(*) FROM guideline.rule AS r INNER JOIN guideline.guideline_set AS s
        USING (set_key) WHERE s.is_house AND r.effective_severity = 'off_guideline'
        """
    ).fetchall()
    assert found == [(0,)]


@pytest.mark.parametrize(
    ("alias", "product_id"),
    [
        ("009442700", "gammagard_liquid"),
        ("GAMMAGARD LIQUID", "gammagard_liquid"),
        ("J1569", "gammagard_liquid"),
        ("J1566", "ivig_unspecified"),
        ("J1599", "ivig_unspecified"),
        ("OCTAGAM", "octagam_unspecified"),
        ("OCTAGAM 5%", "octagam_5"),
        ("J06BA02", "ivig_unspecified"),
        ("HEPATITIS B IMMUNE GLOBULIN", "hbig"),
        ("597304203", "hbig"),
        ("J0850", "cmv_igiv"),
        ("IVIGBAG", None),
        ("PNU-IMMUNE-23", None),
    ],
)
def test_an_alias_means_one_product_or_none(
    con: duckdb.DuckDBPyConnection, alias: str, product_id: str | None
) -> None:
    found = con.sql(
        "SELECT product_id FROM guideline.product_alias WHERE alias = $alias",
        params={"alias": alias},
    ).fetchall()
    assert found == ([] if product_id is None else [(product_id,)])


@pytest.mark.parametrize(
    ("product_id", "step"),
    [
        ("gammagard_liquid", Decimal("1.000")),
        ("privigen", Decimal("2.500")),
        ("alyglo", None),
        ("gammaplex_10", None),
        ("carimune_nf", None),
        ("ivig_unspecified", None),
    ],
)
def test_a_vial_that_was_not_read_is_no_step(
    con: duckdb.DuckDBPyConnection, product_id: str, step: Decimal | None
) -> None:
    found = con.sql(
        "SELECT vial_step_g FROM guideline.product WHERE product_id = $id",
        params={"id": product_id},
    ).fetchall()
    assert found == [(step,)]


def test_codes_of_any_rejection_only_hint(con: duckdb.DuckDBPyConnection) -> None:
    found = con.sql(
        """
        SELECT DISTINCT is_hint_only FROM guideline.diagnosis_code
        WHERE indication_code LIKE 'amr%' OR code_pattern LIKE 'Z208%'
        """
    ).fetchall()
    assert found == [(True,)]


def test_checkpoint_inhibitor_codes_need_the_code_of_the_medicine(
    con: duckdb.DuckDBPyConnection,
) -> None:
    found = con.sql(
        """
        SELECT DISTINCT requires_pattern FROM guideline.diagnosis_code
        WHERE indication_code LIKE 'ici%' ORDER BY ALL
        """
    ).fetchall()
    assert found == [("T45AX5%",), ("Y431%",)]


def test_an_unverified_snomed_code_stays_out(con: duckdb.DuckDBPyConnection) -> None:
    found = con.sql(
        """
        SELECT DISTINCT status FROM guideline.diagnosis_code WHERE code_system = 'SNOMED'
        UNION ALL
        SELECT code_pattern FROM guideline.diagnosis_code WHERE code_pattern = '49420001'
        """
    ).fetchall()
    assert found == [("seen",)]


def test_a_list_without_its_own_gap_takes_the_policy(tmp_path: Path) -> None:
    store = open_store(threads=1)
    lock_down(store, [tmp_path])
    load(store, Settings(policy=Policy(course_gap_days=6, episode_window_days=30)))
    found = store.sql(
        """
        SELECT indication_code, course_gap_days, episode_window_days
        FROM guideline.indication WHERE indication_code IN ('gbs', 'kawasaki', 'mg')
        ORDER BY ALL
        """
    ).fetchall()
    assert found == [("gbs", 6, 56), ("kawasaki", 1, 14), ("mg", 6, 30)]


def test_the_policy_is_one_row_with_the_dates_of_the_run(con: duckdb.DuckDBPyConnection) -> None:
    found = con.sql(
        "SELECT session_gap_hours, default_vial_step_g, as_of, from_on FROM guideline.policy"
    ).fetchall()
    assert found == [(Decimal("6.000"), Decimal("5.000"), date(2025, 6, 30), None)]


def test_an_unknown_set_writes_nothing() -> None:
    store = open_store(threads=1)
    with pytest.raises(GuidelineError, match="Known sets"):
        load(store, Settings(run=Options(guidelines=("nobody",))))
    assert (
        store.sql("SELECT 1 FROM duckdb_tables() WHERE schema_name = 'guideline'").fetchall() == []
    )
