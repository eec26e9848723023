"""The lists that drafting works by name what is there: records, columns, codes, kinds of check."""

from __future__ import annotations

import csv
import re
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline import resources
from pipeline.draft.lists import listed
from pipeline.draft.names import CLOCK, DATE, fold, read_name, score, short_names
from pipeline.draft.profile import Profile
from pipeline.draft.units import guess_unit, units_of
from pipeline.guidelines.kinds import RULE_OF_KIND
from schemas import RECORDS, Column, Kind, contract


def _columns(record: str) -> dict[str, Column]:
    return {column.name: column for column in contract(record).every_column}


def _codes(name: str, column: str) -> set[str]:
    path = resources.folder("guidelines") / "codelists" / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        return {row[column] for row in csv.DictReader(lines)}


def test_every_name_is_of_a_column_of_its_records() -> None:
    for column, records, language, name in listed("column_name"):
        assert language in ("en", "de", "fr", "es")
        assert name
        for record in records.split():
            assert column in _columns(record), (record, column)
        assert records or column in (DATE, CLOCK) or column in _columns("infusion")


def test_no_name_means_two_columns_of_one_record() -> None:
    for record in RECORDS:
        keys: dict[str, str] = {}
        for column, records, _, name in listed("column_name"):
            if record in records.split() and column in _columns(record):
                key = fold(name).replace(" ", "")
                assert keys.setdefault(key, column) == column, (record, name)


def test_every_word_means_what_the_contract_allows() -> None:
    allowed = {
        column.name: set(column.allowed)
        for record in RECORDS
        for column in contract(record).columns
        if column.kind == Kind.CODE
    }
    for record in RECORDS:
        for column in contract(record).columns:
            allowed.setdefault(column.name, set()).update(column.allowed)
    allowed["comparator"].add("")  # a result that equals its number has none
    allowed |= {
        "boolean": {"true", "false"},
        "empty": {""},
        "route": {"IV", "SC", "IM"},
        "test_code": _codes("lab_test", "test_code"),
        "indication_code": _codes("indication", "indication_code"),
    }
    for name, _, _, meaning in listed("word"):
        assert meaning in allowed[name], (name, meaning)


def test_no_word_means_two_things() -> None:
    meanings: dict[tuple[str, str], str] = {}
    for column, _, said, meaning in listed("word"):
        assert meanings.setdefault((column, said), meaning) == meaning, (column, said)


def test_every_fact_is_a_column_and_every_need_a_fact_and_a_kind() -> None:
    facts = {fact for fact, *_ in listed("fact")}
    for _, _, record, column, _ in listed("fact"):
        assert column in _columns(record)
    conditions = resources.sql("needs/condition.sql")
    for kind, fact, strength, holds_where in listed("need"):
        assert kind == "any" or kind in RULE_OF_KIND
        assert fact in facts
        assert strength in ("needed", "helps")
        name = re.sub(r"^(at_|\w+_at_).*", r"at_", holds_where)
        assert not holds_where or name in conditions, holds_where
    assert {kind for kind, *_ in listed("need")} == {"any", *RULE_OF_KIND} - {"indication", "limit"}


def test_every_sign_is_of_its_record() -> None:
    assert {record for record, *_ in listed("record_sign")} == set(RECORDS)
    for record, one_of, and_one_of, _ in listed("record_sign"):
        assert {*one_of.split(), *and_one_of.split()} <= _columns(record).keys()


@pytest.mark.parametrize(
    ("name", "record", "column"),
    [
        ("Pat_Nr", "infusion", "patient_id"),
        ("PATNR", "infusion", "patient_id"),
        ("VERABREICHT_AM", "infusion", "started_at"),
        ("Dose (mg)", "infusion", "dose_g"),
        ("dose_mg", "infusion", "dose_g"),
        ("Körpergröße [cm]", "body_measurement", "height_cm"),
        ("Koerpergroesse", "body_measurement", "height_cm"),
        ("N° de lot", "infusion", "lot_number"),
        ("Charge", "infusion", "lot_number"),
        ("weight_kg", "body_measurement", "weight_kg"),
        ("started_at", "infusion", "started_at"),
    ],
)
def test_a_name_is_known_in_several_spellings(name: str, record: str, column: str) -> None:
    assert score(read_name(name), record, column) == 1


