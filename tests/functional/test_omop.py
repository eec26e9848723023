"""Tables of the OMOP Common Data Model become records, and are judged as the same records in CSV.

The example is the one printed in docs/sources/omop-5.4.md.
"""

from __future__ import annotations

import csv
import re
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from ingested import ingested, rows
from nightly import started
from tools.same_verdicts import faults, judged
from tools.written_as_omop import as_omop, only_carried
from typer.testing import CliRunner

from pipeline import resources
from pipeline.cli import app
from pipeline.errors import InputError
from pipeline.store import open_finished
from pipeline.synth import synth

PAGE = Path(__file__).parents[2] / "docs" / "sources" / "omop-5.4.md"
SYNTHEA = Path(__file__).parents[2].parent / "shared" / "data" / "omop_synthea27nj"
FORMAT = "omop-5.4"
SETS = ("droracle-2025", "us-fda-labels")
FATES = "SELECT fate, SUM(n_rows)::INTEGER, SUM(grams) FROM audit.row_account GROUP BY 1 ORDER BY 1"


def _example(folder: Path) -> Path:
    """Write the files the page prints."""
    folder.mkdir(exist_ok=True)
    found = re.findall(r"`(\w+\.csv)`\n\n```csv\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert [name for name, _ in found] == [
        "PERSON.csv", "CONCEPT.csv", "DRUG_STRENGTH.csv", "DRUG_EXPOSURE.csv",
    ]  # fmt: skip
    for name, text in found:
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _printed() -> list[tuple[str, int, Decimal | None]]:
    table = PAGE.read_text("utf-8").split("| fate | rows | grams |")[1].split("\n\n")[0]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]
    return [(fate, int(n), Decimal(grams) if grams else None) for fate, n, grams in cells]


def _edited(folder: Path, table: str, old: str, new: str) -> None:
    path = folder / f"{table}.csv"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_example_of_the_page_becomes_what_the_page_says(tmp_path: Path) -> None:
    con = ingested(_example(tmp_path), format=FORMAT)
    assert rows(con, FATES) == _printed()
    found = rows(
        con,
        """
        SELECT infusion_id, started_at, ended_at, product_code, dose_g, volume_ml, lot_number
        FROM mapped.infusion
        ORDER BY 1
        """,
    )
    assert found == [
        ("101", "2025-03-03 08:30:00", "2025-03-03 12:15:00", "PRIVIGEN", "40.000",
         "400.000000000000", "LOT-A"),
        ("102", "2025-03-31", None, "PRIVIGEN", "40.000", None, "LOT-A"),
        ("103", "2025-04-28", None, "PRIVIGEN", "40.000", None, None),
        ("104", "2025-05-26", None, "PRIVIGEN", None, None, None),
        ("105", "2025-03-04", None, "PRIVIGEN", None, None, None),
    ]  # fmt: skip
    assert rows(con, "SELECT dispensing_id, dose_g FROM mapped.dispensing") == [("107", "40.000")]


@pytest.mark.parametrize("kind", ["tabs", "parquet", "database", "database_in_folder"])
def test_every_way_to_write_the_tables_is_read_alike(tmp_path: Path, kind: str) -> None:
    example = _example(tmp_path / "csv")
    told = rows(ingested(example, format=FORMAT), "FROM mapped.infusion ORDER BY infusion_id")
    other = tmp_path / kind
    other.mkdir()
    source = other
    with duckdb.connect(str(other / "cdm.duckdb") if kind.startswith("database") else "") as con:
        con.execute("CREATE SCHEMA omop")
        for path in sorted(example.glob("*.csv")):
            # a database has types; ids in it are numbers and dates are dates
            con.execute(f"CREATE TABLE omop.{path.stem} AS FROM read_csv('{path}')")
            if kind == "parquet":
                con.execute(f"COPY omop.{path.stem} TO '{other}/{path.stem}.parquet'")
            if kind == "tabs":
                con.execute(
                    f"COPY omop.{path.stem} TO '{other}/{path.stem}.csv'"
                    " (DELIMITER '\t', FORCE_QUOTE *)"
                )
    if kind == "database":
        source = other / "cdm.duckdb"
        before = source.read_bytes()
    found = rows(ingested(source, format=FORMAT), "FROM mapped.infusion ORDER BY infusion_id")
    assert _less_files(found) == _less_files(told)
    if kind == "database":
        assert source.read_bytes() == before
        assert [path.name for path in other.iterdir()] == ["cdm.duckdb"]


