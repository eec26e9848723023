"""Write down what a run was made of, so that it can be traced and repeated.

The manifest holds no clock time and no machine name: the same input gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from pipeline.config import Settings
from pipeline.run.attempt import now
from pipeline.run.journal import Journal

_TABLES_AT_ONCE = 64
_LIBRARIES = ("altair", "duckdb", "jinja2", "pandera", "polars", "scipy", "vl-convert-python")


def content_digest(con: duckdb.DuckDBPyConnection) -> str:
    """Return the digest of what decides the result: inputs, rules, settings and version."""
    parts = {
        "inputs": _rows(con, "SELECT file_name, sha256 FROM audit.input_file ORDER BY ALL"),
        "rules": _rows(con, "SELECT set_id, digest FROM guideline.guideline_set ORDER BY ALL"),
        "settings": _rows(con, "SELECT name, value FROM audit.setting ORDER BY ALL"),
        "version": version("ivig-audit"),
    }
    return hashlib.sha256(_json(parts).encode()).hexdigest()


def run_id(settings: Settings, content: str, previous: str) -> str:
    """Return the id of a run: its as-of date and a digest of everything it was made of."""
    digest = hashlib.sha256(f"{content} {previous}".encode()).hexdigest()
    return f"{settings.run.as_of}-{digest[:12]}"


def write(con: duckdb.DuckDBPyConnection, folder: Path, run: str, previous: str) -> None:
    """Write manifest.json: inputs, both ledgers, rules, settings, versions, table digests."""
    text = _json(
        {
            "run_id": run,
            "previous_run": previous,
            "content_digest": content_digest(con),
            "versions": {"ivig-audit": version("ivig-audit"), "python": _python()}
            | {name: version(name) for name in _LIBRARIES},
            "inputs": _rows(con, "SELECT * FROM audit.input_file ORDER BY file_id"),
            "file_ledger": _rows(con, "SELECT * FROM audit.file_ledger ORDER BY file_id"),
            "record_ledger": _rows(con, "SELECT * FROM audit.record_ledger ORDER BY record"),
            "guidelines": _rows(
                con, "SELECT set_id, version, digest FROM guideline.guideline_set ORDER BY set_id"
            ),
            "approved_by": _approved_by(con),
            "settings": _rows(con, "SELECT name, value, origin FROM audit.setting ORDER BY name"),
            "tables": table_digests(con),
        }
    )
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def write_timings(folder: Path, journal: Journal) -> None:
    """Write timings.json: when the run began and ended, seconds per stage and in all."""
    timings = {
        "began_at": journal.began_at.isoformat(),
        "ended_at": now().isoformat(),
        "stages": journal.seconds,
        "total": round(sum(journal.seconds.values()), 3),
    }
    (folder / "timings.json").write_text(json.dumps(timings, indent=2) + "\n", encoding="utf-8")


def _approved_by(con: duckdb.DuckDBPyConnection) -> str | None:
    """Return who approved an internal edition; None where there is none."""
    found = con.sql("SELECT value FROM audit.setting WHERE name = 'run.approved_by'").fetchall()
    return found[0][0] if found else None


def read_content_digest(folder: Path) -> str:
    """Return the content digest of a finished run; empty when its manifest cannot be read."""
    return _told(folder, "content_digest")


def read_previous_run(folder: Path) -> str:
    """Return the id of the run a finished one is compared with; empty when there is none."""
    return _told(folder, "previous_run")


def _told(folder: Path, name: str) -> str:
    try:
        loaded = json.loads((folder / "manifest.json").read_text("utf-8"))
        return str(loaded.get(name, ""))
    except (OSError, ValueError, AttributeError):
        return ""


def table_digests(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return one row per table of the database: name, number of rows, digest.

    The digest adds up one hash per row, so it does not depend on the order of rows.
    """
    columns = con.execute(
        """
        SELECT schema_name || '.' || table_name AS name, LIST(column_name ORDER BY column_index)
        FROM duckdb_columns()
        WHERE database_name = CURRENT_DATABASE() AND NOT internal
            AND (schema_name, table_name) IN (SELECT (schema_name, table_name) FROM duckdb_tables())
        GROUP BY ALL
        ORDER BY name
        """
    ).fetchall()
    starts = range(0, len(columns), _TABLES_AT_ONCE)
    return [row for at in starts for row in _digests(con, columns[at : at + _TABLES_AT_ONCE])]


def _digests(
    con: duckdb.DuckDBPyConnection, columns: list[tuple[str, list[str]]]
) -> list[dict[str, Any]]:
    """Return the digests of some tables from one statement: most tables are small."""
    parts = (f"({_digest(name, names)})" for name, names in columns)
    found = con.execute(f"{' UNION ALL '.join(parts)} ORDER BY name").fetchall()
    return [
        {"table": table, "rows": rows, "digest": "0" if total is None else f"{total:x}"}
        for table, rows, total in found
    ]


def _digest(table: str, columns: list[str]) -> str:
    listed = ", ".join(f'"{column}"' for column in columns)
    source = ".".join(f'"{part}"' for part in table.split("."))
    return f"SELECT '{table}' AS name, COUNT(*), SUM(HASH({listed})::HUGEINT) FROM {source}"


def _rows(con: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    found = con.sql(query)
    names = found.columns
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _json(content: object) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False, default=str)


def _python() -> str:
    return ".".join(platform.python_version_tuple()[:2])
