"""Reported events from CSV to the page: the shipped windows, and what a source may get wrong."""

from __future__ import annotations

import duckdb
import pytest
from audited import audited

PATIENTS = """
    patient_id | birth_date | sex | deceased_on
    P1         | 1980-01-01 | F   | 2024-04-10
    P2         | 1980-01-01 | F   |
"""
INFUSIONS = """
    infusion_id | patient_id | started_at          | ended_at            | product_code | dose_g | route | lot_number
    I1          | P1         | 2024-03-04 09:00:00 | 2024-03-04 13:00:00 | Privigen     | 40     | IV    | A1
    I2          | P1         | 2024-03-05 09:00:00 | 2024-03-05 13:00:00 | Octagam      | 20     | IV    | B2
    I3          | P2         | 2024-03-04 09:00:00 | 2024-03-04 13:00:00 | Privigen     | 40     | IV    | A1
"""  # noqa: E501 - a table reads better in one line per row
REPORTS = """
    event_id | patient_id | term              | onset_at            | is_serious | seriousness     | infusion_id | product_code | lot_number | reported_at
    E1       | P1         | Haemolysis        | 2024-03-11 08:00:00 | true       | hospitalisation |             |              |            | 2024-04-01
    E2       | P1         | hemolytic anaemia | 2024-03-12          |            |                 |             |              |            | 2024-03-20
    E3       | P2         | 10016558          | 2024-03-04 11:00:00 | false      |                 | I3          |              |            |
    E4       | P2         | Rigors            | 2024-03-04 11:30:00 | false      |                 | I3          |              |            |
    E5       | P2         | TRALI             | 2024-03-04 20:00:00 | true       | life-threatening | I1         |              |            | 2024-03-11
    E6       | P2         | purple toes       | 2024-03-04 20:00:00 |            |                 |             |              | Z9         |
    E7       | P1         | death             |                     | true       | death           |             |              |            |
    E8       | P1         | headache          | 31/02/2024          |            |                 |             |              |            |
"""  # noqa: E501 - a table reads better in one line per row


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[duckdb.DuckDBPyConnection, str]:
    """Give the database of a run on these records and the text of its report."""
    folder = tmp_path_factory.mktemp("events")
    con = audited(folder, {"patient": PATIENTS, "infusion": INFUSIONS, "adverse_event": REPORTS})
    page = next((folder / "out").glob("runs/*/report-clinical.html"))
    return con, page.read_text(encoding="utf-8")


def test_every_report_that_can_be_read_is_in_one_event(
    run: tuple[duckdb.DuckDBPyConnection, str],
) -> None:
    found = (
        run[0]
        .sql(
            """
        SELECT v.event_code, v.attribution, v.clock, v.days_to_death, v.is_other_patient_named,
            STRING_AGG(s.event_id, ' ' ORDER BY s.event_id)
        FROM derived.reported_event AS v
        INNER JOIN derived.event_report AS r USING (reported_event_key)
        INNER JOIN staged.adverse_event AS s USING (adverse_event_key)
        GROUP BY ALL
        ORDER BY ALL
        """
        )
        .fetchall()
    )
    assert found == [
        ("haemolysis", "in_window", "in_time", 30, False, "E1 E2"),
        ("headache", "no_onset", "no_clock", None, False, "E8"),  # its date cannot be read
        ("infusion_reaction", "named_infusion", "no_clock", None, False, "E3 E4"),
        ("other", "no_onset", "unknown", None, False, "E7"),
        ("other", "no_window", "no_clock", None, False, "E6"),
        ("trali", "outside_every_window", "in_time", None, True, "E5"),
    ]


def test_a_course_of_two_products_shares_its_event(
    run: tuple[duckdb.DuckDBPyConnection, str],
) -> None:
    found = (
        run[0]
        .sql(
            """
        SELECT p.lot, p.basis, CAST(p.event_share AS VARCHAR)
        FROM derived.reported_event_product AS p
        INNER JOIN derived.reported_event AS v USING (reported_event_key)
        WHERE v.event_code = 'haemolysis' OR v.other_term = 'purple toes'
        ORDER BY ALL
        """
        )
        .fetchall()
    )
    assert found == [
        ("A1", "given", "0.666667"),
        ("B2", "given", "0.333333"),
        ("Z9", "stated_only", "1.000000"),
    ]


def test_the_page_says_what_a_report_is(run: tuple[duckdb.DuckDBPyConnection, str]) -> None:
    for words in (
        "8 reports of 6 distinct events in 2 patients",
        "a lower bound of what happened",
        "Reported, not detected: events per 1,000 sessions",
        "denominator: 3 sessions begun in the period",
        "died, onset unknown",
    ):
        assert words in run[1]
    for name in ("purple toes", "P1", "P2"):
        assert name not in run[1]


def test_an_event_of_an_unknown_hour_is_told_beside_a_rate_of_0(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """On the day of the infusion it may have been before it."""
    folder = tmp_path_factory.mktemp("hour")
    reports = """
        event_id | patient_id | term  | onset_at
        E1       | P2         | fever | 2024-03-04
    """
    audited(folder, {"patient": PATIENTS, "infusion": INFUSIONS, "adverse_event": reports}).close()
    page = next((folder / "out").glob("runs/*/report-clinical.html")).read_text(encoding="utf-8")
    assert "perhaps 1 more: hour not recorded, in no rate" in page
    assert "1 reported event may belong to a session and stands in no rate" in page
