"""What the sets of the library say of the same few patients, one line to a verdict.

Every patient stands in CSV files that go through the real stages, under all these sets at once.
Days are counted from 31 March 2024. Rules for the other phase of a treatment and labels of other
products do not apply and are left out of the tables; they are asked for where they matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from audited import audited
from empty_store import rows_of
from scenarios import BEGUN, records_of

AS_OF = "2025-12-31"
SETS = (
    "us-fda-labels",
    "ema-core-smpc-rev5",
    "nhse-2021",
    "au-nba-v3",
    "on-igum-v5",
    "eanpns",
    "us-society",
    "droracle-2025",
)
# An adult of 75 kg and 180 cm: the ideal weight is the actual one, no policy makes a difference.
PATIENTS = """
    patient               | age | sex | kg   | cm  | indication | phase       | product          | g              | days
    next day              | 44  | M   | 75   | 180 | itp_adult  | single      | Privigen         | 75             | 0 1
    third day             | 44  | M   | 75   | 180 | itp_adult  | single      | Privigen         | 75             | 0 3
    sixth day             | 44  | M   | 75   | 180 | itp_adult  | single      | Privigen         | 75             | 0 6
    seventh day           | 44  | M   | 75   | 180 | itp_adult  | single      | Privigen         | 75             | 0 7
    other brand           | 44  | M   | 75   | 180 | itp_adult  | single      | Gammagard Liquid | 75             | 0 1
    three times as much   | 44  | M   | 75   | 180 | itp_adult  | maintenance | Privigen         | 225            | 0
    five days of Privigen | 44  | M   | 75   | 180 | cidp       | loading     | Privigen         | 30             | 0 1 2 3 4
    five days of Gamunex  | 44  | M   | 75   | 180 | cidp       | loading     | Gamunex-C        | 30             | 0 1 2 3 4
    stretched             | 44  | M   | 75   | 180 | cidp       | maintenance | Privigen         | 75 75 75 45 45 | 0 21 42 84 126
    stretched Gamunex     | 44  | M   | 75   | 180 | cidp       | maintenance | Gamunex-C        | 75 75 75 45 45 | 0 21 42 84 126
    stretched Gammagard   | 44  | M   | 75   | 180 | cidp       | maintenance | Gammagard Liquid | 75 75 75 45 45 | 0 21 42 84 126
    stretched Panzyga     | 44  | M   | 75   | 180 | cidp       | maintenance | Panzyga          | 75 75 75 45 45 | 0 21 42 84 126
    replaced              | 44  | M   | 75   | 180 | pid        | maintenance | Privigen         | 26.25          | 0 28
    boy                   | 6   | M   | 18.6 | 115 | itp_child  | single      | Privigen         | 15             | 0
    MMR in time           | 3   | M   | 12.5 | 90  | kawasaki   | single      | Privigen         | 25             | 0
    MMR a day early       | 3   | M   | 12.5 | 90  | kawasaki   | single      | Privigen         | 25             | 0
    MMR after 0.82 g/kg   | 6   | M   | 18.3 | 115 | itp_child  | single      | Privigen         | 15             | 0
    MMR a day too soon    | 6   | M   | 18.3 | 115 | itp_child  | single      | Privigen         | 15             | 0
"""  # noqa: E501 - a table reads better in one line per row
VACCINES = """
    patient_id          | vaccine_code | given_on
    MMR in time         | 03           | 2025-02-28
    MMR a day early     | 03           | 2025-02-27
    MMR after 0.82 g/kg | 03           | 2025-01-31
    MMR a day too soon  | 03           | 2025-01-30
