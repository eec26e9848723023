"""Reported events: read, told apart, laid to a session, shared out, never lost."""

from __future__ import annotations

import pytest
from empty_store import rows_of
from eventful import events, shares, store

from pipeline.derive.events import refuse_lost_events
from pipeline.errors import CheckError

ONE = """
    infusion_key | started          | ended
    1            | 2025-03-03 09:00 | 2025-03-03 13:00
"""
FIVE_DAYS = """
    infusion_key | started          | ended
    1            | 2025-03-03 09:00 | 2025-03-03 13:00
    2            | 2025-03-04 09:00 | 2025-03-04 13:00
    3            | 2025-03-05 09:00 | 2025-03-05 13:00
"""


@pytest.mark.parametrize(
    ("term", "onset", "attribution"),
    [
        ("urticaria", "2025-03-03 08:59", "outside_every_window"),
        ("urticaria", "2025-03-03 09:00", "in_window"),
        ("urticaria", "2025-03-03 17:00", "in_window"),  # 4 h after the end: both ends are in
        ("urticaria", "2025-03-03 17:01", "outside_every_window"),
        ("urticaria", "2025-03-03", "time_unknown"),
        ("urticaria", "2025-03-04", "time_unknown"),  # it may have ended at midnight
        ("urticaria", "2025-03-05", "outside_every_window"),
        ("headache", "2025-03-04", "in_window"),  # whatever the hour
        ("headache", "2025-03-05", "in_window"),
        ("headache", "2025-03-06", "time_unknown"),
        ("headache", "2025-03-07", "outside_every_window"),
        ("headache", "2025-03-02", "outside_every_window"),
        ("trali", "2025-03-03 20:00", "outside_every_window"),  # E17: hour 7
        ("haemolysis", "2025-03-13 13:00", "in_window"),
        ("haemolysis", "2025-03-14 13:01", "outside_every_window"),  # E17: day 11
        ("serum sickness", "2025-03-07 08:59", "outside_every_window"),
        ("serum sickness", "2025-03-07 09:00", "in_window"),
        ("hyponatraemia", "2025-03-03 12:59", "outside_every_window"),
        ("hyponatraemia", "2025-03-03 13:00", "in_window"),
        ("sneezing", "2025-03-03 10:00", "no_window"),
        ("headache", None, "no_onset"),
    ],
)
def test_each_event_is_laid_to_a_session_by_its_own_window(
    term: str, onset: str | None, attribution: str
) -> None:
    con = store(ONE, f"adverse_event_key | term | onset\n1 | {term} | {onset or ''}")
    session = None if attribution in ("outside_every_window", "no_window", "no_onset") else "1"
    assert events(con, "attribution, session_key, course_key") == [
        {"attribution": attribution, "session_key": session, "course_key": session}
    ]


def test_without_an_end_the_window_is_certain_from_the_start_and_possible_for_a_day() -> None:
    bag = "infusion_key | started\n1 | 2025-03-03 09:00"
    con = store(
        bag,
        """
        adverse_event_key | term      | onset
        1                 | urticaria | 2025-03-03 13:00
        2                 | trali     | 2025-03-03 15:01
        3                 | urticaria | 2025-03-05 09:00
        """,
    )
    assert events(con, "reported_event_key, attribution") == rows_of("""
        reported_event_key | attribution
        1                  | in_window
        2                  | time_unknown
        3                  | outside_every_window
    """)


def test_a_window_in_hours_is_not_bent_by_midnight() -> None:
    con = store(
        "infusion_key | started | ended\n1 | 2025-03-03 22:00 | 2025-03-04 02:00",
        "adverse_event_key | term | onset\n1 | urticaria | 2025-03-04 06:00",
    )
    assert events(con, "attribution") == [{"attribution": "in_window"}]


@pytest.mark.parametrize(
    ("term", "code"),
    [
        ("  HEADACHE ", "headache"),
        ("25064002", "headache"),
        ("R50.9", "fever"),
        ("r509", "fever"),
        ("Serum-Sickness", "serum_sickness"),
        ("infusion_reaction", "infusion_reaction"),
        ("Hemolysis", "haemolysis"),
        ("cold hands", "other"),
    ],
)
def test_a_term_is_read_as_a_word_or_a_code(term: str, code: str) -> None:
    con = store(ONE, f"adverse_event_key | term | onset\n1 | {term} | 2025-03-03 10:00")
    other = "cold hands" if code == "other" else None
    assert events(con, "event_code, other_term") == [{"event_code": code, "other_term": other}]


