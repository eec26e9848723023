"""What a careless night gets: one clear line and its exit code, or the rows in quarantine.

Most runs stay in this process; what only a process of its own can show (killed, locked out,
out of space) is in test_bad_nights.py.
"""

from __future__ import annotations

import csv
import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from nightly import INFUSION, INFUSION_HEADER, PATIENT, WEIGHT, Ended, Files, csv_text, extract
from nightly import typed as ivig_audit

from pipeline import resources
from pipeline.ingest.load import load_fast
from pipeline.store import open_finished

Run = Callable[..., Ended]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return how to run the audit on the extract in `tmp_path / "in"`."""

    def audit(*options: object, out: Path = tmp_path / "out") -> Ended:
        return ivig_audit(("run", tmp_path / "in", "--out", out, *options), capsys)

    return audit


def reports(tmp_path: Path) -> Path:
    return tmp_path / "out" / "latest"


def assert_nothing_left(out: Path) -> None:
    """Nothing was published, and nothing half-made stays."""
    left = {path.name for path in out.iterdir()} if out.is_dir() else set()
    assert left <= {".lock"}


REFUSED_FILES: dict[str, tuple[Files, int, str]] = {
    "empty file": ({"infusion.csv": ""}, 10, "infusion.csv: is empty"),
    "header only": ({"infusion.csv": INFUSION_HEADER}, 10, "infusion (0 rows, 0 in quarantine)"),
    "missing column": (
        {"infusion.csv": INFUSION.replace("started_at", "begun_at")}, 10,
        "infusion.csv: column started_at is missing",
    ),
    "wrong delimiter told": ({"audit.toml": "[csv]\ndelimiter = ';'\n"}, 10, "is missing"),
    "no header": (
        {"infusion.csv": INFUSION.removeprefix(INFUSION_HEADER)}, 10, "infusion_id is missing",
    ),
    "a workbook": ({"infusion.csv": b"PK\3\4\0" + bytes(range(256)) * 9}, 10, "not a header"),
    "two columns of one name": (
        {"infusion.csv": INFUSION.replace("route", "DOSE_G")}, 10,
        "columns 6 and 7 have the same name",
    ),
    "Parquet cut in half": (
        {"infusion.csv": None, "infusion.parquet": b"PAR1" + b"x" * 99}, 10,
        "is not a whole Parquet file",
    ),
    "gzip that is none": (
        {"infusion.csv": None, "infusion.csv.gz": b"none"}, 10, "is not a whole gzip file",
    ),
    "gzip cut short": (
        {"infusion.csv": None, "infusion.csv.gz": gzip.compress(INFUSION.encode())[:-12]}, 10,
        "is not a whole gzip file",
    ),
    "only patients": ({"infusion.csv": None}, 10, "one of infusion and dispensing"),
    "no patients": ({"patient.csv": None}, 10, "the record patient is missing"),
    "a folder named like a record": (
        {"diagnosis.csv/notes.md": "x"}, 10, "diagnosis.csv: is no file but a folder",
    ),
    "all rows in quarantine": (
        {"infusion.csv": INFUSION.replace("2024-", "2O24-")}, 11,
        "infusion: 20 of 20 rows are in quarantine",
    ),
    "a glob out of the folder": (
        {"audit.toml": "[files]\ninfusion = '../*.csv'\n"}, 15, "inside the source folder",
    ),
    "a glob that is none": (
        {"audit.toml": "[files]\ninfusion = '**x'\n"}, 15, "not a pattern of file names",
    ),
    "a glob that is the folder": (
        {"audit.toml": "[files]\ninfusion = '.'\n"}, 15, "not a pattern of file names",
    ),
    "unknown key": ({"audit.toml": "[source]\ntimezone = 'UTC'\n"}, 15, "source.timezone"),
    "no TOML": ({"audit.toml": "hello world"}, 15, "audit.toml: not valid TOML"),
    "binary": ({"audit.toml": b"\0\xff\xfe"}, 15, "audit.toml: not valid TOML"),
    "configuration is a folder": ({"audit.toml/x": ""}, 15, "audit.toml: cannot be read"),
    "wrong time zone": (
        {"audit.toml": "[source]\ntime_zone = 'Mars/Base'\n"}, 15, "source.time_zone",
    ),
    "no memory size": ({"audit.toml": "[run]\nmemory_limit = 'lots'\n"}, 15, "run.memory_limit"),
    "too little memory": (
        {"audit.toml": "[run]\nmemory_limit = '1MB'\n"}, 16, "needs more memory than it may take",
    ),
    "guidelines are elsewhere": (
        {"audit.toml": "[run]\nguideline_folder = '/nowhere'\n"}, 12, "is not there",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("files", "code", "said"), REFUSED_FILES.values(), ids=REFUSED_FILES)
def test_files_that_are_refused(
    tmp_path: Path, run: Run, files: Files, code: int, said: str
) -> None:
    extract(tmp_path / "in", files)
    ended = run()
    assert ended.code == code, ended.stderr
    assert said in ended.line()
    assert_nothing_left(tmp_path / "out")


REFUSED_OPTIONS: dict[str, tuple[tuple[str, ...], int, str]] = {
    "no such format": (("--format", "nonsense"), 15, "known formats are csv"),
    "a format elsewhere": (("--format", "../mappings/mimic3"), 15, "known formats are csv"),
    "no such set": (("--guideline", "nonsense"), 12, "guideline set nonsense: not found"),
    "no such edition": (("--edition", "public"), 15, "--edition: "),
    "from after to": (("--from", "2024-12-01", "--to", "2024-01-01"), 15, "is after to_on"),
    "as of a day nobody sees": (("--as-of", "9999-12-31"), 15, "--as-of: "),
    "no such previous run": (("--previous", "nonsense"), 10, "--previous: no such run"),
    "a previous run elsewhere": (("--previous", "../in"), 10, "--previous: no such run"),
    "no such configuration": (("--config", "nowhere.toml"), 15, "nowhere.toml: cannot be read"),
}


@pytest.mark.parametrize(("options", "code", "said"), REFUSED_OPTIONS.values(), ids=REFUSED_OPTIONS)
def test_options_that_are_refused(
    tmp_path: Path, run: Run, options: tuple[str, ...], code: int, said: str
) -> None:
    extract(tmp_path / "in")
    ended = run(*options)
    assert ended.code == code, ended.stderr
    assert said in ended.line()
    assert_nothing_left(tmp_path / "out")


@pytest.mark.parametrize(
    "options",
    [
        ("--threads", "0"),
        ("--threads", "100000"),
        ("--max-quarantine", "-5%"),
        ("--max-quarantine", "nan"),
        ("--max-quarantine", "inf%"),
        ("--max-quarantine", "101%"),
        ("--as-of", "2023-02-29"),
        ("--fail-on", "anything"),
    ],
)
def test_wrong_usage_exits_2(tmp_path: Path, run: Run, options: tuple[str, ...]) -> None:
    extract(tmp_path / "in")
    assert run(*options).code == 2


def test_a_source_that_is_no_folder_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.csv").write_text(PATIENT)
    for source, said in (
        ("nowhere", "does not exist"),
        ("file.csv", "is a file"),
        ("empty", "holds no record file"),
    ):
        ended = ivig_audit(("run", tmp_path / source, "--out", tmp_path / "out"), capsys)
        assert ended.code == 10
        assert said in ended.line()


def test_what_is_no_file_is_refused_and_not_passed_over(tmp_path: Path, run: Run) -> None:
    source = extract(tmp_path / "in")
    (source / "diagnosis.csv").symlink_to(tmp_path / "nowhere.csv")
    assert "diagnosis.csv: is no file" in run().line()
    (source / "diagnosis.csv").unlink()
    os.mkfifo(source / "lab_result.csv")
    assert "lab_result.csv: is no file" in run().line()


def test_a_link_out_of_the_folder_is_refused_in_a_glob(tmp_path: Path, run: Run) -> None:
    source = extract(tmp_path / "in", {"audit.toml": "[files]\ninfusion = 'link*.csv'\n"})
    (source / "infusion.csv").rename(tmp_path / "elsewhere.csv")
    (source / "link.csv").symlink_to(tmp_path / "elsewhere.csv")
    ended = run()
    assert ended.code == 15
    assert "finds a link that leaves the source folder" in ended.line()


def test_a_file_that_grows_while_it_is_read_is_refused(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = extract(tmp_path / "in")

    def write_on(*told: Any, **also: Any) -> int | None:
        with (source / "infusion.csv").open("a") as file:
            file.write(INFUSION.splitlines()[1] + "\n")
        return load_fast(*told, **also)

    monkeypatch.setattr("pipeline.ingest.load_fast", write_on)
    ended = run()
    assert ended.code == 10
    assert "infusion.csv: changed while it was read" in ended.line()
    assert_nothing_left(tmp_path / "out")


SELECT = """
-- One row per infusion.
SELECT infusion_id, patient_id, started_at, product_code, dose_g, source_file, source_row
FROM raw.infusion
"""
REFUSED_SELECTS: dict[str, tuple[str | bytes, str]] = {
    "syntax error": ("SELEC nothing", "is not one SELECT"),
    "writes a table": ("CREATE TABLE x AS SELECT 1", "is not one SELECT"),
    "writes a file": ("COPY (SELECT 1) TO 'x.csv'", "is not one SELECT"),
    "reads a file by a function": (
        SELECT.replace("raw.infusion", "read_csv('/etc/passwd')"), "may read raw tables only",
    ),
    "reads a file by its name": (
        SELECT.replace("raw.infusion", "raw.infusion, '/etc/passwd' AS other"),
        "may read raw tables only",
    ),
    "reads a file in a subquery": (
        SELECT.replace("dose_g", "(SELECT MIN(x) FROM 'other.csv') AS dose_g"),
        "may read raw tables only",
    ),
    "reads another schema": (
        SELECT.replace("raw.infusion", "information_schema.tables"), "may read raw tables only",
    ),
    "wrong columns": (
        SELECT.replace("dose_g", "dose_g AS grams"), "returns grams, which is not in the contract",
    ),
    "a column twice": (
        SELECT.replace("dose_g", "dose_g, route AS Dose_G"), "returns dose_g more than once",
    ),
    "fails on a row": (SELECT.replace("dose_g", "error(patient_id) AS dose_g"), "fails on these"),
    "casts what is no number": (
        SELECT.replace("dose_g", "patient_id::INTEGER AS dose_g"), "fails on these files",
    ),
    "not UTF-8": ((SELECT + "-- Süd").encode("latin-1"), "is not UTF-8 text"),
}  # fmt: skip


@pytest.mark.parametrize(("select", "said"), REFUSED_SELECTS.values(), ids=REFUSED_SELECTS)
def test_mappings_that_are_refused(
    tmp_path: Path, run: Run, select: str | bytes, said: str
) -> None:
    patient = "SELECT patient_id, sex, source_file, source_row FROM raw.patient"
    files: Files = {"sql/patient.sql": patient, "sql/infusion.sql": select}
    extract(tmp_path / "in", files | {"audit.toml": "mapping_folder = 'sql'\n"})
    ended = run()
    assert ended.code == 15, ended.stderr
    assert ended.line().startswith("infusion.sql: ")
    assert said in ended.line()


def test_a_mapping_that_is_a_folder_is_refused(tmp_path: Path, run: Run) -> None:
    files: Files = {"sql/patient.sql/x": "", "audit.toml": "mapping_folder = 'sql'\n"}
    extract(tmp_path / "in", files)
    ended = run()
    assert ended.code == 15
    assert "patient.sql: cannot be read" in ended.line()


def infusion(key: str, **told: str) -> list[str]:
    """Return a row of the infusion file with some cells spoiled."""
    columns = INFUSION_HEADER.strip().split(",")
    first = dict(zip(columns, INFUSION.splitlines()[1].split(","), strict=True))
    return [(first | {"infusion_id": key} | told)[name] for name in columns]


BAD_CELLS = {
    "comma": ({"dose_g": "1,5"}, "not_a_number"),
    "thousands": ({"dose_g": "25,000"}, "not_a_number"),
    "decimals": ({"dose_g": "1.23456"}, "too_many_decimals"),
    "words": ({"dose_g": "LESS THAN 20"}, "not_a_number"),
    "negative": ({"dose_g": "-5"}, "dose_g"),
    "nothing": ({"dose_g": "0"}, "dose_g"),
    "leap": ({"started_at": "2023-02-29 09:00"}, "not_a_time"),
    "year-0202": ({"started_at": "0202-03-01 09:00"}, "not_a_time"),
    "year-20224": ({"started_at": "20224-03-01 09:00"}, "not_a_time"),
    "infinity": ({"started_at": "infinity"}, "not_a_time"),
    "epoch": ({"started_at": "epoch"}, "not_a_time"),
    "gap": ({"started_at": "2024-03-31 02:30", "ended_at": ""}, "no_such_time"),
    "blank-id": ({"patient_id": ""}, "missing"),
    "stranger": ({"patient_id": "ZQ-nobody"}, "unknown_patient"),
}


def test_bad_cells_go_to_quarantine_with_their_reason(tmp_path: Path, run: Run) -> None:
    rows = [infusion(f"ZQ-{key}", **cells) for key, (cells, _) in BAD_CELLS.items()]
    rows += [infusion("ZQ-twice"), infusion("ZQ-twice", dose_g="40")]
    weights = ["-3", "0", "0.0", "nan", "1e2"]
    measured = [["ZQ-p1", f"2024-02-{n:02} 08:00", kg] for n, kg in enumerate(weights, start=1)]
    extract(
        tmp_path / "in",
        {
            "infusion.csv": INFUSION + csv_text(rows),
            "body_measurement.csv": WEIGHT + csv_text(measured),
            "audit.toml": "[source]\ntime_zone = 'Europe/Paris'\n",
        },
    )
    ended = run("--max-quarantine", "100%")
    assert ended.code == 0, ended.stderr
    ended.shows_no_record()
    with open_finished(reports(tmp_path) / "audit.duckdb") as con:
        found = con.sql(
            "SELECT source_row, STRING_AGG(check_name || ' ' || column_name, ';')"
            " FROM quarantine.infusion GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        expected = [*(check for _, check in BAD_CELLS.values()), *["conflicting_duplicate"] * 2]
        assert [row for row, _ in found] == list(range(21, 21 + len(expected)))
        for (_, checks), wanted in zip(found, expected, strict=True):
            assert wanted in checks
        assert con.sql("SELECT COUNT(*) FROM staged.infusion").fetchall() == [(20,)]
        lost = con.sql("SELECT COUNT(*) FROM quarantine.body_measurement").fetchall()
        assert lost == [(len(weights),)]
        assert_ledgers_close(con)


def assert_ledgers_close(con: duckdb.DuckDBPyConnection) -> None:
    """No row of a file and no row of a record is lost."""
    open_files = con.sql(
        "SELECT file_id FROM audit.file_ledger"
        " WHERE raw_rows <> mapped_rows + not_mapped_rows + unreadable_rows"
    ).fetchall()
    open_records = con.sql(
        "SELECT record FROM audit.record_ledger"
        " WHERE mapped_rows <> staged_rows + quarantined_rows + set_aside_rows"
    ).fetchall()
    assert (open_files, open_records) == ([], [])


def test_damaged_lines_cost_themselves_and_nothing_around_them(tmp_path: Path, run: Run) -> None:
    lines = [
        ",".join(infusion(f"ZQ-i{n}", dose_g="77.5", started_at="2024-03-01")) + "\n"
        for n in range(1, 1001)
    ]
    lines[0] = lines[0].replace("Privigen", '"Privigen')  # line 2 of the file
    lines[10] = lines[10].replace(",IV", "")
    lines[20] = lines[20].replace(",IV", ",IV,more")
    lines[30] = lines[30].replace("IV", "I\0V")
    lines[40] = lines[40].replace("IV", "x" * 10_000_000)
    lines[60:63] = [line.replace("Privigen", "Privigen ü") for line in lines[60:63]]
    text = (INFUSION_HEADER + "".join(lines)).encode().replace(b"ZQ-i51,", b"ZQ-\xff51,")
    extract(tmp_path / "in", {"infusion.csv": text})
    ended = run("--max-quarantine", "100%")
    assert ended.code == 0, ended.stderr
    ended.shows_no_record()
    with open_finished(reports(tmp_path) / "audit.duckdb") as con:
        assert con.sql(
            "SELECT source_row, reason FROM quarantine.unreadable ORDER BY ALL"
        ).fetchall() == [
            (1, "open_quote"), (11, "ragged"), (21, "ragged"), (31, "nul_byte"),
            (41, "cell_too_long"), (51, "encoding"),
        ]  # fmt: skip
        assert con.sql("SELECT COUNT(*) FROM staged.infusion").fetchall() == [(994,)]
        assert_ledgers_close(con)


def test_odd_files_that_can_be_understood_are(tmp_path: Path, run: Run) -> None:
    header = INFUSION_HEADER.replace("infusion_id", '" Infusion_ID "').replace("dose_g", "DOSE_G")
    body = INFUSION.removeprefix(INFUSION_HEADER).replace("itp_adult", "itp_adult,ZQ-note")
    odd = header.strip() + ",ward note\n" + body.replace("ZQ-i2,", "ZQ-\x93i2\x94,")
    files: Files = {
        "infusion.csv": None,
        "infusion.csv.gz": gzip.compress(odd.encode("latin-1")),
        "patient.csv": PATIENT.encode("utf-16"),
        "body_measurement.csv": b"\xef\xbb\xbf" + WEIGHT.replace(",", ";").encode(),
        "diagnosis.csv": "patient_id,code_system,code\r\nZQ-p1,ICD10,D69.3\r\n",
    }
    extract(tmp_path / "in", files)
    ended = run()
    assert ended.code == 0, ended.stderr
    assert "infusions: 20" in ended.stdout
    ended.shows_no_record()
    with open_finished(reports(tmp_path) / "audit.duckdb") as con:
        unknown = con.sql("SELECT column_name FROM audit.unused_column").fetchall()
        assert unknown == [("ward note",)]
        weights = con.sql("SELECT DISTINCT weight_kg::VARCHAR FROM staged.body_measurement")
        assert weights.fetchall() == [("77.700",)]
        assert_ledgers_close(con)


HOSTILE = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "<script>alert(1)</script>",
    "{{7*7}}${7*7}{%x%}",
    "'; DROP TABLE staged.infusion; --",
    'semi;colon "quoted"',
    "\u202eright to left",
    "\U0001f489",
    "\x93Windows\x94",
    "x" * 10_000,
]


def test_hostile_text_runs_nowhere(
    tmp_path: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = INFUSION_HEADER.strip() + ",ward_id,site_id,prescriber_id,stop_reason"
    given = [
        [
            *infusion(f"{text}{month}", patient_id=text, dose_g="477.5",
                      started_at=f"2024-0{month}-01 09:00", ended_at=ended),
            *[text] * 4,
        ]
        for text in HOSTILE
        for month, ended in ((3, "2024-03-01 19:00"), (5, "2024-04-01 09:00"))
    ]  # fmt: skip
    for position, row in enumerate(given):
        row[4] = HOSTILE[position % len(HOSTILE)] if position % 3 == 0 else row[4]
        row[7] = HOSTILE[position % len(HOSTILE)] if position % 8 == 0 else row[7]
    people = [["patient_id", "birth_date", "sex"], *([text, "1980-01-01", "F"] for text in HOSTILE)]
    weighed = [[text, "2024-02-28 08:00", "77.7"] for text in HOSTILE]
    files: Files = {
        "patient.csv": csv_text(people),
        "infusion.csv": csv_text([columns.split(","), *given]),
        "body_measurement.csv": WEIGHT.splitlines()[0] + "\n" + csv_text(weighed),
        "audit.toml": "[source]\nid = '=1+<script>'\n",
    }
    extract(tmp_path / "in", files)
    ended = run("--max-quarantine", "100%", "--as-of", "2024-12-31")
    assert ended.code == 0, ended.stderr
    assert [text for text in HOSTILE if text in ended.stdout + ended.stderr] == []
    page = (reports(tmp_path) / "report-clinical.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    for name in ("findings.csv", "quarantine.csv"):
        with (reports(tmp_path) / name).open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        assert len(rows) > 1
        assert {len(row) for row in rows} == {len(rows[0])}
        cells = [cell for row in rows for cell in row]
        # a number below zero is no formula, and stays a number
        assert [c for c in cells if c[:1] in set("=+@\t\r") or c.startswith("-1+")] == []
    assert_private(tmp_path / "out")
    with (reports(tmp_path) / "findings.csv").open(encoding="utf-8", newline="") as file:
        keys = [row["finding_key"] for row in csv.DictReader(file)]
    told = ivig_audit(("explain", keys[0], "--out", tmp_path / "out"), capsys)
    assert told.code == 0
    assert_private(tmp_path / "out")
    assert_explain_knows_its_limits(tmp_path / "out", keys[0], capsys)


def assert_private(out: Path) -> None:
    """Folders 0700 and files 0600, all the way down; no name of a file comes from a record."""
    for path in [out, *out.rglob("*")]:
        assert not any(text in path.name for text in HOSTILE)
        if not path.is_symlink():
            wanted = 0o700 if path.is_dir() else 0o600
            assert path.stat().st_mode & 0o777 == wanted, path.name


def assert_explain_knows_its_limits(
    out: Path, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown key or run, a damaged database and one of another version are input errors."""
    for options in (("nope",), ("'; DROP TABLE",), (key, "--run", "nope"), (key, "--run", "../..")):
        ended = ivig_audit(("explain", *options, "--out", out), capsys)
        assert ended.code == 10
        assert ended.line()
    database = (out / "latest").resolve() / "audit.duckdb"
    whole = database.read_bytes()
    for content in (whole[: len(whole) // 2], b"junk" * 99):
        database.write_bytes(content)
        ended = ivig_audit(("explain", key, "--out", out), capsys)
        assert ended.code == 10
        assert "damaged, or of another version" in ended.line()
    database.unlink()
    with duckdb.connect(str(database)) as con:
        con.execute("CREATE TABLE of_long_ago (n INTEGER)")
    ended = ivig_audit(("explain", key, "--out", out), capsys)
    assert "of an earlier version" in ended.line()


def test_a_check_that_fails_publishes_nothing(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    extract(tmp_path / "in")
    read = resources.sql

    def broken(relative: str) -> str:
        return "SELECT nothing" if relative == "checks/regimen.sql" else read(relative)

    monkeypatch.setattr(resources, "sql", broken)
    ended = run()
    assert ended.code == 13, ended.stderr
    assert "the check regimen failed to run; nothing was published" in ended.line()
    assert_nothing_left(tmp_path / "out")


@pytest.mark.parametrize(
    "options",
    [
        ("--as-of", "1900-01-01"),
        ("--as-of", "2199-12-31", "--from", "1900-01-01", "--to", "2199-12-31"),
        ("--from", "2030-01-01", "--to", "2030-12-31", "--max-quarantine", "0%"),
    ],
    ids=["before all records", "three centuries", "a period without records"],
)
def test_a_period_far_from_the_records_is_reported_as_it_is(
    tmp_path: Path, run: Run, options: tuple[str, ...]
) -> None:
    extract(tmp_path / "in")
    ended = run(*options)
    assert ended.code == 0, ended.stderr
    assert (reports(tmp_path) / "report-clinical.html").is_file()


@pytest.mark.parametrize(
    ("files", "options"),
    [
        ({"patient.csv": PATIENT[: PATIENT.index("\n", 30) + 1]}, ("--max-quarantine", "95%")),
        (
            {
                "infusion.csv": None,
                "body_measurement.csv": None,
                "dispensing.csv": "dispensing_id,patient_id,dispensed_at,product_code,dose_g\n"
                "ZQ-d,ZQ-p1,2024-03-01,Privigen,30\n",
            },
            (),
        ),
        (
            {"infusion.csv": INFUSION.replace("2024-", "2O24-")},
            ("--max-quarantine", "100%", "--as-of", "2024-12-31"),
        ),
    ],
    ids=["one patient only", "only dispensings", "every infusion in quarantine"],
)
def test_little_that_can_be_trusted_still_gets_a_report(
    tmp_path: Path, run: Run, files: Files, options: tuple[str, ...]
) -> None:
    extract(tmp_path / "in", files)
    ended = run(*options)
    assert ended.code == 0, ended.stderr
    ended.shows_no_record()
    with open_finished(reports(tmp_path) / "audit.duckdb") as con:
        assert_ledgers_close(con)


@pytest.mark.parametrize("name", ["latest", "runs"])
def test_an_output_folder_with_things_of_others_is_refused(
    tmp_path: Path, run: Run, name: str
) -> None:
    extract(tmp_path / "in")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("mine")
    ended = run()
    assert ended.code == 16
    assert f"holds a `{name}` that is" in ended.line()
    assert (tmp_path / "out" / name).read_text() == "mine"


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("in", "is the source itself"),
        ("in/out", "lies inside the source"),
        ("in/not/yet/../there", "lies inside the source"),
        ("link", "is the source itself"),
        ("link/out", "lies inside the source"),
        (".", "holds the source"),
    ],
)
def test_records_and_results_never_lie_among_each_other(
    tmp_path: Path, run: Run, out: str, said: str
) -> None:
    extract(tmp_path / "in")
    (tmp_path / "link").symlink_to("in")
    before = sorted(tmp_path.rglob("*"))
    ended = run(out=tmp_path / out)
    assert (ended.code, ended.stdout) == (16, "")
    assert said in ended.line()
    assert "Name a folder beside the source" in ended.line()
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("out", ["beside", "in2", "sub/out"])
def test_a_folder_beside_the_source_is_no_part_of_it(tmp_path: Path, run: Run, out: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "in").mkdir()
    ended = run(out=tmp_path / out)
    assert ended.code == 10
    assert "holds no record file" in ended.line()


@pytest.mark.parametrize("out", ["file", "file/out"])
def test_an_output_folder_that_is_a_file_is_told(tmp_path: Path, run: Run, out: str) -> None:
    (tmp_path / "file").write_text("mine")
    ended = run(out=tmp_path / out)
    assert ended.code == 16
    assert "file: is a file. Name a folder with --out." in ended.line()
    assert (tmp_path / "file").read_text() == "mine"


def test_where_others_may_write_nothing_is_published(tmp_path: Path, run: Run) -> None:
    extract(tmp_path / "in")
    (tmp_path / "out").mkdir()
    (tmp_path / "out").chmod(0o777)
    ended = run()
    assert ended.code == 16
    assert "out: every user of this machine may write to it" in ended.line()
    (tmp_path / "out").chmod(0o700)
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk").chmod(0o777)
    (tmp_path / "out" / "runs").symlink_to(tmp_path / "disk")
    ended = run()
    assert ended.code == 16
    assert "runs: every user of this machine may write to it" in ended.line()
    assert list((tmp_path / "disk").iterdir()) == []
    # a disk of one's own may be reached by a link; what only its group may do is said aloud
    (tmp_path / "disk").chmod(0o770)
    ended = run()
    assert ended.code == 0
    assert "runs: its group may write to it" in ended.stderr
    assert (tmp_path / "out" / "latest" / "manifest.json").is_file()


def test_other_commands_refuse_what_they_do_not_know(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    refused: tuple[tuple[tuple[object, ...], int], ...] = (
        (("guideline", "check", tmp_path / "nowhere"), 12),
        (("guideline", "check", tmp_path / "file"), 12),
        (("guideline", "check", tmp_path / "empty"), 12),
        (("guideline", "show", "../droracle-2025"), 12),
        (("explain", "0123456789abcdef", "--out", tmp_path / "nowhere"), 10),
        (("synth", tmp_path / "file", "--patients", "1", "--seed", "1"), 16),
    )
    for arguments, code in refused:
        ended = ivig_audit(arguments, capsys)
        assert ended.code == code, arguments
        assert ended.line()
    misused: tuple[tuple[object, ...], ...] = (
        ("contract", "nonsense"),
        ("contract", "--template"),
        ("synth", tmp_path / "s", "--patients", "0", "--seed", "1"),
    )
    for arguments in misused:
        assert ivig_audit(arguments, capsys).code == 2


def test_synthetic_records_never_overwrite_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = extract(tmp_path / "in")
    ended = ivig_audit(("synth", source, "--patients", "1", "--seed", "1"), capsys)
    assert ended.code == 16
    assert "holds records of others" in ended.line()
    assert (source / "patient.csv").read_text() == PATIENT