"""
SAID = """
    patient               | set                | day | rule                     | status         | reason            | severity | cap                  | clause
    next day              | us-fda-labels      | 0   | FDA-ITP_ADULT-REGIMEN-01 | met            |                   |          |                      |
    next day              | ema-core-smpc-rev5 | 0   | EMA5-ITP-REGIMEN-01      | met            |                   |          |                      |
    next day              | nhse-2021          | 0   | NHSE-ITP-REGIMEN-01      | not_assessable | condition_unknown | review   | condition_unknown    | repeat
    next day              | droracle-2025      | 0   | DRO-ITP-REGIMEN-01       | met            |                   |          |                      |
    next day              | au-nba-v3          | 0   | AU-ITP_ADULT-REGIMEN-01  | not_assessable | policy_not_set    | advisory | rule                 |
    third day             | nhse-2021          | 0   | NHSE-ITP-REGIMEN-01      | breached       |                   | review   | higher_authority_met | repeat
    third day             | ema-core-smpc-rev5 | 0   | EMA5-ITP-REGIMEN-01      | met            |                   |          |                      |
    sixth day             | nhse-2021          | 0   | NHSE-ITP-REGIMEN-01      | met            |                   |          |                      |
    sixth day             | nhse-2021          | 6   | NHSE-ITP-REGIMEN-01      | not_assessable | condition_unknown | review   | condition_unknown    | repeat
    sixth day             | ema-core-smpc-rev5 | 0   | EMA5-ITP-REGIMEN-01      | met            |                   |          |                      |
    sixth day             | ema-core-smpc-rev5 | 6   | EMA5-ITP-REGIMEN-01      | breached       |                   | review   | late_interval        | repeat
    sixth day             | droracle-2025      | 0   | DRO-ITP-REGIMEN-01       | met            |                   |          |                      |
    sixth day             | droracle-2025      | 6   | DRO-ITP-REGIMEN-01       | met            |                   |          |                      |
    seventh day           | nhse-2021          | 0   | NHSE-ITP-REGIMEN-01      | met            |                   |          |                      |
    seventh day           | nhse-2021          | 7   | NHSE-ITP-REGIMEN-01      | not_assessable | condition_unknown | review   | condition_unknown    | repeat
    seventh day           | ema-core-smpc-rev5 | 0   | EMA5-ITP-REGIMEN-01      | met            |                   |          |                      |
    seventh day           | ema-core-smpc-rev5 | 7   | EMA5-ITP-REGIMEN-01      | breached       |                   | review   | late_interval        | repeat
    seventh day           | droracle-2025      | 0   | DRO-ITP-REGIMEN-01       | met            |                   |          |                      |
    seventh day           | droracle-2025      | 7   | DRO-ITP-REGIMEN-01       | met            |                   |          |                      |
    five days of Privigen | us-fda-labels      | 0   | FDA-CIDP-REGIMEN-01      | met            |                   |          |                      |
    five days of Gamunex  | us-fda-labels      | 0   | FDA-CIDP-REGIMEN-03      | breached       |                   | advisory | days_only            | days
    stretched             | eanpns             | 84  | EANPNS-CIDP-REGIMEN-03   | met            |                   |          |                      |
    stretched             | eanpns             | 126 | EANPNS-CIDP-REGIMEN-03   | met            |                   |          |                      |
    stretched             | us-fda-labels      | 84  | FDA-CIDP-REGIMEN-02      | breached       |                   | review   | rule                 | interval
    stretched             | us-fda-labels      | 126 | FDA-CIDP-REGIMEN-02      | breached       |                   | review   | rule                 | interval
    replaced              | droracle-2025      | 0   | DRO-PID-REGIMEN-01       | met            |                   |          |                      |
    replaced              | droracle-2025      | 28  | DRO-PID-REGIMEN-01       | met            |                   |          |                      |
    replaced              | on-igum-v5         | 0   | ON5-PID-REGIMEN-01       | breached       |                   | review   | rule                 | dose_total
    replaced              | on-igum-v5         | 28  | ON5-PID-REGIMEN-01       | breached       |                   | review   | rule                 | dose_total
    boy                   | us-society         | 0   | USSOC-ITP_CHILD-REGIMEN-01 | met          |                   |          |                      |
    boy                   | ema-core-smpc-rev5 | 0   | EMA5-ITP-REGIMEN-01      | met            |                   |          |                      |
    boy                   | droracle-2025      | 0   | DRO-ITP-REGIMEN-01       | breached       |                   | review   | under_dose           | dose_total
