"""The rows and the arithmetic behind a finding on dose: which dose was earlier, which days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from examined import Row, Ward
from tables import table
from tools.check_explain import check_run
from tools.hard_courses import RULES
from tools.printed_arithmetic import agrees

FIRST = date(2024, 6, 1)
KG = 50


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """Return a ward whose protocol doses in every way there is."""
    made = Ward(tmp_path_factory.mktemp("ways"), *RULES)
    yield made
    made.con.close()


def infusions(case: Row) -> list[Row]:
    """Return one infusion per `day:grams`."""
    doses = [word.split(":") for word in case["given"].split()]
    return [
        {
            "infusion_id": f"{case['patient']}@{day}",
            "patient_id": case["patient"],
            "started_at": FIRST + timedelta(days=int(day)),
            "dose_g": grams,
            "indication_code": case["indication"],
        }
        for day, grams in doses
    ]


def records(drawn: list[Row]) -> dict[str, list[Row]]:
    """Return the records of the patients drawn: all weigh 50 kg on every day of an infusion."""
    bags = [row for case in drawn for row in infusions(case)]
    return {
        "infusion": bags,
        "body_measurement": [
            {"patient_id": row["patient_id"], "measured_at": row["started_at"], "weight_kg": KG}
            for row in bags
        ],
        "clinical_event": [
            {
                "patient_id": case["patient"],
                "event_code": case["event"],
                "occurred_at": FIRST + timedelta(days=int(day)),
            }
            for case in drawn
            for day in str(case["event_days"] or "").split()
        ],
    }


def examined(ward: Ward, text: str) -> list[Row]:
    """Return the patients drawn, with the events they had in their own columns."""
    header, *lines = [line for line in text.splitlines() if line.strip()]
    if "event" not in header:
        header, lines = f"{header} | event | event_days", [
            f"{line.split('--')[0]} | | " for line in lines
        ]  # fmt: skip
    drawn = table("\n".join([header, *lines])).to_dicts()
    ward.examine(records(drawn))
    return drawn


def told(ward: Ward, patient: str, on: int) -> Row:
    """Return the finding on the dose of the course that began on a day."""
    (finding,) = ward.rows(
        "SELECT finding_key, clause::VARCHAR AS clause, arithmetic FROM audit.finding"
        f" WHERE kind = 'regimen' AND patient_id = '{patient}'"
        f" AND subject_on = DATE '{FIRST + timedelta(days=on)}'"
    )
    return finding


def cited(ward: Ward, finding: Row) -> str:
    """Return the rows behind a finding: the days of the bags and events of each role."""
    found = ward.rows(
        f"""
        SELECT e.role, LIST_SORT(LIST(DISTINCT d.on_date - DATE '{FIRST}')) AS days
        FROM audit.evidence AS e
        INNER JOIN (
            SELECT 'infusion' AS record, infusion_key AS record_key, started_on AS on_date
            FROM staged.infusion
            UNION ALL
            SELECT 'clinical_event', clinical_event_key, occurred_on FROM staged.clinical_event
        ) AS d ON e.record = d.record AND e.record_key = d.record_key
        WHERE e.finding_key = '{finding["finding_key"]}' AND e.role != 'weight'
        GROUP BY e.role
        ORDER BY e.role
        """
    )
    return ", ".join(f"{row['role']} {' '.join(map(str, row['days']))}" for row in found)


def test_a_finding_on_dose_names_every_row_behind_it(ward: Ward) -> None:
    text = """
        patient   | indication      | given                | on | clause       | event           | event_days | rows
        late      | itp_adult       | 0:50 10:50           | 10 | repeat       |                 |            | earlier dose 0, given 10
        early     | gbs             | 0:100 6:50           | 6  | repeat       |                 |            | earlier dose 0, given 6, within 28 days 0 6
        third     | mg              | 0:50 14:50 28:50     | 28 | repeat       |                 |            | earlier dose 0 14, given 28
        double    | mg              | 0:50 3:50 20:50      | 20 | repeat       |                 |            | earlier dose 0 3, given 20
        much      | gbs             | 0:100 14:75          | 14 | dose_total   |                 |            | earlier dose 0, given 14
        split     | itp_adult       | 0:50 4:50            | 0  | repeat       |                 |            | earlier dose 0, given 0 4  -- one course, read as two doses
        first     | itp_adult       | 0:150 1:50           | 0  | dose_total   |                 |            | given 0 1, later dose 1
        cut       | itp_adult       | 0:25 3:25 6:75       | 0  | dose_total   |                 |            | earlier dose 0 3, given 0 3 6
        month     | pid             | 0:30 21:60           | 21 | month        |                 |            | given 21, previous course 0
        only      | pid             | 0:90                 | 0  | month        |                 |            | given 0
        rolling   | sid             | 0:30 14:30 27:30     | 27 | month        |                 |            | given 27, within 28 days 0 14 27
        outside   | sid             | 0:30 14:30 28:40     | 28 | month        |                 |            | given 28, within 28 days 14 28
        interval  | cidp            | 0:100 14:100         | 14 | interval     |                 |            | given 14, previous course 0, within 28 days 0 14
        slow      | cidp            | 0:100 60:100         | 60 | interval     |                 |            | given 60, previous course 0
        soon      | kawasaki        | 0:100                | 0  | window       | symptom_onset   | -30 -2     | event -30 -2, given 0
        long      | kawasaki        | 0:100                | 0  | window       | symptom_onset   | -200 -12   | event -12, given 0
        exchange  | amr_kidney      | 0:5 2:5 4:5          | 0  | event        | plasma_exchange | 0 30 40    | event 0 30, given 0 2 4
        near      | amr_kidney      | 0:5 1:5 4:5          | 0  | days         | plasma_exchange | 0 1 4      | given 0 1 4
        wide      | desensitisation | 0:50 12:50           | 12 | days         |                 |            | counted course 0, given 12
        heavy     | desensitisation | 0:50 14:100          | 14 | dose_total   |                 |            | counted course 0, given 14
    """  # noqa: E501 - a table reads better in one line per row
    for case in examined(ward, text):
        finding = told(ward, case["patient"], int(case["on"]))
        assert (case["patient"], finding["clause"], cited(ward, finding)) == (
            case["patient"], case["clause"], case["rows"],
        )  # fmt: skip
    ward.con.execute("CREATE TABLE audit.input_file (file_id SMALLINT, file_name VARCHAR)")
    assert check_run(ward.con, 1000, 1) == 0


def lines(ward: Ward, patient: str, on: int) -> list[str]:
    """Return the arithmetic of a finding, once every line of it was evaluated."""
    found = str(told(ward, patient, on)["arithmetic"]).splitlines()
    assert all(agrees(line.split(": ", 1)[1]) for line in found if set(line) & set("=<>≤≥"))
    return found


def test_the_arithmetic_of_a_repeat_says_which_dose_was_earlier(ward: Ward) -> None:
    examined(ward, """
        patient | indication | given
        late    | itp_adult  | 0:50 10:50
        split   | itp_adult  | 0:50 4:50
        much    | gbs        | 0:100 14:75
        third   | mg         | 0:50 14:50 28:50
        double  | mg         | 0:50 3:50 20:50
    """)  # fmt: skip
    assert lines(ward, "late", 10) == [
        "read as the repeat of the dose begun on 2024-06-01",
        "between the two starts: 2024-06-11 - 2024-06-01 = 10 d",
        "a repeat is permitted from 5 d and up to 7 d after the dose",
        "too late: 10 d > 7 d",
        "miss: 10 d - 7 d = 3 d",
    ]
    assert lines(ward, "split", 0)[:2] + lines(ward, "split", 0)[-5:] == [
        "read as the repeat, from 2024-06-05, of the dose begun on 2024-06-01",
        "between the two starts: 2024-06-05 - 2024-06-01 = 4 d",
        "with tolerance: 50.000 g × (1 + 0.100) = 55.000 g",
        "given from 2024-06-01 to 2024-06-05: 50.000 g + 50.000 g = 100.000 g",
        "given by then: 100.000 g > 55.000 g",
        "too much: 100.000 g - 50.000 g = 50.000 g",
        "at least one vial: 50.000 g ≥ 2.500 g",
    ]
    assert lines(ward, "much", 14)[:3] == [
        "read as the repeat of the dose begun on 2024-06-01",
        "dose: 75.000 g = 75.000 g",
        "limit: 1.000 g/kg × 50.000 kg = 50.000 g",
    ]
    assert lines(ward, "third", 28) == [
        "doses of the episode before this one: 2024-06-01, 2024-06-15",
        "with this one: 2 + 1 = 3",
        "a dose and one repeat are permitted",
        "above the limit: 3 > 2",
        "miss: 3 - 2 = 1",
    ]
    assert lines(ward, "double", 20)[3:6] == [
        "the dose before was more than one: 100.000 g > 55.000 g",
        "at least one vial: 100.000 g - 50.000 g ≥ 2.500 g",
        "so it counts as a dose and its repeat",
    ]


def test_the_arithmetic_of_a_month_adds_up_what_was_given(ward: Ward) -> None:
    examined(ward, """
        patient | indication | given
        month   | pid        | 0:30 21:60
        only    | pid        | 0:90
        rolling | sid        | 0:30 14:30 27:30
    """)  # fmt: skip
    assert lines(ward, "month", 21) == [
        "dose: 60.000 g = 60.000 g",
        "since the course before: 2024-06-22 - 2024-06-01 = 21 d",
        "a month is taken as 30.44 d: for 21.0 d the limit is about 27.6 g",
        "beyond the tolerance: 60.000 g × 30.44 d > 0.800 g/kg × 50.000 kg × 21.0 d × (1 + 0.100)",
        (
            "beyond whole vials: 60.000 g > 1 × ceil(0.800 g/kg × 50.000 kg × 21.0 d ÷ 30.44 d"
            " ÷ 1 ÷ 2.500 g) × 2.500 g"
        ),
        "at least one vial: (60.000 g - 2.500 g) × 30.44 d ≥ 0.800 g/kg × 50.000 kg × 21.0 d",
    ]
    assert lines(ward, "only", 0)[1] == "no course before: the longest interval is 28.0 d"
    assert lines(ward, "rolling", 27)[2:4] == [
        "given from 2024-06-01 to 2024-06-28: 30.000 g + 30.000 g + 30.000 g = 90.000 g",
        "given in 28 days: 90.000 g > 55.000 g",
    ]


def test_the_arithmetic_of_days_names_them(ward: Ward) -> None:
    examined(ward, """
        patient  | indication      | given             | event           | event_days
        near     | amr_kidney      | 0:5 1:5 4:5       | plasma_exchange | 0 1 4
        far      | amr_kidney      | 0:5 2:5 4:5 9:5   | plasma_exchange | 0 2 4 9
        exchange | amr_kidney      | 0:5 2:5 4:5       | plasma_exchange | 0 30
        soon     | kawasaki        | 0:100             | symptom_onset   | -30 -2
        wide     | desensitisation | 0:50 12:50        |                 |
        apart    | dermatomyositis | 0:20 1:20 4:20    |                 |
    """)  # fmt: skip
    assert lines(ward, "near", 0)[:2] == [
        "days with an infusion: 2024-06-01, 2024-06-02, 2024-06-05",
        "from one day to the next: 2024-06-02 - 2024-06-01 = 1 d",
    ]
    assert lines(ward, "far", 0)[1] == "from one day to the next: 2024-06-10 - 2024-06-05 = 5 d"
    assert lines(ward, "exchange", 0)[1:3] == [
        "looked for plasma exchange on each day of infusion or up to 2 d before, found 2024-06-01",
        "below the limit: 2 d < 3 d",
    ]
    assert lines(ward, "soon", 0)[0] == "since symptom onset: 2024-06-01 - 2024-05-30 = 2 d"
    assert lines(ward, "wide", 12)[:2] == [
        "counted with the courses of the episode since 2024-06-01",
        "days with an infusion: 2024-06-01, 2024-06-13",
    ]
    assert "first to last day: 2024-06-05 - 2024-06-01 + 1 d = 5 d" in lines(ward, "apart", 0)


def test_the_arithmetic_of_a_cap_says_what_it_lowers(ward: Ward) -> None:
    examined(ward, """
        patient | indication      | given
        total   | dermatomyositis | 0:35 1:35 2:35
        day     | dermatomyositis | 0:50 1:30
        low     | dermatomyositis | 0:30 1:30
        light   | dermatomyositis | 0:35 1:10 2:35
    """)  # fmt: skip
    assert lines(ward, "total", 0)[:4] == [
        "dose: 35.000 g + 35.000 g + 35.000 g = 105.000 g",
        "limit: 2.000 g/kg × 50.000 kg = 100.000 g",
        "the cap decides: 80.000 g < 100.000 g",
        "with tolerance: 80.000 g × (1 + 0.100) = 88.000 g",
    ]
    assert lines(ward, "day", 0)[:3] == [
        "dose of 2024-06-01: 50.000 g = 50.000 g",
        "limit: 1.000 g/kg × 50.000 kg = 50.000 g",
        "the cap decides: 35.000 g < 50.000 g",
    ]
    assert lines(ward, "low", 0)[2] == "the cap decides: 80.000 g < 100.000 g"
    assert lines(ward, "light", 0)[0] == "dose of 2024-06-02: 10.000 g = 10.000 g"
