"""Keep of every run what later ones must know: its findings, its rules, what decided its verdicts.

`out/history/<run_id>/` outlives the run's own folder. It holds no id of a patient and no value
that could be turned into one without the records.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import duckdb

from pipeline import resources
from pipeline.disclosure.kept import HISTORY
from pipeline.guidelines.columns import TABLES
from pipeline.run.earlier import READING
from pipeline.store import count_rows, insert_rows, quoted

RUN: Final = "run.json"
FINDINGS: Final = "findings.parquet"
RULES: Final = "rules.parquet"
KEY: Final = "privacy.key_fingerprint"
"""The setting that names the key of the pseudonyms, with which findings are known again."""

OPT_OUT: Final = "source.opt_out"
"""The setting that tells one list of patients left out from another."""

_KEYS: Final = ("rule_key", "set_key", "regimen_key")
"""Numbers that a rule gets anew in every run."""
_EDITORIAL: Final = {
    "rule": (
        "why",
        "statement",
        "source_title",
        "source_locator",
        "source_url",
        "authored_by",
        "checked_by",
        "review_due",
        "source_rule",
        "note",
    ),
    "guideline_set": (
        "title",
        "publisher",
        "version",
        "published_on",
        "source_title",
        "source_url",
        "digest",
    ),
    "policy": ("as_of", "from_on", "to_on", "guideline_as_of"),
}
"""What changes no verdict, and of the policy what says when and not how."""
_OF_EVENTS: Final = ("definition", "event", "guard_", "seriousness", "statement")
"""Beginnings of the tables that decide no finding."""

DIGEST: Final = {"part": "VARCHAR", "name": "VARCHAR", "digest": "VARCHAR"}
BEFORE: Final = {
    "run_id": "VARCHAR",
    "as_of": "DATE",
    "from_on": "DATE",
    "to_on": "DATE",
    "obstacle": "VARCHAR",
    "cause": "VARCHAR",
    "detail": "VARCHAR",
}


@dataclass(frozen=True)
class Kept:
    """What decided the verdicts of a run, as its history tells it."""

    program: str
    key: str
    reading: dict[str, str | None]
    rules: dict[str, str]
    tables: dict[str, str]
    as_of: date
    from_on: date | None
    to_on: date

    def cause(self, then: Kept) -> tuple[str | None, str]:
        """Return what else than rules and records differs from an earlier run, and what of it."""
        if self.program != then.program:
            return "program", ""
        if differing := _differing(self.reading, then.reading):
            return "reading", ", ".join(differing)
        if differing := _differing(self.tables, then.tables):
            return "settings", ", ".join(differing)
        return None, ""


def _differing(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))


def record_rules(con: duckdb.DuckDBPyConnection) -> None:
    """Write audit.rule_digest: one row per rule, and per table that all rules share.

    Two runs with one digest judged by the same rule; words that change no verdict are not in it.
    """
    insert_rows(con, "audit.rule_digest", DIGEST, [])
    with_rules = [name for name, columns in TABLES.items() if "rule_key" in columns]
    parts = [f"SELECT rule_key, '{name}' || {_row(name)} AS line FROM guideline.{name} AS t"
             for name in with_rules]  # fmt: skip
    parts.append(
        f"SELECT r.rule_key, 'set' || {_row('guideline_set')} FROM guideline.guideline_set AS t "
        "INNER JOIN guideline.rule AS r USING (set_key)"
    )
    con.execute(
        f"""
        INSERT INTO audit.rule_digest
        SELECT 'rule', r.rule_id, SHA256(STRING_AGG(w.line, CHR(10) ORDER BY w.line))
        FROM ({" UNION ALL ".join(parts)}) AS w
        INNER JOIN guideline.rule AS r USING (rule_key)
        GROUP BY r.rule_id
        ORDER BY r.rule_id
        """
    )
    for name in TABLES:
        if name in with_rules or name == "guideline_set" or name.startswith(_OF_EVENTS):
            continue
        con.execute(
            f"""
            INSERT INTO audit.rule_digest
            SELECT 'table', '{name}', SHA256(STRING_AGG(line, CHR(10) ORDER BY line))
            FROM (SELECT {_row(name)} AS line FROM guideline.{name} AS t)
            """
        )


def _row(table: str) -> str:
    """Return an expression for all of a row that decides a verdict, as text."""
    left_out = {*_KEYS, *_EDITORIAL.get(table, ())}
    fields = ", ".join(f"{name} := t.{name}" for name in TABLES[table] if name not in left_out)
    return f"CAST(TO_JSON(STRUCT_PACK({fields})) AS VARCHAR)"


def write_history(
    con: duckdb.DuckDBPyConnection, folder: Path, run_id: str, content: str, previous: str
) -> None:
    """Write into the run's folder what `out/history` is to keep of it."""
    target = folder / HISTORY
    target.mkdir(mode=0o700)
    _copy(con, resources.sql("run/finding_kept.sql"), target / FINDINGS, "audit.finding")
    rules = " UNION ALL ".join(
        f"SELECT '{name}' AS table_name, CAST(TO_JSON(t) AS VARCHAR) AS row_json "
        f"FROM guideline.{name} AS t"
        for name in TABLES
    )
    _copy(con, f"SELECT * FROM ({rules}) ORDER BY ALL", target / RULES, None)
    kept = read_now(con)
    told = {
        "run_id": run_id,
        "previous_run": previous,
        "content_digest": content,
        "program": kept.program,
        "key": kept.key,
        "as_of": kept.as_of,
        "from_on": kept.from_on,
        "to_on": kept.to_on,
        "reading": kept.reading,
        "rules": kept.rules,
        "tables": kept.tables,
    }
    text = json.dumps(told, indent=1, ensure_ascii=False, default=str)
    (target / RUN).write_text(text + "\n", encoding="utf-8")


