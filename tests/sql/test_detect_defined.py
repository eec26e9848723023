"""Definitions as data: guards, baselines that may be another, codes without a place, slow drift."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import duckdb
import pytest
from detected import STARTED, add_diagnosis, add_result, clear, expose, look, ward


@pytest.fixture(scope="module")
def store() -> Iterator[duckdb.DuckDBPyConnection]:
    con = ward()
    yield con
    con.close()


@pytest.fixture
def con(store: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    clear(store)
    return store


def measure(con: duckdb.DuckDBPyConnection, text: str) -> None:
    """Stage results, one to a line: hours from the first infusion, analyte, value, unit."""
    for key, line in enumerate(text.strip().splitlines(), start=1):
        hours, analyte, value, *unit = line.split()
        at = STARTED + timedelta(hours=float(hours))
        add_result(con, key, at, analyte, value, unit[0] if unit else None)


def said(
    con: duckdb.DuckDBPyConnection, definition_id: str
) -> list[tuple[str, str | None, str | None]]:
    """Return status, reason and guards of every exposure, in the order of its key."""
    look(con)
    return con.sql(
        "SELECT status, reason, guards FROM audit.signal WHERE definition_id = $id"
        " ORDER BY subject_key",
        params={"id": definition_id},
    ).fetchall()


HAEMOLYSIS = """
    -24 hb 12.8 g/dL
    96 hb 9.6 g/dL
    41 dat positive
    96 retic_pct 5 %
