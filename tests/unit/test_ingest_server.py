"""Databases through a PEP 249 driver: SQLite for real, SQL Server and Oracle by made-up drivers."""

from __future__ import annotations

import datetime as dt
import sqlite3
import sys
import types
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest
from ingested import ingested, rows

from pipeline.config import in_force, load_settings
from pipeline.config.database import is_select
from pipeline.errors import ConfigError, InputError

SECRET = "hunter2;}x"  # noqa: S105 - made up
MSSQL = "mssql://audit@db.example:1433/clinic"
ORACLE = "oracle://audit@db.example:1521/CLINIC"
INFUSION = (1, "p1", dt.datetime(2025, 3, 1, 8, 0), "PRIVIGEN", Decimal("40.50"))  # noqa: DTZ001
PATIENT = ("p1", dt.datetime(1980, 1, 1))  # noqa: DTZ001


def told(folder: Path, url: str, more: str = "") -> Path:
    """Write a source folder that names patients and infusions of a database."""
    (folder / "audit.toml").write_text(
        f"""
        [database]
        url = "{url}"
        password_env = "DB_SECRET"
        {more}
        [database.tables]
        patient = "patient"
        [database.queries]
        infusion = "SELECT * FROM infusion"
        """,
        encoding="utf-8",
    )
    return folder


def refused(folder: Path, kind: type[Exception] = InputError) -> str:
    with pytest.raises(kind) as caught:
        ingested(folder)
    said = str(caught.value)
    assert "\n" not in said
    assert "hunter2" not in said
    return said


def sqlite_file(folder: Path) -> Path:
    with sqlite3.connect(folder / "clinic.db") as con:
        con.execute("CREATE TABLE patient (patient_id TEXT, birth_date TEXT)")
        con.execute(
            "CREATE TABLE infusion (infusion_id INTEGER, patient_id TEXT, started_at TEXT,"
            " product_code TEXT, dose_g REAL, ward_id BLOB)"
        )
        con.execute("INSERT INTO patient VALUES ('p1', '1980-01-01')")
        con.executemany(
            "INSERT INTO infusion VALUES (?, 'p1', '2025-03-01 08:00', 'PRIVIGEN', ?, NULL)",
            [(3, 40.0), (1, 0.1), (2, 1e-7)],
        )
    con.close()
    return folder


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_SECRET", SECRET)


def test_sqlite_is_read_in_an_order_of_its_own_with_its_numbers_plain(tmp_path: Path) -> None:
    con = ingested(told(sqlite_file(tmp_path), "sqlite:///clinic.db"))
    found = rows(con, "SELECT infusion_id, dose_g, source_row FROM mapped.infusion ORDER BY 3")
    assert found == [("1", "0.1", 1), ("2", "0.0000001", 2), ("3", "40", 3)]
    assert rows(con, "SELECT file_name, reader, n_bytes > 0 FROM audit.input_file ORDER BY 1") == [
        ("sqlite#infusion", "dbapi", True), ("sqlite#patient", "dbapi", True)
    ]  # fmt: skip


def test_sqlite_is_opened_for_reading_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.config.database.is_select", lambda _: True)
    folder = told(sqlite_file(tmp_path), "sqlite:///clinic.db")
    text = (folder / "audit.toml").read_text("utf-8")
    (folder / "audit.toml").write_text(
        text.replace("SELECT * FROM infusion", "DELETE FROM infusion"), encoding="utf-8"
    )
    assert "OperationalError" in refused(folder)
    with sqlite3.connect(folder / "clinic.db") as con:
        assert con.execute("SELECT COUNT(*) FROM infusion").fetchall() == [(3,)]
    con.close()


def test_a_file_that_is_not_there_or_no_database_is_told(tmp_path: Path) -> None:
    folder = told(tmp_path, "sqlite:///clinic.db")
    assert "clinic.db: does not exist" in refused(folder)
    (folder / "clinic.db").write_bytes(b"no database at all" * 100)
    refused(folder)


def test_bytes_have_no_text(tmp_path: Path) -> None:
    folder = told(sqlite_file(tmp_path), "sqlite:///clinic.db")
    with sqlite3.connect(folder / "clinic.db") as con:
        con.execute("UPDATE infusion SET ward_id = x'00ff'")
    con.close()
    assert "a column is of type bytes, which has no text" in refused(folder)


