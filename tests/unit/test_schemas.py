"""The contracts say what a column is, and the facts hang together."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pandera.errors
import polars as pl
import pytest
from tables import table

import schemas
from schemas import RECORDS, Kind, contract, contracts
from schemas.body_measurement import BodyMeasurement
from schemas.verdict import ENUM_TYPES, Verdict, enum_ddl

DESIGN_BOLD = {
    "patient": "patient_id",
    "body_measurement": "patient_id measured_at",
    "diagnosis": "patient_id code_system code",
    "encounter": "encounter_id patient_id started_at",
    "authorisation": "authorisation_id patient_id decision",
    "dispensing": "dispensing_id patient_id dispensed_at product_code dose_g",
    "infusion": "infusion_id patient_id started_at product_code",
    "infusion_lot": "infusion_id product_code lot_number",
    "dispensing_lot": "dispensing_id product_code lot_number",
    "rate_step": "infusion_id changed_at",
    "lab_result": "patient_id test_code collected_at",
    "adverse_event": "event_id patient_id term",
    "medication": "patient_id code_system code started_at",
    "vaccination": "patient_id vaccine_code given_on",
    "clinical_event": "patient_id event_code occurred_at",
    "outcome_review": "patient_id reviewed_on",
    "patient_merge": "merged_id surviving_id",
    "source_coverage": "record from_on to_on",
}


def test_the_required_columns_are_those_of_the_design() -> None:
    assert {one.record: " ".join(one.required) for one in contracts()} == DESIGN_BOLD


def test_every_record_has_a_file_and_a_singular_class_of_its_name() -> None:
    folder = Path(schemas.__file__).parent
    for record, model in RECORDS.items():
        assert (folder / f"{record}.py").is_file()
        assert model.__name__ == "".join(word.title() for word in record.split("_"))


def test_every_column_is_described_and_says_its_unit() -> None:
    units = {
        "_g": "g",
        "_kg": "kg",
        "_cm": "cm",
        "_ml": "ml",
        "_ml_per_h": "ml/h",
        "_g_per_kg": "g/kg",
        "_days": "d",
        "_minutes": "min",
    }
    for one in contracts():
        for column in one.every_column:
            assert column.description.endswith("."), (one.record, column.name)
            suffix = re.search(r"_(g_per_kg|ml_per_h|g|kg|cm|ml|days|minutes)$", column.name)
            assert column.unit == (units[suffix[0]] if suffix else None), column.name


def test_names_tell_the_type() -> None:
    for one in contracts():
        for column in one.every_column:
            by_name = (
                (column.name.endswith("_at"), Kind.TIME),
                (column.name.endswith("_on"), Kind.DATE),
                (column.name.startswith(("is_", "has_")), Kind.BOOLEAN),
                (column.name.startswith("n_"), Kind.INTEGER),
                (column.name.endswith("_id"), Kind.TEXT),
            )
            assert all(column.kind == kind for holds, kind in by_name if holds), column.name


def test_every_time_has_its_day() -> None:
    for one in contracts():
        for column in one.columns:
            assert (column.kind == Kind.TIME) == (column.day is not None)
    assert contract("infusion").common[1].day is None


def test_links_and_parents_name_records_that_come_before() -> None:
    order = list(RECORDS)
    for one in contracts():
        for column, other in (*one.links, *((one.parent,) if one.parent else ())):
            assert order.index(other) < order.index(one.record)
            assert column in schemas.contract_columns(one.record)
            assert contract(other).identity == (column,)


def test_parts_of_a_contract_are_its_columns() -> None:
    for one in contracts():
        names = {part for column in one.columns for part in (column.name, column.day)}
        told = {one.patient, one.dated_by, *one.identity, *(one.number_or_text or ())}
        assert told - {None} <= names


def test_our_own_limits_are_marked() -> None:
    for one in contracts():
        for name, field in one.model.to_schema().columns.items():
            kinds = {check.name for check in field.checks} - {"isin"}
            is_date = field.dtype.type == pl.Date
            if kinds and not is_date and name not in ("birth_year", "grade"):
                assert "†" in (field.description or ""), (one.record, name)


@pytest.mark.parametrize(
    ("column", "text", "is_good"),
    [
        ("weight_kg", "0.001", True),
        ("weight_kg", "0", False),
        ("weight_kg", "500", True),
        ("weight_kg", "500.001", False),
        ("height_cm", "20", True),
        ("height_cm", "19.999", False),
        ("height_cm", "260", True),
        ("height_cm", "260.001", False),
        ("measured_on", "1800-01-01", True),
        ("measured_on", "2299-12-31", True),
        ("measured_on", "1799-12-31", False),
        ("measured_on", "2300-01-01", False),
    ],
)
def test_limits_are_allowed_values(column: str, text: str, is_good: bool) -> None:  # noqa: FBT001 - a table's column
    given = {"weight_kg": "70", "height_cm": "170", "measured_on": "2024-01-01"} | {column: text}
    frame = table(
        f"""
        patient_id | {" | ".join(given)}
        p1         | {" | ".join(given.values())}
        """,
        {"weight_kg": pl.Decimal(9, 3), "height_cm": pl.Decimal(9, 3), "measured_on": pl.Date},
    ).with_columns(
        pl.lit(None, pl.Datetime("us")).alias("measured_at"),
        pl.lit(None, pl.String).alias("source_id"),
        pl.lit(None, pl.Datetime("us")).alias("recorded_at"),
        pl.lit(None, pl.Boolean).alias("is_deleted"),
    )
    if is_good:
        BodyMeasurement.validate(frame)
    else:
        with pytest.raises(pandera.errors.SchemaError):
            BodyMeasurement.validate(frame)


def test_the_words_of_a_verdict_become_duckdb_types() -> None:
    con = duckdb.connect()
    con.execute("CREATE SCHEMA audit")
    for statement in enum_ddl():
        con.execute(statement)
    for name, words in ENUM_TYPES.items():
        found = con.sql(f"SELECT enum_range(NULL::audit.{name})").fetchall()[0][0]
        assert found == [str(word) for word in words]


def test_a_verdict_has_the_columns_of_the_design() -> None:
    design = """
        rule_key subject_kind subject_key patient_key status reason severity observed limit_low
        limit_high tolerance unit regimen_key miss weight_basis
    """
    assert set(design.split()) <= set(Verdict.to_schema().columns)