def _less_files(found: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Return rows without the number of their file, which follows the kinds of files."""
    return [row[:-4] + row[-3:] for row in found]


@pytest.mark.real
def test_a_public_set_without_immune_globulin_is_accounted_for(tmp_path: Path) -> None:
    if not SYNTHEA.is_dir():
        pytest.skip("NOT TESTED: ../shared/data/omop_synthea27nj is not here")
    told = CliRunner().invoke(
        app, ["run", str(SYNTHEA), "--format", FORMAT, "--out", str(tmp_path / "out")]
    )
    assert told.exit_code == 0, told.output
    con = open_finished(tmp_path / "out" / "latest" / "audit.duckdb")
    fates = {fate: n for fate, n, _ in rows(con, FATES)}
    raw = rows(con, "SELECT SUM(raw_rows) FROM audit.file_ledger")[0][0]
    ivig = rows(con, "SELECT COUNT(*) FROM derived.infusion")
    # values beyond our own limits of the possible, of one test
    refused = rows(
        con, "SELECT column_name, check_name, COUNT(*) FROM quarantine.lab_result GROUP BY ALL"
    )
    con.close()
    lines = sum(
        len((SYNTHEA / "x" / f"{table}.csv").read_text("utf-8").splitlines()) - 1
        for table in (
            "PERSON", "DRUG_EXPOSURE", "DRUG_STRENGTH", "MEASUREMENT", "CONDITION_OCCURRENCE",
            "PROCEDURE_OCCURRENCE", "VISIT_OCCURRENCE", "DEATH", "CONCEPT",
        )
    )  # fmt: skip
    assert sum(fates.values()) == raw == lines
    assert fates["other_medicine"] == 883
    assert fates["lab_result"] + fates["body_size"] + fates["test_without_loinc"] == 10_040
    assert ivig == [(0,)]
    assert refused == [("value", "impossible_value", 40)]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a few synthetic patients as CSV, as OMOP, and as CSV less what OMOP cannot say."""
    home = tmp_path_factory.mktemp("same")
    (home / "full").mkdir()
    synth(home / "full", 30, 5, "all")
    only_carried(home / "full", home / "carried")
    as_omop(home / "full", home / "omop")
    return home


@pytest.fixture(scope="module")
def as_tables(written: Path) -> duckdb.DuckDBPyConnection:
    """Judge the synthetic records as tables of the model."""
    return judged(written / "omop", format=FORMAT, guidelines=SETS)


def test_the_same_records_get_the_same_verdicts(
    written: Path, as_tables: duckdb.DuckDBPyConnection
) -> None:
    assert faults(judged(written / "carried", guidelines=SETS), as_tables) == []
    lots = as_tables.sql("SELECT COUNT(*) FROM staged.infusion WHERE lot_number IS NOT NULL")
    assert lots.fetchall()[0][0] > 100


def test_what_the_model_cannot_say_is_not_assessable_with_its_reason(
    as_tables: duckdb.DuckDBPyConnection,
) -> None:
    told = _statuses(as_tables)
    assert ("infusion_rate", "not_assessable", "rate_unknown") in told
    assert ("traceability", "not_assessable", "expiry_unknown") in told
    assert ("traceability", "not_assessable", "vials_unknown") in told


def test_quantities_without_units_leave_no_dose_to_judge(written: Path, tmp_path: Path) -> None:
    (tmp_path / "omop").mkdir()
    for path in (written / "omop").iterdir():
        (tmp_path / "omop" / path.name).write_bytes(path.read_bytes())
    path = tmp_path / "omop" / "DRUG_EXPOSURE.csv"
    with path.open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, table[0])
        writer.writeheader()
        writer.writerows(row | {"dose_unit_source_value": ""} for row in table)
    con = judged(tmp_path / "omop", format=FORMAT, max_quarantine="1")
    told = {row for row in _statuses(con) if row[0] == "regimen"}
    assert {status for _, status, _ in told} <= {"not_assessable", "not_applicable"}
    assert ("regimen", "not_assessable", "no_dose") in told
    assert con.sql("SELECT COUNT(*) FROM staged.dispensing").fetchall() == [(0,)]


def _statuses(con: duckdb.DuckDBPyConnection) -> set[tuple[str, str, str | None]]:
    return set(con.sql("SELECT DISTINCT kind, status, reason FROM audit.verdict").fetchall())


