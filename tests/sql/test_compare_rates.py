"""Rates by hand: what is in the numerator, what in each denominator, and what is in neither."""

from __future__ import annotations

from compared import rates, store

BAGS = """
    infusion_key | patient_key | started          | ended            | dose_g
    1            | 1           | 2024-03-04 09:00 | 2024-03-04 12:00 | 20
    2            | 1           | 2024-04-04 09:00 | 2024-04-04 12:00 | 30
    3            | 2           | 2024-03-04 09:00 | 2024-03-04 12:00 | 40
    4            | 2           | 2024-03-05 09:00 | 2024-03-05 12:00 |
"""


def test_each_denominator_counts_what_its_name_says() -> None:
    con = store(BAGS, "adverse_event_key | onset \n 1 | 2024-03-04 11:00")
    assert rates(con, "denominator, n_events, units, per_1000", "event_code IS NULL") == [
        ("courses", "1", "3", "333.3333"),
        # the course of patient 2 has grams that nobody knows: it is in neither part
        ("kilograms", "1", "0.05", "20000"),
        ("patients", "1", "2", "500"),
        ("sessions", "1", "4", "250"),
        ("courses", "0", "3", "0"),
        ("kilograms", "0", "0.05", "0"),
        ("patients", "0", "2", "0"),
        ("sessions", "0", "4", "0"),
    ]


def test_an_event_of_a_course_with_unknown_grams_is_in_no_rate_per_kilogram() -> None:
    con = store(BAGS, "adverse_event_key | patient_key | onset \n 1 | 2 | 2024-03-04 11:00")
    where = "ascertainment = 'reported' AND event_code IS NULL AND denominator IN"
    found = rates(con, "denominator, n_events", f"{where} ('kilograms', 'sessions')")
    assert found == [("kilograms", "0"), ("sessions", "1")]


def test_what_nobody_could_lay_to_a_session_is_in_no_numerator() -> None:
    reports = """
        adverse_event_key | term     | onset
        1                 | headache | 2024-03-04 11:00
        2                 | headache | 2024-03-20 11:00
        3                 | headache |
        4                 | hiccups  | 2024-03-04 11:00
    """
    con = store(BAGS, reports)
    where = "ascertainment = 'reported' AND denominator = 'sessions'"
    # a term without a window has no rate of its own: none could have been laid to a session
    assert rates(con, "event_code, n_events", where) == [(None, "1"), ("headache", "1")]


def test_serious_is_a_figure_of_its_own() -> None:
    reports = """
        adverse_event_key | patient_key | onset            | is_serious
        1                 | 1           | 2024-03-04 11:00 | true
        2                 | 2           | 2024-03-04 11:00 | false
        3                 | 1           | 2024-04-04 11:00 |
    """
    con = store(BAGS, reports)
    found = rates(con, "ascertainment, n_events", "event_code IS NULL AND denominator = 'sessions'")
    assert found == [("reported", "3"), ("reported_serious", "1")]


def test_a_detected_event_is_counted_among_the_courses_that_could_show_it() -> None:
    signals = """
        definition_id | course_key | patient_key | status        | is_counted
        aki           | 1          | 1           | met           | true
        aki           | 2          | 1           | met           | false
        aki           | 3          | 2           | not_evaluable | false
        anaemia       | 3          | 2           | not_evaluable | false
    """
    con = store(BAGS, "adverse_event_key", signals)
    columns = "event_code, denominator, n_events, units, per_1000"
    found = rates(con, columns, "ascertainment = 'detected'")
    assert found == [
        ("aki", "courses", "1", "2", "500"),
        ("aki", "kilograms", "1", "0.05", "20000"),
        ("aki", "patients", "1", "1", "1000"),
        ("aki", "sessions", "1", "2", "500"),
        # none could be evaluated: no rate, which is not a rate of none
        ("anaemia", "courses", "0", "0", None),
        ("anaemia", "kilograms", "0", "0", None),
        ("anaemia", "patients", "0", "0", None),
        ("anaemia", "sessions", "0", "0", None),
    ]


def test_without_reports_there_is_no_reported_rate() -> None:
    con = store("infusion_key", "adverse_event_key")
    assert rates(con, "ascertainment, units, per_1000", "denominator = 'sessions'") == [
        ("reported", "0", None),
        ("reported_serious", "0", None),
    ]


def test_a_patient_who_counts_often_widens_the_interval() -> None:
    reports = """
        adverse_event_key | patient_key | term     | onset
        1                 | 1           | headache | 2024-03-04 11:00
        2                 | 1           | headache | 2024-04-04 11:00
    """
    con = store(BAGS, reports)
    found = con.sql(
        "SELECT n_events, n_patients_with, low < exact_low, high > exact_high, design_effect"
        " FROM audit.event_rate WHERE event_code = 'headache' AND denominator = 'patients'"
    ).fetchall()
    assert [(*row[:4], float(row[4])) for row in found] == [(2, 1, True, True, 2.0)]


def test_a_definition_of_sessions_is_counted_among_the_sessions_that_could_show_it() -> None:
    signals = """
        definition_id | subject_kind | session_key | course_key | patient_key | status
        fever         | session      | 3           | 3          | 2           | met
        fever         | session      | 4           | 3          | 2           | not_evaluable
        fever         | session      | 1           | 1          | 1           | not_met
    """
    con = store(BAGS, "adverse_event_key", signals)
    columns = "denominator, n_events, units, per_1000"
    found = rates(con, columns, "ascertainment = 'detected'")
    assert found == [
        ("courses", "1", "2", "500"),
        ("kilograms", "1", "0.06", "16666.6667"),
        ("patients", "1", "2", "500"),
        ("sessions", "1", "2", "500"),
    ]
