"""Live vaccines, risky products and premedication, from the records to the page."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from audited import audited
from tools.check_explain import check_run

Run = tuple[duckdb.DuckDBPyConnection, str]
SETS = ("droracle-2025", "us-society", "au-nba-v3", "us-fda-labels", "ema-core-smpc-rev5")
COVERED = "record | from_on | to_on\n" + "\n".join(
    f"{record} | 2020-01-01 | 2026-12-31"
    for record in ("infusion", "diagnosis", "medication", "vaccination", "clinical_event",
                   "lab_result")
)  # fmt: skip
GIVEN = (
    ("on time", "Privigen", 25, "kawasaki"),
    ("too early", "Privigen", 25, "kawasaki"),
    ("small dose", "Privigen", 15, "itp_child"),
    ("small late", "Privigen", 15, "itp_child"),
    ("no iga", "Privigen", 30, "pid"),
    ("iga alone", "Privigen", 30, "pid"),
    ("kidney", "Carimune NF", 30, "cidp"),
    ("proline", "Privigen", 30, "cidp"),
    ("sorbitol", "Flebogamma DIF 5%", 30, "cidp"),
    ("meter", "Octagam 10%", 30, "cidp"),
)


def infusions() -> str:
    """Return one infusion on the morning of 31 March 2024 per patient."""
    head = "infusion_id|patient_id|started_at|ended_at|product_code|dose_g|route|indication_code"
    rows = [
        f"{key}|{name}|2024-03-31 09:00|2024-03-31 20:00|{product}|{dose_g}|IV|{indication}"
        for key, (name, product, dose_g, indication) in enumerate(GIVEN, start=1)
    ]
    return "\n".join((head, *rows))


RECORDS = {
    "patient": """
        patient_id | birth_date | sex | is_iga_deficient | has_anti_iga
        on time    | 2021-02-01 | M   |                  |
        too early  | 2021-02-01 | M   |                  |
        small dose | 2016-02-01 | M   |                  |
        small late | 2016-02-01 | M   |                  |
        no iga     | 1980-02-01 | F   | true             | true
        iga alone  | 1980-02-01 | F   | true             | false
        kidney     | 1970-02-01 | F   |                  |
        proline    | 1990-02-01 | F   |                  |
        sorbitol   | 1990-02-01 | F   |                  |
        meter      | 1990-02-01 | F   |                  |
    """,
    "body_measurement": """
        patient_id | measured_at      | weight_kg
        on time    | 2024-03-31 07:00 | 12.5
        too early  | 2024-03-31 07:00 | 12.5
        small dose | 2024-03-31 07:00 | 18.3
        small late | 2024-03-31 07:00 | 18.3
    """,
    "infusion": infusions(),
    "diagnosis": """
        patient_id | code_system | code    | recorded_on
        kidney     | ICD10CM     | N18.31  | 2023-01-01
        proline    | ICD10CM     | E72.59  | 2023-01-01
        sorbitol   | ICD10CM     | E74.12  | 2023-01-01
        meter      | ICD10CM     | E11.65  | 2023-01-01
    """,
    "medication": """
        patient_id | code_system | code    | started_at
        kidney     | ATC         | N02BE01 | 2024-03-31 07:30
        proline    | ATC         | C07AB02 | 2024-03-31 07:30
        meter      | ATC         | A10AE04 | 2024-01-01 08:00
        meter      | ATC         | N02BE01 | 2024-03-31
    """,
    "clinical_event": """
        patient_id | event_code       | occurred_at
        no iga     | hypersensitivity | 2023-06-01
    """,
    "vaccination": """
        patient_id | vaccine_code | given_on
        on time    | 03           | 2025-02-28
        too early  | 03           | 2025-02-27
        small dose | 03           | 2025-01-30
        small late | 03           | 2025-01-31
    """,
    "lab_result": """
        patient_id | test_code | collected_at     | value | unit
        kidney     | 718-7     | 2024-03-31 06:00 | 120   | g/L
    """,
    "source_coverage": COVERED,
}  # fmt: skip


@pytest.fixture(scope="module")
def run(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Run]:
    """Return the database and the page of one audit under every set concerned."""
    folder = tmp_path_factory.mktemp("precautions")
    con = audited(folder, RECORDS, guidelines=SETS, as_of="2025-12-31")
    page = next(folder.glob("out/runs/*/report-clinical.html")).read_text(encoding="utf-8")
    yield con, page
    con.close()


def said(con: duckdb.DuckDBPyConnection, patient: str, rule: str) -> tuple[object, ...]:
    (found,) = con.sql(
        "SELECT status, reason, severity, clause, miss FROM audit.verdict_named"
        " WHERE patient_id = $patient AND rule_id = $rule",
        params={"patient": patient, "rule": rule},
    ).fetchall()
    return tuple(found)


@pytest.mark.parametrize(
    "rule", ["DRO-ANY-VACCINE-01", "USSOC-ANY-VACCINE-01", "AU-ANY-VACCINE-01"]
)
def test_measles_vaccine_eleven_months_after_kawasaki_disease(run: Run, rule: str) -> None:
    assert said(run[0], "on time", rule)[:2] == ("met", None)
    status, _, severity, clause, miss = said(run[0], "too early", rule)
    assert (status, clause, miss) == ("breached", "deferral", 1)
    assert severity == ("advisory" if rule.startswith("AU") else "review")


def test_a_small_dose_waits_ten_months_in_the_us_table_and_not_at_all_in_the_default_set(
    run: Run,
) -> None:
    assert said(run[0], "small dose", "USSOC-ANY-VACCINE-01")[0::4] == ("breached", 1)
    assert said(run[0], "small late", "USSOC-ANY-VACCINE-01")[0] == "met"
    for patient in ("small dose", "small late"):
        told = said(run[0], patient, "DRO-ANY-VACCINE-01")
        assert told[:2] == ("not_applicable", "not_high_dose")


@pytest.mark.parametrize(
    ("patient", "rule", "expected"),
    [
        ("no iga", "DRO-ANY-PRECAUTION-01", ("breached", None, "review")),
        ("no iga", "FDA-ANY-PRECAUTION-04", ("breached", None, "review")),
        ("iga alone", "DRO-ANY-PRECAUTION-01", ("met", None, "review")),
        ("iga alone", "FDA-ANY-PRECAUTION-04", ("met", None, "review")),
        ("kidney", "FDA-ANY-PRECAUTION-01", ("breached", None, "review")),
        ("proline", "FDA-ANY-PRECAUTION-02", ("breached", None, "review")),
        ("sorbitol", "EMA5-ANY-PRECAUTION-01", ("breached", None, "review")),
        ("meter", "FDA-ANY-PRECAUTION-03", ("breached", None, "advisory")),
        ("kidney", "DRO-ANY-PREMEDICATION-01", ("met", None, "advisory")),
        ("proline", "DRO-ANY-PREMEDICATION-01", ("not_applicable", "optional", "advisory")),
        ("meter", "DRO-ANY-PREMEDICATION-01", ("not_assessable", "time_unknown", "advisory")),
    ],
)
def test_product_and_patient_and_what_came_before(
    run: Run,
    patient: str,
    rule: str,
    expected: tuple[object, ...],
) -> None:
    assert said(run[0], patient, rule)[:3] == expected


def test_nothing_of_it_accuses(run: Run) -> None:
    counted = run[0].sql(
        "SELECT COUNT(*) FROM audit.verdict WHERE (severity = 'off_guideline' OR is_countable)"
        " AND kind IN ('precaution', 'vaccine_interval', 'premedication')"
    )
    assert counted.fetchall() == [(0,)]


def test_the_page_shows_them_with_their_reasons(
    run: Run,
) -> None:
    page = run[1]
    assert "Risks, live vaccines and premedication" in page
    assert "Vaccine after immunoglobulin: for a human" in page
    assert "2024-03-31 + 11 months = 2025-02-28" in page
    for row in run[0].sql("SELECT * FROM report.premedication ORDER BY ALL").fetchall():
        assert row[4] == row[5] + row[6] + row[7]


def test_every_explanation_holds(run: Run) -> None:
    assert check_run(run[0], 1000, seed=1) == 0
