"""A layout is one SELECT per record kind over the raw files."""

from __future__ import annotations

from pathlib import Path

import pytest
from ingested import ingested, ledger, rows, source

from pipeline.config import load_settings
from pipeline.errors import CheckError, ConfigError, InputError

PEOPLE = "Id,Gender\n1,F\n2,M\n"
DOSES = "id,person,day,grams,kind\n10,1,2025-01-01,40,IVIG\n11,2,2025-01-02,5,other\n"
PATIENT_SQL = "SELECT id AS patient_id, gender AS sex, source_file, source_row FROM raw.people;\n"
INFUSION_SQL = """
-- One row per dose of IVIG.
SELECT
    id AS infusion_id, person AS patient_id, day AS started_at, kind AS product_code,
    grams AS dose_g, source_file, source_row
FROM raw.doses
WHERE kind = 'IVIG'
"""
MEDICATION_SQL = """
-- One row per dose that is no infusion.
SELECT
    d.person AS patient_id, 'NAME' AS code_system, d.kind AS code, d.day AS started_at,
    d.source_file, d.source_row
FROM raw.doses AS d
ANTI JOIN mapped.infusion AS i USING (source_file, source_row)
"""


def layout(tmp_path: Path, mappings: dict[str, str] | None = None, **files: str) -> Path:
    """Write two raw files and the folder of their mappings; return the source folder."""
    told = {"patient.sql": PATIENT_SQL, "infusion.sql": INFUSION_SQL} | (mappings or {})
    source(tmp_path / "sql", {name: text for name, text in told.items() if text})
    for name in ("patient.csv", "infusion.csv"):
        (tmp_path / "sql" / name).unlink()
    raw: dict[str, str | bytes] = {"PEOPLE.csv": PEOPLE, "doses.csv": DOSES}
    raw |= {name.replace("_csv", ".csv"): text for name, text in files.items()}
    folder = source(tmp_path / "in", {**raw, "audit.toml": 'mapping_folder = "../sql"\n'})
    for name in ("patient.csv", "infusion.csv"):
        (folder / name).unlink()
    return folder


def refused(kind: type[Exception], folder: Path) -> str:
    with pytest.raises(kind) as caught:
        ingested(folder)
    return str(caught.value)


def test_each_select_makes_a_mapped_record_as_text(tmp_path: Path) -> None:
    con = ingested(layout(tmp_path))
    found = rows(con, "SELECT patient_id, sex, source_row FROM mapped.patient ORDER BY 1")
    assert found == [("1", "F", 1), ("2", "M", 2)]
    found = rows(con, "SELECT infusion_id, dose_g, route, source_id FROM mapped.infusion")
    assert found == [("10", "40", None, "")]


def test_rows_no_select_returns_are_counted_as_not_mapped(tmp_path: Path) -> None:
    con = ingested(layout(tmp_path))
    assert ledger(con, "doses.csv") == (2, 1, 1, 0)
    assert ledger(con, "PEOPLE.csv") == (2, 2, 0, 0)
    found = rows(con, "SELECT file_name, table_name, record FROM audit.input_file ORDER BY 1")
    assert found == [("PEOPLE.csv", "people", None), ("doses.csv", "doses", None)]


def test_a_row_that_two_selects_return_is_mapped_once(tmp_path: Path) -> None:
    twice = INFUSION_SQL + "UNION ALL\n" + INFUSION_SQL.replace("id AS", "'again' AS", 1)
    con = ingested(layout(tmp_path, {"infusion.sql": twice}))
    assert ledger(con, "doses.csv") == (2, 1, 1, 0)


def test_a_select_may_read_what_another_mapped(tmp_path: Path) -> None:
    con = ingested(layout(tmp_path, {"medication.sql": MEDICATION_SQL}))
    assert rows(con, "SELECT patient_id, code FROM mapped.medication") == [("2", "other")]
    assert ledger(con, "doses.csv") == (2, 2, 0, 0)


def test_selects_that_read_each_other_are_refused(tmp_path: Path) -> None:
    circle = INFUSION_SQL.replace("WHERE", "ANTI JOIN mapped.medication USING (source_row)\nWHERE")
    folder = layout(tmp_path, {"infusion.sql": circle, "medication.sql": MEDICATION_SQL})
    assert "circle" in refused(ConfigError, folder)