def test_the_last_of_several_sessions_is_taken_and_the_word_says_so() -> None:
    con = store(
        FIVE_DAYS,
        """
        adverse_event_key | term       | onset
        1                 | headache   | 2025-03-04 20:00   -- after two of three days
        2                 | haemolysis | 2025-03-10 08:00   -- of the course, whose days are one exposure
        3                 | haemolysis | 2025-03-04 08:00   -- before the second and third day
        """,  # noqa: E501 - the comment says why
    )
    assert events(con, "reported_event_key, attribution, session_key, course_key") == rows_of("""
        reported_event_key | attribution      | session_key | course_key
        1                  | several_sessions | 2           | 1
        2                  | in_window        | 3           | 1
        3                  | in_window        | 1           | 1
    """)


def test_of_two_courses_the_last_is_taken() -> None:
    con = store(
        """
        infusion_key | started          | ended            | product_code
        1            | 2025-03-03 09:00 | 2025-03-03 13:00 | VENA
        2            | 2025-03-10 09:00 | 2025-03-10 13:00 | VENA 5%
        """,
        "adverse_event_key | term | onset\n1 | haemolysis | 2025-03-11 08:00",
    )
    assert events(con, "attribution, session_key, course_key") == [
        {"attribution": "several_courses", "session_key": "2", "course_key": "2"}
    ]
    # E2: the product before the switch is listed too
    assert shares(con, "product_id, event_share") == rows_of("""
        product_id | event_share
        vena       | 0.5
        vena5      | 0.5
    """)


def test_what_a_report_names_stands_unless_its_onset_speaks_against_it() -> None:
    con = store(
        FIVE_DAYS,
        """
        adverse_event_key | term      | onset            | infusion_id | infusion_key
        1                 | headache  | 2025-03-05 20:00 | i2          | 2
        2                 | headache  |                  | i2          | 2
        3                 | urticaria | 2025-03-05 10:00 | i2          | 2
        4                 | sneezing  | 2025-04-05 10:00 | i2          | 2
        5                 | trali     | 2025-04-05 10:00 | i2          | 2
        """,
    )
    assert events(con, "reported_event_key, attribution, session_key, is_named_outside") == rows_of(
        """
        reported_event_key | attribution          | session_key | is_named_outside
        1                  | named_infusion       | 2           | false
        2                  | named_infusion       | 2           | false
        3                  | in_window            | 3           | true
        4                  | named_infusion       | 2           | false
        5                  | outside_every_window |             | true
        """
    )


def test_an_event_that_names_anothers_infusion_is_kept_by_patient_and_time() -> None:
    con = store(
        """
        infusion_key | patient_key | started          | ended            | route
        1            | 1           | 2025-03-03 09:00 | 2025-03-03 13:00 | IV
        2            | 2           | 2025-03-03 09:00 | 2025-03-03 13:00 | IV
        3            | 1           | 2025-05-03 09:00 | 2025-05-03 13:00 | SC
        """,
        """
        adverse_event_key | term      | onset            | infusion_id | infusion_key
        1                 | headache  | 2025-03-03 10:00 | i2          |
        2                 | urticaria | 2025-03-03 10:00 | i99         |
        3                 | trali     | 2025-05-03 10:00 | i3          | 3
        """,
    )
    columns = "reported_event_key, attribution, session_key, is_other_patient_named"
    assert events(con, f"{columns}, is_other_product_named") == rows_of("""
        reported_event_key | attribution          | session_key | is_other_patient_named | is_other_product_named
        1                  | in_window            | 1           | true                   | false
        2                  | in_window            | 1           | false                  | false
        3                  | outside_every_window |             | false                  | true
    """)  # noqa: E501 - a table reads better in one line per row


def test_an_infusion_that_was_not_given_is_told_apart_from_one_that_is_no_ivig() -> None:
    con = store(
        """
        infusion_key | patient_key | started          | ended            | status
        1            | 1           | 2025-03-03 09:00 | 2025-03-03 13:00 |
        2            | 1           | 2025-05-03 09:00 | 2025-05-03 13:00 | not_given
        """,
        """
        adverse_event_key | term      | onset            | infusion_id | infusion_key
        1                 | urticaria | 2025-05-03 10:00 | i2          | 2
        """,
    )
    columns = "attribution, session_key, is_other_product_named, is_not_given_named"
    assert events(con, columns) == rows_of("""
        attribution          | session_key | is_other_product_named | is_not_given_named
        outside_every_window |             | false                  | true
    """)


