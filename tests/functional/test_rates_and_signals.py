"""Rates and comparisons from CSV to the page: a published series gives its published figures."""

from __future__ import annotations

import duckdb
import pytest
from audited import audited

SERIES = (("Privigen", 48, 8), ("Gammagard Liquid", 121, 4), ("Gamunex-C", 130, 3))
"""Kawasaki patients in Toronto and those with haemolysis. Source: safety reference, C.3."""

Run = tuple[duckdb.DuckDBPyConnection, str]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Give the database of a run on the series, one session per patient, and its report."""
    folder = tmp_path_factory.mktemp("toronto")
    patients = ["patient_id | birth_date | sex"]
    infusions = ["infusion_id|patient_id|started_at|ended_at|product_code|dose_g|route|lot_number"]
    reports = ["event_id | patient_id | term | onset_at | is_serious"]
    for product, n_patients, n_events in SERIES:
        for place in range(n_patients):
            key = len(patients)
            patients.append(f"P{key} | 2020-01-01 | F")
            infusions.append(
                f"I{key}|P{key}|2024-03-04 09:00:00|2024-03-04 19:00:00|{product}|30|IV|L{product}"
            )
            if place < n_events:
                reports.append(f"E{key} | P{key} | haemolysis | 2024-03-07 09:00:00 | true")
    told = {"patient": patients, "infusion": infusions, "adverse_event": reports}
    con = audited(folder, {record: "\n".join(rows) for record, rows in told.items()})
    page = next((folder / "out").glob("runs/*/report-clinical.html"))
    return con, page.read_text(encoding="utf-8")


def test_the_page_prints_the_published_figures(run: Run) -> None:
    table = run[1].split('id="t-measures-product"')[1].split("</table>")[0]
    row = next(
        row
        for row in table.split("<tr>")
        if "Privigen" in row and "Haemolysis" in row and "serious" not in row
    )
    for figure in (
        "5.98<br><small>2.27 to 15.71",
        "6.97<br><small>2.40 to 20.28",
        "1.55<br><small>0.38 to 2.38",
        "0.00067",
        "16.29",
    ):
        assert figure in row


def test_every_figure_names_its_numerator_and_denominator(run: Run) -> None:
    for words in (
        "Reported, per 1,000 sessions",
        "Reported as serious, per 1,000 patients",
        "15 in 299 sessions",
        "15 in 8.97 kg",
    ):
        assert words in run[1]
    for words in ("of infusions were", "% of sessions"):
        assert words not in run[1].split('id="rates"')[1].split("</section>")[0]


def test_a_month_that_is_not_over_signals_nothing(run: Run) -> None:
    assert "No month with a comparison is closed yet" in run[1]


def test_a_signal_is_said_to_be_a_prompt(run: Run) -> None:
    assert "A signal is a prompt for a human to look, no verdict." in run[1]
