"""Work out again, from the rows named as evidence, what was judged of the use of a treatment.

Limits, approvals, reviews and lots; shares no code with the audit.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

Row = dict[str, Any]

SINCE = ("last review", "first course", "last trial of less")

_ROWS = """
    SELECT e.role, 'infusion' AS record, i.started_on AS on_date, i.dose_g, NULL::DATE AS end_on,
        NULL::INTEGER AS n_vials, NULL AS vial_size_g, NULL AS wasted_g
    FROM audit.evidence AS e INNER JOIN staged.infusion AS i ON e.record_key = i.infusion_key
    WHERE e.finding_key = $key AND e.record = 'infusion'
    UNION ALL
    SELECT e.role, 'dispensing', d.dispensed_on, d.dose_g, d.expires_on, d.n_vials, d.vial_size_g,
        d.wasted_g
    FROM audit.evidence AS e INNER JOIN staged.dispensing AS d ON e.record_key = d.dispensing_key
    WHERE e.finding_key = $key AND e.record = 'dispensing'
    UNION ALL
    SELECT e.role, 'authorisation',
        GREATEST(COALESCE(a.valid_from, a.decided_on), a.decided_on), NULL, a.valid_to, NULL, NULL,
        NULL
    FROM audit.evidence AS e
    INNER JOIN staged.authorisation AS a ON e.record_key = a.authorisation_key
    WHERE e.finding_key = $key AND e.record = 'authorisation'
    UNION ALL
    SELECT e.role, 'outcome_review', r.reviewed_on, NULL, NULL, NULL, NULL, NULL
    FROM audit.evidence AS e
    INNER JOIN staged.outcome_review AS r ON e.record_key = r.outcome_review_key
    WHERE e.finding_key = $key AND e.record = 'outcome_review'
    UNION ALL
    SELECT e.role, 'infusion_lot', NULL, l.dose_g, l.expires_on, l.n_vials, l.vial_size_g,
        l.wasted_g
    FROM audit.evidence AS e
    INNER JOIN staged.infusion_lot AS l ON e.record_key = l.infusion_lot_key
    WHERE e.finding_key = $key AND e.record = 'infusion_lot'
    UNION ALL
    SELECT e.role, 'dispensing_lot', NULL, l.dose_g, l.expires_on, l.n_vials, l.vial_size_g,
        l.wasted_g
    FROM audit.evidence AS e
    INNER JOIN staged.dispensing_lot AS l ON e.record_key = l.dispensing_lot_key
    WHERE e.finding_key = $key AND e.record = 'dispensing_lot'
"""


def use_holds(con: duckdb.DuckDBPyConnection, finding: Row) -> bool:
    """Say whether the rows behind a finding on use give what was judged."""
    if finding["observed"] is None:
        return True
    found = con.sql(_ROWS, params={"key": finding["finding_key"]})
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
    return Decimal(finding["observed"]) in {Decimal(fact) for fact in _facts(finding, rows)}


def _facts(finding: Row, rows: list[Row]) -> list[Decimal | int]:
    """Return the numbers that the rows can give."""
    if finding["unit"] == "count":
        return [1 + sum(row["role"] == "counted course" for row in rows)]
    if finding["unit"] == "days":
        return _DAYS[finding["kind"]](rows)
    if finding["kind"] == "authorisation":
        return [sum((row["dose_g"] for row in rows if row["role"] == "given"), Decimal(0))]
    return [_vials(rows, record) for record in ("infusion_lot", "dispensing_lot", "dispensing")]


def _limit_days(rows: list[Row]) -> list[Decimal | int]:
    given = _dates(rows, "given")
    return _differences(given, _dates(rows, "counted course") or given)


def _review_days(rows: list[Row]) -> list[Decimal | int]:
    since = [day for role in SINCE for day in _dates(rows, role)]
    return _differences(_dates(rows, "given"), since)


def _expired_days(rows: list[Row]) -> list[Decimal | int]:
    expiries = [row["end_on"] for row in rows if row["end_on"] is not None]
    return _differences(_dates(rows, "given"), expiries)


def _approval_days(rows: list[Row]) -> list[Decimal | int]:
    """Return the days by which an approval came late or ended early, or those of an interval."""
    used = _dates(rows, "given") + _dates(rows, "given under it")
    asked = [row for row in rows if row["record"] == "authorisation"]
    came = [row["on_date"] for row in asked if row["on_date"] is not None]
    ended = [row["end_on"] for row in asked if row["end_on"] is not None]
    previous = _dates(rows, "previous course")
    return [
        *_differences(came, used), *_differences(used, ended), *_differences(used, previous),
    ]  # fmt: skip


def _vials(rows: list[Row], record: str) -> Decimal:
    known = [row for row in rows if row["record"] == record and row["n_vials"] is not None]
    return sum((row["n_vials"] * row["vial_size_g"] for row in known), Decimal(0))


def _dates(rows: list[Row], role: str) -> list[date]:
    return [row["on_date"] for row in rows if row["role"] == role and row["on_date"] is not None]


def _differences(later: list[date], earlier: list[date]) -> list[Decimal | int]:
    return [(a - b).days for a in later for b in earlier]


_DAYS = {
    "limit": _limit_days,
    "authorisation": _approval_days,
    "review": _review_days,
    "traceability": _expired_days,
}