def _copy(con: duckdb.DuckDBPyConnection, query: str, path: Path, table: str | None) -> None:
    """Write rows in one group, so that the bytes do not hang on the number of threads."""
    rows = count_rows(con, table) if table else count_rows(con, f"({query})")
    group = f"ROW_GROUP_SIZE {rows + 1}"
    con.execute(f"COPY ({query}) TO '{quoted(path)}' (FORMAT parquet, COMPRESSION zstd, {group})")


def read_now(con: duckdb.DuckDBPyConnection) -> Kept:
    """Return what decides the verdicts of the run in this database."""
    digests = con.sql("SELECT part, name, digest FROM audit.rule_digest ORDER BY ALL").fetchall()
    settings = con.sql("SELECT name, value FROM audit.setting ORDER BY name").fetchall()
    as_of, from_on, to_on = con.sql(
        "SELECT as_of, from_on, COALESCE(to_on, as_of) FROM guideline.policy"
    ).fetchall()[0]
    return Kept(
        program=str(con.sql("SELECT digest FROM audit.program").fetchall()[0][0]),
        key=str(dict(settings)[KEY]),
        reading={name: value for name, value in settings if name.startswith(READING)},
        rules={name: digest for part, name, digest in digests if part == "rule"},
        tables={name: digest for part, name, digest in digests if part == "table"},
        as_of=as_of,
        from_on=from_on,
        to_on=to_on,
    )


def read_kept(folder: Path) -> Kept:
    """Return what the history of a run tells.

    Raises:
        OSError, ValueError, LookupError, TypeError: it is not there, or damaged.
    """
    told = json.loads((folder / RUN).read_text("utf-8"))
    from_on = told["from_on"]
    return Kept(
        program=str(told["program"]),
        key=str(told["key"]),
        reading=dict(told["reading"]),
        rules=dict(told["rules"]),
        tables=dict(told["tables"]),
        as_of=date.fromisoformat(told["as_of"]),
        from_on=None if from_on is None else date.fromisoformat(from_on),
        to_on=date.fromisoformat(told["to_on"]),
    )


def compare_findings(con: duckdb.DuckDBPyConnection, out: Path, previous: str) -> None:
    """Write audit.history_before and audit.finding_change: what became of the findings since.

    `history_before`: one row, the run before, if any, and what stands in the way of a comparison.
    `finding_change`: one row per finding of either run that is not the same in both.
    """
    _declare(con)
    if previous:
        _load(con, out / HISTORY / previous)
    con.execute(f"CREATE TEMP TABLE finding_now AS {resources.sql('run/finding_now.sql')}")
    con.execute(f"CREATE TABLE audit.finding_change AS {resources.sql('run/finding_change.sql')}")
    con.execute("DROP TABLE finding_now")
    con.execute("DROP TABLE finding_before")
    con.execute("DROP TABLE rule_before")
    con.execute("DROP TABLE list_before")


def _declare(con: duckdb.DuckDBPyConnection) -> None:
    insert_rows(con, "audit.history_before", BEFORE, [])
    con.execute("CREATE TEMP TABLE rule_before (rule_id VARCHAR, digest VARCHAR)")
    con.execute("CREATE TEMP TABLE list_before AS SELECT FALSE AS is_other")
    con.execute(
        f"CREATE TEMP TABLE finding_before AS {resources.sql('run/finding_kept.sql')} LIMIT 0"
    )


def _refuse(con: duckdb.DuckDBPyConnection, run_id: str, obstacle: str) -> None:
    """Note why nothing is compared."""
    con.execute(
        "INSERT INTO audit.history_before (run_id, obstacle) VALUES ($1, $2)", [run_id, obstacle]
    )


def _load(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Read the history of the run before; where it cannot be read, nothing is compared."""
    run_id = folder.name
    if not (folder / RUN).is_file():
        _refuse(con, run_id, "no_history")
        return
    now = read_now(con)
    try:
        then = read_kept(folder)
        if then.key != now.key:  # one and the same finding has two keys
            _refuse(con, run_id, "other_key")
            return
        con.execute(
            "INSERT INTO finding_before BY NAME SELECT * FROM read_parquet($path)",
            {"path": str(folder / FINDINGS)},
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError, duckdb.Error):
        # the text of the error may quote a value
        con.execute("DELETE FROM finding_before")
        _refuse(con, run_id, "history_unreadable")
        return
    is_other = now.reading.get(OPT_OUT) != then.reading.get(OPT_OUT)
    con.execute("UPDATE list_before SET is_other = $1", [is_other])
    cause, detail = now.cause(then)
    con.execute(
        "INSERT INTO audit.history_before VALUES ($1, $2, $3, $4, NULL, $5, $6)",
        [run_id, then.as_of, then.from_on, then.to_on, cause, detail],
    )
    con.execute(
        "INSERT INTO rule_before SELECT UNNEST($rules::VARCHAR[]), UNNEST($digests::VARCHAR[])",
        {"rules": list(then.rules), "digests": list(then.rules.values())},
    )
