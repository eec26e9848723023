"""Tell one state of the program from another, so that its own changes are not taken for others'."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

import duckdb

import pipeline
import schemas
from pipeline import resources
from pipeline.store import CONTRACT_VERSION, DATABASE_VERSION

_SQL = ("checks", "derive", "findings", "mappings", "validate")
_STAGES = ("check.py", "derive", "guidelines", "ingest", "validate")
"""What decides a verdict: a change of the page or of the command line changes none."""


def record_program(con: duckdb.DuckDBPyConnection) -> None:
    """Write audit.program: one row with the versions and a digest of what decides a verdict."""
    con.execute(
        """
        CREATE TABLE audit.program (
            version VARCHAR, database_version INTEGER, contract_version INTEGER, digest VARCHAR
        )
        """
    )
    con.execute(
        "INSERT INTO audit.program VALUES ($version, $database, $contract, $digest)",
        {
            "version": version("ivig-audit"),
            "database": DATABASE_VERSION,
            "contract": CONTRACT_VERSION,
            "digest": program_digest(),
        },
    )


def program_digest() -> str:
    """Return a digest of the SQL, the stages and the contracts, names and texts."""
    code, contracts = Path(pipeline.__file__).parent, Path(schemas.__file__).parent
    roots = [resources.folder("sql") / name for name in _SQL]
    roots += [code / name for name in _STAGES] + [contracts]
    digest = hashlib.sha256()
    for root in roots:
        for path in sorted({root, *root.rglob("*")}):
            if path.suffix in (".sql", ".py", ".toml"):
                name = path.relative_to(root.parent).as_posix()
                digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
