"""Count what a stage left in the tables, for the log: numbers of rows and nothing they hold."""

from __future__ import annotations

from typing import Final

import duckdb

_COUNTED: Final = {
    "ingest": {
        "files": "SELECT COUNT(*) FROM audit.input_file",
        "raw_rows": "SELECT SUM(raw_rows)::BIGINT FROM audit.file_ledger",
        "unreadable_rows": "SELECT SUM(unreadable_rows)::BIGINT FROM audit.file_ledger",
    },
    "validate": {
        name: f"SELECT SUM({name})::BIGINT FROM audit.record_ledger"
        for name in (
            "mapped_rows",
            "staged_rows",
            "quarantined_rows",
            "set_aside_rows",
            "opted_out_rows",
        )
    },
    "guidelines": {
        "sets": "SELECT COUNT(*) FROM guideline.guideline_set",
        "rules": "SELECT COUNT(*) FROM guideline.rule",
    },
    "derive": {
        "infusions": "SELECT COUNT(*) FROM derived.infusion",
        "sessions": "SELECT COUNT(*) FROM derived.session",
        "courses": "SELECT COUNT(*) FROM derived.course",
    },
    "check": {
        "verdicts": "SELECT COUNT(*) FROM audit.verdict",
        "findings": "SELECT COUNT(*) FROM audit.finding",
    },
    "detect": {"signals": "SELECT COUNT(*) FROM audit.signal"},
    "history": {"changed_findings": "SELECT COUNT(*) FROM audit.finding_change"},
    "summarise": {"cards": "SELECT COUNT(*) FROM report.finding_card"},
}
"""Per stage the name of a number and the query that counts it; other stages leave no rows."""


def count_stage(con: duckdb.DuckDBPyConnection, stage: str) -> dict[str, int]:
    """Return the numbers of one stage, by name."""
    counted = _COUNTED.get(stage, {})
    if not counted:
        return {}
    columns = ", ".join(f"({query}) AS {name}" for name, query in counted.items())
    row = con.execute(f"SELECT {columns}").fetchall()[0]
    return dict(zip(counted, (int(number or 0) for number in row), strict=True))
