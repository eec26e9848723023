"""Files that follow the contract, or nearly do, become `mapped.<record>` as text."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import duckdb
import pytest
from ingested import INFUSION, PATIENT, ingested, ledger, rows, source, write_parquet

from pipeline.config import Convert, load_settings
from pipeline.errors import CheckError, ConfigError, InputError
from pipeline.ingest import ledger as account
from pipeline.ingest.contract_files import converted
from pipeline.store import TIGHT
from pipeline.validate import validate
from schemas.record import contract


def refused(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        ingested(folder)
    return str(caught.value)


def told(folder: Path, toml: str, files: dict[str, str | bytes] | None = None) -> Path:
    return source(folder, {"audit.toml": toml, **(files or {})})


def test_a_mapped_record_has_the_contract_columns_as_text(tmp_path: Path) -> None:
    con = ingested(source(tmp_path))
    described = rows(con, "DESCRIBE mapped.infusion")
    own = [column.name for column in contract("infusion").columns]
    names = [*own, "source_id", "source_file", "source_row", "recorded_at", "is_deleted"]
    assert [row[0] for row in described] == names
    kinds = {row[0]: row[1] for row in described}
    assert kinds.pop("source_file") == "SMALLINT"
    assert kinds.pop("source_row") == "INTEGER"
    assert set(kinds.values()) == {"VARCHAR"}


def test_empty_cells_and_absent_columns_are_null(tmp_path: Path) -> None:
    text = 'patient_id,sex,birth_date\np1,,""\n'
    con = ingested(source(tmp_path, {"patient.csv": text}))
    found = rows(con, "SELECT patient_id, sex, birth_date, blood_group FROM mapped.patient")
    assert found == [("p1", None, None, None)]


def test_text_stays_as_it_is_written(tmp_path: Path) -> None:
    text = INFUSION + 'i3,p1,29 Feb 2023,PRIVIGEN,"25,000"\ni4,p1,epoch,NULL, 1.23456 \n'
    con = ingested(source(tmp_path, {"infusion.csv": text}))
    found = rows(
        con,
        "SELECT started_at, product_code, dose_g FROM mapped.infusion"
        " WHERE source_row > 2 ORDER BY source_row",
    )
    assert found == [("29 Feb 2023", "PRIVIGEN", "25,000"), ("epoch", "NULL", " 1.23456 ")]


def test_header_names_are_forgiven_case_and_blanks(tmp_path: Path) -> None:
    con = ingested(source(tmp_path, {"patient.csv": ' Patient_ID ,"SEX"\np1,F\n'}))
    assert rows(con, "SELECT patient_id, sex FROM mapped.patient") == [("p1", "F")]


def test_the_common_columns_pass_through(tmp_path: Path) -> None:
    text = "patient_id,source_id,recorded_at,is_deleted\np1,west,2025-01-01,true\np2,,,\n"
    con = ingested(told(tmp_path, '[source]\nid = "it\'s"\n', {"patient.csv": text}))
    found = rows(con, "SELECT source_id, recorded_at, is_deleted FROM mapped.patient ORDER BY 1")
    assert found == [("it's", None, None), ("west", "2025-01-01", "true")]


def test_columns_the_contract_does_not_know_are_listed(tmp_path: Path) -> None:
    con = ingested(source(tmp_path, {"patient.csv": "patient_id,mood,sex,\np1,good,F,\n"}))
    found = rows(con, "SELECT position, column_name FROM audit.unused_column ORDER BY 1")
    assert found == [(2, "mood"), (4, "")]


def test_files_nothing_reads_are_listed(tmp_path: Path) -> None:
    con = ingested(source(tmp_path, {"infusions.csv": "a\n", "truth.csv": "a\n", "a.md": "a"}))
    assert rows(con, "SELECT file_name FROM audit.unused_file") == [
        ("infusions.csv",),
        ("truth.csv",),
    ]


def test_the_digest_and_size_are_those_of_the_file_on_disk(tmp_path: Path) -> None:
    packed = gzip.compress(PATIENT.encode("utf-16"))
    folder = source(tmp_path, {"patient.csv.gz": packed})
    (folder / "patient.csv").unlink()
    con = ingested(folder)
    found = rows(con, "SELECT sha256, n_bytes FROM audit.input_file WHERE record = 'patient'")
    assert found == [(hashlib.sha256(packed).hexdigest(), len(packed))]
    assert rows(con, "SELECT patient_id, sex FROM mapped.patient ORDER BY 1") == [
        ("p1", "F"),
        ("p2", "M"),
    ]


def test_parts_of_a_record_are_read_together_each_with_its_own_columns(tmp_path: Path) -> None:
    folder = source(
        tmp_path,
        {
            "patient.north.csv": "sex,patient_id\nF,n1\n",
            "patient/2024.tsv": "patient_id\tsex\ns1\tM\n",
            "PATIENT.East.txt": "patient_id\ne1\n",
        },
    )
    found = rows(
        ingested(folder),
        "SELECT f.file_name, m.patient_id, m.sex, m.source_row FROM mapped.patient AS m"
        " INNER JOIN audit.input_file AS f ON m.source_file = f.file_id ORDER BY ALL",
    )
    assert found == [
        ("PATIENT.East.txt", "e1", None, 1),
        ("patient.csv", "p1", "F", 1),
        ("patient.csv", "p2", "M", 2),
        ("patient.north.csv", "n1", "F", 1),
        ("patient/2024.tsv", "s1", "M", 1),
    ]


def test_a_glob_names_the_files_of_a_record(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"old/inf_1.csv": INFUSION, "old/inf_2.csv": INFUSION}
    folder = told(tmp_path, '[files]\ninfusion = "old/inf_*.csv"\n', files)
    con = ingested(folder)
    found = rows(con, "SELECT file_name FROM audit.input_file WHERE record = 'infusion'")
    assert sorted(found) == [("old/inf_1.csv",), ("old/inf_2.csv",)]
    assert rows(con, "SELECT file_name FROM audit.unused_file") == [("infusion.csv",)]


def test_a_list_that_is_read_is_used(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"no_thanks.csv": "patient_id\nSYN-9\n"}
    used = "SELECT file_name FROM audit.unused_file"
    assert rows(ingested(told(tmp_path, "", files)), used) == [("no_thanks.csv",)]
    named = told(tmp_path, '[privacy]\nopt_out_file = "no_thanks.csv"\n', files)
    assert rows(ingested(named), used) == []


@pytest.mark.parametrize("name", ["Opt_Out.csv", "opt-out.csv", "optout.xlsx", "opt_out.csv.gz"])
def test_a_list_by_nearly_its_name_is_refused(tmp_path: Path, name: str) -> None:
    folder = told(tmp_path, "", {name: "patient_id\nSYN-9\n"})
    with pytest.raises(InputError, match="would not be read"):
        ingested(folder)


def test_a_second_list_is_refused(tmp_path: Path) -> None:
    listed = "patient_id\nSYN-9\n"
    toml = '[privacy]\nopt_out_file = "no_thanks.csv"\n'
    folder = told(tmp_path, toml, {"opt_out.csv": listed, "no_thanks.csv": listed})
    with pytest.raises(InputError, match=r"opt_out\.csv: .* would not be read"):
        ingested(folder)


def test_parquet_types_become_plain_text(tmp_path: Path) -> None:
    write_parquet(
        tmp_path / "infusion.parquet",
        """
        SELECT
            'i1' AS infusion_id, 7 AS patient_id, TIMESTAMP '2025-03-01 08:00:00' AS started_at,
            TIMESTAMPTZ '2025-03-01 08:00:00+00' AS ended_at, 'X' AS product_code,
            40.50::DECIMAL(9, 2) AS dose_g, DATE '2025-03-01' AS recorded_at,
            0.1::DOUBLE AS volume_ml, true AS is_deleted
        """,
    )
    folder = source(tmp_path)
    (folder / "infusion.csv").unlink()
    found = rows(
        ingested(folder),
        "SELECT patient_id, started_at, ended_at, dose_g, recorded_at, volume_ml, is_deleted,"
        " source_row FROM mapped.infusion",
    )
    assert found == [
        (
            "7",
            "2025-03-01 08:00:00",
            "2025-03-01 08:00:00+00:00",
            "40.50",
            "2025-03-01",
            "0.1",
            "true",
            1,
        )
    ]


@pytest.mark.parametrize("value", ["'x'::BLOB", "[1]", "{'a': 1}"])
def test_parquet_without_text_is_refused(tmp_path: Path, value: str) -> None:
    write_parquet(tmp_path / "patient.parquet", f"SELECT 'p1' AS patient_id, {value} AS sex")
    folder = source(tmp_path)
    (folder / "patient.csv").unlink()
    assert "column 2 is of type" in refused(folder)


def test_columns_are_renamed_recoded_and_filled(tmp_path: Path) -> None:
    toml = """
        [record.patient.rename]
        patient_id = "MRN"
        sex = "Geschlecht"
        [record.patient.values.sex]
        "w" = "F"
        "" = "U"
        [record.patient.constant]
        blood_group = "it's"
    """
    text = "mrn,geschlecht,sex\np1,w,M\np2,,M\np3,d,M\n"
    con = ingested(told(tmp_path, toml, {"patient.csv": text}))
    found = rows(con, "SELECT patient_id, sex, blood_group FROM mapped.patient ORDER BY 1")
    assert found == [("p1", "F", "it's"), ("p2", "U", "it's"), ("p3", "d", "it's")]
    assert rows(con, "SELECT column_name FROM audit.unused_column") == [("sex",)]


def test_a_renamed_column_that_is_missing_is_named(tmp_path: Path) -> None:
    folder = told(
        tmp_path,
        '[record.patient.rename]\nsex = "Gender"\n',
        {"patient.csv": "patient_id,Genders\np1,F\n"},
    )
    said = refused(folder)
    assert "patient.csv: column Gender is missing. Did you mean 'Genders'?" in said


def test_a_required_column_may_be_a_constant(tmp_path: Path) -> None:
    folder = told(
        tmp_path,
        '[record.infusion.constant]\nproduct_code = "PRIVIGEN"\n',
        {"infusion.csv": "infusion_id,patient_id,started_at\ni1,p1,2025-01-01\n"},
    )
    assert rows(ingested(folder), "SELECT product_code FROM mapped.infusion") == [("PRIVIGEN",)]


def test_milligrams_become_grams_exactly(tmp_path: Path) -> None:
    toml = '[record.infusion.convert]\ndose_g = {from = "dose_mg", factor = "0.001"}\n'
    text = INFUSION.replace("dose_g", "dose_mg").replace(",40\n", ",40000\n")
    con = ingested(told(tmp_path, toml, {"infusion.csv": text}))
    found = rows(con, "SELECT dose_g FROM mapped.infusion ORDER BY source_row")
    assert found == [("40",), ("0.0305",)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("40000", "40"),
        ("100", "0.1"),
        ("0", "0"),
        ("-5", "-0.005"),
        ("1.5", "0.0015"),
        ("33333.333", "33.333333"),
        ("0.100", "0.0001"),
        ("999999999999999", "999999999999.999"),
        # No number, or wider than any column of the contract: left for validation to refuse.
        ("9999999999999999", "9999999999999999"),
        ("0.0000000001", "0.0000000001"),
        ("1,5", "1,5"),
        ("25,000", "25,000"),
        ("1e3", "1e3"),
        ("LESS THAN 20", "LESS THAN 20"),
        ("infinity", "infinity"),
        (" 5", " 5"),
        (None, None),
    ],
)
def test_only_numbers_are_converted(text: str | None, expected: str | None) -> None:
    assert in_sql(text, thousandth()) == expected


@pytest.mark.parametrize(
    ("text", "factor", "decimals", "expected"),
    [
        ("150", "0.45359237", 3, "68.039"),
        ("150", "0.45359237", None, "68.0388555"),
        ("1", "0.5", 0, "1"),
        ("20", "5", 0, "100"),
        ("20", "1000", None, "20000"),
    ],
)
def test_a_factor_is_rounded_only_when_told(
    text: str, factor: str, decimals: int | None, expected: str
) -> None:
    convert = Convert.model_validate({"from": "x", "factor": factor, "decimals": decimals})
    assert in_sql(text, convert) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("1500,5", "1,5005"), ("40000", "40"), ("1.5", "1.5")]
)
def test_a_decimal_comma_goes_in_and_comes_out(text: str, expected: str) -> None:
    assert in_sql(text, thousandth(), ",") == expected


def thousandth() -> Convert:
    return Convert.model_validate({"from": "x", "factor": "0.001"})


def in_sql(text: str | None, convert: Convert, decimal: str = ".") -> str | None:
    with duckdb.connect() as con:
        found = con.sql(
            f"SELECT {converted('x', convert, decimal)} FROM (SELECT $text::VARCHAR AS x)",
            params={"text": text},
        ).fetchall()
    return None if found[0][0] is None else str(found[0][0])


def test_both_sides_of_the_account_are_counted_separately(tmp_path: Path) -> None:
    con = ingested(source(tmp_path))
    assert ledger(con, "patient.csv") == (2, 2, 0, 0)
    found = rows(con, "SELECT record FROM audit.record_supplied ORDER BY 1")
    assert found == [("infusion",), ("patient",)]


def test_a_row_lost_on_the_way_stops_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_lost(*_: object, **__: object) -> dict[int, int]:
        return {1: 1, 2: 2}

    monkeypatch.setattr(account, "_mapped_rows", one_lost)
    with pytest.raises(CheckError, match=r"infusion\.csv: 2 rows were read, but 1 are mapped"):
        ingested(source(tmp_path))


def test_a_mapping_of_an_unknown_column_is_refused(tmp_path: Path) -> None:
    folder = told(tmp_path, '[record.patient.rename]\nMRN = "patient_id"\n')
    with pytest.raises(ConfigError, match=r"record\.patient\.rename\.MRN: not a column"):
        load_settings(folder)


TIGHT_INFUSION = INFUSION.replace("dose_g\n", "dose_g,ward_id\n").replace("40\n", "40,A B\n")
TIGHT_INFUSION = TIGHT_INFUSION.replace("30.5\n", "30.5,C\n")


@pytest.mark.parametrize(
    ("infusion", "toml", "is_tight"),
    [
        (TIGHT_INFUSION, "", True),
        (TIGHT_INFUSION.replace(",C", ", C"), "", False),
        (TIGHT_INFUSION.replace(",C", ",C "), "", False),
        (TIGHT_INFUSION.replace(",C", ',"C"'), "", False),
        (TIGHT_INFUSION.replace(",", "~"), '[csv]\ndelimiter = "~"\n', False),
        (TIGHT_INFUSION, '[record.infusion.values.ward_id]\nC = " C"\n', False),
        (TIGHT_INFUSION, '[record.infusion.constant]\nroute = " IV"\n', False),
        (TIGHT_INFUSION + "i3,p1,2025\n", "", False),  # read carefully
    ],
)
def test_only_texts_that_are_surely_without_outer_blanks_are_said_to_be(
    infusion: str, toml: str, *, is_tight: bool, tmp_path: Path
) -> None:
    files: dict[str, str | bytes] = {"infusion.csv": infusion}
    if "delimiter" in toml:
        files["patient.csv"] = PATIENT.replace(",", "~")
    con = ingested(told(tmp_path, toml, files))
    found = rows(con, "SELECT comment FROM duckdb_views() WHERE view_name = 'infusion'")
    assert found == [(TIGHT if is_tight else None,)]


def test_texts_are_staged_alike_whether_a_file_has_blanks_around_them(tmp_path: Path) -> None:
    texts = [
        _staged_texts(source(tmp_path / name, {"infusion.csv": infusion}))
        for name, infusion in (
            ("tight", TIGHT_INFUSION),
            ("loose", TIGHT_INFUSION.replace(",C", ", C\t")),
            ("blank", TIGHT_INFUSION.replace(",C", ',"C "')),
        )
    ]
    assert texts[0] == [("i1", "PRIVIGEN", "A B"), ("i2", "PRIVIGEN", "C")]
    assert texts[0] == texts[1] == texts[2]


def _staged_texts(folder: Path) -> list[tuple[object, ...]]:
    con = ingested(folder)
    validate(con, load_settings(folder))
    return rows(con, "SELECT infusion_id, product_code, ward_id FROM staged.infusion ORDER BY ALL")
