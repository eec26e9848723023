"""Say the five headline numbers of a run in plain lines; what is not known says so."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb


def read_headline(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the headline as lines: use first, then one share per guideline set."""
    found = con.sql("SELECT * FROM report.headline ORDER BY set_key")
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
    if not rows:
        return []
    first = rows[0]
    return [
        f"grams: {first['grams']}",
        f"infusions: {first['n_infusions']}",
        f"patients: {first['n_patients']}",
        *(_off_guideline(row) for row in rows),
        f"findings to review: {first['n_review'] or 0}",
    ]


def _off_guideline(row: dict[str, Any]) -> str:
    label = f"off-guideline share of closed courses ({row['set_id']})"
    coverage = f"coverage {_percent(row['coverage'])} of grams"
    if not row["n_judged"] and not row["n_unassessed"]:
        return f"{label}: no course could be judged; {coverage}"
    share = (
        f"{_percent(row['share_off'])} ({row['n_off']} of {row['n_judged']})"
        if row["n_judged"]
        else "not known (no course was fully assessed)"
    )
    bounds = f"bounds {_percent(row['bound_low'])} to {_percent(row['bound_high'])}"
    return f"{label}: {share}; {bounds}; {coverage}"


def _percent(share: Decimal | None) -> str:
    return "not known" if share is None else f"{share * 100:.1f}%"