class FakeError(Exception):
    """What a made-up driver raises."""


class FakeDriver(types.ModuleType):
    """A PEP 249 driver that remembers what it was asked, and fails when it is told to."""

    Error: ClassVar[type[Exception]] = FakeError

    def __init__(self, tables: dict[str, list[tuple[Any, ...]]], **faults: Any) -> None:
        super().__init__("fake")
        self.defaults = types.SimpleNamespace(fetch_decimals=False, fetch_lobs=True)
        self.tables, self.faults = tables, faults
        self.asked: list[str] = []
        self.connected: dict[str, Any] = {}
        self.is_closed = False

    def connect(self, *words: str, **named: Any) -> FakeDriver:
        """Remember with what a connection was asked for."""
        if "connect" in self.faults:
            raise self.faults["connect"]
        self.connected = {"text": words[0] if words else "", **named}
        return self

    def cursor(self) -> FakeCursor:
        """Return a cursor."""
        return FakeCursor(self)

    def rollback(self) -> None:
        """Remember that the transaction ended."""
        self.asked.append("ROLLBACK")

    def close(self) -> None:
        """Remember that the connection was given back."""
        self.is_closed = True


class FakeCursor:
    """A cursor that gives two rows at a time."""

    arraysize = 1

    def __init__(self, driver: FakeDriver) -> None:
        self.driver = driver
        self.description: list[tuple[str, None]] = []
        self.left: list[tuple[Any, ...]] = []

    def execute(self, statement: str) -> None:
        """Remember a statement, and answer a SELECT by its table."""
        self.driver.asked.append(statement)
        if (fault := self.driver.faults.get("execute")) and statement.startswith("SELECT"):
            raise fault
        if fault := self.driver.faults.get(statement):
            raise fault
        if statement.startswith("SELECT"):
            table = statement.rsplit(maxsplit=1)[-1]
            columns = {
                "patient": ("PATIENT_ID", "BIRTH_DATE"),
                "infusion": ("infusion_id", "patient_id", "started_at", "product_code", "dose_g"),
            }[table]
            self.description = [(name, None) for name in columns]
            self.left = list(self.driver.tables[table])

    def fetchmany(self, _: int) -> list[tuple[Any, ...]]:
        """Give the next two rows."""
        given, self.left = self.left[:2], self.left[2:]
        if not given and "fetch" in self.driver.faults:
            raise self.driver.faults["fetch"]
        return given

    def close(self) -> None:
        """Close nothing."""


def fake(monkeypatch: pytest.MonkeyPatch, module: str, **faults: Any) -> FakeDriver:
    infusions = [(number, *INFUSION[1:]) for number in range(1, 6)]
    driver = FakeDriver({"patient": [PATIENT], "infusion": infusions}, **faults)
    monkeypatch.setitem(sys.modules, module, driver)
    return driver


def test_sql_server_is_asked_for_a_snapshot_and_reads_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = fake(monkeypatch, "pyodbc")
    con = ingested(told(tmp_path, MSSQL + "?trustservercertificate=yes"))
    assert rows(con, "SELECT started_at, dose_g FROM mapped.infusion LIMIT 1") == [
        ("2025-03-01 08:00:00", "40.50")
    ]
    assert rows(con, "SELECT SUM(raw_rows) FROM audit.file_ledger") == [(6,)]
    assert driver.asked == [
        "SET TRANSACTION ISOLATION LEVEL SNAPSHOT", "SELECT * FROM infusion",
        "SELECT * FROM patient", "ROLLBACK",
    ]  # fmt: skip
    text = driver.connected["text"]
    assert "SERVER={db.example,1433};DATABASE={clinic};Encrypt={yes}" in text
    assert "TrustServerCertificate={yes}" in text
    assert "UID={audit};PWD={hunter2;}}x}" in text
    assert driver.connected["readonly"]
    assert driver.is_closed


def test_a_snapshot_that_is_not_allowed_is_told_and_may_be_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = FakeError("42000", "[42000] Snapshot isolation ... (3952) (SQLExecDirectW)")
    driver = fake(monkeypatch, "pyodbc", execute=fault)
    assert "does not allow SNAPSHOT isolation" in refused(told(tmp_path, MSSQL))
    assert driver.is_closed
    driver = fake(monkeypatch, "pyodbc")
    ingested(told(tmp_path, MSSQL, "snapshot = false"))
    assert not [asked for asked in driver.asked if asked.startswith("SET")]