@pytest.mark.parametrize(
    ("written", "weight", "result"),
    [
        ("81.2", "81.200", "81.2"),
        ("81.19999694824219", "81.200", "81.199997"),
        ("8.12e1", "81.200", "81.200000"),
        ("heavy", "heavy", "heavy"),
    ],
)
def test_numbers_are_floats_whose_last_digits_are_noise(
    tmp_path: Path, written: str, weight: str, result: str
) -> None:
    folder = _example(tmp_path)
    (folder / "MEASUREMENT.csv").write_text(
        "measurement_id,person_id,measurement_concept_id,measurement_date,value_as_number,"
        "unit_concept_id,measurement_source_value,unit_source_value\n"
        f"1,1,3025315,2025-03-03,{written},9529,,kg\n"
        f"2,1,0,2025-03-03,{written},0,718-7,g/L\n",
        encoding="utf-8",
    )
    con = ingested(folder, format=FORMAT)
    assert rows(con, "SELECT weight_kg FROM mapped.body_measurement") == [(weight,)]
    assert rows(con, "SELECT value FROM mapped.lab_result") == [(result,)]


def test_a_sign_for_no_weight_ends_no_run(tmp_path: Path) -> None:
    """What is no weight of a person is left to validation, as in every other source."""
    folder = _example(tmp_path)
    (folder / "MEASUREMENT.csv").write_text(
        "measurement_id,person_id,measurement_concept_id,measurement_date,value_as_number,"
        "unit_concept_id,unit_source_value\n"
        "1,1,3025315,2025-03-03,999999,0,kg\n2,1,3036277,2025-03-03,999999999999,0,cm\n",
        encoding="utf-8",
    )
    con = ingested(folder, format=FORMAT)
    assert rows(con, "SELECT weight_kg, height_cm FROM mapped.body_measurement ORDER BY 1") == [
        ("999999.000", None), (None, "999999999999.000"),
    ]  # fmt: skip


def test_ids_written_with_a_point_are_the_same_ids(tmp_path: Path) -> None:
    folder = _example(tmp_path)
    told = rows(ingested(folder, format=FORMAT), "FROM mapped.infusion ORDER BY infusion_id")
    path = folder / "DRUG_EXPOSURE.csv"
    with path.open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    for row in table:
        row |= {name: f"{row[name]}.0" for name in row if name.endswith("_id") and row[name]}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, table[0])
        writer.writeheader()
        writer.writerows(table)
    assert (
        rows(ingested(folder, format=FORMAT), "FROM mapped.infusion ORDER BY infusion_id") == told
    )


@pytest.mark.parametrize(
    ("start", "told"),
    [
        ("2025-03-02 23:30:00", ("2025-03-03", None)),
        ("2025-03-02T23:30:00-05:00", ("2025-03-02T23:30:00-05:00", "2025-03-03 12:15:00")),
        ("", ("2025-03-03", None)),
    ],
)
def test_an_hour_of_another_day_than_the_start_is_nobodys(
    tmp_path: Path, start: str, told: tuple[str, str | None]
) -> None:
    folder = _example(tmp_path)
    _edited(folder, "DRUG_EXPOSURE", "2025-03-03 08:30:00", start)
    con = ingested(folder, format=FORMAT)
    wanted = "SELECT started_at, ended_at FROM mapped.infusion WHERE infusion_id = '101'"
    assert rows(con, wanted) == [told]


