"""Patients of the reference, from their records to what the set's own weight would have spared."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from audited import write_records
from ward import HEAD, RULE, write_set

from pipeline.config import load_settings
from pipeline.run.audit import audit
from pipeline.run.journal import Journal
from pipeline.store import open_finished

RECORDS = {
    "patient": """
        patient_id | birth_date | sex
        E1         | 1979-01-01 | M
        E2         | 1969-01-01 | F
        E3         | 1974-01-01 | M
        no height  | 1974-01-01 | M
    """,
    "body_measurement": """
        patient_id | measured_at | weight_kg | height_cm
        E1         | 2024-03-04  | 100       | 175
        E2         | 2024-03-04  | 95        | 160
        E3         | 2024-03-04  | 75        | 180
        no height  | 2024-03-04  | 100       |
    """,
    "infusion": """
        infusion_id | patient_id | started_at | product_code | dose_g | route | indication_code
        i1          | E1         | 2024-03-04 | Privigen     | 200    | IV    | mg
        i2          | E2         | 2024-03-04 | Privigen     | 190    | IV    | mg
        i3          | E3         | 2024-03-04 | Privigen     | 150    | IV    | mg
        i4          | no height  | 2024-03-04 | Privigen     | 200    | IV    | mg
    """,
    "source_coverage": """
        record   | from_on    | to_on
        infusion | 2023-01-01 | 2024-06-30
    """,
}
SPARED = """
    SELECT p.patient_id, CAST(d.allowed_g AS VARCHAR), CAST(d.avoidable_g AS VARCHAR),
        CAST(d.disputed_g AS VARCHAR), d.reason
    FROM report.dose_weight AS d INNER JOIN staged.patient AS p USING (patient_key)
    ORDER BY patient_id
"""


def spared(home: Path, policy: str, *, is_read: bool) -> tuple[list[tuple[Any, ...]], str]:
    """Audit the records by a set of 2 g/kg under this policy; return its courses and the page."""
    head = HEAD.replace('"actual"', f'"{policy}"\nrounding = "nearest_5g"')
    head = head.replace("read = true", f"read = {str(is_read).lower()}")
    rule = RULE.replace("min = 0.8, max = 1", "min = 1, max = 2")
    source = write_records(home / "source", RECORDS)
    told = load_settings(
        source,
        overrides={
            "guidelines": ("ward-seven",),
            "guideline_folder": write_set(home, head, mg=rule),
            "as_of": "2024-05-31",
        },
    )
    folder = audit(told, home / "out", Journal(io.StringIO())).folder
    con = open_finished(folder / "audit.duckdb")
    try:
        rows = con.sql(SPARED).fetchall()
    finally:
        con.close()
    return rows, (folder / "report-clinical.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("actual", (("200.000", "0.000"), ("190.000", "0.000"), ("150.000", "0.000"))),
        ("us_adj_120", (("165.000", "35.000"), ("140.000", "50.000"), ("150.000", "0.000"))),
        ("uk_ibw", (("140.000", "60.000"), ("105.000", "85.000"), ("150.000", "0.000"))),
    ],
)
def test_a_policy_that_was_read_spares_what_the_reference_says(
    tmp_path: Path, policy: str, expected: tuple[tuple[str, str], ...]
) -> None:
    rows, page = spared(tmp_path, policy, is_read=True)
    found = {name: (allowed, avoidable) for name, allowed, avoidable, _, _ in rows}
    assert tuple(found[name] for name in ("E1", "E2", "E3")) == expected
    unknown = ("200.000", "0.000") if policy == "actual" else (None, None)
    assert found["no height"] == unknown
    grams = sum(float(avoidable) for _, avoidable in expected)
    assert (f"{grams:.1f} g of " in page) == (grams > 0)


def test_a_policy_that_was_not_read_spares_nothing_the_actual_weight_allows(
    tmp_path: Path,
) -> None:
    rows, page = spared(tmp_path, "uk_ibw", is_read=False)
    assert rows == [
        ("E1", "140.000", "0.000", "60.000", "policy_not_read"),
        ("E2", "105.000", "0.000", "85.000", "policy_not_read"),
        ("E3", "150.000", "0.000", "0.000", None),
        ("no height", None, None, None, "no_height"),
    ]
    assert "145.0 g in 2 courses would be avoidable" in page