def test_reports_of_one_event_are_one_with_the_gravest_of_each() -> None:
    # E4: nurse, pharmacy and the reporting system
    con = store(
        ONE,
        """
        adverse_event_key | term       | onset            | product_code | grade | is_serious | seriousness     | imputability | reported_on | reported_to | source_id
        1                 | haemolysis | 2025-03-05 10:00 | VENA         | 2     | false      |                 | doubtful     | 2025-03-30  | maker       | ward
        2                 | Hemolysis  | 2025-03-04       |              | 3     |            | Hospitalisation | probable     | 2025-03-20  | authority   | pharmacy
        3                 | haemolysis | 2025-03-05       | VENA         |       |            | unheard of      |              |             |             | ward
        """,  # noqa: E501 - a table reads better in one line per row
    )
    assert events(
        con,
        "n_reports, onset_on, onset_at, grade, is_serious, criterion, imputability, reported_on,"
        " reported_to, sources, days_to_report, clock_days, clock",
    ) == [
        {
            "n_reports": "3",
            "onset_on": "2025-03-04",
            "onset_at": None,
            "grade": "3",
            "is_serious": "true",
            "criterion": "hospitalisation",
            "imputability": "probable",
            "reported_on": "2025-03-20",
            "reported_to": "authority, maker",
            "sources": "['pharmacy', 'ward']",
            "days_to_report": "16",
            "clock_days": "15",
            "clock": "late",
        }
    ]


@pytest.mark.parametrize(
    ("reports", "keys"),
    [
        ("2025-03-03 | VENA\n2025-03-04 | VENA", "1 1"),
        ("2025-03-03 | VENA\n2025-03-05 | VENA", "1 2"),  # a day and a step
        ("2025-03-03 | VENA\n2025-03-04 | VENA\n2025-03-05 | VENA", "1 1 3"),  # from the first
        ("2025-03-03 | VENA\n2025-03-03 | VENA 5%", "1 2"),  # two products, two events
        ("2025-03-03 | VENA\n2025-03-03 | VENA 5%\n2025-03-03 |", "1 2 3"),  # of which?
        ("2025-03-03 | VENA\n2025-03-03 |", "1 1"),
        ("2025-03-03 |\n2025-03-04 |", "1 1"),
        ("|\n|", "1 2"),  # without an onset nobody can tell
        ("2025-03-03 | VENA\n| VENA", "1 2"),
    ],
)
def test_reports_are_of_one_event_within_a_day_and_a_product(reports: str, keys: str) -> None:
    rows = [f"{key} | {row}" for key, row in enumerate(reports.split("\n"), start=1)]
    text = "\n".join(["adverse_event_key | onset | product_code", *rows])
    con = store(ONE, text)
    found = con.sql(
        "SELECT STRING_AGG(reported_event_key, ' ' ORDER BY adverse_event_key)"
        " FROM derived.event_report"
    ).fetchall()
    assert found == [(keys,)]


def test_symptoms_of_one_session_are_one_infusion_reaction() -> None:
    con = store(
        ONE,
        """
        adverse_event_key | term      | onset            | grade
        1                 | fever     | 2025-03-03 11:00 | 1
        2                 | chills    | 2025-03-03 11:00 | 2
        3                 | headache  | 2025-03-04 13:00 | 1       -- 24 h after the end
        4                 | urticaria | 2025-03-03 11:00 | 1       -- no part of it
        """,
    )
    assert events(con, "reported_event_key, event_code, n_reports, symptoms, grade") == rows_of("""
        reported_event_key | event_code        | n_reports | symptoms                        | grade
        1                  | infusion_reaction | 3         | ['chills', 'fever', 'headache'] | 2
        4                  | urticaria         | 1         |                                 | 1
    """)


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("headache | 2025-03-03 11:00", "headache"),
        ("headache | 2025-03-03 11:00\nfever | 2025-03-04 13:01", "headache fever"),  # a step late
        ("infusion reaction | 2025-03-03 11:00\nfever | 2025-03-03 12:00", "infusion_reaction"),
        ("fever | 2025-03-03 11:00\nfever | 2025-03-03 12:00", "fever"),
        ("fever | 2025-03-03 11:00\nchills | 2025-06-03 12:00", "fever chills"),
        ("fever |\nchills |", "fever chills"),
    ],
)
def test_a_reaction_takes_two_different_symptoms_in_its_own_window(rows: str, found: str) -> None:
    told = [f"{key} | {row}" for key, row in enumerate(rows.split("\n"), start=1)]
    con = store(ONE, "\n".join(["adverse_event_key | term | onset", *told]))
    assert " ".join(str(row["event_code"]) for row in events(con, "event_code")) == found


