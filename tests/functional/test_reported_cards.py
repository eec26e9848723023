"""What the card of a reported event tells, from CSV to the tables the page prints."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from audited import audited
from empty_store import rows_of, shown

RECORDS = {
    "patient": """
        patient_id | birth_date | sex | deceased_on
        TWICE      | 1970-01-01 | F   |
        LATE       | 1970-01-01 | M   |
        DIED       | 1970-01-01 | M   | 2024-03-20
        BLANK      | 1970-01-01 | F   |
        OTHER      | 1970-01-01 | F   |
    """,
    "infusion": """
        infusion_id | patient_id | started_at          | ended_at            | product_code | dose_g | route | lot_number
        tw1         | TWICE      | 2024-03-04 09:00:00 | 2024-03-04 13:00:00 | Privigen     | 24     | IV    | LOT-ONE
        tw2         | TWICE      | 2024-03-05 09:00:00 | 2024-03-05 13:00:00 | Privigen     | 24     | IV    | LOT-TWO
        la1         | LATE       | 2024-01-02 09:00:00 | 2024-01-02 13:00:00 | Privigen     | 30     | IV    | LOT-ONE
        la2         | LATE       | 2024-03-04 09:00:00 | 2024-03-04 13:00:00 | Privigen     | 30     | IV    | LOT-ONE
        di1         | DIED       | 2024-03-04 09:00:00 | 2024-03-04 13:00:00 | Privigen     | 60     | IV    |
        bl1         | BLANK      | 2024-03-04 09:00:00 | 2024-03-04 13:00:00 | Privigen     | 60     | IV    |
        ot1         | OTHER      | 2024-03-04 09:00:00 | 2024-03-04 13:00:00 | Privigen     | 60     | IV    |
    """,  # noqa: E501 - a table reads better in one line per row
    "lab_result": """
        patient_id | test_code | collected_at        | value | unit
        DIED       | 2160-0    | 2024-03-03 08:00:00 | 1.0   | mg/dL
        DIED       | 2160-0    | 2024-03-06 08:00:00 | 2.1   | mg/dL
        DIED       | 718-7     | 2024-03-06 08:00:00 | 12.1  | g/dL
        DIED       | 2160-0    | 2024-01-01 08:00:00 | 1.0   | mg/dL
    """,
    "adverse_event": """
        event_id | patient_id | term                | onset_at            | grade | is_serious | seriousness     | imputability | infusion_id | reported_at         | reported_to
        e1       | TWICE      | headache            | 2024-03-04 15:00:00 | 2     | false      |                 | possible     | tw1         | 2024-03-05 10:00:00 | Sister Quill
        e2       | TWICE      | headache            | 2024-03-04 16:00:00 | 3     | true       | hospitalisation | probable     | tw1         | 2024-03-25 10:00:00 | regulator
        e3       | LATE       | headache            | 2024-03-20 10:00:00 |       | false      |                 |              |             | 2024-03-21 10:00:00 |
        e4       | DIED       | acute kidney injury | 2024-03-06 10:00:00 | 4     |            |                 |              |             | 2024-03-07 10:00:00 |
        e5       | BLANK      | headache            |                     |       |            |                 |              |             | 2024-03-07 10:00:00 |
        e6       | OTHER      | headache            | 2024-03-04 11:00:00 |       |            |                 |              | bl1         | 2024-03-07 10:00:00 |
    """,  # noqa: E501
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reported")


@pytest.fixture(scope="module")
def con(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    made = audited(folder, RECORDS, as_of="2024-12-31")
    yield made
    made.close()


@pytest.mark.usefixtures("con")
def test_whom_somebody_told_is_on_no_page_and_in_no_twin(folder: Path) -> None:
    (run,) = (folder / "out").glob("runs/*")
    written = [*run.glob("*.html"), *run.glob("tables/*")]
    assert "to whom stands in the record" in (run / "report-clinical.html").read_text("utf-8")
    assert not [path.name for path in written if "Quill" in path.read_text("utf-8")]


def test_the_gravest_word_of_two_reports_stands_on_one_card_serious_ones_first(
    con: duckdb.DuckDBPyConnection,
) -> None:
    found = shown(
        con,
        """
        SELECT p.patient_id, k.event_code, k.n_reports, k.grade, k.is_serious, k.imputability,
            k.clock, k.lots, k.confirmation, k.days_to_death, k.is_other_patient_named AS other
        FROM report.reported_card AS k INNER JOIN staged.patient AS p USING (patient_key)
        ORDER BY k.card_number
        """,
    )
    assert found == rows_of(
        """
        patient_id | event_code | n_reports | grade | is_serious | imputability | clock    | lots   | confirmation | days_to_death | other
        TWICE      | headache   | 2         | 3     | true       | probable     | in_time  | LOTONE |              |               | false
        BLANK      | headache   | 1         |       |            |              | no_clock |        |              |               | false
        DIED       | aki        | 1         | 4     |            |              | no_clock |        | confirmed    | 14            | false
        OTHER      | headache   | 1         |       |            |              | no_clock |        |              |               | true
        LATE       | headache   | 1         |       | false      |              | no_clock |        |              |               | false
        """  # noqa: E501
    )


def moments(con: duckdb.DuckDBPyConnection, patient: str) -> list[dict[str, str | None]]:
    """Return what stands on the timeline of the one card of a patient."""
    return shown(
        con,
        f"""
        SELECT m.lane, m.on_date, m.day_number, m.hours_after, m.shown_as, m.amount, m.words
        FROM report.event_moment AS m
        INNER JOIN report.reported_card AS k ON m.card = CONCAT('r-', k.reported_event_key)
        INNER JOIN staged.patient AS p USING (patient_key)
        WHERE p.patient_id = '{patient}'
        ORDER BY m.on_date, m.happened_at NULLS FIRST, m.lane
        """,
    )


@pytest.mark.parametrize(
    ("patient", "wanted"),
    [
        pytest.param(
            "TWICE",
            """
            lane   | on_date    | day_number | hours_after | shown_as | amount | words
            given  | 2024-03-04 | 0          | 0           | Privigen | 24     |
            report | 2024-03-04 | 0          | 6           | reported |        | onset
            report | 2024-03-04 | 0          | 7           | reported |        | onset
            given  | 2024-03-05 | 1          | 24          | Privigen | 24     |
            """,
            id="the whole course, and both reports",
        ),
        pytest.param(
            "LATE",
            """
            lane   | on_date    | day_number | hours_after | shown_as | amount | words
            given  | 2024-03-04 | -16        |             | Privigen | 30     |
            report | 2024-03-20 | 0          |             | reported |        | onset
            """,
            id="outside every window: what was given in the 60 days before, days from the event",
        ),
        pytest.param(
            "DIED",
            """
            lane   | on_date    | day_number | hours_after | shown_as                    | amount | words
            result | 2024-03-03 | -1         | -25         | creatinine, serum or plasma | 1      |
            given  | 2024-03-04 | 0          | 0           | Privigen                    | 60     |
            result | 2024-03-06 | 2          | 47          | creatinine, serum or plasma | 2.1    |
            report | 2024-03-06 | 2          | 49          | reported                    |        | onset
            """,  # noqa: E501
            id="results that a definition of the event asks for, in their weeks",
        ),
        pytest.param(
            "BLANK",
            """
            lane   | on_date    | day_number | hours_after | shown_as | amount | words
            given  | 2024-03-04 | -3         |             | Privigen | 60     |
            report | 2024-03-07 | 0          |             | reported |        | onset not recorded, the day of the report
            """,  # noqa: E501
            id="without an onset the days count from the report",
        ),
    ],
)
def test_the_timeline_of_a_card_holds(
    con: duckdb.DuckDBPyConnection, patient: str, wanted: str
) -> None:
    assert moments(con, patient) == rows_of(wanted)