"""


def test_one_result_in_the_windows_of_two_courses_counts_with_the_later(
    con: duckdb.DuckDBPyConnection,
) -> None:
    expose(con, 1)
    expose(con, 2, hours=90)
    measure(con, HAEMOLYSIS)
    assert said(con, "haemoglobin_fall") == [
        ("met", None, "counted_with_a_later_one observation"),
        ("met", None, "observation"),
    ]


def test_what_nothing_explains_is_not_handed_to_a_course_where_something_does(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """The second course has no haemoglobin of its week before, so it has evidence and no fall."""
    expose(con, 1)
    expose(con, 2, hours=192)
    measure(con, "-24 hb 13 g/dL\n216 hb 9 g/dL\n216 dat positive\n216 haptoglobin 10 mg/dL")
    assert said(con, "haemolysis_ctcae") == [
        ("met", None, None),
        ("met", None, "laboratory_evidence_only"),
    ]


def test_so_low_a_value_before_the_course_was_seen_before_it(
    con: duckdb.DuckDBPyConnection,
) -> None:
    expose(con)
    measure(con, "-150 hb 9.5 g/dL\n" + HAEMOLYSIS.strip())
    assert said(con, "haemolysis_sickkids") == [("met", None, "seen_before_exposure")]


@pytest.mark.parametrize(
    ("before", "guards"),
    [
        ("-24 ldh 226 U/L\n-24 bili_total 0.3 mg/dL", "signs_before_exposure"),
        ("-24 ldh 225 U/L\n-24 bili_total 0.3 mg/dL", None),
        ("-100 ldh 900 U/L\n-24 ldh 200 U/L", None),
        ("-169 ldh 900 U/L", None),
        ("-24 bili_total 3 mg/dL", None),
        ("-24 ldh <900 U/L", None),
    ],
)
def test_support_that_was_there_before_the_course_is_nothing_new(
    con: duckdb.DuckDBPyConnection, before: str, guards: str | None
) -> None:
    """Two of three signs follow; one that was there already leaves too few."""
    expose(con)
    after = "96 hb 9 g/dL\n96 haptoglobin 10 mg/dL\n96 ldh 600 U/L"
    measure(con, f"-24 hb 12 g/dL\n{before}\n{after}")
    assert said(con, "haemolysis_northwestern") == [("met", None, guards)]


def test_a_quarantined_value_may_have_been_the_last_before(
    con: duckdb.DuckDBPyConnection,
) -> None:
    expose(con)
    measure(con, HAEMOLYSIS)
    con.execute("INSERT INTO staged.patient_alias VALUES ('p', 1)")
    on = STARTED.date() - timedelta(days=0)
    con.execute(
        """INSERT INTO quarantine.lab_result VALUES ('p', $1, '{"test_code": "718-7"}')""", [on]
    )
    assert [row[0] for row in said(con, "haemolysis_sickkids")] == ["not_evaluable"]


def test_a_result_without_a_unit_is_nobodys_proof(con: duckdb.DuckDBPyConnection) -> None:
    expose(con)
    measure(con, "-24 hb 12 g/dL\n96 hb 12")
    assert said(con, "haemoglobin_fall") == [("not_evaluable", "value_unread", None)]


@pytest.mark.parametrize("age", [None, 17])
def test_limits_read_for_adults_leave_others_open(
    con: duckdb.DuckDBPyConnection, age: int | None
) -> None:
    expose(con, age_years=age)
    measure(con, HAEMOLYSIS)
    assert [row[0] for row in said(con, "haemolysis_sickkids")] == ["not_evaluable"]


@pytest.mark.parametrize(
    ("event", "indication", "is_counted"),
    [("haemolysis", "kawasaki", True), ("haemolysis", "aiha", False), ("haemolysis", None, True)],
)
def test_what_it_was_given_for_may_explain_it(
    con: duckdb.DuckDBPyConnection, event: str, indication: str | None, *, is_counted: bool
) -> None:
    expose(con, indication=indication)
    measure(con, HAEMOLYSIS)
    look(con)
    found = con.sql(
        "SELECT is_counted FROM audit.detected_event WHERE event = $event", params={"event": event}
    ).fetchall()
    assert found == [(is_counted,)]


@pytest.mark.parametrize(
    ("indication", "text", "definition"),
    [
        ("amr_kidney", "-2000 creatinine 1 mg/dL\n48 creatinine 2 mg/dL", "aki_median_of_year"),
        ("dermatomyositis", "-24 alt 30 U/L\n48 alt 90 U/L", "alt_ctcae_normal_baseline"),
        ("kawasaki", "-24 hb 12 g/dL\n48 hb 9 g/dL", "haemoglobin_fall"),
        ("gbs", "-24 sodium 140 mmol/L\n24 sodium 130 mmol/L", "hyponatraemia_fall"),
    ],
)
def test_every_confounding_disease_of_the_list_flags_its_event(
    con: duckdb.DuckDBPyConnection, indication: str, text: str, definition: str
) -> None:
    expose(con, indication=indication)
    measure(con, text)
    ((status, _, guards),) = said(con, definition)
    assert status == "met"
    assert "confounded_by_indication" in (guards or "").split()


@pytest.mark.parametrize(
    ("hours", "code", "guards"),
    [
        (-20000, "D59.11", "haemolysis_autoimmune"),
        (-20000, "D69.41", "haemolysis_autoimmune"),
        (-20000, "D59.2", None),
        (-24, "D59.11", "haemolysis_autoimmune"),
        (24, "D59.11", None),  # it may be this very event, miscoded
    ],
)
def test_autoimmune_haemolysis_explains_it_when_it_was_coded_before(
    con: duckdb.DuckDBPyConnection, hours: int, code: str, guards: str | None
) -> None:
    expose(con, indication="itp")
    measure(con, HAEMOLYSIS)
    add_diagnosis(con, 1, [str(hours), "ICD10CM", code, "secondary", "no"])
    assert said(con, "haemolysis_sickkids") == [("met", None, guards)]


@pytest.mark.parametrize(("hours", "guards"), [(-24, "kidney_failure"), (-2500, None), (48, None)])
@pytest.mark.parametrize("definition", ["kdigo_2012", "aki_median_of_year"])
def test_creatinine_between_two_dialyses_is_no_new_injury(
    con: duckdb.DuckDBPyConnection, hours: int, guards: str | None, definition: str
) -> None:
    expose(con)
    measure(con, "-2000 creatinine 3.5 mg/dL\n-24 creatinine 3.5 mg/dL\n30 creatinine 6 mg/dL")
    add_diagnosis(con, 1, [str(hours), "ICD10CM", "Z99.2", "secondary", "yes"])
    assert said(con, definition) == [("met", None, guards)]


def test_a_change_of_creatinine_that_no_laboratory_resolves_is_flagged(
    con: duckdb.DuckDBPyConnection,
) -> None:
    expose(con)
    measure(con, "-2000 creatinine 0.2 mg/dL\n48 creatinine 0.5 mg/dL")
    assert said(con, "aki_median_of_year") == [("met", None, "below_resolution")]


def test_the_calculated_baseline_never_counts(con: duckdb.DuckDBPyConnection) -> None:
    expose(con, age_years=60, sex="M")
    # 1.5 times the 1.069 mg/dL of a man of 60 (safety reference, MDRD test)
    measure(con, "48 creatinine 1.603 mg/dL\n72 creatinine 1.604 mg/dL")
    assert said(con, "aki_imputed_baseline") == [("met", None, "imputed_baseline")]


@pytest.mark.parametrize(("age", "sex", "baseline"), [(60, "M", "1.069"), (60, "F", "0.825")])
def test_the_calculated_baseline_is_that_of_the_reference(
    con: duckdb.DuckDBPyConnection, age: int, sex: str, baseline: str
) -> None:
    expose(con, age_years=age, sex=sex)
    measure(con, "48 creatinine 3 mg/dL")
    look(con)
    found = con.sql(
        "SELECT baseline::DECIMAL(9, 3)::VARCHAR FROM audit.signal"
        " WHERE definition_id = 'aki_imputed_baseline'"
    ).fetchall()
    assert found == [(baseline,)]


def test_a_code_of_an_encounter_that_began_before_has_no_place(
    con: duckdb.DuckDBPyConnection,
) -> None:
    expose(con)
    add_diagnosis(con, 1, ["24", "ICD10CM", "I82.409", "secondary", "no"])
    on = STARTED.date()
    con.execute("INSERT INTO staged.encounter VALUES (7, $1, $2)", [on - timedelta(9), on])
    con.execute("UPDATE staged.diagnosis SET onset_on = NULL, encounter_key = 7")
    assert said(con, "thrombosis_venous_codes") == [("not_evaluable", "timing_unknown", None)]


@pytest.mark.parametrize(
    ("position", "present", "status"),
    [
        ("principal", "no", "met"),
        ("secondary", "no", "met"),
        ("-", "no", "not_evaluable"),
        ("principal", "yes", "not_evaluable"),
        ("principal", "-", "not_evaluable"),
    ],
)
def test_a_coded_thrombosis_counts_only_when_it_is_new(
    con: duckdb.DuckDBPyConnection, position: str, present: str, status: str
) -> None:
    expose(con)
    add_diagnosis(con, 1, ["24", "ICD10CM", "I26.99", position, present])
    con.execute("UPDATE staged.diagnosis SET position = NULLIF(position, '-')")
    assert [row[0] for row in said(con, "thrombosis_venous_codes")] == [status]


def test_a_session_without_an_hour_leaves_its_own_day_open(
    con: duckdb.DuckDBPyConnection,
) -> None:
    expose(con, is_timed=False)
    measure(con, "-24 hb 12 g/dL\n2 hb 9 g/dL")
    assert said(con, "haemoglobin_fall") == [("not_evaluable", "time_unknown", None)]


def test_what_several_definitions_see_is_one_event(con: duckdb.DuckDBPyConnection) -> None:
    expose(con)
    measure(con, HAEMOLYSIS)
    look(con)
    found = con.sql(
        "SELECT event, n_met, n_counted, is_serious, is_reported FROM audit.detected_event"
        " WHERE NOT is_observation"
    ).fetchall()
    assert found == [("haemolysis", 2, 2, True, False)]


def test_without_any_reports_nobody_knows_whether_it_was_reported(
    con: duckdb.DuckDBPyConnection,
) -> None:
    con.execute("DELETE FROM audit.record_supplied")
    expose(con)
    measure(con, HAEMOLYSIS)
    look(con)
    found = con.sql(
        "SELECT is_counted, is_reported FROM audit.detected_event WHERE NOT is_observation"
    ).fetchall()
    assert found == [(True, None)]


@pytest.mark.parametrize(
    ("from_on", "to_on", "is_reported"),
    [("2000-01-01", "2099-12-31", False), ("2000-01-01", "2001-12-31", None)],
)
def test_reports_that_are_complete_for_other_days_say_nothing_of_this_one(
    con: duckdb.DuckDBPyConnection,
    from_on: str,
    to_on: str,
    is_reported: bool | None,  # noqa: FBT001 - what is expected
) -> None:
    con.execute(
        "INSERT INTO staged.coverage BY NAME SELECT 'adverse_event' AS record,"
        " $from_on::DATE AS from_on, $to_on::DATE AS to_on, 'declared' AS origin",
        {"from_on": from_on, "to_on": to_on},
    )
    expose(con)
    measure(con, HAEMOLYSIS)
    look(con)
    found = con.sql(
        "SELECT is_reported FROM audit.detected_event WHERE NOT is_observation"
    ).fetchall()
    assert found == [(is_reported,)]


def test_a_report_in_words_nobody_can_read_may_be_of_it(con: duckdb.DuckDBPyConnection) -> None:
    expose(con)
    measure(con, HAEMOLYSIS)
    con.execute(
        "INSERT INTO derived.reported_event BY NAME SELECT 1 AS reported_event_key,"
        " patient_key, course_key, 'other' AS event_code, $onset::DATE AS onset_on"
        " FROM derived.course",
        {"onset": STARTED.date()},
    )
    look(con)
    found = con.sql(
        "SELECT is_reported FROM audit.detected_event WHERE NOT is_observation"
    ).fetchall()
    assert found == [(None,)]


def test_a_medicine_against_the_marrow_flags_a_neutropenia(
    con: duckdb.DuckDBPyConnection,
) -> None:
    expose(con)
    measure(con, "-24 anc 3 10*9/L\n48 anc 0.9 10*9/L")
    on = STARTED.date() - timedelta(days=10)
    con.execute("INSERT INTO staged.medication VALUES (1, 1, 'ATC', 'L01XC02', $1, $1)", [on])
    assert said(con, "neutropenia_ctcae") == [("met", None, "chemotherapy")]


def test_slow_drift_is_the_change_of_middle_values(con: duckdb.DuckDBPyConnection) -> None:
    expose(con)
    days = ("2025-01-10", "2025-02-10", "2025-03-01", "2025-10-10", "2025-11-10", "2025-12-10")
    for key, (day, value) in enumerate(zip(days, ("13", "12", "14", "9", "10", "11"), strict=True)):
        add_result(con, key, STARTED.fromisoformat(day), "hb", value, "g/dL")
        add_result(con, key + 10, STARTED.fromisoformat(days[0]), "egfr", "60",
                   "mL/min/{1.73_m2}")  # fmt: skip
    look(con)
    found = con.sql(
        "SELECT analyte, first_value::INTEGER, last_value::INTEGER, moved_by::INTEGER"
        " FROM audit.drift ORDER BY analyte"
    ).fetchall()
    assert found == [("egfr", 60, None, None), ("hb", 13, 10, -3)]


def test_adding_a_patient_changes_nobody_elses_signal(con: duckdb.DuckDBPyConnection) -> None:
    expose(con)
    measure(con, HAEMOLYSIS)
    before = said(con, "haemolysis_sickkids")
    for table in ("signal", "creatinine_stage", "detected_event", "detected_event_lot",
                  "detected_evidence", "reported_check", "observability", "drift"):  # fmt: skip
        con.execute(f"DROP TABLE audit.{table}")
    con.execute("INSERT INTO derived.course VALUES (99, 2, TRUE, 40, 'F', NULL)")
    con.execute("INSERT INTO derived.session VALUES (99, 99, 2, $1, $1, $1)", [STARTED])
    con.execute(
        "INSERT INTO derived.lab_result SELECT lab_result_key + 50, 2, analyte, canonical_value,"
        " canonical_unit, '<', finding, collected_at, collected_on, declared_value,"
        " lab_unit_key, doubt FROM derived.lab_result"
    )
    look(con)
    after = con.sql(
        "SELECT status, reason, guards FROM audit.signal"
        " WHERE definition_id = 'haemolysis_sickkids' AND patient_key = 1"
    ).fetchall()
    assert after == before


@pytest.mark.parametrize(
    ("last", "guards"),
    [
        ("1.8", "rising_before_exposure"),
        ("1.27", "rising_before_exposure"),
        ("1.2", None),
        ("1.9", "seen_before_exposure rising_before_exposure"),
    ],
)
def test_a_rise_that_began_before_the_course_is_flagged(
    con: duckdb.DuckDBPyConnection, last: str, guards: str | None
) -> None:
    expose(con)
    measure(con, f"-2000 creatinine 1 mg/dL\n-24 creatinine {last} mg/dL\n48 creatinine 1.9 mg/dL")
    assert said(con, "aki_median_of_year") == [("met", None, guards)]


def test_a_rise_of_exactly_so_much_since_the_last_value_is_its_own(
    con: duckdb.DuckDBPyConnection,
) -> None:
    expose(con)
    measure(con, "-2000 creatinine 1 mg/dL\n-24 creatinine 1.2 mg/dL\n48 creatinine 1.8 mg/dL")
    assert said(con, "aki_median_of_year") == [("met", None, None)]
