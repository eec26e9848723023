"""Turn patient ids into pseudonyms with a key that never lies beside the reports.

The same key gives the same pseudonym in every run, so two reports can be compared; without
the key nobody can work a pseudonym back to an id.
"""

from __future__ import annotations

import glob
import hashlib
import hmac
import os
import secrets
import tempfile
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import duckdb

from pipeline.config import Settings
from pipeline.errors import ConfigError

_KEY_BYTES = 32
_SHORT, _LONG = 8, 16  # hexadecimal digits; the long form is for two patients with one short one


def key_path(settings: Settings, output_folder: Path | None = None) -> Path:
    """Return where the key file is or will be made.

    Raises:
        ConfigError: the file would lie inside the output folder, which is handed round.
    """
    path = settings.privacy.key_file or _default_path()
    if output_folder is not None and _is_inside(path, output_folder):
        raise ConfigError(
            "privacy.key_file: lies inside the output folder. Keep the key of the pseudonyms "
            "where the reports are not: set another key_file in audit.toml."
        )
    return path


def load_key(path: Path) -> bytes:
    """Return the key, making the file (mode 0600) when it is not there yet.

    Raises:
        ConfigError: it cannot be made or read, others may read it, or it is no key of ours.
    """
    try:
        _make_if_missing(path)
    except OSError:
        raise _unusable(path) from None
    return read_key(path)


def read_key(path: Path) -> bytes:
    """Return a key that is there already, of which others than its owner know nothing.

    Raises:
        ConfigError: there is none, others may read it, or it is not a key of ours.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        raise ConfigError(
            f"{path.name}: no key of the pseudonyms there. Only its holder can reveal a patient: "
            "name it with --key-file."
        ) from None
    key = _read(path)
    if mode & 0o077:
        raise ConfigError(
            f"{path.name}: others than its owner may read this key. "
            "Take that right away (chmod 600) first."
        )
    return key


def _read(path: Path) -> bytes:
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        raise _unusable(path) from None
    if len(key) != _KEY_BYTES:
        raise _unusable(path)
    return key


def key_fingerprint(key: bytes) -> str:
    """Return a short name of the key that gives nothing of it away."""
    return hmac.new(key, b"ivig-audit key fingerprint", hashlib.sha256).hexdigest()[:_SHORT]


def refuse_other_key(con: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Refuse a key that did not make the pseudonyms of the finished run.

    Raises:
        ConfigError: it is another one.
    """
    found = con.sql("SELECT fingerprint FROM report.pseudonym_key").fetchall()
    if found != [(key_fingerprint(key),)]:
        raise ConfigError(
            "this is not the key that made the pseudonyms of that run. "
            "Name the right one with --key-file."
        )


def salt_findings(con: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Write temp.finding_salt: one row, the secret that the keys of findings are made with.

    It stays in the connection: who holds a report, or the database without the key, cannot count
    through ids until one gives the key of a finding. It gives nothing away of the key itself.
    """
    salt = hmac.new(key, b"ivig-audit finding keys", hashlib.sha256).hexdigest()
    con.execute("CREATE OR REPLACE TEMP TABLE finding_salt AS SELECT $1 AS salt", [salt])


def mark_opt_outs(con: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Write temp.opt_out_mark: one row with a keyed digest of who opted out; none without a list.

    Another list makes another report, so it must be told apart from the one before. A plain digest
    of a short list could be tried out, id by id.
    """
    con.execute("CREATE OR REPLACE TEMP TABLE opt_out_mark (mark VARCHAR)")
    found = con.execute(
        "SELECT 1 FROM duckdb_tables() WHERE database_name = 'raw' AND table_name = 'opted_out'"
    ).fetchall()
    if found:
        listed = con.execute(
            "SELECT patient_id, source_id FROM raw.opted_out ORDER BY ALL"
        ).fetchall()
        mark = hmac.new(key, f"opted out {listed!r}".encode(), hashlib.sha256).hexdigest()[:16]
        con.execute("INSERT INTO opt_out_mark VALUES ($1)", [mark])


def pseudonym(key: bytes, identity: str) -> str:
    """Return the short pseudonym of one patient, like `P-7F3A-92C1`."""
    return _shown(_digest(key, identity), _SHORT)


def pseudonyms(key: bytes, identities: Iterable[str]) -> dict[str, str]:
    """Return a pseudonym per identity, longer for those that would share a short one."""
    digests = {identity: _digest(key, identity) for identity in identities}
    shared = Counter(digest[:_SHORT] for digest in digests.values())
    return {
        identity: _shown(digest, _LONG if shared[digest[:_SHORT]] > 1 else _SHORT)
        for identity, digest in digests.items()
    }


def identity(patient_id: str, source_id: str | None, *, per_source: bool) -> str:
    """Return what a pseudonym stands for: the id, with its source when ids are per source."""
    return f"{source_id or ''}\x1f{patient_id}" if per_source else patient_id


def _digest(key: bytes, identity: str) -> str:
    return hmac.new(key, identity.encode("utf-8"), hashlib.sha256).hexdigest().upper()


def _shown(digest: str, length: int) -> str:
    return "P-" + "-".join(digest[start : start + 4] for start in range(0, length, 4))


def _default_path() -> Path:
    root = os.environ.get("XDG_CONFIG_HOME")
    folder = Path(root) if root else Path.home() / ".config"
    return folder / "ivig-audit" / "pseudonym.key"


def _is_inside(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _make_if_missing(path: Path) -> None:
    """Make the key whole before it gets its name: half of one would stop every later night."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not os.path.lexists(path):
        descriptor, fresh = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # mode 0600
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError, FileNotFoundError):  # another run was faster
            os.link(fresh, path)
    for left in path.parent.glob(f".{glob.escape(path.name)}-*"):
        left.unlink(missing_ok=True)


def _unusable(path: Path) -> ConfigError:
    return ConfigError(
        f"{path.name}: cannot be used as the key of the pseudonyms. It must be a readable file of "
        f"{2 * _KEY_BYTES} hexadecimal digits; remove it to have a new one made."
    )
