"""Start a PostgreSQL server of the tests' own, and fill it with the records of CSV files."""

from __future__ import annotations

import csv
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from schemas.record import Kind, contract

_TYPES = {
    Kind.AMOUNT: "numeric",
    Kind.INTEGER: "integer",
    Kind.BOOLEAN: "boolean",
    Kind.DATE: "date",
    Kind.TIME: "timestamp",
}
_OWNER = "postgres"


@dataclass(frozen=True)
class Server:
    """A running server: where it listens, and the password of its one user."""

    folder: Path
    port: int
    password: str

    @property
    def url(self) -> str:
        """Return what audit.toml says, without the password."""
        return f"postgresql://{_OWNER}@127.0.0.1:{self.port}/postgres"

    def run(self, *statements: str, copied: bytes | None = None) -> str:
        """Run statements as the owner and return what they print."""
        words = [word for statement in statements for word in ("-c", statement)]
        done = subprocess.run(
            [_found("psql"), "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1",
             "-p", str(self.port), "-U", _OWNER, *words],
            env={"PGPASSWORD": self.password, "PATH": os.environ["PATH"]},
            input=copied, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().strip()

    def load(self, folder: Path, records: Iterable[str]) -> None:
        """Make one table per record, typed as a hospital would, from `<record>.csv`."""
        for record in records:
            path = folder / f"{record}.csv"
            with path.open(encoding="utf-8", newline="") as lines:
                names = next(csv.reader(lines))
            kinds = {column.name: column.kind for column in contract(record).every_column}
            columns = ", ".join(
                f"{name} {_TYPES.get(kinds.get(name, Kind.TEXT), 'text')}" for name in names
            )
            self.run(
                f"DROP TABLE IF EXISTS {record}",
                f"CREATE TABLE {record} ({columns})",
                f"COPY {record} FROM STDIN WITH (FORMAT csv, HEADER)",
                copied=path.read_bytes(),
            )


@contextmanager
def running() -> Iterator[Server]:
    """Start a server in a folder of its own, and stop it at the end.

    It refuses to run as root, so that root hands it to the user of Debian's package.
    """
    folder = Path(tempfile.mkdtemp(prefix="ivig-audit-postgres-"))
    server = Server(folder, _free_port(), secrets.token_urlsafe(12))
    secret = folder / "secret"
    secret.write_text(server.password, encoding="utf-8")
    as_whom = _as_whom(folder)
    _started(
        [_found("initdb"), "-D", folder / "data", "-U", _OWNER, "--pwfile", secret,
         "--auth", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync"], as_whom,
    )  # fmt: skip
    process = subprocess.Popen(
        [_found("postgres"), "-D", folder / "data", "-p", str(server.port), "-h", "127.0.0.1",
         "-k", folder, "-c", "fsync=off", "-c", "autovacuum=off"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=as_whom, cwd=folder,
    )  # fmt: skip
    try:
        _wait(server)
        yield server
    finally:
        process.send_signal(signal.SIGINT)  # fast: it waits for no client
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def or_skip() -> None:
    """Skip, aloud, where no server can be started."""
    if reason := why_not():
        pytest.skip(f"NOT TESTED: {reason}, so nothing was read from a real PostgreSQL")


def why_not() -> str:
    """Say why no server can be started; empty: one can."""
    if _find("initdb") is None:
        return "no initdb was found (Debian: apt-get install postgresql)"
    if os.getuid() == 0 and _OWNER not in {user.pw_name for user in pwd.getpwall()}:
        return f"there is no user {_OWNER} to run it"
    return ""


def _find(program: str) -> str | None:
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
    return str(versions[-1]) if versions else shutil.which(program)


def _found(program: str) -> str:
    found = _find(program)
    assert found is not None
    return found


def _as_whom(folder: Path) -> str | None:
    if os.getuid() != 0:
        return None
    for path in (folder, *folder.iterdir()):
        shutil.chown(path, _OWNER)
    return _OWNER


def _started(words: list[str | Path], as_whom: str | None) -> None:
    done = subprocess.run(
        words, user=as_whom, capture_output=True, check=False, cwd=tempfile.gettempdir()
    )
    assert done.returncode == 0, done.stderr.decode()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(server: Server) -> None:
    deadline = time.monotonic() + 60
    ready = [_found("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(server.port)]
    while subprocess.run(ready, check=False).returncode != 0:
        assert time.monotonic() < deadline, "PostgreSQL did not start"
        time.sleep(0.05)
