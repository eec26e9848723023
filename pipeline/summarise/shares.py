"""Give each share of patients its exact interval."""

from __future__ import annotations

import duckdb
from scipy.special import betaincinv

CONFIDENCE = 0.95


def clopper_pearson(n_with: int, n_of: int) -> tuple[float, float]:
    """Return the exact 95 % interval of a share.

    Source: Clopper and Pearson, Biometrika 1934;26:404-413.
    """
    tail = (1 - CONFIDENCE) / 2
    low = float(betaincinv(n_with, n_of - n_with + 1, tail)) if n_with else 0.0
    high = float(betaincinv(n_with + 1, n_of - n_with, 1 - tail)) if n_with < n_of else 1.0
    return round(low, 6), round(high, 6)


def add_share_interval(con: duckdb.DuckDBPyConnection) -> None:
    """Create `report.share_interval`: one row per pair of patient counts a share is made of."""
    con.execute(
        """
        CREATE TABLE report.share_interval (
            n_with BIGINT, n_of BIGINT, low DECIMAL(9, 6), high DECIMAL(9, 6)
        )
        """
    )
    pairs = con.sql(
        """
        SELECT n_patients_off, n_patients_judged
        FROM report.off_guideline_count
        WHERE n_patients_judged > 0
        UNION
        SELECT n_patients_with, n_patients_of
        FROM temp.group_count
        WHERE n_patients_of > 0
        ORDER BY ALL
        """
    ).fetchall()
    for n_with, n_of in pairs:
        low, high = clopper_pearson(n_with, n_of)
        con.execute(
            "INSERT INTO report.share_interval VALUES ($n_with, $n_of, $low, $high)",
            {"n_with": n_with, "n_of": n_of, "low": low, "high": high},
        )