def test_oracle_reads_one_moment_with_exact_numbers_and_a_date_at_midnight_is_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = fake(monkeypatch, "oracledb")
    con = ingested(told(tmp_path, ORACLE))
    assert rows(con, "SELECT birth_date FROM mapped.patient") == [("1980-01-01",)]
    assert driver.asked[0] == "SET TRANSACTION READ ONLY"
    assert driver.defaults.fetch_decimals
    assert not driver.defaults.fetch_lobs
    assert driver.connected["service_name"] == "CLINIC"
    assert driver.connected["password"] == SECRET


@pytest.mark.parametrize(
    ("module", "url", "fault"),
    [
        ("pyodbc", MSSQL, ("28000", f"Login failed for user; PWD={SECRET} (18456)")),
        ("oracledb", ORACLE, (f"ORA-01017: invalid credential {SECRET}",)),
    ],
)
def test_a_wrong_password_is_one_line_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, url: str, fault: tuple[str, ...]
) -> None:
    fake(monkeypatch, module, connect=FakeError(*fault))
    assert "refuses user or password" in refused(told(tmp_path, url))


def test_a_server_that_is_down_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, "pyodbc", connect=FakeError("08001", "nobody there"))
    assert "no connection to db.example:1433" in refused(told(tmp_path, MSSQL))
    fake(monkeypatch, "pyodbc", **{"SET TRANSACTION ISOLATION LEVEL SNAPSHOT": FakeError("x")})
    assert "no transaction for reading only" in refused(told(tmp_path, MSSQL))


def test_a_connection_that_drops_is_told_with_the_rows_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = fake(monkeypatch, "oracledb", fetch=FakeError("DPY-4011: closed"))
    assert "oracle#infusion: the connection ended after 5 rows" in refused(told(tmp_path, ORACLE))
    assert driver.is_closed


def test_what_the_server_refuses_is_told_by_its_code_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    coded = types.SimpleNamespace(full_code="ORA-00942")
    fake(monkeypatch, "oracledb", execute=FakeError(coded))
    assert "(FakeError ORA-00942)" in refused(told(tmp_path, ORACLE))
    fake(monkeypatch, "pyodbc", execute=FakeError("42S02", f"no table {SECRET}"))
    assert "(FakeError 42S02)" in refused(told(tmp_path, MSSQL))


def test_every_type_of_a_driver_becomes_the_text_of_the_contract(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone = dt.timezone(dt.timedelta(hours=1))
    key = uuid.UUID(int=7)
    driver = fake(monkeypatch, "pyodbc")
    driver.tables["infusion"] = [
        (key, "p1", dt.datetime(2025, 3, 1, 8, tzinfo=zone), "PRIVIGEN", Decimal("1E+1")),
        (True, "", dt.date(2025, 3, 1), None, 40.0),
        (False, "p1", dt.datetime(2025, 3, 1), "x", 1e-7),  # noqa: DTZ001
    ]
    con = ingested(told(tmp_path, MSSQL))
    found = rows(con, "SELECT infusion_id, patient_id, started_at, product_code, dose_g FROM"
                 " mapped.infusion ORDER BY source_row")  # fmt: skip
    assert found == [
        (str(key), "p1", "2025-03-01 08:00:00+01:00", "PRIVIGEN", "10"),
        ("false", "p1", "2025-03-01 00:00:00", "x", "0.0000001"),
        ("true", None, "2025-03-01", None, "40"),
    ]


@pytest.mark.parametrize("url", [MSSQL, ORACLE, "postgresql://audit@db.example/clinic"])
def test_without_the_extra_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    for module in ("pyodbc", "oracledb", "adbc_driver_postgresql.dbapi"):
        monkeypatch.setitem(sys.modules, module, None)
    assert "pip install 'ivig-audit[sql]'" in refused(told(tmp_path, url))


def test_a_library_of_the_system_that_is_missing_is_not_called_an_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_: str) -> None:
        raise ImportError("libodbc.so.2: cannot open shared object file")

    monkeypatch.setattr("importlib.import_module", missing)
    assert "a library of the system that it needs" in refused(told(tmp_path, MSSQL))