OTHER_TABLES = {
    "MEASUREMENT": "measurement_id,person_id,measurement_concept_id,measurement_date,"
    "measurement_datetime,value_as_number,unit_concept_id,measurement_source_value,"
    "unit_source_value\n1,1,3025315,2025-03-03,{at},80,9529,,kg\n"
    "2,1,0,2025-03-03,{at},13.1,0,718-7,g/dL\n",
    "PROCEDURE_OCCURRENCE": "procedure_occurrence_id,person_id,procedure_concept_id,"
    "procedure_date,procedure_datetime,procedure_source_value\n"
    "1,1,0,2025-03-03,{at},plasma_exchange\n",
    "VISIT_OCCURRENCE": "visit_occurrence_id,person_id,visit_concept_id,visit_start_date,"
    "visit_start_datetime,visit_end_date,visit_end_datetime\n"
    "1,1,9201,2025-03-03,{at},2025-03-03,{at}\n",
    "DRUG_EXPOSURE": "drug_exposure_id,person_id,drug_concept_id,drug_exposure_start_date,"
    "drug_exposure_start_datetime,drug_exposure_end_date,drug_exposure_end_datetime,"
    "drug_type_concept_id\n1,1,2000000003,2025-03-03,{at},2025-03-03,{at},32818\n"
    "2,1,2000000001,2025-03-03,{at},2025-03-03,{at},32818\n",
}
TIMES = (
    "SELECT measured_at FROM mapped.body_measurement",
    "SELECT collected_at FROM mapped.lab_result",
    "SELECT occurred_at FROM mapped.clinical_event",
    "SELECT started_at FROM mapped.encounter",
    "SELECT ended_at FROM mapped.encounter",
    "SELECT started_at FROM mapped.medication",
    "SELECT ended_at FROM mapped.medication",
    "SELECT started_at FROM mapped.infusion",
)


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("2025-03-03 08:30:00", "2025-03-03 08:30:00"),
        ("2025-03-02 23:30:00", "2025-03-03"),
        ("2025-03-04 00:30:00", "2025-03-03"),
        ("2025-03-02T23:30:00-05:00", "2025-03-02T23:30:00-05:00"),
        ("2025-03-03 00:00:00", "2025-03-03"),
        ("", "2025-03-03"),
    ],
)
def test_every_table_holds_an_hour_against_its_day(tmp_path: Path, at: str, told: str) -> None:
    folder = _example(tmp_path)
    for table, text in OTHER_TABLES.items():
        (folder / f"{table}.csv").write_text(text.format(at=at), encoding="utf-8")
    con = ingested(folder, format=FORMAT)
    assert {select: rows(con, select) for select in TIMES} == {
        select: [(told,)] for select in TIMES
    }


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("2025-03-03 12:15:00", "2025-03-03 12:15:00"),
        ("2025-03-04 01:15:00", None),
        ("2025-03-04T01:15:00+01:00", "2025-03-04T01:15:00+01:00"),
    ],
)
def test_an_end_of_another_day_than_its_date_is_nobodys(
    tmp_path: Path, end: str, told: str | None
) -> None:
    folder = _example(tmp_path)
    _edited(folder, "DRUG_EXPOSURE", "2025-03-03 12:15:00", end)
    con = ingested(folder, format=FORMAT)
    assert rows(con, "SELECT ended_at FROM mapped.infusion WHERE infusion_id = '101'") == [(told,)]


@pytest.mark.parametrize(
    "end", ["2025-03-03 08:30:00", "2025-03-03 23:59:59", "2025-03-03 00:00:00"]
)
def test_an_end_that_was_filled_in_is_none(tmp_path: Path, end: str) -> None:
    folder = _example(tmp_path)
    _edited(folder, "DRUG_EXPOSURE", "2025-03-03 12:15:00", end)
    con = ingested(folder, format=FORMAT)
    assert rows(con, "SELECT ended_at FROM mapped.infusion WHERE infusion_id = '101'") == [(None,)]


def test_without_concepts_ids_and_source_values_are_what_is_read(tmp_path: Path) -> None:
    folder = _example(tmp_path)
    (folder / "CONCEPT.csv").unlink()
    (folder / "MEASUREMENT.csv").write_text(
        "measurement_id,person_id,measurement_concept_id,measurement_date,value_as_number,"
        "unit_concept_id,measurement_source_value,unit_source_value\n"
        "1,1,3025315,2025-03-03,80,9529,,kg\n"
        "2,1,0,2025-03-03,13.1,0,718-7,g/dL\n"
        "3,1,0,2025-03-03,13.1,0,HGB,g/dL\n"
        "4,1,3025315,2025-03-04,80,8739,,stone\n",
        encoding="utf-8",
    )
    (folder / "CONDITION_OCCURRENCE.csv").write_text(
        "condition_occurrence_id,person_id,condition_concept_id,condition_start_date,"
        "condition_source_value\n1,1,0,2025-01-01,G61.81\n",
        encoding="utf-8",
    )
    uncoded = ingested(folder, format=FORMAT)
    fates = {fate: n for fate, n, _ in rows(uncoded, FATES)}
    assert fates["test_without_loinc"] == fates["body_size"] == fates["lab_result"] == 1
    assert fates["body_size_unit"] == fates["diagnosis_uncoded"] == 1
    (folder / "audit.toml").write_text(
        f'format = "{FORMAT}"\n[table.condition_occurrence.constant]\n'
        'source_vocabulary_id = "ICD10CM"\n',
        encoding="utf-8",
    )
    found = rows(ingested(folder), "SELECT code_system, code, recorded_on FROM mapped.diagnosis")
    assert found == [("ICD10CM", "G61.81", "2025-01-01")]


