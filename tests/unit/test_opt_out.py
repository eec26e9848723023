"""Who opted out is in no table; a list that cannot be read to its end stops the run."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
import xlsxwriter

from pipeline.config import Settings, Source, load_settings
from pipeline.errors import InputError
from pipeline.ingest import ingest
from pipeline.ingest.opt_out import FILE, read_opt_outs, write_opt_outs
from pipeline.store import insert_rows, open_store
from pipeline.validate import validate
from schemas import contract

COLUMNS = {"patient_id": "VARCHAR", "source_id": "VARCHAR"}
Table = list[dict[str, str | None]]


def mapped(con: duckdb.DuckDBPyConnection, record: str, table: Table) -> None:
    """Make `mapped.<record>` from rows that name the cells they fill."""
    one = contract(record)
    names = [column.name for column in one.columns]
    rows = [
        [*(row.get(name) for name in names), row.get("source_id"), 1, number, None, None]
        for number, row in enumerate(table, start=1)
    ]
    kinds = dict.fromkeys(names, "VARCHAR") | {
        "source_id": "VARCHAR", "source_file": "SMALLINT", "source_row": "INTEGER",
        "recorded_at": "VARCHAR", "is_deleted": "VARCHAR",
    }  # fmt: skip
    insert_rows(con, f"mapped.{record}", kinds, rows)


def infusion(key: str, patient: str, **more: str | None) -> dict[str, str | None]:
    return {
        "infusion_id": key, "patient_id": patient, "started_at": "2024-03-01",
        "product_code": "Privigen", "dose_g": "30", **more,
    }  # fmt: skip


def without(
    listed: list[tuple[str, str | None]], tables: dict[str, Table], *, shared: bool = True
) -> duckdb.DuckDBPyConnection:
    """Validate the tables with a list of opt-outs, and keep one unreadable line."""
    con = open_store()
    con.execute(
        "CREATE TABLE quarantine.unreadable (file_id SMALLINT, source_row INTEGER,"
        " reason VARCHAR, original_text VARCHAR)"
    )
    con.execute("INSERT INTO quarantine.unreadable VALUES (1, 9, 'ragged', 'p1,torn')")
    con.execute("CREATE TABLE audit.record_supplied (record VARCHAR)")
    for record, table in tables.items():
        mapped(con, record, table)
        con.execute("INSERT INTO audit.record_supplied VALUES ($1)", [record])
    insert_rows(con, "raw.opted_out", COLUMNS, listed)
    ids = "shared" if shared else "per_source"
    settings = Settings(source=Source(patient_ids=ids))  # type: ignore[arg-type]
    validate(con, settings.model_copy(update={"run": settings.run.model_copy(
        update={"max_quarantine": 1})}))  # fmt: skip
    return con


def of(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[object, ...]]:
    return con.sql(query).fetchall()


PEOPLE: Table = [{"patient_id": "p1"}, {"patient_id": "p2"}, {"patient_id": "p3"}]


def test_every_row_of_the_patient_and_of_their_infusions_is_gone_and_counted() -> None:
    con = without(
        [("p1", None), ("nobody", None)],
        {
            "patient": PEOPLE,
            "infusion": [
                infusion("i1", " p1 "),
                infusion("i2", "p2"),
                infusion("i3", "p1", dose_g="x"),
            ],
            "infusion_lot": [
                {"infusion_id": "i1", "product_code": "Privigen", "lot_number": "L1"},
                {"infusion_id": "i2", "product_code": "Privigen", "lot_number": "L2"},
            ],
            "rate_step": [{"infusion_id": "i3", "changed_at": "2024-03-01", "rate_ml_per_h": "9"}],
            "adverse_event": [
                {"event_id": "e1", "patient_id": "p2", "term": "rash", "infusion_id": "i1"},
                {"event_id": "e2", "patient_id": "p1", "term": "rash"},
            ],
        },
    )  # fmt: skip
    assert of(con, "SELECT patient_id FROM staged.patient ORDER BY 1") == [("p2",), ("p3",)]
    assert of(con, "SELECT infusion_id FROM staged.infusion") == [("i2",)]
    assert of(con, "SELECT lot_number FROM staged.infusion_lot") == [("L2",)]
    assert of(con, "SELECT * FROM staged.rate_step") == []
    assert of(con, "SELECT * FROM quarantine.infusion") == []
    assert of(con, "SELECT event_id, infusion_id FROM staged.adverse_event") == [("e1", None)]
    assert of(con, "FROM audit.opt_out") == [(2, 1, 1, 6, 1)]
    assert of(
        con,
        "SELECT record, mapped_rows, staged_rows, quarantined_rows, set_aside_rows, opted_out_rows"
        " FROM audit.record_ledger ORDER BY 1",
    ) == [
        ("adverse_event", 2, 1, 0, 0, 1),
        ("infusion", 3, 1, 0, 0, 2),
        ("infusion_lot", 2, 1, 0, 0, 1),
        ("patient", 3, 2, 0, 0, 1),
        ("rate_step", 1, 0, 0, 0, 1),
    ]
    assert of(con, "SELECT source_row, original_text FROM quarantine.unreadable") == [(9, None)]
    assert (
        of(con, "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE '%left_out%'") == []
    )


@pytest.mark.parametrize("listed", ["old", "new", "older"])
def test_whoever_was_merged_is_left_out_under_every_identifier(listed: str) -> None:
    con = without(
        [(listed, None)],
        {
            "patient": [{"patient_id": name} for name in ("older", "old", "new", "p2")],
            "patient_merge": [
                {"merged_id": "older", "surviving_id": "old"},
                {"merged_id": "old", "surviving_id": "new"},
                {"merged_id": "p9", "surviving_id": "p2"},
            ],
            "infusion": [infusion(f"i{n}", name) for n, name in enumerate(("old", "new", "p9"))],
        },
    )
    assert of(con, "SELECT infusion_id FROM staged.infusion") == [("i2",)]
    assert of(con, "SELECT patient_id FROM staged.patient_alias ORDER BY 1") == [("p2",), ("p9",)]
    assert of(con, "SELECT n_patients, n_rows FROM audit.opt_out") == [(1, 7)]


def test_with_ids_of_each_source_only_the_patient_of_that_source_is_left_out() -> None:
    tables: dict[str, Table] = {
        "patient": [{"patient_id": "p1", "source_id": name} for name in ("east", "west")],
        "infusion": [
            infusion("i1", "p1", source_id="east"), infusion("i1", "p1", source_id="west"),
        ],
        "infusion_lot": [
            {"infusion_id": "i1", "product_code": "P", "lot_number": name, "source_id": name}
            for name in ("east", "west")
        ],
    }  # fmt: skip
    con = without([("p1", "east")], tables, shared=False)
    for record in ("patient", "infusion", "infusion_lot"):
        assert of(con, f"SELECT source_id FROM staged.{record}") == [("west",)], record
    con = without([("p1", None)], tables, shared=False)
    assert of(con, "SELECT * FROM staged.infusion") == []
    con = without([("p1", "north")], tables, shared=False)
    assert of(con, "SELECT n_unknown, n_rows FROM audit.opt_out") == [(1, 0)]


def test_a_lot_of_another_source_goes_with_the_only_infusion_it_can_mean() -> None:
    con = without(
        [("p1", None)],
        {
            "patient": PEOPLE,
            "infusion": [infusion("i1", "p1", source_id="ward"), infusion("i2", "p2")],
            "infusion_lot": [
                {"infusion_id": "i1", "product_code": "P", "lot_number": "L", "source_id": "lab"}
            ],
        },
    )
    assert of(con, "SELECT * FROM staged.infusion_lot") == []
    assert of(con, "SELECT * FROM quarantine.infusion_lot") == []


def test_a_list_of_nobody_leaves_everything_and_says_so() -> None:
    con = without([], {"patient": PEOPLE, "infusion": [infusion("i1", "p1")]})
    assert of(con, "FROM audit.opt_out") == [(0, 0, 0, 0, 0)]
    assert of(con, "SELECT original_text FROM quarantine.unreadable") == [("p1,torn",)]


PAGES = Path(__file__).parents[2] / "docs" / "sources"


def _page(source_format: str, folder: Path) -> None:
    """Write the example that the page of a format prints, and of each file a torn line."""
    page = (PAGES / f"{source_format}.md").read_text("utf-8")
    found = re.findall(r"`(\w+\.(?:csv|ndjson))`\n\n```\w+\n(.*?)```", page, re.DOTALL)
    assert found
    for name, text in found:
        (folder / name).write_text(text, encoding="utf-8")


def _claims(folder: Path) -> str:
    _page("claims", folder)
    return "claims"


def _mar(folder: Path) -> str:
    _page("mar", folder)
    return "mar"


def _fhir(folder: Path) -> str:
    _page("fhir-r4", folder)
    return "fhir-r4"


def _omop(folder: Path) -> str:
    """Person 1 of the page is called SYN-1, for a bare 1 is in every table."""
    _page("omop-5.4", folder)
    for name in ("PERSON", "DRUG_EXPOSURE"):
        path = folder / f"{name}.csv"
        head, *lines = path.read_text("utf-8").splitlines()
        place = head.split(",").index("person_id")
        cells = [line.split(",") for line in lines]
        for row in cells:
            row[place] = "SYN-1" if row[place] == "1" else row[place]
        path.write_text("\n".join([head, *map(",".join, cells)]) + "\n", encoding="utf-8")
    return "omop-5.4"


HEAD = ["infusion_id", "patient_id", "started_at", "product_code", "dose_g"]
GIVEN = [
    ["i1", "SYN-1", "2025-03-01 08:00", "Privigen", 40],
    ["i2", "SYN-1", "2025-13-01 08:00", "Privigen", 40],  # no such day: for quarantine
    ["i3", "SYN-2", "2025-03-01 08:00", "Privigen", 40],
]
PERSONS = [["patient_id", "sex"], ["SYN-1", "F"], ["SYN-2", "M"]]


def _workbook(folder: Path) -> str:
    book = xlsxwriter.Workbook(str(folder / "hospital.xlsx"))
    for name, table in (("patient", PERSONS), ("infusion", [HEAD, *GIVEN])):
        page = book.add_worksheet(name)
        for number, row in enumerate(table):
            page.write_row(number, 0, row)
    book.close()
    return "csv"


def _database(folder: Path) -> str:
    with sqlite3.connect(folder / "clinic.db") as con:
        con.execute("CREATE TABLE patient (patient_id TEXT, sex TEXT)")
        con.execute(f"CREATE TABLE infusion ({' TEXT, '.join(HEAD)} TEXT)")
        con.executemany("INSERT INTO patient VALUES (?, ?)", PERSONS[1:])
        con.executemany("INSERT INTO infusion VALUES (?, ?, ?, ?, ?)", GIVEN)
    con.close()
    (folder / "audit.toml").write_text(
        '[database]\nurl = "sqlite:///clinic.db"\n'
        '[database.tables]\npatient = "patient"\ninfusion = "infusion"\n',
        encoding="utf-8",
    )
    return "csv"


@pytest.mark.parametrize("write", [_claims, _mar, _fhir, _omop, _workbook, _database])
def test_whatever_the_format_the_patient_is_in_no_table(
    tmp_path: Path, write: Callable[[Path], str]
) -> None:
    """Every file and the log are made of these tables; of a whole run those are read elsewhere."""
    source_format = write(tmp_path)
    for path in tmp_path.glob("*.*"):
        if path.suffix in {".csv", ".ndjson"} and path.stem.lower() not in {"patient", "person"}:
            with path.open("a", encoding="utf-8") as file:
                file.write("SYN-1,torn\n")
    (tmp_path / FILE).write_text("patient_id\nSYN-1\n")
    settings = load_settings(tmp_path, format=source_format, overrides={"max_quarantine": 1})
    con = open_store()
    ingest(con, settings)
    validate(con, settings)
    assert of(con, "SELECT n_patients, n_rows > 1 FROM audit.opt_out") == [(1, True)]
    assert "SYN-1" not in {who for (who,) in of(con, "SELECT patient_id FROM staged.patient")}
    names = of(
        con,
        "SELECT schema_name || '.' || table_name FROM duckdb_tables()"
        " WHERE schema_name IN ('staged', 'quarantine', 'audit')",
    )
    assert len(names) > 30
    told = {str(name): str(of(con, f"FROM {name}")) for (name,) in names}
    assert [name for name, text in told.items() if re.search(r"SYN-1\b", text)] == []


@pytest.mark.parametrize(
    ("listed", "is_refused"),
    [
        ("zq-p7", True),
        ("ZQ- p7", True),
        ("ZQ-\u00a0p7", True),
        ("00ZQ-p7", True),
        ("  ZQ-p7\t", False),  # blanks around an id are no part of it, here as everywhere
        ("ZQ-p70", False),
        ("ZQp7", False),
        ("p9\nZQ-p9", False),  # the records have both
    ],
)
def test_an_id_that_is_nearly_one_of_the_records_stops_the_run(
    tmp_path: Path, *, listed: str, is_refused: bool
) -> None:
    """Ids are compared sign by sign; whoever is meant by another spelling may have said no."""
    (tmp_path / "patient.csv").write_text("patient_id\nZQ-p7\nZQ-p9\nzq-P9\n")
    (tmp_path / "infusion.csv").write_text(",".join(HEAD) + "\np,ZQ-p7,2025-03-01,Privigen,40\n")
    (tmp_path / FILE).write_text(f"patient_id\n{listed}\n", encoding="utf-8")
    con = open_store()
    settings = load_settings(tmp_path)
    if not is_refused:
        ingest(con, settings)
        return
    with pytest.raises(InputError, match="has 1 id that no record has, but for case") as caught:
        ingest(con, settings)
    assert "p7" not in str(caught.value)


READ = {
    "plain": ("patient_id\np1\np2\n", [("p1", None), ("p2", None)]),
    "byte-order mark, blanks, blank lines, other columns": (
        '\ufeffopted_out_on;Patient_ID;source_id\r\n2024-01-01; p1 ;west\r\n\r\n;"p;2";\r\n',
        [("p1", "west"), ("p;2", None)],
    ),
    "nobody": ("patient_id\n", []),
}  # fmt: skip


@pytest.mark.parametrize(("text", "listed"), READ.values(), ids=READ)
def test_a_list_is_read(tmp_path: Path, text: str, listed: list[tuple[str, str | None]]) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    assert list(read_opt_outs(tmp_path / FILE)) == listed


REFUSED = {
    "empty": (b"", "needs a header"),
    "no header": (b"p1\np2\n", "needs a header"),
    "twice": (b"patient_id,patient_id\np1,p2\n", "no column twice"),
    "a cell too many": (b"patient_id\np1\np2,p3\n", "line 3 has 2 cells, the header 1"),
    "a cell too few": (b"patient_id,source_id\np1\n", "line 2 has 1 cells, the header 2"),
    "nobody in a line": (b"patient_id,source_id\n ,west\n", "line 2 names no patient"),
    "an open quote": (b'patient_id\n"p1\np2\n', "a quote that does not close"),
    "not UTF-8": (b"patient_id\np\xff1\n", "not UTF-8"),
    "a NUL byte": (b"patient_id\np\x001\n", "NUL"),
}


@pytest.mark.parametrize(("text", "said"), REFUSED.values(), ids=REFUSED)
def test_a_list_that_cannot_be_read_to_its_end_is_refused(
    tmp_path: Path, text: bytes, said: str
) -> None:
    (tmp_path / FILE).write_bytes(text)
    with pytest.raises(InputError, match=said) as told:
        list(read_opt_outs(tmp_path / FILE))
    assert "p1" not in str(told.value)
    assert "nothing was run" in str(told.value)


def test_a_list_that_is_named_must_be_there_and_one_beside_the_records_is_found(
    tmp_path: Path,
) -> None:
    con = open_store()
    write_opt_outs(con, load_settings(tmp_path))
    assert con.sql("SELECT 1 FROM duckdb_tables() WHERE table_name = 'opted_out'").fetchall() == []
    (tmp_path / FILE).write_text("patient_id\np1\np1\n")
    write_opt_outs(con, load_settings(tmp_path))
    assert con.sql("FROM raw.opted_out").fetchall() == [("p1", None)]
    (tmp_path / "audit.toml").write_text('[privacy]\nopt_out_file = "lists/opt_out.csv"\n')
    with pytest.raises(InputError, match="cannot be read"):
        write_opt_outs(con, load_settings(tmp_path))