"""  # noqa: E501 - a table reads better in one line per row
STRETCHED = ("stretched", "stretched Gamunex", "stretched Gammagard", "stretched Panzyga")

Run = tuple[duckdb.DuckDBPyConnection, str]
Verdict = dict[str, str | None]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Return the database and the page of one audit of all patients under all sets."""
    folder = tmp_path_factory.mktemp("scenarios")
    records = records_of(PATIENTS) | {"vaccination": VACCINES}
    con = audited(folder, records, guidelines=SETS, as_of=AS_OF)
    page = next(folder.glob("out/runs/*/report-clinical.html")).read_text(encoding="utf-8")
    yield con, page
    con.close()


def said(con: duckdb.DuckDBPyConnection, patient: str, set_id: str) -> list[Verdict]:
    """Return what the rules of dose of one set say of one patient, as the table above has it."""
    found = con.sql(
        """
        SELECT
            patient_id AS patient,
            set_id AS set,
            (subject_on - $begun)::VARCHAR AS day,
            rule_id AS rule,
            status::VARCHAR AS status,
            reason::VARCHAR AS reason,
            IF(status = 'met', NULL, severity::VARCHAR) AS severity,
            IF(status = 'met', NULL, cap::VARCHAR) AS cap,
            clause::VARCHAR AS clause
        FROM audit.verdict_named
        WHERE
            kind = 'regimen'
            AND patient_id = $patient
            AND set_id = $set_id
            AND (reason IN ('other_phase', 'other_rule_met', 'not_labelled')) IS NOT TRUE
        ORDER BY subject_on, rule_id
        """,
        params={"patient": patient, "set_id": set_id, "begun": BEGUN},
    )
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


@pytest.mark.parametrize(
    "expected", rows_of(SAID), ids=lambda row: f"{row['patient']}-{row['set']}-{row['day']}"
)
def test_the_verdict_is_that_of_the_table(run: Run, expected: Verdict) -> None:
    found = said(run[0], str(expected["patient"]), str(expected["set"]))
    assert expected in found
    # no other rule of the set says worse of the same course
    same_day = [row for row in found if row["day"] == expected["day"]]
    assert {row["status"] for row in same_day} == {expected["status"]}


def test_a_second_dose_on_the_third_day_accuses_where_no_higher_authority_allows_it(
    tmp_path: Path,
) -> None:
    con = audited(tmp_path, records_of(PATIENTS), guidelines=("nhse-2021",), as_of=AS_OF)
    (verdict,) = said(con, "third day", "nhse-2021")
    assert (verdict["status"], verdict["severity"]) == ("breached", "off_guideline")
    assert (verdict["cap"], verdict["clause"]) == (None, "repeat")
    con.close()


@pytest.mark.parametrize(
    ("patient", "condition"),
    [
        ("next day", "severe or life-threatening bleeding"),
        ("sixth day", "the platelet count is still too low to stop bleeding"),
        ("seventh day", "the platelet count is still too low to stop bleeding"),
    ],
)
def test_the_condition_the_records_do_not_hold_is_named(
    run: Run, patient: str, condition: str
) -> None:
    con, page = run
    found = con.sql(
        "SELECT condition FROM audit.verdict_named WHERE patient_id = $patient"
        " AND kind = 'regimen' AND set_id = 'nhse-2021' AND reason = 'condition_unknown'",
        params={"patient": patient},
    ).fetchall()
    assert found == [(condition,)]
    table = page[page.index('id="t-conditions"') :]
    assert condition in table[: table.index("</table>")]