def test_the_true_driver_of_oracle_tells_a_closed_door(tmp_path: Path) -> None:
    folder = told(tmp_path, "oracle://audit@127.0.0.1:1/CLINIC")
    assert "no connection to 127.0.0.1:1" in refused(folder)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"postgresql://audit:{SECRET}@db.example/clinic", "write no password into the url"),
        ("postgresql://audit@db.example/clinic?password=hunter2", "options a postgresql url"),
        ("postgresql://audit@db.example/clinic?options=-c%20x", "options a postgresql url"),
        ("postgresql://audit:a/b@db.example/clinic", "not a url"),
        ("postgresql://audit@db.example", "://user@host:port/database"),
        ("postgresql://audit@db.example:99999/clinic", "not a url"),
        ("mysql://audit@db.example/clinic", "write postgresql|mssql|oracle|sqlite://"),
        ("clinic.db", "write postgresql|mssql|oracle|sqlite://"),
        ("sqlite:///a.db?mode=rw", "options a sqlite url may have: none"),
    ],
)
def test_a_url_of_another_kind_or_with_a_secret_is_refused(
    tmp_path: Path, url: str, said: str
) -> None:
    message = refused(told(tmp_path, url), ConfigError)
    assert "database" in message
    assert said in message


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('password = "hunter2"', "write no password here"),
        ('password_env = "hunter2"', "database.password_env"),
        ('mood = "good"', "database.mood"),
    ],
)
def test_other_keys_are_refused_without_their_values(tmp_path: Path, more: str, said: str) -> None:
    folder = told(tmp_path, MSSQL)
    text = (folder / "audit.toml").read_text("utf-8").replace('password_env = "DB_SECRET"', more)
    (folder / "audit.toml").write_text(text, encoding="utf-8")
    assert said in refused(folder, ConfigError)


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ("[database.tables]\nmood = 'mood'", "database.mood: no such record"),
        ("[database.tables]\npatient = 'x; DROP TABLE y'", "patient: not schema.table"),
        ("[database.queries]\npatient = 'DELETE FROM patient'", "patient: not one SELECT"),
        (
            "[database.tables]\npatient = 'a'\n[database.queries]\npatient = 'SELECT 1'",
            "choose one",
        ),
        ("", "names no table"),
        ("[database.tables]\npatient = 'a'\n[csv]\ndecimal = ','", "numbers of a database"),
    ],
)
def test_what_is_to_be_read_is_checked_before_anybody_is_asked(
    tmp_path: Path, sections: str, said: str
) -> None:
    (tmp_path / "audit.toml").write_text(f"[database]\nurl = '{MSSQL}'\n{sections}\n", "utf-8")
    assert said in refused(tmp_path, ConfigError)


def test_the_variable_of_the_password_must_be_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DB_SECRET")
    fake(monkeypatch, "pyodbc")
    assert "password_env names is not set" in refused(told(tmp_path, MSSQL), ConfigError)


def test_settings_in_force_tell_the_selects_and_not_the_place(tmp_path: Path) -> None:
    settings = load_settings(told(tmp_path, MSSQL))
    shown = {name: value for name, value, _ in in_force(settings)}
    assert shown["database.kind"] == "mssql"
    assert shown["database.select.patient"] == "SELECT * FROM patient"
    assert not [value for value in shown.values() if "db.example" in value]
    told_here = {name: value for name, value, _ in in_force(settings, with_machine=True)}
    assert told_here["database.url"] == MSSQL


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1",
        "  select a from b where c = 'delete; drop' -- insert\n;",
        "WITH a AS (SELECT 1 AS x) SELECT x FROM a",
        'SELECT "update" FROM [into] /* create */',
        "SELECT $q$ it's ; drop $q$ AS a",
        "SELECT updated_at, created, deleted_on FROM inserted_rows",
    ],
)
def test_a_select_is_one(query: str) -> None:
    assert is_select(query)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "DELETE FROM a",
        "SELECT 1; DELETE FROM a",
        "WITH a AS (DELETE FROM b RETURNING 1) SELECT * FROM a",
        "SELECT * INTO b FROM a",
        "EXEC sp_who",
        "EXPLAIN SELECT 1",
        "SELECT 'open FROM a",
        "SELECT 1 /* open",
        "SELECT '' ; UPDATE a SET b = ''",
        "SELECT 'a\\'; DELETE FROM a; --'",
        "VALUES (1)",
    ],
)
def test_what_is_no_single_select_is_none(query: str) -> None:
    assert not is_select(query)