def test_an_event_is_shared_by_grams_between_products_and_lots() -> None:
    con = store(
        """
        infusion_key | started          | ended            | product_code | dose_g | lot_number
        1            | 2025-03-03 09:00 | 2025-03-03 13:00 | VENA         | 30     | a-1
        2            | 2025-03-04 09:00 | 2025-03-04 13:00 | VENA         | 20     | B 2
        3            | 2025-03-05 09:00 | 2025-03-05 13:00 | VENA 5%      | 40     |
        """,
        """
        adverse_event_key | term       | onset            | lot_number
        1                 | haemolysis | 2025-03-07 10:00 |
        2                 | headache   | 2025-03-03 10:00 |
        3                 | trali      | 2025-06-03 10:00 | C3
        4                 | fever      |                  |
        5                 | sneezing   | 2025-03-03 10:00 | B2
        """,
    )
    assert shares(con, "reported_event_key, product_id, lot, basis, event_share") == rows_of("""
        reported_event_key | product_id | lot | basis       | event_share
        1                  | vena       | A1  | given       | 0.333333
        1                  | vena       | B2  | given       | 0.222223
        1                  | vena5      |     | given       | 0.444444
        2                  | vena       | A1  | given       | 1
        3                  |            | C3  | stated_only | 1
        4                  |            |     | unknown     | 1
        5                  |            | B2  | stated_only | 1
    """)


def test_a_stated_lot_that_was_given_takes_all_and_unknown_grams_share_alike() -> None:
    con = store(
        """
        infusion_key | started          | ended            | dose_g | lot_number
        1            | 2025-03-03 09:00 | 2025-03-03 13:00 | 30     | A1
        2            | 2025-03-04 09:00 | 2025-03-04 13:00 |        | B2
        """,
        """
        adverse_event_key | term           | onset            | lot_number
        1                 | haemolysis     | 2025-03-07 10:00 | b-2
        2                 | serum sickness | 2025-03-17 10:00 |
        """,
    )
    assert shares(con, "reported_event_key, lot, basis, event_share") == rows_of("""
        reported_event_key | lot | basis  | event_share
        1                  | B2  | stated | 1
        2                  | A1  | given  | 0.5
        2                  | B2  | given  | 0.5
    """)


@pytest.mark.parametrize(
    ("seriousness", "is_serious", "reported", "clock"),
    [
        ("death", "", "2025-03-10", "in_time"),
        ("death", "", "2025-03-11", "late"),
        ("life-threatening", "", "2025-03-11", "late"),
        ("hospitalisation", "", "2025-03-18", "in_time"),
        ("hospitalisation", "", "2025-03-19", "late"),
        ("", "true", "2025-03-11", "in_time"),  # without a criterion the longer clock
        ("", "true", "2025-03-19", "late"),
        ("", "true", "", "unknown"),
        ("", "true", "2025-03-02", "unknown"),  # reported before it began
        ("", "false", "2025-03-19", "no_clock"),
        ("", "", "2025-03-19", "no_clock"),
    ],
)
def test_the_clock_of_a_serious_event(
    seriousness: str, is_serious: str, reported: str, clock: str
) -> None:
    con = store(
        ONE,
        "adverse_event_key | onset | seriousness | is_serious | reported_on\n"
        f"1 | 2025-03-03 | {seriousness} | {is_serious} | {reported}",
    )
    assert events(con, "clock") == [{"clock": clock}]


def test_days_to_death_are_counted_from_the_onset() -> None:
    con = store(
        ONE,
        """
        adverse_event_key | patient_key | onset
        1                 | 1           | 2025-03-03
        2                 | 1           |
        3                 | 2           | 2025-03-03
        """,
        deceased_on="2025-04-02",
    )
    assert events(con, "reported_event_key, days_to_death") == rows_of("""
        reported_event_key | days_to_death
        1                  | 30
        2                  |
        3                  |
    """)


def test_a_lost_report_stops_the_run() -> None:
    con = store(ONE, "adverse_event_key | onset\n1 | 2025-03-03")
    refuse_lost_events(con)
    con.execute("INSERT INTO staged.adverse_event (adverse_event_key, patient_key) VALUES (2, 1)")
    with pytest.raises(CheckError, match="reported events do not close: 2 sums differ"):
        refuse_lost_events(con)


def test_without_reports_there_is_no_event() -> None:
    con = store(ONE, "adverse_event_key | onset")
    assert events(con, "reported_event_key") == []
    assert shares(con, "reported_event_key") == []