def test_unreadable_lines_of_a_raw_file_stay_in_the_account(tmp_path: Path) -> None:
    con = ingested(layout(tmp_path, doses_csv=DOSES + "12,1\n"))
    assert ledger(con, "doses.csv") == (3, 1, 1, 1)


def test_a_table_without_a_file_is_named(tmp_path: Path) -> None:
    folder = layout(tmp_path)
    (folder / "doses.csv").unlink()
    assert "table doses" in refused(InputError, folder)


def test_an_optional_table_may_be_absent_and_its_record_is_not_supplied(tmp_path: Path) -> None:
    vaccination = (
        "SELECT person AS patient_id, code AS vaccine_code, day AS given_on,"
        " source_file, source_row FROM raw.shots"
    )
    tables = '[shots]\nfiles = "shots*"\ncolumns = ["person", "code", "day"]\nis_optional = true\n'
    mappings = {"vaccination.sql": vaccination, "tables.toml": tables}
    con = ingested(layout(tmp_path, mappings))
    assert ("vaccination",) not in rows(con, "SELECT record FROM audit.record_supplied")
    con = ingested(layout(tmp_path, mappings, Shots_2024_csv="person,code,day\n1,94,2025-01-01\n"))
    assert rows(con, "SELECT vaccine_code FROM mapped.vaccination") == [("94",)]


def test_a_described_column_that_is_missing_is_named(tmp_path: Path) -> None:
    tables = '[doses]\ncolumns = ["gram"]\n'
    said = refused(InputError, layout(tmp_path, {"tables.toml": tables}))
    assert said.startswith("doses.csv: column gram is missing. Did you mean 'grams'?")


def test_an_optional_column_that_is_missing_is_null(tmp_path: Path) -> None:
    tables = '[doses]\noptional_columns = ["batch"]\n'
    select = INFUSION_SQL.replace("grams AS dose_g", "batch AS lot_number")
    con = ingested(layout(tmp_path, {"tables.toml": tables, "infusion.sql": select}))
    assert rows(con, "SELECT lot_number FROM mapped.infusion") == [(None,)]


@pytest.mark.parametrize(
    ("select", "said"),
    [
        (INFUSION_SQL.replace("kind AS product_code,", ""), "lacks product_code"),
        (INFUSION_SQL.replace("grams AS dose_g", "grams AS dose"), "returns dose, which is not"),
        (INFUSION_SQL.replace("grams AS", "grams::DOUBLE AS"), "dose_g as a binary float"),
        (INFUSION_SQL.replace("grams AS", "gramms AS"), "does not fit the files"),
        (INFUSION_SQL.replace("grams AS", "kind::INTEGER AS"), "fails on these files"),
        (INFUSION_SQL.replace("source_file,", ""), "lacks source_file"),
        ("DROP TABLE raw.doses", "is not one SELECT"),
        (f"{INFUSION_SQL}; SELECT 1", "is not one SELECT"),
        ("SELECT * FROM read_csv('/etc/passwd')", "may read raw tables only"),
        ("", "is not one SELECT"),
    ],
)
def test_a_select_that_does_not_fit_is_refused(tmp_path: Path, select: str, said: str) -> None:
    folder = layout(tmp_path, {"infusion.sql": select or " "})
    message = refused(ConfigError, folder)
    assert said in message
    assert "IVIG" not in message


def test_a_select_that_makes_rows_up_is_refused(tmp_path: Path) -> None:
    select = INFUSION_SQL.replace("source_row\n", "99 AS source_row\n")
    folder = layout(tmp_path, {"infusion.sql": select})
    assert "1 rows carry no source_file and source_row" in refused(CheckError, folder)


STEP = "SELECT *, kind = 'IVIG' AS is_ivig FROM raw.doses"
OVER_STEP = INFUSION_SQL.replace("raw.doses", "step.told").replace("kind = 'IVIG'", "is_ivig")
ACCOUNT = (
    "SELECT source_file, source_row, kind AS code, CASE WHEN is_ivig THEN 'read' ELSE 'not_listed'"
    " END AS fate, CAST(grams AS DECIMAL(9, 3)) AS grams FROM step.told"
)


