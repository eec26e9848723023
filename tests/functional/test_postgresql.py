"""What a real PostgreSQL shows: one moment, nothing written, a lost connection, a wrong password.

The example is the one printed in docs/sources/sql.md.
"""

from __future__ import annotations

import re
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import postgres
import pytest
from ingested import ingested, rows
from nightly import extract, typed
from postgres import Server

from pipeline.errors import ConfigError, InputError
from pipeline.ingest.server import postgresql

pytestmark = pytest.mark.xdist_group("postgresql")
PAGE = Path(__file__).parents[2] / "docs" / "sources" / "sql.md"
RECORDS = ("patient", "infusion", "body_measurement")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Start a server of the tests' own; where that cannot be, say so."""
    postgres.or_skip()
    with postgres.running() as started:
        yield started


@pytest.fixture
def told(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Fill the server, and return a source folder that only says where it is."""
    server.load(extract(tmp_path / "csv"), RECORDS)
    monkeypatch.setenv("DB_SECRET", server.password)
    folder = tmp_path / "source"
    folder.mkdir()
    return written(folder, server.url)


def written(folder: Path, url: str, **queries: str) -> Path:
    named = [record for record in RECORDS if record not in queries]
    tables = "".join(f'{record} = "public.{record}"\n' for record in named)
    asked = "".join(f'{record} = """{query}"""\n' for record, query in queries.items())
    (folder / "audit.toml").write_text(
        f'[database]\nurl = "{url}"\npassword_env = "DB_SECRET"\n'
        f"[database.tables]\n{tables}[database.queries]\n{asked}",
        encoding="utf-8",
    )
    return folder


def refused(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        ingested(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_every_row_is_accounted_for_and_numbered_the_same_way_each_time(
    server: Server, told: Path
) -> None:
    first = ingested(told)
    server.run("UPDATE infusion SET route = route WHERE random() < 0.5")  # moves rows about
    second = ingested(told)
    digests = "SELECT file_name, sha256, reader FROM audit.input_file ORDER BY 1"
    assert rows(first, digests) == rows(second, digests)
    assert {row[2] for row in rows(first, digests)} == {"postgresql"}
    for query in ("FROM mapped.infusion ORDER BY source_row", "FROM audit.file_ledger"):
        assert rows(first, query) == rows(second, query)
    assert rows(first, "SELECT SUM(raw_rows), SUM(mapped_rows) FROM audit.file_ledger") == [
        (60, 60)
    ]


def test_every_type_becomes_the_text_a_csv_file_would_hold(server: Server, told: Path) -> None:
    query = """
        SELECT 'p1'::char(4) AS patient_id, DATE '1980-01-31' AS birth_date,
            true AS is_iga_deficient, TIMESTAMPTZ '2025-03-01 08:00+01' AS recorded_at,
            'F'::varchar AS sex, TIMESTAMP '2025-03-01 00:00' AS deceased_on,
            '' AS blood_group, NULL AS has_anti_iga, 1980::smallint AS birth_year
    """
    con = ingested(written(told, server.url, patient=query))
    found = rows(
        con,
        "SELECT patient_id, birth_date, is_iga_deficient, recorded_at, sex, deceased_on,"
        " blood_group, has_anti_iga, birth_year FROM mapped.patient",
    )
    assert found == [
        ("p1", "1980-01-31", "true", "2025-03-01 07:00:00+00", "F", "2025-03-01 00:00:00", None,
         None, "1980")
    ]  # fmt: skip


def test_exact_decimals_pass_and_the_servers_own_habits_change_nothing(
    server: Server, told: Path
) -> None:
    server.run("ALTER DATABASE postgres SET DateStyle = 'German'",
               "ALTER DATABASE postgres SET TimeZone = 'Asia/Tokyo'")  # fmt: skip
    query = """
        SELECT infusion_id, patient_id, started_at, product_code, 12345678.123::numeric AS dose_g,
            0.1::float8 AS volume_ml FROM infusion LIMIT 1
    """
    con = ingested(written(told, server.url, infusion=query))
    server.run("ALTER DATABASE postgres RESET ALL")
    found = rows(con, "SELECT dose_g, volume_ml, started_at[:13] FROM mapped.infusion")
    assert found == [("12345678.123", "0.1", "2024-03-01 09")]


def test_all_tables_are_of_the_moment_at_which_the_first_is_read(
    server: Server, told: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = postgresql.PostgreSQL.read

    def and_then_somebody_writes(self: Any, name: str, select: str) -> Any:
        columns, batches = read(self, name, select)
        listed = list(batches)
        server.run("DELETE FROM patient", "DELETE FROM infusion")
        return columns, iter(listed)

    monkeypatch.setattr(postgresql.PostgreSQL, "read", and_then_somebody_writes)
    con = ingested(told)
    assert rows(con, "SELECT COUNT(*) FROM mapped.patient") == [(20,)]
    assert server.run("SELECT COUNT(*) FROM patient") == "0"


def test_a_query_that_writes_through_a_function_is_refused_by_the_server(
    server: Server, told: Path
) -> None:
    server.run("CREATE OR REPLACE FUNCTION emptied() RETURNS text LANGUAGE sql AS"
               " $$ DELETE FROM patient RETURNING patient_id $$")  # fmt: skip
    assert "what the user may not do" in refused(
        written(told, server.url, patient="SELECT emptied() AS patient_id")
    )
    assert server.run("SELECT COUNT(*) FROM patient") == "20"


def test_what_the_server_cannot_answer_is_told_without_a_value(server: Server, told: Path) -> None:
    assert 'column "mood" does not exist' in refused(
        written(told, server.url, patient="SELECT mood FROM patient")
    )
    assert 'relation "nobody" does not exist' in refused(
        written(told, server.url, patient="SELECT * FROM nobody")
    )
    said = refused(
        written(told, server.url, patient="SELECT patient_id::numeric AS patient_id FROM patient")
    )
    assert "ZQ-" not in said
    assert "a value that cannot be converted" in said
    assert "same name" in refused(written(told, server.url, patient="SELECT 1 AS a, 2 AS a"))
    assert "column patient_id is missing" in refused(
        written(told, server.url, patient="SELECT sex FROM patient")
    )


def test_a_right_that_is_missing_is_told(server: Server, told: Path) -> None:
    server.run("DROP ROLE IF EXISTS auditor", "CREATE ROLE auditor LOGIN PASSWORD 'x-y-z'",
               f"ALTER ROLE auditor PASSWORD '{server.password}'")  # fmt: skip
    url = server.url.replace("postgres@", "auditor@", 1)
    assert "permission denied for table" in refused(written(told, url))


def test_a_wrong_password_is_one_line_without_it(
    told: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DB_SECRET", "hunter2-is-wrong")
    ended = typed(("run", told, "--out", tmp_path / "out"), capsys)
    assert ended.code == 10
    assert "refuses user or password" in ended.line()
    assert "hunter2" not in ended.stderr + ended.stdout
    assert not (tmp_path / "out" / "latest").exists()


def test_without_a_password_the_variable_is_asked_for(
    told: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DB_SECRET")
    with pytest.raises(ConfigError, match=r"database\.password_env names is not set"):
        ingested(told)
    text = (told / "audit.toml").read_text("utf-8").replace('password_env = "DB_SECRET"\n', "")
    (told / "audit.toml").write_text(text, encoding="utf-8")
    assert "refuses user or password" in refused(told)


def test_no_server_and_no_such_database_are_told(server: Server, told: Path) -> None:
    closed = server.url.replace(f":{server.port}", ":1")
    assert "no connection to 127.0.0.1:1" in refused(written(told, closed))
    nowhere = server.url.removesuffix("/postgres") + "/nowhere"
    assert "no connection to" in refused(written(told, nowhere))


@pytest.fixture
def wide(server: Server, told: Path) -> Path:
    """Return a source whose infusions do not fit into what a broken line lets through."""
    query = """
        SELECT n AS infusion_id, 'ZQ-p1' AS patient_id, TIMESTAMP '2024-03-01' AS started_at,
            'Privigen' AS product_code, REPEAT('x', 1000) AS ward_id
        FROM GENERATE_SERIES(1, 20000) AS n
    """
    return written(told, server.url, infusion=query)


@contextmanager
def breaking(server: Server, after_bytes: int) -> Iterator[int]:
    """Pass on what client and server say, and hang up after so many bytes of the server's."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=_answer, args=(door, server.port, after_bytes), daemon=True).start()
        yield door.getsockname()[1]


def _answer(door: socket.socket, port: int, after_bytes: int) -> None:
    try:
        while True:
            client, _ = door.accept()
            told = (client, port, after_bytes)
            threading.Thread(target=_pass_on, args=told, daemon=True).start()
    except OSError:  # the door is closed
        return


def _pass_on(client: socket.socket, port: int, after_bytes: int) -> None:
    with client, socket.create_connection(("127.0.0.1", port)) as behind:
        threading.Thread(target=_copied, args=(client, behind), daemon=True).start()
        while after_bytes > 0 and (told := behind.recv(min(65536, after_bytes))):
            client.sendall(told)
            after_bytes -= len(told)
        for end in (client, behind):  # closing alone tells nobody while a thread listens
            end.shutdown(socket.SHUT_RDWR)


def _copied(one: socket.socket, other: socket.socket) -> None:
    try:
        while told := one.recv(65536):
            other.sendall(told)
    except OSError:  # the line is broken: that is what is tested
        return


def test_a_night_leaves_no_password_and_a_connection_lost_half_way_leaves_the_old_report(
    server: Server, told: Path, wide: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    spoilt = (wide / "audit.toml").read_text("utf-8")
    ended = typed(("run", written(told, server.url), "--out", out), capsys)
    assert ended.code == 0, ended.stderr
    assert server.password not in ended.stderr + ended.stdout
    before = _left(out)
    assert b"SELECT * FROM public.patient" in before["latest/manifest.json"]
    for name, content in before.items():
        assert server.password.encode() not in content, name
        assert b"127.0.0.1" not in content, name
    with breaking(server, 10_000_000) as port:
        (wide / "audit.toml").write_text(spoilt.replace(f":{server.port}", f":{port}"), "utf-8")
        ended = typed(("run", wide, "--out", out), capsys)
    assert ended.code == 10
    found = re.match(r"postgresql#infusion: the connection ended after (\d+) rows", ended.line())
    assert found, ended.line()
    assert 0 < int(found[1]) < 20_000
    assert server.password not in ended.stderr
    assert _left(out) == before


def _left(out: Path) -> dict[str, bytes]:
    """Return every file of the finished runs and of the history."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for folder in ("latest", "runs", "history")
        for path in sorted((out / folder).rglob("*"))
        if path.is_file()
    }


def test_a_server_that_ends_the_session_is_told_as_a_lost_connection(
    server: Server, wide: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = postgresql.PostgreSQL._batches

    def ended_after_one(self: Any, *told: Any) -> Any:
        batches = read(self, *told)
        yield next(batches)
        server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                   " WHERE application_name = 'ivig-audit'")  # fmt: skip
        yield from batches

    monkeypatch.setattr(postgresql.PostgreSQL, "_batches", ended_after_one)
    assert "the connection ended after" in refused(wide)


def test_memory_is_bounded_by_batches(wide: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    read = postgresql.PostgreSQL._batches

    def measured(self: Any, *told: Any) -> Any:
        for batch in read(self, *told):
            sizes.append(batch.nbytes)
            yield batch

    monkeypatch.setattr(postgresql.PostgreSQL, "_batches", measured)
    ingested(wide)
    assert sum(sizes) > 20_000_000
    assert max(sizes) < 6_000_000


def test_records_may_come_from_the_database_and_from_files(server: Server, told: Path) -> None:
    text = (told / "audit.toml").read_text("utf-8")
    shutil.copy(told.parent / "csv" / "patient.csv", told)
    with pytest.raises(InputError, match=r"patient\.csv: patient comes from the database, too"):
        ingested(told)
    (told / "audit.toml").write_text(text.replace('patient = "public.patient"\n', ""), "utf-8")
    found = rows(ingested(told), "SELECT file_name, raw_rows FROM audit.file_ledger"
                 " INNER JOIN audit.input_file USING (file_id) ORDER BY 1")  # fmt: skip
    assert found == [("patient.csv", 20), ("postgresql#body_measurement", 20),
                     ("postgresql#infusion", 20)]  # fmt: skip
    assert server.port


def test_a_mapping_reads_tables_of_a_database(server: Server, told: Path) -> None:
    (told / "sql").mkdir()
    for record in ("patient", "infusion"):
        (told / "sql" / f"{record}.sql").write_text(f"SELECT * FROM raw.{record}s", "utf-8")
    (told / "audit.toml").write_text(
        f"""
        mapping_folder = "sql"
        [database]
        url = "{server.url}"
        password_env = "DB_SECRET"
        [database.tables]
        patients = "patient"
        body_measurement = "body_measurement"
        [database.queries]
        infusions = "WITH a AS (SELECT * FROM infusion) SELECT * FROM a WHERE dose_g > 0;"
        """,
        encoding="utf-8",
    )
    con = ingested(told)
    assert rows(con, "SELECT SUM(raw_rows), SUM(mapped_rows) FROM audit.file_ledger") == [(60, 60)]
    text = (told / "audit.toml").read_text("utf-8").replace("patients =", "persons =")
    (told / "audit.toml").write_text(text, encoding="utf-8")
    with pytest.raises((ConfigError, InputError)):
        ingested(told)


def test_the_example_of_the_page_becomes_what_the_page_says(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = PAGE.read_text("utf-8").split("## An example")[1]
    script, toml = re.findall(r"```(?:sql|toml)\n(.*?)```", text, re.DOTALL)
    server.run(*(part for part in script.split(";\n") if part.strip()))
    server.run(f"ALTER ROLE audit PASSWORD '{server.password}'")
    monkeypatch.setenv("CLINIC_DB_PASSWORD", server.password)
    place = f"127.0.0.1:{server.port}/postgres"
    (tmp_path / "audit.toml").write_text(
        toml.replace("db.hospital.example:5432/clinic?sslmode=verify-full", place), "utf-8"
    )
    con = ingested(tmp_path)
    found = rows(con, "SELECT infusion_id, patient_id, started_at, dose_g, route FROM"
                 " mapped.infusion ORDER BY 1")  # fmt: skip
    printed = re.findall(
        r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE
    )
    assert [tuple(map(str, row)) for row in found] == printed[2:]