@pytest.mark.parametrize(
    ("name", "column"),
    [("birth weight", "weight_kg"), ("comment", "weight_kg"), ("id", "patient_id")],
)
def test_a_name_that_says_something_else_is_not_taken(name: str, column: str) -> None:
    assert score(read_name(name), "infusion", column) < 0.85


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (
            "AP_SEXO AP_DTINIC AP_CIDPRI AP_APROV AM_PESO",
            {"AP_SEXO": "SEXO", "AP_DTINIC": "DTINIC"},
        ),
        ("patient_id patient_sex patient_name", {}),  # it begins names of ours
        ("kin_sex kin_name kin_age a b c d e f g h i j", {}),  # too few of them
        ("RAW_X_A RAW_X_B X_START X_STOP X_ID RAW_C", {"RAW_X_A": "A", "X_STOP": "STOP"}),
        ("x_a x_b x", {}),
    ],
)
def test_a_beginning_that_columns_share_says_nothing(names: str, short: dict[str, str]) -> None:
    found = short_names(names.split())
    assert found.items() >= short.items()
    assert bool(found) == bool(short)


@pytest.mark.parametrize(
    ("name", "unit"),
    [("Dose (mg)", "mg"), ("weight in lbs", "lbs"), ("dose_g", "g"), ("Poids", None), ("mg", None)],
)
def test_a_name_says_its_unit(name: str, unit: str | None) -> None:
    assert read_name(name).unit == unit


def test_every_factor_is_exact_and_a_unit_without_one_is_never_offered() -> None:
    for record in RECORDS:
        for column in contract(record).columns:
            for row in units_of(column) if column.unit else []:
                assert row.factor is not None
                assert row.factor > Decimal(0)
                assert row.median_from < row.median_to


def _numbers(median: str) -> Profile:
    low, high = Decimal(median) * Decimal("0.8"), Decimal(median) * Decimal("1.2")
    return Profile(1, "x", 9, 9, {}, quantiles=(low, Decimal(median), high))


@pytest.mark.parametrize(
    ("record", "column", "median", "unit"),
    [
        ("infusion", "dose_g", "30", "g"),
        ("infusion", "dose_g", "30000", "mg"),
        ("infusion", "dose_g", "0.4", "g/kg"),
        ("infusion", "dose_g", "500", None),
        ("body_measurement", "weight_kg", "72", "kg"),
        ("body_measurement", "weight_kg", "87.9", "kg"),
        ("body_measurement", "weight_kg", "88", None),
        ("body_measurement", "weight_kg", "105", None),
        ("body_measurement", "weight_kg", "105.1", "lb"),
        ("body_measurement", "weight_kg", "72000", "g"),
        ("body_measurement", "weight_kg", "20", None),
        ("body_measurement", "height_cm", "172", "cm"),
        ("body_measurement", "height_cm", "1.72", "m"),
        ("body_measurement", "height_cm", "66", None),
    ],
)
def test_a_unit_is_guessed_only_where_one_fits(
    record: str, column: str, median: str, unit: str | None
) -> None:
    assert guess_unit(_columns(record)[column], _numbers(median), None).unit == unit


def test_what_a_name_says_goes_before_what_the_values_look_like() -> None:
    weight = _columns("body_measurement")["weight_kg"]
    assert guess_unit(weight, _numbers("72"), "lbs").unit == "lb"
    assert not guess_unit(_columns("infusion")["dose_g"], _numbers("30"), "g/kg").is_known
    assert not guess_unit(weight, _numbers("72"), "ml").is_known


def test_a_module_of_lists_has_no_list_beside_those_tested() -> None:
    import pipeline.draft.lists as module  # noqa: PLC0415

    names = {path.stem for path in Path(str(module.__file__)).parent.glob("*.csv")}
    assert names == {"column_name", "word", "unit", "record_sign", "fact", "need"}