def test_a_select_may_read_a_step_that_reads_raw_tables(tmp_path: Path) -> None:
    mappings = {"steps/told.sql": STEP, "steps/account.sql": ACCOUNT, "infusion.sql": OVER_STEP}
    con = ingested(layout(tmp_path, mappings))
    assert rows(con, "SELECT infusion_id FROM mapped.infusion") == [("10",)]
    assert ledger(con, "doses.csv") == (2, 1, 1, 0)
    found = rows(con, "SELECT code, fate, n_rows, grams FROM audit.row_account ORDER BY 1")
    assert found == [("IVIG", "read", 1, 40), ("other", "not_listed", 1, 5)]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ({"told": "SELECT * FROM step.other"}, "told.sql: there is no step other"),
        ({"told": STEP.replace("raw.doses", "mapped.patient")}, "may read raw tables and steps"),
        ({"told": STEP.replace("kind", "kinds")}, "told.sql: does not fit the files"),
        ({"told": "SELECT * FROM step.more", "more": "SELECT * FROM step.told"}, "circle"),
        ({"told": STEP.replace("raw.doses", "guideline.rule")}, "may read raw tables only"),
    ],
)
def test_a_step_that_does_not_fit_is_refused(
    tmp_path: Path, steps: dict[str, str], said: str
) -> None:
    written = {f"steps/{name}.sql": select for name, select in steps.items()}
    assert said in refused(ConfigError, layout(tmp_path, {**written, "infusion.sql": OVER_STEP}))


def test_an_account_that_forgets_a_row_is_refused(tmp_path: Path) -> None:
    account = ACCOUNT + " WHERE is_ivig"
    mappings = {"steps/told.sql": STEP, "steps/account.sql": account, "infusion.sql": OVER_STEP}
    assert "2 rows were read, 1 of them are in its account" in refused(
        CheckError, layout(tmp_path, mappings)
    )


def test_a_select_is_named_after_a_record(tmp_path: Path) -> None:
    folder = layout(tmp_path, {"infusions.sql": INFUSION_SQL})
    assert "infusions.sql: is not named after a record" in refused(ConfigError, folder)


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ("[pills]\n", "no mapping reads pills"),
        ("[doses]\ncolour = 1\n", "unknown or wrong: colour"),
        ("[doses\n", "not valid TOML"),
    ],
)
def test_a_wrong_description_of_tables_is_refused(tmp_path: Path, tables: str, said: str) -> None:
    assert said in refused(ConfigError, layout(tmp_path, {"tables.toml": tables}))


def test_a_folder_without_selects_is_refused(tmp_path: Path) -> None:
    folder = layout(tmp_path)
    for path in (tmp_path / "sql").iterdir():
        path.unlink()
    assert "holds no <record>.sql" in refused(ConfigError, folder)


def test_a_mapping_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    folder = source(tmp_path, {"audit.toml": 'mapping_folder = "nowhere"\n'})
    assert "mapping_folder is not a folder" in refused(ConfigError, folder)


def test_an_unknown_format_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"known formats are csv, .*mimic3"):
        ingested(source(tmp_path), format="../mimic3")


def test_files_of_the_configuration_name_tables(tmp_path: Path) -> None:
    folder = layout(tmp_path, given_csv=DOSES)
    (folder / "doses.csv").unlink()
    (folder / "audit.toml").write_text('mapping_folder = "../sql"\n[files]\ndoses = "giv*.csv"\n')
    assert rows(ingested(folder), "SELECT infusion_id FROM mapped.infusion") == [("10",)]
    (folder / "audit.toml").write_text('mapping_folder = "../sql"\n[files]\npills = "giv*.csv"\n')
    assert "no mapping reads files.pills" in refused(ConfigError, folder)


def test_renames_belong_into_the_select(tmp_path: Path) -> None:
    folder = layout(tmp_path)
    (folder / "audit.toml").write_text(
        'mapping_folder = "../sql"\n[record.patient.rename]\nsex = "Gender"\n'
    )
    with pytest.raises(ConfigError, match="a SELECT of the format makes"):
        load_settings(folder)


def test_columns_with_odd_names_are_reached_in_quotes(tmp_path: Path) -> None:
    people = 'Pat. "No",Gender\n1,F\n'.replace('"', "'")
    select = PATIENT_SQL.replace("id AS", "\"pat. 'no'\" AS", 1)
    con = ingested(layout(tmp_path, {"patient.sql": select}, PEOPLE_csv=people))
    assert rows(con, "SELECT patient_id FROM mapped.patient") == [("1",)]