def test_a_finding_of_a_rule_with_a_condition_names_it_on_its_card(run: Run) -> None:
    found = (
        run[0]
        .sql(
            "SELECT severity, condition FROM audit.verdict_named"
            " WHERE patient_id = 'three times as much' AND rule_id = 'NHSE-ITP_ADULT-REGIMEN-01'"
        )
        .fetchall()
    )
    condition = "bleeding is refractory and other treatments are being tried meanwhile"
    assert found == [("review", condition)]
    assert f"<dt>Only if</dt><dd>{condition} (the records do not hold this)</dd>" in run[1]


def test_doses_six_or_seven_days_apart_are_two_courses_of_one_episode(run: Run) -> None:
    found = run[0].sql("""
        SELECT p.patient_id, COUNT(*), COUNT(DISTINCT c.episode_key)
        FROM derived.course AS c
        INNER JOIN staged.patient AS p ON c.patient_key = p.patient_key
        WHERE p.patient_id IN ('next day', 'third day', 'sixth day', 'seventh day')
        GROUP BY p.patient_id
        ORDER BY p.patient_id
    """)
    assert found.fetchall() == [
        ("next day", 1, 1),
        ("seventh day", 2, 1),
        ("sixth day", 2, 1),
        ("third day", 1, 1),
    ]


def test_a_product_no_label_covers_for_the_use_is_not_labelled_and_not_wrong(run: Run) -> None:
    assert said(run[0], "other brand", "us-fda-labels") == []
    found = run[0].sql("""
        SELECT DISTINCT kind, status, reason
        FROM audit.verdict_named
        WHERE
            patient_id = 'other brand' AND set_id = 'us-fda-labels'
            AND kind IN ('indication', 'regimen')
        ORDER BY kind
    """)
    assert found.fetchall() == [
        ("indication", "not_applicable", "not_labelled"),
        ("regimen", "not_applicable", "not_labelled"),
    ]
    # the same days of a product with a label are judged
    assert [row["status"] for row in said(run[0], "next day", "us-fda-labels")] == ["met"]


@pytest.mark.parametrize("patient", STRETCHED)
def test_stretched_maintenance_is_never_more_than_for_review_under_a_label(
    run: Run, patient: str
) -> None:
    labels = said(run[0], patient, "us-fda-labels") + said(run[0], patient, "ema-core-smpc-rev5")
    breached = [row for row in labels if row["status"] == "breached"]
    assert {row["day"] for row in breached} >= {"84", "126"}
    assert {row["severity"] for row in breached} <= {"review", "advisory"}
    assert {row["status"] for row in said(run[0], patient, "eanpns")} == {"met"}


@pytest.mark.parametrize(
    ("patient", "rule", "expected"),
    [
        ("MMR in time", "DRO-ANY-VACCINE-01", ("met", None, None)),
        ("MMR in time", "USSOC-ANY-VACCINE-01", ("met", None, None)),
        ("MMR a day early", "DRO-ANY-VACCINE-01", ("breached", None, 1)),
        ("MMR a day early", "USSOC-ANY-VACCINE-01", ("breached", None, 1)),
        ("MMR after 0.82 g/kg", "USSOC-ANY-VACCINE-01", ("met", None, None)),
        ("MMR a day too soon", "USSOC-ANY-VACCINE-01", ("breached", None, 1)),
        ("MMR a day too soon", "DRO-ANY-VACCINE-01", ("not_applicable", "not_high_dose", None)),
    ],
)
def test_a_live_vaccine_waits_eleven_months_after_2_g_per_kg_and_ten_after_0_82(
    run: Run, patient: str, rule: str, expected: tuple[object, ...]
) -> None:
    found = run[0].sql(
        "SELECT status, reason, miss FROM audit.verdict_named"
        " WHERE patient_id = $patient AND rule_id = $rule",
        params={"patient": patient, "rule": rule},
    )
    assert found.fetchall() == [expected]
