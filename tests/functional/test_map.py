"""Unknown files become a mapping that a run accepts; what cannot be told is left open and said.

Four disguises of the synthetic sample reach a report, with the grams, weights and lots they had.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter
from disguised import EXTRACTS, SAMPLE, sample

from pipeline.config import load_settings
from pipeline.draft import check_source, draft_mapping
from pipeline.errors import InputError, OutputError
from pipeline.run.audit import audit
from pipeline.run.journal import Journal
from pipeline.store import open_finished

PAGE = Path(__file__).parents[2] / "docs" / "sources" / "map.md"


@dataclass
class Drafted:
    """An extract, its draft, what was said of it, and the database of its audit."""

    source: Path
    out: Path
    lines: list[str]
    exit_code: int
    database: Path

    @property
    def text(self) -> str:
        """Return everything the draft wrote and said."""
        files = sorted(path for path in self.out.rglob("*") if path.is_file())
        return "\n".join([*self.lines, *(path.read_text("utf-8") for path in files)])

    def rows(self, query: str) -> Counter[tuple[object, ...]]:
        """Return the rows of a query, counted."""
        con = open_finished(self.database)
        try:
            return Counter(con.sql(query).fetchall())
        finally:
            con.close()


@pytest.fixture(scope="module")
def drafted(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Drafted]:
    """Draft and audit an extract once, and return it by name."""
    made: dict[str, Drafted] = {}

    def of(name: str) -> Drafted:
        if name not in made:
            folder = tmp_path_factory.mktemp(name)
            source = {one.__name__: one for one in EXTRACTS}[name](folder / name)
            out = folder / f"{name}-map"
            lines = draft_mapping(source, out, None)
            settings = load_settings(source, config=out / "audit.toml")
            outcome = audit(settings, folder / "out", Journal(io.StringIO()))
            database = outcome.folder / "audit.duckdb"
            made[name] = Drafted(source, out, lines, outcome.exit_code, database)
        return made[name]

    return of


@pytest.mark.parametrize("name", [one.__name__ for one in EXTRACTS])
def test_a_disguised_extract_reaches_a_report(drafted: Callable[[str], Drafted], name: str) -> None:
    found = drafted(name)
    assert found.exit_code == 0
    assert (found.database.parent / "report-clinical.html").is_file()
    assert not [line for line in found.lines if "cannot be run" in line]


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("german", "infusion"),
        ("french", "infusion"),
        ("american", "infusion"),
        ("nameless", "dispensing"),
    ],
)
def test_grams_lots_and_days_are_those_of_the_sample(
    drafted: Callable[[str], Drafted], name: str, record: str
) -> None:
    day = {"infusion": "started", "dispensing": "dispensed"}[record]
    found = drafted(name).rows(
        f"""
        SELECT p.patient_id, r.{day}_on, r.dose_g, r.lot_number
        FROM staged.{record} AS r
        INNER JOIN staged.patient AS p USING (patient_key)
        """
    )
    wanted: Counter[tuple[object, ...]] = Counter(
        (
            row["patient_id"],
            row[f"{day}_at"][:10],
            Decimal(row["dose_g"]) if row["dose_g"] else None,
            row["lot_number"] or None,
        )
        for row in sample(record)
    )
    told: Counter[tuple[object, ...]] = Counter(
        {(who, str(on), dose, lot): n for (who, on, dose, lot), n in found.items()}
    )
    assert (wanted - told).total() <= wanted.total() // 50  # what the sample spoils is quarantined
    assert (told - wanted).total() == 0


@pytest.mark.parametrize("name", ["german", "american", "nameless"])
def test_weights_and_heights_are_those_of_the_sample(
    drafted: Callable[[str], Drafted], name: str
) -> None:
    found = drafted(name).rows(
        """
        SELECT p.patient_id, m.measured_on, m.weight_kg, m.height_cm
        FROM staged.body_measurement AS m
        INNER JOIN staged.patient AS p USING (patient_key)
        """
    )
    wanted = {
        (row["patient_id"], row["measured_at"][:10]): row for row in sample("body_measurement")
    }
    assert found.total() > 0.9 * len(wanted)
    for who, on, kilograms, centimetres in found:
        row = wanted[str(who), str(on)]
        if row["weight_kg"]:
            assert abs(Decimal(str(kilograms)) - Decimal(row["weight_kg"])) <= Decimal("0.1")
        if row["height_cm"]:
            assert abs(Decimal(str(centimetres)) - Decimal(row["height_cm"])) <= 1


def test_hours_of_another_clock_are_read(drafted: Callable[[str], Drafted]) -> None:
    wanted = {row["infusion_id"]: row["started_at"][:16] for row in sample("infusion")}
    found = drafted("american").rows("SELECT infusion_id, started_at FROM staged.infusion")
    assert {str(at)[:16].replace(" ", "T") == wanted[str(key)] for key, at in found} == {True}
    clocks = drafted("french").rows("SELECT started_at FROM staged.infusion")
    assert {str(at)[:16].replace(" ", "T") for (at,) in clocks} <= set(wanted.values())


def test_words_and_test_names_become_the_codes_of_the_contract(
    drafted: Callable[[str], Drafted],
) -> None:
    found = drafted("german")
    sexes = found.rows("SELECT sex FROM staged.patient")
    assert {sex for (sex,) in sexes} <= {"F", "M", "X", "U", None}
    assert sexes["M",] == sum(row["sex"] == "M" for row in sample("patient"))
    statuses = {status for (status,) in found.rows("SELECT status FROM staged.infusion")}
    assert statuses <= {"completed", "stopped", "not_given"}
    codes = found.rows("SELECT test_code FROM staged.lab_result")
    assert not [code for (code,) in codes if not re.fullmatch(r"\d+-\d", str(code))]


def test_a_product_inside_a_longer_text_is_resolved(drafted: Callable[[str], Drafted]) -> None:
    for name in ("french", "nameless"):
        unknown = drafted(name).rows("SELECT 1 FROM derived.product_code WHERE product_id IS NULL")
        assert unknown.total() == 0, name


def test_a_unit_that_was_guessed_says_so(drafted: Callable[[str], Drafted]) -> None:
    config = (drafted("nameless").out / "audit.toml").read_text("utf-8")
    dose = next(line for line in config.splitlines() if line.startswith("dose_g"))
    assert 'factor = "0.001"' in dose
    assert "GUESS" in dose
    assert "GUESS" not in next(
        line
        for line in (drafted("german").out / "audit.toml").read_text("utf-8").splitlines()
        if line.startswith("dose_g")
    )


def test_a_weight_of_unknown_basis_does_not_count_until_somebody_says_so(
    drafted: Callable[[str], Drafted],
) -> None:
    found = drafted("french")
    assert found.rows("SELECT weight_basis FROM staged.infusion").keys() == {(None,)}
    assert any("were the weights measured" in line for line in found.lines)
    assert any(line.startswith("  without a measured weight 29 % of rules") for line in found.lines)
    config = found.out / "audit.toml"
    config.write_text(config.read_text("utf-8").replace("# weight_basis", "weight_basis"), "utf-8")
    lines = check_source(found.source, found.out, None, None, None)
    assert not [line for line in lines if "without a measured weight" in line]


@pytest.mark.parametrize("name", [one.__name__ for one in EXTRACTS])
def test_nothing_written_or_said_holds_a_value_of_a_record(
    drafted: Callable[[str], Drafted], name: str
) -> None:
    text = drafted(name).text
    assert "SYN-" not in text  # every id and lot of the sample begins so
    assert not re.search(r"\b(19|20)\d\d-\d\d-\d\d\b|\b\d\d[./]\d\d[./](19|20)\d\d\b", text)


UNITS = ("g", "mL", "mg", "g", "g", "mL", "g")


def _folder(tmp_path: Path, files: dict[str, str | bytes]) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


TWO_DATES = """Pat_Nr;Datum 1;Datum 2;Präparat;Dosis (g);Charge
p1;31.01.2024;02.02.2024;Privigen;40;L1
p2;25.02.2024;27.02.2024;Privigen;30;L2
p3;15.02.2024;18.02.2024;Kiovig;25;L3
"""
HEAVY = "patient,date,weight\np1,2024-01-01,95\np2,2024-01-02,101\np3,2024-01-03,99\n"


def test_what_is_as_likely_as_something_else_is_left_open(tmp_path: Path) -> None:
    source = _folder(tmp_path, {"ivig.csv": TWO_DATES, "gewicht.csv": HEAVY})
    out = tmp_path / "draft"
    lines = draft_mapping(source, out, None)
    asked = "\n".join(lines[lines.index("Open questions") :])
    assert "infusion.started_at: columns 2 and 3 of the file are as likely" in asked
    assert "weight_kg: its unit is not known: its values fit kg or lb" in asked
    config = (out / "audit.toml").read_text("utf-8")
    offered = [line for line in config.splitlines() if "Datum" in line or '= "weight"' in line]
    assert len(offered) == 4
    assert all(line.startswith("# ") for line in offered)
    # striking one sign each is all it takes
    config = config.replace('# started_at = "Datum 2"', 'started_at = "Datum 2"')
    config = config.replace('# weight_kg = "weight"', 'weight_kg = "weight"')
    (out / "audit.toml").write_text(config, "utf-8")
    after = "\n".join(check_source(source, out, None, None, None))
    assert re.search(r"infusion +3 rows +100 % pass", after)
    assert "without a measured weight" not in after


def test_no_unit_is_guessed_where_a_column_beside_it_says_it(tmp_path: Path) -> None:
    rows = "".join(f"p{n},2024-0{n}-01,Privigen,{n}0,{unit}\n" for n, unit in enumerate(UNITS, 1))
    source = _folder(tmp_path, {"ivig.csv": f"MRN,Infusion Date,Drug,Dose,Dose UOM\n{rows}"})
    lines = draft_mapping(source, tmp_path / "draft", None)
    asked = "\n".join(lines[lines.index("Open questions") :])
    assert (
        "infusion.dose_g: its unit may stand in column 5 of the file (3 different words)" in asked
    )
    config = (tmp_path / "draft" / "audit.toml").read_text("utf-8")
    assert not re.search(r"^dose_g", config, re.MULTILINE)
    assert '# dose_g = "Dose"  # if it is in g' in config
    assert '# dose_g = { from = "Dose", factor = "0.001" }  # if it is in mg' in config


def test_dates_and_decimals_that_fit_two_readings_are_not_guessed(tmp_path: Path) -> None:
    rows = "".join(f"p{n};0{n}/0{n + 1}/2024;Privigen;{n},500\n" for n in range(1, 8))
    source = _folder(tmp_path, {"ivig.csv": f"MRN;Infusion Date;Drug;Dose (g)\n{rows}"})
    lines = draft_mapping(source, tmp_path / "draft", None)
    asked = "\n".join(lines[lines.index("Open questions") :])
    assert "its dates may be %d/%m/%Y or %m/%d/%Y" in asked
    assert "decimals or thousands?" in asked
    config = (tmp_path / "draft" / "audit.toml").read_text("utf-8")
    assert not re.search(r"^(date_format|decimal|dose_g)", config, re.MULTILINE)


def test_names_that_would_be_sql_or_toml_are_only_names(tmp_path: Path) -> None:
    out = io.StringIO()
    write = csv.writer(out)
    write.writerow(
        ["MRN", "Infusion Date", "Drug", "Dose (g)", 'x"); DROP TABLE raw.y; --', 'Lot "Nr\'',
         "source_row", '[table]\t= "x"']
    )  # fmt: skip
    write.writerows(
        [f"p{n}", f"2024-01-{n:02}", "Privigen", "40", "a", f"L{n}", "b", "c"] for n in range(1, 9)
    )
    files = {"inf 'quote\" ; x.csv": out.getvalue(), "nl.csv": '"patient\nid",x\np1,2\n'}
    source = _folder(tmp_path, dict(files))
    lines = draft_mapping(source, tmp_path / "draft", None)
    assert any(re.search(r"infusion +8 rows +100 % pass", line) for line in lines)
    assert any("Lot \"Nr'" in line and "lot_number" in line for line in lines)
    assert any(line.startswith("  nl.csv: ") for line in lines)
    assert all(line.isprintable() for line in lines)


def test_two_hundred_columns_are_read_and_not_all_listed(tmp_path: Path) -> None:
    head = ",".join(["MRN", "Infusion Date", "Drug", "Dose (g)", *(f"c{n}" for n in range(196))])
    rows = "".join(f"p1,2024-01-{n:02},Privigen,40{',7' * 196}\n" for n in range(1, 6))
    source = _folder(tmp_path, {"ivig.csv": f"{head}\n{rows}"})
    lines = draft_mapping(source, tmp_path / "draft", None)
    assert any(re.search(r"infusion +5 rows +100 % pass", line) for line in lines)
    assert "  and 166 more columns that are not used" in lines


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "holds no file"),
        ({"a.pdf": b"%PDF", "b.pdf": b"%PDF"}, "is not of a kind that is read"),
        ({"ivig.csv": "p1,2024-01-01,Privigen,40\np2,2024-01-02,Privigen,30\n"},
         "the first line looks like a record"),
        ({"who.csv": "P001,Anna,4711X\nP002,Bert,0815Y\nP003,Cleo,1234Z\n"},
         "the first line looks like a record"),
        ({"notes.csv": "topic,text\na,b\n"}, "no record recognised"),
    ],
)  # fmt: skip
def test_a_folder_without_records_says_why(
    tmp_path: Path, files: dict[str, str | bytes], said: str
) -> None:
    source = _folder(tmp_path, files)
    with pytest.raises(InputError, match="no record is recognised") as error:
        draft_mapping(source, tmp_path / "draft", None)
    assert said in str(error.value)
    assert not re.search("p1|Anna|P001", str(error.value))
    assert not (tmp_path / "draft").exists()


def test_a_draft_overwrites_nothing_and_leaves_the_source_alone(
    drafted: Callable[[str], Drafted],
) -> None:
    found = drafted("american")
    before = {path: path.read_bytes() for path in found.out.rglob("*") if path.is_file()}
    with pytest.raises(OutputError, match="overwrites nothing"):
        draft_mapping(found.source, found.out, None)
    assert {path: path.read_bytes() for path in before} == before
    assert all(path.stat().st_mode & 0o077 == 0 for path in [found.out, *before])
    assert not [path for path in found.source.rglob("*") if path.suffix in (".toml", ".sql")]


def test_check_speaks_of_contract_files_and_of_a_draft_for_the_moment(tmp_path: Path) -> None:
    source = _folder(
        tmp_path,
        {
            "patient.csv": "patient_id,birth_date\np1,1980-01-01\n",
            "infusion.csv": "infusion_id,patient_id,started_at,product_code,dose_g\n"
            "i1,p1,2024-01-01,Privigen,40\n",
        },
    )
    lines = check_source(source, tmp_path / "none", None, None, None)
    assert any("without a measured weight 29 % of rules are not assessable" in one for one in lines)
    (source / "infusion.csv").rename(source / "gaben.csv")
    lines = check_source(source, tmp_path / "none", None, None, None)
    assert lines[0].startswith("No mapping yet")
    assert any("without a measured weight 29 % of rules are not assessable" in one for one in lines)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source"]


def _printed(kind: str) -> list[tuple[str, str]]:
    """Return what the page prints behind a file name, by that name."""
    page = PAGE.read_text("utf-8")
    return re.findall(rf"`([^`\n]+)`\n\n```{kind}\n(.*?)```", page, re.DOTALL)


def test_the_example_of_the_page_becomes_what_the_page_says(tmp_path: Path) -> None:
    files = dict(_printed("csv"))
    source = _folder(tmp_path, dict(files))
    lines = draft_mapping(source, tmp_path / "source-map", None)
    (_, said), (_, config) = _printed("text")[0], _printed("toml")[0]
    assert said.strip() in "\n".join(lines)
    written = (tmp_path / "source-map" / "audit.toml").read_text("utf-8")
    for line in config.strip().splitlines():
        assert line in written.splitlines(), line


def test_columns_alone_tell_the_record_and_their_own_names_map_to_themselves(
    tmp_path: Path,
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    records = [path.stem for path in sorted(SAMPLE.glob("*.csv")) if path.stem != "truth"]
    for place, record in enumerate(records):  # file names that say nothing
        lines = (SAMPLE / f"{record}.csv").read_text("utf-8").splitlines(keepends=True)[:250]
        (source / f"t{chr(ord('a') + place)}.csv").write_text("".join(lines), "utf-8")
    report = draft_mapping(source, tmp_path / "draft", None)
    said = [line.split("): ")[1] for line in report if re.search(r"\.csv \(\d+ rows\): ", line)]
    assert said == records
    config = (tmp_path / "draft" / "audit.toml").read_text("utf-8").split("[files]")[1]
    told = re.findall(r'^(\w+) = "(\w+)"  #', config, re.MULTILINE)
    assert len(told) > 80
    assert [pair for pair in told if pair[0] != pair[1]] == []


def test_sheets_of_a_workbook_are_read_as_files_are(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    book = xlsxwriter.Workbook(str(source / "IVIG [neu].xlsx"))
    dated = book.add_format({"num_format": "dd.mm.yyyy"})
    sheet = book.add_worksheet("Gaben 2024")
    sheet.write_row(0, 0, ["Pat_Nr", "Verabreicht am", "Präparat", "Dosis (mg)", "Charge"])
    for row in range(1, 9):
        sheet.write_row(row, 0, [f"p{row % 3}", None, "Privigen", 30_000 + row, f"L{row}"])
        sheet.write_datetime(row, 1, datetime(2024, 1, row), dated)  # noqa: DTZ001 - as Excel has it
    book.add_worksheet("Notizen").write(0, 0, "nur Text")
    book.close()
    lines = draft_mapping(source, tmp_path / "draft", None)
    assert any(re.search(r"infusion +8 rows +100 % pass", line) for line in lines), lines
    assert any("Notizen" in line for line in lines)


def _example_of(format_name: str, folder: Path) -> Path:
    """Write the example that the page of a format prints, under names that say nothing."""
    page = (PAGE.parent / f"{format_name}.md").read_text("utf-8")
    found = re.findall(r"`\w+\.(csv|ndjson)`\n\n```\w+\n(.*?)```", page, re.DOTALL)
    folder.mkdir()
    for place, (kind, text) in enumerate(found):
        (folder / f"t{chr(ord('a') + place)}.{kind}").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("format_name", "why"),
    [
        ("mar", r"tb\.csv: column action: \d+% actions, bags begun and what followed"),
        ("claims", r"t\w\.csv: column hcpcs_code: \d+% HCPCS codes, \d+ of immune globulin"),
        ("omop-5.4", r"td\.csv: the columns drug_concept_id, drug_exposure_start_date, person_id"),
        ("fhir-r4", r"ta\.ndjson: resources that name their resourceType"),
    ],
)
def test_a_ready_made_format_is_named_with_what_speaks_for_it(
    tmp_path: Path, format_name: str, why: str
) -> None:
    source = _example_of(format_name, tmp_path / "source")
    try:
        lines = draft_mapping(source, tmp_path / "draft", None)
    except InputError as error:
        lines = str(error).splitlines()
    told = [line for line in lines if line.startswith("  --format ")]
    assert len(told) == 1, lines
    assert re.fullmatch(rf"  --format {format_name}: {why}.*", told[0])
    assert any(f"--check --format {format_name}" in line for line in lines)
    assert "SYN-" not in "\n".join(told)


@pytest.mark.parametrize(
    "column",
    [
        "status\ncompleted\nstopped\nnot_given\n",  # the contract's own words
        "what\ngiven\nrefused\nheld\n",  # doses alone: each row is one
        "product_code\nJ1459\nJ1569\nJ1459\n",  # a code of the product, and no claim
    ],
)
def test_a_list_of_doses_is_taken_for_no_other_format(tmp_path: Path, column: str) -> None:
    name, *words = column.split()
    rows = [f"i{n},p1,2024-01-0{n},Privigen,40,{word}" for n, word in enumerate(words, start=1)]
    text = "\n".join([f"infusion_id,patient_id,started_at,brand,dose_g,{name}", *rows]) + "\n"
    source = _folder(tmp_path, {"doses.csv": text, "patient.csv": "patient_id,sex\np1,F\n"})
    lines = draft_mapping(source, tmp_path / "draft", None)
    assert [line for line in lines if "--format" in line] == []