def test_dispensings_are_judged_where_nothing_was_charted_as_given(tmp_path: Path) -> None:
    folder = _example(tmp_path)
    text = (folder / "DRUG_EXPOSURE.csv").read_text("utf-8")
    text = text.replace(",32818,", ",38000175,").replace(",32817,", ",32869,")
    (folder / "DRUG_EXPOSURE.csv").write_text(text, encoding="utf-8")
    con = ingested(folder, format=FORMAT)
    told = {record for (record,) in rows(con, "FROM audit.record_supplied")}
    assert "dispensing" in told
    assert not {"infusion", "vaccination"} & told


@pytest.mark.parametrize(
    ("table", "column"),
    [("DRUG_EXPOSURE", "drug_concept_id"), ("DRUG_STRENGTH", "drug_concept_id")],
)
def test_a_table_without_its_concept_id_is_refused_by_name(
    tmp_path: Path, table: str, column: str
) -> None:
    folder = _example(tmp_path)
    _edited(folder, table, f"{column},", "drug,")
    with pytest.raises(InputError, match=f"{table}.csv: column {column} is missing") as refused:
        ingested(folder, format=FORMAT)
    assert refused.value.exit_code == 10


def test_a_run_that_fails_early_says_one_line_and_no_more(tmp_path: Path) -> None:
    """What draws the pages is still being loaded, by libraries that complain when cut off."""
    _edited(_example(tmp_path / "in"), "DRUG_EXPOSURE", "drug_concept_id,", "drug,")
    ended = started("run", tmp_path / "in", "--format", FORMAT, "--out", tmp_path / "out")
    assert ended.code == 10
    assert "column drug_concept_id is missing" in ended.line()


def test_files_that_are_no_database_or_say_a_table_twice_are_refused(tmp_path: Path) -> None:
    folder = _example(tmp_path / "in")
    (folder / "cdm.duckdb").write_bytes(b"no database at all" * 1000)
    with pytest.raises(InputError, match="is no DuckDB file this program can read"):
        ingested(folder, format=FORMAT)
    (folder / "cdm.duckdb").unlink()
    with duckdb.connect(str(folder / "cdm.duckdb")) as con:
        con.execute("CREATE TABLE person (person_id INTEGER)")
    with pytest.raises(InputError, match="the table person is there and in a file beside it"):
        ingested(folder, format=FORMAT)
    with duckdb.connect(str(folder / "cdm.duckdb")) as con:
        con.execute("DROP TABLE person; CREATE SCHEMA a; CREATE SCHEMA b")
        con.execute("CREATE TABLE a.death (x INTEGER); CREATE TABLE b.death (x INTEGER)")
    with pytest.raises(InputError, match="2 schemas hold a table death"):
        ingested(folder, format=FORMAT)
    (folder / "other.duckdb").write_bytes((folder / "cdm.duckdb").read_bytes())
    with pytest.raises(InputError, match="holds 2 DuckDB files"):
        ingested(folder, format=FORMAT)


def test_types_nobody_knows_are_listed_by_frequency(tmp_path: Path) -> None:
    con = ingested(_example(tmp_path), format=FORMAT)
    found = rows(con, resources.sql("summary/unlisted_code.sql"))
    assert found == [("type 32817", "type_unknown", 1)]


def test_records_the_model_has_no_table_for_may_lie_beside(tmp_path: Path) -> None:
    folder = _example(tmp_path)
    (folder / "rate_step.csv").write_text(
        "infusion_id,changed_at,rate_ml_per_h\n101,2025-03-03 08:30,50\n", encoding="utf-8"
    )
    (folder / "infusion_lot.csv").write_text(
        "infusion_id,product_code,lot_number\n101,Privigen,A1\n101,Privigen,A2\n", encoding="utf-8"
    )
    con = ingested(folder, format=FORMAT)
    assert rows(con, "SELECT infusion_id, rate_ml_per_h FROM mapped.rate_step") == [("101", "50")]
    lots = rows(con, "SELECT infusion_id, lot_number FROM mapped.infusion_lot ORDER BY ALL")
    assert lots == [("101", "A1"), ("101", "A2")]
    told = {record for (record,) in rows(con, "FROM audit.record_supplied")}
    assert "rate_step" in told
