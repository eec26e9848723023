"""Detected events drawn by hand, for the tests of the report."""

from __future__ import annotations

from datetime import date, datetime

import duckdb
from reported import add_course, put

STARTED = date(2025, 5, 5)
DEFINITIONS = (
    ("haemolysis_one", "haemolysis", "Haemolysis", "A fall with two signs", "seen"),
    ("haemolysis_two", "haemolysis", "Haemolysis", "A fall as recalled", "recalled"),
    ("haemoglobin_fall", "haemoglobin_fall", "Fall of haemoglobin", "A fall of 2 g/dL", "seen"),
)


def add_signals(con: duckdb.DuckDBPyConnection) -> None:
    """Add a haemolysis nobody reported, one that is flagged, a fall, and a report unconfirmed."""
    put(con, "guideline.event", event_code="haemolysis", name="Haemolysis",
        from_anchor="course_start", from_hours=0, to_anchor="course_end", to_hours=240,
        window_status="seen", window_source="A record", is_medically_important=True)  # fmt: skip
    put(con, "guideline.lab_analyte", analyte="hb", name="haemoglobin", canonical_unit="g/dL")
    put(con, "audit.record_supplied", record="adverse_event")
    put(con, "audit.input_file", file_id=7, file_name="lab_result.csv")
    put(con, "guideline.event_guard", guard_key=1, event="haemolysis", word="surgery",
        why="an operation costs blood", status="seen", source="A reference")  # fmt: skip
    for key, (name, event, event_name, title, status) in enumerate(DEFINITIONS, start=1):
        is_observation = event == "haemoglobin_fall"
        put(con, "guideline.definition", definition_key=key, definition_id=name, event=event,
            event_name=event_name, title=title, subject_kind="course", window_of="haemolysis",
            is_observation=is_observation, is_imputed=False, is_advisory=status == "recalled",
            status=status, source="A study")  # fmt: skip
        put(con, "audit.observability", definition_key=key, definition_id=name, event=event,
            event_name=event_name, subject_kind="course", n_exposed=3, n_patients=3, n_answered=2,
            n_open=0, n_not_met=0, n_met=2, n_counted=0 if key > 1 else 1, n_flagged=1,
            n_silent=1, share_observable="0.666667", bound_low="0.333333",
            bound_high="0.666667")  # fmt: skip
    for key in (1, 2, 3):
        add_course(con, key, key, 50, started_on=STARTED)
    _add_events(con)
    _add_evidence(con)
    put(con, "audit.reported_check", reported_event_key=9, event="haemolysis", patient_key=3,
        course_key=3, confirmation="not_met")  # fmt: skip
    put(con, "audit.drift", patient_key=1, analyte="hb", unit="g/dL", n_results=8,
        moved_by="-0.4")  # fmt: skip


def _add_events(con: duckdb.DuckDBPyConnection) -> None:
    event: dict[str, object] = {
        "subject_kind": "course",
        "started_on": STARTED,
        "occurred_at": datetime(2025, 5, 9, 8),  # noqa: DTZ001 - local time
        "n_met": 1,
        "is_reported": False,
    }
    for key, guards in ((1, None), (2, "surgery")):
        put(con, "audit.detected_event", detected_event_key=key, event="haemolysis",
            event_name="Haemolysis", is_observation=False, subject_key=key, course_key=key,
            patient_key=key, n_counted=1 if guards is None else 0, is_counted=guards is None,
            guards=guards, is_serious=True, **event)  # fmt: skip
        put(con, "audit.signal", definition_id="haemolysis_one", event="haemolysis",
            subject_kind="course", subject_key=key, course_key=key, patient_key=key, status="met",
            observed="9.6", baseline="12.8", unit="g/dL", guards=guards,
            is_counted=guards is None)  # fmt: skip
        put(con, "audit.signal", definition_id="haemolysis_two", event="haemolysis",
            subject_kind="course", subject_key=key, course_key=key, patient_key=key,
            status="not_evaluable", reason="nadir_masked", is_counted=False)  # fmt: skip
    put(con, "audit.detected_event", detected_event_key=3, event="haemoglobin_fall",
        event_name="Fall of haemoglobin", is_observation=True, subject_key=1, course_key=1,
        patient_key=1, n_counted=0, is_counted=False, guards="observation", is_serious=False,
        **event | {"is_reported": None})  # fmt: skip


def _add_evidence(con: duckdb.DuckDBPyConnection) -> None:
    for lot in ("AONE", "ATWO"):
        put(con, "audit.detected_event_lot", detected_event_key=1, product_id="privigen", lot=lot)
    for key, at, value in (
        (1, datetime.fromisoformat("2025-05-04 08:00"), "12.8"),
        (2, datetime.fromisoformat("2025-05-09 08:00"), "9.6"),
    ):
        put(con, "derived.lab_result", lab_result_key=key, patient_key=1, analyte="hb",
            canonical_value=value, canonical_unit="g/dL", collected_at=at,
            collected_on=at.date())  # fmt: skip
        put(con, "staged.lab_result", lab_result_key=key, patient_key=1, source_file=7,
            source_row=key)  # fmt: skip
        put(con, "audit.detected_evidence", detected_event_key=1, record="lab_result",
            record_key=key, part="after")  # fmt: skip
