"""Say the five headline numbers of a run in plain lines; what is not known says so."""

from __future__ import annotations

from collections.abc import Iterator
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
        f"grams: {_grams(first)}",
        f"infusions: {first['n_infusions']}",
        f"patients: {first['n_patients']}",
        *(_off_guideline(row) for row in rows),
        *_change(con),
        f"findings to review: {first['n_review'] or 0}",
    ]


def _change(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Yield how the first set's share moved since the run before, and why, where it is known."""
    found = con.sql(
        """
        SELECT p.run_id, c.change_all, c.change_late, c.change_practice, c.change_rules
        FROM report.previous_run AS p
        CROSS JOIN report.headline_change AS c
        ORDER BY c.set_key
        LIMIT 1
        """
    ).fetchall()
    for run_id, *parts in found:
        if None not in parts:
            whole, late, practice, rules = (f"{part * 100:+.2f}" for part in parts)
            yield (
                f"change since {run_id}: {whole} points "
                f"(late data {late}, practice {practice}, rules {rules})"
            )


def _off_guideline(row: dict[str, Any]) -> str:
    label = f"off-guideline share of closed courses ({row['set_id']})"
    coverage = (
        f"coverage {_percent(row['coverage'])} of grams" if row["grams"] else "nothing to cover"
    )
    if not row["n_judged"] and not row["n_unassessed"]:
        return f"{label}: no course could be judged; {coverage}"
    share = f"{_percent(row['share_off'])} ({row['n_off']} of {row['n_judged']})"
    if not row["n_judged"]:
        share = "not known (no course was fully assessed)"
    elif row["is_too_few"]:
        share = (
            f"too few judged for a share ({row['n_off']} of {row['n_judged']} off, "
            f"{row['n_unassessed']} more lack a fact)"
        )
    bounds = f"bounds {_percent(row['bound_low'])} to {_percent(row['bound_high'])}"
    return f"{label}: {share}; {bounds}; {coverage}"


def _grams(row: dict[str, Any]) -> str:
    """Return the grams given; of infusions none of which has a dose nobody knows them."""
    if row["grams"] is not None:
        return str(row["grams"])
    return "not known" if row["n_infusions"] else "0"


def _percent(share: Decimal | None) -> str:
    return "not known" if share is None else f"{share * 100:.1f}%"
